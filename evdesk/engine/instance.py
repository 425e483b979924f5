"""One engine per data directory: the lock, the instance file others find it by, and the token.

    engine.lock   held by the engine for its whole life (the system lets go of it when the engine dies, however it dies)
    engine.json   where it listens; written once it does, removed when it ends
    token         what API clients must send; made once, kept, so that scripts and remote desks need it only once

All are for the owner only. Only the lock tells whether an engine runs: a left-over engine.json means nothing.
"""

import contextlib
import http.client
import os
import secrets
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import platformdirs

from evdesk.engine.gate import PATH
from evdesk.model import EvdeskError, Reason
from evdesk.model.files import put_over, take_away

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE = "engine.lock"
INSTANCE_FILE = "engine.json"
TOKEN_FILE = "token"
ANSWER_WITHIN_S = 2.0
CLAIM_WITHIN_S = 0.5
_LOCKED_BYTE = 1 << 30  # Windows locks byte ranges and hides them from readers: far behind the pid


@dataclass(frozen=True, slots=True)
class Instance:
    """A running engine, as its engine.json says. `started_at`: Unix seconds."""

    pid: int
    port: int
    host: str
    token_file: str
    version: str
    started_at: float

    @property
    def url(self) -> str:
        """Where clients on this computer reach the API."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"ws://[{host}]:{self.port}{PATH}" if ":" in host else f"ws://{host}:{self.port}{PATH}"

    @property
    def token(self) -> str:
        return Path(self.token_file).read_text().strip()


class Claim:
    """The engine's hold on its data directory. Let go with `release` (or leave the `with`)."""

    def __init__(self, data: Path, token: str, lock_fd: int) -> None:
        self.data = data
        self.token = token
        self._lock_fd = lock_fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def announce(self, host: str, port: int, version: str) -> Instance:
        """Tell where the API listens; from now on `find_running` finds this engine."""
        instance = Instance(os.getpid(), port, host, str(self.data / TOKEN_FILE), version, time.time())
        _write_private(self.data / INSTANCE_FILE, msgspec.json.format(msgspec.json.encode(instance), indent=2))
        return instance

    def release(self) -> None:
        if self._lock_fd < 0:
            return
        with contextlib.suppress(OSError):  # a left-over means nothing, and a reader may have it open
            take_away(self.data / INSTANCE_FILE)
        _unlock(self._lock_fd)
        os.close(self._lock_fd)
        self._lock_fd = -1


def default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("evdesk", appauthor=False))


def claim(data: Path) -> Claim:
    """Take the directory for this process. Raises `EvdeskError(REFUSED)` naming the pid when another engine has it,
    `EvdeskError(STORAGE)` when it cannot be used."""
    data = prepare(data)
    fd = _open_lock(data)
    deadline = time.monotonic() + CLAIM_WITHIN_S
    while not _try_lock(fd):
        if time.monotonic() > deadline:
            pid = os.read(fd, 32).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            text = f"Another engine (process {pid}) already uses {data}. Stop it, or choose another --data directory."
            raise EvdeskError(Reason.REFUSED, text, pid=pid)
        time.sleep(0.02)  # someone who only looks whether we run holds it for an instant
    with contextlib.suppress(OSError):
        take_away(data / INSTANCE_FILE)
    os.ftruncate(fd, 0)
    os.write(fd, f"{os.getpid()}\n".encode())
    return Claim(data, _token(data), fd)


def _open_lock(data: Path) -> int:
    try:
        return os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:  # `prepare` cannot tell: on Windows the rights of a folder show when it is written to
        text = f"{data} cannot be used: {error.strerror or error}. Choose another directory with --data."
        raise EvdeskError(Reason.STORAGE, text) from error


def find_running(data: Path) -> Instance | None:
    """The engine that holds this directory and answers; None where there is none, or it is not ready yet."""
    try:
        raw = (data / INSTANCE_FILE).read_bytes()
        instance = msgspec.json.decode(raw, type=Instance)
        token = instance.token
    except (OSError, msgspec.MsgspecError):
        return None
    # The lock before the question: a port left behind may belong to a stranger by now, who must not see the token.
    if not is_held(data) or _answering_pid(instance, token) != instance.pid:
        return None
    return instance


def silent_pid(data: Path) -> str:
    """The process that holds this directory without answering; "" where none does. Ask after `find_running`: it may also
    be one that is just starting."""
    if not is_held(data):
        return ""
    try:
        return (data / LOCK_FILE).read_text(errors="replace").strip() or "unknown"
    except OSError:
        return "unknown"


def is_held(data: Path) -> bool:
    """Whether a living process has claimed the directory."""
    try:
        fd = os.open(data / LOCK_FILE, os.O_RDWR)
    except OSError:
        return False
    try:
        if not _try_lock(fd):
            return True
        _unlock(fd)
        return False
    finally:
        os.close(fd)


def prepare(data: Path) -> Path:
    """The data directory, made if need be, for the owner only; absolute. A directory with other files in it keeps its
    permissions, unless others may write to it: then it is refused."""
    data = data.expanduser().absolute()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = (data / LOCK_FILE).exists() or not any(data.iterdir())
        if sys.platform != "win32":
            if ours:
                data.chmod(0o700)
            elif data.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                text = f"Other users can write to {data}. Choose a directory of your own with --data."
                raise EvdeskError(Reason.STORAGE, text)
        if not os.access(data, os.W_OK):
            raise EvdeskError(Reason.STORAGE, f"{data} cannot be written. Choose another directory with --data.")
    except OSError as error:
        text = f"{data} cannot be used: {error.strerror or error}. Choose another directory with --data."
        raise EvdeskError(Reason.STORAGE, text) from error
    return data


def _token(data: Path) -> str:
    path = data / TOKEN_FILE
    with contextlib.suppress(OSError):
        token = path.read_text().strip()
        private = sys.platform == "win32" or not path.stat().st_mode & 0o077
        if private and len(token) >= 32 and token.isascii() and token.isprintable():
            return token
    token = secrets.token_urlsafe(32)
    _write_private(path, f"{token}\n".encode())
    return token


def _write_private(path: Path, content: bytes) -> None:
    fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 from its first byte
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put_over(Path(temporary), path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _answering_pid(instance: Instance, token: str) -> int | None:
    host = instance.url.removeprefix("ws://").rpartition(":")[0].strip("[]")
    connection = http.client.HTTPConnection(host, instance.port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("GET", PATH, headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        body = msgspec.json.decode(response.read(4096))
        return body.get("pid") if response.status == 200 and isinstance(body, dict) else None
    except (OSError, http.client.HTTPException, msgspec.MsgspecError):
        return None
    finally:
        connection.close()


def _try_lock(fd: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(fd, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.lseek(fd, 0, os.SEEK_SET)
    return True


def _unlock(fd: int) -> None:
    if sys.platform == "win32":
        os.lseek(fd, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(fd, fcntl.LOCK_UN)
