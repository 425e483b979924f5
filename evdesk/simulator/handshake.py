"""How a station opens its WebSocket, with the oddities of real ones on demand."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.typing import Origin, Subprotocol

from evdesk.simulator.access import Access

Has = Callable[[str], bool]
ODD_PROTOCOL = ("no_connection_header", "absolute_uri", "no_pong")


class OddProtocol(ClientProtocol):
    """A client that breaks single rules of RFC 6455 on demand."""

    has: Has

    def connect(self) -> Request:
        request = super().connect()
        if self.has("no_connection_header"):
            del request.headers["Connection"]
        if self.has("absolute_uri"):
            scheme = "https" if self.uri.secure else "http"
            request.path = f"{scheme}://{self.uri.host}:{self.uri.port}{request.path}"
        return request

    def send_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG and self.has("no_pong"):
            return
        super().send_frame(frame)


def _faultless(_fault: str) -> bool:
    return False


def address(url: str, identity: str, has: Has = _faultless) -> str:
    """The address to dial: `url` with the identity appended, or however else this station tells it."""
    base = url.rstrip("/")
    if has("tls_on_plain") or has("plain_on_tls"):
        base = f"{'wss' if has('tls_on_plain') else 'ws'}://{base.partition('://')[2]}"
    if has("no_id") or has("id_as_user"):
        return f"{base}/"
    if has("id_in_query"):
        return f"{base}/?station={quote(identity, safe='')}"
    name = "".join(f"%{byte:02X}" for byte in identity.encode()) if has("encoded_id") else quote(identity, safe="")
    return base + ("//" if has("double_slash") else "/") + name + ("/" if has("trailing_slash") else "")


def authorization(access: Access, identity: str, has: Has) -> str | None:
    """The Authorization header; raises AccessError."""
    if has("empty_password"):
        return Access(1).authorization(identity)
    if has("id_as_user") and access.profile not in (1, 2):
        return Access(1, access.password, access.form).authorization(identity)
    if has("hex_password"):
        return Access(access.profile, access.password, "hex").authorization(identity)
    return access.authorization(identity)


def _tls(access: Access, where: str, has: Has) -> dict[str, Any]:
    if not where.startswith("wss:"):
        return {}
    context = access.context()
    if context is None or has("trusts_anybody") or has("no_sni"):
        context = careless(access, check=not has("trusts_anybody") and context is not None)
    return {"ssl": context} | ({"server_hostname": ""} if has("no_sni") else {})


def careless(access: Access, check: bool) -> ssl.SSLContext:
    """A context of its own, as the usual one is shared; without `check` it takes every certificate."""
    context = access.fresh_context()
    context.check_hostname = False
    if not check:
        context.verify_mode = ssl.CERT_NONE
    return context


async def dial(url: str, identity: str, access: Access, subprotocol: str, has: Has) -> ClientConnection:
    """Open one connection; raises what `websockets` raises, OSError, or AccessError."""
    where = address(url, identity, has)
    if has("tcp_probe"):
        await _probe(where)
    told = authorization(access, identity, has)
    more = _tls(access, where, has)
    if any(has(name) for name in ODD_PROTOCOL):
        more["create_connection"] = cast(Any, _odd_factory(has))
    return await connect(
        where,
        subprotocols=[Subprotocol(subprotocol)] if not has("no_subprotocol") else None,
        origin=Origin("http://wallbox.example") if has("foreign_origin") else None,
        additional_headers={"Authorization": told} if told else None,
        ping_interval=None,
        compression=None,
        open_timeout=10,
        proxy=None,
        **more,
    )


def _odd_factory(has: Has) -> Callable[..., ClientConnection]:
    def make(plain: ClientProtocol, **more: Any) -> ClientConnection:
        protocol = OddProtocol(
            plain.uri,
            origin=plain.origin,
            extensions=plain.available_extensions,
            subprotocols=plain.available_subprotocols,
            logger=plain.logger,
        )
        protocol.has = has
        return ClientConnection(protocol, **more)

    return make


async def _probe(where: str) -> None:
    """What load balancers and some chargers do: a TCP connection without a word."""
    parts = urlsplit(where)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port or (443 if parts.scheme == "wss" else 80))
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def send_reserved(socket: ClientConnection) -> None:
    """A text frame with RSV1 set, as of a compression nobody agreed on; written by hand, as no library does it."""
    data = b"[2,1]"
    socket.transport.write(bytes((0xC1, 0x80 | len(data), 0, 0, 0, 0)) + data)
