"""The guide of an update: choosing, what does not fit, checks and reasons, confirming, and starting exactly once."""

import asyncio
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication

from evdesk.gui import shots_firmware
from evdesk.gui.client import LinkState
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.update import UpdatePage, wanted
from evdesk.gui.pages.update_chargers_model import HeadRow
from evdesk.gui.pages.update_confirm import LEAST
from evdesk.gui.pages.update_image_list import fit_look, in_order, make_row
from evdesk.gui.pages.update_plan import Plan, Ready, lasts_s, readiness, start_words, summary
from evdesk.gui.pages.update_steps import GuideStep
from evdesk.gui.pages.update_waves import TurnRow
from evdesk.gui.theme import current
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import Check, FleetState, Verdict
from evdesk.model.jobs import JobState
from evdesk.wire.firmware import FitsWhich, JobBegun, StartUpdate
from tests.gui import job_sample
from tests.gui.fakes import FakeClient


def look(app):
    """The light theme, put on only where another is on: that dresses every widget anew."""
    if current().name != "light" or not app.styleSheet():
        current().apply(app, "light")


SIX = ["WB-01", "WB-02", "WB-03", "WB-05", "WB-06", "WB-08"]
STRICT = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture(scope="module")
def shared(qapp):
    """One page for all tests: making it anew takes longer than most of them."""
    look(qapp)
    client = FakeClient()
    mirror = Mirror(client)
    mirror.now = lambda: job_sample.NOW
    page = UpdatePage(mirror, client, current())
    page.gone = []
    page.navigate.connect(lambda name, argument: page.gone.append((name, argument)))
    page.resize(1112, 748)
    yield page
    page.hide()
    page.deleteLater()


def open_page(qtbot, page, *, many=False):
    """As if it was just made, with an engine of its own."""
    client, mirror = page.client, page.mirror
    client.calls.clear()
    client.answers = FakeClient().answers | job_sample.answers(many=many) | {"firmware.start": JobBegun(118)}
    client.go(LinkState.RUNNING)
    mirror.take_snapshot(job_sample.hundred_snapshot() if many else job_sample.snapshot())
    page.gone.clear()
    page.starter.busy, page.starter._asked_at = False, None
    page.feed.fleet, page.feed.images, page.feed.fits, page.feed._fits_for = None, [], {}, ()
    page.feed.forget_checks()
    page.plan.reset()
    page.chargers.search.clear()
    page.chargers.model.set_segment("all")
    page.chargers.segments.select("all")
    page.image.model.set_rows([])
    page.show_step(0)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: page.feed.fleet is not None and bool(page.feed.images))
    client.calls.clear()


@pytest.fixture
def page(qtbot, qloop, shared):
    open_page(qtbot, shared)
    yield shared
    shared.on_hidden()


@pytest.fixture
def client(page):
    return page.client


def free(page):
    """The button's rest after a step is over."""
    page.foot._holding.stop()
    page.foot.free.emit()


def press_next(page):
    free(page)
    page.foot.next.click()


def choose(page, image_id):
    model = page.image.model
    page.image._choose(model.index(model.row_of(image_id)))


def to_image(qtbot, page, ids=SIX, image_id=job_sample.NEW):
    page.chargers.model.mark(ids, True)
    press_next(page)
    qtbot.waitUntil(lambda: bool(page.feed.fits) and page.image.model.rows[0].known)
    if image_id:
        choose(page, image_id)


def to_preflight(qtbot, page, ids=SIX, image_id=job_sample.NEW):
    to_image(qtbot, page, ids, image_id)
    press_next(page)
    qtbot.waitUntil(lambda: bool(page.feed.preflight))


def to_confirm(qtbot, page, ids=SIX, image_id=job_sample.NEW):
    to_preflight(qtbot, page, ids, image_id)
    press_next(page)
    assert page.number == GuideStep.CONFIRM
    free(page)


def started(client):
    return client.asked("firmware.start")


# -- step 1 -----------------------------------------------------------------------------------------------------------


