"""What one look at a meter and at the cars it sees tells of the meter, without waiting for steps.

Power that flows out while cars draw comes from a roof, or from a meter that counts backwards. Where never anything flowed
out while no car drew, no roof is known: then the meter is doubted at once, and steps of the cars decide later. Where one is
known, a total that changes its sign on several phases from one second to the next, at the same size, while the cars go on
as before, is no cloud. And no breaker carries many times its rating for seconds.

A grid's voltage never stands still, so a reading that comes again to the last digit is an old one. What a meter misses is a
matter of its own: `evdesk.balance.missing`.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from evdesk.balance.inference import MeterVerdict
from evdesk.balance.missing import Missing, Told
from evdesk.model import NO_PHASES, Phases

OUT_A = 3.0
"""Less flowing out may be an error of the meter."""

CARS_A = 6.0
IDLE_S = 15.0
"""So long after the last car what flows out can only be the roof's."""

TIMES_ROOF, BESIDE_ROOF_A = 3.0, 10.0
"""A roof that gave so much may give that many times more at noon, and this beside it."""

TIMES_RATING, CARRIED_S = 10.0, 5.0
"""Every breaker opens within less than a second there (IEC 60898-1, instantaneous tripping; D is slowest with 20)."""

SETTLES_S = 10.0
STILL_S, STILL_A = 90.0, 3.0
"""So long, voltages with their fractions and all; or, where it tells none, while the cars changed by so much."""

NOTHING_S = 10.0
CALM_S = 60.0
FLIP_S, FLIP_A = 4.0, 4.0
READ_KEPT_S = 90.0
Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class CarRead:
    """What one connector drew on the phases of the site, and when it said so; `at` None: nothing is known of it. `sure`:
    the part of it that is on each phase however it is wired."""

    at: float | None
    amps: Three
    sure: Three = (0.0, 0.0, 0.0)


@dataclass(slots=True)
class Roof:
    """The most that flowed out and in per phase while no car drew, and `Missing.beside_a`; plain data, to be kept."""

    out_a: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    in_a: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    beside_a: list[float] = field(default_factory=lambda: [0.0] * 4)
    missed: bool = False  # such a doubt was open

    def known(self, proven: bool) -> bool:
        """Whether there is one. `proven`: steps show that the meter is right. A meter that counts backwards never shows
        that anything flows in."""
        return max(self.out_a) >= 1.0 and (proven or max(self.in_a) >= 1.0)


