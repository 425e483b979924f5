"""A simulated car park for the sharing benchmark: 54 connectors on an unbalanced 208 V delta, its lines, cars and days.

Everything is drawn from a seed; nothing here comes from recorded sessions. Three kinds of day differ in arrivals, stays
and energy, and each seed varies how the connectors are spread over the three pairs of phases.
"""

import cmath
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evdesk.balance import Key, Line

VOLTS = 208.0
STEP_S = 300.0
STEP_H = STEP_S / 3600.0
KW_PER_A = VOLTS / 1000.0
CONNECTORS = 54
PAIRS = {"AB": 30.0, "BC": -90.0, "CA": 150.0}
SPREADS = ((25, 12, 17), (22, 16, 16), (18, 18, 18), (14, 24, 16))
DAY = int(86400 / STEP_S)
START_S = 0.0


@dataclass(slots=True)
class Car:
    """One charge. `arrives`, `leaves` in steps; `kwh` is what the driver wants and could get alone; from `tail` (state of
    charge) on a real battery takes less and less; `said_leaves`, `said_kwh`: what the driver states."""

    key: Key
    arrives: int
    leaves: int
    kwh: float
    max_a: float
    battery_kwh: float
    tail: float
    said_leaves: int
    said_kwh: float
    got: float = 0.0
    drawn: float = 0.0
    pilot: float = 0.0
    runs: int = 0
    starts: int = 0
    dry: int = 0
    driest: int = 0

    def top_a(self, real: bool) -> float:
        """What it can take now."""
        top = self.max_a
        if real:
            charge = 1.0 - (self.kwh - self.got) / self.battery_kwh
            if charge > self.tail:
                top *= max(0.06, (1.0 - charge) / (1.0 - self.tail))
        return min(top, max(0.0, self.kwh - self.got) / (KW_PER_A * STEP_H))


def key_of(number: int) -> Key:
    return (f"C{number:02d}", 1)


def lines(kilowatt: float, spread: tuple[int, int, int], pod_a: float = 80.0) -> tuple[Line, ...]:
    """Secondary and primary conductors of a delta-wye transformer of this size, and two pods of eight on one breaker."""
    pairs = [pair for pair, count in zip(PAIRS, spread, strict=True) for _ in range(count)]
    turn = {pair: cmath.rect(1.0, math.radians(angle)) for pair, angle in PAIRS.items()}
    sign = {"A": {"AB": 1, "CA": -1}, "B": {"BC": 1, "AB": -1}, "C": {"CA": 1, "BC": -1}}
    legs = {leg: {p: s * turn[p] for p, s in parts.items()} for leg, parts in sign.items()}
    found = []
    for leg, parts in legs.items():
        coef = {key_of(n): parts[p] for n, p in enumerate(pairs) if p in parts}
        found.append(_line(f"Secondary/{leg}", kilowatt * 1000 / (VOLTS * math.sqrt(3)), coef))
    ratio = VOLTS / 480.0 / math.sqrt(3)
    for leg, other in (("A", "C"), ("B", "A"), ("C", "B")):
        coef = {}
        for n, pair in enumerate(pairs):
            amps = (legs[leg].get(pair, 0) - legs[other].get(pair, 0)) * ratio
            if abs(amps) > 1e-9:
                coef[key_of(n)] = amps
        found.append(_line(f"Primary/{leg}", kilowatt * 1000 / (480 * math.sqrt(3)), coef))
    first = {"Pod 1": 0, "Pod 2": spread[0] + spread[1]}
    for name, start in first.items():
        found.append(_line(name, pod_a, {key_of(n): turn[pairs[n]] for n in range(start, start + 8)}))
    return tuple(found)


def _line(name: str, limit_a: float, coef: dict[Key, complex]) -> Line:
    return Line(name=name, circuit=name, phase=0, limit_a=limit_a, coef=coef)


# -- days --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shape:
    """How the cars of a kind of day come and go: (share, clock h, spread h) peaks; stays as (median h, sigma) or, for
    `home_h`, until about that clock time; energy as (median kWh, sigma)."""

    peaks: tuple[tuple[float, float, float], ...]
    stay: tuple[float, float]
    energy: tuple[float, float]
    home_h: float | None = None
    a_day: int = 42


SHAPES = {
    "workplace": Shape(((0.72, 8.6, 1.1), (0.28, 13.0, 3.0)), (5.5, 0.55), (8.5, 0.65), home_h=17.2),
    "car park": Shape(((0.35, 9.5, 1.5), (0.4, 13.5, 3.0), (0.25, 18.0, 1.5)), (4.2, 0.7), (9.5, 0.6), a_day=52),
    "mixed": Shape(((0.5, 9.0, 1.8), (0.3, 15.0, 3.0), (0.2, 19.0, 1.2)), (6.5, 0.6), (9.0, 0.75), a_day=46),
}


def sessions(seed: int, shape: Shape, days: int = 2, load: float = 1.0) -> list[Car]:
    """Two days by default. `load` scales how many cars come."""
    rng = random.Random(seed)
    free_at = [-1.0] * CONNECTORS
    cars: list[Car] = []
    for day in range(days):
        count = round(rng.gauss(shape.a_day * load, math.sqrt(shape.a_day)))
        for clock in sorted(_clock(rng, shape) for _ in range(count)):
            at = day * 24.0 + clock
            free = [n for n in range(CONNECTORS) if free_at[n] < at]
            if not free:
                continue
            number = rng.choice(free)
            stay = rng.lognormvariate(math.log(shape.stay[0]), shape.stay[1])
            if shape.home_h is not None and clock < 11 and rng.random() < 0.7:
                stay = rng.gauss(shape.home_h, 1.3) - clock
            stay = min(max(stay, 0.5), 14.0)
            free_at[number] = at + stay
            cars.append(_car(rng, key_of(number), at, stay, shape))
    return [car for car in cars if car.leaves > car.arrives]


