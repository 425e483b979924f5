"""ocpp-rpc (Node, strict mode) as a charging station: an independent reading of OCPP JSON, with schemas of its own."""

import pytest

from evdesk.model import (
    Booted,
    ChargerError,
    ConnectorStatus,
    Disconnected,
    LiveProfile,
    Reading,
    Reason,
    StatusChanged,
)
from evdesk.ocpp.timestamps import format_time
from evdesk.ocpp.version import Version
from tests.drivers.helpers import desk, slower
from tests.ocpp.message_table import FROM_CSMS, FROM_STATION, SENDS
from tests.ocpp.payloads import fullest, smallest
from tests.peers.rpc_peer import demand_installed, peer

BOOT = {"chargePointVendor": "Peer", "chargePointModel": "ocpp-rpc", "firmwareVersion": "2.2.1"}
BOOT_2 = {
    "reason": "PowerUp",
    "chargingStation": {"vendorName": "Peer", "model": "ocpp-rpc", "firmwareVersion": "2.2.1"},
}
STEPS_A = (6.0, 6.3, 10.1, 16.0, 31.9)

pytestmark = pytest.mark.needs_npm


@pytest.fixture(scope="module", autouse=True)
def installed():
    demand_installed()


async def test_a_whole_charge_in_strict_mode():
    async with desk(slower(call_s=20)) as made, peer(made) as client:
        await client.answer(
            GetConfiguration={
                "configurationKey": [{"key": "ChargeProfileMaxStackLevel", "readonly": True, "value": "2"}],
                "unknownKey": [],
            },
            GetCompositeSchedule={
                "status": "Accepted",
                "connectorId": 1,
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}],
                },
            },
            UnlockConnector={"status": "Unlocked"},
        )
        now = format_time(made.host.clock.now())
        assert (await client.call("BootNotification", BOOT))["status"] == "Accepted"
        assert (await made.event(Booted)).identity.firmware == "2.2.1"
        station = made.listener.stations["RPC 1/ä"]
        assert "currentTime" in await client.call("Heartbeat", {})
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": now}
        assert await client.call("StatusNotification", status) == {}
        await made.event(StatusChanged)
        assert (await client.call("Authorize", {"idTag": "TAG"}))["idTagInfo"]["status"] == "Accepted"
        begun = {"connectorId": 1, "idTag": "TAG", "meterStart": 10, "timestamp": now}
        transaction = (await client.call("StartTransaction", begun))["transactionId"]
        sampled = [{"value": "9.5", "measurand": "Current.Import", "phase": "L1", "unit": "A"}]
        entry = {"timestamp": now, "sampledValue": sampled}
        await client.call("MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": [entry]})
        assert (await made.event(Reading)).current_a[0] == 9.5

        assert (await station.install_failsafe(32, 6, [1])).status == "verified"
        for amps in STEPS_A:
            await station.set_limit(LiveProfile(1, amps, 180, transaction))
        await station.clear_limit(1)
        await station.trigger("StatusNotification", 1)
        await station.unlock(1)
        await station.settings()
        await station.stop(1, transaction)
        await station.reset("soft")
        ended = {"transactionId": transaction, "meterStop": 99, "timestamp": now, "idTag": "TAG"}
        assert (await client.call("StopTransaction", ended))["idTagInfo"]["status"] == "Accepted"
        await client.caught_up()
        schedules = [p["csChargingProfiles"]["chargingSchedule"] for p in client.requests("SetChargingProfile")]
        assert [each["chargingSchedulePeriod"][0]["limit"] for each in schedules] == [32, 6, *STEPS_A]
        assert client.broken == []
        assert made.rules() == set()
    assert "1000" in (await made.event(Disconnected)).cause


def second_answers(now):
    """What an obedient station of 2.x with one EVSE answers."""
    period = {"startPeriod": 0, "limit": 6.0}
    schedule = {"evseId": 1, "duration": 900, "scheduleStart": now, "chargingRateUnit": "A"}
    named = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    return {
        "GetCompositeSchedule": {"status": "Accepted", "schedule": {**schedule, "chargingSchedulePeriod": [period]}},
        "GetVariables": {"getVariableResult": [{"attributeStatus": "Accepted", "attributeValue": "30", **named}]},
        "SetVariables": {"setVariableResult": [{"attributeStatus": "Accepted", **named}]},
        "UnlockConnector": {"status": "Unlocked"},
    }


