"""The balancer in closed loop against models of simple control laws, and the time one step takes.

    python benchmarks/balance/closed_loop.py [--seeds N] [--minutes M] [--pictures]

Six chargers (two 1-phase 32 A, three 3-phase 16 A, one car that never exceeds 9 A) on rotated wiring behind 3 x 63 A with
1 A margin: oven +22 A on L1, heat pump +18 A on three phases, a 25 A load cycling each 45 s on L2, the meter silent for
10 minutes with a load step inside. The laws are *models* of how others decide, not their programs. Energy is also given
without those 10 minutes: evdesk then keeps the worst of the house free, the laws guess. "C breaker": the same with the main
breaker entered, so that a short overload within its curve stops no car.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.balance.drawing import cycling
from evdesk.balance import Balancer, Decision, Demand, Key, LineSample
from evdesk.model import Bay, Breaker, Circuit, MeterSource, Site, Why, WhyCode
from tests.balance.closed_loop import Car, Law, Yard

ROOT = Path(__file__).resolve().parents[2]
RATING_A = 63.0
ONE = (True, False, False)


def site() -> Site:
    fits = (("A1", 32.0, "RST", 1), ("A2", 32.0, "STR", 1), ("B1", 16.0, "RST", 3), ("B2", 16.0, "STR", 3))
    fits += (("B3", 16.0, "TRS", 3), ("C1", 16.0, "RST", 3))
    bays = tuple(Bay(name, 1, name, "Main", max_a=top, rotation=r, phases=p) for name, top, r, p in fits)
    other = (45.0, 45.0, 45.0)
    return Site(circuits=(Circuit("Main", (RATING_A,) * 3, meter=MeterSource(), other_max_a=other),), bays=bays)


def cars() -> dict[str, Car]:
    return {
        "A1": Car(ONE, 32.0),
        "A2": Car(ONE, 32.0, plug_at=60.0),
        "B1": Car(most_a=16.0),
        "B2": Car(most_a=16.0, plug_at=120.0),
        "B3": Car(most_a=16.0, plug_at=240.0),
        "C1": Car(most_a=9.0, plug_at=30.0),
    }


def house(now: float) -> tuple[float, float, float]:
    """Base load, oven, heat pump, a cycling load, and a step while the meter is silent."""
    minute = now / 60.0
    oven = 22.0 if 12 <= minute < 24 else 0.0
    pump = 18.0 if 20 <= minute < 34 or 56 <= minute < 62 else 0.0
    cycling = 25.0 if 36 <= minute < 50 and now % 45.0 < 22.5 else 0.0
    hidden = 12.0 if 68 <= minute < 74 else 0.0
    return (3.0 + oven + pump + hidden, 2.0 + pump + cycling, 4.0 + pump + hidden)


METER_SILENT = (64 * 60.0, 74 * 60.0)


@dataclass
class Simple:
    """What the models share: state per charger and an answer in the balancer's form."""

    site: Site
    every_s: float
    due_at: float = 0.0
    limits: dict[Key, float] = field(default_factory=dict)

    def step(self, now: float, demands: Sequence[Demand], samples: Sequence[LineSample]) -> Decision:
        for demand in demands:
            self.limits.setdefault(demand.key, 0.0)
        if now >= self.due_at:
            self.due_at = now + self.every_s
            self.decide(now, demands, samples)
        return Decision(now, {key: (amps, Why(WhyCode.UNKNOWN)) for key, amps in self.limits.items()})

    def decide(self, now: float, demands: Sequence[Demand], samples: Sequence[LineSample]) -> None:
        raise NotImplementedError

    def drawn(self, demand: Demand) -> tuple[float, float, float]:
        a, b, c = (v or 0.0 for v in demand.drawn_a)
        return (a, b, c)


