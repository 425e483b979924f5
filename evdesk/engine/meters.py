"""Keeps every meter of the site read: one supervised driver per metered circuit."""

import asyncio
import logging

from evdesk.drivers.meters import ModbusMeter
from evdesk.engine.fleet import Fleet
from evdesk.model import EvdeskError, MeterSource, Site

log = logging.getLogger("evdesk.meters")
RETRY_S = 1.0  # short: a fuse waits for this meter


class Meters:
    """`follow(site)` starts what is new and ends what is gone or has moved."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._running: dict[str, tuple[MeterSource, asyncio.Task[None]]] = {}

    def follow(self, site: Site) -> None:
        wanted = {c.name: c.meter for c in site.circuits if c.meter}
        for name, (source, task) in list(self._running.items()):
            if wanted.get(name) != source:
                task.cancel()
                del self._running[name]
                self.fleet.meters.pop(name, None)
        for name, source in wanted.items():
            if name not in self._running:
                task = asyncio.get_running_loop().create_task(self._supervise(name, source), name=f"meter {name}")
                self._running[name] = (source, task)

    async def close(self) -> None:
        tasks = [task for _source, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _supervise(self, name: str, source: MeterSource) -> None:
        """A failure is logged once, the recovery once."""
        failing = False
        while True:
            before = self.fleet.meters.get(name)
            try:
                await ModbusMeter(source, name, self.fleet.clock).run(self.fleet.report)
            except EvdeskError as error:
                answered = self.fleet.meters.get(name) is not before
                if not failing or answered:
                    log.warning("meter of %s: %s", name, error.sentence)
                failing = True
            except Exception:  # rim: the driver supervisor, for meters
                log.exception("meter of %s: the driver broke", name)
            await asyncio.sleep(self.fleet.clock.wall_s(RETRY_S))
