"""The Chargers page: what it shows, what it lets one do, and what it says afterwards."""

import asyncio
import json
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit

from evdesk.gui.client import LinkState
from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.pages.chargers import ChargersPage
from evdesk.gui.pages.chargers_actions import DEEDS, done, failed, why_off
from evdesk.gui.pages.chargers_live import series_of
from evdesk.gui.pages.chargers_messages import pretty
from evdesk.gui.pages.chargers_model import PLACES
from evdesk.gui.pages.chargers_settings_edit import ListSheet, editor_for
from evdesk.gui.pages.chargers_settings_model import VALUE
from evdesk.gui.pages.chargers_settings_sheets import ImportSheet, ReviewSheet, SnapshotsSheet
from evdesk.gui.pages.chargers_settings_write import written_words
from evdesk.gui.settings import DeskSettings
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from evdesk.model import ChargerState, Connector, ConnectorStatus, EvdeskError, Finding, Reason, Setting
from evdesk.model.settings import PlannedSetting, SettingChange, SettingsSnapshot, SettingsView
from evdesk.wire.methods import Done, SetLimit
from tests.gui import sample


@pytest.fixture
def page(qtbot, mirror, client):
    current().apply(QApplication.instance(), "light")
    one = ChargersPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1280, 760)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: bool(client.asked("history.read_many")))
    yield one
    one.on_hidden()


class Slow:
    """An answer that comes when the test says so."""

    def __init__(self, client, method):
        self.calls = 0
        self.gate = asyncio.Event()
        self.answer = Done(status="Accepted", ms=96.0)
        plain = client.call

        async def call(asked, params=None, timeout=40.0):
            if asked != method:
                return await plain(asked, params, timeout)
            client.calls.append((asked, params))
            self.calls += 1
            await self.gate.wait()
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        client.call = call


def change(page, charger_id, **fields):
    mirror = page.mirror
    charger = mirror.chargers[charger_id]
    mirror.apply("charger", replace(charger, connectors=(replace(charger.connectors[0], **fields),)))
    mirror.flush()


def report(page):
    return page.detail.bar.report.words.text()


def labels(page):
    return [page.list.proxy.index(row, 0).data() for row in range(page.list.proxy.rowCount())]


# -- table ------------------------------------------------------------------------------------------------------------


def test_the_page_says_how_many_are_known_and_ask(page):
    assert page.subtitle() == "8 known, 1 asks"
    assert page.list.sums.words() == "5 of 8 charging, 44.5 A on L1, 32.4 A on L2, 42.3 A on L3"
    assert page.list.sums.unknown() == 1


def test_a_live_sort_waits_until_the_pointer_leaves(page, qtbot):
    page.list.table.sortByColumn(PLACES["l1"], Qt.SortOrder.DescendingOrder)
    before = labels(page)
    place = page.list.table.viewport().rect().center()
    QApplication.sendEvent(page.list.table.viewport(), QEnterEvent(place, place, place))
    change(page, "WB-06", site_current_a=(31.0, 0.0, 0.0))
    assert labels(page) == before
    QApplication.sendEvent(page.list.table.viewport(), QEvent(QEvent.Type.Leave))
    assert labels(page)[0] == "Bay 6"


def test_the_filter_keeps_the_chosen_charger_in_the_pane(page):
    page.go("WB-02")
    page.list.filter.setText("bay 4")
    assert labels(page) == ["Bay 4"]
    assert page.detail.name.text() == "Bay 2"
    page.list.filter.clear()
    assert page.list.table.currentIndex().data() == "Bay 2"


def test_nothing_fits_leads_back_to_everything(page):
    page.list.filter.setText("no such thing")
    assert page.list.empty.isVisible()
    page.list.empty.button.click()
    assert len(labels(page)) == 8


