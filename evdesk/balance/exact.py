"""More out of the same lines: where equal shares leave some unused, because the crowded pair of phases holds everybody
back, a linear program finds who could have more at whose small cost.

Only where currents on a full line are not in phase (outlets between two phases, transformers): there an ampere less for
one may be two more for others. Equal max-min shares stay wherever the gain is small. Everybody who charges goes on
charging, the first ampere of each are worth more than the last, and connectors that load the same lines alike get the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from evdesk.balance.alike import alike
from evdesk.balance.fit import Fit, Reals
from evdesk.balance.lines import EPS, Net
from evdesk.balance.optimum import NoSolver, Optimum, Program
from evdesk.balance.repair import Bid, Repair
from evdesk.balance.sharing import Bidder, Shares

GAIN = 1.03
"""Ampere of all cars by the program over those by equal shares from which on it is taken."""

KEEP_GAIN = 1.01
"""From which on it stays, so that it does not change back and forth."""

LEAST_A = 2.0

TIERS = ((0.35, 1.2), (0.3, 1.08), (0.35, 1.0))
"""(part of the room above its minimum, worth of an ampere of it)"""


def improve(
    net: Net,
    fit_of: Callable[[], Fit],
    rooms: Sequence[float],
    fixed: Sequence[float],
    shares: Shares,
    ranked: Sequence[Bidder],
    had: bool,
) -> Shares | None:
    """Better shares, or None: leave it. `had`: it was taken the last time. Everybody keeps its minimum; every line holds
    as it did."""
    if all(net.wires[w].aligned for w in shares.blocked.values()):
        return None
    fit = fit_of()
    if len({bidder.tier for bidder in ranked}) > 1:
        return None  # who comes first is filled first
    on = [bidder for bidder in ranked if shares.amps[bidder.index] > 0]
    bids = [Bid(b.index, float(b.min_a), float(b.top_a), float(b.now_a)) for b in on]
    before = sum(shares.amps[bid.index] for bid in bids)
    repair = Repair(fit, fit.limits(rooms), np.array(fixed, dtype=np.float64))
    least = repair.load.size()
    for bid in bids:
        repair.put(bid.index, bid.min_a)
    repair.limits = np.maximum(repair.limits, repair.load.size())  # who is on keeps its minimum even in less room
    try:
        wish, value = Optimum(fit, repair.limits - least, _program(bids)).solve()
    except NoSolver:
        return None
    _raise(repair, bids, alike(fit, bids, wish, [None] * len(bids)), value)
    after = sum(float(repair.amps[bid.index]) for bid in bids)
    if after < before * (KEEP_GAIN if had else GAIN) or after - before < LEAST_A:
        return None
    return replace(shares, amps=[float(amps) for amps in repair.amps], blocked=_blocked(fit, repair, bids))


def _program(bids: Sequence[Bid]) -> Program:
    """One span of an hour, a kW per ampere: energy is ampere."""
    n = len(bids)
    low, top = np.array([b.min_a for b in bids]), np.array([max(b.top_a, b.min_a) for b in bids])
    one = np.ones((n, 1))
    needs = np.stack([part * (top - low) for part, _ in TIERS], axis=1)
    needs[:, 0] += low
    worth = np.tile(np.array([value for _, value in TIERS]), (n, 1))
    return Program(
        columns=[bid.index for bid in bids],
        low=low,
        top=top,
        later=top,
        hours=np.ones(1),
        present=one,
        stays=one,
        kw=np.ones(n),
        needs=needs,
        worth=worth,
        bonus=np.zeros(n),
        fade=np.zeros(1),
    )


def _raise(repair: Repair, bids: Sequence[Bid], wish: Reals, value: Reals) -> None:
    order = sorted(range(len(bids)), key=lambda k: (-round(float(value[k]), 9), -bids[k].now_a, bids[k].index))
    for k in order:
        repair.rise(bids[k], float(wish[k]) + EPS)
    rising = order
    while rising:  # the rest an ampere each
        rising = [k for k in rising if _one_more(repair, bids[k])]


def _one_more(repair: Repair, bid: Bid) -> bool:
    before = float(repair.amps[bid.index])
    repair.rise(bid, before + 1.0)
    return bool(repair.amps[bid.index] > before)


def _blocked(fit: Fit, repair: Repair, bids: Sequence[Bid]) -> dict[int, int]:
    found: dict[int, int] = {}
    for bid in bids:
        row = repair.full_row(bid.index)
        if row >= 0 and repair.amps[bid.index] < bid.top_a:
            found[bid.index] = int(fit.wire[row])
    return found
