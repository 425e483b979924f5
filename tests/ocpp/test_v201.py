"""OCPP 2.0.1 from the charging station: text in; events, findings and texts out."""

import json

import pytest

from evdesk.model import (
    Booted,
    CertificateAsked,
    ClockSeen,
    ConnectorStatus,
    ExternalLimit,
    FirmwareStatusSeen,
    Heard,
    NeedsTold,
    Reading,
    SecurityEventSeen,
    StatusChanged,
    TagPresented,
    TransactionEnded,
    TransactionStarted,
    UploadStatusSeen,
)
from evdesk.ocpp.check import breaches
from evdesk.ocpp.timestamps import format_time
from evdesk.ocpp.version import Version
from tests.ocpp.helpers import NOW, Wire, answer, every, only, rules, sent

TAG = {"idToken": "04A1B2C3", "type": "ISO14443"}


@pytest.fixture
def wire():
    return Wire(version=Version.V201)


def sample(value, measurand="Energy.Active.Import.Register", unit="Wh", **more):
    return {"value": value, "measurand": measurand, "unitOfMeasure": {"unit": unit}, **more}


def event(wire, kind, seq, ref="T1", ahead=0.0, state="Charging", energy=None, **more):
    payload = {
        "eventType": kind,
        "timestamp": wire.stamp(ahead),
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq,
        "transactionInfo": {"transactionId": ref, "chargingState": state},
        "evse": {"id": 1, "connectorId": 1},
        **more,
    }
    if energy is not None:
        payload["meterValue"] = [{"timestamp": wire.stamp(ahead), "sampledValue": [sample(energy)]}]
    return wire.call("TransactionEvent", payload)


def begun(wire, ref="T1", session=7, **more):
    """A recorded transaction."""
    step = event(wire, "Started", 0, ref, idToken=TAG, **more)
    (deferred,) = step.deferred
    wire.dialogue.settle_start(deferred, session, "Accepted", wire.now)
    return step


# -- boot, status ---------------------------------------------------------------------------------------------------


def test_boot(wire):
    station = {
        "vendorName": "Kestrel",
        "model": "K11",
        "serialNumber": "K-1",
        "firmwareVersion": "2.1",
        "modem": {"iccid": "89", "imsi": "26"},
    }
    step = wire.call("BootNotification", {"reason": "PowerUp", "chargingStation": station})
    who = only(step, Booted).identity
    assert (who.vendor, who.model, who.serial, who.firmware, who.iccid, who.imsi) == (
        "Kestrel",
        "K11",
        "K-1",
        "2.1",
        "89",
        "26",
    )
    assert only(step, Booted).reason == "PowerUp"
    assert answer(step) == {"status": "Accepted", "currentTime": format_time(NOW), "interval": 60}
    assert step.booted


def test_boot_without_serial_and_firmware(wire):
    """Seen in MicroOcpp 1.2.0."""
    step = wire.call("BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}})
    assert only(step, Booted).identity.serial == ""
    assert rules(step) == set()


def test_boot_in_the_shape_of_1_6_is_understood(wire):
    """lbbrhzn/ocpp #2050."""
    step = wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    assert only(step, Booted).identity.model == "M"
    assert answer(step)["status"] == "Accepted"
    assert "other_version" in rules(step)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Available", ConnectorStatus.AVAILABLE),
        ("Occupied", ConnectorStatus.PREPARING),
        ("Reserved", ConnectorStatus.RESERVED),
        ("Unavailable", ConnectorStatus.UNAVAILABLE),
        ("Faulted", ConnectorStatus.FAULTED),
        ("occupied", ConnectorStatus.PREPARING),
        ("Broken", ConnectorStatus.UNKNOWN),
    ],
)
def test_status(wire, word, status):
    step = wire.call(
        "StatusNotification", {"timestamp": wire.stamp(), "connectorStatus": word, "evseId": 2, "connectorId": 1}
    )
    told = only(step, StatusChanged)
    assert (told.connector_id, told.status) == (2, status)
    assert answer(step) == {}


def test_status_of_evse_zero_is_the_stations(wire):
    """lbbrhzn/ocpp PR #2020, mobilityhouse/ocpp #532."""
    payload = {"timestamp": wire.stamp(), "connectorStatus": "Available", "evseId": 0, "connectorId": 0}
    told = only(wire.call("StatusNotification", payload), StatusChanged)
    assert (told.connector_id, told.status) == (0, ConnectorStatus.AVAILABLE)


