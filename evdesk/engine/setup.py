"""What evdesk does once with a charger that is accepted and answers: settings, sampling, failsafe, state.

Every step is a command with its audit rows. A step that fails is tried again later; the balancer reserves the
charger's full rating until its failsafe is verified.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from evdesk.balance import FailsafePlan
from evdesk.drivers.base import Answer, CompositeSchedule, Driver
from evdesk.engine.commands import Command, Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.standing import Span, Standing
from evdesk.engine.state import ChargerRecord
from evdesk.model import (
    Capability,
    Clock,
    EvdeskError,
    Failsafe,
    FailsafeState,
    NoticeKind,
    Origin,
    Reason,
    Setting,
    Severity,
)

log = logging.getLogger("evdesk.setup")
FAILSAFE = Origin("Engine", "failsafe")
SETUP = Origin("Engine", "setup")
SAMPLE_S = 10
QUIET_S = 3.0
RETRY_S = 60.0
_CLOSE_A = 0.05
WRITES = 3  # in one round
MEASURANDS = "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register"
_DROPPED = "smartchargingctrlr/ignoredprofilepurposesoffline"


class Setup:
    """One preparation per charger at a time; a boot in the middle starts it again."""

    def __init__(self, fleet: Fleet, commands: Commands, clock: Clock) -> None:
        self.fleet = fleet
        self.commands = commands
        self.clock = clock
        self.settings: dict[str, list[Setting]] = {}
        self.on_settings: Callable[[ChargerRecord, list[Setting]], Awaitable[object]] | None = None
        self.resting: set[str] = set()  # of those that are busy: a step failed, and the next try is a while off
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._checks: set[asyncio.Task[None]] = set()
        self._seen_expiry: dict[str, tuple[int, float]] = {}
        self._written: dict[str, int] = {}  # charger -> its boots when the static profiles were written
        self.standing = Standing(fleet)

    def begin(self, record: ChargerRecord) -> None:
        """Prepare this charger soon; called on connection, boot, acceptance, and after the site changed."""
        old = self._tasks.get(record.id)
        if old is not None and not old.done():
            old.cancel()
        loop = asyncio.get_running_loop()
        self._tasks[record.id] = loop.create_task(self._prepare(record), name=f"setup {record.id}")

    def busy(self, record: ChargerRecord) -> bool:
        """Whether it is being prepared now."""
        task = self._tasks.get(record.id)
        return task is not None and not task.done()

    async def cancel(self, charger_id: str) -> None:
        """Stop preparing this charger, and wait until that has happened."""
        task = self._tasks.pop(charger_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        tasks = [t for t in [*self._tasks.values(), *self._checks] if not t.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _prepare(self, record: ChargerRecord) -> None:
        # Chargers talk a lot right after they connect; some break when asked at once (lbbrhzn/ocpp #1432, #1503).
        await asyncio.sleep(self.clock.wall_s(QUIET_S))
        while (link := record.link) is not None and record.accepted:
            failed = False
            for step in (self.ask_state, self._failsafe, self._settings):
                try:
                    await step(record, link)
                except EvdeskError as error:
                    failed = failed or error.reason not in (Reason.UNSUPPORTED, Reason.REFUSED)
                    log.info("%s: %s", record.id, error.sentence)
            try:
                await self.fleet.store.save_charger(record.to_model(self.clock.now()), record.accepted)
            except EvdeskError as error:
                failed = True
                log.info("%s: %s", record.id, error.sentence)
            if not failed:
                return
            self.resting.add(record.id)
            try:
                await asyncio.sleep(self.clock.wall_s(RETRY_S))
            finally:
                self.resting.discard(record.id)

    async def _ask(
        self,
        origin: Origin,
        what: str,
        record: ChargerRecord,
        args: dict[str, object],
        act: Callable[[], Awaitable[Answer]],
    ) -> Answer:
        answer, _row = await self.commands.run(Command(origin, what, record.id, args), act)
        return answer

    async def ask_state(self, record: ChargerRecord, link: Driver) -> None:
        """A charger that did not boot does not tell its state by itself (evcc-io/evcc PR#27309)."""
        if Capability.TRIGGER not in link.capabilities:
            return
        places: list[int | None] = [None]
        if link.protocol != "ocpp1.6" and record.connectors:
            places = [*sorted(record.connectors)]  # 2.x wants each place named; after a restart only we know them
        for what in ("StatusNotification", "MeterValues"):
            for place in places:
                args: dict[str, object] = {"what": what} | ({} if place is None else {"connector_id": place})
                try:
                    await self._ask(SETUP, "setup.trigger", record, args, partial(link.trigger, what, place))
                except EvdeskError as error:
                    log.info("%s: %s", record.id, error.sentence)

    async def _failsafe(self, record: ChargerRecord, link: Driver) -> None:
        self.standing.look()  # a connector that came since says nothing yet
        plan = self.standing.plans().get(record.id)
        if plan is None or record.id in self.commands.silent:
            return  # in a drill it is left alone, and prepared anew afterwards
        if Capability.FAILSAFE not in link.capabilities:
            self.settle(record, Failsafe(FailsafeState.CANNOT, detail="no charging profiles"))
            return
        for _ in range(WRITES):
            max_a, safe_a = self.standing.next_step(record, plan)
            same = (record.failsafe.max_a, record.failsafe.safe_a) == (max_a, safe_a)
            if same and await self._kept(record, link, safe_a, plan.connectors):
                return
            if record.id in self.commands.silent:
                return
            try:
                await self._install(record, link, replace(plan, max_a=max_a, safe_a=safe_a), same)
            finally:
                for other in self.standing.may_rise():
                    self.begin(other)
            before, plan = plan, self.standing.plans().get(record.id, plan)
            if self.standing.next_step(record, plan) == (max_a, safe_a) and plan.connectors == before.connectors:
                return  # else its share has changed while it was written

    async def _kept(self, record: ChargerRecord, link: Driver, safe_a: float, connectors: tuple[int, ...]) -> bool:
        """Whether the static profiles of earlier are there still and need no writing: each writing wears its flash."""
        have = record.failsafe
        if have.state is FailsafeState.UNTESTED:  # it cannot be asked; profiles survive restarts (1.6 errata 3.37)
            return self._written.get(record.id) == record.boots
        if have.state is FailsafeState.UNKNOWN:
            return False
        shown_a = await self.shown_next(record, link)
        if shown_a is None or shown_a > safe_a + _CLOSE_A:
            if shown_a is not None and self._written.get(record.id, record.boots) != record.boots:
                await self.standing.lost_at_restart(record, shown_a)
            return False
        self._written[record.id] = record.boots
        self.standing.known(record)
        shown = replace(have, state=FailsafeState.VERIFIED, detail="", connectors=connectors)
        self.settle(record, self.standing.judged(record, shown))
        return True

    async def _install(self, record: ChargerRecord, link: Driver, plan: FailsafePlan, same: bool) -> None:
        """`plan`: what is to be written now."""
        phases = max(bay.phases for bay in self.fleet.site.bays if bay.charger_id == record.id)
        have, max_a, safe_a, places = record.failsafe, plan.max_a, plan.safe_a, plan.connectors
        args: dict[str, object] = {"max_a": max_a, "safe_a": safe_a}
        # Until it has answered, the old or the new default may hold: the larger one counts.
        # Where it has just not shown the default that should be there (a reboot or a flash took it), nothing holds.
        held, lost = record.falls_back and not same, record.falls_back and same
        between = max(have.safe_a or 0.0, safe_a) if held else None
        before = self.standing.hold(record, safe_a, plan.full_a if lost else safe_a)
        state = have.state if held else FailsafeState.UNKNOWN
        self.settle(record, Failsafe(state, max_a, between, "being written", connectors=places))
        await self._store(record)  # a crash meanwhile must not leave the old, perhaps lower one in the records
        try:
            answer = await self._ask(
                FAILSAFE,
                "failsafe.install",
                record,
                args,
                lambda: link.install_failsafe(max_a, safe_a, places, phases),
            )
        except EvdeskError as error:
            self._not_installed(record, error, None if lost else have, before)
            await self._store(record)
            raise
        state = (
            FailsafeState(answer.status)
            if answer.status in {s.value for s in FailsafeState}
            else FailsafeState.UNTESTED
        )
        detail = str(answer.payload.get("detail", ""))
        self._written[record.id] = record.boots
        self.standing.known(record)
        found = Failsafe(state, max_a, safe_a, detail, self.clock.now(), places)
        self.settle(record, self.standing.judged(record, found))
        await self._store(record)  # the settings that follow may take minutes

    async def _store(self, record: ChargerRecord) -> None:
        try:
            await self.fleet.store.save_charger(record.to_model(self.clock.now()), record.accepted)
        except EvdeskError as error:
            log.info("%s: %s", record.id, error.sentence)

    def _not_installed(
        self, record: ChargerRecord, error: EvdeskError, have: Failsafe | None, before: Span | None
    ) -> None:
        """`have`: what it had before, None where that is known to be gone; `before`: what it was thought to hold."""
        if error.reason is Reason.STORAGE and have is not None:
            self.standing.known(record, before)
            self.settle(record, have)  # it was never told: all is as it was
            return
        refused = error.reason in (Reason.REFUSED, Reason.UNSUPPORTED)
        state = FailsafeState.CANNOT if refused else FailsafeState.UNKNOWN
        self.settle(record, Failsafe(state, detail=error.sentence, checked_at=self.clock.now()))
        if refused:
            self.standing.known(record)
        else:
            self.standing.doubt(record)

    def limited(self, record: ChargerRecord, connector_id: int, limit_a: float) -> None:
        """A live limit is in force. Once per connection, one above the safe default is the occasion to see whether the
        charger's own schedule lets it expire: some ignore the duration of a profile."""
        known = (record.boots, record.connected_at or 0.0)
        safe_a, link = record.safe_a, record.link
        if link is None or safe_a is None or limit_a <= safe_a + _CLOSE_A or self._seen_expiry.get(record.id) == known:
            return
        if Capability.COMPOSITE in link.capabilities:
            self._seen_expiry[record.id] = known
            task = asyncio.get_running_loop().create_task(self._check_expiry(record, link, connector_id, safe_a))
            self._checks.add(task)
            task.add_done_callback(self._checks.discard)

    async def _check_expiry(self, record: ChargerRecord, link: Driver, connector_id: int, safe_a: float) -> None:
        try:
            schedule = await self._schedule(record, link, connector_id)
        except EvdeskError as error:
            log.info("%s: %s", record.id, error.sentence)
            return
        state, last = FailsafeState.UNTESTED, schedule.last_a
        have = record.failsafe
        if have.state is FailsafeState.PROVEN:
            return  # a drill has measured what the schedule only tells
        if have.safe_a != safe_a or not schedule.reaches(self.fleet.site.balance.profile_valid_s + 5):
            return  # another default is being written meanwhile, or it shows too little to say anything
        if last is None or last > safe_a + _CLOSE_A:
            shown = "no limit" if last is None else f"{last:g} A"
            detail = f"The schedule shows {shown} also when the live limit must have expired, not {safe_a:g} A."
            state = have.state if have.state is FailsafeState.CANNOT else state
        elif have.state is FailsafeState.UNTESTED and len(self.standing.places(record)) == 1:
            state, detail = FailsafeState.VERIFIED, ""
        else:
            return
        found = replace(have, state=state, detail=detail, checked_at=self.clock.now())
        self.settle(record, self.standing.judged(record, found))

    async def _schedule(
        self, record: ChargerRecord, link: Driver, connector_id: int, by: Origin = FAILSAFE
    ) -> CompositeSchedule:
        """The composite schedule until well after a live limit must have expired."""
        seconds = self.fleet.site.balance.profile_valid_s + 120
        found: list[CompositeSchedule] = []

        async def ask() -> Answer:
            found.append(await link.composite(connector_id, seconds))
            return Answer("read", after=str(found[0].last_a) if found[0].periods else None)

        args: dict[str, object] = {"seconds": seconds, "connector_id": connector_id}
        await self._ask(by, "failsafe.check", record, args, ask)
        return found[0]

    async def shown_next(
        self, record: ChargerRecord, link: Driver, by: Origin = FAILSAFE, connector_id: int | None = None
    ) -> float | None:
        """What the composite schedule shows beyond the live limit's validity: there it must end at the safe default. The
        highest of all its connectors, or of the one named. Infinite for no limit at all; None where any tells nothing that
        far."""
        if Capability.COMPOSITE not in link.capabilities:
            return None
        highest = 0.0
        for number in self.standing.places(record) if connector_id is None else (connector_id,):
            try:
                schedule = await self._schedule(record, link, number, by)
            except EvdeskError:
                return None
            if not schedule.reaches(self.fleet.site.balance.profile_valid_s + 5):
                return None
            highest = max(highest, math.inf if schedule.last_a is None else schedule.last_a)
        return highest

    def settle(self, record: ChargerRecord, failsafe: Failsafe) -> None:
        before, record.failsafe = record.failsafe, failsafe
        self.standing.note(record)
        if failsafe.state is FailsafeState.CANNOT and before.state is not FailsafeState.CANNOT:
            self.fleet.notice(NoticeKind.FAILSAFE, Severity.WARN, record, detail=failsafe.detail)
        self.fleet.on_changed(record.id)

    async def _settings(self, record: ChargerRecord, link: Driver) -> None:
        if Capability.SETTINGS not in link.capabilities:
            return
        found: list[Setting] = []

        async def read() -> Answer:
            found.extend(await link.settings(full=False))
            return Answer(f"{len(found)} settings")

        await self._ask(SETUP, "setup.settings", record, {}, read)
        self.settings[record.id] = found
        if self.on_settings is not None and link.protocol == "ocpp1.6":  # all of them; 2.x tells only some here
            await self.on_settings(record, found)
        by_name = {s.name.lower(): s for s in found}
        every, what = link.sampling
        interval = by_name.get(every.lower())
        if interval and interval.writable and not 0 < _number(interval.value) <= SAMPLE_S * 3:
            await self._write(record, link, interval.name, str(SAMPLE_S))
        ignored = by_name.get(_DROPPED)
        if ignored and (kept := _without_ours(ignored.value)) is not None:
            await self._keep_offline(record, link, ignored, kept)
        sampled = by_name.get(what.lower())
        if sampled and sampled.writable and "Current.Import" not in (sampled.value or ""):
            await self._write(record, link, sampled.name, MEASURANDS)

    async def _keep_offline(self, record: ChargerRecord, link: Driver, ignored: Setting, kept: str) -> None:
        """It drops the safe default just when it is needed. Where that cannot be changed it has none."""
        refused = EvdeskError(Reason.REFUSED, f"Offline it drops its safe default: {ignored.name} is {ignored.value}.")
        try:
            if not ignored.writable:
                raise refused
            await self._write(record, link, ignored.name, kept)
        except EvdeskError as error:
            if error.reason in (Reason.REFUSED, Reason.UNSUPPORTED):
                self._not_installed(record, refused, None, None)
                return
            raise

    async def _write(self, record: ChargerRecord, link: Driver, name: str, value: str) -> None:
        args: dict[str, object] = {"name": name, "value": value}
        await self._ask(SETUP, "setup.write_setting", record, args, lambda: link.write_setting(name, value))


def owned(link: Driver | None) -> frozenset[str]:
    """Settings that evdesk sets as it needs them, in lower case: nobody else puts them back."""
    return frozenset(name.lower() for name in (*(link or Driver).sampling, _DROPPED))


def _without_ours(purposes: str | None) -> str | None:
    """The list of profiles a 2.x charger drops while offline, without the static ones; None where none is in it.

    Offline is exactly when they must hold."""
    told = [word.strip() for word in (purposes or "").split(",") if word.strip()]
    kept = [word for word in told if word not in ("TxDefaultProfile", "ChargingStationMaxProfile")]
    return None if len(kept) == len(told) else ",".join(kept)


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
