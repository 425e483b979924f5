"""All jobs: begun, moved on once a second, kept, told, found again after a restart of the engine."""

import logging
from collections.abc import Callable
from dataclasses import replace

from evdesk.engine.jobs.base import Run
from evdesk.engine.jobs.ears import JobEars
from evdesk.engine.jobs.held import job_of, refusal
from evdesk.engine.jobs.late import LATE_S
from evdesk.engine.jobs.live import LiveJob
from evdesk.model import (
    EvdeskError,
    Origin,
    Reason,
    Severity,
)
from evdesk.model.jobs import JobState

log = logging.getLogger("evdesk.jobs")
Publish = Callable[[str, object], None]


class Jobs(JobEars):
    """`tick` once a second. `publish("job", Job)` and `publish("job.charger", {job_id, charger})` as they go on."""

    def hook(self) -> None:
        """Hear of everything from now on, and say what nobody may send meanwhile."""
        self.files.on_served = self.served
        self.fleet.watchers.append(self.happened)
        self.commands.guard = lambda command: refusal(self.live.values(), self.late, command)

    # -- life -----------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Jobs that were not over go on; what had been sent is watched, and never sent again."""
        await self.numbers.open()
        self.grounds.wrong = await self.fleet.store.wrong_signatures()
        for job in await self.fleet.store.open_jobs():
            live = await self._rebuilt(job)
            self.live[job.id] = live
            live.watch_again(self.fleet.clock.now())
            for run in live.runs.values():
                if run.begun and not run.watch.over:
                    run.aside(run.resume())
        await self._open_late()

    async def _open_late(self) -> None:
        """One job for all of its chargers: two would write over what the other has learnt."""
        again = dict(self.live)
        for charger_id, number in (await self.fleet.store.lately_ended(self.fleet.clock.now() - LATE_S)).items():
            job = None if number in again else await self.fleet.store.job(number)
            if job is not None:
                again[number] = await self._rebuilt(job)
            run = again[number].runs.get(charger_id) if number in again else None
            if run is not None:
                self.late.ended(again[number], run)
                run.watch.resumed(self.fleet.clock.now())

    async def close(self) -> None:
        """Nothing is stopped: the chargers go on, and the next start watches them again."""
        for late in self.late.runs():
            if late.job_id not in self.live:
                await late.close()
        for live in self.live.values():
            for run in live.runs.values():
                await run.close()
            self.keeper.spawn(self.keeper.keep(live, list(live.runs.values())))
        await self.keeper.settled()
        await self.awake.let_go()

    # -- the beat -------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Beside the control cycle: nothing here waits."""
        now = self.fleet.clock.now()
        for live in list(self.live.values()):
            paused = live.job.state is JobState.PAUSED
            live.move_on(now)
            if live.job.state is JobState.PAUSED and not paused:
                self._notice(live.job, "paused", Severity.WARN, live.job.waits_for)
            if not live.job.over:
                live.job = replace(live.job, power=self.awake.state(), served=self._served())
            self._tell(live, now)
            if live.ended is not None and live.job.id not in self._ending:
                self._ending.add(live.job.id)
                self.keeper.spawn(self._finish(live))
        if self.keeper.lines:
            self.keeper.spawn(self.keeper.keep_lines())
        self._mind_sleep()

    # -- parts ----------------------------------------------------------------------------------------------------

    async def cancel_run(self, run: Run, origin: Origin) -> None:
        await run.stop(origin.who)

    def job_of(self, charger_id: str) -> int | None:
        """The job that has this charger and is not through with it."""
        return job_of(self.live.values(), charger_id)

    def may_update(self, charger_id: str) -> bool:
        """It is in a job, or was left by one while it may still be installing."""
        return self.job_of(charger_id) is not None or self.late.may_install(charger_id) is not None

    def clock_jumped(self, seconds: float) -> None:
        """The computer's clock was set: what has begun keeps its age, and a night that was named its hour."""
        for live in self.live.values():
            live.clock_jumped(seconds)
            for run in live.runs.values():
                run.watch.clock_jumped(seconds)
                run.show()
        for late in self.late.runs():
            if late.job_id not in self.live:
                late.watch.clock_jumped(seconds)
                self.keeper.spawn(self.keeper.save_now(late))

    def stood_still(self, seconds: float) -> None:
        """The computer slept: nobody could tell or fetch anything, so every timer goes on from where it was."""
        for live in self.live.values():
            live.clock_jumped(seconds)
            for run in live.runs.values():
                if run.begun and run.charger.waits_until_at is not None:
                    run.watch.stood_still(seconds)
                    run.show()
                    run.say("evdesk", f"This computer stood still for {seconds:.0f} s", "warn")

    def uses(self, image_id: str) -> str:
        """Why this image must stay as it is, "" where no job needs it."""
        needs = (live.job.id for live in self.live.values() if live.job.image_id == image_id and not live.job.over)
        number = next(needs, None)
        return f"Job {number} still sends it." if number is not None else ""

    def found(self, job_id: int) -> LiveJob:
        live = self.live.get(job_id)
        if live is None:
            raise EvdeskError(Reason.INVALID, f"No job {job_id} is under way. job.list names them.")
        return live
