"""The API's methods about updates and logs that go on, and the checks before an update."""

import asyncio

from evdesk.engine.api_core import Core, Handler
from evdesk.engine.commands import Command
from evdesk.engine.jobs.begin import accepted, fetch_log, start_update, wrong_date
from evdesk.engine.jobs.keeping import REPORT
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.report import file_name, report_json
from evdesk.firmware.rollout import under_way
from evdesk.model import EvdeskError, Origin, Reason
from evdesk.model.jobs import Job, JobCharger, JobLine, JobState
from evdesk.wire import jobs as w
from evdesk.wire.firmware import JobBegun, Preflight, PreflightOf, StartUpdate
from evdesk.wire.method import Done


class JobsApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "firmware.preflight": self._preflight,
            "firmware.start": self._start,
            "job.list": self._list,
            "job.get": self._get,
            "job.cancel": self._cancel,
            "job.pause": self._pause,
            "job.resume": self._resume,
            "job.skip": self._skip,
            "job.lines": self._lines,
            "job.report": self._report,
            "log.fetch": self._fetch,
        }

    async def _preflight(self, _origin: Origin, params: PreflightOf) -> list[Preflight]:
        image = self.core.library.images.get(params.image_id)
        if image is None:
            raise EvdeskError(Reason.INVALID, f"There is no image “{params.image_id}”. firmware.images lists them.")
        if wrong := wrong_date(params.install_at, self.core.fleet.clock.now()):
            raise EvdeskError(Reason.INVALID, wrong)
        jobs, dated = self.core.jobs, params.install_at is not None
        return [await jobs.grounds.look(record, image, dated) for record in accepted(jobs, params.charger_ids)]

    async def _start(self, origin: Origin, params: StartUpdate) -> JobBegun:
        return JobBegun(await start_update(self.core.jobs, origin, params))

    async def _fetch(self, origin: Origin, params: w.FetchLog) -> JobBegun:
        return JobBegun(await fetch_log(self.core.jobs, origin, params))

    async def _list(self, _origin: Origin, params: w.JobPage) -> list[Job]:
        if params.limit < 1:
            raise EvdeskError(Reason.INVALID, "Ask for at least one job.")
        found = await self.core.fleet.store.jobs(params.charger_id, params.limit, params.before_id)
        live = self.core.jobs.live
        return [live[job.id].job if job.id in live else job for job in found]

    async def _get(self, _origin: Origin, params: w.OneJob) -> w.JobView:
        job, chargers = await self._found(params.job_id)
        return w.JobView(job.id, job.state, job, chargers)

    async def _found(self, job_id: int) -> tuple[Job, dict[str, JobCharger]]:
        live = self.core.jobs.live.get(job_id)
        if live is not None:
            now = self.core.fleet.clock.now()
            return live.job, {charger_id: live.shown(run, now) for charger_id, run in live.runs.items()}
        job = await self.core.fleet.store.job(job_id)
        if job is None:
            raise EvdeskError(Reason.INVALID, f"There is no job {job_id}. job.list names them.")
        saved = await self.core.fleet.store.job_chargers(job_id)
        return job, {one.charger.charger_id: one.charger for one in saved}

    async def _cancel(self, origin: Origin, params: w.CancelJob) -> Done:
        """The rest is not begun; whoever may still be stopped is; whoever installs is watched to its end."""
        live = self._live(params.job_id, params.charger_id)
        command = Command(origin, "job.cancel", _target(params.job_id), _args(params.job_id, params.charger_id))
        runs = [run for charger_id, run in live.runs.items() if params.charger_id in ("", charger_id)]

        async def act() -> None:
            await asyncio.gather(*(self.core.jobs.cancel_run(run, origin) for run in runs))
            await self.core.jobs.keeper.keep(live, runs)  # an engine that is killed now does not begin it anew

        row = await self.core.commands.stored(command, {}, act)
        left = sum(run.charger.outcome is None for run in runs)
        many = "1 goes on, because it" if left == 1 else f"{left} go on, because they"
        return Done(status=f"cancelled; {many} may have the whole file" if left else "cancelled", audit_id=row)

    async def _pause(self, origin: Origin, params: w.OneJob) -> Done:
        return await self._set(origin, "job.pause", params.job_id, JobState.PAUSED)

    async def _resume(self, origin: Origin, params: w.OneJob) -> Done:
        return await self._set(origin, "job.resume", params.job_id, JobState.RUNNING)

    async def _set(self, origin: Origin, what: str, job_id: int, state: JobState) -> Done:
        live = self._live(job_id)

        async def act() -> None:
            live.go(state, self.core.fleet.clock.now())
            await self.core.jobs.keeper.keep(live, [])

        row = await self.core.commands.stored(Command(origin, what, _target(job_id), {"job_id": job_id}), {}, act)
        return Done(status=state.value, audit_id=row)

    async def _skip(self, origin: Origin, params: w.JobChargerRef) -> Done:
        live = self._live(params.job_id, params.charger_id)
        run = live.runs[params.charger_id]
        if under_way(run.charger):
            raise EvdeskError(Reason.INVALID, f"{run.charger.label} was begun already. Cancel it instead.")
        args = _args(params.job_id, params.charger_id)

        async def act() -> None:
            await self.core.jobs.cancel_run(run, origin)
            await self.core.jobs.keeper.keep(live, [run])

        row = await self.core.commands.stored(Command(origin, "job.skip", params.charger_id, args), {}, act)
        return Done(status="left out", audit_id=row)

    async def _lines(self, _origin: Origin, params: w.JobLines) -> list[JobLine]:
        if params.limit < 1 or params.after_id < 0:
            raise EvdeskError(Reason.INVALID, "Ask for at least one line, after an id from 0 up.")
        store = self.core.fleet.store
        found = await store.job_lines(params.job_id, params.charger_id, params.after_id, params.limit)
        if not found:
            _job, chargers = await self._found(params.job_id)
            if params.charger_id and params.charger_id not in chargers:
                raise EvdeskError(Reason.INVALID, f"“{params.charger_id}” is not in job {params.job_id}.")
        return found

    async def _report(self, _origin: Origin, params: w.ReadReport) -> w.JobReport:
        job, chargers = await self._found(params.job_id)
        kept = await self.core.fleet.store.load_note(REPORT, str(job.id)) if job.over else None
        if params.charger_id and params.charger_id not in chargers:
            raise EvdeskError(Reason.INVALID, f"“{params.charger_id}” is not in job {params.job_id}.")
        image = self.core.library.images.get(job.image_id)
        text = kept or (await report_json(self.core.fleet.store, job, chargers, image))[0]
        name = file_name(job, params.charger_id, params.format.value)
        if params.format is w.ReportFormat.JSON:
            return w.JobReport(name, text)
        return w.JobReport(name, "", await asyncio.to_thread(_pdf, text, params.charger_id))

    def _live(self, job_id: int, charger_id: str = "") -> LiveJob:
        live = self.core.jobs.found(job_id)
        if charger_id and charger_id not in live.runs:
            raise EvdeskError(Reason.INVALID, f"“{charger_id}” is not in job {job_id}.")
        return live


def _pdf(text: str, charger_id: str) -> bytes:
    # Heavy, and few ever need it: loaded when wanted, beside the control cycle.
    from evdesk.engine.jobs.report_pdf import report_pdf

    return report_pdf(text, charger_id)


def _target(job_id: int) -> str:
    return f"job {job_id}"


def _args(job_id: int, charger_id: str) -> dict[str, object]:
    return {"job_id": job_id} | ({"charger_id": charger_id} if charger_id else {})
