"""Where uploads go: a quarantine folder, from which what came whole is moved to the logs. Blocking; for threads.

    DATA/logs/quarantine/JOB-CHARGER-N-NAME.part    coming, or broken off; kept
    DATA/logs/CHARGER/JOB-N-NAME                    whole

Everything is for the owner only, and nothing is ever run, unpacked or interpreted here.
"""

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from evdesk.engine.files.names import cut, file_name
from evdesk.engine.files.slots import Key, Received, Upload
from evdesk.engine.files.words import size_words
from evdesk.model.files import put_over

KEEP_BYTES = 200 * 1024 * 1024
KEEP_PART = 0.02
KEEP_LEAST = 100 * 1024 * 1024
"""However small the disk: the database's write-ahead log may have 64 MiB (`evdesk.engine.store.files`), and several uploads
look only every few MiB."""

LEAST_LOG = 10_000_000
"""With less room a log is not asked for."""

LOOK_BYTES = 4 * 1024 * 1024
_BLOCK = 1 << 20
MOST_TIMES = 3
"""So many times the size limit of one upload all attempts together may have."""
MOST_ATTEMPTS, MOST_AT_ONCE = 50, 4
_MOST_PART, _MOST_WHOLE = 100, 120
"""Of a name: Windows takes paths of 259 signs, and the folder of a user's data has about 60 of them already."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Unwanted(OSError):
    """An upload that is not taken, or not to its end. `cause`: "too_large" or "disk_full"; the text says it in words."""

    def __init__(self, cause: str, sentence: str) -> None:
        super().__init__(sentence)
        self.cause, self.sentence = cause, sentence


def free_space(folder: Path) -> tuple[int, int]:
    """(free bytes, all bytes) of the disk it lies on."""
    usage = shutil.disk_usage(folder)
    return usage.free, usage.total


class Inbox:
    """The folders. Files of one charger and job are numbered, so that several attempts lie beside each other."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.quarantine = logs / "quarantine"
        self._lock = threading.Lock()

    def room(self, more: int) -> None:
        """Raises `Unwanted` where the disk must not take so many bytes more: the records of the fuse need room too."""
        self.quarantine.mkdir(mode=0o700, parents=True, exist_ok=True)
        free, total = free_space(self.quarantine)
        keep = max(KEEP_LEAST, min(KEEP_BYTES, int(total * KEEP_PART)))
        if free - more < keep:
            needs = f"{size_words(free)} are free, {size_words(keep + more)} are needed: {size_words(keep)} stay for"
            least = f", and {size_words(more)} are the least for a log" if more == LEAST_LOG else ""
            text = f"The disk is full: {needs} evdesk's records{least}."
            raise Unwanted("disk_full", f"{text} Make room on it, then fetch the log again.")

    def begin(self, slot: Upload, name: str, announced: int | None, resume_at: int = 0) -> "Sink":
        """A new file for an upload. `announced`: its size, where that was said; `resume_at`: it goes on behind so many
        bytes of the last attempt of the same name. Raises `Unwanted`, other `OSError`s, and ValueError where there is no
        such attempt."""
        name = file_name(name)
        before = slot.last(name) if resume_at else None
        if resume_at and (before is None or before.size < resume_at):
            raise ValueError("nothing to go on with")
        too_large(resume_at + (announced or 0), slot.most_bytes)
        _too_often(slot)
        self.room(max(announced or 0, 1) + resume_at)
        try:
            sink = Sink(self, slot, name, *self._new(slot.key, name))
        except OSError as error:
            raise _unwritable(error) from error
        if before is not None:
            sink.copy(before.path, resume_at)
        return sink

    def _new(self, key: Key, name: str) -> tuple[Path, Path, int]:
        """(where it is written, where it goes once it is whole, the open file)."""
        charger = _folder(key[0])
        with self._lock:
            number = 1
            while True:
                path = self.quarantine / f"{key[1]}-{charger}-{number}-{cut(name, _MOST_PART)}.part"
                whole = self.logs / charger / f"{key[1]}-{number}-{cut(name, _MOST_WHOLE)}"
                if not path.exists() and not whole.exists():
                    return path, whole, os.open(path, _NEW, 0o600)
                number += 1

    def left(self, key: Key) -> list[Received]:
        """What an engine that was killed left of this charger and job, oldest first."""
        charger = _folder(key[0])
        parts = _numbered(self.quarantine, f"{key[1]}-{charger}-", ".part")
        found = [(number, _received(path, name, False)) for number, name, path in parts]
        wholes = _numbered(self.logs / charger, f"{key[1]}-", "")
        found += [(number, _received(path, name, True)) for number, name, path in wholes]
        return [received for _, received in sorted(found, key=lambda pair: pair[0])]


