"""The sharing inside the balancer that looks ahead: who leaves when, how much each still wants, from what was said and from
what earlier charges were like. The same program as `Sharing`; the balancer decides around it what must hold each second.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evdesk.balance.allotment import FIRST_S
from evdesk.balance.fit import Fit, Reals
from evdesk.balance.lines import EPS, Net
from evdesk.balance.outlook import UNSAID, History, Told, edges
from evdesk.balance.plan import ends_s, plan
from evdesk.balance.plausible import plausible, power_kw
from evdesk.balance.policy import Seat, asleep
from evdesk.balance.prospects import Car, energy_kwh, prospects
from evdesk.balance.repair import Bid
from evdesk.balance.sharing import Bidder, Shares
from evdesk.balance.standing import AHEAD, ENOUGH, at_minimum, everybody_on, stands
from evdesk.balance.taper import Taper
from evdesk.balance.types import Key

INTERRUPTIONS = 1
"""How often a charge is paused to the good of others; lines that get tighter pause all the same."""


WAITS = 4.0
"""Looking ahead, a turn takes so many times the usual one where somebody must be paused for it, or the car is known to stay
longer than that: energy first, but nobody waits all day."""

TURN_WORTH = 1.0
"""Value of a kWh to one that has waited that long, on top."""

LOOK_S = 10.0
"""What cars take is added up this often, and before each sharing."""

CALM_S = 900.0
LITTLE_A, LITTLE = 2.0, 0.03
"""For so long nobody's share changes for so little more in all (ampere, part)."""


@dataclass(slots=True)
class _Guest:
    plugged_at: float
    got_kwh: float = 0.0
    at: float = 0.0
    told: Told = UNSAID
    pauses: int = 0
    on: bool = False
    slept: bool = False  # drew nothing when it was paused: full or timed
    taper: Taper = field(default_factory=Taper)
    turned: bool = False  # has waited for its turn: goes on like one that was paused before


