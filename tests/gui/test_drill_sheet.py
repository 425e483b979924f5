"""The drill sheet: steps, figures, the curve, stop in reach, verdict and protocol."""

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap

from evdesk.gui import theme
from evdesk.gui.client import LinkState
from evdesk.gui.dialogs.drill import DrillSheet
from evdesk.gui.dialogs.drill_parts import preview, steps
from evdesk.model import EvdeskError, Reason
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillPhase, DrillVerdict
from evdesk.wire.drill import Begun, OneDrill, Protocol, StartDrill
from evdesk.wire.method import Done, OneCharger
from tests.gui import sample

SINCE = sample.NOW - 200


def samples(until, fell=177.4):
    rows = []
    for i in range(0, int(until - (SINCE - 60)), 2):
        at = SINCE - 60 + i
        amps = 15.8 + 0.1 * math.sin(i) if at < SINCE + fell else 5.9
        rows.append((at, amps, 16.0 if at < SINCE + 180 else 6.0))
    return tuple(rows)


def running(**more):
    base = Drill(
        7, "WB-02", 1, DrillKind.SILENCE, SINCE - 60, DrillPhase.SILENT, label="Bay 2", max_a=16.0, safe_a=6.0,
        valid_s=180, refresh_s=60, baseline_a=16.0, since_at=SINCE, latest_allowed_at=SINCE + 180,
        samples=samples(sample.NOW - 100),
    )  # fmt: skip
    return replace(base, **more)


def finished(**more):
    return running(
        phase=DrillPhase.DONE, verdict=DrillVerdict.PROVEN, cause=DrillCause.FELL, fell_after_s=177.4, fell_to_a=5.9,
        ended_at=sample.NOW, samples=samples(sample.NOW), restored=True,
        sentence="Bay 2 fell to 5.9 A 177.4 s after evdesk went silent; 180 s were allowed.",
    ) if not more else replace(finished(), **more)  # fmt: skip


@pytest.fixture
def make(qapp, qtbot, mirror, client):
    theme.current().apply(qapp, "light")
    mirror.now = lambda: sample.NOW
    held = []

    def build(drill_id=None):
        sheet = DrillSheet("WB-02", drill_id, mirror, client, theme.current(), None)
        held.append(sheet)
        qtbot.addWidget(sheet)
        sheet.show()
        return sheet

    yield build
    held.clear()


def test_before_it_says_what_will_happen_and_how(make):
    sheet = make()
    assert sheet.begin.isVisible()
    assert not sheet.stop.isVisible()
    assert [s.state for s in sheet.strip.steps()] == ["waits"] * 5
    assert sheet.target.value() == "6 A or less"
    assert "when evdesk hangs" in sheet.kind.text()
    sheet.kinds._group.button(2).click()
    assert sheet.attended.isHidden()


def test_it_starts_with_what_was_chosen_and_follows(make, client, qtbot):
    client.answers["failsafe.drill"] = Begun(7)
    client.answers["failsafe.drill_get"] = running()
    sheet = make()
    sheet.kinds._group.button(1).click()
    sheet.attended.setChecked(True)
    qtbot.mouseClick(sheet.begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sheet.drill is not None)
    assert client.asked("failsafe.drill") == [StartDrill("WB-02", None, DrillKind.CUT, True)]
    assert sheet.stop.isVisible()
    assert sheet.start_form.isHidden()
    assert sheet.silent.value() == "3:20 min"
    assert sheet.leave.text() == "Leave it running"


def test_the_latest_allowed_moment_is_known_before_it_comes():
    strip = steps(running(), SINCE + 40)
    assert [s.state for s in strip] == ["done", "done", "done", "runs", "waits"]
    assert strip[3].detail == "by 18:41:40, 180 s"
    strip = steps(finished(), sample.NOW)
    assert [s.state for s in strip] == ["done"] * 5
    assert strip[3].detail == "177.4 s, 180 s allowed"


def test_one_that_did_not_fall_is_red_and_one_refused_never_went_silent():
    kept = finished(verdict=DrillVerdict.FAILED, cause=DrillCause.KEPT, fell_after_s=None, fell_to_a=None)
    assert steps(kept, sample.NOW)[3].state == "bad"
    refused = replace(
        running(), phase=DrillPhase.DONE, verdict=DrillVerdict.REFUSED, since_at=None, latest_allowed_at=None
    )
    assert [s.state for s in steps(refused, sample.NOW)] == ["done", "bad", "left", "left", "left"]
    crowded = replace(refused, baseline_a=None)
    assert [s.state for s in steps(crowded, sample.NOW)] == ["bad", "left", "left", "left", "left"]
    stopped = replace(refused, verdict=DrillVerdict.CANCELLED, restored=True)
    assert [s.state for s in steps(stopped, sample.NOW)] == ["done", "left", "left", "left", "done"]


