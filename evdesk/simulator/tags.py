"""Whom a station knows without asking: its local list, its cache, its reservations. The same for every OCPP version."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from evdesk.simulator.moments import from_text
from evdesk.simulator.outlet import Outlet

LIST_MAX = 500
CACHE_MAX = 200


@dataclass(frozen=True, slots=True)
class Known:
    """What the CSMS said about a tag; `until` on the station's clock."""

    status: str
    until: float | None = None
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decide: 1.6 LocalPreAuthorize, LocalAuthorizeOffline, AllowOfflineTxForUnknownId."""

    pre: bool
    offline: bool
    unknown_offline: bool


@dataclass(slots=True)
class Tags:
    """The local list (`version` 0 = there is none) and the cache of what the CSMS answered."""

    version: int = 0
    entries: dict[str, Known] = field(default_factory=dict)
    cache: dict[str, Known] = field(default_factory=dict)

    def update(self, version: int, full: bool, changes: Iterable[tuple[str, Known | None]]) -> str:
        """SendLocalList; None removes a tag. Returns Accepted, VersionMismatch or Failed."""
        if not full and version <= self.version:
            return "VersionMismatch"
        if full and version <= 0:
            return "Failed"
        entries = {} if full else dict(self.entries)
        for tag, known in changes:
            if known is None:
                entries.pop(tag.lower(), None)
            else:
                entries[tag.lower()] = known
        if len(entries) > LIST_MAX:
            return "Failed"
        self.entries, self.version = entries, version
        return "Accepted"

    def remember(self, tag: str, known: Known) -> None:
        """Put an answer of the CSMS into the cache; the oldest makes room."""
        self.cache.pop(tag.lower(), None)
        self.cache[tag.lower()] = known
        while len(self.cache) > CACHE_MAX:
            self.cache.pop(next(iter(self.cache)))

    def status(self, tag: str, now: float) -> str | None:
        """What the list, then the cache says about a tag at `now`; None when neither knows it."""
        known = self.entries.get(tag.lower()) or self.cache.get(tag.lower())
        if known is None:
            return None
        return "Expired" if known.until is not None and now >= known.until else known.status

    def decide(self, tag: str, now: float, online: bool, rules: Rules) -> str:
        """ "begin", "ask" the CSMS, or "refuse" (1.6 chapter 3.4, 2.0.1 block C)."""
        status = self.status(tag, now)
        if online:
            return "begin" if rules.pre and status == "Accepted" else "ask"
        if rules.offline and status is not None:
            return "begin" if status == "Accepted" else "refuse"
        return "begin" if rules.unknown_offline else "refuse"


@dataclass(frozen=True, slots=True)
class Reservation:
    id: int
    tag: str
    until: float
    outlet: int
    parent: str = ""


@dataclass(slots=True)
class Reservations:
    """At most one for each outlet."""

    items: dict[int, Reservation] = field(default_factory=dict)

    def reserve(self, outlets: dict[int, Outlet], number: int, wanted: Reservation) -> str:
        """ReserveNow for outlet `number`, 0 = any. Returns Accepted, Faulted, Occupied, Unavailable or Rejected."""
        chosen = list(outlets.values()) if number == 0 else [o for o in outlets.values() if o.id == number]
        if not chosen:
            return "Rejected"
        self.cancel(outlets, wanted.id)  # the same id again replaces the old one
        told = "Occupied"
        for outlet in chosen:
            told = _obstacle(outlet)
            if not told:
                made = Reservation(wanted.id, wanted.tag, wanted.until, outlet.id, wanted.parent)
                self.items[outlet.id] = made
                outlet.reserved = True
                return "Accepted"
        return told

    def cancel(self, outlets: dict[int, Outlet], reservation_id: int) -> bool:
        """Whether there was one."""
        found = next((r for r in self.items.values() if r.id == reservation_id), None)
        if found is None:
            return False
        self._free(outlets, found)
        return True

    def expired(self, outlets: dict[int, Outlet], now: float) -> list[Reservation]:
        """Drop what has lapsed, and tell it."""
        if not self.items:
            return []
        gone = [r for r in self.items.values() if now >= r.until]
        for reservation in gone:
            self._free(outlets, reservation)
        return gone

    def use(self, outlets: dict[int, Outlet], outlet: Outlet, tag: str, parent: str = "") -> int | None:
        """Somebody starts here: the reservation's id when it was theirs, None when there was none.

        Raises PermissionError when it is somebody else's.
        """
        found = self.items.get(outlet.id)
        if found is None:
            return None
        if tag.lower() != found.tag.lower() and not (parent and parent == found.parent):
            raise PermissionError(f"reserved for {found.tag}")
        self._free(outlets, found)
        return found.id

    def _free(self, outlets: dict[int, Outlet], reservation: Reservation) -> None:
        self.items.pop(reservation.outlet, None)
        outlets[reservation.outlet].reserved = False


def _obstacle(outlet: Outlet) -> str:
    """Why an outlet cannot be reserved, "" when it can."""
    if outlet.fault:
        return "Faulted"
    if not outlet.usable:
        return "Unavailable"
    taken = outlet.car is not None or outlet.transaction is not None or outlet.waiting_tag or outlet.reserved
    return "Occupied" if taken else ""


def known_of16(info: dict[str, Any]) -> Known:
    """The same of 1.6, `idTagInfo`."""
    until = info.get("expiryDate")
    return Known(
        str(info["status"]), None if until is None else from_text(str(until)), str(info.get("parentIdTag", ""))
    )


def known_of(info: dict[str, Any]) -> Known:
    """`idTokenInfo` as the list and the cache keep it."""
    until = info.get("cacheExpiryDateTime")
    parent = (info.get("groupIdToken") or {}).get("idToken", "")
    return Known(str(info["status"]), None if until is None else from_text(str(until)), str(parent))
