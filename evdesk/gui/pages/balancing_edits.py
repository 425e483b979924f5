"""Changes to a site that is edited: pure, each gives a new site and keeps what hangs on what."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from evdesk.model import Bay, CapRule, Circuit, PriceRule, Site


def free_name(site: Site, stem: str) -> str:
    """ "Circuit 2": the first name of this kind that nobody has."""
    names = {circuit.name for circuit in site.circuits}
    return next(name for n in range(1, len(names) + 2) if (name := f"{stem} {n}") not in names)


def add_circuit(site: Site, parent: str, stem: str) -> tuple[Site, str]:
    """A new circuit under `parent`, with its parent's ratings; and its name."""
    above = site.circuit(parent)
    rating = above.rating_a if above is not None else (16.0, 16.0, 16.0)
    name = free_name(site, stem)
    return replace(site, circuits=(*site.circuits, Circuit(name, rating, parent))), name


def remove_circuit(site: Site, name: str) -> Site:
    """What hangs on it goes to what feeds it. The only circuit of the supply stays."""
    gone = site.circuit(name)
    if gone is None or why_keep(site, name):
        return site
    circuits = tuple(replace(c, parent=gone.parent) if c.parent == name else c for c in site.circuits if c.name != name)
    bays = tuple(replace(b, circuit=gone.parent) if b.circuit == name else b for b in site.bays)
    return replace(site, circuits=circuits, bays=bays)


def why_keep(site: Site, name: str) -> str:
    """ "supply" where a circuit cannot be removed, because nothing would be left to feed what hangs on it."""
    one = site.circuit(name)
    return "supply" if one is not None and not one.parent else ""


def rename_circuit(site: Site, old: str, new: str) -> Site:
    """Under a new name; its children and bays follow."""
    circuits = tuple(
        replace(c, name=new if c.name == old else c.name, parent=new if c.parent == old else c.parent)
        for c in site.circuits
    )
    bays = tuple(replace(b, circuit=new) if b.circuit == old else b for b in site.bays)
    return replace(site, circuits=circuits, bays=bays)


def change_circuit(site: Site, name: str, **fields: Any) -> Site:
    return replace(site, circuits=tuple(replace(c, **fields) if c.name == name else c for c in site.circuits))


def below(site: Site, name: str) -> set[str]:
    """A circuit and everything it feeds."""
    found = {name}
    while more := {c.name for c in site.circuits if c.parent in found} - found:
        found |= more
    return found


def parents_for(site: Site, name: str) -> list[str]:
    """What may feed a circuit without a loop; "" is the supply."""
    mine = below(site, name)
    return ["", *(c.name for c in site.circuits if c.name not in mine)]


def change_bay(site: Site, charger_id: str, connector_id: int, **fields: Any) -> Site:
    def changed(bay: Bay) -> Bay:
        return replace(bay, **fields) if (bay.charger_id, bay.connector_id) == (charger_id, connector_id) else bay

    return replace(site, bays=tuple(changed(bay) for bay in site.bays))


def add_bay(site: Site, charger_id: str, connector_id: int, label: str, circuit: str) -> Site:
    return replace(site, bays=(*site.bays, Bay(charger_id, connector_id, label, circuit)))


def remove_bay(site: Site, charger_id: str, connector_id: int) -> Site:
    return replace(
        site, bays=tuple(b for b in site.bays if (b.charger_id, b.connector_id) != (charger_id, connector_id))
    )


def move_bay(site: Site, charger_id: str, connector_id: int, way: int) -> Site:
    """One place earlier (-1) or later (1): the order of the bays is their order on every page."""
    bays = list(site.bays)
    here = next((i for i, b in enumerate(bays) if (b.charger_id, b.connector_id) == (charger_id, connector_id)), None)
    if here is None or not 0 <= here + way < len(bays):
        return site
    bays[here], bays[here + way] = bays[here + way], bays[here]
    return replace(site, bays=tuple(bays))


def put_cap(site: Site, place: int, change: Callable[[CapRule], CapRule]) -> Site:
    return replace(site, caps=tuple(change(c) if i == place else c for i, c in enumerate(site.caps)))


