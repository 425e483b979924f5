"""The chargers of a wave that came through, watched before the next wave begins."""

from collections.abc import Mapping

from evdesk.engine.jobs import aftercare
from evdesk.engine.jobs.base import Run
from evdesk.engine.jobs.update import UpdateRun
from evdesk.firmware.happenings import Relapsed
from evdesk.firmware.soak import kept
from evdesk.model.jobs import Job, Result, WaveState


def watch(job: Job, runs: Mapping[str, Run], ailing: dict[str, float], now: float) -> str:
    """Looks at each of them once. Why the soak cannot end yet, in words; "" where they are all well. `ailing`: who is
    not, and since when."""
    watched = [name for wave in job.waves if wave.state is WaveState.SOAKING for name in wave.charger_ids]
    words = [_look(run, ailing, now) for name in watched if isinstance(run := runs[name], UpdateRun)]
    return next((one for one in words if one), "")


def _look(run: UpdateRun, ailing: dict[str, float], now: float) -> str:
    one, record = run.charger, run.record
    if one.outcome is not Result.SUCCEEDED or record is None:  # a person dropped it from the site
        return ""
    who = record.identity
    stranger = bool(one.serial and who.serial and one.serial != who.serial)
    if not record.online or stranger:
        ailing.pop(run.charger_id, None)
        return f"{one.label} is {'another charger now' if stranger else 'offline'}"
    # What else is looked at after an update (clock, safe default) evdesk itself puts right in these hours.
    problems = aftercare.problems(run, 0.0, failed=True)
    if kept(one, who.firmware) and not problems:
        ailing.pop(run.charger_id, None)
        return ""
    if now - ailing.setdefault(run.charger_id, now) < run.watch.times.test_s:
        return f"{one.label} is not as it was"  # it may pass
    run.feed(Relapsed(now, who.firmware, tuple(problems)))
    return ""