@dataclass(slots=True)
class Foresight:
    """Keeps the charges it has seen; one for the whole site."""

    history: History = field(default_factory=History)
    _guests: dict[Key, _Guest] = field(default_factory=dict)
    _moved_at: float = -math.inf
    _seen_at: float = -math.inf

    def overdue(self, now: float) -> bool:
        """Whether nobody has looked for so long that energy would be lost sight of."""
        return not 0.0 <= now - self._seen_at < LOOK_S

    def see(self, seats: Sequence[Seat], now: float) -> None:
        """Before each sharing and each `LOOK_S`: who came, who left, what each has got."""
        self._seen_at = now
        here = {seat.demand.key: seat for seat in seats if seat.demand.wants}
        for key in [k for k in self._guests if k not in here]:
            guest = self._guests.pop(key)
            self.history.ended(guest.plugged_at, now, guest.got_kwh, guest.told)
        for key, seat in here.items():
            self._see(key, seat, now)

    def got_kwh(self, seat: Seat) -> float:
        """What a car has got since it was plugged in, as of the last look."""
        guest = self._guests.get(seat.demand.key)
        return 0.0 if guest is None else guest.got_kwh

    def _see(self, key: Key, seat: Seat, now: float) -> None:
        demand = plausible(seat.demand)
        guest = self._guests.get(key)
        if guest is None:
            plugged = demand.plugged_at if demand.plugged_at is not None and demand.plugged_at <= now else now
            guest = self._guests[key] = _Guest(plugged, at=now)
        passed = min(max(now - guest.at, 0.0), 60.0)
        guest.at = now
        guest.told = Told(demand.departure_at, demand.needs_kwh, demand.trust)
        flowing = float(seat.track.limit) if seat.track.drawn is None else seat.track.drawn
        guest.got_kwh = energy_kwh(demand, guest.got_kwh, flowing, passed)
        if seat.track.cap is not None:
            guest.taper.see(seat.track.leaves.top_a, guest.got_kwh)
        elif seat.track.drawn is not None and seat.track.limit > 0:
            guest.taper.clear()
        on = seat.track.limit > 0
        if guest.on and not on:
            guest.slept = asleep(seat, now)
            guest.pauses += not guest.slept
        guest.on = on

    def share(
        self,
        net: Net,
        fit: Fit,
        hold: Sequence[float],
        tight: Sequence[float],
        fixed: Sequence[float],
        seats: Sequence[Seat],
        ranked: Sequence[Bidder],
        now: float,
    ) -> Shares | None:
        """Shares for these bidders; None where the program finds nothing: equal shares stand in. `hold`: ampere per line
        for the minimum of those already on; `tight`: for all else."""
        by_index = {seat.index: seat for seat in seats}
        pairs = [(by_index[bidder.index], bidder) for bidder in ranked if bidder.index not in net.unplaced]
        if not pairs:
            return None
        turns = any(_waited(seat, now) for seat, _ in pairs)
        bids = [self._bid(seat, bidder, rank, now, turns) for rank, (seat, bidder) in enumerate(pairs)]
        rooms, bids = _going_on(fit, hold, tight, fixed, bids, [asleep(seat, now) for seat, _ in pairs])
        told = [self._guests[seat.demand.key].told for seat, _ in pairs]
        silent = all(t.departure_at is None and t.needs_kwh is None for t in told)
        asked = everybody_on(fit, rooms, fixed, bids) if silent else bids
        asked = self._with_turns(fit, rooms, fixed, pairs, asked, now)
        known = [self._car(seat, bidder, now) for seat, bidder in pairs]
        edges_s = edges(FIRST_S, ends_s(len(bids)))
        found = plan(net, fit, rooms, fixed, asked, prospects(self.history, known, now, edges_s), edges_s)
        if not found.solved:
            return None
        amps = [float(a) for a in found.amps]
        if self._calm(fit, rooms, fixed, bids, amps, now):
            for bid in bids:
                amps[bid.index] = bid.now_a
            found = replace(found, amps=np.array(amps))
        else:
            self._moved_at = now
        return self._told(net, fit, rooms, fixed, pairs, bids, found.amps, now)

    def _told(
        self,
        net: Net,
        fit: Fit,
        rooms: Sequence[float],
        fixed: Sequence[float],
        pairs: Sequence[tuple[Seat, Bidder]],
        bids: Sequence[Bid],
        amps: Reals,
        now: float,
    ) -> Shares:
        """The shares with what keeps each from more."""
        shares = Shares([float(a) for a in amps], {}, dict.fromkeys(net.unplaced, -1))
        enough: set[int] = set()
        for (seat, _), bid, stand in zip(pairs, bids, stands(fit, rooms, fixed, bids, amps), strict=True):
            off = shares.amps[bid.index] <= 0
            if off:
                shares.waiting[bid.index] = stand.wire if bid.able else -1
            elif shares.amps[bid.index] < bid.top_a:
                shares.blocked[bid.index] = stand.wire
            if stand.detail == AHEAD and bid.able:
                turn_at = self._turn_at(seat, now)
                shares.ahead[bid.index] = turn_at if off and turn_at > now else None
            elif stand.detail == ENOUGH:
                enough.add(bid.index)
            elif off and bid.able:
                shares.turns[bid.index] = _turns_change(fit, stand.wire, pairs, shares.amps, now)
        return replace(shares, enough=frozenset(enough))

    def _turn_at(self, seat: Seat, now: float) -> float:
        """By when a car that has nothing gets its minimum, where that fits beside those of all others. Long turns where its
        time allows them; at once where it must charge from now on until it leaves to get what it needs."""
        guest = self._guests[seat.demand.key]
        since = now if seat.track.wait_at is None else seat.track.wait_at
        turn_s, told = seat.rules.turn_s, guest.told
        if guest.slept:
            return since + WAITS * turn_s
        stay_trust, need_trust = self.history.trust(told)
        if told.departure_at is None or told.needs_kwh is None or min(stay_trust, need_trust) <= 0:
            return since + turn_s
        lacks = told.needs_kwh - guest.got_kwh
        takes_s = max(lacks, 0.0) / (power_kw(seat.demand.kw_per_a) * max(seat.min_a, 1)) * 3600.0
        spare_s = told.departure_at - now - takes_s
        if spare_s > max(WAITS * turn_s, takes_s):
            return since + WAITS * turn_s
        return since if lacks > 0 and spare_s <= WAITS * turn_s else since + turn_s

    def _with_turns(
        self,
        fit: Fit,
        rooms: Sequence[float],
        fixed: Sequence[float],
        pairs: Sequence[tuple[Seat, Bidder]],
        bids: Sequence[Bid],
        now: float,
    ) -> list[Bid]:
        """Who has waited long enough is as good as on, so far as the minimums of all fit: nobody stays at nothing so that
        others have more than theirs."""
        found, limits = list(bids), fit.limits(rooms)
        load = at_minimum(fit, fixed, [bid for bid in bids if bid.able and bid.on])
        due = [(self._turn_at(seat, now), k) for k, (seat, _) in enumerate(pairs) if bids[k].able and not bids[k].on]
        for turn_at, k in sorted(due):
            index, least = bids[k].index, bids[k].least()
            if turn_at <= now and fit.room(load, limits, index) >= least - EPS:
                fit.add(load, index, least)
                found[k] = replace(bids[k], now_a=least, keep=True)
                self._guests[pairs[k][0].demand.key].turned = True
        return found

    def _calm(
        self,
        fit: Fit,
        rooms: Sequence[float],
        fixed: Sequence[float],
        bids: Sequence[Bid],
        amps: Sequence[float],
        now: float,
    ) -> bool:
        """Whether what everybody has is as good: the same cars charge, it fits, and little more would be given. Passing
        ampere to and fro between two cars each minute gains nothing and costs commands."""
        if now - self._moved_at >= CALM_S or any((amps[b.index] > 0) != b.on for b in bids):
            return False
        have = np.array(fixed, dtype=np.float64)
        for bid in bids:
            if bid.now_a > bid.top_a + EPS:
                return False
            have[bid.index] = bid.now_a
        if np.any(fit.load(have).size() > fit.limits(rooms) + EPS):
            return False
        given = sum(amps[bid.index] for bid in bids)
        return given - sum(bid.now_a for bid in bids) < max(LITTLE_A, LITTLE * given)

    def _bid(self, seat: Seat, bidder: Bidder, rank: int, now: float, turns: bool) -> Bid:
        """`turns`: somebody has waited so long that a second pause of another is no needless one."""
        guest, track = self._guests[seat.demand.key], seat.track
        on = track.limit > 0
        resting = on and track.on_at is not None and now - track.on_at < seat.rules.dwell_s
        served = turns and track.on_at is not None and now - track.on_at >= WAITS * seat.rules.turn_s
        spent = (guest.turned or guest.pauses >= INTERRUPTIONS) and not served
        keep = on and (resting or spent) and not asleep(seat, now)
        return Bid(bidder.index, float(bidder.min_a), float(bidder.top_a), float(track.limit), keep, True, float(rank))

    def _car(self, seat: Seat, bidder: Bidder, now: float) -> Car:
        guest, track = self._guests[seat.demand.key], seat.track
        leaves = track.cap is not None and bidder.top_a > 0
        return Car(
            guest.plugged_at,
            guest.got_kwh,
            guest.told,
            seat.demand.kw_per_a,
            part=track.leaves.top_a / bidder.top_a if leaves else 1.0,
            tail_kwh=guest.taper.left_kwh(guest.got_kwh, power_kw(seat.demand.kw_per_a)) if leaves else math.inf,
            priority=seat.priority,
            turn=TURN_WORTH if _waited(seat, now) else 0.0,
        )


