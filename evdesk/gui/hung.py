"""Ending an engine that hangs: only the process that holds the lock of its data folder, and no other.

The system lets go of the lock when its holder ends, however it ends. So a lock that cannot be had names a living process
in its file, never one whose number was given to something else meanwhile.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl

LOCK_FILE = "engine.lock"


def holder(data: Path) -> int | None:
    """The process that runs the engine of this folder; None where none does, or it cannot be told (Windows)."""
    if sys.platform == "win32":
        return None
    try:
        fd = os.open(data / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None  # nobody has it; ours ends with the file
        words = os.read(fd, 32).decode(errors="replace").strip()
    finally:
        os.close(fd)
    return int(words) if words.isdigit() and int(words) > 1 else None


def end(data: Path) -> bool:
    """End the engine of this folder at once; True where one was told to. Raises `OSError` where we may not."""
    pid = holder(data)
    if pid is None or sys.platform == "win32":
        return False
    os.kill(pid, signal.SIGKILL)  # one that hangs does not hear a milder word
    return True
