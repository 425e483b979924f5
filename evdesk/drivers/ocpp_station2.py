"""The driver of a charging station that dialled in by OCPP 2.0.1 or 2.1.

evdesk's `connector_id` is an EVSE here. Limits are worked out in the words of 1.6 and translated on the way out.
"""

import asyncio
import contextlib
from collections.abc import Collection
from typing import Any

from evdesk.drivers.base import Answer, CompositeSchedule
from evdesk.drivers.ocpp_blocks import NEEDS as block_needs
from evdesk.drivers.ocpp_blocks import BlockVerbs
from evdesk.drivers.ocpp_driver import accepted
from evdesk.drivers.ocpp_files import NEEDS as file_needs
from evdesk.drivers.ocpp_late import Reply
from evdesk.drivers.ocpp_limits import Limits
from evdesk.drivers.ocpp_link import OcppLink
from evdesk.drivers.ocpp_service import NEEDS as service_needs
from evdesk.drivers.ocpp_variables import ESSENTIAL, Reports, read_inventory, read_variables, write_variable
from evdesk.model import Capability, ChargerError, FindingSeen, LiveProfile, ProfileSeen, Reason, Setting
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.profiles2 import composite_answer, read_profiles, set_profile
from evdesk.ocpp.station import Note

NEEDS: dict[str, frozenset[Capability]] = {
    "RequestStartTransaction": frozenset({Capability.START}),
    "RequestStopTransaction": frozenset({Capability.STOP}),
    "SetChargingProfile": frozenset({Capability.SET_LIMIT, Capability.FAILSAFE}),
    "GetCompositeSchedule": frozenset({Capability.COMPOSITE}),
    "GetChargingProfiles": frozenset({Capability.PROFILES}),
    "Reset": frozenset({Capability.RESET}),
    "UnlockConnector": frozenset({Capability.UNLOCK}),
    "TriggerMessage": frozenset({Capability.TRIGGER}),
    "GetVariables": frozenset({Capability.SETTINGS}),
    "SetVariables": frozenset({Capability.WRITE_SETTING}),
    **service_needs,
    **block_needs,
    **file_needs,
}
ALL = frozenset().union(*NEEDS.values()) | {Capability.RAW}
_RESET = {"soft": "OnIdle", "hard": "Immediate"}
_TRIGGERS = {"DiagnosticsStatusNotification": "LogStatusNotification"}
_STATIONWIDE = frozenset({"BootNotification", "Heartbeat", "LogStatusNotification", "FirmwareStatusNotification"})
_SETTLE_S = 15.0


class _Translated:
    """A `Caller` for `Limits`: charging profiles in the words of 1.6, sent and read as 2.x."""

    def __init__(self, station: "OcppStation2") -> None:
        self._station = station
        self.charger_id = station.charger_id
        self.protocol = station.protocol

    @property
    def memory(self) -> Memory:
        return self._station.memory

    def charger_now(self) -> float:
        return self._station.charger_now()

    async def call(self, action: str, payload: dict[str, Any], urgent: bool = False) -> Reply:
        if action == "SetChargingProfile":
            return await self._set_profile(self._profile(payload), urgent)
        if action == "ClearChargingProfile":
            return await self._station.call(action, {"chargingProfileId": payload["id"]}, urgent)
        if action == "GetCompositeSchedule":
            request = {"evseId" if key == "connectorId" else key: value for key, value in payload.items()}
            reply = await self._station.call(action, request, urgent)
            return Reply(composite_answer(reply.payload), reply.ms)
        return await self._station.call(action, payload, urgent)

    async def _set_profile(self, request: dict[str, Any], urgent: bool) -> Reply:
        """Where a 2.1 station does not take the end of a limit by being offline, its duration has to do."""
        profile = request["chargingProfile"]
        shorter = {k: v for k, v in profile.items() if k not in ("maxOfflineDuration", "invalidAfterOfflineDuration")}
        if len(shorter) == len(profile) or self.memory.no_offline_end:
            return await self._station.call("SetChargingProfile", request | {"chargingProfile": shorter}, urgent)
        try:
            reply = await self._station.call("SetChargingProfile", request, urgent)
            if reply.status != "Rejected":
                return reply
        except ChargerError as error:
            if error.reason is not Reason.REFUSED:
                raise
        again = await self._station.call("SetChargingProfile", request | {"chargingProfile": shorter}, urgent)
        self.memory.no_offline_end = again.status == "Accepted"
        return again

    def _profile(self, payload: dict[str, Any]) -> dict[str, Any]:
        number = payload["csChargingProfiles"].get("transactionId")
        ref = self.memory.ref_of(number) if number is not None else ""
        if number is not None and not ref:
            sentence = "The charger has not told its own id of this charge yet."
            raise ChargerError(Reason.REFUSED, sentence, code="transaction not told")
        return set_profile(payload, self._station.version, ref)


