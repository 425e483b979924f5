"""The `ocpp` package's ChargePoint as an independent charging station, from boot to stop and offline replay."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import (
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    ConfigurationStatus,
    GetCompositeScheduleStatus,
    RemoteStartStopStatus,
    ResetStatus,
)
from websockets.asyncio.client import connect

from evdesk.drivers.ocpp_station import ALL
from evdesk.model import Booted, Capability, ChargerError, ConnectorStatus, LiveProfile, Reading, StatusChanged
from tests.drivers.helpers import desk, slower


def stamp(ago=0.0):
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() - ago, UTC).isoformat()


class Obedient(ChargePoint):
    """Keeps its profiles and settings, and shows the lowest limit as composite schedule."""

    def __init__(self, *args):
        super().__init__(*args, response_timeout=10)
        self.profiles = {}  # limits come as Decimal
        self.settings = {"ChargeProfileMaxStackLevel": "4", "HeartbeatInterval": "60"}
        self.reset_kind = None

    def _limits(self):
        return [
            (
                p["charging_schedule"].get("duration"),
                float(p["charging_schedule"]["charging_schedule_period"][0]["limit"]),
            )
            for p in self.profiles.values()
        ]

    @on("SetChargingProfile")
    def _set(self, connector_id, cs_charging_profiles):
        self.profiles[cs_charging_profiles["charging_profile_id"]] = cs_charging_profiles
        return call_result.SetChargingProfile(ChargingProfileStatus.accepted)

    @on("ClearChargingProfile")
    def _clear(self, id=None, **_):
        known = self.profiles.pop(id, None)
        word = ClearChargingProfileStatus.accepted if known else ClearChargingProfileStatus.unknown
        return call_result.ClearChargingProfile(word)

    @on("GetCompositeSchedule")
    def _composite(self, connector_id, duration, charging_rate_unit=None):
        lasting = min(limit for ends, limit in self._limits() if ends is None)
        periods = [{"startPeriod": 0, "limit": lasting}]
        return call_result.GetCompositeSchedule(
            GetCompositeScheduleStatus.accepted,
            connector_id,
            stamp(),
            {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
        )

    @on("GetConfiguration")
    def _get(self, key=None):
        shown = [{"key": k, "readonly": False, "value": v} for k, v in self.settings.items() if not key or k in key]
        return call_result.GetConfiguration(shown, [k for k in key or [] if k not in self.settings])

    @on("ChangeConfiguration")
    def _change(self, key, value):
        self.settings[key] = value
        return call_result.ChangeConfiguration(ConfigurationStatus.accepted)

    @on("RemoteStartTransaction")
    def _start(self, **_):
        return call_result.RemoteStartTransaction(RemoteStartStopStatus.accepted)

    @on("RemoteStopTransaction")
    def _stop(self, **_):
        return call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted)

    @on("Reset")
    def _reset(self, type):
        self.reset_kind = type
        return call_result.Reset(ResetStatus.accepted)


@asynccontextmanager
async def obedient(made, ident="TMH"):
    async with connect(f"ws://127.0.0.1:{made.port}/{ident}", subprotocols=["ocpp1.6"]) as ws:
        point = Obedient(ident, ws)
        running = asyncio.create_task(point.start())
        try:
            await point.call(call.BootNotification("Model X", "Maker Y", firmware_version="1.0"))
            yield point, made.stations[-1]
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def measured(amps, ago=0.0):
    sampled = [
        {"value": str(amps), "measurand": "Current.Import", "phase": phase, "unit": "A"} for phase in ("L1", "L2", "L3")
    ]
    return {"timestamp": stamp(ago), "sampledValue": [*sampled, {"value": "1500", "unit": "Wh"}]}


async def test_boot_charge_limit_stop():
    async with desk(slower(call_s=20)) as made, obedient(made) as (point, station):
        assert (await made.event(Booted)).identity.model == "Model X"
        await point.call(call.StatusNotification(1, "NoError", "Preparing", timestamp=stamp()))
        assert (await station.start(1, "TAG")).status == "Accepted"
        begun = await point.call(call.StartTransaction(1, "TAG", 1000, stamp()))
        assert begun.id_tag_info["status"] == "Accepted"
        await point.call(call.StatusNotification(1, "NoError", "Charging", timestamp=stamp()))
        await made.event(StatusChanged, status=ConnectorStatus.CHARGING)
        await point.call(call.MeterValues(1, [measured(15.9)], begun.transaction_id))
        reading = await made.event(Reading)
        assert (reading.current_a, reading.energy_wh, reading.live) == ((15.9, 15.9, 15.9), 1500.0, True)

        failsafe = await station.install_failsafe(16, 6, [1])
        assert (failsafe.status, failsafe.payload["max"]) == ("verified", "Accepted")
        answer = await station.set_limit(LiveProfile(1, 9.7, 180, begun.transaction_id))
        assert answer.payload["purpose"] == "TxProfile"
        assert {limit for _, limit in point._limits()} == {16.0, 6.0, 9.7}
        assert (await station.clear_limit(1)).status == "Accepted"
        assert {limit for _, limit in point._limits()} == {16.0, 6.0}

        assert (await station.stop(1, None)).status == "Accepted"
        await point.call(call.StopTransaction(2500, stamp(), begun.transaction_id, reason="Remote", id_tag="TAG"))
        assert [(e.transaction_id, e.meter_wh, e.reason) for e in made.host.closed] == [(1, 2500.0, "Remote")]
        assert made.rules() == set()


async def test_settings_and_reset():
    async with desk(slower(call_s=20)) as made, obedient(made) as (point, station):
        assert {s.name: s.value for s in await station.settings()} == point.settings
        answer = await station.write_setting("HeartbeatInterval", "30")
        assert (answer.before, answer.after) == ("60", "30")
        await station.reset("hard")
        assert point.reset_kind == "Hard"


async def test_what_the_library_does_not_handle_is_no_capability():
    async with desk(slower(call_s=20)) as made, obedient(made) as (_, station):
        with pytest.raises(ChargerError, match="UnlockConnector"):
            await station.unlock(1)
        assert ALL - station.capabilities == {Capability.UNLOCK}


async def test_offline_queue_is_history_and_the_late_stop_is_settled():
    async with desk(slower(call_s=20)) as made:
        async with obedient(made) as (point, _):
            begun = await point.call(call.StartTransaction(1, "TAG", 1000, stamp()))
            await point.call(call.MeterValues(1, [measured(10)], begun.transaction_id))
        async with obedient(made) as (point, station):
            made.events.clear()
            await point.call(call.MeterValues(1, [measured(16, 1800)], begun.transaction_id))
            await point.call(call.MeterValues(1, [measured(15, 900)], begun.transaction_id))
            await point.call(call.MeterValues(1, [measured(12)], begun.transaction_id))
            assert [r.live for r in made.every(Reading)] == [False, False, True]
            assert abs(station.memory.clock.offset_s) < 2
            await point.call(call.StopTransaction(9000, stamp(600), begun.transaction_id))
            (event,) = made.host.closed
            assert event.connector_id == 1
            assert made.host.clock.now() - event.at > 590
