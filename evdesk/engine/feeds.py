"""Outlets of one charger that come after its first: nobody has said that the feed of the station carries them all.

They go behind a circuit of their own, rated like what stood there before: the balancer, the safe shares and the maximum
inside the charger then keep all outlets together to that. A person who knows better enters another rating, or hangs the
outlets elsewhere (docs/decisions/0026).
"""

import math
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from evdesk.balance import failsafe_plans
from evdesk.engine.fleet import Fleet
from evdesk.engine.site_checks import free_label, free_name
from evdesk.engine.state import ChargerRecord
from evdesk.model import Bay, Circuit, EvdeskError, FailsafeState, NoticeKind, Severity, Site

_NOTE, _KEY = "feeds", "asked"


def bays_of(site: Site, charger_id: str) -> list[Bay]:
    return [bay for bay in site.bays if bay.charger_id == charger_id]


def stem_of(bay: Bay) -> str:
    """The name of the charger in the name of its place: "Bay 1" of "Bay 1.2"."""
    return bay.label.removesuffix(f".{bay.connector_id}")


def beside(site: Site, first: Bay, connector_id: int) -> Site:
    """The site with one more connector of that charger in it, wired and set like its first."""
    label = free_label(f"{stem_of(first)}.{connector_id}", site.bays)
    return hang(site, first, replace(first, connector_id=connector_id, label=label))


def hang(site: Site, mate: Bay, bay: Bay) -> Site:
    """The site with `bay` beside `mate`, another outlet of its charger, and both behind one feed."""
    site, circuit = shared(site, mate)
    return replace(site, bays=(*site.bays, replace(bay, circuit=circuit)))


def shared(site: Site, mate: Bay, rating_a: float | None = None) -> tuple[Site, str]:
    """(site, name of the circuit) with what stands beside `mate` behind a circuit of this charger alone. Its rating, where
    none is given: all that could flow to these outlets so far. One that is there already stays as it is."""
    around, mates = site.circuit(mate.circuit), [b for b in bays_of(site, mate.charger_id) if b.circuit == mate.circuit]
    most = sum(bay.max_a for bay in mates) if rating_a is None else rating_a
    if around is None or not math.isfinite(most) or most <= 0:
        return site, mate.circuit  # nothing can be allotted there
    alone = bool(around.parent) and not _carries_others(site, around.name, mate.charger_id)
    if alone and (max(around.rating_a) <= most or (len(mates) > 1 and rating_a is None)):
        return site, around.name
    one, two, three = (min(most, rating) for rating in around.rating_a)
    name = free_name(feed_name(mate), site.circuits)
    feed = Circuit(name, (one, two, three), parent=around.name, grid=around.grid)
    moved = tuple(replace(bay, circuit=name) if bay in mates else bay for bay in site.bays)
    return replace(site, circuits=(*site.circuits, feed), bays=moved), name


def feed_name(bay: Bay) -> str:
    return f"{stem_of(bay)[:80]} feed"


def swept(site: Site, gone: Iterable[Bay]) -> Site:
    """Without the feeds made for these outlets, where nothing hangs on them any more."""
    made = {bay.circuit for bay in gone if bay.circuit.startswith(feed_name(bay))}
    used = {bay.circuit for bay in site.bays} | {c.parent for c in site.circuits}
    kept = tuple(
        c
        for c in site.circuits
        if c.name not in made or c.name in used or not c.parent or c.meter or any(c.other_max_a)
    )
    return site if len(kept) == len(site.circuits) else replace(site, circuits=kept)


def tell_shared(fleet: Fleet, before: Site, after: Site) -> None:
    """Each feed that was made is said once."""
    had = {circuit.name for circuit in before.circuits}
    for circuit in after.circuits:
        bays = [] if circuit.name in had else [bay for bay in after.bays if bay.circuit == circuit.name]
        if len(bays) < 2 or len({bay.charger_id for bay in bays}) > 1:
            continue
        label, amps, record = stem_of(bays[0]), max(circuit.rating_a), fleet.record(bays[0].charger_id)
        kind, severity = NoticeKind.SHARED_FEED, Severity.WARN
        fleet.notice(kind, severity, record, label=label, amps=amps, outlets=len(bays))


async def keep_old_maxima(fleet: Fleet) -> None:
    """Once, for what older versions stored: they wrote the smallest rating of any outlet as the maximum of the whole
    station. Where that is less than its outlets together, it stays what they share until a person says otherwise."""
    try:
        if await fleet.store.load_note(_NOTE, _KEY) is not None:
            return
        before = site = fleet.site
        for record in fleet.chargers.values():
            site = _kept(site, record)
        if site is not before:
            fleet.site = site
            await fleet.store.save_site(site)
            tell_shared(fleet, before, site)
        await fleet.store.save_note(_NOTE, _KEY, msgspec.json.encode(True))
    except EvdeskError:
        return  # it holds for now, and is done again at the next start


def _kept(site: Site, record: ChargerRecord) -> Site:
    bays = bays_of(site, record.id)
    if not record.accepted or len({bay.circuit for bay in bays}) != 1 or len(bays) < 2:
        return site  # outlets on several circuits were hung there by a person
    had, state = record.failsafe.max_a, record.failsafe.state
    if had is None and state is FailsafeState.UNKNOWN:
        had = min(bay.max_a for bay in bays)  # it would have been written
    if had is None or had >= failsafe_plans(site)[record.id].max_a:
        return site
    return shared(site, bays[0], had)[0]


def _carries_others(site: Site, circuit: str, charger_id: str) -> bool:
    return any(b.charger_id != charger_id and b.circuit == circuit for b in site.bays) or any(
        c.parent == circuit for c in site.circuits
    )
