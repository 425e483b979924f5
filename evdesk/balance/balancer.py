"""The balancer: one `step` a second, from what is known to what each connector may take, and why.

Order of a step: take in (tracks, house) -> share, if due -> move the limits there (down at once, up only into room that
is really free) -> enforce every line -> explain. Nothing is remembered about commands: the demands say what is in force.
"""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from evdesk.balance.arguments import check_site, finite, number, one_of, several
from evdesk.balance.checks import conductor_problems
from evdesk.balance.failsafe import safe_share, site_share
from evdesk.balance.habit import METER, Pull
from evdesk.balance.house import House, Other
from evdesk.balance.intake import Intake
from evdesk.balance.layer import Layer
from evdesk.balance.lines import EPS, Net
from evdesk.balance.modes import Outside
from evdesk.balance.policy import Seat, bidder, drop_order, excess_loads, quiet, rank
from evdesk.balance.reasons import OFF, ahead_why, held_why, idle_why, line_why, own_why, silent_why, tell, waiting_why
from evdesk.balance.rooms import Rooms
from evdesk.balance.safety import Above, Cut, Cuttable, enforce, relieve_metered
from evdesk.balance.seats import rest, shown, turn
from evdesk.balance.sharing import Bidder, Shares, full_line
from evdesk.balance.types import Decision, Demand, Key, Line, LineSample, LineView, of_circuits
from evdesk.balance.view import line_views
from evdesk.balance.wiring import build_lines
from evdesk.model import CapGroup, PowerCap, ShareBy, Site, Why, WhyCode

SLACK_A = 0.5
"""Room left unused when raising, so that meter noise does not take the last ampere back each time."""

SWAP_S = 15.0
"""A raise that waits this long for somebody's reduction takes what is free by then."""

MOST_MARGIN_A = 1e6
"""Nothing is left of any line."""

SOON_S = 5.0
"""Sharing runs at most this often for headroom, or a power limit that keeps changing, alone."""


@dataclass(slots=True)
class Second:
    """Everything one step works on. `rooms`: ampere per line left for connectors; `extra`: what its breaker bears beyond
    that before somebody is switched off; `pull`: what flows under which limit; `flows`: what each connector counts as;
    `unsure`: lines whose meter is silent, or has not been back for long enough; `held`: lines of a cut
    a moment ago."""

    now: float
    seats: list[Seat]
    others: list[Other]
    rooms: list[float]
    extra: list[float]
    pull: Pull
    flows: list[float]
    unsure: Set[int]
    held: Set[int]
    shared: bool = False


