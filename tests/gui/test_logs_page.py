"""The Logs page: fetching, the list, archives, long texts in parts, search, ways out."""

import asyncio
from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QFileDialog

from evdesk.gui.client import LinkState
from evdesk.gui.mirror import ChargerInJob
from evdesk.gui.pages import logs_reader
from evdesk.gui.pages.logs import LogsPage
from evdesk.gui.pages.logs_fetch import FetchSheet
from evdesk.gui.pages.logs_words import fetch_look, fetch_words
from evdesk.gui.theme import current
from evdesk.model import Capability, ChargerState, EvdeskError, Reason
from evdesk.model.jobs import JobState, Result
from evdesk.wire.firmware import JobBegun
from evdesk.wire.jobs import LogText
from tests.gui import firmware_sample as fw


@pytest.fixture
def page(qtbot, night, client):
    one = LogsPage(night, client, current())
    qtbot.addWidget(one)
    one.resize(1112, 748)
    one.setUpdatesEnabled(False)  # the pictures are tried elsewhere; painting is most of the time
    one.went, one.complaints = [], []
    one.navigate.connect(lambda name, argument: one.went.append((name, argument)))
    client.failed.connect(one.complaints.append)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: one.card.log is not None and one.card.text.reader.read > 0)
    yield one
    one.on_hidden()


def sheet(qtbot, kind):
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=3000)
    return QApplication.activeModalWidget()


def words(page):
    return page.card.text.view.toPlainText()


def test_the_newest_is_shown_with_what_is_inside(page, client):
    assert page.subtitle() == "4 logs of 4 chargers, 3.7 MB"
    for rows in (page.list.rows, page.card.rows):
        QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert [row.cells[0] for row in page.list.rows.rows] == ["Bay 3", "Bay 2", "Bay 4", "Bay 1"]
    assert [row.cells[3] for row in page.list.rows.rows] == ["6 files", "Text", "Cut off", "Text"]
    assert page.card.told.text() == "Diagnostics of Bay 3 · 00:03 · from 192.168.50.43 by HTTP · job 119"
    assert [row.cells[0] for row in page.card.rows.rows][:2] == ["var/log/messages", "var/log/ocpp.log"]
    asked = client.asked("log.read")[-1]
    assert (asked.log_id, asked.entry, asked.offset) == (9, "var/log/messages", 0)
    page.card.copy_hash.click()
    assert QGuiApplication.clipboard().text() == "c41d" * 16


def test_an_entry_that_is_not_safe_is_named_with_why_and_never_asked_for(page, client):
    before = len(client.asked("log.read"))
    page.card.inside.selectRow(4)
    assert words(page) == "It is not shown: Its path leads out of the archive."
    page.card.inside.selectRow(5)
    assert "unpacks to far more" in words(page)
    assert len(client.asked("log.read")) == before


def test_a_long_text_comes_in_parts_as_one_scrolls_and_all_at_once_if_wanted(page, client, qtbot):
    page.go(5)
    text = page.card.text
    qtbot.waitUntil(lambda: text.reader.read == 65_536)
    assert text.read.text() == "65.5 kB of 171.4 kB"
    bar = text.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: text.reader.read == 131_072)
    text.rest.click()
    qtbot.waitUntil(lambda: text.reader.complete)
    assert text.view.toPlainText() == "".join(fw.log_text(n * 65_536).text for n in range(3))
    assert text.read.text() == "171.4 kB, all of it"
    assert text.rest.isHidden()
    assert text.view.blockCount() == 3001


def test_search_reads_on_until_it_finds_and_says_where_or_that_it_is_not_there(page, client, qtbot):
    needle = "fw: flash page 77 bad"
    whole = "".join(f"line {n}\n" for n in range(20_000)) + f"{needle}\nend\n"

    def answer(params):
        part = whole[params.offset : params.offset + params.limit]
        end = params.offset + len(part)
        return LogText(part, len(whole), end if end < len(whole) else None)

    client.answers["log.read"] = answer
    page.go(5)
    text = page.card.text
    qtbot.waitUntil(lambda: 0 < text.reader.read < len(whole))
    text.search.setText(needle.upper())
    qtbot.waitUntil(lambda: text.found.text() == "Line 20\u2009001")
    assert text.view.textCursor().selectedText() == needle
    text.search.setText("line 7")
    qtbot.waitUntil(lambda: text.found.text() == "Line 8")
    text.next()
    qtbot.waitUntil(lambda: text.found.text() == "Line 71")
    text.previous()
    assert text.found.text() == "Line 8"
    text.previous()
    assert text.found.text() == "Line 8000"
    assert 0 < len(text.view.extraSelections()) <= 60
    text.search.setText("nowhere")
    qtbot.waitUntil(lambda: text.found.text() == "Not in it")