def test_a_head_marks_its_whole_model_and_a_filter_takes_no_mark_away(page):
    model = page.chargers.model
    QAbstractItemModelTester(model, STRICT)
    assert page.foot.why.text() == "Mark the chargers to update."
    assert not page.foot.next.isEnabled()
    heads = [row.name for row in model.rows if isinstance(row, HeadRow)]
    assert heads == ["Nordlade N22", "Kestrel K11", "Amperion A7"]
    model.toggle(0)
    assert page.plan.charger_ids == SIX
    assert page.chargers.count.text() == "6 of 8 chosen"
    page.chargers.search.setText("bay 3")
    assert model.shown_ids() == ["WB-03"]
    assert page.plan.charger_ids == SIX, "what is not shown stays chosen"
    model.toggle(0)
    assert page.plan.charger_ids == [one for one in SIX if one != "WB-03"], "a head speaks of what is shown"
    page.chargers.segments.changed.emit("online")
    page.chargers.search.clear()
    assert "WB-07" not in model.shown_ids()


def test_keys_and_clicks_mark(page, qtbot):
    table, model = page.chargers.table, page.chargers.model
    table.setFocus()
    table.selectRow(2)
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert page.plan.charger_ids == ["WB-02"]
    QTest.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(page.plan.charger_ids) == 8
    page.chargers.clear.click()
    for row, keys in ((1, Qt.KeyboardModifier.NoModifier), (4, Qt.KeyboardModifier.ShiftModifier)):
        at = table.visualRect(model.index(row, 1)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, keys, at)
    assert page.plan.charger_ids == ["WB-01", "WB-02", "WB-03", "WB-05"]


def test_mixed_models_cars_and_chargers_that_are_away_are_told(page):
    page.chargers.model.mark(["WB-03", "WB-04", "WB-07"], True)
    notes = page.chargers.notes.copy_text()
    assert "Different models are chosen" in notes
    assert "1 charger in use now" in notes
    assert "1 charger not connected now" in notes
    assert page.foot.next.isEnabled()


# -- step 2 -----------------------------------------------------------------------------------------------------------


def test_chargers_of_an_update_that_goes_on_are_told(page):
    page.chargers.model.mark(SIX, True)
    page.mirror.put_job(job_sample.view().job)
    page.chargers.refresh()
    said = [line.words for line in page.chargers.notes.lines()]
    assert "6 chargers in an update that goes on already." in said
    page.mirror.jobs.clear()


def test_what_fits_comes_first_and_what_does_not_says_why(page, qtbot):
    to_image(qtbot, page, image_id="")
    rows = {row.image.id: row for row in page.image.model.rows}
    assert [row.image.id for row in page.image.model.rows][:2] == [job_sample.NEW, job_sample.OLD]
    assert rows[job_sample.OTHER].second == "This is Nordlade N22; the file is for Kestrel K11."
    assert not rows[job_sample.CUT].usable
    choose(page, job_sample.OTHER)
    assert page.plan.image_id == "", "a file that fits none of them cannot be chosen"
    assert page.foot.why.text() == "Choose a file."
    choose(page, job_sample.NEW)
    assert page.foot.next.isEnabled()
    assert page.subtitle() == "to Nordlade N22 2.4.1"


def test_chargers_the_file_is_not_for_are_left_out_on_one_click(page, qtbot):
    to_image(qtbot, page, [*SIX, "WB-04", "WB-07"])
    assert page.foot.why.text() == "It is not for 2 chargers: leave them out."
    assert not page.foot.next.isEnabled()
    assert [row.cells[0] for row in page.image.reasons.rows] == ["Bay 4", "Bay 7"]
    assert "This is Kestrel K11" in page.image.reasons.rows[0].cells[1]
    page.image.drop.click()
    assert page.plan.charger_ids == SIX
    assert page.image.misfits.isHidden()
    assert page.foot.next.isEnabled()


def test_newer_files_stand_before_older_ones_whatever_their_names():
    base = job_sample.images()[0]
    files = [
        replace(base, id=f"{n}", manifest=replace(base.manifest, version=version))
        for n, version in enumerate(("2.4.9", "2.4.10", "2.3.1"))
    ]
    rows = [make_row(image, None, ["WB-01"]) for image in files]
    assert [row.image.manifest.version for row in in_order(rows, {})] == ["2.4.10", "2.4.9", "2.3.1"]


# -- step 3 -----------------------------------------------------------------------------------------------------------


