"""What the balancer has found out of other loads, kept over a short restart.

On lines whose currents are not in phase (behind a delta-star transformer with other load, say) it can be told only while
few cars charge. A balancer that begins anew with all of them charging would think it larger, and give cars less until
they leave.
"""

import logging

import msgspec

from evdesk.engine.control import Control
from evdesk.engine.fleet import Fleet

log = logging.getLogger("evdesk.recall")
_NOTE, _KEY = "other_load", "found"


class _Kept(msgspec.Struct):
    at: float
    found_a: dict[str, float]


class Recall:
    """`open` after the site is in force; `save` once a minute and when the engine ends."""

    def __init__(self, fleet: Fleet, control: Control) -> None:
        self.fleet, self.control = fleet, control
        self._saved = False

    async def open(self) -> None:
        """Counts no longer than a live limit lasts: until then cars are held by what was told to them before."""
        body = await self.fleet.store.load_note(_NOTE, _KEY)
        self._saved = body is not None
        if body is None:
            return
        try:
            kept = msgspec.json.decode(body, type=_Kept)
        except msgspec.DecodeError as error:
            log.warning("what was found of other loads cannot be read: %s", error)
            return
        if 0.0 <= self.fleet.clock.now() - kept.at <= self.fleet.site.balance.profile_valid_s:
            self.control.balancer.house.recall(kept.found_a)

    async def save(self) -> None:
        """Most sites have no such line, and nothing is written for them."""
        found_a = self.control.balancer.house.found_a
        if found_a or self._saved:
            kept = _Kept(self.fleet.clock.now(), found_a)
            await self.fleet.store.save_note(_NOTE, _KEY, msgspec.json.encode(kept))
            self._saved = bool(found_a)
