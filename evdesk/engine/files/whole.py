"""Whether a file that is to be offered is still the one that was meant."""

import threading
import time
from pathlib import Path

from evdesk.engine.files.slots import OneFile
from evdesk.model import EvdeskError, Reason

FRESH_S = 60.0
"""Real seconds for which a file that looks the same need not be hashed again: many chargers are asked at once."""


class Whole:
    """Hashes what is offered. Blocking; from any thread."""

    def __init__(self) -> None:
        self._last: tuple[Path, OneFile, float] | None = None
        self._lock = threading.Lock()

    def file(self, path: Path, sha256: str = "") -> OneFile:
        """The file as it is now; `sha256`: what it must be. Raises `EvdeskError(INVALID)` where it is another by now, or
        cannot be read."""
        with self._lock:
            last = self._last
            fresh = last is not None and last[0] == path and time.monotonic() - last[2] < FRESH_S
            if last is None or not fresh or not last[1].unchanged():
                last = self._last = (path, OneFile.of(path), time.monotonic())
        if sha256 and last[1].subject.etag != sha256.lower()[: len(last[1].subject.etag)]:
            text = f"{path.name} is not the file any more that was looked at: something changed it."
            raise EvdeskError(Reason.INVALID, f"{text} Add the maker's file again.")
        return last[1]
