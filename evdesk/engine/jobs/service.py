"""All jobs: begun, moved on once a second, kept, told, found again after a restart of the engine."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from evdesk.engine.commands import Commands
from evdesk.engine.files.service import FileService
from evdesk.engine.files.slots import Served as Noted
from evdesk.engine.firmware.library import Library
from evdesk.engine.fleet import Fleet
from evdesk.engine.jobs.base import Parts, Run
from evdesk.engine.jobs.fetch import LogRun
from evdesk.engine.jobs.ground import Grounds
from evdesk.engine.jobs.held import job_of, refusal
from evdesk.engine.jobs.keeping import Keeper
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.ports import LogKeeper, VersionBook
from evdesk.engine.jobs.power import Awake
from evdesk.engine.jobs.update import UpdateRun
from evdesk.engine.settings_book import SettingsBook
from evdesk.engine.setup import Setup
from evdesk.engine.store import SavedCharger
from evdesk.firmware.happenings import Stop
from evdesk.firmware.machine import AMENDED_BY_VERSION
from evdesk.firmware.times import Times, times_for
from evdesk.model import (
    AuditRow,
    Booted,
    Connected,
    Disconnected,
    EvdeskError,
    Event,
    FirmwareStatusSeen,
    NoticeKind,
    Origin,
    Reason,
    Severity,
    UploadStatusSeen,
)
from evdesk.model.firmware import Image
from evdesk.model.jobs import Job, JobCharger, JobKind, JobState

log = logging.getLogger("evdesk.jobs")
Publish = Callable[[str, object], None]
LATE_S = 24 * 3600.0
"""So long a charger that did not come back may still prove that its update went well."""


class Jobs:
    """`tick` once a second. `publish("job", Job)` and `publish("job.charger", {job_id, charger})` as they go on."""

    def __init__(
        self,
        data: Path,
        fleet: Fleet,
        commands: Commands,
        setup: Setup,
        settings: SettingsBook,
        library: Library,
        files: FileService,
        logs: LogKeeper,
        versions: VersionBook,
        publish: Publish,
    ) -> None:
        self.fleet, self.commands, self.library, self.files, self.logs = fleet, commands, library, files, logs
        self.versions, self.publish = versions, publish
        self.live: dict[int, LiveJob] = {}
        self.late: dict[str, LiveJob] = {}
        self.awake = Awake()
        self.grounds = Grounds(data, fleet, files, settings, versions, self.awake, self._others)
        self.keeper = Keeper(fleet, commands)
        self.beginning: set[str] = set()
        self.others: Callable[[str], str] = lambda charger_id: ""  # a drill, a wiring test: in words
        self._ending: set[int] = set()
        self.parts = Parts(
            fleet,
            commands,
            setup,
            settings,
            library,
            files,
            self.keeper.lines.append,
            self._changed,
            self.keeper.save_now,
            self._note,
        )
        files.on_served = self.served
        fleet.watchers.append(self.happened)
        commands.guard = lambda command: refusal(self.live.values(), command)

    # -- life -----------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Jobs that were not over go on; what had been sent is watched, and never sent again."""
        for job in await self.fleet.store.open_jobs():
            live = await self._rebuilt(job)
            self.live[job.id] = live
            for run in live.runs.values():
                if run.begun and not run.watch.over:
                    run.aside(run.resume())
        for number, charger in (await self.fleet.store.newest_job_of()).values():
            if charger.cause in AMENDED_BY_VERSION and self._recent(charger) and number not in self.live:
                ended = await self.fleet.store.job(number)
                if ended is not None:
                    self.late[charger.charger_id] = await self._rebuilt(ended)

    async def close(self) -> None:
        """Nothing is stopped: the chargers go on, and the next start watches them again."""
        for live in self.live.values():
            for run in live.runs.values():
                await run.close()
            self.keeper.spawn(self.keeper.keep(live, list(live.runs.values())))
        await self.keeper.settled()
        await self.awake.let_go()

    async def _rebuilt(self, job: Job) -> LiveJob:
        saved = await self.fleet.store.job_chargers(job.id)
        return self.made(job, saved, self.library.images.get(job.image_id))

    def made(self, job: Job, chargers: list[SavedCharger], image: Image | None) -> LiveJob:
        """The job with a run for each charger."""
        runs = {one.charger.charger_id: self._run(job, one, image) for one in chargers}
        return LiveJob(job, runs, image)

    def _run(self, job: Job, saved: SavedCharger, image: Image | None) -> Run:
        if job.kind is JobKind.LOG:
            return LogRun(self.parts, job.id, saved, Times(), self.logs)
        whose = image or Image(job.image_id, "", 0, "", usable=False, why_not="The file is gone from the library.")
        run = UpdateRun(self.parts, job.id, saved, times_for(whose.manifest.minutes), whose, self.grounds.look)
        run.override, run.restore = job.override, job.restore
        return run

    def _recent(self, charger: JobCharger) -> bool:
        return charger.ended_at is not None and self.fleet.clock.now() - charger.ended_at < LATE_S

    # -- the beat -------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Beside the control cycle: nothing here waits."""
        now = self.fleet.clock.now()
        for live in list(self.live.values()):
            paused = live.job.state is JobState.PAUSED
            live.move_on(now)
            if live.job.state is JobState.PAUSED and not paused:
                self._notice(live.job, Severity.WARN, live.job.waits_for)
            if any(run.begun and not run.watch.over for run in live.runs.values()) or not live.job.over:
                live.job = replace(live.job, power=self.awake.state(), served=self._served())
            self._tell(live, now)
            if live.job.over and live.job.id not in self._ending:
                self._ending.add(live.job.id)
                self.keeper.spawn(self._finish(live))
        if self.keeper.lines:
            self.keeper.spawn(self.keeper.keep_lines())
        self._mind_sleep()

    def _tell(self, live: LiveJob, now: float) -> None:
        due = live.due(now)
        dirty, live.dirty = live.dirty, set()
        for charger_id in dirty:
            shown = live.shown(live.runs[charger_id], now)
            self.publish("job.charger", {"job_id": live.job.id, "charger": shown})
        quiet = replace(live.job, about_done_at=None)
        if live.told != quiet:
            live.told = quiet
            self.publish("job", live.job)
        if due or live.kept != replace(quiet, power=quiet.power, counts={}):
            live.kept = replace(quiet, counts={})
            self.keeper.spawn(self.keeper.keep(live, due))

    def _served(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted({(address, scheme) for address, scheme, _port in self.files.served}))

    def _mind_sleep(self) -> None:
        needed = any(
            run.begun and not run.watch.over and isinstance(run, UpdateRun)
            for live in self.live.values()
            for run in live.runs.values()
        )
        if needed != self.awake.held and not self.awake.busy and self.awake.may_try():
            self.keeper.spawn(self.awake.hold() if needed else self.awake.let_go())

    async def _finish(self, live: LiveJob) -> None:
        """The last of it: kept, reported, told."""
        for run in live.runs.values():
            if isinstance(run, UpdateRun) and run.charger.cause in AMENDED_BY_VERSION:
                self.late[run.charger_id] = live
        await self._report(live)
        self.live.pop(live.job.id, None)
        self._ending.discard(live.job.id)
        good = set(live.job.counts) <= {"succeeded", "cancelled"}
        words = ", ".join(f"{number} {word}" for word, number in sorted(live.job.counts.items()))
        self._notice(live.job, Severity.OK if good else Severity.WARN, words)

    async def _report(self, live: LiveJob) -> None:
        await self.keeper.report(live)
        self.publish("job", live.job)

    # -- what happens ---------------------------------------------------------------------------------------------

    def happened(self, event: Event) -> None:
        """What a charger tells, as it comes: nothing here may wait."""
        if not isinstance(event, Connected | Disconnected | Booted | FirmwareStatusSeen | UploadStatusSeen):
            return
        for live in self.live.values():
            run = live.runs.get(event.charger_id)
            if run is not None:
                self._hear(run, event)
        if isinstance(event, Booted):
            self._late_boot(event)

    def _hear(self, run: Run, event: Event) -> None:
        if isinstance(event, Connected):
            run.linked()
        elif isinstance(event, Disconnected) and not event.replaced:
            run.lost(event.cause)
        elif isinstance(event, FirmwareStatusSeen) and isinstance(run, UpdateRun):
            run.told("FirmwareStatusNotification", event.status, event.request_id)
        elif isinstance(event, UploadStatusSeen) and isinstance(run, LogRun):
            run.told("Upload", event.status, event.request_id)
        elif isinstance(event, Booted) and isinstance(run, UpdateRun):
            run.booted(event)

    def _late_boot(self, event: Booted) -> None:
        live = self.late.get(event.charger_id)
        run = live.runs.get(event.charger_id) if live is not None else None
        if live is None or not isinstance(run, UpdateRun):
            return
        before = run.charger.outcome
        run.booted(event)
        if run.charger.outcome is not before:
            del self.late[event.charger_id]
            live.recount()
            self.publish("job.charger", {"job_id": live.job.id, "charger": run.charger})
            if live.job.over:
                self.keeper.spawn(self._report(live))

    def served(self, noted: Noted) -> None:
        charger_id, job_id = noted.key
        live = self.live.get(job_id)
        if live is not None and charger_id in live.runs:
            live.runs[charger_id].served(noted)

    def audited(self, row: AuditRow) -> None:
        """Rows about a charger in a job are named in its report."""
        number = row.args.get("job_id") or row.detail.get("job_id")
        live = self.live.get(number) if isinstance(number, int) else None
        run = live.runs.get(row.target) if live is not None else None
        if run is not None and row.id > 0:
            run.show(audit_ids=(*run.charger.audit_ids, row.id))

    def _changed(self, run: Run, moved: bool) -> None:
        live = self.live.get(run.job_id)
        if live is None:
            return
        live.dirty.add(run.charger_id)
        if moved:
            live.unkept.add(run.charger_id)

    def _note(self, run: Run, what: str, detail: dict[str, object]) -> None:
        self.keeper.spawn(self.keeper.note(run.charger_id, what, {"job_id": run.job_id, **detail}))
        if isinstance(run, UpdateRun) and run.watch.over:
            self.versions.ended(run.charger_id, run.job_id, run.charger.outcome, run.charger.reason)

    # -- parts ----------------------------------------------------------------------------------------------------

    def add(self, live: LiveJob) -> None:
        self.live[live.job.id] = live
        self.publish("job", live.job)

    def _others(self, charger_id: str) -> str:
        return self.others(charger_id)

    def cancel_run(self, run: Run, origin: Origin) -> None:
        run.feed(Stop(self.fleet.clock.now(), origin.who))

    def job_of(self, charger_id: str) -> int | None:
        """The job that has this charger and is not through with it."""
        return job_of(self.live.values(), charger_id)

    def found(self, job_id: int) -> LiveJob:
        live = self.live.get(job_id)
        if live is None:
            raise EvdeskError(Reason.INVALID, f"No job {job_id} is under way. job.list names them.")
        return live

    def _notice(self, job: Job, severity: Severity, words: str) -> None:
        record = next((self.fleet.chargers[c] for c in self._ids(job) if c in self.fleet.chargers), None)
        if record is not None:
            self.fleet.notice(NoticeKind.JOB, severity, record, job=job.id, title=job.title, info=words)

    def _ids(self, job: Job) -> list[str]:
        live = self.live.get(job.id)
        return list(live.runs) if live is not None else []
