"""How long an ended update is remembered: as long as it really was, whatever the clock says."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from evdesk.engine.jobs.late import LATE_S, Late
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.update import UpdateRun
from evdesk.engine.store import SavedCharger
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory
from evdesk.model import Clock, clock
from evdesk.model.firmware import Image
from evdesk.model.jobs import Cause, Job, JobCharger, JobKind, JobState, Result, Step, Transfer
from tests.engine.store_kit import opened

TAKEN = Transfer("http", 1000, 1000, 1000, requests=1)


@pytest.fixture
def hands(monkeypatch):
    """The computer's clock, and what really passes."""
    hands = SimpleNamespace(wall=1_800_000_000.0, real=1000.0)
    monkeypatch.setattr(clock.time, "time", lambda: hands.wall)
    monkeypatch.setattr(clock, "elapsed_s", lambda: hands.real)
    hands.clock = Clock(_wall=hands.wall, _mono=hands.real)

    def passes(real: float, shown: float) -> None:
        hands.real, hands.wall = hands.real + real, hands.wall + shown
        hands.clock.resync()

    hands.passes = passes
    return hands


def hanging(clock: Clock, ended_at: float) -> tuple[Late, LiveJob]:
    """(what is late; the job of one that has the whole file and ended then)."""
    one = JobCharger("C1", step=Step.DONE, outcome=Result.UNKNOWN, cause=Cause.HANGS, ended_at=ended_at)
    parts = SimpleNamespace(fleet=SimpleNamespace(clock=clock))
    run = UpdateRun(parts, 7, SavedCharger(one, Memory(whole=True)), Times(), Image("i", "x", 1, ""), None)
    live = LiveJob(Job(7, JobKind.UPDATE, JobState.FINISHED, 0.0), {"C1": run})
    late = Late(clock)
    late.ended(live, run)
    return late, live


@pytest.mark.parametrize("set_by", [0.0, 2 * LATE_S, -2 * LATE_S])
def test_a_clock_that_is_set_neither_shortens_nor_prolongs_the_day(hands, set_by):
    late, _ = hanging(hands.clock, hands.clock.now())
    hands.passes(60.0, 60.0 + set_by)
    assert late.may_install("C1") == 7
    hands.passes(LATE_S - 61.0, LATE_S - 61.0)
    assert late.may_install("C1") == 7
    hands.passes(2.0, 2.0)
    assert late.may_install("C1") is None


def test_after_a_restart_of_the_engine_its_age_counts(hands):
    late, _ = hanging(hands.clock, hands.clock.now() - LATE_S + 60.0)
    assert late.may_install("C1") == 7
    hands.passes(61.0, 61.0)
    assert late.may_install("C1") is None


def test_an_end_in_the_future_is_one_of_now(hands):
    late, _ = hanging(hands.clock, hands.clock.now() + 30 * LATE_S)  # the clock was set back while evdesk was away
    hands.passes(LATE_S + 1.0, LATE_S + 1.0)
    assert late.may_install("C1") is None


def test_one_that_is_looked_at_after_all_is_let_alone(hands):
    late, live = hanging(hands.clock, hands.clock.now())
    run = live.runs["C1"]
    run.watch.memory = replace(run.watch.memory, back=True, proving=True)
    assert late.may_install("C1") == 7
    run.watch.memory = replace(run.watch.memory, proving=False)
    assert late.may_install("C1") is None


@pytest.mark.parametrize("booted", [False, True])
def test_one_that_tells_no_version_may_still_install_until_it_has_restarted(hands, booted):
    late, live = hanging(hands.clock, hands.clock.now())
    run = live.runs["C1"]
    run.watch.charger = replace(run.watch.charger, cause=Cause.NO_VERSION)
    run.watch.memory = replace(run.watch.memory, booted=booted)
    assert late.may_install("C1") == (None if booted else 7)


async def test_after_the_clock_was_set_it_is_found_by_when_it_really_ended(tmp_path):
    """The clock was days behind when it ended, and was set then: what is shown stays, what counts has moved."""
    async with opened(tmp_path / "evdesk.db") as store:
        now = 1_800_000_000.0
        one = JobCharger(
            "C1", step=Step.DONE, outcome=Result.UNKNOWN, cause=Cause.HANGS, ended_at=now - 3 * LATE_S, transfer=TAKEN
        )
        job = Job(0, JobKind.UPDATE, JobState.FINISHED, now - 3 * LATE_S)
        number = await store.save_job(job)
        await store.save_job_chargers(number, [SavedCharger(one, Memory(whole=True, settled_at=now - 60.0))])
        assert await store.lately_ended(now - LATE_S) == {"C1": number}
        await store.save_job_chargers(number, [SavedCharger(one, Memory(whole=True))])  # of a former version
        assert await store.lately_ended(now - LATE_S) == {}


@pytest.mark.parametrize(("outcome", "heard"), [(Result.SUCCEEDED, True), (Result.FAILED, False)])
def test_one_that_came_through_late_is_heard_on_for_it_may_fall_back(hands, outcome, heard):
    late, live = hanging(hands.clock, hands.clock.now())
    run = live.runs["C1"]
    run.watch.charger = replace(run.watch.charger, outcome=outcome, first_outcome=Result.UNKNOWN)
    late.ended(live, run)
    assert (late.of("C1") is not None) == heard


def test_when_it_ended_moves_with_the_clock_and_outlives_a_restart(hands):
    late, live = hanging(hands.clock, hands.clock.now())
    run = live.runs["C1"]
    hands.passes(60.0, 60.0 + 7200.0)
    run.watch.clock_jumped(hands.clock.jumped)
    late.ended(live, run)  # found again after a restart
    hands.passes(LATE_S - 61.0, LATE_S - 61.0)
    assert late.may_install("C1") == 7
    hands.passes(2.0, 2.0)
    assert late.may_install("C1") is None
