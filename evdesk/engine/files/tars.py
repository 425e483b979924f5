"""Reading tar archives from front to back (POSIX.1-2001 pax, GNU, old ones), without believing what they say.

Not the library's own reader: it walks on as headers tell it to, keeps all of them, and reads what they announce at once.
"""

import tarfile
from dataclasses import dataclass

from evdesk.engine.files.unpacking import Damaged, Source

BLOCK = 512
MOST_EXTENSION = 256 * 1024
MOST_SIZE = 1 << 60
_EMPTY = bytes(BLOCK)
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_EXTENSIONS = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.XGLTYPE,
)
_WITHOUT_CONTENT = (
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
)
WHY = {
    tarfile.SYMTYPE: "It is a link, and leads somewhere else.",
    tarfile.LNKTYPE: "It is a link to another file.",
    tarfile.CHRTYPE: "It is a device and no file.",
    tarfile.BLKTYPE: "It is a device and no file.",
    tarfile.FIFOTYPE: "It is a device and no file.",
    tarfile.GNUTYPE_SPARSE: "It is a file with holes, which is larger than it pretends.",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive. `why`: it is not shown, because of this."""

    name: str
    size: int
    at: float | None
    why: str = ""


def is_tar(head: bytes) -> bool:
    """Whether the first block is a header with a right checksum."""
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


class Tar:
    """`next` goes from file to file; `read` reads the present one. Both raise `Damaged`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = self._filling = 0

    def next(self) -> Member | None:
        """The next file; None behind the last. Folders are left out."""
        more: dict[str, str] = {}
        while (header := self._header()) is not None:
            if header.type in _EXTENSIONS:
                more |= self._extension(header)
                continue
            if header.type == tarfile.DIRTYPE:
                more = {}
                continue
            why = WHY.get(header.type, "" if header.type in _FILES else "It is of a kind evdesk does not know.")
            if any(key.startswith("GNU.sparse.") for key in more):
                why = WHY[tarfile.GNUTYPE_SPARSE]
            size = min(max(int(_number(more.get("size"), header.size)), 0), MOST_SIZE)
            if header.type in _WITHOUT_CONTENT:
                size = 0
            self._left, self._filling = size, -size % BLOCK
            at = _number(more.get("mtime"), header.mtime)
            return Member(more.get("path", header.name), size, at if at > 0 else None, why)
        return None

    def read(self, most: int) -> bytes:
        """b"" at the end of the file."""
        if self._left == 0:
            return b""
        data = self._source.read(min(most, self._left))
        if not data:
            raise Damaged("it ends in the middle")
        self._left -= len(data)
        return data

    def _header(self) -> tarfile.TarInfo | None:
        if not self._source.skip(self._left + self._filling):
            raise Damaged("it ends in the middle")
        self._left = self._filling = 0
        block = self._exactly(BLOCK, may_end=True)
        if not block or block == _EMPTY:
            return None
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.TarError as error:
            raise Damaged(f"it is damaged ({error})") from error
        if not 0 <= header.size < MOST_SIZE:
            raise Damaged("it is damaged (a size that cannot be)")
        self._left, self._filling = header.size, -header.size % BLOCK
        if header.type in _WITHOUT_CONTENT:
            self._left = self._filling = 0
        return header

    def _extension(self, header: tarfile.TarInfo) -> dict[str, str]:
        """A long name, or pax records, for the file that follows; a global header is nothing to us."""
        if header.type == tarfile.XGLTYPE:
            return {}
        if header.size > MOST_EXTENSION:
            raise Damaged("it is damaged (a name without end)")
        content = self._exactly(header.size)
        self._left = 0
        if header.type == tarfile.GNUTYPE_LONGNAME:
            return {"path": content.rstrip(b"\0").decode("utf-8", "surrogateescape")}
        return {} if header.type == tarfile.GNUTYPE_LONGLINK else _records(content)

    def _exactly(self, count: int, may_end: bool = False) -> bytes:
        data = b""
        while len(data) < count:
            more = self._source.read(count - len(data))
            if not more:
                if may_end and not data:
                    return b""
                raise Damaged("it ends in the middle")
            data += more
        return data


def _records(content: bytes) -> dict[str, str]:
    """Pax: "LENGTH KEY=VALUE\\n", the length in bytes of all of it. What makes no sense ends them."""
    found: dict[str, str] = {}
    while content:
        length, _, _ = content.partition(b" ")
        if not length.isdigit() or len(length) > 6 or not len(length) + 2 < int(length) <= len(content):
            break
        key, _, value = content[len(length) + 1 : int(length) - 1].partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        content = content[int(length) :]
    return found


def _number(text: str | None, otherwise: float) -> float:
    try:
        value = float(text) if text is not None else float(otherwise)
    except ValueError:
        return float(otherwise)
    return value if -1e15 < value < 1e15 else float(otherwise)
