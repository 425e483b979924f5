"""What a connection has really delivered: bytes that a buffer still holds have reached nobody.

Two counts: what the other side has for sure (told while it goes on), and what it may have (told when it was cut off).
"""

import asyncio
import contextlib
import socket
import struct
import sys

SEND_BUFFER = 64 * 1024
"""The system's own buffer grows to megabytes, and a slow charger's progress would be told minutes too early."""

if sys.platform == "linux":
    import ctypes
    import fcntl
    import termios

    _SIOCOUTQNSD = 0x894B  # linux/sockios.h
    _SO_ATTACH_FILTER = 26  # socket(7)
    _NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0), 8)  # "return 0": no packet passes
    _FILTER = struct.pack("HP", 1, ctypes.addressof(_NOTHING))

    def _count(descriptor: int, request: int) -> int:
        with contextlib.suppress(OSError, ValueError):
            (count,) = struct.unpack("i", fcntl.ioctl(descriptor, request, b"\0\0\0\0"))
            return int(count)
        return 0

    def unacknowledged(descriptor: int) -> int:
        """Bytes the other side has not confirmed (tcp(7), SIOCOUTQ)."""
        return _count(descriptor, termios.TIOCOUTQ)

    def waiting(sock: socket.socket) -> int:
        """Bytes that never left this computer: a reset takes them away. Confirmations are not heard any more from here on,
        or they would let more of them leave before it."""
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, _FILTER)
        except OSError:
            return 0
        return _count(sock.fileno(), _SIOCOUTQNSD)

    def _kept(sock: socket.socket) -> socket.socket | None:
        return sock.dup()

else:

    def unacknowledged(descriptor: int) -> int:
        """Not told here: what the system has taken counts as delivered."""
        return 0

    def waiting(sock: socket.socket) -> int:
        """Not told here: all that the system has taken may have arrived."""
        return 0

    def _kept(sock: socket.socket) -> socket.socket | None:
        return None


def reset_on_close(sock: socket.socket) -> None:
    """Closed without this, the system goes on to deliver what it has taken, and ends it like a whole file (socket(7),
    SO_LINGER)."""
    with contextlib.suppress(OSError):
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )


def in_clear(protected: int) -> int:
    """At least so much of a file is in so many bytes of TLS: records are made of 512 bytes and more, and two may be cut."""
    return max(protected * 3 // 4 - 256, 0)


class Ending:
    """How a connection ends. `left`: so many bytes cannot have reached the other side; None while it goes on.

    Its socket is kept until the transport has closed its own, which it does some time after `abort`: till then bytes go on
    leaving."""

    def __init__(self, transport: asyncio.Transport | None) -> None:
        self.left: int | None = None
        self._transport, self._buffered, self._protected = transport, 0, False
        self._cut = False
        self._socket: socket.socket | None = None
        if transport is not None and not transport.is_closing():
            self._protected = transport.get_extra_info("sslcontext") is not None
            with contextlib.suppress(OSError):
                self._socket = _kept(transport.get_extra_info("socket"))

    def cut(self) -> None:
        """At once, and so that nothing more arrives."""
        self._cut = True  # one that lives on must go on hearing
        if self._transport is not None and self.left is None:
            closing = self._transport.is_closing()
            if sys.platform == "linux" and not closing:  # elsewhere the system may have taken of it
                self._buffered = max(self._buffered, self._transport.get_write_buffer_size())
            if self._socket is not None:
                reset_on_close(self._socket)
            elif not closing:
                reset_on_close(self._transport.get_extra_info("socket"))
            self._transport.abort()
        asyncio.get_running_loop().call_soon(self.close)  # after the transport's own

    def close(self) -> None:
        """The last look."""
        if self.left is None:
            queued = waiting(self._socket) if self._socket is not None and self._cut else 0
            self.left = self._buffered + (in_clear(queued) if self._protected else queued)
        if self._socket is not None:
            self._socket.close()
            self._socket = None


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
