"""Who gets how much: equal max-min shares over the true conductors, in whole ampere, 6 A or nothing.

Two steps. *Admission* goes down a list (those who charge first, then those who wait longest) and gives each its minimum
where all its lines still carry it; the rest wait and are told which line is full. *Filling* then raises all admitted ones
together until a line is full, freezes those on it, and goes on with the others: nobody can get more without taking from
somebody who has less. Unlike a scalar sum over phases this leaves no conductor unused and breaks none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evdesk.balance.lines import EPS, Net


@dataclass(frozen=True, slots=True)
class Bidder:
    """One connector that takes part. `top_a` is its ceiling now (outlet, person, car), whole ampere."""

    index: int
    min_a: int
    top_a: int
    now_a: int
    tier: int = 0


@dataclass(frozen=True, slots=True)
class Shares:
    """`amps` per position in the net (fixed ones unchanged); `blocked`: position -> the line that stopped it;
    `waiting`: position -> the line without room for its minimum (-1: its own ceiling is below the minimum). Of those who
    looked ahead: `ahead`: position -> when its turn comes at the latest (None: not known), where others come first and the
    line is not the reason; `enough`: positions that need no more; `turns`: position that waits -> when the turn of one on
    its line ends."""

    amps: list[float]
    blocked: dict[int, int]
    waiting: dict[int, int]
    ahead: dict[int, float | None] = field(default_factory=dict)
    enough: frozenset[int] = frozenset()
    turns: dict[int, float | None] = field(default_factory=dict)


def share(
    net: Net, rooms: Sequence[float], tight: Sequence[float], fixed: Sequence[float], ranked: Sequence[Bidder]
) -> Shares:
    """Max-min shares. `rooms`: ampere per line left for connectors (rating - margin - other load); `tight`: the same less
    what shall stay unused, except for the minimum of those already on. `fixed`: load per position that is not up for
    sharing, 0 for every bidder. `ranked`: bidders, who is served first when 6 A is short; a higher tier is filled first.
    A line somebody new is admitted to counts as `tight` for all behind it: the new one is raised into no more than that,
    and planned beside one that goes on with more than that it would wait for ever.
    """
    amps = list(fixed)
    admitted, waiting = _admit(net, rooms, tight, amps, ranked)
    blocked: dict[int, int] = {}
    for tier in sorted({bidder.tier for bidder in admitted}, reverse=True):
        blocked |= _fill(net, tight, amps, [bidder for bidder in admitted if bidder.tier == tier])
    return Shares(amps, blocked, waiting)


def full_line(net: Net, rooms: Sequence[float], amps: Sequence[float], index: int) -> int | None:
    """The line over this connector that is most above its room; None if all carry these amps."""
    worst, found = EPS, None
    for w in net.over[index]:
        above = net.wires[w].load(amps) - rooms[w]
        if above > worst:
            worst, found = above, w
    return found


def _admit(
    net: Net, rooms: Sequence[float], tight: Sequence[float], amps: list[float], ranked: Sequence[Bidder]
) -> tuple[list[Bidder], dict[int, int]]:
    admitted: list[Bidder] = []
    waiting: dict[int, int] = {}
    room = list(rooms)  # of those already on
    for bidder in ranked:
        if bidder.top_a < bidder.min_a or bidder.index in net.unplaced:
            waiting[bidder.index] = -1
            continue
        amps[bidder.index] = bidder.min_a
        line = full_line(net, room if bidder.now_a > 0 else tight, amps, bidder.index)
        if line is None:
            admitted.append(bidder)
            if bidder.now_a <= 0:
                for w in net.over[bidder.index]:
                    room[w] = tight[w]
        else:
            amps[bidder.index] = 0.0
            waiting[bidder.index] = line
    return admitted, waiting


def _fill(net: Net, rooms: Sequence[float], amps: list[float], admitted: Sequence[Bidder]) -> dict[int, int]:
    blocked: dict[int, int] = {}
    rising = {b.index: b for b in admitted if b.top_a > b.min_a}
    level = min((b.min_a for b in rising.values()), default=0)
    while rising:
        level = _highest_level(net, rooms, amps, rising, level)
        _set_level(amps, rising, level)
        rising = {i: b for i, b in rising.items() if b.top_a > level}
        if not rising:
            break
        _set_level(amps, rising, level + 1)
        full = [w for w in _lines_of(net, rising) if net.wires[w].load(amps) > rooms[w] + EPS]
        stopped = {i: w for w in reversed(full) for i in net.wires[w].members if i in rising}
        _set_level(amps, {i: rising[i] for i in stopped}, level)
        blocked |= stopped
        _spread_rest(net, rooms, amps, [rising.pop(i) for i in list(rising) if i in stopped], level + 1)
        level += 1
    return blocked


def _spread_rest(net: Net, rooms: Sequence[float], amps: list[float], stopped: Sequence[Bidder], level: int) -> None:
    """One more ampere for those that still fit on a line too full to raise all; who has it already keeps it. `stopped`:
    who is served first."""
    for bidder in sorted(stopped, key=lambda b: -b.now_a):
        if bidder.min_a >= level:
            continue
        before = amps[bidder.index]
        amps[bidder.index] = level
        if full_line(net, rooms, amps, bidder.index) is not None:
            amps[bidder.index] = before


def _lines_of(net: Net, rising: dict[int, Bidder]) -> list[int]:
    return sorted({w for i in rising for w in net.over[i]})


def _set_level(amps: list[float], rising: dict[int, Bidder], level: int) -> None:
    for i, bidder in rising.items():
        amps[i] = max(bidder.min_a, min(level, bidder.top_a))


def _highest_level(net: Net, rooms: Sequence[float], amps: list[float], rising: dict[int, Bidder], low: int) -> int:
    """The highest common level all lines carry; `low` is known to fit."""
    lines = [(net.wires[w], rooms[w] + EPS) for w in _lines_of(net, rising)]
    high = max(b.top_a for b in rising.values())
    while low < high:
        middle = (low + high + 1) // 2
        _set_level(amps, rising, middle)
        if all(wire.load(amps) <= room for wire, room in lines):
            low = middle
        else:
            high = middle - 1
    return low