def test_a_charger_that_waits_may_go_on_and_a_hard_check_may_not(page, qtbot, client):
    bad = {"WB-06": ("session",), "WB-05": ("serial", "clock")}
    client.answers["firmware.preflight"] = lambda p: job_sample.preflight(p, bad)
    to_preflight(qtbot, page)
    QAbstractItemModelTester(page.preflight.model, STRICT)
    assert page.preflight.result.text() == "4 ready, 1 waits, 1 cannot"
    assert [row.one.charger_id for row in page.preflight.model.rows][:2] == ["WB-05", "WB-06"], "trouble first"
    assert page.preflight.override.isHidden(), "a reason is of no use for one that cannot"
    assert page.foot.why.text() == "1 charger cannot be updated: leave them out."
    page.plan.override = "I know what I do here"
    assert not page.foot.next.isEnabled()
    page.preflight.drop.click()
    assert page.plan.charger_ids == [one for one in SIX if one != "WB-05"]
    assert len(client.asked("firmware.preflight")) == 1, "the others need no new question"
    assert page.foot.next.isEnabled()


def test_warnings_are_passed_with_a_reason_that_goes_to_the_engine(page, qtbot, client):
    bad = {"WB-06": ("clock",)}
    client.answers["firmware.preflight"] = lambda p: job_sample.preflight(p, bad)
    to_preflight(qtbot, page, ["WB-06"])
    shown = page.preflight.written.cards[0]
    assert "1 Jan 1970" in shown[2].copy_text(), "one charger is written out in words"
    assert len(shown[3].lines()) == len(job_sample.GREEN) - 1
    assert page.foot.why.text() == "Warnings need a reason in words."
    page.preflight.override.field.setText("ok")
    assert not page.foot.next.isEnabled(), "that says nothing to whoever reads the log"
    assert "at least" in page.preflight.override.note.text()
    page.preflight.override.field.setText("Its clock is set by the new version")
    press_next(page)
    free(page)
    page.foot.next.click()
    qtbot.waitUntil(lambda: bool(started(client)))
    assert started(client)[0].override == "Its clock is set by the new version"


def test_other_chargers_are_checked_anew_and_confirm_cannot_be_reached_meanwhile(page, qtbot, client):
    to_preflight(qtbot, page)
    page.show_step(0)
    page.chargers.model.mark(["WB-08"], False)
    page.show_step(int(GuideStep.CONFIRM))
    assert page.number == 0, "what was checked is not what is chosen"
    page.show_step(int(GuideStep.PREFLIGHT))
    qtbot.waitUntil(lambda: len(page.feed.preflight) == 5)
    assert len(client.asked("firmware.preflight")) == 2
    page.preflight.again.click()
    qtbot.waitUntil(lambda: len(client.asked("firmware.preflight")) == 3)


# -- step 4 -----------------------------------------------------------------------------------------------------------


def test_confirm_names_every_serial_and_the_button_names_the_deed(page, qtbot):
    to_confirm(qtbot, page)
    QAbstractItemModelTester(page.confirm.model, STRICT)
    assert page.foot.next.text() == "Update 6 chargers to 2.4.1"
    rows = page.confirm.model.rows
    order = ["WB-01", "WB-02", "WB-03", "WB-05", "WB-08", "WB-06"]
    assert page.plan.charger_ids == order, "the one whose car charges holds up nobody"
    assert [row.key for row in rows] == ["wave/0", *order[:1], "wave/1", *order[1:4], "wave/2", *order[4:]]
    assert (rows[1].serial, rows[1].step) == ("NL22-204417", "2.4.0 to 2.4.1")
    assert "breaker off for 30 s" in page.confirm.recovery_lines.copy_text()
    page.confirm.table.move_asked.emit("WB-02", -1)
    assert page.plan.charger_ids[:2] == ["WB-02", "WB-01"], "another one is the canary now"
    page.confirm.numbers.canary.setValue(2)
    page.confirm.numbers.sizes.setValue(0)
    assert [row.key for row in page.confirm.model.rows][:4] == ["wave/0", "WB-02", "WB-01", "wave/1"]
    page.confirm.table.move_asked.emit("WB-06", -1)
    page.show_step(int(GuideStep.PREFLIGHT))
    press_next(page)
    assert page.plan.charger_ids[-2:] == ["WB-06", "WB-08"], "the order a person chose stays"