class Sink:
    """One upload being written. `write` and `finish` from one thread at a time."""

    def __init__(self, inbox: Inbox, slot: Upload, name: str, path: Path, whole_path: Path, descriptor: int) -> None:
        self.name, self.path, self.size = name, path, 0
        self._whole_path = whole_path
        self.cause = ""
        self._inbox, self._slot = inbox, slot
        self._digest = hashlib.sha256()
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._looked = 0

    def write(self, chunk: bytes) -> int:
        """Raises `Unwanted` at the size limit (what fits is kept) and where the disk gets full, else `OSError`."""
        left = self._slot.most_bytes - self.size
        fits = chunk[:left] if len(chunk) > left else chunk
        if self.size + len(fits) - self._looked >= LOOK_BYTES:
            self._looked = self.size
            self._guarded(lambda: self._inbox.room(len(fits)))
        self._guarded(lambda: self._put(fits))
        if len(chunk) > left:
            self.cause = "too_large"
            too_large(self.size + len(chunk) - left, self._slot.most_bytes)
        return len(chunk)

    def copy(self, path: Path, size: int) -> None:
        """The first `size` bytes of an earlier attempt."""
        try:
            with path.open("rb", buffering=0) as earlier:
                while self.size < size:
                    block = earlier.read(min(_BLOCK, size - self.size))
                    if not block:
                        raise ValueError("the earlier attempt is shorter than it was")
                    self.write(block)
        except (FileNotFoundError, ValueError) as error:
            self.discard()
            raise ValueError("nothing to go on with") from error

    @property
    def open(self) -> bool:
        return not self._file.closed

    def finish(self, whole: bool, cause: str = "") -> Received:
        """Close it, and move it to the logs where it is whole. May be called again: the first word holds."""
        if self.open:
            self.cause = self.cause or cause
            try:
                os.fsync(self._file.fileno())
            except OSError:
                self.cause = "disk_full"
            self._file.close()
            whole = whole and not self.cause
            if whole:
                self._whole_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                put_over(self.path, self._whole_path)
                self.path = self._whole_path
            self._received = Received(self.path, self.name, self.size, self._digest.hexdigest(), whole, self.cause)
            self._slot.attempts.append(self._received)
        return self._received

    def discard(self) -> None:
        """As if it had never begun."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _put(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            written = self._file.write(view) or 0
            self._digest.update(view[:written])
            self.size += written
            view = view[written:]

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Unwanted as error:
            self.cause = error.cause
            raise
        except OSError as error:
            self.cause = "disk_full"
            raise _unwritable(error) from error


def _unwritable(error: OSError) -> Unwanted:
    text = f"The log cannot be written: {error.strerror or error}. Look at the disk, then fetch the log again."
    return Unwanted("disk_full", text)


def _too_often(slot: Upload) -> None:
    """One that begins anew for ever would fill the disk all the same."""
    if len(slot.runs) >= MOST_AT_ONCE:
        raise Unwanted("too_large", f"{len(slot.runs)} uploads of this log come at once; no more are taken.")
    came = sum(one.size for one in slot.attempts)
    if came >= MOST_TIMES * slot.most_bytes or len(slot.attempts) >= MOST_ATTEMPTS:
        text = f"{len(slot.attempts)} attempts with {size_words(came)} came already; no more are taken."
        raise Unwanted("too_large", f"{text} Ask it for a shorter time.")


def too_large(size: int, most: int) -> None:
    if size > most:
        text = f"The charger sends {size_words(size)} or more; at most {size_words(most)} are taken."
        raise Unwanted("too_large", f"{text} Ask it for a shorter time.")


def _folder(charger_id: str) -> str:
    """A folder's name that belongs to one charger: the readable part, and a little of the hash of all of it."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", charger_id)[:40]
    return f"{plain or 'charger'}_{hashlib.sha256(charger_id.encode()).hexdigest()[:6]}"


def _numbered(folder: Path, start: str, end: str) -> Iterator[tuple[int, str, Path]]:
    """(number, name, path) of the files that were named here."""
    for path in folder.glob(f"{start}*{end}"):
        number, _, name = path.name.removeprefix(start).removesuffix(end).partition("-")
        if number.isdecimal() and path.is_file():
            yield int(number), name, path


def _received(path: Path, name: str, whole: bool) -> Received:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Received(path, name, path.stat().st_size, digest, whole, "" if whole else "broken")
