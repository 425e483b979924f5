"""What stands on the page about one charger of a job: its update, or the log it sent."""

from evdesk.engine.jobs.report_blocks import Big, Block, Facts, Grid, Pair, Prose, ReportPage
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
from evdesk.engine.jobs.report_read import NamedRow, Report
from evdesk.engine.page_words import Fact, clipped, known, lasted, moment
from evdesk.firmware.endings import megabytes
from evdesk.firmware.versions import same_version
from evdesk.model.firmware import Check, Verdict
from evdesk.model.jobs import JobCharger, JobKind, LogFile, Step, StepSpan, Transfer
from evdesk.model.settings import SettingChange

MOST_LINES = 14
_STEPS = {
    Step.WAITING: "Waiting",
    Step.PREFLIGHT: "Checks",
    Step.SENT: "Asked",
    Step.DOWNLOADING: "Download",
    Step.VERIFYING: "Verify",
    Step.INSTALLING: "Install",
    Step.REBOOTING: "Restart",
    Step.TESTING: "Test",
    Step.SETTINGS: "Settings",
    Step.UPLOADING: "Upload",
    Step.DONE: "Done",
}
_STEP_HEADS = ("Step", "From", "Lasted", "Usual, at most", "Known from")
_STEP_PARTS = (0.16, 0.24, 0.16, 0.20, 0.24)
_CHECK_HEADS = ("Check", "Verdict", "What was found")
_CHECK_PARTS = (0.14, 0.12, 0.74)
_VERDICTS = {
    Verdict.OK: "passed",
    Verdict.WARN: "warning",
    Verdict.WAIT: "waits",
    Verdict.BLOCK: "blocks",
    Verdict.UNKNOWN: "unknown",
}


def charger_page(report: Report, one: JobCharger, sha256: str) -> ReportPage:
    """`sha256`: of the JSON report."""
    word, tone = RESULTS[one.outcome]
    update = report.job.kind is JobKind.UPDATE
    name = f"{title_of(report)} {report.job.id}: {report.job.title}, {one.label or one.charger_id}"
    return ReportPage(
        title=title_of(report),
        name=clipped(name, MOST_CHARS),
        number=number_of(report),
        tone=tone,
        word=word,
        sentence=_sentence(one),
        blocks=_update(report, one, sha256) if update else _log(report, one, sha256),
        foot=foot(report),
    )


def _update(report: Report, one: JobCharger, sha256: str) -> tuple[Block, ...]:
    left, right, hashes = file_facts(report)
    return (
        _versions(one),
        Pair(_charger(report, one), _asked(report, one)),
        Pair(left, right),
        hashes,
        _timeline(one),
        Pair(Facts("Transfer", _transfer(one.transfer, "Fetched")), Facts("Settings", _settings(one))),
        _checks(one.checks),
        audit_codes(report, _rows(report, one), sha256, len(report.chargers) > 1),
    )


def _log(report: Report, one: JobCharger, sha256: str) -> tuple[Block, ...]:
    files = _log_files([log for log in report.logs if log.charger_id == one.charger_id])
    kept = Facts("Log", files or known(("Name", "none was kept" if one.log_id is None else "")))
    return (
        Pair(_charger(report, one), _asked(report, one)),
        Pair(kept, Facts("Transfer", _transfer(one.transfer, "Sent"))),
        _timeline(one),
        _lines(report, one),
        audit_codes(report, _rows(report, one), sha256),
    )


def _lines(report: Report, one: JobCharger) -> Block:
    lines = [line for line in report.log if line.charger_id in ("", one.charger_id)]
    if not lines:
        return Prose("Log of both sides", "Nothing was written down.")
    rows = tuple((moment(line.at), line.side, clipped(line.text, 200)) for line in lines[-MOST_LINES:])
    end = ", its end" if len(lines) > len(rows) else ""
    return Grid(f"Log of both sides{end}", (), rows, (0.2, 0.1, 0.7))


