"""OCPP 1.6 messages, text in and text out: a row per thing seen in the field, its thread in the test's id."""

import json

import pytest

from evdesk.model import (
    Booted,
    CertificateAsked,
    ClockSeen,
    ConnectorStatus,
    DataReceived,
    FindingSeen,
    FirmwareStatusSeen,
    Heard,
    MessageSeen,
    Reading,
    SecurityEventSeen,
    StatusChanged,
    TransactionEnded,
    TransactionStarted,
    UploadStatusSeen,
)
from evdesk.ocpp.check import breaches
from evdesk.ocpp.exchange import Fate
from evdesk.ocpp.timestamps import format_time
from tests.ocpp.helpers import NOW, FriendlyPolicy, Wire, answer, every, only, rules, sent

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


@pytest.fixture
def wire():
    return Wire()


# -- boot, heartbeat, status --------------------------------------------------------------------------------------


def test_boot_of_an_accepted_charger(wire):
    more = {"chargePointSerialNumber": "S1", "firmwareVersion": "1.2", "iccid": "i", "imsi": "j", "meterType": "mt"}
    step = wire.call("BootNotification", BOOT | more)
    assert answer(step) == {"status": "Accepted", "currentTime": format_time(NOW), "interval": 60}
    assert step.booted
    identity = only(step, Booted).identity
    assert (identity.vendor, identity.model, identity.serial, identity.firmware) == ("V", "M", "S1", "1.2")


def test_boot_of_an_unknown_charger_is_pending_and_asks_again_soon():
    wire = Wire(policy=FriendlyPolicy(accepted=False, heartbeat=3600))
    assert answer(wire.call("BootNotification", BOOT)) | {"currentTime": ""} == {
        "status": "Pending",
        "currentTime": "",
        "interval": 30,
    }


BOOTS = [
    pytest.param({}, "", "BootNotification.required", id="without vendor and model"),
    pytest.param(
        BOOT | {"chargeBoxSerialNumber": "S" * 34},
        "S" * 34,
        "BootNotification.chargeBoxSerialNumber.maxLength",
        id="serial of 34 characters, lbbrhzn/ocpp #1155",
    ),
    pytest.param(
        BOOT | {"chargePointSerialNumber": 4711},
        "4711",
        "BootNotification.chargePointSerialNumber.type",
        id="serial a number",
    ),
]


@pytest.mark.parametrize(("payload", "serial", "rule"), BOOTS)
def test_boot_is_answered_whatever_it_lacks(wire, payload, serial, rule):
    step = wire.call("BootNotification", payload)
    assert answer(step)["status"] == "Accepted"
    assert only(step, Booted).identity.serial == serial
    assert rule in rules(step)


def test_heartbeat_tells_the_time(wire):
    step = wire.call("Heartbeat", {})
    assert answer(step) == {"currentTime": format_time(NOW)}
    assert only(step, Heard).at == NOW


