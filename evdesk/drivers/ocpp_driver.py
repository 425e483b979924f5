"""What the drivers of charging stations that dial in share over all versions of OCPP."""

from typing import Any

from evdesk.drivers.base import Answer, Driver, Report
from evdesk.drivers.ocpp_certificates import OcppCertificates
from evdesk.drivers.ocpp_late import Reply
from evdesk.drivers.ocpp_link import OcppLink
from evdesk.model import CapabilitiesChanged, Capability, ChargerError, Reason
from evdesk.ocpp.check import known_action
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.redact import redact_value, secret_values
from evdesk.ocpp.version import Version

_MAY_HOLD_SECRETS = ("ChangeConfiguration", "SetVariables", "SetNetworkProfile", "DataTransfer")


class OcppDriver(OcppCertificates, Driver):
    """One connection of one charger; made by the listener, run by the engine's supervisor.

    `needs`: which capabilities go when the charger does not know an action."""

    name = "ocpp"
    needs: dict[str, frozenset[Capability]] = {}

    def __init__(self, link: OcppLink) -> None:
        super().__init__(link.charger_id)
        self.link = link
        self.protocol = link.version.value

    @property
    def version(self) -> Version:
        return self.link.version

    @property
    def memory(self) -> Memory:
        return self.link.memory

    def charger_now(self) -> float:
        return self.link.charger_now()

    async def run(self, report: Report) -> None:
        await self.link.run(report)

    async def close(self, cause: str) -> None:
        self.link.end(cause)

    def hurry(self, most_s: float, reductions: bool) -> None:
        self.link.hurry(most_s, reductions)

    async def call(self, action: str, payload: dict[str, Any], urgent: bool = False) -> Reply:
        """One CALL; a charger that does not know the action loses the capabilities that need it."""
        if action in _MAY_HOLD_SECRETS:
            self.memory.keep_secret(*secret_values(payload))  # it may be told again, e.g. why it was refused
        try:
            return await self.link.call(action, payload, urgent)
        except ChargerError as error:
            if error.reason is Reason.UNSUPPORTED:
                self._drop(self.needs.get(action, frozenset()))
            raise

    def _drop(self, gone: frozenset[Capability]) -> None:
        left = self.capabilities - gone
        if left != self.capabilities:
            self.capabilities = left
            self.link.report(CapabilitiesChanged(self.charger_id, self.link.host.clock.now(), left))

    async def raw(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Any message of ours; invalid ones are refused in the schema's words, secrets never come back."""
        if not known_action(action, self.version):
            raise ChargerError(Reason.INVALID, f"{self.version.words} has no message called “{action[:50]}”.")
        reply = await self.call(action, payload)
        cleaned: dict[str, Any] = redact_value(reply.payload)
        return cleaned


def accepted(reply: Reply, what: str, advice: str, good: tuple[str, ...] = ("Accepted",)) -> Answer:
    """The answer where its status is one of the good ones; raises `ChargerError` in words where not."""
    if reply.status in good:
        return Answer(reply.status, reply.ms)
    if not reply.status:
        raise ChargerError(Reason.BAD_REPLY, f"The charger's answer to “{what}” holds no status.")
    sentence = f"The charger answered “{reply.status}”{_why(reply)} to “{what}”. {advice}"
    raise ChargerError(Reason.REFUSED, sentence, status=reply.status)


def _why(reply: Reply) -> str:
    """The charger's own reason (2.x statusInfo), in brackets."""
    info = reply.payload.get("statusInfo")
    if not isinstance(info, dict):
        return ""
    words = [str(info[key])[:200] for key in ("reasonCode", "additionalInfo") if info.get(key)]
    return f" ({': '.join(words)})" if words else ""
