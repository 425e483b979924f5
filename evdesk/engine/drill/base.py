"""What every failsafe drill does whatever it tries: it keeps room, keeps others quiet, watches the fuse, and gives back.

While it runs the charger counts at its full rating (`Control.held`) and nobody else may send it anything
(`Commands.silent`). Whatever ends it, `release` gives both back; nothing is left inside the charger but a live limit that
ends by itself. An engine that dies in the middle leaves exactly that too.
"""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from evdesk.balance import FailsafePlan
from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.engine.commands import Commands
from evdesk.engine.control import Control
from evdesk.engine.delivery import DRILL
from evdesk.engine.drill.room import Room
from evdesk.engine.drill.words import sentence_for
from evdesk.engine.fleet import Fleet
from evdesk.engine.setup import Setup
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.model import Bay, EvdeskError, Reading, Session
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillPhase, DrillVerdict

POLL_S = 0.5
LOWER_S, FOLLOW_S = 60.0, 6.0
SEEN_S = 3.0
"""By then the balancer has seen who was given back."""

ANSWER_S = 10.0
"""Real seconds a charger on a fast clock has at least to answer."""

BACK_S, RESTORE_S = 400.0, 90.0
GRACE_S = 40.0
"""Real seconds: one that came back without a boot is left in peace for up to 30 of them (`drivers.ocpp_link`)."""

SAMPLES_MOST = 900
OVER_S = 3.0
SHOWN_CLOSE_A = 0.5
NOT_LOWERED = "The other chargers did not take their lower limits in time. Drill again when fewer cars charge."
SWITCHED_OFF = "Balancing was switched off in the middle of it: nobody kept the room for this charger any more."
_CAR = frozenset({"EVDisconnected", "Local", "StoppedByEV", "MasterPass", "Remote"})
"""Reasons of an end that is not the charger's own doing (1.6 Reason, 2.x ReasonEnumType)."""


@dataclass(slots=True)
class Parts:
    """What a drill needs of the engine."""

    fleet: Fleet
    control: Control
    commands: Commands
    setup: Setup
    listener: OcppListener
    room: Room
    changed: Callable[[Drill, bool], None]  # (drill, worth keeping)
    others_drilled: Callable[[], bool]


class Stop(Exception):
    """The drill ends here."""

    def __init__(self, cause: DrillCause, verdict: DrillVerdict, sentence: str = "") -> None:
        super().__init__(cause)
        self.cause, self.verdict, self.sentence = cause, verdict, sentence


