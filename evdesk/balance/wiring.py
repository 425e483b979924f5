"""Circuit tree -> conductors. A conductor is one phase of one circuit; every connector on the circuit or on one below it
loads it with a complex coefficient, the phasor that one ampere at the connector puts there.

    star-connected outlet     1 on the phase its terminal is wired to (OCPP `ConnectorPhaseRotation`)
    outlet between two phases +u on one, -u on the other, u along the voltage between them (30, -90 or 150 degrees)
    nobody knows              1 on every phase at any angle: the worst case, never an average
    below a transformer       yy: over the ratio; Dyn: the difference of two phases, over the ratio and the root of three

Loads are taken at unity power factor, as charging cars are; the angle of everything else is not needed, for it is added
by its magnitude.
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evdesk.balance.types import ANY_TERMINAL, CAP, SOLAR, SOLAR_FIRST, Key, Line, LineKind, Part
from evdesk.model import PHASES, Bay, CapGroup, ChargeMode, Circuit, GridType, PowerCap, Site, Transformer

_TURN = {
    GridType.WYE: (0.0, -120.0, 120.0),
    GridType.DELTA: (0.0, -120.0, 120.0),
    GridType.SPLIT: (0.0, 180.0),
    GridType.SINGLE: (0.0,),
}
_WINDING = {Transformer.DYN11: 2, Transformer.DYN1: 1}
"""Line p on the feeding side carries the currents of phases p and p + this, in opposite directions (IEC 60076-1)."""


DEEPEST = 64
"""Circuits above one another: far more than `validate_site` lets pass."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What one ampere at a connector puts on the phases of a circuit. `loose`: the phase, so the angle, is not known."""

    parts: tuple[tuple[Part, ...], ...]
    loose: bool = False


def usable(rating_a: float) -> float:
    """A rating as a number that can only err towards 0: NaN, infinite and negative ones carry nothing."""
    return rating_a if math.isfinite(rating_a) and rating_a > 0 else 0.0


def may_carry(circuit: Circuit, phase: int) -> float:
    """Ampere a phase of this circuit may carry for hours: its rating, less where only a part of it may flow for long."""
    return usable(circuit.rating_a[phase]) * min(usable(circuit.continuous), 1.0)


def grid_of(site: Site, circuit: Circuit) -> GridType:
    return circuit.grid or site.grid


def paths(site: Site) -> dict[str, tuple[Circuit, ...]]:
    """Circuit name -> the circuit itself and everything above it up to the supply.

    Circuits that never reach the supply (loop, unknown parent, far too deep) are left out: nothing may be allotted through
    them. Of several with one name, which no good site has, the smallest ratings count.
    """
    by_name: dict[str, Circuit] = {}
    for circuit in site.circuits:
        other = by_name.get(circuit.name)
        by_name[circuit.name] = circuit if other is None else _narrower(other, circuit)
    found: dict[str, tuple[Circuit, ...]] = {}
    for name, circuit in by_name.items():
        chain: dict[str, Circuit] = {}
        at: Circuit | None = circuit
        while at is not None and at.name not in chain and len(chain) < DEEPEST:
            chain[at.name] = at
            if at.parent == "":
                found[name] = tuple(chain.values())
                break
            at = by_name.get(at.parent)
    return found


def _narrower(one: Circuit, two: Circuit) -> Circuit:
    (a, b, c), (d, e, f) = ([usable(r) for r in x.rating_a] for x in (one, two))
    (k, m, n), (o, p, q) = one.other_max_a, two.other_max_a
    return replace(
        one,
        rating_a=(min(a, d), min(b, e), min(c, f)),
        other_max_a=(max(k, o), max(m, p), max(n, q)),
        continuous=min(one.continuous, two.continuous),
    )


