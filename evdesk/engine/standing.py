"""How far each charger can be relied on when evdesk is silent, and in which order the safe defaults may change.

Who cannot fall back is reserved at its full rating, and everybody else's share becomes smaller. So is who is placed and
has no known default: never connected, none for two minutes, or its answer was missed when one was written. A share that
rises is written only when no other default is still above its own share: at no moment do the defaults together exceed a
fuse. One that is being written is the higher of the old and the new until the charger has answered. Where a share rises
because one more default is known it waits a minute for the next: a site whose chargers come one by one is not written
anew at each.
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
PREPARING_S = 120.0
"""Two rounds of `engine.setup`: who has no known default by then counts in full."""

RISE_S = 60.0
Span = tuple[float, float]
"""(lowest, highest) ampere"""


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
        self.unsure: set[str] = set()  # of those reserved in full: only because no default is known
        self._held: dict[str, Span] = {}  # what default may be inside, until one is known again
        self._since: dict[str, float] = {}  # placed, heard of, and no default known since then (steady)
        self._rise_at = 0.0

    def restore(self) -> None:
        """From what the last run left in the records."""
        self._find_uncovered()
        known = self.fleet.chargers.values()
        self.fleet.unable = {r.id for r in known if r.accepted and r.failsafe.state is FailsafeState.CANNOT}
        self._find_unsure()

    def look(self) -> None:
        """Now and then, and when the site has changed: who still has no default is reserved in full."""
        self._find_uncovered()
        if self._find_unsure():
            self.on_unable()

    def silent(self, charger_id: str) -> bool:
        """Whether it has had its time to get a default since it was first heard of."""
        since = self._since.get(charger_id)
        return since is not None and self.fleet.clock.steady() - since > PREPARING_S

    def places(self, record: ChargerRecord) -> tuple[int, ...]:
        """Its connectors with a place; without any those it told of."""
        plan = self.plans().get(record.id)
        return plan.connectors if plan is not None else tuple(sorted(record.connectors)) or (1,)

    def _find_uncovered(self) -> None:
        """A connector that came after the default was written may have none: nothing is known of the charger until it is
        written anew."""
        for charger_id, plan in self.plans().items():
            record = self.fleet.chargers.get(charger_id)
            if record is None or record.failsafe.state not in _RELIED_ON:
                continue
            have = record.failsafe
            if came := have.lacks(plan.connectors):
                names = "connector " + ", ".join(str(n) for n in came)
                self.hold(record, None, plan.full_a)
                record.failsafe = Failsafe(
                    FailsafeState.UNKNOWN, have.max_a, detail=f"{names} has no known default yet"
                )
                self.fleet.on_changed(charger_id)

    def hold(self, record: ChargerRecord, written_a: float | None, most_a: float) -> Span | None:
        """A default is about to be written, or one is gone: until another is `known` it may hold anything between what it
        had and that. What it was thought to hold until now."""
        before, safe_a = self._held.get(record.id), record.failsafe.safe_a
        amps = [a for a in (*(before or ()), safe_a, written_a) if a is not None]
        self._held[record.id] = (min(amps, default=0.0), max(*amps, most_a))
        return before

    def known(self, record: ChargerRecord, held: Span | None = None) -> None:
        """Its default was confirmed or shown, or it refuses any; with `held` it was never told another."""
        self._held.pop(record.id, None)
        if held is not None:
            self._held[record.id] = held

    def _least(self, record: ChargerRecord) -> float | None:
        """The lowest default that may be in the charger; None where nothing is known."""
        held = self._held.get(record.id)
        return held[0] if held is not None else record.failsafe.safe_a

    def _most(self, record: ChargerRecord) -> float | None:
        """The highest."""
        held = self._held.get(record.id)
        return held[1] if held is not None else record.failsafe.safe_a

    def _find_unsure(self) -> bool:
        """Whether any joined or left."""
        unable, now = self.fleet.unable, self.fleet.clock.steady()
        placed = {bay.charger_id for bay in self.fleet.site.bays}
        gone = self.unsure - placed
        unable -= gone
        self.unsure -= gone
        before = len(self.unsure)
        for charger_id in placed - (unable - self.unsure):
            record = self.fleet.chargers.get(charger_id)
            if record is not None and record.failsafe.safe_a is not None and record.safe_a is not None:
                self._since.pop(charger_id, None)
                continue
            if record is not None and record.online:
                self._since.setdefault(charger_id, now)
            if charger_id not in self._since or self.silent(charger_id):
                self.unsure.add(charger_id)
        unable |= self.unsure
        return bool(gone) or len(self.unsure) > before

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
        if state is FailsafeState.CANNOT:
            self.unsure.discard(record.id)
        if state is FailsafeState.CANNOT and record.id not in unable:
            unable.add(record.id)
        elif state in _RELIED_ON and record.id in unable:
            unable.discard(record.id)
            self._since.pop(record.id, None)
            if record.id in self.unsure:
                self.unsure.discard(record.id)
                self._rise_at = self.fleet.clock.steady() + RISE_S
        else:
            return
        self.on_unable()

    def doubt(self, record: ChargerRecord) -> None:
        """Its answer to the writing of its default was missed: the old one, the new one or none may hold. It counts in
        full from now on, until it is known again what it has."""
        if record.id not in self.fleet.unable:
            self._since.setdefault(record.id, self.fleet.clock.steady())
            self.unsure.add(record.id)
            self.fleet.unable.add(record.id)
            self.on_unable()

    # -- order of writing -----------------------------------------------------------------------------------------

    def next_step(self, record: ChargerRecord, plan: FailsafePlan) -> tuple[float, float]:
        """(static maximum, safe default) to be written now: one that has to wait keeps its smaller default."""
        have_a = self._least(record)
        self._waiting.discard(record.id)
        if record.id in self.unsure:  # it becomes one that is relied on: what it then has
            plan = failsafe_plans(self.fleet.site, self.fleet.unable - {record.id})[record.id]
        if have_a is None or not self.rises_later(record, plan):
            return plan.max_a, plan.safe_a
        log.info("%s keeps its default of %g A until others have theirs", record.id, have_a)
        return plan.max_a, have_a

    def rises_later(self, record: ChargerRecord, plan: FailsafePlan) -> bool:
        """Whether its default has to rise, and waits for that; `may_rise` names it in time."""
        have_a = self._least(record)
        if have_a is None or plan.safe_a <= have_a + _CLOSE_A:
            return False
        if self.fleet.clock.steady() >= self._rise_at and not self._still_above(record.id):
            return False
        self._waiting.add(record.id)
        return True

    def may_rise(self) -> list[ChargerRecord]:
        """Those that waited, once nobody's default is above its share any more."""
        if not self._waiting or self.fleet.clock.steady() < self._rise_at or self._still_above(""):
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
            held_a = self._most(record)
            if held_a is not None and held_a > plan.safe_a + _CLOSE_A:
                above.append(charger_id)
        return above
