"""What a person confirmed when a job was begun is what is sent: the file with its description, as they were then.

The library goes on meanwhile: a certificate is trusted no more, a description is corrected. What makes a check worse than
it was holds a charger that was not asked yet, or leaves it out; what makes it better, or nothing, changes nothing."""

import logging
from dataclasses import replace

import msgspec

from evdesk.engine.store import Store
from evdesk.firmware.versions import same_version
from evdesk.model.firmware import Check, Image, Verdict
from evdesk.wire.firmware import Preflight

log = logging.getLogger("evdesk.jobs")
_NOTE = "job_image"
_RANK = {Verdict.OK: 0, Verdict.WARN: 1, Verdict.UNKNOWN: 1, Verdict.WAIT: 2, Verdict.BLOCK: 3}
_OF_THE_FILE = frozenset(
    {"model", "hardware", "version", "downgrade", "blocked", "file", "signature", "backup", "scheme", "install_date"}
)
"""Checks that the library's word decides."""


async def keep(store: Store, job_id: int, image: Image) -> None:
    """Durable before the job is. Raises `EvdeskError(STORAGE)`."""
    await store.save_note(_NOTE, str(job_id), msgspec.json.encode(image))


async def kept(store: Store, job_id: int) -> Image | None:
    """None where there is none: of a log, or of a job from before there were such."""
    body = await store.load_note(_NOTE, str(job_id))
    if body is None:
        return None
    try:
        return msgspec.json.decode(body, type=Image)
    except msgspec.DecodeError as error:
        log.warning("What was confirmed for job %d cannot be read: %s", job_id, error)
        return None


def alike(one: Image, other: Image) -> bool:
    """Nothing that a check looks at differs."""
    return (one.manifest, one.signature, one.state, one.usable) == (
        other.manifest,
        other.signature,
        other.state,
        other.usable,
    )


def by_both(then: Preflight, now: Preflight, confirmed: Image, known: Image) -> Preflight:
    """`then`: looked at by what was `confirmed`; `now`: by what the library says (`known`). The worse of both counts."""
    worse = {one.code: one for one in now.checks if one.code in _OF_THE_FILE}
    checks = [_worse(one, worse.pop(one.code)) if one.code in worse else one for one in then.checks]
    checks += [_held(one) for one in worse.values() if _RANK[one.verdict]]
    if not same_version(known.manifest.version, confirmed.manifest.version):
        words = f"{known.file_name} is said to be {known.manifest.version} by now; confirmed was {then.to_version}."
        checks.append(Check("version", Verdict.BLOCK, words, "Look at it in the library, then start it again."))
    return replace(then, checks=checks)


def _worse(then: Check, now: Check) -> Check:
    return _held(now) if _RANK[now.verdict] > _RANK[then.verdict] else then


def _held(check: Check) -> Check:
    """A reason that was given before does not pass it."""
    if check.verdict in (Verdict.WAIT, Verdict.BLOCK):
        return check
    words = f"{check.sentence} That is so only since this job was begun."
    advice = "Put it right in the library; or cancel this, and begin it with what is known now."
    return replace(check, verdict=Verdict.WAIT, sentence=words, advice=advice)
