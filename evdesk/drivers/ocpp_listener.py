"""The port chargers dial: openings are told in words, repaired where possible, and become stations."""

import asyncio
import errno
import ssl
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from evdesk.drivers import ocpp_handshake as handshake
from evdesk.drivers.base import Host
from evdesk.drivers.ocpp_driver import OcppDriver
from evdesk.drivers.ocpp_link import LinkOptions, OcppLink
from evdesk.drivers.ocpp_station import OcppStation
from evdesk.drivers.ocpp_station2 import OcppStation2
from evdesk.drivers.ws import WsOptions, WsPeer
from evdesk.model import Attempt, EvdeskError, Reason
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.version import Version, guess

_KEPT_MEMORIES = 5000
_RIVAL_S = 30.0
UNDECIDED_S = 10.0


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """`ping_every_s`: per charger id, None switches pings off for one that cannot answer them."""

    ws: WsOptions = field(default_factory=WsOptions)
    link: LinkOptions = field(default_factory=LinkOptions)
    max_opening: int = 16  # connections per address that are not WebSockets yet
    ping_every_s: dict[str, float | None] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class _Opening:
    """What is known of a connection until it is a station or gone."""

    address: str
    path: str = ""
    charger_id: str = ""
    protocols: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    version: Version | None = None
    reply: str | None = None
    verdict: str = ""
    sentence: str = ""


class _Undecided:
    """A connection that named no version: its first message tells (dallmann-consulting/OCPP.Core #43, lbbrhzn/ocpp #442).
    One that says nothing for a while is taken for 1.6, the version of chargers that leave the name out."""

    def __init__(self, peer: WsPeer, decide: Callable[[Version | None, list[tuple[str, str]]], None]) -> None:
        self._peer, self._decide = peer, decide
        self._timer = asyncio.get_running_loop().call_later(UNDECIDED_S, self._settle, Version.V16, [])
        peer.on_text, peer.on_lost = self._text, self._lost

    def _text(self, text: str, odd: str) -> None:
        self._settle(guess(text), [(text, odd)])

    def _settle(self, version: Version | None, kept: list[tuple[str, str]]) -> None:
        self._timer.cancel()
        self._decide(version, kept)

    def _lost(self, _cause: str) -> None:
        self._settle(None, [])


