"""Which networks a charger may be on, and the addresses to type on each: the engine's interfaces in words."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from evdesk.gui.pages.connect_words import Typed
from evdesk.gui.text import reasons, tr
from evdesk.model import EngineInfo
from evdesk.wire.network import NetInterface, NetworkState

_KINDS = {
    "ethernet": ("ethernet", "Ethernet"),
    "wifi": ("wifi", "Wi-Fi"),
    "mobile": ("wifi", "Mobile network"),
    "vpn": ("lock", "VPN"),
    "virtual": ("chip", "Inside this computer"),
    "loopback": ("home-load", "This computer only"),
    "other": ("link", "Network"),
}


@dataclass(frozen=True, slots=True)
class Network:
    """One way for a charger to reach the engine. `typed`: the addresses on it; `note`: what is known about it;
    `usual`: chargers are usually on such a network, the others are folded away."""

    key: str
    name: str
    icon: str
    address: str
    typed: Typed
    note: str = ""
    usual: bool = True
    doubtful: bool = False


def networks(state: NetworkState | None, info: EngineInfo) -> list[Network]:
    """The networks of the engine's computer, the likely one first. Before the engine has told: the addresses it
    listens on, where they are addresses at all."""
    if state is None:
        return _from_info(info)
    found = [_network(one) for one in state.interfaces]
    some = [n for n in found if n.typed.best]
    return sorted(some, key=lambda n: (not n.usual, n.doubtful))


def _network(one: NetInterface) -> Network:
    icon, kind = _KINDS.get(one.kind, _KINDS["other"])
    called = one.network or one.label or one.name
    name = tr("{kind} “{network}”").format(kind=tr(kind), network=called) if one.network else tr(kind)
    if not one.network and one.kind != "loopback":
        name = f"{name}, {called}"
    bad = {"self_given", "down"} & set(one.warnings)
    usual = one.kind in ("ethernet", "wifi", "mobile", "other") and one.version == 4
    key = f"{one.name}/{one.address}"
    doubtful = bool(bad) or one.kind == "wifi"
    return Network(key, name, icon, one.address, typed_of(one.urls), note(one), usual, doubtful)


def note(one: NetInterface) -> str:
    """What a technician should know about this network, in one line: warnings first."""
    parts: list[str] = []
    words = set(one.warnings)
    if "down" in words:
        parts.append(tr("no cable, or switched off"))
    if "self_given" in words:
        parts.append(tr("nobody gave an address here: no DHCP server on this cable"))
    if one.kind == "loopback":
        parts.append(tr("for simulated chargers; real ones cannot reach it"))
    if one.kind == "vpn":
        parts.append(tr("chargers cannot reach this, unless they are in the same VPN"))
    if one.kind == "virtual":
        parts.append(tr("containers and virtual machines; chargers cannot reach it"))
    if one.version == 6:
        parts.append(tr("IPv6: few chargers take such an address"))
    if one.kind == "wifi":
        parts.append(tr("chargers often cannot reach a laptop over Wi-Fi"))
    if one.speed_mbit is not None and not parts:
        parts.append(speed(one.speed_mbit))
    if not parts or one.kind == "ethernet":
        parts += _given(one)
        if one.neighbours:
            seen = tr("{n} devices seen") if one.neighbours != 1 else tr("1 device seen")
            parts.append(seen.format(n=one.neighbours))
    return reasons(*parts[:3])


def _given(one: NetInterface) -> list[str]:
    if one.assigned == "fixed":
        return [tr("fixed address")]
    if one.assigned == "dhcp" and one.dhcp_server:
        return [tr("address from {server}").format(server=one.dhcp_server)]
    return [tr("lent address")] if one.assigned == "dhcp" else []


def speed(mbit: int) -> str:
    """ "1 Gbit/s", "100 Mbit/s" """
    return f"{mbit // 1000} Gbit/s" if mbit % 1000 == 0 and mbit else f"{mbit} Mbit/s"


def typed_of(urls: tuple[str, ...]) -> Typed:
    plain = next((url for url in urls if url.startswith("ws://")), "")
    secure = next((url for url in urls if url.startswith("wss://")), "")
    return Typed(plain, secure)


def _from_info(info: EngineInfo) -> list[Network]:
    by_host: dict[str, list[str]] = {}
    for url in info.ocpp_urls or (info.ocpp_url,):
        host = urlsplit(url).hostname or ""
        if host and not is_any(host) and not is_loopback(host):
            by_host.setdefault(host, []).append(url)
    return [
        Network(host, tr("Network of the engine"), "ethernet", host, typed_of(tuple(urls)))
        for host, urls in by_host.items()
    ]


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::", "")


def only_here(info: EngineInfo) -> bool:
    """Whether chargers elsewhere cannot reach the engine at all."""
    return all(is_loopback(urlsplit(url).hostname or "") for url in info.ocpp_urls or (info.ocpp_url,))
