"""The main window on the design site: rail, banners, bell, palette, history, closing."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QDialog

from evdesk.gui import launch
from evdesk.gui.client import LinkState
from evdesk.gui.dialogs.accept import AcceptSheet
from evdesk.gui.dialogs.preferences import CloseSheet, SettingsSheet, TokenSheet
from evdesk.gui.dialogs.site_setup import SiteSheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.models.needs import needs, warnings
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.connect import ConnectPage
from evdesk.gui.palette import find
from evdesk.gui.settings import KEEP, DeskSettings
from evdesk.gui.shell import Shell
from evdesk.gui.theme import current
from evdesk.model import EvdeskError, Failsafe, FailsafeState, Reason, StorageHealth
from evdesk.wire.methods import Accept, OneCharger, PutSite, Stop
from tests.gui import sample


class Plain(Page):
    """A page that remembers what happened to it."""

    def __init__(self, *args):
        super().__init__(*args)
        self.log = []

    def on_shown(self):
        self.log.append("shown")

    def on_hidden(self):
        self.log.append("hidden")

    def go(self, argument):
        self.log.append(argument)

    def place(self):
        return next((entry for entry in reversed(self.log) if entry not in ("shown", "hidden")), None)


class SitePage(Plain):
    name, icon = "site", "site"


class ChargersPage(Plain):
    name, icon = "chargers", "charger"


class ActivityPage(Plain):
    name, icon = "activity", "activity"


PAGES = (SitePage, ChargersPage, ActivityPage, ConnectPage)


@pytest.fixture
def settings(tmp_path):
    return DeskSettings(tmp_path / "desk.ini")


@pytest.fixture
def make(qapp, qtbot, client, settings):
    current().apply(qapp, "light")

    def one(snapshot=None, engine=None):
        mirror = Mirror(client)
        shell = Shell(
            mirror, client, current(), settings, engine or launch.LocalEngine(Path("nowhere"), may_start=False), PAGES
        )
        if snapshot is not False:
            mirror.take_snapshot(snapshot or sample.snapshot())
        qtbot.addWidget(shell)
        shell.resize(1280, 800)
        with qtbot.waitActive(shell):
            shell.show()
            shell.activateWindow()
        return shell

    return one


def sheet(qtbot, kind):
    found = []

    def opened():
        from PySide6.QtWidgets import QApplication

        found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
        return bool(found)

    qtbot.waitUntil(opened)
    return found[0]


def press(qtbot, dialog, word):
    button = next(b for b in dialog.findChildren(type(dialog.button("", 0))) if word in b.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_starts_on_the_site_and_remembers_the_page(make, qtbot):
    shell = make(engine=launch.RemoteEngine("ws://box:9001", "t"))
    assert shell.navigator.current().name == "site"
    assert shell.rail.items["chargers"].accessibleName() == "Chargers, 8"
    qtbot.keyClick(shell, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert shell.navigator.current().name == "chargers"
    shell.navigator.go("chargers", "WB-02")
    with qtbot.waitSignal(shell.leaving):
        shell.close()
    again = make()
    assert again.navigator.current().name == "chargers"
    assert again.navigator.current().log == ["shown", "WB-02"]


def test_back_and_forward_keep_the_place(make, qtbot):
    shell = make()
    shell.navigator.go("chargers", "WB-03")
    shell.navigator.go("activity", 7)
    chargers = shell.navigator.page("chargers")
    qtbot.keyClick(shell, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert shell.navigator.current() is chargers
    assert chargers.log == ["shown", "WB-03", "hidden", "shown", "WB-03"]
    qtbot.keyClick(shell, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert shell.navigator.current().name == "activity"
    shell.navigator.back()
    shell.navigator.back()
    assert shell.navigator.current().name == "site"
    shell.navigator.back()
    assert shell.navigator.current().name == "site"


def test_first_run_shows_how_to_connect(make):
    shell = make(sample.empty_snapshot())
    assert shell.navigator.current().name == "connect"
    assert shell.top.title.text() == "Connect"
    assert shell.rail.items["chargers"].isChecked()
    shell.navigator.go("chargers")
    assert shell.navigator.current().name == "connect"


def test_rail_shows_icons_only_when_narrow(make, qtbot):
    shell = make()
    wide = shell.rail.width()
    shell.resize(1024, 700)
    qtbot.waitUntil(lambda: shell.rail.width() < wide / 2)


def test_needs_are_ordered_and_emptied_by_deeds(mirror):
    found = [need.key for need in needs(mirror)]
    assert found == ["fault/WB-04", "silent/WB-07", "asks/KS-20881"]
    assert "ground failure" in needs(mirror)[0].title.lower()
    mirror.apply("charger", sample.chargers()[0])
    assert len(needs(mirror)) == 3
    fixed = replace(sample.chargers()[3], connectors=sample.chargers()[5].connectors)
    mirror.apply("charger", fixed)
    assert [need.key for need in needs(mirror)] == ["silent/WB-07", "asks/KS-20881"]
    weak = replace(sample.chargers()[0], failsafe=Failsafe(FailsafeState.CANNOT))
    mirror.apply("charger", weak)
    mirror.apply("site", replace(mirror.site, assumed=True))
    assert {"failsafe/WB-01", "fuse"} <= {need.key for need in needs(mirror)}


def test_bell_leads_to_the_charger(make, qtbot):
    shell = make()
    assert shell.top.bell.count() == 3
    bell = shell.top.open_bell()
    qtbot.mouseClick(bell.rows[0], Qt.MouseButton.LeftButton)
    assert shell.navigator.current().name == "chargers"
    assert shell.navigator.current().log[-1] == "WB-04"


def test_lost_engine_is_said_with_its_meaning_and_goes_by_itself(make, client, qtbot):
    shell = make()
    client.go(LinkState.LOST, "gone")
    shell.refresh()
    banner = shell.banners.widget("link")
    assert banner.title.text() == "The engine does not answer"
    assert "fall to 6 A by themselves by" in banner.meaning.text()
    assert "Not proven for 1 of 8" in banner.meaning.text()
    assert "Engine lost" in shell.rail.engine.accessibleName()
    assert shell.deeds.why_off("accept")
    client.go(LinkState.RUNNING)
    shell.mirror.take_snapshot(sample.snapshot(seq=9))
    assert shell.banners.widget("link") is None
    assert "Engine running" in shell.rail.engine.accessibleName()


def test_an_engine_that_hangs_is_not_called_lost(make, client, mirror):
    shell = make()
    client.go(LinkState.HUNG, "hangs")
    shell.refresh()
    banner = shell.banners.widget("link")
    assert banner.title.text() == "The engine hangs"
    words = banner.meaning.text()
    assert words.startswith(f"Its process {mirror.info.pid} is there but does not answer. Chargers keep their limits")
    assert "fall to 6 A by themselves by" in words
    assert "Not proven for 1 of 8." in words
    assert [deed.verb for deed in warnings(mirror, LinkState.HUNG, "", local=True)[0].deeds] == ["restart_engine"]
    assert "Engine hangs" in shell.rail.engine.accessibleName()
    assert shell.deeds.why_off("accept")
    (far, *_) = warnings(mirror, LinkState.HUNG, "hangs", local=False)
    assert "process is there" in far.text
    assert far.text.endswith("Restart it where it runs.")


def test_one_that_hung_before_the_desk_came_is_told_too(client):
    (one, *_) = warnings(Mirror(client), LinkState.HUNG, "hangs", local=True)
    assert one.title == "The engine hangs"
    assert "by themselves" in one.text


def test_a_remote_engine_is_never_offered_to_start(mirror, client):
    client.go(LinkState.LOST, "gone")
    (first, *_) = warnings(mirror, LinkState.LOST, "gone", local=False)
    assert first.deeds == ()
    assert first.text.startswith("Lost")
    assert warnings(mirror, LinkState.LOST, "gone", local=True)[0].deeds[0].verb == "start_engine"


def test_storage_meter_and_fuse_have_banners_but_only_two_are_shown(make):
    shell = make()
    mirror = shell.mirror
    mirror.apply("info", replace(mirror.info, storage=StorageHealth(False, "Free 200 MB on this disk.")))
    mirror.apply("load", replace(mirror.load, meter_stale=True))
    mirror.apply("site", replace(mirror.site, assumed=True))
    mirror.flush()
    assert shell.banners.titles() == ["History is not stored", "The site meter is silent"]
    assert shell.banners._more.text() == "and 2 more"


def test_accept_from_the_banner(make, client, qtbot):
    shell = make()
    banner = shell.banners.widget("asks/KS-20881")
    qtbot.mouseClick(banner.buttons["1"], Qt.MouseButton.LeftButton)
    dialog = sheet(qtbot, AcceptSheet)
    assert dialog.label.text() == "Bay 9"
    assert dialog.rotation.currentData() == ""
    dialog.circuit.setCurrentIndex(dialog.circuit.findData("Yard"))
    client.answers["charger.accept"] = EvdeskError(Reason.INVALID, "That name is taken.")
    press(qtbot, dialog, "Accept")
    qtbot.waitUntil(lambda: "taken" in dialog._error.text())
    del client.answers["charger.accept"]
    press(qtbot, dialog, "Accept")
    qtbot.waitUntil(lambda: not shell.deeds._open)
    assert client.asked("charger.accept")[-1] == Accept("KS-20881", "Bay 9", "Yard", "", 16.0, 3)
    qtbot.waitUntil(lambda: any("has joined" in title for title in shell.banners.titles()))


def test_refuse_asks_first_and_enter_is_safe(make, client, qtbot):
    shell = make()
    shell.deeds.do("refuse", "KS-20881")
    dialog = sheet(qtbot, QDialog)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not shell.deeds._open)
    assert client.asked("charger.forget") == []
    shell.deeds.do("refuse", "KS-20881")
    press(qtbot, sheet(qtbot, QDialog), "Refuse KS-20881")
    qtbot.waitUntil(lambda: client.asked("charger.forget") == [OneCharger("KS-20881")])


def test_site_setup_sends_the_whole_site(make, client, qtbot):
    shell = make()
    shell.deeds.do("site_setup")
    dialog = sheet(qtbot, SiteSheet)
    assert dialog.fuse.value() == 63
    dialog.fuse.setValue(50)
    press(qtbot, dialog, "Save")
    qtbot.waitUntil(lambda: bool(client.asked("site.put")))
    sent = client.asked("site.put")[0]
    assert isinstance(sent, PutSite)
    assert sent.site.circuit("Main").rating_a == (50.0, 50.0, 50.0)
    assert sent.site.bays == sample.site().bays
    assert not sent.site.assumed


def test_settings_are_kept(make, settings, qtbot):
    shell = make()
    shell.deeds.do("settings")
    dialog = sheet(qtbot, SettingsSheet)
    with qtbot.waitSignal(settings.changed, check_params_cb=lambda key: key == "look/theme"):
        dialog.look.setCurrentIndex(dialog.look.findData("dark"))
        dialog.look.activated.emit(dialog.look.currentIndex())
    dialog.who.setText("  Kim ")
    press(qtbot, dialog, "Close")
    again = DeskSettings(settings.path)
    assert (again.theme, again.who, again.on_close) == ("dark", "Kim", "ask")


def test_closing_while_cars_charge_asks_and_keeps_by_default(make, client, settings, qtbot):
    shell = make()
    shell.close()
    dialog = sheet(qtbot, CloseSheet)
    assert shell.isVisible()
    dialog.remember.setChecked(True)
    with qtbot.waitSignal(shell.leaving):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert client.asked("engine.stop") == []
    assert settings.on_close == KEEP


def test_closing_can_stop_the_engine_and_can_be_left(make, client, qtbot):
    shell = make()
    shell.close()
    dialog = sheet(qtbot, CloseSheet)
    with qtbot.assertNotEmitted(shell.leaving):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not client._tasks)
    assert shell.isVisible()
    shell.close()
    with qtbot.waitSignal(shell.leaving):
        press(qtbot, sheet(qtbot, CloseSheet), "Stop the engine")
    assert client.asked("engine.stop") == [Stop()]


def test_closing_an_idle_or_remote_desk_does_not_ask(make, qtbot):
    remote = make(engine=launch.RemoteEngine("ws://box:9001", "t"))
    with qtbot.waitSignal(remote.leaving):
        remote.close()
    idle = make(sample.empty_snapshot())
    with qtbot.waitSignal(idle.leaving):
        idle.close()
    demo = make(replace(sample.snapshot(), info=replace(sample.info(), simulated=True)))
    with qtbot.waitSignal(demo.leaving):
        demo.close()


def test_palette_finds_by_bay_id_serial_and_address_with_keys_only(make, qtbot):
    shell = make()
    for query in ("bay 5", "wb-05", "N22-204421", "192.168.50.45"):
        palette = shell.open_palette()
        qtbot.keyClicks(palette.field, query)
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
        assert shell.navigator.current().log[-1] == "WB-05"
        shell.navigator.go("site")


def test_palette_moves_with_arrows_and_says_when_nothing_fits(make, qtbot):
    shell = make()
    palette = shell.open_palette()
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 2
    qtbot.keyClicks(palette.field, "zzz")
    assert palette.model.rowCount() == 0
    assert not palette.empty.isHidden()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: shell.findChild(QDialog) is None)


def test_palette_actions_are_off_with_the_reason_while_the_engine_is_lost(make, client, qtbot):
    shell = make()
    client.go(LinkState.LOST, "gone")
    palette = shell.open_palette()
    entry = next(e for e in palette.model._all if e.title == "Accept KS-20881")
    assert not entry.enabled
    assert "does not answer" in entry.detail
    assert find(palette.model._all, "set up site")[0].title == "Set up the site"
    palette.close()


def test_palette_model_keeps_the_rules(make, qtbot):
    shell = make()
    model = shell.open_palette().model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    whole = model.rowCount()
    for query in ("b", "bay", "bay 1", "zzz", ""):
        model.search(query)
        titles = [model.index(row, 0).data() for row in range(model.rowCount())]
        if query == "bay 1":
            assert "Bay 1" in titles[0]
        elif query == "zzz":
            assert titles == []
    assert model.rowCount() == whole > 0


def test_failures_are_said(make, client, qtbot):
    shell = make()

    async def refused():
        raise EvdeskError(Reason.REFUSED, "The charger said no.")

    client.spawn(refused())
    qtbot.waitUntil(lambda: any("did not work" in title for title in shell.banners.titles()))


def test_a_remote_engine_asks_for_its_token_once(make, client, qtbot):
    engine = launch.RemoteEngine("ws://box:9001", "")
    shell = make(False, engine)
    client.go(LinkState.NOT_ALLOWED, "The engine does not know this token.")
    dialog = sheet(qtbot, TokenSheet)
    dialog.token.setText(" abc \n")
    press(qtbot, dialog, "Connect")
    qtbot.waitUntil(lambda: engine.locate().token == "abc")
    qtbot.waitUntil(lambda: not shell.deeds._open)
    client.go(LinkState.STARTING, "")
    client.go(LinkState.NOT_ALLOWED, "The engine does not know this token.")
    assert not shell.deeds._open
    qtbot.mouseClick(shell.banners.widget("link").buttons["0"], Qt.MouseButton.LeftButton)
    sheet(qtbot, TokenSheet).reject()
    qtbot.waitUntil(lambda: not shell.deeds._open)