def test_a_text_longer_than_a_window_should_hold_ends_with_a_word(page, client, qtbot, monkeypatch):
    monkeypatch.setattr(logs_reader, "MOST", 100_000)
    page.go(5)
    text = page.card.text
    qtbot.waitUntil(lambda: text.reader.read == 65_536)
    text.rest.click()
    qtbot.waitUntil(lambda: text.reader.full or text.reader.complete)
    client.answers["log.read"] = lambda p: fw.log_text(p.offset, p.limit, lines=30_000)
    page.go(8)
    qtbot.waitUntil(lambda: text.reader.log_id == 8 and text.reader.read > 0)
    text.rest.click()
    qtbot.waitUntil(lambda: text.reader.full)
    assert text.read.text() == "Only the beginning is shown. Save the log to see the rest."
    count = len(client.asked("log.read"))
    text.reader.more()
    assert len(client.asked("log.read")) == count


def test_a_late_part_of_another_log_is_dropped(page, client, qtbot, monkeypatch):
    gate, usual = asyncio.Event(), client.call

    async def slow(method, params=None, timeout=40.0):
        got = await usual(method, params, timeout)
        if method == "log.read" and params.log_id == 5:
            await gate.wait()
        return got

    monkeypatch.setattr(client, "call", slow)
    client.answers["log.read"] = lambda p: LogText(f"log {p.log_id}\n", 6)
    page.go(5)
    qtbot.waitUntil(lambda: client.asked("log.read")[-1].log_id == 5)
    page.go(8)
    qtbot.waitUntil(lambda: page.card.text.reader.complete)
    gate.set()
    qtbot.waitUntil(lambda: not any("part" in str(task.get_coro()) for task in client._tasks))
    assert words(page) == "log 8\n"


def test_bytes_and_failures_are_said(page, client, qtbot):
    client.answers["log.read"] = LogText("00 ff 13", 3, None, True)
    page.go(7)
    qtbot.waitUntil(lambda: page.card.text.read.text() == "It is no text; its bytes are shown.")
    assert "It broke off after 512 kB" in page.card.told.text()
    client.answers["log.read"] = EvdeskError(Reason.STORAGE, "The log is gone from the disk.")
    page.go(5)
    qtbot.waitUntil(lambda: page.card.text.read.text() == "The log is gone from the disk.")


def test_a_filter_keeps_the_selection_where_it_can(page):
    page.go("log/8")
    page.list.search.setText("security")
    assert [row.key for row in page.list.rows.rows] == ["8"]
    assert page.place() == "log/8"
    page.list.search.setText("zzz")
    assert page.list.empty.title.text() == "Nothing fits the filter"


def test_a_job_leads_to_its_log(page, client, qtbot):
    client.answers["job.get"] = lambda p: fw.job_view(*fw.failed_fetch())
    page.go("job/88")
    assert page.card.log.id == 5


# -- fetching -----------------------------------------------------------------------------------------------------


def test_a_log_is_fetched_followed_and_selected_when_it_has_come(page, client, night, qtbot):
    job, one = fw.running_fetch()
    client.answers["log.fetch"] = JobBegun(121)
    client.answers["job.get"] = lambda p: fw.job_view(job, one)
    page.go("WB-01")
    asks = sheet(qtbot, FetchSheet)
    assert asks.charger.currentText() == "Bay 1, Nordlade N22"
    assert asks.fetch.text() == "Fetch from Bay 1"
    asks.kind._group.button(1).click()
    asks.period.setCurrentIndex(2)
    asks.fetch.click()
    qtbot.waitUntil(lambda: not page.strips.isHidden())
    asked = client.asked("log.fetch")[0]
    assert (asked.charger_id, asked.kind, asked.to_at) == ("WB-01", "security", None)
    assert asked.from_at == fw.NOW - 86_400
    row = page.strips.rows[0]
    assert row.says.text() == "Comes in · 1.3 MB so far · 98.0 kB/s"
    moved = replace(one, transfer=replace(one.transfer, bytes=2_000_000, size=4_000_000), progress=0.5)
    night.apply("job.charger", ChargerInJob(121, moved))
    assert row.says.text() == "Comes in · 2.0 MB of 4.0 MB · 98.0 kB/s"
    assert not row.bar.isHidden()
    row.cancel.click()
    qtbot.waitUntil(lambda: [p.job_id for p in client.asked("job.cancel")] == [121])
    ended = replace(one, outcome=Result.SUCCEEDED, log_id=5, reason="918.3 kB")
    over = replace(job, state=JobState.FINISHED, counts={"succeeded": 1}, ended_at=fw.NOW)
    client.answers["job.get"] = lambda p: fw.job_view(over, ended)
    before = len(client.asked("log.list"))
    night.put_job(over)
    qtbot.waitUntil(lambda: len(client.asked("log.list")) > before and row.chip.look().word == "Received")
    row.show_log.click()
    assert page.card.log.id == 5
    row.away.click()
    assert page.strips.isHidden()


