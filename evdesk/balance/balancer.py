"""The balancer: one `step` a second, from what is known to what each connector may take, and why.

Order of a step: take in (tracks, house) -> share, if due -> move the limits there (down at once, up only into room that
is really free) -> enforce every line -> explain. Nothing is remembered about commands: the demands say what is in force.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from evdesk.balance.failsafe import safe_share, site_share
from evdesk.balance.house import House, Other
from evdesk.balance.lines import EPS, Net, build_lines, usable
from evdesk.balance.policy import Seat, bidder, drop_order, rank, reclaim
from evdesk.balance.safety import Cut, Cuttable, enforce, relieve
from evdesk.balance.sharing import Bidder, Shares, full_line, share
from evdesk.balance.track import ANSWER_S, Bounds, Track, clean
from evdesk.balance.types import Decision, Demand, Key, LineSample
from evdesk.balance.view import line_views
from evdesk.model import Bay, Site, Why, WhyCode

SLACK_A = 0.5
"""Room left unused when raising, so that meter noise does not take the last ampere back each time."""

SWAP_S = 15.0
"""A raise that waits this long for somebody's reduction takes what is free by then."""

SOON_S = 5.0
"""Sharing runs at most this often for headroom alone."""


@dataclass(slots=True)
class Second:
    """Everything one step works on. `rooms`: ampere per line left for connectors."""

    now: float
    seats: list[Seat]
    others: list[Other]
    rooms: list[float]
    base: list[float]
    blame: dict[int, int] = field(default_factory=dict)
    """Position -> the line that cut it in this step."""
    shared: bool = False