def test_rows_are_copied_as_tab_separated_text(page, qtbot):
    page.go("WB-01")
    qtbot.keyClick(page.list.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    titles, row = QGuiApplication.clipboard().text().split("\n")
    assert titles.split("\t") == ["Charger", "State", "L1", "L2", "L3", "Limit", "Why"]
    assert row.split("\t") == ["Bay 1", "Charging", "13.8", "13.7", "13.8", "14 A", "Main L2 full"]


def test_the_keyboard_walks_the_table_and_the_pane_follows(page, qtbot):
    page.list.table.setFocus()
    page.go("WB-01")
    qtbot.keyClick(page.list.table, Qt.Key.Key_Down)
    assert page.detail.name.text() == "Bay 2"
    assert page.place() == "WB-02/1"


def test_columns_can_be_chosen_and_are_kept(page, qtbot, tmp_path):
    menu = page.list.table.column_menu()
    power = next(action for action in menu.actions() if action.text() == "Power")
    assert not power.isChecked()
    power.trigger()
    assert not page.list.table.isColumnHidden(PLACES["power"])
    page.settings = DeskSettings(tmp_path / "desk.ini")
    page.on_shown()
    page.on_hidden()
    page.list.table.setColumnHidden(PLACES["power"], True)
    page._recalled = False
    page.on_shown()
    assert not page.list.table.isColumnHidden(PLACES["power"])


def test_200_chargers_change_in_place_and_quickly(page, qtbot):
    mirror = page.mirror
    one = mirror.chargers["WB-01"]
    for n in range(200):
        mirror.apply("charger", replace(one, id=f"X-{n:03}", label=f"Spot {n}"))
    mirror.flush()
    assert page.list.proxy.rowCount() == 208
    resets = []
    page.model.modelReset.connect(lambda: resets.append(1))
    qtbot.waitUntil(lambda: page.list.table.verticalScrollBar().maximum() > 500)
    page.list.table.verticalScrollBar().setValue(500)
    for n in range(200):
        charger = mirror.chargers[f"X-{n:03}"]
        mirror.apply("charger", replace(charger, connectors=(replace(charger.connectors[0], power_w=100.0 + n),)))
    mirror.flush()
    assert page.list.table.verticalScrollBar().value() == 500
    assert not resets


def test_narrow_windows_show_list_and_pane_one_after_the_other(page, qtbot):
    page.resize(1000, 640)
    assert page.list.isVisible()
    assert not page.detail.isVisible()
    page.list.table.setCurrentIndex(page.list.proxy.index(3, 0))
    qtbot.keyClick(page.list.table, Qt.Key.Key_Return)
    assert page.detail.isVisible()
    assert not page.list.isVisible()
    assert page.detail.name.text() == "Bay 4"
    qtbot.keyClick(page.detail, Qt.Key.Key_Escape)
    assert page.list.isVisible()


# -- pane -------------------------------------------------------------------------------------------------------------


def test_the_pane_says_the_figures_and_why(page):
    page.go("WB-02")
    live = page.detail.live
    assert [f.value() for f in (live.current, live.limit, live.power, live.energy)] == [
        "11.9 A", "12 A", "2.7 kW", "6.8 kWh",
    ]  # fmt: skip
    assert live.why.title.text() == "12 A because Garage L1 is full: 34.6 of 35 A"
    assert live.why.lines.text().startswith("Since 18:36:12. The car uses one phase; measured on L1.")
    assert live.facts.value("Failsafe") == "proven, 6 A"
    assert live.facts.value("Clock") == "0.4 s behind"


def test_a_silent_charger_shows_what_was_last_known_as_such(page):
    page.go("WB-07")
    live = page.detail.live
    assert live.current.value() == "?"
    assert live.current.second().startswith("7.9 A at 18:33")
    assert live.current.role() == "muted"
    assert "6 A per phase stay reserved" in live.why.title.text()


def test_the_plot_asks_for_three_phases_and_the_limit(page, client, qtbot):
    client.calls.clear()
    page.go("WB-05")
    qtbot.waitUntil(lambda: bool(client.asked("history.read_many")))
    qtbot.waitUntil(lambda: client.asked("history.read_many")[-1].series == series_of("WB-05", 1))
    asked = client.asked("history.read_many")[-1]
    assert asked.to_at - asked.from_at == pytest.approx(900)
    qtbot.waitUntil(lambda: len(page.detail.live.plot.chart.data.curves) == 3)
    assert "Time\tL1 A\tL2 A\tL3 A\tLimit A" in page.detail.live.plot.table()


def test_names_of_series_hold_any_charger_id():
    assert series_of("a/b c", 2)[0] == "connector/a%2Fb%20c/2:current_l1_a"


def test_several_connectors_are_chosen_in_the_pane(page, qtbot):
    charger = page.mirror.chargers["WB-06"]
    page.mirror.apply(
        "charger", replace(charger, connectors=(*charger.connectors, Connector(2, ConnectorStatus.CHARGING)))
    )
    page.mirror.flush()
    page.go("WB-06")
    second = page.detail.live._lines[1]
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    assert page.place() == "WB-06/2"
    assert page.detail.name.text() == "Bay 6 · 2"
    assert page.list.table.currentIndex().data() == "Bay 6 · 2"


# -- deeds ------------------------------------------------------------------------------------------------------------


def test_a_deed_that_is_off_says_why(page):
    page.go("WB-02")
    bar = page.detail.bar
    assert bar.main.text() == "Stop"
    assert not bar.unlock.isEnabled()
    assert bar.reason.text() == "Unlock is off while a car charges: stop the charge first."
    assert bar.unlock.accessibleDescription() == bar.reason.text()
    page.go("WB-07")
    assert not bar.limit.isEnabled()
    assert "offline" in bar.reason.text()
    page.go("WB-06")
    assert bar.main.text() == "Start"
    assert bar.main.isEnabled()


def test_every_deed_needs_its_capability_and_the_engine():
    charger = replace(sample.chargers()[5], capabilities=())
    for deed, rule in DEEDS.items():
        said = why_off(deed, charger, charger.connectors[0], True)
        assert bool(said) == (rule.needs is not None or deed in ("device", "hint"))
        assert why_off(deed, charger, charger.connectors[0], False)


def test_a_double_click_sends_once_and_the_answer_stands_below(page, client, qtbot):
    slow = Slow(client, "charger.stop")
    page.go("WB-02")
    qtbot.mouseClick(page.detail.bar.main, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.detail.bar.main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: slow.calls == 1)
    assert not page.detail.bar.main.isEnabled()
    assert "waits for the answer" in report(page)
    page.detail.bar.deeds.send("WB-02", "stop", "Stop", "charger.stop", None)
    slow.gate.set()
    qtbot.waitUntil(lambda: report(page) == "Stop: accepted in 96 ms")
    assert slow.calls == 1
    assert page.detail.bar.main.isEnabled()


def test_an_answer_belongs_to_the_charger_it_came_from(page, client, qtbot):
    slow = Slow(client, "charger.stop")
    page.go("WB-02")
    page.detail.bar.main.click()
    page.go("WB-01")
    slow.answer = EvdeskError(Reason.TIMEOUT, "No answer within 30 s.")
    slow.gate.set()
    qtbot.waitUntil(lambda: page.detail.bar.deeds.last("WB-02").over)
    assert not page.detail.bar.report.isVisible()
    page.go("WB-02")
    assert report(page) == "Stop: no answer. No answer within 30 s."


def test_the_limit_menu_sends_a_ceiling_for_this_connector(page, client, qtbot):
    page.go("WB-03")
    client.answers["charger.set_limit"] = Done(status="stored", before="none", after="10 A")
    menu = page.detail.bar._limits
    menu.aboutToShow.emit()
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == ["No own limit", "Pause, 0 A", "6 A", "8 A", "10 A", "13 A", "16 A", "Other…"]
    next(action for action in menu.actions() if action.text() == "10 A").trigger()
    qtbot.waitUntil(lambda: client.asked("charger.set_limit") == [SetLimit("WB-03", 1, 10.0)])
    qtbot.waitUntil(lambda: report(page) == "Limit 10 A: stored; read back 10 A")


@pytest.mark.parametrize(
    ("answer", "role", "says"),
    [
        (Done(status="Accepted", ms=96.0), "ok", "accepted in 96 ms"),
        (Done(status="Accepted", ms=2345.0), "ok", "accepted in 2.3 s"),
        (Done(status="RebootRequired", ms=5.0), "warn", "works after a restart"),
        (Done(ok=False, status="Rejected"), "warn", "Rejected"),
    ],
)
def test_answers_in_words(answer, role, says):
    told = done("Stop", answer)
    assert told.role == role
    assert says in told.text


@pytest.mark.parametrize(
    ("reason", "role", "says"),
    [
        (Reason.REFUSED, "warn", "refused"),
        (Reason.TIMEOUT, "danger", "no answer"),
        (Reason.UNREACHABLE, "danger", "not reachable"),
        (Reason.UNSUPPORTED, "warn", "not supported"),
    ],
)
def test_failures_in_words(reason, role, says):
    told = failed("Stop", EvdeskError(reason, "Because."))
    assert (told.role, told.text) == (role, f"Stop: {says}. Because.")


def test_forgetting_asks_first_and_staying_is_the_default(page, client, qtbot):
    page.go("WB-06")
    page.detail.bar._menus["forget"].trigger()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    sheet = QApplication.activeModalWidget()
    qtbot.keyClick(sheet, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert not client.asked("charger.forget")


def test_firmware_and_logs_have_pages_of_their_own_and_are_off_with_the_reason(page, mirror):
    went = []
    page.navigate.connect(lambda name, argument: went.append((name, argument)))
    page.go("WB-06")
    menus = page.detail.bar._menus
    menus["update"].trigger()
    menus["logs"].trigger()
    assert went == [("update", ("WB-06",)), ("logs", "WB-06")]
    mirror.apply("charger", replace(mirror.chargers["WB-06"], capabilities=()))
    mirror.flush()
    for deed, said in (("update", "Update firmware is off"), ("logs", "Fetch logs is off")):
        assert not menus[deed].isEnabled()
        assert said in menus[deed].toolTip()


def test_a_lost_engine_mutes_figures_and_switches_deeds_off(page, client):
    page.go("WB-02")
    client.go(LinkState.LOST, "The engine does not answer.")
    assert page.list.table.cells.muted_all
    assert page.detail.live.current.role() == "muted"
    assert not page.detail.bar.main.isEnabled()
    assert "engine does not answer" in page.detail.bar.reason.text()
    client.go(LinkState.RUNNING)
    page.mirror.take_snapshot(sample.snapshot())
    assert not page.list.table.cells.muted_all
    assert page.detail.bar.main.isEnabled()
    assert page.place() == "WB-02/1"


def test_without_chargers_the_page_says_what_to_do(qtbot, client, mirror):
    mirror.take_snapshot(sample.empty_snapshot())
    page = ChargersPage(mirror, client, current())
    qtbot.addWidget(page)
    page.show()
    assert page.list.empty.title.text() == "No charger yet"
    with qtbot.waitSignal(page.navigate) as asked:
        page.list.empty.button.click()
    assert asked.args[0] == "connect"
    mirror.apply("charger", replace(sample.chargers()[0], state=ChargerState.ONLINE))
    mirror.flush()
    assert page.detail.name.text() == "Bay 1"


# -- settings, messages, findings -------------------------------------------------------------------------------------


@pytest.fixture
def settings(page, client, qtbot):
    page.go("WB-02")
    assert not client.asked("charger.settings")  # only on demand
    page.detail.show_tab("settings")
    qtbot.waitUntil(lambda: page.detail.settings.model.rowCount() == 7)
    return page.detail.settings


def note(tab, name):
    return tab.model.line(tab.model.row_of(name)).words


def write(tab, name, value):
    tab.model.setData(tab.model.index(tab.model.row_of(name), VALUE), value)
    tab._client.spawn(tab.writer.write(tab._row.charger.id))


def test_a_written_setting_shows_what_was_read_back(settings, client, qtbot):
    client.answers["charger.write_setting"] = Done(status="Accepted", ms=9.0, before="300", after="60")
    write(settings, "HeartbeatInterval", "60")
    qtbot.waitUntil(lambda: note(settings, "HeartbeatInterval") == "read back")
    assert settings.model.index(settings.model.row_of("HeartbeatInterval"), VALUE).data() == "60 s"
    assert settings.report.words.text() == "HeartbeatInterval: was 300, now 60, read back."


def test_a_clamped_setting_is_said_to_differ(settings, client, qtbot):
    client.answers["charger.write_setting"] = Done(status="Accepted", before="300", after="120")
    write(settings, "HeartbeatInterval", "60")
    qtbot.waitUntil(lambda: note(settings, "HeartbeatInterval") == "differs")
    assert "you asked 60, it says 120" in settings.report.words.text()


def test_reboot_required_offers_a_reset(settings, client, qtbot):
    client.answers["charger.write_setting"] = Done(status="RebootRequired", before="70", after="70")
    write(settings, "NL.LedBrightness", "20")
    qtbot.waitUntil(settings.reset.isVisible)
    settings.reset.click()
    qtbot.waitUntil(lambda: bool(client.asked("charger.reset")))
    assert client.asked("charger.reset")[0].kind == "soft"


def test_a_refused_setting_keeps_its_value(settings, client, qtbot):
    client.answers["charger.write_setting"] = EvdeskError(Reason.REFUSED, "The charger answered Rejected.")
    write(settings, "HeartbeatInterval", "60")
    qtbot.waitUntil(lambda: note(settings, "HeartbeatInterval") == "not written")
    assert settings.model.line_of("HeartbeatInterval").setting.value == "300"
    assert settings.bar.waiting.text() == "1 change waits"  # so that it can be mended
    assert "refused" in settings.report.words.text()


def test_a_hard_reset_takes_the_reason_that_one_may_need(page, client, qtbot):
    client.answers["charger.reset"] = Done(status="Accepted")
    page.go("WB-02")
    page.detail.bar.ask(page.detail.bar._reset_after, "hard")
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), Sheet), timeout=5000)
    sheet = QApplication.activeModalWidget()
    sheet.findChild(QLineEdit).setText(" no light for an hour ")
    sheet.findChildren(Button)[-1].click()
    qtbot.waitUntil(lambda: bool(client.asked("charger.reset")))
    asked = client.asked("charger.reset")[0]
    assert (asked.charger_id, asked.kind, asked.reason) == ("WB-02", "hard", "no light for an hour")


