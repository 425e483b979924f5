"""What really flows: Kirchhoff on phasors, written apart from the balancer so that the two can disagree.

Every connector is a current source between nodes of its circuit (phase and neutral, or two phases); a circuit's conductors
carry the sum of what hangs on them and of what its sub-circuits take on their feeding side.
"""

import cmath
import math
import random

from evdesk.model import (
    BalanceSettings,
    Bay,
    CapGroup,
    Circuit,
    GridType,
    MeterSource,
    PowerCap,
    ShareBy,
    Site,
    Transformer,
)

VOLTS = {
    GridType.WYE: [cmath.rect(1, math.radians(a)) for a in (0, -120, 120)],
    GridType.DELTA: [cmath.rect(1, math.radians(a)) for a in (0, -120, 120)],
    GridType.SPLIT: [1 + 0j, -1 + 0j],
    GridType.SINGLE: [1 + 0j],
}


def outlet(bay: Bay, grid: GridType, amps: list[float]) -> list[complex]:
    """Current on each phase of the bay's own circuit; `amps` per terminal."""
    volts = VOLTS[grid]
    flows = [0j] * len(volts)
    if grid is GridType.SINGLE:
        flows[0] += amps[0]
    elif bay.rotation in ("RS", "ST", "TR"):
        one, two = ("RST".index(letter) for letter in bay.rotation)
        phasor = cmath.rect(amps[0], cmath.phase(volts[one] - volts[two]))
        flows[one] += phasor
        flows[two] -= phasor
    else:
        for terminal in range(bay.phases):
            phase = "RST".index(bay.rotation[terminal])
            flows[phase] += amps[terminal] * volts[phase]
    return flows


def feeding_side(circuit: Circuit, flows: list[complex]) -> list[complex]:
    """Through the transformer: each winding of the feeding side carries its phase's current over the turns."""
    if circuit.transformer is Transformer.NONE:
        return flows
    if circuit.transformer is Transformer.YY:
        return [f / circuit.ratio for f in flows]
    lead = 30 if circuit.transformer is Transformer.DYN11 else -30  # of the low side's voltages
    a, b, c = (f * cmath.rect(1, math.radians(lead)) / (math.sqrt(3) * circuit.ratio) for f in flows)
    if circuit.transformer is Transformer.DYN11:  # windings A-B, B-C, C-A carry a, b, c
        return [a - c, b - a, c - b]
    return [a - b, b - c, c - a]  # Dyn1: windings A-C, B-A, C-B carry a, b, c


def conductors(site: Site, drawn: dict[tuple[str, int], list[float]]) -> dict[str, list[complex]]:
    """Circuit -> the phasor on each of its conductors."""
    total: dict[str, list[complex]] = {c.name: [0j] * (c.grid or site.grid).phases for c in site.circuits}
    for bay in site.bays:
        grid = site.circuit(bay.circuit).grid or site.grid
        for phase, flow in enumerate(outlet(bay, grid, drawn.get((bay.charger_id, bay.connector_id), [0, 0, 0]))):
            total[bay.circuit][phase] += flow
    depth = {c.name: _depth(site, c) for c in site.circuits}
    for circuit in sorted(site.circuits, key=lambda c: -depth[c.name]):
        if circuit.parent:
            for phase, flow in enumerate(feeding_side(circuit, total[circuit.name])):
                total[circuit.parent][phase] += flow
    return total


def _depth(site: Site, circuit: Circuit) -> int:
    return 0 if not circuit.parent else 1 + _depth(site, site.circuit(circuit.parent))


def power_w(site: Site, drawn: dict[tuple[str, int], list[float]]) -> float:
    """Of all chargers together, at unity power factor."""
    total = 0.0
    for bay in site.bays:
        amps = drawn.get((bay.charger_id, bay.connector_id), [0, 0, 0])
        grid = site.circuit(bay.circuit).grid or site.grid
        if bay.rotation in ("RS", "ST", "TR") and grid is not GridType.SINGLE:
            total += amps[0] * site.voltage_v * abs(VOLTS[grid][0] - VOLTS[grid][1])
        else:
            total += sum(amps[: 1 if grid is GridType.SINGLE else bay.phases]) * site.voltage_v
    return total


