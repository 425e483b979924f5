"""Beginning a job: what was asked is checked as a whole, then kept, then it goes on by itself."""

from dataclasses import replace
from typing import Any

from evdesk.engine.commands import Command
from evdesk.engine.jobs import confirmed
from evdesk.engine.jobs.preflight import seen_lacking, soft
from evdesk.engine.jobs.service import Jobs
from evdesk.engine.jobs.update import new_charger
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import SavedCharger
from evdesk.firmware.rollout import plan_waves
from evdesk.firmware.times import LONGEST_AHEAD_S
from evdesk.firmware.versions import same_version
from evdesk.firmware.watched import Memory
from evdesk.model import Capability, EvdeskError, Origin, Reason
from evdesk.model.firmware import Image, Verdict
from evdesk.model.jobs import Job, JobCharger, JobKind, JobState
from evdesk.wire.firmware import Preflight, StartUpdate, Waves
from evdesk.wire.jobs import FetchLog

MOST_CHARGERS = 1000
LONGEST_SOAK_S = 14 * 86_400.0
TOMORROW_S = 86_400.0
NAMED = 3


async def usable(jobs: Jobs, image_id: str) -> Image:
    """The image, hashed again just now. Raises `EvdeskError(INVALID)` where it may not be sent."""
    if image_id not in jobs.library.images:
        raise EvdeskError(Reason.INVALID, f"There is no image “{image_id}”. firmware.images lists them.")
    image = await jobs.library.verified(image_id)
    if not image.usable:
        raise EvdeskError(Reason.INVALID, f"{image.file_name} cannot be sent: {image.why_not}")
    return image


def accepted(jobs: Jobs, charger_ids: list[str]) -> list[ChargerRecord]:
    """Their records; all accepted ones where none is named. Raises `EvdeskError(INVALID)`."""
    known = jobs.fleet.chargers
    wanted = charger_ids or [record.id for record in known.values() if record.accepted]
    for charger_id in wanted:
        record = known.get(charger_id)
        if record is None:
            raise EvdeskError(Reason.INVALID, f"There is no charger “{charger_id}”. charger.list names them.")
        if not record.accepted:
            raise EvdeskError(Reason.INVALID, f"{record.id} is not accepted yet. Accept it first.")
    return [known[charger_id] for charger_id in wanted]


async def start_update(jobs: Jobs, origin: Origin, asked: StartUpdate) -> int:
    """The job's id. Nothing is begun unless every charger may be."""
    _check_asked(asked, jobs.fleet.clock.now())
    image = await usable(jobs, asked.image_id)
    records = accepted(jobs, asked.charger_ids)
    looked = [await jobs.grounds.look(record, image, asked.install_at is not None) for record in records]
    _refuse_blocked(looked)
    _refuse_soft(looked, asked.override)
    _refuse_untyped(looked, asked.typed, image)
    _refuse_busy(jobs, records)
    waves = asked.waves or Waves(canary=1 if len(records) > 1 else 0)
    now = jobs.fleet.clock.now()
    job = Job(
        0,
        JobKind.UPDATE,
        JobState.RUNNING,
        now,
        origin.who,
        origin.via,
        image.id,
        image.name,
        image.manifest.version,
        len(records),
        waves=plan_waves([record.id for record in records], waves.canary, waves.sizes),
        stop_after=waves.stop_after,
        parallel=waves.parallel,
        soak_s=waves.soak_s,
        not_before_at=asked.not_before_at,
        override=asked.override.strip(),
        restore=asked.restore,
        install_at=asked.install_at,
    )
    number_of = {charger_id: wave.number for wave in job.waves for charger_id in wave.charger_ids}
    hardware_of = {record.id: jobs.versions.facts(record).hardware for record in records}
    chargers = [new_charger(one, number_of[one.id], image, hardware_of[one.id], now) for one in records]
    args: dict[str, Any] = {
        "image_id": image.id,
        "file": image.file_name,
        "sha256": image.sha256,
        "manifest": image.manifest_source,
        "to": image.manifest.version,
        "chargers": [record.id for record in records],
        "waves": [len(wave.charger_ids) for wave in job.waves],
        "override": job.override,
        "typed": asked.typed,
        "not_before_at": asked.not_before_at,
        "install_at": asked.install_at,
    }
    saved = [
        SavedCharger(one, Memory(unbacked=bool(job.override) and seen_lacking(found.checks)))
        for one, found in zip(chargers, looked, strict=True)
    ]
    return await _keep(jobs, origin, "firmware.start", job, saved, args, image)


