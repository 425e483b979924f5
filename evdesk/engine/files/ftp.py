"""FTP and FTPS for old chargers: a thread with a loop of its own, beside the event loop.

Heavy to load: imported when the first such address is offered.
"""

import asyncio
import logging
import queue
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from OpenSSL import SSL
from pyftpdlib.ioloop import IOLoop, Select

from evdesk.drivers.tls_server import CIPHERS, Credentials
from evdesk.engine.files.addresses import Addresses, Guesses
from evdesk.engine.files.ftp_session import Hall, Server, Session, TlsSession
from evdesk.engine.files.inbox import Inbox
from evdesk.engine.files.ledger import Ledger
from evdesk.engine.files.ports import passive_ports
from evdesk.engine.files.slots import Slot

log = logging.getLogger("evdesk.files")
logging.getLogger("pyftpdlib").setLevel(logging.ERROR)  # what strangers send is no warning of ours
T = TypeVar("T")
MOST_CONNECTIONS, MOST_PER_ADDRESS = 500, 300
MOST_BY_SELECT = 200
_WAIT_S = 1.0


class FtpThread:
    """Runs pyftpdlib's loop. Everything that touches a session is handed in by `act` or `ask`."""

    def __init__(self) -> None:
        self.ioloop = IOLoop()
        self._acts: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._waker = _Waker(self.ioloop)
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="evdesk-ftp", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def act(self, function: Callable[[], None]) -> None:
        self._acts.put(function)
        self._waker.wake()

    async def ask(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises in the thread."""
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(function())
            except OSError as error:
                result.set_exception(error)

        self.act(run)
        return await asyncio.wrap_future(result)

    async def close(self) -> None:
        self._ended = True
        self._waker.wake()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        """Not the library's own `loop`, which sets up logging of its own."""
        try:
            while not self._ended:
                soonest = self.ioloop.sched.poll()
                self.ioloop.poll(min(soonest, _WAIT_S) if soonest is not None else _WAIT_S)
                while not self._acts.empty():
                    self._acts.get()()
        finally:
            self.ioloop.close()
            self._waker.close()


class _Waker:
    """A pair of sockets that ends the loop's waiting."""

    def __init__(self, ioloop: Any) -> None:
        self._in, self._out = socket.socketpair()
        for end in (self._in, self._out):
            end.setblocking(False)
        self._fileno = self._in.fileno()
        ioloop.register(self._fileno, self, ioloop.READ)

    def wake(self) -> None:
        try:
            self._out.send(b"x")
        except (BlockingIOError, OSError):
            pass  # it is awake already, or gone

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        try:
            self._in.recv(4096)
        except BlockingIOError:
            pass

    def handle_close(self) -> None: ...

    def handle_error(self) -> None: ...

    def close(self) -> None:
        self._in.close()
        self._out.close()


class FtpDoor:
    """One FTP port on one local address, with its passive ports behind it."""

    def __init__(
        self,
        thread: FtpThread,
        address: str,
        addresses: Addresses[Slot],
        guesses: Guesses,
        ledger: Ledger,
        inbox: Inbox,
    ) -> None:
        self.port = 0
        self._thread, self._address, self._guesses = thread, address, guesses
        loop = asyncio.get_running_loop()

        def post(function: Callable[..., object], *arguments: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(function, *arguments)

        self._hall = Hall(address, addresses, inbox, ledger, post, thread.act, self._guessed)
        self._server: Any = None
        self._tls_of: Credentials | None = None

    async def open(self, port: int) -> int:
        """Raises `OSError`."""
        listener = socket.create_server((self._address, port), family=_family(self._address), backlog=64)
        self.port = int(listener.getsockname()[1])
        self._server = await self._thread.ask(lambda: self._serve(listener))
        return self.port

    async def use(self, credentials: Credentials | None, at_once: bool) -> None:
        """With these certificates from the next session on. `at_once`: an address that begins with ftps is out."""
        self._hall.waits = self._hall.waits or at_once
        if credentials is None or credentials == self._tls_of:
            return
        context = await asyncio.to_thread(_tls_context, credentials)
        self._tls_of = credentials
        kind = type("Session", (TlsSession,), self._shared() | {"ssl_context": context})
        await self._thread.ask(lambda: setattr(self._server, "handler", kind))

    async def known(self) -> None:
        """What the thread has posted till now was done in the event loop when this returns."""
        if self._thread.alive:
            await self._thread.ask(lambda: None)

    async def close(self) -> None:
        if self._thread.alive:
            await self._thread.ask(self._shut)

    def _shared(self) -> dict[str, Any]:
        return {"hall": self._hall, "passive_ports": passive_ports(self.port)}

    def _serve(self, listener: socket.socket) -> Any:
        server = Server(listener, type("Session", (Session,), self._shared()), ioloop=self._thread.ioloop)
        server.max_cons = most_connections(type(self._thread.ioloop))
        server.max_cons_per_ip = min(server.max_cons, MOST_PER_ADDRESS)
        return server

    def _shut(self) -> None:
        self._server.close()
        for one in list(self._thread.ioloop.socket_map.values()):
            if isinstance(one, Session) and one.server is self._server:
                one.abandon()

    def _guessed(self, who: str) -> None:
        """In the event loop. The session itself keeps them waiting, and ends after three."""
        self._guesses.hit(who, time.monotonic())
        if self._guesses.count(who) in (1, 10, 100, 1000):
            log.warning("%s logs in wrongly for files (%d)", who, self._guesses.count(who))


def most_connections(kind: type) -> int:
    """Windows has only `select`, which takes 512 sockets and then fails for all: each session has up to two."""
    return MOST_BY_SELECT if kind is Select else MOST_CONNECTIONS


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _tls_context(credentials: Credentials) -> SSL.Context:
    """As `server_context`, for the library that this server speaks TLS by. Keys never touch the disk."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(CIPHERS.encode())
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    more: set[bytes] = set()
    for chain in credentials.chains:
        own, *others = x509.load_pem_x509_certificates(chain.certificates.encode())
        context.use_certificate(own)
        context.use_privatekey(
            serialization.load_pem_private_key(chain.key.encode(), None, unsafe_skip_rsa_key_validation=True)
        )
        for other in others:
            if (raw := other.public_bytes(serialization.Encoding.DER)) not in more:
                more.add(raw)
                context.add_extra_chain_cert(other)
    return context
