"""The page of a job: the story of the design picture, a hundred chargers with faults, deeds, the log, the report."""

from dataclasses import replace

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication

from evdesk.gui.client import LinkState
from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.mirror import ChargerInJob, Mirror
from evdesk.gui.pages import job_deeds
from evdesk.gui.pages.firmware_jobs import job_says
from evdesk.gui.pages.job import JobPage
from evdesk.gui.pages.job_deeds import cancel_words
from evdesk.gui.pages.job_feed import newer
from evdesk.gui.pages.job_model import ChargerRow, FoldRow, HeadRow
from evdesk.gui.pages.job_plot import drawn
from evdesk.gui.pages.job_recovery import RecoverySheet
from evdesk.gui.pages.job_segments import UPDATE_STEPS, Fill, segments, usual, widths
from evdesk.gui.pages.job_side import way_back
from evdesk.gui.pages.job_words import counted, sentences, wave_look, wave_words
from evdesk.gui.pages.update_steps import GuideStep
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from evdesk.model import EvdeskError, Reason
from evdesk.model.jobs import JobLine, JobState, PowerState, Result, Step, Transfer
from evdesk.wire.jobs import CancelJob, JobChargerRef, JobView, OneJob, ReadReport, ReportFormat
from tests.gui import job_sample
from tests.gui.fakes import FakeClient
from tests.gui.test_update_page import look

STRICT = QAbstractItemModelTester.FailureReportingMode.Fatal
NOW = job_sample.NOW


@pytest.fixture(scope="module")
def shared(qapp):
    """One page for all tests: making it anew takes longer than most of them."""
    look(qapp)
    client = FakeClient()
    mirror = Mirror(client)
    mirror.now = lambda: NOW
    page = JobPage(mirror, client, current())
    page.gone = []
    page.navigate.connect(lambda name, argument: page.gone.append((name, argument)))
    page.resize(1112, 748)
    yield page
    page.hide()
    page.deleteLater()


@pytest.fixture
def page(qtbot, qloop, shared):
    client = shared.client
    client.answers = FakeClient().answers | job_sample.answers()
    client.go(LinkState.RUNNING)
    shared.mirror.take_snapshot(job_sample.snapshot())
    shared.feed.job_id, shared.feed.images = None, {}
    shared.deeds.busy = False
    shared.progress.both.reader._of = (0, "")
    shared.show()
    yield shared
    shared.on_hidden()


@pytest.fixture
def client(page):
    return page.client


def show(qtbot, page, view):
    """Open a job as the engine has it."""
    page.client.answers["job.get"] = view
    page.feed.job_id = None
    page.go(view.job.id)
    qtbot.waitUntil(lambda: page.feed.chargers == view.chargers and bool(page.feed.images))
    page.refresh()
    page.gone.clear()
    page.client.calls.clear()
    return page


def rows(page, kind=ChargerRow):
    return [row for row in page.progress.model.rows if isinstance(row, kind)]


def row(page, label):
    return next(one for one in rows(page) if one.charger.label == label)


def tell(page, charger, job_id=118):
    page.mirror.job_charger_changed.emit(ChargerInJob(job_id, charger))


def press(qtbot, number):
    """A button of the sheet that is open, counted from the left."""
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), Sheet), timeout=5000)
    sheet = QApplication.activeModalWidget()
    sheet.findChildren(Button)[number].click()
    return sheet


# -- progress ---------------------------------------------------------------------------------------------------------


def test_a_wave_that_is_over_is_called_by_how_its_chargers_ended():
    view = job_sample.view()
    one_of_them = view.chargers["WB-08"]
    for outcomes, word, words in (
        ([Result.CANCELLED], "Left out", "1 charger"),
        ([Result.FAILED], "Failed", "1 charger"),
        ([Result.SUCCEEDED, Result.CANCELLED], "Partly done", "1 charger, watched 60 min"),
        ([Result.CANCELLED, Result.UNKNOWN], "Unknown", "1 charger"),
        ([Result.SUCCEEDED], "Passed", "1 charger, watched 60 min"),
    ):
        ended = [replace(one_of_them, outcome=one) for one in outcomes]
        assert wave_look(view.job.waves[0], job_sample.NOW, ended).word == word, outcomes
        assert wave_words(view.job.waves[0], view.job, ended) == words, outcomes


