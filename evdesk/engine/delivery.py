"""Limits on their way into the chargers: what has to be sent now, and what its answer means.

It never waits for an answer: each connector has at most one limit under way. Of a limit that was sent may be known:

    asked        no answer yet              it counts, and so does what held before
    confirmed    accepted, in time or late  it alone counts, until it ends
    refused      never carried out          what held before counts; tried again later
    unanswered   its time is over           as asked, until it must have ended; tried again soon
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from evdesk.balance import Demand, Key
from evdesk.drivers.base import Answer, Unanswered
from evdesk.engine.commands import Command, Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.model import Bay, Clock, EvdeskError, LiveProfile, Origin, Reason
from evdesk.model.sites import FOLLOWS_S

log = logging.getLogger("evdesk.delivery")
BALANCER = Origin("Engine", "balancer")
DRILL = Origin("Engine", "drill")
RETRY_S = 10.0
UNHEARD_RETRY_S = 60.0  # many refuse a limit for a charge whose start they never told, and will again
LOWER_S = 2.0  # a reduction that did not get through is tried again sooner
HURRY_S = 3.0
"""What stands between a charger and its reduction has so long for its answer: then the reduction leaves, so that it is
there within 6 s. Only one CALL may be open (OCPP-J 1.6 section 4.1.1), and its timeout is ours to choose. A charger that
is known to take longer is given that (`ocpp.exchange`), and what it answers after all is taken."""

ON_THE_WAY_S = 60.0 + FOLLOWS_S  # an unanswered limit may still reach the charger within the call's own deadline
DRAWS_A = 0.5


@dataclass(slots=True)
class Asking:
    """A limit on its way. `asked_at` on the engine's clock, which has `jumped` so far, `since` on the steady one; `lowers`:
    more than this may flow until it is there."""

    limit_a: float
    session_id: int | None
    valid_s: int
    phases: int
    asked_at: float
    jumped: float
    since: float
    lowers: bool


class Delivery:
    """`offer` once a second for each connector, `impose` for a drill. `under_way`: the commands that have no answer yet.
    `on_limited`: told of each live limit that a charger has confirmed."""

    def __init__(self, fleet: Fleet, commands: Commands, clock: Clock) -> None:
        self.fleet = fleet
        self.commands = commands
        self.clock = clock
        self.under_way: dict[Key, asyncio.Task[None]] = {}
        self._asking: dict[Key, Asking] = {}
        self._newest: dict[Key, tuple[float, float]] = {}  # the newest limit asked for, and since when no other one was
        self._notes: set[asyncio.Task[None]] = set()
        self.on_limited: Callable[[ChargerRecord, int, float], None] = lambda record, connector_id, limit_a: None

    def offer(
        self,
        record: ChargerRecord,
        connector: ConnectorRecord,
        demand: Demand,
        limit_a: float,
        urgent: bool,
        now: float,
    ) -> None:
        """The limit decided this second. Sent where it is another than may be in force, or has to be refreshed."""
        key = demand.key
        if not demand.commandable:
            return
        if key in self.under_way:
            self._hurry(record, self._asking.get(key), limit_a)
            return
        settings = self.fleet.site.balance
        confirmed = demand.confirmed_a
        may_flow = max(confirmed or 0.0, (connector.asked_a or 0.0) if now < connector.asked_until else 0.0)
        patience = RETRY_S if connector.session is not None else UNHEARD_RETRY_S
        patience = LOWER_S if limit_a < may_flow - 0.5 else patience
        if connector.failed_a is not None and limit_a < connector.failed_a - 0.5:
            patience = 0.0  # that one was higher: this is no second try of it
        if connector.failed_at is not None and now - connector.failed_at < patience and not urgent:
            return
        bay = self.fleet.site.bay(record.id, connector.id)
        used = phases_used(bay, connector) if bay is not None else 0
        recount = connector.watt_phases not in (0, used or connector.watt_phases)
        # What was asked and not answered may hold: the same as the last answer is a reduction all the same.
        changed = confirmed is None or abs(confirmed - limit_a) >= 0.5 or may_flow > limit_a + 0.5 or recount
        refresh = connector.confirmed_at is not None and now - connector.confirmed_at >= settings.profile_refresh_s
        if not connector.resend and not recount and default_does(record, connector, limit_a):
            return
        if changed or refresh or connector.resend:
            what = "balance.limit" if changed else "balance.refresh"
            task = asyncio.get_running_loop().create_task(self._send(record, connector, key, limit_a, what, used))
            self.under_way[key] = task
            connector.resend = False

    async def impose(self, record: ChargerRecord, connector: ConnectorRecord, limit_a: float) -> bool:
        """Put one live limit in force outside the sharing, for a drill; True when the charger has confirmed it."""
        key = (record.id, connector.id)
        before = self.under_way.get(key)
        if before is not None:
            await asyncio.wait((before,))
        bay = self.fleet.site.bay(*key)
        used = phases_used(bay, connector) if bay is not None else 0
        task = asyncio.get_running_loop().create_task(
            self._send(record, connector, key, limit_a, "balance.drill", used, DRILL)
        )
        self.under_way[key] = task
        await asyncio.wait((task,))
        live = connector.confirmed_a == limit_a and self.clock.now() < connector.confirmed_until
        return live and connector.failed_at is None

    async def _send(
        self,
        record: ChargerRecord,
        connector: ConnectorRecord,
        key: Key,
        limit_a: float,
        what: str,
        phases: int,
        by: Origin = BALANCER,
    ) -> None:
        session, link = connector.session, record.link
        before = connector.limit_a(self.clock.now(), record.safe_a)
        try:
            if not connector.charges or link is None:
                return
            session_id = session.id if session is not None else None
            valid_s = self.fleet.site.balance.profile_valid_s
            older = connector.asked_a if self.clock.now() < connector.asked_until else None
            profile = LiveProfile(connector.id, limit_a, valid_s, session_id, phases)
            args = {"connector_id": connector.id, "limit_a": limit_a, "before_a": before, "why": connector.why.text}
            command = Command(by, what, record.id, args, must=before is not None and limit_a > before)
            lowers = before is None or limit_a < max(before, older or 0.0) - 0.5
            asking = self._ask(key, limit_a, session_id, phases, lowers)

            async def act() -> Answer:
                connector.asked_a = max(limit_a, before or 0.0, older or 0.0)
                connector.asked_until = max(connector.asked_until, self.clock.now() + valid_s + ON_THE_WAY_S)
                connector.failed_at, connector.failed_a = self.clock.now(), limit_a  # until it is answered
                return await link.set_limit(profile)

            answer, _row = await self.commands.run(command, act)
            self._confirmed(record, connector, asking, answer)
        except EvdeskError as error:
            connector.failed_at, connector.failed_a = self.clock.now(), limit_a
            if isinstance(error, Unanswered):
                error.late.add_done_callback(partial(self._answered_late, record, connector, asking))
            if error.reason in (Reason.REFUSED, Reason.UNSUPPORTED, Reason.STORAGE):
                connector.asked_a = older  # it said no, or never heard of it: what held before still does
            log.info("%s: limit %s A: %s", record.id, limit_a, error.sentence)
        finally:
            self.under_way.pop(key, None)
            self._asking.pop(key, None)

    def _ask(self, key: Key, limit_a: float, session_id: int | None, phases: int, lowers: bool) -> Asking:
        clock, valid_s = self.clock, self.fleet.site.balance.profile_valid_s
        now = clock.steady()
        asking = Asking(limit_a, session_id, valid_s, phases, clock.now(), clock.jumped, now, lowers)
        self._asking[key] = asking
        newest = self._newest.get(key)
        if newest is None or newest[0] != limit_a:
            self._newest[key] = (limit_a, now)
        return asking

    def _confirmed(self, record: ChargerRecord, connector: ConnectorRecord, asking: Asking, answer: Answer) -> None:
        connector.watt_phases = (asking.phases or 3) if answer.payload.get("unit") == "W" else 0
        now, session = self.clock.now(), connector.session
        if (session.id if session is not None else None) == asking.session_id:
            connector.confirmed_a, connector.confirmed_at = asking.limit_a, now
            # The charger counts from when it was told, whatever happened to our clock meanwhile.
            connector.confirmed_until = asking.asked_at + self.clock.jumped - asking.jumped + asking.valid_s
            connector.falls_by = now + asking.valid_s + FOLLOWS_S
            self.on_limited(record, connector.id, asking.limit_a)
            connector.asked_a = None
        # else the charge ended on the way: where it had to be a default, it outlives it and still counts.
        connector.failed_at = None
        self.fleet.on_changed(record.id)

    def _answered_late(
        self, record: ChargerRecord, connector: ConnectorRecord, asking: Asking, late: "asyncio.Future[object]"
    ) -> None:
        """Its time was over, and it was carried out all the same. Where another limit was asked for since then, either may
        hold: that is counted already."""
        answer = None if late.cancelled() else late.result()
        limit_a, since = self._newest.get((record.id, connector.id), (-1.0, 0.0))
        if not isinstance(answer, Answer) or limit_a != asking.limit_a or asking.since < since:
            return
        log.info("%s: limit %s A was confirmed late", record.id, limit_a)
        self._confirmed(record, connector, asking, answer)
        detail = {"connector_id": connector.id, "limit_a": limit_a, "status": answer.status}
        task = asyncio.get_running_loop().create_task(
            self.commands.note(BALANCER, "balance.confirmed_late", record.id, detail)
        )
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    def _hurry(self, record: ChargerRecord, asking: Asking | None, limit_a: float) -> None:
        """Only a reduction is in a hurry: a lower limit than the one under way, which may flow, is wanted, or the one under
        way is a reduction and does not leave."""
        if record.link is None or asking is None:
            return
        higher = asking.limit_a > limit_a + 0.5
        if higher or (asking.lowers and self.clock.steady() - asking.since > HURRY_S):
            record.link.hurry(max(HURRY_S, self.clock.speed), reductions=higher)

    async def close(self) -> None:
        tasks = [*self.under_way.values(), *self._notes]
        for task in self.under_way.values():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def default_does(record: ChargerRecord, connector: ConnectorRecord, limit_a: float) -> bool:
    """Whether the charger's own safe default keeps it at this limit, so that a refresh would only wear its flash.

    Only after this charge was once told so: what was told earlier and may still hold has then been replaced or has
    ended. A default in watts is counted over one phase and keeps less."""
    safe_a, told_at, session = record.failsafe.safe_a, connector.confirmed_at, connector.session
    if not record.falls_back or safe_a is None or abs(safe_a - limit_a) > 0.05 or connector.watt_phases:
        return False
    told_a = connector.confirmed_a if connector.asked_a is None else None
    if session is None or told_a is None or told_at is None or told_at < session.started_at:
        return False
    return abs(told_a - limit_a) < 0.05


def phases_used(bay: Bay, connector: ConnectorRecord) -> int:
    """How many phases this car is known to use, 0 where that was not seen yet."""
    if bay.phases < 3:
        return max(bay.phases, 1)
    if connector.terminals != (True, True, True):
        return max(sum(connector.terminals), 1)
    return 3 if all((amps or 0.0) > DRAWS_A for amps in connector.current_a) else 0
