"""A charger that came through and did not stay well."""

import pytest

from evdesk.firmware.happenings import Relapsed
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory
from evdesk.model.jobs import Cause, JobCharger, Result, Step

OLD, NEW = "2.4.0", "2.4.1"


def through(outcome: Result = Result.SUCCEEDED, **more) -> Watch:
    one = JobCharger(
        "C1", from_version=OLD, to_version=NEW, reported=NEW, step=Step.DONE, outcome=outcome, ended_at=9.0
    )
    return Watch(JobCharger(**{name: getattr(one, name) for name in one.__slots__} | more), Memory(whole=True), Times())


@pytest.mark.parametrize(
    ("version", "problems", "cause", "words"),
    [
        (OLD, (), Cause.FELL_BACK, "it is back on 2.4.0."),
        (OLD, ("Connector 1 is faulted.",), Cause.FELL_BACK, "2.4.0. Connector 1 is faulted."),
        ("2.3.9", (), Cause.FELL_BACK, "it tells 2.3.9."),
        (NEW, ("Connector 1 is faulted.",), Cause.NOT_WORKING, "does not work as before any more. Connector 1"),
        ("", ("Connector 1 is faulted.",), Cause.NOT_WORKING, "does not work as before any more. Connector 1"),
    ],
)
def test_what_came_of_it_is_said_and_the_first_outcome_stays(version, problems, cause, words):
    one = through()
    one.feed(Relapsed(500.0, version, problems))
    now = one.charger
    assert (now.outcome, now.first_outcome, now.cause, now.ended_at) == (Result.FAILED, Result.SUCCEEDED, cause, 9.0)
    assert now.reason.startswith("It came back with 2.4.1 and worked;")
    assert words in now.reason
    assert now.next
    assert now.reported == (version or NEW)


def test_the_first_of_three_outcomes_stays():
    one = through(first_outcome=Result.UNKNOWN)
    one.feed(Relapsed(500.0, OLD))
    assert (one.charger.outcome, one.charger.first_outcome) == (Result.FAILED, Result.UNKNOWN)


def test_only_who_came_through_can_fall_back():
    one = through(Result.UNKNOWN)
    before = one.charger
    one.feed(Relapsed(500.0, OLD))
    assert one.charger == before