def press(qtbot, kind, button=-1):
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=5000)
    sheet = QApplication.activeModalWidget()
    sheet.findChildren(Button)[button].click()
    return sheet


def test_staged_changes_are_reviewed_once_and_written_together(settings, client, qtbot):
    client.answers["charger.write_setting"] = lambda p: Done(status="Accepted", before="?", after=p.value)
    for name, value in (("HeartbeatInterval", "60"), ("NL.LedBrightness", "20")):
        settings.model.setData(settings.model.index(settings.model.row_of(name), VALUE), value)
    assert settings.bar.isVisible()
    assert settings.bar.waiting.text() == "2 changes wait"
    assert not client.asked("charger.write_setting")
    settings.bar.write.click()
    sheet = press(qtbot, ReviewSheet)
    assert sheet.windowTitle() == "Write 2 settings to Bay 2?"
    qtbot.waitUntil(lambda: settings.report.words.text() == "2 of 2 written and read back.")
    assert {p.name: p.value for p in client.asked("charger.write_setting")} == {
        "HeartbeatInterval": "60", "NL.LedBrightness": "20",
    }  # fmt: skip
    assert not settings.bar.isVisible()


def test_a_charger_that_goes_away_stops_the_writing_and_the_rest_stays_staged(settings, client, qtbot):
    client.answers["charger.write_setting"] = EvdeskError(Reason.UNREACHABLE, "The charger is not connected.")
    for name, value in (("HeartbeatInterval", "60"), ("NL.LedBrightness", "20")):
        settings.model.setData(settings.model.index(settings.model.row_of(name), VALUE), value)
    settings.bar.write.click()
    press(qtbot, ReviewSheet)
    qtbot.waitUntil(lambda: settings.report.words.text().startswith("0 of 2 written"))
    assert len(client.asked("charger.write_setting")) == 1
    assert settings.bar.waiting.text() == "2 changes wait"


