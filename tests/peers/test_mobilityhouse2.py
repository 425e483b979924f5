"""The `ocpp` package as a charging station of 2.0.1 and 2.1 on a real engine: it checks every message both ways."""

import json
from contextlib import asynccontextmanager

import pytest

from tests.engine.harness import engine, until
from tests.peers.station2 import DEFAULT_PURPOSE, LIVE_PURPOSE, TOKEN, VARIABLES, stamp, station2

PROTOCOLS = ["ocpp2.0.1", "ocpp2.1"]
WHERE = {"charger_id": "TMH", "connector_id": 1}
STREAM = {"id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0.0, "v": "230"}]}


async def charger(api):
    return next((c for c in await api.call("charger.list") if c["id"] == "TMH"), {})


async def connector(api, **wanted):
    """The one connector, once its fields are as wanted."""

    async def look():
        for found in (await charger(api)).get("connectors", []):
            if all(found[name] == value for name, value in wanted.items()):
                return found
        return None

    return await until(look)


@asynccontextmanager
async def ready(data, protocol):
    """An engine's API and a station that is set up."""
    with engine(data, "--accept-unknown") as running:
        async with running.client() as api, station2(running.ocpp, "TMH", protocol) as station:
            answer = await station.boot()
            assert answer.status == "Accepted"

            async def set_up():
                return (await charger(api)).get("failsafe", {}).get("state") == "verified"

            await until(set_up, 30)
            yield api, station
            assert station.trouble == []
            assert (await api.call("audit.verify"))["holds"]


async def at_rest(api):
    """Nothing was found fault with."""
    assert await api.call("finding.list") == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_boot_authorise_charge_limit_and_stop(tmp_path, protocol):
    async with ready(tmp_path, protocol) as (api, station):
        found = await charger(api)
        assert (found["protocol"], found["vendor"], found["serial"]) == (protocol, "Maker Y", "S-2")
        safe = [found["failsafe"]["max_a"], found["failsafe"]["safe_a"]]
        assert station.limits() == safe
        assert station.limits(DEFAULT_PURPOSE) == safe[1:]
        assert (await station.say("Authorize", id_token=TOKEN)).id_token_info["status"] == "Accepted"

        await api.call("charger.start", WHERE | {"id_tag": "CARD"})
        charging = await connector(api, status="Charging", id_tag="CARD")
        assert charging["session_id"] == 1
        await api.call("charger.set_limit", WHERE | {"limit_a": 7})
        await connector(api, limit_a=7.0)
        assert station.limits(LIVE_PURPOSE) == [7.0]
        live = station.requests("SetChargingProfile")[-1]["chargingProfile"]
        assert live["transactionId"] == station.transaction
        assert live["chargingSchedule"][0]["duration"] > 60
        assert ("maxOfflineDuration" in live) == (protocol == "ocpp2.1")
        await station.event("Updated", "MeterValuePeriodic", 6.9, 1500.0)
        assert (await connector(api, current_a=[6.9, 6.9, 6.9]))["session_wh"] == 500.0
        assert {p["purpose"] for p in await api.call("charger.profiles", {"charger_id": "TMH"})} >= {LIVE_PURPOSE}

        await api.call("charger.stop", WHERE)
        await connector(api, session_id=None, status="Available")
        (session,) = await api.call("session.list")
        told = (session["id_tag"], session["energy_wh"], session["reason"], session["incomplete"], session["ref"])
        assert told == ("CARD", 1500.0, "Remote", False, station.transaction)
        await at_rest(api)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_settings_service_and_what_happened_offline(tmp_path, protocol):
    async with ready(tmp_path, protocol) as (api, station):
        await settings_are_read_and_written(api, station)
        await service_by_hand(api, station)
        await offline_comes_later(api, station)
        await at_rest(api)


async def settings_are_read_and_written(api, station):
    settings = {s["name"]: s for s in await api.call("charger.settings", {"charger_id": "TMH"})}
    assert len(settings) == len(VARIABLES)
    heartbeat = settings["OCPPCommCtrlr/HeartbeatInterval"]
    assert (heartbeat["value"], heartbeat["type"], heartbeat["writable"]) == ("60", "integer", True)
    assert settings["DeviceDataCtrlr/ItemsPerMessage[GetVariables]"]["value"] == "4"
    write = {"charger_id": "TMH", "name": heartbeat["name"], "value": "45"}
    done = await api.call("charger.write_setting", write)
    assert (done["before"], done["after"]) == ("60", "45")
    assert station.variables["OCPPCommCtrlr", "HeartbeatInterval", None] == "45"


async def service_by_hand(api, station):
    async def raw(action, **payload):
        asked = {"charger_id": "TMH", "action": action, "payload": payload}
        return (await api.call("charger.raw", asked))["payload"]

    log = {"remoteLocation": "http://127.0.0.1:9/up"}
    answer = await raw("GetLog", logType="DiagnosticsLog", requestId=7, log=log)
    assert answer == {"status": "Accepted", "filename": "log.zip"}
    firmware = {"location": "http://127.0.0.1:9/fw.bin", "retrieveDateTime": stamp()}
    assert await raw("UpdateFirmware", requestId=8, firmware=firmware) == {"status": "Accepted"}
    data = {"charger_id": "TMH", "vendor_id": "org.example", "message_id": "m", "data": "do it"}
    assert (await api.call("charger.data_transfer", data))["after"] == "as you say"
    assert (await station.say("DataTransfer", vendor_id="org.example", data="hello")).status == "UnknownVendorId"
    await api.call("charger.unlock", WHERE)
    await api.call("charger.availability", WHERE | {"operative": False})
    await api.call("charger.trigger", WHERE | {"what": "MeterValues"})
    assert (await api.call("charger.reset", {"charger_id": "TMH", "kind": "soft"}))["status"] == "Scheduled"
    assert station.requests("Reset") == [{"type": "OnIdle"}]
    assert station.requests("ChangeAvailability")[-1]["operationalStatus"] == "Inoperative"


async def offline_comes_later(api, station):
    """A whole charge of the station's own queue."""
    station.transaction = "OFF-1"
    await station.event("Started", "Authorized", 0.0, 100.0, id_token=TOKEN, offline=True)
    await station.event("Updated", "MeterValuePeriodic", 10.0, 600.0, offline=True)
    await station.event("Ended", "StopAuthorized", 0.0, 900.0, "Idle", id_token=TOKEN, offline=True)
    (session,) = await api.call("session.list")
    assert (session["ref"], session["id_tag"], session["energy_wh"]) == ("OFF-1", TOKEN["id_token"], 800.0)


async def test_send_and_callresulterror_of_2_1(tmp_path):
    """The package cannot make these frames; they go past it, on its own connection."""
    async with ready(tmp_path, "ocpp2.1") as (api, station):
        await station._connection.send(json.dumps([6, "s-1", "NotifyPeriodicEventStream", STREAM]))
        await station._connection.send(json.dumps([5, "h-1", "FormatViolation", "currentTime", {}]))

        async def told():
            return {finding["rule"] for finding in await api.call("finding.list")}

        await until(told)
        assert await told() == {"error_to_answer"}
        assert (await station.say("Heartbeat")).current_time
        seen = await api.call("message.list", {"charger_id": "TMH", "limit": 50})
        assert any("NotifyPeriodicEventStream" in json.dumps(row) for row in seen)


async def test_one_that_drops_its_safe_default_offline_and_keeps_it_so_has_none(tmp_path):
    key = ("SmartChargingCtrlr", "IgnoredProfilePurposesOffline", None)
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station2(running.ocpp, "TMH", "ocpp2.1") as station:
            station.variables[key] = "TxDefaultProfile,TxProfile"
            accepted = type(station)._set

            def refuses(self, set_variable_data, **more):
                answer = accepted(self, set_variable_data, **more)
                self.variables[key] = "TxDefaultProfile,TxProfile"
                for one in answer.set_variable_result:
                    if one["variable"]["name"] == key[1]:
                        one["attribute_status"] = "Rejected"
                return answer

            station.route_map["SetVariables"]["_on_action"] = refuses.__get__(station)
            await station.boot()

            async def told():
                return (await charger(api)).get("failsafe", {}).get("state") == "cannot"

            await until(told, 30)
            assert "Offline it drops its safe default" in (await charger(api))["failsafe"]["detail"]
