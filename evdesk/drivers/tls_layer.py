"""TLS between a socket and a `WsPeer`, sans I/O inside: the loop moves bytes, threads do the handshake's arithmetic.

`Front` is the first protocol of every connection: the first byte tells TLS from plain HTTP. Plain connections are handed
to their peer and cost nothing more.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from evdesk.drivers.client_hello import ClientHello, NotAHello, looks_like_tls, read_hello
from evdesk.drivers.handshake_threads import HandshakeThreads
from evdesk.drivers.tls_server import TlsObject, TlsServer
from evdesk.drivers.tls_state import TlsState
from evdesk.drivers.ws import WsPeer

WAITING_MAX = 65536
"""Bytes kept while a step of the handshake runs; more than any client has to say before it is answered."""
HELLO_MAX = 20000
_READ = 65536
_CERTIFICATE_SHOWN = 400  # bytes; an answer longer than this holds our certificate
_LIGHT = 700  # bytes; a client that shows a certificate sends more
_LAST_WORD_S = 2.0


class Front(asyncio.Protocol):
    """`tls` None: a plain port, where a TLS hello is read and told, but not answered."""

    def __init__(self, peer: WsPeer, tls: TlsServer | None, threads: HandshakeThreads | None) -> None:
        self._peer = peer
        self._tls = tls
        self._threads = threads
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._peer.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        transport, peer = self._transport, self._peer
        if self._tls is not None and self._threads is not None and looks_like_tls(data):
            layer = TlsLayer(transport, peer, self._tls, self._threads)
            transport.set_protocol(layer)
            layer.data_received(data)
            return
        if looks_like_tls(data):
            peer.tls = TlsState(hello=_hello_or_none(data))
        transport.set_protocol(peer)
        peer.data_received(data)

    def eof_received(self) -> bool | None:
        return self._peer.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._peer.connection_lost(exc)


class TlsLayer(asyncio.Protocol):
    """One TLS connection. Steps of the handshake run one after the other in a thread; what comes meanwhile waits."""

    def __init__(self, transport: Any, peer: WsPeer, server: TlsServer, threads: HandshakeThreads) -> None:
        self.transport = transport
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.state = TlsState(local_address=_local(transport))
        self.ended = False
        self._peer = peer
        self._server = server
        self._threads = threads
        self._tls: TlsObject | None = None
        self._waiting = bytearray()
        self._working = False
        self._open = False
        self._paused = False
        self._light = False  # what is left of the handshake is little work
        self._lost: tuple[Exception | None] | None = None
        peer.transport, peer.tls, peer.secure = TlsTransport(self), self.state, True

    # -- the socket's side ----------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._open:
            self.incoming.write(data)
            self._read()
            return
        if self.ended:
            return
        self._waiting += data
        if len(self._waiting) > WAITING_MAX and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        if not self._working:
            self._advance()

    def eof_received(self) -> bool | None:
        return self._peer.eof_received() if self._open else False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._working:
            self._lost = (exc,)  # what it sent last may be the alert that tells why
            return
        self.ended = True
        self.state.closed = not self._open and self._tls is not None
        self._peer.connection_lost(exc)

    # -- the handshake --------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        if self._tls is None and not self._begin():
            return
        size = len(self._waiting)
        self.incoming.write(bytes(self._waiting))
        self._waiting.clear()
        self._go_on_reading()
        if self._light and size < _LIGHT:
            self._stepped(_tried(self._shake))
        else:
            self._work(True)
            self._threads.submit(self._shake, self._stepped)

    def _begin(self) -> bool:
        """Reads the hello before the library does: it tells too little of one it cannot use."""
        try:
            hello = read_hello(bytes(self._waiting))
        except NotAHello as error:
            self._fail(str(error))
            return False
        if hello is None:
            if len(self._waiting) > HELLO_MAX:
                self._fail("a TLS hello of absurd size")
            return False
        self.state.hello = hello
        self._server.forgive(asyncio.get_running_loop().time())
        self._tls = self._server.wrap(self.incoming, self.outgoing, _host(self._peer))
        self.state.asked = self._tls.asked
        self.state.strange = "shown" if self._tls.strange else ""
        return True

    def _go_on_reading(self) -> None:
        if self._paused and not self.transport.is_closing():
            self._paused = False
            self.transport.resume_reading()

    def _shake(self) -> bool:
        """In a thread. True when the handshake is done, False when it waits for the client."""
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _work(self, working: bool) -> None:
        self._working = self._peer.waits_for_us = working

    def _stepped(self, result: object) -> None:
        """Back in the loop: `result` is that of `_shake`, or what it raised."""
        self._work(False)
        tls = self._tls
        if tls is None or self.ended:
            return
        self.state.shown = tls.shown
        self.state.showed = self.state.showed or self.outgoing.pending > _CERTIFICATE_SHOWN
        self._light = self.state.showed and bool(self.state.hello and not self.state.hello.old_key_exchange)
        self._judge(tls, result)
        if self._lost is not None and not self._working:
            self.connection_lost(*self._lost)

    def _judge(self, tls: TlsObject, result: object) -> None:
        if isinstance(result, ssl.SSLError):
            self.state.verify = int(getattr(result, "verify_code", 0) or 0)
            if self.state.verify:
                self._server.suspect(_host(self._peer), asyncio.get_running_loop().time())
            self._fail(str(getattr(result, "reason", "") or result))
        elif isinstance(result, Exception):
            self._fail(str(result))
        elif result:
            self._done(tls)
        else:
            self.flush()
            if self._waiting:
                self._advance()

    def _done(self, tls: TlsObject) -> None:
        if tls.strange:
            self.state.strange = "trusted"
            self._fail("it took a certificate that nobody can trust")
            return
        self._open = True
        cipher = tls.cipher()
        self.state.version = (tls.version() or "").replace("TLSv", "TLS ")
        self.state.cipher = cipher[0] if cipher else ""
        self.state.certificate = tls.getpeercert(binary_form=True) or b""
        if self.state.certificate:
            self._server.trust(_host(self._peer))
        self.flush()
        self.incoming.write(bytes(self._waiting))
        self._waiting.clear()
        self._go_on_reading()
        self._read()

    def _fail(self, why: str) -> None:
        self.ended = True
        self.state.error = why
        self.flush()  # the alert: it is all the charger will learn
        self._peer.fail("tls")
        self.close_softly()

    # -- after it -------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        tls = self._tls
        if tls is None:
            return
        parts: list[bytes] = []
        ends = False
        try:
            while not self.ended:
                part = tls.read(_READ)
                if not part:
                    ends = True
                    break
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            ends = True
            self.state.error = str(getattr(error, "reason", "") or error)
        self.flush()
        if parts and not self.ended:
            self._peer.data_received(parts[0] if len(parts) == 1 else b"".join(parts))
        if ends and not self.ended:
            self._peer.eof_received()
            self.close_softly()

    def write(self, data: bytes) -> None:
        if self._tls is None or not self._open or self.ended:
            return
        try:
            self._tls.write(data)
        except ssl.SSLError:
            self.transport.abort()
            return
        self.flush()

    def flush(self) -> None:
        if self.outgoing.pending and not self.transport.is_closing():
            self.transport.write(self.outgoing.read())

    def say_goodbye(self) -> None:
        """Our close_notify; the other side's is not waited for."""
        if self._tls is not None and self._open and not self.ended:
            try:
                self._tls.unwrap()
            except ssl.SSLError:  # it wants the other side's, or the connection is broken already
                pass
            self.flush()

    def close_softly(self) -> None:
        """Ends our side so that what was said last arrives, and cuts a while later."""
        transport = self.transport
        self.ended = True
        if transport.is_closing():
            return
        if transport.can_write_eof():
            transport.write_eof()
            asyncio.get_running_loop().call_later(_LAST_WORD_S, transport.abort)
        else:
            transport.close()