async def fetch_log(jobs: Jobs, origin: Origin, asked: FetchLog) -> int:
    """The job's id."""
    if asked.kind not in ("diagnostics", "security"):
        raise EvdeskError(Reason.INVALID, "A log is “diagnostics” or “security”.")
    if wrong := _wrong_span(asked, jobs.fleet.clock.now()):
        raise EvdeskError(Reason.INVALID, wrong)
    record = accepted(jobs, [asked.charger_id])[0]
    if record.link is None:
        text = f"{record.label or record.id} is offline. Check its power and network; it dials in again by itself."
        raise EvdeskError(Reason.UNREACHABLE, text)
    if Capability.LOGS not in record.link.capabilities:
        text = "This charger answered that it sends no logs over OCPP. Read them on its web page or in the maker's app."
        raise EvdeskError(Reason.UNSUPPORTED, text)
    _refuse_busy(jobs, [record])
    await jobs.files.room()
    now, kind = jobs.fleet.clock.now(), asked.kind.capitalize()
    title = f"{kind} of {record.label or record.id}"
    job = Job(0, JobKind.LOG, JobState.RUNNING, now, origin.who, origin.via, title=title, chargers=1)
    job = replace(job, waves=plan_waves([record.id], 0, ()))
    who = record.identity
    charger = JobCharger(
        record.id, record.label or record.id, who.vendor, who.model, who.serial, protocol=record.protocol, step_at=now
    )
    memory = Memory(kind=asked.kind, from_at=asked.from_at, to_at=asked.to_at)
    args: dict[str, Any] = {"kind": asked.kind, "from_at": asked.from_at, "to_at": asked.to_at, "chargers": [record.id]}
    return await _keep(jobs, origin, "log.fetch", job, [SavedCharger(charger, memory)], args, None)


async def _keep(
    jobs: Jobs,
    origin: Origin,
    what: str,
    job: Job,
    chargers: list[SavedCharger],
    args: dict[str, Any],
    image: Image | None,
) -> int:
    """Asked and kept, then it is alive. Two that are asked at the same moment: the second finds the first."""
    ids = {one.charger.charger_id for one in chargers}
    if ids & jobs.beginning:
        raise EvdeskError(Reason.INVALID, "A job for one of these chargers is being begun. Wait a moment.")
    jobs.beginning |= ids
    try:
        store = jobs.fleet.store
        number = await store.save_job(replace(job, state=JobState.FINISHED))  # nothing to go on with until all is kept
        job = replace(job, id=number, site=jobs.fleet.site.name)
        await store.save_job_chargers(number, chargers)
        if image is not None:
            await confirmed.keep(store, number, image)
        target = next(iter(ids)) if len(ids) == 1 else f"job {number}"
        command = Command(origin, what, target, {"job_id": number, **args})
        row = await jobs.commands.stored(command, {"job_id": number}, lambda: store.save_job(job))
        asked = [replace(one, charger=replace(one.charger, audit_ids=(row,))) for one in chargers]  # by whom: reported
        jobs.add(jobs.made(job, asked, image))
    finally:
        jobs.beginning -= ids
    return number


