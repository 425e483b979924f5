"""How many charging profiles were written into each charger today: each one wears its flash (EVerest/libocpp #543)."""

import logging
import time

import msgspec

from evdesk.engine.fleet import Fleet
from evdesk.model import EvdeskError

log = logging.getLogger("evdesk.wear")
_NOTE = "profile_writes"


class Wear:
    """Fed by the book of profiles, so that one sent by hand counts too. A day is one of the computer's zone."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._counts: dict[str, tuple[str, int]] = {}  # charger -> (day, writes)
        self._dirty: set[str] = set()

    async def open(self) -> None:
        for charger_id, body in (await self.fleet.store.load_notes(_NOTE)).items():
            try:
                self._counts[charger_id] = msgspec.json.decode(body, type=tuple[str, int])
            except msgspec.DecodeError as error:
                log.warning("%s: the number of writes cannot be read: %s", charger_id, error)

    async def save(self) -> None:
        for charger_id in list(self._dirty):
            self._dirty.discard(charger_id)
            try:
                await self.fleet.store.save_note(_NOTE, charger_id, msgspec.json.encode(self._counts[charger_id]))
            except EvdeskError:
                self._dirty.add(charger_id)
                raise

    def count(self, charger_id: str) -> None:
        """It has accepted a profile, or taken one out."""
        self._counts[charger_id] = (self._day(), self.today(charger_id) + 1)
        self._dirty.add(charger_id)

    def today(self, charger_id: str) -> int:
        day, count = self._counts.get(charger_id, ("", 0))
        return count if day == self._day() else 0

    def _day(self) -> str:
        return time.strftime("%Y-%m-%d", time.localtime(self.fleet.clock.now()))