class Balancer:
    """Pure and deterministic: the same calls give the same decisions. All times are the caller's seconds. One that begins
    anew while cars charge takes over what is known of other loads: `new.house.recall(old.house.found_a)`."""

    def __init__(self, site: Site, *, strict: bool = True) -> None:
        """Raises TypeError for what is no site, ValueError with the sentences of `validate_site` for a bad one. Not
        `strict`: a bad one is taken, each part at its worst: what does not hang on the supply gets nothing; and `step`
        leaves out what the site does not have."""
        check_site(site)
        self._strict = strict
        self._intake = Intake()
        self._cut_at: dict[str, float] = {}
        self.house = House(site.balance)
        self._anew = True  # something all shares depend on is new
        self._recount = False  # a power limit is another number of ampere
        self._shared_at = -math.inf
        self._outside = Outside()
        self._layer = Layer()
        self._rooms = Rooms()
        self.reconfigure(site)

    def reconfigure(self, site: Site, unable: Set[str] = frozenset()) -> None:
        """Takes a changed site; connectors, lines and meters that are still there keep their state. `unable`: chargers
        that cannot fall back by themselves, reserved in full by the safe shares. Raises like the
        constructor; then nothing has changed."""
        check_site(site)
        if self._strict and (problems := conductor_problems(site)):
            raise ValueError(" ".join(problems))
        self._site = site
        self._circuits = dict.fromkeys(circuit.name for circuit in site.circuits)
        self._intake.reconfigure(site, safe_share(site, unable))
        self._site_share = site_share(site, unable)
        self._rooms.voltage_v = max(site.voltage_v, 0.0)
        margin_a = site.balance.margin_a
        self._rooms.margin_a = max(margin_a, 0.0) if margin_a <= MOST_MARGIN_A else MOST_MARGIN_A  # NaN too
        self._rooms.silent_times = site.balance.silent_times
        self._rewire()
        self.house.reconfigure(site.balance, self._net.lines)

    def _rewire(self) -> None:
        """Takes the lines of the site and of the power limits; what is gone is forgotten."""
        self._net = Net(build_lines(self._site, self._rooms.caps), tuple(self._intake.tracks))
        names = {line.name for line in self._net.lines}
        self._cut_at = {name: at for name, at in self._cut_at.items() if name in names}
        self._rooms.forget(names)
        self._anew = True

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line that is watched now."""
        wires = self._net.wires
        return tuple(
            replace(w.line, limit_a=self._rooms.limit(w)) if w.line.name in self._rooms else w.line for w in wires
        )

    def limit_power(self, caps: Sequence[PowerCap], volts: float = 0.0) -> None:
        """The power limits in force from now on; each source counts with its smallest. Falls at once, also for chargers
        that are at their limit. `volts`: measured now, 0: nothing is measured; above the site's own voltage each ampere is
        more power. It may be said each second: what counts is its slow maximum. Raises TypeError for a wrong type,
        ValueError for a power that is not finite or negative; then all stays as it was."""
        several("caps", caps)
        for cap in caps:
            one_of("Each of caps", cap, PowerCap)
            one_of("source of a power limit", cap.source, str)
            one_of(f"group of the power limit {cap.source}", cap.group, CapGroup)
            finite(f"power_w of the power limit {cap.source}", cap.power_w, least=0.0)
        number("volts", volts)
        if self._rooms.limit_power(caps, volts):
            self._rewire()

    def step(
        self,
        now: float,
        demands: Sequence[Demand],
        samples: Sequence[LineSample],
        *,
        surplus_w: float | None = None,
        price: float | None = None,
    ) -> Decision:
        """One second. `demands`: one per connector, missing ones count as silent at their full rating; `samples`: the
        newest of each meter, repeating one is harmless; `surplus_w`: what the roof gives away, cars included, and
        `price` of a kWh now, for charging modes that go by them. Never raises for odd values of these: they count as
        unknown; so does a meter that is not heard. Raises TypeError for a wrong type, ValueError for a `now` that is no
        finite time, a sample of an unknown circuit, a demand of an unknown connector and two demands of one. One that is
        not strict leaves the unknown out and names it in `Decision.unknown`."""
        finite("now", now)
        number("surplus_w", surplus_w, none=True)
        number("price", price, none=True)
        unknown: list[str | Key] | None = None if self._strict else []
        samples = of_circuits(samples, self._circuits, unknown)
        self._outside.take(surplus_w, price)
        before = [track.limit for track in self._intake.tracks.values()]
        second = self._take_in(now, self._intake.take(now, demands, unknown), samples)
        if not self._site.balance.enabled:
            rest(second.seats, now)
            self._move(second, self._tight(second))
        else:
            if self._due(second):
                self._share(second)
            self._move(second, second.rooms)
        self._protect(second)
        urgent = {s.demand.key for s in second.seats if s.active and s.track.limit < before[s.index]}
        self._settle(second)
        return Decision(
            at=now,
            limits={self._net.keys[seat.index]: (float(shown(seat)), seat.track.why) for seat in second.seats},
            urgent=frozenset(urgent),
            look=partial(self._look, second),
            safe_share_a=self._site_share,
            shared=second.shared,
            unknown=tuple(unknown or ()),
            ignoring=tuple(s.demand.key for s in second.seats if s.over_a > 0 and s.demand.commandable),
        )

    # -- what is known -----------------------------------------------------------------------------------------------

    def _take_in(self, now: float, seats: list[Seat], samples: Sequence[LineSample]) -> Second:
        self._recount |= self._rooms.count_power(now)
        self._net.use([seat.used for seat in seats], quiet(self._net.lines, seats))
        self.house.set_lag(max((s.track.sample_s for s in seats if s.demand.commandable), default=10.0))
        self.house.take(samples, now)
        sampled = self.house.sampled_at(now)
        nowish = [s.track.bounds_since(sampled, now, s.used) for s in seats]
        past = now - self.house.lag_s
        earlier = [s.track.bounds_at(past, now, s.used) for s in seats]
        awaited = frozenset(s.index for s in seats if s.track.awaits_reading(now))
        others = self._rooms.counted(
            self._net.wires, self.house.estimate(self._net.wires, now, nowish, earlier, awaited)
        )
        rooms = [self._rooms.room(wire, other) for wire, other in zip(self._net.wires, others, strict=True)]
        extra = [self._rooms.bears(now, wire, other) for wire, other in zip(self._net.wires, others, strict=True)]
        for w, wire in enumerate(self._net.wires):
            sun = self._outside.room_a(wire, seats, self._site.voltage_v)
            if sun is not None:
                bears = self._outside.extra_a(wire, seats, sun, now)
                rooms[w], extra[w] = (sun, bears) if self._site.balance.enabled else (math.inf, 0.0)
        if self._layer.foresight.overdue(now):
            self._layer.foresight.see(seats, now)
        pull = Pull([s.base_a for s in seats], [s.excess_a for s in seats], [s.track.habit.least_a for s in seats])
        # What cars take too much, and is too little to be more than the error of meters, costs nobody an ampere.
        for w, amps in enumerate(excess_loads(self._net, seats)):
            rooms[w] += amps if amps <= METER * self._rooms.limit(self._net.wires[w]) else 0.0
        hold = self._site.balance.raise_hold_s
        unsure = {w for w, other in enumerate(others) if other.stale or other.fresh_s < hold}
        lately = {name for name, at in self._cut_at.items() if now - at < hold}
        held = {w for w, wire in enumerate(self._net.wires) if wire.line.name in lately} if lately else set[int]()
        return Second(now, seats, others, rooms, extra, pull, [s.fixed_a for s in seats], unsure, held)

    # -- sharing -----------------------------------------------------------------------------------------------------

    def _due(self, second: Second) -> bool:
        changed, self._anew = self._anew or self._intake.changed, False
        elapsed = second.now - self._shared_at
        if changed or elapsed >= self._site.balance.share_every_s or elapsed < 0:
            return True
        if any(s.steerable and s.track.limit > 0 and self._outside.waits_for_price(s) for s in second.seats):
            return True  # its hour became dear
        return elapsed >= SOON_S and (self._recount or self._headroom(second))

    def _headroom(self, second: Second) -> bool:
        """Somebody wants more, may have it, and every line above has had the room since the last cut."""
        hungry = [s for s in second.seats if s.steerable and s.track.target <= s.track.limit < s.cap_a]
        if not hungry:
            return False
        left = [room - load for load, room in zip(self._net.loads(second.flows), self._tight(second), strict=True)]
        full = {w for w, (amps, least) in enumerate(zip(left, self._net.matrix.smallest, strict=True)) if amps < least}
        for seat in hungry:
            if not full.isdisjoint(self._net.over[seat.index]):
                continue
            limit = seat.track.limit
            step = 1 if limit else seat.min_a
            more = step + (0.0 if limit else seat.excess_a)
            room = all(left[w] >= more * self._net.matrix.least(w, seat.index) for w in self._net.over[seat.index])
            if room and self._bidder(seat, second).top_a >= limit + step:
                return True
        return False

    def _tight(self, second: Second) -> list[float]:
        """The rooms to raise into: a little less where they come from a measurement."""
        return [
            room - (SLACK_A if wire.line.metered else 0.0)
            for wire, room in zip(self._net.wires, second.rooms, strict=True)
        ]

    def _unsure(self, seat: Seat, second: Second) -> bool:
        """A meter this connector's limit depends on is silent, or has not been back for long enough."""
        return not second.unsure.isdisjoint(self._net.over[seat.index])

    def _bidder(self, seat: Seat, second: Second) -> Bidder:
        held = not second.held.isdisjoint(self._net.over[seat.index])
        dear = self._site.balance.enabled and self._outside.waits_for_price(seat)
        return bidder(seat, second.now, held, self._unsure(seat, second), dear)

    def _share(self, second: Second) -> None:
        self._shared_at, second.shared, self._recount = second.now, True, False
        _try_again(self._net, second)
        self._layer.foresight.see(second.seats, second.now)
        steerable = [seat for seat in second.seats if seat.steerable]
        ranked = [self._bidder(seat, second) for seat in rank(steerable, second.now, self._layer.foresight.got_kwh)]
        fixed = [0.0 if seat.steerable else seat.fixed_a for seat in second.seats]
        above = excess_loads(self._net, second.seats)
        hold = [room + extra - over for room, extra, over in zip(second.rooms, second.extra, above, strict=True)]
        tight = [room - over for room, over in zip(self._tight(second), above, strict=True)]
        leaving = self._site.balance.share_by is ShareBy.LEAVING
        shares = self._layer.shares(self._net, hold, tight, fixed, second.seats, ranked, second.now, leaving)
        somebody_rises = any(shares.amps[seat.index] > seat.track.limit for seat in steerable)
        tops = {bidder.index: bidder.top_a for bidder in ranked}
        for seat in steerable:
            track = seat.track
            target = int(shares.amps[seat.index])
            if not somebody_rises:  # nothing to gain: taking the last ampere from one would only cost a command
                target = min(track.limit, tops[seat.index])  # 0 where its mode says no
                target = target if target >= seat.min_a else 0
            if target != track.target:
                track.target_at = second.now
            track.target = target
        loads = self._net.loads(second.pull.all(shares.amps))
        for seat in steerable:
            seat.track.target_why = self._share_why(seat, shares, loads, second)

    def _share_why(self, seat: Seat, shares: Shares, loads: Sequence[float], second: Second) -> Why:
        i, target = seat.index, seat.track.target
        over = self._net.over[i]
        if self._outside.waits_for_price(seat):
            return Why(WhyCode.PRICE)
        w = shares.waiting.get(i, shares.blocked.get(i, -1))
        if target >= seat.cap_a and target > 0:
            return own_why(seat)
        if w >= 0:
            return ahead_why(self._line_why(w, loads[w], target, second), shares, seat)
        if seat.top_a < seat.min_a or not over or seat.dwells(second.now):
            return waiting_why(seat, bool(over), second.now)
        if self._unsure(seat, second):
            return held_why(any(second.others[w].stale for w in over))
        tightest = min(over, key=lambda w: second.rooms[w] - loads[w])
        return replace(self._line_why(tightest, loads[tightest], target, second), detail="hold")

    def _line_why(self, w: int, allotted_a: float, limit_a: int, second: Second) -> Why:
        line, other = self._net.wires[w].line, second.others[w]
        return silent_why(line_why(line, other.plan_a + allotted_a, limit_a), other)

    # -- moving and protecting ---------------------------------------------------------------------------------------

    def _move(self, second: Second, rooms: Sequence[float]) -> None:
        """Down at once. Up only where it fits together with all that others may still draw: a car whose limit was just
        lowered counts at its old one until it confirmed and had time to follow."""
        rising: list[Seat] = []
        for seat in second.seats:
            track = seat.track
            if not seat.active:
                continue
            if track.target < track.limit:
                track.limit, track.lowered_at = track.target, second.now
                second.flows[seat.index] = seat.fixed_a
            elif track.target > track.limit and seat.steerable:
                track.target = max(track.limit, min(track.target, self._bidder(seat, second).top_a))
                rising.append(seat)
        if not rising:
            return
        amps = [
            max(flow, seat.track.habit.takes(seat.track.reach(second.now)))
            for flow, seat in zip(second.flows, second.seats, strict=True)
        ]
        for seat in sorted(rising, key=lambda s: (s.track.limit, s.track.wait_at or 0.0, s.index)):
            self._raise(seat, amps, second, rooms)

    def _raise(self, seat: Seat, amps: list[float], second: Second, rooms: Sequence[float]) -> None:
        track = seat.track
        before = amps[seat.index]
        least = max(seat.min_a, track.limit + 1)
        if second.now - track.target_at < SWAP_S:
            least = track.target
        for target in range(track.target, least - 1, -1):
            amps[seat.index] = max(before, second.pull.at(seat.index, target))
            if full_line(self._net, rooms, amps, seat.index) is None:
                track.limit = target
                second.flows[seat.index] = seat.fixed_a
                return
        amps[seat.index] = before

    def _protect(self, second: Second) -> None:
        """No line above its room by limits, none above its rating by its meter."""
        if not self._endangered(second):
            return
        active = [seat for seat in second.seats if seat.active]
        minimum = {seat.index: seat.min_a for seat in active}
        cut = Cut([seat.track.limit if seat.active else 0 for seat in second.seats])
        gentle = Cuttable(minimum, drop_order(active, second.now, drawing_first=False))
        enforce(self._net, second.rooms, second.pull, cut, gentle, second.extra)
        readings = [seat.track.reading for seat in second.seats]
        pull = _surely(second)
        hard = Cuttable(minimum, drop_order(active, second.now, drawing_first=True))
        for w, (wire, other) in enumerate(zip(self._net.wires, second.others, strict=True)):
            if other.total_a is not None and other.total_a > self._rooms.limit(wire):
                above = Above(
                    wire, w, other.total_a - (self._rooms.limit(wire) - self._rooms.margin_a), second.extra[w]
                )
                relieve_metered(above, pull, readings, [seat.bounds for seat in second.seats], cut, hard)
        loads = self._net.loads(second.pull.all(cut.limits))
        for i, w in cut.by.items():
            track = second.seats[i].track
            track.limit = track.target = cut.limits[i]
            track.lowered_at = second.now
            track.target_why = self._line_why(w, loads[w], track.limit, second)
            self._cut_at[self._net.wires[w].line.name] = second.now

    def _endangered(self, second: Second) -> bool:
        return any(
            load > room + EPS or (other.total_a is not None and other.total_a > self._rooms.limit(wire))
            for load, wire, room, other in zip(
                self._net.loads(second.flows), self._net.wires, second.rooms, second.others, strict=True
            )
        )

    # -- saying it ---------------------------------------------------------------------------------------------------

    def _settle(self, second: Second) -> None:
        for seat in second.seats:
            track = seat.track
            if not seat.active and not self._site.balance.enabled:
                track.limit = track.target = min(seat.safe_a, seat.top_a)
                tell(track, OFF, second.now)
            elif not seat.active:
                tell(track, idle_why(seat), second.now)
            else:
                turn(track, second.now)
                if track.limit == track.target or track.told != track.limit:
                    tell(track, track.target_why, second.now)

    def _look(self, second: Second) -> tuple[LineView, ...]:
        return self._rooms.with_heat(line_views(self._net, second.seats, second.others, self._rooms.margin_a))


def _surely(second: Second) -> Pull:
    """What flows, with what is above its limit by far for sure. One a little above may be a car that takes no less: what it
    takes is learnt (`Habit`), and 0 stops it."""
    base = list(second.pull.base)
    for i, seat in enumerate(second.seats):
        drawn = seat.track.surely(second.now)
        if drawn > 2 * seat.track.limit:
            base[i] = max(base[i], drawn)
    return replace(second.pull, base=base)


def _try_again(net: Net, second: Second) -> None:
    """Who stays at 0 because what was learnt of it fits nowhere, not even alone, is offered its minimum again."""
    for seat in second.seats:
        track, i = seat.track, seat.index
        if not seat.active or track.limit > 0 or not track.habit.any or seat.dwells(second.now):
            continue
        amps = [0.0 if s.steerable else s.fixed_a for s in second.seats]
        amps[i] = second.pull.at(i, seat.min_a)
        if full_line(net, second.rooms, amps, i) is None:
            continue
        amps[i] = seat.said_min_a
        if full_line(net, second.rooms, amps, i) is None:
            track.habit.forget()
            seat.min_a = seat.said_min_a
