"""Things seen in the field that have no better place: text in, text out. The whole list stands in tests/quirks.py."""

import json

from evdesk.model import (
    Booted,
    ConnectorStatus,
    FindingSeen,
    FirmwareStatusSeen,
    MessageSeen,
    StatusChanged,
    TransactionEnded,
    UploadStatusSeen,
)
from evdesk.ocpp.dialogue import Fate
from evdesk.ocpp.version import Version
from tests.ocpp.helpers import NOW, Wire, answer, every, only, rules, sent


def test_lengths_have_no_limit_on_the_way_in():
    """lbbrhzn/ocpp #361, #987, #1622, steve-community/steve #1259, mobilityhouse/ocpp #122, #353."""
    wire = Wire()
    long = "x" * 255
    boot = {"chargePointVendor": long, "chargePointModel": long, "chargeBoxSerialNumber": long, "firmwareVersion": long}
    step = wire.call("BootNotification", boot)
    assert answer(step)["status"] == "Accepted"
    who = only(step, Booted).identity
    assert (who.vendor, who.model, who.serial, who.firmware) == (long,) * 4
    status = {
        "connectorId": 1,
        "errorCode": "NoError",
        "status": "Available",
        "info": long,
        "vendorErrorCode": "y" * 120,
    }
    step = wire.call("StatusNotification", status)
    assert answer(step) == {}
    assert only(step, StatusChanged).info == long
    assert all(rule.endswith("maxLength") for rule in rules(step))


def test_json_in_info_and_endless_vendor_codes_are_shown_as_they_came():
    """lbbrhzn/ocpp #211."""
    info, code = '{"state":"A1","temp":[31,32]}', "0" * 32
    status = {"connectorId": 1, "errorCode": "OtherError", "status": "Faulted", "info": info, "vendorErrorCode": code}
    step = Wire().call("StatusNotification", status)
    assert answer(step) == {}
    seen = only(step, StatusChanged)
    assert (seen.error_code, seen.info, seen.vendor_error) == ("OtherError", info, code)
    assert rules(step) == set()


def test_boot_without_firmware_and_status_without_time():
    """Seen in MicroOcpp 1.2.0 and the SAP simulator."""
    wire = Wire()
    step = wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    assert (only(step, Booted).identity.firmware, only(step, Booted).identity.serial) == ("", "")
    step = wire.call("StatusNotification", {"connectorId": 2, "errorCode": "NoError", "status": "Charging"})
    seen = only(step, StatusChanged)
    assert (seen.connector_id, seen.at, seen.status) == (2, NOW, ConnectorStatus.CHARGING)
    assert rules(step) == set()


def test_an_endless_error_description_is_cut_and_kept_in_the_log():
    """Seen in the SAP simulator: the whole request stands in it."""
    wire = Wire()
    ticket, _ = wire.dialogue.ask("Reset", {"type": "Soft"}, NOW, 60.0)
    step = wire.text(json.dumps([4, ticket.id, "FormationViolation", "request: " + "x" * 5000, {}]))
    assert ticket.fate is Fate.REFUSED
    assert len(ticket.error.description) == 500
    assert len(only(step, MessageSeen).text) > 5000


def test_a_refusal_by_schema_of_the_other_version_is_told():
    """lbbrhzn/ocpp #2050: the 1.6 message under the 2.0.1 sub-protocol shows which version it really speaks."""
    wire = Wire(version=Version.V201)
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": wire.stamp()}
    step = wire.call("StatusNotification", status)
    assert "other_version" in rules(step)
    told = next(event for event in every(step, FindingSeen) if event.rule == "other_version")
    assert "one version" in told.sentence
    step = wire.call("StartTransaction", {"connectorId": 1})
    assert sent(step)[0][2] == "NotImplemented"
    assert "other_version" in rules(step)


def test_a_stop_without_its_start_keeps_the_energy():
    """matth-x/MicroOcpp #454."""
    wire = Wire()
    stop = {
        "transactionId": 4711,
        "meterStop": 12345,
        "timestamp": wire.stamp(),
        "idTag": "T",
        "reason": "EVDisconnected",
    }
    (deferred,) = wire.call("StopTransaction", stop).deferred
    assert isinstance(deferred.event, TransactionEnded)
    assert (deferred.event.transaction_id, deferred.event.connector_id) == (4711, None)
    assert deferred.event.meter_wh == 12345.0
    assert answer(wire.dialogue.settle_stop(deferred, "Accepted", NOW)) == {"idTagInfo": {"status": "Accepted"}}


def test_firmware_states_come_in_any_order_and_more_than_once():
    """matth-x/MicroOcpp #261, SAP/e-mobility-charging-stations-simulator #459, EVerest/libocpp PR #277."""
    wire = Wire()
    steps = [
        wire.call("FirmwareStatusNotification", {"status": word}) for word in ("Installing", "Installed", "Installed")
    ]
    assert [answer(step) for step in steps] == [{}, {}, {}]
    assert [only(step, FirmwareStatusSeen).status for step in steps] == ["Installing", "Installed", "Installed"]
    assert set().union(*map(rules, steps)) == set()


def test_a_flood_of_upload_states_is_answered():
    """EVerest/EVerest #536, matth-x/MicroOcpp #397."""
    wire = Wire()
    for _ in range(200):
        step = wire.call("DiagnosticsStatusNotification", {"status": "Uploading"})
        assert answer(step) == {}
        assert only(step, UploadStatusSeen).status == "Uploading"
