"""The site in force: stored, applied, and the chargers prepared again whose failsafe no longer fits it."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from evdesk.balance import failsafe_plans
from evdesk.engine.control import Control
from evdesk.engine.fleet import Fleet
from evdesk.engine.meters import Meters
from evdesk.engine.setup import Setup
from evdesk.engine.state import ChargerRecord
from evdesk.model import Bay, EvdeskError, Site

Publish = Callable[[str, object], None]


class Sites:
    """The one place that changes `fleet.site`."""

    def __init__(self, fleet: Fleet, control: Control, setup: Setup, meters: Meters, publish: Publish) -> None:
        self.fleet, self.control, self.setup, self.meters = fleet, control, setup, meters
        self.publish = publish
        self._saving: set[asyncio.Task[None]] = set()

    async def put(self, site: Site) -> None:
        """Store, then apply. Raises `EvdeskError(STORAGE)` and changes nothing when it cannot be stored."""
        before, after = failsafe_plans(self.fleet.site), failsafe_plans(site)
        await self.fleet.store.save_site(site)
        self.apply(site)
        for record in self.fleet.chargers.values():
            if before.get(record.id) != after.get(record.id) and record.accepted and record.online:
                self.setup.begin(record)

    def apply(self, site: Site) -> None:
        self.fleet.site = site
        self.control.reconfigure(site)
        for record in self.fleet.chargers.values():
            bays = [b for b in site.bays if b.charger_id == record.id]
            record.label = bays[0].label.split(".")[0] if bays else record.label
            self.fleet.on_changed(record.id)
        self.meters.follow(site)
        self.publish("site", site)

    async def forget(self, charger_id: str) -> None:
        record = self.fleet.chargers.pop(charger_id)
        if record.link is not None:
            await record.link.close("refused by a person")
        await self.fleet.store.forget_charger(charger_id)
        site = self.fleet.site
        bays = tuple(b for b in site.bays if b.charger_id != charger_id)
        if bays != site.bays:
            await self.put(replace(site, bays=bays))
        self.publish("charger.gone", {"charger_id": charger_id})

    def place_new_connector(self, record: ChargerRecord, connector_id: int) -> None:
        """An accepted charger shows one more connector: it is placed beside its first one, the worst assumed."""
        site = self.fleet.site
        if not record.accepted or site.bay(record.id, connector_id) is not None:
            return
        first = next((b for b in site.bays if b.charger_id == record.id), None)
        circuit = first.circuit if first else next(c.name for c in site.circuits if not c.parent)
        label = f"{record.label or record.id}.{connector_id}"
        bay = Bay(record.id, connector_id, label, circuit, max_a=first.max_a if first else 16.0)
        self.apply(replace(site, bays=(*site.bays, bay)))
        self.setup.begin(record)  # its safe default is smaller now
        task = asyncio.get_running_loop().create_task(self._save(), name="save site")
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def _save(self) -> None:
        with contextlib.suppress(EvdeskError):
            await self.fleet.store.save_site(self.fleet.site)
