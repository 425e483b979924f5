"""Balancing switched off: nobody shares, but the lines are watched as always. And what counts as in force."""

from dataclasses import replace

import pytest

from evdesk.balance import Balancer, Demand, LineSample, safe_share
from evdesk.model import BalanceSettings, Bay, ChargeMode, Circuit, MeterSource, PowerCap, Site, Why, WhyCode


def site_of(rating: float, cars: int, *, metered: bool = False, max_a: float = 32.0, enabled: bool = False) -> Site:
    circuit = Circuit("Main", (rating,) * 3, meter=MeterSource() if metered else None, other_max_a=(5.0,) * 3)
    bays = tuple(Bay(f"B{k}", 1, f"{k}", "Main", rotation="RST", max_a=max_a) for k in range(cars))
    return Site(circuits=(circuit,), bays=bays, balance=BalanceSettings(enabled=enabled))


def car(k: int, limit: float, **more: object) -> Demand:
    values = {"confirmed_a": limit, "worst_a": limit, "ceiling_a": 32.0, "charging": True}
    return Demand((f"B{k}", 1), **(values | more))  # type: ignore[arg-type]


def test_a_power_limit_holds_while_balancing_is_off():
    site = site_of(63.0, 4, max_a=16.0)
    balancer = Balancer(site)
    share = safe_share(site)[("B0", 1)]
    have = [share] * 4
    for s in range(20):
        decision = balancer.step(1000.0 + s, [car(k, have[k]) for k in range(4)], [])
        have = [decision.limits[(f"B{k}", 1)][0] for k in range(4)]
    assert have == [share] * 4
    balancer.limit_power([PowerCap("grid operator", 3 * 230.0 * 13)], 230.0)
    decision = balancer.step(1020.0, [car(k, have[k]) for k in range(4)], [])
    assert decision.limits[("B0", 1)][1].code is WhyCode.CAP
    for s in range(1, 40):
        have = [decision.limits[(f"B{k}", 1)][0] for k in range(4)]
        assert sum(have) <= 13
        decision = balancer.step(1020.0 + s, [car(k, have[k]) for k in range(4)], [])
    assert sum(have) >= 12
    balancer.limit_power([], 230.0)
    for s in range(40, 700):
        have = [decision.limits[(f"B{k}", 1)][0] for k in range(4)]
        decision = balancer.step(1020.0 + s, [car(k, have[k]) for k in range(4)], [])
    assert {limit for limit, _ in decision.limits.values()} == {share}
    assert {why.code for _, why in decision.limits.values()} == {WhyCode.OFF}


@pytest.mark.parametrize("enabled", [True, False])
def test_beside_a_charger_held_at_its_rating_the_other_gives_way(enabled):
    balancer, limit = Balancer(site_of(45.0, 2, enabled=enabled)), 17.0
    for s in range(40):
        silent = car(0, 26.0, commandable=False, worst_a=32.0)
        limit = balancer.step(1000.0 + s, [silent, car(1, limit)], []).limits[("B1", 1)][0]
    assert 32.0 + limit + 5.0 <= 45.0


def test_an_overload_on_the_meter_is_cut_while_balancing_is_off_and_does_not_saw():
    balancer, have, changes = Balancer(site_of(40.0, 2, metered=True)), [16.0, 16.0], 0
    for s in range(900):
        now, house = 1000.0 + s, 5.0 if s < 60 else 20.0
        demands = [car(k, have[k], drawn_a=(have[k],) * 3, drawn_at=now - s % 10) for k in range(2)]
        decision = balancer.step(now, demands, [LineSample("Main", now, (house + sum(have),) * 3)])
        new = [decision.limits[(f"B{k}", 1)][0] for k in range(2)]
        changes += sum(a != b for a, b in zip(new, have, strict=True))
        have = new
    assert sum(have) + 20.0 <= 40.0
    assert changes <= 8
    assert decision.limits[("B0", 1)][1].code is WhyCode.LINE


def test_prices_and_the_roof_do_not_count_while_balancing_is_off():
    site = site_of(63.0, 2)
    modes = (ChargeMode.SOLAR_ONLY, ChargeMode.CHEAP)
    site = replace(site, bays=tuple(replace(b, mode=m) for b, m in zip(site.bays, modes, strict=True)))
    site = replace(site, balance=replace(site.balance, cheap_below=0.1))
    balancer = Balancer(site)
    for s in range(30):
        decision = balancer.step(1000.0 + s, [car(0, 0.0), car(1, 0.0)], [], surplus_w=0.0, price=1.0)
    share = safe_share(site)[("B0", 1)]
    assert [limit for limit, _ in decision.limits.values()] == [share, share]


def test_a_pause_by_a_person_counts_while_balancing_is_off():
    user = Why(WhyCode.USER)
    decision = Balancer(site_of(63.0, 1)).step(1.0, [car(0, 16.0, ceiling_a=0.0, ceiling_why=user)], [])
    assert decision.limits[("B0", 1)][0] == 0.0


def test_an_unanswered_limit_as_small_as_the_safe_share_counts():
    """Five paused cars whose 6 A may have arrived, and one that wants all."""
    site = replace(site_of(40.0, 6, enabled=True), circuits=(Circuit("Main", (40.0,) * 3),))
    assert safe_share(site)[("B0", 1)] == 6.0
    balancer, limit = Balancer(site), 0.0
    for s in range(60):
        held = [car(k, 0.0, worst_a=6.0, ceiling_a=0.0) for k in range(5)]
        decision = balancer.step(1000.0 + s, [*held, car(5, limit)], [])
        limit = decision.limits[("B5", 1)][0]
        assert 5 * 6.0 + limit <= 40.0
    assert limit == 9.0
