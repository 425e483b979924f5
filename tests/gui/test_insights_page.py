"""The Insights page: figures, four charts, months, table and files, the empty page, an engine that is gone."""

import csv
import io

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication

from evdesk.gui.client import LinkState
from evdesk.gui.pages.insights import InsightsPage
from evdesk.gui.pages.insights_words import csv_text, energy, head, sentence
from evdesk.gui.theme import current
from evdesk.model import EvdeskError, Reason
from evdesk.wire.hints import HintTrust, Reliability
from tests.gui import insight_sample
from tests.gui.test_pages_real_engine import desk, site  # noqa: F401


@pytest.fixture
def page(qtbot, mirror, client):
    current().apply(QApplication.instance(), "light")
    one = InsightsPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1112, 700)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: one.got is not None)
    yield one
    one.on_hidden()


def figure(page, name):
    return page.head.figures[name]


def test_what_balancing_achieved_in_thirty_days(page):
    total = page.got.total
    assert len(page.got.rows) == 30
    assert figure(page, "given").value() == f"{total.delivered_wh / 1000:.1f} kWh"
    assert "% of what was possible" in figure(page, "given").second()
    assert figure(page, "fair").value() == f"{total.jain:.2f}"
    assert figure(page, "over").role() == "warn", "a line was above its rating for some seconds"
    assert page.supply.value("Highest").startswith(f"{total.peak_w / 1000:.1f} kW of ")
    assert len(page.use._uses) == 8


def test_how_right_drivers_words_are_is_told_small(page, client, qtbot):
    assert page.trust.text() == "Drivers' words: right about the stay 62 %, the energy 48 % (14 judged)"
    assert "…9F21: right about the stay 81 %, the energy 55 % (9 judged)" in page.trust.toolTip()
    client.answers["hint.trust"] = HintTrust(Reliability("", 0.16, 0.16, 0))
    page.read()
    qtbot.waitUntil(lambda: page.trust.isHidden())


def test_a_day_without_data_is_a_question_mark_and_never_a_bar_of_zero(page):
    (dark,) = (i for i, row in enumerate(page.got.rows) if not row.known)
    bar = page.chart.shown.bars[dark]
    assert (bar.front, bar.back) == (None, None)
    page.chart.point(dark)
    assert "nothing was recorded" in page.chart.accessibleDescription()
    cells = page.model.rows[len(page.got.rows) - 1 - dark].cells
    assert cells[1:] == ("no data", *[""] * 10)


def test_much_energy_is_told_in_megawatt_hours():
    assert [energy(value) for value in (None, 640.0, 9_999_900.0, 58_182_700.0)] == [
        "unknown",
        "0.6 kWh",
        "9999.9 kWh",
        "58.2 MWh",
    ]


@pytest.mark.parametrize("kind", ["energy", "peak", "fair", "wait"])
def test_every_chart_says_itself_in_words_and_bars(page, kind):
    page.go(kind)
    shown = page.chart.shown
    assert page.place() == kind
    assert page.chart.accessibleName() == sentence(shown)
    assert not shown.empty
    if kind == "peak":
        assert shown.limit == pytest.approx(43.47)
        tall = page.chart.bar_rect(0, shown.limit)
        assert page.chart._rect().top() <= tall.top(), "the limit is inside the chart"
    last = len(shown.bars) - 1
    assert page.chart.bar_rect(last, 1.0).right() <= page.chart.width()


def test_pointer_and_arrow_keys_read_a_bar(page, qtbot):
    chart = page.chart
    where = chart.bar_rect(3, 10.0).center().toPoint()
    QTest.mouseMove(chart, QPoint(where.x(), 60))
    qtbot.waitUntil(lambda: chart.index == 3)
    assert "given" in chart.accessibleDescription()
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert chart.index == 29
    QTest.keyClick(chart, Qt.Key.Key_Right)
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.index == 28
    QTest.keyClick(chart, Qt.Key.Key_Escape)
    assert chart.index == -1


def test_months(page, client, qtbot):
    page.spans.select("365")
    page.spans.changed.emit("365")
    qtbot.waitUntil(lambda: page.got.rows[0].name == "2026-10")
    asked = client.asked("insight.energy")[-1]
    assert (asked.by, round((asked.to_at - asked.from_at) / 86_400)) == ("month", 365)
    assert [bar.name for bar in page.chart.shown.bars] == ["Oct 2026", "Nov 2026"]
    assert page.model.headerData(0, Qt.Orientation.Horizontal) == "Month"


