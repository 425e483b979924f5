"""What all jobs have in common: how they are made, told, kept and ended."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from evdesk.engine.commands import Commands
from evdesk.engine.files.logs import LogBook
from evdesk.engine.files.service import FileService
from evdesk.engine.firmware.library import Library
from evdesk.engine.firmware.versions import FleetBook
from evdesk.engine.fleet import Fleet
from evdesk.engine.jobs import confirmed
from evdesk.engine.jobs.base import Known, Parts, Run
from evdesk.engine.jobs.fetch import LogRun
from evdesk.engine.jobs.ground import Grounds
from evdesk.engine.jobs.held import RESTART
from evdesk.engine.jobs.keeping import Keeper
from evdesk.engine.jobs.late import Late
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.numbers import RequestNumbers
from evdesk.engine.jobs.power import Awake
from evdesk.engine.jobs.update import UpdateRun
from evdesk.engine.options import EngineOptions
from evdesk.engine.setup import Setup
from evdesk.engine.shelf import Shelf
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import SavedCharger
from evdesk.firmware.times import Times, times_for
from evdesk.model import (
    EvdeskError,
    NoticeKind,
    Severity,
)
from evdesk.model.firmware import Check, Image, Verdict
from evdesk.model.jobs import Cause, Job, JobKind, Step
from evdesk.wire.firmware import Preflight

log = logging.getLogger("evdesk.jobs")
Publish = Callable[[str, object], None]


class JobNeeds(Protocol):
    """What jobs need of the engine."""

    options: EngineOptions
    fleet: Fleet
    commands: Commands
    setup: Setup
    shelf: Shelf
    library: Library
    files: FileService
    fleet_book: FleetBook
    logs: LogBook


class JobBoard:
    """`live`: jobs that are not over; `late`: chargers that may still prove that theirs went well."""

    def __init__(self, core: JobNeeds, publish: Publish) -> None:
        self.fleet, self.commands, self.library, self.files = core.fleet, core.commands, core.library, core.files
        self.versions, self.logs, self.publish = core.fleet_book, core.logs, publish
        self.live: dict[int, LiveJob] = {}
        self.late = Late(self.fleet.clock)
        self.awake = Awake()
        settings = core.shelf.settings
        self.grounds = Grounds(
            core.options.data, self.fleet, self.files, settings, self.versions, self.awake, self._others
        )
        self.keeper = Keeper(self.fleet, self.commands)
        self.numbers = RequestNumbers(self.fleet.store)
        self.beginning: set[str] = set()
        self.others: Callable[[str], str] = lambda charger_id: ""  # a drill, a wiring test: in words
        self._ending: set[int] = set()
        self.parts = Parts(
            self.fleet,
            self.commands,
            core.setup,
            settings,
            self.library,
            self.files,
            self.keeper.lines.append,
            self._changed,
            self.keeper.save_now,
            self._note,
            self.numbers.of,
        )

    async def _rebuilt(self, job: Job) -> LiveJob:
        saved = await self.fleet.store.job_chargers(job.id)
        image = await confirmed.kept(self.fleet.store, job.id)
        return self.made(job, saved, image or self.library.images.get(job.image_id))

    def made(self, job: Job, chargers: list[SavedCharger], image: Image | None) -> LiveJob:
        """The job with a run for each charger."""
        runs = {one.charger.charger_id: self._run(job, one, image) for one in chargers}
        return LiveJob(job, runs, image)

    def _run(self, job: Job, saved: SavedCharger, image: Image | None) -> Run:
        if job.kind is JobKind.LOG:
            return LogRun(self.parts, job.id, saved, Times(), self.logs)
        whose = image or Image(job.image_id, "", 0, "", usable=False, why_not="The file is gone from the library.")

        async def ready(record: ChargerRecord, image: Image) -> Preflight:
            return await self.grounds.look(record, image, (job.install_at or 0.0) > self.fleet.clock.now())

        run = UpdateRun(self.parts, job.id, saved, self._times(whose), whose, ready)
        run.override, run.restore, run.install_at = job.override, job.restore, job.install_at
        return run

    def _times(self, image: Image) -> Times:
        """Where time passes faster than real, programs still need theirs."""
        manifest, speed = image.manifest, self.fleet.clock.speed
        times = times_for(manifest.minutes, reboots=manifest.reboots)
        return replace(
            times,
            test_s=max(times.test_s, 5.0 * speed),
            answer_s=max(times.answer_s, 3.0 * speed),
            own_words_s=max(times.own_words_s, 1.0 * speed),
        )

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
        needed = any(live.needs_us(self.fleet.clock.now()) for live in self.live.values())
        if needed != self.awake.held and not self.awake.busy and self.awake.may_try():
            self.keeper.spawn(self.awake.hold() if needed else self.awake.let_go())

    async def _finish(self, live: LiveJob) -> None:
        """The last of it: kept, reported, told."""
        try:
            said = live.causes()
            await self._report(live)
            if live.causes() != said:  # one was amended while it was written
                live.recount()
                await self._report(live)
        except EvdeskError:
            self._ending.discard(live.job.id)  # tried again when the storage works
            raise
        self.live.pop(live.job.id, None)
        self._ending.discard(live.job.id)
        good = set(live.job.counts) <= {"succeeded", "cancelled"}
        words = ", ".join(f"{number} {word}" for word, number in sorted(live.job.counts.items()))
        self._notice(live.job, "over", Severity.OK if good else Severity.WARN, words)

    async def _report(self, live: LiveJob) -> None:
        await self.keeper.report(live)
        self.publish("job", live.job)

    def _notice(self, job: Job, what: str, severity: Severity, words: str) -> None:
        record = next((self.fleet.chargers[c] for c in self._ids(job) if c in self.fleet.chargers), None)
        if record is not None:
            self.fleet.notice(NoticeKind.JOB, severity, record, what=what, job=job.id, title=job.title, info=words)

    def _ids(self, job: Job) -> list[str]:
        live = self.live.get(job.id)
        return list(live.runs) if live is not None else []

    def _changed(self, run: Known, moved: bool) -> None:
        live = self.live.get(run.job_id)
        if live is None:
            return
        live.dirty.add(run.charger_id)
        if moved:
            live.unkept.add(run.charger_id)

    def _note(self, run: Run, what: str, detail: dict[str, object]) -> None:
        self.keeper.spawn(self.keeper.note(run.charger_id, what, {"job_id": run.job_id, **detail}))
        if isinstance(run, UpdateRun):
            self._tell_versions(run)

    def _tell_versions(self, run: UpdateRun) -> None:
        one, live = run.charger, self.live.get(run.job_id)
        if one.cause is Cause.INVALID_SIGNATURE:
            self.grounds.wrong.add((one.charger_id, run.image.id))
        if one.outcome is not None:
            if live is not None:
                self.late.ended(live, run)
            self.versions.ended(one.charger_id, run.job_id, one.outcome, one.reason)
        elif one.step is Step.SENT:
            self.versions.by_job(one.charger_id, run.job_id)

    def add(self, live: LiveJob) -> None:
        self.live[live.job.id] = live
        self.publish("job", live.job)

    def _others(self, charger_id: str) -> Check | None:
        if words := self.others(charger_id):
            return Check("job", Verdict.WAIT, words, "Wait for its end, or cancel it.")
        number = self.late.may_install(charger_id)
        if number is not None:
            words = f"Job {number} left it with the whole file: it may still be installing."
            return Check(
                "job", Verdict.WAIT, words, RESTART
            )  # no reason passes it: once restarted, it begins by itself
        record, setup = self.fleet.chargers.get(charger_id), self.parts.setup
        if record is None or not setup.busy(record) or charger_id in setup.resting:
            return None
        # Its safe default may just be written: the one that it has now is not what it is held to afterwards.
        words = "It is just being prepared: its safe default and its settings are looked at."
        return Check("job", Verdict.WAIT, words, "It begins when that is through.")
