"""What a connection has really delivered: bytes that a buffer still holds have reached nobody."""

import asyncio
import contextlib
import socket
import struct
import sys

SEND_BUFFER = 64 * 1024
"""The system's own buffer grows to megabytes, and a slow charger's progress would be told minutes too early."""

if sys.platform == "linux":
    import fcntl
    import termios

    def unacknowledged(descriptor: int) -> int:
        """Bytes the other side has not confirmed (tcp(7), SIOCOUTQ)."""
        with contextlib.suppress(OSError, ValueError):
            (count,) = struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0\0\0\0"))
            return int(count)
        return 0

else:

    def unacknowledged(descriptor: int) -> int:
        """Not told here: what the system has taken counts as delivered."""
        return 0


def tune(transport: asyncio.Transport) -> None:
    """Small buffers, so that progress is what the other side has."""
    transport.set_write_buffer_limits(high=SEND_BUFFER)
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def unsent(transport: asyncio.Transport) -> int:
    """Bytes handed over that the other side does not have for sure."""
    sock = transport.get_extra_info("socket")
    queued = 0
    if sock is not None and not transport.is_closing():
        with contextlib.suppress(OSError, ValueError):
            queued = unacknowledged(sock.fileno())
    return transport.get_write_buffer_size() + queued
