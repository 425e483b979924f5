"""The Abilities tab: the matrix, and trying."""

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.pages.chargers import ChargersPage
from evdesk.gui.pages.chargers_abilities import verdict_look
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from evdesk.model import EvdeskError, Reason
from evdesk.model.abilities import Verdict
from tests.gui import sample


@pytest.fixture
def tab(qtbot, mirror, client):
    current().apply(QApplication.instance(), "light")
    page = ChargersPage(mirror, client, current())
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show()
    page.on_shown()
    page.go("WB-06")
    page.detail.show_tab("abilities")
    one = page.detail.abilities
    qtbot.waitUntil(lambda: bool(one.model.rows))
    one.page = page
    yield one
    page.on_hidden()


def words(tab, name):
    return next(row.cells for row in tab.model.rows if row.key == name)


def test_the_matrix_tells_verdict_words_and_where_it_was_seen(tab):
    QAbstractItemModelTester(tab.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert words(tab, "SetChargingProfile")[1] == "Works"
    assert "though it announces it" in words(tab, "GetLocalListVersion")[2]
    assert "worked Mon 23 Nov" in words(tab, "TriggerMessage MeterValues")[2]
    assert "on Bay 3, same model" in words(tab, "GetDiagnostics")[2]


def test_kinds_and_search_narrow_it(tab):
    tab.kind.select("not")
    tab._show()
    assert [row.key for row in tab.model.rows] == ["GetLocalListVersion", "TriggerMessage MeterValues", "ReserveNow"]
    tab.search.setText("trigger")
    assert [row.key for row in tab.model.rows] == ["TriggerMessage MeterValues"]


def test_trying_asks_once_and_says_how_many_work(tab, client, qtbot):
    assert not client.asked("ability.try")  # never by itself
    tab.try_now.click()
    qtbot.waitUntil(lambda: tab.report.words.text() == "Tried: 3 of 7 work.")
    assert len(client.asked("ability.try")) == 1
    client.answers["ability.try"] = EvdeskError(Reason.INVALID, "It has just connected: try in a minute.")
    tab.try_now.click()
    qtbot.waitUntil(lambda: "try in a minute" in tab.report.words.text())


def test_measurands_are_tried_only_after_a_question_and_never_while_charging(tab, client, qtbot):
    client.answers["ability.measurands"] = sample.abilities()
    tab.measurands.click()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), Sheet))
    QApplication.activeModalWidget().findChildren(Button)[-1].click()
    qtbot.waitUntil(lambda: bool(client.asked("ability.measurands")))
    tab.page.go("WB-02")
    assert not tab.measurands.isEnabled()
    assert "car charges" in tab.measurands.toolTip()
    tab.page.go("WB-07")
    assert not tab.try_now.isEnabled()


def test_every_verdict_has_icon_word_and_role():
    assert len({verdict_look(verdict).word for verdict in Verdict}) == len(Verdict)
