"""A simulated past of the same site: the same cars and house, coarse steps, no network, as fast as possible.

`history()` yields plain items in order of time, ready to be written into a store:

* `ReadingSample`  model.Reading, the same currents on site phases, and the limit then in force
* `model.SiteLoad` all lines (Main, Garage, Yard); sources site, other, reserved, circuit/*
* `SessionSpan`    when it ends: start and end of one charge as model events (no end only with `close=False`)
* `NoticeSample`   what happened: kind, severity, charger, args
* `LimitSample`    a changed limit with its Why
* `CommandSample`  who asked what of which charger, and what it answered: one asked and one answered audit row

Registers end where the live site of the same seed begins (`site.register_wh`).
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evdesk.model import (
    PHASES,
    CurrentLimit,
    LineLoad,
    NoticeKind,
    Origin,
    Reading,
    Severity,
    SiteLoad,
    TransactionEnded,
    TransactionStarted,
    Why,
    WhyCode,
    to_site_phases,
)
from evdesk.simulator.car import Car, make_car
from evdesk.simulator.house import WORST_A, House
from evdesk.simulator.layout import BRANCH_A, Place, places, ratings, register_wh
from evdesk.simulator.past import CommandSample, Item, LimitSample, NoticeSample, ReadingSample, SessionSpan
from evdesk.simulator.sharing import Want, lines_of, share

MARGIN_A = 1.0
VOLTAGE_V = 230.0
DARK_BAY = 6
DARK_BACK_S = (26_640.0, 25_980.0)  # one charger was silent for eleven minutes, some seven hours ago
FAULT_BAY = 3
FAULT_BACK_S = (41_400.0, 40_200.0)


Late = tuple[float, int, Callable[[float], Item]]
"""When, a bay index, and an item that still needs that bay's register offset."""
NO_CAR = Why(WhyCode.NO_CAR)


@dataclass(slots=True)
class _Bay:
    index: int
    place: Place
    next_at: float
    car: Car | None = None
    started_at: float | None = None
    start_wh: float = 0.0
    delivered_wh: float = 0.0
    max_w: float = 0.0
    limit_a: int = 0
    why: Why = NO_CAR
    told_full: bool = False

    def site(self, car: Car) -> tuple[float, float, float]:
        amps = tuple(car.current_a if k < car.phases else 0.0 for k in range(3))
        placed = to_site_phases((amps[0], amps[1], amps[2]), self.place.rotation)
        return (placed[0] or 0.0, placed[1] or 0.0, placed[2] or 0.0)


def history(
    until: float, *, seed: int = 1, chargers: int = 8, hours: float = 24.0, step_s: float = 30.0, close: bool = True
) -> Iterator[Item]:
    """The `hours` before `until` (Unix seconds). `close`: charges still running end at `until`, as a restart ends them;
    otherwise their span has no end."""
    past = _Past(seed, chargers, until - hours * 3600.0, until)
    at = past.begin
    while at < until:
        past.step(at, step_s)
        at += step_s
    past.finish(until, close)
    offsets = [register_wh(bay.index) - bay.delivered_wh for bay in past.bays]
    for command in technician(chargers, past.begin, until):
        past.keep_command(command)
    for _, index, make in sorted(past.items, key=lambda late: late[0]):
        yield make(offsets[index])


