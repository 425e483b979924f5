"""Canary, soak, waves, and where it stops."""

from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evdesk.engine.jobs.live import LiveJob
from evdesk.firmware.rollout import BACK_S, LATE_S, advance, may_begin, plan_waves, unproven
from evdesk.model.jobs import Job, JobCharger, JobKind, JobState, Result, Step, WaveState

IDS = [f"C{n}" for n in range(10)]


def job(canary: int = 1, sizes: tuple[int, ...] = (3,), ids: list[str] = IDS, **more) -> Job:
    waves = plan_waves(ids, canary, sizes)
    return Job(1, JobKind.UPDATE, JobState.RUNNING, 0.0, waves=waves, soak_s=600.0, **more)


def fleet(ids: list[str] = IDS) -> dict[str, JobCharger]:
    return {one: JobCharger(one) for one in ids}


def end(chargers: dict[str, JobCharger], ids, outcome: Result = Result.SUCCEEDED) -> None:
    for one in ids:
        chargers[one] = replace(chargers[one], outcome=outcome, step=Step.DONE)


def test_waves_hold_everybody_once_in_order():
    waves = job().waves
    assert [w.name for w in waves] == ["Canary", "Wave 1", "Wave 2", "Wave 3"]
    assert [one for w in waves for one in w.charger_ids] == IDS
    assert [len(w.charger_ids) for w in plan_waves(IDS, 2, (1, 4))] == [2, 1, 4, 3]
    assert [w.name for w in plan_waves(["A"], 1, ())] == ["All"]


@given(st.integers(0, 30), st.integers(0, 12), st.lists(st.integers(1, 9), max_size=4))
def test_any_plan_holds_everybody_once(number, canary, sizes):
    ids = [str(n) for n in range(number)]
    assert [one for w in plan_waves(ids, canary, sizes) for one in w.charger_ids] == ids


def test_canary_first_then_the_soak_then_the_waves():
    one, all_ = job(), fleet()
    one = advance(one, all_, 0)
    assert may_begin(one, all_, 0) == ["C0"]
    end(all_, ["C0"])
    one = advance(one, all_, 10)
    assert one.waves[0].state is WaveState.SOAKING
    assert may_begin(one, all_, 10) == []
    one = advance(advance(one, all_, 609), all_, 609)
    assert may_begin(one, all_, 609) == []
    one = advance(one, all_, 610)
    one = advance(one, all_, 611)
    assert may_begin(one, all_, 611) == ["C1", "C2", "C3"]


def soaking():
    one, all_ = job(), fleet()
    one = advance(one, all_, 0)
    end(all_, ["C0"])
    return advance(one, all_, 10), all_


def test_a_soak_does_not_end_while_one_is_not_well_and_then_asks_a_person():
    one, all_ = soaking()
    for at in range(20, 610 + int(BACK_S), 10):
        one = advance(one, all_, at, unwell="Bay 1 is offline")
        assert may_begin(one, all_, at) == []
    assert (one.state, one.waves[0].state) == (JobState.RUNNING, WaveState.SOAKING)
    passed = advance(one, all_, 1500)
    assert passed.waves[0].state is WaveState.PASSED
    late = advance(one, all_, 610 + BACK_S, unwell="Bay 1 is offline")
    assert (late.state, late.waves[0].state) == (JobState.PAUSED, WaveState.SOAKING)
    assert late.waits_for.startswith("Bay 1 is offline, and ")
    assert may_begin(late, all_, 2000) == []
    live = LiveJob(msgspec.json.decode(msgspec.json.encode(late), type=Job), {})  # as it is after a restart
    live.watch_again(1600.0)
    live.job = advance(live.job, all_, 1600, unwell="Bay 1 is offline")
    live.go(JobState.RUNNING, 0.0)
    assert may_begin(advance(live.job, all_, 1601, unwell="Bay 1 is offline"), all_, 1601) == ["C1", "C2", "C3"]