def wired(bay: Bay, grid: GridType) -> Reach:
    """What one ampere of this bay's charger puts on each phase of its own circuit."""
    turns = [cmath.rect(1.0, math.radians(turn)) for turn in _TURN[grid]]
    if grid is GridType.SINGLE:
        return Reach((((0, 1 + 0j),),))
    across = bay.across
    if across is not None and max(across) < len(turns):
        one, two = across
        along = turns[one] - turns[two]
        along /= abs(along)
        sides = {one: along, two: -along}
        return Reach(tuple(((0, sides[p]),) if p in sides else () for p in range(len(turns))))
    if len(bay.rotation) == 3 and set(bay.rotation) == {"R", "S", "T"} and _has_path(bay, grid):
        terminals = [bay.rotation.index("RST"[phase]) for phase in range(len(turns))]
        return Reach(tuple(((t, turns[p]),) if t < bay.phases else () for p, t in enumerate(terminals)))
    return Reach(tuple(((ANY_TERMINAL, 1 + 0j),) for _ in turns), loose=True)


def _has_path(bay: Bay, grid: GridType) -> bool:
    """Whether three letters say where the current flows: without a neutral only for three phases."""
    if grid is GridType.SPLIT:
        return bay.phases == 1 and bay.rotation[0] != "T"
    return grid is not GridType.DELTA or bay.phases == 3


def fed_through(reach: Reach, circuit: Circuit) -> Reach:
    """The same ampere on the side that feeds this circuit."""
    step = _WINDING.get(circuit.transformer)
    ratio = usable(circuit.ratio) or 1.0
    if circuit.transformer is Transformer.NONE:
        return reach
    if step is None:
        return Reach(tuple(tuple((t, c / ratio) for t, c in part) for part in reach.parts), reach.loose)
    turns = 1.0 / (math.sqrt(3.0) * ratio)
    # The low side's voltages stand 30 degrees ahead of (Dyn11) or behind (Dyn1) those of the feeding side: a balanced load
    # is in phase with its voltage on both.
    shift = cmath.rect(1.0, math.radians(30.0 if circuit.transformer is Transformer.DYN11 else -30.0))
    if reach.loose:  # at its worst it sits between the two phases a winding pair sees
        most = max((abs(c) for part in reach.parts for _, c in part), default=0.0)
        return Reach((((ANY_TERMINAL, complex(2.0 * turns * most)),),) * 3, loose=True)
    made: list[tuple[Part, ...]] = []
    for phase in range(3):
        sums: dict[int, complex] = {}
        for sign, source in ((1.0, phase), (-1.0, (phase + step) % 3)):
            for terminal, coef in reach.parts[source]:
                sums[terminal] = sums.get(terminal, 0j) + sign * turns * shift * coef
        made.append(tuple((t, c) for t, c in sums.items() if abs(c) > 1e-9))
    return Reach(tuple(made))


def kw_per_a(site: Site, bay: Bay, terminals: tuple[bool, bool, bool]) -> float:
    """Power of one ampere at this connector, at the site's voltage and unity power factor."""
    circuit = site.circuit(bay.circuit)
    grid = site.grid if circuit is None else grid_of(site, circuit)
    if bay.across is not None and grid is not GridType.SINGLE:
        times = 2.0 if grid is GridType.SPLIT else math.sqrt(3.0)
    else:
        times = float(max(sum(terminals[: min(max(bay.phases, 1), grid.phases)]), 1))
    return times * site.voltage_v / 1000.0


def other_max(site: Site) -> dict[str, tuple[float, ...]]:
    """Worst load that is no charger, per circuit and phase. A circuit's own figure includes its sub-circuits (it is what
    its meter would show with no car there), so the larger of it and the sum of the children's counts."""
    known = paths(site)
    below: dict[str, list[float]] = {name: [0.0, 0.0, 0.0] for name in known}
    for name, chain in sorted(known.items(), key=lambda item: -len(item[1])):  # leaves first
        circuit = chain[0]
        below[name] = [max(had, usable(own)) for had, own in zip(below[name], circuit.other_max_a, strict=True)]
        if len(chain) > 1:
            for phase, amps in enumerate(_other_above(circuit, below[name])):
                below[chain[1].name][phase] += amps
    return {name: tuple(amps) for name, amps in below.items()}


