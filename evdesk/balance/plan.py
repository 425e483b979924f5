"""Who gets how much, decided over the true lines: prospects in, limits out.

The linear program sees a few spans ahead and says what would be best with currents of any size; `repair` makes limits of
it; the program is solved once more for those who charge. Without a solver, or when it finds nothing, equal max-min
shares (`sharing`) stand in: they need nothing but the lines.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evdesk.balance.alike import alike
from evdesk.balance.fit import Fit, Reals
from evdesk.balance.lines import EPS, Net
from evdesk.balance.optimum import NoSolver, Optimum, Program
from evdesk.balance.repair import Bid, Repair, choose, fill
from evdesk.balance.sharing import Bidder, share

ENDS_S = (2100.0, 5700.0, 12900.0, 29100.0, 54300.0)
"""Ends of the spans looked ahead, after the first: short soon, long late, as far as cars are likely to stay."""

FEWER_ENDS_S = (2700.0, 9000.0, 29100.0, 54300.0)
FEWEST_ENDS_S = (5700.0, 29100.0)
"""With many cars, for the time budget."""

FADE = 0.2
"""What a kWh in the last span is worth less than now: somebody else will have come by then."""

WORTHS = ((0.3, 1.8), (0.3, 1.4), (0.2, 1.15), (0.2, 1.0))
"""(part of what a car needs in all, value of a kWh of it): the fairness. Too flat for a kWh to be left ungiven."""

STAY_ON = 0.12
"""Value per kWh of going on with a car that charges: no switching for small gains."""

START_FROM = 0.5
STAY_FROM = 0.02
"""Parts of its minimum the program must give a car for a start, and for going on."""


def ends_s(cars: int) -> tuple[float, ...]:
    """How finely to look ahead for so many cars."""
    if cars <= 40:
        return ENDS_S
    return FEWER_ENDS_S if cars <= 64 else FEWEST_ENDS_S


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is expected of one bidder. `present`, `stays` (B): see `optimum.Program`. `kw`: kW per ampere of its limit,
    less where it leaves part of it unused. `got_kwh`, `left_kwh`: so far, and still wanted. `sure`: the need is known, no
    more is given. `bonus`: value per kWh on top. `weight`: factor on the value of all it gets (priority)."""

    present: Reals
    stays: Reals
    kw: float
    got_kwh: float
    left_kwh: float
    sure: bool = False
    bonus: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`amps` per position of the net, fixed ones unchanged. `solved` False: water-filling stood in."""

    amps: Reals
    solved: bool


def plan(
    net: Net,
    fit: Fit,
    rooms: Sequence[float],
    fixed: Sequence[float],
    bids: Sequence[Bid],
    prospects: Sequence[Prospect],
    edges_s: Reals,
    *,
    solver: bool = True,
) -> Plan:
    """`rooms`: ampere per line; `fixed`: per position, 0 for every bidder. Every line holds afterwards, whatever each car
    draws up to its limit, unless the fixed loads alone break it (nobody gets anything on such a line)."""
    if not bids:
        return Plan(np.array(fixed, dtype=np.float64), True)
    try:
        if not solver:
            raise NoSolver("not wanted")
        return Plan(_solved(fit, rooms, fixed, bids, prospects, edges_s), True)
    except NoSolver:
        return Plan(_water(net, fit, rooms, fixed, bids), False)


def _solved(
    fit: Fit,
    rooms: Sequence[float],
    fixed: Sequence[float],
    bids: Sequence[Bid],
    prospects: Sequence[Prospect],
    edges_s: Reals,
) -> Reals:
    base = np.array(fixed, dtype=np.float64)
    limits = fit.limits(rooms)
    repair = Repair(fit, limits, base)
    program = _program(bids, prospects, edges_s)
    optimum = Optimum(fit, limits - repair.load.size(), program)
    try:
        wish, value = optimum.solve()
    except NoSolver:  # a line got tighter: not all who should go on can
        optimum.bound(np.zeros(len(bids)), program.top)
        wish, value = optimum.solve()
    capped = [replace(bid, top_a=max(float(top), 0.0)) for bid, top in zip(bids, program.top, strict=True)]
    chosen = choose(repair, capped, wish.tolist(), START_FROM, STAY_FROM)
    least = np.array([bid.least() if on else 0.0 for bid, on in zip(capped, chosen, strict=True)])
    optimum.bound(least, np.where(chosen, program.top, 0.0))
    try:
        wish, value = optimum.solve()
    except NoSolver:
        pass  # the minimums fit only to the tolerance of the tangents; what was found before is as good
    on = [k for k, chosen_k in enumerate(chosen) if chosen_k]
    wish[on] = alike(fit, [capped[k] for k in on], wish[on], [_sort(prospects[k]) for k in on])
    fill(repair, capped, chosen, wish.tolist(), value.tolist())
    _leftover(repair, capped, chosen, program.bonus.tolist())
    return repair.amps


def _sort(prospect: Prospect) -> Hashable:
    """Cars of which the same is expected, and that got as much within a kWh."""
    left = round(prospect.left_kwh, 3) if prospect.sure else None
    return (round(prospect.got_kwh), prospect.present.tobytes(), prospect.weight, left)


def _leftover(repair: Repair, bids: Sequence[Bid], chosen: Sequence[bool], bonus: Sequence[float]) -> None:
    """Nobody is left out while there is room: first those that charge already, then who is dearest."""
    rest = [k for k, bid in enumerate(bids) if not chosen[k] and bid.able]
    for k in sorted(rest, key=lambda k: (not bids[k].on, -bonus[k], bids[k].rank, bids[k].index)):
        if repair.start(bids[k]):
            repair.rise(bids[k], bids[k].top_a)


def _program(bids: Sequence[Bid], prospects: Sequence[Prospect], edges_s: Reals) -> Program:
    hours = (edges_s[1:] - edges_s[:-1]) / 3600.0
    spans = len(hours)
    kw = np.array([p.kw for p in prospects])
    left = np.array([p.left_kwh for p in prospects])
    ceiling = np.array([bid.top_a for bid in bids])
    least = np.array([bid.least() if bid.able else 0.0 for bid in bids])
    able = np.array([bid.able and bid.least() <= bid.top_a + EPS for bid in bids])
    keep = np.array([bid.keep and bid.on for bid in bids])
    whole = np.array([bid.steps is not None for bid in bids])
    sure = np.array([p.sure for p in prospects])
    need_a = left / (kw * hours[0])
    need_a = np.where(whole, np.ceil(need_a - EPS), need_a)
    top = np.where(able, np.where(sure, np.clip(need_a, least, ceiling), ceiling), 0.0)
    needs, worth = _worths(prospects)
    needs[:, -1] += np.maximum(0.0, top * kw * hours[0] - needs.sum(axis=1))  # the least limit may be above the need
    return Program(
        columns=[bid.index for bid in bids],
        low=np.where(keep & able, least, 0.0),
        top=top,
        later=np.where(ceiling > 0, ceiling, 0.0),
        hours=hours,
        present=np.array([p.present for p in prospects]),
        stays=np.array([p.stays for p in prospects]),
        kw=kw,
        needs=needs,
        worth=worth,
        bonus=np.array([p.bonus + STAY_ON * bid.on for p, bid in zip(prospects, bids, strict=True)]),
        fade=FADE * np.arange(spans) / max(1, spans - 1),
    )


def _worths(prospects: Sequence[Prospect]) -> tuple[Reals, Reals]:
    """What each car still needs, by worth: the part it has got is taken off the dearest."""
    got = np.array([p.got_kwh for p in prospects])
    whole = got + np.array([p.left_kwh for p in prospects])
    weight = np.array([p.weight for p in prospects])
    needs = np.zeros((len(prospects), len(WORTHS)))
    for s, (part, _) in enumerate(WORTHS):
        taken = np.minimum(part * whole, got)
        got = got - taken
        needs[:, s] = part * whole - taken
    return needs, weight[:, None] * np.array([value for _, value in WORTHS])[None, :]


def _water(net: Net, fit: Fit, rooms: Sequence[float], fixed: Sequence[float], bids: Sequence[Bid]) -> Reals:
    """Max-min shares in whole ampere, brought down to allowed limits, then what is left."""

    def order(bid: Bid) -> tuple[bool, bool, float, int]:
        """Who must go on, who is on (the longest served gives way to a turn), who waits."""
        return (not (bid.keep and bid.on), not bid.on, -bid.rank if bid.on else bid.rank, bid.index)

    ranked = sorted(bids, key=order)
    bidders = [Bidder(b.index, int(b.least()), int(b.top_a), int(b.now_a)) for b in ranked if _waterable(b)]
    found = share(net, rooms, rooms, fixed, bidders).amps
    repair = Repair(fit, fit.limits(rooms), np.array(fixed, dtype=np.float64))
    for bid in ranked:
        if bid.able and found[bid.index] > 0 and repair.start(bid):
            repair.rise(bid, found[bid.index])
    for bid in ranked:
        if repair.amps[bid.index] > 0:
            repair.rise(bid, bid.top_a)
    return repair.amps


def _waterable(bid: Bid) -> bool:
    return bid.able and bid.least() <= bid.top_a