STATUSES = [
    pytest.param(
        {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}, (1, "Charging", "", ""), set(), id="plain"
    ),
    pytest.param(
        {"connectorId": 0, "errorCode": "NoError", "status": "Available"}, (0, "Available", "", ""), set(), id="station"
    ),
    pytest.param(
        {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted", "info": "RCD"},
        (1, "Faulted", "GroundFailure", "RCD"),
        set(),
        id="fault",
    ),
    pytest.param(
        {"connectorId": 1, "errorCode": "Error", "status": "Faulted"},
        (1, "Faulted", "OtherError", "Error"),
        {"StatusNotification.errorCode.enum"},
        id="errorCode outside the enum, lbbrhzn/ocpp #1248",
    ),
    pytest.param(
        {"connectorId": "1", "errorCode": "NoError", "status": "charging"},
        (1, "Charging", "", ""),
        {"StatusNotification.connectorId.type", "StatusNotification.status.enum"},
        id="type and case slips",
    ),
    pytest.param(
        {"connectorId": 1, "errorCode": "NoError", "status": "Occupied"},
        (1, "unknown", "", ""),
        {"StatusNotification.status.enum"},
        id="a word of another version",
    ),
    pytest.param(
        {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": "2026-05-28 20:26:40"},
        (1, "Available", "", ""),
        {"zone_missing"},
        id="time without zone, evcc-io/evcc #10399",
    ),
]


@pytest.mark.parametrize(("payload", "expected", "flagged"), STATUSES)
def test_status(wire, payload, expected, flagged):
    step = wire.call("StatusNotification", payload)
    assert answer(step) == {}
    event = only(step, StatusChanged)
    assert (event.connector_id, event.status.value, event.error_code, event.info) == expected
    assert rules(step) == flagged


def test_triggered_status_without_error_keeps_the_last_real_one(wire):
    """matth-x/MicroOcpp #136."""
    fault = {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted"}
    wire.call("StatusNotification", fault)
    repeated = only(wire.call("StatusNotification", fault | {"errorCode": "NoError"}), StatusChanged)
    assert (repeated.status, repeated.error_code) == (ConnectorStatus.FAULTED, "GroundFailure")
    well = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    assert only(wire.call("StatusNotification", well), StatusChanged).error_code == ""
    later = only(wire.call("StatusNotification", fault | {"errorCode": "NoError"}), StatusChanged)
    assert later.error_code == ""


def test_2x_shaped_status_is_recognised(wire):
    """lbbrhzn/ocpp #2050."""
    step = wire.call("StatusNotification", {"evseId": 1, "connectorId": 1, "connectorStatus": "Available"})
    assert answer(step) == {}
    assert "other_version" in rules(step)
    assert only(step, StatusChanged).status is ConnectorStatus.AVAILABLE


# -- meter values -------------------------------------------------------------------------------------------------


def values(wire, amps="10", ahead=0.0, **more):
    entry = {
        "timestamp": wire.stamp(ahead),
        "sampledValue": [{"value": amps, "measurand": "Current.Import", "phase": "L1", "unit": "A"}],
    }
    return wire.call("MeterValues", {"connectorId": 1, "meterValue": [entry], **more})


def test_meter_values_become_readings(wire):
    step = values(wire, transactionId=7)
    assert answer(step) == {}
    reading = only(step, Reading)
    assert (reading.connector_id, reading.current_a, reading.transaction_id) == (1, (10.0, None, None), 7)
    assert (reading.at, reading.charger_at, reading.live) == (NOW, NOW, True)
    assert rules(step) == set()


def test_local_time_marked_utc_is_corrected_by_the_measured_offset(wire):
    """openWB/core PR #2272."""
    step = values(wire, ahead=7200.0)
    reading = only(step, Reading)
    assert (reading.at, reading.charger_at, reading.live) == (NOW, NOW + 7200.0, True)
    assert only(step, ClockSeen).offset_s == 7200.0


def test_queued_values_are_history_only_and_leave_the_clock_alone(wire):
    values(wire)
    wire.now += 600
    step = values(wire, ahead=-500.0)
    reading = only(step, Reading)
    assert (reading.at, reading.live) == (wire.now - 500.0, False)
    assert wire.memory.clock.offset_s == 0.0


def test_slow_samplers_stay_live(wire):
    wire.memory.sample_s = 300.0
    values(wire)
    wire.now += 400
    assert only(values(wire, ahead=-400.0), Reading).live


@pytest.mark.parametrize("written", ["1970-01-01T00:00:12Z", "2000-01-01T00:00:00Z"])
def test_unset_clock_means_now(wire, written):
    """matth-x/MicroOcpp PR #354."""
    entry = {"timestamp": written, "sampledValue": [{"value": "5"}]}
    step = wire.call("MeterValues", {"connectorId": 1, "meterValue": [entry]})
    reading = only(step, Reading)
    assert (reading.at, reading.charger_at, reading.live) == (NOW, None, True)
    assert rules(step) == {"clock_not_set"}
    assert wire.memory.clock.offset_s is None


@pytest.mark.parametrize("ident", [-1, 0, "0"])
def test_offline_transaction_ids_are_unknown(wire, ident):
    """EVerest/libocpp #495, c-jimenez/open-ocpp #24."""
    step = values(wire, transactionId=ident)
    assert only(step, Reading).transaction_id is None
    assert "transaction_id_not_given" in rules(step)


def test_values_without_connector_are_placed_by_their_transaction(wire):
    values(wire, transactionId=7)
    entry = {"timestamp": wire.stamp(), "sampledValue": [{"value": "5"}]}
    step = wire.call("MeterValues", {"transactionId": 7, "meterValue": [entry]})
    assert only(step, Reading).connector_id == 1
    lost = wire.call("MeterValues", {"transactionId": 8, "meterValue": [entry]})
    assert every(lost, Reading) == []
    assert answer(lost) == {}
    assert "connector_missing" in rules(lost)


# -- transactions -------------------------------------------------------------------------------------------------


def start(wire, **more):
    payload = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": wire.stamp()}
    return wire.call("StartTransaction", payload | more)


def stop(wire, ident=7, **more):
    return wire.call("StopTransaction", {"transactionId": ident, "meterStop": 5100, "timestamp": wire.stamp()} | more)


def test_start_is_answered_only_when_it_is_recorded(wire):
    step = start(wire)
    assert step.send == []
    (deferred,) = step.deferred
    assert deferred.event == TransactionStarted("CP1", 1, NOW, "TAG", 100.0, charger_at=NOW)
    settled = wire.dialogue.settle_start(deferred, 7, "Accepted", NOW)
    assert answer(settled) == {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    assert wire.memory.transaction_on(1) == 7


def test_repeated_start_while_it_is_recorded_is_not_recorded_twice(wire):
    payload = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": wire.stamp()}
    (deferred,) = wire.call("StartTransaction", payload, "same").deferred
    again = wire.call("StartTransaction", payload, "same")
    assert (again.deferred, again.send, rules(again)) == ([], [], {"repeated_message"})
    first = wire.dialogue.settle_start(deferred, 7, "Accepted", NOW).send
    assert wire.call("StartTransaction", payload, "same").send == first


def test_start_that_could_not_be_recorded_is_tried_again_by_the_charger(wire):
    payload = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": wire.stamp()}
    (deferred,) = wire.call("StartTransaction", payload, "same").deferred
    ((kind, ident, code, *_),) = sent(wire.dialogue.settle_failed(deferred, "The disk is full.", NOW))
    assert (kind, ident, code) == (4, "same", "InternalError")
    assert wire.call("StartTransaction", payload, "same").deferred


STARTS = [
    pytest.param({"meterStart": None}, None, id="no register"),
    pytest.param({"meterStart": "100"}, 100.0, id="register as text"),
    pytest.param({"meterStart": -3}, None, id="negative register"),
    pytest.param({"meterStart": 100.5}, 100.5, id="register with decimals"),
]


@pytest.mark.parametrize(("more", "meter"), STARTS)
def test_start_registers(wire, more, meter):
    assert start(wire, **more).deferred[0].event.meter_wh == meter


def test_stop_names_the_connector_and_carries_its_last_values(wire):
    (deferred,) = start(wire).deferred
    wire.dialogue.settle_start(deferred, 7, "Accepted", NOW)
    entry = {"timestamp": wire.stamp(), "sampledValue": [{"value": "5100", "context": "Transaction.End"}]}
    step = stop(wire, idTag="TAG", reason="EVDisconnected", transactionData=[entry])
    assert only(step, Reading).energy_wh == 5100.0
    (deferred,) = step.deferred
    event = deferred.event
    assert isinstance(event, TransactionEnded)
    assert (event.transaction_id, event.connector_id, event.meter_wh) == (7, 1, 5100.0)
    assert (event.reason, event.id_tag) == ("EVDisconnected", "TAG")
    assert answer(wire.dialogue.settle_stop(deferred, "Accepted", NOW)) == {"idTagInfo": {"status": "Accepted"}}
    assert wire.memory.transaction_on(1) is None


def test_stop_without_tag_gets_no_tag_status(wire):
    (deferred,) = stop(wire).deferred
    assert deferred.event.reason == "Local"
    assert answer(wire.dialogue.settle_stop(deferred, "Accepted", NOW)) == {}


def test_stop_of_a_charge_that_started_offline(wire):
    """EVerest/libocpp #495."""
    step = stop(wire, -1)
    assert step.deferred[0].event.transaction_id is None
    assert "transaction_id_not_given" in rules(step)


def test_authorize(wire):
    assert answer(wire.call("Authorize", {"idTag": "T"})) == {"idTagInfo": {"status": "Accepted"}}
    wire.policy.tag = "who knows"
    assert answer(wire.call("Authorize", {"idTag": "T"})) == {"idTagInfo": {"status": "Invalid"}}


# -- the rest -----------------------------------------------------------------------------------------------------

REST = [
    ("FirmwareStatusNotification", {"status": "Downloading"}, FirmwareStatusSeen, {}),
    ("SignedFirmwareStatusNotification", {"status": "SignatureVerified"}, FirmwareStatusSeen, {}),
    ("DiagnosticsStatusNotification", {"status": "Uploading"}, UploadStatusSeen, {}),
    ("LogStatusNotification", {"status": "Uploaded", "requestId": 1}, UploadStatusSeen, {}),
    ("DataTransfer", {"vendorId": "V", "messageId": "m", "data": "d"}, DataReceived, {"status": "UnknownVendorId"}),
    ("SecurityEventNotification", {"type": "Tamper", "timestamp": "2026-01-01T00:00:00Z"}, SecurityEventSeen, {}),
    ("SignCertificate", {"csr": "x"}, CertificateAsked, {"status": "Accepted"}),
]


@pytest.mark.parametrize(("action", "payload", "kind", "reply"), REST, ids=[row[0] for row in REST])
def test_notifications(wire, action, payload, kind, reply):
    step = wire.call(action, payload)
    assert answer(step) == reply
    assert only(step, kind)


@pytest.mark.parametrize("action", ["MakeCoffee", "TransactionEvent", "x" * 500])
def test_unknown_actions_are_not_implemented(wire, action):
    step = wire.call(action, {})
    ((kind, _, code, *_),) = sent(step)
    assert (kind, code) == (4, "NotImplemented")
    assert rules(step) & {"unknown_action", "other_version"}


def test_misspelled_actions_are_understood(wire):
    step = wire.call("heartBeat", {})
    assert "currentTime" in answer(step)
    assert rules(step) == {"action_spelling"}


def test_numeric_ids_are_answered_with_a_number(wire):
    (frame,) = sent(wire.text('[2,42,"Heartbeat",{}]'))
    assert frame[1] == 42


def test_glued_frames_are_all_answered(wire):
    step = wire.text('[2,"a","Heartbeat",{}][2,"b","Heartbeat",{}]')
    assert [frame[1] for frame in sent(step)] == ["a", "b"]


def test_garbage_is_logged_and_the_connection_goes_on(wire):
    step = wire.text("\x16\x03 what?")
    assert (step.send, rules(step)) == ([], {"not_a_frame"})
    assert only(step, MessageSeen).kind == "garbage"
    assert answer(wire.call("Heartbeat", {}))


def test_one_finding_per_rule_and_message(wire):
    entry = {"timestamp": wire.stamp(), "sampledValue": [{"value": "x", "phase": "Q"}] * 30}
    step = wire.call("MeterValues", {"connectorId": 1, "meterValue": [entry] * 30})
    assert len(every(step, FindingSeen)) == len(rules(step)) == 2


def test_repeated_status_is_answered_again_and_told_once(wire):
    payload = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    first, again = wire.call("StatusNotification", payload, "x"), wire.call("StatusNotification", payload, "x")
    assert first.send == again.send
    assert every(again, StatusChanged) == []


# -- our own calls ------------------------------------------------------------------------------------------------


def test_our_calls_wait_until_the_charger_may_be_spoken_to(wire):
    wire.dialogue.open_for_calls = False
    ticket, step = wire.dialogue.ask("Reset", {"type": "Soft"}, NOW, 60.0)
    assert step.send == []
    wire.dialogue.open_for_calls = True
    (frame,) = sent(wire.dialogue.tick(NOW))
    assert frame == [2, ticket.id, "Reset", {"type": "Soft"}]


def test_calls_of_the_charger_are_answered_while_ours_is_open(wire):
    """Seen in the SAP simulator: it sends CALLs before it answers ours."""
    ticket, _ = wire.dialogue.ask("Reset", {"type": "Soft"}, NOW, 60.0)
    assert answer(wire.call("Heartbeat", {}))
    step = wire.text(json.dumps([3, ticket.id, {"status": "Accepted"}]))
    assert step.ended == [ticket]
    assert ticket.fate is Fate.ANSWERED
    assert only(step, MessageSeen).action == "Reset"


def test_a_broken_answer_is_flagged_and_still_counts(wire):
    ticket, _ = wire.dialogue.ask("Reset", {"type": "Soft"}, NOW, 60.0)
    step = wire.text(json.dumps([3, ticket.id, {"status": "Sure"}]))
    assert rules(step) == {"ResetResponse.status.enum"}
    assert ticket.answer == {"status": "Sure"}


def test_what_comes_too_late_is_a_finding(wire):
    ticket, _ = wire.dialogue.ask("Reset", {"type": "Soft"}, NOW, 60.0)
    wire.now += 61
    assert wire.dialogue.tick(wire.now).ended == [ticket]
    step = wire.text(json.dumps([3, ticket.id, {"status": "Accepted"}]))
    assert (step.ended, rules(step)) == ([], {"late_answer"})


def test_secrets_stay_out_of_messages_and_findings(wire):
    secret = "0123456789abcdef"
    payload = {"key": "AuthorizationKey", "value": secret}
    _, step = wire.dialogue.ask("ChangeConfiguration", payload, NOW, 60.0)
    assert secret in step.send[0]
    incoming = wire.call("DataTransfer", {"vendorId": 5, "data": payload, "password": secret})
    for event in step.events + incoming.events:
        if isinstance(event, MessageSeen | FindingSeen):
            assert secret not in repr(event)


@pytest.mark.parametrize(
    ("action", "payload"),
    [("Heartbeat", {}), ("BootNotification", BOOT), ("Authorize", {"idTag": "T"}), ("DataTransfer", {"vendorId": "V"})],
)
def test_answers_obey_the_schema(wire, action, payload):
    assert breaches(action, answer(wire.call(action, payload)), answer=True) == []
