"""The Profiles tab: who limits when, whose it is, and taking one out."""

import pytest
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.pages.chargers import ChargersPage
from evdesk.gui.pages.chargers_profiles_chart import Plan, sentence
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from evdesk.model import EvdeskError, ProfileSeen, Reason
from evdesk.model.profiles import CompositeSeen
from evdesk.wire.methods import Done
from tests.gui import sample


@pytest.fixture
def tab(qtbot, mirror, client):
    current().apply(QApplication.instance(), "light")
    page = ChargersPage(mirror, client, current())
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show()
    page.on_shown()
    page.go("WB-02")
    assert not client.asked("charger.profiles")  # only on demand
    page.detail.show_tab("profiles")
    one = page.detail.profiles
    qtbot.waitUntil(lambda: one.composite is not None and bool(one.model.rows))
    yield one
    page.on_hidden()


def test_the_first_line_says_what_decides_now_and_next(tab):
    assert tab.headline.text().startswith("Now 12 A by the live limit, from ")
    assert tab.chart.accessibleName() == sentence(tab.plan())
    assert "not evdesk's" in tab.stray.words.text()


def test_the_list_names_each_profile_and_whose_it_is_strangers_first(tab):
    QAbstractItemModelTester(tab.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    rows = [row.cells for row in tab.model.rows]
    assert rows[0] == ("default", "10 A", "every day", "not evdesk's: CSO")
    assert {row[0] for row in rows[1:]} == {"live limit", "maximum, whole station", "safe default, whole station"}


def test_the_twin_tells_the_times(tab):
    tab.kind.select("times")
    tab._show()
    assert [row.cells[2:] for row in tab.model.rows] == [
        ("12 A", "live limit"),
        ("10 A", "default, not evdesk's"),
        ("8 A", "default, not evdesk's"),
    ]


def test_the_chart_goes_out_as_picture_and_numbers(tab, tmp_path):
    tab.exports.save_picture(str(tmp_path / "a.png"))
    assert QPixmap(str(tmp_path / "a.png")).width() == tab.chart.width() * 2
    tab.exports.save_numbers(str(tmp_path / "a.csv"))
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert rows[0].startswith("from,to,limit_a")
    assert rows[1].endswith("12,live limit,TxProfile,1,1801,evdesk")
    assert rows[2].endswith("10,default,TxDefaultProfile,4,7,CSO")


def press(qtbot, button):
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), Sheet), timeout=5000)
    QApplication.activeModalWidget().findChildren(Button)[button].click()


def test_a_stray_profile_is_cleared_after_a_question(tab, client, qtbot):
    client.answers["charger.clear_profile"] = Done(status="Accepted")
    tab.table.selectRow(0)
    tab.clear.click()
    press(qtbot, 0)  # leave it
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert not client.asked("charger.clear_profile")
    tab.clear.click()
    press(qtbot, 1)
    qtbot.waitUntil(lambda: tab.report.words.text() == "Cleared.")
    assert client.asked("charger.clear_profile")[0].profile_id == 7


def test_a_lower_schedule_than_the_profiles_explain_is_said(tab, client, qtbot):
    client.answers["charger.profiles"] = [p for p in sample.profiles() if p.ours]
    client.answers["charger.composite"] = CompositeSeen(1, sample.NOW, 3600, ((0.0, 8.0),))
    tab.read()
    qtbot.waitUntil(lambda: "lower than evdesk's profiles explain" in tab.stray.words.text())


def test_without_a_charge_it_shows_what_one_would_get(tab, client, qtbot):
    relative = ProfileSeen(1602, 0, "TxDefaultProfile", 0, "Relative", ((0.0, 6.0),), told=False)
    client.answers["charger.profiles"] = [relative]
    client.answers["charger.composite"] = CompositeSeen(1, sample.NOW, 3600, ((0.0, 6.0),))
    tab.window().go("WB-06")
    qtbot.waitUntil(lambda: tab.headline.text() == "Now 6 A by the safe default")
    assert tab.stray.isHidden()


def test_a_charger_that_refuses_to_tell_says_so(tab, client, qtbot):
    client.answers["charger.profiles"] = EvdeskError(Reason.TIMEOUT, "No answer within 30 s.")
    tab.read()
    qtbot.waitUntil(lambda: "no answer" in tab.report.words.text())


def test_an_empty_plan_has_a_sentence():
    assert sentence(Plan()) == ""


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_every_theme_paints_it(tab, theme):
    current().apply(QApplication.instance(), theme)
    assert not tab.grab().isNull()