class DrillBase(ABC):
    """`run()` once. `drill` is always the newest state; `stop()` at any time."""

    def __init__(self, parts: Parts, record: ChargerRecord, drill: Drill, plan: FailsafePlan, attended: bool) -> None:
        self.parts, self.record, self.drill, self.plan, self.attended = parts, record, drill, plan, attended
        self.connector: ConnectorRecord = record.connector(drill.connector_id)
        self.session = self.connector.session
        self.place = _place(parts.fleet.site.bay(record.id, self.connector.id))
        self.ended_by = ""
        self.readings_from = float("inf")
        self._over_since: float | None = None
        self._broken: Stop | None = None

    @abstractmethod
    async def steps(self) -> None:
        """The drill itself; raises `Stop` with its verdict."""

    # -- what happens meanwhile -----------------------------------------------------------------------------------

    def reading(self, event: Reading) -> None:
        """A measurement of this charger, live or from its queue."""
        known = [a for a in event.current_a if a is not None]
        if (event.connector_id or 1) != self.drill.connector_id or not known or event.at < self.readings_from:
            return
        late = self.drill.kind is DrillKind.CUT and not event.live and self.drill.phase is DrillPhase.SILENT
        if late:
            self.drill = replace(self.drill, read_from="charger, afterwards")
        limit = self.connector.limit_a(event.at, self.drill.safe_a)
        sample = (round(event.at, 1), round(max(known), 2), limit)
        self.drill = replace(self.drill, samples=tuple(sorted((*self.drill.samples, sample))[-SAMPLES_MOST:]))
        self.parts.changed(self.drill, False)

    def session_changed(self, session: Session) -> None:
        if self.session is not None and session.id == self.session.id and session.ended_at is not None:
            self.ended_by = "car" if session.reason in _CAR else "charger"

    def audit(self, row_id: int) -> None:
        if row_id > 0:
            self.drill = replace(self.drill, audit_ids=(*self.drill.audit_ids, row_id)[-200:])

    def site_changed(self) -> None:
        """Over at once where what it is about has changed, or a line has no room for it any more."""
        site, held = self.parts.fleet.site, self.parts.control.held
        bay = site.bay(self.record.id, self.connector.id)
        changed = ""
        if bay is None:
            changed = "The charger was taken out of the site"
        elif _place(bay) != self.place:
            changed = "Its place in the site, or its ceiling, was changed"
        elif site.balance.profile_valid_s != self.plan.valid_s:
            changed = "How long a live limit is valid was changed"
        if changed:
            self.stop(DrillCause.STOPPED, DrillVerdict.CANCELLED, f"{changed} in the middle of it.")
        elif self.record.id in held and (line := self.parts.room.gone(site, self.record.id, held, self.attended)):
            text = f"Stopped: the site was changed, and {line} has no room for it any more."
            self.stop(DrillCause.OVER_FUSE, DrillVerdict.INCONCLUSIVE, text)

    def stop(self, cause: DrillCause, verdict: DrillVerdict, sentence: str) -> None:
        """From outside: cancelled, or the clock was set. The run notices within half a second and restores."""
        self._broken = self._broken or Stop(cause, verdict, sentence)

    # -- from begin to end -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        try:
            await self.steps()
        except Stop as stop:
            self._conclude(stop)
        except EvdeskError as error:
            self._conclude(Stop(DrillCause.NO_ANSWER, DrillVerdict.INCONCLUSIVE, error.sentence))
        finally:
            self.release()
        if self.drill.since_at is not None:
            await self._restored()
        self.to(DrillPhase.DONE, ended_at=self.now())
        self.parts.setup.begin(self.record)

    def release(self) -> None:
        """Everything as before the drill: the charger is commanded again within a second."""
        parts = self.parts
        parts.listener.shut.discard(self.record.id)
        parts.commands.silent.pop(self.record.id, None)
        parts.control.held.discard(self.record.id)

    async def make_room(self) -> None:
        """Others that are drilled on the same lines go first; then all that are left are lowered by the balancer."""
        parts, held = self.parts, self.parts.control.held
        settled = False
        while lack := parts.room.lack(parts.fleet.site, held | {self.record.id}, self.attended):
            others = parts.others_drilled()
            if settled and not others:
                raise Stop(DrillCause.NO_ROOM, DrillVerdict.REFUSED, lack)
            if others and self.drill.phase is not DrillPhase.WAITING:
                self.to(DrillPhase.WAITING)
            settled = not others
            await self.pause(SEEN_S if settled else POLL_S)  # one given back just now is not in the lines yet
        held.add(self.record.id)
        parts.commands.silent[self.record.id] = DRILL.via
        safe_a = self.record.failsafe.safe_a  # it may have changed while others were drilled; from now on it does not
        self.drill = self.drill if safe_a is None else replace(self.drill, safe_a=safe_a)
        self.to(DrillPhase.ROOM)
        await self.pause(2.0)  # the balancer has seen it
        wait_s = max(LOWER_S, ANSWER_S * parts.fleet.clock.speed)
        if not await self.until(lambda: parts.room.made({self.record.id}), wait_s):
            raise Stop(DrillCause.NO_ROOM, DrillVerdict.REFUSED, NOT_LOWERED)
        await self.pause(FOLLOW_S)

    async def look(self) -> None:
        """What its own schedule shows once the live limit has ended. `inf` is no limit at all."""
        link = self.record.link
        one = None if self.drill.kind is DrillKind.RESTART else self.connector.id
        shown_a = None if link is None else await self.parts.setup.shown_next(self.record, link, DRILL, one)
        unlimited = shown_a is not None and math.isinf(shown_a)
        told = self.drill.max_a if unlimited else (None if shown_a is None else round(shown_a, 1))
        self.drill = replace(self.drill, shown_a=told, no_limit_shown=unlimited)

    def verdict_shown(self) -> DrillVerdict:
        """Where nothing can be tried: verified only by a schedule that shows no more than the safe value."""
        shown_a = None if self.drill.no_limit_shown else self.drill.shown_a
        safe = shown_a is not None and shown_a <= self.drill.safe_a + SHOWN_CLOSE_A
        return DrillVerdict.VERIFIED if safe else DrillVerdict.INCONCLUSIVE

    # -- the end --------------------------------------------------------------------------------------------------

    def _conclude(self, stop: Stop) -> None:
        """The verdict counts before the charger is commanded again: what it may draw depends on it."""
        self.drill = replace(self.drill, cause=stop.cause, verdict=stop.verdict, sentence=stop.sentence)
        self.drill = replace(self.drill, sentence=stop.sentence or sentence_for(self.drill))
        self.to(DrillPhase.RESTORING)

    async def _restored(self) -> None:
        """The live limit holds again and the charge still runs (None where there is nothing to restore)."""
        placed = self.parts.fleet.site.bay(self.record.id, self.connector.id) is not None
        if not placed:  # nobody commands it any more
            return
        if self.session is None or self.ended_by:
            known = self.parts.fleet.chargers
            await self.until(lambda: self.record.online or self.record.id not in known, BACK_S, deaf=True)
            self.drill = replace(self.drill, restored=None if self.session is None else False)
            return
        clock = self.parts.fleet.clock
        since = clock.steady()
        again = lambda: self.record.online and (self.connector.confirmed_at or 0.0) - clock.jumped > since  # noqa: E731
        wait_s = max(RESTORE_S, GRACE_S * self.parts.fleet.clock.speed) if self.record.online else BACK_S
        back = await self.until(again, wait_s, deaf=True)
        runs = self.connector.session is not None and self.connector.session.id == self.session.id
        self.drill = replace(self.drill, restored=back and runs)

    # -- small things ---------------------------------------------------------------------------------------------

    def now(self) -> float:
        return self.parts.fleet.clock.now()

    def to(self, phase: DrillPhase, **more: object) -> None:
        self.drill = replace(self.drill, phase=phase, **more)  # type: ignore[arg-type]
        self.parts.changed(self.drill, True)

    def may_go_on(self) -> None:
        if self._broken is not None:
            raise self._broken
        if not self.parts.fleet.site.balance.enabled:
            raise Stop(DrillCause.NOT_BALANCING, DrillVerdict.INCONCLUSIVE, SWITCHED_OFF)
        held, site = self.parts.control.held, self.parts.fleet.site
        if self.record.id in held and (limit := self.parts.room.capped(site, self.record.id, held)):
            text = f"Stopped: {limit} leaves no room for it any more."
            raise Stop(DrillCause.OVER_FUSE, DrillVerdict.INCONCLUSIVE, text)
        over, now = self.parts.room.over(self.record.id), self.parts.fleet.clock.steady()
        self._over_since = None if not over else (self._over_since or now)
        if self._over_since is not None and now - self._over_since >= OVER_S:
            raise Stop(DrillCause.OVER_FUSE, DrillVerdict.INCONCLUSIVE, f"Stopped: {over} was above its rating.")
        if self.ended_by and self.drill.phase is DrillPhase.BASELINE:
            raise Stop(DrillCause.CAR_STOPPED, DrillVerdict.INCONCLUSIVE)

    async def pause(self, seconds: float = POLL_S) -> None:
        clock = self.parts.fleet.clock
        end = clock.steady() + seconds
        while clock.steady() < end:
            await asyncio.sleep(clock.wall_s(min(POLL_S, seconds)))
            if self._broken is not None and self.drill.phase is not DrillPhase.RESTORING:
                raise self._broken

    async def until(self, test: Callable[[], bool], seconds: float, deaf: bool = False) -> bool:
        """`deaf`: not ended by what stopped the drill. A clock that is set meanwhile changes nothing."""
        end = self.parts.fleet.clock.steady() + seconds
        while not test():
            if self.parts.fleet.clock.steady() > end:
                return False
            if not deaf:
                self.may_go_on()
            await asyncio.sleep(self.parts.fleet.clock.wall_s(POLL_S))
        return True


def _place(bay: Bay | None) -> tuple[object, ...]:
    """What of a place a drill goes by."""
    return () if bay is None else (bay.circuit, bay.max_a, bay.user_limit_a, bay.phases, bay.rotation)
