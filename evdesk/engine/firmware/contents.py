"""What is in the library's folder now: every file looked at, hashed where it has to be, and judged."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from evdesk.engine.firmware import folder as disk
from evdesk.engine.firmware.copying import sha256_of, unwritable
from evdesk.engine.firmware.folder import Entry, Hashes, stamp_of
from evdesk.firmware.images import judged
from evdesk.model import Clock, EvdeskError
from evdesk.model.firmware import Image

log = logging.getLogger("evdesk.firmware")
OPEN_S = 2.0
"""So long the start waits for SHA-256s that have to be worked out; the rest go on beside it."""

P = ParamSpec("P")
T = TypeVar("T")


class Contents:
    """`images` and `entries` by image id, as last seen. Who holds `lock` may change the folder. `changed` is called in the
    event loop when an image has."""

    def __init__(self, folder: Path, clock: Clock, changed: Callable[[], None]) -> None:
        self.folder, self.clock, self.changed = folder, clock, changed
        self.images: dict[str, Image] = {}
        self.entries: dict[str, Entry] = {}
        self.lock = asyncio.Lock()
        self.stop = threading.Event()
        self._hashes: Hashes = {}
        self._hashing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises `EvdeskError(STORAGE)` where the folder cannot be used."""
        async with self.lock:
            await self.beside(disk.prepare, self.folder)
            self._hashes = await self.beside(disk.load_hashes, self.folder)
            await self.rescan()
        if self._hashing is not None:
            await asyncio.wait({self._hashing}, timeout=OPEN_S)

    async def close(self) -> None:
        self.stop.set()
        if self._hashing is not None:
            self._hashing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._hashing

    async def rescan(self) -> None:
        """The folder anew. Hold the lock. Raises `EvdeskError(STORAGE)`."""
        entries, trusted = await self.beside(self._scan)
        self.entries = {entry.found.id: entry for entry in entries}
        now = self.clock.now()
        images = {number: judged(entry.found, now, trusted) for number, entry in self.entries.items()}
        known = {n: image for n, image in images.items() if image.sha256 or not self.entries[n].found.pending}
        if known != self.images:
            self.images = known
            self.changed()
        if any(entry.found.pending for entry in entries) and (self._hashing is None or self._hashing.done()):
            self._hashing = asyncio.get_running_loop().create_task(self._hash_all(), name="firmware hashes")

    async def remember(self, name: str, sha256: str) -> None:
        """This file was just hashed."""
        stamp = stamp_of(self.folder / name)
        if stamp is not None:
            self._hashes[name] = (stamp, sha256)
            await self.beside(disk.save_hashes, self.folder, dict(self._hashes))

    async def hash(self, path: Path) -> None:
        """What the file is now; nothing where it is gone. Raises `EvdeskError(INVALID)` where it cannot be read."""
        stamp = stamp_of(path)
        if stamp is None:
            return
        size, sha256 = await self.beside(sha256_of, path, self.stop)
        if size == stamp.size and stamp_of(path) == stamp:
            await self.remember(path.name, sha256)

    async def hash_pending(self) -> None:
        """All that must be hashed before anybody knows what it is. Hold the lock. Raises `EvdeskError`."""
        for entry in [one for one in self.entries.values() if one.found.pending]:
            await self.hash(entry.path)
        await self.rescan()

    async def beside(self, act: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """In a thread. Who is cancelled meanwhile waits for its end: nothing else may touch the folder until then."""
        task = asyncio.ensure_future(asyncio.to_thread(act, *args, **more))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _scan(self) -> tuple[list[Entry], set[str]]:
        return disk.scan(self.folder, self._hashes), disk.trusted_fingerprints(self.folder)

    async def _hash_all(self) -> None:
        """Files that came by hand, one after the other; what cannot be read is left as it is."""
        tried: set[Path] = set()
        while waiting := [e.path for e in self.entries.values() if e.found.pending and e.path not in tried]:
            tried.add(waiting[0])
            try:
                await self.hash(waiting[0])
                async with self.lock:
                    await self.rescan()
            except EvdeskError as error:
                log.warning("%s", error.sentence)
