"""What a car takes of its limit, learnt per charge from readings taken after it had time to follow.

Pilot and meter are a few per cent out, and some cars take more than the least that is offered. One ampere more than told
is nothing for a car and a tripped fuse for sixteen of them, so sums count what is drawn, not what was told.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

MIN_A = 6
"""IEC 61851-1: no duty cycle offers less."""

OBEYS_A = 1.5
"""A car this far above its limit does not follow it: meter error and pilot tolerance stay below."""

AROUND_A = 1.0
"""Drawing this much less than its limit it is not held back by it, and says nothing about how it follows."""

SAME_A = 0.5
"""Readings of a steady car differ by no more."""

TIMES_MIN = 2.0
"""A car may take no less than up to so many times the minimum; more is counted as what it draws too much."""

READINGS, FIRST = 12.0, 4.0
"""The mean of what it draws too much goes over so many readings, about two minutes. The first few count only where they
show more than a reading jitters."""

LEAPS_A = 0.75
"""So much above the mean is no jitter: the mean begins anew."""

RISES_A, FALLS_A = 0.1, 0.2
"""What is counted rises when the mean is this much higher and falls when it is this much lower: readings that jitter
move no limits."""

METER = 0.01
"""Of a line's limit: what is drawn too much and adds up to less is the error of the chargers' own meters (class 1)."""

FORGETS_TURNS = 4.0
"""At 0 for longer than so many turns, what was learnt is forgotten; each time it is learnt again it stays twice as long."""


@dataclass(slots=True)
class Habit:
    """`least_a`: it takes no less while it is on, 0: it follows all the way down; `excess_a`: so much above its limit it
    counts as."""

    least_a: float = 0.0
    excess_a: float = 0.0
    _low_a: float = math.inf  # the least it was seen to take
    _last_a: float = math.inf
    _creeps: bool = False  # takes more than its limit also above what it takes at least
    _mean_a: float = 0.0
    _count: float = 0.0
    _turns: float = FORGETS_TURNS

    def learn(self, drawn_a: float, limit_a: float, steady: bool, min_a: float = MIN_A) -> None:
        """A reading of a car that charges. `limit_a`: the highest it may still be showing; `steady`: not one of a ramp;
        `min_a`: the least the charger offers."""
        above = drawn_a - limit_a
        same, self._last_a = abs(drawn_a - self._last_a) <= SAME_A, drawn_a
        if (steady and same) or above > OBEYS_A:  # one reading alone may be of a ramp that is nearly over
            self._low_a = min(self._low_a, drawn_a)
            self.least_a = min(self.least_a, drawn_a)
        if above > OBEYS_A and self._lowest(drawn_a, limit_a, TIMES_MIN * min_a):
            if self.least_a <= 0:
                self.excess_a = self._mean_a = self._count = 0.0
            self.least_a = drawn_a
        self._follow(drawn_a - max(limit_a, self.least_a))

    def _lowest(self, drawn_a: float, limit_a: float, most_a: float) -> bool:
        """Whether that is the least it takes: it never took less, nor more than it might above that."""
        self._creeps |= 0 < self.least_a <= limit_a + SAME_A or drawn_a > most_a
        if self._creeps:
            self.least_a = 0.0
        return not self._creeps and drawn_a <= self._low_a + SAME_A

    def _follow(self, above_a: float) -> None:
        if above_a < -AROUND_A:
            return
        if above_a > OBEYS_A:  # counted in full at once
            self._mean_a, self._count = max(above_a, self._mean_a), 1.0
        else:
            leaps = above_a > max(self._mean_a, 0.0) + LEAPS_A
            self._count = 1.0 if leaps else min(self._count + 1.0, READINGS)
            self._mean_a += (above_a - self._mean_a) / self._count
        if self._count < FIRST and self._mean_a <= SAME_A:
            return
        if self._mean_a > self.excess_a + RISES_A or self._mean_a < self.excess_a - FALLS_A:
            self.excess_a = max(self._mean_a, 0.0)

    @property
    def any(self) -> bool:
        return self.least_a + self.excess_a > 0

    def rest(self, off_s: float, turn_s: float) -> None:
        """It has been at 0 for so long: after some turns less is offered again, and readings decide anew."""
        if self.any and off_s > self._turns * turn_s:
            self.forget()
            self._turns *= 2.0

    def forget(self) -> None:
        self.least_a = self.excess_a = self._mean_a = self._count = 0.0
        self._low_a, self._creeps = math.inf, False

    def takes(self, amps: float) -> float:
        """What it draws at most when it may take so much."""
        return max(amps + self.excess_a, self.least_a) if amps > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Pull:
    """What flows per position. `base`: whatever is decided; `excess`, `least`: see `Habit`."""

    base: Sequence[float]
    excess: Sequence[float]
    least: Sequence[float]

    def at(self, i: int, limit: float) -> float:
        """With this limit; at 0 a car stops, so what it takes at least can be given up."""
        return max(self.base[i], limit + self.excess[i], self.least[i]) if limit > 0 else self.base[i]

    def all(self, limits: Sequence[float]) -> list[float]:
        rows = zip(self.base, self.excess, self.least, limits, strict=True)
        return [max(base, amps + excess, least) if amps > 0 else base for base, excess, least, amps in rows]