def test_the_picture_of_the_running_job(page, qtbot):
    show(qtbot, page, job_sample.view())
    QAbstractItemModelTester(page.progress.model, STRICT)
    assert page.title() == "Update 6 chargers"
    assert page.subtitle() == "job 118, Tue 24 Nov, 23:47"
    assert page.head.steps.current() is GuideStep.PROGRESS
    heads = [(one.name, one.words, one.look.word) for one in rows(page, HeadRow)]
    assert heads == [
        ("Canary", "1 charger, watched 60 min", "Passed"),
        ("Wave 1", "3 chargers, stops after 1 failure", "Running"),
        ("Wave 2", "2 chargers, starts by itself when wave 1 is done", "Waits"),
    ]
    told = {one.charger.label: (one.look.word, one.left, one.first, one.second) for one in rows(page)}
    assert told == {
        "Bay 8": ("Done", "22:31, 6:48 min", "Download 0:45, verify 0:09, install 4:02, reboot 1:11, test 0:31; "
                  "settings same", ""),
        "Bay 1": ("Rebooting", "about 2 min", "Since 23:46:56, silent for 48 s. Usually 70 s; waits up to 5 min", ""),
        "Bay 2": ("Installing", "about 3 min", "Since 23:44:51, said by the charger. Usually 4 min; waits up to 15 min",
                  ""),
        "Bay 3": ("Downloading", "about 5 min", "Since 23:46:43. 9.8 of 18.4 MB, 412 kB/s, resumed once", ""),
        "Bay 5": ("Waits for wave 2", "", "Preflight all green at 23:38", ""),
        "Bay 6": ("Waits", "", "A car is plugged in and charging.", "It starts when the car leaves; or skip it."),
    }  # fmt: skip
    summary = page.progress.summary.accessibleName()
    assert summary.startswith("Nordlade N22: 2.4.0 2.4.1. 1 done, 3 running, 2 waiting, 0 failed. Started 22:24.")
    assert page.progress.serves.facts.value("Sent") == "65.4 MB to 4 chargers"
    assert page.progress.image.facts.value("Way back") == "2.4.0 is in the library"
    assert "breaker off for 30 s" in page.progress.control.hint.accessibleName()


def test_chargers_that_wait_for_their_install_date_say_so(page, qtbot, monkeypatch):
    show(qtbot, page, job_sample.dated())
    told = {one.charger.label: (one.look.word, one.left, one.first) for one in rows(page)}
    waits = (
        "Waits to install",
        "Wed 25 Nov, 02:00",
        "Has the file, installs Wed 25 Nov, 02:00. Cars may charge till then",
    )
    assert told["Bay 1"] == told["Bay 8"] == waits
    assert told["Bay 2"] == waits, "it has the file and says nothing"
    assert told["Bay 3"][0] == "Downloading"
    assert told["Bay 3"][2].endswith("resumed once, installs Wed 25 Nov, 02:00")
    assert told["Bay 5"][0] == told["Bay 6"][0] == "Installing", "it does not heed the date, or was told none"
    assert told["Bay 6"][2].startswith("Since 23:40:57")
    assert page.progress.summary.accessibleName().endswith("Started 23:40. Installs Wed 25 Nov, 02:00.")
    assert "installs Wed 25 Nov, 02:00" in job_says(page.feed.job, NOW)
    bars = {one: segments(page.feed.chargers[one], UPDATE_STEPS, NOW)[3] for one in ("WB-01", "WB-05")}
    assert bars["WB-01"].part == 0.0, "what waits does not look as if it hung"
    assert bars["WB-05"].part > 0.5
    monkeypatch.setattr(page.mirror, "now", lambda: job_sample.NIGHT + 120)
    page.refresh()
    assert row(page, "Bay 1").look.word == "Installing"
    assert row(page, "Bay 1").first.startswith("Since 02:00:00")
    assert segments(page.feed.chargers["WB-01"], UPDATE_STEPS, job_sample.NIGHT + 120)[3].part == 0.5


