"""The driver of a charging station that dialled in by OCPP 1.6."""

from typing import Any

from evdesk.drivers.base import Answer, CompositeSchedule, Driver, Report
from evdesk.drivers.ocpp_limits import Limits
from evdesk.drivers.ocpp_link import OcppLink, Reply
from evdesk.drivers.ocpp_settings import read_settings, write_key
from evdesk.model import (
    CapabilitiesChanged,
    Capability,
    ChargerError,
    LiveProfile,
    Reason,
    Setting,
)
from evdesk.ocpp.check import known_action
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.redact import redact_value

ALL = frozenset(Capability) - {Capability.AVAILABILITY}
_NEEDS: dict[str, frozenset[Capability]] = {
    "RemoteStartTransaction": frozenset({Capability.START}),
    "RemoteStopTransaction": frozenset({Capability.STOP}),
    "SetChargingProfile": frozenset({Capability.SET_LIMIT, Capability.FAILSAFE}),
    "GetCompositeSchedule": frozenset({Capability.COMPOSITE}),
    "Reset": frozenset({Capability.RESET}),
    "UnlockConnector": frozenset({Capability.UNLOCK}),
    "TriggerMessage": frozenset({Capability.TRIGGER}),
    "GetConfiguration": frozenset({Capability.SETTINGS}),
    "ChangeConfiguration": frozenset({Capability.WRITE_SETTING}),
}
_RESET = {"soft": "Soft", "hard": "Hard"}


class OcppStation(Driver):
    """One connection of one charger; made by the listener, run by the engine's supervisor."""

    name = "ocpp"
    protocol = "ocpp1.6"

    def __init__(self, link: OcppLink) -> None:
        super().__init__(link.charger_id)
        self.capabilities = ALL
        self.link = link
        self._limits = Limits(self)

    @property
    def memory(self) -> Memory:
        return self.link.memory

    def charger_now(self) -> float:
        return self.link.charger_now()

    async def run(self, report: Report) -> None:
        await self.link.run(report)

    async def close(self, cause: str) -> None:
        self.link.end(cause)

    async def call(self, action: str, payload: dict[str, Any], urgent: bool = False) -> Reply:
        """One CALL; a charger that does not know the action loses the capabilities that need it."""
        try:
            return await self.link.call(action, payload, urgent)
        except ChargerError as error:
            if error.reason is Reason.UNSUPPORTED:
                self._drop(_NEEDS.get(action, frozenset()))
            raise

    def _drop(self, gone: frozenset[Capability]) -> None:
        left = self.capabilities - gone
        if left != self.capabilities:
            self.capabilities = left
            self.link.report(CapabilitiesChanged(self.charger_id, self.link.host.clock.now(), left))

    # -- verbs ----------------------------------------------------------------------------------------------------

    async def start(self, connector_id: int, id_tag: str) -> Answer:
        reply = await self.call("RemoteStartTransaction", {"connectorId": connector_id, "idTag": id_tag})
        return _accepted(reply, "start", "Look whether a car is plugged in; a soft reset often helps.")

    async def stop(self, connector_id: int, transaction_id: int | None) -> Answer:
        ident = transaction_id if transaction_id is not None else self.memory.transaction_on(connector_id)
        if ident is None:
            raise ChargerError(Reason.INVALID, f"No transaction is known on connector {connector_id}.")
        reply = await self.call("RemoteStopTransaction", {"transactionId": ident})
        return _accepted(reply, "stop", "It may have ended already; a soft reset often helps.")

    async def set_limit(self, profile: LiveProfile) -> Answer:
        return await self._limits.set_live(profile)

    async def clear_limit(self, connector_id: int) -> Answer:
        return await self._limits.clear_live(connector_id)

    async def install_failsafe(self, max_a: float, safe_a: float, connectors: int) -> Answer:
        return await self._limits.install(max_a, safe_a, connectors)

    async def composite(self, connector_id: int, seconds: int) -> CompositeSchedule:
        return await self._limits.composite(connector_id, seconds)

    async def reset(self, kind: str) -> Answer:
        word = _RESET.get(kind.lower())
        if word is None:
            raise ChargerError(Reason.INVALID, "A reset is “soft” or “hard”.", kind=kind)
        return _accepted(await self.call("Reset", {"type": word}), "reset", "Try the other kind.")

    async def unlock(self, connector_id: int) -> Answer:
        reply = await self.call("UnlockConnector", {"connectorId": connector_id})
        if reply.status == "NotSupported":
            raise ChargerError(
                Reason.UNSUPPORTED, "This connector has no lock that can be opened.", status=reply.status
            )
        return _accepted(reply, "unlock", "Pull the plug a little and try again.", good=("Unlocked",))

    async def trigger(self, what: str, connector_id: int | None) -> Answer:
        where = {} if connector_id is None else {"connectorId": connector_id}
        reply = await self.call("TriggerMessage", {"requestedMessage": what, **where})
        if reply.status == "NotImplemented":
            raise ChargerError(Reason.UNSUPPORTED, f"This charger cannot send {what} on request.", status=reply.status)
        return _accepted(reply, f"trigger {what}", "It will come at its usual time.")

    async def settings(self) -> list[Setting]:
        return await read_settings(self)

    async def write_setting(self, name: str, value: str) -> Answer:
        return await write_key(self, name, value)

    async def raw(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Any 1.6 message of ours; invalid ones are refused in the schema's words, secrets never come back."""
        if not known_action(action):
            raise ChargerError(Reason.INVALID, f"OCPP 1.6 has no message called “{action[:50]}”.")
        reply = await self.call(action, payload)
        cleaned: dict[str, Any] = redact_value(reply.payload)
        return cleaned


def _accepted(reply: Reply, what: str, advice: str, good: tuple[str, ...] = ("Accepted",)) -> Answer:
    if reply.status in good:
        return Answer(reply.status, reply.ms)
    if not reply.status:
        raise ChargerError(Reason.BAD_REPLY, f"The charger's answer to “{what}” holds no status.")
    sentence = f"The charger answered “{reply.status}” to “{what}”. {advice}"
    raise ChargerError(Reason.REFUSED, sentence, status=reply.status)
