"""Who draws without a place in the site: chargers nobody has accepted, and connectors that are not believed.

Nobody can command them, so they count on the line they hang on. Three rules:

* Where a fresh meter tells what that line carries they are in what it tells, like any other load, and nothing more is
  reserved: what dials in and says that it charges cannot stop a site whose meter shows nothing of it.
* Elsewhere the worst is assumed: what they tell, 32 A for each that tells no current, and a person is told what to do.
* All strangers together leave the accepted chargers something: 6 A for each car, half of what there is where that is
  less, never below 6 A for one. Names cost nothing: a hundred of them may slow a site down, and not stop it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from evdesk.balance import Demand, Key
from evdesk.engine.delivery import DRAWS_A
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.model import Bay, Circuit, ConnectorStatus, NoticeKind, PowerCap, Severity, Site, Why, WhyCode

STRANGER_A = 32.0  # what a charging station may draw that told nothing of its current
LEAST_A = 6.0
TOLD_S = 3600.0
_WHY = Why(WhyCode.NOT_ACCEPTED)


class Strangers:
    """`look` once a second; `bays` are those that have to be in the balancer's site for its demands."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.bays: tuple[Bay, ...] = ()
        self._told_at = -math.inf

    def look(
        self, site: Site, others: Sequence[Demand], caps: Sequence[PowerCap], distrusted: set[str]
    ) -> list[Demand]:
        """`others`: the demands of those that have a place; `caps`: the power limits in force; `distrusted`: the circuits
        whose meter is doubted."""
        placed = {(bay.charger_id, bay.connector_id) for bay in site.bays}
        root = next((c for c in site.circuits if not c.parent), None)
        bays, demands = list[Bay](), list[Demand]()
        left: float | None = None
        for record in self.fleet.chargers.values():
            if not record.online:
                continue
            drawing = [c for c in record.connectors.values() if (record.id, c.id) not in placed and _draws(c)]
            if not drawing:
                continue
            if record.accepted:
                self._unbelieved(site, root, record, drawing, distrusted, bays, demands)
            elif root is not None and not self._measured(root, distrusted):
                left = _room(site, root, others, caps) if left is None else left
                left = self._reserve(root, record, drawing, left, bays, demands)
        self.bays = tuple(bays)
        return demands

    def _reserve(
        self,
        root: Circuit,
        record: ChargerRecord,
        drawing: Sequence[ConnectorRecord],
        left: float,
        bays: list[Bay],
        demands: list[Demand],
    ) -> float:
        """What is left for the next."""
        for connector in drawing:
            drawn = _drawn(connector)
            worst = float(math.ceil(drawn)) if drawn >= DRAWS_A else STRANGER_A
            kept = min(worst, left)
            if kept < 1.0:
                break
            left -= kept
            bays.append(Bay(record.id, connector.id, record.id, root.name, max_a=max(worst, STRANGER_A)))
            demands.append(Demand((record.id, connector.id), True, False, None, kept, kept, _WHY))
            self._tell(record, connector, kept)
        return left

    def _unbelieved(
        self,
        site: Site,
        root: Circuit | None,
        record: ChargerRecord,
        drawing: Sequence[ConnectorRecord],
        distrusted: set[str],
        bays: list[Bay],
        demands: list[Demand],
    ) -> None:
        """An accepted charger's connectors with numbers that cannot be: all of them are one outlet of it."""
        first = next((bay for bay in site.bays if bay.charger_id == record.id), None)
        circuit = site.circuit(first.circuit) if first is not None else root
        if circuit is None or self._measured(circuit, distrusted):
            return
        worst = max(sum(map(_drawn, drawing)), first.max_a if first is not None else STRANGER_A)
        key: Key = (record.id, drawing[0].id)
        bays.append(Bay(*key, record.id, circuit.name, max_a=float(math.ceil(worst))))
        demands.append(Demand(key, True, False, None, worst, worst, _WHY))

    def _measured(self, circuit: Circuit, distrusted: set[str]) -> bool:
        """Whether a fresh meter tells what every phase of this circuit carries."""
        reading = self.fleet.meters.get(circuit.name)
        if circuit.meter is None or circuit.name in distrusted or reading is None:
            return False
        told = all(a is not None for a, rating in zip(reading.current_a, circuit.rating_a, strict=True) if rating > 0)
        return told and self.fleet.clock.now() - reading.at <= self.fleet.site.balance.meter_stale_s

    def _tell(self, record: ChargerRecord, connector: ConnectorRecord, kept_a: float) -> None:
        """One for all of them, now and then: they may be many."""
        now = self.fleet.clock.steady()
        if now - self._told_at >= TOLD_S:
            self._told_at = now
            self.fleet.notice(NoticeKind.STRANGER, Severity.WARN, record, connector.id, amps=round(kept_a))


def with_strangers(site: Site, bays: tuple[Bay, ...]) -> Site:
    """The site as the balancer has to know it."""
    return replace(site, bays=(*site.bays, *bays)) if bays else site


def _room(site: Site, root: Circuit, others: Sequence[Demand], caps: Sequence[PowerCap]) -> float:
    """What all strangers together may take of the supply, ampere per phase."""
    used = [rating for rating in root.rating_a if rating > 0]
    room = min(used, default=0.0) * root.continuous - site.balance.margin_a - max(root.other_max_a)
    for cap in caps:
        room = min(room, cap.power_w / (max(site.voltage_v, 1.0) * max(len(used), 1)))
    room -= sum(d.worst_a for d in others if not d.commandable)
    cars = max(sum(d.wants and d.commandable for d in others), 1)
    keep = max(LEAST_A, min(room / 2.0, LEAST_A * cars))
    return max(room - keep, 0.0)


def _drawn(connector: ConnectorRecord) -> float:
    return max((a or 0.0 for a in connector.current_a), default=0.0)


def _draws(connector: ConnectorRecord) -> bool:
    return _drawn(connector) >= DRAWS_A or connector.status is ConnectorStatus.CHARGING
