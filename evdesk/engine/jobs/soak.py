"""The chargers of a wave that came through, watched before the next wave begins."""

from collections.abc import Mapping
from dataclasses import dataclass

from evdesk.engine.jobs import aftercare
from evdesk.engine.jobs.base import Run
from evdesk.engine.jobs.update import UpdateRun
from evdesk.firmware.happenings import Relapsed
from evdesk.firmware.soak import kept
from evdesk.model.jobs import Job, Result, WaveState

STEADY_S = 300.0
"""So long it must be well without a break before a soak may end: one good look between two restarts proves nothing."""


@dataclass(slots=True)
class Health:
    """Of one charger in a soak. `ill_s`: how long it has not been as it was, whatever time it was away in between;
    `bad_at`: when it was away or ill last; `spells`: how many times."""

    looked_at: float
    ill_s: float = 0.0
    bad_at: float | None = None
    bad: bool = False
    away: bool = False
    spells: int = 0

    def moved(self, seconds: float) -> None:
        """The computer's clock was set."""
        self.looked_at += seconds
        self.bad_at = None if self.bad_at is None else self.bad_at + seconds

    def fell(self, now: float, away: bool) -> None:
        """It is away, or not as it was."""
        if not away and self.bad and not self.away:
            self.ill_s += now - self.looked_at
        self.spells += not self.bad
        self.looked_at, self.bad_at, self.bad, self.away = now, now, True, away

    def well(self, now: float) -> None:
        self.looked_at, self.ill_s, self.bad, self.away = now, 0.0, False, False


def watch(job: Job, runs: Mapping[str, Run], health: dict[str, Health], now: float) -> str:
    """Looks at each of them once. Why the soak cannot end yet, in words; "" where they are all well. `health`: of those
    that were looked at before."""
    watched = [name for wave in job.waves if wave.state is WaveState.SOAKING for name in wave.charger_ids]
    words = []
    for name in watched:
        if isinstance(run := runs[name], UpdateRun):
            one = health.setdefault(name, Health(now))
            words.append(_look(run, one, now) or _unsteady(run, one, now, min(STEADY_S, job.soak_s)))
    return next((one for one in words if one), "")


def _look(run: UpdateRun, health: Health, now: float) -> str:
    one, record = run.charger, run.record
    if one.outcome is not Result.SUCCEEDED or record is None:  # a person dropped it from the site
        return ""
    who = record.identity
    stranger = bool(one.serial and who.serial and one.serial != who.serial)
    if not record.online or stranger:
        health.fell(now, away=True)
        return f"{one.label} is {'another charger now' if stranger else 'offline'}"
    # What else is looked at after an update (clock, safe default) evdesk itself puts right in these hours.
    problems = aftercare.problems(run, 0.0, failed=True)
    if kept(one, who.firmware) and not problems:
        health.well(now)
        return ""
    health.fell(now, away=False)
    if health.ill_s < run.watch.times.test_s:
        return f"{one.label} is not as it was"  # it may pass
    run.feed(Relapsed(now, who.firmware, tuple(problems)))
    return ""


def _unsteady(run: UpdateRun, health: Health, now: float, steady_s: float) -> str:
    """It is well just now, and was not a short while ago."""
    if run.charger.outcome is not Result.SUCCEEDED or health.bad_at is None or now - health.bad_at >= steady_s:
        return ""
    times = f" {health.spells} times" if health.spells > 1 else ""
    return f"{run.charger.label} was away or not as it was{times}"
