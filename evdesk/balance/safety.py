"""Every second, per line: what may flow must fit, and if it does not, who is cut, at once and in whole ampere.

Cutting takes from the largest first (the same level for all on the line), which keeps equal shares equal and needs no
memory. Where even the minimum does not fit, connectors go to 0 one after the other in the order given by the caller, the
least harmful first. Lines are worked from the leaves to the supply, differences of two phases last: only those can rise
by a cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evdesk.balance.habit import Pull
from evdesk.balance.lines import EPS, Net, Wire
from evdesk.balance.track import Bounds
from evdesk.balance.types import ANY_TERMINAL
from evdesk.model import Phases


@dataclass(slots=True)
class Cut:
    """A running reduction. `limits` per position, changed in place; `by`: position -> the line that took from it."""

    limits: list[int]
    by: dict[int, int] = field(default_factory=dict)

    def lower(self, index: int, amps: int, line: int) -> None:
        if amps < self.limits[index]:
            self.limits[index] = amps
            self.by[index] = line


@dataclass(frozen=True, slots=True)
class Cuttable:
    """What may be cut: position -> its minimum, and the order in which to give up when minimums do not fit."""

    min_a: Mapping[int, int]
    drop_order: Sequence[int]


@dataclass(frozen=True, slots=True)
class Above:
    """A line whose meter is over its rating. `excess_a`: down to rating less margin."""

    wire: Wire
    w: int
    excess_a: float
    extra_a: float = 0.0  # what its breaker bears for now before a connector is switched off


def enforce(
    net: Net,
    rooms: Sequence[float],
    pull: Pull,
    cut: Cut,
    cuttable: Cuttable,
    extra: Sequence[float] | None = None,
) -> None:
    """Lowers `cut.limits` until no line carries more than its room. `extra` per line: what its breaker bears for now
    before a connector is switched off; minimums may stay that far above the room.

    A connector counts as `pull` says. Where what flows whatever is decided (silent chargers, cars that do not obey) is too
    much alone, every cuttable connector on the line ends at 0.
    """
    _give_up(net, [room + (extra[w] if extra else 0.0) for w, room in enumerate(rooms)], pull, cut, cuttable)
    amps = pull.all(cut.limits)
    # A cut lowers every line but one: the difference of two phases, when the lighter one lost. Those come last, and again
    # while one still gives way; each round lowers a limit, so it ends.
    order = [w for w in range(len(net.wires) - 1, -1, -1) if not net.wires[w].nominal]
    pairs = [w for w, wire in enumerate(net.wires) if wire.nominal]
    for w in order + pairs * (len(pairs) and 1 + len(cut.limits)):
        wire = net.wires[w]
        if wire.load(amps) > rooms[w] + EPS:
            relieve(wire, w, rooms[w], pull, None, cut, cuttable, extra[w] if extra else 0.0)
            for i in wire.members:
                amps[i] = pull.at(i, cut.limits[i])
        elif wire.nominal and w == pairs[-1] and not _above(net, rooms, amps, pairs):
            break


def _give_up(net: Net, rooms: Sequence[float], pull: Pull, cut: Cut, cuttable: Cuttable) -> None:
    """Where the minimums of all do not fit: who gives up, over all lines together. Line after line alone would switch off
    more than it takes: whom the first line gave up may have had room once another gave up for the next."""
    base, amps = pull.base, pull.all(cut.limits)
    for i, least in cuttable.min_a.items():
        amps[i] = pull.at(i, min(least, cut.limits[i]))
    dropped: list[tuple[int, int, float]] = []
    for w in range(len(net.wires) - 1, -1, -1):
        wire = net.wires[w]
        if wire.nominal or wire.load(amps) <= rooms[w] + EPS:
            continue
        members = set(wire.members)
        for i in [i for i in cuttable.drop_order if i in members and amps[i] > base[i]]:
            dropped.append((i, w, amps[i]))
            amps[i] = base[i]
            if wire.load(amps) <= rooms[w] + EPS:
                break
    for i, w, minimum in reversed(dropped):
        amps[i] = minimum
        full = [v for v in net.over[i] if not net.wires[v].nominal and net.wires[v].load(amps) > rooms[v] + EPS]
        if full:
            amps[i] = base[i]
            cut.lower(i, 0, w if w in full else full[0])


def _above(net: Net, rooms: Sequence[float], amps: Sequence[float], wires: Sequence[int]) -> bool:
    return any(net.wires[w].load(amps) > rooms[w] + EPS for w in wires)


def relieve(
    wire: Wire,
    w: int,
    room: float,
    pull: Pull,
    drawn: Sequence[float] | None,
    cut: Cut,
    cuttable: Cuttable,
    extra_a: float = 0.0,
) -> None:
    """Lowers the limits on one line until it fits, or with all at their minimum is at most `extra_a` above. With `drawn`
    (what each connector takes now) a limit above it counts as what is drawn: used when the meter is above the limit and
    only real current helps."""
    sign = wire.sign(pull.all(cut.limits))
    members = [i for i in wire.heavier(sign) if i in cuttable.min_a and cut.limits[i] > 0]
    amps = [0.0] * len(cut.limits)

    def load(limits: Mapping[int, int]) -> float:
        for i in wire.members:
            wanted = pull.at(i, limits.get(i, cut.limits[i]))
            amps[i] = wanted if drawn is None else max(pull.base[i], min(wanted, drawn[i]))
        return wire.load(amps) if sign == 0 else wire.towards(amps, sign)

    dropped: dict[int, int] = {}
    order = [i for i in cuttable.drop_order if i in set(members)]
    floors = {i: min(cuttable.min_a[i], cut.limits[i]) for i in members}
    for i in order:
        if load(floors | dropped) <= room + extra_a + EPS:
            break
        dropped[i] = 0
    kept = [i for i in members if i not in dropped]
    low, high = 0, max((cut.limits[i] for i in kept), default=0)
    while low < high:
        middle = (low + high + 1) // 2
        if load(_at_level(kept, floors, cut.limits, middle) | dropped) <= room + EPS:
            low = middle
        else:
            high = middle - 1
    for i, amps_i in (_at_level(kept, floors, cut.limits, low) | dropped).items():
        cut.lower(i, amps_i, w)


def _at_level(kept: Sequence[int], floors: Mapping[int, int], limits: Sequence[int], level: int) -> dict[int, int]:
    return {i: max(floors[i], min(limits[i], level)) for i in kept}


def relieve_metered(
    above: Above,
    pull: Pull,
    readings: Sequence[Phases | None],
    bounds: Sequence[Bounds],
    cut: Cut,
    cuttable: Cuttable,
) -> None:
    """Makes real current fall by the excess; each second anew, for the demanded fall is counted from the readings and
    not from the limits: what is on its way already is not demanded twice.

    Lowering the limit of a car that draws less than it may brings nothing, so cars count at what they were seen to draw;
    only if all of that together is less than the excess, at what they might draw (one that woke since its last reading).
    """
    wire = above.wire
    base = pull.base
    seen, most = list(base), list(base)
    for i, t in zip(wire.members, wire.terminals, strict=True):
        if i in cuttable.min_a and base[i] <= 0:
            seen[i], most[i] = _seen(readings[i], t, bounds[i]), bounds[i][1][t]
    known = sum(seen[i] for i in wire.members if i in cuttable.min_a and base[i] <= 0)
    drawn = seen if known >= above.excess_a else most
    relieve(wire, above.w, wire.load(drawn) - above.excess_a, pull, drawn, cut, cuttable, above.extra_a)


def _seen(reading: Phases | None, terminal: int, bounds: Bounds) -> float:
    """No more than it can draw by now: one that was lowered a reaction time ago has fallen, whatever its last reading."""
    if reading is None:
        return bounds[1][terminal]
    if terminal == ANY_TERMINAL:
        return min(max((v for v in reading if v is not None), default=0.0), bounds[1][terminal])
    value = reading[terminal]
    return bounds[1][terminal] if value is None else min(value, bounds[1][terminal])
