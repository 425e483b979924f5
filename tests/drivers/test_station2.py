"""The driver of 2.x stations against a charger scripted frame by frame over a real WebSocket."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from evdesk.drivers import ocpp_variables
from evdesk.model import (
    CapabilitiesChanged,
    Capability,
    ChargerError,
    ConnectorStatus,
    FindingSeen,
    LiveProfile,
    Reason,
    StatusChanged,
)
from evdesk.ocpp.check import breaches
from evdesk.ocpp.timestamps import format_time
from evdesk.ocpp.version import Version
from tests.drivers.helpers import charger, desk

BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
STATUS = {"timestamp": "2026-01-01T00:00:00Z", "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
TOKEN = {"idToken": "TAG", "type": "ISO14443"}


@asynccontextmanager
async def station(script=None, protocol="ocpp2.0.1"):
    """(desk, scripted charger, driver), booted and with one occupied EVSE."""
    async with desk() as made, charger(made, script=script, boot=False, subprotocols=[protocol]) as (peer, driver):
        await peer.call("BootNotification", BOOT)
        await peer.call("StatusNotification", STATUS)
        yield made, peer, driver


async def begin(made, peer, ref="T1"):
    payload = {
        "eventType": "Started",
        "timestamp": format_time(made.host.clock.now()),
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": ref, "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": TOKEN,
    }
    answer = await peer.call("TransactionEvent", payload)
    assert answer[2] == {"idTokenInfo": {"status": "Accepted"}}
    return made.host.opened.index(next(e for e in made.host.opened if e.ref == ref)) + 1


def valid(peer, version=Version.V201):
    """Everything that was asked of the charger is as the schema wants it."""
    for action, payload in peer.asked:
        assert breaches(action, payload, version=version) == [], action


async def refused(call):
    with pytest.raises(ChargerError) as caught:
        await call
    return caught.value


# -- verbs ----------------------------------------------------------------------------------------------------------


async def test_start_and_stop():
    async with station() as (made, peer, driver):
        assert (await driver.start(1, "TAG")).status == "Accepted"
        (asked,) = peer.requests("RequestStartTransaction")
        assert (asked["evseId"], asked["idToken"]["idToken"]) == (1, "TAG")
        session = await begin(made, peer)
        assert (await driver.stop(1, session)).status == "Accepted"
        assert peer.requests("RequestStopTransaction") == [{"transactionId": "T1"}]
        valid(peer)


async def test_stop_without_a_known_transaction_says_so():
    async with station() as (_, _, driver):
        assert (await refused(driver.stop(1, 5))).reason is Reason.INVALID


@pytest.mark.parametrize(("kind", "word"), [("soft", "OnIdle"), ("hard", "Immediate")])
async def test_reset(kind, word):
    async with station({"Reset": {"status": "Scheduled"}}) as (_, peer, driver):
        assert (await driver.reset(kind)).status == "Scheduled"
        assert peer.requests("Reset") == [{"type": word}]


async def test_unlock_and_availability():
    async with station({"UnlockConnector": {"status": "Unlocked"}}) as (_, peer, driver):
        assert (await driver.unlock(1)).status == "Unlocked"
        assert (await driver.availability(1, False)).status == "Accepted"
        assert (await driver.availability(0, True)).status == "Accepted"
        assert peer.requests("ChangeAvailability") == [
            {"operationalStatus": "Inoperative", "evse": {"id": 1}},
            {"operationalStatus": "Operative"},
        ]
        valid(peer)


async def test_the_chargers_own_reason_is_told():
    info = {"status": "Rejected", "statusInfo": {"reasonCode": "Busy", "additionalInfo": "cable test"}}
    async with station({"RequestStartTransaction": info}) as (_, _, driver):
        error = await refused(driver.start(1, "TAG"))
        assert error.reason is Reason.REFUSED
        assert "Busy: cable test" in error.sentence


async def test_trigger_names_the_place():
    async with station() as (_, peer, driver):
        await driver.trigger("StatusNotification", None)
        await driver.trigger("MeterValues", 1)
        await driver.trigger("DiagnosticsStatusNotification", None)
        assert peer.requests("TriggerMessage") == [
            {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}},
            {"requestedMessage": "MeterValues", "evse": {"id": 1}},
            {"requestedMessage": "LogStatusNotification"},
        ]
        valid(peer)


async def test_what_the_charger_does_not_know_goes_from_its_capabilities():
    async with station({"SetChargingProfile": ("error", "NotImplemented")}) as (made, peer, driver):
        session = await begin(made, peer)
        assert (await refused(driver.set_limit(LiveProfile(1, 10.0, 180, session)))).reason is Reason.UNSUPPORTED
        gone = await made.event(CapabilitiesChanged)
        assert not gone.capabilities & {Capability.SET_LIMIT, Capability.FAILSAFE}


async def test_raw_is_checked_against_the_connections_own_version():
    async with station() as (_, peer, driver):
        assert (await refused(driver.raw("ChangeConfiguration", {}))).reason is Reason.INVALID
        assert (await refused(driver.raw("GetVariables", {"what": 1}))).reason is Reason.INVALID
        assert await driver.raw("ClearCache", {}) == {"status": "Accepted"}
        assert [action for action, _ in peer.asked] == ["ClearCache"]


# -- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("protocol", "version"), [("ocpp2.0.1", Version.V201), ("ocpp2.1", Version.V21)])
async def test_a_live_limit_in_a_charge(protocol, version):
    async with station({"GetVariables": {"getVariableResult": []}}, protocol) as (made, peer, driver):
        session = await begin(made, peer)
        answer = await driver.set_limit(LiveProfile(1, 11.5, 180, session))
        assert answer.status == "Accepted"
        (asked,) = peer.requests("SetChargingProfile")
        profile = asked["chargingProfile"]
        assert (asked["evseId"], profile["chargingProfilePurpose"], profile["transactionId"]) == (1, "TxProfile", "T1")
        (schedule,) = profile["chargingSchedule"]
        assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 11.5}]
        assert schedule["duration"] == 185
        assert (profile.get("maxOfflineDuration") == 185) is (version is Version.V21)
        valid(peer, version)


async def test_without_a_charge_the_limit_is_a_default_above_the_static_one():
    async with station({"GetVariables": {"getVariableResult": []}}) as (_, peer, driver):
        await driver.set_limit(LiveProfile(1, 8.0, 180))
        (asked,) = peer.requests("SetChargingProfile")
        assert asked["chargingProfile"]["chargingProfilePurpose"] == "TxDefaultProfile"
        assert asked["chargingProfile"]["stackLevel"] > 0


async def test_a_charge_whose_id_is_not_known_gets_the_default():
    async with station({"GetVariables": {"getVariableResult": []}}) as (_, peer, driver):
        await driver.set_limit(LiveProfile(1, 8.0, 180, 99))
        (asked,) = peer.requests("SetChargingProfile")
        assert asked["chargingProfile"]["chargingProfilePurpose"] == "TxDefaultProfile"


def schedule(limit):
    return {
        "status": "Accepted",
        "schedule": {
            "evseId": 1,
            "duration": 900,
            "scheduleStart": "2026-01-01T00:00:00Z",
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    }


async def test_the_failsafe_is_written_and_shown_again():
    script = {"GetVariables": {"getVariableResult": []}, "GetCompositeSchedule": schedule(6.0)}
    async with station(script) as (_, peer, driver):
        assert (await driver.install_failsafe(16.0, 6.0, [3, 1])).status == "verified"
        assert [asked["evseId"] for asked in peer.requests("GetCompositeSchedule")] == [1, 3]
        purposes = [asked["chargingProfile"]["chargingProfilePurpose"] for asked in peer.requests("SetChargingProfile")]
        assert purposes == ["ChargingStationMaxProfile", "TxDefaultProfile"]
        valid(peer)


async def test_a_failsafe_that_is_not_shown_is_not_verified():
    script = {"GetVariables": {"getVariableResult": []}, "GetCompositeSchedule": schedule(32.0)}
    async with station(script) as (_, _, driver):
        answer = await driver.install_failsafe(16.0, 6.0, [1])
        assert answer.status == "untested"
        assert "32 A" in answer.payload["detail"]


async def test_watts_only():
    told = {
        "getVariableResult": [
            {
                "attributeStatus": "Accepted",
                "attributeValue": "W",
                "component": {"name": "SmartChargingCtrlr"},
                "variable": {"name": "RateUnit"},
            }
        ]
    }
    async with station({"GetVariables": told}) as (made, peer, driver):
        session = await begin(made, peer)
        await driver.set_limit(LiveProfile(1, 10.0, 180, session))
        (asked,) = peer.requests("SetChargingProfile")
        (made_schedule,) = asked["chargingProfile"]["chargingSchedule"]
        assert made_schedule["chargingRateUnit"] == "W"
        assert made_schedule["chargingSchedulePeriod"][0]["limit"] == 6900.0


async def test_every_profile_is_told_whoever_put_it_there():
    def report(ident, evse, source, profiles, tbc):
        return {
            "requestId": ident,
            "evseId": evse,
            "chargingLimitSource": source,
            "chargingProfile": profiles,
            "tbc": tbc,
        }

    def profile(ident, purpose, limit, unit="A"):
        periods = [{"startPeriod": 0, "limit": limit}, {"startPeriod": 60, "limit": -1}]
        made = {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": periods, "duration": 120}
        return {
            "id": ident,
            "stackLevel": 1,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [made],
        }

    async with station() as (_, peer, driver):

        async def later(ident):
            ours = report(ident, 0, "CSO", [profile(1601, "ChargingStationMaxProfile", 16.0)], True)
            grid = report(ident, 1, "SO", [profile(9, "ChargingStationExternalConstraints", 6900.0, "W")], False)
            for n, message in enumerate((ours, grid)):
                await peer.ws.send(json.dumps([2, f"p{n}", "ReportChargingProfiles", message]))

        def react(request):
            peer._slow.append(asyncio.ensure_future(later(request["requestId"])))
            return {"status": "Accepted"}

        peer.script["GetChargingProfiles"] = react
        ours, grid = await driver.profiles()
        assert (ours.id, ours.connector_id, ours.purpose, ours.source) == (1601, 0, "ChargePointMaxProfile", "CSO")
        assert ours.periods == ((0.0, 16.0), (60.0, None))
        assert (grid.connector_id, grid.source, grid.periods[0]) == (1, "SO", (0.0, pytest.approx(10.0)))
        peer.script["GetChargingProfiles"] = {"status": "NoProfiles"}
        assert await driver.profiles() == []
        valid(peer)


# -- the device model -----------------------------------------------------------------------------------------------


def data(name, value, **traits):
    return {
        "component": {"name": "OCPPCommCtrlr"},
        "variable": {"name": name},
        "variableAttribute": [{"value": value, "mutability": "ReadWrite"}],
        "variableCharacteristics": {"dataType": "integer", "supportsMonitoring": False, **traits},
    }


def reporting(peer, parts, status="Accepted"):
    """A GetBaseReport reaction that sends these (seqNo, tbc, variables) parts afterwards."""

    async def later(request):
        for seq, tbc, variables in parts:
            payload = {
                "requestId": request["requestId"],
                "generatedAt": "2026-01-01T00:00:00Z",
                "seqNo": seq,
                "tbc": tbc,
                "reportData": [data(name, "1") for name in variables],
            }
            await peer.ws.send(json.dumps([2, f"r{seq}-{request['requestId']}", "NotifyReport", payload]))

    def react(request):
        peer._slow.append(asyncio.ensure_future(later(request)))
        return {"status": status}

    return react


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
async def test_an_inventory_in_parts(order):
    parts = [(0, True, ["A", "B"]), (1, True, ["C"]), (2, False, ["D"])]
    async with station() as (made, peer, driver):
        peer.script["GetBaseReport"] = reporting(peer, [parts[n] for n in order])
        found = await driver.settings()
        assert [s.name for s in found] == [f"OCPPCommCtrlr/{c}" for c in "ABCD"]
        assert not any(isinstance(e, FindingSeen) for e in made.events)
        valid(peer)


async def test_an_inventory_with_a_missing_part_is_told_as_such(monkeypatch):
    monkeypatch.setattr(ocpp_variables, "PART_S", 0.1)
    async with station() as (made, peer, driver):
        peer.script["GetBaseReport"] = reporting(peer, [(0, True, ["A"]), (2, False, ["C"])])
        assert [s.name[-1] for s in await driver.settings()] == ["A", "C"]
        finding = await made.event(FindingSeen, rule="report_incomplete")
        assert "part 1 is missing" in finding.sentence


async def test_without_an_inventory_the_usual_variables_are_asked():
    def variables(request):
        return {
            "getVariableResult": [
                {**item, "attributeStatus": "Accepted", "attributeValue": "7"}
                if item["variable"]["name"] == "HeartbeatInterval"
                else {**item, "attributeStatus": "UnknownVariable"}
                for item in request["getVariableData"]
            ]
        }

    script = {"GetBaseReport": {"status": "NotSupported"}, "GetVariables": variables}
    async with station(script) as (made, peer, driver):
        found = await driver.settings()
        assert [(s.name, s.value) for s in found] == [("OCPPCommCtrlr/HeartbeatInterval", "7")]
        assert (await made.event(FindingSeen, rule="report_incomplete")).sentence
        valid(peer)


async def test_a_batch_that_is_too_large_is_halved():
    """SAP/e-mobility-charging-stations-simulator #2011."""
    sizes = []

    def variables(request):
        sizes.append(len(request["getVariableData"]))
        if sizes[-1] > 3:
            return ("error", "OccurrenceConstraintViolation")
        return {
            "getVariableResult": [
                {**item, "attributeStatus": "Accepted", "attributeValue": "1"} for item in request["getVariableData"]
            ]
        }

    async with station({"GetVariables": variables}) as (_, _, driver):
        found = await driver.settings(full=False)
        assert len(found) == len(ocpp_variables.ESSENTIAL)
        assert sizes[0] == len(ocpp_variables.ESSENTIAL)
        assert max(sizes[2:]) <= 3