class _Past:
    def __init__(self, seed: int, chargers: int, begin: float, until: float) -> None:
        self.seed, self.begin, self.until = seed, begin, until
        self.house = House(seed, until)
        self.rng = random.Random(f"{seed}:past")
        self.ratings = {f"{c}/{p}": amps for c, amps in ratings(chargers).items() for p in PHASES}
        self.bays = [_Bay(n, p, begin + self.rng.uniform(0, 5400)) for n, p in enumerate(places(chargers))]
        self.items: list[Late] = []
        self.cars = 0
        self._share_due = True
        self._house_told = begin
        self._house_before: tuple[float, float, float] = self.house.current_a(begin)

    # people

    def step(self, at: float, dt: float) -> None:
        for bay in self.bays:
            if at >= bay.next_at:
                if bay.car is None:
                    self._arrive(bay, at)
                else:
                    self._leave(bay, at, "EVDisconnected")
        self._breakdowns(at, dt)
        if self._share_due:
            self._share(at)
        self._flow(at, dt)

    def _arrive(self, bay: _Bay, at: float) -> None:
        self.cars += 1
        bay.car = make_car(random.Random(f"{self.seed}:past:{self.cars}"), number=100 + self.cars)
        bay.started_at, bay.start_wh, bay.max_w, bay.told_full = at + 6.0, bay.delivered_wh, 0.0, False
        hour = self.house.hour(at)
        night = hour > 19.5 or hour < 4.5
        bay.next_at = at + (self.rng.uniform(30_000, 41_000) if night else self.rng.uniform(4_000, 13_000))
        self._notice(bay, at, NoticeKind.PLUGGED, {})
        self._notice(bay, at + 6.0, NoticeKind.STARTED, {"tag": bay.car.tag})
        self._share_due = True

    def _leave(self, bay: _Bay, at: float, reason: str) -> None:
        self._end(bay, at, reason)
        bay.car, bay.limit_a, bay.why = None, 0, NO_CAR
        hour = self.house.hour(at)
        night = hour > 21 or hour < 5
        bay.next_at = at + (self.rng.uniform(18_000, 32_000) if night else self.rng.uniform(900, 5_400))
        self._notice(bay, at, NoticeKind.UNPLUGGED, {})
        self._share_due = True

    def _end(self, bay: _Bay, at: float, reason: str | None) -> None:
        """Close the running charge, or leave it open (`reason` None)."""
        if bay.car is None or bay.started_at is None:
            return
        tag, charger, begin = bay.car.tag, bay.place.charger_id, bay.started_at
        start_wh, stop_wh, max_w = bay.start_wh, bay.delivered_wh, bay.max_w

        def make(offset: float) -> Item:
            started = TransactionStarted(charger, 1, begin, tag, round(start_wh + offset), charger_at=begin)
            ended = None
            if reason is not None:
                ended = TransactionEnded(charger, at, None, round(stop_wh + offset), reason, tag, 1, at)
            return SessionSpan(started, ended, round(max_w))

        self._keep(at, bay.index, make)
        if reason is not None:
            self._reading(bay, at, (0.0, 0.0, 0.0))
            self._notice(bay, at, NoticeKind.STOPPED, {"kwh": round((stop_wh - start_wh) / 1000, 1), "reason": reason})
        bay.started_at = None

    def finish(self, until: float, close: bool) -> None:
        for bay in self.bays:
            self._end(bay, until, "Reboot" if close else None)

    def _breakdowns(self, at: float, dt: float) -> None:
        """One charger silent for a while, one ground failure; both long over."""
        dark = self.bays[DARK_BAY] if len(self.bays) > DARK_BAY else None
        if dark is not None and at <= self.until - DARK_BACK_S[0] < at + dt:
            self._notice(dark, at, NoticeKind.LOST, {"amps": float(max(6, dark.limit_a))}, Severity.WARN)
        if dark is not None and at <= self.until - DARK_BACK_S[1] < at + dt:
            self._notice(dark, at, NoticeKind.BACK, {"seconds": DARK_BACK_S[0] - DARK_BACK_S[1]}, Severity.OK)
        bad = self.bays[FAULT_BAY] if len(self.bays) > FAULT_BAY else None
        if bad is not None and at <= self.until - FAULT_BACK_S[0] < at + dt:
            if bad.car is not None:
                self._leave(bad, at, "Other")
            bad.next_at = self.until - FAULT_BACK_S[1] + 1800
            args: dict[str, str | float] = {"code": "GroundFailure", "info": "E-11 residual current"}
            self._notice(bad, at, NoticeKind.FAULT, args, Severity.DANGER)
        if bad is not None and at <= self.until - FAULT_BACK_S[1] < at + dt:
            self._notice(bad, at, NoticeKind.FAULT_CLEARED, {}, Severity.OK)

    # currents

    def _share(self, at: float) -> None:
        self._share_due = False
        free = {
            line: amps - MARGIN_A - (WORST_A if line.startswith("Main/") else 0.0)
            for line, amps in self.ratings.items()
        }
        wants: list[Want] = []
        for bay in sorted((b for b in self.bays if b.car is not None), key=lambda b: b.started_at or 0.0):
            car = bay.car
            if car is None or car.full:
                self._limit(bay, at, 0, Why(WhyCode.CAR))
                continue
            used = tuple(k < car.phases for k in range(3))
            placed = [used["RST".index(letter)] for letter in "RST"]
            for terminal, letter in enumerate(bay.place.rotation):
                placed["RST".index(letter)] = used[terminal]
            own = math.ceil(car.ceiling_a())
            wants.append(
                Want(
                    bay.place.charger_id,
                    lines_of(bay.place.circuit, placed),
                    max(6, min(own, int(BRANCH_A))),
                    own < BRANCH_A,
                )
            )
        decided = share(wants, free, self.ratings)
        for bay in self.bays:
            if bay.place.charger_id in decided:
                amps, why = decided[bay.place.charger_id]
                self._limit(bay, at, amps, why)

    def _limit(self, bay: _Bay, at: float, amps: int, why: Why) -> None:
        if amps == bay.limit_a and why.code is bay.why.code:
            return
        before = bay.limit_a
        bay.limit_a, bay.why = amps, why
        limit = CurrentLimit(bay.place.charger_id, 1, float(amps), why)
        self._keep(at, bay.index, lambda _offset: LimitSample(at, limit))
        if at >= self.until - 7200.0:
            args: dict[str, object] = {"connector_id": 1, "limit_a": float(amps), "why": why.text}
            detail: dict[str, object] = {"before": before, "after": amps, "ms": round(self.rng.uniform(30, 700), 1)}
            command = CommandSample(
                at,
                Origin("Engine", "balancer"),
                "charger.set_limit",
                bay.place.charger_id,
                args,
                "accepted",
                at + 0.4,
                detail,
            )
            self._keep(at, bay.index, lambda _offset: command)

    def _flow(self, at: float, dt: float) -> None:
        house = self.house.current_a(at)
        sums = {"Main": list(house), "Garage": [0.0] * 3, "Yard": [0.0] * 3}
        for bay in self.bays:
            car = bay.car
            if car is None:
                continue
            limit = bay.limit_a if at >= (bay.started_at or at) else 0
            ceiling = car.ceiling_a()
            car.step(dt, float(limit), VOLTAGE_V)
            bay.delivered_wh += car.power_w(VOLTAGE_V) * dt / 3600.0
            bay.max_w = max(bay.max_w, car.power_w(VOLTAGE_V))
            placed = bay.site(car)
            for k in range(3):
                sums[bay.place.circuit][k] += placed[k]
                sums["Main"][k] += placed[k]
            if not self._is_dark(bay, at):
                self._reading(bay, at, placed)
            self._watch_car(bay, car, at, ceiling)
        self._load(at, sums, house)
        self._watch_house(at, house)

    def _watch_car(self, bay: _Bay, car: Car, at: float, ceiling_before: float) -> None:
        if math.ceil(car.ceiling_a()) != math.ceil(ceiling_before):
            self._share_due = True
        if car.full and not bay.told_full:
            bay.told_full = True
            kwh = round((bay.delivered_wh - bay.start_wh) / 1000, 1)
            self._notice(bay, at, NoticeKind.CAR_FULL, {"kwh": kwh})

    def _watch_house(self, at: float, house: tuple[float, float, float]) -> None:
        steps = [now - before for now, before in zip(house, self._house_before, strict=True)]
        self._house_before = house
        if max(steps) >= 6.0 and at - self._house_told > 1800:
            self._house_told = at
            phase = PHASES[steps.index(max(steps))]
            sample = NoticeSample(
                at, NoticeKind.HOUSE_STEP, Severity.INFO, args={"phase": phase, "amps": round(max(steps), 1)}
            )
            self.items.append((at, 0, lambda _offset: sample))

    # items

    def _is_dark(self, bay: _Bay, at: float) -> bool:
        return bay.index == DARK_BAY and self.until - DARK_BACK_S[0] <= at < self.until - DARK_BACK_S[1]

    def keep_command(self, command: CommandSample) -> None:
        self.items.append((command.at, 0, lambda _offset: command))

    def _keep(self, at: float, index: int, make: Callable[[float], Item]) -> None:
        self.items.append((at, index, make))

    def _notice(
        self, bay: _Bay, at: float, kind: NoticeKind, args: dict[str, str | float], severity: Severity = Severity.INFO
    ) -> None:
        sample = NoticeSample(at, kind, severity, bay.place.charger_id, 1, args)
        self._keep(at, bay.index, lambda _offset: sample)

    def _reading(self, bay: _Bay, at: float, placed: tuple[float, float, float]) -> None:
        charger, rotation, limit = bay.place.charger_id, bay.place.rotation, float(bay.limit_a)
        wh, noise = bay.delivered_wh, self.rng.gauss(1.0, 0.003)
        site = (round(placed[0] * noise, 2), round(placed[1] * noise, 2), round(placed[2] * noise, 2))
        terminals = tuple(site["RST".index(letter)] for letter in rotation)
        power = round(sum(site) * VOLTAGE_V, 0)

        def make(offset: float) -> Item:
            reading = Reading(
                charger_id=charger,
                connector_id=1,
                at=at,
                current_a=(terminals[0], terminals[1], terminals[2]),
                voltage_v=(VOLTAGE_V, VOLTAGE_V, VOLTAGE_V),
                power_w=power,
                energy_wh=round(wh + offset),
            )
            return ReadingSample(reading, site, limit)

        self._keep(at, bay.index, make)

    def _load(self, at: float, sums: dict[str, list[float]], house: tuple[float, float, float]) -> None:
        lines = []
        for circuit, amps in sums.items():
            for k, phase in enumerate(PHASES):
                other = house[k] if circuit == "Main" else 0.0
                limit = self.ratings[f"{circuit}/{phase}"]
                total = round(amps[k], 2)
                free = round(limit - total, 2)
                cars = round(amps[k] - other, 2)
                lines.append(
                    LineLoad(f"{circuit}/{phase}", circuit, phase, limit, total, cars, round(other, 2), 0.0, free)
                )
        total_w = sum(sums["Main"]) * VOLTAGE_V
        other_w = sum(house) * VOLTAGE_V
        main = sums["Main"]
        load = SiteLoad(
            at=at,
            lines=tuple(lines),
            total_w=round(total_w),
            cars_w=round(total_w - other_w),
            other_w=round(other_w),
            capacity_w=self.ratings["Main/L1"] * 3 * VOLTAGE_V,
            charging=sum(1 for b in self.bays if b.car is not None and b.car.current_a > 0.5),
            meter_at=at,
            total_a=(round(main[0], 2), round(main[1], 2), round(main[2], 2)),
        )
        self.items.append((at, 0, lambda _offset: load))


