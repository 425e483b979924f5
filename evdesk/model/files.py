"""Writing a file whole or not at all, and putting files in place where somebody else may have them open."""

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S, _PAUSE_S = 0.5, 0.02
_IN_USE = frozenset({5, 32})  # ERROR_ACCESS_DENIED (from a rename over an open file), ERROR_SHARING_VIOLATION


def write_whole(path: Path, content: bytes) -> None:
    """Written beside under another name and put in its place when it is complete: a full disk leaves no half file, and an
    older one as it was. What is no plain file (a device, a pipe) is written as it is. Raises `OSError`."""
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    target = path.resolve()  # a link stays one
    part = target.with_name(f"{target.name[:200]}.part")
    try:
        part.write_bytes(content)
        put_over(part, target)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def put_over(part: Path, target: Path) -> None:
    """Atomically. Windows lets nobody rename or replace a file that is open, if only for an instant by a reader or a virus
    scanner: there it is tried again for half a second. Raises `OSError`."""
    _patiently(lambda: os.replace(part, target))


def take_away(path: Path) -> None:
    """Deleted, where it is there, with the same patience. Raises `OSError`."""
    _patiently(lambda: path.unlink(missing_ok=True))


def _patiently(act: Callable[[], None]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return act()
        except OSError as error:
            if getattr(error, "winerror", None) not in _IN_USE or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_S)
