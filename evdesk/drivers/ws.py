"""One WebSocket server connection on asyncio, over the sans-I/O layer of `websockets`.

Everything happens inside `data_received`: bytes to frames to texts to the owner's callback, and the answers leave in
one write. No task and no queue per connection. Rules in docs/decisions/0001-sans-io-shell.md.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, cast

from websockets.exceptions import InvalidState, PayloadTooBig, ProtocolError
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from evdesk.drivers.tls_state import TlsState
from evdesk.drivers.ws_frames import Assembler, decode_text, frame_length, head_fault, looks_like_http, text_frame
from evdesk.drivers.ws_pace import MESSAGE_S, Pace, keep_alive

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiled wheel for this platform
    from websockets.utils import apply_mask

_log = logging.getLogger("evdesk.ws")
_log.setLevel(logging.ERROR)
_DEFLATE = ServerPerMessageDeflateFactory(
    server_max_window_bits=11, client_max_window_bits=11, compress_settings={"memLevel": 4}
)
_HEAD_MAX = 16384
_CLOSE_WAIT_S = 3.0


@dataclass(frozen=True, slots=True)
class WsOptions:
    """Seconds of real time, sizes in bytes. `ping_every_s` None: never ping."""

    max_message: int = 1 << 20
    max_unsent: int = 1 << 20
    handshake_s: float = 10.0
    ping_every_s: float | None = 30.0
    silent_s: float = 120.0
    message_s: float = MESSAGE_S


class Gate(Protocol):
    """Decides about openings."""

    def opened(self, peer: "WsPeer") -> bool:
        """A TCP connection; False drops it."""
        ...

    def asked(self, peer: "WsPeer", request: Request) -> Response | None:
        """A readable HTTP request: None lets it pass to the WebSocket handshake, a response refuses it."""
        ...

    def upgraded(self, peer: "WsPeer", response: Response) -> None:
        """The handshake is about to be answered with 101."""
        ...

    def failed(self, peer: "WsPeer", what: str, detail: str) -> None:
        """It never became a WebSocket: `what` is "not_http", "empty", "too_slow", "tls", "bad_handshake", "bad_path" or
        "bad_subprotocol"."""
        ...


class WsPeer(asyncio.Protocol):
    """The owner sets these while it handles `Gate.upgraded`: `on_text(text, what was odd)`, `on_lost(cause)`,
    `on_breach(rule, sentence)` for a breach of RFC 6455 that ends the connection and for floods, `on_alive()` for pongs."""

    def __init__(self, gate: Gate, options: WsOptions, port: int = 0, tls_port: bool = False) -> None:
        """`port`: the one it dialled; `tls_port`: that one speaks TLS."""
        self.options = options
        self.port = port
        self.tls_port = tls_port
        self.tls: TlsState | None = None
        self.secure = False  # inside TLS: `transport` encrypts
        self.waits_for_us = False  # it is our turn in the TLS handshake
        self.ping_every_s = options.ping_every_s
        self.address = self.local_address = ""
        self.heard_at = 0.0
        self.on_text: Callable[[str, str], None] | None = None
        self.on_lost: Callable[[str], None] | None = None
        self.on_breach: Callable[[str, str], None] | None = None
        self.on_alive: Callable[[], None] | None = None
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self._ws: ServerProtocol | None = None
        self._head = bytearray()
        self._rest = bytearray()
        self._need = 0  # bytes of the frame that begins the rest, as far as it is known
        self.pace = Pace(
            lambda: self._feed(b""),
            lambda rule, sentence: self.on_breach(rule, sentence) if self.on_breach is not None else None,
            self.abort,
            options.message_s,
        )
        self._plain = False  # no extension was negotiated
        self._assembler = Assembler()
        self._cause = ""
        self._timer: asyncio.TimerHandle | None = None
        self.settled = False
        self._in_receive = False
        self._flushing = False

    # -- the transport's side -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.address = _address(transport.get_extra_info("peername"))
        self.local_address = _host(transport.get_extra_info("sockname"))
        if not self._gate.opened(self):
            self.settled = True
            self.transport.abort()
            return
        self.pace.use(self.transport)
        keep_alive(transport)
        self._timer = self._loop.call_later(self.options.handshake_s, self.fail, "too_slow")

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        if self._ws is None:
            self._head += data
            self._try_head()
            return
        self._feed(data)

    def eof_received(self) -> bool | None:
        if self._ws is not None:
            self._ws.receive_eof()
            self._flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.pace.close()
        self.fail("not_http")
        self._tell_lost(exc)
        self.transport = None
        self._rest.clear()

    # -- the owner's side -----------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self._ws is not None and self._ws.state is State.OPEN

    def send(self, text: str) -> bool:
        """Send one text message; False when the connection cannot take it any more."""
        if self._ws is None or self.transport is None or self._ws.state is not State.OPEN:
            return False
        if self._plain:
            self._ws.writes.append(text_frame(text.encode()))
        else:
            self._ws.send_text(text.encode())
        if not self._in_receive:
            self._flush()
        return True

    def close(self, code: int, cause: str) -> None:
        """Closing handshake; the socket is cut when the peer does not take part in it."""
        self._cause = self._cause or cause
        if self._ws is None or self.transport is None:
            if self.transport is not None:
                self.transport.abort()
            return
        try:
            self._ws.send_close(code, cause.encode()[:120].decode(errors="ignore"))
        except (InvalidState, ProtocolError):
            self.transport.abort()
            return
        self._flush()
        self._restart_timer(_CLOSE_WAIT_S, self.abort)

    def abort(self, cause: str = "") -> None:
        self._cause = self._cause or cause
        if self.transport is not None:
            self.transport.abort()

    # -- handshake ------------------------------------------------------------------------------------------------

    def _try_head(self) -> None:
        end = self._head.find(b"\r\n\r\n") + 4
        size = end if end > 3 else len(self._head)
        if not looks_like_http(bytes(self._head[:8])) or size > _HEAD_MAX:
            self.fail("not_http")
            return
        if end <= 3:
            if b"\n\n" in self._head:  # it waits for an answer to what it takes for a whole request
                self.fail("not_http")
            return
        rest = bytes(self._head[end:])
        ws = ServerProtocol(extensions=[_DEFLATE], max_size=self.options.max_message, logger=_log)
        ws.receive_data(bytes(self._head[:end]))
        request = next((event for event in ws.events_received() if isinstance(event, Request)), None)
        if request is None:
            self.fail("not_http")
            return
        self._ws = ws
        response = self._gate.asked(self, request) or ws.accept(request)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self._upgrade(ws, response, rest)
            return
        if not self.settled:
            self.settled = True
            self._gate.failed(self, "bad_handshake", response.body.decode(errors="replace").strip())
        ws.send_response(response)
        self._flush()
        self._restart_timer(_CLOSE_WAIT_S, self.abort)

    def _upgrade(self, ws: ServerProtocol, response: Response, rest: bytes) -> None:
        self.settled = True
        self._head.clear()
        self._plain = not ws.extensions
        self._gate.upgraded(self, response)
        ws.send_response(response)
        self._flush()
        if self.ping_every_s is not None:
            self._restart_timer(self.ping_every_s, self._keepalive)
        elif self._timer is not None:
            self._timer.cancel()
        if rest:
            self._feed(rest)

    def fail(self, what: str) -> None:
        """It will not become a WebSocket: tell once, and cut."""
        if what == "too_slow" and self.waits_for_us:  # many came at once: that is not its fault
            self._timer = self._loop.call_later(1.0, self.fail, what)
            return
        if not self.settled:
            self.settled = True
            fault, detail = head_fault(bytes(self._head), _HEAD_MAX)
            if self.secure and self.tls is not None and not self.tls.is_open:
                what = what if what == "too_slow" else "tls"
            elif not self._head:
                what = "empty"
            elif what == "not_http":
                what = fault
            self._gate.failed(self, what, detail)
        if self.transport is not None:
            self.transport.abort()

    # -- frames ---------------------------------------------------------------------------------------------------

    def _feed(self, data: bytes) -> None:
        """Cuts the stream into whole frames. A plain text message is read here; everything else (fragments, control
        frames, compression, errors) is the library's. Answers leave together at the end."""
        if self._rest or self.pace.resting:
            self._rest += data
            if self.pace.resting or len(self._rest) < self._need:
                return
            data = bytes(self._rest)
            self._rest.clear()
        self.pace.begin()
        self._in_receive = True
        try:
            start = self._frames(data)
        finally:
            self._in_receive = False
        if start < len(data) and self._ws is not None and not self._ws.eof_sent:
            self._rest += data[start:]
        fragments = self._assembler.unfinished
        self.pace.end(fragments or bool(self._rest), start > 0 and not fragments)
        self._flush_soon()

    def _frames(self, data: bytes) -> int:
        """Handles whole frames until there is none, or the time of this stretch is over; where it stopped."""
        start, size = 0, len(data)
        while start < size and self._ws is not None and not self._ws.eof_sent:
            head, length = frame_length(data, start)
            end = start + head + length
            small = length <= self.options.max_message
            if head == 0 or (end > size and small):
                self._need = end - start
                break
            self._need = 0
            masked_text = data[start] == 0x81 and data[start + 1] & 0x80
            if masked_text and small and self._plain and self._ws.current_size is None:
                body = start + head
                if self._ws.state is State.OPEN and self.on_text is not None:
                    self.on_text(*decode_text(apply_mask(data[body:end], data[body - 4 : body]), ""))
            else:
                self._library(data[start:end])
            start = end
            if start < size and self.pace.spent():
                break
        return start

    def _library(self, data: bytes) -> None:
        ws = self._ws
        if ws is None or ws.reader.eof:
            return
        ws.receive_data(data)
        for event in ws.events_received():
            whole = self._assembler.take(event) if isinstance(event, Frame) else None
            if whole is not None and self.on_text is not None:
                self.on_text(*whole)
            elif isinstance(event, Frame) and event.opcode is Opcode.PONG and self.on_alive is not None:
                self.on_alive()
        if ws.parser_exc is not None and self.on_lost is not None and not isinstance(ws.parser_exc, EOFError):
            rule, self._cause = _breach(ws.parser_exc, self.options.max_message)
            if self.on_breach is not None:
                self.on_breach(rule, self._cause)
            self._tell_lost(None)

    def _tell_lost(self, exc: Exception | None) -> None:
        lost, self.on_lost = self.on_lost, None
        self.on_text = self.on_breach = self.on_alive = None
        if lost is not None:
            lost(self._cause or _why(self._ws, exc))

    def _flush_soon(self) -> None:
        """Once this turn of the event loop has read every socket: writes to many chargers one after the other are much
        cheaper than each between two reads (every write wakes up somebody)."""
        if not self._flushing and self._ws is not None and self._ws.writes:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        ws, transport = self._ws, self.transport
        if ws is None or transport is None:
            return
        chunks = ws.data_to_send()
        if not chunks:
            return
        ends = chunks[-1] == b""
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if data and not transport.is_closing():
            transport.write(data)
            if transport.get_write_buffer_size() > self.options.max_unsent:
                self.abort(f"it does not read: more than {self.options.max_unsent >> 20} MiB wait to be sent")
                return
        if ends and transport.can_write_eof():
            # The peer must be able to read why: closing now would cut it off while it still sends.
            transport.write_eof()
            self._restart_timer(_CLOSE_WAIT_S, self.abort)
        elif ends:
            transport.close()

    # -- keepalive ------------------------------------------------------------------------------------------------

    def _restart_timer(self, seconds: float, call: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, call)

    def _keepalive(self) -> None:
        """Any traffic counts as life; a silent peer is pinged, and cut only after a generous time."""
        every = self.ping_every_s
        if every is None or self._ws is None or self._ws.state is not State.OPEN:
            return
        silent = self._loop.time() - self.heard_at
        if silent >= self.options.silent_s:
            self.abort(f"nothing heard for {silent:.0f} s, not even an answer to a ping")
            return
        if silent >= every * 0.9:
            self._ws.send_ping(b"evdesk")
            self._flush()
        self._restart_timer(every, self._keepalive)


