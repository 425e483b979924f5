"""OCPP 2.1 from the charging station: what it adds to 2.0.1, SEND and CALLRESULTERROR among it."""

import json

import pytest

from evdesk.model import ConnectorStatus, FindingSeen, Heard, MessageSeen, StatusChanged
from evdesk.ocpp.check import breaches
from evdesk.ocpp.exchange import Fate
from evdesk.ocpp.version import Version
from tests.ocpp.helpers import NOW, Wire, answer, every, only, rules, sent


@pytest.fixture
def wire():
    return Wire(version=Version.V21)


STREAM = {"id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0.0, "v": "230"}]}
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "01"}


def test_a_send_is_taken_and_never_answered(wire):
    step = wire.text(json.dumps([6, "s1", "NotifyPeriodicEventStream", STREAM]))
    assert step.send == []
    assert rules(step) == set()
    assert step.notes[0].payload == STREAM
    assert only(step, Heard)


@pytest.mark.parametrize(
    "frame",
    [
        [6, "s1", "NotifyPeriodicEventStream", {"id": "one"}],
        [6, "s1", "NoSuchThing", {}],
        [6, "s1", "Heartbeat"],
        [6, "s1", "Heartbeat", 7],
        [6, "s1"],
        ["6", "s1", "Heartbeat", {}],
        [6, "s1", 5, {}],
    ],
)
def test_broken_sends_are_flagged_and_never_answered(wire, frame):
    step = wire.text(json.dumps(frame))
    assert step.send == []
    assert rules(step) or frame[2] == "Heartbeat"


def test_a_repeated_send_is_not_answered_either(wire):
    text = json.dumps([6, "s1", "NotifyPeriodicEventStream", STREAM])
    wire.text(text)
    assert wire.text(text).send == []


def test_an_answer_the_charger_cannot_use_is_a_finding(wire):
    """2.1 part 4, 4.2.4: CALLRESULTERROR. A CALL of ours with the same id stays open."""
    wire.call("Heartbeat", {}, "h1")
    step = wire.text(json.dumps([5, "h1", "FormatViolation", "currentTime", {}]))
    assert step.send == []
    assert rules(step) == {"error_to_answer"}
    assert only(step, MessageSeen).kind == "error"
    ticket, _ = wire.dialogue.ask("ClearCache", {}, NOW, 30)
    wire.text(json.dumps([5, ticket.id, "GenericError", "", {}]))
    assert ticket.fate is Fate.SENT
    wire.text(json.dumps([3, ticket.id, {"status": "Accepted"}]))
    assert ticket.fate is Fate.ANSWERED


def test_an_answer_that_lacks_what_it_must_hold_is_told_to_the_charger(wire):
    ticket, _ = wire.dialogue.ask("ClearCache", {}, NOW, 30)
    step = wire.text(json.dumps([3, ticket.id, {}]))
    kind, ident, code, description, _ = json.loads(step.send[0])
    assert (kind, ident, code) == (5, ticket.id, "OccurrenceConstraintViolation")
    assert "status" in description
    assert ticket.fate is Fate.ANSWERED
    ticket, _ = wire.dialogue.ask("ClearCache", {}, NOW, 30)
    odd = {"status": "Accepted", "statusInfo": {"reasonCode": "x" * 30}}
    step = wire.text(json.dumps([3, ticket.id, odd]))
    assert step.send == []
    assert rules(step)


def test_2_0_1_has_no_such_frame():
    wire = Wire(version=Version.V201)
    ticket, _ = wire.dialogue.ask("ClearCache", {}, NOW, 30)
    assert wire.text(json.dumps([3, ticket.id, {}])).send == []


CALLS = [
    ("BatterySwap", {"eventType": "BatteryIn", "requestId": 1, "batteryData": [], "idToken": {}}),
    ("ClosePeriodicEventStream", {"id": 1}),
    ("GetCertificateChainStatus", {"certificateStatusRequests": [{"certificateHashData": HASH, "source": "CRL"}]}),
    ("GetCertificateChainStatus", {"certificateStatusRequests": "nonsense"}),
    ("NotifyDERStartStop", {"controlId": "c", "started": True, "timestamp": "2026-01-01T00:00:00Z"}),
    ("NotifyPriorityCharging", {"transactionId": "t", "activated": True}),
    ("NotifySettlement", {"pspRef": "x"}),
    ("OpenPeriodicEventStream", {"constantStreamData": {}}),
    ("PullDynamicScheduleUpdate", {"chargingProfileId": 1}),
    ("VatNumberValidation", {"vatNumber": "DE" + "9" * 40, "evseId": 1}),
    ("VatNumberValidation", {}),
]


@pytest.mark.parametrize(("action", "payload"), CALLS, ids=[f"{n} {row[0]}" for n, row in enumerate(CALLS)])
def test_every_new_call_has_a_valid_answer(wire, action, payload):
    assert breaches(action, answer(wire.call(action, payload)), answer=True, version=Version.V21) == []


def test_availability_comes_by_notify_event(wire):
    item = {
        "eventId": 1,
        "timestamp": wire.stamp(),
        "trigger": "Delta",
        "actualValue": "Occupied",
        "component": {"name": "Connector", "evse": {"id": 2, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
        "eventNotificationType": "HardWiredNotification",
    }
    step = wire.call("NotifyEvent", {"generatedAt": wire.stamp(), "seqNo": 0, "eventData": [item]})
    told = only(step, StatusChanged)
    assert (told.connector_id, told.status) == (2, ConnectorStatus.PREPARING)
    assert every(step, FindingSeen) == []


def test_messages_that_are_only_in_2_1_are_unknown_to_2_0_1():
    wire = Wire(version=Version.V201)
    step = wire.call("NotifySettlement", {})
    assert sent(step)[0][2] == "NotImplemented"
    assert rules(step) == {"other_version"}
