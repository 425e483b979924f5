"""Charging from the roof, in cheap hours, and by who leaves: inside the balancer, second by second."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.balance import Balancer, Demand
from evdesk.balance.optimum import NoSolver
from evdesk.model import BalanceSettings, Bay, ChargeMode, Circuit, ShareBy, Site, Why, WhyCode

ONE = (True, False, False)


def site(*modes, rating=32.0, phases=1, **balance):
    bays = tuple(
        Bay(f"B{n}", 1, f"Bay {n}", "Main", phases=phases, max_a=32.0, rotation="RST", mode=m)
        for n, m in enumerate(modes)
    )
    settings = BalanceSettings(margin_a=0.0, **balance)
    return Site(circuits=(Circuit("Main", (rating,) * 3),), bays=bays, balance=settings, assumed=False)


class Run:
    """Cars that obey at once; `hours` of a car: what it said."""

    def __init__(self, where, said=None):
        self.where, self.balancer, self.now = where, Balancer(where), 1000.0
        self.have = {(b.charger_id, 1): 0.0 for b in where.bays}
        self.said = said or {}
        self.starts = dict.fromkeys(self.have, 0)
        self.decision = None

    def seconds(self, count, surplus_w=None, price=None):
        for _ in range(count):
            self.now += 1
            given = [self._demand(bay) for bay in self.where.bays]
            self.decision = self.balancer.step(self.now, given, [], surplus_w=surplus_w, price=price)
            for key, (amps, _why) in self.decision.limits.items():
                self.starts[key] += int(self.have[key] == 0 < amps)
                self.have[key] = amps
        return [self.have[(b.charger_id, 1)] for b in self.where.bays]

    def _demand(self, bay):
        key = (bay.charger_id, 1)
        used = ONE if bay.phases == 1 else (True, True, True)
        amps = self.have[key]
        return Demand(
            key, True, True, amps, amps, bay.max_a, Why(WhyCode.CHARGER), charging=amps > 0, terminals=used,
            drawn_a=tuple(amps if u else 0.0 for u in used), drawn_at=self.now, plugged_at=1000.0,
            kw_per_a=0.23 * sum(used), **self.said.get(key, {}),
        )  # fmt: skip

    def why(self, n=0):
        return self.decision.limits[(f"B{n}", 1)][1].code


def test_only_what_the_roof_gives_away():
    run = Run(site(ChargeMode.SOLAR_ONLY))
    assert run.seconds(60, surplus_w=3000.0) == [13.0]
    assert run.why() is WhyCode.SOLAR
    assert run.seconds(60, surplus_w=5000.0) == [21.0]
    assert run.seconds(5, surplus_w=2000.0) == [8.0]


def test_a_cloud_does_not_switch_a_car_off_but_the_evening_does():
    run = Run(site(ChargeMode.SOLAR_ONLY))
    run.seconds(60, surplus_w=3000.0)
    assert run.seconds(120, surplus_w=300.0) == [6.0]
    assert run.seconds(60, surplus_w=3000.0) == [13.0]
    assert run.starts["B0", 1] == 1
    assert run.seconds(240, surplus_w=0.0) == [0.0]


@pytest.mark.parametrize("surplus", [None, math.nan, -500.0, 0.0, 1300.0])
def test_without_enough_sun_nothing_is_drawn(surplus):
    run = Run(site(ChargeMode.SOLAR_ONLY))
    assert run.seconds(300, surplus_w=surplus) == [0.0]


def test_the_minimum_always_and_more_with_the_sun():
    run = Run(site(ChargeMode.SOLAR_FIRST))
    assert run.seconds(60, surplus_w=0.0) == [6.0]
    assert run.seconds(60, surplus_w=2300.0) == [16.0]
    assert run.seconds(60, surplus_w=None) == [6.0]


def test_a_fast_car_beside_it_is_not_held_by_the_sun():
    run = Run(site(ChargeMode.SOLAR_ONLY, ChargeMode.FAST, rating=64.0))
    assert run.seconds(90, surplus_w=1500.0) == [6.0, 32.0]


def test_two_share_the_roof_and_three_phases_need_three_times_as_much():
    run = Run(site(ChargeMode.SOLAR_ONLY, ChargeMode.SOLAR_ONLY))
    assert sorted(run.seconds(120, surplus_w=4600.0)) == [10.0, 10.0]
    three = Run(site(ChargeMode.SOLAR_ONLY, phases=3))
    assert three.seconds(120, surplus_w=4600.0) == [6.0]
    assert three.seconds(60, surplus_w=6900.0) == [10.0]


def test_a_car_waits_for_its_hour_and_an_unknown_price_holds_nobody_up():
    run = Run(site(ChargeMode.CHEAP, cheap_below=0.20))
    assert run.seconds(60, price=0.31) == [0.0]
    assert run.why() is WhyCode.PRICE
    assert run.seconds(60, price=0.20) == [32.0]
    assert run.seconds(60, price=None) == [32.0]
    assert Run(site(ChargeMode.CHEAP, cheap_below=0.20)).seconds(60, price=math.nan) == [32.0]


def test_the_mode_of_the_site_holds_where_a_bay_has_none():
    run = Run(site(None, ChargeMode.FAST, rating=64.0, mode=ChargeMode.SOLAR_ONLY))
    assert run.seconds(300, surplus_w=0.0) == [0.0, 32.0]


HOUR = 3600.0


def hurry(**more):
    soon = {"needs_kwh": 3.0, "departure_at": 1000.0 + HOUR, "trust": 1.0}
    late = {"needs_kwh": 3.0, "departure_at": 1000.0 + 10 * HOUR, "trust": 1.0}
    said = {("B0", 1): soon, ("B1", 1): late}
    return Run(site(None, None, rating=18.0, share_by=ShareBy.LEAVING, **more), said)


def test_who_leaves_soon_and_lacks_most_comes_first():
    soon, late = hurry().seconds(120)
    assert soon >= 11
    assert late <= 7
    equal = hurry()
    equal.where = site(None, None, rating=18.0)
    equal.balancer = Balancer(equal.where)
    assert equal.seconds(120) == [9.0, 9.0]


def test_equal_shares_stand_in_when_the_program_fails(monkeypatch):
    def fail(*args, **kwargs):
        raise NoSolver("gone")

    monkeypatch.setattr("evdesk.balance.plan.Optimum", fail)
    assert hurry().seconds(120) == [9.0, 9.0]


def test_looking_ahead_breaks_no_line_and_ends_no_charge_needlessly():
    modes = [None] * 8
    run = Run(site(*modes, rating=40.0, phases=3, share_by=ShareBy.LEAVING))
    for minute in range(60):
        amps = run.seconds(60)
        assert sum(amps) <= 40.0
        assert all(a == 0 or a >= 6 for a in amps), minute
    assert sum(run.starts.values()) <= 2 * len(modes)


def test_looking_ahead_nobody_waits_all_day_and_shares_rest():
    """Six alike, of which nobody said anything, and 31 A: they wait in turns, and ampere are not passed to and fro."""
    run = Run(site(*[None] * 6, rating=31.0, share_by=ShareBy.LEAVING))
    longest, waits, changes, before = 0, dict.fromkeys(run.have, 0), 0, None
    for _minute in range(6 * 60):
        run.now += 50  # the minutes between do not matter here
        run.seconds(10)
        changes += sum(run.have[k] != before[k] for k in run.have) if before is not None else 0
        before = dict(run.have)
        for key, amps in run.have.items():
            waits[key] = 0 if amps else waits[key] + 1
            longest = max(longest, waits[key])
    assert longest <= 180
    assert changes <= 6 * 60
    assert max(run.starts.values()) <= 6


def test_where_the_minimum_of_all_fits_nobody_waits_to_the_good_of_others():
    run = Run(site(None, None, None, rating=33.0, share_by=ShareBy.LEAVING))
    for _ in range(60):
        run.now += 50
        assert min(run.seconds(10)) >= (6 if run.now > 1400 else 0)


@pytest.mark.parametrize("beside", [(), (ChargeMode.FAST,)])
def test_a_car_that_charges_stops_when_its_hour_becomes_dear(beside):
    """Also where nobody rises for it, and at once."""
    run = Run(site(ChargeMode.CHEAP, *beside, cheap_below=0.20))
    assert run.seconds(1200, price=0.10)[0] > 0
    assert run.seconds(1, price=0.30)[0] == 0.0
    assert run.why() is WhyCode.PRICE
    assert run.seconds(400, price=0.10)[0] > 0


MODES = st.sampled_from([None, *ChargeMode])
SPELL = st.tuples(
    st.integers(1, 400), st.sampled_from([None, 0.1, 0.3]), st.sampled_from([None, 0.0, 1000.0, 2500.0, 9000.0])
)


@settings(max_examples=15, deadline=None)
@given(
    modes=st.lists(MODES, min_size=1, max_size=4),
    rating=st.sampled_from([9.0, 20.0, 32.0, 80.0]),
    leaving=st.booleans(),
    spells=st.lists(SPELL, min_size=1, max_size=6),
)
def test_no_reason_contradicts_its_limit(modes, rating, leaving, spells):
    """Who waits for its price has nothing; who charges from the roof never more than that gives, or its minimum."""
    share_by = ShareBy.LEAVING if leaving else ShareBy.EQUAL
    run = Run(site(*modes, rating=rating, cheap_below=0.20, share_by=share_by))
    for seconds, price, surplus in spells:
        for part in (1, seconds):
            run.seconds(part, surplus_w=surplus, price=price)
            for n, mode in enumerate(modes):
                amps, why = run.decision.limits[(f"B{n}", 1)]
                assert why.code is not WhyCode.PRICE or amps == 0.0
                assert mode is not ChargeMode.CHEAP or price != 0.3 or amps == 0.0
                if mode is ChargeMode.SOLAR_ONLY:
                    most = max((surplus or 0.0) / 230.0, 6.0 if part <= 180 else 0.0)
                    assert amps <= most
                if why.code is WhyCode.SOLAR:
                    assert amps <= max(6.0, (surplus or 0.0) / 230.0 + 6.0 * len(modes))