class Balancer:
    """Pure and deterministic: the same calls give the same decisions. All times are the caller's seconds."""

    def __init__(self, site: Site) -> None:
        self._tracks: dict[Key, Track] = {}
        self._cut_at: dict[str, float] = {}
        self._house = House(site.balance)
        self._signature: tuple[object, ...] = ()
        self._shared_at = -math.inf
        self.reconfigure(site)

    def reconfigure(self, site: Site) -> None:
        """Takes a changed site; connectors, lines and meters that are still there keep their state."""
        self._site = site
        self._bays = {(b.charger_id, b.connector_id): b for b in site.bays}
        self._safe = safe_share(site)
        self._site_share = site_share(site)
        self._margin = max(site.balance.margin_a, 0.0)
        self._tracks = {key: self._tracks.get(key, Track(key)) for key in sorted(self._bays)}
        self._net = Net(build_lines(site), tuple(self._tracks))
        self._house.reconfigure(site.balance)
        self._signature = ()

    def step(self, now: float, demands: Sequence[Demand], samples: Sequence[LineSample]) -> Decision:
        """One second. `demands`: one per connector, missing ones count as silent at their full rating; `samples`: the
        newest of each meter, repeating one is harmless. Never raises for odd values: they count as unknown."""
        second = self._take_in(now, demands, samples)
        before = [seat.track.limit for seat in second.seats]
        if self._site.balance.enabled:
            if self._due(second):
                self._share(second)
            self._move(second)
            self._protect(second)
        urgent = {s.demand.key for s, had in zip(second.seats, before, strict=True) if s.track.limit < had}
        self._settle(second)
        return Decision(
            at=now,
            limits={seat.demand.key: self._limit(seat) for seat in second.seats},
            urgent=frozenset(urgent),
            lines=line_views(self._net, second.seats, second.others, self._margin, now),
            safe_share_a=self._site_share,
            shared=second.shared,
        )

    # -- what is known ---------------------------------------------------------------------------------------------

    def _take_in(self, now: float, demands: Iterable[Demand], samples: Sequence[LineSample]) -> Second:
        given = {demand.key: demand for demand in demands}
        seats: list[Seat] = []
        for index, (key, track) in enumerate(self._tracks.items()):
            bay = self._bays[key]
            seat = _seat(index, given.get(key) or _silent(key, bay), track, bay, int(self._safe[key]))
            fresh = track.observe(seat.demand, seat.worst_a, now)
            _begin(seat, now)
            seat = replace(seat, base_a=_base(seat, now))
            reclaim(seat, now, fresh)
            seats.append(seat)
        self._net.use([seat.used for seat in seats])
        self._house.set_lag(max((s.track.sample_s for s in seats if s.demand.commandable), default=10.0))
        self._house.take(samples, now)
        nowish = [s.track.bounds(now, s.used) for s in seats]
        past = now - self._house.lag_s
        earlier: list[Bounds] = [s.track.bounds_at(past, now, s.used) for s in seats]
        others = self._house.estimate(self._net.wires, now, nowish, earlier)
        rooms = [w.line.limit_a - self._margin - o.plan_a for w, o in zip(self._net.wires, others, strict=True)]
        return Second(now, seats, others, rooms, [s.base_a for s in seats])

    # -- sharing ---------------------------------------------------------------------------------------------------

    def _due(self, second: Second) -> bool:
        signature = tuple((s.active, s.steerable, s.top_a, s.cap_a, s.used) for s in second.seats)
        changed, self._signature = signature != self._signature, signature
        elapsed = second.now - self._shared_at
        if changed or elapsed >= self._site.balance.share_every_s or elapsed < 0:
            return True
        return elapsed >= SOON_S and self._headroom(second)

    def _headroom(self, second: Second) -> bool:
        """Somebody wants more, may have it, and every line above carries it."""
        amps = [float(s.track.limit) if s.steerable else s.base_a for s in second.seats]
        for seat in second.seats:
            if not seat.steerable:
                continue
            step = 1 if seat.track.limit else seat.min_a
            if self._bidder(seat, second).top_a < seat.track.limit + step or seat.track.target > seat.track.limit:
                continue
            more = list(amps)
            more[seat.index] = seat.track.limit + step + SLACK_A
            if full_line(self._net, second.rooms, more, seat.index) is None:
                return True
        return False

    def _bidder(self, seat: Seat, second: Second) -> Bidder:
        hold = self._site.balance.raise_hold_s
        over = self._net.over[seat.index]
        cut = max((self._cut_at.get(self._net.wires[w].line.name, -math.inf) for w in over), default=-math.inf)
        unsure = any(second.others[w].stale or second.others[w].fresh_s < hold for w in over)
        return bidder(seat, second.now, second.now - cut < hold, unsure)

    def _share(self, second: Second) -> None:
        """The equal shares of this moment become the targets."""
        self._shared_at, second.shared = second.now, True
        ranked = rank([s for s in second.seats if s.steerable], second.now)
        fixed = [0.0 if s.steerable else s.base_a for s in second.seats]
        bids = {seat.index: self._bidder(seat, second) for seat in ranked}
        shares = share(self._net, second.rooms, fixed, list(bids.values()))
        for seat in ranked:
            amps = int(shares.amps[seat.index])
            track = seat.track
            if amps != track.target:
                track.target_at = second.now
            track.target = amps
            track.target_why = self._why_shared(seat, shares, bids[seat.index], second)

    def _why_shared(self, seat: Seat, shares: Shares, bid: Bidder, second: Second) -> Why:
        waits = shares.waiting.get(seat.index)
        if waits is not None:
            if seat.top_a < seat.min_a:
                return seat.demand.ceiling_why
            return (
                self._why_line(waits, second, shares.amps, WhyCode.WAITING)
                if waits >= 0
                else Why(WhyCode.WAITING, detail="dwell")
            )
        blocked = shares.blocked.get(seat.index)
        if blocked is not None:
            return self._why_line(blocked, second, shares.amps)
        if bid.top_a < seat.cap_a:
            return self._why_held(seat, second, shares.amps)
        if seat.cap_a < seat.top_a:
            return Why(WhyCode.CAR)
        return seat.demand.ceiling_why

    def _why_held(self, seat: Seat, second: Second, amps: Sequence[float]) -> Why:
        """Why it may not rise now although there may be room: a silent meter, one that just came, or a fresh cut."""
        over = self._net.over[seat.index]
        if any(second.others[w].stale for w in over):
            return Why(WhyCode.SAFE_SHARE, detail="stale_meter")
        if not over or any(second.others[w].fresh_s < self._site.balance.raise_hold_s for w in over):
            return Why(WhyCode.SAFE_SHARE, detail="settling")
        return replace(self._why_line(min(over, key=lambda w: second.rooms[w]), second, amps), detail="hold")

    def _why_line(self, w: int, second: Second, amps: Sequence[float], code: WhyCode = WhyCode.LINE) -> Why:
        """The line and what is given out on it: the other load planned for, and each connector at its limit."""
        wire = self._net.wires[w]
        load = second.others[w].plan_a + wire.load([max(a, b) for a, b in zip(amps, second.base, strict=True)])
        return Why(code, line=wire.line.name, load_a=round(load, 1), rating_a=wire.line.limit_a)

    # -- moving ----------------------------------------------------------------------------------------------------

    def _move(self, second: Second) -> None:
        """Down at once; up only where every line carries it even while others still hold their old limits."""
        steerable = [s for s in second.seats if s.steerable]
        for seat in steerable:
            if seat.track.target < seat.track.limit:
                _set(seat, seat.track.target, seat.track.target_why, second.now)
        amps = [max(s.base_a, s.worst_a, float(s.track.limit)) for s in second.seats]
        for seat in sorted(steerable, key=lambda s: (s.track.limit, s.index)):
            track = seat.track
            if track.target <= track.limit:
                if track.target == track.limit and seat.index not in second.blame:
                    _set(seat, track.limit, track.target_why, second.now)
                continue
            held = amps[seat.index]
            reach = self._highest(seat, second, amps, track.target)
            late = second.now - track.target_at >= SWAP_S
            if reach == track.target or (late and reach >= max(track.limit + 1, seat.min_a)):
                amps[seat.index] = max(held, float(reach))
                _set(seat, reach, track.target_why, second.now)

    def _highest(self, seat: Seat, second: Second, amps: Sequence[float], top: int) -> int:
        """The most this one can have now with all others as they are."""
        trial = list(amps)
        for level in range(top, seat.track.limit, -1):
            trial[seat.index] = float(level)
            if full_line(self._net, second.rooms, trial, seat.index) is None:
                return level
        return seat.track.limit

    # -- safety ----------------------------------------------------------------------------------------------------

    def _protect(self, second: Second) -> None:
        """Every line must carry the limits plus everything that cannot be commanded; else cut, now."""
        active = [s for s in second.seats if s.active]  # also those that do not obey: they are told no more than fits
        before = [s.track.limit if s.active else 0 for s in second.seats]
        cut = Cut(list(before))
        floors = {s.index: s.min_a for s in active}
        enforce(self._net, second.rooms, second.base, cut, Cuttable(floors, drop_order(active, second.now, False)))
        self._relieve_metered(second, cut, Cuttable(floors, drop_order(active, second.now, True)))
        now_a = [float(limit) for limit in cut.limits]
        for seat in active:
            if cut.limits[seat.index] >= before[seat.index]:
                continue
            w = cut.by[seat.index]
            second.blame[seat.index] = w
            self._cut_at[self._net.wires[w].line.name] = second.now
            waits = cut.limits[seat.index] == 0
            why = self._why_line(w, second, now_a, WhyCode.WAITING if waits else WhyCode.LINE)
            _set(seat, cut.limits[seat.index], why, second.now)
            seat.track.target = min(seat.track.target, seat.track.limit)

    def _relieve_metered(self, second: Second, cut: Cut, cuttable: Cuttable) -> None:
        """A meter above its rating: only real current helps, so a limit nobody uses counts as what is drawn."""
        drawn: list[float] | None = None
        for w, wire in enumerate(self._net.wires):
            total = second.others[w].total_a
            if total is None or total <= wire.line.limit_a:
                continue
            if drawn is None:
                drawn = [_drawn(s, second.now) for s in second.seats]
            house = max(total - wire.load(drawn), 0.0)
            relieve(wire, w, wire.line.limit_a - self._margin - house, second.base, drawn, cut, cuttable)

    def _settle(self, second: Second) -> None:
        """Who is on, who waits, since when."""
        for seat in second.seats:
            track = seat.track
            if not seat.active:
                track.limit = track.target = 0
                track.on_at = track.wait_at = track.cap = None
                track.decided = False
            elif track.limit > 0:
                track.on_at = second.now if track.on_at is None else track.on_at
                track.wait_at = None
            else:
                if track.on_at is not None:
                    track.off_at = second.now
                track.on_at = None
                track.wait_at = second.now if track.wait_at is None else track.wait_at

    def _limit(self, seat: Seat) -> tuple[float, Why]:
        if not self._site.balance.enabled:
            return float(seat.top_a), Why(WhyCode.OFF)
        if seat.active:
            return float(seat.track.limit), seat.track.why
        if not seat.demand.wants:
            return float(seat.safe_a), Why(WhyCode.NO_CAR)
        return float(seat.safe_a), Why(WhyCode.SAFE_SHARE)