def test_one_charger_is_named_by_its_serial(page, qtbot, client):
    to_confirm(qtbot, page, ["WB-03"])
    assert page.foot.next.text() == "Update NL22-204421 from 2.4.0 to 2.4.1"
    assert page.confirm.numbers.isHidden(), "one charger has no waves"
    page.foot.next.click()
    qtbot.waitUntil(lambda: bool(started(client)))
    assert started(client) == [StartUpdate(["WB-03"], job_sample.NEW)]


def test_tonight_is_the_next_time_the_clock_shows_it(page, qtbot, client):
    to_confirm(qtbot, page)
    page.confirm.when.choice._group.button(1).click()
    page.confirm.when.time.setTime(page.confirm.when.time.time().fromString("02:30", "HH:mm"))
    page.confirm.numbers.stop.setValue(2)
    page.confirm.restore.setChecked(False)
    page.foot.next.click()
    qtbot.waitUntil(lambda: bool(started(client)))
    (asked,) = started(client)
    assert asked.not_before_at - job_sample.NOW == pytest.approx(2 * 3600 + 42 * 60 + 16)
    assert (asked.waves.canary, asked.waves.soak_s, asked.waves.sizes, asked.waves.stop_after) == (1, 3600.0, [3], 2)
    assert asked.restore is False


def choose_date(qtbot, page, canary=0, size=0):
    """Install at night; what was checked without a date is checked anew."""
    page.confirm.numbers.canary.setValue(canary)
    page.confirm.numbers.sizes.setValue(size)
    page.confirm.when.install._group.button(1).click()
    assert not page.foot.next.isEnabled(), "not before it is checked who takes a date"
    qtbot.waitUntil(lambda: not page.preflight.stale())


def test_an_install_date_is_checked_first_and_named_where_it_is_begun(page, qtbot, client):
    to_confirm(qtbot, page)
    assert page.confirm.when.date.isHidden()
    choose_date(qtbot, page)
    assert [one.install_at for one in client.asked("firmware.preflight")] == [None, job_sample.NIGHT]
    assert page.confirm.when.date.dateTime().toString("yyyy-MM-dd HH:mm") == "2026-11-25 02:00"
    assert "installed Wed 25 Nov, 02:00" in page.confirm.when.install_words.text()
    assert page.confirm.deed.facts.value("Installed") == "Wed 25 Nov, 02:00"
    assert page.confirm.deed.facts.value("All done") == "about 02:07, if no car waits"
    assert "Nobody can cancel" in page.confirm.recovery_lines.copy_text()
    assert page.foot.next.text() == "Update 6 chargers to 2.4.1, installed Wed 25 Nov, 02:00"
    page.confirm.when.date.setDateTime(page.confirm.when.date.dateTime().addSecs(90 * 60))
    assert len(client.asked("firmware.preflight")) == 2, "another hour needs no new question"
    assert page.foot.next.text().endswith("installed Wed 25 Nov, 03:30")
    page.foot.next.click()
    qtbot.waitUntil(lambda: bool(started(client)))
    assert started(client)[0].install_at == job_sample.NIGHT + 90 * 60


def test_with_a_canary_it_is_said_that_only_the_first_wait_for_the_date(page, qtbot):
    to_confirm(qtbot, page)
    choose_date(qtbot, page, canary=1, size=3)
    assert "Only the first waits for it" in page.confirm.when.install_words.text()
    assert page.foot.next.text().endswith("installed from Wed 25 Nov, 02:00 on")
    page.confirm.numbers.canary.setValue(0)
    page.confirm.numbers.sizes.setValue(0)
    page.confirm.numbers.parallel.setValue(4)
    assert "Only the first 4 wait for it" in page.confirm.when.install_words.text()
    page.confirm.numbers.parallel.setValue(6)
    assert "Only" not in page.confirm.when.install_words.text()


