"""Starting an update exactly once: a double click, a lost answer and an engine that comes back never start a second."""

from PySide6.QtCore import QObject, Signal

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.update_plan import Plan
from evdesk.gui.text import tr
from evdesk.model import EvdeskError, Reason
from evdesk.model.jobs import Job, JobKind
from evdesk.wire.firmware import JobBegun, StartUpdate
from evdesk.wire.jobs import JobPage

UNSURE = (Reason.TIMEOUT, Reason.UNREACHABLE)
"""The engine may have heard it."""
LOOK_BACK_S = 5.0
"""Of the two clocks: a job begun so long before we asked is not ours."""


class Starter(QObject):
    """`begun(job id)`; `failed(sentence)`; `changed()` when `busy` did. Busy: one was asked for, and whether it began is
    not known yet."""

    begun = Signal(int)
    failed = Signal(str)
    changed = Signal()

    def __init__(self, mirror: Mirror, client: Client, plan: Plan, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client, self._plan = mirror, client, plan
        self.busy = False
        self._asked = StartUpdate([], "")
        self._asked_at: float | None = None  # set: whether it began has to be found out
        mirror.connection_changed.connect(self._connection)

    def start(self) -> None:
        if self.busy or not self._mirror.connected:
            return
        self._set_busy(True)
        if self._client.spawn(self._start()) is None:
            self._set_busy(False)

    async def _start(self) -> None:
        now = self._mirror.now()
        self._asked = self._plan.request(now)
        try:
            begun: JobBegun = await self._client.call("firmware.start", self._asked)
        except EvdeskError as error:
            if error.reason not in UNSURE:
                self._end(error.sentence)
                return
            self._asked_at = now
            self.failed.emit(tr("No answer. Whether it began is looked up as soon as the engine answers."))
            if self._mirror.connected:
                await self._look()
            return
        self._end("")
        self.begun.emit(begun.job_id)

    def _connection(self, connected: bool) -> None:
        if connected and self._asked_at is not None:
            self._client.spawn(self._look())

    async def _look(self) -> None:
        """Find the job that was asked for, or say that there is none."""
        asked = self._asked_at
        if asked is None:
            return
        try:
            jobs: list[Job] = await self._client.call("job.list", JobPage(limit=20))
        except EvdeskError as error:
            self.failed.emit(error.sentence)
            return
        if self._asked_at != asked:
            return
        ours = next((job for job in jobs if self._is_ours(job, asked)), None)
        self._end("" if ours is not None else tr("It did not begin. Nothing was sent; you can start it again."))
        if ours is not None:
            self.begun.emit(ours.id)

    def _is_ours(self, job: Job, asked: float) -> bool:
        same = job.kind is JobKind.UPDATE and job.image_id == self._asked.image_id
        return same and job.created_at >= asked - LOOK_BACK_S and job.chargers == len(self._asked.charger_ids)

    def _end(self, problem: str) -> None:
        self._asked_at = None
        self._set_busy(False)
        if problem:
            self.failed.emit(problem)

    def _set_busy(self, busy: bool) -> None:
        if busy != self.busy:
            self.busy = busy
            self.changed.emit()
