"""The car's response: IEC 61851-1 timing, waking, tapering, stopping; and the outlet around it."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.model import ConnectorStatus as Status
from evdesk.simulator.car import Car, make_car
from evdesk.simulator.outlet import Outlet, Transaction

STEP = 0.25


def run(car: Car, seconds: float, pilot: float) -> list[float]:
    return [car.step(STEP, pilot) for _ in range(int(seconds / STEP))]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([6.0, 8.0, 10.0, 13.0]))
def test_follows_a_lower_pilot_within_five_seconds(seed, lower) -> None:
    car = make_car(random.Random(seed))
    run(car, 120, 16.0)
    run(car, 5, lower)
    assert car.current_a <= lower


def test_wakes_up_late_and_ramps_two_amperes_a_second() -> None:
    car = Car(wake_s=12.0, reaction_s=1.0)
    assert max(run(car, 12.5, 16.0)) == 0.0
    rising = run(car, 30, 16.0)
    steps = [b - a for a, b in itertools.pairwise(rising)]
    assert max(steps) <= 2.0 * STEP + 1e-9
    assert car.current_a == pytest.approx(16.0 * car.diligence)


def test_zero_stops_it_and_it_must_wake_again() -> None:
    car = Car(wake_s=8.0, reaction_s=1.0)
    run(car, 60, 16.0)
    run(car, 5, 0.0)
    assert car.current_a == 0.0
    assert max(run(car, 8, 16.0)) == 0.0
    run(car, 20, 16.0)
    assert car.current_a > 15


def test_tapers_and_stops_when_full() -> None:
    car = Car(battery_wh=10_000, level_wh=9_000, wants_wh=10_000, wake_s=0.0, reaction_s=0.5)
    run(car, 30, 16.0)
    before = car.current_a
    run(car, 240, 16.0)
    assert 0 < car.current_a < before
    run(car, 3600, 16.0)
    assert car.full
    assert car.current_a == 0.0
    assert car.level_wh == pytest.approx(10_000, abs=20)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.sampled_from([0.0, 6.0, 9.0, 16.0, 32.0]), min_size=1, max_size=8))
def test_never_above_its_own_maximum_nor_any_recent_pilot(seed, pilots) -> None:
    car = make_car(random.Random(seed))
    for pilot in pilots:
        run(car, 20, pilot)
        assert car.current_a <= min(pilot, car.max_a) + 1e-9


def outlet(car: Car | None, **more) -> Outlet:
    made = Outlet(1, car=car, **more)
    made.transaction = Transaction("T", 0.0, 0, id=1)
    return made


@pytest.mark.parametrize("phases", [1, 2, 3])
def test_only_the_cars_phases_carry_current(phases) -> None:
    one = outlet(Car(phases=phases, wake_s=0.0))
    for _ in range(100):
        one.step(STEP, 16.0)
    assert [amps > 0 for amps in one.current_a] == [k < phases for k in range(3)]


@pytest.mark.parametrize(
    ("limit", "whole", "pilot"), [(5.9, False, 0), (6.0, False, 6), (9.7, True, 9), (9.7, False, 9.7)]
)
def test_pilot_is_zero_or_six_and_more(limit, whole, pilot) -> None:
    one = outlet(Car(), whole_amps=whole)
    one.step(STEP, limit)
    assert one.pilot_a == pytest.approx(pilot)


def test_energy_register_counts_what_flowed() -> None:
    one = outlet(Car(wake_s=0.0, level_wh=0.0, reaction_s=0.1))
    for _ in range(40):
        one.step(STEP, 16.0)
    before, seconds = one.register_wh, 0.0
    while seconds < 360:
        one.step(STEP, 16.0)
        seconds += STEP
    assert one.register_wh - before == pytest.approx(one.power_w / 10, rel=0.01)


def test_status_follows_the_facts() -> None:
    one = Outlet(1)
    assert one.status() is Status.AVAILABLE
    one.car = Car(wake_s=2.0, reaction_s=0.5, level_wh=59_990)
    assert one.status() is Status.PREPARING
    one.transaction = Transaction("T", 0.0, 0)
    one.step(STEP, 16.0)
    assert one.status() is Status.SUSPENDED_EV
    for _ in range(40):
        one.step(STEP, 16.0)
    assert one.status() is Status.CHARGING
    for _ in range(40):
        one.step(STEP, 0.0)
    assert one.status() is Status.SUSPENDED_EVSE
    one.transaction, one.ended = None, True
    assert one.status() is Status.FINISHING
    one.fault = "GroundFailure"
    assert one.status() is Status.FAULTED
    one.clear_fault()
    one.car, one.ended, one.operative = None, False, False
    assert one.status() is Status.UNAVAILABLE


def test_a_fault_opens_the_contactor_at_once() -> None:
    one = outlet(Car(wake_s=0.0))
    for _ in range(60):
        one.step(STEP, 16.0)
    assert one.charging
    one.fault = "GroundFailure"
    one.step(STEP, 16.0)
    assert one.current_a == (0.0, 0.0, 0.0)
