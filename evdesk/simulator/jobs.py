"""Work that goes on for a while and is told in status messages: firmware, logs, asking for a certificate."""

from collections.abc import Iterable

from evdesk.simulator.core import Core
from evdesk.simulator.link import Payload

DONE = ("DownloadFailed", "Idle", "InstallationFailed", "Installed", "InvalidSignature", "UploadFailure", "Uploaded")


Steps = list[tuple[float, str]]


def firmware_steps(core: Core, wait_s: float = 0.0) -> Steps:
    """What becomes of an update: there is no transfer in this station, so it fails, and says so."""
    if core.has("firmware_silent"):
        return []
    if core.has("firmware_twice"):
        return [(wait_s + 2.0, "Downloading"), (wait_s + 6.0, "Installed"), (wait_s + 8.0, "Installed")]
    if core.has("unavailable_afterwards"):
        for outlet in core.outlets.values():
            outlet.operative = False
    return [(wait_s + 2.0, "Downloading"), (wait_s + 6.0, "DownloadFailed")]


def upload_steps(core: Core, end: str = "UploadFailure") -> Steps:
    """The same for a log or diagnostics."""
    count = 20 if core.has("upload_flood") else 1
    steps = [(2.0 + n * 0.1, "Uploading") for n in range(count)]
    return steps if core.has("upload_silent") else [*steps, (5.0, end)]


class StatusJob:
    """One kind of job. `action` is the message that tells its status; `number` whether that carries a requestId."""

    def __init__(self, core: Core, action: str, number: bool = True) -> None:
        self.core, self.action, self.number = core, action, number
        self.status = "Idle"
        self.request_id: int | None = None
        self._run = 0

    @property
    def busy(self) -> bool:
        return self.status not in DONE

    def start(self, request_id: int | None, steps: Iterable[tuple[float, str]]) -> bool:
        """Go through `steps` of (seconds from now, status). Returns whether an earlier job was dropped for it."""
        dropped = self.busy
        self._run += 1
        self.request_id, run = request_id, self._run
        self.status = "Starting"
        for after_s, status in steps:
            self.core.later(after_s, lambda status=status: self._go(run, status))  # type: ignore[misc]
        return dropped

    def _go(self, run: int, status: str) -> None:
        if run == self._run:
            self.status = status
            self.tell()

    def tell(self) -> None:
        """The status now; "Idle", without a number, when nothing runs and somebody asks."""
        told: Payload = {"status": self.status if self.status != "Starting" else "Idle"}
        if self.number and self.request_id is not None and told["status"] != "Idle":
            told["requestId"] = self.request_id
        self.core.post(self.action, told)

    def tell_asked(self) -> None:
        """The answer to a trigger: a job that is over counts as Idle."""
        if self.busy:
            self.tell()
        else:
            self.core.post(self.action, {"status": "Idle"})
