"""Files over FTP, and over FTP with TLS (AUTH TLS, RFC 4217), in threads: what blocks there blocks no station."""

import asyncio
import ftplib
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from urllib.parse import SplitResult, unquote, urlsplit

from evdesk.simulator.fileline import CONNECT_S, Body, Download, FileLine, TransferError

POOL = ThreadPoolExecutor(256, thread_name_prefix="station-ftp")  # its own: a car park of slow stations holds up nobody
NARROW_BYTES = 16_384
END_S = 1.0


class Wire:
    """The sockets of one transfer, so that the loop can end it from outside the thread."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._sockets: list[socket.socket] = []

    def keep(self, one: socket.socket | None) -> None:
        if one is not None:
            self._sockets.append(one)

    def wait(self, seconds: float) -> None:
        """Let real time pass; raises TransferError when the transfer was ended."""
        if self._over.wait(seconds):
            raise TransferError("the transfer was ended")

    def cut(self) -> None:
        self._over.set()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


async def fetch(line: FileLine, url: str, download: Download) -> None:
    """Get `url`; goes on behind what `download` has already. Raises TransferError, BrokenOff."""
    await _in_thread(partial(_fetch, line, url, download))


async def send(line: FileLine, url: str, body: Body) -> None:
    """Store a file. Raises TransferError, BrokenOff."""
    await _in_thread(partial(_send, line, url, body))


async def _in_thread(work: Callable[[Wire], None]) -> None:
    wire = Wire()
    future = asyncio.get_running_loop().run_in_executor(POOL, work, wire)
    future.add_done_callback(lambda done: done.cancelled() or done.exception())  # somebody looked, whoever waits
    try:
        await asyncio.shield(future)
    except asyncio.CancelledError:
        wire.cut()
        await asyncio.wait([future], timeout=END_S)
        raise


def _fetch(line: FileLine, url: str, download: Download, wire: Wire) -> None:
    def work(ftp: ftplib.FTP, name: str) -> None:
        total = None
        with suppress(ftplib.Error):
            total = ftp.size(name)
        offset = download.image.size
        with ftp.transfercmd(f"RETR {name}", rest=offset or None) as data:
            wire.keep(data)
            if line.rate_bps is not None:
                data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
            download.begin(offset, total)
            while chunk := data.recv(line.piece):
                wire.wait(download.take(chunk))
        ftp.voidresp()
        download.check()

    _talk(line, url, wire, "", work)


def _send(line: FileLine, url: str, body: Body, wire: Wire) -> None:
    def work(ftp: ftplib.FTP, name: str) -> None:
        with ftp.transfercmd(f"STOR {name}") as data:
            wire.keep(data)
            for chunk in body.chunks():
                data.sendall(chunk)
                wire.wait(line.pause_s(len(chunk)))
            if isinstance(data, ssl.SSLSocket):
                with suppress(OSError):
                    data.unwrap()
        ftp.voidresp()

    _talk(line, url, wire, body.name, work)


def _talk(line: FileLine, url: str, wire: Wire, name: str, work: Callable[[ftplib.FTP, str], None]) -> None:
    """Log in, do `work` with the file's name as the server wants it, say good-bye. `name` is put behind a folder."""
    parts = urlsplit(url)
    ftp = ftplib.FTP_TLS(context=line.tls()) if parts.scheme.lower() == "ftps" else ftplib.FTP()
    try:
        _login(ftp, parts, line.idle_s, wire)
        ftp.set_pasv(not line.active)
        ftp.voidcmd("TYPE I")
        path = unquote(parts.path)
        path = path + name if path.endswith("/") else path
        folder, _, file = path.rpartition("/")
        if line.habits.changes_folder and folder:
            ftp.cwd(folder)
            path = file
        work(ftp, path)
        with suppress(ftplib.Error, EOFError, OSError):
            ftp.quit()
    except (ftplib.Error, EOFError, OSError, ValueError) as problem:
        text = str(problem) or type(problem).__name__
        code = text[:3] if isinstance(problem, ftplib.Error) and text[:3].isdecimal() else ""
        raise TransferError(text, code) from None
    finally:
        ftp.close()


def _login(ftp: ftplib.FTP, parts: SplitResult, idle_s: float, wire: Wire) -> None:
    ftp.connect(parts.hostname or "", parts.port or ftplib.FTP_PORT, timeout=CONNECT_S)
    ftp.timeout = idle_s
    if ftp.sock is not None:
        ftp.sock.settimeout(idle_s)
    wire.keep(ftp.sock)
    ftp.login(unquote(parts.username or "anonymous"), unquote(parts.password or "station@"))
    if isinstance(ftp, ftplib.FTP_TLS):
        wire.keep(ftp.sock)  # another one, inside TLS
        ftp.prot_p()
