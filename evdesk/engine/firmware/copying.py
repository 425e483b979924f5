"""Files into the library and out of it: checked, hashed on the way, and there as a whole or not at all."""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evdesk.engine.firmware.beside import is_hidden, is_sidecar, shown
from evdesk.firmware.endings import megabytes
from evdesk.model import EvdeskError, Reason
from evdesk.model.files import put_over

MOST_BYTES = 2 << 30
KEEP_FREE = 64_000_000
"""Of the disk: the log of what was done needs some, too."""

CHUNK = 1 << 20
PART = ".part-"
"""How unfinished files begin; what is left of them is swept away at the next start."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISLNK, "is a link. Choose the file itself"),
    (stat.S_ISDIR, "is a folder. Choose a file"),
    (stat.S_ISFIFO, "is a pipe, not a file. Choose a file"),
    (stat.S_ISSOCK, "is a socket, not a file. Choose a file"),
    (stat.S_ISCHR, "is a device, not a file. Choose a file"),
    (stat.S_ISBLK, "is a device, not a file. Copy what is on it into a file first"),
)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_PORTABLE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ufffd]')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.I)


@dataclass(frozen=True, slots=True)
class Copied:
    """Not in its place yet: `part` waits in the library's folder."""

    part: Path
    size: int
    sha256: str


def looked_at(path: Path) -> os.stat_result:
    """What lies there, a link as a link. Raises `EvdeskError(INVALID)` in words."""
    try:
        return path.lstat()
    except (OSError, ValueError) as error:
        raise _unreadable(shown(path.name), error) from error


def checked_file(path: Path) -> os.stat_result:
    """A file that could be added. Raises `EvdeskError(INVALID)` in words: not there, no file, empty, too large."""
    name, found = shown(path.name), looked_at(path)
    for is_kind, words in _KINDS:
        if is_kind(found.st_mode):
            raise _refused(name, words)
    if found.st_size == 0:
        raise _refused(name, "is empty. Get it again from where it came")
    if found.st_size > MOST_BYTES:
        raise _refused(name, f"has {megabytes(found.st_size)}, which no firmware has. At most 2 GiB are taken")
    return found


def copy_in(source: Path, folder: Path, stop: threading.Event) -> Copied:
    """Into `folder` under a name of its own, on the disk when this returns. Raises `EvdeskError` in words, and leaves
    nothing behind: INVALID for the source, STORAGE for the library's disk."""
    before = checked_file(source)
    demand_room(folder, before.st_size)
    with _opened(source) as descriptor, _part(folder) as (part, out):
        size, digest = 0, hashlib.sha256()
        for chunk in _chunks(descriptor, source, stop):
            size += len(chunk)
            if size > before.st_size:
                break  # it grows
            digest.update(chunk)
            _write(out, chunk, folder)
        after = os.fstat(descriptor)
        if size != before.st_size or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise _refused(shown(source.name), "changed while it was copied. Wait until it is complete")
        _synced(out, folder)
        return Copied(part, size, digest.hexdigest())


