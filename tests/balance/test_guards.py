"""Rules of the safety layer, each alone: what a mistake in it would let through."""

import pytest

from evdesk.balance import Balancer, Demand, LineSample
from evdesk.balance.thermal import Heat
from evdesk.model import BalanceSettings, Bay, Breaker, Circuit, MeterSource, Site

A, B = ("A", 1), ("B", 1)
HOLD_S = int(BalanceSettings().raise_hold_s)


def test_a_terminal_that_carries_current_counts_whatever_is_said_of_the_car():
    """A is said to be a one-phase car and loads all three phases; B is on the second."""
    bays = (
        Bay("A", 1, "A", "Main", max_a=16.0, rotation="RST"),
        Bay("B", 1, "B", "Main", max_a=16.0, rotation="STR", phases=1),
    )
    balancer = Balancer(Site(circuits=(Circuit("Main", (21.0,) * 3),), bays=bays))
    limits = {A: 0.0, B: 0.0}
    for second in range(120):
        now, at = 1000.0 + second, 1000.0 + second - second % 10
        if second % 10 == 0:
            drawn = dict(limits)
        one = (True, False, False)
        demands = [
            Demand(A, confirmed_a=limits[A], worst_a=limits[A], charging=limits[A] > 0, terminals=one,
                   drawn_a=(drawn[A],) * 3, drawn_at=at),
            Demand(B, confirmed_a=limits[B], worst_a=limits[B], charging=limits[B] > 0, terminals=one,
                   drawn_a=(drawn[B], 0.0, 0.0), drawn_at=at),
        ]  # fmt: skip
        limits = {key: amps for key, (amps, _why) in balancer.step(now, demands, []).limits.items()}
        if second >= 12:
            assert limits[A] + limits[B] <= 20.0
    assert min(limits.values()) >= 6.0


def test_a_meter_that_is_back_is_believed_only_after_a_while():
    """Who rises with its first sample falls with its next gap."""
    main = Circuit("Main", (40.0,) * 3, meter=MeterSource(), other_max_a=(27.0,) * 3)
    balancer = Balancer(Site(circuits=(main,), bays=(Bay("A", 1, "A", "Main", max_a=32.0, rotation="RST"),)))
    back, amps, seen = 200, 0.0, {}
    for second in range(300):
        now = 1000.0 + second
        told = Demand(
            A, confirmed_a=amps, worst_a=amps, charging=amps > 0, drawn_a=(amps,) * 3, drawn_at=now - second % 10
        )
        silent = 100 <= second < back
        samples = [] if silent else [LineSample("Main", now, (4.0 + amps,) * 3)]
        seen[second] = amps = balancer.step(now, [told], samples).limits[A][0]
    assert seen[99] >= 30.0
    assert seen[back - 1] == 12.0
    assert {seen[second] for second in range(back, back + HOLD_S)} == {12.0}
    assert seen[299] >= 30.0


def test_nothing_rises_just_after_a_cut():
    """B falls silent and is reserved in full, so A is cut; a moment later B is back without a car."""
    bays = tuple(Bay(name, 1, name, "Main", max_a=16.0, rotation="RST") for name in ("A", "B"))
    balancer = Balancer(Site(circuits=(Circuit("Main", (25.0,) * 3),), bays=bays))
    amps, seen, gone, back = 0.0, {}, 100, 104
    for second in range(180):
        a = Demand(A, confirmed_a=amps, worst_a=amps, charging=amps > 0)
        b = Demand(
            B, wants=False, commandable=not gone <= second < back, worst_a=16.0 if gone <= second < back else 0.0
        )
        seen[second] = amps = balancer.step(1000.0 + second, [a, b], []).limits[A][0]
    assert seen[gone - 1] == 16.0
    assert seen[gone] == 8.0
    assert {seen[second] for second in range(gone, gone + HOLD_S)} == {8.0}
    assert seen[179] == 16.0


@pytest.mark.parametrize("breaker", [Breaker.B, Breaker.C, Breaker.GG])
def test_a_breaker_that_was_spent_is_not_leant_on_again_before_it_has_cooled_by_half(breaker):
    heat = Heat(used=0.0, spent=False, at=0.0)
    now = 0.0
    while not heat.spent:
        now += 1.0
        heat.update(now, breaker, 1.35 * 63.0, 63.0)
    assert heat.extra_a(breaker, 63.0) == 0.0
    for _ in range(400):
        now += 1.0
        heat.update(now, breaker, 50.0, 63.0)
    assert 0.5 < heat.used < 0.6
    assert heat.extra_a(breaker, 63.0) == 0.0
    for _ in range(60):
        now += 1.0
        heat.update(now, breaker, 50.0, 63.0)
    assert heat.extra_a(breaker, 63.0) > 0.0
