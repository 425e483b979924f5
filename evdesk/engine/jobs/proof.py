"""Reports of jobs against the audit log: is this the report that evdesk wrote down, and are the rows it names there?

A JSON report is held against the chain by its SHA-256. A PDF has the JSON inside: that is held against the chain, and then
the page against what the same JSON gives here, so that words changed on the page are found as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from evdesk.engine.jobs.report_read import Report, digest, read_report
from evdesk.engine.page_words import ranges
from evdesk.engine.pdf_read import MADE_BY, MOST_BYTES, PAGE_OF, attached, sketch
from evdesk.engine.store import walk_file
from evdesk.engine.store.chain import Checkpoint
from evdesk.model import AuditRow, ChainVerdict, EvdeskError
from evdesk.wire.codec import decode
from evdesk.wire.jobs import JobReport

WRITTEN = "job.report"
"""The audit row in which the SHA-256 of a report stands (`report_sha256` in its detail, beside `job_id`)."""


_PAGES = {
    "": "",
    "same": "The page shows what is attached to it.",
    "unknown": "Another version of evdesk made the page, so it is not compared: go by what is attached.",
}


@dataclass(frozen=True, slots=True)
class ReportVerdict:
    """`holds`: it is genuine, which an older one (`replaced_by`: the row of the newest) is too. `row`: where its SHA-256
    stands; `page` of a PDF: "same", "changed", or "unknown" where another evdesk made it."""

    file: str
    holds: bool
    sentence: str
    job_id: int | None = None
    sha256: str = ""
    row: int | None = None
    replaced_by: int | None = None
    page: str = ""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A report as it was handed in."""

    file: str
    data: bytes
    report: Report
    pdf: bytes = b""
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Seen:
    """What the chain says about reports: job -> [(row, SHA-256)], row -> hash, and how far it is signed."""

    wanted: frozenset[int]
    written: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    hashes: dict[int, str] = field(default_factory=dict)
    signed: int = 0

    def take(self, link: AuditRow | Checkpoint) -> None:
        if isinstance(link, Checkpoint):
            self.signed = max(self.signed, link.row_id)
            return
        if link.id in self.wanted:
            self.hashes[link.id] = link.hash
        number = link.detail.get("job_id")
        if link.what == WRITTEN and link.kind == "noted" and isinstance(number, int):
            self.written.setdefault(number, []).append((link.id, str(link.detail.get("report_sha256"))))


class _Wrong(Exception):
    """What does not hold, in words."""


class _OtherPage(_Wrong):
    """The page does not show what is attached to it."""


def verify_reports(path: Path, files: Sequence[Path]) -> tuple[ChainVerdict, list[ReportVerdict]]:
    """The chain of the database at `path` (or in that data folder), then each report against it.

    Raises `EvdeskError(STORAGE)` where the database cannot be opened; a report that cannot be read is a verdict."""
    claims = [_read(file) for file in files]
    rows = frozenset(named.row for claim in claims if isinstance(claim, _Claim) for named in claim.report.audit)
    seen = _Seen(rows)
    chain = walk_file(path, seen.take)
    return chain, [_judged(claim, seen, chain) if isinstance(claim, _Claim) else claim for claim in claims]


def _read(file: Path) -> _Claim | ReportVerdict:
    data = b""
    try:
        if file.stat().st_size > MOST_BYTES:
            return ReportVerdict(str(file), False, "It is far too large for a report.")
        data = _unwrapped(file.read_bytes())
        if not data.startswith(b"%PDF-"):
            return _Claim(str(file), data, read_report(data))
        found = attached(data)
        return _Claim(str(file), found.data, read_report(found.data), data, found.marks)
    except OSError as error:
        return ReportVerdict(str(file), False, f"It cannot be read: {error.strerror or error}.")
    except EvdeskError as error:
        return ReportVerdict(str(file), False, error.sentence, sha256=digest(data))


def _unwrapped(data: bytes) -> bytes:
    """The report alone where the whole answer of `job.report` was saved, or a shell put the end of a line behind it."""
    try:
        answer = decode(data, JobReport)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return data if data.startswith(b"%PDF-") else data.removesuffix(b"\n").removesuffix(b"\r")
    return answer.pdf or answer.text.encode()


def _judged(claim: _Claim, seen: _Seen, chain: ChainVerdict) -> ReportVerdict:
    number, sha256 = claim.report.job.id, digest(claim.data)
    row = max((row for row, written in seen.written.get(number, []) if written == sha256), default=None)
    newest = max((row for row, _ in seen.written.get(number, [])), default=None)
    page = ""
    try:
        if row is None:
            raise _Wrong(_not_written(claim.report, newest))
        _check_rows(claim.report, seen)
        page = _page(claim) if claim.pdf else ""
        if not chain.holds:
            raise _Wrong(f"Row {row} has its SHA-256, but this log is broken: it proves nothing.")
    except _Wrong as wrong:
        page = "changed" if isinstance(wrong, _OtherPage) else page
        return ReportVerdict(claim.file, False, str(wrong), number, sha256, row, page=page)
    replaced_by = newest if newest != row else None
    words = [
        f"It is the report of job {number}: row {row} has its SHA-256, and {_named(claim.report)}.",
        f"A later report of this job replaced it (row {replaced_by})." if replaced_by is not None else "",
        f"Row {row} is not signed yet." if row > seen.signed else "",
        _PAGES[page],
    ]
    return ReportVerdict(claim.file, True, " ".join(filter(None, words)), number, sha256, row, replaced_by, page)


def _named(report: Report) -> str:
    number = len(report.audit)
    return f"all {number} rows it names are in the log" if number != 1 else "the row it names is in the log"


def _not_written(report: Report, newest: int | None) -> str:
    number = report.job.id
    if not report.job.over:
        return f"It was made while job {number} went on, and is in no audit log. Fetch it again when the job is over."
    if newest is None:
        return f"This log names no report of job {number}: it is of another site, or the log is not whole."
    return f"It is not the report of job {number} that row {newest} names: something in it was changed."


def _check_rows(report: Report, seen: _Seen) -> None:
    gone = [named.row for named in report.audit if named.row not in seen.hashes]
    other = [named.row for named in report.audit if named.row in seen.hashes and seen.hashes[named.row] != named.hash]
    words = [f"Not in this log: rows {ranges(gone)}." if gone else ""]
    words.append(f"With another hash in this log: rows {ranges(other)}." if other else "")
    if gone or other:
        raise _Wrong(" ".join(filter(None, ["It names rows that are not as it says.", *words])))


def _page(claim: _Claim) -> str:
    """Whether the page shows what the attached report gives. Raises `_OtherPage`."""
    # Heavy, and only for a PDF.
    from evdesk.engine.jobs.report_pdf import made_by, report_pdf

    if claim.marks.get(MADE_BY) != made_by():
        return "unknown"
    try:
        made = report_pdf(claim.data.decode(), claim.marks.get(PAGE_OF, ""))
        same = sketch(made) == sketch(claim.pdf)
    except EvdeskError as error:
        raise _OtherPage(f"What is attached is genuine, the page is not: {error.sentence}") from None
    if not same:
        raise _OtherPage("What is attached is genuine, but something on the page was changed. Go by what is attached.")
    return "same"
