"""The plan in each charger: who cannot fall back is reserved in full, the others share the rest."""

from dataclasses import replace

import pytest

from evdesk.balance import Balancer, Demand, LineSample, exposures, failsafe_plans, failsafe_problems, site_share
from evdesk.gui.sentences import why_look, why_next
from evdesk.model import BalanceSettings, Bay, Breaker, Circuit, MeterSource, Site, Why, WhyCode


def site(rating: float = 63.0, other: float = 12.0) -> Site:
    bays = tuple(Bay(name, 1, f"Bay {name}", "Main", max_a=16.0, rotation="RST") for name in "ABCD")
    circuits = (Circuit("Main", (rating,) * 3, other_max_a=(other,) * 3),)
    return Site(circuits=circuits, bays=bays, balance=BalanceSettings(margin_a=1.0), assumed=False)


def test_who_cannot_fall_back_takes_from_the_others():
    plans = failsafe_plans(site())
    assert {p.safe_a for p in plans.values()} == {12.0}  # (63 - 12 - 1) / 4
    unable = failsafe_plans(site(), frozenset("A"))
    assert (unable["A"].reserved_a, unable["A"].safe_a) == (16.0, 12.0)
    assert {unable[n].safe_a for n in "BCD"} == {11.0}  # (63 - 12 - 1 - 16) / 3
    assert site_share(site(), frozenset("A")) == 11.0
    assert unable["B"].falls_after_s == 195


@pytest.mark.parametrize(("second_a", "max_a", "full_a"), [(16.0, 48.0, 32.0), (32.0, 64.0, 32.0)])
def test_the_static_maximum_of_a_station_is_all_that_its_connectors_may_get(second_a, max_a, full_a):
    """For the whole station by the standard: a smaller one would take away what the balancer gives."""
    bays = tuple(Bay("W", n, f"W.{n}", "Main", max_a=a, rotation="RST") for n, a in ((3, second_a), (1, 32.0)))
    two = Site(circuits=(Circuit("Main", (100.0,) * 3),), bays=bays, assumed=False)
    plan = failsafe_plans(two)["W"]
    assert (plan.max_a, plan.full_a, plan.connectors) == (max_a, full_a, (1, 3))
    balancer = Balancer(two)
    demands = [Demand(("W", n), charging=True, confirmed_a=0.0, worst_a=0.0) for n in (1, 3)]
    for second in range(40):
        limits = balancer.step(float(second), demands, []).limits
        demands = [Demand(key, charging=True, confirmed_a=a, worst_a=a) for key, (a, _) in limits.items()]
    assert sum(amps for amps, _ in limits.values()) == plan.max_a
    assert plan.safe_a == second_a
    assert plan.nothing_above(plan.safe_a) is (second_a == 32.0), "32 A may flow at the first one"


def test_with_several_the_rest_may_get_nothing():
    plans = failsafe_plans(site(40.0), frozenset("AB"))
    assert {plans[n].safe_a for n in "CD"} == {0.0}  # 27 - 32 A is less than nothing
    assert site_share(site(), frozenset("ABCD")) == 0.0


def test_a_line_too_small_for_them_is_said():
    assert failsafe_problems(site(), frozenset("ABC")) == []
    (one, two, three) = failsafe_problems(site(40.0), frozenset("AB"))
    assert one.startswith("Main/L1: Bay A, Bay B cannot fall back and may draw 32 A beside 12 A of other load")
    assert "above its 40 A" in one
    assert (two[:7], three[:7]) == ("Main/L2", "Main/L3")


def metered(silent_times: float | None = None, **more) -> Site:
    circuit = Circuit("Main", (63.0,) * 3, other_max_a=(14.0,) * 3, meter=MeterSource(), **more)
    settings = BalanceSettings(silent_times=silent_times)
    bays = tuple(Bay(f"B{n}", 1, f"Bay {n}", "Main", max_a=16.0, rotation="RST") for n in range(4))
    return Site(circuits=(circuit,), bays=bays, balance=settings, assumed=False)


def test_what_a_line_may_carry_when_evdesk_falls_silent_at_the_worst_moment():
    (worst, *_) = exposures(metered())
    assert (worst.line, worst.amps, worst.seconds) == ("Main/L1", 76.0, 195)  # 62 A of cars, then 14 A of house
    assert worst.holds_s == 60.0
    assert not worst.borne
    assert exposures(metered(breaker=Breaker.GG))[0].borne  # a gG fuse holds 1.25 for an hour
    assert exposures(replace(metered(), bays=())) == []
    unmetered = replace(metered(), circuits=(replace(metered().circuits[0], meter=None),))
    assert exposures(unmetered) == []  # the worst is kept free always


def test_kept_within_the_breaker_the_cars_get_a_little_less():
    assert all(one.borne for one in exposures(metered(1.13)))
    given = {}
    for times in (None, 1.13, 1.0):
        balancer = Balancer(metered(times))
        limits = {}
        for n in range(200):
            cars = [car((f"B{k}", 1), limits.get((f"B{k}", 1)), 1000.0 + n) for k in range(4)]
            decision = balancer.step(
                1000.0 + n, cars, [LineSample("Main", 1000.0 + n, (2.0 + sum(limits.values()),) * 3)]
            )
            limits = {key: amps for key, (amps, _) in decision.limits.items()}
        given[times] = sum(limits.values())
    assert given[None] >= 58
    assert given[1.13] <= 71.19 - 14
    assert given[1.13] >= 54
    assert given[1.0] <= 63 - 14


def full_of_cars(times, house_a):
    """The last decision after 200 s with four cars that take all."""
    balancer, limits = Balancer(metered(times)), {}
    for n in range(200):
        cars = [car((f"B{k}", 1), limits.get((f"B{k}", 1)), 1000.0 + n) for k in range(4)]
        decision = balancer.step(
            1000.0 + n, cars, [LineSample("Main", 1000.0 + n, (house_a + sum(limits.values()),) * 3)]
        )
        limits = {key: amps for key, (amps, _) in decision.limits.items()}
    return decision


def test_what_is_kept_free_for_the_silence_is_said_and_not_laid_to_the_house():
    decision = full_of_cars(1.0, 2.0)  # 14 A of house are counted, 2 flow
    why = decision.limits["B0", 1][1]
    assert (why.code, why.line[:5], why.detail) == (WhyCode.LINE, "Main/", "silent")
    assert why.kept_a == pytest.approx(12.0, abs=0.1)
    assert "12 A kept free on Main/" in why.text
    line = decision.lines[0]
    assert line.other_a == pytest.approx(2.0, abs=0.1)
    assert line.silent_a == pytest.approx(12.0, abs=1.0)
    assert line.free_a <= 2.0
    assert why_look(why).word == f"Main {why.line[-2:]} keeps 12 A in case evdesk goes silent"
    assert "silent" in why_next(why)


def test_a_house_that_takes_that_much_itself_is_the_reason_again():
    for decision in (full_of_cars(1.0, 14.0), full_of_cars(None, 2.0)):
        why = decision.limits["B0", 1][1]
        assert (why.code, why.detail, why.kept_a) == (WhyCode.LINE, "", None)
        assert decision.lines[0].silent_a == 0.0


def car(key, confirmed, at) -> Demand:
    drawn = (confirmed or 0.0,) * 3
    return Demand(
        key,
        True,
        True,
        confirmed,
        confirmed or 6.0,
        16.0,
        Why(WhyCode.CHARGER),
        drawn_a=drawn,
        drawn_at=at,
        charging=True,
    )