def test_an_answer_that_comes_too_late_is_not_shown(page, qtbot):
    newest = page.got
    page._asked += 1
    page.client.spawn(page._read(page._asked - 1, "7"))
    qtbot.waitUntil(lambda: not page.client.busy)
    assert page.got is newest


def test_the_table_twin_and_the_files(page, tmp_path, qtbot):
    QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    page.table.click()
    assert page.grid.isVisible()
    assert not page.side.isVisible(), "the table gets the room"
    page.table.click()
    assert page.chart.isVisible()
    page.exports.save_picture(str(tmp_path / "a.png"))
    assert QImage(str(tmp_path / "a.png")).width() == page.chart.width() * 2
    page.exports.save_numbers(str(tmp_path / "a.csv"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert len(rows) == 31
    assert rows[-1]["name"] == "total"
    dark = next(row for row in rows if row["known"] == "False")
    assert (dark["delivered_wh"], dark["jain"]) == ("", ""), "unknown is an empty cell"
    page.exports.save_numbers(str(tmp_path / "nowhere" / "a.csv"))
    assert "cannot be written" in page.note.text()
    assert csv_text(page.got, "\t").splitlines()[0].startswith("name\tfrom\tto\t")


def test_before_the_first_charge_it_says_what_will_stand_here(page, client, qtbot):
    client.answers["insight.energy"] = insight_sample.EMPTY
    page.read()
    qtbot.waitUntil(lambda: page.empty.isVisible())
    assert {told.value for told in head(insight_sample.EMPTY.total).values()} == {"unknown"}
    assert page.chart.shown.empty


def test_an_engine_that_is_gone_or_refuses(page, client, mirror, qtbot):
    client.answers["insight.energy"] = EvdeskError(Reason.STORAGE, "The disk is full.")
    page.read()
    qtbot.waitUntil(lambda: page.note.text() == "The disk is full.")
    assert page.got is not None, "what was read stays"
    client.answers["insight.energy"] = insight_sample.insight
    client.go(LinkState.LOST, "gone")
    client.go(LinkState.RUNNING)
    qtbot.waitUntil(lambda: not page.note.isVisible())


def test_a_click_on_a_charger_leads_to_it(page, qtbot):
    with qtbot.waitSignal(page.navigate) as told:
        QTest.mouseClick(page.use, Qt.MouseButton.LeftButton, pos=QPoint(20, page.use._row_h + 3))
    assert told.args == ["chargers", "WB-02"]


def test_the_bars_take_the_room_there_is_and_more_scroll(page, qtbot):
    qtbot.waitUntil(lambda: page.use.height() <= page.area.viewport().height())
    page.use.show_uses(page.got.chargers * 25, [0] * 200)
    page.area.fit()
    assert page.use.height() == 200 * 34
    page.use.show_uses(page.got.chargers[:2], [0, 1])
    page.area.fit()
    assert page.use.height() == 2 * 76


@pytest.mark.parametrize("look", ["light", "dark", "contrast"])
@pytest.mark.parametrize("size", [(968, 648), (1112, 700), (1752, 980)])
def test_it_fits_every_window(page, look, size, qtbot):
    current().apply(QApplication.instance(), look)
    page.resize(*size)
    page.go("peak")
    qtbot.waitUntil(lambda: page.size().width() == size[0])
    assert page.minimumSizeHint().width() <= size[0]
    assert not page.grab().isNull()


def test_on_a_real_engine(desk, qtbot):  # noqa: F811
    client, mirror = desk
    page = InsightsPage(mirror, client, current())
    qtbot.addWidget(page)
    page.resize(1112, 700)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: bool(mirror.accepted()), timeout=20_000)

    def seen():
        page.read()
        assert page.got is not None
        assert page.got.oldest_at is not None
        assert page.got.rows[-1].known

    qtbot.waitUntil(lambda: not client.busy)
    qtbot.waitUntil(seen_ok(seen), timeout=20_000)
    page.on_hidden()


def seen_ok(test):
    def ok():
        try:
            test()
        except AssertionError:
            return False
        return True

    return ok
