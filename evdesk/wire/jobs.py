"""The API's methods about jobs that go on (updates, logs), and about the logs that chargers sent."""

from dataclasses import dataclass, field
from enum import StrEnum

from evdesk.model.jobs import Job, JobCharger, JobLine, JobState, LogEntry, LogFile
from evdesk.wire.firmware import JobBegun
from evdesk.wire.method import Done, Method, OptionalCharger


@dataclass(frozen=True, slots=True)
class OneJob:
    job_id: int


@dataclass(frozen=True, slots=True)
class JobChargerRef:
    job_id: int
    charger_id: str


@dataclass(frozen=True, slots=True)
class JobPage:
    """Newest first. `charger_id` "": of all."""

    charger_id: str = ""
    limit: int = 100
    before_id: int | None = None


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Chargers not begun are not begun; those that fetch still are told where the protocol can; those that install are
    watched to their end, because nobody can stop that. `charger_id`: only this one."""

    job_id: int
    charger_id: str = ""


@dataclass(frozen=True, slots=True)
class JobView:
    """The job and all its chargers by id. `state` and `chargers` as scripts want them; `job` is the rest."""

    job_id: int
    state: JobState
    job: Job
    chargers: dict[str, JobCharger] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobLines:
    """Oldest first, after `after_id`."""

    job_id: int
    charger_id: str
    after_id: int = 0
    limit: int = 500


class ReportFormat(StrEnum):
    JSON = "json"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class ReadReport:
    """`charger_id` "": of the whole job."""

    job_id: int
    format: ReportFormat = ReportFormat.JSON
    charger_id: str = ""


@dataclass(frozen=True, slots=True)
class JobReport:
    """`text`: JSON that `evdesk audit verify --report FILE` holds against the chain; `pdf`: one page (base64 in JSON)."""

    file_name: str
    text: str = ""
    pdf: bytes = b""


@dataclass(frozen=True, slots=True)
class FetchLog:
    """`kind`: "diagnostics" or "security" (the security log needs OCPP 2.x or the 1.6 security whitepaper).
    `from_at`, `to_at`: only what was logged between them, where the charger heeds it."""

    charger_id: str
    kind: str = "diagnostics"
    from_at: float | None = None
    to_at: float | None = None


@dataclass(frozen=True, slots=True)
class OneLog:
    log_id: int


@dataclass(frozen=True, slots=True)
class ReadLog:
    """`entry`: the file inside an archive, "" the log itself. At most `limit` bytes from `offset`."""

    log_id: int
    entry: str = ""
    offset: int = 0
    limit: int = 65_536


@dataclass(frozen=True, slots=True)
class LogText:
    """`next_offset` None at the end; `binary`: it is no text, and `text` shows it as hex."""

    text: str
    size: int
    next_offset: int | None = None
    binary: bool = False


@dataclass(frozen=True, slots=True)
class LogFiles:
    """`path`: where the log lies on the engine's computer."""

    log: LogFile
    path: str
    entries: list[LogEntry] = field(default_factory=list)
    detail: str = ""


METHODS_JOBS: dict[str, Method] = {
    "job.list": Method(JobPage, list[Job], "Jobs, newest first."),
    "job.get": Method(OneJob, JobView, "One job with each of its chargers."),
    "job.cancel": Method(CancelJob, Done, "Begin no other charger; end what can be ended safely.", changes=True),
    "job.pause": Method(OneJob, Done, "Begin no other charger until it goes on.", changes=True),
    "job.resume": Method(OneJob, Done, "Go on, also past the failure limit.", changes=True),
    "job.skip": Method(JobChargerRef, Done, "Leave out a charger that was not begun.", changes=True),
    "job.lines": Method(JobLines, list[JobLine], "What both sides did, line by line."),
    "job.report": Method(ReadReport, JobReport, "The report of a job."),
    "log.fetch": Method(FetchLog, JobBegun, "Have a charger send its log.", changes=True),
    "log.list": Method(OptionalCharger, list[LogFile], "Logs that chargers sent, newest first."),
    "log.get": Method(OneLog, LogFiles, "One log, and what is inside where it is an archive."),
    "log.read": Method(ReadLog, LogText, "A part of a log as text."),
    "log.remove": Method(OneLog, Done, "Delete a log.", changes=True),
}