def test_two_connectors_of_one_evse_are_one_place(wire):
    for connector, word, expected in (
        (1, "Available", ConnectorStatus.AVAILABLE),
        (2, "Occupied", ConnectorStatus.PREPARING),
        (1, "Unavailable", ConnectorStatus.PREPARING),
        (2, "Faulted", ConnectorStatus.UNAVAILABLE),
        (1, "Faulted", ConnectorStatus.FAULTED),
    ):
        payload = {"timestamp": wire.stamp(), "connectorStatus": word, "evseId": 1, "connectorId": connector}
        assert only(wire.call("StatusNotification", payload), StatusChanged).status is expected


def test_status_in_the_shape_of_1_6(wire):
    """lbbrhzn/ocpp #2050, PR #2073."""
    step = wire.call("StatusNotification", {"connectorId": 1, "status": "Charging", "errorCode": "NoError"})
    assert only(step, StatusChanged).status is ConnectorStatus.CHARGING
    assert "other_version" in rules(step)
    assert answer(step) == {}


def test_availability_by_notify_event(wire):
    step = notify(wire, "Connector", "AvailabilityState", "Occupied", evse={"id": 1, "connectorId": 1})
    assert only(step, StatusChanged).status is ConnectorStatus.PREPARING
    assert answer(step) == {}


def test_a_problem_names_the_fault(wire):
    notify(wire, "ConnectorPlugRetentionLock", "Problem", "true", evse={"id": 1, "connectorId": 1}, techInfo="stuck")
    payload = {"timestamp": wire.stamp(), "connectorStatus": "Faulted", "evseId": 1, "connectorId": 1}
    told = only(wire.call("StatusNotification", payload), StatusChanged)
    assert (told.error_code, told.info) == ("ConnectorPlugRetentionLock.Problem", "stuck")
    step = notify(wire, "ConnectorPlugRetentionLock", "Problem", "false", evse={"id": 1, "connectorId": 1})
    assert only(step, StatusChanged).error_code == ""


def notify(wire, component, variable, value, evse=None, **more):
    place = {"name": component} | ({"evse": evse} if evse else {})
    data = {
        "eventId": 1,
        "timestamp": wire.stamp(),
        "trigger": "Delta",
        "actualValue": value,
        "component": place,
        "variable": {"name": variable},
        "eventNotificationType": "HardWiredNotification",
        **more,
    }
    return wire.call("NotifyEvent", {"generatedAt": wire.stamp(), "seqNo": 0, "eventData": [data]})


# -- transactions ---------------------------------------------------------------------------------------------------


def test_a_transaction_from_begin_to_end(wire):
    step = event(wire, "Started", 0, state="EVConnected", energy=1000.0, idToken=TAG)
    (deferred,) = step.deferred
    started = deferred.event
    assert isinstance(started, TransactionStarted)
    assert (started.connector_id, started.ref, started.id_tag) == (1, "T1", "04A1B2C3")
    assert (started.meter_wh, started.incomplete) == (1000.0, False)
    assert sent(step) == []
    assert only(step, TagPresented).kind == "ISO14443"
    assert only(step, StatusChanged).status is ConnectorStatus.PREPARING
    reply = wire.dialogue.settle_start(deferred, 7, "Accepted", wire.now)
    assert answer(reply) == {"idTokenInfo": {"status": "Accepted"}}

    wire.now += 10
    step = event(wire, "Updated", 1, energy=1100.0)
    assert step.deferred == []
    assert answer(step) == {}
    assert only(step, Reading).transaction_id == 7
    assert only(step, StatusChanged).status is ConnectorStatus.CHARGING
    assert wire.memory.ref_of(7) == "T1"

    wire.now += 10
    info = {"transactionId": "T1", "stoppedReason": "EVDisconnected"}
    step = event(wire, "Ended", 2, energy=1200.0, transactionInfo=info)
    (deferred,) = step.deferred
    ended = deferred.event
    assert isinstance(ended, TransactionEnded)
    assert (ended.ref, ended.transaction_id, ended.meter_wh) == ("T1", 7, 1200.0)
    assert (ended.reason, ended.id_tag) == ("EVDisconnected", "04A1B2C3")
    assert answer(wire.dialogue.settle_stop(deferred, "Accepted", wire.now)) == {}
    assert rules(step) == set()