def _silent(key: Key, bay: Bay) -> Demand:
    """A connector nobody spoke of: it may draw all its outlet gives."""
    return Demand(key, True, False, None, bay.max_a, bay.max_a, Why(WhyCode.CHARGER), min_a=bay.min_a)


def _seat(index: int, demand: Demand, track: Track, bay: Bay, safe_a: int) -> Seat:
    worst = clean(demand.worst_a)
    one, two, three = demand.terminals if any(demand.terminals) else (True, True, True)
    return Seat(
        index=index,
        demand=demand,
        track=track,
        worst_a=max(usable(bay.max_a) if worst is None else worst, 0.0),
        top_a=math.floor(min(usable(demand.ceiling_a), usable(bay.max_a)) + EPS),
        min_a=max(math.ceil(usable(demand.min_a) - EPS), 6),
        safe_a=safe_a,
        used=(one, two and bay.phases > 1, three and bay.phases > 2) if one or two or three else (True, False, False),
        base_a=0.0,
    )


def _begin(seat: Seat, now: float) -> None:
    """The first step of a connector that already follows a limit takes that limit for its own (a restart of the engine
    must not pause every car)."""
    track = seat.track
    if not seat.active or track.decided:
        return
    track.decided = True
    confirmed = clean(seat.demand.confirmed_a)
    have = math.floor(confirmed + EPS) if confirmed is not None else 0
    track.limit = track.target = min(have, seat.top_a) if have >= seat.min_a else 0
    track.on_at = now if track.limit else None
    track.wait_at = None if track.limit else now
    track.why = Why(WhyCode.UNKNOWN, since_at=now)


def _base(seat: Seat, now: float) -> float:
    """What flows whatever is decided: nobody to command, a car that does not obey, a charger that does not answer."""
    if not seat.active:
        return seat.worst_a
    unanswered = seat.track.unanswered_at
    if unanswered is not None and now - unanswered > ANSWER_S:
        return seat.worst_a
    return seat.track.overdrawn(now)


def _drawn(seat: Seat, now: float) -> float:
    """What a connector draws, as far as its last reading tells; else the most it may."""
    reach = seat.track.reach(now)
    drawn = seat.track.drawn_max(now)
    return reach if drawn is None else min(drawn, max(reach, drawn))


def _set(seat: Seat, amps: int, why: Why, now: float) -> None:
    """A limit and its reason; the reason keeps its age (and the figures of its moment) while it stays the same."""
    track = seat.track
    same = (track.why.code, track.why.line, track.why.detail) == (why.code, why.line, why.detail)
    if amps < track.limit:
        track.lowered_at = now
    if amps != track.limit or not same:
        track.why = replace(why, since_at=now)
    track.limit = amps