def test_what_is_expected_is_drawn_before_it_begins(make):
    one = make()
    expected = one.plot._preview
    assert (expected.safe_a, expected.baseline_a, expected.latest_allowed_at - expected.since_at) == (6.0, 11.0, 195.0)
    one.kinds.select("restart")
    one._kind("restart")
    assert one.plot._preview is None
    assert preview("WB-01", 16.0, 16.0, 180) is None, "nothing has to fall"


def test_stop_is_always_in_reach(make, client, qtbot):
    client.answers["failsafe.drill_get"] = running()
    sheet = make(7)
    qtbot.waitUntil(lambda: sheet.drill is not None)
    qtbot.mouseClick(sheet.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: client.asked("failsafe.cancel") == [OneDrill(7)])


def test_the_end_says_what_it_means_and_can_be_saved(make, client, qtbot, tmp_path):
    client.answers["failsafe.drill_get"] = finished()
    client.answers["failsafe.protocol"] = Protocol("<p>one page</p>", "drill.html")
    sheet = make(7)
    qtbot.waitUntil(lambda: sheet.drill is not None)
    assert sheet.chip.look().word == "Proven"
    assert sheet.sentence.text().startswith("Bay 2 fell to 5.9 A 177.4 s")
    assert not sheet.stop.isVisible()
    assert sheet.save.isVisible()
    assert sheet.begin.text() == "Drill again"
    assert not sheet._timer.isActive()
    sheet.write(tmp_path / "drill.html", b"<p>one page</p>", show=False)
    assert sheet.note.text() == f"Saved as {tmp_path / 'drill.html'}"
    assert (tmp_path / "drill.html").read_text() == "<p>one page</p>"


def test_a_refusal_is_said_and_it_can_be_tried_again(make, client, qtbot):
    client.answers["failsafe.drill"] = EvdeskError(Reason.INVALID, "No car is plugged in.")
    sheet = make()
    qtbot.mouseClick(sheet.begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sheet._error.isVisible())
    assert sheet._error.text() == "No car is plugged in."
    assert sheet.begin.isEnabled()


def test_one_seen_ignoring_its_limit_can_be_said_to_be_mended(make, client, qtbot):
    client.answers["failsafe.mended"] = EvdeskError(Reason.STORAGE, "The disk is full.")
    row = make().seen
    assert row.isHidden()
    row.show_seen(finished(kind=DrillKind.SEEN, sentence="Bay 2 drew 15.8 A under a limit of 6 A."))
    assert row.words.text().startswith("Bay 2 drew 15.8 A under a limit of 6 A. It counts as unable")
    qtbot.mouseClick(row.mended, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row.words.text() == "The disk is full.")
    qtbot.waitUntil(row.mended.isEnabled)
    client.answers["failsafe.mended"] = Done(status="prepared anew")
    qtbot.mouseClick(row.mended, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(row.mended.isHidden)
    assert client.asked("failsafe.mended") == [OneCharger("WB-02")] * 2
    assert "a drill shows" in row.words.text()


def test_a_lost_engine_is_said_while_it_runs(make, client, mirror, qtbot):
    client.answers["failsafe.drill_get"] = running()
    sheet = make(7)
    qtbot.waitUntil(lambda: sheet.drill is not None)
    client.go(LinkState.LOST, "gone")
    mirror.flush()
    sheet.poll()
    qtbot.waitUntil(lambda: sheet._error.isVisible())
    assert sheet.drill is not None


@pytest.mark.parametrize("look", ["light", "dark", "contrast"])
def test_every_state_is_painted(make, qapp, look):
    theme.current().apply(qapp, look)
    sheet = make()
    odd = replace(running(), samples=((SINCE, None, None), (SINCE + 1, 4.0, None)), baseline_a=None, max_a=0.0)
    for one in (None, running(), finished(), odd, replace(running(), samples=())):
        sheet.show_drill(one)
        picture = QPixmap(sheet.size())
        sheet.render(picture)
        assert not picture.isNull()
