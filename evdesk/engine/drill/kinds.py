"""The failsafe drills: what a charger does when nobody talks to it, and after a restart.

preflight -> room (its full rating is kept free, the others are lowered) -> baseline (a limit above the safe value,
a car that draws it) -> silent -> restoring -> done
"""

import math
from dataclasses import replace
from functools import partial

from evdesk.balance.fallback import HOLD_S, Fallback, Watched, judge
from evdesk.engine.commands import Command
from evdesk.engine.delivery import DRILL
from evdesk.engine.drill.base import BACK_S, DrillBase, Stop
from evdesk.engine.drill.meter_watch import MeterWatch
from evdesk.model import Capability, ConnectorStatus, FailsafeState
from evdesk.model.drills import DrillCause, DrillKind, DrillPhase, DrillVerdict

BASELINE_S = 150.0
ABOVE_A = 2.0
"""The car must draw at least this much more than the safe value."""

OVER_A = 1.5
"""So far above a confirmed limit, and it is not obeyed."""

SHOWS_A = 1.8
"""So far below what the car draws, and it is seen that it follows."""

REFUSES = "Refuses the limit the drill begins with: it takes no charging profiles, so there is nothing to fall back to."
QUEUE_S, RESTART_S = 60.0, 420.0
_BAD = frozenset(
    {DrillCause.KEPT, DrillCause.LATE, DrillCause.HIGHER, DrillCause.ZERO, DrillCause.ENDED, DrillCause.IGNORES}
)


