"""Who draws without a place in the site: chargers nobody has accepted, and connectors that are not believed.

Nobody can command them, so they count on the line they hang on. Three rules:

* Where a fresh meter tells what that line carries they are in what it tells, like any other load, and nothing more is
  reserved: what dials in and says that it charges cannot stop a site whose meter shows nothing of it.
* Elsewhere what they tell in ampere is reserved in full, up to an outlet each and four outlets in all, those known longest
  first. Cars fall for that as far as needed, to nothing too: a stopped car does less harm than a line above its limit.
* What is more than that, and 32 A for each that tells no current, leaves the accepted chargers something: 6 A for each car,
  half of what there is where that is less, never below 6 A for one. Names cost nothing: a hundred that only say that they
  charge may slow a site down, and not stop it. A person is told what to do, and of a danger where more may flow than is
  free.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from evdesk.balance import Demand, Key
from evdesk.engine.delivery import DRAWS_A
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.unheard import FRESH, FRESH_S
from evdesk.model import Bay, Circuit, ConnectorStatus, NoticeKind, PowerCap, Severity, Site, Why, WhyCode

STRANGER_A = 32.0  # what a charging station may draw that told nothing of its current
LEAST_A = 6.0
FIRM_A = 4 * STRANGER_A
"""What all of them together may reserve by told currents at the cost of everybody else. Any name can tell any current."""

TELLS_S = 900.0
"""A told current holds so long while the status says that it charges: nobody has set how often a stranger tells it."""

TOLD_S = 3600.0
_WHY = Why(WhyCode.NOT_ACCEPTED)
_Outlet = tuple[ChargerRecord, ConnectorRecord]


class Strangers:
    """`look` once a second; `bays` are those that have to be in the balancer's site for its demands."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.bays: tuple[Bay, ...] = ()
        self._told_at = {False: -math.inf, True: -math.inf}  # of a danger?

    def look(
        self, site: Site, others: Sequence[Demand], caps: Sequence[PowerCap], distrusted: set[str]
    ) -> list[Demand]:
        """`others`: the demands of those that have a place; `caps`: the power limits in force; `distrusted`: the circuits
        whose meter is doubted."""
        placed = {(bay.charger_id, bay.connector_id) for bay in site.bays}
        root = next((c for c in site.circuits if not c.parent), None)
        bays, demands, strange = list[Bay](), list[Demand](), list[_Outlet]()
        for record in self.fleet.chargers.values():
            if not record.online:
                continue
            drawing = [c for c in record.connectors.values() if (record.id, c.id) not in placed and _draws(c)]
            if not drawing:
                continue
            if record.accepted:
                self._unbelieved(site, root, record, drawing, distrusted, bays, demands)
            else:
                strange += [(record, connector) for connector in drawing]
        if strange and root is not None and not self._measured(root, distrusted):
            self._reserve(root, strange, _room(site, root, others, caps), _keep(others), bays, demands)
        self.bays = tuple(bays)
        return demands

    def _reserve(
        self,
        root: Circuit,
        outlets: Sequence[_Outlet],
        room: float,
        cars_a: float,
        bays: list[Bay],
        demands: list[Demand],
    ) -> None:
        """`room`: what the supply has for them and the accepted cars, `cars_a` what these need, ampere per phase."""
        firm = self._firm(outlets)
        room -= sum(firm)
        left = max(room - max(LEAST_A, min(room / 2.0, cars_a)), 0.0)
        for (record, connector), kept in zip(outlets, firm, strict=True):
            drawn = _drawn(connector)
            worst = float(math.ceil(drawn)) if drawn >= DRAWS_A else STRANGER_A
            more = min(worst - kept, left)
            if kept + more >= 1.0:
                kept += more
                left -= more
                bays.append(Bay(record.id, connector.id, record.id, root.name, max_a=max(worst, STRANGER_A)))
                demands.append(Demand((record.id, connector.id), True, False, None, kept, kept, _WHY))
            self._tell(record, connector, kept, worst, danger=kept < worst or room < 0.0)

    def _firm(self, outlets: Sequence[_Outlet]) -> list[float]:
        """What each has told and is reserved in full. `outlets` are in the order in which they were first seen."""
        left, firm = FIRM_A, list[float]()
        for _record, connector in outlets:
            told = min(math.ceil(_drawn(connector)), STRANGER_A) if self._tells(connector) else 0.0
            firm.append(min(told, left))
            left -= firm[-1]
        return firm

    def _tells(self, connector: ConnectorRecord) -> bool:
        """Whether its current is one of now."""
        if connector.current_at is None:
            return False
        holds_s = TELLS_S if connector.status is ConnectorStatus.CHARGING else max(FRESH * connector.sample_s, FRESH_S)
        return _drawn(connector) >= DRAWS_A and self.fleet.clock.now() - connector.current_at <= holds_s

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

    def _tell(
        self, record: ChargerRecord, connector: ConnectorRecord, kept_a: float, worst_a: float, danger: bool
    ) -> None:
        """One for all of them, now and then, and one of a danger: they may be many."""
        now = self.fleet.clock.steady()
        if now - self._told_at[danger] < TOLD_S:
            return
        self._told_at[danger] = now
        args = {"worst": math.ceil(worst_a)} if danger else {}
        severity = Severity.DANGER if danger else Severity.WARN
        self.fleet.notice(NoticeKind.STRANGER, severity, record, connector.id, amps=round(kept_a), **args)


def with_strangers(site: Site, bays: tuple[Bay, ...]) -> Site:
    """The site as the balancer has to know it."""
    return replace(site, bays=(*site.bays, *bays)) if bays else site


def _room(site: Site, root: Circuit, others: Sequence[Demand], caps: Sequence[PowerCap]) -> float:
    """What the supply has for the cars it can command and for strangers, ampere per phase."""
    used = [rating for rating in root.rating_a if rating > 0]
    room = min(used, default=0.0) * root.continuous - site.balance.margin_a - max(root.other_max_a)
    for cap in caps:
        room = min(room, cap.power_w / (max(site.voltage_v, 1.0) * max(len(used), 1)))
    return room - sum(d.worst_a for d in others if not d.commandable)


def _keep(others: Sequence[Demand]) -> float:
    """What those need that charge here and can be commanded."""
    return LEAST_A * max(sum(d.wants and d.commandable for d in others), 1)


def _drawn(connector: ConnectorRecord) -> float:
    return max((a or 0.0 for a in connector.current_a), default=0.0)


def _draws(connector: ConnectorRecord) -> bool:
    return _drawn(connector) >= DRAWS_A or connector.status is ConnectorStatus.CHARGING