def test_the_charger_that_fetches_is_shown_with_both_sides_until_a_person_chooses(page, qtbot):
    show(qtbot, page, job_sample.view())
    both = page.progress.both
    qtbot.waitUntil(lambda: len(both.lines.lines) == 7)
    QAbstractItemModelTester(both.lines, STRICT)
    assert both.title.text() == "Bay 3, both sides"
    assert both.plot.accessibleName() == "9.8 of 18.4 MB fetched"
    assert len(both.plot.copy_text().splitlines()) == 5, "the plot copies as a table"
    page.progress.table.selectRow(page.progress.model.row_of("WB-05"))
    assert both.title.text() == "Bay 5, both sides"
    assert not both.skip.isHidden()
    page.refresh()
    assert both.title.text() == "Bay 5, both sides", "what a person chose stays"


def test_events_of_this_job_change_their_row_in_place_and_others_nothing(page, qtbot):
    show(qtbot, page, job_sample.view())
    three = replace(page.feed.chargers["WB-03"], about_s=30.0)
    tell(page, replace(three, step=Step.DONE, outcome=Result.FAILED), job_id=90)
    page.mirror.job_changed.emit(replace(job_sample.job(), id=90, state=JobState.PAUSED))
    assert not page.feed._flush.isActive(), "another job is nothing to draw"
    assert page.feed.chargers["WB-03"].outcome is None
    resets = []
    page.progress.model.modelReset.connect(lambda: resets.append(1))
    fresh = replace(three, transfer=replace(three.transfer, bytes=12_000_000))
    for _ in range(20):
        tell(page, fresh)
    changes = []
    page.progress.model.dataChanged.connect(lambda *_: changes.append(1))
    qtbot.waitUntil(lambda: bool(changes), timeout=2000)
    assert "12.0 of 18.4 MB" in row(page, "Bay 3").first
    assert len(changes) == 1, "twenty events are drawn once"
    assert resets == []
    assert page.feed._flush.interval() >= 200, "at most five times a second"


def test_an_event_that_overtook_the_answer_is_not_undone():
    old = job_sample.job_chargers()["WB-03"]
    fresh = replace(old, step=Step.VERIFYING, step_at=NOW)
    assert newer(fresh, old) is fresh
    assert newer(old, fresh) is fresh


def test_the_log_follows_stops_where_one_reads_and_asks_only_for_what_is_new(page, qtbot, client):
    many = [JobLine(n, 118, "WB-03", NOW + n, "fetched", f"{n} kB so far") for n in range(1, 600)]
    client.answers["job.lines"] = lambda p: [line for line in many if line.id > p.after_id][: p.limit]
    show(qtbot, page, job_sample.view())
    both = page.progress.both
    qtbot.waitUntil(lambda: len(both.lines.lines) == 599)
    bar = both.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    bar.setValue(0)
    assert not both.back.isHidden()
    many.append(JobLine(600, 118, "WB-03", NOW, "charger", "Downloaded", "good"))
    tell(page, page.feed.chargers["WB-03"])
    qtbot.waitUntil(lambda: len(both.lines.lines) == 600)
    assert bar.value() == 0, "what one reads stays"
    assert client.asked("job.lines")[-1].after_id == 599
    both.back.click()
    assert bar.value() == bar.maximum()
    both.toggle()
    assert not both.view.following
    both.view.selectAll()
    QTest.keySequence(both.view, "Ctrl+C")
    assert QGuiApplication.clipboard().text().splitlines()[-1].endswith("\tcharger\tDownloaded")