def test_a_file_is_planned_and_its_changes_are_staged(settings, client, qtbot, tmp_path):
    client.answers["settings.import"] = [
        PlannedSetting(2, "HeartbeatInterval", "77", "change", "300"),
        PlannedSetting(3, "Nope", "1", "unknown", sentence="The charger has no such setting."),
    ]
    file = tmp_path / "settings.csv"
    file.write_text("name,value\nHeartbeatInterval,77\nNope,1\n")
    settings.files.open_file("WB-02", file)
    press(qtbot, ImportSheet)
    qtbot.waitUntil(lambda: settings.bar.waiting.text() == "1 change waits")
    assert client.asked("settings.import")[0].dry_run
    settings.bar.discard.click()
    assert not settings.bar.isVisible()


def test_snapshots_are_compared(settings, client, qtbot):
    client.answers["settings.snapshots"] = [
        SettingsSnapshot(9, "WB-02", sample.NOW, sample.NOW, 7, firmware="2.4.0"),
        SettingsSnapshot(4, "WB-02", sample.NOW - 86400, sample.NOW - 3600, 7, firmware="2.4.0"),
    ]
    client.answers["settings.diff"] = [SettingChange("HeartbeatInterval", "300", "60")]
    settings.files._snapshots()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), SnapshotsSheet))
    sheet = QApplication.activeModalWidget()
    qtbot.waitUntil(lambda: sheet.verdict.text() == "1 setting differs")
    assert (client.asked("settings.diff")[0].from_id, client.asked("settings.diff")[0].to_id) == (4, 9)
    sheet.findChildren(Button)[-1].click()


