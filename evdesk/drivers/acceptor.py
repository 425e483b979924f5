"""A listening socket whose connections are taken a few at a time.

Event loops take everything that waits at once: after a power cut a thousand chargers stand at the door, and those that are
connected already would wait until the last of them is in.
"""

import asyncio
import socket
import sys
from collections.abc import Callable

AT_ONCE = 8
BACKLOG = 1024
_TIRED_S = 0.5
Factory = Callable[[], asyncio.Protocol]


class Acceptor:
    """`sockets` listen from the moment it is made. `close` lets go of them; connections that were taken stay."""

    def __init__(self, sockets: list[socket.socket], factory: Factory) -> None:
        self.sockets = sockets
        self._factory = factory
        self._loop = asyncio.get_running_loop()
        self._taking: set[asyncio.Task[None]] = set()
        for each in sockets:
            each.listen(BACKLOG)
            self._loop.add_reader(each, self._ready, each)

    def close(self) -> None:
        for each in self.sockets:
            if each.fileno() >= 0:
                self._loop.remove_reader(each)
                each.close()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._taking, return_exceptions=True)

    def _ready(self, listening: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                taken, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptors left: those who are in go on, the others wait at the door
                self._loop.remove_reader(listening)
                self._loop.call_later(_TIRED_S, self._again, listening)
                return
            taken.setblocking(False)
            task = self._loop.create_task(self._take(taken))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    async def _take(self, taken: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, taken)
        except OSError:  # it has gone again
            taken.close()

    def _again(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            self._loop.add_reader(listening, self._ready, listening)


async def listen(host: str, port: int, factory: Factory) -> "Acceptor | asyncio.Server":
    """Listen on all addresses `host` stands for ("" all of this computer). Raises `OSError`, `OverflowError`."""
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":  # its loop cannot watch a listening socket
        return await loop.create_server(factory, host or None, port, backlog=BACKLOG)
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            made = socket.socket(family, kind, protocol)
            sockets.append(made)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.setblocking(False)
            made.bind(address)
        return Acceptor(sockets, factory)
    except (OSError, OverflowError):
        for made in sockets:
            made.close()
        raise