def random_site(rng: random.Random) -> Site:
    """Any tree a person could enter: every grid, transformers, rotated and line-to-line wiring, one- and three-phase."""
    grid = rng.choice([GridType.WYE, GridType.WYE, GridType.DELTA, GridType.SPLIT, GridType.SINGLE])
    supply = rng.choice([rng.randint(12, 40), rng.randint(20, 200)])
    circuits = [_circuit(rng, "C0", None, grid, supply)]
    for n in range(1, rng.randint(1, 6)):
        circuits.append(_circuit(rng, f"C{n}", rng.choice(circuits), grid, rng.randint(10, 200)))
    by_name = {c.name: c for c in circuits}
    bays = tuple(
        _bay(rng, n, name := rng.choice(list(by_name)), by_name[name].grid or grid) for n in range(rng.randint(1, 12))
    )
    settings = BalanceSettings(margin_a=rng.choice([0.0, 1.0, 2.5]), share_by=rng.choice(list(ShareBy)))
    return Site(grid=grid, circuits=tuple(circuits), bays=bays, balance=settings, assumed=False)


def _circuit(rng: random.Random, name: str, parent: Circuit | None, grid: GridType, rating: float) -> Circuit:
    own, kind, ratio = None, Transformer.NONE, 1.0
    if parent is not None and grid.phases == 3 and rng.random() < 0.3:
        kind = rng.choice([Transformer.YY, Transformer.DYN1, Transformer.DYN11])
        ratio = rng.choice([1.0, 2.31, 0.5])
        own = rng.choice([GridType.WYE, GridType.DELTA])
    elif parent is not None:
        own, rating = parent.grid, min(rating, min(r for r in parent.rating_a if r))
    amps = tuple(float(rating) * rng.choice([1.0, 1.0, 0.6]) if p < grid.phases else 0.0 for p in range(3))
    meter = MeterSource() if rng.random() < 0.3 else None
    other = tuple(a * rng.choice([0.1, 0.5]) for a in amps) if meter or rng.random() < 0.2 else (0.0, 0.0, 0.0)
    return Circuit(
        name,
        amps,
        parent.name if parent else "",
        meter,
        other,
        continuous=rng.choice([1.0, 1.0, 0.8]),
        grid=own,
        transformer=kind,
        ratio=ratio,
        unbalance_a=float(rng.randint(10, 40)) if grid is not GridType.SINGLE and rng.random() < 0.15 else None,
    )


def _bay(rng: random.Random, n: int, circuit: str, grid: GridType) -> Bay:
    across = rng.choice(["RS", "ST", "TR"]) if grid.phases == 3 else "RS"
    star = rng.choice(["RST", "STR", "TRS", "RTS", "SRT", "TSR"])
    phases, rotation = rng.choice([(1, star), (3, star), (1, across), (3, ""), (1, "")])
    if grid is GridType.DELTA and phases == 1 and len(rotation) == 3:
        rotation = across
    if grid is GridType.SPLIT:
        phases, rotation = 1, rng.choice(["RS", "RST", "SRT", ""])
    if grid is GridType.SINGLE:
        phases, rotation = 1, "RST"
    return Bay(
        f"B{n}", 1, f"Bay {n}", circuit, max_a=float(rng.choice([10, 16, 20, 32, 80])), phases=phases, rotation=rotation
    )


def believed(rng: random.Random, site: Site) -> Site:
    """The site as it is: where the balancer was not told the wiring, one is drawn."""
    bays = []
    for bay in site.bays:
        grid = site.circuit(bay.circuit).grid or site.grid
        while not bay.rotation:
            bay = _bay(rng, int(bay.charger_id[1:]), bay.circuit, grid)
        told = next(b for b in site.bays if b.charger_id == bay.charger_id)
        if told.phases == 3 and bay.phases == 1:
            bay = Bay(**{**_fields(bay), "phases": 3, "rotation": rng.choice(["RST", "STR", "TRS"])})
        bays.append(Bay(**{**_fields(bay), "max_a": told.max_a}))
    return Site(grid=site.grid, circuits=site.circuits, bays=tuple(bays), balance=site.balance, assumed=False)


def _fields(bay: Bay) -> dict[str, object]:
    return {name: getattr(bay, name) for name in Bay.__dataclass_fields__}


def random_caps(rng: random.Random) -> tuple[PowerCap, ...]:
    if rng.random() < 0.7:
        return ()
    group = rng.choice([CapGroup.CHARGERS, CapGroup.CONNECTION])
    return (PowerCap("grid operator", rng.choice([0.0, 4200.0, 11000.0]), group),)
