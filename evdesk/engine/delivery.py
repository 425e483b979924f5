"""Limits on their way into the chargers: what has to be sent now, and what its answer means.

It never waits for an answer: each connector has at most one limit under way, and an unanswered one counts at its worst.
"""

import asyncio
import logging
from collections.abc import Callable

from evdesk.balance import Demand, Key
from evdesk.drivers.base import Answer
from evdesk.engine.commands import Command, Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.model import Bay, Clock, EvdeskError, LiveProfile, Origin, Reason
from evdesk.model.sites import FOLLOWS_S

log = logging.getLogger("evdesk.delivery")
BALANCER = Origin("Engine", "balancer")
DRILL = Origin("Engine", "drill")
RETRY_S = 10.0
LOWER_S = 2.0  # a reduction that did not get through is tried again sooner
HURRY_S = 3.0
"""What stands between a charger and its reduction has so long for its answer: then the reduction leaves, so that it is
there within 6 s. Only one CALL may be open (OCPP-J 1.6 section 4.1.1), and its timeout is ours to choose."""

ON_THE_WAY_S = 60.0 + FOLLOWS_S  # an unanswered limit may still reach the charger within the call's own deadline
DRAWS_A = 0.5


class Delivery:
    """`offer` once a second for each connector, `impose` for a drill. `under_way`: the commands that have no answer yet.
    `on_limited`: told of each live limit that a charger has confirmed."""

    def __init__(self, fleet: Fleet, commands: Commands, clock: Clock) -> None:
        self.fleet = fleet
        self.commands = commands
        self.clock = clock
        self.under_way: dict[Key, asyncio.Task[None]] = {}
        self._asking: dict[Key, tuple[float, float]] = {}  # (the limit under way, since when on the steady clock)
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
            hurry(record, self._asking.get(key), limit_a, self.clock)
            return
        settings = self.fleet.site.balance
        confirmed = demand.confirmed_a
        may_flow = max(confirmed or 0.0, (connector.asked_a or 0.0) if now < connector.asked_until else 0.0)
        patience = LOWER_S if limit_a < may_flow - 0.5 else RETRY_S
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
            if session is None or link is None:
                return
            valid_s = self.fleet.site.balance.profile_valid_s
            asked_at, jumped = self.clock.now(), self.clock.jumped
            older = connector.asked_a if asked_at < connector.asked_until else None
            profile = LiveProfile(connector.id, limit_a, valid_s, session.id, phases)
            lowers = before is None or limit_a <= before
            args = {"connector_id": connector.id, "limit_a": limit_a, "before_a": before, "why": connector.why.text}
            command = Command(by, what, record.id, args, must=not lowers)

            self._asking[key] = (limit_a, self.clock.steady())

            async def act() -> Answer:
                connector.asked_a = max(limit_a, before or 0.0, older or 0.0)
                connector.asked_until = max(connector.asked_until, self.clock.now() + valid_s + ON_THE_WAY_S)
                connector.failed_at, connector.failed_a = self.clock.now(), limit_a  # until it is answered
                return await link.set_limit(profile)

            answer, _row = await self.commands.run(command, act)
            connector.watt_phases = (phases or 3) if answer.payload.get("unit") == "W" else 0
            now = self.clock.now()
            if connector.session is not None and connector.session.id == session.id:
                connector.confirmed_a, connector.confirmed_at = limit_a, now
                # The charger counts from when it was told, whatever happened to our clock meanwhile.
                connector.confirmed_until = asked_at + self.clock.jumped - jumped + valid_s
                connector.falls_by = now + valid_s + FOLLOWS_S
                self.on_limited(record, connector.id, limit_a)
                connector.asked_a = None
            # else the charge ended on the way: where it had to be a default, it outlives it and still counts.
            connector.failed_at = None
            self.fleet.on_changed(record.id)
        except EvdeskError as error:
            connector.failed_at, connector.failed_a = self.clock.now(), limit_a
            if error.reason in (Reason.REFUSED, Reason.UNSUPPORTED, Reason.STORAGE):
                connector.asked_a = older  # it said no, or never heard of it: what held before still does
            log.info("%s: limit %s A: %s", record.id, limit_a, error.sentence)
        finally:
            self.under_way.pop(key, None)
            self._asking.pop(key, None)

    async def close(self) -> None:
        for task in list(self.under_way.values()):
            task.cancel()
        await asyncio.gather(*self.under_way.values(), return_exceptions=True)


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


def hurry(record: ChargerRecord, asking: tuple[float, float] | None, limit_a: float, clock: Clock) -> None:
    """A lower limit than the one under way is wanted, or it is under way and does not leave. `asking`: (the limit under
    way, since when on the steady clock)."""
    if record.link is None or asking is None:
        return
    higher = asking[0] > limit_a + 0.5
    if higher or clock.steady() - asking[1] > HURRY_S:
        record.link.hurry(max(HURRY_S, clock.speed), reductions=higher)


def phases_used(bay: Bay, connector: ConnectorRecord) -> int:
    """How many phases this car is known to use, 0 where that was not seen yet."""
    if bay.phases < 3:
        return max(bay.phases, 1)
    if connector.terminals != (True, True, True):
        return max(sum(connector.terminals), 1)
    return 3 if all((amps or 0.0) > DRAWS_A for amps in connector.current_a) else 0
