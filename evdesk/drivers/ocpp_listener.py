"""The ports chargers dial: openings are judged, told in words, repaired where possible, and become stations."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from evdesk.drivers import ocpp_handshake as handshake
from evdesk.drivers.admission import Guard, Judgement, OpenGuard, judge, read_login
from evdesk.drivers.base import Host
from evdesk.drivers.charger_ports import ChargerPorts, Port
from evdesk.drivers.neighbours import OFTEN_S, Neighbours, host_of
from evdesk.drivers.ocpp_driver import OcppDriver
from evdesk.drivers.ocpp_link import LinkOptions, OcppLink
from evdesk.drivers.ocpp_station import OcppStation
from evdesk.drivers.ocpp_station2 import OcppStation2
from evdesk.drivers.opening import Opening, client_certificate, shown_request
from evdesk.drivers.tls_verdict import OurSide, classify
from evdesk.drivers.undecided import Undecided
from evdesk.drivers.unnamed import Texts, Unnamed
from evdesk.drivers.verdicts import VERDICTS, welcome
from evdesk.drivers.ws import WsOptions, WsPeer
from evdesk.model import Attempt
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.version import Version

_KEPT_MEMORIES = 5000
_RIVAL_S = 30.0


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """`max_opening`: connections per address that are no WebSockets yet and older than `opening_grace_s`.
    `max_strangers`: chargers that nobody accepted yet and are connected. `ping_every_s`: per charger id,
    None switches pings off for one that cannot answer them."""

    ws: WsOptions = field(default_factory=WsOptions)
    link: LinkOptions = field(default_factory=LinkOptions)
    max_opening: int = 16
    max_strangers: int = 500
    opening_grace_s: float = 1.0
    ping_every_s: dict[str, float | None] = field(default_factory=dict)


class OcppListener:
    """`on_station` gets each new connection, `on_attempt` each opening, good or bad. `guard` says who may connect."""

    def __init__(
        self,
        host_port: tuple[str, int],
        host: Host,
        on_station: Callable[[OcppDriver], None],
        on_attempt: Callable[[Attempt], None],
        options: ListenerOptions | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.options = options or ListenerOptions()
        self.stations: dict[str, OcppDriver] = {}
        self.ports = ChargerPorts(lambda port, tls: WsPeer(self, self.options.ws, port, tls))
        self._host_port = host_port
        self._host = host
        self._guard: Guard = guard or OpenGuard()
        self._on_station = on_station
        self._on_attempt = on_attempt
        self.on_ca_tested: Callable[[str, bool], None] = lambda host, checked: None
        self._openings = Neighbours(self.options.max_opening, self.options.opening_grace_s)
        self._undecided: set[WsPeer] = set()
        self.memories: OrderedDict[str, Memory] = OrderedDict()
        self._listening = False
        self.shut: set[str] = set()  # charger ids refused for now: a drill

    async def start(self) -> tuple[str, int]:
        """Listen on the first port; the address chosen. Raises `EvdeskError` in words when it cannot be had."""
        self._listening = True
        found = await self.ports.open(Port(*self._host_port))
        return found.host, found.port

    async def close(self, cause: str) -> None:
        """Stop listening and close every connection, each told why."""
        self._listening = False
        servers = self.ports.shut_all()
        stations = list(self.stations.values())
        for station in stations:
            station.link.end(cause)
        for peer in [*self._openings.peers(), *self._undecided]:
            peer.abort(cause)
        gone = [station.link.gone for station in stations]
        if gone:
            await asyncio.wait(gone, timeout=5.0)
        for server in servers:
            await server.wait_closed()

    def know_secrets(self, charger_id: str) -> None:
        """The charger's passwords have changed: whatever it says, they are not to be shown."""
        memory = self.memories.get(charger_id)
        if memory is not None:
            memory.keep_secret(*self._guard.policy(charger_id).passwords)

    def alone_at(self, charger_id: str) -> str:
        """The host this charger is connected from by TLS, "" where it is not, or where others come from there too."""
        station = self.stations.get(charger_id)
        if station is None or not station.link.peer.secure:
            return ""
        host = host_of(station.link.peer.address)
        there = [one for one in self.stations.values() if host_of(one.link.peer.address) == host]
        return host if len(there) == 1 and self._openings.known_at(station.link.peer.address) == charger_id else ""

    # -- Gate -----------------------------------------------------------------------------------------------------

    def opened(self, peer: WsPeer) -> bool:
        if not self._listening:
            return False
        opening = Opening(peer.address, peer.port, asyncio.get_running_loop().time())
        waiting = self._openings.crowd(opening)
        if waiting:
            self._tell(opening, "too_many", count=str(waiting))
            return False
        self._openings.add(peer, opening)
        return True

    def asked(self, peer: WsPeer, request: Request) -> Response | None:
        opening = self._openings[peer]
        opening.tls = peer.tls
        opening.path = handshake.shown_path(request.path)
        opening.request = shown_request(request, opening.path)
        headers = request.headers
        authorization = _first(headers, "Authorization")
        found = handshake.identify(request.path, authorization)
        opening.charger_id = found.charger_id if handshake.usable_id(found.charger_id) else ""
        chosen = handshake.choose_protocol(headers)
        opening.protocols, opening.version, opening.reply = chosen.offered, chosen.version, chosen.reply
        opening.warnings = (*found.warnings, *chosen.warnings)
        if peer.tls_port and not peer.secure:
            plain = self.ports.number(False)
            return self._refuse(opening, "plain_on_tls_port", plain_port=f" {plain}" if plain else "")
        if not handshake.wants_websocket(request):
            return self._refuse(opening, "no_upgrade")
        if not found.charger_id and chosen.version is None:
            return self._refuse(opening, "no_id")
        if found.charger_id and not opening.charger_id:
            return self._refuse(opening, "bad_path", detail=handshake.unusable(found.charger_id))
        if chosen.refused:
            return self._refuse(opening, "bad_subprotocol", offered=", ".join(chosen.offered))
        judged = self._judge(opening, authorization)
        opening.proof = replace(judged.proof, host=handshake.dialled_host(headers))
        opening.warnings = (*opening.warnings, *judged.warnings)
        fill = judged.fill
        if peer.tls is not None and not peer.tls.asked:
            opening.warnings = (*opening.warnings, "certificate_not_asked")
            fill = fill | {"before": " that is trusted here (see its attempts before)"}
        if judged.verdict:
            return self._refuse(opening, judged.verdict if found.charger_id else "no_id", **fill)
        if opening.charger_id in self.shut:
            return self._refuse(opening, "drill")
        crowd = self._crowded(opening)
        if crowd is not None:
            return crowd
        opening.warnings = (*opening.warnings, *handshake.repair(request))
        if "Sec-WebSocket-Protocol" in headers:
            del headers["Sec-WebSocket-Protocol"]
        return None

    def upgraded(self, peer: WsPeer, response: Response) -> None:
        opening = self._openings.pop(peer)
        assert opening is not None
        if opening.reply is not None:
            response.headers["Sec-WebSocket-Protocol"] = opening.reply
        if not opening.charger_id:
            self._undecided.add(peer)
            Unnamed(peer, lambda serial, kept, why: self._named(peer, opening, serial, kept, why))
            return
        if opening.charger_id in self.options.ping_every_s:
            peer.ping_every_s = self.options.ping_every_s[opening.charger_id]
        if opening.version is not None:
            self._station(peer, opening, opening.version, [])
        else:
            self._undecided.add(peer)
            Undecided(peer, lambda version, kept: self._decided(peer, opening, version, kept))

    def _decided(self, peer: WsPeer, opening: Opening, version: Version | None, kept: list[tuple[str, str]]) -> None:
        self._undecided.discard(peer)
        if version is not None:
            self._station(peer, opening, version, kept)

    def _named(self, peer: WsPeer, opening: Opening, serial: str, kept: Texts, why: str) -> None:
        """A charger without an id told its serial number, or did not. It is judged anew by that name."""
        self._undecided.discard(peer)
        if not serial:
            if why:
                self._tell(opening, "no_id", why=f", and {why}")
                peer.close(1008, f"no id in the address, and {why}")
            return
        opening.charger_id, opening.warnings = serial, (*opening.warnings, "id_from_serial")
        judged = self._judge(opening, None)
        opening.proof = replace(judged.proof, host=opening.proof.host)
        there = self.stations.get(serial)
        verdict, fill = judged.verdict, judged.fill
        if there is not None and host_of(there.link.peer.address) != host_of(peer.address):
            # Serials that are no serials: the one that is here stays.
            verdict = "duplicate_id"
            fill = {"here": host_of(peer.address), "there": host_of(there.link.peer.address)}
        if verdict or opening.version is None:
            self._tell(opening, verdict, **fill)
            peer.close(1008, f"refused as {serial}: {verdict}")
        else:
            self._station(peer, opening, opening.version, kept)

    def _station(self, peer: WsPeer, opening: Opening, version: Version, kept: list[tuple[str, str]]) -> None:
        """The connection is a charger's, and its version is known; `kept`: what it has said already."""
        charger_id = opening.charger_id
        rival = self._replace(charger_id, peer)
        if rival:
            opening.warnings = (*opening.warnings, "duplicate_id")
        memory = self._memory(charger_id)
        self.know_secrets(charger_id)
        link = OcppLink(charger_id, peer, self._host, memory, self.options.link, opening.warnings, version)
        self._watch_breach(peer, opening)
        station = OcppStation(link) if version is Version.V16 else OcppStation2(link)
        self.stations[charger_id] = station
        link.gone.add_done_callback(lambda _: self._gone(station))
        self._openings.came_from(opening.address, charger_id)
        self._guard.admitted(charger_id, opening.proof)
        if rival:
            here, there = rival
            self._tell(opening, "duplicate_id", here=here, there=there)
        else:
            verdict = "accepted" if self._host.is_accepted(charger_id) else "pending"
            self._tell(opening, verdict, **welcome(opening.proof.auth, opening.warnings))
        for text, odd in kept:
            link.keep(text, odd)
        self._on_station(station)

    def failed(self, peer: WsPeer, what: str, detail: str) -> None:
        opening = self._openings.pop(peer)
        if opening is None:
            return
        opening.tls = peer.tls
        if opening.verdict:
            self._tell(opening, opening.verdict)
        elif what == "tls":
            self._tls_failed(opening)
        elif what == "not_http" and detail == "TLS hello":
            port = self.ports.number(True)
            self._tell(opening, "tls_on_plain_port", tls_port=f", or the TLS port {port}" if port else "")
        elif what in ("empty", "too_slow"):
            self._tell(opening, what)
        elif what == "bad_handshake":
            self._tell(opening, what, detail=detail[:300])
        elif what == "bad_path":
            opening.path = handshake.shown_path(detail)
            self._tell(opening, what, detail=f"there is a blank in “{opening.path}”")
        elif what == "bad_subprotocol":
            opening.protocols = (detail,)
            self._tell(opening, what, offered=detail)
        else:
            self._tell(opening, "not_http", detail=detail[:200])

    def _tls_failed(self, opening: Opening) -> None:
        """Nothing of it is an id; an address from which one charger only has come tells whose it is."""
        state, server = opening.tls, self.ports.tls
        if state is None or server is None:
            return
        opening.charger_id = self._openings.known_at(opening.address)
        memory = self.memories.get(opening.charger_id)
        if opening.charger_id:
            opening.warnings = (*opening.warnings, "id_guessed_from_address")
        asked_for = (state.hello.server_name if state.hello else "") or state.local_address
        ours = OurSide(server.is_named(asked_for), asked_for, server.not_before, server.not_after)
        offset_s = memory.clock.offset_s if memory else None
        verdict, fill = classify(state, ours, self._host.clock.now(), offset_s)
        fill["names"] = ", ".join(sorted(server.names)[:8])
        self._tell(opening, verdict, **fill)
        if verdict in ("ca_checked", "ca_not_checked"):
            self.on_ca_tested(host_of(opening.address), verdict == "ca_checked")

    # -- helpers --------------------------------------------------------------------------------------------------

    def _judge(self, opening: Opening, authorization: str | None) -> Judgement:
        certificate = client_certificate(opening.tls)
        revoked = certificate is not None and self._guard.is_revoked(certificate)
        policy = self._guard.policy(opening.charger_id)
        return judge(policy, opening.charger_id, opening.secure, read_login(authorization), certificate, revoked)

    def _crowded(self, opening: Opening) -> Response | None:
        """Refuses a storm of connections of one id, and a crowd of made-up ones; the connections there are stay."""
        times = self._openings.too_often(opening.charger_id, opening.opened_at)
        if times:
            return self._refuse(opening, "too_often", count=str(times), seconds=f"{OFTEN_S:.0f}")
        most = self.options.max_strangers
        if len(self.stations) + len(self._undecided) < most or self._host.is_accepted(opening.charger_id):
            return None
        strangers = len(self._undecided) + sum(not self._host.is_accepted(known) for known in self.stations)
        if strangers < most or opening.charger_id in self.stations:
            return None
        return self._refuse(opening, "too_many_strangers", count=str(strangers))

    def _refuse(self, opening: Opening, verdict: str, /, **fill: str) -> Response:
        opening.verdict, opening.fill = verdict, opening.fill | fill
        status = _STATUS.get(verdict, HTTPStatus.BAD_REQUEST)
        row = VERDICTS[verdict]
        told = opening.attempt(verdict, 0.0)
        text = f"{told.sentence} {told.advice}" if row.tell else "Refused. The log of evdesk tells why."
        body = (text.strip() + "\n").encode()
        headers = Headers(
            {"Connection": "close", "Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
        )
        if status is HTTPStatus.UPGRADE_REQUIRED:
            headers["Upgrade"] = "websocket"
        elif status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Basic realm="evdesk"'
        return Response(status.value, status.phrase, headers, body)

    def _watch_breach(self, peer: WsPeer, opening: Opening) -> None:
        """A breach that is really a setting of the charger is told where its connections are told."""
        inner = peer.on_breach

        def breach(rule: str, sentence: str) -> None:
            if inner is not None:
                inner(rule, sentence)
            if rule in VERDICTS:
                self._tell(opening, rule, detail=sentence)

        peer.on_breach = breach

    def _replace(self, charger_id: str, peer: WsPeer) -> tuple[str, str] | None:
        """Newest wins: the old connection is closed. Both addresses where two chargers seem to share the id."""
        old = self.stations.pop(charger_id, None)
        if old is None:
            return None
        silent = asyncio.get_running_loop().time() - old.link.peer.heard_at
        here, there = host_of(peer.address), host_of(old.link.peer.address)
        old.link.end(f"a newer connection of the same charger came from {peer.address}", 1000, replaced=True)
        if here == there or silent > _RIVAL_S:
            return None
        return here, there

    def _memory(self, charger_id: str) -> Memory:
        memory = self.memories.pop(charger_id, None) or Memory()
        self.memories[charger_id] = memory
        if len(self.memories) > _KEPT_MEMORIES:
            self.memories.popitem(last=False)
        return memory

    def _gone(self, station: OcppDriver) -> None:
        if self.stations.get(station.charger_id) is station:
            del self.stations[station.charger_id]

    def _tell(self, opening: Opening, verdict: str, /, **fill: str) -> None:
        self._on_attempt(opening.attempt(verdict, self._host.clock.now(), **fill))


_STATUS = {
    "no_upgrade": HTTPStatus.UPGRADE_REQUIRED,
    "password_missing": HTTPStatus.UNAUTHORIZED,
    "password_not_set": HTTPStatus.UNAUTHORIZED,
    "password_wrong": HTTPStatus.UNAUTHORIZED,
    "password_wrong_form": HTTPStatus.UNAUTHORIZED,
    "user_differs": HTTPStatus.UNAUTHORIZED,
    "profile_too_low": HTTPStatus.FORBIDDEN,
    "too_often": HTTPStatus.SERVICE_UNAVAILABLE,
    "drill": HTTPStatus.SERVICE_UNAVAILABLE,
    "too_many_strangers": HTTPStatus.SERVICE_UNAVAILABLE,
    "tls_no_client_certificate": HTTPStatus.FORBIDDEN,
    "tls_client_certificate_wrong_identity": HTTPStatus.FORBIDDEN,
    "tls_client_certificate_revoked": HTTPStatus.FORBIDDEN,
}
"""Of a refusal; 400 for all others."""


def _first(headers: Headers, name: str) -> str | None:
    values = headers.get_all(name)
    return values[0] if values else None
