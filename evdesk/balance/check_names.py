"""What is wrong with the names of a site and the addresses of its meters, in sentences that say what to do."""

import unicodedata

from evdesk.model import Circuit, MeterSource, Site

LONGEST_NAME, LONGEST_ID, LONGEST_HOST = 100, 255, 253
_JOINERS = "\u200c\u200d"
"""Persian and Indian scripts and some pictures need them."""

MOST_PORT, MOST_UNIT = 65_535, 255


def name_problems(site: Site) -> list[str]:
    """Names a person could not read or a charger could not have."""
    found = _name("The site", site.name)
    for circuit in site.circuits:
        found += _name(f"Circuit {short(circuit.name)}", circuit.name)
    for bay in site.bays:
        who = f"Connector {bay.connector_id} of {short(bay.charger_id)}"
        if not bay.charger_id.strip():
            found.append(f"{who} has no charger. Enter the name that its charger dials in with.")
        elif len(bay.charger_id) > LONGEST_ID or unreadable(bay.charger_id):
            found.append(f"{who}: no charger can have that name. Enter the one it dials in with.")
        found += _name(who, bay.label)
    for cap in site.caps:
        found += _name(f"The power limit {short(cap.name)}", cap.name)
    return found


def meter_problems(circuit: Circuit) -> list[str]:
    """Meters nobody could ask."""
    meter, who = circuit.meter, f"The meter of {short(circuit.name)}"
    if meter is None:
        return []
    found = []
    if meter.driver != "modbus":
        found.append(f"{who} is of the kind {short(meter.driver)}. Enter “modbus”.")
    if not _is_host(meter):
        found.append(
            f"{who} has the address {short(meter.host)}. Enter its IP address or name, without port or blanks."
        )
    if not 1 <= meter.port <= MOST_PORT:
        found.append(f"{who} has the port {meter.port}. Enter 1 to {MOST_PORT}; 502 is usual.")
    if not 0 <= meter.unit <= MOST_UNIT:
        found.append(f"{who} has the unit {meter.unit}. Enter 0 to {MOST_UNIT}; 1 is usual.")
    return found


def short(name: str) -> str:
    """A name inside a sentence: quoted, control characters as \\x.., the end of a very long one left out."""
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:40]}…")


def unreadable(text: str) -> bool:
    """Whether it holds line ends, control characters, or marks that turn the text around."""
    return any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in _JOINERS for c in text)


def _name(who: str, name: str) -> list[str]:
    if len(name) > LONGEST_NAME:
        return [f"{who} has a name of {len(name)} characters. Enter at most {LONGEST_NAME}."]
    if unreadable(name):
        return [f"{who} has characters in its name that cannot be seen, such as line ends. Type it again."]
    return []


def _is_host(meter: MeterSource) -> bool:
    host = meter.host
    return 0 < len(host) <= LONGEST_HOST and host.isascii() and all(c.isalnum() or c in ".:-_%[]" for c in host)
