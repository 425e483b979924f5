"""The engine's log file: engine.log in the data directory, rotated (engine.log.1 ... 3).

What a detached engine prints before it can log goes to engine.out, which whoever started it opens (`gui/launch`).
"""

import contextlib
import logging
import logging.handlers
import os
from pathlib import Path

from evdesk.engine.instance import prepare

LOG_FILE = "engine.log"
LOG_BYTES = 2 << 20
LOGS_KEPT = 3


class _LogFile(logging.handlers.RotatingFileHandler):
    """On Windows nobody may rename a file that is open. While somebody reads the log it grows on; else every record from
    there on would be lost."""

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk: the record is lost here, and stands on stderr where it is a warning. No traceback for each."""

    def doRollover(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        full = f"{self.baseFilename}.full"
        try:
            os.replace(self.baseFilename, full)
        except OSError:
            return
        with contextlib.suppress(OSError):  # somebody reads an older one
            super().doRollover()
            os.replace(full, f"{self.baseFilename}.1")


def log_to_file(data: Path, level: int = logging.INFO) -> None:
    """Send this process's log records to engine.log in the data directory; warnings also to stderr."""
    data = prepare(data)
    file = _LogFile(
        data / LOG_FILE,
        maxBytes=LOG_BYTES,
        backupCount=LOGS_KEPT,
        delay=True,
        encoding="utf-8",  # what chargers say has letters that a system's own encoding may lack
        errors="backslashreplace",
    )
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    console.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    root = logging.getLogger()
    root.setLevel(level)
    root.addHandler(file)
    root.addHandler(console)