def put_price(site: Site, place: int, change: Callable[[PriceRule], PriceRule]) -> Site:
    return replace(site, prices=tuple(change(p) if i == place else p for i, p in enumerate(site.prices)))


def differences(before: Site, after: Site) -> int:
    """How many things are not as before: circuits, bays, rules and the site's own figures."""
    old_circuits, new_circuits = {c.name: c for c in before.circuits}, {c.name: c for c in after.circuits}
    count = sum(old_circuits.get(n) != new_circuits.get(n) for n in old_circuits.keys() | new_circuits.keys())
    old_bays = {(b.charger_id, b.connector_id): b for b in before.bays}
    new_bays = {(b.charger_id, b.connector_id): b for b in after.bays}
    count += sum(old_bays.get(k) != new_bays.get(k) for k in old_bays.keys() | new_bays.keys())
    count += (before.caps != after.caps) + (before.prices != after.prices)
    own = (before.name, before.voltage_v, before.grid) != (after.name, after.voltage_v, after.grid)
    moved = list(old_bays) != list(new_bays) and old_bays.keys() == new_bays.keys()
    return count + own + moved


def merged(draft: Site, engine: Site | None) -> Site:
    """What is sent: sharing and limits set by hand are not edited here, so the engine's newest count."""
    if engine is None:
        return draft
    hands = {(b.charger_id, b.connector_id): b.user_limit_a for b in engine.bays}
    bays = tuple(replace(b, user_limit_a=hands.get((b.charger_id, b.connector_id), b.user_limit_a)) for b in draft.bays)
    return replace(draft, balance=engine.balance, bays=bays, assumed=False)


def grouped(problems: list[str]) -> list[str]:
    """The same sentence about several phases said once: "Garage/L1, L2, L3 is rated 80 A ..." """
    found: dict[str, tuple[str, list[str]]] = {}
    for problem in problems:
        phase = re.search(r"/(L[123])\b", problem)
        bare = re.sub(r"/L[123]\b", "/L", problem)
        _, phases = found.setdefault(bare, (problem, []))
        if phase is not None and phase[1] not in phases:
            phases.append(phase[1])
    return [
        re.sub(r"/L[123]\b", "/" + ", ".join(phases), first) if len(phases) > 1 else first
        for first, phases in found.values()
    ]


def concerns(problem: str, site: Site) -> str:
    """The part of the site a sentence of `site.check` is about, as a key of the diagram; "" for the whole."""
    for bay in site.bays:
        if f"Connector {bay.connector_id} of {bay.charger_id!r}" in problem:
            return f"bay/{bay.charger_id}/{bay.connector_id}"
    best, place = "", len(problem)
    for circuit in site.circuits:
        names = (f"{circuit.name!r}", f" {circuit.name}/", f"{circuit.name}/L")
        at = min((i for name in names if (i := problem.find(name)) >= 0), default=-1)
        if 0 <= at < place or (at == place and len(circuit.name) > len(best)):
            best, place = circuit.name, at
    if not best:
        return "grid" if "voltage" in problem else ""
    return f"circuit/{best}"


_FIELDS = (
    ("The voltage is", "voltage_v"),
    ("other load", "other_max_a"),
    ("continuous load", "continuous"),
    ("unbalance", "unbalance_a"),
    ("ratio", "ratio"),
    ("transformer", "transformer"),
    ("same grid", "grid"),
    ("are called", "name"),
    ("feeds itself", "parent"),
    ("fed from", "parent"),
    ("rating of", "rating_a"),
    ("is rated", "rating_a"),
    ("hangs on", "circuit"),
    ("a maximum of", "max_a"),
    ("a minimum of", "min_a"),
    ("a name of", "label"),
    ("priority", "priority"),
    ("rotation", "rotation"),
    ("Its wiring", "rotation"),
    ("its wiring", "rotation"),
    ("between", "rotation"),
    ("phases. Enter", "phases"),
)


def field_of(problem: str) -> str:
    """The field a sentence is about, as far as it names one."""
    return next((field for words, field in _FIELDS if words in problem), "")
