"""A battery that is nearly full takes less and less: how much a car will take next, and how much it still wants.

Near full the current falls about in proportion to what is missing, so it falls by the same with each kWh. That slope is
seen after two readings, and it goes on where a pause or a lower limit hid the current in between: time alone fills nothing.
A car that takes less than it may without falling has a small charger; that says nothing about how full it is.
"""

import math
from dataclasses import dataclass

CLEAR_A = 1.0
"""A fall of so much is no noise."""

CLEAR_KWH = 0.5
"""After so much without a clear fall it is steady."""

UNKNOWN_H = 1.0
"""Seen once only: it will take what it draws for about this long."""

LEAST_A = 0.1


@dataclass(slots=True)
class Taper:
    """What one car took whenever it left some of its limit. Ampere; kWh since it was plugged in."""

    top_a: float = math.inf
    at_kwh: float = 0.0
    falls: float | None = None  # ampere per kWh; None: not known yet
    _from: tuple[float, float] | None = None

    def see(self, top_a: float, at_kwh: float) -> None:
        """It took `top_a` while it had `at_kwh`, and might have taken more."""
        if top_a > self.top_a + CLEAR_A:
            self.clear()
        self.top_a, self.at_kwh = max(top_a, LEAST_A), at_kwh
        if self._from is None:
            self._from = (self.top_a, at_kwh)
            return
        fell, passed = self._from[0] - self.top_a, at_kwh - self._from[1]
        if passed > 0 and (fell >= CLEAR_A or passed >= CLEAR_KWH):
            self.falls = max(fell, 0.0) / passed
            self._from = (self.top_a, at_kwh)

    def clear(self) -> None:
        """It takes what it may: nothing is known."""
        self.top_a, self.falls, self._from = math.inf, None, None

    def next_a(self, got_kwh: float, kwh_per_a: float) -> float:
        """The most it will take on average over the next span, in which an ampere gives it `kwh_per_a`; infinite: not
        known."""
        if not self.falls:
            return self.top_a
        left = self.top_a - self.falls * max(got_kwh - self.at_kwh, 0.0)
        return max(min(left, self.top_a) / (1.0 + self.falls * kwh_per_a / 2.0), LEAST_A)

    def left_kwh(self, got_kwh: float, kw_per_a: float) -> float:
        """What it still wants, as far as that shows; infinite: it does not."""
        if self.top_a == math.inf or self.falls == 0.0:
            return math.inf
        if self.falls is None:
            return self.top_a * kw_per_a * UNKNOWN_H
        return max(self.top_a / self.falls - max(got_kwh - self.at_kwh, 0.0), 0.0)
