"""The sharing as a library: lines and cars in, limits with reasons out, without anything else of evdesk.

    from evdesk.balance import Demand, Line, Rules, Sharing

    sharing = Sharing([Line("Main", limit_a=63.0, coef={("A", 1): 1, ("B", 1): 1})], Rules())
    limits = sharing.decide(now, [Demand(("A", 1)), Demand(("B", 1), drawn_a=(12.0, None, None))])
    amps, why = limits["A", 1]

Call it every second or every quarter of an hour. The same calls give the same answers.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from evdesk.balance.arguments import finite, number, one_of, several, whole, yes_no
from evdesk.balance.fit import Fit
from evdesk.balance.guests import Guest
from evdesk.balance.lines import EPS, Net
from evdesk.balance.outlook import History, edges
from evdesk.balance.plan import ends_s, plan
from evdesk.balance.plausible import MOST_ROOM_A, plausible, power_kw, within
from evdesk.balance.prospects import Car, prospects
from evdesk.balance.repair import Bid
from evdesk.balance.standing import ENOUGH, Stand, at_minimum, everybody_on, stands
from evdesk.balance.types import SOLAR, SOLAR_FIRST, Demand, Key, Line, LineKind, by_key
from evdesk.model import ChargeMode, Why, WhyCode

FIRST_S = 300.0
LONGEST_S = 1800.0
"""The span decided now is as long as the calls are apart, within these bounds."""

TURN = 0.2
"""More than what going on is worth: who has waited a turn, and whose word on its stay counts little, comes first."""

TURNS = 4.0
"""After so many turns somebody is paused once more than the rules say, for who has waited so long."""

SPARE_A = 0.5
"""Left above what a car draws, so that its rise is noticed."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How it is shared. The defaults suit cars and relays: whole ampere, at most one pause in a charge.

    `steps`: the limits a charger takes besides 0, rising, ampere; () any whole one; None any at all (continuous).
    `interruptions`: how often a charge may be paused to the good of others: 0 never, None as often as it helps; once more
    after a turn of its own where another has waited for four turns. Lines that get tighter pause cars all the same.
    `dwell_s`: a car stays on, and off, at least this long. `every_s`: shared anew this often, and whenever a car comes or
    goes or a line changes. `reclaim_s`: what a car leaves unused for this long is given to others. `turn_s`: a car of
    which nobody says until when it stays has its turn after waiting this long (less is fairer and pauses more often, and
    costs energy); None: energy decides. `all_on`: where
    nobody says anything and the minimum of everybody fits, everybody charges; False: a little more energy in all, but one
    may have nothing beside another that has twice its minimum.
    `cheap_below`: cars in mode CHEAP charge at prices up to this. `solver` False: max-min shares only, no program.
    """

    steps: tuple[float, ...] | None = ()
    interruptions: int | None = 1
    dwell_s: float = 300.0
    every_s: float = 60.0
    reclaim_s: float = 45.0
    turn_s: float | None = 10_800.0
    cheap_below: float | None = None
    solver: bool = True
    all_on: bool = True

    def __post_init__(self) -> None:
        """Raises TypeError or ValueError, naming the rule, for what none can be."""
        if self.steps is not None:
            one_of("steps", self.steps, tuple)
            for n, step in enumerate(self.steps):
                finite(f"steps[{n}]", step, least=0.0)
            if any(a >= b for a, b in itertools.pairwise((0.0, *self.steps))):
                raise ValueError(f"steps must rise, without 0 and without repeating one, not {self.steps!r}.")
        whole("interruptions", self.interruptions, least=0, none=True)
        for name in ("dwell_s", "every_s", "reclaim_s"):
            finite(name, getattr(self, name), least=0.0)
        finite("turn_s", self.turn_s, least=0.0, none=True)
        finite("cheap_below", self.cheap_below, none=True)
        yes_no(["solver", "all_on"], [self.solver, self.all_on])


class Sharing:
    """Shares out lines among cars. Holds what it has seen: energy, starts and pauses of each car, earlier charges."""

    def __init__(self, lines: Iterable[Line], rules: Rules | None = None) -> None:
        """`lines`: every conductor with its limit and, per connector, the complex ampere that one ampere of that connector
        puts on it: 1 on a phase of its own; with line-to-line wiring e.g. cmath.rect(1, radians(30)). A connector on no
        line gets nothing. Raises ValueError for a limit that is negative or not finite and for two lines of one name,
        TypeError for what are no lines or rules."""
        self.rules = Rules() if rules is None else rules
        self.history = History()
        several("lines", lines)
        self._lines = tuple(lines)
        one_of("rules", self.rules, Rules)
        self._guests: dict[Key, Guest] = {}
        self._nets: dict[object, tuple[Net, Fit]] = {}
        self._decided: dict[Key, tuple[float, Why]] = {}
        self._signature: object = None
        self._shared_at = -math.inf
        self._called_at = -math.inf
        for line in self._lines:
            one_of("Each of lines", line, Line)
            finite(f"limit_a of line {line.name}", line.limit_a, least=0.0)
        self._names = frozenset(line.name for line in self._lines)
        if len(self._names) < len(self._lines):
            raise ValueError("Each of lines must have a name of its own: rooms and reasons go by it.")

    def decide(
        self,
        now: float,
        demands: Iterable[Demand],
        *,
        rooms: Mapping[str, float] | None = None,
        surplus_w: float | None = None,
        price: float | None = None,
    ) -> dict[Key, tuple[float, Why]]:
        """The limit of each connector in `demands`, ampere, and why. `now`: s, any clock that only runs forward (time of
        day is taken from it, modulo 86 400).

        Of a demand only `key` is needed. A car that is gone, or full, is left out (or has `wants` False); a new
        `plugged_at` is a new car. `drawn_a` is what it took since the last call; `ceiling_a`, `min_a` bound the limit.
        `rooms`: ampere now left for cars, by line name, where that is less than the line's limit (house load); the smaller
        counts. `surplus_w`: what
        the roof gives away, cars included, for modes SOLAR_FIRST and SOLAR_ONLY. `price`: now, for mode CHEAP.

        No line is above its limit afterwards, whatever each car draws up to its own, and 0 < limit < `min_a` never is.
        A car on no line gets nothing, and is told so. Raises TypeError for a wrong type, ValueError for a `now` that is no
        time, a room of an unknown line and two demands of one connector.
        """
        rooms = {} if rooms is None else rooms
        self._check(now, rooms, surplus_w, price)
        given = {key: plausible(demand) for key, demand in by_key(demands, check=True).items()}
        cars = [d for _, d in sorted(given.items()) if d.wants]
        self._take_in(now, cars)
        interval, self._called_at = now - self._called_at, now
        net, fit = self._net(cars, surplus_w)
        room = self._rooms(net, cars, rooms, surplus_w)
        if self._due(now, cars, room, price):
            self._signature, self._shared_at = self._sign(cars, room, price), now
            self._share(now, cars, net, fit, room, price, interval)
        idle = (0.0, Why(WhyCode.NO_CAR))
        return {key: self._decided[key] if d.wants else idle for key, d in given.items()}

    def _check(self, now: float, rooms: Mapping[str, float], surplus_w: float | None, price: float | None) -> None:
        finite("now", now)
        number("surplus_w", surplus_w, none=True)
        number("price", price, none=True)
        one_of("rooms", rooms, Mapping)
        for name, amps in rooms.items():
            if name not in self._names:
                raise ValueError(f"rooms names the line {name!r}, which is none of {sorted(self._names)}.")
            number(f"rooms[{name!r}]", amps)

    # -- what is known -----------------------------------------------------------------------------------------------

    def _take_in(self, now: float, cars: Sequence[Demand]) -> None:
        here = {d.key: d for d in cars}
        for key in sorted(self._guests):
            guest, demand = self._guests[key], here.get(key)
            plugged = guest.plugged_at if demand is None or demand.plugged_at is None else demand.plugged_at
            if demand is None or abs(plugged - guest.plugged_at) > 1.0:
                self._leave(key, now)
        for demand in cars:
            if demand.key not in self._guests:
                plugged = now if demand.plugged_at is None else demand.plugged_at
                self._guests[demand.key] = Guest(plugged, now, waits_at=now)
            self._guests[demand.key].see(demand, now, self.rules.reclaim_s)

    def _leave(self, key: Key, now: float) -> None:
        guest = self._guests.pop(key)
        self._decided.pop(key, None)
        elapsed = min(max(now - guest.seen_at, 0.0), LONGEST_S)
        flowing = guest.limit_a if guest.drawn_a is None else min(guest.drawn_a, guest.limit_a)
        rate = guest.got_kwh / max(guest.seen_at - guest.plugged_at, 60.0) if flowing > 0 else 0.0
        self.history.ended(guest.plugged_at, guest.seen_at + elapsed, guest.got_kwh + rate * elapsed, guest.told)

    def _net(self, cars: Sequence[Demand], surplus_w: float | None) -> tuple[Net, Fit]:
        sunny = tuple(
            (d.key, d.kw_per_a, d.mode) for d in cars if d.mode in (ChargeMode.SOLAR_ONLY, ChargeMode.SOLAR_FIRST)
        )
        used = tuple((d.key, d.terminals) for d in cars if d.terminals != (True, True, True))
        found = self._nets.get((sunny, used))
        if found is None:
            lines = (*self._lines, *_solar_lines(sunny))
            keys = tuple(sorted({key for line in lines for key in line.coef}))
            net = Net(lines, keys)
            said = dict(used)
            net.use([said.get(key, (True, True, True)) for key in keys])
            found = (net, Fit(net))
            self._nets = {(sunny, used): found}  # one is enough: it changes with the cars
        return found

    def _rooms(
        self, net: Net, cars: Sequence[Demand], rooms: Mapping[str, float], surplus_w: float | None
    ) -> tuple[float, ...]:
        solar = surplus_w / 1000.0 if within(surplus_w, 0.0, math.inf) and surplus_w is not None else 0.0
        first = sum(d.min_a * d.kw_per_a for d in cars if d.mode is ChargeMode.SOLAR_FIRST)
        own = {SOLAR: solar, SOLAR_FIRST: solar + first}
        found = []
        for wire in net.wires:
            line = wire.line
            amps = own[line.name] if line.name in own else min(rooms.get(line.name, math.inf), line.limit_a)
            found.append(min(max(amps, -MOST_ROOM_A), MOST_ROOM_A) if math.isfinite(amps) else 0.0)
        return tuple(found)

    def _due(self, now: float, cars: Sequence[Demand], room: tuple[float, ...], price: float | None) -> bool:
        elapsed = now - self._shared_at
        return not 0 <= elapsed < self.rules.every_s or self._sign(cars, room, price) != self._signature

    def _sign(self, cars: Sequence[Demand], room: tuple[float, ...], price: float | None) -> object:
        return (
            room,
            price,
            tuple(
                (d.key, d.min_a, d.ceiling_a, d.priority, d.mode, _whole(guest.cap_a), guest.plugged_at)
                for d in cars
                for guest in (self._guests[d.key],)
            ),
        )

    # -- sharing -----------------------------------------------------------------------------------------------------

    def _share(
        self,
        now: float,
        cars: Sequence[Demand],
        net: Net,
        fit: Fit,
        room: tuple[float, ...],
        price: float | None,
        interval: float,
    ) -> None:
        placed = [d for d in cars if d.key in net.index]
        waits = any(self._waited(d, now, TURNS) for d in placed)
        bids = [self._bid(d, now, net, price, waits) for d in placed]
        first = min(max(interval, FIRST_S), LONGEST_S) if math.isfinite(interval) else FIRST_S
        edges_s = edges(first, ends_s(len(bids)))
        known = [self._car(demand, bid, now) for demand, bid in zip(placed, bids, strict=True)]
        fixed = [0.0] * len(net.keys)
        asked = self._with_turns(fit, room, fixed, placed, bids, now)
        found = plan(
            net,
            fit,
            room,
            fixed,
            asked,
            prospects(self.history, known, now, edges_s),
            edges_s,
            solver=self.rules.solver,
        )
        loads = net.loads(found.amps.tolist())
        for demand, bid, stand in zip(placed, bids, stands(fit, room, fixed, bids, found.amps), strict=True):
            amps = float(found.amps[bid.index])
            why = self._why(demand, bid, amps, net, loads, stand, price)
            self._guests[demand.key].give(amps, now)
            self._decided[demand.key] = (amps, self._since(demand.key, amps, why, now))
        for demand in cars:
            if demand.key not in net.index:
                self._decided[demand.key] = (0.0, Why(WhyCode.UNKNOWN, detail="no_circuit"))

    def _waited(self, demand: Demand, now: float, turns: float = 1.0) -> bool:
        """Has had nothing for so many turns, and nobody knows until when it stays."""
        guest, turn_s = self._guests[demand.key], self.rules.turn_s
        waits = turn_s is not None and guest.limit_a <= 0 and now - guest.waits_at >= turns * turn_s
        return waits and demand.departure_at is None

    def _bid(self, demand: Demand, now: float, net: Net, price: float | None, waits: bool) -> Bid:
        guest, rules = self._guests[demand.key], self.rules
        top = demand.ceiling_a if math.isfinite(demand.ceiling_a) else 0.0
        least = max(demand.min_a, 0.0) if math.isfinite(demand.min_a) else 0.0
        if guest.cap_a < math.inf:
            top = min(top, max(self._step_up(guest.cap_a + SPARE_A), least))
        if not self._cheap(demand, price):
            top = 0.0
        resting = now - guest.turned_at < rules.dwell_s
        spent = rules.interruptions is not None and guest.pauses >= rules.interruptions
        if waits and rules.interruptions and rules.turn_s is not None and now - guest.turned_at >= rules.turn_s:
            spent = False
        on = guest.limit_a > 0
        return Bid(
            index=net.index[demand.key],
            min_a=least,
            top_a=top,
            now_a=guest.limit_a,
            keep=on and (resting or spent) and not guest.asleep(now),
            open=not resting,
            rank=guest.turned_at if on else guest.waits_at,
            steps=rules.steps,
        )

    def _step_up(self, amps: float) -> float:
        """The next allowed limit up: a car that draws 9 A gets a limit of 10, with coarse steps of 16 rather than 8."""
        steps = self.rules.steps
        if steps is None:
            return amps
        return min((s for s in steps if s >= amps), default=math.inf) if steps else float(math.ceil(amps - EPS))

    def _cheap(self, demand: Demand, price: float | None) -> bool:
        limit = self.rules.cheap_below
        return demand.mode is not ChargeMode.CHEAP or limit is None or price is None or price <= limit

    def _car(self, demand: Demand, bid: Bid, now: float) -> Car:
        guest = self._guests[demand.key]
        return Car(
            guest.plugged_at,
            guest.got_kwh,
            guest.told,
            demand.kw_per_a,
            part=guest.cap_a / bid.top_a if bid.top_a > 0 else 1.0,
            tail_kwh=guest.taper.left_kwh(guest.got_kwh, power_kw(demand.kw_per_a)),
            priority=demand.priority,
            turn_unsure=TURN if self._has_its_turn(guest, now) else 0.0,
        )

    def _has_its_turn(self, guest: Guest, now: float) -> bool:
        turn = self.rules.turn_s
        return turn is not None and guest.limit_a <= 0 and now - guest.waits_at >= turn

    def _with_turns(
        self,
        fit: Fit,
        room: Sequence[float],
        fixed: Sequence[float],
        cars: Sequence[Demand],
        bids: Sequence[Bid],
        now: float,
    ) -> list[Bid]:
        """Who has its turn is as good as on, so far as it fits beside the minimums of those that are not to be paused; and
        so is everybody where the minimums of all fit."""
        found, limits = list(bids), fit.limits(room)
        silent = all(d.departure_at is None and d.needs_kwh is None for d in cars)
        if self.rules.all_on and silent:
            found = everybody_on(fit, room, fixed, found)
        load = at_minimum(fit, fixed, [bid for bid in found if bid.able and bid.on and bid.keep])
        guests = [self._guests[demand.key] for demand in cars]
        due = [k for k, demand in enumerate(cars) if found[k].able and not found[k].on and self._waited(demand, now)]
        for k in sorted(due, key=lambda k: (guests[k].waits_at, guests[k].got_kwh, k)):
            index, least = bids[k].index, bids[k].least()
            if fit.room(load, limits, index) >= least - EPS:
                fit.add(load, index, least)
                found[k] = replace(bids[k], now_a=least, keep=True)
        return found

    # -- saying why --------------------------------------------------------------------------------------------------

    def _why(
        self,
        demand: Demand,
        bid: Bid,
        amps: float,
        net: Net,
        loads: Sequence[float],
        stand: Stand,
        price: float | None,
    ) -> Why:
        guest = self._guests[demand.key]
        if not self._cheap(demand, price):
            return Why(WhyCode.PRICE)
        if amps <= 0 and not bid.able:
            dwells = bid.top_a >= bid.least()
            return Why(WhyCode.WAITING, detail="dwell") if dwells else demand.ceiling_why
        if amps >= bid.top_a - EPS and amps > 0:
            return Why(WhyCode.CAR) if guest.cap_a < demand.ceiling_a else demand.ceiling_why
        if stand.wire < 0:
            return demand.ceiling_why
        line = net.wires[stand.wire].line
        if line.name in (SOLAR, SOLAR_FIRST):
            return Why(WhyCode.SOLAR)
        if stand.detail == ENOUGH:
            return Why(WhyCode.CAR, detail=ENOUGH)
        code = WhyCode.LINE if amps > 0 else WhyCode.WAITING
        return Why(code, line.name, round(float(loads[stand.wire]), 1), float(line.limit_a), detail=stand.detail)

    def _since(self, key: Key, amps: float, why: Why, now: float) -> Why:
        """A reason keeps its time while it says the same about the same limit."""
        had = self._decided.get(key)
        if had is not None and had[0] == amps:
            said = had[1]
            if (said.code, said.line, said.detail) == (why.code, why.line, why.detail):
                return replace(why, since_at=said.since_at)
        return replace(why, since_at=now)


def _whole(amps: float) -> float:
    """A change of less is no reason to share anew."""
    return float(math.ceil(amps)) if math.isfinite(amps) else amps


def _solar_lines(sunny: Sequence[tuple[Key, float, ChargeMode]]) -> list[Line]:
    """Power limits, kW per ampere: those that charge from the sun only, and all that prefer it."""
    only = {key: complex(kw) for key, kw, mode in sunny if mode is ChargeMode.SOLAR_ONLY}
    both = {key: complex(kw) for key, kw, _ in sunny}
    found = [Line(SOLAR, coef=only, kind=LineKind.POWER)] if only else []
    return [*found, Line(SOLAR_FIRST, coef=both, kind=LineKind.POWER)] if len(both) > len(only) else found