@dataclass
class ScalarLaw(Simple):
    """One current for all phases, first come keeps: each charger may take its own current plus what the highest phase
    leaves; a meter silent for a minute switches all off."""

    def decide(self, now: float, demands: Sequence[Demand], samples: Sequence[LineSample]) -> None:
        if not samples or now - samples[0].at > 60.0:
            self.limits = dict.fromkeys(self.limits, 0.0)
            return
        free = RATING_A - 1.0 - max(v or 0.0 for v in samples[0].current_a)
        for demand in demands:
            if not demand.wants:
                continue
            drawn = max(self.drawn(demand))
            new = float(int(min(demand.ceiling_a, max(drawn + free, 0.0))))
            new = new if new >= 6 else 0.0
            free -= new - drawn
            self.limits[demand.key] = new


@dataclass
class PhaseLaw(Simple):
    """Each phase on its own: what the meter leaves, divided by the cars on it, both ways each interval; a meter silent
    for a minute leaves 10 A."""

    def decide(self, now: float, demands: Sequence[Demand], samples: Sequence[LineSample]) -> None:
        active = [d for d in demands if d.wants]
        if not samples or now - samples[0].at > 60.0:
            self.limits |= {d.key: min(10.0, d.ceiling_a) for d in active}
            return
        on = {d.key: self.phases(d) for d in active}
        left: list[float] = []
        for phase in range(3):
            flowing = sum(self.site_current(d)[phase] for d in active)
            left.append(RATING_A - 1.0 - (samples[0].current_a[phase] or 0.0) + flowing)
        for phase in range(3):
            those = [d for d in active if phase in on[d.key]]
            for demand in those:
                share = left[phase] / len(those)
                known = self.limits[demand.key] if min(on[demand.key]) != phase else demand.ceiling_a
                self.limits[demand.key] = min(known, share, demand.ceiling_a)
        for demand in active:
            amps = round(self.limits[demand.key], 2)
            self.limits[demand.key] = amps if amps >= 6 else 0.0

    def phases(self, demand: Demand) -> set[int]:
        bay = self.site.bay(*demand.key)
        assert bay is not None
        return {"RST".index(letter) for letter, on in zip(bay.rotation, demand.terminals, strict=True) if on}

    def site_current(self, demand: Demand) -> list[float]:
        bay = self.site.bay(*demand.key)
        assert bay is not None
        placed = [0.0, 0.0, 0.0]
        for letter, amps in zip(bay.rotation, self.drawn(demand), strict=True):
            placed["RST".index(letter)] = amps
        return placed


