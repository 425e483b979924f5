"""What jobs hear: a charger's words as they come, what left by evdesk's file service, and the rows of the audit log."""

from evdesk.engine.files.slots import Served as Noted
from evdesk.engine.jobs.base import Run
from evdesk.engine.jobs.board import JobBoard
from evdesk.engine.jobs.boots import TRIGGERS
from evdesk.engine.jobs.fetch import LogRun
from evdesk.engine.jobs.late import took
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.update import UpdateRun
from evdesk.firmware.words import INVALID
from evdesk.model import (
    AuditRow,
    Booted,
    Connected,
    Disconnected,
    Event,
    FirmwareStatusSeen,
    MessageSeen,
    SecurityEventSeen,
    UploadStatusSeen,
)

Told = Connected | Disconnected | Booted | FirmwareStatusSeen | UploadStatusSeen | SecurityEventSeen
WRONG_SIGNATURE = "InvalidFirmwareSignature"
OF_ALL = frozenset({"job.cancel", "job.pause", "job.resume"})
"""What a person does to a whole job stands in the report of each of its chargers."""


class JobEars(JobBoard):
    """Of jobs that are under way, and of those whose end may still change."""

    def happened(self, event: Event) -> None:
        """What a charger tells, as it comes: nothing here may wait."""
        if isinstance(event, MessageSeen) and event.action in TRIGGERS:
            self._overhear(event)
        if not isinstance(event, Told):
            return
        here = [run for live in self.live.values() if (run := live.runs.get(event.charger_id)) is not None]
        active = [run for run in here if not run.watch.over]
        for run in active:
            self._hear(run, event)
        if not any(took(run) for run in active):
            self._hear_late(event)

    def _overhear(self, event: MessageSeen) -> None:
        """Somebody, evdesk or a person, has a charger tell something: a boot that it tells then is no restart."""
        late = self.late.of(event.charger_id)
        here = [live.runs.get(event.charger_id) for live in self.live.values()]
        for run in (*here, late[1] if late is not None else None):
            if isinstance(run, UpdateRun):
                run.boots.frame(event)

    def _hear(self, run: Run, event: Told) -> None:
        if isinstance(event, Connected):
            run.linked()
        elif isinstance(event, Disconnected) and not event.replaced:
            run.lost(event.cause)
        elif isinstance(event, FirmwareStatusSeen) and isinstance(run, UpdateRun):
            run.told("FirmwareStatusNotification", event.status, event.request_id)
        elif isinstance(event, SecurityEventSeen) and event.kind == WRONG_SIGNATURE and isinstance(run, UpdateRun):
            run.told("SecurityEventNotification", INVALID, None)  # some say it in no other way
        elif isinstance(event, UploadStatusSeen) and isinstance(run, LogRun):
            run.told("Upload", event.status, event.request_id)
        elif isinstance(event, Booted) and isinstance(run, UpdateRun):
            run.booted(event)

    def _hear_late(self, event: Told) -> None:
        found = self.late.of(event.charger_id)
        if found is None:
            return
        _live, run = found
        knew = run.watch.memory
        self._hear(run, event)
        if run.watch.memory != knew:
            self.keeper.spawn(self.keeper.save_now(run))

    def _note(self, run: Run, what: str, detail: dict[str, object]) -> None:
        """A job that is not over is told, kept and reported by itself."""
        super()._note(run, what, detail)
        found = self.late.of(run.charger_id)
        if found is None or found[1] is not run or run.job_id in self.live:
            return
        found[0].recount()
        self.publish("job.charger", {"job_id": run.job_id, "charger": run.charger})
        self.keeper.spawn(self._report(found[0]))

    def served(self, noted: Noted) -> None:
        charger_id, job_id = noted.key
        live = self.live.get(job_id)
        if live is not None and charger_id in live.runs:
            live.runs[charger_id].served(noted)

    def audited(self, row: AuditRow) -> None:
        """Rows about a charger in a job are named in its report."""
        number = row.args.get("job_id") or row.detail.get("job_id")
        live = self._mine(row.target, number) if isinstance(number, int) else None
        run = live.runs.get(row.target) if live is not None else None
        whose = (
            [run] if run is not None else list(live.runs.values()) if live is not None and row.what in OF_ALL else []
        )
        for one in whose if row.id > 0 else ():
            one.show(audit_ids=(*one.charger.audit_ids, row.id))

    def _mine(self, charger_id: str, number: int) -> LiveJob | None:
        """The job of that number, as far as it is remembered: one that is over may have one looked at after all."""
        found = self.late.of(charger_id)
        over = found[0] if found is not None and found[0].job.id == number else None
        return self.live.get(number, over)
