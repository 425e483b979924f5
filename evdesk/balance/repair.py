"""From the currents of the linear program to limits a charger takes: whole or allowed ampere, the minimum or nothing,
who must go on goes on, and every line holds exactly.

A car is *kept* when its limit may not be taken away (it was just started, or was paused before), *open* when it may be
started. The order in which cars are served follows the program: what one more ampere would be worth, then how much it
gave. What is left in the end goes to whoever can use it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evdesk.balance.fit import Fit, Reals
from evdesk.balance.lines import EPS

ROUND = 1e-10
"""Ampere: what sums of a hundred limits may be off by."""


EXACT = 1024.0
"""Parts of an ampere that add up without rounding."""


@dataclass(frozen=True, slots=True)
class Bid:
    """One connector that takes part. `min_a`..`top_a`: what it may get unless 0; `now_a` its limit so far. `keep`: not to
    be paused; `open`: may be started; `rank`: who comes first among equals, lower first. `steps`: the limits it can have
    (rising, without 0), () for any whole ampere, None for any."""

    index: int
    min_a: float
    top_a: float
    now_a: float = 0.0
    keep: bool = False
    open: bool = True
    rank: float = 0.0
    steps: tuple[float, ...] | None = ()

    @property
    def on(self) -> bool:
        return self.now_a > 0

    @property
    def able(self) -> bool:
        """Can have its minimum at all, as far as it is concerned."""
        return self.top_a >= self.min_a - EPS and (self.on or self.open)

    def down(self, amps: float) -> float:
        """The largest limit it can have that is not above `amps`; 0 below its minimum."""
        most, amps = min(amps, self.top_a), min(amps, self.top_a) + EPS
        if amps < self.min_a:
            return 0.0
        if self.steps is None:
            return max(most, self.min_a)
        if not self.steps:
            whole = float(math.floor(amps))
            return whole if whole >= self.min_a - EPS else 0.0
        return max((step for step in self.steps if self.min_a - EPS <= step <= amps), default=0.0)

    def least(self) -> float:
        """The smallest limit it can have that is not 0; infinite: none."""
        if self.steps is None:
            return self.min_a
        if not self.steps:
            return float(math.ceil(self.min_a - EPS))
        return min((s for s in self.steps if s >= self.min_a - EPS), default=math.inf)


@dataclass(slots=True)
class Repaired:
    """`amps` per position in the net; `waiting`: position -> row without room for its minimum; `blocked`: -> full row."""

    amps: Reals
    waiting: dict[int, int] = field(default_factory=dict)
    blocked: dict[int, int] = field(default_factory=dict)


class Repair:
    """Limits being built up on one net; `amps` always fits. `limits` is per row of the fit."""

    def __init__(self, fit: Fit, limits: Reals, fixed: Reals) -> None:
        self.fit, self.limits = fit, limits
        self.amps = fixed.copy()
        self.load = fit.load(self.amps)

    def room(self, bid: Bid) -> float:
        """What its lines leave it to rise. Where any limit is allowed it would use up the tolerance: there it is none."""
        tolerance_a = EPS if bid.steps is not None else -ROUND
        return self.fit.room(self.load, self.limits, bid.index, tolerance_a)

    def put(self, i: int, amps: float) -> None:
        self.fit.add(self.load, i, amps - self.amps[i])
        self.amps[i] = amps

    def start(self, bid: Bid) -> bool:
        """Gives it its minimum where that fits."""
        least = bid.least()
        slack = EPS if bid.steps is not None else ROUND / 100
        if least > bid.top_a + EPS or self.fit.room(self.load, self.limits, bid.index, slack) < least - slack:
            return False
        self.put(bid.index, least)
        return True

    def rise(self, bid: Bid, target: float) -> None:
        """As far towards `target` as allowed limits and lines let it."""
        here = float(self.amps[bid.index])
        if target <= here + EPS:
            return
        to = bid.down(min(target, here + self.room(bid)))
        if to > here + EPS:
            self.put(bid.index, to)
            if bid.steps is None:
                self._to_the_full(bid)

    def _to_the_full(self, bid: Bid) -> None:
        """32 rather than 31.9999999999 where that is exactly what is there: only where sums are exact in any order."""
        i, here = bid.index, float(self.amps[bid.index])
        full, rows = round(here * EXACT) / EXACT, self.fit.over[bid.index]
        if not 0 < full - here <= 2 * ROUND or full > bid.top_a:
            return
        self.put(i, full)
        parts = self.fit.matrix[rows] * EXACT
        amps = self.amps[np.any(parts != 0, axis=0)] * EXACT
        exact = not np.any(parts.imag) and not np.any(parts.real % 1) and not np.any(amps % 1)
        sums = self.fit.load(self.amps).size()[rows]
        if not exact or np.any(self.fit.loose[rows]) or np.any(sums > self.limits[rows]):
            self.put(i, here)

    def full_row(self, i: int) -> int:
        """The row over a connector that leaves it least."""
        rows = self.fit.over[i]
        if not len(rows):
            return -1
        spare = (self.limits - self.load.size())[rows]
        return int(rows[int(np.argmin(spare))])


def choose(
    repair: Repair, bids: Sequence[Bid], wish: Sequence[float], start_from: float, stay_from: float
) -> list[bool]:
    """Who charges. `wish`: ampere from the program, per bid. Kept cars first (the longest served of them give way if even
    their minimums no longer fit), then cars that are on and those to be started by how much they were given. `start_from`
    and `stay_from`: parts of the minimum from which on somebody is worth a start, and worth staying on."""
    chosen = [False] * len(bids)
    for k in sorted(range(len(bids)), key=lambda k: (bids[k].rank, bids[k].index)):
        if bids[k].keep and bids[k].on:
            chosen[k] = repair.start(bids[k])

    def order(k: int) -> tuple[float, float, int]:
        part = min(wish[k] / max(bids[k].min_a, EPS), 1.0)
        return (-round(part, 3), bids[k].rank, bids[k].index)

    for k in sorted(range(len(bids)), key=order):
        bid = bids[k]
        if chosen[k] or not bid.able:
            continue
        if wish[k] >= bid.min_a * (stay_from if bid.on else start_from) - EPS:
            chosen[k] = repair.start(bid)
    return chosen


def fill(
    repair: Repair, bids: Sequence[Bid], chosen: Sequence[bool], wish: Sequence[float], value: Sequence[float]
) -> None:
    """Raises the chosen to what the program gave them, the most valuable first, then on into what is left."""
    order = sorted(
        (k for k in range(len(bids)) if chosen[k]), key=lambda k: (-round(value[k], 9), -wish[k], bids[k].index)
    )
    for k in order:
        repair.rise(bids[k], wish[k])
    order.sort(key=lambda k: (-round(value[k], 9), -(wish[k] - repair.amps[bids[k].index]), bids[k].index))
    for k in order:
        repair.rise(bids[k], bids[k].top_a)
