"""What every charger was seen to be able to do: fed by every answer it gives, remembered per model too."""

import json
import logging

import msgspec

from evdesk.engine.fleet import Fleet
from evdesk.engine.settings_book import SettingsBook
from evdesk.engine.state import ChargerRecord
from evdesk.model import EvdeskError, MessageSeen
from evdesk.model.abilities import Ability, Verdict
from evdesk.ocpp.abilities import ability_name, announced, areas, verdict_of

log = logging.getLogger("evdesk.abilities")
_NOTE = "abilities"
_WAITING_MOST = 2000
OTHERS = "Others"


class _Seen(msgspec.Struct):
    verdict: Verdict
    at: float
    evidence: str
    worked_at: float | None = None
    maker: tuple[str, str, str] = ("", "", "")


class AbilityBook:
    def __init__(self, fleet: Fleet, settings: SettingsBook) -> None:
        self.fleet, self.settings = fleet, settings
        self.store = fleet.store
        self._seen: dict[str, dict[str, _Seen]] = {}  # charger -> ability
        self._asked: dict[tuple[str, str], str] = {}  # (charger, message) -> ability
        self._dirty: set[str] = set()

    async def open(self) -> None:
        for charger_id, body in (await self.store.load_notes(_NOTE)).items():
            try:
                self._seen[charger_id] = msgspec.json.decode(body, type=dict[str, _Seen])
            except msgspec.DecodeError as error:
                log.warning("%s: what it can do cannot be read: %s", charger_id, error)

    async def save(self) -> None:
        for charger_id in list(self._dirty):
            self._dirty.discard(charger_id)  # a change while it is being written counts anew
            try:
                await self.store.save_note(_NOTE, charger_id, msgspec.json.encode(self._seen[charger_id]))
            except EvdeskError:
                self._dirty.add(charger_id)
                raise

    # -- learning -------------------------------------------------------------------------------------------------

    def frame(self, event: MessageSeen) -> None:
        """One message: a CALL of ours, or what came back."""
        key = (event.charger_id, event.message_id)
        if event.direction == "out":
            if event.kind == "call":
                if len(self._asked) >= _WAITING_MOST:
                    del self._asked[next(iter(self._asked))]  # its answer was lost long ago
                self._asked[key] = _named(event)
            return
        if event.kind == "call" or key not in self._asked:
            return
        name = self._asked.pop(key)
        told = verdict_of(event.kind, _decoded(event.text))
        if name and told is not None:
            self.learn(event.charger_id, name, *told)

    def learn(self, charger_id: str, name: str, verdict: Verdict, evidence: str) -> None:
        have = self._seen.setdefault(charger_id, {})
        old, now = have.get(name), self.fleet.clock.now()
        record = self.fleet.chargers.get(charger_id)
        worked = now if verdict is Verdict.WORKS else old.worked_at if old is not None else None
        have[name] = _Seen(verdict, now, evidence, worked, _maker(record))
        if old is None or (old.verdict, old.evidence) != (verdict, evidence):
            self._dirty.add(charger_id)  # the time alone is not worth a write

    # -- telling --------------------------------------------------------------------------------------------------

    async def view(self, record: ChargerRecord) -> list[Ability]:
        """Every ability of its version: tried here, tried on another of the same model, announced, or untried."""
        values = {s.name.lower(): s.value for s in (await self.settings.view(record)).settings}
        claims = announced(record.protocol, values)
        have, twins = self._seen.get(record.id, {}), self._twins(record)
        told = []
        listed: set[str] = set()
        for area, names in areas(record.protocol).items():
            for name in names:
                listed.add(name)
                told.append(_ability(name, area, have.get(name), twins.get(name), claims.get(area)))
        for name, seen in sorted(have.items()):
            if name not in listed:
                area = "Measurands" if name.startswith("Measurand ") else OTHERS
                told.append(_ability(name, area, seen, None, None))
        return told

    def _twins(self, record: ChargerRecord) -> dict[str, tuple[str, _Seen]]:
        """name -> what was seen on another charger of the same vendor, model and firmware."""
        maker = _maker(record)
        found: dict[str, tuple[str, _Seen]] = {}
        if not maker[1]:
            return found
        for charger_id, have in self._seen.items():
            if charger_id == record.id:
                continue
            for name, seen in have.items():
                if seen.maker == maker and (name not in found or found[name][1].at < seen.at):
                    found[name] = (charger_id, seen)
        return found


def _ability(name: str, area: str, seen: _Seen | None, twin: tuple[str, _Seen] | None, claim: bool | None) -> Ability:
    if seen is not None:
        return Ability(name, area, seen.verdict, seen.at, seen.evidence, seen.worked_at, "", claim)
    if twin is not None:
        other, found = twin
        return Ability(name, area, found.verdict, found.at, found.evidence, found.worked_at, other, claim)
    verdicts = {True: Verdict.ANNOUNCED, False: Verdict.NOT_ANNOUNCED, None: Verdict.UNTRIED}
    return Ability(name, area, verdicts[claim], announced=claim)


def _maker(record: ChargerRecord | None) -> tuple[str, str, str]:
    if record is None:
        return ("", "", "")
    return record.identity.vendor, record.identity.model, record.identity.firmware


def _decoded(text: str) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _named(event: MessageSeen) -> str:
    """Only a few messages need their payload read."""
    if event.action not in ("TriggerMessage", "ExtendedTriggerMessage", "Reset"):
        return event.action
    frame = _decoded(event.text)
    payload = frame[3] if isinstance(frame, list) and len(frame) > 3 and isinstance(frame[3], dict) else {}
    return ability_name(event.action, payload)
