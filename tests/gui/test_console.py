"""The expert console: what a schema lets one type, what is wrong and where, and what is sent."""

import asyncio
import json
import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from evdesk.gui.dialogs.console import READY_ROLE, ConsoleSheet
from evdesk.gui.dialogs.console_editor import JsonEdit, problems_of
from evdesk.gui.dialogs.console_schema import Scanner, completions, fields, line_of, prefill
from evdesk.gui.dialogs.console_words import DANGERS, KEPT, Ready, history, remember, templates
from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.settings import DeskSettings
from evdesk.gui.theme import current
from evdesk.model import EvdeskError, Reason
from evdesk.ocpp import schemas
from evdesk.wire.messages import SchemaPair
from evdesk.wire.methods import RawAnswer
from tests.gui import sample

EVERY = [(protocol, action) for protocol in schemas.PROTOCOLS for action in schemas.sendable(protocol)]
PROFILE = schemas.schema("ocpp1.6", "SetChargingProfile")
BAD = '{\n  "connectorId": "1",\n  "duration": 3600,\n  "chargingRateUnit": "V"\n}'


# -- schema -----------------------------------------------------------------------------------------------------------


def test_every_message_begins_valid():
    for protocol, action in EVERY:
        schema = schemas.schema(protocol, action)
        assert schemas.inspect_with(schema, action, prefill(schema, sample.NOW)) == [], (protocol, action)


def test_every_template_is_valid():
    for protocol in schemas.PROTOCOLS:
        for one in templates(protocol):
            assert schemas.inspect(protocol, one.action, one.payload) == [], (protocol, one)


def test_dangers_name_messages_that_exist():
    assert {action for _, action in EVERY} >= set(DANGERS)
    needed = {"Reset", "SetChargingProfile", "ClearChargingProfile", "ChangeConfiguration", "SetVariables"}
    assert needed | {"UpdateFirmware", "CertificateSigned", "SetNetworkProfile"} <= set(DANGERS)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("{", ['"connectorId": ', '"csChargingProfiles": ']),
        ('{"con', ['"connectorId": ']),
        ('{"connectorId": 1, ', ['"csChargingProfiles": ']),
        ('{"connectorId": ', []),
        ('{"csChargingProfiles": {"chargingProfileKind": ', ['"Absolute"', '"Recurring"', '"Relative"']),
        ('{"csChargingProfiles": {"chargingProfileKind": "rel', ['"Relative"']),
        ('{"csChargingProfiles": {"chargingSchedule": {"chargingRateUnit": "', ['"A"', '"W"']),
        (
            '{"csChargingProfiles": {"chargingSchedule": {"chargingSchedulePeriod": [{"limit": 6, ',
            ['"startPeriod": ', '"numberPhases": '],
        ),
        ('{"connectorId": 1}', []),
        ("", []),
        ('{"nothing": {"such": "', []),
    ],
)
def test_what_may_stand_at_the_cursor(text, offered):
    place, found = completions(PROFILE, text, len(text))
    assert found == offered
    assert text[place.start :] == place.part


def test_references_are_followed():
    schema = schemas.schema("ocpp2.0.1", "SetVariables")
    names = [one.name for one in fields(schema, ("setVariableData", 0, "component"))]
    assert names[0] == "name"
    assert names[-1] == "customData"
    text = '{"setVariableData": [{"attributeType": "M'
    assert completions(schema, text, len(text))[1] == ['"MinSet"', '"MaxSet"']


def test_a_half_written_text_never_breaks_it():
    rng = random.Random(11)
    whole = json.dumps(prefill(PROFILE, sample.NOW), indent=1)
    for _ in range(3000):
        text = list(whole)
        for _ in range(rng.randrange(6)):
            text[rng.randrange(len(text))] = rng.choice('{}[],:" \\x1\n')
        cut = "".join(text)
        at = rng.randrange(len(cut) + 1)
        place, offered = completions(PROFILE, cut, at)
        assert 0 <= place.start <= at
        assert cut[place.start :].startswith(place.part)
        assert len(set(offered)) == len(offered)
        Scanner(cut)
        assert 0 <= line_of(cut, "/csChargingProfiles/chargingSchedule/x") <= cut.count("\n") + 1