def _sentence(one: JobCharger) -> str:
    if one.outcome is None:
        words = f"{_STEPS[one.step]} since {moment(one.step_at or None) or 'an unknown time'}. {one.reason} {NOT_FINAL}"
        return " ".join(clipped(words, MOST_CHARS).split())
    first = ""
    if one.first_outcome is not None and one.first_outcome is not one.outcome:
        first = f"First put down as {one.first_outcome.value}; what was seen later changed that."
    words = " ".join(part for part in (clipped(one.reason or "Why is unknown.", MOST_CHARS), first) if part)
    return f"{words} Next: {clipped(one.next, MOST_CHARS)}" if one.next else words


def _versions(one: JobCharger) -> Big:
    tone = "warn"
    told = "unknown" if one.started_at is not None else "nothing was sent"
    if one.reported:
        tone = "ok" if same_version(one.reported, one.to_version) else "bad"
        told = clipped(one.reported, 60)
    return Big(
        (
            ("From", clipped(one.from_version, 60) or "unknown", ""),
            ("To", clipped(one.to_version, 60) or "unknown", ""),
            ("Told by the charger afterwards", told, tone),
        )
    )


def _charger(report: Report, one: JobCharger) -> Facts:
    status = f"{one.status}, {moment(one.status_at)}" if one.status and one.status_at is not None else one.status
    facts = known(
        ("Site", report.job.site),
        ("Place", one.label),
        ("Charger", one.charger_id),
        ("Made by", f"{one.vendor} {one.model}".strip()),
        ("Serial number", one.serial),
        ("Hardware", one.hardware),
        ("Protocol", f"OCPP {one.protocol.removeprefix('ocpp')}" if one.protocol else ""),
        ("Its last word", status or "none"),
        *(("Remark", words) for words in one.remarks),
    )
    return Facts("Charger", tuple((name, clipped(value, MOST_CHARS)) for name, value in facts))


def _asked(report: Report, one: JobCharger) -> Facts:
    facts = asked(report, one.started_at, one.ended_at)
    if len(report.job.waves) > 1:
        ours = next((w.name for w in report.job.waves if one.charger_id in w.charger_ids), "")
        facts += known(("Wave", f"{ours}, one of {len(report.job.waves)}" if ours else ""))
    if one.attempts > 1:
        facts += (("Asked", f"{one.attempts} times"),)
    return Facts("Who asked", (*facts, *waves(report)[1:]))


def _timeline(one: JobCharger) -> Grid:
    rows = tuple(_step(span) for span in one.steps) or (("nothing was begun", "", "", "", ""),)
    return Grid("Steps", _STEP_HEADS, rows, _STEP_PARTS)


def _step(span: StepSpan) -> tuple[str, ...]:
    took = "not ended" if span.to_at is None else lasted(span.to_at - span.from_at)
    if not span.told and span.to_at == span.from_at:
        took = "not seen"
    usual = lasted(span.usual_s) if span.usual_s is not None else "unknown"
    most = lasted(span.most_s) if span.most_s is not None else "no limit"
    limits = f"{usual}, {most}" if span.usual_s is not None or span.most_s is not None else ""
    told = "told" if span.told else "silent: passed without a word"
    return _STEPS[span.step], moment(span.from_at), took, limits, told


