"""The lines as the balancer works with them: which connectors load each, and the load a set of limits puts on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import mul

import numpy as np

from evdesk.balance.types import ANY_TERMINAL, Key, Line, LineKind

EPS = 1e-6
"""Ampere: rounding noise of sums, far below what any meter resolves."""

Terminals = tuple[bool, bool, bool]


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
    """One line with the connectors that can load it now, as positions in the net's list.

    `aligned`: all currents on it are in phase, so that magnitudes add up; `acute`: no two are more than 90 degrees apart,
    so that the most flows when all flow. `loose`: members whose angle nobody knows."""

    line: Line
    members: tuple[int, ...]
    coefs: tuple[complex, ...]
    terminals: tuple[int, ...]
    loose: frozenset[int] = frozenset()
    sizes: tuple[float, ...] = field(init=False)
    aligned: bool = field(init=False)
    acute: bool = field(init=False)
    turned: tuple[complex, ...] = field(init=False)  # the coefficients, 0 for loose ones
    unturned: tuple[float, ...] = field(init=False)  # the sizes, 0 for all others

    def __post_init__(self) -> None:
        fixed = {c / abs(c) for c, i in zip(self.coefs, self.members, strict=True) if i not in self.loose and c != 0}
        pairs = [(a * b.conjugate()).real for a in fixed for b in fixed]
        object.__setattr__(self, "sizes", tuple(abs(c) for c in self.coefs))
        object.__setattr__(self, "aligned", all(cosine > 1 - 1e-9 for cosine in pairs))
        object.__setattr__(self, "acute", all(cosine > -1e-9 for cosine in pairs))
        loose = [i in self.loose for i in self.members]
        object.__setattr__(self, "turned", tuple(0j if off else c for c, off in zip(self.coefs, loose, strict=True)))
        object.__setattr__(self, "unturned", tuple(s if off else 0.0 for s, off in zip(self.sizes, loose, strict=True)))

    @property
    def nominal(self) -> bool:
        """Counted with every car at its limit: one that draws less may raise it (unbalance)."""
        return self.line.kind is LineKind.UNBALANCE

    def load(self, amps: Sequence[float]) -> float:
        """The most this line carries when each connector may take up to `amps[position]`."""
        return self.sum([amps[i] for i in self.members])

    def sum(self, each: Sequence[float]) -> float:
        """The same, `each` in the order of `members`."""
        if self.aligned:
            return sum(map(mul, self.sizes, each), 0.0)
        extra = sum(map(mul, self.unturned, each), 0.0) if self.loose else 0.0
        if self.acute or self.nominal:
            return float(abs(sum(map(mul, self.turned, each), 0j))) + extra
        return worst_magnitude(zip(self.turned, each, strict=True)) + extra

    def sign(self, amps: Sequence[float]) -> int:
        """Which of two unbalanced phases carries more, +1 or -1; 0 for every other line."""
        if not self.nominal:
            return 0
        known = sum([c.real * amps[i] for c, i in zip(self.coefs, self.members, strict=True) if i not in self.loose])
        return 1 if known >= 0 else -1

    def towards(self, amps: Sequence[float], sign: int) -> float:
        """By how much the phase of that sign is above the other; falls when one of its connectors is cut."""
        return sum(
            [
                (s if i in self.loose else sign * c.real) * amps[i]
                for s, c, i in zip(self.sizes, self.coefs, self.members, strict=True)
            ]
        )

    def heavier(self, sign: int) -> tuple[int, ...]:
        """The members whose cut lowers the load: all, but on an unbalanced pair of phases those of the fuller one."""
        if sign == 0:
            return self.members
        return tuple(i for c, i in zip(self.coefs, self.members, strict=True) if i in self.loose or c.real * sign > 0)


class SizeMatrix:
    """Coefficients of all wires as one matrix: with 200 connectors a product takes what a single line takes in Python.
    Only where currents are in phase magnitudes add up; the positions in `odd` need their own sum, most of them as one
    product too."""

    def __init__(self, wires: Sequence[Wire], columns: int) -> None:
        self._sizes = np.zeros((len(wires), columns))
        self._terminals = np.zeros((len(wires), columns * 4))
        for w, wire in enumerate(wires):
            self._sizes[w, list(wire.members)] = wire.sizes
            at = [i * 4 + t % 4 for i, t in zip(wire.members, wire.terminals, strict=True)]
            self._terminals[w, at] = wire.sizes
        self.odd = frozenset(w for w, wire in enumerate(wires) if not wire.aligned)
        sizes = (min(wire.sizes, default=0.0) for wire in wires)
        self._smallest = tuple(1.0 if w in self.odd else size for w, size in enumerate(sizes))
        summed = [w for w in sorted(self.odd) if wires[w].acute or wires[w].nominal]
        self._summed = np.array(summed, dtype=np.int64)
        self._slow = [(w, wires[w]) for w in sorted(self.odd) if w not in summed]
        self._parts = np.zeros((3, len(summed), columns))  # real, imaginary, and of unknown angle
        for r, w in enumerate(summed):
            at = list(wires[w].members)
            self._parts[0, r, at] = [c.real for c in wires[w].turned]
            self._parts[1, r, at] = [c.imag for c in wires[w].turned]
            self._parts[2, r, at] = wires[w].unturned

    @property
    def smallest(self) -> tuple[float, ...]:
        """Per wire, what one more ampere of any connector adds at least."""
        return self._smallest

    def least(self, w: int, i: int) -> float:
        """What one more ampere of the connector adds to the wire, as far as that is sure."""
        return 1.0 if w in self.odd else float(self._sizes[w, i])

    def loads(self, amps: Sequence[float]) -> list[float]:
        """`Wire.load` of every wire."""
        each = np.array(amps, dtype=float)
        loads = self._sizes @ each
        if len(self._summed):
            real, imag, loose = self._parts @ each
            loads[self._summed] = np.hypot(real, imag) + loose
        found: list[float] = loads.tolist()
        for w, wire in self._slow:
            found[w] = wire.load(amps)
        return found

    def times_terminals(self, amps: Sequence[float]) -> list[float]:
        """Four values per connector, one after the other (L1, L2, L3, a terminal nobody knows) -> one per wire."""
        found: list[float] = (self._terminals @ np.array(amps)).tolist()
        return found


class Net:
    """The lines, indexed: positions instead of keys, and which lines are over each connector."""

    def __init__(self, lines: tuple[Line, ...], keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self.index = {key: i for i, key in enumerate(self.keys)}
        placed = {key for line in lines for key in line.coef}
        self.unplaced = frozenset(i for i, key in enumerate(self.keys) if key not in placed)
        self.wires: tuple[Wire, ...] = ()
        self.over: tuple[tuple[int, ...], ...] = ()
        self.lines = lines
        self._applied: tuple[object, ...] | None = None
        self.use([(True, True, True)] * len(self.keys))

    def use(self, terminals: Sequence[Terminals], quiet: frozenset[int] = frozenset()) -> None:
        """Applies which terminals of each connector can carry current: a one-phase car loads only its own conductor.
        `quiet`: positions that draw nothing, left out where two phases must stay level."""
        wanted = tuple(terminals)
        if (wanted, quiet) == self._applied:
            return
        self._applied = (wanted, quiet)
        off = (False, False, False)
        level = tuple(off if i in quiet else used for i, used in enumerate(wanted)) if quiet else wanted
        self.wires = tuple(
            self._wire(line, level if line.kind is LineKind.UNBALANCE else wanted) for line in self.lines
        )
        over: list[list[int]] = [[] for _ in self.keys]
        for w, wire in enumerate(self.wires):
            for i in wire.members:
                over[i].append(w)
        self.over = tuple(tuple(lines) for lines in over)
        self.matrix = SizeMatrix(self.wires, len(self.keys))

    def terminal_loads(self, amps: Sequence[float]) -> list[float]:
        """What each wire carries with these amps, four per connector: L1, L2, L3 and a terminal nobody knows."""
        found = self.matrix.times_terminals(amps)
        for w in self.matrix.odd:
            wire = self.wires[w]
            found[w] = wire.sum([amps[4 * i + t % 4] for i, t in zip(wire.members, wire.terminals, strict=True)])
        return found

    def loads(self, amps: Sequence[float]) -> list[float]:
        """`Wire.load` of every wire."""
        return self.matrix.loads(amps)

    def _wire(self, line: Line, terminals: Sequence[Terminals]) -> Wire:
        members: list[tuple[int, complex, int]] = []
        for key in line.coef:
            if key not in self.index:
                continue
            coef = carried(line, key, terminals[self.index[key]])
            if abs(coef) > EPS:
                members.append((self.index[key], coef, line.terminal.get(key, ANY_TERMINAL)))
        members.sort(key=lambda member: member[0])
        return Wire(
            line,
            tuple(i for i, _, _ in members),
            tuple(c for _, c, _ in members),
            tuple(t for _, _, t in members),
            frozenset(i for i, _, _ in members if self.keys[i] in line.loose),
        )


def carried(line: Line, key: Key, used: Terminals) -> complex:
    """What one ampere of that connector puts on the line while it uses those terminals; 0 where none of them feeds it."""
    if not _carries(line.terminal.get(key, ANY_TERMINAL), used):
        return 0j
    return sum((c for t, c in line.parts[key] if used[t]), 0j) if key in line.parts else line.coef[key]


def _carries(terminal: int, used: Terminals) -> bool:
    return any(used) if terminal == ANY_TERMINAL else used[terminal]
