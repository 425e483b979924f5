"""Which charging profiles are in every charger: as it lists them, or as evdesk sent them and it took them.

Fed by the OCPP messages themselves, so that a profile sent by hand is remembered like one of the balancer's.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from evdesk.drivers.base import Answer
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.model import EvdeskError, MessageSeen
from evdesk.model.profiles import ProfileSeen
from evdesk.ocpp.profile_book import from_set, told, with_clear, with_set
from evdesk.ocpp.profiles import ALWAYS_AT, DEFAULT_ID, DEFAULT_PURPOSE, MAX_ID, MAX_PURPOSE

log = logging.getLogger("evdesk.profiles")
_NOTE = "profiles"
_SENT = frozenset({"SetChargingProfile", "ClearChargingProfile"})
_WAITING_MOST = 1000


class ProfileBook:
    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.store = fleet.store
        self._have: dict[str, list[ProfileSeen]] = {}
        self._asked: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}  # (charger, message) -> what was asked
        self._dirty: set[str] = set()
        self.on_written: Callable[[str], None] = lambda charger_id: None  # it took one, or took one out

    async def open(self) -> None:
        for charger_id, body in (await self.store.load_notes(_NOTE)).items():
            try:
                self._have[charger_id] = msgspec.json.decode(body, type=list[ProfileSeen])
            except msgspec.DecodeError as error:
                log.warning("%s: the profiles kept cannot be read: %s", charger_id, error)

    async def save(self) -> None:
        for charger_id in list(self._dirty):
            self._dirty.discard(charger_id)  # a change while it is being written counts anew
            try:
                await self.store.save_note(_NOTE, charger_id, msgspec.json.encode(self._have[charger_id]))
            except EvdeskError:
                self._dirty.add(charger_id)
                raise

    # -- messages -------------------------------------------------------------------------------------------------

    def frame(self, event: MessageSeen) -> None:
        if event.action in _SENT:
            self._sent(event)

    def _sent(self, event: MessageSeen) -> None:
        key = (event.charger_id, event.message_id)
        if event.direction == "out" and event.kind == "call":
            payload = _payload(event.text)
            if payload is not None:
                if len(self._asked) >= _WAITING_MOST:
                    del self._asked[next(iter(self._asked))]  # its answer was lost long ago
                self._asked[key] = (event.action, payload)
            return
        action, payload = self._asked.pop(key, ("", {}))
        answer = _payload(event.text) if event.kind == "result" else None
        if action and answer is not None and answer.get("status") == "Accepted":
            self._apply(event.charger_id, action, payload)

    def _apply(self, charger_id: str, action: str, payload: dict[str, Any]) -> None:
        self.on_written(charger_id)
        have = self._have.get(charger_id, [])
        if action == "ClearChargingProfile":
            self._have[charger_id] = with_clear(have, payload)
        else:
            profile = from_set(payload, self.fleet.clock.now(), self._offset(charger_id))
            if profile is not None:
                self._have[charger_id] = with_set(have, profile)
        self._dirty.add(charger_id)

    def _offset(self, charger_id: str) -> float:
        record = self.fleet.chargers.get(charger_id)
        return (record.clock.offset_s if record is not None else None) or 0.0

    # -- asking ---------------------------------------------------------------------------------------------------

    async def ask(self, record: ChargerRecord) -> Answer:
        """Let the charger list its profiles (2.x GetChargingProfiles; K09). What it lists replaces what was
        remembered. Raises `ChargerError`."""
        assert record.link is not None
        found = told(await record.link.profiles(), self.fleet.clock.now(), self._offset(record.id))
        self._have[record.id] = found
        self._dirty.add(record.id)
        return Answer(f"{len(found)} profiles")

    def profiles(self, record: ChargerRecord) -> list[ProfileSeen]:
        """What the charger is known to hold; profiles of charges that are over are gone with them."""
        charging = {c.id for c in record.connectors.values() if c.session is not None}
        now = self.fleet.clock.now()
        return [p for p in self._have.get(record.id, []) if _lives(p, charging, now)]

    def remembered(self, record: ChargerRecord) -> list[ProfileSeen]:
        """As `profiles`, marked as not told: the charger cannot list them. The static ones that an earlier run wrote
        are known by the failsafe that was verified."""
        have = [replace(p, told=False) for p in self.profiles(record)]
        failsafe, at = record.failsafe, record.failsafe.checked_at or 0.0
        if record.falls_back and failsafe.max_a is not None and not any(p.purpose == MAX_PURPOSE for p in have):
            have.append(_static(MAX_ID, MAX_PURPOSE, failsafe.max_a, at))
        safe = any(p.purpose == DEFAULT_PURPOSE and p.stack_level == 0 for p in have)
        if record.falls_back and failsafe.safe_a is not None and not safe:
            have.append(_static(DEFAULT_ID, DEFAULT_PURPOSE, failsafe.safe_a, at))
        return have


def _static(ident: int, purpose: str, limit_a: float, at: float) -> ProfileSeen:
    periods = ((0.0, limit_a),)
    return ProfileSeen(ident, 0, purpose, 0, "Absolute", periods, start_at=ALWAYS_AT, told=False, seen_at=at)


def _lives(profile: ProfileSeen, charging: set[int], now: float) -> bool:
    if profile.purpose == "TxProfile" and profile.connector_id not in charging:
        return False
    if profile.told or profile.start_at is None or profile.duration_s is None or profile.kind != "Absolute":
        return True
    return now < profile.start_at + profile.duration_s


def _payload(text: str) -> dict[str, Any] | None:
    """The payload of a CALL or CALLRESULT frame; None for anything else."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    payload = frame[-1] if isinstance(frame, list) and len(frame) in (3, 4) else None
    return payload if isinstance(payload, dict) else None
