"""The sheet about wiring: what steps show, the test, entering what was seen."""

import pytest

from evdesk.gui.dialogs.wiring import WiringSheet, appliable, meter_words, seen_words
from evdesk.gui.theme import current
from evdesk.model import EvdeskError, Reason
from evdesk.wire.method import Done
from evdesk.wire.wiring import ConnectorWiring, MeterWiring, WiringList, WiringTestState, WiringTestStep

RIGHT = ConnectorWiring("WB-01", 1, "RST", "R??", 0.999, "agrees", 4, 1, "Main")
WRONG = ConnectorWiring("WB-02", 1, "RST", "STR", 0.995, "contradicts", 3, 1, "Main")
NEW = ConnectorWiring("WB-03", 1, "", "", 0.4, "unknown", 1, 0, "Main")
METER = MeterWiring("Main", "right", 1.01, "", 7)
LIST = WiringList([RIGHT, WRONG, NEW], [METER], WiringTestState())


@pytest.fixture
def sheet(mirror, client, qtbot):
    client.answers |= {"wiring.list": LIST, "wiring.test": WiringTestState(True), "wiring.apply": Done()}
    client.answers |= {"wiring.cancel": WiringTestState(), "wiring.trust": Done()}
    one = WiringSheet(mirror, client, current(), None)
    qtbot.addWidget(one)
    one.show()
    qtbot.waitUntil(lambda: len(one.rows) == 3)
    return one


def asked(client, method):
    return [params for name, params in client.calls if name == method]


def test_each_connector_has_what_is_entered_what_is_seen_and_a_verdict(sheet):
    words = {
        key[0]: (row.entered.text(), row.seen.text(), row.state.accessibleName()) for key, row in sheet.rows.items()
    }
    assert words["WB-01"] == ("L1 L2 L3 (RST)", "terminal 1 on L1, 99.9% sure", "As entered")
    assert words["WB-02"] == ("L1 L2 L3 (RST)", "L2 L3 L1 (STR), 99.5% sure", "Not as entered")
    assert words["WB-03"] == ("Not known", "1 of 2 steps", "Unknown")
    assert [row.apply.isVisible() for row in sheet.rows.values()] == [False, True, False]


def test_what_was_seen_is_entered_by_a_click(sheet, client, qtbot):
    sheet.rows["WB-02", 1].apply.click()
    qtbot.waitUntil(lambda: bool(asked(client, "wiring.apply")))
    (params,) = asked(client, "wiring.apply")
    assert (params.charger_id, params.connector_id) == ("WB-02", 1)


def test_the_test_is_begun_and_ended_with_one_button(sheet, client, qtbot):
    sheet.test.click()
    qtbot.waitUntil(lambda: bool(asked(client, "wiring.test")))
    steps = [WiringTestStep("WB-01", 1, "done", "agrees"), WiringTestStep("WB-02", 1, "runs")]
    steps.append(WiringTestStep("WB-03", 1, "skipped", "no car is charging there"))
    sheet.show_found(WiringList(LIST.connectors, LIST.meters, WiringTestState(True, 1.0, None, steps)))
    assert sheet.progress.text().startswith("Test: 2 of 3 connectors")
    assert "is stepped now" in sheet.rows["WB-02", 1].seen.text()
    assert "no car is charging there" in sheet.rows["WB-03", 1].seen.text()
    assert sheet.test.text() == "End the test"
    sheet.test.click()
    qtbot.waitUntil(lambda: bool(asked(client, "wiring.cancel")))


def test_a_refusal_is_said(sheet, client, qtbot):
    client.answers["wiring.test"] = EvdeskError(Reason.INVALID, "Balancing is off. Switch it on.")
    sheet.test.click()
    qtbot.waitUntil(lambda: "Balancing is off" in sheet._error.text())


def test_a_wrong_meter_says_what_to_do_and_can_be_told_mended(sheet, client, qtbot):
    wrong = MeterWiring("Main", "backwards", -1.0, "", 6)
    sheet.show_found(WiringList(LIST.connectors, [wrong], WiringTestState()))
    chip, words, trust, fed = sheet._meters["Main"]
    assert chip.accessibleName() == "Counts backwards"
    assert "Turn its current transformers" in words.text()
    trust.click()
    qtbot.waitUntil(lambda: bool(asked(client, "wiring.trust")))
    assert asked(client, "wiring.trust")[0].circuit == "Main"
    assert not fed.isVisible()


