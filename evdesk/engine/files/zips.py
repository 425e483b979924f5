"""Zip archives, listed from their table of contents or, where an upload broke off before it, from what is there.

Not the library's own reader: it believes sizes, keeps the whole table, and unpacks some kinds without a bound. The format:
APPNOTE.TXT 6.3, sections 4.3 to 4.5. Blocking, for threads.
"""

import stat
import struct
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from evdesk.engine.files.unpacking import Damaged, Source, Unpacked, Window

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_LOCAL, _CENTRAL = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L")
_END, _LOCATOR64, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sLQL"), struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT = 65_535
_FULL = 0xFFFFFFFF
_ENCRYPTED, _SIZE_BEHIND, _UTF8 = 0x41, 0x08, 0x800
_STORED, _DEFLATED, _UNIX = 0, 8, 3


@dataclass(frozen=True, slots=True)
class Packed:
    """One file of an archive. `packed` None: unknown, because the table that says it is missing."""

    name: str
    size: int
    packed: int | None
    at: float | None
    method: int
    offset: int
    why: str = ""


class Zip:
    """`complete` False: the table of contents is missing, because the upload broke off."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._length = file.seek(0, 2)
        self._table = self._find_table()
        self.complete = self._table is not None

    def files(self) -> Iterator[Packed]:
        """In order, folders left out. Raises `Damaged`."""
        for packed in self._central() if self._table is not None else self._locals():
            if not packed.name.endswith("/"):
                yield packed

    def open(self, packed: Packed, most: int) -> Source | Window:
        """Raises `Damaged`."""
        _, name, extra = self._local(packed.offset)
        start = packed.offset + _LOCAL.size + len(name) + len(extra)
        self._file.seek(start)
        window = Window(self._file, self._length - start if packed.packed is None else packed.packed)
        return window if packed.method == _STORED else Unpacked(window, "deflate", most)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _find_table(self) -> tuple[int, int, int] | None:
        """(where it begins, its length, by how much all offsets are off)."""
        self._file.seek(max(self._length - _END.size - _LONGEST_COMMENT, 0))
        tail_at, tail = self._file.tell(), self._file.read()
        at = tail.rfind(MAGIC[1])
        if at < 0 or len(tail) - at < _END.size:
            return None
        _, _, _, _, _, length, offset, _ = _END.unpack_from(tail, at)
        end = tail_at + at
        locator = tail[max(at - _LOCATOR64.size, 0) : at]
        if len(locator) == _LOCATOR64.size and locator.startswith(b"PK\x06\x07"):
            self._file.seek(max(end - _LOCATOR64.size - _END64.size, 0))
            raw = self._file.read(_END64.size)
            if len(raw) == _END64.size and raw.startswith(b"PK\x06\x06"):
                end -= _LOCATOR64.size + _END64.size
                length, offset = _END64.unpack(raw)[8:10]
        begins = end - length
        return (begins, length, begins - offset) if 0 <= offset <= begins else None

    def _central(self) -> Iterator[Packed]:
        assert self._table is not None
        at, length, shift = self._table
        end = at + length
        while at + _CENTRAL.size <= end:
            self._file.seek(at)
            head = _CENTRAL.unpack(self._exactly(_CENTRAL.size))
            (
                mark,
                made,
                _,
                flags,
                method,
                time,
                date,
                _,
                packed,
                size,
                names,
                extras,
                comments,
                _,
                _,
                attributes,
                offset,
            ) = head
            if mark != b"PK\x01\x02":
                raise Damaged("its table of contents is damaged")
            name, extra = self._exactly(names), self._exactly(extras)
            size, packed, offset = _long(extra, size, packed, offset)
            link = made >> 8 == _UNIX and stat.S_ISLNK(attributes >> 16)
            yield _packed(name, flags, method, (date, time), (size, packed, offset + shift), link)
            at += _CENTRAL.size + names + extras + comments

    def _locals(self) -> Iterator[Packed]:
        at = 0
        while at + _LOCAL.size <= self._length:
            try:
                head, name, extra = self._local(at)
            except Damaged:
                return
            _, _, flags, method, time, date, _, packed, size, _, _ = head
            size, packed, _ = _long(extra, size, packed, 0)
            unknown = bool(flags & _SIZE_BEHIND) and not packed
            yield _packed(name, flags, method, (date, time), (size, None if unknown else packed, at), False)
            if unknown:
                return
            at += _LOCAL.size + len(name) + len(extra) + packed

    def _local(self, at: int) -> tuple[tuple[int, ...], bytes, bytes]:
        if not 0 <= at < self._length:
            raise Damaged("its table of contents leads nowhere")
        self._file.seek(at)
        head = _LOCAL.unpack(self._exactly(_LOCAL.size))
        if head[0] != MAGIC[0]:
            raise Damaged("its table of contents leads nowhere")
        return head, self._exactly(head[9]), self._exactly(head[10])

    def _exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise Damaged("it ends in the middle")
        return data


def _packed(
    name: bytes,
    flags: int,
    method: int,
    when: tuple[int, int],
    numbers: tuple[int, int | None, int],
    link: bool,
) -> Packed:
    text = name.decode("utf-8" if flags & _UTF8 else "cp437", "surrogateescape")
    why = ""
    if link:
        why = "It is a link, and leads somewhere else."
    elif flags & _ENCRYPTED:
        why = "It is encrypted."
    elif method not in (_STORED, _DEFLATED):
        why = "It is packed in a way evdesk does not open."
    size, packed, offset = numbers
    if not why and packed is not None and _cannot_be(method, size, packed):
        why = "It holds another size than it says."
    return Packed(text, size, packed, _time(*when), method, offset, why)


def _cannot_be(method: int, size: int, packed: int) -> bool:
    """Deflate makes nothing much longer: five bytes for each block (RFC 1951, 3.2.4)."""
    return packed != size if method == _STORED else packed > size + size // 100 + 1024


def _long(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Numbers too large for their fields stand in the extra field 1, in this order (4.5.3)."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        content, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 1:
            values = [number for (number,) in struct.iter_unpack("<Q", content[: len(content) // 8 * 8])]
            numbers = [values.pop(0) if one == _FULL and values else one for one in (size, packed, offset)]
            return numbers[0], numbers[1], numbers[2]
    return size, packed, offset


def _time(date: int, time: int) -> float | None:
    """The charger's own clock, taken as UTC: the format knows no zone."""
    year, month, day = 1980 + (date >> 9), date >> 5 & 15, date & 31
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    return float(timegm((year, month, day, time >> 11, time >> 5 & 63, (time & 31) * 2, 0, 0, 0)))
