"""What pages about one charger and about many have in common: who asked, which file, which audit rows."""

from collections import Counter
from collections.abc import Sequence

from evdesk import __version__
from evdesk.engine.jobs.report_blocks import Codes, Facts
from evdesk.engine.jobs.report_read import NamedRow, Report
from evdesk.engine.page_words import Fact, clipped, known, lasted, moment, ranges
from evdesk.firmware.endings import megabytes
from evdesk.model.firmware import FileState, Image, SignatureState
from evdesk.model.jobs import JobKind, Result, Wave, WaveState

NOT_FINAL = "Made while the job goes on: not its end, and not in the audit log."
MOST_CHARS = 400
MOST_NAMED = 12
MOST_ROWS = 36
SIGNED = ("Place, date", "Technician", "Owner")

RESULTS = {
    Result.SUCCEEDED: ("Succeeded", "ok"),
    Result.FAILED: ("Failed", "bad"),
    Result.UNKNOWN: ("Unknown", "warn"),
    Result.CANCELLED: ("Cancelled", "warn"),
    None: ("Under way", "warn"),
}
_SIGNATURES = {
    SignatureState.NONE: "none: the manifest brings no signature",
    SignatureState.VALID: "valid, checked by evdesk with a certificate that a person said to be the maker's",
    SignatureState.UNTRUSTED: "fits the file, but nobody said that the certificate is the maker's",
    SignatureState.EXPIRED: "fits the file, but the certificate is over or not valid yet",
    SignatureState.INVALID: "wrong: it does not belong to this file",
    SignatureState.UNCHECKED: "not checked",
}
_STATES = {
    FileState.TRUNCATED: "cut off: shorter than the manifest says",
    FileState.ALTERED: "another SHA-256 than the manifest says",
    FileState.MISSING: "gone from the library",
    FileState.EMPTY: "empty",
}
_WAVES = {
    WaveState.WAITING: "waits",
    WaveState.RUNNING: "runs",
    WaveState.SOAKING: "watched",
    WaveState.PASSED: "through",
    WaveState.STOPPED: "not begun",
}


def title_of(report: Report) -> str:
    return "Log report" if report.job.kind is JobKind.LOG else "Firmware report"


def number_of(report: Report) -> str:
    return f"Job {report.job.id}, {moment(report.job.created_at) or 'unknown'} UTC"


def asked(report: Report, started_at: float | None, ended_at: float | None) -> tuple[Fact, ...]:
    """Who wanted it, when, and how it was to go."""
    job = report.job
    took = "" if started_at is None or ended_at is None else lasted(ended_at - started_at)
    facts = known(
        ("By", f"{job.who} ({job.via})" if job.who and job.via else job.who or job.via),
        ("Asked at", moment(job.created_at)),
        ("Begun", moment(started_at) if started_at is not None else "not begun"),
        ("Ended", moment(ended_at) if ended_at is not None else "not ended"),
        ("Took", took or ("not begun" if started_at is None else "not ended")),
    )
    if job.not_before_at is not None:
        facts += (("Not before", moment(job.not_before_at)),)
    if job.install_at is not None:
        facts += (("Install at", moment(job.install_at)),)
    if job.kind is JobKind.UPDATE:
        facts += (("Override", clipped(job.override, MOST_CHARS) or "none: no check was passed over"),)
    return facts


def waves(report: Report) -> tuple[Fact, ...]:
    job = report.job
    if len(job.waves) < 2:
        return ()
    each = [f"{wave.name} {len(wave.charger_ids)} ({_came_of(wave, report)})" for wave in job.waves]
    soak = f"; the canary watched for {lasted(job.soak_s)}" if job.soak_s else ""
    left = f", and {len(each) - MOST_NAMED} more" if len(each) > MOST_NAMED else ""
    rule = f"no other is begun after {job.stop_after} that did not come through; {job.parallel} at once{soak}"
    return ("Waves", f"{', '.join(each[:MOST_NAMED])}{left}"), ("Rule", rule)


def _came_of(wave: Wave, report: Report) -> str:
    """A wave whose turn it was is over for the rollout, however its chargers ended: here it is called as they ended."""
    ours = set(wave.charger_ids)
    count = Counter(one.outcome for one in report.chargers if one.charger_id in ours)
    if wave.state is not WaveState.PASSED or set(count) <= {Result.SUCCEEDED}:
        return _WAVES[wave.state]
    words = [(count[outcome], word.lower()) for outcome, (word, _) in RESULTS.items() if count[outcome]]
    return words[0][1] if len(words) == 1 else ", ".join(f"{number} {word}" for number, word in words)