def _other_above(circuit: Circuit, amps: Sequence[float]) -> list[float]:
    ratio = usable(circuit.ratio) or 1.0
    step = _WINDING.get(circuit.transformer)
    if circuit.transformer is Transformer.NONE:
        return list(amps)
    if step is None:
        return [a / ratio for a in amps]
    return [(amps[p] + amps[(p + step) % 3]) / (math.sqrt(3.0) * ratio) for p in range(3)]


def _near(known: dict[str, tuple[Circuit, ...]], others: dict[str, tuple[float, ...]]) -> dict[str, bool]:
    """Circuit -> no other load comes to it through a delta-star transformer, which would turn it by up to 90 degrees: none
    is entered below one, and no meter there might show any."""
    near = dict.fromkeys(known, True)
    for name, chain in known.items():
        if chain[0].meter is None and not any(others[name]):
            continue
        for n, circuit in enumerate(chain[:-1]):
            if circuit.transformer in _WINDING:
                near |= dict.fromkeys((above.name for above in chain[n + 1 :]), False)
    return near


def _lifts(circuit: Circuit, phase: int) -> tuple[tuple[int, float], ...]:
    """What an ampere of other load on this phase is at most on the phases that feed the circuit."""
    one = [0.0, 0.0, 0.0]
    one[phase] = 1.0
    return tuple((p, amps) for p, amps in enumerate(_other_above(circuit, one)) if amps > 0)


def build_lines(site: Site, caps: Sequence[PowerCap] = ()) -> tuple[Line, ...]:
    """One `Line` per circuit and phase, supply first, then limits of unbalance, then power limits (`caps`). The margin
    is applied when deciding. Bays on circuits that do not reach the supply are on no line (and get nothing)."""
    known = paths(site)
    others = other_max(site)
    near = _near(known, others)
    reaches = _reaches(site, known)
    lines: list[Line] = []
    for name in sorted(known, key=lambda name: len(known[name])):
        circuit = known[name][0]
        grid = grid_of(site, circuit)
        for phase in range(grid.phases):
            # Only angles within a line count: seen from its own voltage a star-connected ampere is exactly 1.
            turn = cmath.rect(1.0, -math.radians(_TURN[grid][phase]))
            parts = {
                key: tuple((t, _exact(c if t == ANY_TERMINAL else c * turn)) for t, c in r.parts[phase])
                for key, r in reaches[name].items()
                if r.parts[phase]
            }
            loose = frozenset(key for key in parts if reaches[name][key].loose)
            lines.append(
                _line(
                    Line(
                        name=f"{name}/{PHASES[phase]}",
                        circuit=name,
                        phase=phase,
                        limit_a=may_carry(circuit, phase),
                        other_max_a=others[name][phase],
                        metered=circuit.meter is not None,
                        parent=circuit.parent,
                        loose=loose,
                        lifts=_lifts(circuit, phase),
                        breaker=circuit.breaker,
                        rating_a=usable(circuit.rating_a[phase]),
                        near=near[name],
                    ),
                    parts,
                )
            )
    for name in known:
        lines += _unbalance(site, known[name][0], reaches[name])
    lines += _solar_lines(site, known)
    return tuple(lines) + tuple(_cap_line(site, cap, known) for cap in caps)


def mode_of(site: Site, bay: Bay) -> ChargeMode:
    return bay.mode or site.balance.mode


def _solar_lines(site: Site, known: dict[str, tuple[Circuit, ...]]) -> list[Line]:
    """What the roof gives away, as lines over those that charge from it only, and over all that prefer it; none where
    nobody does. Their limit is set each second."""
    both = {
        (b.charger_id, b.connector_id): mode_of(site, b)
        for b in site.bays
        if mode_of(site, b) in (ChargeMode.SOLAR_ONLY, ChargeMode.SOLAR_FIRST)
    }
    only = {key for key, mode in both.items() if mode is ChargeMode.SOLAR_ONLY}
    lines = [(SOLAR, only)] if only else []
    if len(both) > len(only):
        lines.append((SOLAR_FIRST, set(both)))
    power = _powers(site, known)
    return [
        _line(Line(name, limit_a=0.0, kind=LineKind.POWER), {key: power[key] for key in sorted(keys) if key in power})
        for name, keys in lines
    ]


