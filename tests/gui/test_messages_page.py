"""The Messages page: lists, filters, follows, goes both ways, shows one exchange whole."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from evdesk.gui.client import LinkState
from evdesk.gui.pages.messages import MessagesPage
from evdesk.gui.pages.messages_detail import BreachRow
from evdesk.gui.theme import current
from evdesk.model import EvdeskError, Reason
from tests.gui.message_sample import NOW, Log, row


@pytest.fixture
def log(client):
    one = Log()
    one.into(client)
    return one


@pytest.fixture
def page(qtbot, mirror, client, log):
    current().apply(QApplication.instance(), "light")
    one = MessagesPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1112, 748)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: one.list.model.rowCount() == 200 and one.detail.whole is not None)
    yield one
    one.on_hidden()


def ids(page):
    return [page.list.model.row_at(i).id for i in range(page.list.model.rowCount())]


def chosen(page):
    found = page.detail.row()
    return found.id if found is not None else None


def test_it_lists_counts_and_draws(page, qtbot):
    assert ids(page)[:3] == [1200, 1198, 1196]
    qtbot.waitUntil(lambda: page.list.count.text() == "600 messages")
    assert "4.1 a second" in page.list.told.text()
    qtbot.waitUntil(lambda: page.strip.density() is not None)
    assert "258 messages" in page.strip.accessibleName()
    assert page.subtitle() == "all chargers"


def test_one_exchange_is_shown_whole_with_its_marks(page, qtbot):
    page.list.table.selectRow(3)
    qtbot.waitUntil(lambda: page.detail.whole is not None and page.detail.whole.row.verdict == "breach")
    call, answer = page.detail.frames
    assert call.view.toPlainText().splitlines()[2] == "  errorCode: Error,"
    assert call.view.marked()[2][0].startswith("errorCode “Error” is not in the list")
    assert answer.view.toPlainText() == "{}"
    assert answer.chip.look().word == "Valid"
    assert page.detail.chip.look().word == "1 breach"
    told = [one.accessibleName() for one in page.detail.findChildren(BreachRow)]
    assert any("14 times since" in words and "Accepted and kept as it came." in words for words in told)

    page.detail.mode._clicked(1)
    page.detail.mode.select("raw")
    page.detail._set_mode("raw")
    assert call.view.toPlainText().startswith('[2,"m7"')
    page.detail.copy_frames()
    assert QGuiApplication.clipboard().text().splitlines()[0] == call.view.toPlainText()


def test_new_rows_come_on_top_while_one_follows(page, qtbot, log):
    page.list.table.selectRow(5)
    kept = chosen(page)
    log.rows.insert(0, row(1202, "open"))
    page.list.feed.look()
    qtbot.waitUntil(lambda: ids(page)[0] == 1202)
    assert page.list.table.at_top()
    assert chosen(page) == kept
    assert page.list.table.currentIndex().row() == 6
    # Its answer comes into the same row.
    log.rows[0] = row(1202, "refused", answer="Rejected")
    page.list.feed.look()
    qtbot.waitUntil(lambda: page.list.model.row_at(0).verdict == "refused")


def test_rows_wait_under_the_pointer_and_while_paused(page, qtbot, log):
    view = page.list.table.viewport()
    QApplication.sendEvent(view, QEnterEvent(QPoint(5, 5), QPoint(5, 5), QPoint(5, 5)))
    log.rows.insert(0, row(1202))
    page.list.feed.look()
    qtbot.waitUntil(page.list.fresh.isVisible)
    assert page.list.fresh.text() == "1 new"
    assert ids(page)[0] == 1200
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: ids(page)[0] == 1202)

    page.list.table.setFocus()
    qtbot.keyClick(page.list.table, Qt.Key.Key_Space)
    assert page.tools.is_paused()
    log.rows.insert(0, row(1204))
    page.list.feed.look()
    qtbot.waitUntil(page.list.fresh.isVisible)
    qtbot.keyClick(page.list.table, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: ids(page)[0] == 1204)


def test_who_reads_further_down_is_not_moved(page, qtbot, log):
    table = page.list.table
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_F)
    assert not page.list.follow.isChecked()
    bar = table.verticalScrollBar()
    bar.setValue(30 * table.rowHeight(0))
    first = page.list.model.row_at(table.rowAt(0)).id
    log.rows[0:0] = [row(1206), row(1204), row(1202)]
    page.list.feed.look()
    qtbot.waitUntil(lambda: ids(page)[0] == 1206)
    assert page.list.model.row_at(table.rowAt(0)).id == first
    qtbot.keyClick(table, Qt.Key.Key_F)
    assert table.at_top()


def test_scrolling_down_reads_on_to_the_end(page, qtbot):
    table = page.list.table
    for _ in range(6):
        table.verticalScrollBar().setValue(table.verticalScrollBar().maximum())
        table.scrollToBottom()
        if page.list.model.canFetchMore(page.list.model.index(-1, -1)):
            page.list.model.fetchMore(page.list.model.index(-1, -1))
        qtbot.waitUntil(lambda: not page.list.model.loading)
    assert ids(page) == [2 * n for n in range(600, 0, -1)]


def test_the_field_and_the_boxes_filter(page, qtbot, log):
    field = page.tools.field
    field.setText("action:status verdict:breach")
    qtbot.waitUntil(lambda: ids(page) == [1194])
    assert page.list.follow.isChecked()
    field.setText("nowhere")
    qtbot.waitUntil(lambda: page.list.empty.isVisible() and page.list.empty.title.text() == "Nothing fits")
    page.list.empty.button.click()
    qtbot.waitUntil(lambda: page.list.model.rowCount() == 200)
    assert field.text() == ""
    page.tools.verdict.setCurrentIndex(page.tools.verdict.findData("breach"))
    qtbot.waitUntil(lambda: ids(page) == [1194])
    assert log.pages[-1].filter.heartbeats is False
    page.tools.heartbeats.setChecked(True)
    qtbot.waitUntil(lambda: log.pages[-1].filter.heartbeats is True)
    field.setText("from:never")
    qtbot.waitUntil(lambda: "is no time" in page.list.told.text())
    field.clear()
    qtbot.waitUntil(lambda: "a second" in page.list.told.text())


def test_the_field_offers_what_may_come_next(page, qtbot):
    field = page.tools.field
    field.setFocus()
    qtbot.keyClicks(field, "charger:bay 2")
    assert "charger:Bay 2" not in field.suggestions()
    field.clear()
    qtbot.keyClicks(field, "verd")
    assert field.suggestions() == ["verdict:"]
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert field.text() == "verdict:"
    field._popup.hide()


def test_only_this_charger_and_the_way_back(page, qtbot, mirror):
    page.detail.only.click()
    assert page.subtitle() == mirror.label("WB-02")
    assert page.place() == "WB-02"
    page.go("charger:Bay 2 verdict:breach")
    assert page.tools.field.text() == "charger:Bay 2 verdict:breach"
    assert page.tools.charger.currentData() == ""
    assert page.place() == "charger:Bay 2 verdict:breach"


def test_one_exchange_can_be_gone_to(page, qtbot):
    page.go("#600")
    qtbot.waitUntil(lambda: chosen(page) == 600)
    assert not page.list.follow.isChecked()
    assert ids(page)[0] == 600
    # Above it the log goes on.
    page.list.model.fetch_newer()
    qtbot.waitUntil(lambda: ids(page)[0] == 1000)
    assert chosen(page) == 600


def test_a_time_is_chosen_on_the_strip(page, qtbot, log):
    qtbot.waitUntil(lambda: page.strip.density() is not None)
    y = 10
    qtbot.mousePress(page.strip, Qt.MouseButton.LeftButton, pos=QPoint(200, y))
    qtbot.mouseMove(page.strip, QPoint(400, y))
    qtbot.mouseRelease(page.strip, Qt.MouseButton.LeftButton, pos=QPoint(400, y))
    qtbot.waitUntil(lambda: log.pages[-1].filter.to_at is not None)
    wanted = log.pages[-1].filter
    assert 500 < wanted.to_at - wanted.from_at < 900
    assert page.strip.window_chosen() == (wanted.from_at, wanted.to_at)
    assert page.tools.field.text().startswith("from:")
    qtbot.mouseDClick(page.strip, Qt.MouseButton.LeftButton, pos=QPoint(200, y))
    qtbot.waitUntil(lambda: log.pages[-1].filter.from_at is None)
    assert page.tools.field.text() == ""
    assert "from" not in page.strip.words_of(0)
    assert "1 with a breach" in page.strip.words_of(85)


def test_the_selection_survives_a_refresh_and_a_lost_engine(page, qtbot, client, mirror):
    page.list.table.selectRow(7)
    kept = chosen(page)
    page.read()
    qtbot.waitUntil(lambda: not page.list.model.loading)
    assert page.list.table.currentIndex().row() == 7
    assert chosen(page) == kept
    client.go(LinkState.LOST, "gone")
    mirror.flush()
    assert page.list.model.rowCount() == 200
    client.go(LinkState.RUNNING)
    qtbot.waitUntil(lambda: not page.list.model.loading)
    assert chosen(page) == kept


def test_who_follows_sees_the_newest_also_after_a_filter(page, qtbot):
    page.list.table.selectRow(150)
    page.list.to_newest()
    kept = chosen(page)
    page.tools.field.setText("MeterValues")
    page.tools.field.setText("m")
    qtbot.waitUntil(lambda: not page.list.model.loading and page.list.feed.filter.search == "m")
    assert page.list.table.at_top()
    assert chosen(page) == kept


def test_what_the_engine_refuses_is_said(page, qtbot, client):
    client.answers["message.exchanges"] = EvdeskError(Reason.STORAGE, "The disk is gone.")
    page.list.model.reset([], False)
    page.read()
    qtbot.waitUntil(lambda: page.list.empty.advice.text() == "The disk is gone.")


def test_a_narrow_window_shows_list_or_message(page, qtbot):
    page.resize(900, 650)
    assert page.list.isVisible()
    assert not page.detail.isVisible()
    page.list.table.opened.emit(page.list.model.index(0, 0))
    assert page.detail.isVisible()
    assert not page.list.isVisible()
    page.detail.back.emit()
    assert page.list.isVisible()
    assert NOW


def test_the_first_row_of_an_empty_list_is_shown(page, qtbot, log):
    page.tools.field.setText("m1202")
    qtbot.waitUntil(page.list.empty.isVisible)
    log.rows.insert(0, row(1202))
    page.list.feed.look()
    qtbot.waitUntil(lambda: chosen(page) == 1202)
    assert page.list.table.isVisible()


def test_the_strip_shows_more_or_less_time(page, qtbot, client):
    qtbot.waitUntil(lambda: bool(client.asked("message.density")))

    def length():
        last = client.asked("message.density")[-1].filter
        return round(last.to_at - last.from_at)

    assert length() == 3600
    page.strip.zoomed.emit(1)
    qtbot.waitUntil(lambda: length() == 21_600)
    assert page.tools.range.text() == "6 h"
    for _ in range(9):
        page.strip.zoomed.emit(-1)
    qtbot.waitUntil(lambda: length() == 900)
    assert page.tools.range.text() == "15 min"


def test_a_long_payload_takes_the_room_there_is(page, qtbot):
    page.list.table.selectRow(3)
    qtbot.waitUntil(lambda: page.detail.whole is not None and page.detail.whole.row.verdict == "breach")
    before = page.detail.frames[0].view.tallest
    page.resize(1400, 1200)
    assert page.detail.frames[0].view.tallest > before + 20