def test_an_offline_charger_shows_what_was_read_last_and_takes_no_edit(page, client, qtbot):
    client.answers["settings.last"] = SettingsView("WB-07", sample.NOW - 720, "ocpp1.6", tuple(sample.settings()))
    page.go("WB-07")
    page.detail.show_tab("settings")
    tab = page.detail.settings
    qtbot.waitUntil(lambda: tab.model.rowCount() == 7)
    assert tab.head.as_of.text().startswith("7 settings, as of 12 min ago")
    index = tab.model.index(tab.model.row_of("HeartbeatInterval"), VALUE)
    assert not index.flags() & Qt.ItemFlag.ItemIsEditable
    assert not client.asked("charger.settings")


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        (Setting("A", "true", "boolean"), QComboBox),
        (Setting("A", "x", "choice", choices=("x", "y")), QComboBox),
        (Setting("A", "3", "integer", low=0, high=5), QLineEdit),
        (Setting("A", "3", "string"), QLineEdit),
    ],
)
def test_each_type_has_its_editor(page, setting, kind):
    assert isinstance(editor_for(setting, page), kind)


def test_a_list_is_chosen_word_by_word(page):
    one = Setting("M", "Voltage,SoC", "list", choices=("Current.Import", "Voltage", "SoC"))
    sheet = ListSheet(one, one.value, current(), page)
    assert sheet.value() == "Voltage,SoC"
    sheet.boxes[2].setChecked(True)
    sheet.own.setText("Own.Thing, ")
    assert sheet.value() == "Voltage,SoC,Current.Import,Own.Thing"


