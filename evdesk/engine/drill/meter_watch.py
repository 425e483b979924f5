"""A charger's current as the site meter shows it while the charger itself cannot be heard.

What the meter shows on one phase, less what the other chargers tell, is this charger and everything else. How far that has
fallen since the last word is how far the charger has fallen, as long as everything else stays as it is: good enough where
there is nothing better, and said to be from the meter.
"""

import statistics
from collections import deque

from evdesk.engine.fleet import Fleet
from evdesk.model import Bay, Circuit, Site, to_site_phases
from evdesk.model.drills import Sample

FRESH_S = 3.0
SMOOTH_S, BEFORE_S = 5.0, 12.0


class MeterWatch:
    """`take` each second, before the silence and during it; `estimates` afterwards. Nothing where no meter is above the
    charger, its wiring is not known, or another charger on the line tells nothing."""

    def __init__(self, fleet: Fleet, charger_id: str, connector_id: int) -> None:
        self.fleet = fleet
        self._bay = fleet.site.bay(charger_id, connector_id)
        self._circuit = _metered_above(fleet.site, self._bay)
        self._phase = _first_phase(self._bay)
        self._rest: deque[tuple[float, float]] = deque(maxlen=2000)

    def take(self, now: float) -> None:
        rest = self._now(now)
        if rest is not None and (not self._rest or now - self._rest[-1][0] >= 0.9):
            self._rest.append((now, rest))

    def estimates(self, since: float, until: float, drawn_a: float, limit_a: float | None) -> tuple[Sample, ...]:
        """One each second; `drawn_a`: what the charger told before."""
        before = [rest for at, rest in self._rest if since - BEFORE_S <= at <= since]
        if len(before) < 3:
            return ()
        base = statistics.median(before)
        found = []
        for at, _ in self._rest:
            near = [rest for t, rest in self._rest if at - SMOOTH_S < t <= at]
            if since < at <= until and len(near) >= 2:
                amps = max(drawn_a - (base - statistics.median(near)), 0.0)
                found.append((round(at, 1), round(amps, 1), limit_a))
        return tuple(found)

    def _now(self, now: float) -> float | None:
        if self._circuit is None or self._phase is None or self._bay is None:
            return None
        reading = self.fleet.meters.get(self._circuit.name)
        amps = None if reading is None or now - reading.at > FRESH_S else reading.current_a[self._phase]
        if amps is None:
            return None
        below = _below(self.fleet.site, self._circuit)
        for bay in self.fleet.site.bays:
            if bay.circuit not in below or bay == self._bay:
                continue
            record = self.fleet.chargers.get(bay.charger_id)
            connector = None if record is None else record.connectors.get(bay.connector_id)
            drawn = None if connector is None else to_site_phases(connector.current_a, bay.rotation)[self._phase]
            if drawn is None:
                return None
            amps -= drawn
        return amps


def _first_phase(bay: Bay | None) -> int | None:
    if bay is None or len(bay.rotation) != 3:
        return None
    return "RST".find(bay.rotation[0]) if bay.rotation[0] in "RST" else None


def _metered_above(site: Site, bay: Bay | None) -> Circuit | None:
    at = None if bay is None else site.circuit(bay.circuit)
    for _ in site.circuits:
        if at is None or at.meter is not None:
            return at
        at = site.circuit(at.parent)
    return None


def _below(site: Site, circuit: Circuit) -> set[str]:
    """The circuit and all it feeds."""
    found = {circuit.name}
    for _ in site.circuits:
        found |= {c.name for c in site.circuits if c.parent in found}
    return found
