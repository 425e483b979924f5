"""Small things about requests and answers that downloads and uploads share."""

import asyncio
from urllib.parse import unquote, urlsplit

from aiohttp import web

from evdesk.engine.files.addresses import FOLDER


def asked(raw_path: str) -> tuple[str, list[str]]:
    """(secret, what follows it) of a request's path; ("", []) where it is none of ours. Some clients send the whole
    address, some double a slash."""
    path = urlsplit(raw_path).path if "://" in raw_path[:12] else raw_path.partition("?")[0]
    parts = [unquote(part, errors="replace") for part in path.split("/") if part]
    return (parts[1], parts[2:]) if len(parts) > 1 and parts[0] == FOLDER else ("", [])


def peer_of(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def who(request: web.BaseRequest) -> str:
    return request.remote or ""


def plain(status: int) -> web.StreamResponse:
    """An answer without a body."""
    response = web.StreamResponse(status=status, headers={"Server": "evdesk"})
    response.content_length = 0
    return response
