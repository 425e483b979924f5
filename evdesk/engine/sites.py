"""The site in force: stored, applied, and the chargers prepared again whose failsafe no longer fits it."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from dataclasses import replace

from evdesk.balance import failsafe_problems
from evdesk.engine.control import Control
from evdesk.engine.feeds import bays_of, beside, hang, swept, tell_shared
from evdesk.engine.fleet import Fleet
from evdesk.engine.meters import Meters
from evdesk.engine.setup import Setup
from evdesk.engine.site_checks import free_label
from evdesk.engine.state import ChargerRecord
from evdesk.model import Bay, EvdeskError, FindingSeen, NoticeKind, Reason, Severity, Site
from evdesk.wire.methods import Accept

log = logging.getLogger("evdesk.sites")
SURE_CONNECTORS = 12
"""Numbers up to this are believed as they are told; a higher one where at least half as many connectors are known. A
station with forty outlets tells them all; a broken one that speaks of a connector 4711 must not take everybody's share."""

REASSESS_S = 1.0
Publish = Callable[[str, object], None]


class Sites:
    """The one place that changes `fleet.site`. Who reads it, decides and puts a new one holds `lock` meanwhile."""

    def __init__(self, fleet: Fleet, control: Control, setup: Setup, meters: Meters, publish: Publish) -> None:
        self.fleet, self.control, self.setup, self.meters = fleet, control, setup, meters
        self.publish = publish
        self.lock = asyncio.Lock()
        self.on_changed: Callable[[], None] = lambda: None
        self._saving: set[asyncio.Task[None]] = set()
        self._reassess: asyncio.TimerHandle | None = None
        self._told: set[tuple[str, int]] = set()  # connectors that could not be placed
        self.problems: list[str] = []  # lines too small for the chargers that cannot fall back

    async def put(self, site: Site, basis: Site) -> None:
        """Store, then apply. `basis`: the site it was made from; a connector that showed up since then stays.

        Raises `EvdeskError(STORAGE)` and changes nothing when it cannot be stored."""
        before, was_on = self.setup.standing.plans(), self.fleet.site.balance.enabled
        await self.fleet.store.save_site(site)
        known = {(b.charger_id, b.connector_id) for b in basis.bays}
        while came := [
            b
            for b in self.fleet.site.bays
            if (b.charger_id, b.connector_id) not in known and site.bay(b.charger_id, b.connector_id) is None
        ]:
            for bay in came:
                site = _with_kept(site, bay, self.fleet.site)
            await self.fleet.store.save_site(site)
        self.apply(site)
        self.setup.standing.look()
        self._warn()
        after = self.setup.standing.plans()
        for record in self.fleet.chargers.values():
            changed = before.get(record.id) != after.get(record.id) or was_on != site.balance.enabled
            if changed and record.accepted and record.online:
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
        self.on_changed()

    def close(self) -> None:
        if self._reassess is not None:
            self._reassess.cancel()

    def reassess(self) -> None:
        """Somebody can fall back no more, or can again: soon everybody's safe share is worked out anew."""
        if self._reassess is None:
            wait_s = self.fleet.clock.wall_s(REASSESS_S)
            self._reassess = asyncio.get_running_loop().call_later(wait_s, self._reassessed)

    def _reassessed(self) -> None:
        self._reassess = None
        self.control.reconfigure(self.fleet.site)
        self._warn()
        for charger_id, plan in self.setup.standing.plans().items():
            record = self.fleet.chargers.get(charger_id)
            if record is None or not (record.accepted and record.online) or record.failsafe.safe_a == plan.safe_a:
                continue
            first = record.failsafe.safe_a is None and self.setup.busy(record)  # it takes the newest share by itself
            if not first and not self.setup.standing.rises_later(record, plan):
                self.setup.begin(record)

    async def look(self) -> None:
        """Now and then: who has no known default by now, and who may rise."""
        self.setup.standing.look()
        self._warn()
        for record in self.setup.standing.may_rise():
            self.setup.begin(record)

    def _warn(self) -> None:
        """A line that is too small for those that cannot fall back is said once, loudly."""
        known, standing = self.fleet.chargers, self.setup.standing
        # One that was not heard of, or only just, is reserved, and no danger yet.
        unable = {c for c in self.fleet.unable if c in known and (c not in standing.unsure or standing.silent(c))}
        problems = failsafe_problems(self.fleet.site, unable)
        for problem in problems:
            if problem not in self.problems:
                record = self.fleet.chargers[min(unable)]
                self.fleet.notice(NoticeKind.FAILSAFE, Severity.DANGER, record, detail=problem)
        self.problems = problems

    async def forget(self, charger_id: str) -> None:
        record = self.fleet.chargers[charger_id]
        await self.fleet.store.forget_charger(charger_id)  # first: where that fails, nothing has changed
        record.accepted = False
        await self.setup.cancel(charger_id)
        if record.link is not None:
            await record.link.close("refused by a person")
        record.link = None
        site = self.fleet.site
        bays = tuple(b for b in site.bays if b.charger_id != charger_id)
        if bays != site.bays:
            await self.put(swept(replace(site, bays=bays), bays_of(site, charger_id)), site)
        self.fleet.chargers.pop(charger_id, None)
        self.fleet.unable.discard(charger_id)
        self.publish("charger.gone", {"charger_id": charger_id})

    def place_missing(self, *records: ChargerRecord) -> None:
        """Every connector of an accepted charger has a place: one that has none gets it beside the first one of its
        charger, behind one feed with it. Told of each new connector, and looked for each second: connectors are told
        while a charger is being accepted, while a site is being stored, and stood in the store of older versions."""
        before = site = self.fleet.site
        placed = {(b.charger_id, b.connector_id) for b in site.bays}
        missing = [
            (record, connector_id)
            for record in records
            if record.accepted
            for connector_id in record.connectors
            if (record.id, connector_id) not in placed
        ]
        site, grown = self._with(site, missing)
        if not grown:
            return
        self.apply(site)
        tell_shared(self.fleet, before, site)
        for record in grown.values():
            self.setup.begin(record)  # its safe default is smaller now
        task = asyncio.get_running_loop().create_task(self._save(), name="save site")
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    def _with(self, site: Site, missing: list[tuple[ChargerRecord, int]]) -> tuple[Site, dict[str, ChargerRecord]]:
        """The site with these connectors in it, and whose they are. Why one cannot be placed is told once."""
        grown = dict[str, ChargerRecord]()
        for record, connector_id in missing:
            if not believed(record, connector_id):
                text = f"It speaks of a connector {connector_id}, and of {len(record.connectors)} in all."
                self._not_placed(record, connector_id, f"{text} So high a number is not believed.")
                continue
            try:
                site = _with_one(site, record, connector_id)
            except EvdeskError as error:
                self._not_placed(record, connector_id, error.sentence)
                continue
            grown[record.id] = record
            self._told.discard((record.id, connector_id))
        return site, grown

    def _not_placed(self, record: ChargerRecord, connector_id: int, why: str) -> None:
        if (record.id, connector_id) in self._told:
            return
        self._told.add((record.id, connector_id))
        log.error("connector %d of %s is not placed: %s", connector_id, record.id, why)
        if not believed(record, connector_id):
            seen = FindingSeen(record.id, self.fleet.clock.now(), "connector_not_believed", why, str(connector_id))
            self.fleet.report(seen)

    async def _save(self) -> None:
        async with self.lock:  # else an older site could be stored behind a newer one
            with contextlib.suppress(EvdeskError):
                await self.fleet.store.save_site(self.fleet.site)


