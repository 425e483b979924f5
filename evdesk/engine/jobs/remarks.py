"""What is odd about a charger in a job and changes nothing of how it goes on: said once, kept for the report. Pure."""

import ipaddress

from evdesk.firmware.fit import same_name


def elsewhere(seen: str, connection: str) -> str:
    """The address `seen` at the file service, where it is not that of the charger's `connection` ("host:port"); else ""."""
    here = _host(connection)
    return seen if seen and here and _plain(seen) != _plain(here) else ""


def from_there(verb: str, seen: str, connection: str) -> str:
    """`verb`: "Fetched", "Sent"."""
    return f"{verb} from {seen}; the charger is connected from {_host(connection)}."


def renamed(before: str, now: str) -> str:
    """Of the model, under the same serial number; "" where it is the same."""
    if not before or not now or same_name(before, now):
        return ""
    return f"It tells the model {now} now, and told {before} before, under the same serial number."


def _host(connection: str) -> str:
    return connection.rpartition(":")[0].strip("[]")


def _plain(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
