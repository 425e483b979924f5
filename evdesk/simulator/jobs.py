"""How work that goes on for a while is told: status messages of firmware, logs and diagnostics."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from evdesk.simulator.core import Core
from evdesk.simulator.core2 import Core2
from evdesk.simulator.link import Payload

STARTING, IDLE = "Starting", "Idle"
LATE_S = 180.0
DONE = frozenset(
    {
        IDLE,
        "AcceptedCanceled",
        "BadMessage",
        "DownloadFailed",
        "InstallationFailed",
        "InstallVerificationFailed",
        "Installed",
        "InvalidSignature",
        "NotSupportedOperation",
        "PermissionDenied",
        "UploadFailure",
        "Uploaded",
    }
)
PLAIN_FIRMWARE = MappingProxyType(
    {
        "DownloadPaused": "",
        "DownloadScheduled": "",
        "InstallRebooting": "",
        "InstallScheduled": "",
        "InstallVerificationFailed": "InstallationFailed",
        "InvalidSignature": "InstallationFailed",
        "SignatureVerified": "",
    }
)
"""What OCPP 1.6 FirmwareStatusNotification calls the statuses of later versions; "" = it has no word and says nothing."""

PLAIN_UPLOAD = MappingProxyType(
    {
        "AcceptedCanceled": "",
        "NotSupportedOperation": "UploadFailed",
        "PermissionDenied": "UploadFailed",
        "UploadFailure": "UploadFailed",
    }
)
"""The same of DiagnosticsStatusNotification."""

SIGNED_UPLOAD = MappingProxyType({"AcceptedCanceled": ""})
"""The same of the whitepaper's LogStatusNotification."""


class StatusJob:
    """One kind of job. `action` is the message that tells its status; `number`: it carries a requestId, and a trigger is
    answered Idle once the job is over, where plain 1.6 repeats the last one. `words`: other names, as above. `reasons`: it
    can say why (2.1). `late_s`: every status comes so much later."""

    def __init__(
        self,
        core: Core,
        action: str,
        number: bool = True,
        words: Mapping[str, str] = MappingProxyType({}),
        reasons: bool = False,
        late_s: float = 0.0,
    ) -> None:
        self.core, self.action, self.number = core, action, number
        self.words, self.reasons, self.late_s = words, reasons, late_s
        self.muted = False
        self.status = self.told = IDLE
        self.request_id: int | None = None

    @property
    def busy(self) -> bool:
        return self.status not in DONE

    def begin(self, request_id: int | None) -> None:
        self.request_id, self.status, self.muted = request_id, STARTING, False

    def forget(self) -> None:
        """A restart: nothing runs, and nobody remembers what did."""
        self.status = self.told = IDLE

    def tell(self, status: str, why: str = "") -> None:
        """Go to `status` and say so, unless there is no word for it or nothing is told."""
        self.status = status
        word = self.words.get(status, status)
        self.core.say(f"{status} {why}".rstrip())
        if self.muted or not word:
            return
        self.told = word
        payload: Payload = {"status": word}
        if self.number and self.request_id is not None:
            payload["requestId"] = self.request_id
        if why and self.reasons:
            payload["statusInfo"] = {"reasonCode": "Problem", "additionalInfo": why[:1024]}
        if self.late_s:
            self.core.later(self.late_s, lambda: self.core.post(self.action, payload))
        else:
            self.core.post(self.action, payload)

    def tell_asked(self) -> None:
        """The answer to a trigger."""
        over = not self.busy or self.muted or self.status == STARTING
        if self.number and over:
            self.core.post(self.action, {"status": IDLE})
        else:
            payload: Payload = {"status": self.told}
            self.core.post(self.action, payload | ({"requestId": self.request_id} if self.number else {}))


@dataclass(frozen=True, slots=True)
class Jobs16:
    """Of a 1.6 station: the plain messages, and those of the whitepaper."""

    firmware: StatusJob
    diagnostics: StatusJob
    signed: StatusJob
    log: StatusJob


@dataclass(frozen=True, slots=True)
class Jobs2:
    firmware: StatusJob
    log: StatusJob


def jobs16(core: Core) -> Jobs16:
    late_s = _late(core)
    return Jobs16(
        StatusJob(core, "FirmwareStatusNotification", number=False, words=PLAIN_FIRMWARE, late_s=late_s),
        StatusJob(core, "DiagnosticsStatusNotification", number=False, words=PLAIN_UPLOAD),
        StatusJob(core, "SignedFirmwareStatusNotification", late_s=late_s),
        StatusJob(core, "LogStatusNotification", words=SIGNED_UPLOAD),
    )


def jobs2(core: Core2) -> Jobs2:
    return Jobs2(
        StatusJob(core, "FirmwareStatusNotification", reasons=core.newest, late_s=_late(core)),
        StatusJob(core, "LogStatusNotification", reasons=core.newest),
    )


def _late(core: Core) -> float:
    return LATE_S if core.has("firmware_late") else 0.0