def test_a_lost_engine_leaves_the_page_readable_and_comes_back_by_itself(page, qtbot, client):
    show(qtbot, page, job_sample.view())
    client.go(LinkState.LOST, "gone")
    control = page.progress.control
    assert [b.isEnabled() for b in (control.pause, control.cancel)] == [False, False]
    assert control.pause.toolTip() == "Off while the engine does not answer."
    assert len(rows(page)) == 6
    assert page.progress.table.cells.muted
    client.answers["job.get"] = job_sample.over()
    client.go(LinkState.RUNNING)
    qtbot.waitUntil(lambda: page.head.steps.current() is GuideStep.REPORT)
    assert page.feed.job.over


def test_without_a_choice_the_newest_job_is_shown(page, qtbot):
    page.mirror.jobs = {90: replace(job_sample.job(), id=90), 118: job_sample.job()}
    page.on_hidden()
    page.on_shown()
    assert page.feed.job_id == 118
    page.mirror.jobs = {}
    page.feed.job_id, page.feed.job = None, None
    page.on_shown()
    assert page.stack.currentWidget() is page._blank
    page.gone.clear()
    page.empty.button.click()
    assert page.gone == [("update", None)]


def test_a_job_that_is_not_there_says_so(page, qtbot, client):
    client.answers["job.get"] = EvdeskError(Reason.INVALID, "There is no job 7.")
    page.go("7")
    qtbot.waitUntil(lambda: page.empty.advice.text() == "There is no job 7.")
    assert page.stack.currentWidget() is page._blank


# -- deeds ------------------------------------------------------------------------------------------------------------


def test_pause_and_go_on_are_sent_once(page, qtbot, client):
    show(qtbot, page, job_sample.view())
    page.progress.control.pause.click()
    page.progress.control.pause.click()
    qtbot.waitUntil(lambda: not page.deeds.busy)
    assert client.asked("job.pause") == [OneJob(118)]
    paused = replace(job_sample.job(), state=JobState.PAUSED, waits_for="1 did not come through: no other is begun.")
    client.answers["job.get"] = JobView(118, JobState.PAUSED, paused, job_sample.job_chargers())
    page.mirror.job_changed.emit(paused)
    qtbot.waitUntil(lambda: not page.head.paused.isHidden())
    assert page.head.paused.meaning.text() == "1 did not come through: no other is begun."
    page.head.paused.buttons["go_on"].click()
    qtbot.waitUntil(lambda: bool(client.asked("job.resume")))


def test_cancel_asks_and_says_what_cannot_be_stopped(page, qtbot, client):
    show(qtbot, page, job_sample.view())
    words = cancel_words(page.feed)[1]
    assert "2 chargers that were not begun keep their version." in words
    assert "Told to stop fetching: Bay 3." in words
    assert "Cannot be stopped, because they have the whole file: Bay 1, Bay 2." in words
    page.progress.control.cancel.click()
    press(qtbot, 0)
    qtbot.waitUntil(lambda: not page.deeds.busy)
    assert client.asked("job.cancel") == [], "the safe answer is the default one"
    page.progress.control.cancel.click()
    press(qtbot, 1)
    qtbot.waitUntil(lambda: not page.deeds.busy)
    assert client.asked("job.cancel") == [CancelJob(118)]


def test_one_that_was_not_begun_is_left_out(page, qtbot, client):
    show(qtbot, page, job_sample.view())
    table, model = page.progress.table, page.progress.model
    index = model.index(model.row_of("WB-06"), 2)
    room = table.cells.skip_room(table.visualRect(index))
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=room.center())
    sheet = press(qtbot, 1)
    assert sheet.windowTitle() == "Leave Bay 6 out of this job?"
    qtbot.waitUntil(lambda: not page.deeds.busy)
    assert client.asked("job.skip") == [JobChargerRef(118, "WB-06")]
    assert ("said", "Bay 6 is left out") in page.gone
    assert not row(page, "Bay 1").can_skip