def technician(chargers: int, begin: float, until: float) -> Iterator[CommandSample]:
    """A few commands a person gave during the day."""
    person = Origin("Technician", "desk", "127.0.0.1")
    names = [p.charger_id for p in places(chargers)]
    planned: tuple[tuple[float, str, int, dict[str, object], str, dict[str, object]], ...] = (
        (
            30_500.0,
            "charger.write_setting",
            3,
            {"name": "MeterValueSampleInterval", "value": "10"},
            "Accepted",
            {"before": "60", "after": "10"},
        ),
        (30_420.0, "charger.settings", 3, {}, "Accepted", {}),
        (25_960.0, "charger.trigger", 6, {"what": "StatusNotification"}, "Accepted", {}),
        (
            14_300.0,
            "charger.set_limit",
            1,
            {"connector_id": 1, "limit_a": 10.0},
            "Accepted",
            {"before": "16", "after": "10"},
        ),
        (
            12_700.0,
            "charger.set_limit",
            1,
            {"connector_id": 1, "limit_a": None},
            "Accepted",
            {"before": "10", "after": "16"},
        ),
        (5_200.0, "charger.unlock", 7, {"connector_id": 1}, "Unlocked", {}),
        (
            3_100.0,
            "charger.write_setting",
            6,
            {"name": "HeartbeatInterval", "value": "0"},
            "Rejected",
            {"before": "300", "after": "300"},
        ),
    )
    for back_s, what, bay, args, outcome, detail in planned:
        at = until - back_s
        if bay < len(names) and at > begin:
            yield CommandSample(at, person, what, names[bay], args, outcome, at + 0.3, {**detail, "ms": 300.0})
