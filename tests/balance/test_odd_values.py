"""Numbers that cannot be, anywhere: nothing raises, nothing hangs, limits stay limits. Warnings of numpy are errors."""

import math
import random

import pytest

from evdesk.balance import Balancer, Demand, Line, LineSample, Rules, Sharing
from evdesk.model import BalanceSettings, Bay, Breaker, ChargeMode, Circuit, MeterSource, ShareBy, Site

ODD = (math.nan, math.inf, -math.inf, -5.0, 0.0, 1e308, -1e308, 1e-300, 5, 7.5)
TERMINALS = ((True, True, True), (True, False, False), (False, False, False))


def some(rng, usual, none=True):
    """Mostly the usual."""
    draw = rng.random()
    return usual if draw < 0.75 else None if none and draw < 0.8 else rng.choice(ODD)


def demand(rng, key, now, held):
    return Demand(
        key,
        rng.random() < 0.9,
        rng.random() < 0.95,
        some(rng, held),
        some(rng, held, none=False),
        some(rng, 32.0, none=False),
        min_a=some(rng, 6.0, none=False),
        drawn_a=tuple(some(rng, held) for _ in range(3)),
        drawn_at=some(rng, now - rng.random() * 5),
        charging=rng.random() < 0.5,
        plugged_at=some(rng, 500.0),
        terminals=rng.choice(TERMINALS),
        sample_s=some(rng, 10.0, none=False),
        kw_per_a=some(rng, 0.23, none=False),
        got_kwh=some(rng, 2.0),
        needs_kwh=some(rng, 9.0),
        departure_at=some(rng, now + 7200.0),
        trust=some(rng, 0.5),
        priority=rng.choice([0, 0, 3, -2, 10**6, math.nan, math.inf]),
        mode=rng.choice(list(ChargeMode)),
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_library_bears_any_number(seed):
    rng = random.Random(seed)
    keys = [(f"C{n}", 1) for n in range(rng.randint(1, 6))]
    rules = Rules(steps=rng.choice([(), None, (6.0, 10.0, 16.0)]), turn_s=rng.choice([None, 600.0]), cheap_below=0.2)
    lines = [
        Line("M", limit_a=rng.uniform(5, 70), coef=dict.fromkeys(keys, 1)),
        Line("N", limit_a=rng.uniform(5, 70), coef={key: 0.5 + 0.8j for key in keys if rng.random() < 0.7}),
    ]
    sharing, held = Sharing(lines, rules), dict.fromkeys(keys, 0.0)
    for n in range(10):
        now = 1000.0 + n * rng.choice([1.0, 60.0, 900.0])
        given = [demand(rng, key, now, held[key]) for key in keys]
        rooms = {"M": some(rng, 40.0, none=False)}
        limits = sharing.decide(now, given, surplus_w=some(rng, 3000.0), price=some(rng, 0.3), rooms=rooms)
        held = {key: amps for key, (amps, _why) in limits.items()}
        assert all(0.0 <= amps <= 1e4 for amps in held.values()), held


@pytest.mark.parametrize("seed", range(12))
def test_the_balancer_bears_any_number(seed):
    rng = random.Random(seed)
    keys = [(f"C{n}", 1) for n in range(rng.randint(1, 6))]
    bays = tuple(
        Bay(key[0], 1, key[0], "Sub", phases=rng.choice([1, 3]), max_a=32.0, rotation=rng.choice(["RST", "STR", ""]))
        for key in keys
    )
    meter = MeterSource()
    circuits = (
        Circuit("Main", (63.0,) * 3, meter=meter, other_max_a=(9.0,) * 3, breaker=Breaker.C),
        Circuit("Sub", (40.0,) * 3, "Main"),
    )
    settings = BalanceSettings(share_by=list(ShareBy)[seed % 3], silent_times=rng.choice([None, 1.13]), cheap_below=0.2)
    balancer = Balancer(Site(circuits=circuits, bays=bays, balance=settings, assumed=False))
    held, now = dict.fromkeys(keys, 0.0), 1000.0
    for _ in range(30):
        now += rng.choice([1.0, 1.0, 1.0, 61.0, -3.0, 900.0])
        given = [demand(rng, key, now, held[key]) for key in keys]
        sample = LineSample("Main", some(rng, now, none=False), tuple(some(rng, 20.0) for _ in range(3)))
        decision = balancer.step(now, given, [sample], surplus_w=some(rng, 3000.0), price=some(rng, 0.3))
        held = {key: amps for key, (amps, _why) in decision.limits.items()}
        assert all(amps == 0 or 6 <= amps <= 32 for amps in held.values()), held
        assert all(line.free_a >= 0 for line in decision.lines)
