"""Jobs as the desk knows them: asked for once, then told by events; what the rail and the lists say of them."""

from PySide6.QtCore import QObject

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model import EvdeskError
from evdesk.model.jobs import Job, JobKind, JobState, Result
from evdesk.wire.jobs import JobPage

KEEP = 60
OVER = tuple(Result)


class JobWatch(QObject):
    """Fills `mirror.jobs` each time the engine is there: jobs that began before the desk came have no event."""

    def __init__(self, mirror: Mirror, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        mirror.connection_changed.connect(self._connection)
        if mirror.connected:
            self._connection(True)

    def _connection(self, connected: bool) -> None:
        if connected:
            self._client.spawn(self._read())

    async def _read(self) -> None:
        try:
            await read_jobs(self._client, self._mirror)
        except EvdeskError:
            return  # the page that lists jobs says why


async def read_jobs(client: Client, mirror: Mirror) -> None:
    """Ask for the newest jobs and put them into the mirror. Raises `EvdeskError`."""
    found: list[Job] = await client.call("job.list", JobPage(limit=KEEP))
    for job in reversed(found):
        if mirror.jobs.get(job.id) != job:
            mirror.put_job(job)


def newest_first(mirror: Mirror) -> list[Job]:
    return sorted(mirror.jobs.values(), key=lambda job: job.id, reverse=True)


def open_jobs(mirror: Mirror, kind: JobKind | None = None) -> list[Job]:
    """Those that are not over, newest first."""
    return [job for job in newest_first(mirror) if not job.over and kind in (None, job.kind)]


def in_updates(mirror: Mirror) -> frozenset[str]:
    """Chargers that an update which is not over has in its waves."""
    waves = [wave for job in open_jobs(mirror, JobKind.UPDATE) for wave in job.waves]
    return frozenset(charger_id for wave in waves for charger_id in wave.charger_ids)


def done_count(job: Job) -> int:
    """Chargers it is over for, however it ended."""
    return sum(job.counts.get(result, 0) for result in OVER)


def rail_number(mirror: Mirror) -> str:
    """ "5 left" while updates go on, "" otherwise: so it is not taken for how many are on the newest version."""
    running = open_jobs(mirror, JobKind.UPDATE)
    if not running:
        return ""
    return tr("{n} left").format(n=sum(job.chargers - done_count(job) for job in running))


def counts_words(job: Job) -> str:
    """ "5 done, 1 failed, 2 waiting": only what there is. One that is held up waits, like those before their turn."""
    words = (
        (Result.SUCCEEDED, tr("{n} done")),
        (Result.FAILED, tr("{n} failed")),
        (Result.UNKNOWN, tr("{n} unknown")),
        ("running", tr("{n} running")),
        ("waiting", tr("{n} waiting")),
        (Result.CANCELLED, tr("{n} left out") if job.kind is JobKind.UPDATE else tr("{n} cancelled")),
    )
    found = dict(job.counts)
    found["waiting"] = found.get("waiting", 0) + found.get("blocked", 0)
    parts = [template.format(n=found[key]) for key, template in words if found.get(key)]
    return ", ".join(parts) or tr("{n} chargers").format(n=job.chargers)


def job_look(job: Job) -> Look:
    """The state of a whole job: what went wrong stands before what went well."""
    if job.state is JobState.PAUSED:
        return Look("pause", tr("Paused"), "warn")
    if job.state is JobState.RUNNING:
        waits = bool(job.waits_for) and not job.counts.get("running")
        return Look("clock", tr("Waits"), "info") if waits else Look("play", tr("Running"), "info")
    if job.counts.get(Result.FAILED):
        return Look("octagon", tr("Failed"), "danger")
    if job.counts.get(Result.UNKNOWN):
        return Look("question", tr("Unknown"), "warn")
    if job.counts.get(Result.CANCELLED) and not job.counts.get(Result.SUCCEEDED):
        return Look("x-circle", tr("Cancelled"), "muted")
    return Look("check-circle", tr("Done"), "ok")