class TlsTransport(asyncio.Transport):
    """What the peer writes to."""

    def __init__(self, layer: TlsLayer) -> None:
        super().__init__()
        self._layer = layer
        self._raw = layer.transport

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._raw.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._layer.ended or bool(self._raw.is_closing())

    def write(self, data: Any) -> None:
        self._layer.write(bytes(data))

    def get_write_buffer_size(self) -> int:
        return int(self._raw.get_write_buffer_size())

    def can_write_eof(self) -> bool:
        return bool(self._raw.can_write_eof())

    def write_eof(self) -> None:
        self._layer.say_goodbye()
        if not self._raw.is_closing():
            self._raw.write_eof()

    def pause_reading(self) -> None:
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        self._raw.resume_reading()

    def close(self) -> None:
        self._layer.say_goodbye()
        self._raw.close()

    def abort(self) -> None:
        """A handshake that failed is not cut at once: its alert must still arrive."""
        if not (self._layer.ended and self._layer.state.error):
            self._raw.abort()


def _tried(step: Callable[[], bool]) -> object:
    try:
        return step()
    except (OSError, ValueError) as error:
        return error


def _hello_or_none(data: bytes) -> ClientHello | None:
    try:
        return read_hello(data)
    except NotAHello:
        return None


def _host(peer: WsPeer) -> str:
    return peer.address.rpartition(":")[0]


def _local(transport: Any) -> str:
    name = transport.get_extra_info("sockname")
    return str(name[0]).removeprefix("::ffff:") if isinstance(name, tuple) and name else ""