class OcppListener:
    """`on_station` gets each new connection, `on_attempt` each opening, good or bad."""

    def __init__(
        self,
        host_port: tuple[str, int],
        host: Host,
        on_station: Callable[[OcppDriver], None],
        on_attempt: Callable[[Attempt], None],
        options: ListenerOptions | None = None,
    ) -> None:
        self.options = options or ListenerOptions()
        self.stations: dict[str, OcppDriver] = {}
        self._host_port = host_port
        self._host = host
        self._on_station = on_station
        self._on_attempt = on_attempt
        self._openings: dict[WsPeer, _Opening] = {}
        self._undecided: set[WsPeer] = set()
        self._memories: OrderedDict[str, Memory] = OrderedDict()
        self._server: asyncio.Server | None = None

    async def start(self) -> tuple[str, int]:
        """Listen; the address chosen. Raises `EvdeskError` in words when the port cannot be had."""
        host, port = self._host_port
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: WsPeer(self, self.options.ws), host or None, port, ssl=self.options.tls, backlog=512
            )
        except (OSError, OverflowError) as error:
            raise EvdeskError(Reason.INVALID, _cannot_listen(host, port, error), port=port) from error
        name = self._server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    async def close(self, cause: str) -> None:
        """Stop listening and close every connection, each told why."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        stations = list(self.stations.values())
        for station in stations:
            station.link.end(cause)
        for peer in [*self._openings, *self._undecided]:
            peer.abort(cause)
        gone = [station.link.gone for station in stations]
        if gone:
            await asyncio.wait(gone, timeout=5.0)
        if server is not None:
            await server.wait_closed()

    # -- Gate -----------------------------------------------------------------------------------------------------

    def opened(self, peer: WsPeer) -> bool:
        if self._server is None:
            return False
        here = _host_of(peer.address)
        waiting = sum(1 for opening in self._openings.values() if _host_of(opening.address) == here)
        if waiting >= self.options.max_opening:
            sentence = (
                f"{waiting} connections from this address never became a WebSocket; new ones are dropped for now."
            )
            self._tell(_Opening(peer.address), "too_many", sentence)
            return False
        self._openings[peer] = _Opening(peer.address)
        return True

    def asked(self, peer: WsPeer, request: Request) -> Response | None:
        opening = self._openings[peer]
        opening.path = handshake.shown_path(request.path)
        headers = request.headers
        found = handshake.identify(request.path, _first(headers, "Authorization"))
        opening.charger_id = found.charger_id if handshake.usable_id(found.charger_id) else ""
        chosen = handshake.choose_protocol(headers)
        opening.protocols, opening.version, opening.reply = chosen.offered, chosen.version, chosen.reply
        if not handshake.wants_websocket(request):
            return self._refuse(opening, HTTPStatus.UPGRADE_REQUIRED, "no_upgrade", _PLAIN_HTTP)
        if not found.charger_id:
            return self._refuse(opening, HTTPStatus.BAD_REQUEST, "no_id", _NO_ID)
        if not opening.charger_id:
            return self._refuse(opening, HTTPStatus.BAD_REQUEST, "bad_path", _BAD_ID)
        if chosen.refused:
            return self._refuse(opening, HTTPStatus.BAD_REQUEST, "bad_subprotocol", _NO_VERSION)
        opening.warnings = (*found.warnings, *chosen.warnings, *handshake.repair(request))
        if "Sec-WebSocket-Protocol" in headers:
            del headers["Sec-WebSocket-Protocol"]
        return None

    def upgraded(self, peer: WsPeer, response: Response) -> None:
        opening = self._openings.pop(peer)
        if opening.reply is not None:
            response.headers["Sec-WebSocket-Protocol"] = opening.reply
        if opening.charger_id in self.options.ping_every_s:
            peer.ping_every_s = self.options.ping_every_s[opening.charger_id]
        if opening.version is not None:
            self._station(peer, opening, opening.version, [])
        else:
            self._undecided.add(peer)
            _Undecided(peer, lambda version, kept: self._decided(peer, opening, version, kept))

    def _decided(self, peer: WsPeer, opening: _Opening, version: Version | None, kept: list[tuple[str, str]]) -> None:
        self._undecided.discard(peer)
        if version is not None:
            self._station(peer, opening, version, kept)

    def _station(self, peer: WsPeer, opening: _Opening, version: Version, kept: list[tuple[str, str]]) -> None:
        """The connection is a charger's, and its version is known; `kept`: what it has said already."""
        charger_id = opening.charger_id
        rival = self._replace(charger_id, peer)
        if rival:
            opening.warnings = (*opening.warnings, "duplicate_id")
        memory = self._memory(charger_id)
        link = OcppLink(charger_id, peer, self._host, memory, self.options.link, opening.warnings, version)
        station = OcppStation(link) if version is Version.V16 else OcppStation2(link)
        self.stations[charger_id] = station
        link.gone.add_done_callback(lambda _: self._gone(station))
        if rival:
            self._tell(opening, "duplicate_id", rival)
        elif self._host.is_accepted(charger_id):
            self._tell(opening, "accepted", _odd_words(opening.warnings) or "Connected.")
        else:
            self._tell(opening, "pending", "Connected, and waits for a person to accept it.")
        for text, odd in kept:
            link.keep(text, odd)
        self._on_station(station)

    def failed(self, peer: WsPeer, what: str, detail: str) -> None:
        opening = self._openings.pop(peer, None)
        if opening is None:
            return
        if opening.verdict:
            self._tell(opening, opening.verdict, opening.sentence)
        elif what == "not_http" and detail == "TLS hello":
            self._tell(opening, "tls_on_plain_port", _TLS)
        elif what == "empty":
            self._tell(
                opening, "empty", "A connection was opened and closed without a word: a port check, most likely."
            )
        elif what == "too_slow":
            self._tell(opening, "too_slow", "The charger began its request and never finished it.")
        elif what == "bad_handshake":
            self._tell(opening, "not_http", f"The WebSocket handshake is wrong: {detail[:300]}")
        else:
            self._tell(opening, "not_http", f"This is not a charger speaking OCPP-J: {detail[:200]}.")

    # -- helpers --------------------------------------------------------------------------------------------------

    def _refuse(self, opening: _Opening, status: HTTPStatus, verdict: str, sentence: str) -> Response:
        opening.verdict, opening.sentence = verdict, sentence
        body = (sentence + "\n").encode()
        headers = Headers(
            {"Connection": "close", "Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
        )
        if status is HTTPStatus.UPGRADE_REQUIRED:
            headers["Upgrade"] = "websocket"
        return Response(status.value, status.phrase, headers, body)

    def _replace(self, charger_id: str, peer: WsPeer) -> str:
        """Newest wins: the old connection is closed. A sentence when two chargers seem to share the id, else ""."""
        old = self.stations.pop(charger_id, None)
        if old is None:
            return ""
        silent = asyncio.get_running_loop().time() - old.link.peer.heard_at
        here, there = _host_of(peer.address), _host_of(old.link.peer.address)
        old.link.end(f"a newer connection of the same charger came from {peer.address}", 1000, replaced=True)
        if here == there or silent > _RIVAL_S:
            return ""
        return f"Two chargers seem to use this id: one at {here}, one at {there}. Give each its own id."

    def _memory(self, charger_id: str) -> Memory:
        memory = self._memories.pop(charger_id, None) or Memory()
        self._memories[charger_id] = memory
        if len(self._memories) > _KEPT_MEMORIES:
            self._memories.popitem(last=False)
        return memory

    def _gone(self, station: OcppDriver) -> None:
        if self.stations.get(station.charger_id) is station:
            del self.stations[station.charger_id]

    def _tell(self, opening: _Opening, verdict: str, sentence: str) -> None:
        now = self._host.clock.now()
        self._on_attempt(
            Attempt(now, opening.address, opening.charger_id, verdict, opening.path, opening.protocols, sentence)
        )


_PLAIN_HTTP = "This is the charger port of evdesk. It speaks OCPP over WebSocket; a browser has no business here."
_NO_ID = "The address holds no charger id. Type the id after the last slash, for example ws://HOST:PORT/CHARGER-1."
_BAD_ID = "The charger id is too long or holds unreadable characters. Use up to 255 plain characters."
_NO_VERSION = (
    "The charger offers no version of OCPP that evdesk speaks (1.6, 2.0.1, 2.1 over JSON). Set it to OCPP 1.6 JSON."
)
_TLS = "The charger tries TLS on the plain port. Use ws:// instead of wss:// in the charger's address."
_ODD_WORDS = {
    "no_subprotocol": "offers no sub-protocol",
    "odd_subprotocol": "names an odd sub-protocol",
    "no_connection_upgrade": "leaves out “Connection: Upgrade”",
    "no_upgrade_header": "leaves out “Upgrade: websocket”",
    "no_websocket_version": "leaves out the WebSocket version",
    "http_1_0": "uses HTTP/1.0",
    "absolute_uri": "writes the whole address in the request line",
    "double_slash": "writes a double slash in the path",
    "basic_user_differs": "logs in with another name than its id",
    "id_from_basic_user": "has its id in the log-in only",
    "id_from_query": "has its id in the query only",
    "bad_extensions": "offers unreadable extensions",
}


def _odd_words(warnings: tuple[str, ...]) -> str:
    words = [_ODD_WORDS[warning] for warning in warnings if warning in _ODD_WORDS]
    return f"Connected. The charger {', '.join(words)}; that was mended." if words else ""


def _cannot_listen(host: str, port: int, error: Exception) -> str:
    where = f"port {port} of {host or 'this computer'}"
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return f"Chargers cannot dial in: {where} is in use by another program. End it or choose another port."
    if code in (errno.EACCES, errno.EPERM):
        return f"Chargers cannot dial in: {where} needs more rights. Choose a port above 1024."
    if code == errno.EADDRNOTAVAIL:
        return f"Chargers cannot dial in: {host} is not an address of this computer."
    return f"Chargers cannot dial in: {where} cannot be opened ({error})."


def _host_of(address: str) -> str:
    return address.rpartition(":")[0]


def _first(headers: Headers, name: str) -> str | None:
    values = headers.get_all(name)
    return values[0] if values else None
