"""The sheets about security: what they ask of the engine, what they show once, and what they refuse to do."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from evdesk.gui.deeds import LATER, Deeds
from evdesk.gui.dialogs.security import SecuritySheet
from evdesk.gui.dialogs.security_ca import CaSheet
from evdesk.gui.dialogs.security_password import OnceSheet, PasswordSheet, ask_password
from evdesk.gui.dialogs.security_raise import RaiseSheet
from evdesk.gui.dialogs.security_tls import TlsSheet
from evdesk.gui.dialogs.security_words import fingerprint_lines, password_words, profile_look
from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.pages.activity_security import WHAT
from evdesk.gui.pages.connect import ConnectPage
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button, Label
from evdesk.model import Attempt, EvdeskError, Reason
from evdesk.wire import METHODS
from evdesk.wire.security import CaTest, PortState, RaiseState
from tests.gui import sample, security_sample


@pytest.fixture
def engine(client):
    client.answers |= security_sample.answers()
    return client


@pytest.fixture
def security(mirror, engine, qtbot):
    sheet = SecuritySheet("WB-03", mirror, engine, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.state is not None)
    return sheet


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def button(owner, word):
    (found,) = [one for one in owner.findChildren(Button) if one.text() == word]
    return found


def words(owner):
    return " ".join(label.text() for label in owner.findChildren(Label))


def open_sheet(kind=Sheet):
    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]
    return found[-1] if found else None


def answer(qtbot, word):
    """Press a button of the question that is open."""
    qtbot.waitUntil(lambda: any(b.text() == word for s in visible_sheets() for b in s.findChildren(Button)))
    sheet = next(s for s in visible_sheets() if any(b.text() == word for b in s.findChildren(Button)))
    click(qtbot, button(sheet, word))


def visible_sheets():
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, Sheet) and one.isVisible()]


def test_words_for_profiles_passwords_and_fingerprints():
    assert [profile_look(n).role for n in (None, 0, 1, 2, 3)] == ["muted", "warn", "warn", "ok", "ok"]
    assert "as hex text" in password_words(security_sample.charger())
    assert "old and new" in password_words(security_sample.charger(password_waits=True))
    assert "not seen" in password_words(security_sample.charger(password_form=""))
    assert "None is set" in password_words(security_sample.charger(password_set=False))
    assert "was sent" in password_words(security_sample.charger(password_set=False, password_waits=True))
    lines = fingerprint_lines(security_sample.FINGERPRINT).splitlines()
    assert [len(line.split()) for line in lines] == [8, 8, 8, 8]


def test_a_chargers_security_is_told_and_a_rule_is_saved(security, engine, qtbot):
    assert "Profile 1" in security.chip.look().word
    assert "hex text" in security.password.text()
    security.least.setCurrentIndex(2)
    click(qtbot, security.save)
    qtbot.waitUntil(lambda: engine.asked("security.put") != [])
    (rule,) = engine.asked("security.put")
    assert (rule.charger_id, rule.min_profile, rule.auth, rule.own) == ("WB-03", 2, "password", True)
    qtbot.waitUntil(lambda: security.told.isVisible())
    security.own.setChecked(False)
    assert not security.least.isEnabled()


def test_what_needs_the_charger_is_off_while_it_is_away(mirror, engine, qtbot):
    sheet = SecuritySheet("WB-07", mirror, engine, current(), None)  # offline in the sample
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.state is not None)
    for one in (sheet.root, sheet.sign, sheet.list, sheet.raise_button):
        assert not one.isEnabled()
        assert one.toolTip() == "It is not connected."
    assert sheet.set_button.isEnabled()


def test_certificates_are_signed_listed_and_deleted_after_a_question(security, engine, qtbot):
    click(qtbot, security.sign)
    qtbot.waitUntil(lambda: "Accepted" in security.told.text())
    click(qtbot, security.list)
    qtbot.waitUntil(lambda: "ManufacturerRootCertificate" in words(security))
    assert "evdesk's" in words(security)
    first = next(one for one in security.findChildren(Button) if one.text() == "Delete")
    click(qtbot, first)
    answer(qtbot, "Delete it")
    qtbot.waitUntil(lambda: engine.asked("security.delete_certificate") != [])
    assert engine.asked("security.delete_certificate")[0].serial_number == "4711"


def test_an_error_is_said_in_the_sheet_and_the_button_comes_back(security, engine, qtbot):
    engine.answers["security.install_root"] = EvdeskError(Reason.REFUSED, "The charger refused it.")
    click(qtbot, security.root)
    qtbot.waitUntil(lambda: security._error.text() == "The charger refused it.")
    qtbot.waitUntil(security.root.isEnabled)


def test_forgetting_a_password_asks_first(security, engine, qtbot):
    click(qtbot, security.forget)
    answer(qtbot, "Keep it")
    assert engine.asked("security.set_password") == []
    qtbot.waitUntil(security.forget.isEnabled)
    click(qtbot, security.forget)
    answer(qtbot, "Forget the password")
    qtbot.waitUntil(lambda: engine.asked("security.set_password") != [])
    assert engine.asked("security.set_password")[0].clear is True


def test_a_password_is_made_up_told_once_and_gone(engine, qtbot, qloop):
    task = asyncio.ensure_future(ask_password("WB-03", "Bay 3", engine, current(), None))
    qtbot.waitUntil(lambda: open_sheet(PasswordSheet) is not None)
    sheet = open_sheet(PasswordSheet)
    click(qtbot, sheet.set)
    qtbot.waitUntil(lambda: open_sheet(OnceSheet) is not None)
    once = open_sheet(OnceSheet)
    assert once.password.text() == "Qm7-kestrel-Lane-4411"
    click(qtbot, once._copy_button)
    assert QGuiApplication.clipboard().text() == "Qm7-kestrel-Lane-4411"
    answer(qtbot, "I have it")
    qtbot.waitUntil(task.done)
    (asked,) = engine.asked("security.set_password")
    assert (asked.value, asked.require) == ("", True)


def test_a_typed_password_must_have_the_length_ocpp_allows(engine, qtbot):
    sheet = PasswordSheet("WB-03", "Bay 3", engine, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    sheet.take.setChecked(True)
    sheet.value.setText("short")
    assert not sheet.set.isEnabled()
    assert "16 to 40" in sheet.hint.text()
    sheet.value.setText("0123456789abcdef")
    sheet.send.setChecked(True)
    click(qtbot, sheet.set)
    qtbot.waitUntil(lambda: engine.asked("security.write_password") != [])
    assert engine.asked("security.write_password")[0].value == "0123456789abcdef"
    qtbot.waitUntil(lambda: sheet.value.text() == "")


def test_sending_is_off_for_a_charger_that_is_away(engine, qtbot):
    sheet = PasswordSheet("WB-07", "Bay 7", engine, current(), None, online=False)
    qtbot.addWidget(sheet)
    assert not sheet.send.isEnabled()


def test_tls_is_one_more_port_beside_those_there_are(engine, qtbot):
    sheet = TlsSheet(engine, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    sheet.port.setValue(9555)
    click(qtbot, button(sheet, "Turn on TLS"))
    qtbot.waitUntil(lambda: engine.asked("security.put_ports") != [])
    (asked,) = engine.asked("security.put_ports")
    assert [(one.host, one.port, one.tls) for one in asked.ports] == [("0.0.0.0", 9555, True)]  # the fixed one stays


def test_a_tls_port_that_cannot_be_opened_now_is_told(engine, qtbot):
    engine.answers["security.ports"] = engine.answers["security.put_ports"] = [
        PortState("0.0.0.0", 9700, False, "ws://0.0.0.0:9700/", 8, True),
        PortState("0.0.0.0", 9443, True, "wss://0.0.0.0:9443/", open=False, reason="Port 9443 is in use."),
    ]
    sheet = TlsSheet(engine, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    click(qtbot, button(sheet, "Turn on TLS"))
    qtbot.waitUntil(lambda: "in use" in words(sheet))
    (asked,) = engine.asked("security.put_ports")
    assert [one.port for one in asked.ports] == [9443]  # once


def test_the_root_is_shown_saved_and_replaced_after_a_question(engine, qtbot, tmp_path):
    sheet = CaSheet(engine, current(), None, sample.NOW)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "WB-04" in words(sheet))
    assert sheet.print.text() == fingerprint_lines(security_sample.FINGERPRINT)
    assert not sheet.make.isVisible()
    click(qtbot, sheet.text)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == security_sample.PEM)
    der = engine.answers["security.export_ca"](type("P", (), {"form": "der"}))
    sheet.write(tmp_path / "root.der", der)
    assert (tmp_path / "root.der").read_bytes() == b"\0\1\2\3"
    sheet.write(tmp_path / "no" / "root.der", der)
    assert "cannot be written" in sheet._error.text()
    click(qtbot, sheet.rotate)
    answer(qtbot, "Replace the root")
    qtbot.waitUntil(lambda: engine.asked("security.rotate_ca") != [])


def test_certificates_that_end_soon_are_marked_and_can_be_taken_back(engine, qtbot):
    sheet = CaSheet(engine, current(), None, sample.NOW)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: len(sheet._issued_rows) == 3)
    soon, late, gone = sheet._issued_rows
    assert sheet._role(security_sample.issued()[0].not_after) == "warn"
    assert "taken back" in words(gone)
    assert not gone.revoke.isVisible()
    click(qtbot, late.revoke)
    answer(qtbot, "Take it back")
    qtbot.waitUntil(lambda: engine.asked("security.revoke") != [])
    assert engine.asked("security.revoke")[0].number == "0a12"
    assert soon is not late


def test_without_a_root_it_can_be_made(engine, qtbot):
    engine.answers["security.ca"] = security_sample.ca(exists=False, roots=[], pem="", qr="", server_until=None)
    sheet = CaSheet(engine, current(), None, sample.NOW)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.make.isVisible() and sheet.info is not None)
    assert not sheet.pem.isVisible()
    click(qtbot, sheet.make)
    qtbot.waitUntil(sheet.pem.isVisible)


def test_another_name_is_added_to_those_of_the_certificate(engine, qtbot):
    sheet = CaSheet(engine, current(), None, sample.NOW)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.info is not None)
    sheet.extra.setText(" evdesk.site.lan ")
    click(qtbot, sheet.add_name)
    qtbot.waitUntil(lambda: "evdesk.site.lan" in sheet.names.text())
    assert engine.asked("security.put_names")[0].names == ["evdesk.site.lan"]


@pytest.fixture
def raising(engine, qtbot):
    sheet = RaiseSheet("WB-03", "Bay 3", 1, engine, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.state.checks != [])
    return sheet


def test_raising_warns_first_and_waits_for_what_is_missing(raising, engine, qtbot):
    assert "one-way" in words(raising)
    assert [raising.target.itemData(i) for i in range(raising.target.count())] == [2, 3]
    raising.sure.setChecked(True)
    assert not raising.go.isEnabled()
    assert "missing" in raising.go.toolTip()
    engine.answers["security.check_raise"] = security_sample.ready()
    click(qtbot, button(raising, "Install the root"))
    qtbot.waitUntil(lambda: engine.asked("security.install_root") != [])
    qtbot.waitUntil(raising.go.isEnabled)


def test_raising_needs_the_tick_and_follows_until_it_is_done(raising, engine, qtbot):
    engine.answers["security.check_raise"] = security_sample.ready()
    raising.recheck()
    qtbot.waitUntil(lambda: raising.state.state == "checked")
    assert not raising.go.isEnabled()
    raising.sure.setChecked(True)
    click(qtbot, raising.go)
    qtbot.waitUntil(lambda: raising.state.state == "waiting")
    assert not raising.target.isEnabled()
    qtbot.waitUntil(lambda: raising.state.state == "done", timeout=5000)
    assert "back on profile 2" in raising.what.text()
    assert not raising.go.isEnabled()
    assert not raising._timer.isActive()


def test_another_target_is_checked_anew(raising, engine, qtbot):
    before = len(engine.asked("security.check_raise"))
    raising.target.setCurrentIndex(1)
    raising.target.activated.emit(1)
    qtbot.waitUntil(lambda: len(engine.asked("security.check_raise")) == before + 1)
    assert engine.asked("security.check_raise")[-1].profile == 3


def test_a_raise_that_was_begun_before_is_shown_and_not_begun_again(engine, qtbot):
    waiting = RaiseState("WB-03", "waiting", 2, 1, security_sample.ready().checks, "evdesk was started anew.")
    engine.answers["security.raise_state"] = waiting
    sheet = RaiseSheet("WB-03", "Bay 3", 1, engine, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "started anew" in words(sheet))
    sheet.sure.setChecked(True)
    assert not sheet.go.isEnabled()
    assert engine.asked("security.check_raise") == []


@pytest.mark.parametrize(
    ("verb", "kind"), [("security", SecuritySheet), ("root", CaSheet), ("tls", TlsSheet), ("password", PasswordSheet)]
)
def test_the_shell_opens_each_by_its_verb(mirror, engine, qtbot, verb, kind):
    assert verb in LATER
    window = Label("")
    qtbot.addWidget(window)
    window.show()
    deeds = Deeds(mirror, engine, current(), None, None, window)
    deeds.do(verb, "WB-03")
    qtbot.waitUntil(lambda: open_sheet(kind) is not None)
    open_sheet(kind).done(0)
    qtbot.waitUntil(lambda: open_sheet(kind) is None)


def test_the_feed_offers_what_evdesk_can_do_itself(mirror, engine, qtbot):
    page = ConnectPage(mirror, engine, current())
    qtbot.addWidget(page)
    page.resize(1100, 740)
    page.show()
    page.on_shown()
    mirror.apply("attempt", Attempt(mirror.now(), "10.0.0.8:1", "", "tls_client_does_not_trust_us"))
    mirror.apply("attempt", Attempt(mirror.now(), "10.0.0.7:1", "WB-02", "profile_too_low"))
    mirror.flush()
    told = {row.said.look.word: row.button.text() for row in page.tried.rows() if not row.button.isHidden()}
    assert told["Wrong password."] == "Set password"
    assert told["Does not trust evdesk."] == "Root certificate"
    assert told["Not secure enough."] == "Security"
    row = next(one for one in page.tried.rows() if one.said.look.word == "Wrong password.")
    with qtbot.waitSignal(page.navigate) as asked:
        click(qtbot, row.button)
    assert asked.args == ["password", "WB-77"]
    page.on_hidden()


def test_deeds_about_security_stand_in_the_log_in_words():
    """Every method that leaves a row has words; none of them tells a secret."""
    changing = {name for name, method in METHODS.items() if name.startswith("security.") and method.changes}
    assert changing <= set(WHAT)
    row = {"min_profile": 2, "own": True, "profile": 3, "ports": [{"tls": True}], "made_up": True}
    told = {name: words(row, {}) for name, words in WHAT.items()}
    assert told["security.put"] == "At least security profile 2"
    assert told["security.raise_profile"] == "Raise to security profile 3"
    assert told["security.put_ports"] == "Charger ports, with TLS"
    assert WHAT["security.put"]({"own": False}, {}) == "Rule of all chargers again"


def test_a_test_of_trust_is_asked_about_first_and_told(mirror, engine, qtbot):
    engine.answers["security.get"] = security_sample.charger(profile=2, secure=True)
    engine.answers["security.test_ca"] = CaTest("WB-03", "waiting", 0.0, "Its connection was closed.")
    sheet = SecuritySheet("WB-03", mirror, engine, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.state is not None)
    assert "not tested" in sheet.checks.text()
    click(qtbot, sheet.test)
    answer(qtbot, "Test it")
    qtbot.waitUntil(lambda: engine.asked("security.test_ca") != [])
    qtbot.waitUntil(lambda: "closed" in sheet.told.text())


def test_what_a_test_of_trust_has_shown(security):
    assert security.test.toolTip() or not security.test.isEnabled()  # it is not connected by TLS
    assert not security.test.isEnabled()
    security.show_state(security_sample.charger(secure=True, ca_check="checked", ca_check_at=sample.NOW))
    assert security.checks.text().startswith("It checks evdesk's certificate")
    security.show_state(security_sample.charger(secure=True, ca_check="not_checked", ca_check_at=sample.NOW))
    assert "anybody on its network" in security.checks.text()