def test_started_without_meter_value_has_no_start_value(wire):
    """Seen in MicroOcpp 1.2.0: unknown, not 0."""
    assert event(wire, "Started", 0).deferred[0].event.meter_wh is None


def test_a_transaction_nobody_heard_begin(wire):
    step = event(wire, "Updated", 5, energy=500.0)
    (deferred,) = step.deferred
    assert deferred.event.incomplete
    assert deferred.event.meter_wh is None
    assert answer(wire.dialogue.settle_start(deferred, 9, "Accepted", wire.now)) == {}
    assert event(wire, "Updated", 6).deferred == []


def test_while_a_start_is_being_recorded_updates_wait_for_nothing(wire):
    (deferred,) = event(wire, "Started", 0).deferred
    step = event(wire, "Updated", 1, energy=10.0)
    assert step.deferred == []
    assert answer(step) == {}
    wire.dialogue.settle_start(deferred, 3, "Accepted", wire.now)
    assert only(event(wire, "Updated", 2, energy=11.0), Reading).transaction_id == 3


def test_a_start_that_could_not_be_recorded_is_tried_again(wire):
    (deferred,) = event(wire, "Started", 0).deferred
    step = wire.dialogue.settle_failed(deferred, "The disk is full.", wire.now)
    assert sent(step)[0][2] == "InternalError"
    step = event(wire, "Started", 0)
    assert len(step.deferred) == 1
    assert rules(step) == set()


def test_a_tag_that_comes_later_is_recorded(wire):
    """TxStartPoint EVConnected: the transaction begins before anybody is authorised."""
    (deferred,) = event(wire, "Started", 0, state="EVConnected").deferred
    assert deferred.event.id_tag == ""
    wire.dialogue.settle_start(deferred, 4, "Accepted", wire.now)
    (again,) = event(wire, "Updated", 1, idToken=TAG).deferred
    assert (again.event.ref, again.event.id_tag) == ("T1", "04A1B2C3")
    assert answer(wire.dialogue.settle_start(again, 4, "Accepted", wire.now))["idTokenInfo"]["status"] == "Accepted"
    assert event(wire, "Updated", 2, idToken=TAG).deferred == []


def test_the_main_meter_is_no_place(wire):
    payload = {"evseId": 0, "meterValue": [{"timestamp": wire.stamp(), "sampledValue": [sample(5)]}]}
    step = wire.call("MeterValues", payload)
    assert every(step, Reading) == []
    assert answer(step) == {}


def test_a_repeated_event_counts_once(wire):
    begun(wire)
    event(wire, "Updated", 1, energy=100.0)
    step = event(wire, "Updated", 1, energy=100.0)
    assert every(step, Reading) == []
    assert answer(step) == {}
    assert rules(step) == {"seq_no_repeated"}


def test_a_station_that_never_counts_is_still_read(wire):
    """Seen in Solidstudio VCP: every TransactionEvent has seqNo 0."""
    begun(wire)
    for ahead, energy in ((1.0, 10.0), (2.0, 20.0)):
        step = event(wire, "Updated", 0, ahead=ahead, energy=energy)
        assert only(step, Reading).energy_wh == energy
        assert rules(step) == {"seq_no_repeated"}
    assert every(event(wire, "Updated", 0, ahead=2.0, energy=20.0), Reading) == []


def test_a_repeated_end_is_answered_again(wire):
    begun(wire)
    first = event(wire, "Ended", 1)
    assert len(first.deferred) == 1
    again = event(wire, "Ended", 1)
    assert len(again.deferred) == 1
    assert rules(again) == {"seq_no_repeated"}


def test_shuffled_events_are_kept_and_flagged(wire):
    begun(wire)
    event(wire, "Updated", 2, energy=120.0)
    step = event(wire, "Updated", 1, energy=110.0, ahead=-5.0)
    assert rules(step) == {"seq_no_order"}
    assert len(every(step, Reading)) == 1


def test_a_gap_is_told_at_the_end(wire):
    begun(wire)
    event(wire, "Updated", 1)
    assert rules(event(wire, "Ended", 4)) == {"seq_no_gap"}


def test_missing_seq_no(wire):
    begun(wire)
    payload = {
        "eventType": "Updated",
        "timestamp": wire.stamp(),
        "triggerReason": "Trigger",
        "transactionInfo": {"transactionId": "T1"},
    }
    step = wire.call("TransactionEvent", payload)
    assert "seq_no_missing" in rules(step)
    assert answer(step) == {}


