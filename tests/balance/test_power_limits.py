"""A power limit beside a voltage that is never the same twice."""

import random

import pytest

from evdesk.balance import Balancer, Decision, Demand, LineSample
from evdesk.model import Bay, Circuit, MeterSource, PowerCap, Site

BAYS = 3
NAME = "grid operator"


class Rig:
    """Three three-phase cars that take all they are given, below a power limit."""

    def __init__(self) -> None:
        circuit = Circuit("Main", (100.0,) * 3, meter=MeterSource(), other_max_a=(10.0,) * 3)
        bays = tuple(Bay(f"B{k}", 1, f"{k}", "Main", rotation="RST") for k in range(BAYS))
        self.balancer, self.now = Balancer(Site(circuits=(circuit,), bays=bays)), 1000.0
        self.have = dict.fromkeys(((f"B{k}", 1) for k in range(BAYS)), 0.0)
        self.changes = self.shares = 0

    @property
    def given_a(self) -> float:
        return 3 * sum(self.have.values())

    def second(self, watts: float, volts: float) -> Decision:
        self.now += 1.0
        self.balancer.limit_power([PowerCap(NAME, watts)], volts)
        demands = [
            Demand(key, confirmed_a=a, worst_a=a, drawn_a=(a,) * 3, drawn_at=self.now - self.now % 10, charging=True)
            for key, a in self.have.items()
        ]
        sample = LineSample("Main", self.now, (5.0 + self.given_a / 3,) * 3)
        decision = self.balancer.step(self.now, demands, [sample])
        new = {key: limit for key, (limit, _) in decision.limits.items()}
        self.changes += new != self.have
        self.shares += decision.shared
        self.have = new
        return decision


@pytest.mark.parametrize("volts", [230.0, 231.0, 233.9, 237.0])
def test_a_wandering_voltage_moves_no_limit_and_builds_nothing_anew(volts):
    rig, rng = Rig(), random.Random(1)
    for _ in range(1000):
        rig.second(16560.0, volts + rng.uniform(-1.5, 1.5))
    rig.changes = rig.shares = 0
    line = rig.balancer.lines[0]
    for _ in range(600):
        rig.second(16560.0, volts + rng.uniform(-1.5, 1.5))
        assert rig.given_a * (volts + 1.5) <= 16560.0
    assert rig.changes <= 2
    assert rig.shares <= 15
    assert rig.balancer.lines[0] is line
    assert rig.given_a * volts >= 0.9 * 16560.0


def test_a_higher_voltage_counts_at_once_and_is_forgotten_after_a_quarter_of_an_hour():
    rig = Rig()
    for _ in range(120):
        rig.second(16560.0, 230.0)
    assert rig.given_a == 72.0
    rig.second(16560.0, 241.0)
    assert rig.given_a <= 16560.0 / 241.0
    for _ in range(850):
        rig.second(16560.0, 0.0)  # the meter is silent: what it said last holds on for that long
    assert rig.given_a <= 16560.0 / 241.0
    for _ in range(200):
        rig.second(16560.0, 0.0)
    assert rig.given_a == 72.0


def test_a_power_limit_that_changes_each_second_is_kept_each_second():
    rig, rng = Rig(), random.Random(2)
    for _ in range(60):
        rig.second(20000.0, 230.0)
    line = rig.balancer.lines[0]
    rig.shares = 0
    for _ in range(100):
        watts = rng.uniform(13000.0, 20000.0)
        rig.second(watts, 230.0)
        assert rig.given_a * 230.0 <= watts
    assert rig.balancer.lines[0] is line
    assert rig.shares <= 21
    assert rig.balancer.lines[-1].limit_a == pytest.approx(watts / 230.0)
    rig.balancer.limit_power([])
    assert len(rig.balancer.lines) == 3
