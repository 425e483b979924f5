"""What a person may send to a charger while it is being updated, and after an end that is none."""

from types import SimpleNamespace

import pytest

from evdesk.engine.commands import Command
from evdesk.engine.jobs.held import refusal
from evdesk.engine.jobs.late import Late
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.update import UpdateRun
from evdesk.engine.store import SavedCharger
from evdesk.firmware.happenings import Lost, Told
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import Times
from evdesk.model import Origin
from evdesk.model.firmware import Image
from evdesk.model.jobs import Cause, Job, JobKind, JobState, Step
from tests.firmware.test_ceilings import boots, lives
from tests.firmware.test_machine import FETCHED, OLD, boot, through, watch

USUAL = Times().usual
REASON = "I stand before it: it restarts every minute"


def refused(one: Watch, at: float, what: str = "charger.reset", **args: str) -> str:
    clock = SimpleNamespace(now=lambda: at, steady=lambda: at)
    parts = SimpleNamespace(fleet=SimpleNamespace(clock=clock))
    run = UpdateRun(parts, 7, SavedCharger(one.charger, one.memory), one.times, Image("i", "x", 1, ""), None)
    live, late = LiveJob(Job(7, JobKind.UPDATE, JobState.RUNNING, 0.0), {"C1": run}), Late(clock)
    if one.over:
        late.ended(live, run)
    return refusal([live], late, Command(Origin("Ann", "desk"), what, "C1", args))


def test_one_that_restarts_for_longer_than_usual_may_be_restarted_with_a_reason():
    one = watch()
    through(one, *FETCHED, Told(20, "Installed"), Lost(30), boot(60, OLD))
    assert one.charger.step is Step.REBOOTING
    soon, late = 20 + USUAL[Step.REBOOTING] - 1, 20 + USUAL[Step.REBOOTING] + 1
    assert "not taken longer than usual" in refused(one, soon, kind="hard", reason=REASON)
    assert refused(one, late, kind="hard", reason=REASON) == ""
    for args in ({"kind": "hard"}, {"kind": "hard", "reason": " "}, {"kind": "soft", "reason": REASON}):
        assert "could break it for good" in refused(one, late, **args), args
    for what in ("charger.unlock", "charger.start", "charger.raw"):
        assert "could break it" in refused(one, late, what, reason=REASON, kind="hard", action="Reset"), what


@pytest.mark.parametrize("word", ["Installing", "InstallScheduled", "SignatureVerified"])
def test_never_while_it_installs_within_its_time(word):
    one = watch()
    through(one, *FETCHED, Told(20, word))
    assert one.charger.step is Step.INSTALLING
    assert refused(one, 800, kind="hard", reason=REASON)
    other = watch()  # it goes on with the next part, as it says
    through(other, *FETCHED, Told(20, "Installed"), Lost(30), boot(60, OLD), Told(70, "Installing"))
    assert other.charger.step is Step.REBOOTING
    assert refused(other, 900, kind="hard", reason=REASON)


def test_after_its_end_one_that_restarts_for_ever_is_free():
    one = watch()
    through(one, *FETCHED, Told(20, "Installing"))
    at = lives(one, 100, boots)
    assert one.charger.cause is Cause.RESTARTS
    for what in ("charger.reset", "charger.unlock", "charger.update_firmware"):
        assert refused(one, at, what) == ""
