"""What a meter and the cars it sees tell of each other second by second, on whole runs."""

import pytest

from evdesk.balance import Balancer, LineSample
from evdesk.balance.inference import MeterVerdict
from evdesk.balance.levels import CarRead, Levels, Roof
from evdesk.model import Bay, Circuit, MeterSource, Site

RIGHT, BACKWARDS, UNIT = MeterVerdict.RIGHT, MeterVerdict.BACKWARDS, MeterVerdict.UNIT
MISSES, STILL = MeterVerdict.MISSES, MeterVerdict.STILL
HOUSE = 2.0


def same(amps):
    return (amps, amps, amps)


def unknown(now):
    return (None, None, None)


def live(now):
    return same(231.0 + now % 7.0 / 10.0)


class Run:
    """Seconds of one meter with a 63 A breaker; cars tell each ten seconds."""

    def __init__(self, roof=None):
        self.levels = Levels(same(63.0), roof or Roof())
        self.now = 1000.0
        self.read = (self.now, same(0.0))

    def go(
        self,
        seconds,
        cars=0.0,
        sun=0.0,
        house=HOUSE,
        meter=lambda total: total,
        volts=unknown,
        proven=False,
        until=None,
    ):
        """How long it took until the meter was doubted / a verdict was there; None where it never was."""
        began = self.now
        for _ in range(seconds):
            self.now += 1.0
            if self.now % 10.0 == 0.0:
                self.read = (self.now, same(cars))
            read = meter(house + cars - sun)
            total = read if isinstance(read, tuple) else same(read)
            self.levels.take(
                self.now, total, [CarRead(*self.read, self.read[1])], proven=proven, voltage=volts(self.now)
            )
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
    run.go(60, cars=16.0, sun=6.0)
    assert run.go(5, sun=6.0, until=doubted) is not None  # its reading is from before
    assert run.go(60, sun=6.0, until=told) is None
    assert not run.levels.doubted
    assert run.go(60, cars=8.0, sun=6.0, until=doubted) is None


def test_less_than_the_cars_draw_is_told_until_a_roof_has_shown_itself():
    run = Run()
    run.go(60)
    assert run.go(60, cars=16.0, sun=15.0, until=told) in range(20, 46)
    assert (run.levels.verdict, run.levels.doubted) == (MISSES, True)
    run.go(300, cars=16.0, sun=15.0)
    assert run.levels.verdict is MISSES
    run.go(60, sun=15.0)
    assert (run.levels.verdict, run.levels.doubted) == (RIGHT, False)
    assert run.go(120, cars=16.0, sun=25.0, until=doubted) is None


@pytest.mark.parametrize("proven", [False, True])
@pytest.mark.parametrize(
    ("meter", "verdict"),
    [
        (lambda amps: (amps, amps, 0.0), MISSES),  # a transformer is open
        (lambda amps: (5.0, 5.0, 5.0), MISSES),  # it hangs
        (lambda amps: (0.5 * amps, 0.5 * amps, 0.5 * amps), MISSES),
        (lambda amps: (0.93 * amps, 0.93 * amps, 0.93 * amps), RIGHT),
    ],
)
def test_what_a_meter_misses_is_found_by_what_the_cars_say(meter, verdict, proven):
    run = Run()
    run.go(60, cars=10.0)
    run.go(60, cars=24.0, meter=meter, proven=proven)
    assert (run.levels.verdict, run.levels.doubted) == (verdict, verdict is not RIGHT)
    run.go(70, cars=24.0)  # closed again
    assert run.levels.verdict is RIGHT


def test_a_car_that_tells_late_is_no_doubt():
    run = Run()
    for n in range(20):
        run.go(13, cars=24.0 if n % 2 else 8.0)
        run.go(6, cars=6.0)
        assert run.levels.verdict is RIGHT


def test_a_voltage_that_never_moves_is_an_old_one():
    run = Run()
    run.go(60, cars=16.0, volts=live)
    assert run.go(200, cars=16.0, volts=lambda now: same(231.2), until=told) in range(89, 93)
    assert run.levels.verdict is STILL
    run.go(100, cars=16.0, volts=live)
    assert run.levels.verdict is RIGHT


def test_without_a_voltage_the_cars_tell_that_it_stands():
    run = Run()
    run.go(60, cars=10.0)
    assert run.go(600, cars=10.0, until=told) is None  # a steady night is none
    run.read = (0.0, same(0.0))
    assert run.go(60, cars=16.0, meter=lambda _: 40.0, until=told) is None
    assert run.go(60, cars=10.0, meter=lambda _: 40.0, until=told) is not None
    assert run.levels.verdict is STILL


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


def half(total):
    return (total, total, 0.5 * total)


def test_a_doubt_that_takes_current_from_the_cars_does_not_end_by_that():
    run = Run()
    run.go(60, cars=10.0, house=10.0)
    run.go(120, cars=24.0, house=10.0, meter=half)
    assert run.levels.verdict is MISSES
    run.go(600, cars=8.0, house=10.0, meter=half)  # now it misses less than errors may be
    run.go(200, house=10.0, meter=half)
    assert run.levels.verdict is MISSES
    again = Levels(same(63.0), run.levels.kept())
    assert (again.verdict, again.doubted) == (MISSES, True), "over a restart"
    run.go(100, cars=24.0, house=10.0)  # mended
    assert run.levels.verdict is RIGHT


def test_a_roof_is_believed_when_the_meter_shows_what_the_cars_give_up():
    run = Run()
    run.go(60, house=5.0)
    run.go(60, cars=16.0, sun=12.0, house=5.0)
    assert run.levels.verdict is MISSES
    run.go(60, cars=7.0, sun=12.0, house=5.0)
    assert run.levels.verdict is RIGHT
    assert run.go(300, cars=16.0, sun=20.0, house=5.0, until=told) is None


def test_a_battery_that_keeps_the_meter_at_zero_is_believed_when_a_person_says_so():
    def battery(total):
        return max(total - 14.0, 0.1)

    run = Run()
    run.go(120, cars=16.0, meter=battery)
    run.go(120, cars=7.0, meter=battery)
    assert run.levels.verdict is MISSES
    run.levels.missing.believe()
    run.go(300, cars=16.0, meter=battery)
    assert run.levels.verdict is RIGHT
    run.go(120, cars=60.0, meter=lambda _: 0.1)
    assert run.levels.verdict is MISSES, "that is more than it ever gave"


def test_a_charger_that_tells_means_of_a_minute_is_no_doubt_when_its_car_stops():
    run = Run()
    run.go(200, cars=16.0)
    for second in range(300):
        run.now += 1.0
        if second % 60 == 29:
            run.read = (run.now, same(8.0 if second < 60 else 0.0))
        run.levels.take(run.now, same(HOUSE), [CarRead(*run.read, run.read[1])], voltage=live(run.now))
        assert run.levels.verdict is RIGHT


def test_whole_volts_that_stay_say_nothing():
    run = Run()
    assert run.go(600, volts=lambda _: same(231.0), until=doubted) is None
