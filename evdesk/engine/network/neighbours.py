"""Devices this computer has talked with already: its own ARP table, never a scan."""

import ipaddress
import json
import re
import sys
from dataclasses import dataclass

from evdesk.engine.network.shell import ask


@dataclass(frozen=True, slots=True)
class Neighbour:
    address: str
    mac: str
    interface: str = ""


async def neighbours() -> list[Neighbour]:
    if sys.platform == "win32":
        told = await ask("arp", "-a")
        return read_arp(told.text)
    told = await ask("ip", "-j", "neigh")
    return read_ip_neigh(told.text)


def read_ip_neigh(text: str) -> list[Neighbour]:
    """`ip -j neigh`: those that have answered."""
    try:
        entries = json.loads(text)
    except ValueError:
        return []
    return [
        Neighbour(str(one["dst"]), str(one["lladdr"]).lower(), str(one.get("dev", "")))
        for one in entries
        if isinstance(one, dict) and one.get("lladdr") and "FAILED" not in one.get("state", [])
    ]


def read_arp(text: str) -> list[Neighbour]:
    """`arp -a` of Windows, in whatever language: an address, a MAC with dashes. Group addresses are left out."""
    found = []
    for address, mac in re.findall(r"^\s+(\d+\.\d+\.\d+\.\d+)\s+((?:[0-9a-fA-F]{2}-){5}[0-9a-fA-F]{2})\b", text, re.M):
        ip = ipaddress.ip_address(address)
        if not ip.is_multicast and not int(mac[:2], 16) & 1:  # group bit: broadcast and multicast
            found.append(Neighbour(address, mac.lower().replace("-", ":")))
    return found
