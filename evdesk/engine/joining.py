"""`--accept-unknown`: whoever dials in joins, and those who come together are placed together.

A thousand chargers after a power cut would otherwise change the site a thousand times.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any

from evdesk.balance import validate_site
from evdesk.engine.commands import Command, Commands
from evdesk.engine.feeds import tell_shared
from evdesk.engine.fleet import Fleet
from evdesk.engine.sites import Sites, connectors_of, place_charger
from evdesk.engine.state import ChargerRecord
from evdesk.model import EvdeskError, Origin
from evdesk.wire.methods import Accept

log = logging.getLogger("evdesk.joining")
LAB = Origin("Engine", "accept-unknown")
TOGETHER_S = 0.2
Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Joining:
    """`add` a charger nobody knows; it is in the site within the second. A refusal is logged."""

    def __init__(self, fleet: Fleet, commands: Commands, sites: Sites, spawn: Spawn) -> None:
        self.fleet, self.commands, self.sites = fleet, commands, sites
        self._spawn = spawn
        self._waiting: dict[str, ChargerRecord] = {}

    def add(self, record: ChargerRecord) -> None:
        if not self._waiting:
            self._spawn(self._soon(), "accept unknown chargers")
        self._waiting[record.id] = record

    async def _soon(self) -> None:
        await asyncio.sleep(TOGETHER_S)
        async with self.sites.lock:
            records, self._waiting = list(self._waiting.values()), {}
            try:
                await self._join(records)
            except EvdeskError as error:
                log.error("%s: %s", ", ".join(r.id for r in records), error.sentence)

    async def _join(self, records: list[ChargerRecord]) -> None:
        basis = site = self.fleet.site
        for record in records:
            site = place_charger(site, Accept(record.id), connectors_of(record))
        if problems := validate_site(site):
            log.error("%s", " ".join(problems))
            return
        putting: list[asyncio.Task[None]] = []

        def put() -> "asyncio.Task[None]":
            if not putting:
                putting.append(asyncio.ensure_future(self.sites.put(site, basis)))
            return putting[0]

        said = (Command(LAB, "charger.accept", r.id, asdict(Accept(r.id))) for r in records)
        await asyncio.gather(*(self.commands.stored(command, {}, put) for command in said))
        tell_shared(self.fleet, basis, site)
        now = self.fleet.clock.now()
        for record in records:
            record.accepted = True
            self.fleet.on_ready(record)
            self.fleet.on_changed(record.id)
        self.sites.place_missing(*records)  # what they told of meanwhile
        await asyncio.gather(*(self.fleet.store.save_charger(r.to_model(now), True) for r in records))
