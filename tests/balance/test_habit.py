"""Cars that take more than told: a little more under every limit, or no less than some ampere while they are on."""

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from evdesk.balance import Balancer, Demand
from evdesk.balance.habit import Habit
from evdesk.model import Bay, Circuit, PowerCap, Site
from tests.balance.closed_loop import Car, Yard, limit_of
from tests.balance.test_closed_loop import build, flat, site


def feeder(
    cars: int, above_a: float, jitter_a: float = 0.0, minutes: int = 20
) -> list[tuple[float, tuple[float, ...]]]:
    """Cars on 100 A without a meter, each `above_a` more than told by its readings: (sum drawn, limits) per reading."""
    rng = random.Random(1)
    keys = [(f"C{i}", 1) for i in range(cars)]
    bays = tuple(Bay(name, 1, name, "Garage", max_a=16.0, rotation="RST") for name, _ in keys)
    main = Circuit("Main", (400.0,) * 3)
    balancer = Balancer(Site(circuits=(main, Circuit("Garage", (100.0,) * 3, parent="Main")), bays=bays))
    limits: dict[tuple[str, int], float] = dict.fromkeys(keys, 0.0)
    drawn = dict(limits)
    seen = []
    for second in range(60 * minutes):
        now = 1000.0 + second
        if second % 10 == 0:
            drawn = {k: a + above_a + rng.uniform(-jitter_a, jitter_a) if a else 0.0 for k, a in limits.items()}
            seen.append((sum(drawn.values()), tuple(limits.values())))
        demands = [
            Demand(k, confirmed_a=a, worst_a=a, charging=a > 0, drawn_a=(drawn[k],) * 3, drawn_at=now - second % 10)
            for k, a in limits.items()
        ]
        limits = {k: a for k, (a, _why) in balancer.step(now, demands, []).limits.items()}
    return seen


@pytest.mark.parametrize("above_a", [0.3, 0.5, 1.0, 1.4])
def test_what_cars_take_above_their_limits_is_summed(above_a):
    """Each is within its tolerance; sixteen of them are a tripped fuse."""
    seen = feeder(16, above_a)
    assert max(total for total, _limits in seen[6:]) <= 100.0
    assert seen[-1][0] >= 80.0
    on = [sum(a > 0 for a in limits) for _total, limits in seen[6:]]
    assert min(on) >= 9, "who does not fit is given up, not all"


@pytest.mark.parametrize("above_a", [1.6, 2.5])
def test_those_that_do_not_follow_are_summed_once_it_was_seen(above_a):
    """Whether that is the least they take shows only when they are offered it: a reading each."""
    seen = feeder(16, above_a)
    late = [total for total, _limits in seen[6:] if total > 100.0]
    assert len(late) <= 2
    assert max(late, default=0.0) <= 113.0
    assert 80.0 <= seen[-1][0] <= 100.0


def test_readings_that_jitter_move_no_limits():
    seen = feeder(10, 1.0, jitter_a=0.5, minutes=14)  # before the first turn
    settled = seen[30:]
    assert sum(total for total, _limits in settled) / len(settled) <= 100.0
    changes = sum(a != b for (_, a), (_, b) in pairwise(settled))
    assert changes <= 3


def test_one_car_a_little_above_its_fuse_keeps_its_ampere():
    """16.1 A on 17 A less the margin is the error of the charger's own meter."""
    seen = feeder(6, 0.12)
    assert {sum(limits) for _total, limits in seen[6:]} == {96.0}
    alone = Site(circuits=(Circuit("Main", (17.0,) * 3),), bays=(Bay("A", 1, "A", "Main", max_a=16.0, rotation="RST"),))
    balancer, amps = Balancer(alone), 0.0
    for second in range(300):
        now, at = 1000.0 + second, 1000.0 + second - second % 10
        drawn = amps + 0.14 if amps else 0.0
        told = Demand(("A", 1), confirmed_a=amps, worst_a=amps, charging=amps > 0, drawn_a=(drawn,) * 3, drawn_at=at)
        amps = balancer.step(now, [told], []).limits["A", 1][0]
    assert amps == 16.0


def run(cars: int, rating_a: float, metered: bool, seconds: int, **car: float) -> tuple[Yard, list[int]]:
    bays = tuple((f"B{i:02}", 16.0, "RST", 3) for i in range(cars))
    where = site(rating_a, bays, other=1.0, meter=metered)
    yard = build(where, {name: Car(**car) for name, *_ in bays}, flat(1.0), seed=1)  # type: ignore[arg-type]
    on: list[int] = []
    yard.each.append(lambda _now, y: on.append(sum(limit_of(y, c.bay.charger_id) > 0 for c in y.chargers)))
    return yard.run(seconds), on


@pytest.mark.parametrize("metered", [False, True])
@pytest.mark.parametrize(("cars", "rating_a", "least_a"), [(5, 32.0, 8.0), (10, 63.0, 8.0), (5, 32.0, 11.0)])
def test_cars_that_take_no_less_than_so_much_have_turns(cars, rating_a, least_a, metered):
    """Not all stop and all start. Where no meter shows it at once, a reading does, the first time."""
    yard, on = run(cars, rating_a, metered, 3600, least_a=least_a)
    late = max((start + length for spans in yard.over.values() for start, length in spans), default=0.0)
    assert yard.longest_s <= (12.0 if metered else 24.0)
    assert late <= 300.0, "what was learnt is not forgotten"
    turns = 3600 / yard.site.balance.turn_s
    assert max(c.car.restarts for c in yard.chargers) <= turns
    assert sum(on[300:]) / len(on[300:]) >= max(on[300:]) - 1.1, "all but those whose turn it is not"
    assert yard.kwh() >= 0.8 * (rating_a - 2.0) * 0.69
    if cars == 5:
        assert all(c.car.wh > 0 for c in yard.chargers)