def test_f5_reads_the_settings_again(page, settings, client, qtbot):
    client.answers["charger.settings"] = sample.settings()[:3]
    qtbot.keyClick(page.detail, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: settings.model.rowCount() == 3)


def test_settings_that_cannot_be_read_say_why(page, client, qtbot):
    client.answers["charger.settings"] = EvdeskError(Reason.TIMEOUT, "No answer within 30 s.")
    page.go("WB-02")
    page.detail.show_tab("settings")
    tab = page.detail.settings
    qtbot.waitUntil(lambda: "no answer" in tab.report.words.text())
    assert tab.empty.isVisible()
    assert len(client.asked("charger.settings")) == 1  # it is not asked again and again


def test_written_words_never_claim_what_was_not_read():
    assert written_words("A", "1", Done(status="Accepted"))[0] == "warn"


def test_messages_are_listed_and_written_out(page, qtbot):
    page.go("WB-02")
    page.detail.show_tab("messages")
    tab = page.detail.messages
    qtbot.waitUntil(lambda: tab.model.rowCount() == 2)
    assert tab.model.index(0, 1).data() == "Heartbeat"
    assert json.loads(tab.frame.toPlainText())[2] == {"currentTime": "2026-11-24T17:41:56Z"}
    assert pretty("not json") == "not json"