def test_one_that_fetches_can_be_stopped_and_one_that_installs_cannot(page, qtbot, client):
    show(qtbot, page, job_sample.view())
    page.progress.choose("WB-02")
    assert page.progress.both.skip.isHidden(), "it installs: nobody can stop that"
    page.deeds.skip("WB-02")
    qtbot.waitUntil(lambda: not page.deeds.busy)
    page.progress.choose("WB-03")
    assert page.progress.both.skip.text() == "Stop it"
    page.progress.both.skip.click()
    press(qtbot, 1)
    qtbot.waitUntil(lambda: not page.deeds.busy)
    assert client.asked("job.cancel") == [CancelJob(118, "WB-03")]
    assert client.asked("job.skip") == []


def test_why_nothing_runs_is_told(page, qtbot):
    view = job_sample.view()
    waits = replace(view.job, waits_for="Nothing begins before 02:00.")
    show(qtbot, page, replace(view, job=waits))
    assert page.head.waits.meaning.text() == "Nothing begins before 02:00."
    assert not page.head.waits.isHidden()
    show(qtbot, page, view)
    assert page.head.waits.isHidden()


def test_while_all_are_held_up_the_page_says_for_whom_it_waits_and_nothing_is_called_running(page, qtbot):
    view = job_sample.view()
    held = replace(view.chargers["WB-06"], reason="A car charges on connector 1.", next="It begins when it is through.")
    first = view.job.waves[1].charger_ids
    labels = [view.chargers[one].label for one in first]
    chargers = view.chargers | {one: replace(held, charger_id=one, label=view.chargers[one].label) for one in first}
    chargers["WB-06"] = replace(view.chargers["WB-06"], step=Step.WAITING, checks=())
    job = replace(view.job, waits_for="A car charges on connector 1.")
    show(qtbot, page, replace(view, job=job, chargers=chargers))
    assert page.head.waits.title.text() == f"Waits for {labels[0]}, {labels[1]} and {labels[2]}"
    assert page.head.waits.meaning.text() == "A car charges on connector 1. It begins when it is through."
    assert [one.look.word for one in rows(page, HeadRow)] == ["Passed", "Waits", "Waits"]
    assert [one.look.word for one in rows(page) if one.key in first] == ["Waits"] * 3, "as the checks call it"
    assert "1 done, 0 running, 5 waiting, 0 failed" in page.progress.summary.accessibleName()
    other = chargers | {first[0]: replace(chargers[first[0]], reason="Not connected since 18:33", next="Switch it on.")}
    show(qtbot, page, replace(view, job=job, chargers=other))
    assert page.head.waits.meaning.text() == "Not connected since 18:33. A car charges on connector 1."


def test_a_low_window_shows_whole_rows_and_keeps_the_card_of_this_computer(page, qtbot):
    size = page.size()
    for high in (640, 690, 748):
        page.resize(1112, high)
        show(qtbot, page, job_sample.view())
        panel, table = page.progress, page.progress.table
        qtbot.waitUntil(lambda: page.progress.height() == page.height() - page.head.height() - 44)
        QApplication.processEvents()
        more = table.more
        end = more.y() if more.isVisible() else table.viewport().geometry().bottom() + 1
        edges = [table.rowViewportPosition(row) for row in range(table.model().rowCount())]
        assert end - table.viewport().y() in [*edges, edges[-1] + table.rowHeight(len(edges) - 1)], "no row is cut"
        below = [row for row, edge in enumerate(edges) if edge >= end - table.viewport().y()]
        left = sum(bool(page.progress.model.charger_at(row)) for row in below)
        assert more.isVisible() is bool(below)
        assert not below or more.words() == f"{left} more"
        assert panel.side.verticalScrollBar().maximum() == 0, "no card is cut"
        dense = not panel.image.facts.label("Signed by").isVisible()
        assert dense is (panel.height() < 635), "what is told elsewhere gives way, and only where there is no room"
        assert dense is ("18.4 MB" in panel.image.facts.value("File"))
        assert "Recovery card" in panel.control.hint.text()
    view = job_sample.view()
    warned = PowerState(mains=None, awake=False, detail="This computer does not say how it is fed. Look at its plug.")
    job = replace(view.job, power=warned, waits_for="Watched")
    page.resize(1112, 700)
    show(qtbot, page, replace(view, job=job))
    QApplication.processEvents()
    assert page.progress.serves.y() < page.progress.image.y(), "what somebody should do stands first"
    end = page.progress.serves.mapTo(page.progress.side, page.progress.serves.rect().bottomLeft()).y()
    assert end < page.progress.side.height()
    page.resize(size)