class SilenceDrill(DrillBase):
    """With a car: nothing is sent any more ("silence"), or the connection is closed too ("cut")."""

    baseline_read_a: float | None = None  # what it drew under the first limit
    _meter: MeterWatch

    async def steps(self) -> None:
        await self._preflight()
        self._meter = MeterWatch(self.parts.fleet, self.record.id, self.connector.id)
        await self.make_room()
        await self._baseline()
        await self._be_silent()
        cause = self._seen().cause
        self._note_seen()
        verdict = DrillVerdict.FAILED if cause in _BAD else DrillVerdict.INCONCLUSIVE
        raise Stop(cause, DrillVerdict.PROVEN if cause is DrillCause.FELL else verdict)

    async def _preflight(self) -> None:
        self.to(DrillPhase.PREFLIGHT)
        record, link = self.record, self.record.link
        if link is None:
            raise Stop(DrillCause.NOT_ONLINE, DrillVerdict.REFUSED)
        if not self.parts.fleet.site.balance.enabled:
            raise Stop(DrillCause.NOT_BALANCING, DrillVerdict.REFUSED)
        if record.failsafe.state is FailsafeState.UNKNOWN:
            raise Stop(DrillCause.NO_ANSWER, DrillVerdict.REFUSED, "It is being prepared. Drill it in a minute.")
        if record.failsafe.safe_a is None or Capability.SET_LIMIT not in link.capabilities:
            raise Stop(DrillCause.CANNOT, DrillVerdict.REFUSED)
        await self.look()
        if self._full_a() < self.drill.safe_a + ABOVE_A:
            raise Stop(DrillCause.NOTHING_TO_FALL, self.verdict_shown())
        if self.session is None or not self.connector.status.has_car:
            raise Stop(DrillCause.NO_CAR, self.verdict_shown())

    def _full_a(self) -> float:
        bay = self.parts.fleet.site.bay(self.record.id, self.connector.id)
        top = 0.0 if bay is None else bay.max_a
        return top if bay is None or bay.user_limit_a is None else min(top, bay.user_limit_a)

    async def _baseline(self) -> None:
        """First what the car draws when it may take all; then a limit clearly below that and above the safe value. So one
        that ignores limits, one that keeps its last and one that falls to more than it should can be told apart."""
        full = self._full_a()
        self.readings_from = self.now()
        self.to(DrillPhase.BASELINE, baseline_a=full)
        drawn = await self._settled(full)
        limit = baseline_limit(drawn, self.drill.safe_a, full)
        self.drill = replace(self.drill, baseline_a=limit)
        self.parts.changed(self.drill, False)
        self.baseline_read_a = await self._settled(limit)

    async def _settled(self, limit: float) -> float:
        """The current it comes to rest at under this limit. Raises `Stop` where it is not obeyed, or too little."""
        first = asked = await self._impose(limit)
        while True:
            await self.pause()
            self.may_go_on()
            self._meter.take(self.now())
            steady, last = self._steady(first + 8.0)
            if last is not None and last > limit + OVER_A:
                self.drill = replace(self.drill, fell_to_a=last)
                raise Stop(DrillCause.IGNORES, DrillVerdict.FAILED)
            if steady and last is not None and last > self.drill.safe_a + ABOVE_A:
                return last
            if self.now() > first + BASELINE_S:
                raise Stop(DrillCause.NO_READINGS if last is None else DrillCause.CAR_LOW, DrillVerdict.INCONCLUSIVE)
            if self.now() - asked > self.plan.refresh_s:
                asked = await self._impose(limit)

    async def _impose(self, limit: float) -> float:
        """The moment before it was sent: the charger counts from when it was told."""
        asked = self.now()
        if not await self.parts.control.delivery.impose(self.record, self.connector, limit):
            record = self.record
            if record.online and record.failsafe.state is FailsafeState.CANNOT and self.connector.asked_a is None:
                raise Stop(DrillCause.CANNOT, DrillVerdict.FAILED, REFUSES)  # it said no, as it did to its default
            raise Stop(DrillCause.NO_ANSWER, DrillVerdict.INCONCLUSIVE)
        return asked

    def _steady(self, since: float) -> tuple[bool, float | None]:
        """Whether the two newest readings after `since` agree, and the newest."""
        found = [amps for at, amps, _ in self.drill.samples if amps is not None and at >= since]
        if not found:
            return False, None
        return len(found) > 1 and abs(found[-1] - found[-2]) <= 1.0, found[-1]

    async def _be_silent(self) -> None:
        asked = await self._impose(self.drill.baseline_a or 0.0)
        latest = asked + self.plan.falls_after_s
        self.to(DrillPhase.SILENT, since_at=asked, latest_allowed_at=latest)
        if self.drill.kind is DrillKind.CUT:
            await self._cut(latest)
            return
        while not self._seen().final:
            await self.pause()
            self._watch()

    async def _cut(self, latest: float) -> None:
        """No word at all until it must have fallen and stayed there; then its queue tells, or what it draws on return."""
        link = self.record.link
        self.parts.listener.shut.add(self.record.id)
        if link is not None:
            await link.close("a failsafe drill")
        while self.now() < latest + HOLD_S:
            await self.pause()
            self._watch()
            self._meter.take(self.now())
        self.parts.listener.shut.discard(self.record.id)
        if not await self.until(lambda: self.record.online, BACK_S):
            raise Stop(DrillCause.NOT_BACK, DrillVerdict.INCONCLUSIVE)
        told = lambda: bool(self.ended_by) or any(s[0] > latest + HOLD_S for s in self.drill.samples)  # noqa: E731
        await self.until(told, max(QUEUE_S, 3 * self.connector.sample_s))
        await self.pause(2.0)
        self._fill_from_meter()

    def _fill_from_meter(self) -> None:
        """It kept no readings: what the site meter has shown meanwhile. Only where it is at its safe value now, and the
        meter shows a fall: what else is switched on at the same time must not make a charger fail."""
        drill = self.drill
        since, latest = drill.since_at or 0.0, drill.latest_allowed_at or 0.0
        heard = any(since + 5.0 < at <= latest + HOLD_S for at, _, _ in drill.samples)
        if heard or self._seen().cause is not DrillCause.FELL:
            return
        drawn_a = self.baseline_read_a or drill.baseline_a or 0.0
        found = self._meter.estimates(since, latest + HOLD_S, drawn_a, drill.baseline_a)
        self.drill = replace(drill, samples=tuple(sorted((*drill.samples, *found))), read_from="site meter")
        if not found or self._seen().cause is not DrillCause.FELL:
            self.drill = drill

    def _watch(self) -> None:
        self.may_go_on()
        if self.drill.kind is DrillKind.SILENCE and not self.record.online:
            raise Stop(DrillCause.NOT_ONLINE, DrillVerdict.INCONCLUSIVE, "The connection was lost in the middle of it.")

    def _seen(self) -> Fallback:
        return judge(self._watched(), self.now())

    def _watched(self) -> Watched:
        drill = self.drill
        since, latest = drill.since_at or 0.0, drill.latest_allowed_at or 0.0
        status = self.connector.status
        paused = {ConnectorStatus.SUSPENDED_EV: "car", ConnectorStatus.SUSPENDED_EVSE: "charger"}.get(status, "")
        cut = drill.kind is DrillKind.CUT
        until = latest if cut else latest + max(self.plan.valid_s, 120)
        read_a = self.baseline_read_a or drill.baseline_a or 0.0
        return Watched(since, latest, until, read_a, drill.safe_a, drill.samples, paused, self.ended_by)

    def _note_seen(self) -> None:
        seen = self._seen()
        self.drill = replace(
            self.drill,
            fell_after_s=_tenth(seen.after_s),
            fell_not_before_s=_tenth(seen.not_before_s),
            fell_to_a=_tenth(seen.amps),
        )


