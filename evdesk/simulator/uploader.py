"""Logs and diagnostics as a station sends them: where to, how, how often, and what it tells meanwhile."""

import asyncio
import math
from dataclasses import dataclass, replace
from functools import partial

from evdesk.simulator.core import Core
from evdesk.simulator.fileline import Blob, Body, BrokenOff, FileLine, TransferError
from evdesk.simulator.files import line_of, scheme_of, send
from evdesk.simulator.jobs import StatusJob
from evdesk.simulator.link import Payload
from evdesk.simulator.logbody import LogFacts, archive, big_log, text_log
from evdesk.simulator.moments import from_text
from evdesk.simulator.work import Work

START_S = 2.0
FLOOD = 20
DENIED = frozenset({"401", "403", "530", "532", "550", "553"})
STATUS = dict.fromkeys(DENIED, "PermissionDenied") | {"scheme": "NotSupportedOperation"}
"""A transfer's code to the status that tells it; all others are an UploadFailure."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What is asked for. `oldest`, `latest` on the station's clock, infinite where not said."""

    url: str
    security: bool = False
    oldest: float = -math.inf
    latest: float = math.inf
    retries: int | None = None
    retry_s: float | None = None
    request_id: int | None = None
    plain: bool = False


def upload_of(payload: Payload) -> Upload:
    """Of GetLog; raises KeyError, ValueError."""
    log = payload["log"]
    return Upload(
        str(log["remoteLocation"]),
        payload["logType"] == "SecurityLog",
        *span(log.get("oldestTimestamp"), log.get("latestTimestamp")),
        payload.get("retries"),
        payload.get("retryInterval"),
        int(payload["requestId"]),
    )


def span(oldest: str | None, latest: str | None) -> tuple[float, float]:
    """Two moments of a message; raises ValueError."""
    return (
        -math.inf if oldest is None else from_text(str(oldest)),
        math.inf if latest is None else from_text(str(latest)),
    )


class Uploader(Work):
    """At most one upload at a time; a new one takes its place."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._job: StatusJob | None = None

    def begin(self, job: StatusJob, upload: Upload) -> tuple[str, str]:
        """The status to answer and the file's name, "" where there is nothing to send."""
        facts, core = self._facts(), self.core
        if not upload.plain and scheme_of(upload.url).upper() not in self._line().habits.schemes:
            return "Rejected", ""
        if core.has("upload_nothing") or not facts.covers(upload.oldest, upload.latest):
            return "Accepted", ""
        again = self.running
        if self._job is not None and again and self._job.told == "Uploading":
            self._job.tell("AcceptedCanceled")
        self.abort()
        self._job = job
        job.begin(upload.request_id)
        kind = "security" if upload.security else "diagnostics"
        packed = core.maker.files.archive and not core.has("upload_big")
        name = f"{core.serial}-{kind}-{int(core.now())}{'.tar.gz' if packed else '.log'}"
        self.go(self._live(job, upload, facts, name))
        return ("AcceptedCanceled" if again else "Accepted"), name

    def abort(self) -> None:
        self.stop()
        if self._job is not None:
            self._job.forget()

    async def _live(self, job: StatusJob, upload: Upload, facts: LogFacts, name: str) -> None:
        core, habits = self.core, self.core.maker.files
        await self.wait(START_S)
        body = await asyncio.to_thread(self._body, upload, facts, name)
        retries = habits.retries if upload.retries is None else upload.retries
        code = why = ""
        for attempt in range(1 + max(0, retries)):
            if attempt:
                await self.wait(habits.retry_s if upload.retry_s is None else upload.retry_s)
            for _ in range(FLOOD if core.has("upload_flood") else 1):
                job.tell("Uploading")
            try:
                for _ in range(2 if core.has("upload_twice") else 1):
                    await send(self._line(), upload.url, body)
                job.tell("Uploaded")
                return
            except TransferError as problem:
                code, why = problem.code, str(problem)
            except BrokenOff:
                code, why = "", "broken off"
        if not core.has("upload_silent"):
            job.tell(STATUS.get(code, "UploadFailure"), why)

    def _body(self, upload: Upload, facts: LogFacts, name: str) -> Body:
        if self.core.has("upload_big"):
            return Body(name, None, partial(big_log, facts))
        packed = self.core.maker.files.archive
        data = (archive if packed else text_log)(facts, upload.security, upload.oldest, upload.latest)
        body = Body(name, len(data), Blob(data), "application/gzip" if packed else "text/plain")
        return body.broken() if self.core.has("upload_fails") else body

    def _line(self) -> FileLine:
        line = line_of(self.core)
        habits = line.habits
        if self.core.has("upload_ftp_only"):
            habits = replace(habits, schemes=("FTP",))
        if self.core.has("upload_posts"):
            habits = replace(habits, upload="POST")
        return replace(line, habits=habits)

    def _facts(self) -> LogFacts:
        core, maker = self.core, self.core.maker
        told = tuple(core.settings())
        return LogFacts(maker.vendor, maker.model, core.firmware, core.serial, core.now(), tuple(core.journal), told)