def test_what_was_refused_stands_on_the_page(page, qtbot, client):
    show(qtbot, page, job_sample.view())
    client.answers["job.pause"] = EvdeskError(Reason.INVALID, "The job is over.")
    page.progress.control.pause.click()
    qtbot.waitUntil(lambda: page.head.note.text() == "The job is over.")


def test_the_recovery_card_is_text_and_page(page, qtbot, tmp_path):
    show(qtbot, page, job_sample.over())
    sheet = RecoverySheet(page.feed, current(), page)
    qtbot.addWidget(sheet)
    assert sheet.words.startswith("Recovery card: Nordlade N22\nFile n22-2.4.1.bin, SHA-256 9c4177ab51d0")
    assert "2. Then: breaker off for 30 s, then on." in sheet.words
    lines = sheet.words.splitlines()
    first = lines[lines.index("Chargers") + 1]
    assert first.startswith("Bay 3  NL22-204421  2.4.0 to 2.4.1"), "those in trouble first"
    sheet.write(tmp_path / "card.pdf")
    (printed,) = PdfReader(tmp_path / "card.pdf").pages
    assert "NL22-204421" in printed.extract_text(), "a serial can be found in the page"
    sheet.write(tmp_path / "card.txt")
    assert (tmp_path / "card.txt").read_text() == sheet.words + "\n"
    with pytest.raises(EvdeskError):
        sheet.write(tmp_path / "nowhere" / "card.txt")


# -- report -----------------------------------------------------------------------------------------------------------


def test_the_report_says_result_reason_and_what_became_of_the_settings(page, qtbot):
    show(qtbot, page, job_sample.over())
    model = page.report.model
    QAbstractItemModelTester(model, STRICT)
    cells = {model.index(n, 0).data(): [model.index(n, c).data() for c in range(1, 5)] for n in range(6)}
    assert list(cells) == ["Bay 3", "Bay 5", "Bay 6", "Bay 8", "Bay 1", "Bay 2"], "worst first"
    assert cells["Bay 3"] == ["Failed", "2.4.0", "2.4.0", "not compared"]
    assert cells["Bay 5"] == ["Unknown", "2.4.0", "unknown", "not compared"], "silence is no version"
    assert cells["Bay 6"] == ["Left out", "2.4.0", "2.4.0", ""]
    assert cells["Bay 1"] == ["Done", "2.4.0", "2.4.1", "4 changed, 2 put back, 1 lost"]
    assert page.subtitle() == "job 118, over Wed 25 Nov, 00:14"
    result = page.report.result
    assert result.next.text() == "Look at its network cable or signal, then try it again."
    page.report.table.selectRow(4)
    changes = [one.cells for one in result.changes.rows]
    assert ("HeartbeatInterval", "300 s", "900 s", "Put back") in changes
    assert ("NL.LegacyMeter", "1", "none", "Lost") in changes
    assert ("NL.EcoMode", "none", "false", "New") in changes
    page.report.table.selectRow(5)
    assert "At first this was unknown" in result.late.text()
    page.report.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 7
    assert lines[1].startswith("Bay 3\tFailed\t2.4.0\t2.4.0")