def test_findings_stand_with_rule_count_example_and_clause(page, qtbot):
    page.go("WB-02")
    page.detail.show_tab("findings")
    tab = page.detail.findings
    qtbot.waitUntil(lambda: len(tab.findings) == 1)
    said = tab.area.widget().findChild(type(tab.area.widget().children()[1])).accessibleName()
    for words in ("meter_value_no_unit", "412 times", "section 7.43", '"unit": null'):
        assert words in said
    page.go("WB-06")
    qtbot.waitUntil(lambda: tab.empty.isVisible())


def test_findings_and_messages_lead_on(page, qtbot, client):
    asked = []
    page.navigate.connect(lambda where, what: asked.append((where, what)))
    client.answers["finding.list"] = [
        Finding(
            "WB-02", "zone_missing", "The timestamp has no time zone.", "", "2026", "", 2306, sample.NOW - 9, sample.NOW
        ),
        Finding("WB-02", "security_event", "It says so.", "", "x", "", 1, sample.NOW - 9, sample.NOW),
    ]
    page.go("WB-02#findings")
    tab = page.detail.findings
    assert page.detail.tabs.current() == "findings"
    qtbot.waitUntil(lambda: len(tab.findings) == 2)
    assert tab.told.text() == "1 rule, 2306 times"
    words = [label.text() for label in tab.area.widget().findChildren(QLabel)]
    assert "A timestamp without time zone" in words
    assert any(word.startswith("To the maker: Write the zone") for word in words)
    tab.sheet.click()
    tab.messages.click()
    page.detail.show_tab("messages")
    page.detail.messages.inspect.click()
    page.detail.messages.send.click()
    assert asked == [
        ("sheet", "WB-02"),
        ("messages", 'charger:"WB-02" verdict:breach'),
        ("messages", "WB-02"),
        ("console", "WB-02"),
    ]


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_every_theme_paints_without_a_complaint(page, qtbot, theme):
    current().apply(QApplication.instance(), theme)
    for charger_id in ("WB-02", "WB-04", "WB-07"):
        page.go(charger_id)
        assert not page.grab().isNull()
    current().apply(QApplication.instance(), "light")


def test_a_page_nobody_sees_costs_nothing_and_is_fresh_when_shown(page):
    page.hide()
    change(page, "WB-01", site_current_a=(1.0, 2.0, 3.0))
    assert page.model.rows[0].amps != (1.0, 2.0, 3.0)
    page.show()
    page.on_shown()
    assert page.model.rows[0].amps == (1.0, 2.0, 3.0)
