"""The report of a job as JSON: what was done, by whom, with which file, what came of it, and the audit rows behind it."""

import hashlib
import re
from typing import Any

from evdesk import __version__
from evdesk.engine.store import Store
from evdesk.engine.store.chain import canonical
from evdesk.engine.store.work import MOST_LINES
from evdesk.model.firmware import Image
from evdesk.model.jobs import Job, JobCharger, JobKind
from evdesk.wire.codec import to_plain

FORMAT = "evdesk job report 1"


async def report_json(store: Store, job: Job, chargers: dict[str, JobCharger], image: Image | None) -> tuple[str, str]:
    """(text, SHA-256 of it). The same job gives the same text: it holds nothing about who reads it, and when."""
    rows = await store.audit_hashes(sorted({row for one in chargers.values() for row in one.audit_ids}))
    report = {
        "format": FORMAT,
        "evdesk": __version__,
        "job": _job(job),
        "image": _image(image) if image is not None and job.kind is JobKind.UPDATE else None,
        "chargers": [_charger(one) for one in chargers.values()],
        "log": await _log(store, job.id),
        "logs": [
            kept.log
            for one in chargers.values()
            if one.log_id is not None
            for kept in sorted(await store.log_files(one.charger_id), key=lambda kept: kept.log.id)
            if kept.log.job_id == job.id
        ],
        "audit": [{"row": number, "hash": digest} for number, digest in rows],
    }
    text = canonical(to_plain(report))
    return text, hashlib.sha256(text.encode()).hexdigest()


async def _log(store: Store, job_id: int) -> list[dict[str, Any]]:
    """Both sides. Of a log that is too long its middle is left out, and that is said: the outcomes stand at its end."""
    lines, left_out = await store.job_lines_ends(job_id, MOST_LINES)
    told = [{"at": line.at, "charger_id": line.charger_id, "side": line.side, "text": line.text} for line in lines]
    if left_out:
        middle = len(told) // 2
        words = f"{left_out} lines are left out here; the desk and job.lines have them."
        told.insert(middle, {"at": told[middle - 1]["at"], "charger_id": "", "side": "evdesk", "text": words})
    return told


def file_name(job: Job, charger_id: str, kind: str) -> str:
    """ "job-118-nordlade-n22-2.4.1.pdf"."""
    words = " ".join(word for word in (f"job {job.id}", job.title, charger_id) if word)
    return f"{re.sub(r'[^a-z0-9.]+', '-', words.lower()).strip('-.')}.{kind}"


def _job(job: Job) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(job)
    for name in ("report_hash", "about_done_at", "waits_for", "power", "served"):
        plain.pop(name, None)
    return plain


def _image(image: Image) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(image)
    return plain


def _charger(one: JobCharger) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(one)
    for name in ("about_s", "progress", "waits_until_at", "online"):
        plain.pop(name, None)
    return plain
