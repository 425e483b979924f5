"""Charges whose start evdesk never heard: a charger that was pointed here in the middle of one, or lost its queue.

They are limited like any other, by a live default, as no transaction is known to hang a limit on (OCPP 1.6 section 3.13.1).
"""

from evdesk.balance import Key
from evdesk.engine.doubts import FLOWS_WITH_CAR_A, NO_CAR
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.steady import less
from evdesk.model import ConnectorStatus

UNHEARD_S = 15.0
"""A status comes before its StartTransaction, and a last reading after its end: the start has so long to be told."""

DRAWS_A = 1.0
FRESH, FRESH_S = 3.0, 30.0


class Unheard:
    """`look` once a second for each connector, before its demand is made: sets `ConnectorRecord.unheard`."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._since: dict[Key, float] = {}

    def look(self, record: ChargerRecord, connector: ConnectorRecord) -> None:
        key, now = (record.id, connector.id), self.fleet.clock.now() - self.fleet.clock.jumped
        if not record.online or connector.session is not None or not self._draws(connector, now, -1.0):
            self._since.pop(key, None)
            connector.unheard = False
            return
        since = self._since.setdefault(key, now)
        connector.unheard = now - since >= UNHEARD_S and self._draws(connector, now, since)

    def _draws(self, connector: ConnectorRecord, now: float, since: float) -> bool:
        """Says so, or a fresh reading taken after `since` shows it."""
        if connector.status is ConnectorStatus.CHARGING:
            return True
        at = less(connector.current_at, self.fleet.clock.jumped)
        fresh = at is not None and at > since and now - at <= max(FRESH * connector.sample_s, FRESH_S)
        # Some tell an ampere or two at an empty outlet: no share of the others is given for that.
        least_a = FLOWS_WITH_CAR_A if connector.status in NO_CAR else DRAWS_A
        return fresh and max((a or 0.0 for a in connector.current_a), default=0.0) > least_a