def put_in_place(part: Path, target: Path) -> None:
    """Atomically. Raises `EvdeskError(STORAGE)`, and takes the part away then."""
    try:
        put_over(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise unwritable(target.parent, error) from error
    sync_folder(target.parent)


def write_whole(target: Path, raw: bytes) -> None:
    """As a whole or not at all. Raises `EvdeskError(STORAGE)`."""
    with _part(target.parent) as (part, out):
        _write(out, raw, target.parent)
        _synced(out, target.parent)
    put_in_place(part, target)


def sha256_of(path: Path, stop: threading.Event) -> tuple[int, str]:
    """(size, SHA-256 as hex). Raises `EvdeskError(INVALID)` where it cannot be read."""
    digest, size = hashlib.sha256(), 0
    with _opened(path) as descriptor:
        for chunk in _chunks(descriptor, path, stop):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def portable_name(name: str) -> str:
    """As every file system takes it, so that the folder can be carried anywhere."""
    text = _NOT_PORTABLE.sub("_", shown(name)).strip().strip(".").strip() or "firmware"
    stem, dot, ending = text.rpartition(".")
    if len(text.encode()) > 120:
        ending = ending[:20] if dot and len(ending) <= 20 else ""
        stem = text.encode()[:90].decode("utf-8", "ignore")
        text = f"{stem}.{ending}" if ending else stem
    if is_sidecar(text):
        text = f"{text}.bin"  # it would be taken for what describes another file
    return f"_{text}" if _RESERVED.fullmatch(text) or is_hidden(text) else text


def free_name(name: str, taken: set[str], ending: str) -> str:
    """`name`, or with `ending` behind its stem where another file has it, capitals aside."""
    low = {one.casefold() for one in taken}
    if name.casefold() not in low:
        return name
    stem, dot, last = name.rpartition(".")
    return f"{stem}-{ending}.{last}" if dot and stem else f"{name}-{ending}"


def demand_room(folder: Path, size: int) -> None:
    """Raises `EvdeskError(STORAGE)` where the disk has too little left."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise unwritable(folder, error) from error
    if free < size + KEEP_FREE:
        raise _full(f"{megabytes(size)} are needed, {megabytes(max(free - KEEP_FREE, 0))} are free.")


def unwritable(folder: Path, error: OSError) -> EvdeskError:
    if error.errno in _FULL:
        return _full("")
    if error.errno == errno.EFBIG:
        return EvdeskError(
            Reason.STORAGE, "The file is larger than this disk takes. Move evdesk's data to another disk."
        )
    text = f"{shown(str(folder))} cannot be written: {error.strerror or error}. Check that folder and its disk."
    return EvdeskError(Reason.STORAGE, text)


def sync_folder(folder: Path) -> None:
    """The name is on the disk as well. Where a folder cannot be opened (Windows) the system does it by itself."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# -- inside ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    name = shown(path.name)
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it was one a moment ago
            raise _refused(name, "is no file any more. Choose a file")
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _part(folder: Path) -> Iterator[tuple[Path, int]]:
    """A new file in `folder`, gone again where anything fails."""
    try:
        out, name = tempfile.mkstemp(prefix=PART, dir=folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    part = Path(name)
    try:
        yield part, out
    except BaseException:
        os.close(out)  # first: Windows deletes no open file
        part.unlink(missing_ok=True)
        raise
    os.close(out)


def _chunks(descriptor: int, path: Path, stop: threading.Event) -> Iterator[bytes]:
    while True:
        if stop.is_set():
            raise EvdeskError(Reason.INVALID, "The engine is ending. Start it again, and then once more this.")
        try:
            chunk = os.read(descriptor, CHUNK)
        except OSError as error:
            raise _unreadable(shown(path.name), error) from error
        if not chunk:
            return
        yield chunk


def _write(out: int, raw: bytes, folder: Path) -> None:
    left = memoryview(raw)
    try:
        while left:
            left = left[os.write(out, left) :]
    except OSError as error:
        raise unwritable(folder, error) from error


def _synced(out: int, folder: Path) -> None:
    try:
        os.fsync(out)
    except OSError as error:  # some disks say only now that they are full
        raise unwritable(folder, error) from error


def _refused(name: str, words: str) -> EvdeskError:
    return EvdeskError(Reason.INVALID, f"{name} {words}.")


def _full(more: str) -> EvdeskError:
    text = " ".join(part for part in ("The disk is full.", more, "Free some space, then try again.") if part)
    return EvdeskError(Reason.STORAGE, text)


def _unreadable(name: str, error: Exception) -> EvdeskError:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENOTDIR):
        return EvdeskError(Reason.INVALID, f"{name} is not there. Check the path, and that the stick is plugged in.")
    if number in (errno.EACCES, errno.EPERM):
        return EvdeskError(Reason.INVALID, f"{name} may not be read by evdesk. Allow it, or copy it elsewhere.")
    if number == errno.ELOOP:
        return _refused(name, "is a link. Choose the file itself")
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return EvdeskError(Reason.INVALID, f"{name} cannot be read: {why}. Copy it anew.")
