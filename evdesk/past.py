"""Writes a simulated past into a new data directory, through the same store the engine uses (demo only)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from evdesk.balance import failsafe_plans
from evdesk.engine.instance import claim
from evdesk.engine.store import Store
from evdesk.model import (
    Charger,
    ChargerState,
    Clock,
    Connector,
    Failsafe,
    FailsafeState,
    Origin,
    Reading,
    Site,
    SiteLoad,
)
from evdesk.simulator.past import CommandSample, Item, NoticeSample, ReadingSample, SessionSpan

NOBODY = (0.0, 0.0, 0.0)
OWNER = Origin("Owner", "desk")


@dataclass(slots=True)
class PastClock(Clock):
    """Stands at the moment that is being written."""

    at: float | None = None

    def now(self) -> float:
        return Clock.now(self) if self.at is None else self.at


async def write_past(data: Path, site: Site, items: Iterable[Item], began_at: float) -> None:
    """Site, chargers, sessions, readings, notices and audit rows from `began_at` on, as if evdesk had run then.

    The directory is claimed meanwhile: no engine can start on it."""
    clock = PastClock(at=began_at)
    with claim(data):
        store = Store(data / "evdesk.db", clock)
        await store.open()
        try:
            await _found(store, site, began_at)
            for item in items:
                await _write(store, clock, item)
            clock.at = None
            for bay in site.bays:  # everybody has left when the live site begins
                empty = Reading(bay.charger_id, bay.connector_id, clock.now(), current_a=NOBODY, power_w=0.0)
                store.put_reading(empty, NOBODY, None)
            await store.flush()
        finally:
            await store.close()


async def _found(store: Store, site: Site, began_at: float) -> None:
    ratings = {c.name: list(c.rating_a) for c in site.circuits}
    await _both(store, OWNER, "site.put", "site", {"name": site.name, "circuits": ratings}, "stored", {})
    await store.save_site(site)
    plans = failsafe_plans(site)
    for bay in site.bays:
        plan = plans[bay.charger_id]
        args: dict[str, object] = {
            "charger_id": bay.charger_id,
            "label": bay.label,
            "circuit": bay.circuit,
            "rotation": bay.rotation,
        }
        await _both(store, OWNER, "charger.accept", bay.charger_id, args, "stored", {"label": bay.label})
        charger = Charger(
            id=bay.charger_id,
            state=ChargerState.OFFLINE,
            label=bay.label,
            connectors=(Connector(id=bay.connector_id),),
            failsafe=Failsafe(FailsafeState.VERIFIED, plan.max_a, plan.safe_a, checked_at=began_at),
        )
        await store.save_charger(charger, True)


async def _write(store: Store, clock: PastClock, item: Item) -> None:
    if isinstance(item, ReadingSample):
        store.put_reading(item.reading, item.site_current_a, item.limit_a)
    elif isinstance(item, SiteLoad):
        clock.at = item.at
        store.put_load(item)
    elif isinstance(item, NoticeSample):
        store.put_notice(item.at, item.kind, item.severity, item.charger_id, item.connector_id, item.args)
    elif isinstance(item, SessionSpan):
        session = await store.open_session(item.started)
        if item.ended is not None:
            store.put_session(replace(session, max_power_w=item.max_power_w))
            await store.close_session(replace(item.ended, transaction_id=session.id))
    elif isinstance(item, CommandSample):
        await _command(store, clock, item)


async def _command(store: Store, clock: PastClock, item: CommandSample) -> None:
    clock.at = item.at
    asked = await store.audit(kind="asked", origin=item.origin, what=item.what, target=item.target, args=item.args)
    if item.answered_at is None:
        return
    clock.at = item.answered_at
    await store.audit(
        kind="answered",
        origin=item.origin,
        what=item.what,
        target=item.target,
        args=item.args,
        outcome=item.outcome,
        detail=item.detail,
        ref=asked.id,
    )


async def _both(
    store: Store,
    origin: Origin,
    what: str,
    target: str,
    args: dict[str, object],
    outcome: str,
    detail: dict[str, object],
) -> None:
    asked = await store.audit(kind="asked", origin=origin, what=what, target=target, args=args)
    await store.audit(
        kind="answered",
        origin=origin,
        what=what,
        target=target,
        args=args,
        outcome=outcome,
        detail=detail,
        ref=asked.id,
    )
