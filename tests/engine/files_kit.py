"""What the tests of the file service share: a service on loopback, raw HTTP, a CA, waiting for what is seen."""

import array
import asyncio
import contextlib
import functools
import json
import random
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evdesk.drivers.tls_server import Chain, Credentials
from evdesk.engine.files import FileService, Seen, Served
from evdesk.engine.security import pki
from evdesk.model import Clock

HERE = "127.0.0.1"
KEY = ("BAY-1", 7)
OTHER = ("BAY-2", 7)


def remember_ports(data: Path) -> None:
    """As if served there before: tests that run beside each other must not want the same ones."""
    if not (data / "files.json").exists():
        first = random.randrange(12_000, 32_000, 20)
        (data / "files.json").write_text(json.dumps({"http": first, "https": first + 1, "ftp": first + 2}))


class Watched:
    """A service, and everything it told."""

    def __init__(self, data: Path, credentials: Callable[[], Credentials | None] = lambda: None, port: int = 0) -> None:
        remember_ports(data)
        self.told: list[Served] = []
        self._news = asyncio.Event()
        self.service = FileService(data, Clock(), credentials, port)
        self.service.on_served = self._on_served

    def _on_served(self, served: Served) -> None:
        self.told.append(served)
        self._news.set()

    def seen(self, what: Seen, key: Any = KEY) -> list[Served]:
        return [one for one in self.told if one.what is what and one.key == key]

    async def until(self, test: Callable[[], Any], limit_s: float = 10.0) -> Any:
        """The first true result of `test`, asked after each thing told."""
        async with asyncio.timeout(limit_s):
            while not (found := test()):
                self._news.clear()
                await self._news.wait()
        return found

    async def told_of(self, what: Seen, key: Any = KEY) -> Served:
        return (await self.until(lambda: self.seen(what, key)))[-1]


@contextlib.asynccontextmanager
async def serving(data: Path, **how: Any) -> AsyncIterator[Watched]:
    watched = Watched(data, **how)
    try:
        yield watched
    finally:
        await watched.service.close()


@functools.cache
def root() -> pki.Pair:
    return pki.make_root("test root", Clock().now())


@functools.cache
def credentials(host: str = "desk") -> Credentials:
    made = [pki.make_server(root(), [HERE, "localhost"], host, Clock().now(), kind) for kind in ("ec", "rsa")]
    return Credentials(tuple(Chain(pair.certificate, pair.key) for pair in made))


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=root().certificate)


@dataclass(frozen=True)
class Reply:
    status: int
    version: str
    headers: dict[str, str]
    body: bytes


@contextlib.asynccontextmanager
async def connected(
    port: int, tls: ssl.SSLContext | None = None, limit: int = 65_536, **how: Any
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(HERE, port, ssl=tls, limit=limit, **how)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side ends the connection, in whichever way."""
    said = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(10):
            while more := await reader.read(65_536):
                said += more
    return said


async def raw(port: int, request: bytes, tls: ssl.SSLContext | None = None) -> bytes:
    """Everything the server says to these bytes, until it closes."""
    async with connected(port, tls) as (reader, writer):
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()


def parsed(said: bytes) -> Reply:
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, _ = first.split(" ", 2)
    pairs = (line.split(": ", 1) for line in lines)
    return Reply(int(status), version, {name.lower(): value for name, value in pairs}, body)


async def ask(url: str, method: str = "GET", body: bytes = b"", version: str = "1.1", **headers: str) -> Reply:
    """One request on its own connection. Names of headers with _ for -."""
    port, path = split(url)
    lines = [f"{method} {path} HTTP/{version}", f"Host: {HERE}:{port}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body and "Transfer_Encoding" not in headers else []
    tls = trusting() if url.startswith("https") else None
    return parsed(await raw(port, "\r\n".join(lines).encode() + b"\r\n\r\n" + body, tls))


def split(url: str) -> tuple[int, str]:
    where, _, path = url.partition("://")[2].partition("/")
    return int(where.rpartition(":")[2]), f"/{path}"


def write_file(folder: Path, size: int, name: str = "fw.bin") -> Path:
    """A file in which every place is different."""
    path = folder / name
    path.write_bytes(content(size))
    return path


@functools.cache
def content(size: int) -> bytes:
    return array.array("I", range(size // 4 + 1)).tobytes()[:size]
