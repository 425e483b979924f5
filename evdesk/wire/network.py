"""The API's methods about this computer's network: what chargers can reach, what stands in the way, who is there."""

from dataclasses import dataclass, field

from evdesk.wire.method import Done, Method, Nothing


@dataclass(frozen=True, slots=True)
class NetInterface:
    """One address of one network interface of the engine's computer.

    `kind`: ethernet, wifi, mobile, vpn, virtual, loopback, other. `assigned`: "dhcp", "fixed", "self" (nobody gave one:
    169.254/16, fe80::/10), "automatic" (IPv6 router), "" unknown. `lease_s` is what is left of a lease, `since` when
    this address was first seen here. `neighbours`: devices already known on this network.

    `urls`: what to type into a charger on this network, one per open port, the most secure last; empty where the port
    does not listen. `warnings`: "self_given", "loopback", "vpn", "virtual", "down", "not_listening", "wifi", "ipv6"."""

    name: str
    kind: str
    address: str
    prefix: int
    version: int = 4
    up: bool = True
    label: str = ""
    network: str = ""  # name of the network (Wi-Fi, connection), where the system tells
    mac: str = ""
    speed_mbit: int | None = None
    assigned: str = ""
    gateway: str = ""
    dhcp_server: str = ""
    lease_s: float | None = None
    domain: str = ""
    since: float | None = None
    neighbours: int | None = None
    urls: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkState:
    """`announced`: the name chargers can use instead of an address ("evdesk-laptop.local"), "" while not announced.
    `problem`: why announcing does not work, in words."""

    host_name: str
    interfaces: tuple[NetInterface, ...]
    announce: bool = False
    announced: str = ""
    named_urls: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing checked. `what`: listening, firewall, address, clock, name. `state`: ok, info, warn, bad, unknown.

    `code` is a machine word, `detail` its values. `command`: what a person may run to mend it or to look, "" for
    nothing; it is never run by evdesk."""

    what: str
    state: str
    code: str
    detail: dict[str, str] = field(default_factory=dict)
    command: str = ""


@dataclass(frozen=True, slots=True)
class CheckNetwork:
    """`address`: check for chargers on this address's network; "" = every own address."""

    address: str = ""


@dataclass(frozen=True, slots=True)
class SearchNetwork:
    """`search_s`: listen for announcements so long before answering (0 to 10); 0 tells what is known already."""

    search_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device on the network that may be a charger. `source`: "mdns" (it announces itself), "neighbour" (this
    computer has talked with it; the maker follows from its network card). `maker` "" where unknown. `certain`: it is
    a charger; otherwise only its maker also builds chargers. `charger_id`: of the charger connected from there."""

    address: str
    source: str
    name: str = ""
    maker: str = ""
    model: str = ""
    mac: str = ""
    service: str = ""
    port: int = 0
    certain: bool = False
    charger_id: str = ""
    seen_at: float | None = None


@dataclass(frozen=True, slots=True)
class ConfigureNetwork:
    """`announce`: tell the network by mDNS where chargers may dial in, so that they can be given a name."""

    announce: bool


METHODS_NETWORK: dict[str, Method] = {
    "network.interfaces": Method(Nothing, NetworkState, "The engine's network addresses and the URL for each."),
    "network.check": Method(CheckNetwork, list[Check], "Port, firewall, address, clock and name of this computer."),
    "network.found": Method(SearchNetwork, list[FoundDevice], "Devices that announce themselves or are known already."),
    "network.configure": Method(ConfigureNetwork, Done, "Announce the charger port by mDNS, or stop it.", changes=True),
}