def test_only_those_that_may_be_asked_again_are_offered(page, qtbot):
    show(qtbot, page, job_sample.over())
    assert page.report.retry.text() == "Retry 2 chargers"
    assert "Bay 5" in page.report.why.text()
    page.report.retry.click()
    wanted = {"charger_ids": ["WB-03", "WB-06"], "image_id": job_sample.NEW}
    assert page.gone == [("update", wanted)]
    view = job_sample.over()
    bad = {one: replace(c, retry=False) for one, c in view.chargers.items()}
    show(qtbot, page, JobView(118, JobState.FINISHED, view.job, bad))
    assert page.report.retry.isHidden(), "never after a wrong signature: the engine says which"


def test_the_report_is_saved_as_the_engine_wrote_it(page, qtbot, client, tmp_path, monkeypatch):
    show(qtbot, page, job_sample.over())
    paths = []

    async def ask(owner, title, name, kind):
        paths.append(tmp_path / name)
        return paths[-1]

    monkeypatch.setattr(job_deeds, "ask_save", ask)
    for button in (page.report.pdf, page.report.json, page.report.result.save):
        button.click()
        qtbot.waitUntil(lambda: not page.deeds.busy)
    assert client.asked("job.report") == [
        ReadReport(118, ReportFormat.PDF),
        ReadReport(118, ReportFormat.JSON),
        ReadReport(118, ReportFormat.PDF, "WB-03"),
    ]
    assert paths[0].read_bytes() == b"%PDF-1.4 sample"
    assert paths[1].read_text() == '{"job": 118}'


def test_one_can_look_back_at_the_progress_of_a_job_that_is_over(page, qtbot):
    show(qtbot, page, job_sample.over())
    page.head.steps.steps[GuideStep.PROGRESS].click()
    assert page.stack.currentWidget() is page.progress
    control = page.progress.control
    assert (control.pause.isHidden(), control.cancel.isHidden(), control.report.isHidden()) == (True, True, False)
    fills = [one.fill for one in segments(page.feed.chargers["WB-03"], UPDATE_STEPS, NOW)]
    assert fills[:3] == [Fill.DONE, Fill.BAD, Fill.OPEN]
    control.report.click()
    assert page.stack.currentWidget() is page.report


# -- a hundred, and logs ----------------------------------------------------------------------------------------------


def test_a_hundred_chargers_stay_readable(page, qtbot):
    show(qtbot, page, job_sample.hundred())
    model = page.progress.model
    QAbstractItemModelTester(model, STRICT)
    assert page.progress.count.text() == "44 done, 6 running, 41 waiting, 1 unknown, 2 failed"
    shown = [one.look.word for one in rows(page)]
    assert len(shown) == 10, "only those that run or went wrong, of 94"
    assert set(shown) <= {"Failed", "Unknown", "Waits", "Downloading", "Verifying", "Installing", "Rebooting"}
    folds = [one.words for one in rows(page, FoldRow)]
    assert folds == ["Show 18 more: 18 done", "Show 12 more: 6 done, 6 waiting"]
    fold = next(i for i, one in enumerate(model.rows) if isinstance(one, FoldRow))
    model.toggle(fold)
    assert len(rows(page)) == 28
    page.progress.table.setFocus()
    head = next(i for i, one in enumerate(model.rows) if isinstance(one, HeadRow) and one.name == "Wave 1")
    page.progress.table.selectRow(head)
    QTest.keyClick(page.progress.table, Qt.Key.Key_Left)
    assert len(rows(page)) == 10
    page.progress.shown.changed.emit("all")
    assert len(rows(page)) == 94
    page.progress.search.setText("NL22-303200")
    assert [one.charger.serial for one in rows(page)] == ["NL22-303200"]
    page.progress.search.clear()
    assert page.progress.serves.facts.value("Power").startswith("Battery: plug it in")


