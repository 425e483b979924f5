"""What the drills of all times have shown, and what of it still counts for a charger as it is now."""

from dataclasses import replace

from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.model import Failsafe, FailsafeState, Identity
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillPhase, DrillVerdict

_CONCLUSIVE = frozenset({DrillVerdict.PROVEN, DrillVerdict.FAILED})
_WITH_CAR = frozenset({DrillKind.SILENCE, DrillKind.CUT})
_MENDED = "failsafe_mended"
_SENTENCE = "The engine ended in the middle of the drill. The charger fell to its own default or was commanded again."


class DrillBook:
    """The newest drills in memory, without their samples; the store has all of them. `latest[charger][kind]`: the newest
    that came to a conclusion. `mended[charger]`: up to this id, what was seen in passing counts no more: a person said
    that the charger is in order."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.drills: dict[int, Drill] = {}
        self.latest: dict[str, dict[DrillKind, Drill]] = {}
        self.mended: dict[str, int] = {}

    async def open(self) -> list[Drill]:
        """Loads all; those that were running when the engine ended are marked so, and returned."""
        interrupted = []
        for charger_id, body in (await self.fleet.store.load_notes(_MENDED)).items():
            self.mended[charger_id] = int(body) if body.isdecimal() else 0
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
        if drill.over and drill.verdict in _CONCLUSIVE:
            self.latest.setdefault(drill.charger_id, {})[drill.kind] = kept

    def forget(self, charger_id: str) -> None:
        """Another charger may come under this name; what was measured stays in the store."""
        self.latest.pop(charger_id, None)

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

        A failed drill counts until the firmware changes or another succeeds; a proof only for this firmware and these
        values. What was only proven before is said, and no more."""
        if failsafe.state in (FailsafeState.UNKNOWN, FailsafeState.CANNOT) or failsafe.safe_a is None:
            return failsafe
        kinds = self.latest.get(record.id, {})
        current = [d for d in kinds.values() if self._same_box(d, record)]
        for drill in current:
            if drill.unsafe and not self._overruled(drill):
                return replace(failsafe, state=FailsafeState.CANNOT, detail=drill.sentence)
        proofs = [d for d in kinds.values() if d.kind in _WITH_CAR and d.verdict is DrillVerdict.PROVEN]
        if not proofs:
            odd = next((d for d in current if d.verdict is DrillVerdict.FAILED and not self._overruled(d)), None)
            return failsafe if odd is None or failsafe.detail else replace(failsafe, detail=odd.sentence)
        newest = max(proofs, key=lambda d: d.id)
        changed = self._changed(newest, record, failsafe)
        if not changed and _shown_alike(newest, failsafe):
            return replace(failsafe, state=FailsafeState.PROVEN, detail=newest.sentence)
        return failsafe if failsafe.detail or not changed else replace(failsafe, detail=changed)

    def seen_unable(self, record: ChargerRecord) -> Drill | None:
        """What was seen of it in passing and still counts."""
        drill = self.latest.get(record.id, {}).get(DrillKind.SEEN)
        counts = drill is not None and self._same_box(drill, record) and not self._overruled(drill)
        return drill if counts else None

    def _overruled(self, drill: Drill) -> bool:
        """What was seen in passing, and then a later drill with a car, or a person, said otherwise."""
        if drill.kind is not DrillKind.SEEN:
            return False
        proofs = [d for kind, d in self.latest.get(drill.charger_id, {}).items() if kind in _WITH_CAR]
        proven = any(d.id > drill.id and d.verdict is DrillVerdict.PROVEN for d in proofs)
        return proven or drill.id <= self.mended.get(drill.charger_id, 0)

    def _same_box(self, drill: Drill, record: ChargerRecord) -> bool:
        return not self._other_box(drill, record.identity)

    def _other_box(self, drill: Drill, who: Identity) -> str:
        if drill.serial and who.serial and drill.serial != who.serial:
            return "untested: another serial number"
        if _made(drill) != _identity(who):
            return f"untested: firmware changed from {drill.firmware or '?'} to {who.firmware or '?'}"
        return ""

    def _changed(self, drill: Drill, record: ChargerRecord, failsafe: Failsafe) -> str:
        other = self._other_box(drill, record.identity)
        if other:
            return other
        if drill.safe_a != failsafe.safe_a:
            return f"untested: the safe value changed from {drill.safe_a:g} A to {failsafe.safe_a:g} A"
        if drill.valid_s != self.fleet.site.balance.profile_valid_s:
            return f"untested: the live limit is valid for {self.fleet.site.balance.profile_valid_s} s now"
        return ""


def _shown_alike(drill: Drill, failsafe: Failsafe) -> bool:
    """Verified, or shows exactly what it showed when the drill proved it all the same."""
    return failsafe.state is FailsafeState.VERIFIED or failsafe.detail == drill.untested


def _made(drill: Drill) -> tuple[str, str, str]:
    return drill.vendor, drill.model, drill.firmware


def _identity(who: Identity) -> tuple[str, str, str]:
    return who.vendor, who.model, who.firmware