@dataclass(slots=True)
class Levels:
    """One meter. `take` once a second. `verdict` is what is sure enough to be told, RIGHT meaning no doubt; `doubted`: the
    worst must be counted, that comes first."""

    rating_a: Three
    roof: Roof = field(default_factory=Roof)
    verdict: MeterVerdict = MeterVerdict.RIGHT
    doubted: bool = False
    since: float = 0.0  # when `verdict` began
    _at: float = 0.0
    _last: Three | None = None
    _idle_since: float | None = None
    _idle: deque[tuple[float, Three]] = field(default_factory=lambda: deque(maxlen=120))
    _out_since: list[float | None] = field(default_factory=lambda: [None, None, None])
    _huge_since: float | None = None
    _nothing_since: float | None = None
    _calm_since: float | None = None
    _flip: tuple[float, Three] | None = None  # when all changed sign, and what cars drew then
    missing: Missing = field(default_factory=Missing)
    _fine: bool = False  # it tells fractions of a volt
    _still: tuple[float, Phases, Phases] | None = None  # since when it has told these currents and voltages
    _drawn: list[Three] = field(default_factory=list)  # least and most of the cars in that time

    def __post_init__(self) -> None:
        self.missing.beside_a = list(self.roof.beside_a)
        if self.roof.missed:
            self.missing.doubted = self.doubted = True
            self.verdict = MeterVerdict.MISSES

    def kept(self) -> Roof:
        """What to keep of it."""
        return Roof(list(self.roof.out_a), list(self.roof.in_a), list(self.missing.beside_a), self.missing.doubted)

    def take(
        self,
        at: float,
        total: Phases,
        cars: Sequence[CarRead],
        *,
        proven: bool = False,
        voltage: Phases = NO_PHASES,
    ) -> None:
        """`at`: of the meter's reading, one that is known is left out. `proven`: the newest steps show it is right."""
        if at <= self._at:
            return
        if None in total:
            self._look_for_nothing(at, total)
            return
        self._nothing_since = None
        now = (total[0] or 0.0, total[1] or 0.0, total[2] or 0.0)
        if at - self._at > FLIP_S and self._last is not None:
            self._last = (0.0, 0.0, 0.0)
        self._at, self.since = at, self.since or at
        self._look_at_roof(at, now, cars)
        self._look_for_unit(at, now, cars)
        suspected, sure = self._flows_out(at, now, cars, proven)
        self._look_for_missing(at, now, cars, proven)
        still = self._stands(at, total, voltage, cars)
        if self.verdict is MeterVerdict.RIGHT and (sure or self.missing.doubted or still):
            self._doubt(_first(sure, self.missing.doubted), at)
        if self.verdict is MeterVerdict.MISSES:
            if not self.missing.doubted:
                self._end()
        else:
            self._look_calm(at, now, cars, still)
        self.doubted = suspected or self.verdict is not MeterVerdict.RIGHT
        self._last = now

    def stepped(self, right: int, cars: Three) -> None:
        """Steps since `since` have shown the meter right so many times: what flows out comes from a roof. `cars`: what
        they draw now."""
        if self.verdict is MeterVerdict.MISSES and right >= 2:
            self.missing.believe()
            self._end()
        if self.verdict is MeterVerdict.BACKWARDS and right >= 2 and self._last is not None:
            self.roof.out_a = [max(o, c - t) for o, c, t in zip(self.roof.out_a, cars, self._last, strict=True)]
            self.roof.in_a = [max(i, 1.0) for i in self.roof.in_a]
            self.missing.believe()
            self._end()

    def _doubt(self, verdict: MeterVerdict, at: float) -> None:
        self.verdict, self.since, self._calm_since = verdict, at, None

    def _end(self) -> None:
        self.verdict, self.doubted, self._flip = MeterVerdict.RIGHT, False, None
        self._out_since = [None, None, None]
        self.missing.end()

    def _look_at_roof(self, at: float, now: Three, cars: Sequence[CarRead]) -> None:
        if not all(car.at is not None and max(car.amps) < 0.5 for car in cars):
            self._idle_since = None
            self._idle.clear()
            return
        if self._idle_since is None:
            self._idle_since = at
        believed = self.verdict in (MeterVerdict.RIGHT, MeterVerdict.MISSES)
        if at - self._idle_since >= IDLE_S and believed and not self._beyond(now):
            self._idle.append((at, now))
        sure_until = min((car.at for car in cars if car.at is not None), default=at)
        while self._idle and self._idle[0][0] <= sure_until:  # a car may draw for seconds before it says so
            _at, then = self._idle.popleft()
            self.roof.out_a = [max(o, -t) for o, t in zip(self.roof.out_a, then, strict=True)]
            self.roof.in_a = [max(i, t) for i, t in zip(self.roof.in_a, then, strict=True)]

    def _beyond(self, now: Three) -> bool:
        return any(r > 0.0 and abs(t) > TIMES_RATING * r for t, r in zip(now, self.rating_a, strict=True))

    def _look_for_nothing(self, at: float, total: Phases) -> None:
        """A meter that told currents before, and answers without any now: far too large ones count as none."""
        if self._last is None or any(a is not None for a in total):
            return
        if self._nothing_since is None:
            self._nothing_since = at
        if at - self._nothing_since >= NOTHING_S and self.verdict is MeterVerdict.RIGHT:
            self._doubt(MeterVerdict.UNREADABLE, at)
            self.doubted = True

    def _look_for_unit(self, at: float, now: Three, cars: Sequence[CarRead]) -> None:
        drawn = drawn_a(cars, at - READ_KEPT_S)
        if not self._beyond(now) or max(drawn) * 2.0 > max(map(abs, now)):
            self._huge_since = None
            return
        if self._huge_since is None:
            self._huge_since = at
        if at - self._huge_since >= CARRIED_S and self.verdict is not MeterVerdict.UNIT:
            self._doubt(MeterVerdict.UNIT, at)

    def _flows_out(self, at: float, now: Three, cars: Sequence[CarRead], proven: bool) -> tuple[bool, bool]:
        """(suspected, sure) that it counts backwards. Sure is what readings of cars show that are newer than the total."""
        suspected, sure = False, self._flipped(at, now, cars)
        for p in range(3):
            if now[p] > -OUT_A:
                self._out_since[p] = None
                continue
            began = self._out_since[p]
            if began is None:
                self._out_since[p] = at
                continue
            allowed = self._allowed(p, proven)
            old, new = drawn_a(cars, at - READ_KEPT_S)[p], drawn_a(cars, began + 1.0)[p]
            suspected = suspected or (old >= CARS_A and old - now[p] > allowed)
            sure = sure or (new >= CARS_A and new - now[p] > allowed)
        return suspected or sure, sure

    def _allowed(self, p: int, proven: bool) -> float:
        """What a roof may give on this phase; nothing where none is known."""
        return TIMES_ROOF * self.roof.out_a[p] + BESIDE_ROOF_A if self.roof.known(proven) else 0.0

    def _look_for_missing(self, at: float, now: Three, cars: Sequence[CarRead], proven: bool) -> None:
        """Which phase a car is on is taken from no entry: that may be what is wrong."""
        may = [self._allowed(p, proven) for p in range(3)]
        told = [Told(car.at, (*car.sure, sum(car.amps))) for car in cars]
        allowed = (may[0], may[1], may[2], sum(may))
        self.missing.look(at, (*now, sum(now)), told, allowed)
        if self.missing.doubted and self.missing.explained(allowed):
            self.missing.end()

    def _stands(self, at: float, total: Phases, voltage: Phases, cars: Sequence[CarRead]) -> bool:
        self._fine = self._fine or any(v is not None and abs(v - round(v)) > 1e-3 for v in voltage)
        if self._still is None or self._still[1:] != (total, voltage):
            self._still, self._drawn = (at, total, voltage), []
            return False
        since = self._still[0]
        if self._fine and None not in voltage:
            return at - since >= STILL_S
        if not any(total) or any(car.at is None or car.at < since + SETTLES_S for car in cars):
            return False
        drawn = drawn_a(cars, since)
        low, high = self._drawn or (drawn, drawn)
        low = (min(low[0], drawn[0]), min(low[1], drawn[1]), min(low[2], drawn[2]))
        high = (max(high[0], drawn[0]), max(high[1], drawn[1]), max(high[2], drawn[2]))
        self._drawn = [low, high]
        return any(h - w >= STILL_A for w, h in zip(low, high, strict=True))

    def _flipped(self, at: float, now: Three, cars: Sequence[CarRead]) -> bool:
        """From in to out within one reading, at the same size, on two phases or more, and the cars go on as before."""
        big = [(old, new) for old, new in zip(self._last or now, now, strict=True) if abs(old) >= FLIP_A]
        turned = [(old, new) for old, new in big if old > 0.0 and abs(old + new) <= 0.25 * old + 1.0]
        if len(turned) >= 2 and len(turned) == len(big):
            self._flip = (at, drawn_a(cars, at - READ_KEPT_S))
        if self._flip is None:
            return False
        began, had = self._flip
        if at - began > READ_KEPT_S or min(now) > -OUT_A:
            self._flip = None
            return False
        return max(had) >= CARS_A and sum(drawn_a(cars, began + 1.0)) >= 0.7 * sum(had)

    def _look_calm(self, at: float, now: Three, cars: Sequence[CarRead], wrong: bool) -> None:
        """A doubt ends after a minute in which nothing spoke for it. `wrong`: something does."""
        if self.verdict is MeterVerdict.RIGHT:
            return
        wrong = wrong or self._beyond(now)
        if self.verdict is MeterVerdict.BACKWARDS:
            wrong = wrong or min(now) < -1.0 or max(drawn_a(cars, at - READ_KEPT_S)) < CARS_A
        if wrong or self._calm_since is None:
            self._calm_since = None if wrong else at
        elif at - self._calm_since >= CALM_S:
            self._end()


def _first(backwards: bool, missed: bool) -> MeterVerdict:
    if backwards:
        return MeterVerdict.BACKWARDS
    return MeterVerdict.MISSES if missed else MeterVerdict.STILL


def drawn_a(cars: Sequence[CarRead], since: float) -> Three:
    """The sum per phase of what was read since then."""
    found = [0.0, 0.0, 0.0]
    for car in cars:
        if car.at is not None and car.at >= since:
            found = [f + max(a, 0.0) for f, a in zip(found, car.amps, strict=True)]
    return (found[0], found[1], found[2])
