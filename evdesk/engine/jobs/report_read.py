"""The report of a job read back from its JSON text: for the page that is made of it, and to hold it against the chain."""

import hashlib
from dataclasses import dataclass

import msgspec

from evdesk.engine.jobs.report import FORMAT
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import Image
from evdesk.model.jobs import Job, JobCharger, LogFile
from evdesk.wire.codec import decode


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the log of both sides."""

    at: float
    charger_id: str
    side: str
    text: str


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row of the audit log, by its number and its hash."""

    row: int
    hash: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `report_json` writes. `image` None: of a log, or the library has it no more; `logs`: what came; `evdesk`: the
    version that wrote it, "" in reports from before it was told."""

    format: str
    job: Job
    image: Image | None
    chargers: tuple[JobCharger, ...]
    log: tuple[ReportLine, ...] = ()
    audit: tuple[NamedRow, ...] = ()
    logs: tuple[LogFile, ...] = ()
    evdesk: str = ""

    def one(self, charger_id: str) -> JobCharger | None:
        return next((one for one in self.chargers if one.charger_id == charger_id), None)


def read_report(text: str | bytes) -> Report:
    """Raises `EvdeskError(INVALID)` where the text is no such report."""
    try:
        report = decode(text, Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EvdeskError(Reason.INVALID, f"This is no report of a job as evdesk writes it ({error}).") from None
    if report.format != FORMAT:
        sentence = (
            f"The report is of the kind “{report.format}”; this evdesk reads “{FORMAT}”. Use the one that made it."
        )
        raise EvdeskError(Reason.INVALID, sentence)
    return report


def digest(text: str | bytes) -> str:
    """The SHA-256 that stands in the audit log, hex."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()