def test_those_that_take_no_date_are_named_and_need_a_reason(page, qtbot, client):
    bad = {"WB-02": ("install_date",)}
    client.answers["firmware.preflight"] = lambda p: job_sample.preflight(p, bad)
    to_confirm(qtbot, page)
    assert page.confirm.override.isHidden()
    choose_date(qtbot, page)
    assert page.foot.why.text() == "Warnings need a reason in words."
    assert not page.foot.next.isEnabled()
    page.foot.next.click()
    assert "Install date: It installs at once" in page.confirm.override.lines.copy_text()
    states = {row.key: row.state.word for row in page.confirm.model.rows}
    assert (states["WB-01"], states["WB-02"]) == ("Ready", "Installs at once")
    page.confirm.override.field.setText("Bay 2 may be out of use by day")
    assert page.foot.next.isEnabled()
    page.confirm.when.install._group.button(0).click()
    qtbot.waitUntil(lambda: not page.preflight.stale())
    assert page.confirm.override.isHidden()
    assert client.asked("firmware.preflight")[-1].install_at is None
    assert not started(client)


def test_a_date_that_cannot_be_says_why(page, qtbot, client, monkeypatch):
    to_confirm(qtbot, page)
    choose_date(qtbot, page)
    date = page.confirm.when.date
    night = date.dateTime()
    for moved, words in (
        (night.addDays(-1), "The time to install is past: choose a later one."),
        (night.addDays(14), "Install within 14 days."),
    ):
        date.setDateTime(moved)
        assert (page.foot.why.text(), page.foot.next.isEnabled()) == (words, False)
        assert page.confirm.when.install_words.text() == words
    date.setDateTime(night)
    page.confirm.when.choice._group.button(1).click()
    page.confirm.when.time.setTime(night.time())
    assert page.foot.why.text() == "Install after Wed 25 Nov, 02:00: nothing is fetched before."
    page.confirm.when.choice._group.button(0).click()
    assert page.foot.next.isEnabled()
    monkeypatch.setattr(page.mirror, "now", lambda: job_sample.NIGHT + 1)
    page.foot.next.click()
    assert page.foot.why.text() == "The time to install is past: choose a later one.", "time went by meanwhile"
    assert not started(client)


def test_nothing_begins_on_checks_that_were_made_without_the_date(page, qtbot, client):
    to_confirm(qtbot, page)
    client.answers["firmware.preflight"] = lambda p: lose(client)
    page.confirm.when.install._group.button(1).click()
    qtbot.waitUntil(lambda: client.state is LinkState.LOST and not page.feed.checking)
    client.answers["firmware.preflight"] = EvdeskError(Reason.TIMEOUT, "No answer in time.")
    client.go(LinkState.RUNNING)
    qtbot.waitUntil(lambda: not page.feed.checking)
    assert not page.foot.next.isEnabled()
    page.foot.next.click()
    assert not started(client)
    client.answers["firmware.preflight"] = job_sample.preflight
    page.foot.back.click()
    qtbot.waitUntil(lambda: not page.preflight.stale())
    assert client.asked("firmware.preflight")[-1].install_at == job_sample.NIGHT


def test_one_that_has_the_version_already_is_plain_in_every_step_and_no_canary(page, qtbot, client):
    fleet = job_sample.fleet()
    n22 = fleet.models[0]
    has = replace(n22.chargers[0], version="2.4.1", state=FleetState.NEWEST, because="By job 117")
    models = (replace(n22, chargers=(has, *n22.chargers[1:])), *fleet.models[1:])
    fresh = replace(fleet, models=models)
    client.answers["firmware.fleet"] = fresh
    client.answers["firmware.fits"] = lambda p: job_sample.fits(p, fresh)
    already = Check("version", Verdict.WARN, "It has 2.4.1 already.", "Leave it out, or go on with a reason.")

    def preflight(params):
        rows = job_sample.preflight(params, {"WB-02": ("session",)})
        return [
            replace(row, from_version="2.4.1", checks=[already, *row.checks[1:]]) if row.charger_id == "WB-01" else row
            for row in rows
        ]

    client.answers["firmware.preflight"] = preflight
    page.feed.read()
    qtbot.waitUntil(lambda: page.feed.places["WB-01"][1].version == "2.4.1")
    page.chargers.model.toggle(0)
    assert page.plan.charger_ids == SIX[1:], "the box of a model leaves it alone"
    page.chargers.model.toggle(0)
    assert page.plan.charger_ids == []
    to_image(qtbot, page, SIX)
    assert page.image.misfits.title.text() == "Nothing new for 1 charger"
    assert page.image.reasons.rows[0].cells == (
        "Bay 1", "It has 2.4.1 already.", "Leave it out, or give a reason."
    )  # fmt: skip
    fits = {row.image.id: fit_look(row).word for row in page.image.model.rows}
    assert (fits[job_sample.NEW], fits[job_sample.OLD]) == ("New for 5 of 6", "Older for 1 of 6")
    press_next(page)
    qtbot.waitUntil(lambda: bool(page.feed.preflight))
    row = page.preflight.model.rows[page.preflight.model.row_of("WB-01")]
    assert (row.look.word, row.look.role) == ("Has 2.4.1", "warn")
    assert page.preflight.same.isVisible()
    page.preflight.override.field.setText("The maker wants it put on again")
    press_next(page)
    turns = [(row.label, row.step, row.state.word) for row in page.confirm.model.rows if isinstance(row, TurnRow)]
    assert turns[0] == ("Bay 3", "2.4.0 to 2.4.1", "Ready"), "neither it nor one with a car goes first"
    assert turns[-2:] == [("Bay 2", "2.4.0 to 2.4.1", "Waits"), ("Bay 1", "2.4.1 again", "Has 2.4.1")]
    assert page.confirm.deed.step.text() == "2.4.0 to 2.4.1"
    assert page.confirm.deed.facts.value("Has it already") == "Bay 1"
    assert page.foot.next.text() == "Update 6 chargers to 2.4.1, 1 of them again"
    page.show_step(GuideStep.PREFLIGHT)
    page.preflight.drop_same.click()
    assert "WB-01" not in page.plan.charger_ids
    assert not page.preflight.same.isVisible()


