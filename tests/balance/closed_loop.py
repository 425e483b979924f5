"""A small physics of its own around the balancer: cars, charger commands, readings, a meter and a house.

Nothing here is shared with the balancer but its contract, so a wrong idea there cannot hide here. Steps are 0.25 s; the
controller is called each second with what an engine would know: meter samples of the last second with noise, readings
each 10 s per charger (unsynchronised), commands confirmed after 0.3-1.5 s.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from evdesk.balance import Decision, Demand, Key, LineSample
from evdesk.model import Bay, Circuit, Site, Why, WhyCode

DT = 0.25
House = Callable[[float], tuple[float, float, float]]


class Law(Protocol):
    def step(self, now: float, demands: Sequence[Demand], samples: Sequence[LineSample]) -> Decision: ...


@dataclass
class Car:
    """Reacts after 1-4.5 s, falls at once then, rises 2 A/s; from 0 A it sleeps 15-45 s. `most_a`: its own maximum;
    `least_a`: it takes no less while it is on; `above_a`: so much more than told."""

    terminals: tuple[bool, bool, bool] = (True, True, True)
    most_a: float = 32.0
    plug_at: float = 0.0
    leave_at: float = math.inf
    amps: float = 0.0
    wake_at: float | None = None
    pilots: list[tuple[float, float]] = field(default_factory=list)  # (from when, ampere) not yet followed
    pilot: float = 0.0
    wh: float = 0.0
    least_a: float = 0.0
    above_a: float = 0.0
    restarts: int = 0
    started: bool = False

    def here(self, now: float) -> bool:
        return self.plug_at <= now < self.leave_at

    def offer(self, now: float, amps: float, rng: random.Random) -> None:
        self.pilots.append((now + rng.uniform(1.0, 4.5), amps))

    def move(self, now: float, rng: random.Random) -> None:
        while self.pilots and self.pilots[0][0] <= now:
            before, self.pilot = self.pilot, self.pilots.pop(0)[1]
            if before < 6.0 <= self.pilot:
                self.wake_at = now + rng.uniform(15.0, 45.0)
                self.restarts += int(self.started)
        goal = (
            max(min(self.pilot + self.above_a, self.most_a), self.least_a)
            if self.here(now) and self.pilot >= 6.0
            else 0.0
        )
        if goal and self.wake_at is not None and now < self.wake_at:
            goal = 0.0
        self.started = self.started or self.amps >= 6.0
        self.amps = max(goal, 0.0) if goal <= self.amps else min(goal, self.amps + 2.0 * DT)
        self.wh += self.amps * 230.0 * sum(self.terminals) * DT / 3600.0


@dataclass
class Charger:
    """`silent`: (from, to) without link: no readings, no commands; the limit runs out after `valid_s` into `safe_a`."""

    bay: Bay
    car: Car
    silent: tuple[float, float] = (math.inf, math.inf)
    safe_a: float = 0.0
    confirmed: float | None = None
    confirmed_at: float = -math.inf
    in_flight: tuple[float, float] | None = None  # (arrives, ampere)
    asked: float | None = None
    drawn: tuple[float, float, float] | None = None
    drawn_at: float | None = None
    sample_at: float = 0.0
    commands: int = 0
    valid_s: float = 180.0

    def online(self, now: float) -> bool:
        return not self.silent[0] <= now < self.silent[1]


class Yard:
    """One site in closed loop with a law. `run(seconds)` fills the figures."""

    def __init__(
        self,
        site: Site,
        law: Law,
        cars: dict[str, Car],
        house: dict[str, House],
        seed: int = 1,
        meter_silent: tuple[float, float] = (math.inf, math.inf),
        noise_a: float = 0.15,
        sample_s: float = 10.0,
    ) -> None:
        self.site, self.law, self.house = site, law, house
        self.rng = random.Random(seed)
        self.meter_silent, self.noise_a, self.sample_s = meter_silent, noise_a, sample_s
        self.chargers = [Charger(b, cars[b.charger_id], sample_at=self.rng.uniform(0, sample_s)) for b in site.bays]
        self.paths = {c.name: self._path(c) for c in site.circuits}
        self.over: dict[str, list[tuple[float, float]]] = {}  # line -> (start, length) of stretches above the rating
        self._above: dict[str, float] = {}
        self.max_over_a = 0.0
        self.over_s = 0.0
        self.over_5_s = 0.0
        self.total: dict[str, list[float]] = {}
        self.cars_on: dict[str, list[float]] = {}
        self.seconds = 0
        self.decision: Decision | None = None
        self.each: list[Callable[[float, Yard], None]] = []

    def _path(self, circuit: Circuit) -> list[str]:
        names = [circuit.name]
        while circuit.parent:
            circuit = next(c for c in self.site.circuits if c.name == circuit.parent)
            names.append(circuit.name)
        return names

    def run(self, seconds: int) -> "Yard":
        for _ in range(seconds):
            for quarter in range(int(1 / DT)):
                self._physics(self.seconds + quarter * DT)
            self.seconds += 1
            self._control(float(self.seconds))
        for line in list(self._above):
            self._ends(line, float(self.seconds))
        return self

    # -- the world -------------------------------------------------------------------------------------------------

    def _physics(self, now: float) -> None:
        self.total = {c.name: list(self.house.get(c.name, lambda _t: (0.0, 0.0, 0.0))(now)) for c in self.site.circuits}
        for circuit in self.site.circuits:  # a parent carries its children's house load too
            if circuit.parent:
                for name in self.paths[circuit.name][1:]:
                    own = self.house.get(circuit.name, lambda _t: (0.0, 0.0, 0.0))(now)
                    for phase in range(3):
                        self.total[name][phase] += own[phase]
        self.cars_on = {c.name: [0.0, 0.0, 0.0] for c in self.site.circuits}
        for charger in self.chargers:
            self._serve(charger, now)
            letters = charger.bay.rotation or "RST"
            for terminal in range(3):
                amps = charger.car.amps if charger.car.terminals[terminal] else 0.0
                for name in self.paths[charger.bay.circuit]:
                    self.total[name]["RST".index(letters[terminal])] += amps
                    self.cars_on[name]["RST".index(letters[terminal])] += amps
        self._judge(now)

    def _serve(self, charger: Charger, now: float) -> None:
        car = charger.car
        if charger.in_flight is not None and charger.in_flight[0] <= now and charger.online(now):
            amps = charger.in_flight[1]
            charger.in_flight, charger.asked = None, None
            charger.confirmed, charger.confirmed_at = amps, now
            car.offer(now, amps, self.rng)
        if charger.confirmed is not None and now - charger.confirmed_at > charger.valid_s:
            charger.confirmed = None
            car.offer(now, charger.safe_a, self.rng)
        car.move(now, self.rng)
        if now >= charger.sample_at:
            charger.sample_at += self.sample_s
            if charger.online(now):
                charger.drawn = tuple(  # type: ignore[assignment]
                    round(car.amps, 1) if car.terminals[t] else 0.0 for t in range(3)
                )
                charger.drawn_at = now

    def _judge(self, now: float) -> None:
        any_over = any_five = False
        for circuit in self.site.circuits:
            for phase in range(3):
                line = f"{circuit.name}/L{phase + 1}"
                above = self.total[circuit.name][phase] - circuit.rating_a[phase]
                if above > 1e-6:
                    any_over = True
                    any_five = any_five or above > 0.05 * circuit.rating_a[phase]
                    self.max_over_a = max(self.max_over_a, above)
                    self._above.setdefault(line, now)
                elif line in self._above:
                    self._ends(line, now)
        self.over_s += DT * any_over
        self.over_5_s += DT * any_five

    def _ends(self, line: str, now: float) -> None:
        start = self._above.pop(line)
        self.over.setdefault(line, []).append((start, now - start))

    # -- what an engine does ---------------------------------------------------------------------------------------

    def _control(self, now: float) -> None:
        demands = [self._demand(charger, now) for charger in self.chargers]
        samples = []
        if not self.meter_silent[0] <= now < self.meter_silent[1]:
            self._samples = [
                LineSample(c.name, now - self.rng.uniform(0.0, 0.5), self._measured(c))
                for c in self.site.circuits
                if c.meter
            ]
        samples = getattr(self, "_samples", [])
        self.decision = self.law.step(now, demands, samples)
        for charger in self.chargers:
            self._command(charger, self.decision.limits[(charger.bay.charger_id, 1)][0], now)
        for look in self.each:
            look(now, self)

    def _measured(self, circuit: Circuit) -> tuple[float, float, float]:
        a, b, c = (v + self.rng.gauss(0.0, self.noise_a) for v in self.total[circuit.name])
        return (a, b, c)

    def _command(self, charger: Charger, limit: float, now: float) -> None:
        if not charger.car.here(now) or not charger.online(now) or charger.in_flight is not None:
            return
        changed = charger.confirmed is None or abs(charger.confirmed - limit) >= 0.05
        if changed or now - charger.confirmed_at >= 60.0:
            charger.commands += int(changed)
            charger.in_flight = (now + self.rng.uniform(0.3, 1.5), limit)
            charger.asked = limit

    def _demand(self, charger: Charger, now: float) -> Demand:
        bay, car = charger.bay, charger.car
        here, online = car.here(now), charger.online(now)
        if not here:
            charger.confirmed = None
            charger.in_flight = charger.asked = None
            car.pilot, car.started = 0.0, False
        live = charger.confirmed
        held = charger.safe_a if live is None else live
        worst = max(held, charger.asked or 0.0, 0.0 if online else charger.safe_a)
        return Demand(
            key=(bay.charger_id, 1),
            wants=here,
            commandable=here and online,
            confirmed_a=live,
            worst_a=worst if here else 0.0,
            ceiling_a=bay.max_a,
            ceiling_why=Why(WhyCode.CHARGER),
            min_a=bay.min_a,
            drawn_a=charger.drawn or (None, None, None),
            drawn_at=charger.drawn_at,
            charging=car.amps > 0,
            plugged_at=car.plug_at if here else None,
            terminals=car.terminals,
            sample_s=self.sample_s,
        )

    # -- figures ---------------------------------------------------------------------------------------------------

    @property
    def longest_s(self) -> float:
        return max((length for spans in self.over.values() for _start, length in spans), default=0.0)

    def charger(self, charger_id: str) -> Charger:
        return next(c for c in self.chargers if c.bay.charger_id == charger_id)

    def commands_per_hour(self) -> float:
        return sum(c.commands for c in self.chargers) / len(self.chargers) / (self.seconds / 3600.0)

    def restarts(self) -> int:
        return sum(c.car.restarts for c in self.chargers)

    def kwh(self) -> float:
        return sum(c.car.wh for c in self.chargers) / 1000.0


def limit_of(yard: Yard, charger_id: str) -> float:
    assert yard.decision is not None
    key: Key = (charger_id, 1)
    return yard.decision.limits[key][0]
