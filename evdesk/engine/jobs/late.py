"""Chargers whose update ended not long ago: what they tell now may still change how."""

from evdesk.engine.jobs.base import Run
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.update import UpdateRun
from evdesk.model import Clock
from evdesk.model.jobs import Cause, Result

LATE_S = 24 * 3600.0
"""So long a charger that did not come back may still prove that its update went well."""


AT_IT = frozenset({Cause.HANGS, Cause.NOT_RESTARTED, Cause.NOT_BACK, Cause.AWAY})
"""It has the whole file, and nobody knows what it does with it."""


def took(run: Run) -> bool:
    """It has some of the file, or may have: what it tells from then on may be of this update."""
    if not isinstance(run, UpdateRun):
        return False
    return run.charger.transfer.total > 0 or run.watch.memory.whole or run.watch.memory.gap


class Late:
    """The newest update of each charger that took some of its file; its job may be over or not."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._lives: dict[str, tuple[LiveJob, float]] = {}  # and since when, by the steady clock

    def ended(self, live: LiveJob, run: Run) -> None:
        """An update is through; one that took nothing proves nothing about the one before."""
        if not took(run):
            return
        one = run.charger  # changed once, and no more; but one that came through late may still fall back
        if one.outcome is not None and (one.first_outcome is None or one.outcome is Result.SUCCEEDED):
            ended_at = run.watch.memory.settled_at or run.charger.ended_at or 0.0
            age_s = max(0.0, self.clock.now() - ended_at)  # where the engine was away, all there is to go by
            self._lives[run.charger_id] = live, self.clock.steady() - age_s
            run.watch.settled(self.clock.now() - age_s)
        else:
            self._lives.pop(run.charger_id, None)

    def may_install(self, charger_id: str) -> int | None:
        """The job that left it with the whole file and no known end, until it has restarted or a day has passed. Who is
        being looked at after all is left alone as well."""
        found = self.of(charger_id)
        if found is None:
            return None
        live, run = found
        memory = run.watch.memory
        cause = run.charger.cause
        silent = cause is Cause.NO_VERSION and not memory.booted  # away for a moment, and tells none
        at_it = (cause in AT_IT or silent) and not memory.back
        return live.job.id if at_it or memory.proving else None

    def runs(self) -> list[UpdateRun]:
        """All that are remembered."""
        found = [self.of(charger_id) for charger_id in list(self._lives)]
        return [one[1] for one in found if one is not None]

    def of(self, charger_id: str) -> tuple[LiveJob, UpdateRun] | None:
        live, since = self._lives.get(charger_id, (None, 0.0))
        run = live.runs.get(charger_id) if live is not None else None
        if live is None or not isinstance(run, UpdateRun):
            return None
        if self.clock.steady() - since >= LATE_S:
            del self._lives[charger_id]
            return None
        return live, run
