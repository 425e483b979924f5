"""Long chaotic runs against an oracle that knows nothing of lines: it puts currents on phases and adds them up the tree."""

import math
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.balance import Balancer, Decision, Demand, LineSample, safe_share
from evdesk.model import BalanceSettings, Bay, Circuit, MeterSource, Site, Why, WhyCode

ROTATIONS = ("RST", "STR", "TRS", "RTS", "SRT", "TSR")


def random_site(rng: random.Random) -> tuple[Site, dict[str, str]]:
    """A tree, and how each bay is really wired (the site may not know)."""
    circuits: list[Circuit] = []
    for n in range(rng.randint(1, 5)):
        parent = "" if n == 0 else rng.choice(circuits).name
        top = 100 if n == 0 else int(min(next(c for c in circuits if c.name == parent).rating_a))
        rating = (float(rng.randint(8, max(top, 8))),) * 3
        other = tuple(float(rng.choice([0, 2, 5, 9])) for _ in range(3))
        meter = MeterSource() if rng.random() < 0.5 else None
        circuits.append(Circuit(f"C{n}", rating, parent, meter, (other[0], other[1], other[2])))
    bays, wired = [], {}
    for n in range(rng.randint(1, 9)):
        truth = rng.choice(ROTATIONS)
        wired[f"B{n}"] = truth
        bays.append(
            Bay(
                f"B{n}",
                1,
                f"Bay {n}",
                rng.choice(circuits).name,
                max_a=rng.choice([10.0, 16.0, 20.0, 32.0]),
                min_a=rng.choice([6.0, 6.0, 8.0]),
                phases=rng.choice([1, 3, 3]),
                rotation=truth if rng.random() < 0.7 else "",
            )
        )
    rules = BalanceSettings(enabled=rng.random() < 0.8)
    return Site(circuits=tuple(circuits), bays=tuple(bays), balance=rules, assumed=False), wired


