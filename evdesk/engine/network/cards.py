"""Network interfaces and their addresses: from the operating system's tables, whatever of them can be read."""

import ipaddress
import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ifaddr

from evdesk.engine.network.shell import read_file

SYS_NET = Path("/sys/class/net")
_FOREVER = 0xFFFF_FFFF
_VIRTUAL_NAMES = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "cni", "flannel", "lxc", "podman", "vethernet")
_VPN_NAMES = ("tun", "tap", "wg", "tailscale", "zt", "utun", "ppp", "ipsec", "openvpn", "nordlynx", "wireguard")
_VPN_WORDS = ("vpn", "tap-windows", "wireguard", "tailscale", "zerotier", "wintun", "anyconnect", "fortinet", "openvpn")
_VIRTUAL_WORDS = ("hyper-v", "virtualbox", "vmware", "wsl", "docker", "loopback", "virtual ethernet")
_ARP_LOOPBACK, _ARP_NONE = 772, 65534


@dataclass(slots=True)
class Card:
    """One address of an interface as far as it is known; the fields are those of `wire.network.NetInterface`."""

    name: str
    address: str
    prefix: int
    version: int
    kind: str = "other"
    up: bool = True
    label: str = ""
    network: str = ""
    mac: str = ""
    speed_mbit: int | None = None
    assigned: str = ""
    gateway: str = ""
    dhcp_server: str = ""
    lease_s: float | None = None
    domain: str = ""
    warnings: list[str] = field(default_factory=list)


def addresses() -> list[Card]:
    """Every address of this computer (ifaddr); kinds by name only. Blocking, milliseconds."""
    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            version, address = (4, str(ip.ip)) if ip.is_IPv4 else (6, str(ip.ip[0]).partition("%")[0])
            name = adapter.name if isinstance(adapter.name, str) else adapter.name.decode(errors="replace")
            card = Card(name, address, ip.network_prefix, version, label=adapter.nice_name)
            card.kind = kind_by_name(name, adapter.nice_name, address)
            found.append(card)
    return found


def kind_by_name(name: str, label: str, address: str = "") -> str:
    """What names tell: the last resort, and the only one on systems without tables."""
    low, words = name.lower(), label.lower()
    if low in ("lo", "lo0") or (address and ipaddress.ip_address(address).is_loopback):
        return "loopback"
    if low.startswith(_VIRTUAL_NAMES) or any(word in words for word in _VIRTUAL_WORDS):
        return "virtual"
    if low.startswith(_VPN_NAMES) or any(word in words for word in _VPN_WORDS):
        return "vpn"
    if low.startswith(("wl", "wifi", "wi-fi")) or any(w in words for w in ("wireless", "wi-fi", "wifi", "wlan")):
        return "wifi"
    if low.startswith(("en", "eth")) or any(word in words for word in ("ethernet", "gigabit", "gbe")):
        return "ethernet"
    return "other"


def linux_kind(name: str, root: Path = SYS_NET) -> str:
    """What the kernel tells about an interface (sysfs); "" where it tells nothing."""
    here = root / name
    if not here.exists():
        return ""
    number = _number(here / "type")
    uevent = read_file(here / "uevent")
    if number == _ARP_LOOPBACK:
        return "loopback"
    if (here / "wireless").exists() or (here / "phy80211").exists() or "DEVTYPE=wlan" in uevent:
        return "wifi"
    if "DEVTYPE=wwan" in uevent:
        return "mobile"
    if (here / "tun_flags").exists() or number == _ARP_NONE or "DEVTYPE=wireguard" in uevent or "ppp" in uevent:
        return "vpn"
    if (here / "device").exists():
        return "ethernet"
    below = [one.name.removeprefix("lower_") for one in here.glob("lower_*")]
    if any(linux_kind(one, root) in ("ethernet", "wifi") for one in below):
        return "ethernet"  # a bridge, bond or VLAN on a real card
    return "virtual"


def add_linux(card: Card, root: Path = SYS_NET) -> None:
    """Kind, state and speed from sysfs."""
    here = root / card.name
    card.kind = linux_kind(card.name, root) or card.kind
    state = read_file(here / "operstate").strip()
    card.up = state in ("up", "unknown", "")
    speed = _number(here / "speed")
    card.speed_mbit = speed if speed is not None and speed > 0 else None
    card.mac = read_file(here / "address").strip()
    card.label = ""


def read_ip_addr(text: str) -> dict[str, tuple[str, float | None]]:
    """`ip -j addr`: address -> (assigned, seconds left of its lease). The kernel calls an address with an end dynamic:
    a DHCP client set it."""
    found: dict[str, tuple[str, float | None]] = {}
    for one in _objects(text):
        for info in one.get("addr_info", []):
            left = info.get("valid_life_time", _FOREVER)
            lease = None if left >= _FOREVER else float(left)
            address = str(info.get("local", ""))
            if info.get("family") == "inet6":
                how = "automatic" if info.get("dynamic") else "fixed"
            else:
                how = "dhcp" if info.get("dynamic") or lease is not None else "fixed"
            found[address] = (how, lease)
    return found


def read_ip_route(text: str) -> dict[str, str]:
    """`ip -j route`: interface -> its default gateway."""
    found: dict[str, str] = {}
    for one in _objects(text):
        if one.get("dst") == "default" and one.get("gateway"):
            found.setdefault(str(one.get("dev", "")), str(one["gateway"]))
    return found


