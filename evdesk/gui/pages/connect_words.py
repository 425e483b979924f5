"""What the connect page says: which address for which network, and what each attempt means."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from PySide6.QtNetwork import QAbstractSocket, QNetworkInterface

from evdesk.gui.mirror import Mirror
from evdesk.gui.models.needs import host_of, protocol_words, who_asks
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model import Attempt, ChargerState, EngineInfo


@dataclass(frozen=True, slots=True)
class Network:
    """One way for a charger to reach the engine. `icon` ethernet or wifi; `note` what is known about the network."""

    name: str
    icon: str
    address: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """One address of this computer's network interfaces."""

    name: str
    wifi: bool
    address: str


def interfaces() -> list[Interface]:
    """This computer's IPv4 addresses on networks that are up, wired ones first."""
    flag = QNetworkInterface.InterfaceFlag
    found = []
    for one in QNetworkInterface.allInterfaces():
        if not one.flags() & flag.IsUp or not one.flags() & flag.IsRunning or one.flags() & flag.IsLoopBack:
            continue
        wifi = one.type() == QNetworkInterface.InterfaceType.Wifi
        for entry in one.addressEntries():
            if entry.ip().protocol() == QAbstractSocket.NetworkLayerProtocol.IPv4Protocol:
                found.append(Interface(one.humanReadableName(), wifi, entry.ip().toString()))
    return sorted(found, key=lambda i: (i.wifi, i.name))


def networks(info: EngineInfo, known: list[Interface], local: bool) -> list[Network]:
    """The addresses chargers may be given, without loopback. A wildcard listener answers on every interface of the
    engine's computer, which only a local desk can list."""
    found: dict[str, Network] = {}
    for url in info.ocpp_urls or (info.ocpp_url,):
        host = urlsplit(url).hostname or ""
        hosts = [i.address for i in known] if _is_any(host) and local else [host]
        for address in hosts:
            if address and not _is_any(address) and not is_loopback(address):
                found.setdefault(address, _network(url, host, address, known))
    order = [i.address for i in known]
    return sorted(found.values(), key=lambda n: order.index(n.address) if n.address in order else len(order))


def _network(url: str, host: str, address: str, known: list[Interface]) -> Network:
    here = next((i for i in known if i.address == address), None)
    full = url.replace(f"//{host}", f"//{address}", 1) if host != address else url
    if here is None:
        return Network(tr("Network of the engine"), "ethernet", address, full)
    if here.wifi:
        note = tr("chargers often cannot reach a laptop over Wi-Fi")
        return Network(tr("Wi-Fi, {name}").format(name=here.name), "wifi", address, full, note)
    note = tr("given by nobody: no router on this cable") if address.startswith("169.254.") else ""
    return Network(tr("Ethernet, {name}").format(name=here.name), "ethernet", address, full, note)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::")


def only_here(info: EngineInfo) -> bool:
    """Whether chargers elsewhere cannot reach the engine at all."""
    return all(is_loopback(urlsplit(url).hostname or "") for url in info.ocpp_urls or (info.ocpp_url,))


@dataclass(frozen=True, slots=True)
class Tried:
    """One line of "who tries": `times` equal attempts, the newest of them in `last`."""

    last: Attempt
    times: int

    @property
    def key(self) -> tuple[str, str, str]:
        return self.address, self.last.charger_id, self.last.verdict

    @property
    def address(self) -> str:
        return host_of(self.last.address)


def who_tried(attempts: list[Attempt]) -> list[Tried]:
    """Newest first; the same visitor with the same verdict is one line. An older verdict of a visitor that has one
    by now is left out: only what is true now helps."""
    found: dict[tuple[str, str], Tried] = {}
    for attempt in reversed(attempts):
        key = (host_of(attempt.address), attempt.charger_id)
        before = found.get(key)
        if before is None:
            found[key] = Tried(attempt, 1)
        elif before.last.verdict == attempt.verdict:
            found[key] = Tried(before.last, before.times + 1)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Said:
    """Verdict as icon, word and role; what it did; what to do; the charger that may be accepted."""

    look: Look
    did: str
    do_this: str = ""
    accept: str = ""


_VERDICTS: dict[str, tuple[Look, str, str]] = {
    "accepted": (Look("check-circle", "Connected.", "ok"), "It was here and is known.", ""),
    "pending": (Look("person", "Was here.", "muted"), "It asked to join and has gone again.", ""),
    "no_id": (
        Look("warning", "No name.", "warn"),
        "It asks for “{path}”, with no name of its own in it.",
        "add a name to the address: {url}/bay1",
    ),
    "bad_path": (
        Look("warning", "Wrong path.", "warn"),
        "It asks for “{path}”.",
        "type the address as it stands here: {url}",
    ),
    "bad_subprotocol": (
        Look("warning", "Other protocol.", "warn"),
        "It offers {offered}, which evdesk does not speak.",
        "set it to OCPP 1.6 JSON (not SOAP) in the charger's menu",
    ),
    "tls_on_plain_port": (
        Look("shield-x", "Wants TLS.", "danger"),
        "It opens a secure connection on the plain port.",
        "change “wss” to “ws” in the charger's address",
    ),
    "duplicate_id": (
        Look("warning", "Name taken.", "warn"),
        "A charger named {id} is connected already. The newer one took its place.",
        "give each charger its own name",
    ),
    "not_http": (Look("info", "Not a charger.", "muted"), "It speaks something else. Ignored.", ""),
    "empty": (Look("info", "Said nothing.", "muted"), "It opened the port and closed it again.", ""),
    "too_slow": (
        Look("clock", "Too slow.", "warn"),
        "It opened the port and did not finish its first sentence.",
        "look at the cable and the network between",
    ),
    "too_many": (
        Look("warning", "Too often.", "warn"),
        "It opens more connections than a charger needs.",
        "restart it; look whether two devices use its address",
    ),
}
"""Look, what it did, what to do; translated where they are used."""


def attempt_words(mirror: Mirror, attempt: Attempt, url: str) -> Said:
    """An attempt in words; `url` is the address a person should type."""
    charger = mirror.chargers.get(attempt.charger_id)
    if attempt.verdict in ("pending", "accepted") and charger is not None:
        if charger.state is ChargerState.PENDING:
            did = tr("{who}. It waits for your yes.").format(who=who_asks(charger))
            return Said(Look("check-circle", tr("Connected."), "ok"), did, "", charger.id)
        did = tr("It has joined as {label}.").format(label=mirror.label(charger.id))
        return Said(Look("check-circle", tr("Connected."), "ok"), did)
    row = _VERDICTS.get(attempt.verdict)
    if row is None:
        return Said(Look("question", tr("Not connected."), "warn"), attempt.sentence)
    look, did, do_this = row
    offered = ", ".join(protocol_words(p) for p in attempt.protocols) or tr("nothing")
    fill = {"path": attempt.path or "/", "offered": offered, "url": url.rstrip("/"), "id": attempt.charger_id or "bay1"}
    spoken = Look(look.icon, tr(look.word), look.role)
    return Said(spoken, tr(did).format(**fill), tr(do_this).format(**fill) if do_this else "")
