"""Visitors for the pictures: what really knocks at a charger port beside chargers that are fine."""

import asyncio
import contextlib
import ssl

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
BROWSER = "GET / HTTP/1.1\r\nHost: evdesk\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\n\r\n"
NAMELESS = (
    "GET / HTTP/1.1\r\nHost: evdesk\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
    "User-Agent: charger-firmware/2.1\r\n\r\n"
)


async def visit(host: str, port: int) -> None:
    """A web browser, a charger without a name in its address, and one that wants TLS where there is none."""
    for text in (BROWSER, NAMELESS):
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(text.encode())
            await reader.read(4096)
            writer.close()
    context = ssl.create_default_context()
    with contextlib.suppress(OSError):  # an SSLError is one
        await asyncio.open_connection(host, port, ssl=context, server_hostname="evdesk.local", ssl_handshake_timeout=3)