def closed_loop(seeds: int, minutes: int) -> None:
    laws: tuple[tuple[str, Callable[[Site], Law]], ...] = (
        ("scalar law, 30 s", lambda s: ScalarLaw(s, 30.0)),
        ("scalar law, 10 s", lambda s: ScalarLaw(s, 10.0)),
        ("per-phase law, 10 s", lambda s: PhaseLaw(s, 10.0)),
        ("evdesk", Balancer),
        ("evdesk, C breaker entered", with_breaker),
    )
    print(
        f"| control law (mean of {seeds} runs of {minutes} min) | s above 63 A | s above +5 % | longest s | max A over "
        "| kWh | kWh, meter answering | worst car kWh | commands/h/charger | restarts per car |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, make in laws:
        rows = [measured(make, seed, minutes) for seed in range(1, seeds + 1)]
        mean = [statistics.fmean(column) for column in zip(*rows, strict=True)]
        longest = max(row[2] for row in rows)
        print(
            f"| {name} | {mean[0]:.0f} | {mean[1]:.0f} | {longest:.1f} | {max(r[3] for r in rows):.0f} | {mean[4]:.1f} "
            f"| {mean[5]:.1f} | {mean[6]:.2f} | {mean[7]:.0f} | {mean[8]:.2f} |"
        )


def measured(make: Callable[[Site], Law], seed: int, minutes: int) -> tuple[float, ...]:
    """One run: s above, s above +5 %, longest s, A over, kWh, of that with the meter answering, worst car's, commands an
    hour, restarts per car."""
    where = site()
    yard = Yard(where, make(where), cars(), {"Main": house}, seed, METER_SILENT)
    silent = [0.0, 0.0]

    def look(now: float, yard: Yard) -> None:
        for n, edge in enumerate(METER_SILENT):
            if now == edge:
                silent[n] = yard.kwh()

    yard.each.append(look)
    yard.run(minutes * 60)
    worst = min(c.car.wh for c in yard.chargers) / 1000.0
    answered = yard.kwh() - (silent[1] - silent[0])
    restarts = yard.restarts() / len(yard.chargers)
    figures = (yard.over_s, yard.over_5_s, yard.longest_s, yard.max_over_a, yard.kwh(), answered, worst)
    return (*figures, yard.commands_per_hour(), restarts)


def with_breaker(where: Site) -> Balancer:
    circuits = tuple(replace(circuit, breaker=Breaker.C) for circuit in where.circuits)
    return Balancer(replace(where, circuits=circuits))


def pictures() -> None:
    """L2 while a load of 25 A comes and goes: the per-phase law and evdesk."""
    curves = {}
    for name, make in (("per-phase law, each 10 s", lambda w: PhaseLaw(w, 10.0)), ("evdesk", Balancer)):
        where = site()
        yard = Yard(where, make(where), cars(), {"Main": house}, 1, METER_SILENT)
        seen: list[tuple[float, float, float]] = []
        yard.each.append(
            lambda now, y, seen=seen: seen.append((now / 60.0, y.total["Main"][1], house(now)[1]))  # type: ignore[misc]
        )
        yard.run(54 * 60)
        curves[name] = [row for row in seen if 34 <= row[0] <= 54]
    (ROOT / "docs" / "img" / "closed-loop.svg").write_text(cycling(curves, RATING_A))


def big_site(count: int) -> Site:
    """`count` chargers on a main, sub-panels of nine."""
    subs = -(-count // 9)
    circuits = [Circuit("Main", (400.0,) * 3, meter=MeterSource(), other_max_a=(100.0,) * 3)]
    circuits += [Circuit(f"Panel {n}", (100.0,) * 3, "Main") for n in range(subs)]
    bays = tuple(
        Bay(f"C{n:03d}", 1, f"Bay {n}", f"Panel {n // 9}", max_a=32.0, rotation=("RST", "STR", "TRS")[n % 3])
        for n in range(count)
    )
    return Site(circuits=tuple(circuits), bays=bays)


def timing(count: int, steps: int) -> None:
    where = big_site(count)
    balancer = Balancer(where)
    keys = [(b.charger_id, 1) for b in where.bays]
    have = dict.fromkeys(keys, 0.0)
    spent: dict[bool, list[float]] = {False: [], True: []}
    for n in range(steps):
        now = 1000.0 + n
        demands = [
            Demand(
                key,
                i < 2 or n > i,
                True,
                have[key],
                have[key],
                32.0,
                Why(WhyCode.CHARGER),
                drawn_a=(have[key],) * 3,
                drawn_at=now - (n + i) % 10,
                charging=have[key] > 0,
            )
            for i, key in enumerate(keys)
        ]
        total = sum(have.values()) + 20.0 + (40.0 if (n // 60) % 2 else 0.0)
        samples = [LineSample("Main", now, (total,) * 3)]
        start = time.perf_counter()
        decision = balancer.step(now, demands, samples)
        spent[decision.shared].append((time.perf_counter() - start) * 1000.0)
        have = {key: limit for key, (limit, _why) in decision.limits.items()}
    for shared, name in ((False, "safety only"), (True, "with sharing")):
        ordered = sorted(spent[shared])
        if ordered:
            p99 = ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)]
            print(f"| {count} connectors, {name} | {statistics.median(ordered):.2f} | {p99:.2f} | {len(ordered)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--minutes", type=int, default=80)
    parser.add_argument("--pictures", action="store_true", help="draw docs/img/closed-loop.svg")
    asked = parser.parse_args()
    if asked.pictures:
        pictures()
    closed_loop(asked.seeds, asked.minutes)
    print("\n| one step | median ms | P99 ms | steps |\n|---|---|---|---|")
    for count in (54, 200):
        timing(count, 600)


if __name__ == "__main__":
    main()
