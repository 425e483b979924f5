"""The sheet about a 2.x charger's display, its monitors and what it knows of a customer."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from evdesk.gui.dialogs.device import DeviceSheet
from evdesk.gui.dialogs.device_ask import DisplaySheet, MonitorSheet
from evdesk.gui.dialogs.device_words import event_words, monitor_words, severity_words, text_words
from evdesk.gui.pages.chargers_actions import why_off
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button, Label
from evdesk.model import Capability, Connector
from evdesk.model.blocks import CustomerTold, DisplayText, Monitor
from evdesk.wire.blocks import StationEvent
from evdesk.wire.method import Done
from tests.gui import sample
from tests.gui.test_security_sheets import answer, click, open_sheet

HERE = "WB-01"
ALL = (Capability.DISPLAY, Capability.MONITORING, Capability.CUSTOMER)
TEXT = DisplayText(3, "Use bay 4", "InFront", "Idle")
WATCH = Monitor(7, "EVSE@1/Power", "UpperThreshold", 7400.0, 3, owner="custom")
BUILT_IN = Monitor(1, "ChargingStation/Temperature", "UpperThreshold", 80.0, 0, owner="hard_wired")


@pytest.fixture
def able(mirror):
    charger = mirror.chargers[HERE]
    mirror.apply("charger", replace(charger, protocol="ocpp2.0.1", capabilities=(*charger.capabilities, *ALL)))
    mirror.flush()
    return mirror


@pytest.fixture
def engine(client):
    client.answers |= {
        "charger.displays": [TEXT],
        "charger.monitors": [BUILT_IN, WATCH],
        "charger.events": [StationEvent(sample.NOW - 60, "EVSE@1/Power", "7 610", "Alerting", severity=3)],
        "charger.customer": CustomerTold("local list: Accepted"),
        **dict.fromkeys(
            ("charger.set_display", "charger.clear_display", "charger.set_monitor", "charger.clear_monitor",
             "charger.monitoring"), Done()
        ),
    }  # fmt: skip
    return client


@pytest.fixture
def sheet(able, engine, qtbot):
    one = DeviceSheet(HERE, able, engine, current(), None)
    qtbot.addWidget(one)
    one.show()
    qtbot.waitUntil(lambda: not one.reading)
    return one


def told(sheet):
    return [label.text() for label in sheet.findChildren(Label) if not label.isHidden()]


def test_everything_it_says_is_shown(sheet):
    words = " | ".join(told(sheet))
    assert "Use bay 4\nin front · while it is free" in words
    assert "EVSE@1/Power\nabove 7400 · severity 3, critical" in words
    assert "ChargingStation/Temperature\nabove 80 · severity 0, danger · built in" in words
    assert "7 610 · severity 3, critical" in words
    away = [b for b in sheet.findChildren(Button) if b.text() == "Take away"]
    assert len(away) == 2  # what is built in stays


def test_a_text_is_shown_with_the_next_free_id(sheet, engine, qtbot):
    click(qtbot, sheet.add_text)
    qtbot.waitUntil(lambda: open_sheet(DisplaySheet) is not None)
    ask = open_sheet(DisplaySheet)
    assert not ask.keep.isEnabled()
    ask.words.setText("  Closed  ")
    ask.state.setCurrentIndex(ask.state.findData("Unavailable"))
    click(qtbot, ask.keep)
    qtbot.waitUntil(lambda: engine.asked("charger.set_display") != [])
    (params,) = engine.asked("charger.set_display")
    assert (params.text.id, params.text.text, params.text.state) == (1, "Closed", "Unavailable")
    assert params.text.end_at == pytest.approx(sheet._mirror.now() + 86_400, abs=5)
    qtbot.waitUntil(lambda: "took the text" in sheet.told.text())


def test_a_value_is_watched_and_watched_no_more(sheet, engine, qtbot):
    click(qtbot, sheet.watch)
    qtbot.waitUntil(lambda: open_sheet(MonitorSheet) is not None)
    ask = open_sheet(MonitorSheet)
    ask.variable.setText("EVSE@1/Power")
    ask.value.setValue(5.0)
    click(qtbot, ask.keep)
    qtbot.waitUntil(lambda: engine.asked("charger.set_monitor") != [])
    (params,) = engine.asked("charger.set_monitor")
    assert params.monitor == Monitor(0, "EVSE@1/Power", "UpperThreshold", 5.0, 5)
    qtbot.waitUntil(lambda: "watches it" in sheet.told.text())
    away = [b for b in sheet.findChildren(Button) if b.text() == "Take away" and "Power" in b.accessibleDescription()]
    click(qtbot, away[-1])
    qtbot.waitUntil(lambda: engine.asked("charger.clear_monitor") != [])
    assert engine.asked("charger.clear_monitor")[0].id == 7


def test_a_customer_is_asked_about_and_forgotten_only_after_a_question(sheet, engine, qtbot):
    assert not sheet.ask_it.isEnabled()
    sheet.tag.setText("04A3")
    click(qtbot, sheet.ask_it)
    qtbot.waitUntil(lambda: sheet.knows.text() == "local list: Accepted")
    click(qtbot, sheet.forget)
    answer(qtbot, "Keep it")
    qtbot.waitUntil(lambda: sheet.forget.isEnabled())
    assert [one.clear for one in engine.asked("charger.customer")] == [False]
    qtbot.mouseClick(sheet.forget, Qt.MouseButton.LeftButton)
    answer(qtbot, "Forget")
    qtbot.waitUntil(lambda: len(engine.asked("charger.customer")) == 2)
    assert engine.asked("charger.customer")[1].clear


def test_what_it_cannot_do_is_off_with_a_reason(mirror, engine, qtbot):
    charger = mirror.chargers[HERE]
    left = tuple(one for one in charger.capabilities if one not in ALL)
    mirror.apply("charger", replace(charger, capabilities=left))
    mirror.flush()
    one = DeviceSheet(HERE, mirror, engine, current(), None)
    qtbot.addWidget(one)
    one.show()
    qtbot.waitUntil(lambda: not one.reading)
    assert not engine.asked("charger.displays")
    assert not one.add_text.isEnabled()
    assert not one.watch.isEnabled()
    assert one.add_text.toolTip() == "This charger cannot do it."
    assert "1.6 has none" in why_off("device", mirror.chargers[HERE], Connector(1), True)


def test_words():
    assert severity_words(None) == severity_words(12) == ""
    assert monitor_words(Monitor(1, "A/B", "Strange", 1.5, 9)) == "Strange 1.50 · severity 9, debug"
    assert event_words(StationEvent(0.0, "A/B", "true", cleared=True, info="hot")) == "true, over again · hot"
    assert text_words(DisplayText(1, "x", "Odd")) == "Odd"
