"""What is remembered of one connector between two steps, and what its current can be right now.

Readings arrive each 10 s or slower and unsynchronised, the meter each second. `bounds` therefore gives an interval per
terminal instead of a number: a car that was just raised, is asleep or is ramping may be anywhere between its last
reading and its limit; a car just cut anywhere between its new limit and its last reading.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from evdesk.balance.filters import MaxWindow
from evdesk.balance.habit import MIN_A, OBEYS_A, SAME_A, Habit
from evdesk.balance.leaves import Leaves
from evdesk.balance.types import Demand, Key
from evdesk.model import NOT_KNOWN, Phases, Why

REACT_S = 6.0
"""IEC 61851-1 gives a car 5 s to follow a lower duty cycle; one more for the charger itself."""

RAMP_A_PER_S = 2.0
"""A slow car's rise, for deciding when a reading is no longer that of a ramp."""

ASLEEP_A = 1.0
"""Below this a car does not charge: electronics and preheating relays stay below it."""

ANSWER_S = 5.0
"""A reduction not confirmed for this long is treated like a silent charger."""

MOST = 1e12
"""No current, power or clock shows more."""

LATE_S = 10.0
"""Chargers tell what flowed up to so long ago as if it were now."""

DIALS_S = 60.0
"""Chargers find a restarted engine within this time."""

REST_A = 3.0
"""A car that leaves no more than this of its limit may take that at any moment: its rise is its own, not the house's. What
is left above the draw of one that takes less (`policy.SPARE_A`, rounded up) is that much."""

FRESH = 2.5
"""A reading says something for so many of the charger's intervals."""

Bounds = tuple[tuple[float, float, float, float], tuple[float, float, float, float]]
"""(lowest, highest) current of terminals L1, L2, L3 and, fourth, of a terminal nobody knows."""

IDLE: Bounds = ((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0))


def clean(value: float | None) -> float | None:
    """A measurement or a time, None for what cannot be one."""
    return value if value is not None and abs(value) <= MOST else None