@pytest.mark.parametrize("soak_s", [0.0, 600.0])
@pytest.mark.parametrize(
    ("outcome", "said"), [(Result.CANCELLED, "was left out"), (Result.FAILED, "failed"), (Result.UNKNOWN, "unknown")]
)
def test_a_canary_that_did_not_succeed_lets_nobody_follow_until_a_person_says_so(soak_s, outcome, said):
    one, all_ = replace(job(stop_after=2), soak_s=soak_s), fleet()
    one = advance(one, all_, 0)
    end(all_, ["C0"], outcome)
    for at in (1, 2, 700, 701):
        one = advance(one, all_, at)
        assert may_begin(one, all_, at) == []
    assert one.state is JobState.PAUSED
    assert one.waits_for.startswith("The canary has not come through: C0 ")
    assert said in one.waits_for
    live = LiveJob(one, {name: SimpleNamespace(charger=each) for name, each in all_.items()})
    live.go(JobState.RUNNING, 0.0)
    one = msgspec.json.decode(msgspec.json.encode(live.job), type=Job)  # as it is after a restart
    for at in (702, 703):
        one = advance(one, all_, at)
    assert (one.state, may_begin(one, all_, 703)) == (JobState.RUNNING, ["C1", "C2", "C3"])


def test_a_canary_that_falls_back_stops_the_others_below_the_limit_of_failures_too():
    one, all_ = soaking()
    one = replace(one, stop_after=2)
    end(all_, ["C0"], Result.FAILED)
    for at in (20, 610, 611):
        one = advance(one, all_, at)
    assert (one.state, may_begin(one, all_, 611)) == (JobState.PAUSED, [])
    assert "C0 failed" in one.waits_for


def test_the_rest_of_a_canary_is_watched_to_its_end_when_one_of_it_is_passed_over():
    one, all_ = job(2, stop_after=2), fleet()
    one = advance(one, all_, 0)
    end(all_, ["C0"], Result.FAILED)
    assert may_begin(advance(one, all_, 5), all_, 5) == ["C1"]  # the others of it may still show something
    end(all_, ["C1"])
    one = advance(one, all_, 10)
    assert (one.state, one.waves[0].state) == (JobState.PAUSED, WaveState.SOAKING)
    one = replace(one, state=JobState.RUNNING, forgiven=unproven(all_))
    assert advance(one, all_, 609).waves[0].state is WaveState.SOAKING
    assert advance(one, all_, 610).waves[0].state is WaveState.PASSED


def test_one_that_was_passed_over_and_succeeded_after_all_makes_no_room_for_another_failure():
    one, all_ = job(0, (), stop_after=1, parallel=1), fleet()
    one = advance(one, all_, 0)
    end(all_, ["C0"], Result.UNKNOWN)
    one = advance(one, all_, 1)
    assert one.state is JobState.PAUSED
    one = replace(one, state=JobState.RUNNING, forgiven=unproven(all_))
    end(all_, ["C0"])
    end(all_, ["C1"], Result.FAILED)
    one = advance(one, all_, 2)
    assert (one.state, may_begin(one, all_, 3)) == (JobState.PAUSED, [])


def test_who_goes_on_after_a_pause_by_hand_was_told_what_happened_meanwhile():
    one, all_ = soaking()
    end(all_, ["C0"], Result.FAILED)
    assert "C0 failed" in advance(replace(one, state=JobState.PAUSED), all_, 20).waits_for


def test_a_person_who_goes_on_in_the_middle_does_not_end_the_soak():
    one, _all = soaking()
    live = LiveJob(replace(one, state=JobState.PAUSED), {})
    live.go(JobState.RUNNING, 0.0)
    assert live.job.waves[0].state is WaveState.SOAKING
    live.watch_again(600.0)
    assert live.job.waves[0].until_at == 900.0


def test_stops_at_the_limit_and_goes_on_when_told():
    one, all_ = job(0, (5,), stop_after=2), fleet()
    one = advance(one, all_, 0)
    end(all_, ["C0"], Result.FAILED)
    one = advance(one, all_, 1)
    assert one.state is JobState.RUNNING
    end(all_, ["C1"], Result.UNKNOWN)
    one = advance(one, all_, 2)
    assert one.state is JobState.PAUSED
    assert may_begin(one, all_, 2) == []
    assert "2 did not come through" in one.waits_for
    one = advance(replace(one, state=JobState.RUNNING, forgiven=unproven(all_)), all_, 3)
    assert may_begin(one, all_, 3) == ["C2", "C3", "C4"]


def test_at_most_so_many_at_once():
    one, all_ = job(0, (), parallel=3), fleet()
    one = advance(one, all_, 0)
    assert may_begin(one, all_, 0) == ["C0", "C1", "C2"]
    for name in ("C0", "C1"):
        all_[name] = replace(all_[name], step=Step.DOWNLOADING)
    assert may_begin(one, all_, 1) == ["C2"]


