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

BELIEVED_S = 30.0
"""What has not been worked out anew for so long is not known any more. It comes each second, and a cloud is no slower."""


@dataclass(slots=True)
class Sun:
    """`surplus_w`: what would flow back into the grid if those that charge from the roof took nothing; None: no meter.
    `price`: of a kWh, None: no prices. Both are None when the newest `tick` is `BELIEVED_S` ago."""

    fleet: Fleet
    _surplus_w: float | None = None
    _price: float | None = None
    _told_at: float = -math.inf  # steady
    _seen: deque[tuple[float, float]] = field(default_factory=deque)

    def tick(self, now: float, distrusted: set[str]) -> None:
        """Once a second, before deciding."""
        site = self.fleet.site
        self._price = price_at(site.prices, datetime.fromtimestamp(now)) if site.prices else None
        self._surplus_w = self._mean(now, distrusted)
        self._told_at = self.fleet.clock.steady()

    @property
    def surplus_w(self) -> float | None:
        return self._surplus_w if self._fresh() else None

    @property
    def price(self) -> float | None:
        return self._price if self._fresh() else None

    def _fresh(self) -> bool:
        return self.fleet.clock.steady() - self._told_at <= BELIEVED_S

    def _mean(self, now: float, distrusted: set[str]) -> float | None:
        newest = self._newest(self.fleet.site, now, distrusted)
        if newest is None:
            self._seen.clear()
            return None
        self._seen.append((now, newest))
        while self._seen[0][0] < now - SMOOTH_S or self._seen[0][0] > now:
            self._seen.popleft()
        mean = sum(w for _, w in self._seen) / len(self._seen)
        return max(min(mean, 2.0 * newest), 0.0)

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