def test_an_older_version_has_to_be_typed(page, qtbot, client):
    client.answers["firmware.preflight"] = lambda p: [
        job_sample.ready("WB-03", "Bay 3", "NL22-204421", before="2.4.1", to="2.4.0")
    ]
    to_confirm(qtbot, page, ["WB-03"], job_sample.OLD)
    assert page.foot.next.text() == "Put 2.4.0 on NL22-204421 in place of 2.4.1"
    assert not page.foot.next.isEnabled()
    page.foot.next.click()
    assert not started(client)
    page.confirm.typed.setText("2.4")
    assert not page.foot.next.isEnabled()
    page.confirm.typed.setText("2.4.0")
    page.foot.next.click()
    qtbot.waitUntil(lambda: bool(started(client)))
    assert started(client)[0].typed == "2.4.0"


def test_the_first_click_of_a_double_click_never_starts_an_update(page, qtbot, client):
    to_preflight(qtbot, page)
    free(page)
    page.foot.next.click()
    page.foot.next.click()
    assert page.number == GuideStep.CONFIRM
    assert not started(client), "the second click was meant for the button before"
    assert not page.foot.next.hasFocus()
    assert QApplication.focusWidget() is not page.foot.next
    assert 0 < page.foot._holding.remainingTime() <= 1000, "it may be pressed by itself soon"
    free(page)
    assert page.foot.next.isEnabled()


