"""What keeps a car from more, once the program has shared: a full line, what it needs, or others that come first.

A program that looks ahead does not share equally, so a full line alone says too little: six ampere may be there for a
car as soon as others are content with their minimum. Then it waits because they come first, and is told so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evdesk.balance.fit import Fit, Load, Reals
from evdesk.balance.lines import EPS
from evdesk.balance.repair import Bid

AHEAD = "ahead"
"""Detail of a reason: the line would carry more for this car, if others did not come first."""

ENOUGH = "enough"
"""Detail of a reason: it needs no more for what is left of its charge."""


@dataclass(frozen=True, slots=True)
class Stand:
    """`wire`: the line it is about, -1: it is on none. `detail`: `AHEAD`, `ENOUGH`, or "": the line is full."""

    wire: int
    detail: str = ""


def stands(fit: Fit, rooms: Sequence[float], fixed: Sequence[float], bids: Sequence[Bid], amps: Reals) -> list[Stand]:
    """One per bid. `rooms`: ampere per line; `fixed`: per position what is not up for sharing; `amps`: what was decided."""
    limits = fit.limits(rooms)
    load, least = fit.load(amps), at_minimum(fit, fixed, [bid for bid in bids if amps[bid.index] > 0])
    more = np.zeros(len(amps))  # what others have that they might give
    for bid in bids:
        if amps[bid.index] > bid.least() + EPS:
            more[bid.index] = amps[bid.index]
    most = np.where((fit.matrix != 0) | (fit.loose != 0), more, 0.0).max(axis=1, initial=0.0)
    spare, room = limits - load.size(), limits - least.size()
    found = []
    for bid in bids:
        rows = fit.over[bid.index]
        if not len(rows):
            found.append(Stand(-1))
        elif amps[bid.index] <= 0:
            fits = fit.room(least, limits, bid.index) >= bid.least() - EPS
            row = int(rows[int((spare if fits else room)[rows].argmin())])
            found.append(Stand(int(fit.wire[row]), AHEAD if fits else ""))
        else:
            found.append(_of_one_on(fit, bid, float(amps[bid.index]), spare, most))
    return found


def _of_one_on(fit: Fit, bid: Bid, amps: float, spare: Reals, most: Reals) -> Stand:
    """On a full line nobody is held back for others who has as much as all of them."""
    rows = fit.over[bid.index]
    step = 0.1 if bid.steps is None else 1.0
    row = int(rows[int(spare[rows].argmin())])
    if spare[row] > step * 4:
        return Stand(int(fit.wire[row]), ENOUGH if amps < bid.top_a - EPS else "")
    full = rows[spare[rows] < step * np.maximum(np.abs(fit.matrix[rows, bid.index]) + fit.loose[rows, bid.index], EPS)]
    equal = full[most[full] <= amps + 1.0 + EPS]
    if len(full) and not len(equal):
        return Stand(int(fit.wire[row]), AHEAD)
    return Stand(int(fit.wire[int(equal[int(spare[equal].argmin())])]) if len(equal) else int(fit.wire[row]))


def at_minimum(fit: Fit, fixed: Sequence[float], bids: Sequence[Bid]) -> Load:
    """What the lines carry when each of these has no more than its minimum."""
    amps = np.array(fixed, dtype=np.float64)
    for bid in bids:
        amps[bid.index] = bid.least()
    return fit.load(amps)


def everybody_on(fit: Fit, rooms: Sequence[float], fixed: Sequence[float], bids: Sequence[Bid]) -> list[Bid]:
    """Where nobody said anything and the minimum of everybody fits, everybody charges: nobody waits without need."""
    least = at_minimum(fit, fixed, [bid for bid in bids if bid.able])
    if not np.all(least.size() <= fit.limits(rooms) + EPS):
        return list(bids)
    return [replace(bid, keep=True, now_a=max(bid.now_a, bid.least())) if bid.able else bid for bid in bids]
