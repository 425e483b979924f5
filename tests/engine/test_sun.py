"""What the roof gives away, from the supply's meter and what cars on it take; the price by the clock."""

from datetime import datetime

import pytest

from evdesk.balance import price_at
from evdesk.engine.fleet import Fleet
from evdesk.engine.sun import BELIEVED_S, SMOOTH_S, Sun
from evdesk.model import (
    BalanceSettings,
    Bay,
    ChargeMode,
    Circuit,
    MeterReading,
    MeterSource,
    PriceRule,
    Session,
    Site,
)
from tests.engine.control_kit import HandClock
from tests.engine.store_kit import T0, opened

SITE = Site(
    circuits=(Circuit("Main", (63.0,) * 3, meter=MeterSource(), other_max_a=(20.0,) * 3),),
    bays=(
        Bay("ROOF", 1, "Bay 1", "Main", mode=ChargeMode.SOLAR_ONLY),
        Bay("FAST", 1, "Bay 2", "Main"),
    ),
    prices=(PriceRule(0.30), PriceRule(0.11, start=60, end=360)),
    balance=BalanceSettings(),
)


class Roof:
    def __init__(self, store):
        self.fleet = Fleet(store, HandClock(T0))
        self.fleet.site = SITE
        self.sun = Sun(self.fleet)
        self.now = T0

    def seconds(self, count, total_w, roof_w=0.0, fast_w=0.0, meter=True):
        for name, power in (("ROOF", roof_w), ("FAST", fast_w)):
            connector = self.fleet.record(name).connector(1)
            connector.session = Session(1, name, 1, "TAG", T0)
            connector.power_w = power
        for _ in range(count):
            self.now += 1
            if meter:
                self.fleet.meters["Main"] = MeterReading("Main", self.now, (1.0,) * 3, power_w=total_w)
            self.sun.tick(self.now, set())
        return self.sun.surplus_w


@pytest.fixture
async def roof(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yield Roof(store)


async def test_what_flows_back_and_what_cars_on_it_take_already(roof):
    assert roof.seconds(90, total_w=-3000.0) == pytest.approx(3000.0)
    assert roof.seconds(90, total_w=-500.0, roof_w=2500.0) == pytest.approx(3000.0)


async def test_a_car_that_charges_fast_takes_the_sun_first(roof):
    assert roof.seconds(90, total_w=1000.0, roof_w=1400.0, fast_w=7000.0) == pytest.approx(400.0)
    assert roof.seconds(90, total_w=5000.0, fast_w=7000.0) == 0.0


async def test_it_is_the_mean_of_a_minute_but_follows_a_fall(roof):
    roof.seconds(90, total_w=-4000.0)
    assert 2000.0 < roof.seconds(int(SMOOTH_S / 2), total_w=-1500.0) < 3000.0
    assert roof.seconds(1, total_w=-200.0) == pytest.approx(400.0)


async def test_without_a_fresh_and_trusted_meter_it_is_unknown(roof):
    roof.seconds(90, total_w=-4000.0)
    assert roof.seconds(10, total_w=0.0, meter=False) is None
    assert roof.seconds(2, total_w=-4000.0) == pytest.approx(4000.0)
    roof.sun.tick(roof.now, {"Main"})
    assert roof.sun.surplus_w is None
    assert roof.seconds(2, total_w=float("nan")) is None


async def test_what_nobody_works_out_anew_is_not_believed_for_ever(roof):
    at = roof.now + 90
    roof.seconds(90, total_w=-4000.0)
    clock = roof.fleet.clock
    clock.at += BELIEVED_S
    assert (roof.sun.surplus_w, roof.sun.price) == (
        pytest.approx(4000.0),
        price_at(SITE.prices, datetime.fromtimestamp(at)),
    )
    clock.at += 1.0
    assert (roof.sun.surplus_w, roof.sun.price) == (None, None)
    clock.at += 86_400.0
    clock.jumped += 86_400.0  # a set clock makes nothing older
    assert roof.seconds(1, total_w=-4000.0) == pytest.approx(4000.0)
    clock.at += 86_400.0
    clock.jumped += 86_400.0
    assert roof.sun.surplus_w == pytest.approx(4000.0)


@pytest.mark.parametrize(("hour", "price"), [(0, 0.30), (1, 0.11), (5, 0.11), (6, 0.30)])
async def test_the_price_goes_by_the_clock_of_the_site(roof, hour, price):
    roof.sun.tick(datetime(2026, 11, 25, hour, 30).timestamp(), set())
    assert roof.sun.price == price