def test_no_row_comes_or_goes_under_the_pointer(page, qtbot):
    show(qtbot, page, job_sample.hundred())
    model = page.progress.model
    keys = [one.key for one in model.rows]
    done = next(one.charger for one in rows(page) if one.look.word == "Downloading")
    model.hold(True)
    page.feed.chargers[done.charger_id] = replace(done, step=Step.DONE, outcome=Result.SUCCEEDED, reported="2.4.1")
    model.refresh()
    assert [one.key for one in model.rows] == keys
    assert model.rows[model.row_of(done.charger_id)].look.word == "Done", "what it says is new"
    model.hold(False)
    assert model.row_of(done.charger_id) == -1, "it is folded away when the pointer has gone"


def test_fetching_a_log_is_shown_to_its_end(page, qtbot):
    show(qtbot, page, job_sample.log_view())
    assert page.title() == "Diagnostics of Bay 3"
    assert page.head.isHidden()
    assert row(page, "Bay 3").first == "Since 23:46:49. 2.3 MB, 96 kB/s"
    assert page.progress.both.log.isHidden()
    assert page.progress.control.cancel.text() == "Stop fetching"
    show(qtbot, page, job_sample.log_view(done=True))
    page.progress.both.log.click()
    assert page.gone == [("logs", 12)]


# -- pure -------------------------------------------------------------------------------------------------------------


def test_segments_grow_with_the_usual_time_and_leave_room_for_their_names():
    seconds = usual(job_sample.job_chargers().values(), UPDATE_STEPS)
    assert seconds[Step.INSTALLING] == 240.0
    least = dict.fromkeys(UPDATE_STEPS, 34.0)
    wide = widths(seconds, least, 480.0)
    assert sum(wide) + 3 * 6 == pytest.approx(480.0)
    assert min(wide) == 34.0
    assert max(wide) == wide[UPDATE_STEPS.index(Step.INSTALLING)]
    assert sum(widths(seconds, least, 200.0)) + 18 == pytest.approx(200.0), "a narrow table cuts nothing off"


def test_a_step_that_takes_long_never_looks_finished_and_silence_never_green():
    two = job_sample.job_chargers()["WB-02"]
    here = segments(two, UPDATE_STEPS, NOW + 3600)[UPDATE_STEPS.index(Step.INSTALLING)]
    assert (here.fill, here.part) == (Fill.RUNS, 0.95)
    silent = replace(two, steps=job_sample.spans(NOW - 300, 3, 80, 48, 200, going=True, silent=(Step.VERIFYING,)))
    assert segments(silent, UPDATE_STEPS, NOW)[2].fill is Fill.PASSED
    lost = replace(two, step=Step.DONE, outcome=Result.UNKNOWN)
    assert [one.fill for one in segments(lost, UPDATE_STEPS, NOW)][3:5] == [Fill.UNSURE, Fill.OPEN]


def test_a_file_that_came_at_once_is_drawn_as_a_step():
    seen = Transfer("http", 0, 18_400_000, 18_400_000, samples=((100.0, 18_400_000),), last_at=100.2)
    assert drawn(seen, 900.0, live=False) == ((100.0, 0), (100.0, 18_400_000), (101.0, 18_400_000))
    slow = Transfer("http", 0, 9, 18, samples=((100.0, 0), (110.0, 9)), last_at=110.0)
    assert drawn(slow, 900.0, live=False) == slow.samples


def test_words_where_little_is_known():
    one = job_sample.job_chargers()["WB-03"]
    bare = replace(one, transfer=Transfer(size=0, bytes=640), steps=(), step_at=NOW - 5)
    assert sentences(bare, NOW) == ("Since 23:47:39. 640 B", "")
    assert counted([]) == ""
    image, *others = job_sample.images()
    assert way_back(image, others, {"2.3.2"}) == ("not in the library: 2.3.2", "warn")
    assert way_back(image, others, set()) == ("unknown", "muted")