def _with_one(site: Site, record: ChargerRecord, connector_id: int) -> Site:
    """Raises `EvdeskError(INVALID)` where it is the first of its charger, and there is no supply."""
    first = next(iter(bays_of(site, record.id)), None)
    if first is not None:
        return beside(site, first, connector_id)
    label = free_label(f"{record.label or record.id}.{connector_id}", site.bays)
    return replace(site, bays=(*site.bays, Bay(record.id, connector_id, label, supply_of(site))))


def keep_accepted(site: Site, before: Site, accepted: set[str]) -> Site:
    """A new site that does not name an accepted charger's connector keeps it: nobody drops out of the balance unseen.
    A bay whose circuit is gone moves to the root, or beside the other outlets of its charger."""
    for bay in before.bays:
        if bay.charger_id in accepted and site.bay(bay.charger_id, bay.connector_id) is None:
            site = _with_kept(site, bay, before)
    return site


def _with_kept(site: Site, bay: Bay, before: Site) -> Site:
    """The site with this outlet in it as it stood in `before`; what shared a feed there still does."""
    bay = replace(bay, label=free_label(bay.label, site.bays))
    together = {b.connector_id for b in bays_of(before, bay.charger_id) if b.circuit == bay.circuit}
    mates = [b for b in bays_of(site, bay.charger_id) if b.connector_id in together]
    if mates and bay.circuit not in {b.circuit for b in mates}:
        return hang(site, mates[0], bay)
    if site.circuit(bay.circuit) is None:
        bay = replace(bay, circuit=next((c.name for c in site.circuits if not c.parent), ""))
    return replace(site, bays=(*site.bays, bay))


def believed(record: ChargerRecord, connector_id: int) -> bool:
    """Whether a charger can have a connector with this number: they are numbered from 1 without gaps (OCPP 1.6, numbering
    of connectors), and a few may have been missed."""
    known = sum(other <= connector_id for other in record.connectors)
    return connector_id <= max(SURE_CONNECTORS, 2 * known)


def connectors_of(record: ChargerRecord) -> list[int]:
    """The connectors to be placed when it is accepted; the first one where it told of none yet."""
    return sorted(c for c in record.connectors if believed(record, c)) or [1]


def supply_of(site: Site) -> str:
    """The circuit everything hangs on. Raises `EvdeskError(INVALID)` for a site that was stored without one."""
    root = next((c.name for c in site.circuits if not c.parent), None)
    if root is None:
        text = "The site has no supply. Clear the parent of the circuit behind the main fuse, then place the charger."
        raise EvdeskError(Reason.INVALID, text)
    return root


def place_charger(site: Site, params: Accept, connectors: list[int]) -> Site:
    """The site with this charger's connectors in it. A charger that has its bays already keeps them, unless a person
    says where it belongs. Raises `EvdeskError(INVALID)` where it would hang on the supply and there is none."""
    have = bays_of(site, params.charger_id)
    if not have or params != Accept(params.charger_id):
        circuit = params.circuit or supply_of(site)
        kept = tuple(b for b in site.bays if b.charger_id != params.charger_id)
        label = params.label or _free_label(kept)
        first = Bay(
            charger_id=params.charger_id,
            connector_id=connectors[0],
            label=label if len(connectors) == 1 else f"{label}.{connectors[0]}",
            circuit=circuit,
            max_a=params.max_a,
            phases=params.phases,
            rotation=params.rotation.upper(),
        )
        site = swept(replace(site, bays=(*kept, first)), have)
    for connector in connectors:
        if site.bay(params.charger_id, connector) is None:
            site = beside(site, bays_of(site, params.charger_id)[0], connector)
    return site


def _free_label(bays: tuple[Bay, ...]) -> str:
    """The first "Bay N" nobody has."""
    taken = {b.label.split(".")[0] for b in bays}
    return next(label for n in itertools.count(1) if (label := f"Bay {n}") not in taken)
