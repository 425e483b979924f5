"""How far each charger can be relied on when evdesk is silent, and in which order the safe defaults may change.

Who cannot fall back is reserved at its full rating, and everybody else's share becomes smaller. A share that rises is
written only when no other default is still above its own share: at no moment do the defaults together exceed a fuse.
"""

import logging
from collections.abc import Awaitable, Callable

from evdesk.balance import FailsafePlan, failsafe_plans
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.model import Failsafe, FailsafeState, Site

log = logging.getLogger("evdesk.standing")
_RELIED_ON = frozenset({FailsafeState.PROVEN, FailsafeState.VERIFIED, FailsafeState.UNTESTED})
_CLOSE_A = 0.05


async def _nothing(record: ChargerRecord, shown_a: float) -> None:
    """Nobody keeps what drills found."""


class Standing:
    """`note` after each verdict; `on_unable` is told when the set of those that cannot fall back has changed.
    `drilled(record, failsafe)`: the same verdict in the light of the drills."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.on_unable: Callable[[], None] = lambda: None
        self.drilled: Callable[[ChargerRecord, Failsafe], Failsafe] = lambda record, failsafe: failsafe
        self.lost_at_restart: Callable[[ChargerRecord, float], Awaitable[None]] = _nothing
        self._plans: tuple[Site, frozenset[str], dict[str, FailsafePlan]] | None = None
        self._waiting: set[str] = set()

    def restore(self) -> None:
        """From what the last run left in the records."""
        known = self.fleet.chargers.values()
        self.fleet.unable = {r.id for r in known if r.accepted and r.failsafe.state is FailsafeState.CANNOT}

    def plans(self) -> dict[str, FailsafePlan]:
        """Worked out once per site, not once per charger: when a thousand come back, all of them ask."""
        site, unable = self.fleet.site, frozenset(self.fleet.unable)
        if self._plans is None or self._plans[0] is not site or self._plans[1] != unable:
            self._plans = (site, unable, failsafe_plans(site, unable))
        return self._plans[2]

    def judged(self, record: ChargerRecord, failsafe: Failsafe) -> Failsafe:
        """What the charger shows, in the light of what a drill has measured."""
        return self.drilled(record, failsafe)

    def note(self, record: ChargerRecord) -> None:
        """Whether it is reserved in full. While nothing is known (a default is being written) it stays as it was."""
        unable, state = self.fleet.unable, record.failsafe.state
        if state is FailsafeState.CANNOT and record.id not in unable:
            unable.add(record.id)
        elif state in _RELIED_ON and record.id in unable:
            unable.discard(record.id)
        else:
            return
        self.on_unable()

    # -- order of writing -----------------------------------------------------------------------------------------

    def next_step(self, record: ChargerRecord, plan: FailsafePlan) -> tuple[float, float]:
        """(static maximum, safe default) to be written now: one that has to wait keeps its smaller default."""
        have_a = record.failsafe.safe_a
        self._waiting.discard(record.id)
        if have_a is None or plan.safe_a <= have_a + _CLOSE_A or not self._still_above(record.id):
            return plan.max_a, plan.safe_a
        self._waiting.add(record.id)
        log.info("%s keeps its default of %g A until others have lowered theirs", record.id, have_a)
        return plan.max_a, have_a

    def may_rise(self) -> list[ChargerRecord]:
        """Those that waited, once nobody's default is above its share any more."""
        if not self._waiting or self._still_above(""):
            return []
        waited, self._waiting = self._waiting, set()
        found = [self.fleet.chargers.get(charger_id) for charger_id in waited]
        return [record for record in found if record is not None and record.online]

    def _still_above(self, but: str) -> list[str]:
        """Accepted chargers whose default is higher than their share allows; those reserved in full do not count."""
        plans, above = self.plans(), []
        for charger_id, plan in plans.items():
            record = self.fleet.chargers.get(charger_id)
            if record is None or not record.accepted or charger_id == but or charger_id in self.fleet.unable:
                continue
            held_a = record.failsafe.safe_a
            if held_a is not None and held_a > plan.safe_a + _CLOSE_A:
                above.append(charger_id)
        return above
