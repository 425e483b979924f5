"""Logs that chargers sent: kept as they came, listed, shown, and deleted by a person only."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from evdesk.engine.files.archives import Listing, listing, read
from evdesk.engine.files.names import file_name
from evdesk.engine.files.slots import Seen, Served
from evdesk.engine.files.texts import encoding_of, hex_of, text_of
from evdesk.engine.store import KeptLog, Store
from evdesk.model import Clock, EvdeskError, Reason
from evdesk.model.jobs import LogEntry, LogFile
from evdesk.wire.jobs import LogText

T = TypeVar("T")
MOST_AT_ONCE = 1024 * 1024
MOST_HEX = 16 * 1024
FARTHEST = 1 << 50


class LogBook:
    """Files lie under DATA/logs, what is known about them in the database. When a charger is forgotten its logs stay."""

    def __init__(self, data: Path, store: Store, clock: Clock) -> None:
        self.folder = data / "logs"
        self._store, self._clock = store, clock
        self._busy = asyncio.Semaphore(2)  # unpacking takes a processor

    async def keep(self, served: Served, kind: str, job_id: int) -> LogFile:
        """What the file service told of: `RECEIVED` or `PARTIAL`. Raises `EvdeskError`."""
        if served.path is None:
            raise EvdeskError(Reason.INVALID, "Nothing came that could be kept.")
        partial = served.what is not Seen.RECEIVED
        return await self.enter(
            served.path,
            charger_id=served.key[0],
            job_id=job_id,
            kind=kind,
            name=served.name,
            sha256=served.sha256,
            address=served.address,
            scheme=served.scheme,
            partial=partial,
            detail=served.text if partial else "",
        )

    async def enter(
        self,
        path: Path,
        *,
        charger_id: str,
        job_id: int,
        kind: str = "diagnostics",
        name: str = "",
        sha256: str = "",
        address: str = "",
        scheme: str = "",
        partial: bool = False,
        detail: str = "",
    ) -> LogFile:
        """Enter a file that lies in the folder of the logs. A known one is found again. One that broke off stays in the
        quarantine, where the charger may go on with it. `sha256`: as counted while it came, made anew where it is not
        given. Raises `EvdeskError`."""
        path = await self._calmly(self._placed, path)
        place = path.relative_to(self.folder).as_posix()
        for known in await self._store.log_files(charger_id):
            if known.path == place:
                return known.log
        size, digest, inside = await self._calmly(_facts, path, name, sha256)
        log = LogFile(
            id=0,
            charger_id=charger_id,
            job_id=job_id,
            kind=kind,
            name=file_name(name or path.name),
            size=size,
            sha256=digest,
            at=self._clock.now(),
            address=address,
            scheme=scheme,
            entries=None if inside.entries is None else len(inside.entries),
            partial=partial,
            detail=" ".join(text for text in (detail, inside.detail) if text),
        )
        return replace(log, id=await self._store.save_log_file(KeptLog(log, place)))

    async def all(self, charger_id: str = "") -> list[LogFile]:
        """Newest first."""
        return [kept.log for kept in await self._store.log_files(charger_id)]

    async def get(self, log_id: int) -> tuple[LogFile, Path]:
        """Raises `EvdeskError(INVALID)` where there is none of this id."""
        kept = await self._store.log_file(min(max(log_id, 0), FARTHEST))
        if kept is None:
            raise EvdeskError(Reason.INVALID, f"There is no log {log_id}. log.list names them.")
        return kept.log, self.folder.joinpath(*PurePosixPath(kept.path).parts)

    async def entries(self, log_id: int) -> tuple[list[LogEntry], str]:
        """(what is inside, what could not be listed and why); nothing for a log that is no archive."""
        log, path = await self.get(log_id)
        found = await self._calmly(listing, path, log.name)
        return list(found.entries or ()), found.detail

    async def read(self, log_id: int, entry: str = "", offset: int = 0, limit: int = 65_536) -> LogText:
        """A piece as text, or as hex where it is none. Raises `EvdeskError`."""
        if not 0 <= offset < FARTHEST or limit < 1:
            raise EvdeskError(Reason.INVALID, "Ask for at least one byte, from an offset of 0 or more.")
        log, path = await self.get(log_id)
        return await self._calmly(_shown, path, log.name, entry, offset, min(limit, MOST_AT_ONCE))

    async def remove(self, log_id: int) -> LogFile:
        """The file, then its row. One that is gone already is well."""
        log, path = await self.get(log_id)
        await self._calmly(lambda: path.unlink(missing_ok=True))
        await self._store.drop_log_file(log.id)
        return log

    def _placed(self, path: Path) -> Path:
        """Blocking. Nothing from outside the folder."""
        path, folder = path.resolve(), self.folder.resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise EvdeskError(Reason.INVALID, f"{path.name} does not lie in {self.folder}.")
        if os.name == "posix":
            path.chmod(0o600)
        return self.folder / path.relative_to(folder)

    async def _calmly(self, function: Callable[..., T], *arguments: object) -> T:
        """In a thread, few at once; what the system says in words."""
        async with self._busy:
            try:
                return await asyncio.to_thread(function, *arguments)
            except FileNotFoundError as error:
                name = Path(str(error.filename)).name
                raise EvdeskError(Reason.INVALID, f"{name} is not there any more. Remove it from the list.") from error
            except OSError as error:
                raise EvdeskError(Reason.STORAGE, f"The log cannot be read: {error.strerror or error}.") from error


def _facts(path: Path, name: str, sha256: str) -> tuple[int, str, Listing]:
    if not sha256:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return path.stat().st_size, sha256, listing(path, name or path.name)


def _shown(path: Path, name: str, entry: str, offset: int, limit: int) -> LogText:
    piece = read(path, name, entry, offset, limit)
    encoding = encoding_of(piece.head)
    if encoding is None:
        data = piece.data[:MOST_HEX]
        text, used, more = hex_of(data, offset), len(data), piece.more or len(data) < len(piece.data)
    else:
        text, used = text_of(piece.data, encoding, offset == 0, not piece.more)
        used, more = used or len(piece.data), piece.more
    if piece.trouble:
        text = f"{text}\n[It cannot be read further: {piece.trouble}.]"
    return LogText(text, piece.size, offset + used if more and used else None, encoding is None)
