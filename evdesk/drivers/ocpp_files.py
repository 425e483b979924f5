"""Verbs about files: firmware to fetch, logs to send.

OCPP 1.6 sections 6.19 (UpdateFirmware) and 6.7 (GetDiagnostics); security whitepaper (SignedUpdateFirmware, GetLog);
2.x part 2, L01, L02 (UpdateFirmware) and N01 (GetLog).
"""

from typing import Any

from evdesk.drivers.base import Answer, FirmwareRequest, LogRequest
from evdesk.drivers.ocpp_driver import accepted
from evdesk.drivers.ocpp_late import Reply
from evdesk.drivers.ocpp_service import ServiceVerbs
from evdesk.drivers.ocpp_variables import read_variables
from evdesk.model import Capability, ChargerError, Reason, Unsupported
from evdesk.ocpp.fields import text
from evdesk.ocpp.timestamps import format_time

NEEDS: dict[str, frozenset[Capability]] = {
    "UpdateFirmware": frozenset({Capability.FIRMWARE}),
    "GetLog": frozenset({Capability.LOGS}),
}
"""Of 2.x. A 1.6 station has two messages for each, and may know only one of them."""

SAFELY_PAST_S = 60.0
_GOOD = ("Accepted", "AcceptedCanceled")
_LOG_TYPES = {"diagnostics": "DiagnosticsLog", "security": "SecurityLog"}
_VERSION = "ChargingStation/FirmwareVersion"


class FileVerbs(ServiceVerbs):
    async def update_firmware(self, request: FirmwareRequest) -> Answer:
        """`Answer.payload["request_id"]`: whether its status messages will carry the number; `["install_at"]`: when it
        was told to install, None at once (UpdateFirmware of 1.6 has no field for it)."""
        if self.version.second:
            reply = await self.call("UpdateFirmware", self._signed(request))
            return _answered(reply, "update firmware", True, install_at=request.install_at)
        ways = [self._update_plain, self._update_signed]
        if request.signature and request.certificate:
            ways.reverse()
        elif not request.signature:
            ways.pop()
        return await self._first(ways, request, Capability.FIRMWARE)

    async def _update_plain(self, request: FirmwareRequest) -> Answer:
        """1.6: its answer is empty; that it came is all it says."""
        payload = {"location": request.location, "retrieveDate": self._from(request.retrieve_at)}
        reply = await self.call("UpdateFirmware", payload | _retries(request.retries, request.retry_s))
        unsigned = "sent without its signature" if request.signature else None
        return Answer("Accepted", reply.ms, after=unsigned, payload={"request_id": False, "install_at": None})

    async def _update_signed(self, request: FirmwareRequest) -> Answer:
        reply = await self.call("SignedUpdateFirmware", self._signed(request))
        return _answered(reply, "update firmware", True, install_at=request.install_at)

    def _signed(self, request: FirmwareRequest) -> dict[str, Any]:
        firmware = {"location": request.location, "retrieveDateTime": self._from(request.retrieve_at)}
        if request.install_at is not None:
            firmware["installDateTime"] = self._stamp(request.install_at)
        if request.signature and request.certificate:
            firmware |= {"signingCertificate": request.certificate, "signature": request.signature}
        number = {"requestId": request.request_id, "firmware": firmware}
        return number | _retries(request.retries, request.retry_s)

    async def get_log(self, request: LogRequest) -> Answer:
        """`Answer.after`: the name it will have, None where the charger has nothing to send."""
        if request.kind not in _LOG_TYPES:
            raise ChargerError(Reason.INVALID, "A log is “diagnostics” or “security”.", kind=request.kind)
        if self.version.second:
            return await self._log(request)
        if request.kind == "security":
            return await self._first([self._log], request, None)
        return await self._first([self._diagnostics, self._log], request, Capability.LOGS)

    async def _diagnostics(self, request: LogRequest) -> Answer:
        payload: dict[str, Any] = {"location": request.location} | _retries(request.retries, request.retry_s)
        payload |= self._between(request, "startTime", "stopTime")
        reply = await self.call("GetDiagnostics", payload)
        return Answer(
            "Accepted", reply.ms, after=text(reply.payload, "fileName") or None, payload={"request_id": False}
        )

    async def _log(self, request: LogRequest) -> Answer:
        log = {"remoteLocation": request.location} | self._between(request, "oldestTimestamp", "latestTimestamp")
        payload: dict[str, Any] = {"logType": _LOG_TYPES[request.kind], "requestId": request.request_id, "log": log}
        reply = await self.call("GetLog", payload | _retries(request.retries, request.retry_s))
        answer = _answered(reply, "send its log", True)
        name = text(reply.payload, "filename") or f"{request.kind}.log"
        return Answer(answer.status, answer.ms, after=name, payload=answer.payload)

    def _between(self, request: LogRequest, first: str, last: str) -> dict[str, str]:
        times = {first: request.from_at, last: request.to_at}
        return {key: self._stamp(at) for key, at in times.items() if at is not None}

    async def firmware_version(self) -> str:
        """As a variable (2.x); 1.6 tells it only in BootNotification."""
        if not self.version.second:
            raise Unsupported("firmware_version")
        found = await read_variables(self, (_VERSION,))
        return next((one.value or "" for one in found.values()), "")

    @property
    def local_address(self) -> str:
        return self.link.peer.local_address

    @property
    def secure(self) -> bool:
        return self.link.peer.secure

    # -- parts --------------------------------------------------------------------------------------------------------

    def _from(self, at: float) -> str:
        """A moment that is past on the charger's clock too, even where that was set since it was last seen: a date to
        come would make it wait."""
        return format_time(at + min(0.0, self.memory.clock.ahead_s) - SAFELY_PAST_S)

    def _stamp(self, at: float) -> str:
        """As the charger's clock will show it."""
        return format_time(at + self.memory.clock.ahead_s)

    async def _first(self, ways: list[Any], request: FirmwareRequest | LogRequest, gone: Capability | None) -> Answer:
        """The first of the messages that it knows; the capability goes only when it knows none."""
        for way in ways[:-1]:
            try:
                answer: Answer = await way(request)
                return answer
            except ChargerError as error:
                if error.reason is not Reason.UNSUPPORTED:
                    raise
        try:
            last: Answer = await ways[-1](request)
            return last
        except ChargerError as error:
            if error.reason is Reason.UNSUPPORTED and gone is not None:
                self._drop(frozenset({gone}))
            raise


def _retries(retries: int, retry_s: int) -> dict[str, int]:
    return {"retries": retries, "retryInterval": retry_s}


def _answered(reply: Reply, what: str, numbered: bool, **told: float | None) -> Answer:
    answer = accepted(reply, what, "It may be busy with another one, or charge.", good=_GOOD)
    return Answer(answer.status, answer.ms, payload={"request_id": numbered, **told})
