"""What the drills of all times have shown, and what of it still counts for a charger as it is now."""

import logging
import math
from dataclasses import replace

from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.model import EvdeskError, Failsafe, FailsafeState, Identity
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillPhase, DrillVerdict

log = logging.getLogger("evdesk.drill.book")
_CONCLUSIVE = frozenset({DrillVerdict.PROVEN, DrillVerdict.FAILED})
_WITH_CAR = frozenset({DrillKind.SILENCE, DrillKind.CUT})
_MENDED, _VOID = "failsafe_mended", "failsafe_void"
_WHOLE = 0
"""Of a restart: it is that of the whole charger, and every connector's schedule is read after it."""

_SENTENCE = "The engine ended in the middle of the drill. The charger fell to its own default or was commanded again."


class DrillBook:
    """The newest drills in memory, without their samples; the store has all of them. `latest[charger][connector, kind]`:
    the newest that came to a conclusion; what one connector did says nothing about another. `mended[charger]`: up to this
    id, what was seen in passing counts no more: a person said that the charger is in order. `void[charger]`: up to this id
    nothing counts: another charger may come under this name."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.drills: dict[int, Drill] = {}
        self.latest: dict[str, dict[tuple[int, DrillKind], Drill]] = {}
        self.mended: dict[str, int] = {}
        self.void: dict[str, int] = {}

    async def open(self) -> list[Drill]:
        """Loads all; those that were running when the engine ended are marked so, and returned."""
        interrupted = []
        for kind, numbers in ((_MENDED, self.mended), (_VOID, self.void)):
            for charger_id, body in (await self.fleet.store.load_notes(kind)).items():
                numbers[charger_id] = int(body) if body.isdecimal() else 0
        for drill in await self.fleet.store.latest_drills():
            self.note(drill)
        for drill in reversed(await self.fleet.store.drills()):
            if not drill.over:
                drill = replace(
                    drill,
                    phase=DrillPhase.DONE,
                    verdict=DrillVerdict.INTERRUPTED,
                    cause=DrillCause.STOPPED,
                    sentence=_SENTENCE,
                    ended_at=self.fleet.clock.now(),
                )
                await self.fleet.store.save_drill(drill, keep=True)
                interrupted.append(drill)
            self.note(drill)
        return interrupted

    def note(self, drill: Drill) -> None:
        kept = replace(drill, samples=())
        self.drills[drill.id] = kept
        if drill.over and drill.verdict in _CONCLUSIVE and drill.id > self.void.get(drill.charger_id, 0):
            connector_id = _WHOLE if drill.kind is DrillKind.RESTART else drill.connector_id
            self.latest.setdefault(drill.charger_id, {})[connector_id, drill.kind] = kept

    async def forget(self, charger_id: str) -> None:
        """Another charger may come under this name. What was measured stays in the store and counts no more, also after a
        restart; where the storage fails now that is written as soon as it works again."""
        number = max((d.id for d in self.drills.values() if d.charger_id == charger_id), default=0)
        self.latest.pop(charger_id, None)
        if number == 0:
            return
        self.void[charger_id] = number
        try:
            await self.fleet.store.save_note(_VOID, charger_id, str(number).encode(), keep=True)
        except EvdeskError as error:
            log.warning("%s: %s", charger_id, error.sentence)

    async def mend(self, charger_id: str, drill: Drill) -> None:
        """A person says that what was seen then is mended. Raises `EvdeskError(STORAGE)` and changes nothing."""
        await self.fleet.store.save_note(_MENDED, charger_id, str(drill.id).encode())
        self.mended[charger_id] = drill.id

    def of(self, charger_id: str) -> list[Drill]:
        """Newest first."""
        found = [d for d in self.drills.values() if not charger_id or d.charger_id == charger_id]
        return sorted(found, key=lambda d: d.id, reverse=True)

    def same_model(self, record: ChargerRecord) -> list[Drill]:
        """The newest conclusive drills of other chargers of this model and firmware: a hint, no proof."""
        who = record.identity
        others = (d for charger, kinds in self.latest.items() if charger != record.id for d in kinds.values())
        found = [d for d in others if who.model and _made(d) == _identity(who)]
        return sorted(found, key=lambda d: d.id, reverse=True)[:5]

    # -- what counts ----------------------------------------------------------------------------------------------

    def judged(self, record: ChargerRecord, failsafe: Failsafe) -> Failsafe:
        """A verdict from the charger's own word, in the light of what was measured.

        A failed drill of any connector counts until the firmware changes or another of that connector succeeds. It is
        proven only where each connector with a place is, with this firmware and these values. What was only proven
        before, or on some connectors, is said, and no more."""
        if failsafe.state in (FailsafeState.UNKNOWN, FailsafeState.CANNOT) or failsafe.safe_a is None:
            return failsafe
        current = [d for d in self.latest.get(record.id, {}).values() if self._same_box(d, record)]
        failed = [d for d in current if d.verdict is DrillVerdict.FAILED and not self._overruled(d)]
        unsafe = next((d for d in failed if d.unsafe), None)
        if unsafe is not None:
            return replace(failsafe, state=FailsafeState.CANNOT, detail=self._said(record, unsafe))
        proofs = self._proofs(record)
        lacks = self._lacks(record, failsafe)
        newest = max(proofs.values(), key=lambda d: d.id, default=None)
        alike = all(_shown_alike(proof, failsafe) for proof in proofs.values())
        if newest is not None and not lacks and alike and not self._changed(newest, record, failsafe):
            return replace(failsafe, state=FailsafeState.PROVEN, detail=self._said(record, newest))
        if failsafe.state is FailsafeState.PROVEN:  # no more, and what it shows now is not known
            failsafe = replace(failsafe, state=FailsafeState.UNTESTED, detail="")
        odd = self._said(record, failed[0]) if failed else ""
        return failsafe if failsafe.detail else replace(failsafe, detail=odd or self.lacks_words(record, failsafe))

    def unproven(self, record: ChargerRecord) -> list[int]:
        """Its connectors with a place that no drill has proven as the charger is now."""
        return sorted(self._lacks(record, record.failsafe))

    def lacks_words(self, record: ChargerRecord, failsafe: Failsafe) -> str:
        """What was proven and is no more, or only on some of its connectors; "" where there is nothing to say."""
        lacks, proofs = self._lacks(record, failsafe), self._proofs(record)
        if not proofs or not lacks:
            return ""
        if len(self.places(record)) == 1:
            return f"untested: {next(iter(lacks.values()))}"
        return "Not proven yet: " + ", ".join(f"connector {n} ({why})" for n, why in sorted(lacks.items())) + "."

    def places(self, record: ChargerRecord) -> list[int]:
        """The connectors a verdict about this charger is about: those with a place, without any those it told of."""
        placed = [bay.connector_id for bay in self.fleet.site.bays if bay.charger_id == record.id]
        return sorted(placed or record.connectors or [1])

    def _proofs(self, record: ChargerRecord) -> dict[int, Drill]:
        """connector -> the newest drill with a car that proved it, with whatever values."""
        kinds, places = self.latest.get(record.id, {}), self.places(record)
        found: dict[int, Drill] = {}
        for (connector_id, kind), drill in sorted(kinds.items(), key=lambda item: item[1].id):
            if kind in _WITH_CAR and drill.verdict is DrillVerdict.PROVEN and connector_id in places:
                found[connector_id] = drill
        return found

    def _lacks(self, record: ChargerRecord, failsafe: Failsafe) -> dict[int, str]:
        """connector -> why no drill proves it as the charger is now. One that may never take more than the default has
        nothing to fall to, and needs no proof."""
        proofs, found = self._proofs(record), {}
        for connector_id in self.places(record):
            bay = self.fleet.site.bay(record.id, connector_id)
            if bay is not None and failsafe.safe_a is not None and math.floor(bay.max_a) <= failsafe.safe_a:
                continue
            proof = proofs.get(connector_id)
            why = "not drilled" if proof is None else self._changed(proof, record, failsafe)
            if why:
                found[connector_id] = why
        return found

    def _said(self, record: ChargerRecord, drill: Drill) -> str:
        alone = len(self.places(record)) == 1 or drill.kind is DrillKind.RESTART
        return drill.sentence if alone else f"Connector {drill.connector_id}: {drill.sentence}"

    def seen_unable(self, record: ChargerRecord) -> Drill | None:
        """The newest of what was seen of it in passing and still counts."""
        seen = [d for (_, kind), d in self.latest.get(record.id, {}).items() if kind is DrillKind.SEEN]
        counts = [d for d in seen if self._same_box(d, record) and not self._overruled(d)]
        return max(counts, key=lambda d: d.id, default=None)

    def _overruled(self, drill: Drill) -> bool:
        """What was seen in passing, and then a later drill of this connector with a car, or a person, said otherwise."""
        if drill.kind is not DrillKind.SEEN:
            return False
        kinds = self.latest.get(drill.charger_id, {})
        later = [
            d for kind in _WITH_CAR if (d := kinds.get((drill.connector_id, kind))) is not None and d.id > drill.id
        ]
        proven = any(d.verdict is DrillVerdict.PROVEN for d in later)
        return proven or drill.id <= self.mended.get(drill.charger_id, 0)

    def _same_box(self, drill: Drill, record: ChargerRecord) -> bool:
        return not self._other_box(drill, record.identity)

    def _other_box(self, drill: Drill, who: Identity) -> str:
        if drill.serial and who.serial and drill.serial != who.serial:
            return "another serial number"
        if _made(drill) != _identity(who):
            return f"firmware changed from {drill.firmware or '?'} to {who.firmware or '?'}"
        return ""

    def _changed(self, drill: Drill, record: ChargerRecord, failsafe: Failsafe) -> str:
        other = self._other_box(drill, record.identity)
        if other:
            return other
        if failsafe.safe_a is None or drill.safe_a != failsafe.safe_a:
            now = "nothing known" if failsafe.safe_a is None else f"{failsafe.safe_a:g} A"
            return f"the safe value changed from {drill.safe_a:g} A to {now}"
        if drill.valid_s != self.fleet.site.balance.profile_valid_s:
            return f"the live limit is valid for {self.fleet.site.balance.profile_valid_s} s now"
        return ""


def _shown_alike(drill: Drill, failsafe: Failsafe) -> bool:
    """Verified or proven, or shows exactly what it showed when the drill proved it all the same."""
    return failsafe.state is not FailsafeState.UNTESTED or failsafe.detail == drill.untested


def _made(drill: Drill) -> tuple[str, str, str]:
    return drill.vendor, drill.model, drill.firmware


def _identity(who: Identity) -> tuple[str, str, str]:
    return who.vendor, who.model, who.firmware
