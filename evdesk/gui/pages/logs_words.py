"""Logs in words: what they are, how a fetch stands, and what is inside an archive."""

from evdesk.gui import text
from evdesk.gui.pages.tags_model import TableRow
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model.jobs import Job, JobCharger, LogEntry, LogFile, Result, Step

DIAGNOSTICS, SECURITY = "diagnostics", "security"


def kind_words(kind: str) -> str:
    return {DIAGNOSTICS: tr("Diagnostics"), SECURITY: tr("Security log")}.get(kind, kind)


def log_look(log: LogFile) -> Look:
    if log.partial:
        return Look("warning", tr("Cut off"), "warn")
    if log.entries is not None:
        return Look("folder", tr("{n} files").format(n=log.entries), "muted")
    return Look("file", tr("Text"), "muted")


def log_row(log: LogFile, label: str, now: float) -> TableRow:
    look = log_look(log)
    cells = (label, text.since(log.at, now), text.size(log.size), look.word)
    hay = " ".join((*cells, kind_words(log.kind), log.name, log.charger_id, log.sha256)).casefold()
    return TableRow(str(log.id), cells, kind_words(log.kind), look, hay)


def log_titles() -> tuple[str, ...]:
    return (tr("Charger"), tr("When"), tr("Size"), tr("What"))


def log_told(log: LogFile, label: str, now: float) -> str:
    """Where a log is from, in one line."""
    scheme = log.scheme.upper()
    by = tr("from {address} by {scheme}").format(address=log.address, scheme=scheme) if log.address else ""
    what = tr("{kind} of {charger}").format(kind=kind_words(log.kind), charger=label)
    return text.reasons(what, text.moment(log.at, now), by, tr("job {n}").format(n=log.job_id), log.detail)


def entry_titles() -> tuple[str, ...]:
    return (tr("File inside"), tr("Size"), tr("Changed"), tr("Note"))


def entry_row(entry: LogEntry, now: float) -> TableRow:
    """A file inside an archive. One that is not shown says why."""
    look = Look("", "", "muted") if entry.readable else Look("shield-x", entry.why, "danger")
    changed = text.since(entry.at, now) if entry.at is not None else ""
    cells = (entry.name, text.size(entry.size), changed, look.word)
    return TableRow(entry.name, cells, "", look if not entry.readable else None, entry.name.casefold())


_STEPS = {
    Step.WAITING: "Waits to begin",
    Step.PREFLIGHT: "Waits until it can begin",
    Step.SENT: "Asked; the charger has not begun",
    Step.UPLOADING: "Comes in",
}


def fetch_look(job: Job, one: JobCharger | None) -> Look:
    outcome = one.outcome if one is not None else None
    if outcome is Result.SUCCEEDED:
        return Look("check-circle", tr("Received"), "ok")
    if outcome is Result.FAILED or (job.over and job.counts.get(Result.FAILED)):
        return Look("octagon", tr("Failed"), "danger")
    if outcome is Result.CANCELLED:
        return Look("x-circle", tr("Cancelled"), "muted")
    if outcome is Result.UNKNOWN:
        return Look("question", tr("Unknown"), "warn")
    if job.over:
        return Look("check-circle", tr("Over"), "muted")
    return Look("arrow-down", tr("Fetching"), "info")


def fetch_words(job: Job, one: JobCharger | None, now: float) -> str:
    """How far it is, or why it ended so and what to do next."""
    if one is None:
        return job.waits_for
    if one.outcome is not None:
        return text.reasons(one.reason, one.next)
    moved = one.transfer
    so_far = ""
    if moved.bytes:
        whole = tr(" of {size}").format(size=text.size(moved.size)) if moved.size else ""
        so_far = (
            tr("{size} so far").format(size=text.size(moved.bytes)) if not whole else text.size(moved.bytes) + whole
        )
    rate = tr("{rate}/s").format(rate=text.size(round(moved.rate_bps))) if moved.rate_bps else ""
    waits = ""
    if one.waits_until_at is not None and one.waits_until_at > now:
        waits = tr("waits until {time}").format(time=text.clock(one.waits_until_at))
    step = tr(_STEPS.get(one.step, "Goes on"))
    return text.reasons(step, so_far, rate, one.reason, waits)


def list_words(logs: list[LogFile]) -> str:
    """ "4 logs of 4 chargers, 3.7 MB" """
    if not logs:
        return ""
    chargers = len({log.charger_id for log in logs})
    count = tr("1 log") if len(logs) == 1 else tr("{n} logs").format(n=len(logs))
    of = tr("of 1 charger") if chargers == 1 else tr("of {n} chargers").format(n=chargers)
    return f"{count} {of}, {text.size(sum(log.size for log in logs))}"
