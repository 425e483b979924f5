"""Who is updated when: canary, soak, waves, and where it stops. Pure: told the time."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from evdesk.model.firmware import Verdict
from evdesk.model.jobs import Job, JobCharger, JobState, Result, Step, Wave, WaveState

PATIENCE_S = 24 * 3600.0
"""How long a charger may stay unready (a car that does not leave) before it is left out."""

HOLDS_UP_S = 600.0
"""So long one that is not ready holds up the wave after its own; the canary for as long as it takes."""

BACK_S = 900.0
"""So much longer than it was meant to a soak waits for one that is offline just then; afterwards a person decides."""

LATE_S = 3 * 3600.0
"""A night that begins so late is none: a person decides whether it begins by day."""

MOST_NAMED = 3

CANARY = 0
"""The number of that wave; the others count from 1."""

BAD = (Result.FAILED, Result.UNKNOWN)
ENDED: dict[Result | None, str] = {
    Result.FAILED: "failed",
    Result.UNKNOWN: "ended unknown",
    Result.CANCELLED: "was left out",
}


def plan_waves(charger_ids: Sequence[str], canary: int, sizes: Sequence[int]) -> tuple[Wave, ...]:
    """In the given order. The last size repeats; without any, all after the canary are one wave."""
    left, waves = list(charger_ids), []
    if 0 < canary < len(left):
        waves.append(Wave(CANARY, "Canary", tuple(left[:canary])))
        left = left[canary:]
    number, size = 1, 0
    while left:
        size = sizes[min(number - 1, len(sizes) - 1)] if sizes else len(left)
        name = f"Wave {number}" if waves or size < len(left) else "All"
        waves.append(Wave(number, name, tuple(left[:size])))
        left, number = left[size:], number + 1
    return tuple(waves)


def counts(chargers: Mapping[str, JobCharger]) -> dict[str, int]:
    """Chargers by "waiting", "blocked", "running" and by outcome."""
    return dict(Counter(_word(one) for one in chargers.values()))


def unproven(chargers: Mapping[str, JobCharger]) -> tuple[str, ...]:
    """Those that are through and did not succeed."""
    return tuple(name for name, one in chargers.items() if one.outcome in ENDED)


def under_way(one: JobCharger) -> bool:
    """The request has left, and it is not over."""
    return one.outcome is None and one.step not in (Step.WAITING, Step.PREFLIGHT)


def stops(job: Job, chargers: Mapping[str, JobCharger]) -> str:
    """Why no other may be begun till a person says so, in words. Whom a person has passed over counts no more."""
    left = [name for name in unproven(chargers) if name not in job.forgiven]
    canary = [name for wave in job.waves if wave.number == CANARY for name in wave.charger_ids]
    lacking = [chargers[name] for name in canary if name in left]
    if lacking and all(chargers[name].outcome is not None for name in canary):
        said = ", ".join(f"{one.label or one.charger_id} {ENDED[one.outcome]}" for one in lacking[:MOST_NAMED])
        more = f", and {len(lacking) - MOST_NAMED} more did not succeed" if len(lacking) > MOST_NAMED else ""
        return f"The canary has not come through: {said}{more}"
    # Silence is no success; a charger that was never begun is no failure.
    number = sum(chargers[name].outcome in BAD for name in left)
    return f"{number} did not come through" if number >= job.stop_after > 0 else ""


def overdue(job: Job, now: float) -> bool:
    """A soak is longer than it was meant to be, and than one waits for it."""
    return any(wave.state is WaveState.SOAKING and now >= (wave.until_at or 0.0) + BACK_S for wave in job.waves)


def missed(job: Job, now: float) -> bool:
    """Its time went by before anything was begun."""
    untouched = all(wave.state is WaveState.WAITING for wave in job.waves)
    return untouched and job.not_before_at is not None and now - job.not_before_at > LATE_S


def advance(job: Job, chargers: Mapping[str, JobCharger], now: float, unwell: str = "") -> Job:
    """The job with its waves as they are now. Pauses at the limit of failures, ends when every charger is through.
    `unwell`: why a soak cannot end yet, in words."""
    if job.over:
        return job
    if job.state is JobState.RUNNING and missed(job, now):
        words = "Its time went by while this computer slept or evdesk did not run. Go on to begin now, or cancel it."
        return replace(job, state=JobState.PAUSED, waits_for=words)
    waves, why = list(job.waves), stops(job, chargers)
    for place, wave in enumerate(waves):
        before = waves[place - 1] if place else None
        waves[place] = _wave(job, wave, before, chargers, now, unwell or why)
    job = replace(job, waves=tuple(waves), counts=counts(chargers))
    if all(one.outcome is not None for one in chargers.values()):
        return replace(job, state=JobState.FINISHED, ended_at=now, waits_for="", waves=tuple(map(_ended, waves)))
    if not _unbegun(chargers):
        return job
    # Also while a person has paused it: who says to go on is told what is passed over by that.
    words, gave_up = why, False
    if not why and unwell and overdue(job, now):
        words, gave_up = f"{unwell}, and should have been watched to its end by now", True
    if not words:
        return replace(job, gave_up=job.gave_up and bool(unwell))
    words = f"{words}: no other is begun. Go on, or cancel the rest."
    return replace(job, state=JobState.PAUSED, waits_for=words, gave_up=gave_up)


def may_begin(job: Job, chargers: Mapping[str, JobCharger], now: float, looked_at: Collection[str] = ()) -> list[str]:
    """Chargers whose turn it is: of waves that run, in order, as many as may fetch at once. `looked_at`: those that are
    just looked at, and may be asked in the next moment."""
    if job.state is not JobState.RUNNING or (job.not_before_at or 0.0) > now:
        return []
    room = job.parallel - sum(name in looked_at or under_way(one) for name, one in chargers.items())
    ready = [
        charger_id
        for wave in job.waves
        if wave.state in (WaveState.RUNNING, WaveState.PASSED)
        for charger_id in wave.charger_ids
        if chargers[charger_id].outcome is None and not under_way(chargers[charger_id]) and charger_id not in looked_at
    ]
    ready.sort(key=lambda charger_id: chargers[charger_id].step is Step.PREFLIGHT)  # they were looked at, and wait
    return ready[: max(0, room)]


def _wave(
    job: Job, wave: Wave, before: Wave | None, chargers: Mapping[str, JobCharger], now: float, lacks: str
) -> Wave:
    """`lacks`: why the canary has not shown yet that the others may follow."""
    if wave.state is WaveState.WAITING:
        begins = job.state is JobState.RUNNING and (job.not_before_at or 0.0) <= now
        if begins and (before is None or before.state is WaveState.PASSED):
            return replace(wave, state=WaveState.RUNNING, started_at=now)
        return wave
    canary, ours = wave.number == CANARY, [chargers[charger_id] for charger_id in wave.charger_ids]
    watched = any(one.outcome is Result.SUCCEEDED for one in ours)
    if wave.state is WaveState.SOAKING and not lacks and (now >= (wave.until_at or 0.0) or not watched):
        return replace(wave, state=WaveState.PASSED)
    if wave.state is WaveState.RUNNING and all(_through(one, canary, now) for one in ours):
        if canary and job.soak_s > 0 and watched:
            return replace(wave, state=WaveState.SOAKING, until_at=now + job.soak_s)
        if not canary or not lacks:
            return replace(wave, state=WaveState.PASSED)
    return wave


def _through(one: JobCharger, canary: bool, now: float) -> bool:
    if one.outcome is not None:
        return True
    held_s = now - one.step_at
    return not canary and one.step is Step.PREFLIGHT and held_s > HOLDS_UP_S


def _ended(wave: Wave) -> Wave:
    ran = wave.state in (WaveState.RUNNING, WaveState.SOAKING, WaveState.PASSED)
    return replace(wave, state=WaveState.PASSED if ran else WaveState.STOPPED)


def _unbegun(chargers: Mapping[str, JobCharger]) -> bool:
    return any(one.outcome is None and not under_way(one) for one in chargers.values())


def _word(one: JobCharger) -> str:
    if one.outcome is not None:
        return one.outcome.value
    if one.step is Step.PREFLIGHT and any(c.verdict in (Verdict.WAIT, Verdict.BLOCK) for c in one.checks):
        return "blocked"
    return "running" if under_way(one) else "waiting"