class Chaos:
    """Cars come, go, fall silent, obey or not; meters answer or not."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.site, self.wired = random_site(self.rng)
        self.have = {b.charger_id: 0.0 for b in self.site.bays}
        self.state = {b.charger_id: self.rng.choice(["idle", "car", "silent"]) for b in self.site.bays}
        self.terminals = {
            b.charger_id: (True, b.phases > 1 and self.rng.random() < 0.6, b.phases > 2) for b in self.site.bays
        }
        self.metered = {c.name: self.rng.random() < 0.8 for c in self.site.circuits if c.meter}
        self.sampled: dict[str, float] = {}

    def demands(self, now: float) -> list[Demand]:
        found = []
        for bay in self.site.bays:
            name = bay.charger_id
            if self.rng.random() < 0.05:
                self.state[name] = self.rng.choice(["idle", "car", "car", "silent"])
            state, held = self.state[name], self.have[name]
            odd = self.rng.random() < 0.03
            found.append(
                Demand(
                    key=(name, 1),
                    wants=state != "idle",
                    commandable=state == "car",
                    confirmed_a=held if self.rng.random() < 0.9 else None,
                    worst_a=0.0 if state == "idle" else (bay.max_a if odd else held),
                    ceiling_a=self.rng.choice([bay.max_a] * 8 + [0.0, 7.5, 40.0, math.nan]),
                    ceiling_why=Why(WhyCode.CHARGER),
                    min_a=bay.min_a,
                    drawn_a=(held, held, held) if not odd else (math.nan, -3.0, None),
                    drawn_at=now - self.rng.uniform(0, 10) if self.rng.random() < 0.8 else None,
                    charging=state == "car",
                    terminals=self.terminals[name],
                )
            )
        return found

    def samples(self, now: float) -> list[LineSample]:
        found = []
        for name in self.metered:
            if self.rng.random() < 0.05:
                self.metered[name] = not self.metered[name]
            if self.metered[name]:
                a, b, c = (self.rng.uniform(0, 30) for _ in range(3))
                found.append(LineSample(name, now, (a, b, c)))
                self.sampled[name] = now
        return found

    def obey(self, decision: Decision) -> None:
        for (name, _), (limit, _why) in decision.limits.items():
            if self.state[name] == "car" and self.rng.random() < 0.8:
                self.have[name] = limit

    def paths(self, name: str) -> list[Circuit]:
        circuit = next(c for c in self.site.circuits if c.name == name)
        return [circuit, *(self.paths(circuit.parent) if circuit.parent else [])]


def worst_other(chaos: Chaos, circuit: Circuit, phase: int) -> float:
    below = [c for c in chaos.site.circuits if c.parent == circuit.name]
    return max(circuit.other_max_a[phase], sum(worst_other(chaos, c, phase) for c in below))


def check_lines(chaos: Chaos, decision: Decision, demands: list[Demand], now: float) -> None:
    by_key = {d.key: d for d in demands}
    for circuit in chaos.site.circuits:
        below = [b for b in chaos.site.bays if circuit in chaos.paths(b.circuit)]
        for phase in range(3):
            steered = fixed = 0.0
            for bay in below:
                demand = by_key[(bay.charger_id, 1)]
                terminal = chaos.wired[bay.charger_id].index("RST"[phase])
                if terminal >= bay.phases or not chaos.terminals[bay.charger_id][terminal]:
                    continue
                if demand.wants and demand.commandable:
                    steered += decision.limits[demand.key][0] * chaos.rng.choice([1.0, 1.0, chaos.rng.random()])
                else:
                    fixed += demand.worst_a
            stale = circuit.meter is None or now - chaos.sampled.get(circuit.name, -1e9) > 6.0
            other = worst_other(chaos, circuit, phase) if stale else 0.0
            if steered > 0:
                assert steered + fixed + other <= circuit.rating_a[phase] - 1.0 + 1e-6, (circuit.name, phase)


def check_limits(chaos: Chaos, decision: Decision, demands: list[Demand]) -> None:
    assert set(decision.limits) == {d.key for d in demands}
    for demand in demands:
        limit, why = decision.limits[demand.key]
        bay = chaos.site.bay(*demand.key)
        assert bay is not None
        assert limit == int(limit)
        assert limit == 0 or limit >= max(6.0, bay.min_a)
        assert limit <= bay.max_a
        assert limit <= demand.ceiling_a or limit == 0 or math.isnan(demand.ceiling_a)
        assert why.code is not WhyCode.UNKNOWN
        assert why.since_at is not None
        assert why.since_at <= decision.at
    for view in decision.lines:
        assert view.free_a >= 0
        assert view.reserved_a >= 0


@settings(max_examples=160, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_breaks_a_line_in_long_runs(seed):
    chaos = Chaos(seed)
    balancer = Balancer(chaos.site, strict=False)
    safe = safe_share(chaos.site)
    previous: Decision | None = None
    before: dict[tuple[str, int], bool] = {}
    for step in range(25):
        now = 5000.0 + step
        demands, samples = chaos.demands(now), chaos.samples(now)
        decision = balancer.step(now, demands, samples)
        check_limits(chaos, decision, demands)
        check_lines(chaos, decision, demands, now)
        for demand in demands:
            blind = any(
                c.meter and now - chaos.sampled.get(c.name, -1e9) > 6.0
                for c in chaos.paths(chaos.site.bay(*demand.key).circuit)
            )
            if previous is not None and blind and before.get(demand.key) and demand.wants and demand.commandable:
                limit = decision.limits[demand.key][0]
                assert limit <= max(previous.limits[demand.key][0], safe[demand.key])
        before = {d.key: d.wants and d.commandable for d in demands}
        previous = decision
        chaos.obey(decision)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_two_balancers_agree_to_the_last_bit(seed):
    one, two = Chaos(seed), Chaos(seed)
    first, second = Balancer(one.site, strict=False), Balancer(two.site, strict=False)
    for step in range(20):
        now = 5000.0 + step
        a = first.step(now, one.demands(now), one.samples(now))
        b = second.step(now, two.demands(now), two.samples(now))
        assert a == b
        one.obey(a)
        two.obey(b)