def _check_asked(asked: StartUpdate, now: float) -> None:
    waves = asked.waves or Waves()
    wrong = ""
    if not asked.charger_ids:
        wrong = "Say which chargers: charger_ids is empty."
    elif len(set(asked.charger_ids)) != len(asked.charger_ids):
        wrong = "A charger is named twice."
    elif len(asked.charger_ids) > MOST_CHARGERS:
        wrong = f"At most {MOST_CHARGERS} chargers go into one job."
    elif waves.canary < 0 or any(size < 1 for size in waves.sizes):
        wrong = "A wave has at least one charger, and the canary none or more."
    elif waves.canary > len(asked.charger_ids):  # there would be none at all
        wrong = (
            f"The canary is to have more chargers than the job, which has {len(asked.charger_ids)}. Make it smaller."
        )
    elif len(waves.sizes) > MOST_CHARGERS or max((*waves.sizes, waves.stop_after, waves.parallel)) > MOST_CHARGERS:
        wrong = f"sizes, stop_after and parallel are at most {MOST_CHARGERS}, and so many sizes are enough."
    elif not 0 <= waves.soak_s <= LONGEST_SOAK_S:
        wrong = "The soak lasts from 0 s to 14 days."
    elif waves.stop_after < 1 or waves.parallel < 1:
        wrong = "stop_after and parallel are at least 1."
    elif asked.not_before_at is not None and not now - 60 <= asked.not_before_at <= now + LONGEST_AHEAD_S:
        wrong = "not_before_at is a moment in the next 14 days, in Unix seconds."
    else:
        wrong = wrong_date(asked.install_at, now, asked.not_before_at)
    if wrong:
        raise EvdeskError(Reason.INVALID, wrong)


def _wrong_span(asked: FetchLog, now: float) -> str:
    """Of a log. A day ahead, because clocks and zones differ; beyond the calendar nothing can be written down."""
    for name, at in (("from_at", asked.from_at), ("to_at", asked.to_at)):
        if at is not None and not 0 <= at <= now + TOMORROW_S:
            return f"{name} is a moment from 1970 until tomorrow, in Unix seconds."
    if asked.from_at is not None and asked.to_at is not None and asked.from_at >= asked.to_at:
        return "The time the log is wanted for ends before it begins."
    return ""


def wrong_date(at: float | None, now: float, not_before_at: float | None = None) -> str:
    """Why it can be no install date, "" where it can."""
    if at is None or max(now, not_before_at or 0.0) < at <= now + LONGEST_AHEAD_S:
        return ""
    if not_before_at is not None and now < at <= not_before_at:
        return "install_at lies before not_before_at: nothing would be there to install."
    return "install_at is a moment in the next 14 days, in Unix seconds."


def _refuse_blocked(looked: list[Preflight]) -> None:
    bad = [(one, check) for one in looked for check in one.checks if check.verdict is Verdict.BLOCK]
    if bad:
        words = "; ".join(f"{one.label}: {check.sentence}" for one, check in bad[:NAMED])
        number = len({one.charger_id for one, _ in bad})
        if len(looked) == 1:
            reasons = " ".join(check.sentence for _, check in bad[:NAMED])
            text = f"{looked[0].label} cannot be updated with this: {reasons} See to it first."
            raise EvdeskError(Reason.INVALID, text)
        which = "Leave it out" if number == 1 else "Leave them out"
        text = f"{number} of {len(looked)} cannot be updated with this: {words} {which}, or see to it first."
        raise EvdeskError(Reason.INVALID, text)


def _refuse_soft(looked: list[Preflight], override: str) -> None:
    if override.strip():
        return
    found = [(one, check) for one in looked for check in soft(one.checks)]
    if found:
        words = "; ".join(f"{one.label}: {check.sentence}" for one, check in found[:NAMED])
        text = f"Not everything is known to be well: {words} Say with override why it may go on all the same."
        raise EvdeskError(Reason.INVALID, text)


def _refuse_untyped(looked: list[Preflight], typed: str, image: Image) -> None:
    downgrades = [one for one in looked if one.downgrade]
    if downgrades and not same_version(typed, image.manifest.version):
        first = downgrades[0]
        text = f"{image.manifest.version} is older than {first.from_version} on {first.label}. Type the version to confirm."
        raise EvdeskError(Reason.INVALID, text)


def _refuse_busy(jobs: Jobs, records: list[ChargerRecord]) -> None:
    for record in records:
        number = jobs.job_of(record.id)
        if number is not None:
            text = f"{record.label or record.id} is in job {number} already. Wait for its end, or cancel it."
            raise EvdeskError(Reason.INVALID, text)
