"""Turns under a constant house: whatever protects the line, what is planned for a car is really given, and in time."""

import random

import pytest

from evdesk.balance import Balancer, Demand, LineSample
from evdesk.model import BalanceSettings, Bay, Breaker, Circuit, MeterSource, ShareBy, Site

TURN_S, DWELL_S = 240.0, 60.0
SETTLES_S = 120
"""From one car to the next, or up to a higher limit: a sharing, an answer, a car's reaction, the hold."""

MARGIN_A, SLACK_A = 1.0, 0.5
LAG_S = 3


class Bench:
    """Identical cars on one metered line; they take what they are given three seconds later."""

    def __init__(self, main: float, house: float, cars: int, breaker: Breaker, share_by: ShareBy) -> None:
        keys = [(f"W{n}", 1) for n in range(cars)]
        most = min(house + 2.0, main)
        circuit = Circuit("Main", (main,) * 3, meter=MeterSource(), other_max_a=(most,) * 3, breaker=breaker)
        bays = tuple(Bay(name, one, name, "Main", max_a=16, rotation="RST") for name, one in keys)
        settings = BalanceSettings(turn_s=TURN_S, dwell_s=DWELL_S, share_by=share_by)
        self.balancer = Balancer(Site(circuits=(circuit,), bays=bays, balance=settings))
        self.room, self.house = main - MARGIN_A - house, house
        self.limits = dict.fromkeys(keys, 0.0)
        self.pipes = {key: [0.0] * LAG_S for key in keys}
        self.waits = dict.fromkeys(keys, 0)
        self.longest_wait = self.longest_unused = self._unused = 0

    def second(self, now: float) -> None:
        drawn = {key: pipe.pop(0) for key, pipe in self.pipes.items()}
        demands = [
            Demand(
                key,
                confirmed_a=limit,
                worst_a=limit,
                ceiling_a=16,
                drawn_a=(drawn[key],) * 3,
                drawn_at=now,
                charging=drawn[key] > 0,
                plugged_at=0.0,
                kw_per_a=0.69,
            )
            for key, limit in self.limits.items()
        ]
        sample = LineSample("Main", now, (1.0, self.house + sum(drawn.values()), 1.0))
        decision = self.balancer.step(now, demands, [sample])
        self.limits = {key: amps for key, (amps, _) in decision.limits.items()}
        on = [key for key, amps in self.limits.items() if amps > 0]
        for key, pipe in self.pipes.items():
            pipe.append(self.limits[key])
            self.waits[key] = self.waits[key] + 1 if on and key not in on else 0
        self.longest_wait = max(self.longest_wait, *self.waits.values())
        left = self.room - SLACK_A - sum(self.limits.values())
        usable = left >= 1 and any(self.limits[key] < 16 for key in on)
        self._unused = self._unused + 1 if usable else 0
        self.longest_unused = max(self.longest_unused, self._unused)


def random_bench(seed: int, breaker: Breaker, share_by: ShareBy) -> Bench:
    """Room for one to all but one of the cars, and a little more or less than that."""
    pick = random.Random(seed)
    cars = pick.randint(2, 3)
    room = 6.0 * pick.randint(1, cars) + pick.choice([pick.uniform(0.6, 5.9), pick.uniform(0.0, 0.6), -0.3])
    main = pick.choice([25.0, 35.0])
    return Bench(main, round(max(main - MARGIN_A - max(room, 6.6), 0.0), 2), cars, breaker, share_by)


@pytest.mark.parametrize("breaker", list(Breaker))
@pytest.mark.parametrize("house", [12.3, 13.1])
def test_a_turn_is_taken_where_only_the_breaker_would_bear_both(house, breaker):
    bench = Bench(25.0, house, 2, breaker, ShareBy.EQUAL)
    for second in range(1200):
        bench.second(1e6 + second)
    assert bench.longest_wait <= TURN_S + DWELL_S
    assert bench.longest_unused <= SETTLES_S


@pytest.mark.parametrize("breaker", list(Breaker))
@pytest.mark.parametrize("seed", range(4))
def test_nobody_waits_for_ever_and_no_ampere_is_left(seed, breaker):
    bench = random_bench(seed, breaker, ShareBy.EQUAL)
    cars = len(bench.limits)
    for second in range(int((cars + 2) * TURN_S)):
        bench.second(1e6 + second)
    assert bench.longest_wait <= cars * TURN_S + DWELL_S
    assert bench.longest_unused <= SETTLES_S
