"""What stands on the page about a job with many chargers: the figures, what did not come through, and each charger."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from evdesk.engine.jobs.report_blocks import Big, Block, Facts, Grid, Pair, ReportPage, Roll
from evdesk.engine.jobs.report_parts import (
    MOST_CHARS,
    MOST_NAMED,
    NOT_FINAL,
    RESULTS,
    asked,
    audit_codes,
    file_facts,
    foot,
    number_of,
    title_of,
    waves,
)
from evdesk.engine.jobs.report_read import Report
from evdesk.engine.page_words import Fact, clipped, known, lasted
from evdesk.model.jobs import JobCharger, Result

FEW, MOST = 14, 100
"""So many have a line with its reason; so many a short one."""

MOST_CAUSES, MOST_HASHES = 6, 12
_ORDER = (Result.FAILED, Result.UNKNOWN, None, Result.CANCELLED, Result.SUCCEEDED)
_FEW_HEADS = ("Charger", "Serial number", "From", "Told after it", "Outcome", "Took", "What was found")
_FEW_PARTS = (0.15, 0.14, 0.09, 0.10, 0.11, 0.10, 0.31)
_MANY_HEADS = ("Charger", "Serial number", "From", "Told", "Outcome")
_MANY_PARTS = (0.25, 0.25, 0.15, 0.15, 0.20)
_VERSIONS = (2, 3)


def job_page(report: Report, sha256: str) -> ReportPage:
    word, tone = _verdict(report)
    left, right, hashes = file_facts(report)
    first = sorted(report.chargers, key=lambda one: _ORDER.index(one.outcome))
    own: tuple[Block, ...] = (_few(first),) if len(first) <= FEW else (*_causes(first), _many(first))
    return ReportPage(
        title=title_of(report),
        name=clipped(f"{title_of(report)} {report.job.id}: {report.job.title}", MOST_CHARS),
        number=number_of(report),
        tone=tone,
        word=word,
        sentence=_sentence(report),
        blocks=(
            _counts(report),
            Pair(_job(report), _asked(report)),
            Pair(left, right),
            replace(hashes, whole=hashes.whole[:1]),
            *own,
            audit_codes(report, report.audit, sha256, most=MOST_HASHES if len(first) <= FEW else 0),
        ),
        foot=foot(report),
    )


def _count(report: Report) -> Counter[Result | None]:
    return Counter(one.outcome for one in report.chargers)


def _verdict(report: Report) -> tuple[str, str]:
    """The worst of them is the job's."""
    count, total = _count(report), len(report.chargers)
    if not report.job.over:
        return RESULTS[None]
    for result in (Result.FAILED, Result.UNKNOWN, None, Result.CANCELLED):
        if count[result]:
            word, tone = RESULTS[result]
            return f"{word}: {count[result]} of {total}", tone
    return (f"Succeeded: all {total}", "ok") if total else ("No charger", "warn")


def _sentence(report: Report) -> str:
    count = _count(report)
    parts = [f"{count[result]} {RESULTS[result][0].lower()}" for result in _ORDER if count[result]]
    words = f"{report.job.title or 'Of this job'}: {', '.join(parts) or 'none'}."
    return clipped(words if report.job.over else f"{words} {NOT_FINAL}", MOST_CHARS)


def _counts(report: Report) -> Big:
    count = _count(report)
    cells = [("Chargers", f"{len(report.chargers)}", "")]
    for result in (Result.SUCCEEDED, Result.FAILED, Result.UNKNOWN, Result.CANCELLED, None):
        word, tone = RESULTS[result]
        if result is not None or count[result]:
            cells.append((word, f"{count[result]}", tone if count[result] else ""))
    return Big(tuple(cells))


def _job(report: Report) -> Facts:
    chargers = report.chargers
    facts: tuple[Fact, ...] = known(
        ("Site", report.job.site),
        ("Made by", _tally(f"{one.vendor} {one.model}".strip() for one in chargers)),
        ("Hardware", _tally(one.hardware for one in chargers)),
        ("From", _tally(one.from_version for one in chargers)),
        ("To", _tally(one.to_version for one in chargers)),
        ("Told after it", _tally(one.reported for one in chargers)),
    )
    return Facts("Job", (*((name, clipped(value, MOST_CHARS)) for name, value in facts), *waves(report)[1:]))


def _asked(report: Report) -> Facts:
    job = report.job
    return Facts("Who asked", (*asked(report, job.started_at, job.ended_at), *waves(report)[:1]))


def _tally(values: Iterable[str]) -> str:
    """ "2.4.0 (97), 2.3.9 (2), unknown (1)"; the value alone where all have it."""
    count = Counter(clipped(value, 60) or "unknown" for value in values)
    if len(count) < 2:
        return next(iter(count), "")
    left = f" and {len(count) - MOST_NAMED} others" if len(count) > MOST_NAMED else ""
    return ", ".join(f"{value} ({number})" for value, number in count.most_common(MOST_NAMED)) + left


def _few(chargers: list[JobCharger]) -> Grid:
    rows = tuple(
        (
            clipped(_name(one), 60),
            clipped(one.serial, 60) or "unknown",
            *_short(one, 40),
            _took(one),
            "" if one.outcome is Result.SUCCEEDED else clipped(one.reason, 160),
        )
        for one in chargers
    )
    return Grid("Chargers", _FEW_HEADS, rows, _FEW_PARTS)


def _many(chargers: list[JobCharger]) -> Roll:
    shown, left = chargers[:MOST], chargers[MOST:]
    count = Counter(RESULTS[one.outcome][0].lower() for one in left)
    rest = ", ".join(f"{number} {word}" for word, number in count.items())
    return Roll(
        "Chargers",
        _MANY_HEADS,
        tuple((_name(one), one.serial or one.charger_id, *_short(one, 40)) for one in shown),
        _MANY_PARTS,
        tuple(RESULTS[one.outcome][1] for one in shown),
        f"{len(left)} more ({rest}) are in the JSON report, which names them all." if left else "",
        _VERSIONS,
    )


def _causes(chargers: list[JobCharger]) -> tuple[Grid, ...]:
    """What did not come through, those with the same words together."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in chargers:
        if one.outcome in (Result.FAILED, Result.UNKNOWN):
            found.setdefault((RESULTS[one.outcome][0], one.reason or "Why is unknown."), []).append(_name(one))
    rows = [
        (word, f"{len(names)}", clipped(reason, 160), clipped(", ".join(names), 90))
        for (word, reason), names in list(found.items())[:MOST_CAUSES]
    ]
    left = len(found) - MOST_CAUSES
    if left > 0:
        rows.append(("", "", f"{left} other reasons are in the JSON report.", ""))
    heads = ("Outcome", "Of", "What was found", "Chargers")
    return (Grid("What did not come through", heads, tuple(rows), (0.11, 0.05, 0.52, 0.32)),) if rows else ()


def _short(one: JobCharger, most: int) -> tuple[str, str, str]:
    told = one.reported or ("unknown" if one.started_at is not None else "not sent")
    return clipped(one.from_version, most) or "unknown", clipped(told, most), RESULTS[one.outcome][0]


def _took(one: JobCharger) -> str:
    if one.started_at is None:
        return "not begun"
    return "not ended" if one.ended_at is None else lasted(one.ended_at - one.started_at)


def _name(one: JobCharger) -> str:
    return one.label or one.charger_id
