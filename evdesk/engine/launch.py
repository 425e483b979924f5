"""Starting an engine that outlives whoever started it, and its log files.

engine.log   what the engine logs (rotated: engine.log.1 ... 3)
engine.out   what a detached engine printed, of its last start only: the place where a crash before logging shows
"""

import logging
import logging.handlers
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from evdesk.engine.instance import Instance, find_running, is_held, prepare
from evdesk.model import EvdeskError, Reason

LOG_FILE = "engine.log"
OUT_FILE = "engine.out"
LOG_BYTES = 2 << 20
LOGS_KEPT = 3
READY_WITHIN_S = 30.0
POLL_S = 0.05
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_started: list[subprocess.Popen[bytes]] = []
"""Kept, never waited for: they outlive us, and Python complains about running children it loses sight of."""


def log_to_file(data: Path, level: int = logging.INFO) -> None:
    """Send this process's log records to engine.log in the data directory; warnings also to stderr."""
    data = prepare(data)
    file = logging.handlers.RotatingFileHandler(data / LOG_FILE, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, delay=True)
    file.setFormatter(logging.Formatter(_FORMAT))
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    console.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    root = logging.getLogger()
    root.setLevel(level)
    root.addHandler(file)
    root.addHandler(console)


def find_or_start(data: Path, args: Sequence[str] = ()) -> Instance:
    """The running engine of this directory, or a new one. Blocks until it answers; call it off the event loop."""
    return find_running(data) or start_detached(data, args)


def start_detached(data: Path, args: Sequence[str] = (), ready_within_s: float = READY_WITHIN_S) -> Instance:
    """Start `evdesk engine --data DIR ARGS` in a session of its own and wait until it answers.

    It inherits none of our streams: whoever reads our output would otherwise wait for the engine's whole life.
    Raises `EvdeskError(UNREACHABLE)` with the last lines it left when it does not come up.
    """
    data = prepare(data)
    (data / OUT_FILE).write_bytes(b"")
    with open(data / OUT_FILE, "ab") as out:  # appending: two starts at the same moment share the file
        process = subprocess.Popen(
            [*_command(), "engine", "--data", str(data), *args],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=data,
            start_new_session=True,
            creationflags=_creation_flags(),
        )
    _started.append(process)
    deadline = time.monotonic() + ready_within_s
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        # Looked for even when ours has ended: somebody else may have started one at the same moment.
        if (instance := find_running(data)) is not None:
            return instance
        if ended and not is_held(data):
            raise EvdeskError(Reason.UNREACHABLE, f"The engine did not start. It said: {_last_words(data)}")
        time.sleep(POLL_S)
    process.terminate()
    text = f"The engine was not ready after {ready_within_s:g} s and was ended. It said: {_last_words(data)}"
    raise EvdeskError(Reason.UNREACHABLE, text)


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable]  # the bundled program is evdesk itself
    return [sys.executable, "-m", "evdesk"]


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        return 0


def _last_words(data: Path, lines: int = 12) -> str:
    for name in (OUT_FILE, LOG_FILE):
        path = data / name
        if path.exists() and (text := path.read_text(errors="replace").strip()):
            return "\n".join(text.splitlines()[-lines:]) + f"\n(from {path})"
    return f"nothing. Try “evdesk engine --data {data}” in a terminal."
