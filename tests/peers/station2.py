"""A charging station of 2.0.1 or 2.1 made of the `ocpp` package, which checks every message both ways with its own code."""

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import websockets
from ocpp.routing import after, on

MODULES = {"ocpp2.0.1": "ocpp.v201", "ocpp2.1": "ocpp.v21"}
TOKEN = {"id_token": "04A1B2C3D4", "type": "ISO14443"}
LIVE_PURPOSE, DEFAULT_PURPOSE = "TxProfile", "TxDefaultProfile"
VARIABLES = {
    ("OCPPCommCtrlr", "HeartbeatInterval", None): "60",
    ("SampledDataCtrlr", "TxUpdatedInterval", None): "10",
    ("SampledDataCtrlr", "TxUpdatedMeasurands", None): "Current.Import,Energy.Active.Import.Register",
    ("SmartChargingCtrlr", "RateUnit", None): "A",
    ("SmartChargingCtrlr", "ProfileStackLevel", None): "4",
    ("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"): "4",
    ("DeviceDataCtrlr", "ItemsPerMessage", "SetVariables"): "2",
    ("TxCtrlr", "EVConnectionTimeOut", None): "120",
}


def stamp(ago_s: float = 0.0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()


class Obedient2:
    """The station's side; mixed with the package's ChargePoint of a version. It keeps what it is told."""

    call_of: Any
    result_of: Any

    def setup(self) -> None:
        self.variables = dict(VARIABLES)
        self.profiles: dict[int, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.trouble: list[str] = []
        self.transaction = ""
        self.seq = 0
        self.tag = dict(TOKEN)

    # -- what it says -------------------------------------------------------------------------------------------------

    async def say(self, action: str, **fields: Any) -> Any:
        """A CALL; raises where either side's payload breaks the schema, or the answer is a CALLERROR."""
        return await self.call(getattr(self.call_of, action)(**fields), suppress=False)  # type: ignore[attr-defined]

    async def boot(self, reason: str = "PowerUp") -> Any:
        who = {"vendor_name": "Maker Y", "model": "Model X", "serial_number": "S-2", "firmware_version": "1.0"}
        answer = await self.say("BootNotification", reason=reason, charging_station=who)
        await self.status("Available")
        return answer

    async def status(self, word: str) -> None:
        await self.say("StatusNotification", timestamp=stamp(), connector_status=word, evse_id=1, connector_id=1)

    async def event(self, kind: str, trigger: str, amps: float, wh: float, state: str = "Charging", **more: Any) -> Any:
        sampled = [{"value": amps, "measurand": "Current.Import", "phase": p} for p in ("L1", "L2", "L3")]
        sampled.append({"value": wh, "measurand": "Energy.Active.Import.Register", "unit_of_measure": {"unit": "Wh"}})
        info = {"transaction_id": self.transaction, "charging_state": state, **more.pop("info", {})}
        self.seq += 1
        return await self.say(
            "TransactionEvent",
            event_type=kind,
            timestamp=stamp(),
            trigger_reason=trigger,
            seq_no=self.seq - 1,
            transaction_info=info,
            evse={"id": 1, "connector_id": 1},
            meter_value=[{"timestamp": stamp(), "sampled_value": sampled}],
            **more,
        )

    # -- what it is told ----------------------------------------------------------------------------------------------

    async def _handle_call(self, msg: Any) -> Any:
        self.asked.append((msg.action, msg.payload))
        return await super()._handle_call(msg)  # type: ignore[misc]

    async def _send(self, message: str) -> None:
        if json.loads(message)[0] == 4:
            self.trouble.append(message)
        await super()._send(message)  # type: ignore[misc]

    def requests(self, action: str) -> list[dict[str, Any]]:
        return [payload for asked, payload in self.asked if asked == action]

    def limits(self, purpose: str = "") -> list[float]:
        chosen = [p for p in self.profiles.values() if purpose in ("", p["charging_profile_purpose"])]
        return [float(p["charging_schedule"][0]["charging_schedule_period"][0]["limit"]) for p in chosen]

    @on("GetVariables")
    def _get(self, get_variable_data: list[dict[str, Any]], **_: Any) -> Any:
        answers = [self._read(item) for item in get_variable_data]
        return self.result_of.GetVariables(get_variable_result=answers)

    def _read(self, item: dict[str, Any]) -> dict[str, Any]:
        known = {"component": item["component"], "variable": item["variable"]}
        value = self.variables.get(_key(item))
        if value is None:
            return {"attribute_status": "UnknownVariable", **known}
        return {"attribute_status": "Accepted", "attribute_value": value, **known}

    @on("SetVariables")
    def _set(self, set_variable_data: list[dict[str, Any]], **_: Any) -> Any:
        answers = []
        for item in set_variable_data:
            known = _key(item) in self.variables
            if known:
                self.variables[_key(item)] = item["attribute_value"]
            word = "Accepted" if known else "UnknownVariable"
            answers.append({"attribute_status": word, "component": item["component"], "variable": item["variable"]})
        return self.result_of.SetVariables(set_variable_result=answers)

    @on("GetBaseReport")
    def _report(self, **_: Any) -> Any:
        return self.result_of.GetBaseReport(status="Accepted")

    @after("GetBaseReport")
    async def _tell_report(self, request_id: int, **_: Any) -> None:
        """In two parts, the second one first."""
        items = [_reported(key, value) for key, value in self.variables.items()]
        parts = [items[:3], items[3:]]
        for number in (1, 0):
            await self.say(
                "NotifyReport",
                request_id=request_id,
                generated_at=stamp(),
                seq_no=number,
                tbc=number == 0,
                report_data=parts[number],
            )

    @on("SetChargingProfile")
    def _profile(self, evse_id: int, charging_profile: dict[str, Any], **_: Any) -> Any:
        self.profiles[charging_profile["id"]] = charging_profile
        return self.result_of.SetChargingProfile(status="Accepted")

    @on("ClearChargingProfile")
    def _clear(self, charging_profile_id: int | None = None, **_: Any) -> Any:
        known = self.profiles.pop(charging_profile_id, None)  # type: ignore[arg-type]
        return self.result_of.ClearChargingProfile(status="Accepted" if known else "Unknown")

    @on("GetCompositeSchedule")
    def _composite(self, duration: int, evse_id: int, **_: Any) -> Any:
        schedule = {
            "evse_id": evse_id,
            "duration": duration,
            "schedule_start": stamp(),
            "charging_rate_unit": "A",
            "charging_schedule_period": [{"start_period": 0, "limit": min(self.limits())}],
        }
        return self.result_of.GetCompositeSchedule(status="Accepted", schedule=schedule)

    @on("GetChargingProfiles")
    def _profiles(self, **_: Any) -> Any:
        return self.result_of.GetChargingProfiles(status="Accepted" if self.profiles else "NoProfiles")

    @after("GetChargingProfiles")
    async def _tell_profiles(self, request_id: int, **_: Any) -> None:
        kept = list(self.profiles.values())
        for number, profile in enumerate(kept):
            await self.say(
                "ReportChargingProfiles",
                request_id=request_id,
                charging_limit_source="CSO",
                evse_id=1,
                charging_profile=[profile],
                tbc=number < len(kept) - 1,
            )

    @on("RequestStartTransaction")
    def _start(self, **_: Any) -> Any:
        return self.result_of.RequestStartTransaction(status="Accepted")

    @after("RequestStartTransaction")
    async def _begin(self, remote_start_id: int, id_token: dict[str, Any], **_: Any) -> None:
        self.transaction, self.seq, self.tag = f"T-{remote_start_id}", 0, id_token
        await self.status("Occupied")
        await self.event(
            "Started", "RemoteStart", 0.0, 1000.0, id_token=id_token, info={"remote_start_id": remote_start_id}
        )

    @on("RequestStopTransaction")
    def _stop(self, transaction_id: str, **_: Any) -> Any:
        word = "Accepted" if transaction_id == self.transaction else "Rejected"
        return self.result_of.RequestStopTransaction(status=word)

    @after("RequestStopTransaction")
    async def _end(self, **_: Any) -> None:
        await self.event("Ended", "RemoteStop", 0.0, 2500.0, "Idle", info={"stopped_reason": "Remote"})
        await self.status("Available")

    @on("TriggerMessage")
    def _trigger(self, **_: Any) -> Any:
        return self.result_of.TriggerMessage(status="Accepted")

    @on("Reset")
    def _reset(self, **_: Any) -> Any:
        return self.result_of.Reset(status="Scheduled")

    @on("ChangeAvailability")
    def _availability(self, **_: Any) -> Any:
        return self.result_of.ChangeAvailability(status="Accepted")

    @on("UnlockConnector")
    def _unlock(self, **_: Any) -> Any:
        return self.result_of.UnlockConnector(status="Unlocked")

    @on("GetLog")
    def _log(self, **_: Any) -> Any:
        return self.result_of.GetLog(status="Accepted", filename="log.zip")

    @after("GetLog")
    async def _tell_log(self, request_id: int, **_: Any) -> None:
        for word in ("Uploading", "Uploaded"):
            await self.say("LogStatusNotification", status=word, request_id=request_id)

    @on("UpdateFirmware")
    def _update(self, **_: Any) -> Any:
        return self.result_of.UpdateFirmware(status="Accepted")

    @after("UpdateFirmware")
    async def _tell_update(self, request_id: int, **_: Any) -> None:
        for word in ("Downloading", "Downloaded", "InstallRebooting", "Installed"):
            await self.say("FirmwareStatusNotification", status=word, request_id=request_id)

    @on("DataTransfer")
    def _data(self, vendor_id: str, **_: Any) -> Any:
        if vendor_id != "org.example":
            return self.result_of.DataTransfer(status="UnknownVendorId")
        return self.result_of.DataTransfer(status="Accepted", data="as you say")


def _key(item: dict[str, Any]) -> tuple[str, str, str | None]:
    return item["component"]["name"], item["variable"]["name"], item["variable"].get("instance")


def _reported(key: tuple[str, str, str | None], value: str) -> dict[str, Any]:
    component, variable, instance = key
    kind = "integer" if value.isdigit() else "MemberList"
    return {
        "component": {"name": component},
        "variable": {"name": variable, **({"instance": instance} if instance else {})},
        "variable_attribute": [{"type": "Actual", "value": value, "mutability": "ReadWrite"}],
        "variable_characteristics": {"data_type": kind, "supports_monitoring": False},
    }


def make_station2(base: type, protocol: str, name: str, socket: Any) -> Any:
    """A station of this version over an open connection; not started, not booted."""
    module = importlib.import_module(MODULES[protocol])
    kind = type("Station", (base, module.ChargePoint), {"call_of": module.call, "result_of": module.call_result})
    made = kind(name, socket, response_timeout=20)
    made.setup()
    return made


@asynccontextmanager
async def station2(url: str, name: str, protocol: str) -> AsyncIterator[Any]:
    """A station that is connected while the block runs; not booted yet."""
    async with websockets.connect(f"{url}{name}", subprotocols=[websockets.Subprotocol(protocol)]) as socket:
        assert socket.subprotocol == protocol
        made = make_station2(Obedient2, protocol, name, socket)
        running = asyncio.create_task(made.start())
        try:
            yield made
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError, websockets.ConnectionClosed):
                await running