class OcppStation2(BlockVerbs):
    """A station that speaks 2.0.1 or 2.1."""

    needs = NEEDS
    sampling = ("SampledDataCtrlr/TxUpdatedInterval", "SampledDataCtrlr/TxUpdatedMeasurands")

    def __init__(self, link: OcppLink) -> None:
        super().__init__(link)
        self.capabilities = ALL
        self.reports = Reports()
        self._limits = Limits(_Translated(self), self._learn)
        self._starts = int(link.host.clock.now()) & 0x3FFFFFFF  # not told twice, also over connections
        self._status_told = asyncio.Event()
        link.on_note = self._note

    def _note(self, note: Note) -> None:
        if note.action == "StatusNotification":
            self._status_told.set()
        else:
            self.reports.note(note)

    async def _learn(self) -> None:
        await read_variables(self, ESSENTIAL[2:4])

    # -- verbs ----------------------------------------------------------------------------------------------------

    async def start(self, connector_id: int, id_tag: str) -> Answer:
        self._starts += 1
        token = {"idToken": id_tag, "type": "Central"}
        request = {"evseId": connector_id, "remoteStartId": self._starts, "idToken": token}
        reply = await self.call("RequestStartTransaction", request)
        return accepted(reply, "start", "Look whether a car is plugged in; a reset often helps.")

    async def stop(self, connector_id: int, transaction_id: int | None) -> Answer:
        ref = self.memory.ref_of(transaction_id) if transaction_id is not None else ""
        ref = ref or (self.memory.evses[connector_id].ref if connector_id in self.memory.evses else "")
        if not ref:
            sentence = f"The charger has not told its own id of the charge on {connector_id}. Try again in a minute."
            raise ChargerError(Reason.INVALID, sentence)
        reply = await self.call("RequestStopTransaction", {"transactionId": ref})
        return accepted(reply, "stop", "It may have ended already; a reset often helps.")

    async def set_limit(self, profile: LiveProfile) -> Answer:
        return await self._limits.set_live(profile)

    async def clear_limit(self, connector_id: int) -> Answer:
        return await self._limits.clear_live(connector_id)

    async def install_failsafe(
        self, max_a: float, safe_a: float, connectors: Collection[int], phases: int = 3
    ) -> Answer:
        return await self._limits.install(max_a, safe_a, connectors, phases)

    async def composite(self, connector_id: int, seconds: int) -> CompositeSchedule:
        return await self._limits.composite(connector_id, seconds)

    async def profiles(self) -> list[ProfileSeen]:
        """K09: GetChargingProfiles with an empty criterion asks for all of them."""
        report = await self.reports.ask(self, "GetChargingProfiles", {"chargingProfile": {}}, "ReportChargingProfiles")
        return [found for message in report.items for found in read_profiles(message)]

    async def reset(self, kind: str) -> Answer:
        word = _RESET.get(kind.lower())
        if word is None:
            raise ChargerError(Reason.INVALID, "A reset is “soft” (when idle) or “hard” (at once).", kind=kind)
        reply = await self.call("Reset", {"type": word})
        return accepted(reply, "reset", "Try the other kind.", good=("Accepted", "Scheduled"))

    async def unlock(self, connector_id: int) -> Answer:
        evse = self.memory.evses.get(connector_id)
        connector = min(evse.connectors, default=1) if evse is not None else 1
        reply = await self.call("UnlockConnector", {"evseId": connector_id, "connectorId": connector})
        return accepted(reply, "unlock", "Pull the plug a little and try again.", good=("Unlocked",))

    async def trigger(self, what: str, connector_id: int | None) -> Answer:
        """StatusNotification goes out per connector, since 2.x wants one named (F06)."""
        what = _TRIGGERS.get(what, what)
        places: list[dict[str, Any]] = [{}]
        if what not in _STATIONWIDE:
            known = sorted(self.memory.evses) or [1]
            places = [{"evse": self._place(what, n)} for n in (known if connector_id is None else [connector_id])]
        answer: Answer | None = None
        for place in places:
            reply = await self.call("TriggerMessage", {"requestedMessage": what, **place})
            if reply.status == "NotImplemented":
                raise ChargerError(
                    Reason.UNSUPPORTED, f"This charger cannot send {what} on request.", status=reply.status
                )
            answer = accepted(reply, f"trigger {what}", "It will come at its usual time.")
        assert answer is not None
        return answer

    def _place(self, what: str, number: int) -> dict[str, int]:
        if what != "StatusNotification":
            return {"id": number}
        evse = self.memory.evses.get(number)
        return {"id": number, "connectorId": min(evse.connectors, default=1) if evse is not None else 1}

    async def settings(self, full: bool = True) -> list[Setting]:
        if not full:
            return [s for s in (await read_variables(self, ESSENTIAL)).values() if s.known]
        await self._settled()
        inventory = await read_inventory(self, self.reports)
        self.told_a_part = not inventory.complete
        if not inventory.complete:
            now = self.link.host.clock.now()
            self.link.report(
                FindingSeen(self.charger_id, now, "report_incomplete", inventory.sentence, clause="B07, B08")
            )
        return inventory.settings

    async def _settled(self) -> None:
        """An inventory asked for right after the boot ends the dialogue with some chargers (lbbrhzn/ocpp #1432):
        its statuses come first."""
        if not self.memory.evses:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SETTLE_S):
                    await self._status_told.wait()

    async def write_setting(self, name: str, value: str) -> Answer:
        return await write_variable(self, name, value)
