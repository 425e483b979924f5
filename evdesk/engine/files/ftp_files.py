"""What an FTP session sees: one file, or one place to store to, with virtual paths only. Runs in the FTP thread."""

import os
import posixpath
import stat
from collections.abc import Callable
from typing import Any, BinaryIO

from pyftpdlib.exceptions import FilesystemError
from pyftpdlib.filesystems import AbstractedFS

from evdesk.engine.files.inbox import Inbox, Sink, Unwanted
from evdesk.engine.files.names import file_name
from evdesk.engine.files.slots import Download, Received, Seen, Slot, Upload

NOTHING = "There is nothing of this name"


class Outgoing:
    """The offered file, opened for one transfer. It has a `fileno`, so that the system may send it by itself."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self.name = file, name
        self.on_closed: Callable[[], None] = lambda: None
        self.read, self.seek, self.tell, self.fileno = file.read, file.seek, file.tell, file.fileno

    @property
    def closed(self) -> bool:
        return self._file.closed

    def close(self) -> None:
        self._file.close()
        self.on_closed()


class Incoming:
    """One upload. `announced`: its size, where ALLO said it. `end`: asked when the transfer is over, (whole, cause)."""

    def __init__(self, sink_at: Callable[[int], Sink], name: str, announced: int | None) -> None:
        self.name, self.announced, self.closed = name, announced, False
        self.sink: Sink | None = None
        self.end: Callable[[], tuple[bool, str]] = lambda: (False, "broken")
        self.on_closed: Callable[[Received], None] = lambda received: None
        self._sink_at = sink_at

    def seek(self, at: int) -> None:
        """Where the transfer begins; behind the start it goes on with what an earlier one brought. Raises
        `FilesystemError`."""
        self.sink = self._sink_at(at)

    def write(self, chunk: bytes) -> int:
        assert self.sink is not None
        return self.sink.write(chunk)

    @property
    def size(self) -> int:
        return self.sink.size if self.sink is not None else 0

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self.sink is not None:
            whole, cause = self.end()
            if self.announced is not None and self.sink.size < self.announced:
                whole, cause = False, cause or "broken"
            self.on_closed(self.sink.finish(whole, cause))


class Virtual(AbstractedFS):
    """Paths that are nothing but names; the library's own functions, which ask the disk, are all replaced."""

    def ftpnorm(self, ftppath: str) -> str:
        return "/" + posixpath.normpath(posixpath.join("/", self.cwd, ftppath)).lstrip("/")

    def ftp2fs(self, ftppath: str) -> str:
        return self.ftpnorm(ftppath)

    def fs2ftp(self, fspath: str) -> str:
        return fspath

    def validpath(self, path: str) -> bool:
        return True

    def realpath(self, path: str) -> str:
        return path

    def islink(self, path: str) -> bool:
        return False

    def mkdir(self, path: str) -> None:
        raise FilesystemError("There are no folders here, and none is needed")

    def lstat(self, path: str) -> os.stat_result:
        result: os.stat_result = self.stat(path)
        return result

    def get_user_by_uid(self, uid: int) -> str:
        return "evdesk"

    def get_group_by_gid(self, gid: int) -> str:
        return "evdesk"


class OneFileSystem(Virtual):
    """A download: the root with its one file. An upload: folders are as the charger imagines them, and a file is what its
    last name says."""

    def __init__(self, root: str, cmd_channel: Any) -> None:
        super().__init__("/", cmd_channel)
        self._inbox: Inbox = cmd_channel.hall.inbox
        self._slot: Slot = cmd_channel.slot

    def open(self, filename: str, mode: str) -> Outgoing | Incoming:
        """For RETR "rb"; for STOR "wb", APPE "ab", STOR after REST "r+b" (then `seek` says where)."""
        slot = self._slot
        if slot.gone:
            raise FilesystemError("This address is not offered any more")
        if isinstance(slot, Download) and mode == "rb" and self.isfile(filename):
            try:
                return Outgoing(slot.file.open(), slot.name)
            except OSError as error:
                raise FilesystemError(f"It cannot be read: {error}") from error
        if isinstance(slot, Upload) and mode != "rb":
            return self._store(slot, file_name(posixpath.basename(filename), slot.name), mode)
        raise FilesystemError(NOTHING if mode == "rb" else "Nothing can be stored here")

    def _store(self, slot: Upload, name: str, mode: str) -> Incoming:
        channel, announced = self.cmd_channel, self.cmd_channel.take_announced()

        def sink_at(at: int) -> Sink:
            more = None if announced is None else max(announced - at, 0)
            try:
                return self._inbox.begin(slot, name, more, at)
            except Unwanted as error:
                channel.say(Seen.REFUSED, error.sentence, "bad", cause=error.cause)
                raise FilesystemError(error.sentence) from error
            except (OSError, ValueError) as error:
                raise FilesystemError(str(error)) from error

        incoming, before = Incoming(sink_at, name, announced), slot.last(name)
        if mode == "wb":
            incoming.seek(0)
        elif mode == "ab":
            incoming.seek(before.size if before is not None else 0)
        elif before is None:
            raise FilesystemError("There is nothing to go on with")
        return incoming

    def mkstemp(
        self, suffix: str = "", prefix: str = "", dir: str | None = None, mode: str = "wb"
    ) -> Outgoing | Incoming:
        """STOU: a name of our own."""
        name = prefix.removesuffix(".")
        return self.open(f"/{self._slot.name if name == 'ftpd' else name}", "wb")  # the library's word for none

    def chdir(self, path: str) -> None:
        if not self.isdir(path):
            raise FilesystemError(NOTHING)
        self.cwd = path

    def listdir(self, path: str) -> list[str]:
        if not self.isdir(path):
            raise FilesystemError(NOTHING)
        if isinstance(self._slot, Upload):
            return sorted({one.name for one in self._slot.attempts})
        return [self._slot.name]

    def isdir(self, path: str) -> bool:
        return path == "/" or (isinstance(self._slot, Upload) and not self.isfile(path))

    def isfile(self, path: str) -> bool:
        return self._size(path) is not None

    def lexists(self, path: str) -> bool:
        return self.isfile(path) or self.isdir(path)

    def getsize(self, path: str) -> int:
        size = self._size(path)
        if size is None:
            raise FilesystemError(NOTHING)
        return size

    def getmtime(self, path: str) -> float:
        return float(self._slot.file.subject.modified) if isinstance(self._slot, Download) else 0.0

    def stat(self, path: str) -> os.stat_result:
        directory = self.isdir(path)
        mode, size = (stat.S_IFDIR | 0o700, 0) if directory else (stat.S_IFREG | 0o600, self.getsize(path))
        at = self.getmtime(path)
        return os.stat_result((mode, 1, 1, 1, 0, 0, size, at, at, at))

    def _size(self, path: str) -> int | None:
        if isinstance(self._slot, Download):
            return self._slot.file.subject.size if path == f"/{self._slot.name}" else None
        name = posixpath.basename(path)
        last = self._slot.last(file_name(name)) if isinstance(self._slot, Upload) and name else None
        return last.size if last is not None else None
