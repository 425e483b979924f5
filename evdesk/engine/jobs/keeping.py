"""What of the jobs is written down: their state, the log of both sides, the hash of the report."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from evdesk.engine.commands import Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.jobs.base import JOB, Run
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.report import report_json
from evdesk.model import EvdeskError
from evdesk.model.jobs import JobLine

log = logging.getLogger("evdesk.jobs")
REPORT = "job_report"


class Keeper:
    def __init__(self, fleet: Fleet, commands: Commands) -> None:
        self.store, self.commands = fleet.store, commands
        self.lines: list[JobLine] = []
        self._reporting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(doing), name="jobs")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except EvdeskError as error:
            log.warning("%s", error.sentence)

    async def settled(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._guarded(self.keep_lines())

    async def save_now(self, run: Run) -> None:
        """Durable before what follows. Raises `EvdeskError(STORAGE)`: then nothing is sent."""
        await self.store.save_job_chargers(run.job_id, [run.saved()])

    async def keep(self, live: LiveJob, runs: list[Run]) -> None:
        await self.store.save_job(live.job, keep=True)
        if runs:
            await self.store.save_job_chargers(live.job.id, [run.saved() for run in runs], keep=True)

    async def keep_lines(self) -> None:
        lines = list(self.lines)
        self.lines.clear()
        if lines:
            await self.store.add_job_lines(lines)

    async def note(self, target: str, what: str, detail: dict[str, object]) -> None:
        await self.commands.note(JOB, what, target, detail)

    async def report(self, live: LiveJob) -> None:
        """Its hash goes into the chain, so that the report can be held against it. One at a time: the last has it all."""
        async with self._reporting:
            await self._report(live)

    async def _report(self, live: LiveJob) -> None:
        await self.keep_lines()
        await self.keep(live, list(live.runs.values()))
        job = live.ended or live.job
        text, digest = await report_json(self.store, job, live.chargers(), live.image)
        await self.store.save_note(REPORT, str(live.job.id), text.encode(), keep=True)
        detail: dict[str, object] = {"job_id": job.id, "report_sha256": digest, "bytes": len(text.encode())}
        await self.note(f"job {job.id}", "job.report", detail | dict(job.counts))
        live.job, live.ended = replace(job, report_hash=digest), None
        await self.keep(live, [])