def read_nmcli(text: str) -> dict[str, dict[str, str]]:
    """`nmcli -t -f GENERAL.DEVICE,GENERAL.CONNECTION,DHCP4 dev show`: interface -> {connection, dhcp_server, domain}."""
    found: dict[str, dict[str, str]] = {}
    now: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "GENERAL.DEVICE":
            now = found.setdefault(value, {})
        elif key == "GENERAL.CONNECTION":
            now["connection"] = value
        elif key.startswith("DHCP4.OPTION"):
            option, _, told = value.partition(" = ")
            if option in ("dhcp_server_identifier", "domain_name", "dhcp_lease_time"):
                now[option] = told
    return found


def read_lease(text: str) -> dict[str, str]:
    """A lease file of systemd-networkd: {"SERVER_ADDRESS": ..., "DOMAINNAME": ..., "ADDRESS": ...}."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


WINDOWS_SCRIPT = (
    "$ErrorActionPreference='SilentlyContinue';"
    "$a=Get-NetAdapter -IncludeHidden|Select-Object Name,InterfaceDescription,ifIndex,@{n='Up';e={$_.Status -eq 'Up'}},"
    "@{n='Speed';e={[int64]$_.ReceiveLinkSpeed}},MacAddress,@{n='Medium';e={[int]$_.NdisPhysicalMedium}},"
    "@{n='Virtual';e={[bool]$_.Virtual}};"
    "$i=Get-NetIPAddress|Select-Object ifIndex,IPAddress,@{n='Origin';e={[int]$_.PrefixOrigin}},"
    "@{n='Lease';e={if($_.ValidLifetime -lt [TimeSpan]::MaxValue){$_.ValidLifetime.TotalSeconds}}};"
    "$r=Get-NetRoute -DestinationPrefix '0.0.0.0/0'|Select-Object ifIndex,NextHop;"
    "$d=Get-CimInstance Win32_NetworkAdapterConfiguration -Filter 'IPEnabled=TRUE'|"
    "Select-Object InterfaceIndex,DHCPEnabled,DHCPServer,DNSDomain;"
    "$p=Get-NetConnectionProfile|Select-Object InterfaceIndex,Name,@{n='Category';e={[int]$_.NetworkCategory}};"
    "@{adapters=@($a);addresses=@($i);routes=@($r);dhcp=@($d);profiles=@($p)}|ConvertTo-Json -Depth 4 -Compress"
)
"""Numbers instead of words, because the words are in the system's language. PrefixOrigin: 1 by hand, 2 well known,
3 DHCP, 4 router (MSFT_NetIPAddress)."""

_ORIGINS = {1: "fixed", 2: "self", 3: "dhcp", 4: "automatic"}
_MEDIA = {1: "wifi", 9: "wifi", 8: "mobile", 14: "ethernet"}  # NDIS_PHYSICAL_MEDIUM


def add_windows(cards: Iterable[Card], text: str) -> None:
    """What `WINDOWS_SCRIPT` said, put to the addresses. Text that is no JSON changes nothing."""
    told = _object(text)
    if not told:
        return
    adapters = {a.get("ifIndex"): a for a in _list(told, "adapters")}
    by_address = {str(i.get("IPAddress", "")).partition("%")[0]: i for i in _list(told, "addresses")}
    routes = {r.get("ifIndex"): str(r.get("NextHop") or "") for r in _list(told, "routes")}
    dhcp = {d.get("InterfaceIndex"): d for d in _list(told, "dhcp")}
    profiles = {p.get("InterfaceIndex"): p for p in _list(told, "profiles")}
    for card in cards:
        entry = by_address.get(card.address)
        if entry is None:
            continue
        index = entry.get("ifIndex")
        card.assigned = _ORIGINS.get(entry.get("Origin", 0), "")
        card.lease_s = float(entry["Lease"]) if entry.get("Lease") is not None else None
        card.gateway = routes.get(index, "")
        config = dhcp.get(index, {})
        card.dhcp_server, card.domain = str(config.get("DHCPServer") or ""), str(config.get("DNSDomain") or "")
        card.network = str(profiles.get(index, {}).get("Name") or "")
        _add_adapter(card, adapters.get(index, {}))


def _add_adapter(card: Card, adapter: dict[str, Any]) -> None:
    if not adapter:
        return
    card.label = str(adapter.get("InterfaceDescription") or "")
    card.name = str(adapter.get("Name") or card.name)
    card.up = bool(adapter.get("Up", True))
    card.mac = str(adapter.get("MacAddress") or "").replace("-", ":").lower()
    speed = int(adapter.get("Speed") or 0) // 1_000_000
    card.speed_mbit = speed or None
    named = kind_by_name(card.name, card.label, card.address)
    if named in ("vpn", "virtual", "loopback"):
        card.kind = named
    else:
        card.kind = _MEDIA.get(int(adapter.get("Medium") or 0), "virtual" if adapter.get("Virtual") else named)


def warn(card: Card) -> None:
    """What keeps chargers from this address, as machine words."""
    ip = ipaddress.ip_address(card.address)
    if ip.is_loopback:
        card.kind = "loopback"
    if ip.is_link_local:
        card.assigned = "self"
        card.warnings.append("self_given")
    if card.kind in ("loopback", "vpn", "virtual", "wifi"):
        card.warnings.append(card.kind)
    if not card.up:
        card.warnings.append("down")
    if card.version == 6:
        card.warnings.append("ipv6")


def host_name() -> str:
    return socket.gethostname()


def _number(path: Path) -> int | None:
    try:
        return int(read_file(path).strip())
    except ValueError:
        return None


def _objects(text: str) -> list[dict[str, Any]]:
    try:
        told = json.loads(text)
    except ValueError:
        return []
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _list(told: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = told.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
