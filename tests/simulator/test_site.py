"""The whole simulated site: layout, house, truth, people, and the meter telling what physics knows."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.drivers.meters import ModbusMeter
from evdesk.model import Clock, MeterReading
from evdesk.simulator import SimulatedSite
from evdesk.simulator.house import WORST_A, House
from evdesk.simulator.layout import places, ratings, site_config
from evdesk.simulator.truth import LineTruth
from tests.simulator.csms import Csms

T0 = 1_760_000_000.0


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 50), st.floats(0, 3 * 86_400))
def test_the_house_stays_under_its_stated_worst_case(seed, offset) -> None:
    assert all(0 < amps <= WORST_A for amps in House(seed, T0).current_a(T0 + offset))


def test_the_house_is_repeatable_and_busy_in_the_evening() -> None:
    house = House(3, T0)
    assert house.current_a(T0 + 77) == House(3, T0).current_a(T0 + 77)
    assert house.hour(T0) == pytest.approx(18.5)
    evening = [sum(house.current_a(T0 + s)) for s in range(0, 3600, 20)]
    night = [sum(house.current_a(T0 + 8 * 3600 + s)) for s in range(0, 3600, 20)]
    assert sum(evening) > 2 * sum(night)
    assert max(evening) - min(evening) > 5  # appliances come and go


@pytest.mark.parametrize("chargers", [1, 8, 24, 200])
def test_six_amperes_for_every_bay_always_fit(chargers) -> None:
    site = site_config(chargers, 5020)
    amps = ratings(chargers)
    assert len(site.bays) == len({b.charger_id for b in site.bays}) == chargers
    for circuit in site.circuits:
        here = [b for b in site.bays if circuit.name in (b.circuit, "Main")]
        worst = 6 * len(here) + circuit.other_max_a[0] + site.balance.margin_a
        assert worst <= circuit.rating_a[0] == amps[circuit.name]


def test_the_site_of_the_design() -> None:
    site = site_config(8, 5020)
    assert [(c.name, c.rating_a[0]) for c in site.circuits] == [("Main", 63.0), ("Garage", 35.0), ("Yard", 32.0)]
    assert [b.label for b in site.bays] == [f"Bay {n}" for n in range(1, 9)]
    assert len({p.maker.vendor for p in places(8)}) == 3
    assert len({b.rotation for b in site.bays}) == 3


def test_truth_counts_seconds_and_the_longest_stretch() -> None:
    line = LineTruth("Main/L1", 63.0)
    at = 100.0
    for amps, seconds in ((60, 5), (70, 2), (63.0, 1), (80, 3), (10, 4)):
        for _ in range(seconds * 4):
            at += 0.25
            line.measure(at, 0.25, amps)
    assert line.over_s == 5.0
    assert line.longest_s == 3.0
    assert (line.longest_from, line.longest_to) == (108.0, 111.0)
    assert line.peak_a == 80


@pytest.fixture
async def running():
    clock = Clock(speed=30.0)
    async with Csms(clock) as csms:
        site = SimulatedSite(1, 8, clock)
        await site.start(csms.url)
        try:
            yield site, csms
        finally:
            await site.stop()


async def until(site: SimulatedSite, test, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not test(site.truth()):
            await site.stepped.wait()


async def test_a_minute_on_site(running) -> None:
    site, csms = running
    seen: set[str] = set()
    most = 0

    def passed(truth) -> bool:
        nonlocal most
        seen.update(c.status for c in truth.chargers.values())
        most = max(most, sum(c.status == "Charging" for c in truth.chargers.values()))
        return truth.seconds > 62

    await until(site, passed)
    truth = site.truth()
    assert {"Available", "Preparing", "Charging", "Faulted"} <= seen
    assert 4 <= most <= 7
    assert site.people.arrivals >= 8
    assert site.people.departures >= 1
    assert truth.chargers["WB-04"].status == "Faulted"
    assert not truth.chargers["WB-07"].online
    assert truth.over_s == 0.0  # commissioned stations stay at their safe default without any controller
    assert all(c.pilot_a <= 6.0 for c in truth.chargers.values())
    assert truth.cars_wh > 0
    stops = csms.of("StopTransaction")
    assert {"Other", "EVDisconnected"} <= {s["reason"] for s in stops}


async def test_the_meter_tells_what_flows(running) -> None:
    site, _csms = running
    await until(site, lambda t: sum(c.status == "Charging" for c in t.chargers.values()) >= 3)
    source = site.site_config().circuits[0].meter
    heard: asyncio.Queue[MeterReading] = asyncio.Queue()
    task = asyncio.ensure_future(ModbusMeter(source, "Main", site.clock).run(heard.put_nowait))
    reading = await asyncio.wait_for(heard.get(), 5)
    truth = site.truth()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    for k in range(3):
        assert reading.current_a[k] == pytest.approx(truth.lines[f"Main/L{k + 1}"].now_a, abs=8.0)
    assert sum(reading.current_a) > 20


async def test_uncommissioned_cars_take_what_the_hardware_gives() -> None:
    clock = Clock(speed=40.0)
    async with Csms(clock) as csms:
        site = SimulatedSite(1, 8, clock, faults=False, commissioned=False)
        await site.start(csms.url)
        try:
            await until(site, lambda t: t.lines["Garage/L1"].now_a > 35)
            truth = site.truth()
            assert truth.over_s > 0
            assert truth.longest.line.startswith(("Garage", "Main"))
        finally:
            await site.stop()