def test_a_double_click_starts_one_update(page, qtbot, client):
    to_confirm(qtbot, page)
    QTest.mouseClick(page.foot.next, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(page.foot.next, Qt.MouseButton.LeftButton)
    page.foot.next.click()
    page.starter.start()
    qtbot.waitUntil(lambda: bool(page.gone))
    assert len(started(client)) == 1
    assert page.gone == [("job", 118)]
    assert page.plan.charger_ids == [], "coming back does not find the same update ready to start"


def test_a_refusal_is_said_and_one_may_try_again(page, qtbot, client):
    client.answers["firmware.start"] = EvdeskError(Reason.INVALID, "Another update of WB-03 runs: wait for its end.")
    to_confirm(qtbot, page)
    page.foot.next.click()
    qtbot.waitUntil(lambda: "Another update" in page.foot.why.text())
    assert page.foot.next.isEnabled()
    assert page.gone == []


@pytest.mark.parametrize("began", [True, False])
def test_an_answer_that_is_lost_starts_no_second_update(page, qtbot, client, began):
    to_confirm(qtbot, page)
    client.answers["firmware.start"] = lambda p: lose(client)
    page.foot.next.click()
    qtbot.waitUntil(lambda: "looked up" in page.foot.why.text())
    assert not page.foot.next.isEnabled()
    client.answers["job.list"] = [replace(job_sample.job(), created_at=job_sample.NOW + 1)] if began else []
    client.go(LinkState.RUNNING)
    if began:
        qtbot.waitUntil(lambda: page.gone == [("job", 118)])
    else:
        qtbot.waitUntil(lambda: "did not begin" in page.foot.why.text())
        assert page.foot.next.isEnabled()
    assert len(started(client)) == 1


def lose(client):
    client.go(LinkState.LOST, "gone")
    raise EvdeskError(Reason.UNREACHABLE, "The link to the engine dropped before the answer.")


def test_without_an_engine_nothing_can_be_done_and_all_stays_readable(page, qtbot, client):
    to_preflight(qtbot, page)
    client.go(LinkState.LOST, "gone")
    assert page.foot.why.text() == "Off while the engine does not answer."
    assert not page.foot.next.isEnabled()
    assert not page.preflight.again.isEnabled()
    assert len(page.preflight.model.rows) == 6
    client.go(LinkState.RUNNING)
    assert page.foot.next.isEnabled()


def test_checks_that_broke_off_run_again_by_themselves(page, qtbot, client):
    client.answers["firmware.preflight"] = lambda p: lose(client)
    to_image(qtbot, page)
    press_next(page)
    qtbot.waitUntil(lambda: client.state is LinkState.LOST and not page.feed.checking)
    client.answers["firmware.preflight"] = job_sample.preflight
    client.go(LinkState.RUNNING)
    qtbot.waitUntil(lambda: len(page.feed.preflight) == 6)


# -- ways in, and a hundred -------------------------------------------------------------------------------------------


def test_a_retry_begins_with_its_chargers_and_its_file(page, qtbot):
    page.go({"charger_ids": ["WB-03", "WB-06"], "image_id": job_sample.NEW})
    assert (page.number, page.plan.charger_ids) == (int(GuideStep.IMAGE), ["WB-03", "WB-06"])
    page.go(("WB-08",))
    assert (page.number, page.plan.charger_ids, page.plan.image_id) == (0, ["WB-08"], "")
    assert [wanted(one) for one in (None, "", 7, "WB-01")] == [([], ""), ([], ""), ([], ""), (["WB-01"], "")]


def test_a_hundred_chargers_from_first_to_last(qtbot, qloop, shared):
    page, client = shared, shared.client
    open_page(qtbot, page, many=True)
    page.chargers.model.toggle(0)
    assert page.title() == "Update 96 chargers"
    press_next(page)
    qtbot.waitUntil(lambda: bool(page.feed.fits) and page.image.model.rows[0].known)
    choose(page, job_sample.NEW)
    assert [row.cells[0] for row in page.image.reasons.rows] == ["Level 1, 07", "Level 3, 03"]
    page.image.drop.click()
    press_next(page)
    qtbot.waitUntil(lambda: len(page.feed.preflight) == 94)
    assert page.preflight.result.text() == "86 ready, 4 wait, 2 need a reason, 2 cannot"
    page.preflight.drop.click()
    page.preflight.override.field.setText("Clocks are set by the update")
    press_next(page)
    free(page)
    assert page.foot.next.text() == "Update 92 chargers to 2.4.1"
    page.foot.next.click()
    qtbot.waitUntil(lambda: bool(started(client)))
    (asked,) = started(client)
    assert len(asked.charger_ids) == 92
    assert "P005" not in asked.charger_ids
    assert (asked.waves.canary, asked.waves.sizes, asked.waves.stop_after) == (2, [20], 3)
    page.on_hidden()


def test_what_the_words_say():
    rows = job_sample.preflight(FitsWhich(job_sample.NEW, SIX))
    assert summary(rows) == "5 ready, 1 waits"
    warned = job_sample.ready("WB-01", "Bay 1", "NL22-204417", "clock")
    assert (readiness(warned), readiness(warned, "good reason")) == (Ready.REASON, Ready.READY)
    hard = job_sample.ready("WB-01", "Bay 1", "NL22-204417", "serial")
    assert readiness(hard, "good reason") is Ready.CANNOT
    assert {check.verdict for check in hard.checks} >= {Verdict.BLOCK, Verdict.OK}
    older = [replace(one, downgrade=True) for one in rows]
    assert start_words(older, job_sample.images()[1]) == "Put older 2.4.0 on 6 chargers"
    plan = Plan(list(SIX), job_sample.NEW)
    plan.suggest()
    assert lasts_s(plan, job_sample.images()[0]) == (3 * 7 + 60) * 60


def test_the_steps_say_themselves_and_are_reached_by_key(page, qtbot):
    to_preflight(qtbot, page)
    steps = page.steps.steps
    assert steps[0].accessibleName() == "Step 1, Chargers: done"
    assert not steps[4].isEnabled()
    steps[0].setFocus()
    QTest.keyClick(page.steps, Qt.Key.Key_Right)
    QTest.keyClick(steps[1], Qt.Key.Key_Space)
    assert page.number == 1
    assert QGuiApplication.focusObject() is not None
    assert page.steps.childAt(QPoint(20, 20)) is steps[0]


def test_another_job_of_the_same_kind_is_not_taken_for_ours(qtbot, client, page):
    to_confirm(qtbot, page)
    client.answers["firmware.start"] = lambda p: lose(client)
    page.foot.next.click()
    qtbot.waitUntil(lambda: "looked up" in page.foot.why.text())
    before = replace(job_sample.job(), id=90, created_at=job_sample.NOW - 600, state=JobState.FINISHED)
    other = replace(job_sample.job(), id=91, created_at=job_sample.NOW + 1, image_id=job_sample.OTHER)
    client.answers["job.list"] = [other, before]
    client.go(LinkState.RUNNING)
    qtbot.waitUntil(lambda: "did not begin" in page.foot.why.text())
    assert page.gone == []


def test_each_picture_of_the_guide_shows_the_step_of_its_name_when_it_may_be_left(qtbot, page, client, qloop):
    taken = {}

    async def until(what, condition, _within_s):
        for _ in range(1500):
            if condition():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(what)

    async def take(name):
        taken[name] = GuideStep(page.number), page.foot.next.text(), page.foot.next.isEnabled(), page.foot.why.text()

    client.answers["firmware.preflight"] = lambda p: job_sample.preflight(p, {"WB-06": ("session", "clock")})
    page.go({"charger_ids": SIX, "image_id": job_sample.NEW})
    walked = qloop.create_task(shots_firmware.walk(page, until, take))
    qtbot.waitUntil(walked.done, timeout=30_000)
    walked.result()
    assert taken == {
        "update-1-chargers": (GuideStep.CHARGERS, "Next: Image", True, ""),
        "update-2-image": (GuideStep.IMAGE, "Next: Preflight", True, ""),
        "update-3-preflight": (GuideStep.PREFLIGHT, "Next: Confirm", False, "Warnings need a reason in words."),
        "update-4-confirm": (GuideStep.CONFIRM, "Update 6 chargers to 2.4.1", True, ""),
    }
    assert page.plan.override == shots_firmware.OVERRIDE


def test_a_file_whose_day_is_not_known_says_so(page, qtbot, client):
    client.answers["firmware.images"] = [replace(one, added_at=0.0) for one in job_sample.images()]
    page.feed.read()
    to_image(qtbot, page)
    qtbot.waitUntil(lambda: page.image.facts.facts.value("Added") == "unknown")


def test_where_there_is_room_a_list_shows_all_its_rows_and_ends_under_them(page, qtbot):
    card, table = page.chargers.card, page.chargers.table
    page.resize(1752, 1028)
    try:
        qtbot.waitUntil(lambda: card.height() < page.height() - 300)
        assert table.verticalScrollBar().maximum() == 0
        before = card.height()
        page.chargers.search.setText("Bay 4")
        assert len(page.chargers.model.rows) == 2
        assert card.height() == before, "it does not jump while one types"
        page.chargers.search.clear()
    finally:
        page.resize(1112, 748)


def test_a_low_window_scrolls_to_the_list_instead_of_squeezing_it(page, qtbot):
    to_confirm(qtbot, page)
    panel = page.confirm
    try:
        for height, scrolls in ((420, True), (1028, False)):
            page.resize(1112, height)
            qtbot.waitUntil(lambda scrolls=scrolls: (panel._area.verticalScrollBar().maximum() > 0) == scrolls)
            assert panel.list.height() >= LEAST
            assert panel.table.horizontalScrollBar().maximum() == 0
    finally:
        page.resize(1112, 748)