def test_the_evse_is_remembered(wire):
    event(wire, "Started", 0, evse={"id": 2})
    step = event(wire, "Updated", 1, energy=5.0, evse=None)
    assert only(step, Reading).connector_id == 2


def test_events_without_transaction_id_still_give_their_readings(wire):
    step = event(wire, "Updated", 1, energy=5.0, transactionInfo={})
    assert only(step, Reading).energy_wh == 5.0
    assert "transaction_id_missing" in rules(step)
    assert answer(step) == {}


def test_suspended_and_ended_show_in_the_status(wire):
    occupied = {"timestamp": wire.stamp(), "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
    wire.call("StatusNotification", occupied)
    begun(wire)
    for state, status in (
        ("SuspendedEV", ConnectorStatus.SUSPENDED_EV),
        ("SuspendedEVSE", ConnectorStatus.SUSPENDED_EVSE),
    ):
        seq = 1 if state == "SuspendedEV" else 2
        assert only(event(wire, "Updated", seq, state=state), StatusChanged).status is status
    assert only(event(wire, "Ended", 3), StatusChanged).status is ConnectorStatus.FINISHING
    free = occupied | {"connectorStatus": "Available"}
    assert only(wire.call("StatusNotification", free), StatusChanged).status is ConnectorStatus.AVAILABLE
    assert only(wire.call("StatusNotification", occupied), StatusChanged).status is ConnectorStatus.PREPARING


def test_a_running_transaction_without_charging_state_counts_as_charging(wire):
    step = event(wire, "Started", 0, transactionInfo={"transactionId": "T1"})
    assert only(step, StatusChanged).status is ConnectorStatus.CHARGING


def test_a_late_event_of_an_old_transaction_does_not_touch_the_new_one(wire):
    begun(wire, "OLD", 1)
    event(wire, "Updated", 1, "OLD")
    begun(wire, "NEW", 2, state="SuspendedEV")
    step = event(wire, "Ended", 2, "OLD")
    assert every(step, StatusChanged) == []
    assert wire.memory.evses[1].ref == "NEW"


def test_a_blocked_tag_is_told_so(wire):
    wire.policy.tag = "NoCredit"
    (deferred,) = event(wire, "Started", 0, idToken=TAG).deferred
    reply = wire.dialogue.settle_start(deferred, 1, "NoCredit", wire.now)
    assert answer(reply) == {"idTokenInfo": {"status": "NoCredit"}}
    wire.policy.tag = "who knows"
    step = event(wire, "Updated", 1, idToken=TAG)
    assert answer(step) == {"idTokenInfo": {"status": "Invalid"}}


# -- meter values ---------------------------------------------------------------------------------------------------


def test_meter_values_with_multiplier_and_phases(wire):
    values = [
        sample(138, "Current.Import", "A", phase="L1") | {"unitOfMeasure": {"unit": "A", "multiplier": -1}},
        sample(13.7, "Current.Import", "A", phase="L2"),
        sample(230.1, "Voltage", "V", phase="L1-N"),
        sample(6.3, "Power.Active.Import", "kW"),
        sample(12, "Energy.Active.Import.Register") | {"unitOfMeasure": {"unit": "Wh", "multiplier": 3}},
    ]
    payload = {"evseId": 1, "meterValue": [{"timestamp": wire.stamp(), "sampledValue": values}]}
    reading = only(wire.call("MeterValues", payload), Reading)
    assert reading.current_a == (pytest.approx(13.8), 13.7, None)
    assert reading.power_w == 6300.0
    assert reading.energy_wh == 12000.0


@pytest.mark.parametrize("multiplier", [400, "many"])
def test_absurd_multipliers_give_no_value(wire, multiplier):
    values = [sample(5) | {"unitOfMeasure": {"unit": "Wh", "multiplier": multiplier}}, sample(230.0, "Voltage", "V")]
    payload = {"evseId": 1, "meterValue": [{"timestamp": wire.stamp(), "sampledValue": values}]}
    step = wire.call("MeterValues", payload)
    assert only(step, Reading).energy_wh is None
    assert rules(step)


def test_meter_values_in_the_shape_of_1_6(wire):
    entry = {"timestamp": wire.stamp(), "sampledValue": [{"value": "42", "unit": "Wh"}]}
    step = wire.call("MeterValues", {"connectorId": 1, "meterValue": [entry]})
    assert only(step, Reading).energy_wh == 42.0
    assert "other_version" in rules(step)


def test_the_clock_is_measured(wire):
    wire.now += 5
    step = event(wire, "Started", 0, ahead=90.0)
    assert only(step, ClockSeen).offset_s == pytest.approx(90.0, abs=1.5)


# -- the rest -------------------------------------------------------------------------------------------------------


def test_authorize(wire):
    step = wire.call("Authorize", {"idToken": TAG})
    assert answer(step) == {"idTokenInfo": {"status": "Accepted"}}
    assert only(step, TagPresented).id_tag == "04A1B2C3"


def test_a_contract_certificate_that_cannot_be_checked_opens_nothing(wire):
    step = wire.call("Authorize", {"idToken": {"idToken": "DEX", "type": "eMAID"}, "certificate": "PEM"})
    assert answer(step)["idTokenInfo"]["status"] == "Invalid"


def test_sign_certificate(wire):
    step = wire.call("SignCertificate", {"csr": "PEM", "certificateType": "ChargingStationCertificate"})
    assert answer(step) == {"status": "Accepted"}
    assert only(step, CertificateAsked).csr == "PEM"
    step = wire.call("SignCertificate", {"csr": "PEM", "certificateType": "V2GCertificate"})
    assert answer(step) == {"status": "Rejected"}
    wire.policy.accepted = False
    assert answer(wire.call("SignCertificate", {"csr": "PEM"})) == {"status": "Rejected"}


def test_external_limits(wire):
    schedule = {
        "id": 1,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6900.0, "numberPhases": 3}],
    }
    payload = {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1, "chargingSchedule": [schedule]}
    told = only(wire.call("NotifyChargingLimit", payload), ExternalLimit)
    assert (told.connector_id, told.source, told.limit_a) == (1, "EMS", pytest.approx(10.0))
    told = only(wire.call("ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1}), ExternalLimit)
    assert told.cleared


def test_what_a_car_needs(wire):
    """2.0.1 part 2, K15."""
    ac = {"energyAmount": 12000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
    needs = {"requestedEnergyTransfer": "AC_three_phase", "departureTime": wire.stamp(3600), "acChargingParameters": ac}
    step = wire.call("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs})
    told = only(step, NeedsTold)
    assert (told.energy_wh, told.departure_at, told.max_a, told.phases) == (12000.0, wire.now + 3600, 16.0, 3)
    assert answer(step) == {"status": "Processing"}
    told = only(wire.call("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": "all"}), NeedsTold)
    assert (told.energy_wh, told.departure_at) == (None, None)


@pytest.mark.parametrize(
    ("action", "payload", "kind"),
    [
        ("FirmwareStatusNotification", {"status": "Downloading", "requestId": 4}, FirmwareStatusSeen),
        ("LogStatusNotification", {"status": "Uploaded", "requestId": 4}, UploadStatusSeen),
        ("SecurityEventNotification", {"type": "Tamper", "timestamp": "2026-01-01T00:00:00Z"}, SecurityEventSeen),
        ("Heartbeat", {}, Heard),
    ],
)
def test_notifications(wire, action, payload, kind):
    step = wire.call(action, payload)
    told = only(step, kind)
    assert getattr(told, "request_id", 4) == 4
    assert breaches(action, answer(step), answer=True, version=Version.V201) == []


def test_parts_of_reports_are_handed_on(wire):
    step = wire.call("NotifyReport", {"requestId": 3, "generatedAt": wire.stamp(), "seqNo": 0, "reportData": []})
    (note,) = step.notes
    assert (note.action, note.payload["requestId"]) == ("NotifyReport", 3)
    assert answer(step) == {}


def test_messages_of_1_6_are_named(wire):
    step = wire.call("StartTransaction", {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": wire.stamp()})
    assert sent(step)[0][2] == "NotImplemented"
    assert rules(step) == {"other_version"}


def test_error_codes_are_spelled_as_2_x_has_them(wire):
    assert sent(wire.text('[2,"a","Heartbeat",7]'))[0][2] == "FormatViolation"
    assert sent(wire.text('[9,"a"]'))[0][2] == "MessageTypeNotSupported"


def test_what_is_no_frame_is_answered_with_minus_one(wire):
    """2.0.1 part 4, 4.2.3."""
    frame = json.loads(wire.text("{not json").send[0])
    assert frame[:3] == [4, "-1", "RpcFrameworkError"]
