"""Sharing and "If evdesk goes silent": settings in words, changed in place; lights per charger."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from evdesk.gui import theme
from evdesk.gui.client import LinkState
from evdesk.gui.pages.balancing_settings import careful, usual
from evdesk.gui.pages.balancing_sharing import SharingCard
from evdesk.gui.pages.balancing_silent import SilentCard
from evdesk.model import BalanceSettings, ChargeMode, EvdeskError, Failsafe, FailsafeState, Reason, ShareBy
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillVerdict
from evdesk.wire.drill import FailsafeSummary, FailsafeView


@pytest.fixture
def sharing(qapp, qtbot, mirror, client):
    theme.current().apply(qapp, "light")
    card = SharingCard(mirror, client, theme.current())
    qtbot.addWidget(card)
    card.resize(314, 600)
    card.show()
    return card


@pytest.fixture
def silent(qapp, qtbot, mirror, client):
    theme.current().apply(qapp, "light")
    card = SilentCard(mirror, client)
    qtbot.addWidget(card)
    card.show()
    card.refresh()
    return card


def test_every_row_names_a_setting_and_explains_it():
    known = [setting.field for setting in (*usual(), *careful())]
    assert len(known) == len(set(known))
    assert set(known) <= set(BalanceSettings.__slots__)
    assert {"turn_s", "dwell_s", "reclaim_s", "mode", "margin_a", "safe_share_a", "enabled"} <= set(known)
    assert all(setting.words(BalanceSettings()) and setting.hint for setting in (*usual(), *careful()))


def test_settings_stand_in_words(sharing):
    assert sharing.rows["turn_s"].words.text() == "6 A, else turns of 15 min"
    assert sharing.rows["dwell_s"].words.text() == "5 min"
    assert sharing.rows["reclaim_s"].words.text() == "given on after 45 s"
    assert sharing.by.current() == "equal"
    assert sharing.rows["cheap_below"].isHidden()


def test_a_value_is_changed_in_place_and_sent_alone(sharing, client, qtbot):
    row = sharing.rows["dwell_s"]
    qtbot.mouseClick(row.words, Qt.MouseButton.LeftButton)
    assert row.editing()
    assert row.field.value() == 5
    row.field.setValue(10)
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(client.asked("balance.configure")))
    assert client.asked("balance.configure") == [BalanceSettings(dwell_s=600.0)]
    assert not row.editing()


def test_escape_leaves_a_value_as_it_was(sharing, client, qtbot):
    row = sharing.rows["reclaim_s"]
    row.edit()
    row.field.setValue(500)
    qtbot.keyClick(row.field, Qt.Key.Key_Escape)
    assert not row.editing()
    assert row.words.text() == "given on after 45 s"
    assert client.asked("balance.configure") == []


def test_share_by_is_one_click(sharing, client, qtbot):
    qtbot.mouseClick(sharing.by._group.button(2), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(client.asked("balance.configure")))
    assert client.asked("balance.configure")[0].share_by is ShareBy.LEAVING


def test_cheap_hours_ask_for_a_price(sharing, mirror, client, qtbot):
    mirror.apply("site", replace(mirror.site, balance=BalanceSettings(mode=ChargeMode.CHEAP)))
    sharing.refresh()
    row = sharing.rows["cheap_below"]
    assert row.isVisible()
    row.edit()
    row.field.setValue(0.25)
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(client.asked("balance.configure")))
    assert client.asked("balance.configure")[0].cheap_below == pytest.approx(0.25)


def test_a_dangerous_value_asks_first(sharing, client, qtbot):
    sharing.more.click()
    row = sharing.rows["margin_a"]
    row.edit()
    row.field.setValue(0.0)
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sharing.findChild(QDialog) is not None)
    assert client.asked("balance.configure") == []
    sharing.findChild(QDialog).reject()
    row.edit()
    row.field.setValue(2.0)
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(client.asked("balance.configure")))
    assert client.asked("balance.configure")[0].margin_a == 2.0


def test_a_refusal_is_said_and_the_old_value_stays(sharing, client, qtbot):
    client.answers["balance.configure"] = EvdeskError(Reason.INVALID, "The window is too long.")
    row = sharing.rows["dwell_s"]
    row.edit()
    row.field.setValue(30)
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sharing.failed.isVisible())
    assert sharing.failed.text() == "The window is too long."
    assert row.words.text() == "5 min"


def test_without_an_engine_the_settings_are_read_only_and_say_why(sharing, client, mirror):
    client.go(LinkState.LOST, "gone")
    sharing.refresh()
    assert not sharing.rows["dwell_s"].words.isEnabled()
    assert "engine" in sharing.rows["dwell_s"].words.toolTip()


def test_an_open_field_survives_updates(sharing, mirror):
    row = sharing.rows["dwell_s"]
    row.edit()
    row.field.setValue(42)
    mirror.apply("site", replace(mirror.site, balance=BalanceSettings(dwell_s=120.0)))
    sharing.refresh()
    assert row.editing()
    assert row.field.value() == 42


# -- silent ---------------------------------------------------------------------------------------------------------------


IGNORED = Drill(1, "WB-01", 1, DrillKind.SEEN, 0.0, verdict=DrillVerdict.FAILED, cause=DrillCause.IGNORES)


def view(charger_id, light, **more):
    base = FailsafeView(
        charger_id, charger_id, light, FailsafeState.UNTESTED, 16.0, 6.0, 6.0, 180, 60, 180, 12, "", 6.0
    )
    return replace(base, **more)


def test_lights_from_the_chargers_until_the_engine_tells_more(silent):
    assert silent.counts["green"].look().word == "7 proven"
    assert silent.counts["amber"].look().word == "1 not drilled"
    assert silent.counts["red"].isHidden()
    assert silent.sentence.text().startswith("Chargers fall to 6 A per phase within 195 s, those not drilled")
    assert silent.drill.text() == "Drill Bay 7"


def test_the_engines_lights_count(silent, client, qtbot):
    client.answers["failsafe.list"] = [
        view("WB-01", "red", reserved_a=16.0, last_drill=IGNORED),
        view("WB-02", "amber"),
        view("WB-03", "green"),
    ]
    client.answers["failsafe.summary"] = FailsafeSummary(1, 1, 1, 0.0, 200, ["Garage/L1 is too small."])
    silent.set_front(True)
    qtbot.waitUntil(lambda: silent.counts["red"].isVisible())
    assert silent.counts["red"].look().word == "1 cannot"
    assert silent.rows[0].accessibleName() == "Bay 1: Cannot. ignores its limit: 16 A stay reserved"
    assert silent.problem.text() == "Garage/L1 is too small."
    assert "does not fit" in silent.sentence.text()
    with qtbot.waitSignal(silent.chosen) as heard:
        silent.rows[0].click()
    assert heard.args == ["WB-01"]
    silent.set_front(False)


def test_many_unproven_are_counted(silent, mirror):
    for charger in list(mirror.accepted()):
        mirror.apply("charger", replace(charger, failsafe=Failsafe(FailsafeState.UNTESTED, 16.0, 6.0)))
    silent.refresh()
    assert silent.rest.text() == "and 3 more"
    assert silent.drill_all.isVisible()


def test_a_running_drill_is_shown_again(silent, client, qtbot):
    client.answers["failsafe.list"] = [view("WB-02", "amber", running=3)]
    silent.set_front(True)
    qtbot.waitUntil(lambda: silent.drill.text() == "Show the drill of Bay 2")
    silent.set_front(False)
