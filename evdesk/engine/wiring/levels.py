"""Every meter beside the cars it sees, once a second: a doubt that needs no steps (`evdesk.balance.levels`)."""

import logging
import math
from dataclasses import dataclass, field

import msgspec

from evdesk.balance.inference import MeterVerdict
from evdesk.balance.levels import READ_KEPT_S, CarRead, Levels, Roof, Three, drawn_a
from evdesk.engine.fleet import Fleet
from evdesk.engine.wiring.places import alike_under
from evdesk.model import Bay, ConnectorStatus, GridType, Phases, Site, to_site_phases

log = logging.getLogger("evdesk.wiring")
NOTE = "meter_roof"
BETWEEN = math.cos(math.radians(30.0))
SAVED_A = 2.0  # a roof that gave so much more than what was kept is kept anew


@dataclass(slots=True)
class MeterLevels:
    """`tick(now, proven)` once a second."""

    fleet: Fleet
    of: dict[str, Levels] = field(default_factory=dict)
    _kept: dict[str, Roof] = field(default_factory=dict)
    _unsaved: set[str] = field(default_factory=set)  # what is stored of them is void

    async def open(self) -> None:
        for circuit, body in (await self.fleet.store.load_notes(NOTE)).items():
            try:
                self._kept[circuit] = msgspec.json.decode(body, type=Roof)
            except msgspec.DecodeError as error:
                log.warning("%s: what its roof gave cannot be read: %s", circuit, error)

    async def save(self) -> None:
        for circuit, levels in list(self.of.items()):
            old, new = self._kept.get(circuit, Roof()), levels.kept()
            before, after = ([*r.out_a, *r.in_a, *r.beside_a] for r in (old, new))
            moved = any(abs(n - o) >= SAVED_A or (n >= 1.0) != (o >= 1.0) for o, n in zip(before, after, strict=True))
            if moved or new.missed != old.missed or circuit in self._unsaved:
                await self.fleet.store.save_note(NOTE, circuit, msgspec.json.encode(new))
                self._kept[circuit] = new
                self._unsaved.discard(circuit)

    def clock_jumped(self) -> None:
        """Moments before and after do not compare; what roofs gave stays, and so does a doubt."""
        self.of = {
            name: Levels(one.rating_a, one.kept(), one.verdict, one.verdict is not MeterVerdict.RIGHT)
            for name, one in self.of.items()
        }

    def forget(self, circuit: str) -> None:
        """The meter was changed or mended: what it showed of a roof says nothing any more."""
        self.of.pop(circuit, None)
        self._kept[circuit] = Roof()
        self._unsaved.add(circuit)

    def believe(self, circuit: str) -> None:
        """A person says so: what it misses comes from a roof or a battery."""
        levels = self.of.get(circuit)
        if levels is not None and levels.verdict is MeterVerdict.MISSES:
            levels.missing.believe()
            beside_a = levels.missing.beside_a
            self.forget(circuit)
            self.of[circuit] = Levels(levels.rating_a, Roof(beside_a=beside_a))
        else:
            self.forget(circuit)

    def tick(self, now: float, proven: set[str]) -> None:
        """`proven`: circuits whose meter the newest steps show to be right."""
        for circuit in self.fleet.site.circuits:
            reading = self.fleet.meters.get(circuit.name) if circuit.meter else None
            if reading is None:
                continue
            levels = self.of.get(circuit.name)
            if levels is None:
                kept = self._kept.get(circuit.name, Roof())
                levels = self.of[circuit.name] = Levels(circuit.rating_a, _copy(kept))
            levels.rating_a = circuit.rating_a
            levels.take(
                reading.at,
                reading.current_a,
                self._cars(circuit.name, now),
                proven=circuit.name in proven,
                voltage=reading.voltage_v,
            )

    def stepped(self, circuit: str, right: int, now: float) -> None:
        """So many steps since the doubt began have shown this meter right."""
        if (levels := self.of.get(circuit)) is not None:
            levels.stepped(right, drawn_a(self._cars(circuit, now), now - READ_KEPT_S))

    def verdict(self, circuit: str) -> MeterVerdict:
        levels = self.of.get(circuit)
        return levels.verdict if levels is not None else MeterVerdict.RIGHT

    def _cars(self, circuit: str, now: float) -> list[CarRead]:
        return [self._car(bay, now) for bay in alike_under(self.fleet.site, circuit)]

    def _car(self, bay: Bay, now: float) -> CarRead:
        record = self.fleet.chargers.get(bay.charger_id)
        connector = record.connectors.get(bay.connector_id) if record is not None else None
        if record is None or connector is None or not record.online:
            return CarRead(None, (0.0, 0.0, 0.0))
        if connector.session is None and connector.status is ConnectorStatus.AVAILABLE:
            return CarRead(now, (0.0, 0.0, 0.0))
        told = [a or 0.0 for a in connector.current_a]
        least = min(told) if bay.phases == 3 else 0.0
        return CarRead(connector.current_at, _least(bay, connector.current_a, self.fleet.site), (least, least, least))


def _copy(roof: Roof) -> Roof:
    return Roof(list(roof.out_a), list(roof.in_a), list(roof.beside_a), roof.missed)


def _least(bay: Bay, amps: Phases, site: Site) -> Three:
    """The least this car draws on each phase of the site; where its wiring is not known, what it draws on all alike. What
    flows between two phases is 30 degrees off the phase's own voltage: so much less of it is sure to add up."""
    told = [a or 0.0 for a in amps]
    given: Phases = (max(told), 0.0, 0.0) if bay.phases == 1 else amps
    one, two, three = to_site_phases(given, bay.rotation)
    unknown = one is None and two is None and three is None
    if unknown or (bay.phases == 1 and bay.across is None and site.grid is GridType.DELTA):
        one = two = three = min(told) if bay.phases == 3 else 0.0
    part = BETWEEN if bay.across is not None or site.grid is GridType.DELTA else 1.0
    return (part * (one or 0.0), part * (two or 0.0), part * (three or 0.0))
