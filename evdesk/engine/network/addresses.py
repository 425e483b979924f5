"""Does this computer keep its address? Chargers remember the one they were given, not the computer."""

import json
import logging
from pathlib import Path

from evdesk.engine.network.cards import Card
from evdesk.wire.network import Check

log = logging.getLogger("evdesk.network")
FILE = "network.json"
SHORT_LEASE_S = 2 * 86_400.0


class Memory:
    """What `network.json` in the data directory keeps: since when each interface has its address, and a choice."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self.announce = False
        self.since: dict[str, tuple[str, float, str]] = {}  # interface -> (address, first seen, the one before)

    def see(self, cards: list[Card], now: float) -> bool:
        """Note new addresses; whether there is something to save."""
        new = False
        for card in cards:
            if card.version != 4 or card.kind == "loopback":
                continue
            known = self.since.get(card.name)
            if known is None or known[0] != card.address:
                self.since[card.name] = (card.address, now, known[0] if known is not None else "")
                new = True
        return new

    def first_seen(self, card: Card) -> float | None:
        known = self.since.get(card.name)
        return known[1] if known is not None and known[0] == card.address else None

    def before(self, card: Card) -> str:
        """The address this interface had before; "" for none."""
        known = self.since.get(card.name)
        return known[2] if known is not None and known[0] == card.address else ""

    def save(self) -> None:
        """Blocking."""
        told = {"announce": self.announce, "since": self.since}
        try:
            self._file.write_text(json.dumps(told, indent=1))
        except OSError as error:
            log.info("%s cannot be written: %s", self._file.name, error)

    def read(self) -> None:
        """What an earlier run left; a damaged file counts as none. Blocking."""
        try:
            told = json.loads(self._file.read_text())
            self.announce = bool(told.get("announce", False))
            self.since = {str(k): (str(v[0]), float(v[1]), str(v[2])) for k, v in told.get("since", {}).items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError, LookupError) as error:
            log.info("%s cannot be read: %s", self._file.name, error)


def check_address(cards: list[Card], memory: Memory, now: float) -> Check:
    """The worst about the addresses chargers would be given; `cards` without loopback."""
    usable = [
        card for card in cards if card.version == 4 and card.kind not in ("loopback", "vpn", "virtual") and card.up
    ]
    if not usable:
        return Check("address", "bad", "none")
    card = next((one for one in usable if one.assigned != "self"), usable[0])
    detail = {"address": card.address, "interface": card.name}
    if card.assigned == "self":
        return Check("address", "bad", "self_given", detail)
    since, before = memory.first_seen(card), memory.before(card)
    if since is not None:
        detail["since_s"] = str(round(max(now - since, 0.0)))
    if card.dhcp_server:
        detail["server"] = card.dhcp_server
    if before:
        return Check("address", "warn", "changed", detail | {"before": before})
    if card.assigned == "fixed":
        return Check("address", "ok", "fixed", detail)
    if card.assigned == "dhcp":
        if card.lease_s is not None:
            detail["lease_s"] = str(round(card.lease_s))
        kept = since is not None and now - since > SHORT_LEASE_S
        return Check("address", "ok" if kept else "warn", "kept" if kept else "lent", detail)
    return Check("address", "info", "unknown_how", detail)
