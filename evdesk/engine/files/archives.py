"""What is inside a log that is an archive: listed and read in place, never unpacked to the disk. Blocking, for threads.

Everything an archive says about itself may be a lie. What is unpacked is counted; where more comes than the archive says,
nothing of that reading is shown. Archives within archives are files like others. What leads out, is no file, is encrypted
or unpacks to far more than it is, is listed with the reason and not opened.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from evdesk.engine.files import tars, zips
from evdesk.engine.files.texts import HEAD
from evdesk.engine.files.unpacking import Damaged, Lies, Plain, Source, TooMuch, Unpacked, bounded, packing_of, piece_of
from evdesk.engine.files.words import size_words
from evdesk.model import EvdeskError, Reason
from evdesk.model.jobs import LogEntry

MOST_ENTRIES = 5000
MOST_UNPACKED = 1024 * 1024 * 1024
"""Of one reading, or one listing of a packed tar."""
RATIO, RATIO_FROM = 400, 32 * 1024 * 1024
_PACKED_ENDS = re.compile(r"\.(gz|gzip|bz2|xz)$", re.IGNORECASE)
_TAR_ENDS = re.compile(r"\.t(gz|bz2?|xz)$", re.IGNORECASE)

Read = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Listing:
    """`entries` None: it is no archive. `detail`: what could not be listed, and why."""

    entries: tuple[LogEntry, ...] | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """`head`: the first bytes of the file, to tell what it is; `more`: it goes on behind `data`; `trouble`: it could not be
    read further."""

    data: bytes
    head: bytes
    size: int
    more: bool
    trouble: str = ""


def listing(path: Path, name: str) -> Listing:
    """`name`: under which it was sent. Raises `OSError`."""
    found: list[LogEntry] = []
    with path.open("rb") as file:
        try:
            walk = _walk(file, name)
            if walk is None:
                return Listing(None)
            for entry, _ in walk:
                if len(found) == MOST_ENTRIES:
                    return Listing(tuple(found), f"Only its first {MOST_ENTRIES} files are shown.")
                found.append(entry)
        except Damaged as error:
            return Listing(tuple(found), f"The archive cannot be read to its end: {error}.")
        except TooMuch:
            most = size_words(MOST_UNPACKED)
            return Listing(tuple(found), f"It unpacks to more than {most}; files behind that are not shown.")
    return Listing(tuple(found))


def read(path: Path, name: str, entry: str, offset: int, limit: int) -> Piece:
    """`limit` bytes from `offset` of one file inside, or of the log itself (`entry` ""). Raises `OSError`, and
    `EvdeskError(INVALID)` where it is not there or not shown."""
    with path.open("rb") as file:
        if not entry:
            size = file.seek(0, 2)
            file.seek(0)
            head = file.read(HEAD)
            file.seek(offset)
            return Piece(file.read(limit), head, size, offset + limit < size)
        try:
            for found, opened in _walk(file, name) or ():
                if found.name == entry:
                    return _read(found, opened, offset, limit)
        except Damaged as error:
            raise EvdeskError(Reason.INVALID, f"“{entry}” cannot be read: {error}.") from error
        except TooMuch:
            raise EvdeskError(Reason.INVALID, f"“{entry}” lies behind more than evdesk unpacks.") from None
        except Lies:
            text = f"“{entry}” is not shown. It holds more than the {size_words(found.size)} it says."
            raise EvdeskError(Reason.INVALID, text) from None
    raise EvdeskError(Reason.INVALID, f"There is no “{entry}” in this log. log.get names what is inside.")


def _read(found: LogEntry, opened: Callable[[], Read], offset: int, limit: int) -> Piece:
    if not found.readable:
        raise EvdeskError(Reason.INVALID, f"“{found.name}” is not shown. {found.why}")
    head, data, more, trouble = piece_of(opened(), offset, limit, HEAD)
    size = found.size or offset + len(data) + (1 if more else 0)
    return Piece(data, head, size, more, trouble)


def _walk(file: BinaryIO, name: str) -> Iterator[tuple[LogEntry, Callable[[], Read]]] | None:
    """Each file inside, with what opens it while it is its turn; None where it is no archive."""
    length = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(zips.MAGIC):
        return _named(_zip(file))
    if tars.is_tar(head):
        return _named(_tar(Plain(file, length)))
    kind = packing_of(head)
    return _named(_packed(file, kind, name, length)) if kind is not None else None


Raw = tuple[LogEntry, Callable[[], Read]]


def _zip(file: BinaryIO) -> Iterator[Raw]:
    archive = zips.Zip(file)
    for one in archive.files():
        packed = one.packed if one.packed is not None else 0
        entry = LogEntry(one.name, one.size, packed, one.at, not one.why, one.why)
        yield entry, lambda one=one: _opened(archive, one)  # type: ignore[misc]
    if not archive.complete:
        raise Damaged("it broke off before its table of contents, so there may have been more")


def _opened(archive: zips.Zip, one: zips.Packed) -> Read:
    read = archive.open(one, MOST_UNPACKED).read
    return read if one.packed is None else bounded(read, one.size)  # one that broke off may say no size


def _tar(source: Source) -> Iterator[Raw]:
    archive = tars.Tar(source)
    while (one := archive.next()) is not None:
        yield LogEntry(one.name, one.size, one.size, one.at, not one.why, one.why), lambda: archive.read


def _packed(file: BinaryIO, kind: str, name: str, length: int) -> Iterator[Raw]:
    """One packed file, which may be a tar."""
    head, _, _, _ = piece_of(Unpacked(file, kind, MOST_UNPACKED).read, 0, 0, HEAD)
    file.seek(0)
    if tars.is_tar(head):
        yield from _tar(Unpacked(file, kind, MOST_UNPACKED))
        return
    plain = _TAR_ENDS.sub(".tar", _PACKED_ENDS.sub("", name)) or "log"
    size = _gzip_size(file, length) if kind == "gzip" else 0
    file.seek(0)
    yield LogEntry(plain, size, length, None), lambda: Unpacked(file, kind, MOST_UNPACKED).read


def _gzip_size(file: BinaryIO, length: int) -> int:
    """What it says in its last four bytes (RFC 1952); 0 where that cannot be."""
    file.seek(max(length - 4, 0))
    size = int.from_bytes(file.read(4), "little")
    return size if length >= 18 and size * 2 >= length - 32 else 0


def _named(entries: Iterator[Raw]) -> Iterator[Raw]:
    """Names as they can be shown, each once; and what is not opened marked."""
    known: dict[str, int] = {}
    for entry, opened in entries:
        name = "".join(sign if sign.isprintable() else "\ufffd" for sign in entry.name)[:500] or "\ufffd"
        known[name] = known.get(name, 0) + 1
        shown = name if known[name] == 1 else f"{name} ({known[name]})"
        why = entry.why or _leads_out(entry.name) or _swells(entry)
        yield replace(entry, name=shown, readable=not why, why=why), opened


def _leads_out(name: str) -> str:
    plain = name.replace("\\", "/")
    if plain.startswith("/") or re.match(r"[A-Za-z]:", plain):
        return "Its path begins at the root of a disk."
    return "Its path leads out of the archive." if ".." in plain.split("/") else ""


def _swells(entry: LogEntry) -> str:
    if entry.size > MOST_UNPACKED:
        return f"It unpacks to {size_words(entry.size)}, which is too much to show."
    if entry.size > RATIO_FROM and entry.size > entry.packed * RATIO:
        return f"It unpacks to {entry.size // max(entry.packed, 1)} times its size: it is made to fill a disk."
    return ""