def test_a_failed_fetch_says_why_what_next_and_can_be_asked_again(page, client, night, qtbot):
    job, one = fw.failed_fetch()
    assert fetch_look(job, one).word == "Failed"
    assert fetch_words(job, one, fw.NOW).endswith("it has nothing to send · Ask for diagnostics instead")
    client.answers["job.get"] = lambda p: fw.job_view(job, one)
    page.go(f"job/{job.id}")
    qtbot.waitUntil(lambda: page.strips.rows[0].again.isVisible())
    page.strips.rows[0].again.click()
    asks = sheet(qtbot, FetchSheet)
    assert asks.charger.currentData() == "WB-04"
    asks.reject()


def test_a_refused_fetch_keeps_the_sheet_with_the_sentence(page, client, qtbot):
    client.answers["log.fetch"] = EvdeskError(Reason.REFUSED, "Another job has this charger. Wait for it.")
    page.fetch.click()
    asks = sheet(qtbot, FetchSheet)
    asks.fetch.click()
    qtbot.waitUntil(lambda: asks._error.text() == "Another job has this charger. Wait for it.")
    assert asks.fetch.isEnabled()
    asks.reject()


def test_chargers_that_cannot_are_off_with_their_reason(qtbot, night, client):
    plain = tuple(c for c in Capability if c is not Capability.LOGS)
    night.apply("charger", replace(night.chargers["WB-02"], capabilities=plain))
    night.apply("charger", replace(night.chargers["WB-05"], state=ChargerState.OFFLINE))
    one = FetchSheet(night, client, current(), None, "WB-02")
    qtbot.addWidget(one)
    assert one.reason.text() == "Fetch logs is off: this charger cannot do it."
    assert not one.fetch.isEnabled()
    one.charger.setCurrentIndex(one.charger.findData("WB-05"))
    assert "offline" in one.reason.text()
    one.charger.setCurrentIndex(one.charger.findData("WB-06"))
    assert one.fetch.isEnabled()
    one.period.setCurrentIndex(4)
    assert one.params().from_at == float(int(fw.NOW) - 86_400)
    assert one.params().to_at == float(int(fw.NOW))


# -- ways out -----------------------------------------------------------------------------------------------------


def test_a_log_is_saved_as_it_came(page, client, qtbot, tmp_path, monkeypatch):
    source = tmp_path / "engine.log"
    source.write_bytes(b"\x00\x01raw")
    monkeypatch.setattr(page.card, "path", str(source))
    page.card.save.click()
    dialog = sheet(qtbot, QFileDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.done(1)
    qtbot.waitUntil(lambda: bool(page.went))
    saved = tmp_path / "NL22-204421_20261125.tar.gz"
    assert page.went == [("said", f"Written to {saved}")]
    assert saved.read_bytes() == b"\x00\x01raw"
    page.card.path = str(tmp_path / "gone")
    page.card.save.click()
    dialog = sheet(qtbot, QFileDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.done(1)
    qtbot.waitUntil(lambda: any("cannot be copied" in one for one in page.complaints))


def test_a_desk_elsewhere_saves_the_text_and_says_where_bytes_lie(page, client, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "host", "10.0.0.5")
    text = next(log for log in fw.logs() if log.id == 5)
    client.spawn(page.card.save_to(tmp_path / "text.log", text))
    qtbot.waitUntil((tmp_path / "text.log").exists)
    qtbot.waitUntil(lambda: len((tmp_path / "text.log").read_text()) == fw.log_text(0, 1 << 20).size)
    client.spawn(page.card.save_to(tmp_path / "packed", fw.logs()[0]))
    qtbot.waitUntil(lambda: any("another computer" in one for one in page.complaints))


def test_a_log_is_removed_after_a_question(page, client, qtbot):
    page.card.remove.click()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    client.answers["log.list"] = fw.logs()[1:]
    QApplication.activeModalWidget().done(1)
    qtbot.waitUntil(lambda: len(page.list.logs) == 3)
    assert client.asked("log.remove")[0].log_id == 9
    assert page.card.log.id == 8


def test_without_logs_or_engine_the_page_says_what_to_do(qtbot, night, client):
    client.answers["log.list"] = []
    page = LogsPage(night, client, current())
    qtbot.addWidget(page)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: bool(client.asked("log.list")))
    assert page.list.empty.title.text() == "No log yet"
    page.list.empty.button.click()
    sheet(qtbot, FetchSheet).reject()
    qtbot.waitUntil(lambda: not page._asking)
    client.go(LinkState.LOST, "gone")
    assert not page.fetch.isEnabled()
    assert "engine does not answer" in page.list.empty.button.toolTip()
    page.ask("")
    assert not page._asking
