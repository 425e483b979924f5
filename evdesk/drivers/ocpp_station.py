"""The driver of a charging station that dialled in by OCPP 1.6."""

from collections.abc import Collection

from evdesk.drivers.base import Answer, CompositeSchedule
from evdesk.drivers.ocpp_driver import accepted
from evdesk.drivers.ocpp_files import FileVerbs
from evdesk.drivers.ocpp_limits import Limits
from evdesk.drivers.ocpp_link import OcppLink
from evdesk.drivers.ocpp_service import NEEDS as service_needs
from evdesk.drivers.ocpp_settings import read_settings, write_key
from evdesk.model import (
    Capability,
    ChargerError,
    LiveProfile,
    Reason,
    Setting,
)

ALL = frozenset(
    {
        Capability.START,
        Capability.STOP,
        Capability.SET_LIMIT,
        Capability.RESET,
        Capability.UNLOCK,
        Capability.TRIGGER,
        Capability.SETTINGS,
        Capability.WRITE_SETTING,
        Capability.RAW,
        Capability.FAILSAFE,
        Capability.COMPOSITE,
        Capability.AVAILABILITY,
        Capability.RESERVE,
        Capability.FIRMWARE,
        Capability.LOGS,
    }
)
NEEDS: dict[str, frozenset[Capability]] = {
    "RemoteStartTransaction": frozenset({Capability.START}),
    "RemoteStopTransaction": frozenset({Capability.STOP}),
    "SetChargingProfile": frozenset({Capability.SET_LIMIT, Capability.FAILSAFE}),
    "GetCompositeSchedule": frozenset({Capability.COMPOSITE}),
    "Reset": frozenset({Capability.RESET}),
    "UnlockConnector": frozenset({Capability.UNLOCK}),
    "TriggerMessage": frozenset({Capability.TRIGGER}),
    "GetConfiguration": frozenset({Capability.SETTINGS}),
    "ChangeConfiguration": frozenset({Capability.WRITE_SETTING}),
    **service_needs,
}
_EXTENDED = frozenset({"LogStatusNotification", "SignChargePointCertificate"})
"""What only the trigger message of the security whitepaper can ask for."""

_RESET = {"soft": "Soft", "hard": "Hard"}


class OcppStation(FileVerbs):
    """A station that speaks 1.6."""

    needs = NEEDS

    def __init__(self, link: OcppLink) -> None:
        super().__init__(link)
        self.capabilities = ALL
        self._limits = Limits(self)

    # -- verbs ----------------------------------------------------------------------------------------------------

    async def start(self, connector_id: int, id_tag: str) -> Answer:
        reply = await self.call("RemoteStartTransaction", {"connectorId": connector_id, "idTag": id_tag})
        return accepted(reply, "start", "Look whether a car is plugged in; a soft reset often helps.")

    async def stop(self, connector_id: int, transaction_id: int | None) -> Answer:
        ident = transaction_id if transaction_id is not None else self.memory.transaction_on(connector_id)
        if ident is None:
            raise ChargerError(Reason.INVALID, f"No transaction is known on connector {connector_id}.")
        reply = await self.call("RemoteStopTransaction", {"transactionId": ident})
        return accepted(reply, "stop", "It may have ended already; a soft reset often helps.")

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

    async def reset(self, kind: str) -> Answer:
        word = _RESET.get(kind.lower())
        if word is None:
            raise ChargerError(Reason.INVALID, "A reset is “soft” or “hard”.", kind=kind)
        return accepted(await self.call("Reset", {"type": word}), "reset", "Try the other kind.")

    async def unlock(self, connector_id: int) -> Answer:
        reply = await self.call("UnlockConnector", {"connectorId": connector_id})
        if reply.status == "NotSupported":
            raise ChargerError(
                Reason.UNSUPPORTED, "This connector has no lock that can be opened.", status=reply.status
            )
        return accepted(reply, "unlock", "Pull the plug a little and try again.", good=("Unlocked",))

    async def trigger(self, what: str, connector_id: int | None) -> Answer:
        where = {} if connector_id is None else {"connectorId": connector_id}
        if what == "TransactionEvent":
            raise ChargerError(Reason.UNSUPPORTED, "OCPP 1.6 has no TransactionEvent. Ask for MeterValues.")
        action = "ExtendedTriggerMessage" if what in _EXTENDED else "TriggerMessage"
        reply = await self.call(action, {"requestedMessage": what, **where})
        if reply.status == "NotImplemented":
            raise ChargerError(Reason.UNSUPPORTED, f"This charger cannot send {what} on request.", status=reply.status)
        return accepted(reply, f"trigger {what}", "It will come at its usual time.")

    async def settings(self, full: bool = True) -> list[Setting]:
        found, self.told_a_part = await read_settings(self)
        return found

    async def write_setting(self, name: str, value: str) -> Answer:
        return await write_key(self, name, value)
