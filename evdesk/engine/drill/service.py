"""Failsafe drills: begun, watched, cancelled, kept. One at a time per charger; several where the lines have room."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from evdesk.balance import FailsafePlan, failsafe_plans
from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.engine.commands import Command, Commands
from evdesk.engine.control import Control
from evdesk.engine.delivery import DRILL
from evdesk.engine.drill.base import DrillBase, Parts
from evdesk.engine.drill.book import DrillBook
from evdesk.engine.drill.kinds import RestartDrill, SilenceDrill
from evdesk.engine.drill.room import Room
from evdesk.engine.drill.seen import DrillSeen, accepted_record, blank_drill
from evdesk.engine.drill.words import all_sentence
from evdesk.engine.fleet import Fleet
from evdesk.engine.setup import Setup
from evdesk.engine.state import ChargerRecord
from evdesk.model import (
    AuditRow,
    EvdeskError,
    FailsafeState,
    NoticeKind,
    Origin,
    Reading,
    Reason,
    Session,
    Severity,
)
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillPhase, DrillVerdict
from evdesk.wire.drill import BegunAll, StartDrill

log = logging.getLogger("evdesk.drill")
Publish = Callable[[str, object], None]

TAKES_ROOM = frozenset({DrillPhase.ROOM, DrillPhase.BASELINE, DrillPhase.SILENT, DrillPhase.RESTORING})
"""Room on the lines comes back when these are over: until the live limit holds again, the charger counts in full."""


class Drills:
    """`publish("drill", Drill)` at each step, and with each sample."""

    def __init__(
        self,
        fleet: Fleet,
        control: Control,
        commands: Commands,
        setup: Setup,
        listener: OcppListener,
        publish: Publish,
    ) -> None:
        self.fleet, self.control, self.commands, self.setup = fleet, control, commands, setup
        self.listener, self.publish = listener, publish
        self.book = DrillBook(fleet)
        self.runs: dict[int, DrillBase] = {}
        self.room = Room(control)
        self.wiring_tested: Callable[[], bool] = lambda: False
        self.updating: Callable[[str], bool] = lambda charger_id: False
        self.beginning: set[str] = set()  # chargers
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._saving: set[asyncio.Task[None]] = set()
        setup.standing.drilled = self.book.judged
        self.seen = DrillSeen(fleet, commands, setup, self.book, publish)
        setup.standing.lost_at_restart = self.seen.lost_at_restart
        fleet.on_reading = self._reading
        commands.on_override = self.overridden

    async def open(self) -> None:
        """What the last run left; a drill it did not end is over, and said to be so."""
        for drill in await self.book.open():
            detail = {"drill_id": drill.id, "verdict": drill.verdict.value}
            await self.commands.note(DRILL, "failsafe.drill", drill.charger_id, detail)
        for record in self.fleet.chargers.values():  # what counted as proven before may not do so by today's rules
            if record.failsafe.state is FailsafeState.PROVEN:
                self.setup.settle(record, self.book.judged(record, record.failsafe))

    async def close(self) -> None:
        """Gives every charger back, and waits until that is done."""
        for run in self.runs.values():
            run.stop(DrillCause.STOPPED, DrillVerdict.INTERRUPTED, "evdesk was ended in the middle of the drill.")
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.gather(*self._saving, return_exceptions=True)

    # -- by a person ----------------------------------------------------------------------------------------------

    async def begin(self, origin: Origin, asked: StartDrill) -> int:
        """The id of the drill. Raises `EvdeskError(INVALID)` for an unknown charger and for a second drill of one."""
        record = accepted_record(self.fleet, asked.charger_id)
        plan = failsafe_plans(self.fleet.site, self.fleet.unable).get(record.id)
        if plan is None:
            raise EvdeskError(Reason.INVALID, f"{record.label or record.id} is not placed in the site. Place it first.")
        if self._drilled(record):
            raise EvdeskError(Reason.INVALID, f"{record.label or record.id} is being drilled already.")
        if asked.kind is DrillKind.SEEN:
            raise EvdeskError(Reason.INVALID, "“seen” is no drill to begin. The kinds are: silence, cut, restart.")
        if self.wiring_tested():
            raise EvdeskError(Reason.INVALID, "A wiring test is running. Drill the charger when it is over.")
        if self.updating(record.id):
            text = f"{record.label or record.id} is in a job (update, log). Drill it when that is over."
            raise EvdeskError(Reason.INVALID, text)
        connector_id = connector_to_drill(self.book, record, asked.connector_id)
        self.beginning.add(record.id)  # before anything is waited for: nobody comes in between
        try:
            return await self._begin(origin, asked, record, connector_id, plan)
        finally:
            self.beginning.discard(record.id)

    async def _begin(
        self, origin: Origin, asked: StartDrill, record: ChargerRecord, connector_id: int, plan: FailsafePlan
    ) -> int:
        drill = blank_drill(self.fleet, origin, record, connector_id, asked.kind)
        drill = replace(drill, valid_s=plan.valid_s, refresh_s=plan.refresh_s)
        args = {"connector_id": connector_id, "kind": asked.kind.value, "attended": asked.attended}
        row = await self.commands.stored(Command(origin, "failsafe.drill", record.id, args), {"phase": "asked"})
        number = await self.fleet.store.save_drill(drill)
        drill = replace(drill, id=number, audit_ids=(row,))
        made = RestartDrill if asked.kind is DrillKind.RESTART else SilenceDrill
        run = made(self._parts(number), record, drill, plan, asked.attended)
        self.runs[number] = run
        self.book.note(drill)
        loop = asyncio.get_running_loop()
        self._tasks[number] = loop.create_task(self._run(number, run), name=f"drill {record.id}")
        return number

    async def begin_all(self, origin: Origin, kind: DrillKind, attended: bool) -> BegunAll:
        """Every charger that takes part and is not proven yet; who is left out is counted by why."""
        begun: list[int] = []
        skipped: Counter[str] = Counter()
        for charger_id in self.setup.standing.plans():
            record = self.fleet.chargers.get(charger_id)
            if record is None or not record.accepted:
                continue
            if why := "running" if self._drilled(record) else _left_out(record):
                skipped[why] += 1
                continue
            try:
                begun.append(await self.begin(origin, StartDrill(charger_id, None, kind, attended)))
            except EvdeskError as error:
                if not begun:
                    raise  # nothing was begun, and this is why
                log.info("%s: %s", charger_id, error.sentence)
                skipped["refused"] += 1
        return BegunAll(begun, dict(skipped), all_sentence(len(begun), skipped))

    def _drilled(self, record: ChargerRecord) -> bool:
        return record.id in self.beginning or any(run.record is record for run in self.runs.values())

    async def cancel(self, origin: Origin, number: int) -> int:
        """The id of the audit row."""
        run = self.runs.get(number)
        if run is None:
            raise EvdeskError(Reason.INVALID, f"No drill {number} is under way.")
        row = await self.commands.stored(Command(origin, "failsafe.cancel", run.record.id, {"drill_id": number}), {})
        text = f"Cancelled by {origin.who}. The live limit holds again."
        run.stop(DrillCause.STOPPED, DrillVerdict.CANCELLED, text)
        return row

    async def get(self, number: int) -> Drill:
        run = self.runs.get(number)
        drill = run.drill if run is not None else await self.fleet.store.drill(number)
        if drill is None:
            raise EvdeskError(Reason.INVALID, f"There is no drill {number}. failsafe.drills lists them.")
        return drill

    # -- what happens ---------------------------------------------------------------------------------------------

    def session_changed(self, session: Session) -> None:
        for run in self.runs.values():
            if run.record.id == session.charger_id:
                run.session_changed(session)

    def overridden(self, command: Command) -> None:
        """A person stops the charge, restarts the charger or takes it out of service: that goes first."""
        for run in self.runs.values():
            if run.record.id == command.target:
                text = f"Ended by {command.origin.who}: {command.what.removeprefix('charger.')} in the middle of it."
                run.stop(DrillCause.STOPPED, DrillVerdict.CANCELLED, text)

    def forget(self, charger_id: str) -> None:
        """The charger is dropped: what runs ends. `DrillBook.forget` is for what was measured."""
        for run in self.runs.values():
            if run.record.id == charger_id:
                run.stop(DrillCause.STOPPED, DrillVerdict.CANCELLED, "The charger was dropped in the middle of it.")

    def site_changed(self) -> None:
        self.setup.standing.look()
        for run in self.runs.values():
            run.site_changed()

    def audited(self, row: AuditRow) -> None:
        for run in self.runs.values():
            if run.record.id == row.target:
                run.audit(row.id)

    def clock_jumped(self) -> None:
        """Nothing that was timed can be told any more."""
        for run in self.runs.values():
            run.stop(DrillCause.STOPPED, DrillVerdict.INTERRUPTED, "The computer's clock was set in the middle of it.")

    def _reading(self, event: Reading) -> None:
        for run in self.runs.values():
            if run.record.id == event.charger_id:
                run.reading(event)

    # -- running --------------------------------------------------------------------------------------------------

    async def _run(self, number: int, run: DrillBase) -> None:
        try:
            await run.run()
        except asyncio.CancelledError:
            text = "evdesk was ended in the middle of the drill."
            run.drill = replace(
                run.drill,
                phase=DrillPhase.DONE,
                verdict=run.drill.verdict or DrillVerdict.INTERRUPTED,
                cause=run.drill.cause or DrillCause.STOPPED,
                sentence=run.drill.sentence or text,
                ended_at=self.fleet.clock.now(),
            )
            self._changed(run.drill, True)
        finally:
            run.release()
            self.runs.pop(number, None)
            self._tasks.pop(number, None)

    def _parts(self, number: int) -> Parts:
        return Parts(
            self.fleet,
            self.control,
            self.commands,
            self.setup,
            self.listener,
            self.room,
            self._changed,
            lambda: any(n != number and run.drill.phase in TAKES_ROOM for n, run in self.runs.items()),
        )

    def _changed(self, drill: Drill, keep: bool) -> None:
        self.publish("drill", drill)
        if not keep:
            return
        self.book.note(drill)
        if drill.phase is DrillPhase.RESTORING:
            self._settle(drill)
        task = asyncio.get_running_loop().create_task(self._save(drill), name="save drill")
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    def _settle(self, drill: Drill) -> None:
        """The verdict counts from now on, before the charger is commanded again."""
        over = replace(drill, phase=DrillPhase.DONE)
        self.book.note(over)
        record = self.fleet.chargers.get(drill.charger_id)
        if record is None:
            return
        if over.verdict in (DrillVerdict.PROVEN, DrillVerdict.FAILED):
            have = record.failsafe
            if have.state is FailsafeState.CANNOT and over.verdict is DrillVerdict.PROVEN and have.safe_a is not None:
                have = replace(have, state=FailsafeState.UNTESTED, detail=drill.untested)
            self.setup.settle(record, self.book.judged(record, replace(have, checked_at=self.fleet.clock.now())))
        if over.verdict is DrillVerdict.FAILED:
            self.fleet.notice(NoticeKind.FAILSAFE, Severity.DANGER, record, detail=drill.sentence)

    async def _save(self, drill: Drill) -> None:
        detail = {
            "drill_id": drill.id,
            "phase": drill.phase.value,
            "verdict": drill.verdict.value,
            "said": drill.sentence,
        }
        await self.commands.note(DRILL, "failsafe.drill", drill.charger_id, detail)
        try:
            await self.fleet.store.save_drill(drill, keep=True)
        except EvdeskError as error:
            log.warning("%s: %s", drill.charger_id, error.sentence)


def _left_out(record: ChargerRecord) -> str:
    if record.failsafe.state is FailsafeState.PROVEN:
        return "proven"
    return "" if record.online else "offline"


def connector_to_drill(book: DrillBook, record: ChargerRecord, wanted: int | None) -> int:
    """The one asked for, else one that is not proven yet, of these one that charges."""
    places = book.places(record)
    if wanted is not None:
        if wanted not in places:
            raise EvdeskError(Reason.INVALID, f"{record.label or record.id} has no connector {wanted} in the site.")
        return wanted
    unproven = book.unproven(record)
    busy = {c.id for c in record.connectors.values() if c.session is not None}
    return min(places, key=lambda n: (n not in unproven, n not in busy, n))
