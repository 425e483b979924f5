"""A real engine in a subprocess, and an independent charging station (the `ocpp` package) that dials in."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import (
    AvailabilityStatus,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    ConfigurationStatus,
    RemoteStartStopStatus,
    ResetStatus,
    TriggerMessageStatus,
    UnlockStatus,
)

from evdesk.engine.client import ApiClient
from tests.forked import Forked


@dataclass
class RunningEngine:
    """`evdesk engine` as a process. `ready` is what its first line said."""

    process: Forked
    ready: dict[str, Any]

    @property
    def ocpp(self) -> str:
        return self.ready["ocpp"]

    def client(self, via: str = "api") -> ApiClient:
        return ApiClient(self.ready["api"], Path(self.ready["token_file"]).read_text().strip(), via)

    def kill(self) -> None:
        self.process.kill()
        self.stop()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        finally:
            self.process.close()


def start_engine(data: Path, *args: str, ocpp: str = "127.0.0.1:0", first: str = "") -> RunningEngine:
    """Start and wait for the ready line; raises with stderr when it ends before. `first`: run in its process before."""
    process = Forked(["engine", "--data", str(data), "--ocpp", ocpp, *args], first)
    line = process.stdout.readline()
    if not line.startswith("ready "):
        _, said = process.communicate()
        raise RuntimeError(f"exit {process.returncode}: {line}{said}")
    return RunningEngine(process, json.loads(line.removeprefix("ready ")))


@contextlib.contextmanager
def engine(data: Path, *args: str, ocpp: str = "127.0.0.1:0", first: str = ""):
    running = start_engine(data, *args, ocpp=ocpp, first=first)
    try:
        yield running
    finally:
        running.stop()


async def until(test: Callable[[], Awaitable[Any]], timeout_s: float = 15.0) -> Any:
    """The first true result of `test`, asked again and again; fails with the last result."""
    last = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while True:
                last = await test()
                if last:
                    return last
                await asyncio.sleep(0.05)
    raise AssertionError(f"did not come true in {timeout_s} s; last: {last!r}")


async def moment(api: ApiClient) -> float:
    """The engine's clock at its newest beat."""
    return float((await api.call("balance.get"))["load"]["at"])


async def passes(api: ApiClient, at: float, timeout_s: float = 30.0) -> None:
    """Until the engine's clock is past `at`, and beats have come since: what was due by then is done."""
    for _ in range(3):
        begun_at = at

        async def later(begun_at: float = begun_at) -> float | None:
            now = await moment(api)
            return now if now > begun_at else None

        at = await until(later, timeout_s)


def stamp() -> str:
    return datetime.now(UTC).isoformat()


@dataclass
class Seen:
    """What the CSMS asked of the station."""

    profiles: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    lists: list[tuple[str, int, int]] = field(default_factory=list)  # update type, version, entries
    settings: dict[str, str] = field(
        default_factory=lambda: {
            "MeterValueSampleInterval": "10",
            "MeterValuesSampledData": "Current.Import,Energy.Active.Import.Register",
            "ChargingScheduleAllowedChargingRateUnit": "Current",
            "ChargeProfileMaxStackLevel": "5",
        }
    )