def _breach(error: Exception, max_message: int) -> tuple[str, str]:
    """(rule, sentence) for what the library could not read."""
    if isinstance(error, ProtocolError) and "reserved bits" in str(error):
        return "compressed_without_negotiation", f"The charger broke the WebSocket protocol: {error}"[:300]
    if isinstance(error, PayloadTooBig):
        return "message_too_big", f"The charger sent a message of more than {max_message >> 10} KiB. {error}"[:300]
    return "websocket_broken", f"The charger broke the WebSocket protocol: {error}"[:300]


def _why(ws: ServerProtocol | None, exc: Exception | None) -> str:
    """Why a connection ended, in words."""
    if ws is not None and ws.close_rcvd is not None:
        reason = f" “{ws.close_rcvd.reason}”" if ws.close_rcvd.reason else ""
        return f"the charger closed the connection (code {ws.close_rcvd.code}{reason})"
    if exc is not None:
        return f"the connection broke: {exc}"
    return "the connection broke off without a closing handshake"


def _address(peername: object) -> str:
    if isinstance(peername, tuple) and len(peername) >= 2:
        host = str(peername[0]).removeprefix("::ffff:")
        return f"[{host}]:{peername[1]}" if ":" in host else f"{host}:{peername[1]}"
    return str(peername or "")


def _host(sockname: object) -> str:
    return str(sockname[0]).removeprefix("::ffff:") if isinstance(sockname, tuple) and sockname else ""