@pytest.mark.parametrize("metered", [False, True])
def test_an_excess_is_not_taken_for_a_house_too(metered):
    yard, _on = run(10, 100.0, metered, 1200, above_a=1.4)
    assert yard.longest_s <= 8.5
    over = [start for spans in yard.over.values() for start, _length in spans]
    assert max(over, default=0.0) <= 300.0
    assert 90.0 <= yard.total["Main"][0] <= 100.0
    assert yard.restarts() == 0


def test_a_habit_tells_least_current_from_a_limit_that_is_always_exceeded():
    floor = Habit()
    floor.learn(8.0, 6.0, steady=True)
    assert (floor.least_a, floor.excess_a) == (8.0, 0.0)
    floor.learn(8.2, 8.0, steady=True)
    assert floor.takes(6.0) == 8.0
    assert floor.takes(0.0) == 0.0
    floor.learn(3.0, 8.0, steady=False)  # a ramp
    assert floor.least_a == 8.0
    for _ in range(2):
        floor.learn(6.5, 8.0, steady=True)  # nearly full
    assert floor.least_a == 6.5
    ramped = Habit()
    for drawn in (5.5, 8.0):  # nearly at its limit on its way up, then where it stays
        ramped.learn(drawn, 6.0, steady=True)
    assert ramped.least_a == 8.0
    creeps = Habit()
    for limit in (6.0, 8.0, 6.0):
        creeps.learn(limit + 2.0, limit, steady=True)
    assert (creeps.least_a, creeps.takes(6.0)) == (0.0, 8.0)


@pytest.mark.parametrize(("gain", "above_a"), [(1.06, 0.0), (1.08, 0.0), (1.0, 1.6), (1.0, 2.2)])
def test_what_is_read_high_at_32_a_does_not_keep_a_car_off(gain, above_a):
    """The charger over-reads, or the car is above its limit: 32 A, then the house leaves 20 A."""
    amps, on = alone(lambda s: 35.0 if s < 300 else 20.0, lambda limit: limit * gain + above_a, 1200)
    assert on == 1200
    assert amps >= 16.0


def test_what_fits_nowhere_any_more_is_offered_again():
    """Learnt at 32 A: 2.6 A too much. At 6 A it is 0.5 A, which fits; found out after some minutes at 0."""
    amps, _on = alone(lambda s: 35.0 if s < 300 else 8.0, lambda limit: limit * 1.08, 1200)
    assert amps >= 6.0


@pytest.mark.parametrize("late_s", [6, 10])
def test_late_readings_teach_no_least_current(late_s):
    room = [12.0, 7.0, 12.0, 8.0]
    _amps, on = alone(lambda s: room[s // 150 % 4], lambda limit: limit, 1200, late_s)
    assert on == 1200


def alone(
    room: Callable[[int], float], draws: Callable[[float], float], seconds: int, late_s: int = 0
) -> tuple[float, int]:
    """One car under a power limit of `room` ampere: (its last limit, seconds it was on)."""
    bay = Bay("A", 1, "A", "Main", max_a=32.0, rotation="RST")
    balancer = Balancer(Site(circuits=(Circuit("Main", (40.0,) * 3),), bays=(bay,)))
    limit, on, read = 0.0, 0, 0.0
    flowed: list[float] = []
    for second in range(seconds):
        now = 1000.0 + second
        flowed.append(draws(limit) if limit else 0.0)
        if second % 10 == 0:
            read = flowed[max(0, second - late_s)]
        balancer.limit_power([PowerCap("grid", 3 * 230.0 * room(second))])
        told = Demand(
            ("A", 1),
            confirmed_a=limit,
            worst_a=limit,
            charging=limit > 0,
            drawn_a=(read,) * 3,
            drawn_at=now - second % 10,
        )
        limit = balancer.step(now, [told], []).limits["A", 1][0]
        on += limit > 0
    return limit, on


def test_readings_that_jitter_around_the_limit_cost_nothing():
    seen = feeder(16, 0.0, jitter_a=0.45, minutes=14)
    assert sum(sum(limits) for _total, limits in seen[30:]) / len(seen[30:]) >= 98.0
    assert all(all(limits) for _total, limits in seen[30:])


def test_the_next_car_begins_without_the_habits_of_the_last():
    """A takes 9.5 A at least, then another car comes that takes what it is told."""
    bays = tuple(Bay(name, 1, name, "Main", max_a=16.0, rotation="RST") for name in ("A", "B"))
    balancer = Balancer(Site(circuits=(Circuit("Main", (14.0,) * 3),), bays=bays))
    limits = dict.fromkeys((("A", 1), ("B", 1)), 0.0)
    seen = []
    for second in range(400):
        now, first, here = 1000.0 + second, second < 200, not 200 <= second < 210
        if second % 10 == 0:
            drawn = {k: (max(a, 9.5) if first and k[0] == "A" else a) if a else 0.0 for k, a in limits.items()}
        demands = [
            Demand(k, here, here, a, a, charging=a > 0, drawn_a=(drawn[k],) * 3, drawn_at=now - second % 10)
            for k, a in limits.items()
        ]
        limits = {k: a for k, (a, _why) in balancer.step(now, demands, []).limits.items()}
        seen.append(tuple(limits.values()))
    assert all(a == 0 or b == 0 for a, b in seen[30:199])
    assert seen[-1] == (7.0, 6.0)