class Station(ChargePoint):
    """An OCPP 1.6 charging station built on the `ocpp` package: it obeys, and remembers what it was told."""

    def __init__(self, name: str, socket: websockets.ClientConnection) -> None:
        super().__init__(name, socket, response_timeout=10)
        self.seen = Seen()
        self.refuse_limits = False
        self.refusals = 0  # of the next starts and stops
        self.reboot_for: set[str] = set()
        self.list_version = 0
        self.list_status: list[str] = []  # answers to the next lists, instead of taking them
        self.tags: dict[str, dict[str, Any]] = {}

    async def begin(self, status: str = "Available") -> None:
        await self.call(call.BootNotification("Model X", "Maker Y", charge_point_serial_number=f"S-{self.id}"))
        await self.tell(status)

    async def tell(self, status: str, error: str = "NoError") -> None:
        await self.call(call.StatusNotification(1, error, status, timestamp=stamp()))

    async def start_charge(self, meter_wh: int = 1000, tag: str = "TAG1") -> int:
        await self.tell("Preparing")
        answer = await self.call(call.StartTransaction(1, tag, meter_wh, stamp()))
        await self.tell("Charging")
        return answer.transaction_id

    async def measure(self, transaction_id: int | None, amps: float, meter_wh: int) -> None:
        sampled = [
            {"value": str(amps), "measurand": "Current.Import", "phase": p, "unit": "A"} for p in ("L1", "L2", "L3")
        ]
        sampled.append({"value": str(meter_wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"})
        sampled.append({"value": str(amps * 690), "measurand": "Power.Active.Import", "unit": "W"})
        value = [{"timestamp": stamp(), "sampledValue": sampled}]
        await self.call(call.MeterValues(1, value, transaction_id))

    async def end_charge(self, transaction_id: int, meter_wh: int) -> None:
        await self.call(call.StopTransaction(meter_wh, stamp(), transaction_id, reason="Local"))
        await self.tell("Available")

    def _refuses(self) -> bool:
        self.refusals -= 1
        return self.refusals >= 0

    def live_limit(self) -> float | None:
        for profile in reversed(self.seen.profiles):
            if profile["charging_profile_purpose"] == "TxProfile":
                return profile["charging_schedule"]["charging_schedule_period"][0]["limit"]
        return None

    @on("SetChargingProfile")
    def on_profile(self, connector_id: int, cs_charging_profiles: dict[str, Any]) -> call_result.SetChargingProfile:
        self.seen.calls.append("SetChargingProfile")
        if self.refuse_limits:
            return call_result.SetChargingProfile(ChargingProfileStatus.rejected)
        self.seen.profiles.append(cs_charging_profiles | {"connector_id": connector_id})
        return call_result.SetChargingProfile(ChargingProfileStatus.accepted)

    @on("ClearChargingProfile")
    def on_clear(self, **_: Any) -> call_result.ClearChargingProfile:
        self.seen.calls.append("ClearChargingProfile")
        return call_result.ClearChargingProfile(ClearChargingProfileStatus.accepted)

    @on("GetLocalListVersion")
    def on_list_version(self) -> call_result.GetLocalListVersion:
        return call_result.GetLocalListVersion(self.list_version)

    @on("SendLocalList")
    def on_list(self, list_version: int, update_type: str, local_authorization_list: Any = ()) -> Any:
        """As the specification has it: a differential update may only follow the version it was made for."""
        self.seen.lists.append((update_type, list_version, len(local_authorization_list)))
        if self.list_status:
            return call_result.SendLocalList(self.list_status.pop(0))
        if update_type == "Full":
            self.tags = {}
        elif list_version <= self.list_version:
            return call_result.SendLocalList("VersionMismatch")
        for one in local_authorization_list:
            if "id_tag_info" in one:
                self.tags[one["id_tag"]] = one["id_tag_info"]
            else:
                self.tags.pop(one["id_tag"], None)
        self.list_version = list_version
        return call_result.SendLocalList("Accepted")

    @on("GetConfiguration")
    def on_get(self, key: list[str] | None = None) -> call_result.GetConfiguration:
        known = [
            {"key": k, "readonly": False, "value": v} for k, v in self.seen.settings.items() if not key or k in key
        ]
        unknown = [k for k in key or [] if k not in self.seen.settings]
        return call_result.GetConfiguration(configuration_key=known, unknown_key=unknown)

    @on("ChangeConfiguration")
    def on_change(self, key: str, value: str) -> call_result.ChangeConfiguration:
        self.seen.calls.append(f"ChangeConfiguration {key}")
        if key not in self.seen.settings:
            return call_result.ChangeConfiguration(ConfigurationStatus.not_supported)
        self.seen.settings[key] = value
        if key in self.reboot_for:
            return call_result.ChangeConfiguration(ConfigurationStatus.reboot_required)
        return call_result.ChangeConfiguration(ConfigurationStatus.accepted)

    @on("TriggerMessage")
    def on_trigger(self, requested_message: str, connector_id: int | None = None) -> call_result.TriggerMessage:
        self.seen.calls.append(f"TriggerMessage {requested_message}")
        return call_result.TriggerMessage(TriggerMessageStatus.accepted)

    @on("RemoteStartTransaction")
    def on_start(self, id_tag: str, **_: Any) -> call_result.RemoteStartTransaction:
        self.seen.calls.append("RemoteStartTransaction")
        if self._refuses():
            return call_result.RemoteStartTransaction(RemoteStartStopStatus.rejected)
        return call_result.RemoteStartTransaction(RemoteStartStopStatus.accepted)

    @on("RemoteStopTransaction")
    def on_stop(self, transaction_id: int) -> call_result.RemoteStopTransaction:
        self.seen.calls.append(f"RemoteStopTransaction {transaction_id}")
        if self._refuses():
            return call_result.RemoteStopTransaction(RemoteStartStopStatus.rejected)
        return call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted)

    @on("Reset")
    def on_reset(self, type: str) -> call_result.Reset:
        self.seen.calls.append(f"Reset {type}")
        return call_result.Reset(ResetStatus.accepted)

    @on("UnlockConnector")
    def on_unlock(self, connector_id: int) -> call_result.UnlockConnector:
        self.seen.calls.append("UnlockConnector")
        return call_result.UnlockConnector(UnlockStatus.unlocked)

    @on("ChangeAvailability")
    def on_availability(self, connector_id: int, type: str) -> call_result.ChangeAvailability:
        return call_result.ChangeAvailability(AvailabilityStatus.accepted)


@contextlib.asynccontextmanager
async def station(url: str, name: str) -> AsyncIterator[Station]:
    """A station that is connected while the block runs."""
    async with websockets.connect(f"{url}{name}", subprotocols=["ocpp1.6"]) as socket:
        one = Station(name, socket)
        task = asyncio.create_task(one.start())
        try:
            yield one
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, websockets.ConnectionClosed):
                await task