def _exact(coef: complex) -> complex:
    return complex(round(coef.real, 12), round(coef.imag, 12))


def _reaches(site: Site, known: dict[str, tuple[Circuit, ...]]) -> dict[str, dict[Key, Reach]]:
    """Circuit -> what each connector on or below it puts there."""
    found: dict[str, dict[Key, Reach]] = {name: {} for name in known}
    for bay in site.bays:
        chain = known.get(bay.circuit, ())
        if not chain:
            continue
        reach = wired(bay, grid_of(site, chain[0]))
        for n, circuit in enumerate(chain):
            reach = reach if n == 0 else fed_through(reach, chain[n - 1])
            found[circuit.name][(bay.charger_id, bay.connector_id)] = reach
    return found


def _line(line: Line, parts: dict[Key, tuple[Part, ...]]) -> Line:
    """The line with its members. One terminal: its coefficient; several: their sum, and the parts to choose from."""
    for key, made in parts.items():
        line.coef[key] = sum(c for _, c in made)
        line.terminal[key] = made[0][0] if len(made) == 1 else ANY_TERMINAL
        if len(made) > 1:
            line.parts[key] = made
    return line


def _unbalance(site: Site, circuit: Circuit, reaches: dict[Key, Reach]) -> list[Line]:
    """The difference of two phases as a line: chargers on both phases with the same current do not load it."""
    limit = circuit.unbalance_a
    if limit is None:
        return []
    lines: list[Line] = []
    count = grid_of(site, circuit).phases
    for one, two in ((0, 1), (1, 2), (2, 0))[: 3 if count == 3 else max(count - 1, 0)]:
        parts: dict[Key, tuple[Part, ...]] = {}
        loose: set[Key] = set()
        for key, reach in reaches.items():
            if reach.loose:
                parts[key] = ((ANY_TERMINAL, 1 + 0j),)
                loose.add(key)
                continue
            sums: dict[int, complex] = {}
            for sign, phase in ((1, one), (-1, two)):
                for terminal, coef in reach.parts[phase]:
                    sums[terminal] = sums.get(terminal, 0j) + sign * abs(coef)
            made = tuple((t, _exact(c)) for t, c in sums.items() if abs(c) > 1e-9)
            if made:
                parts[key] = made
        lines.append(
            _line(
                Line(
                    name=f"{circuit.name}/{PHASES[one]}-{PHASES[two]}",
                    circuit=circuit.name,
                    phase=-1,
                    limit_a=usable(limit),
                    parent=circuit.parent,
                    kind=LineKind.UNBALANCE,
                    loose=frozenset(loose),
                ),
                parts,
            )
        )
    return lines


def _cap_line(site: Site, cap: PowerCap, known: dict[str, tuple[Circuit, ...]]) -> Line:
    """A power limit in ampere at the site's voltage: a terminal against neutral counts once, one between two phases by
    the voltage it sees."""
    limit = usable(cap.power_w) / site.voltage_v if site.voltage_v > 0 else 0.0
    house = cap.group is CapGroup.CONNECTION
    return _line(Line(f"{CAP}{cap.source}", "", -1, limit, kind=LineKind.POWER, with_other=house), _powers(site, known))


def _powers(site: Site, known: dict[str, tuple[Circuit, ...]]) -> dict[Key, tuple[Part, ...]]:
    """Power of one ampere of each connector over that of one at the site's voltage, per terminal."""
    parts: dict[Key, tuple[Part, ...]] = {}
    for bay in site.bays:
        chain = known.get(bay.circuit)
        if not chain:
            continue
        grid = grid_of(site, chain[0])
        certain = not wired(bay, grid).loose
        if grid is not GridType.SINGLE and bay.phases == 1 and (bay.across is not None or not certain):
            # Where nobody knows, it may sit between two phases: more power per ampere.
            made: tuple[Part, ...] = ((0, complex(2.0 if grid is GridType.SPLIT else math.sqrt(3.0))),)
        else:
            made = tuple((t, 1 + 0j) for t in range(min(max(bay.phases, 1), grid.phases)))
        parts[(bay.charger_id, bay.connector_id)] = made
    return parts
