"""A breaker's budget: what it bears does not stop a car, what it does not bear stops it in time."""

import dataclasses

import pytest

from evdesk.balance.thermal import COOLS_S, Heat, holds_s
from evdesk.model import BalanceSettings, Breaker
from tests.balance.closed_loop import Car, Yard
from tests.balance.test_closed_loop import build, site

TWO = (("B0", 16.0, "RST", 3), ("B1", 16.0, "RST", 3))
RATING = 32.0


def spike(amps, start=600.0, seconds=60.0, base=18.0):
    """A house that leaves room for both cars at 6 A, and steps up."""
    return lambda now: (base + (amps if start <= now < start + seconds else 0.0),) * 3


def yard(breaker, house, meter_silent=None):
    where = site(RATING, TWO, other=24.0, balance=BalanceSettings(dwell_s=60.0))
    main = dataclasses.replace(where.circuits[0], breaker=breaker)
    where = dataclasses.replace(where, circuits=(main,))
    more = {"meter_silent": meter_silent} if meter_silent else {}
    return build(where, {"B0": Car(), "B1": Car()}, house, **more)


class Times:
    """The longest time in one go above each multiple of the rating."""

    def __init__(self, yard: Yard) -> None:
        self.longest: dict[float, float] = dict.fromkeys((1.0, 1.13, 1.25, 1.4), 0.0)
        self.running = dict.fromkeys(self.longest, 0.0)
        yard.each.append(self.look)

    def look(self, now: float, yard: Yard) -> None:
        times = max(yard.total["Main"]) / RATING
        for level in self.longest:
            self.running[level] = self.running[level] + 1 if times > level else 0.0
            self.longest[level] = max(self.longest[level], self.running[level])


def test_a_short_step_within_the_curve_stops_no_car():
    with_curve = yard(Breaker.C, spike(4.0)).run(1200)
    without = yard(Breaker.UNKNOWN, spike(4.0)).run(1200)
    assert with_curve.restarts() == 0
    assert without.restarts() >= 1, "else this spike proves nothing"
    assert with_curve.max_over_a < 0.13 * RATING


def test_a_long_step_stops_cars_before_the_breaker_does():
    found = yard(Breaker.C, spike(4.0, seconds=3000.0))
    times = Times(found)
    found.run(3600)
    assert 300 < times.longest[1.0] < 3600, "an hour is what a breaker must hold"
    assert max(found.total["Main"]) <= RATING + 0.5, "and then the line is free"


def test_a_large_step_is_cut_at_once_whatever_the_curve():
    found = yard(Breaker.C, spike(16.0, seconds=300.0))
    times = Times(found)
    found.run(1200)
    assert times.longest[1.4] <= 8
    assert times.longest[1.25] <= 8


def test_a_load_that_comes_and_goes_stops_no_car_while_the_budget_lasts():
    """An oven: five ampere too many for half of each 40 s. Later they take turns, as without a curve."""

    def oven(now):
        return (18.0 + (5.0 if now > 600 and now % 40 < 20 else 0.0),) * 3

    with_curve, without = yard(Breaker.C, oven).run(1500), yard(Breaker.UNKNOWN, oven).run(1500)
    assert with_curve.restarts() == 0
    assert all(amps >= 6 for amps, _ in with_curve.decision.limits.values())
    assert any(amps < 6 for amps, _ in without.decision.limits.values())
    assert with_curve.run(3600).restarts() >= 1, "the one that was stopped has its turn"


def test_a_silent_meter_takes_the_budget_away():
    found = yard(Breaker.C, spike(4.0, start=700.0, seconds=600.0), meter_silent=(690.0, 1290.0)).run(1250)
    assert max(found.total["Main"]) <= RATING, "nobody sees what flows: the worst case of the house counts"


def run(heat, breaker, times, seconds, start):
    for n in range(seconds):
        heat.update(start + n, breaker, times * 100.0, 100.0)
    return start + seconds


def test_the_budget_is_spent_by_the_curve_and_comes_back_slowly():
    heat = Heat()
    heat.update(0.0, Breaker.B, 50.0, 100.0)
    assert heat.extra_a(Breaker.B, 100.0) == 0.0, "nobody knows what flowed before"
    heat = Heat(used=0.0, spent=False)
    at = run(heat, Breaker.B, 1.2, 31, 0.0)
    assert heat.left == pytest.approx(0.5, abs=0.02)
    assert heat.extra_a(Breaker.B, 100.0) == pytest.approx(25.0)
    at = run(heat, Breaker.B, 1.2, 60, at)
    assert (heat.left, heat.extra_a(Breaker.B, 100.0)) == (0.0, 0.0)
    at = run(heat, Breaker.B, 1.0, int(COOLS_S * 0.4), at)
    assert heat.left == 0.0, "not lent again before half of it is back"
    run(heat, Breaker.B, 1.0, int(COOLS_S * 0.2), at)
    assert heat.left == pytest.approx(0.6, abs=0.02)


def test_nothing_is_borrowed_where_the_breaker_or_the_current_is_not_known():
    heat = Heat()
    heat.update(0.0, Breaker.UNKNOWN, 50.0, 100.0)
    assert heat.extra_a(Breaker.UNKNOWN, 100.0) == 0.0
    heat = Heat()
    heat.update(0.0, Breaker.C, None, 100.0)
    assert heat.extra_a(Breaker.C, 100.0) == 0.0


@pytest.mark.parametrize("breaker", [b for b in Breaker if b is not Breaker.UNKNOWN])
def test_the_curve_only_falls_and_is_within_what_the_standard_guarantees(breaker):
    seconds = [holds_s(breaker, 1.0 + n / 100) for n in range(1, 100)]
    assert seconds == sorted(seconds, reverse=True)
    assert holds_s(breaker, 1.41) == 0.0
    assert seconds[0] <= 3600


def test_a_time_nobody_looked_counts_as_spent_whatever_flows_now():
    for after_a in (63.0 * 1.38, 40.0):
        heat = Heat(used=0.0, spent=False, at=0.0)
        heat.update(1.0, Breaker.C, 60.0, 63.0)
        assert heat.extra_a(Breaker.C, 63.0) > 0
        heat.update(61.0, Breaker.C, after_a, 63.0)
        assert heat.spent
        assert heat.extra_a(Breaker.C, 63.0) == 0.0
