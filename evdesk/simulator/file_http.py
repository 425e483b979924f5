"""Files over HTTP and HTTPS, as small stations do it: HTTP/1.1, no redirects, no compression, one connection."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from evdesk.simulator.fileline import CONNECT_S, Body, Download, FileLine, TransferError

NARROW_BYTES = 16_384
BOUNDARY = "----station-file-8f3a61c2"


async def fetch(line: FileLine, url: str, download: Download) -> None:
    """Get `url`; goes on behind what `download` has already where the server lets it. Raises TransferError, BrokenOff."""
    offset = download.image.size
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    try:
        async with _session(line, url) as session:
            if line.habits.asks_size:
                async with session.head(url, allow_redirects=False):
                    pass  # some ask and make nothing of it
            async with session.get(url, headers=headers, allow_redirects=False) as answer:
                start = _start(answer)
                download.begin(start, _total(answer, start))
                async for chunk in answer.content.iter_chunked(line.piece):
                    pause_s = download.take(chunk)
                    if pause_s:
                        await asyncio.sleep(pause_s)
        download.check()
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        raise TransferError(_text(problem)) from None


async def send(line: FileLine, url: str, body: Body) -> None:
    """Put or post a file, as the maker does it. Raises TransferError."""
    form = line.habits.upload == "form"
    before, after = _form(body) if form else (b"", b"")
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}" if form else body.kind}
    if body.size is not None:
        headers["Content-Length"] = str(len(before) + body.size + len(after))
    verb = "PUT" if line.habits.upload == "PUT" else "POST"
    where = url if form else with_name(url, body.name)
    data = _pieces(line, before, body.chunks(), after)
    try:
        async with (
            _session(line, url) as session,
            session.request(verb, where, data=data, headers=headers, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise TransferError(f"the server answered {answer.status} {answer.reason}", str(answer.status))
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        raise TransferError(_text(problem)) from None


def with_name(url: str, name: str) -> str:
    """The address of a file: a folder's address gets its name."""
    return url + quote(name) if urlsplit(url).path.endswith("/") else url


def _session(line: FileLine, url: str) -> aiohttp.ClientSession:
    more: dict[str, Any] = {"ssl": line.tls()} if url.lower().startswith("https:") else {}
    if line.rate_bps is not None:
        more["socket_factory"] = _narrow
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1, **more),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=line.idle_s),
        headers={"User-Agent": line.agent, "Accept-Encoding": "identity"},
        auto_decompress=False,
    )


def _narrow(info: Any) -> socket.socket:
    """A socket that takes little ahead, so that the server really sees how slow the station is."""
    made = socket.socket(*info[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
    return made


def _start(answer: aiohttp.ClientResponse) -> int:
    if answer.status == 200:
        return 0
    told = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if answer.status == 206 and told:
        return int(told[1])
    raise TransferError(f"the server answered {answer.status} {answer.reason}", str(answer.status))


def _total(answer: aiohttp.ClientResponse, start: int) -> int | None:
    return None if answer.content_length is None else start + answer.content_length


def _form(body: Body) -> tuple[bytes, bytes]:
    about = f'Content-Disposition: form-data; name="file"; filename="{body.name}"\r\nContent-Type: {body.kind}'
    return f"--{BOUNDARY}\r\n{about}\r\n\r\n".encode(), f"\r\n--{BOUNDARY}--\r\n".encode()


async def _pieces(line: FileLine, before: bytes, chunks: Iterator[bytes], after: bytes) -> AsyncIterator[bytes]:
    if before:
        yield before
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(line.pause_s(len(chunk)))
    if after:
        yield after


def _text(problem: Exception) -> str:
    return str(problem) or type(problem).__name__
