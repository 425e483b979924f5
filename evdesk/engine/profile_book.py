"""Which charging profiles are in every charger: as it lists them, or as evdesk sent them and it took them.

Fed by the OCPP messages themselves, so that a profile sent by hand is remembered like one of the balancer's.
"""

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import msgspec

from evdesk.drivers.base import Answer
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.model import MessageSeen
from evdesk.model.profiles import ProfileSeen
from evdesk.ocpp.profile_book import from_report, from_set, with_clear, with_set

log = logging.getLogger("evdesk.profiles")
REPORT_S = 30.0
"""Real seconds to wait for the next part of a report."""

_NOTE = "profiles"
_SENT = frozenset({"SetChargingProfile", "ClearChargingProfile"})
_REPORT = "ReportChargingProfiles"
_WAITING_MOST = 1000


class ProfileBook:
    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.store = fleet.store
        self._have: dict[str, list[ProfileSeen]] = {}
        self._asked: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}  # (charger, message) -> what was asked
        self._reports: dict[tuple[str, int], tuple[list[ProfileSeen], asyncio.Event, list[bool]]] = {}
        self._next = 1
        self._dirty: set[str] = set()

    async def open(self) -> None:
        for charger_id, body in (await self.store.load_notes(_NOTE)).items():
            try:
                self._have[charger_id] = msgspec.json.decode(body, type=list[ProfileSeen])
            except msgspec.DecodeError as error:
                log.warning("%s: the profiles kept cannot be read: %s", charger_id, error)

    async def save(self) -> None:
        while self._dirty:
            charger_id = self._dirty.pop()
            await self.store.save_note(_NOTE, charger_id, msgspec.json.encode(self._have[charger_id]))

    # -- messages -------------------------------------------------------------------------------------------------

    def frame(self, event: MessageSeen) -> None:
        if event.action in _SENT:
            self._sent(event)
        elif event.action == _REPORT and event.direction == "in" and event.kind == "call":
            self._reported(event)

    def _sent(self, event: MessageSeen) -> None:
        key = (event.charger_id, event.message_id)
        if event.direction == "out" and event.kind == "call":
            payload = _payload(event.text)
            if payload is not None and len(self._asked) < _WAITING_MOST:
                self._asked[key] = (event.action, payload)
            return
        action, payload = self._asked.pop(key, ("", {}))
        answer = _payload(event.text) if event.kind == "result" else None
        if action and answer is not None and answer.get("status") == "Accepted":
            self._apply(event.charger_id, action, payload)

    def _apply(self, charger_id: str, action: str, payload: dict[str, Any]) -> None:
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

    def _reported(self, event: MessageSeen) -> None:
        payload = _payload(event.text)
        asked = self._reports.get((event.charger_id, (payload or {}).get("requestId", 0)))
        if payload is None or asked is None:
            return
        found, news, last = asked
        found.extend(from_report(payload, self.fleet.clock.now(), self._offset(event.charger_id)))
        last[0] = payload.get("tbc") is not True
        news.set()

    # -- asking ---------------------------------------------------------------------------------------------------

    async def ask(self, record: ChargerRecord) -> Answer:
        """Let the charger list its profiles (2.x GetChargingProfiles; K09). What it lists replaces what was
        remembered. Raises `ChargerError`."""
        assert record.link is not None
        ident, self._next = self._next, self._next + 1
        found: list[ProfileSeen] = []
        news, last = asyncio.Event(), [False]
        self._reports[record.id, ident] = (found, news, last)
        try:
            answer = await record.link.raw("GetChargingProfiles", {"requestId": ident, "chargingProfile": {}})
            status = str(answer.get("status", ""))
            while status == "Accepted" and not last[0]:
                async with asyncio.timeout(REPORT_S):
                    await news.wait()
                news.clear()
        except TimeoutError:
            status = "Incomplete"
        finally:
            del self._reports[record.id, ident]
        if status in ("Accepted", "NoProfiles", "Incomplete"):
            kept = [] if status != "Incomplete" else self._have.get(record.id, [])
            told = {p.id for p in found}
            self._have[record.id] = [*found, *(p for p in kept if p.id not in told)]
            self._dirty.add(record.id)
        return Answer(status)

    def profiles(self, record: ChargerRecord) -> list[ProfileSeen]:
        """What the charger is known to hold; profiles of charges that are over are gone with them."""
        charging = {c.id for c in record.connectors.values() if c.session is not None}
        now = self.fleet.clock.now()
        return [p for p in self._have.get(record.id, []) if _lives(p, charging, now)]

    def remembered(self, record: ChargerRecord) -> list[ProfileSeen]:
        """As `profiles`, marked as not told: the charger cannot list them."""
        return [replace(p, told=False) for p in self.profiles(record)]


def _lives(profile: ProfileSeen, charging: set[int], now: float) -> bool:
    if profile.purpose == "TxProfile" and profile.connector_id not in charging:
        return False
    if profile.told or profile.starts_at is None or profile.duration_s is None or profile.kind != "Absolute":
        return True
    return now < profile.starts_at + profile.duration_s


def _payload(text: str) -> dict[str, Any] | None:
    """The payload of a CALL or CALLRESULT frame; None for anything else."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    payload = frame[-1] if isinstance(frame, list) and len(frame) in (3, 4) else None
    return payload if isinstance(payload, dict) else None