def _turns_change(
    fit: Fit, wire: int, pairs: Sequence[tuple[Seat, Bidder]], amps: Sequence[float], now: float
) -> float | None:
    """When the first of those who fill a line with their minimums has had a long turn; None: nobody knows."""
    ends = [
        seat.track.on_at + WAITS * seat.rules.turn_s
        for seat, _ in pairs
        if amps[seat.index] > 0 and seat.track.on_at is not None and wire in fit.wire[fit.over[seat.index]]
    ]
    return min((at for at in ends if at > now), default=None)


def _going_on(
    fit: Fit,
    hold: Sequence[float],
    tight: Sequence[float],
    fixed: Sequence[float],
    bids: Sequence[Bid],
    sleeping: Sequence[bool],
) -> tuple[list[float], list[Bid]]:
    """The room per line, and the bids. Where the minimums of those on fit only into the whole of a line they go on there,
    and nobody has more: a house that takes half an ampere more must not end a charge."""
    limits, load = fit.limits(hold), fit.load(np.array(fixed, dtype=np.float64))
    kept = []
    for k in sorted(range(len(bids)), key=lambda k: (not bids[k].keep, bids[k].rank, bids[k].index)):
        bid = bids[k]
        if bid.on and bid.able and not sleeping[k] and fit.room(load, limits, bid.index) >= bid.least() - EPS:
            fit.add(load, bid.index, bid.least())
            kept.append(k)
    rooms, found, short = list(tight), list(bids), set[int]()
    for row, size in enumerate(load.size().tolist()):
        w = int(fit.wire[row])
        if size > rooms[w] + EPS:
            rooms[w] = size
            short.add(w)
    for k in kept:
        if short.intersection(fit.wire[fit.over[bids[k].index]].tolist()):
            found[k] = replace(bids[k], keep=True)
    return rooms, found


def _waited(seat: Seat, now: float) -> bool:
    """Whether it has had nothing for a long turn."""
    track = seat.track
    return track.limit <= 0 and track.wait_at is not None and now - track.wait_at >= WAITS * seat.rules.turn_s
