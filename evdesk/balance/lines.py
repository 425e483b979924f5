"""Circuit tree -> conductors, and the load a set of limits puts on each.

A conductor is one phase of one circuit. Every connector on the circuit or on one below it loads it with a complex
coefficient; for star-connected chargers that is 1 on the phase its terminal is wired to (OCPP `ConnectorPhaseRotation`)
and, where nobody knows the wiring, 1 on every phase: the worst case, never an average.
"""

import cmath
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evdesk.balance.types import ANY_TERMINAL, Key, Line
from evdesk.model import PHASES, Bay, Circuit, GridType, Site

EPS = 1e-6
"""Ampere: rounding noise of sums, far below what any meter resolves."""

Terminals = tuple[bool, bool, bool]


def usable(rating_a: float) -> float:
    """A rating as a number that can only err towards 0: NaN, infinite and negative ones carry nothing."""
    return rating_a if math.isfinite(rating_a) and rating_a > 0 else 0.0


def paths(site: Site) -> dict[str, tuple[Circuit, ...]]:
    """Circuit name -> the circuit itself and everything above it up to the supply.

    Circuits that never reach the supply (loop, unknown parent) are left out: nothing may be allotted through them.
    """
    by_name = {c.name: c for c in site.circuits}
    found: dict[str, tuple[Circuit, ...]] = {}
    for circuit in site.circuits:
        chain: list[Circuit] = []
        at: Circuit | None = circuit
        while at is not None and at not in chain:
            chain.append(at)
            if at.parent == "":
                found[circuit.name] = tuple(chain)
                break
            at = by_name.get(at.parent)
    return found


def wired_terminal(bay: Bay, phase: int, grid: GridType) -> int | None:
    """Which terminal of the bay's charger loads this site phase; None: no terminal does; ANY_TERMINAL: not known."""
    if grid is GridType.SINGLE:
        return 0 if phase == 0 else None
    if len(bay.rotation) != 3 or set(bay.rotation) != {"R", "S", "T"}:
        return ANY_TERMINAL
    terminal = bay.rotation.index("RST"[phase])
    return terminal if terminal < bay.phases else None


def other_max(site: Site, phase: int) -> dict[str, float]:
    """Worst load that is no charger, per circuit. A circuit's own figure includes its sub-circuits (it is what its
    meter would show with no car there), so the larger of it and the sum of the children's counts."""
    known = paths(site)
    total = {name: 0.0 for name in known}
    for name, chain in sorted(known.items(), key=lambda item: -len(item[1])):  # leaves first
        total[name] = max(total[name], usable(chain[0].other_max_a[phase]))
        if len(chain) > 1:
            total[chain[1].name] += total[name]
    return total


def build_lines(site: Site) -> tuple[Line, ...]:
    """One `Line` per circuit and phase, supply first. `limit_a` is the rating; the margin is applied when deciding.

    A single-phase site has L1 only. Bays on circuits that do not reach the supply are on no line (and get nothing).
    """
    known = paths(site)
    lines: list[Line] = []
    for phase in range(1 if site.grid is GridType.SINGLE else 3):
        others = other_max(site, phase)
        for circuit in site.circuits:
            if circuit.name not in known:
                continue
            below = [b for b in site.bays if circuit in known.get(b.circuit, ())]
            wired = {(b.charger_id, b.connector_id): wired_terminal(b, phase, site.grid) for b in below}
            terminal = {key: t for key, t in wired.items() if t is not None}
            lines.append(
                Line(
                    name=f"{circuit.name}/{PHASES[phase]}",
                    circuit=circuit.name,
                    phase=phase,
                    limit_a=usable(circuit.rating_a[phase]),
                    coef=dict.fromkeys(terminal, 1 + 0j),
                    terminal=terminal,
                    other_max_a=others[circuit.name],
                    metered=circuit.meter is not None,
                    parent=circuit.parent,
                )
            )
    depth = {name: len(chain) for name, chain in known.items()}
    return tuple(sorted(lines, key=lambda line: depth[line.circuit]))


def worst_magnitude(parts: Iterable[tuple[complex, float]]) -> float:
    """max |sum(coef_i * x_i)| over every 0 <= x_i <= amps_i: not only full currents, for at angles above 90 degrees one
    car's current hides another's. Exact: the extreme points of a sum of segments lie on half-plane selections.
    """
    grouped: dict[complex, float] = {}
    for coef, amps in parts:
        grouped[coef] = grouped.get(coef, 0.0) + amps
    vectors = [coef * amps for coef, amps in grouped.items() if amps > 0 and coef != 0]
    best = abs(sum(vectors))
    for edge in vectors:
        for turn in (1j, -1j):
            normal = edge * turn
            side = sum(v for v in vectors if (v * normal.conjugate()).real > EPS * abs(v) * abs(normal))
            on_edge = [v for v in vectors if abs((v * normal.conjugate()).real) <= EPS * abs(v) * abs(normal)]
            ahead = sum(v for v in on_edge if (v * edge.conjugate()).real > 0)
            behind = sum(v for v in on_edge if (v * edge.conjugate()).real < 0)
            best = max(best, abs(side + ahead), abs(side + behind))
    return best


@dataclass(frozen=True, slots=True)
class Wire:
    """One line with the connectors that can load it now, as positions in the net's list. `unit`: all coefficients 1."""

    line: Line
    members: tuple[int, ...]
    coefs: tuple[complex, ...]
    terminals: tuple[int, ...]
    unit: bool

    def load(self, amps: Sequence[float]) -> float:
        """The most this line carries when each connector may take up to `amps[position]`."""
        if self.unit:
            return sum([amps[i] for i in self.members])
        return worst_magnitude((c, amps[i]) for c, i in zip(self.coefs, self.members, strict=True))


class Net:
    """The lines, indexed: positions instead of keys, and which lines are over each connector."""

    def __init__(self, lines: tuple[Line, ...], keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self.index = {key: i for i, key in enumerate(self.keys)}
        placed = {key for line in lines for key in line.coef}
        self.unplaced = frozenset(i for i, key in enumerate(self.keys) if key not in placed)
        self.wires: tuple[Wire, ...] = ()
        self.over: tuple[tuple[int, ...], ...] = ()
        self._lines = lines
        self._terminals: tuple[Terminals, ...] | None = None
        self.use([(True, True, True)] * len(self.keys))

    def use(self, terminals: Sequence[Terminals]) -> None:
        """Applies which terminals of each connector can carry current: a one-phase car loads only its own conductor."""
        wanted = tuple(terminals)
        if wanted == self._terminals:
            return
        self._terminals = wanted
        self.wires = tuple(self._wire(line, wanted) for line in self._lines)
        over: list[list[int]] = [[] for _ in self.keys]
        for w, wire in enumerate(self.wires):
            for i in wire.members:
                over[i].append(w)
        self.over = tuple(tuple(lines) for lines in over)

    def _wire(self, line: Line, terminals: Sequence[Terminals]) -> Wire:
        members = [
            (self.index[key], coef, terminal)
            for key, coef in line.coef.items()
            if key in self.index
            and _carries(terminal := line.terminal.get(key, ANY_TERMINAL), terminals[self.index[key]])
        ]
        members.sort(key=lambda member: member[0])
        return Wire(
            line,
            tuple(i for i, _, _ in members),
            tuple(c for _, c, _ in members),
            tuple(t for _, _, t in members),
            all(cmath.isclose(c, 1) for _, c, _ in members),
        )


def _carries(terminal: int, used: Terminals) -> bool:
    return any(used) if terminal == ANY_TERMINAL else used[terminal]
