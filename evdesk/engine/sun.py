"""What the roof gives away, and the price of this hour: what charging modes go by."""

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from evdesk.balance import price_at
from evdesk.engine.fleet import Fleet
from evdesk.engine.load import root_circuit
from evdesk.model import ChargeMode, Site

SUNNY = (ChargeMode.SOLAR_ONLY, ChargeMode.SOLAR_FIRST)
SMOOTH_S = 60.0
"""A cloud is faster than a car: the surplus is the mean of the last minute, and never more than twice the newest."""


@dataclass(slots=True)
class Sun:
    """`surplus_w`: what would flow back into the grid if those that charge from the roof took nothing; None: no meter."""

    fleet: Fleet
    surplus_w: float | None = None
    price: float | None = None
    _seen: deque[tuple[float, float]] = field(default_factory=deque)

    def tick(self, now: float, distrusted: set[str]) -> None:
        """Once a second, before deciding."""
        site = self.fleet.site
        self.price = price_at(site.prices, datetime.fromtimestamp(now)) if site.prices else None
        newest = self._newest(site, now, distrusted)
        if newest is None:
            self._seen.clear()
            self.surplus_w = None
            return
        self._seen.append((now, newest))
        while self._seen[0][0] < now - SMOOTH_S or self._seen[0][0] > now:
            self._seen.popleft()
        mean = sum(w for _, w in self._seen) / len(self._seen)
        self.surplus_w = max(min(mean, 2.0 * newest), 0.0)

    def _newest(self, site: Site, now: float, distrusted: set[str]) -> float | None:
        root = root_circuit(site)
        reading = self.fleet.meters.get(root.name) if root.meter and root.name not in distrusted else None
        if reading is None or reading.power_w is None or now - reading.at > site.balance.meter_stale_s:
            return None
        sunny = {(b.charger_id, b.connector_id) for b in site.bays if (b.mode or site.balance.mode) in SUNNY}
        cars = sum(
            connector.power_w or 0.0
            for record in self.fleet.chargers.values()
            for connector in record.connectors.values()
            if connector.session is not None and (record.id, connector.id) in sunny
        )
        surplus = cars - reading.power_w
        return surplus if math.isfinite(surplus) else None
