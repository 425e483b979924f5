"""The engine's log file: engine.log in the data directory, rotated (engine.log.1 ... 3).

What a detached engine prints before it can log goes to engine.out, which whoever started it opens (`gui/launch`).
"""

import logging
import logging.handlers
from pathlib import Path

from evdesk.engine.instance import prepare

LOG_FILE = "engine.log"
LOG_BYTES = 2 << 20
LOGS_KEPT = 3


def log_to_file(data: Path, level: int = logging.INFO) -> None:
    """Send this process's log records to engine.log in the data directory; warnings also to stderr."""
    data = prepare(data)
    file = logging.handlers.RotatingFileHandler(data / LOG_FILE, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, delay=True)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    console.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    root = logging.getLogger()
    root.setLevel(level)
    root.addHandler(file)
    root.addHandler(console)