def transaction_event(now, kind, seq, **more):
    return {
        "eventType": kind,
        "timestamp": now,
        "triggerReason": "RemoteStart" if kind == "Started" else "MeterValuePeriodic",
        "seqNo": seq,
        "transactionInfo": {"transactionId": "T-1", "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [
            {"timestamp": now, "sampledValue": [{"value": 9.5, "measurand": "Current.Import", "phase": "L1"}]}
        ],
        **more,
    }


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_a_whole_charge_of_2_x_in_strict_mode(protocol):
    async with desk(slower(call_s=20)) as made, peer(made, protocol=protocol) as client:
        now = format_time(made.host.clock.now())
        await client.answer(**second_answers(now))
        assert (await client.call("BootNotification", BOOT_2))["status"] == "Accepted"
        assert (await made.event(Booted)).identity.model == "ocpp-rpc"
        station = made.listener.stations["RPC 1/ä"]
        status = {"evseId": 1, "connectorId": 1, "connectorStatus": "Occupied", "timestamp": now}
        assert await client.call("StatusNotification", status) == {}
        await made.event(StatusChanged, status=ConnectorStatus.PREPARING)
        token = {"idToken": "TAG", "type": "ISO14443"}
        assert (await client.call("Authorize", {"idToken": token}))["idTokenInfo"]["status"] == "Accepted"
        await station.start(1, "TAG")
        begun = await client.call("TransactionEvent", transaction_event(now, "Started", 0, idToken=token))
        assert begun["idTokenInfo"]["status"] == "Accepted"
        assert await client.call("TransactionEvent", transaction_event(now, "Updated", 1)) == {}
        assert (await made.event(Reading)).current_a[0] == 9.5

        assert (await station.install_failsafe(32, 6, [1])).status == "verified"
        for amps in STEPS_A:
            await station.set_limit(LiveProfile(1, amps, 180, 1))
        await station.clear_limit(1)
        assert (await station.write_setting("OCPPCommCtrlr/HeartbeatInterval", "30")).after == "30"
        await station.trigger("StatusNotification", 1)
        await station.unlock(1)
        await station.availability(1, False)
        await station.stop(1, 1)
        await station.reset("soft")
        await client.call("TransactionEvent", transaction_event(now, "Ended", 2))
        assert [event.ref for event in made.host.closed] == ["T-1"]
        await client.caught_up()
        profiles = [each["chargingProfile"] for each in client.requests("SetChargingProfile")]
        limits = [each["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] for each in profiles]
        assert limits == [32, 6, *STEPS_A]
        assert {each.get("transactionId") for each in profiles[2:]} == {"T-1"}
        assert all("maxOfflineDuration" in each for each in profiles[2:]) == (protocol == "ocpp2.1")
        assert client.requests("RequestStopTransaction") == [{"transactionId": "T-1"}]
        assert client.broken == []
        assert made.rules() == set()


@pytest.mark.parametrize("form", [smallest, fullest])
@pytest.mark.parametrize("version", Version)
async def test_every_message_of_both_sides_passes_its_schemas(version, form):
    async with desk(slower(call_s=20)) as made, peer(made, protocol=version.value) as client:
        await client.call("BootNotification", form(version, "BootNotification"))
        station = made.listener.stations["RPC 1/ä"]
        for action in sorted(set(FROM_STATION[version]) - set(SENDS[version])):
            await client.call(action, form(version, action))
        for action in FROM_CSMS[version]:
            answer = form(version, action, answer=True)
            await client.answer(**{action: answer})
            assert (await station.call(action, form(version, action))).payload == answer
        await client.caught_up()
        assert [action for action, _ in client.asked] == list(FROM_CSMS[version])
        assert [params for _, params in client.asked] == [form(version, action) for action in FROM_CSMS[version]]
        assert client.broken == []


async def test_a_charger_that_is_cut_off_gives_an_error_in_words():
    async with desk(slower(call_s=20)) as made, peer(made) as client:
        await client.call("BootNotification", BOOT)
        station = made.stations[-1]
        client.process.kill()
        await client.process.wait()
        await made.event(Disconnected)
        with pytest.raises(ChargerError) as caught:
            await station.reset("soft")
        assert caught.value.reason is Reason.UNREACHABLE
