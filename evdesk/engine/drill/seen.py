"""What is seen of a charger's failsafe without a drill: a default lost at a restart, a limit that is ignored.

Kept as drills that nobody began: they count like one, and have a protocol.
"""

from collections.abc import Callable
from dataclasses import replace

from evdesk.engine.commands import Command, Commands
from evdesk.engine.delivery import DRILL
from evdesk.engine.drill.book import DrillBook
from evdesk.engine.drill.words import sentence_for
from evdesk.engine.fleet import Fleet
from evdesk.engine.setup import Setup
from evdesk.engine.state import ChargerRecord
from evdesk.model import EvdeskError, FailsafeState, Origin, Reason
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillPhase, DrillVerdict


class DrillSeen:
    """`publish("drill", Drill)` for each."""

    def __init__(
        self, fleet: Fleet, commands: Commands, setup: Setup, book: DrillBook, publish: Callable[[str, object], None]
    ) -> None:
        self.fleet, self.commands, self.setup, self.book, self.publish = fleet, commands, setup, book, publish

    async def lost_at_restart(self, record: ChargerRecord, shown_a: float) -> None:
        """Seen in passing: the charger has restarted, and its safe default was gone."""
        drill = blank_drill(self.fleet, DRILL, record, min(record.connectors, default=1), DrillKind.RESTART)
        shown = None if shown_a > 999.0 else round(shown_a, 1)
        what = "no limit" if shown is None else f"{shown:g} A"
        drill = replace(
            drill,
            phase=DrillPhase.DONE,
            verdict=DrillVerdict.FAILED,
            cause=DrillCause.LOST,
            shown_a=shown,
            no_limit_shown=shown is None,
            sentence=f"After a restart its schedule showed {what}: the safe default of {drill.safe_a:g} A was gone.",
            ended_at=drill.started_at,
        )
        drill = replace(drill, id=await self.fleet.store.save_drill(drill))
        self.book.note(drill)
        self.publish("drill", drill)

    async def ignored(self, record: ChargerRecord, connector_id: int, drawn_a: float, limit_a: float) -> None:
        """Seen in passing: it draws more than a limit it has confirmed. It counts as unable to fall back from now on,
        until a drill proves otherwise or a person says that it is mended (`mended`)."""
        drill = replace(
            blank_drill(self.fleet, DRILL, record, connector_id, DrillKind.SEEN),
            phase=DrillPhase.DONE,
            verdict=DrillVerdict.FAILED,
            cause=DrillCause.IGNORES,
            baseline_a=limit_a,
            fell_to_a=round(drawn_a, 1),
            ended_at=self.fleet.clock.now(),
        )
        drill = replace(drill, sentence=sentence_for(drill))
        drill = replace(drill, id=await self.fleet.store.save_drill(drill))
        self.book.note(drill)
        self.setup.settle(record, self.book.judged(record, record.failsafe))
        detail = {"drill_id": drill.id, "verdict": drill.verdict.value, "said": drill.sentence}
        await self.commands.note(DRILL, "failsafe.seen", record.id, detail)
        self.publish("drill", drill)

    async def mended(self, origin: Origin, charger_id: str) -> int:
        """A person says that a charger which was seen ignoring its limit is in order. It is prepared anew, and counts in
        full until that has shown its safe default. Returns the id of the audit row."""
        record = accepted_record(self.fleet, charger_id)
        seen = self.book.seen_unable(record)
        if seen is None:
            text = "has not been seen ignoring a limit. A failed drill counts until another one is passed."
            raise EvdeskError(Reason.INVALID, f"{record.label or record.id} {text}")
        command = Command(origin, "failsafe.mended", record.id, {"drill_id": seen.id})
        row = await self.commands.stored(command, {"seen": seen.sentence}, lambda: self.book.mend(record.id, seen))
        have = replace(record.failsafe, state=FailsafeState.UNKNOWN, detail="said to be mended, being prepared")
        self.setup.settle(record, have)
        if record.online:
            self.setup.begin(record)
        return row


def blank_drill(fleet: Fleet, origin: Origin, record: ChargerRecord, connector_id: int, kind: DrillKind) -> Drill:
    """With everything known about the charger now, and no id yet."""
    who, have, bay = record.identity, record.failsafe, fleet.site.bay(record.id, connector_id)
    return Drill(
        0,
        record.id,
        connector_id,
        kind,
        fleet.clock.now(),
        label=record.label or record.id,
        site=fleet.site.name,
        vendor=who.vendor,
        model=who.model,
        serial=who.serial,
        firmware=who.firmware,
        protocol=record.protocol,
        who=origin.who,
        via=origin.via,
        max_a=(have.max_a or 0.0) if bay is None else bay.max_a,
        safe_a=have.safe_a or 0.0,
        untested=have.detail if have.state is FailsafeState.UNTESTED else "",
        valid_s=fleet.site.balance.profile_valid_s,
        refresh_s=fleet.site.balance.profile_refresh_s,
    )


def accepted_record(fleet: Fleet, charger_id: str) -> ChargerRecord:
    record = fleet.chargers.get(charger_id)
    if record is None or not record.accepted:
        raise EvdeskError(Reason.INVALID, f"There is no accepted charger “{charger_id}”. charger.list names them.")
    return record
