"""A canary in its soak, look by look: what holds the soak up, and what counts as a failure."""

from types import SimpleNamespace

import pytest

from evdesk.engine.jobs import soak
from evdesk.engine.jobs.soak import Health, watch
from evdesk.engine.jobs.update import UpdateRun
from evdesk.engine.store import SavedCharger
from evdesk.firmware.rollout import advance, plan_waves
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory
from evdesk.model.firmware import Image
from evdesk.model.jobs import Job, JobCharger, JobKind, JobState, Result, Step, WaveState

NEW = "2.4.1"


class Soak:
    """One canary that came through at 0 s, and another charger that waits for it."""

    def __init__(self, monkeypatch, soak_s=900.0):
        self.record = SimpleNamespace(online=True, identity=SimpleNamespace(serial="S", firmware=NEW))
        self.problems, self.health = [], {}
        monkeypatch.setattr(soak.aftercare, "problems", lambda run, least_s, failed: self.problems)
        one = JobCharger("A", "A", serial="S", step=Step.DONE, outcome=Result.SUCCEEDED, reported=NEW)
        parts = SimpleNamespace(fleet=SimpleNamespace(chargers={"A": self.record}))
        self.run = UpdateRun(parts, 1, SavedCharger(one, Memory()), Times(), Image("i", "f", 1, ""), None)
        self.told = []
        self.run.feed = self.told.append
        self.chargers = {"A": one, "B": JobCharger("B")}
        self.job = Job(1, JobKind.UPDATE, JobState.RUNNING, 0.0, waves=plan_waves("AB", 1, ()), soak_s=soak_s)
        self.job = advance(advance(self.job, self.chargers, 0.0), self.chargers, 0.0)
        assert self.job.waves[0].state is WaveState.SOAKING
        self.words = ""

    def look(self, *moments):
        for at in moments:
            self.words = watch(self.job, {"A": self.run}, self.health, at)
            self.job = advance(self.job, self.chargers, at, self.words)
        return self.words


def test_one_that_comes_and_goes_does_not_let_the_others_begin(monkeypatch):
    one = Soak(monkeypatch)
    for at in range(0, 1900, 10):
        one.record.online = at % 200 < 20  # away for 180 s, back for 20
        one.look(float(at))
        if one.job.state is JobState.PAUSED:
            break
    assert one.job.state is JobState.PAUSED
    assert at == 1800, "as long as one waits for it, and no longer"
    assert one.job.waves[1].state is WaveState.WAITING
    assert one.job.waits_for.startswith("A was away or not as it was 9 times, and should have been watched to its end")
    assert one.told == [], "being away is no failure"


def test_it_must_have_been_well_for_a_while_when_the_soak_ends(monkeypatch):
    one = Soak(monkeypatch)
    one.look(*range(0, 800, 5))
    one.record.online = False
    assert one.look(800) == "A is offline"
    one.record.online = True
    assert one.look(*range(805, 1100, 5)) == "A was away or not as it was"
    assert one.job.waves[0].state is WaveState.SOAKING
    assert one.look(1100) == ""
    assert one.job.waves[0].state is WaveState.PASSED


def test_a_short_soak_asks_for_no_longer_than_itself(monkeypatch):
    one = Soak(monkeypatch, soak_s=60.0)
    one.look(0, 10)
    one.record.online = False
    one.look(20)
    one.record.online = True
    assert one.look(30, 79) == "A was away or not as it was"
    assert one.look(80) == ""


def test_what_is_wrong_counts_on_over_the_times_it_was_away(monkeypatch):
    one = Soak(monkeypatch)
    one.look(0)
    one.problems = ["Connector 1 is faulted."]
    one.look(*range(10, 110, 10))
    one.record.online = False
    one.look(*range(110, 400, 10))  # away for longer than an illness may last
    one.record.online = True
    assert one.look(400) == "A is not as it was", "it has just come back, and says so in a moment"
    assert one.told == []
    one.look(*range(410, 450, 10))
    assert [what.problems for what in one.told[:1]] == [("Connector 1 is faulted.",)]


def test_an_illness_that_passes_is_forgotten(monkeypatch):
    one = Soak(monkeypatch)
    one.problems = ["Connector 1 is faulted."]
    one.look(*range(0, 100, 10))
    one.problems = []
    one.look(100)
    one.problems = ["Connector 1 is faulted."]
    one.look(*range(110, 200, 10))
    assert one.told == []


@pytest.mark.parametrize("seconds", [7200.0, -7200.0])
def test_a_clock_that_is_set_changes_nothing(seconds):
    health = Health(100.0, 20.0, 100.0, bad=True)
    health.moved(seconds)
    health.fell(110.0 + seconds, away=False)
    assert (health.ill_s, health.spells, health.bad_at) == (30.0, 0, 110.0 + seconds)
