"""Whether chargers follow the limits they have confirmed.

One that draws more is reserved at what it draws within the second (`evdesk.balance`). Here it is told as a finding, and
once that has lasted it counts as unable to fall back: who ignores a limit now will ignore its safe default too.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from evdesk.balance import Decision, Key
from evdesk.engine.drill import Drills
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.steady import less
from evdesk.model import FindingSeen

MOST_TOLD = 1000
READINGS, LASTS_S = 2, 45.0
"""So many readings must show it, and nothing else for so long: some chargers take half a minute until they pause a car."""

CLEARLY, CLEARLY_A = 1.1, 1.5
"""Above so many times the limit, and so much more: no meter inside a charger is that far out."""

FLOWS_A = 0.5


@dataclass(slots=True)
class _Seen:
    since: float
    newest_at: float = 0.0
    readings: int = 0


class Obedience:
    """`tick` once a second, after the decision."""

    def __init__(self, fleet: Fleet, drills: Drills, spawn: Callable[[Coroutine[Any, Any, None], str], None]) -> None:
        self.fleet, self.drills, self.spawn = fleet, drills, spawn
        self._told: set[tuple[str, int, int]] = set()
        self._seen: dict[Key, _Seen] = {}
        self._saving: set[str] = set()

    def tick(self, decision: Decision) -> None:
        for key in [k for k in self._seen if k not in decision.ignoring]:
            del self._seen[key]
        for key in decision.ignoring:
            record = self.fleet.chargers.get(key[0])
            connector = record.connectors.get(key[1]) if record is not None else None
            if record is None or connector is None or not connector.charges or _may_in_watts(connector):
                continue
            limit_a = connector.limit_a(decision.at, record.safe_a)
            self._tell(record, connector, decision.at, limit_a)
            # Where no limit is known none was ignored, however much it draws: it counts at its worst as it is.
            if limit_a is not None and _drawn(connector) > CLEARLY * limit_a + CLEARLY_A:
                self._count(key, record, connector, limit_a)
            else:
                self._seen.pop(key, None)

    def _tell(self, record: ChargerRecord, connector: ConnectorRecord, now: float, limit_a: float | None) -> None:
        """Once per charge."""
        key = (record.id, connector.id, connector.session.id if connector.session is not None else 0)
        if key in self._told:
            return
        if len(self._told) > MOST_TOLD:
            self._told.clear()
        self._told.add(key)
        drawn_a = _drawn(connector)
        has = "is under no limit that is known" if limit_a is None else f"may draw {limit_a:g} A"
        text = f"Connector {connector.id} {has} and draws {drawn_a:.1f} A. That much is kept free."
        self.fleet.report(FindingSeen(record.id, now, "limit_not_followed", text, f"{drawn_a:.1f} A"))

    def _count(self, key: Key, record: ChargerRecord, connector: ConnectorRecord, limit_a: float) -> None:
        now = self.fleet.clock.steady()
        seen = self._seen.setdefault(key, _Seen(now))
        at = less(connector.current_at, self.fleet.clock.jumped)  # a set clock makes no second reading of it
        if at is not None and at != seen.newest_at:
            seen.newest_at, seen.readings = at, seen.readings + 1
        lasts = seen.readings >= READINGS and now - seen.since >= LASTS_S
        if lasts and record.id not in self._saving and not self.drills.book.seen_unable(record):
            self._saving.add(record.id)
            self.spawn(self._unable(record, connector.id, _drawn(connector), limit_a), "ignores")

    async def _unable(self, record: ChargerRecord, connector_id: int, drawn_a: float, limit_a: float) -> None:
        try:
            await self.drills.seen.ignored(record, connector_id, drawn_a, limit_a)
        finally:
            self._saving.discard(record.id)


def _drawn(connector: ConnectorRecord) -> float:
    return max((a or 0.0 for a in connector.current_a), default=0.0)


def _may_in_watts(connector: ConnectorRecord) -> bool:
    """Whether its limit was sent in watts, and spread over fewer phases than it was counted for gives this current. It is
    sent anew once that is seen; the charger did as it was told."""
    if not connector.watt_phases or connector.confirmed_a is None:
        return False
    used = sum((amps or 0.0) > FLOWS_A for amps in connector.current_a)
    return _drawn(connector) <= connector.confirmed_a * connector.watt_phases / max(used, 1) + CLEARLY_A
