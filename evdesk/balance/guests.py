"""What is remembered of each car between two decisions of `Sharing`: energy, starts and pauses, and what it leaves."""

import math
from dataclasses import dataclass, field

from evdesk.balance.leaves import ASLEEP_S, WAKE_S, Leaves
from evdesk.balance.outlook import UNSAID, Told
from evdesk.balance.prospects import energy_kwh
from evdesk.balance.taper import Taper
from evdesk.balance.types import Demand

ASLEEP_A = 0.5
"""Below this a car does not charge."""

LEAVES_A = 0.6
"""Drawing this much less than its limit it leaves some; less is the tolerance of pilot and meter."""

BACK_A = 0.3
"""Within this of what it was left it gets more at once."""

MORE_A = 2.0
"""More left for one that reached what it was left; twice that each time it does so again."""

LONGEST_H = 0.5


@dataclass(slots=True)
class Guest:
    """One car at one connector. `cap_a`: what it is not expected to go above; infinite: its limit binds."""

    plugged_at: float
    seen_at: float
    got_kwh: float = 0.0
    told: Told = UNSAID
    limit_a: float = 0.0
    limit_at: float = -math.inf
    turned_at: float = -math.inf
    waits_at: float = 0.0
    pauses: int = 0
    cap_a: float = math.inf
    more_a: float = MORE_A
    taper: Taper = field(default_factory=Taper)
    leaves: Leaves = field(default_factory=Leaves)
    drawn_a: float | None = None

    def see(self, demand: Demand, now: float, reclaim_s: float) -> None:
        """Takes in what it did since the last time."""
        elapsed = max(now - self.seen_at, 0.0)
        before, self.seen_at = self.seen_at, now
        had = self.got_kwh
        self.told = Told(demand.departure_at, demand.needs_kwh, demand.trust)
        amps = [a for a in demand.drawn_a if a is not None and math.isfinite(a) and a >= 0]
        self.drawn_a = max(amps) if amps else None
        flowing = self.limit_a if self.drawn_a is None else self.drawn_a
        self.got_kwh = energy_kwh(demand, had, flowing, elapsed)
        self._reclaim(now, before, reclaim_s, (had + self.got_kwh) / 2.0)
        if self.cap_a < math.inf and self.taper.falls:
            hours = min(elapsed / 3600.0, LONGEST_H)
            self.cap_a = min(self.cap_a, self.taper.next_a(self.got_kwh, demand.kw_per_a * hours))

    def _reclaim(self, now: float, before: float, reclaim_s: float, at_kwh: float) -> None:
        """`at_kwh`: what it had got in the middle of the time since `before`."""
        drawn = self.drawn_a
        if self.limit_a <= 0 or drawn is None:
            self.leaves.stop()
            return
        if drawn >= self.limit_a - BACK_A:
            self.leaves.stop()
            if self.limit_a >= self.cap_a - LEAVES_A:
                self._give_back()
            return
        if drawn >= self.limit_a - LEAVES_A:
            self.leaves.stop()
            return
        self.leaves.less(drawn, max(before, self.limit_at))
        wake = WAKE_S if drawn < ASLEEP_A else 0.0
        if self.leaves.lasts_s(now, -math.inf) >= reclaim_s and now - self.turned_at >= wake:
            self.cap_a, self.more_a = max(self.leaves.top_a, 0.1), MORE_A
            self.taper.see(self.cap_a, at_kwh)
            self.leaves = Leaves(now)

    def _give_back(self) -> None:
        """It reached what it was left: more at once."""
        self.cap_a = self.limit_a + self.more_a
        self.more_a *= 2.0
        self.taper.clear()

    def asleep(self, now: float) -> bool:
        """On, given its time, and drawing nothing: pausing it does it no harm."""
        sleeping = self.drawn_a is not None and self.drawn_a < ASLEEP_A
        return sleeping and self.limit_a > 0 and now - self.turned_at >= ASLEEP_S

    def give(self, amps: float, now: float) -> None:
        """Keeps what was decided."""
        if (amps > 0) != (self.limit_a > 0):
            if amps <= 0:
                self.pauses += not self.asleep(now)
                self.waits_at = now
            self.turned_at = now
        if amps != self.limit_a:
            self.limit_at = now
        self.limit_a = amps