def test_a_roof_or_battery_beside_the_meter_can_be_said(sheet, client, qtbot):
    sheet.show_found(WiringList(LIST.connectors, [MeterWiring("Main", "misses", None, "", 0)], WiringTestState()))
    _chip, said, _trust, fed = sheet._meters["Main"]
    assert "roof or battery" in said.text()
    fed.click()
    qtbot.waitUntil(lambda: bool(asked(client, "wiring.trust")))
    assert asked(client, "wiring.trust")[0].fed


def test_what_steps_have_shown_open_is_no_roof(sheet):
    sheet.show_found(WiringList(LIST.connectors, [MeterWiring("Main", "misses", None, "T", 3)], WiringTestState()))
    chip, said, trust, fed = sheet._meters["Main"]
    assert (trust.isVisible(), fed.isVisible()) == (True, False)
    sheet.grab()  # lays it out
    assert said.geometry().top() >= chip.geometry().bottom()
    assert said.width() > trust.geometry().left()
    many = [MeterWiring(f"Hall {n}", "misses", None, "T", 3) for n in range(4)]
    sheet.show_found(
        WiringList(LIST.connectors, many, WiringTestState(False, 1.0, 2.0, [WiringTestStep("WB-01", 1, "done")]))
    )
    sheet.grab()
    assert sheet.progress.geometry().top() >= sheet._scroll.geometry().bottom()


def test_without_a_meter_the_test_is_off_with_its_reason(sheet):
    sheet.show_found(WiringList(LIST.connectors, [], WiringTestState()))
    assert not sheet.test.isEnabled()
    sheet.show_found(WiringList([], [], WiringTestState()))
    assert sheet.empty.isVisible()


@pytest.mark.parametrize(
    ("one", "words", "may"),
    [
        (ConnectorWiring("A", 1, "", "ST", 0.99, "learnt", 3, 1), "L2 L3 (ST), 99.0% sure", True),
        (ConnectorWiring("A", 1, "RST", "", 0.3, "same_always", 5, 3), "its cars draw the same on every phase", False),
        (ConnectorWiring("A", 1, "RST", "", 0.6, "unknown", 3, 1), "not clear yet", False),
        (
            ConnectorWiring("A", 1, "RST", "T??", 0.99, "contradicts", 3, 1, "Main", True),
            "terminal 1 on L3, or the meter's phases are wrong, 99.0% sure",
            False,
        ),
    ],
)
def test_words(one, words, may):
    assert (seen_words(one), appliable(one)) == (words, may)


def test_a_meter_without_steps_says_so():
    assert meter_words(MeterWiring("Main", "unknown", None, "", 0)) == "No step was seen by it yet."
    assert meter_words(MeterWiring("Main", "unknown", None, "", 1)) == "1 step, not clear yet."
    assert meter_words(MeterWiring("Main", "misses", None, "T", 3)).startswith("A transformer on L3 (T) is open")
    assert "less than the cars draw" in meter_words(MeterWiring("Main", "misses", None, "", 0))
    assert "Restart it" in meter_words(MeterWiring("Main", "still", None, "", 4))


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("backwards", "flows out while cars draw"), ("unit", "Correct the unit"), ("unreadable", "no current")],
)
def test_a_meter_doubted_without_a_step_says_why(sheet, verdict, words):
    sheet.show_found(WiringList(LIST.connectors, [MeterWiring("Main", verdict, None, "", 0)], WiringTestState()))
    _chip, said, trust, _fed = sheet._meters["Main"]
    assert words in said.text()
    assert trust.isVisible()


def test_a_test_the_engine_ended_in_is_told_so(sheet):
    steps = [WiringTestStep("WB-01", 1, "done"), WiringTestStep("WB-03", 1, "interrupted")]
    sheet.show_found(WiringList(LIST.connectors, LIST.meters, WiringTestState(False, 1.0, 2.0, steps)))
    assert sheet.progress.text() == "Last test: interrupted after 1 of 2 connectors, for evdesk ended. Test again."
    assert sheet.rows["WB-03", 1].seen.text().endswith("interrupted")
    assert not sheet.rows["WB-01", 1].seen.text().endswith("interrupted")
