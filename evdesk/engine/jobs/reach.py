"""Settings that decide whether a charger reaches evdesk. A program that puts them back may cut it off for good: a security
profile can only be raised, and without the password or certificate it needs the charger never returns; an address may be
right only together with another setting that is gone. So they are told, and a person looks at them. Pure.

1.6 names of makers are free, so words decide: rather one too many is told than one put back. For 2.x: part 2, sections
2.1.3 (OCPPCommCtrlr) and 2.1.16 (SecurityCtrlr); 2.1, NetworkConfiguration.
"""

import re
from collections.abc import Iterable

from evdesk.model.settings import SettingChange

_IPV = re.compile(r"ipv(?=[46])", re.I)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WORDS = frozenset(
    {"apn", "cellular", "csms", "dhcp", "dns", "ethernet", "firewall", "gateway", "gprs", "gsm", "host", "hostname"}
    | {"identity", "ip", "lan", "lte", "modem", "netmask", "network", "proxy", "sim", "ssid", "ssl", "subnet", "tls"}
    | {"vlan", "vpn", "wan", "wlan", "wpa", "url", "uri", "endpoint", "addr", "address", "port", "path", "interface"}
    | {"mobile", "radio", "wireless", "roaming", "router", "route", "nameserver", "communication", "connection"}
    | {"ca", "cert", "certificate", "root", "password", "user", "username", "pin", "puk"}
)
_INSIDE = re.compile(
    r"securityprofile|authorizationkey|basicauth|centralsystem|csms|backend|backoffice|wifi|wlan|ipaddr|"
    r"ocpp(server|url|uri|endpoint|host|address|port|interface|transport)|websocket(url|uri|server|host)|"
    r"server(url|uri|address|host|port|ip|name)|(chargepoint|chargebox|chargingstation|station)(id|identity|identifier)$|"
    r"network(configuration|profile|priority)|^cs(url|uri|address|host|port)|^(ocpp|cp)(id|identity|identifier)$"
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|\b\d{1,3}(\.\d{1,3}){3}\b|^[a-z0-9.-]+\.[a-z]{2,}(:\d+|/)", re.I)
"""How the values of such settings look: a URL, an address, a host with its port or path."""

_CLOCK = frozenset({"ntp", "sntp", "time"})
_NOT_THESE = frozenset({"ocppcommctrlr/networkprofileconnectionattempts"})
"""How often it tries before it gives up, and no way to anywhere."""

_NAMED = 6


def decides_reach(change: SettingChange) -> bool:
    """By its name, or because its value is the address of a back office, before or now."""
    name = change.name
    if name.lower() in _NOT_THESE:
        return False
    words = {part.lower() for part in _PARTS.findall(_IPV.sub("Ip", name))}
    if words & _CLOCK:
        return any("ws://" in value or "wss://" in value for value in _values(change))
    if any(_ADDRESS.search(value) for value in _values(change)):
        return True
    return (
        bool(words & _WORDS) or "server" in words or _INSIDE.search(re.sub(r"[^a-z0-9]", "", name.lower())) is not None
    )


def _values(change: SettingChange) -> tuple[str, ...]:
    return tuple((value or "").strip().lower() for value in (change.before, change.after))


def by_hand(names: Iterable[str]) -> str:
    """For the end of a sentence about the charger, "" for none."""
    all_of = list(names)
    if not all_of:
        return ""
    more = f" and {len(all_of) - _NAMED} more" if len(all_of) > _NAMED else ""
    they = "they decide whether it reaches" if len(all_of) > 1 else "it decides whether it reaches"
    return f"Changed and not put back, for {they} evdesk: {', '.join(all_of[:_NAMED])}{more}. Look by hand."