def writing(status, after):
    values = iter(after)

    def read(request):
        (item,) = request["getVariableData"]
        value = next(values)
        told = {**item, "attributeStatus": "Accepted"}
        return {"getVariableResult": [told if value is None else told | {"attributeValue": value}]}

    def write(request):
        (item,) = request["setVariableData"]
        place = {key: told for key, told in item.items() if key != "attributeValue"}
        return {"setVariableResult": [{**place, "attributeStatus": status}]}

    return {"GetVariables": read, "SetVariables": write}


async def test_writing_reads_before_and_after():
    async with station(writing("Accepted", ["300", "60"])) as (_, peer, driver):
        answer = await driver.write_setting("OCPPCommCtrlr/HeartbeatInterval", "60")
        assert (answer.status, answer.before, answer.after) == ("Accepted", "300", "60")
        valid(peer)


async def test_accepted_without_a_value_is_no_value():
    """Seen in Solidstudio VCP."""
    async with station(writing("RebootRequired", [None, None])) as (_, _, driver):
        answer = await driver.write_setting("OCPPCommCtrlr/HeartbeatInterval", "60")
        assert (answer.status, answer.before, answer.after) == ("RebootRequired", None, None)
        assert answer.payload["reboot"] is True


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Rejected", Reason.REFUSED),
        ("UnknownComponent", Reason.UNSUPPORTED),
        ("UnknownVariable", Reason.UNSUPPORTED),
        ("Perhaps", Reason.BAD_REPLY),
    ],
)
async def test_refused_writes_say_why(status, reason):
    async with station(writing(status, ["1", "1"])) as (_, _, driver):
        assert (await refused(driver.write_setting("OCPPCommCtrlr/HeartbeatInterval", "60"))).reason is reason


async def test_passwords_are_written_and_never_read():
    async with station(writing("Accepted", [])) as (made, peer, driver):
        assert (
            await refused(driver.write_setting("SecurityCtrlr/BasicAuthPassword", "short"))
        ).reason is Reason.INVALID
        answer = await driver.write_setting("SecurityCtrlr/BasicAuthPassword", "hunter2hunter2hunter2")
        assert (answer.before, answer.after) == (None, None)
        assert peer.requests("GetVariables") == []
        assert "hunter2" not in repr(made.events)


async def test_bad_addresses_are_refused_before_anything_is_sent():
    async with station() as (_, peer, driver):
        assert (await refused(driver.write_setting("HeartbeatInterval", "1"))).reason is Reason.INVALID
        assert (await refused(driver.write_setting("A/B", "x" * 1001))).reason is Reason.INVALID
        assert peer.asked == []


async def test_statuses_come_through():
    async with station() as (made, _, _):
        assert (await made.event(StatusChanged)).status is ConnectorStatus.PREPARING
