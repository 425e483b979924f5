"""The numbers by which a charger tells of one request. Many laptops may update the same charger in turn, and 1.6 and 2.x
repeat words of an older request with its number: so each data directory counts from a place of its own."""

import logging
import secrets

from evdesk.engine.store import Store
from evdesk.model import EvdeskError

log = logging.getLogger("evdesk.jobs")
_NOTE, _KEY = "request_number", "first"
_LEAST, _MOST, _ROOM = 1_000_000, 1_000_000_000, 2_000_000_000
"""The first number lies between; all are below 2^31, the largest integer that OCPP names."""


class RequestNumbers:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.first = _LEAST

    async def open(self) -> None:
        """The first number of this data directory; drawn where it has none yet, and written down as soon as that works."""
        kept = await self.store.load_note(_NOTE, _KEY)
        if kept is not None and kept.isdecimal() and _LEAST <= int(kept) <= _MOST:
            self.first = int(kept)
            return
        if kept is not None:
            log.warning("The first number of requests cannot be read (%.40r): another is drawn.", kept)
        self.first = _LEAST + secrets.randbelow(_MOST - _LEAST + 1)
        try:
            await self.store.save_note(_NOTE, _KEY, str(self.first).encode(), keep=True)
        except EvdeskError as error:  # a full disk stops no engine
            log.warning("%s", error.sentence)

    def of(self, job_id: int, attempt: int) -> int:
        """`attempt` from 1 on."""
        return 1 + (self.first + job_id * 100 + attempt) % _ROOM
