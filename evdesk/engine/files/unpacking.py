"""Files unpacked from front to back, never more at once than is asked for, never more in all than is allowed. Pure."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

BLOCK = 64 * 1024
XZ_MEMORY = 80 * 1024 * 1024  # what xz -9 needs
MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"))


class TooMuch(Exception):
    """It unpacks to more than is allowed."""


class Damaged(Exception):
    """It cannot be unpacked to its end; the text says what is wrong with it."""


class Lies(Exception):
    """There is more than it says."""


def bounded(read: Callable[[int], bytes], size: int) -> Callable[[int], bytes]:
    """The same, as long as no more than `size` bytes come of it; then it raises `Lies`."""
    came = 0

    def honest(most: int) -> bytes:
        nonlocal came
        data = read(most)
        came += len(data)
        if came > size:
            raise Lies
        return data

    return honest


class Source(Protocol):
    """What can be read forward."""

    def read(self, most: int) -> bytes:
        """At least one byte and at most `most`; b"" at the end."""

    def skip(self, count: int) -> bool:
        """Whether there were so many."""


class Plain:
    """A file that is not packed."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size, self._at = file, size, 0

    def read(self, most: int) -> bytes:
        data = self._file.read(most)
        self._at += len(data)
        return data

    def skip(self, count: int) -> bool:
        self._at += count
        self._file.seek(self._at)
        return self._at <= self._size


class Window:
    """So many bytes of a file, from where it stands."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, most: int) -> bytes:
        data = self._file.read(min(most, self._left))
        if not data and self._left:
            raise Damaged("it ends in the middle")
        self._left -= len(data)
        return data


class _Member(Protocol):
    """One packed stream."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zlib:
    """zlib's object with the manners of the two others."""

    def __init__(self, wbits: int) -> None:
        self._object = zlib.decompressobj(wbits)
        self._left = b""

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._left

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._object.decompress(self._left + data, max_length)
        self._left = self._object.unconsumed_tail
        return out


_MAKERS: dict[str, Callable[[], _Member]] = {
    "gzip": lambda: _Zlib(31),
    "deflate": lambda: _Zlib(-15),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY),
}


class Unpacked:
    """A gzip, bzip2 or xz file (also several in one, one behind the other), or a bare deflate stream. Raises `TooMuch` and
    `Damaged`."""

    def __init__(self, file: BinaryIO | Window, kind: str, most: int) -> None:
        self._file, self._make, self._most = file, _MAKERS[kind], most
        self._member, self._input = self._make(), b""
        self._magic = next((magic for magic, name in MAGIC if name == kind), b"")
        self.out = 0

    def read(self, most: int) -> bytes:
        while True:
            data = self._some(most)
            if data is None:
                return b""
            if data:
                self.out += len(data)
                if self.out > self._most:
                    raise TooMuch
                return data

    def skip(self, count: int) -> bool:
        while count > 0:
            data = self.read(min(count, BLOCK))
            if not data:
                return False
            count -= len(data)
        return True

    def _some(self, most: int) -> bytes | None:
        """Maybe nothing yet; None at the end."""
        if self._member.eof:
            rest = self._member.unused_data or self._file.read(BLOCK)
            if not self._magic or not rest.startswith(self._magic):
                return None  # what follows is filling
            self._member, self._input = self._make(), rest
        if self._member.needs_input and not self._input:
            self._input = self._file.read(BLOCK)
            if not self._input:
                raise Damaged("it ends in the middle")
        data, self._input = self._input, b""
        try:
            return self._member.decompress(data, most)
        except (zlib.error, OSError, EOFError, lzma.LZMAError) as error:
            raise Damaged(f"it is damaged ({error})") from error


def piece_of(read: Callable[[int], bytes], offset: int, limit: int, head: int) -> tuple[bytes, bytes, bool, str]:
    """(the first `head` bytes, `limit` bytes from `offset` on, whether there is more, what went wrong) of what `read` gives
    from front to back. What came before something went wrong counts."""
    first, wanted, at, more = b"", bytearray(), 0, False
    try:
        while not more and (data := read(BLOCK)):
            first += data[: max(head - at, 0)]
            wanted += data[max(offset - at, 0) :][: limit - len(wanted)]
            at += len(data)
            more = at > offset + limit and at > head
    except Damaged as error:
        return first, bytes(wanted), False, f"{error}"
    except TooMuch:
        return first, bytes(wanted), False, "it unpacks to more than is read"
    return first, bytes(wanted), at > offset + limit, ""


def packing_of(head: bytes) -> str | None:
    """By its first bytes, not by its name."""
    return next((kind for magic, kind in MAGIC if head.startswith(magic)), None)