@dataclass(slots=True)
class Track:
    """State of one connector. Times are the caller's seconds; -inf means never."""

    key: Key
    limit: int = 0
    target: int = 0
    why: Why = NOT_KNOWN
    target_why: Why = NOT_KNOWN
    told: int = -1  # the limit `why` was written for
    adopted: bool = False
    target_at: float = -math.inf
    on_at: float | None = None
    off_at: float = -math.inf
    wait_at: float | None = None
    lowered_at: float = -math.inf
    raised_at: float = -math.inf
    known_at: float | None = None  # since when it is watched, and since when it is heard
    heard_at: float | None = None
    rise_a: float = 0.0
    force_a: float = 0.0
    unanswered_at: float | None = None
    cap: int | None = None
    leaves: Leaves = field(default_factory=Leaves)
    habit: Habit = field(default_factory=Habit)
    sample_s: float = 10.0
    reading: Phases | None = None  # the newest, None once older than two and a half intervals
    drawn: float | None = None  # the largest terminal of it
    force: MaxWindow = field(default_factory=lambda: MaxWindow(REACT_S))
    readings: deque[tuple[float, Phases]] = field(default_factory=lambda: deque(maxlen=48))  # 40 s, also of quick ones
    forces: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=24))  # (since, ampere)
    _newest: float | None = None
    _reach_at: float = math.nan
    _reach: float = 0.0
    _basis: tuple[object, ...] = ()  # what `_bounds` was worked out from
    _bounds: Bounds = IDLE
    _span: tuple[float, float, tuple[bool, bool, bool], Bounds] | None = None  # from, to, used, what `bounds_at` found

    def stayed(self, at: float) -> None:
        """What was in force at the last look was so up to then, though nobody looked meanwhile."""
        if at > -math.inf and self.forces:
            self.force.push(at, self.force_a)

    def same_until(self, demand: Demand, now: float) -> float:
        """Until when all here stays as it is if the same demand comes again; -inf: time alone changes something."""
        at = self.readings[-1][0] if self.readings else None
        waits = self.unanswered_at is not None or self.reach(now) != self.force_a
        if waits or (demand.drawn_at is not None and demand.drawn_at != at):  # a reading not taken yet may be later
            return -math.inf
        return math.inf if at is None or self.reading is None else at + FRESH * self.sample_s

    def awaits_reading(self, now: float) -> bool:
        """Charges perhaps, has told no reading since it is watched, and has had no time to."""
        if self.readings or self.known_at is None or self.force_a <= 0:
            return False
        if self.heard_at is None:
            return 0 <= now - self.known_at < DIALS_S
        return 0 <= now - self.heard_at < self.sample_s + 2.0

    def observe(self, demand: Demand, force_a: float, now: float) -> bool:
        """Takes in one second; `force_a` is the most it may draw without a further command. True: a new reading."""
        sample = demand.sample_s
        self.sample_s = sample if 1.0 <= sample < math.inf else (1.0 if sample < 1.0 else 10.0)
        self.known_at = now if self.known_at is None else self.known_at
        if demand.commandable and self.heard_at is None:
            self.heard_at = now
        if force_a > self.force_a + 0.5:
            self.raised_at, self.rise_a = now, force_a - self.force_a
        if not self.forces or abs(force_a - self.forces[-1][1]) > 0.5:
            self.forces.append((now, force_a))
            self._span = None
        self.force_a = force_a
        self.force.push(now, force_a)
        self._reach_at = math.nan
        behind = demand.wants and demand.commandable and force_a > self.limit + 0.5
        self.unanswered_at = (now if self.unanswered_at is None else self.unanswered_at) if behind else None
        readings = self.readings
        told = demand.drawn_at is not None and (not readings or demand.drawn_at != readings[-1][0])
        fresh = told and self._take_reading(demand, now)
        if fresh:
            self._newest = max([v for v in readings[-1][1] if v is not None])
        if readings and now <= readings[-1][0] + FRESH * self.sample_s:
            self.reading, self.drawn = readings[-1][1], self._newest
        else:
            self.reading = self.drawn = None
        if fresh and self._followed() and force_a > 0:
            self._learn(demand, now)
        return fresh

    def _followed(self) -> bool:
        """The newest reading is of a time when it had had time to follow."""
        return self.readings[-1][0] >= self.lowered_at + REACT_S + 2.0

    def _learn(self, demand: Demand, now: float) -> None:
        at, reading = self.readings[-1]
        drawn, top = self._newest or 0.0, self.reach(now)
        late = top + OBEYS_A < drawn <= self._earlier(at) + SAME_A
        if drawn >= 2 * ASLEEP_A and not late:
            self.habit.learn(drawn, top, self._steady(at, reading, top), max(MIN_A, clean(demand.min_a) or 0.0))
            self._span = None

    def _earlier(self, at: float) -> float:
        """The highest limit a reading of then may still show: it is late, or the mean of an interval."""
        since = at - REACT_S - max(self.sample_s, LATE_S)
        told = [amps for began, amps in self.forces if began > since]
        return max(told + [amps for began, amps in self.forces if began <= since][-1:], default=0.0)

    def _take_reading(self, demand: Demand, now: float) -> bool:
        at = clean(demand.drawn_at)
        if at is None or at > now + 1.0 or (self.readings and at <= self.readings[-1][0]):
            return False
        drawn = (clean(demand.drawn_a[0]), clean(demand.drawn_a[1]), clean(demand.drawn_a[2]))
        if drawn == (None, None, None):
            return False
        self.readings.append((at, drawn))
        return True

    def reach(self, now: float) -> float:
        """The most it may draw at this moment: the highest limit in force within a car's reaction time."""
        if now != self._reach_at:
            recent = self.force.max(now)
            self._reach_at, self._reach = now, self.force_a if recent is None else max(recent, self.force_a)
        return self._reach

    def overdrawn(self, now: float) -> float:
        """What it draws although it may not, 0 if it obeys. Read only after the car had time to follow."""
        drawn = self.drawn
        if drawn is None or not self._followed():
            return 0.0
        return drawn if drawn > self.reach(now) + OBEYS_A else 0.0

    def surely(self, now: float) -> float:
        """What it draws whatever it was told within its reaction time, 0 if it may be following: sooner than `overdrawn`,
        for where a meter shows that the line is above its rating."""
        drawn = self.drawn
        if drawn is None or self.readings[-1][0] < self.lowered_at + REACT_S:
            return 0.0
        return drawn if drawn > self.reach(now) + OBEYS_A else 0.0

    def bounds(self, now: float, used: tuple[bool, bool, bool]) -> Bounds:
        """Where its current is now, per terminal. Worked out anew only when something it depends on has changed."""
        top = self.habit.takes(self.reach(now))
        at = self.readings[-1][0] if self.reading is not None else None
        basis = (at, top, self.limit, self.lowered_at, self.raised_at, used)
        if basis != self._basis:
            self._basis, self._bounds = basis, self._bounds_of(top, used)
        return self._bounds

    def _bounds_of(self, top: float, used: tuple[bool, bool, bool]) -> Bounds:
        reading = self.reading
        if reading is None:
            return IDLE if top <= 0 else _spread((0.0, 0.0, 0.0), _top(top, used))
        at = self.readings[-1][0]
        steady = self._steady(at, reading, top)
        followed = at >= self.lowered_at + REACT_S
        low: list[float] = []
        high: list[float] = []
        for value, active in zip(reading, used, strict=True):
            most = top if active else 0.0
            if value is None:
                low.append(0.0)
                high.append(most)
                continue
            low.append(value if followed else min(value, float(self.limit)))
            high.append((value if followed else min(value, most)) if steady else max(value, most))
        return _spread((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def bounds_since(self, at: float, now: float, used: tuple[bool, bool, bool]) -> Bounds:
        """Where its current was between then and now: beside a sample of a meter that is older than its newest reading."""
        bounds = self.bounds(now, used)
        if self.reading is None or self.readings[-1][0] <= at:
            return bounds
        low, high = list(bounds[0][:3]), list(bounds[1][:3])
        for stamp, amps in reversed(self.readings):
            for t, value in enumerate(amps):
                if value is not None:
                    low[t], high[t] = min(low[t], value), max(high[t], value)
            if stamp <= at:
                break
        return _spread((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def bounds_at(self, at: float, now: float, used: tuple[bool, bool, bool]) -> Bounds:
        """Where its current was at an earlier moment: between the readings before and after it, and if its limit changed
        around then, anywhere between what it was told."""
        span = self._span
        if span is not None and span[0] <= at < span[1] and span[2] == used:
            return span[3]
        before: tuple[float, Phases] | None = None
        after: tuple[float, Phases] | None = None
        for entry in self.readings:
            if entry[0] > at:
                after = entry
                break
            before = entry
        if before is None or after is None:
            return self.bounds(now, used)
        least, most = self._told(before[0] - REACT_S, after[0])
        low: list[float] = []
        high: list[float] = []
        top = self.habit.takes(max((amps for _since, amps in self.forces), default=0.0))
        for a, b, active in zip(before[1], after[1], used, strict=True):
            if a is None or b is None:  # a terminal nobody tells of may carry anything it may
                low.append(0.0)
                high.append(max(top, self.habit.takes(self.force_a)) if active else 0.0)
                continue
            low.append(min(a, b, least))
            high.append(max(a, b, most if active else 0.0))
        found = _spread((low[0], low[1], low[2]), (high[0], high[1], high[2]))
        self._span = (before[0], after[0], used, found)
        return found

    def _told(self, start: float, end: float) -> tuple[float, float]:
        """Lowest and highest limit in force during a span with a change in it; without one nothing is added."""
        inside = [amps for since, amps in self.forces if start < since <= end]
        if not inside:
            return math.inf, 0.0
        earlier = [amps for since, amps in self.forces if since <= start][-1:]
        return min(inside + earlier), self.habit.takes(max(inside + earlier))

    def _steady(self, at: float, reading: Phases, top: float) -> bool:
        """Whether the newest reading can be taken for the current of this second."""
        drawn = max((v for v in reading if v is not None), default=0.0)
        if drawn > top - 1.0:
            return True
        if drawn >= top - REST_A:
            return False
        if at < self.raised_at + REACT_S + self.rise_a / RAMP_A_PER_S or drawn < 2 * ASLEEP_A:
            return False
        earlier = self.readings[-2][1] if len(self.readings) > 1 else (None, None, None)
        return drawn <= max((v for v in earlier if v is not None), default=0.0) + 1.0


def _top(top: float, used: tuple[bool, bool, bool]) -> tuple[float, float, float]:
    return (top if used[0] else 0.0, top if used[1] else 0.0, top if used[2] else 0.0)


def _spread(low: tuple[float, float, float], high: tuple[float, float, float]) -> Bounds:
    return (*low, min(low)), (*high, max(high))
