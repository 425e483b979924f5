"""What a person says of a running charge: typed once, kept, shown beside the charge and in the log."""

import time
from dataclasses import replace
from datetime import datetime

import pytest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLineEdit

from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.pages.activity_words import WHAT
from evdesk.gui.pages.chargers_actions import why_off
from evdesk.gui.pages.chargers_ask import next_time
from evdesk.gui.pages.chargers_words import hint_words
from evdesk.gui.trust import trust_rows, trust_words
from evdesk.gui.widgets import Button, Label
from evdesk.model import EvdeskError, Reason
from evdesk.model.hints import Hint
from evdesk.wire.hints import HintTrust, Reliability
from evdesk.wire.method import Done
from tests.gui.test_chargers_page import page, report  # noqa: F401


@pytest.mark.parametrize("typed", ["", "17", "24:00", "9:60", "9:5", "-1:30", "ab:cd", "17:30:10", "²:00"])
def test_what_is_no_time_of_day(typed):
    assert next_time(typed) is None


def test_a_time_of_day_is_the_next_that_comes():
    for typed in ("00:00", "7:05", " 17:30 ", "23:59"):
        at = next_time(typed)
        assert time.time() - 60 < at <= time.time() + 86_460
        hours, minutes = typed.strip().split(":")
        assert (datetime.fromtimestamp(at).hour, datetime.fromtimestamp(at).minute) == (int(hours), int(minutes))


def charging(page):  # noqa: F811
    return next(row for row in page.model.rows if row.connector.session_id is not None)


def open_sheet(page, qtbot):  # noqa: F811
    page.detail.bar._menus["hint"].trigger()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), Sheet))
    return QApplication.activeModalWidget()


def test_it_is_said_once_and_shown(page, client, qtbot):  # noqa: F811
    row = charging(page)
    page.go(row.charger.id)
    sheet = open_sheet(page, qtbot)
    keep, leaves = sheet.findChildren(Button)[-1], sheet.findChildren(QLineEdit)[0]
    leaves.setText("25:00")
    assert not keep.isEnabled()
    leaves.setText("17:30")
    sheet.findChildren(QDoubleSpinBox)[0].setValue(20)
    client.answers["charger.hint"] = Done(status="stored", after="depart_at 1795782600, energy_wh 20000")
    keep.click()
    qtbot.waitUntil(lambda: bool(client.asked("charger.hint")))
    qtbot.waitUntil(lambda: report(page) == "Said of this charge: of 20 kWh · until 17:30: stored")
    said = client.asked("charger.hint")[0]
    assert (said.charger_id, said.depart_at, said.energy_wh) == (row.charger.id, next_time("17:30"), 20_000.0)
    hint = Hint(said.depart_at, said.energy_wh, at=time.time(), trust=0.2)
    one = replace(row.connector, hint=hint)
    page.mirror.apply("charger", replace(row.charger, connectors=(one,)))
    page.mirror.flush()
    qtbot.waitUntil(lambda: page.detail.live.energy.second() == "of 20 kWh · until 17:30")
    words = WHAT["charger.hint"]({"depart_at": said.depart_at, "energy_wh": 20_000.0}, {})
    assert words == "What was said: leaves 17:30, needs 20.0 kWh"
    sheet = open_sheet(page, qtbot)
    assert sheet.findChildren(QLineEdit)[0].text() == "17:30", "what was said stands there"
    sheet.reject()


def test_without_a_charge_there_is_nothing_to_say(page):  # noqa: F811
    row = next(row for row in page.model.rows if row.connector.session_id is None)
    assert "once a charge runs" in why_off("hint", replace(row.charger), row.connector, True)
    assert hint_words(None) == ""
    assert WHAT["charger.hint"]({"depart_at": None, "energy_wh": None}, {}) == "What was said: nothing"


def test_how_right_such_words_have_been_stands_beside_the_fields(page, client, qtbot):  # noqa: F811
    row = charging(page)
    page.go(row.charger.id)
    sheet = open_sheet(page, qtbot)
    said = [label.text() for label in sheet.findChildren(Label)]
    assert "Such words were right here about the stay in 62 %, about the energy in 48 % (14 judged)." in said
    sheet.reject()
    client.answers["hint.trust"] = EvdeskError(Reason.TIMEOUT, "No answer.")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    sheet = open_sheet(page, qtbot)
    assert not any("right" in label.text() for label in sheet.findChildren(Label)), "it is only good to know"
    sheet.reject()


def test_a_tag_that_has_been_judged_is_told_by_its_end():
    one = HintTrust(
        Reliability("", 0.5, 0.4, 10), [Reliability("04A3B2C19F21", 0.81, 0.55, 9), Reliability("B", 0, 0, 0)]
    )
    words = "…9F21 was right about the stay in 81 %, about the energy in 55 % (9 judged)."
    assert trust_words(one, "04A3B2C19F21") == words
    assert trust_words(one, "B").startswith("Such words were right here"), "never judged: the site's figure"
    assert trust_words(HintTrust(Reliability("", 0.16, 0.16, 0))).startswith("None has been judged here yet")
    assert trust_rows(HintTrust(Reliability("", 0.16, 0.16, 0))) == ()
    assert [name for name, _ in trust_rows(one)] == ["Drivers' words", "…9F21"]
