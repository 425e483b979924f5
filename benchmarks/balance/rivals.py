"""Rules to compare with: equal share, first come, earliest deadline, least laxity, max-min shares, round robin; and ours.

They are *models* of how others decide, all over the same exact lines, so that what differs is the rule alone. With
`floor` a rule first gives everybody its minimum, those that charge already first (no interruptions as long as that fits).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.balance.park import KW_PER_A, Rule, Seen
from evdesk.balance import Demand, Key, Line, Rules, Sharing
from evdesk.balance.fit import Fit
from evdesk.balance.lines import Net
from evdesk.balance.repair import Bid, Repair

MIN_A = 6.0


class Greedy:
    """One after the other in some order, each as much as it may have; or all by small steps in turn."""

    def __init__(self, wires: Sequence[Line], order: Callable[[float, Seen], float], whole: bool, floor: bool) -> None:
        self.net = Net(tuple(wires), tuple(sorted({key for wire in wires for key in wire.coef})))
        self.fit = Fit(self.net)
        self.limits = self.fit.limits([wire.limit_a for wire in wires])
        self.order, self.whole, self.floor = order, whole, floor

    def __call__(self, now: float, seen: Sequence[Seen]) -> Mapping[Key, float]:
        repair = Repair(self.fit, self.limits, np.zeros(len(self.net.keys)))
        line_up = sorted(seen, key=lambda car: (self.order(now, car), car.key))
        bids = [self.bid(car) for car in line_up]
        if self.floor:
            for bid in sorted(bids, key=lambda bid: not bid.on):
                repair.start(bid)
        self.share(repair, bids)
        return {car.key: float(repair.amps[bid.index]) for car, bid in zip(line_up, bids, strict=True)}

    def bid(self, car: Seen) -> Bid:
        least = MIN_A if self.whole else 0.0
        return Bid(self.net.index[car.key], least, car.max_a, car.pilot_a, steps=() if self.whole else None)

    def share(self, repair: Repair, bids: Sequence[Bid]) -> None:
        for bid in bids:
            if repair.amps[bid.index] > 0 or repair.start(bid):
                repair.rise(bid, bid.top_a)


class InTurn(Greedy):
    """Round robin: an ampere each in turn until nobody can rise."""

    def share(self, repair: Repair, bids: Sequence[Bid]) -> None:
        rising = [bid for bid in bids if repair.amps[bid.index] > 0 or repair.start(bid)]
        while rising:
            before = repair.amps.copy()
            for bid in rising:
                repair.rise(bid, float(repair.amps[bid.index]) + 1.0)
            rising = [bid for bid in rising if repair.amps[bid.index] > before[bid.index]]


class Equal(Greedy):
    """The same for everybody: the largest current that fits if all have it; late ones wait while it is below 6 A."""

    def share(self, repair: Repair, bids: Sequence[Bid]) -> None:
        amps = np.zeros(len(self.net.keys))
        for count in range(len(bids), 0, -1):
            for level in range(32, int(MIN_A) - 1, -1):
                amps[:] = 0.0
                for bid in bids[:count]:
                    amps[bid.index] = min(float(level), bid.top_a)
                if self.fit.fits(amps, self.limits):
                    for bid in bids[:count]:
                        repair.put(bid.index, amps[bid.index])
                    return


class Ours:
    """`Sharing`. Told nothing more than the other rules; statements with `trust`, None: as it measures itself."""

    def __init__(self, wires: Sequence[Line], rules: Rules, trust: float | None = None) -> None:
        self.sharing, self.trust = Sharing(wires, rules), trust

    def __call__(self, now: float, seen: Sequence[Seen]) -> Mapping[Key, float]:
        least = 0.0 if self.sharing.rules.steps is None else MIN_A
        demands = [
            Demand(
                car.key,
                ceiling_a=car.max_a,
                min_a=least,
                drawn_a=(car.drawn_a, None, None),
                plugged_at=car.plugged_s,
                kw_per_a=KW_PER_A,
                got_kwh=car.got_kwh,
                needs_kwh=car.needs_kwh,
                departure_at=car.leaves_s,
                trust=self.trust,
            )
            for car in seen
        ]
        return {key: amps for key, (amps, _) in self.sharing.decide(now, demands).items()}


def first_come(now: float, car: Seen) -> float:
    return car.plugged_s


def deadline(now: float, car: Seen) -> float:
    return car.leaves_s if car.leaves_s is not None else car.plugged_s


def laxity(now: float, car: Seen) -> float:
    """Hours it could wait and still be done."""
    if car.leaves_s is None or car.needs_kwh is None:
        return car.plugged_s
    return (car.leaves_s - now) / 3600.0 - max(car.needs_kwh - car.got_kwh, 0.0) / (car.max_a * KW_PER_A)


Maker = Callable[[Sequence[Line]], Rule]


def rivals(whole: bool, floor: bool) -> dict[str, Maker]:
    """Name -> rule over some lines. Equal share is in whole ampere only."""
    shares = Rules(() if whole else None, None, 0.0, turn_s=None, solver=False)
    found: dict[str, Maker] = {
        "first come": lambda wires: Greedy(wires, first_come, whole, floor),
        "earliest deadline": lambda wires: Greedy(wires, deadline, whole, floor),
        "least laxity": lambda wires: Greedy(wires, laxity, whole, floor),
        "round robin": lambda wires: InTurn(wires, first_come, whole, floor),
        "max-min shares": lambda wires: Ours(wires, shares),
    }
    if whole:
        found["equal share"] = lambda wires: Equal(wires, first_come, whole, False)
    return found


BLIND = ("first come", "round robin", "max-min shares", "equal share")
"""Rules that need no statement."""