def _clock(rng: random.Random, shape: Shape) -> float:
    pick = rng.random()
    for share, clock, spread in shape.peaks:
        if pick < share:
            return min(max(rng.gauss(clock, spread), 0.2), 23.5)
        pick -= share
    return 12.0


def _car(rng: random.Random, key: Key, at: float, stay: float, shape: Shape) -> Car:
    """Stated stay over true stay is 0.56 / 3.0 / 16 at the 10th, 50th and 90th percentile for the careless, about right
    for a sixth; stated over true energy 1.08 / 2.28 / 9.3."""
    max_a = rng.choices((16.0, 24.0, 30.0, 32.0), (0.25, 0.1, 0.15, 0.5))[0]
    arrives, leaves = math.ceil(at / STEP_H), math.floor((at + stay) / STEP_H)
    most = 0.97 * max_a * KW_PER_A * max(0, leaves - arrives) * STEP_H
    kwh = min(max(rng.lognormvariate(math.log(shape.energy[0]), shape.energy[1]), 1.0), 45.0, max(most, 0.1))
    wrong = rng.lognormvariate(math.log(3.0), 1.3) if rng.random() > 0.17 else rng.uniform(0.8, 1.25)
    more = rng.lognormvariate(math.log(2.6), 0.85) if rng.random() > 0.16 else rng.uniform(0.85, 1.25)
    tail = rng.uniform(0.75, 0.92) if rng.random() < 0.7 else 2.0
    battery = max(kwh / rng.uniform(0.3, 0.85), 16.0)
    said = arrives + max(1, min(round((leaves - arrives) * wrong), 3 * DAY))
    return Car(key, arrives, leaves, kwh, max_a, battery, tail, said, min(kwh * more, 90.0))


# -- running it --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """What a rule may know of one plugged-in car that still wants energy: `leaves_s` and `needs_kwh` (of the whole
    charge) are the truth, what the driver states, or None."""

    key: Key
    max_a: float
    plugged_s: float
    got_kwh: float
    drawn_a: float
    pilot_a: float
    leaves_s: float | None
    needs_kwh: float | None


Rule = Callable[[float, Sequence[Seen]], Mapping[Key, float]]


@dataclass(slots=True)
class Outcome:
    """Of one run. `above`: steps with any line above its limit by what cars took; `fractions` per car."""

    wanted: float = 0.0
    given: float = 0.0
    fractions: list[float] = field(default_factory=list)
    dry_min: list[float] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    above: int = 0
    power_kw: list[float] = field(default_factory=list)


def look(car: Car, know: str) -> Seen:
    """`know`: "full", "departures" or "needs" the truth, "stated" what the driver says, "blind" nothing."""
    leaves = {"full": car.leaves, "departures": car.leaves, "stated": car.said_leaves}.get(know)
    needs = {"full": car.kwh, "needs": car.kwh, "stated": car.said_kwh}.get(know)
    plugged = START_S + car.arrives * STEP_S
    when = None if leaves is None else START_S + leaves * STEP_S
    return Seen(car.key, car.max_a, plugged, car.got, car.drawn, car.pilot, when, needs)


def run(
    cars: Sequence[Car], wires: Sequence[Line], rule: Rule, clock: Callable[[], float], know: str, real: bool
) -> Outcome:
    """One rule over all steps. Cars that are full, or gone, are not shown to it."""
    out = Outcome()
    for car in cars:
        car.got = car.drawn = car.pilot = 0.0
        car.runs = car.starts = car.dry = car.driest = 0
    for step in range(max(car.leaves for car in cars)):
        here = [car for car in cars if car.arrives <= step < car.leaves and car.kwh - car.got > 1e-3]
        if not here:
            out.power_kw.append(0.0)
            continue
        seen = [look(car, know) for car in here]
        began = clock()
        pilots = rule(START_S + step * STEP_S, seen)
        out.ms.append((clock() - began) * 1000)
        for car in here:
            _charge(car, pilots.get(car.key, 0.0), real)
        drawn = {car.key: car.drawn for car in here}
        out.power_kw.append(sum(drawn.values()) * KW_PER_A)
        out.above += any(
            abs(sum(c * drawn[k] for k, c in line.coef.items() if k in drawn)) > line.limit_a + 1e-3 for line in wires
        )
    out.wanted = sum(car.kwh for car in cars)
    out.given = sum(car.got for car in cars)
    out.fractions = [min(1.0, car.got / car.kwh) for car in cars]
    out.dry_min = [car.driest * STEP_S / 60 for car in cars]
    out.restarts = [max(0, car.starts - 1) for car in cars]
    return out


def _charge(car: Car, pilot: float, real: bool) -> None:
    if pilot > 0 and car.pilot <= 0:
        car.starts += 1
    car.pilot = pilot
    car.drawn = min(pilot, car.top_a(real))
    car.got += car.drawn * KW_PER_A * STEP_H
    car.dry = 0 if pilot > 0 else car.dry + 1
    car.driest = max(car.driest, car.dry)


def jain(fractions: Sequence[float]) -> float:
    squares = sum(f * f for f in fractions)
    return sum(fractions) ** 2 / (len(fractions) * squares) if squares else 0.0


def worst_tenth(fractions: Sequence[float]) -> float:
    count = max(1, len(fractions) // 10)
    return sum(sorted(fractions)[:count]) / count
