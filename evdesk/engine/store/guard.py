"""Watches over the file for the writer: is it still there, how full is the disk, what was lost, and who is told."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from evdesk.engine.store.faults import SIDE_FILES, sentence_for
from evdesk.engine.store.settings import StoreSettings
from evdesk.model import Clock, StorageHealth

IN_WORDS_S = 600.0
"""What was lost stays in the health sentence this long."""


class Moved(sqlite3.OperationalError):
    """The file is no longer where it was opened: what is written would be lost."""


class Guard:
    """Used by the writer thread; `publish` is called in the event loop with every change."""

    def __init__(
        self, path: Path, settings: StoreSettings, clock: Clock, publish: Callable[[StorageHealth], None]
    ) -> None:
        self.path = path
        self.broken = False
        self._settings = settings
        self._clock = clock
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._identity = self._stat()
        self._health = self._measured(StorageHealth())
        self._gone_readings = 0
        self._refused_rows = 0
        self._afterwards: tuple[float, str] | None = None
        self._look_at = 0.0

    @property
    def health(self) -> StorageHealth:
        return self._health

    def in_loop(self, call: Callable[[], None]) -> None:
        """Runs `call` in the event loop; where that has ended, nobody waits any more."""
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def sentence(self, error: sqlite3.Error) -> str:
        if isinstance(error, Moved):
            return str(error)
        return sentence_for(error, self.path)

    def check_still_there(self) -> None:
        """Raises `Moved`. SQLite itself would go on writing into a file that no longer has a name."""
        if self._stat() != self._identity:
            raise Moved(
                f"{self.path} was moved, deleted or replaced while evdesk was running. Put it back where it was, or "
                "restart the engine: it then begins a new file."
            )

    def failed(self, sentence: str) -> None:
        self.broken = True
        self._tell(ok=False, sentence=sentence)

    def works(self) -> None:
        """A write of everything that waited went through."""
        if not self.broken:
            return
        self.broken = False
        self._afterwards = (time.monotonic() + IN_WORDS_S, self._losses())
        self._gone_readings = 0
        self._tell(ok=True, sentence=self._afterwards[1])

    def dropped(self, readings: int) -> None:
        """The oldest readings in memory had to go."""
        if readings:
            self._gone_readings += readings

    def refused(self, rows: int) -> None:
        """Rows left out because SQLite cannot hold a value of theirs: said at the next look."""
        if rows:
            self._refused_rows += rows
            sentence = f"{self._refused_rows} rows held values that cannot be stored and were left out."
            self._afterwards = (time.monotonic() + IN_WORDS_S, sentence)

    def look(self) -> None:
        """Every few seconds: sizes, free space, and whether the file is still there (raises `Moved`)."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + self._settings.space_s
        if self.broken:
            self._tell(ok=False, sentence=self._health.sentence)
            return
        self.check_still_there()
        self._tell(ok=True, sentence=self._calm_sentence(now))

    def _calm_sentence(self, now: float) -> str:
        free = _free_bytes(self.path)
        if free is not None and free < self._settings.low_bytes:
            return f"Only {free // 1_000_000} MB are free on the disk that holds {self.path}. Free some space soon."
        if self._afterwards is not None and now < self._afterwards[0]:
            return self._afterwards[1]
        return ""

    def _losses(self) -> str:
        if not self._gone_readings:
            return "Storage works again; nothing was lost."
        return f"Storage works again; the {self._gone_readings} oldest readings of that time were not kept."

    def _tell(self, ok: bool, sentence: str) -> None:
        before = self._health
        changed = (before.ok, before.sentence) != (ok, sentence)
        since = self._clock.now() if changed else before.since_at
        self._health = self._measured(replace(before, ok=ok, sentence=sentence, since_at=since))
        health = self._health
        self.in_loop(lambda: self._publish(health))

    def _measured(self, health: StorageHealth) -> StorageHealth:
        size = 0
        for end in ("", *SIDE_FILES):
            try:
                size += Path(f"{self.path}{end}").stat().st_size
            except OSError:
                continue
        return replace(health, db_bytes=size, free_bytes=_free_bytes(self.path))

    def _stat(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _free_bytes(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None
