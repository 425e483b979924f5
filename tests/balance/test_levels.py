"""What a meter and the cars it sees tell of each other second by second, on whole runs."""

import pytest

from evdesk.balance import Balancer, LineSample
from evdesk.balance.inference import MeterVerdict
from evdesk.balance.levels import CarRead, Levels, Roof
from evdesk.model import Bay, Circuit, MeterSource, Site

RIGHT, BACKWARDS, UNIT = MeterVerdict.RIGHT, MeterVerdict.BACKWARDS, MeterVerdict.UNIT
HOUSE = 2.0


def same(amps):
    return (amps, amps, amps)


class Run:
    """Seconds of one meter with a 63 A breaker; cars tell each ten seconds."""

    def __init__(self, roof=None):
        self.levels = Levels(same(63.0), roof or Roof())
        self.now = 1000.0
        self.read = (self.now, same(0.0))

    def go(self, seconds, cars=0.0, sun=0.0, house=HOUSE, meter=lambda total: total, proven=False, until=None):
        """How long it took until the meter was doubted / a verdict was there; None where it never was."""
        began = self.now
        for _ in range(seconds):
            self.now += 1.0
            if self.now % 10.0 == 0.0:
                self.read = (self.now, same(cars))
            total = same(meter(house + cars - sun))
            self.levels.take(self.now, total, [CarRead(*self.read)], proven=proven)
            if until is not None and until(self.levels):
                return self.now - began
        return None


def doubted(levels):
    return levels.doubted


def told(levels):
    return levels.verdict is not RIGHT


def turned(total):
    return -total


def test_a_turned_meter_is_doubted_at_once_and_told_by_the_next_readings_of_the_cars():
    run = Run()
    run.go(60, cars=16.0)
    assert not run.levels.doubted
    assert run.go(30, cars=16.0, meter=turned, until=doubted) <= 3.0
    assert run.go(30, cars=16.0, meter=turned, until=told) <= 12.0
    assert run.levels.verdict is BACKWARDS


def test_one_that_is_turned_from_the_start_never_passes_for_a_roof():
    run = Run()
    run.go(600, meter=turned)
    assert run.go(30, cars=16.0, meter=turned, until=told) is not None


def test_one_that_is_turned_while_nothing_charges_is_found_with_the_next_cars():
    run = Run()
    run.go(60)
    run.go(60, meter=turned)
    assert run.go(40, cars=28.0, meter=turned, until=told) is not None


def test_what_a_roof_gives_is_no_doubt_once_it_is_known():
    run = Run()
    run.go(60)
    run.go(60, sun=12.0)
    run.go(300, cars=8.0, sun=25.0)
    run.go(60, sun=25.0)
    run.go(60, cars=16.0, sun=30.0)
    assert (run.levels.verdict, run.levels.doubted) == (RIGHT, False)
    assert max(run.levels.roof.out_a) == 23.0


def test_a_car_that_stops_under_an_unknown_roof_is_only_suspected_and_then_the_roof_is_known():
    run = Run()
    run.go(60)
    run.go(60, cars=16.0, sun=15.0)
    assert run.go(5, sun=15.0, until=doubted) is not None  # its reading is from before
    assert run.go(60, sun=15.0, until=told) is None
    assert not run.levels.doubted
    assert run.go(60, cars=8.0, sun=15.0, until=doubted) is None


def test_under_an_unknown_roof_the_steps_of_the_cars_decide():
    run = Run()
    run.go(60)
    run.go(60, cars=8.0, sun=20.0)
    assert run.levels.verdict is BACKWARDS
    run.levels.stepped(1, same(8.0))
    assert run.levels.verdict is BACKWARDS
    run.levels.stepped(2, same(8.0))
    run.go(60, cars=8.0, sun=22.0)
    assert (run.levels.verdict, run.levels.doubted) == (RIGHT, False)


def test_under_a_known_roof_a_total_that_changes_sign_while_cars_go_on_is_found():
    run = Run(Roof([40.0] * 3, [5.0] * 3))
    run.go(30, cars=16.0)
    assert run.go(30, cars=16.0, meter=turned, until=told) is not None


def test_under_a_known_roof_a_car_that_stops_may_turn_the_flow():
    run = Run(Roof([40.0] * 3, [5.0] * 3))
    run.go(60, cars=20.0, sun=12.0)  # 10 in
    assert run.go(120, sun=12.0, until=told) is None  # 10 out


@pytest.mark.parametrize("house", [5926.0, -5926.0])
def test_what_no_breaker_carries_is_a_wrong_unit(house):
    run = Run()
    run.go(20, cars=6.0)
    assert run.go(30, cars=6.0, house=house, until=lambda levels: levels.verdict is UNIT) <= 8.0
    run.go(50, cars=6.0)
    assert run.levels.doubted
    run.go(30, cars=6.0)
    assert not run.levels.doubted


def test_a_meter_that_answers_without_a_current_is_told():
    levels = Levels(same(63.0))
    for second in range(60):
        levels.take(float(second), (None, None, None), [])
    assert not levels.doubted  # it never told one: nobody expects any
    for second in range(60, 70):
        levels.take(float(second), same(3.0), [])
    for second in range(70, 90):
        levels.take(float(second), (None, None, None), [])
    assert (levels.verdict, levels.doubted) == (MeterVerdict.UNREADABLE, True)
    for second in range(90, 160):
        levels.take(float(second), same(3.0), [])
    assert not levels.doubted


def test_a_short_circuit_is_no_wrong_unit():
    run = Run()
    run.go(20, cars=6.0)
    run.go(3, cars=6.0, house=2000.0)
    run.go(20, house=0.0)
    assert not run.levels.doubted


def test_a_doubt_ends_a_minute_after_the_meter_was_turned_back():
    run = Run()
    run.go(30, cars=16.0)
    run.go(30, cars=16.0, meter=turned)
    assert run.levels.verdict is BACKWARDS
    run.go(50, cars=16.0)
    assert run.levels.doubted
    run.go(20, cars=16.0)
    assert not run.levels.doubted


def test_without_any_reading_of_a_car_nothing_is_doubted():
    levels = Levels(same(63.0))
    for second in range(100):
        levels.take(float(second), same(-20.0), [CarRead(None, same(16.0))])
    levels.take(200.0, (None, -20.0, 1.0), [])
    assert (levels.doubted, levels.roof.out_a) == (False, [0.0, 0.0, 0.0])


def test_a_meter_that_tells_nothing_any_more_counts_as_silent_at_once():
    site = Site(
        circuits=(Circuit("Main", (63.0,) * 3, meter=MeterSource(), other_max_a=(20.0,) * 3),),
        bays=(Bay("A", 1, "A", "Main", rotation="RST"),),
    )
    balancer = Balancer(site)

    def step(second, *phases):
        samples = [LineSample("Main", 1000.0 + second, phases)]
        return next(view for view in balancer.step(1000.0 + second, [], samples).lines if view.line == "Main/L1")

    for second in range(30):
        view = step(second, 4.0, 4.0, 4.0)
    assert view.total_a == 4.0
    assert view.free_a == 42.0  # the bay nobody tells of counts in full
    view = step(30, None, None, None)
    assert view.total_a is None
    assert view.free_a == 26.0
    assert step(31, 4.0, 4.0, 4.0).total_a == 4.0
