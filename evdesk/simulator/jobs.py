"""Work that goes on for a while and is told in status messages: firmware, logs, asking for a certificate."""

from collections.abc import Iterable

from evdesk.simulator.core import Core
from evdesk.simulator.link import Payload

DONE = ("DownloadFailed", "Idle", "InstallationFailed", "Installed", "InvalidSignature", "UploadFailure", "Uploaded")


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