def _transfer(seen: Transfer, verb: str) -> tuple[Fact, ...]:
    """`verb`: what the charger did with the file."""
    if not seen.requests and seen.first_at is None:
        return (("Protocol", seen.scheme.upper() or "none"), ("Requests", "none came"))
    total = f", {seen.total:,} with repeats" if seen.total > seen.bytes else ""
    of = f" of {seen.size:,}" if seen.size else ""
    end_at = seen.complete_at if seen.complete_at is not None else seen.last_at
    spent_s = (end_at or 0.0) - (seen.first_at or 0.0)
    rate = f"{megabytes(round(seen.bytes / spent_s))}/s" if spent_s >= 1.0 else ""
    resumed = f", {seen.resumed} of them went on where it broke off" if seen.resumed else ""
    others = f", also {', '.join(seen.others[:MOST_NAMED])}" if seen.others else ""
    return known(
        ("Protocol", seen.scheme.upper()),
        (verb, f"{seen.bytes:,}{of} bytes{total}"),
        ("Requests", f"{seen.requests}{resumed}"),
        ("From address", clipped(f"{seen.address or 'unknown'}{others}", MOST_CHARS)),
        ("Calls itself", clipped(seen.agent, 120)),
        ("First, last byte", f"{moment(seen.first_at) or 'unknown'} to {moment(seen.last_at) or 'unknown'}"),
        ("Whole at", moment(seen.complete_at) if seen.complete_at is not None else "never whole"),
        ("Mean rate", rate),
    )


def _settings(one: JobCharger) -> tuple[Fact, ...]:
    compared = one.after_id is not None or bool(one.settings_changed)
    differ = f"{len(one.settings_changed)}: {_listed([_change(c) for c in one.settings_changed])}"
    return (
        ("Backup", f"snapshot {one.backup_id}" if one.backup_id is not None else "none"),
        ("Afterwards", f"snapshot {one.after_id}" if one.after_id is not None else "none"),
        ("Changed", (differ if one.settings_changed else "none") if compared else "unknown: not compared"),
        ("Put back", _listed(list(one.restored)) or "none"),
        ("Not put back", _listed(list(one.lost)) or "none"),
    )


def _change(change: SettingChange) -> str:
    before, after = (clipped(value, 30) if value is not None else "nothing" for value in (change.before, change.after))
    return f"{clipped(change.name, 60)} {before} to {after}"


def _listed(words: list[str]) -> str:
    left = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    return f"{', '.join(clipped(word, 130) for word in words[:MOST_NAMED])}{left}"


def _checks(checks: tuple[Check, ...]) -> Block:
    """Those that did not pass by themselves first, on lines of their own."""
    if not checks:
        return Prose("Checks before it", "Unknown: none were made, or none were kept.")
    rows = [
        (check.code, _VERDICTS[check.verdict], clipped(check.sentence, MOST_CHARS))
        for check in checks
        if check.verdict is not Verdict.OK
    ]
    passed = [f"{check.code}: {clipped(check.sentence, 120)}" for check in checks if check.verdict is Verdict.OK]
    if passed:
        rows.append((f"{len(passed)} others" if rows else f"all {len(passed)}", "passed", " ".join(passed)))
    return Grid("Checks before it", _CHECK_HEADS, tuple(rows), _CHECK_PARTS)


def _log_files(logs: list[LogFile]) -> tuple[Fact, ...]:
    """Of many only the names and sizes."""
    if len(logs) < 3:
        return tuple(fact for log in logs for fact in _log_file(log))
    each = [f"{clipped(log.name, 60)} {log.size:,} bytes{', not whole' if log.partial else ''}" for log in logs]
    total = f"{len(logs)}, {sum(log.size for log in logs):,} bytes together; the JSON report has their SHA-256"
    return ("Files", total), ("Names", _listed(each))


def _log_file(log: LogFile) -> tuple[Fact, ...]:
    whole = "no: it broke off, or was cut" if log.partial else "yes, as far as its protocol tells"
    return known(
        ("Name", clipped(log.name, MOST_CHARS)),
        ("Kind", log.kind),
        ("Size", f"{log.size:,} bytes"),
        ("SHA-256", log.sha256),
        ("Whole", whole),
        ("Came at", moment(log.at)),
        ("From", log.address),
    )


def _rows(report: Report, one: JobCharger) -> list[NamedRow]:
    """Its own where the report says which; older reports name them for the whole job alone."""
    own = set(one.audit_ids)
    return [row for row in report.audit if row.row in own] if own else list(report.audit)
