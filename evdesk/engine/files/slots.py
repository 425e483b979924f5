"""What is offered, to whom, and what is told about it."""

import asyncio
import hashlib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TypeAlias

from evdesk.engine.files.progress import Progress
from evdesk.engine.files.ranges import Subject
from evdesk.engine.files.words import part_words, size_words
from evdesk.model import EvdeskError, Reason
from evdesk.model.jobs import Transfer

Key: TypeAlias = tuple[str, int]
"""(charger_id, job_id)."""

SCHEMES = ("http", "https", "ftp", "ftps")
DOWNLOAD_SLOW_S = 300.0  # chargers erase flash in the middle
UPLOAD_SLOW_S = 120.0
MOST_BYTES = 256 * 1024 * 1024
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Offer:
    """A one-time address for one charger and job. `secret` makes the same address again after a restart."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    scheme: str
    address: str
    port: int


class Seen(StrEnum):
    """What the file service saw."""

    REQUEST = "request"  # somebody asks: for all, for a part, or only about it
    BYTES = "bytes"  # it goes on; at most twice a second
    COMPLETE = "complete"  # every byte of the file has left at least once, or all of it once more
    BROKEN = "broken"  # a transfer broke off; what was fetched counts
    REFUSED = "refused"
    UPLOAD = "upload"  # an upload begins
    RECEIVED = "received"  # an upload is here, as whole as its protocol can tell
    PARTIAL = "partial"  # an upload broke off, or was cut; what came is kept


@dataclass(frozen=True, slots=True)
class Served:
    """One thing seen. `text` "": as before, and not worth a line. `bytes` of `size` (0 unknown) so far; the rest only for
    `RECEIVED` and `PARTIAL`: where it lies, under which name it was sent, its SHA-256. `cause`: "", "too_large",
    "disk_full", "slow", "broken", "part"."""

    key: Key
    at: float
    what: Seen
    text: str
    tone: str = ""
    address: str = ""
    bytes: int = 0
    size: int = 0
    path: Path | None = None
    name: str = ""
    sha256: str = ""
    cause: str = ""
    scheme: str = ""


class Slot:
    """One offer while it stands. Of the event loop."""

    slow_s = DOWNLOAD_SLOW_S
    """In so many seconds at least so many bytes must go, or the connection is ended: it is dead."""

    def __init__(self, key: Key, offer: Offer, name: str, progress: Progress) -> None:
        self.key, self.offer, self.name, self.progress = key, offer, name, progress
        self.runs: set[Run] = set()
        self.seen: Counter[Seen] = Counter()
        self.gone = self.withdrawn = False  # it goes also when evdesk ends, or offers it anew
        self.idle = asyncio.Event()  # nothing runs
        self.idle.set()

    @property
    def door(self) -> tuple[str, str]:
        return self.offer.address, self.offer.scheme

    def took(self, now: float, before: int, after: int) -> bool:
        """A transfer went on from byte `before` to `after`; True where all is through now."""
        raise NotImplementedError

    def where(self) -> str:
        return part_words(self.progress.bytes, self.progress.size)


class Download(Slot):
    """A file that may be fetched. It is opened anew for each request, and only served while it is still that file."""

    def __init__(self, key: Key, offer: Offer, name: str, file: "OneFile", before: Transfer | None) -> None:
        super().__init__(key, offer, name, Progress(offer.scheme, file.subject.size, before))
        self.file = file
        self.rate_bps: float | None = None  # bytes per second, of each connection

    def took(self, now: float, before: int, after: int) -> bool:
        return self.progress.sent(now, before, after)


class Upload(Slot):
    """A place for what a charger sends. `most_bytes`: of one upload; `attempts`: what came of each, oldest first."""

    slow_s = UPLOAD_SLOW_S

    def __init__(self, key: Key, offer: Offer, name: str, most_bytes: int) -> None:
        super().__init__(key, offer, name, Progress(offer.scheme))
        self.most_bytes = most_bytes
        self.attempts: list[Received] = []

    def took(self, now: float, before: int, after: int) -> bool:
        self.progress.got(now, after - before, after)
        return False

    def last(self, name: str) -> "Received | None":
        """The newest attempt of this name, so that it can be gone on with."""
        return next((one for one in reversed(self.attempts) if one.name == name), None)

    def late(self, received: "Received") -> bool:
        """It was refused: when the address was withdrawn under it, another one was here whole."""
        return self.withdrawn and any(one.whole for one in self.attempts if one is not received)

    def forget(self, received: "Received") -> None:
        """As if it had never come. Blocking."""
        self.attempts.remove(received)
        received.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Received:
    """One upload as it lies on the disk. `whole`: as far as its protocol can tell; else `cause` says why not: "broken",
    "part" (by its own word), "slow", "too_large", "disk_full"."""

    path: Path
    name: str
    size: int
    sha256: str
    whole: bool
    cause: str = ""


def ranked(attempts: list[Received]) -> tuple[Received, ...]:
    """The whole one wins, then the larger, then the newer."""
    return tuple(sorted(reversed(attempts), key=lambda one: (one.whole, one.size), reverse=True))


@dataclass(frozen=True, slots=True)
class OneFile:
    path: Path
    subject: Subject
    stamp: tuple[int, int]

    @staticmethod
    def of(path: Path) -> "OneFile":
        """Blocking: hashes the file. Raises `EvdeskError(INVALID)`."""
        try:
            with path.open("rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                digest = _sha256(file)
        except OSError as error:
            text = f"{path.name} cannot be read: {error.strerror or error}. Add it to the library again."
            raise EvdeskError(Reason.INVALID, text) from error
        subject = Subject(status.st_size, digest[:32], int(status.st_mtime))
        return OneFile(path, subject, (status.st_size, status.st_mtime_ns))

    def open(self, at: int = 0) -> BinaryIO:
        """Blocking. Raises `OSError`, also where it is another file by now."""
        file = self.path.open("rb", buffering=0)
        try:
            if not self.same(file):
                raise OSError("the file was changed while it was offered")
            file.seek(at)
        except OSError:
            file.close()
            raise
        return file

    def unchanged(self) -> bool:
        """By its looks: size and time. Blocking."""
        try:
            status = self.path.stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == self.stamp

    def same(self, file: BinaryIO) -> bool:
        status = os.fstat(file.fileno())
        return (status.st_size, status.st_mtime_ns) == self.stamp


@dataclass(eq=False, slots=True)
class Run:
    """One transfer under way. `start`, `position`: where it began, and how far the other side has it; `measure` tells the
    newest position. `stop` ends it; what comes of it is told by whoever carries it. `again`: the file was whole before."""

    slot: Slot
    address: str
    start: int
    measure: Callable[[], int]
    stop: Callable[[], None]
    position: int = 0
    slow: bool = False
    again: bool = False
    moved: tuple[float, int] = (0.0, 0)

    def __post_init__(self) -> None:
        self.position = self.start


def asks_words(slot: Slot, address: str, agent: str, start: int, about: bool = False) -> str:
    """ "192.168.1.20 asks for n22.bin from 1.2 MB on (agent/1.0)." """
    what = "about" if about else "for"
    since = f" from {size_words(start)} on" if start else ""
    return f"{address} asks {what} {slot.name}{since}{f' ({agent[:60]})' if agent else ''}."


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