class RestartDrill(DrillBase):
    """Without a car: is the safe default still there when the charger comes back from a power cut?"""

    async def steps(self) -> None:
        self.to(DrillPhase.PREFLIGHT)
        record, link = self.record, self.record.link
        if link is None:
            raise Stop(DrillCause.NOT_ONLINE, DrillVerdict.REFUSED)
        if not self.parts.fleet.site.balance.enabled:
            raise Stop(DrillCause.NOT_BALANCING, DrillVerdict.REFUSED)
        if record.failsafe.safe_a is None or not {Capability.RESET, Capability.COMPOSITE} <= link.capabilities:
            raise Stop(
                DrillCause.CANNOT, DrillVerdict.REFUSED, "It cannot be restarted, or shows no schedule afterwards."
            )
        if any(c.session is not None for c in record.connectors.values()):
            raise Stop(DrillCause.STOPPED, DrillVerdict.REFUSED, "A car charges. End the charge first.")
        if self.plan.nothing_above(self.drill.safe_a):
            await self.look()
            raise Stop(DrillCause.NOTHING_TO_FALL, self.verdict_shown())
        await self.make_room()
        boots = record.boots
        self.to(DrillPhase.SILENT, since_at=self.now(), latest_allowed_at=self.now() + RESTART_S)
        command = Command(DRILL, "failsafe.restart", record.id, {"kind": "hard"})
        await self.parts.commands.run(command, partial(link.reset, "hard"))
        if not await self.until(lambda: record.boots > boots and record.online, RESTART_S):
            raise Stop(DrillCause.NOT_BACK, DrillVerdict.INCONCLUSIVE)
        await self.pause(10.0)
        link = record.link
        shown_a = None if link is None else await self.parts.setup.shown_next(record, link, DRILL)
        shown = None if shown_a is None else min(round(shown_a, 1), 999.0)
        lost = shown == 999.0
        self.drill = replace(self.drill, shown_a=None if lost else shown, no_limit_shown=lost)
        if shown is None:
            raise Stop(DrillCause.NO_ANSWER, DrillVerdict.INCONCLUSIVE, "It showed no schedule after the restart.")
        if shown > self.drill.safe_a + 0.5:
            raise Stop(DrillCause.LOST, DrillVerdict.FAILED)
        raise Stop(DrillCause.FELL, DrillVerdict.PROVEN)


def baseline_limit(drawn_a: float, safe_a: float, full_a: float) -> float:
    """The limit to fall from, in whole ampere: half way between the safe value and what the car draws, so far below that
    that obeying it shows. Where there is no such place, what the car draws."""
    top = min(drawn_a, full_a)
    half = float(math.floor((round(top) + safe_a) / 2 + 1))
    return half if top - half >= SHOWS_A else float(math.floor(full_a if drawn_a >= full_a else drawn_a))


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
