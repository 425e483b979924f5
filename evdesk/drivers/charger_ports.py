"""The sockets chargers dial: several at once, plain and TLS, opened and shut while the others go on."""

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass

from evdesk.drivers.acceptor import Acceptor, listen
from evdesk.drivers.handshake_threads import HandshakeThreads
from evdesk.drivers.tls_layer import Front
from evdesk.drivers.tls_server import TlsServer
from evdesk.drivers.ws import WsPeer
from evdesk.model import EvdeskError, Reason

Server = Acceptor | asyncio.Server


@dataclass(frozen=True, slots=True)
class Port:
    """`port` 0: any free one. `tls`: security profiles 2 and 3; else 0 and 1."""

    host: str
    port: int
    tls: bool = False


class ChargerPorts:
    """`make(port, tls)` gives the peer of a new connection. `tls` must be set before a TLS port is opened."""

    def __init__(self, make: Callable[[int, bool], WsPeer]) -> None:
        self.tls: TlsServer | None = None
        self.both: set[int] = set()  # plain ports on which TLS is taken too
        self._make = make
        self._open: dict[Port, Server] = {}
        self._threads: HandshakeThreads | None = None

    @property
    def opened(self) -> list[Port]:
        """As they really are: host and port chosen."""
        return list(self._open)

    def number(self, tls: bool) -> int:
        """The first open port of a kind, 0 for none."""
        return next((port.port for port in self._open if port.tls is tls), 0)

    async def open(self, wanted: Port) -> Port:
        """Raises `EvdeskError(INVALID)` in words when the port cannot be had."""
        if wanted.tls and self.tls is None:
            raise EvdeskError(Reason.INVALID, "There is no certificate for TLS yet. Create evdesk's certificate first.")
        number = wanted.port

        def front() -> Front:
            tls = self.tls if wanted.tls or number in self.both else None
            return Front(self._make(number, wanted.tls), tls, self._pool() if tls else None)

        try:
            server = await listen(wanted.host, wanted.port, front)
        except (OSError, OverflowError, UnicodeError) as error:  # a name longer than names are
            sentence = cannot_listen(wanted.host, wanted.port, error)
            raise EvdeskError(Reason.INVALID, sentence, port=wanted.port) from error
        name = server.sockets[0].getsockname()
        number = int(name[1])
        found = Port(str(name[0]), number, wanted.tls)
        self._open[found] = server
        return found

    def shut(self, port: Port) -> None:
        """No new connections; those there are stay."""
        server = self._open.pop(port, None)
        if server is not None:
            server.close()

    def shut_all(self) -> list[Server]:
        servers = list(self._open.values())
        self._open.clear()
        for server in servers:
            server.close()
        if self._threads is not None:
            self._threads.close()
            self._threads = None
        return servers

    def _pool(self) -> HandshakeThreads:
        if self._threads is None:
            self._threads = HandshakeThreads()
        return self._threads


def cannot_listen(host: str, port: int, error: Exception) -> str:
    where = f"port {port} of {host[:80] or 'this computer'}"
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return f"Chargers cannot dial in: {where} is in use by another program. End it or choose another port."
    if code in (errno.EACCES, errno.EPERM):
        return f"Chargers cannot dial in: {where} needs more rights. Choose a port above 1024."
    if code == errno.EADDRNOTAVAIL:
        return f"Chargers cannot dial in: {host} is not an address of this computer."
    return f"Chargers cannot dial in: {where} cannot be opened ({error})."