def file_facts(report: Report) -> tuple[Facts, Facts, Codes]:
    """The file and what is known of it: left, right, and its hashes."""
    image = report.image
    if image is None:
        gone = f"unknown: the library has it no more (its id is {report.job.image_id or 'unknown'})"
        return (
            Facts("File", known(("Name", gone), ("Size", ""), ("Version", report.job.version))),
            Facts("Whose it is", known(("Signature", ""), ("Signed by", ""), ("Manifest from", ""), ("File from", ""))),
            Codes("", (), known(("SHA-256", ""))),
        )
    manifest = image.manifest
    signature = _SIGNATURES[image.signature]
    if image.signature not in (SignatureState.NONE, SignatureState.VALID) and image.signature_detail:
        signature = f"{signature}: {clipped(image.signature_detail, MOST_CHARS)}"
    if manifest.signature_kind and image.signature is not SignatureState.NONE:
        signature = f"{signature} ({manifest.signature_kind})"
    left = known(
        ("Name", clipped(image.file_name, MOST_CHARS)),
        ("Size", _size(image.size)),
        ("Version", manifest.version or report.job.version),
        ("For", _whom(image)),
        ("Against manifest", _against(image)),
    )
    until = f", until {moment(image.signer_until_at)}" if image.signer_until_at is not None else ""
    added = f", added by {image.added_by}" if image.added_by and image.manifest_source else ""
    unsigned = "nobody" if image.signature is SignatureState.NONE else ""
    right = known(
        ("Signature", signature),
        ("Signed by", f"{image.signer}{until}" if image.signer else unsigned),
        ("Manifest from", f"{clipped(image.manifest_source, MOST_CHARS)}{added}"),
        ("File from", clipped(manifest.source, MOST_CHARS)),
        ("Not known of it", ", ".join(image.unknown).replace("_", " ") or "nothing"),
    )
    hashes = known(("SHA-256", image.sha256))
    if image.fingerprint:
        hashes += (("Certificate", image.fingerprint),)
    return Facts("File", left), Facts("Whose it is", right), Codes("", (), hashes)


def _size(size: int) -> str:
    return f"{size:,} bytes ({megabytes(size)})" if size >= 1000 else f"{size} bytes"


def _whom(image: Image) -> str:
    manifest = image.manifest
    models = "any model" if manifest.any_model else ", ".join(manifest.models)
    hardware = f", hardware {', '.join(manifest.hardware)}" if manifest.hardware else ""
    return clipped(f"{manifest.vendor} {models}{hardware}".strip(), MOST_CHARS)


def _against(image: Image) -> str:
    if image.state is not FileState.GOOD:
        return _STATES[image.state]
    return "the same SHA-256" if image.manifest.sha256 else "unknown: the manifest names no SHA-256"


def audit_codes(
    report: Report, rows: Sequence[NamedRow], sha256: str, of_one: bool = False, most: int = MOST_ROWS
) -> Codes:
    """The rows behind it; the hashes of the first `most` of them. `of_one`: of one charger among many."""
    shown = rows[:most]
    numbers = f"Rows{' of this charger' if of_one else ''}: {clipped(ranges(row.row for row in rows), MOST_CHARS)}."
    others = f"the other {len(rows) - len(shown)}" if shown else "each"
    left = f" The JSON report has the hash of {others}." if len(rows) > len(shown) else ""
    return Codes(
        "Audit log",
        tuple(f"{row.row} {row.hash[:12]}" for row in shown),
        (("JSON SHA-256", sha256),),
        f"{numbers}{left}",
    )


def foot(report: Report) -> str:
    final = "" if report.job.over else f"{NOT_FINAL} "
    return (
        f"{final}All times are UTC. The report as JSON is attached to this file, with every step, setting and the log of "
        "both sides. “evdesk audit verify --report FILE” holds it, and this page, against the audit log. This page says "
        "what evdesk did, saw and was told; what it does not know is called unknown. "
        f"Report by evdesk {report.evdesk or 'of an unknown version'}, page by evdesk {__version__}."
    )