def test_problems_stand_at_their_line():
    schema = schemas.schema("ocpp1.6", "GetCompositeSchedule")
    payload, found = problems_of(BAD, "GetCompositeSchedule", schema)
    assert payload["duration"] == 3600
    assert [(one.line, one.words) for one in found] == [
        (1, "connectorId is text instead of a whole number"),
        (3, "chargingRateUnit “V” is not in the list"),
    ]
    assert problems_of('{\n "a": }', "X", schema)[1][0].line == 1
    assert problems_of("[]", "X", schema) == (None, problems_of("[]", "X", schema)[1])
    assert problems_of("[" * 100_000, "X", schema)[0] is None


# -- editor -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def editor(qtbot):
    current().apply(QApplication.instance(), "light")
    one = JsonEdit("Payload")
    qtbot.addWidget(one)
    one.resize(400, 300)
    one.show()
    one.set_message("SetChargingProfile", PROFILE, {})
    return one


def test_keys_and_values_are_taken_from_the_list(editor, qtbot):
    editor.setPlainText("{")
    cursor = editor.textCursor()
    cursor.setPosition(1)
    editor.setTextCursor(cursor)
    editor.setFocus()
    qtbot.keyClick(editor, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert editor.suggestions() == ['"connectorId": ', '"csChargingProfiles": ']
    editor._take('"csChargingProfiles": ')
    assert editor.toPlainText() == '{"csChargingProfiles": '
    editor._popup.hide()


def test_marks_follow_what_is_typed(editor, qtbot):
    assert editor.marked()[0][0].splitlines() == ["connectorId is missing", "csChargingProfiles is missing"]
    with qtbot.waitSignal(editor.checked) as told:
        editor.setPlainText(json.dumps(prefill(PROFILE, sample.NOW), indent=2))
    assert told.args[1] == []
    assert editor.marked() == {}


# -- sheet ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(client):
    """What charger.raw was asked; schemas are answered as the engine does."""
    client.answers |= {
        "schema.actions": lambda p: schemas.sendable(p.protocol),
        "schema.get": lambda p: SchemaPair(
            p.protocol, p.action, schemas.schema(p.protocol, p.action), schemas.schema(p.protocol, p.action, True)
        ),
        "charger.raw": RawAnswer({"status": "Accepted"}, 96.0, 4711),
    }
    return lambda: client.asked("charger.raw")


@pytest.fixture
def settings(tmp_path):
    return DeskSettings(tmp_path / "desk.ini")


@pytest.fixture
def sheet(qtbot, mirror, client, settings, sent):
    current().apply(QApplication.instance(), "light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1100, 700)
    window.show()
    one = ConsoleSheet(mirror, client, settings, current(), "WB-01", window)
    one.show()
    qtbot.waitUntil(lambda: one.model.rowCount() > 20)
    yield one
    one.done(0)


def write(sheet, action, payload):
    """Open a message with this payload."""
    return asyncio.ensure_future(sheet.open_message(Ready("", action, payload), fresh=False))


def pick(sheet, name):
    rows = [sheet.model.index(i, 0) for i in range(sheet.model.rowCount())]
    index = next(index for index in rows if index.data(READY_ROLE).name == name)
    sheet.list.clicked.emit(index)


def test_a_message_is_chosen_written_and_sent(sheet, qtbot, sent, settings):
    assert sheet.why_off() == "Choose a message first."
    sheet.search.setText("composite")
    assert [sheet.model.item(i).text() for i in range(sheet.model.rowCount())] == ["GetCompositeSchedule"]
    pick(sheet, "GetCompositeSchedule")
    qtbot.waitUntil(lambda: sheet.action.text() == "GetCompositeSchedule")
    assert json.loads(sheet.editor.toPlainText()) == {"connectorId": 1, "duration": 1}
    assert sheet.send.text() == "Send GetCompositeSchedule"
    assert "Free: chargingRateUnit." in sheet.needs.text()

    sheet.editor.setPlainText(BAD)
    qtbot.waitUntil(lambda: not sheet.send.isEnabled())
    assert "Line 2: connectorId is text instead of a whole number" in sheet.problems.text()
    sheet.send_now()
    assert sent() == []

    sheet.editor.setPlainText(BAD.replace('"1"', "1").replace('"V"', '"A"'))
    qtbot.waitUntil(sheet.send.isEnabled)
    sheet.send.click()
    qtbot.waitUntil(lambda: "answered in 96 ms" in sheet.answer_told.text())
    assert sent()[0].payload == {"connectorId": 1, "duration": 3600, "chargingRateUnit": "A"}
    assert "Row 4711" in sheet.answer_told.text()
    assert sheet.answer.toPlainText().splitlines()[1] == "  status: Accepted"
    assert sheet.answer_chip.look().word == "Valid"
    assert history(settings)[0].action == "GetCompositeSchedule"
    sheet.search.clear()
    sheet.kinds.select("sent")
    sheet._fill()
    assert sheet.model.rowCount() == 1


def test_an_answer_that_breaks_its_schema_is_marked(sheet, qtbot, client):
    client.answers["charger.raw"] = RawAnswer({"status": "Perhaps"}, 5.0)
    opened = write(sheet, "GetCompositeSchedule", {"connectorId": 1, "duration": 9})
    qtbot.waitUntil(lambda: opened.done() and sheet.send.isEnabled())
    sheet.send.click()
    qtbot.waitUntil(lambda: sheet.answer_chip.look().word == "1 breach")
    assert sheet.answer.marked()[1][0] == "status “Perhaps” is not in the list"


def test_a_dangerous_message_is_asked_about_first(sheet, qtbot, sent):
    opened = write(sheet, "Reset", {"type": "Hard"})
    qtbot.waitUntil(lambda: opened.done() and sheet.send.isEnabled())
    for button, count in (("Do not send", 0), ("Send Reset", 1)):
        sheet.send.click()
        question = []

        def asks(found=question):
            found[:] = [one for one in sheet.findChildren(Sheet) if one.isVisible()]
            return bool(found)

        qtbot.waitUntil(asks)
        words = [label.text() for label in question[0].findChildren(type(question[0].heading))]
        assert "Send Reset to Bay 1?" in words
        assert DANGERS["Reset"] in words
        next(b for b in question[0].findChildren(type(sheet.send)) if b.text() == button).click()
        qtbot.waitUntil(lambda: not any(one.isVisible() for one in sheet.findChildren(Sheet)))
        qtbot.waitUntil(lambda n=count: len(sent()) == n)


def test_what_the_charger_refuses_is_said_and_remembered(sheet, qtbot, client, settings):
    client.answers["charger.raw"] = EvdeskError(
        Reason.TIMEOUT, "The charger did not answer GetConfiguration within 60 s."
    )
    opened = write(sheet, "GetConfiguration", {})
    qtbot.waitUntil(lambda: opened.done() and sheet.send.isEnabled())
    sheet.send.click()
    qtbot.waitUntil(lambda: "did not answer" in sheet.answer_told.text())
    assert sheet.send.isEnabled()
    assert history(settings)[0].action == "GetConfiguration"


def test_nothing_is_sent_to_who_cannot_hear_it(sheet, qtbot, mirror, client):
    sheet._charger_id = "WB-07"
    assert "offline" in sheet.why_off()
    mirror.connected = False
    assert sheet.why_off() == "The engine does not answer."


def test_the_history_keeps_no_secrets_and_has_an_end(settings):
    remember(settings, "ChangeConfiguration", {"key": "AuthorizationKey", "value": "9f3cc0ffee11aa22"})
    assert "9f3cc0ffee11aa22" not in settings.path.read_text() if settings.path.exists() else True
    assert history(settings)[0].payload["value"] == "(hidden)"
    for i in range(60):
        remember(settings, "DataTransfer", {"vendorId": str(i)})
    remember(settings, "DataTransfer", {"vendorId": "59"})
    assert len(history(settings)) == KEPT
    assert [one.payload["vendorId"] for one in history(settings)[:2]] == ["59", "58"]
    settings.put("console/history", "[broken")
    assert history(settings) == []


def test_an_answer_to_a_closed_console_has_nowhere_to_stand(sheet, qtbot, client):
    gate = asyncio.Event()
    plain = client.call

    async def slow(method, params=None, timeout=40.0):
        if method == "charger.raw":
            await gate.wait()
        return await plain(method, params, timeout)

    client.call = slow
    opened = write(sheet, "GetConfiguration", {})
    qtbot.waitUntil(lambda: opened.done() and sheet.send.isEnabled())
    sending = asyncio.ensure_future(sheet._send(sheet._pair, {}))
    qtbot.waitUntil(lambda: not sheet.send.isEnabled())
    sheet.done(0)
    gate.set()
    qtbot.waitUntil(sending.done)
    assert sending.exception() is None
    assert sheet.answer_told.text() == "GetConfiguration was sent."