def test_one_that_waits_for_its_car_does_not_hold_up_the_others_for_ever():
    one, all_ = job(0, (2,)), fleet()
    one = advance(one, all_, 0)
    all_["C0"] = replace(all_["C0"], step=Step.PREFLIGHT, step_at=0.0)
    end(all_, ["C1"])
    assert advance(one, all_, 500).waves[0].state is WaveState.RUNNING
    one = advance(one, all_, 601)
    assert one.waves[0].state is WaveState.PASSED
    one = advance(one, all_, 602)
    assert may_begin(one, all_, 602)[:2] == ["C2", "C3"]


def test_one_left_behind_still_gets_its_turn():
    one, all_ = job(0, (2,)), fleet()
    all_["C0"] = replace(all_["C0"], step=Step.PREFLIGHT, step_at=0.0)
    end(all_, IDS[1:])
    for at in range(0, 4000, 100):
        one = advance(one, all_, at)
    assert may_begin(one, all_, 4000) == ["C0"]
    end(all_, ["C0"])
    assert advance(one, all_, 4001).state is JobState.FINISHED


def test_not_before_the_night():
    one, all_ = job(not_before_at=1000.0), fleet()
    one = advance(one, all_, 999)
    assert may_begin(one, all_, 999) == []
    one = advance(one, all_, 1000)
    assert may_begin(one, all_, 1000) == ["C0"]


def test_a_night_that_was_slept_through_begins_only_when_a_person_says_so():
    one, all_ = job(not_before_at=1000.0), fleet()
    assert may_begin(advance(one, all_, 1000.0 + LATE_S), all_, 1000.0 + LATE_S) == ["C0"]
    late = 1001.0 + LATE_S
    one = advance(one, all_, late)
    assert one.state is JobState.PAUSED
    assert one.waits_for.startswith("Its time went by while this computer slept")
    assert may_begin(one, all_, late) == []
    live = LiveJob(one, {})
    live.go(JobState.RUNNING, late)
    one = advance(live.job, all_, late)
    assert may_begin(one, all_, late) == ["C0"]


def test_one_that_has_begun_in_time_goes_on_by_day():
    one, all_ = job(not_before_at=1000.0), fleet()
    one = advance(one, all_, 1000.0)
    assert advance(one, all_, 1001.0 + LATE_S).state is JobState.RUNNING


def test_who_is_just_looked_at_takes_a_place():
    """It may be asked in the next moment: with `parallel` 1 no other begins meanwhile."""
    one, all_ = job(0, (), parallel=2), fleet()
    one = advance(one, all_, 0)
    assert may_begin(one, all_, 0, {"C0"}) == ["C1"]
    assert may_begin(one, all_, 0, {"C0", "C1"}) == []
    all_["C1"] = replace(all_["C1"], step=Step.SENT)
    assert may_begin(one, all_, 0, {"C1"}) == ["C0"]


class Awaited:
    def __init__(self, begun: bool) -> None:
        self.begun, self.watch = begun, SimpleNamespace(over=False)


@pytest.mark.parametrize(
    ("state", "begins_at", "begun", "needs"),
    [
        (JobState.RUNNING, None, False, True),
        (JobState.RUNNING, 8 * 3600.0, False, True),  # tonight
        (JobState.RUNNING, 9 * 86_400.0, False, False),
        (JobState.PAUSED, None, False, False),
        (JobState.PAUSED, None, True, True),
    ],
)
def test_this_computer_stays_awake_for_the_coming_night_and_for_what_was_begun(state, begins_at, begun, needs):
    live = LiveJob(replace(job(not_before_at=begins_at), state=state), {"C0": Awaited(begun)})
    assert live.needs_us(0.0) == needs
    live.runs["C0"].watch.over = True
    assert not live.needs_us(0.0)


def test_over_when_all_are_through():
    one, all_ = job(0, ()), fleet()
    one = advance(one, all_, 0)
    end(all_, IDS)
    one = advance(one, all_, 9)
    assert (one.state, one.ended_at, one.counts) == (JobState.FINISHED, 9, {"succeeded": 10})


def test_a_soak_lasts_as_long_as_it_was_meant_to_when_the_clock_is_set():
    one, all_ = job(), fleet()
    one = advance(one, all_, 0)
    end(all_, ["C0"])
    live = LiveJob(advance(one, all_, 10), {})
    assert live.job.waves[0].until_at == 610.0
    live.clock_jumped(-500.0)
    assert [wave.until_at for wave in live.job.waves] == [110.0, None, None, None]
