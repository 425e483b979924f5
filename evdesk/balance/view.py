"""The lines as a person should see them: what flows, whose it is, what is kept free, what is left."""

from collections.abc import Sequence

from evdesk.balance.house import Other
from evdesk.balance.lines import Net, Wire
from evdesk.balance.policy import Seat
from evdesk.balance.types import LineKind, LineView

Drawn = tuple[float | None, float | None, float | None, float | None]
_NOTHING: Drawn = (0.0, 0.0, 0.0, 0.0)
_NONE = [0.0, 0.0, 0.0, 0.0]
_UNKNOWN: Drawn = (None, None, None, None)


def line_views(net: Net, seats: Sequence[Seat], others: Sequence[Other], margin_a: float) -> tuple[LineView, ...]:
    """One per conductor. What is not known stays None; `free_a` then counts the worst case."""
    flows, gaps, kept = list[float](), list[float](), list[float]()  # four per seat
    for seat in seats:
        four = _drawn(seat)
        silent = not seat.active and not seat.demand.commandable
        if None in four:
            gaps += _NONE if silent else [float(a is None) for a in four]
            four = (four[0] or 0.0, four[1] or 0.0, four[2] or 0.0, four[3] or 0.0)
        else:
            gaps += _NONE
        flows += four  # type: ignore[arg-type]
        # Silent: nobody knows what it draws, so all it may is kept free.
        kept += _NONE if seat.active or seat.base_a <= 0 else [max(seat.base_a - (a or 0.0), 0.0) for a in four]
    cars = net.terminal_loads(flows)
    unknown = net.matrix.times_terminals(gaps) if any(gaps) else [0.0] * len(cars)
    reserved = net.terminal_loads(kept) if any(kept) else [0.0] * len(cars)
    most = net.loads([max(seat.track.habit.takes(seat.track.limit), seat.base_a) for seat in seats])
    return tuple(
        _view(wire, other, margin_a, None if unknown[w] else cars[w], reserved[w], most[w])
        for w, (wire, other) in enumerate(zip(net.wires, others, strict=True))
        if wire.line.kind is LineKind.PHASE
    )


def _view(wire: Wire, other: Other, margin_a: float, cars: float | None, reserved: float, most_a: float) -> LineView:
    total = other.total_a
    house = other.now_a
    if total is not None and house is not None:
        # The meter is fresh, readings of cars are up to a sampling interval old: what is not house is cars. What known
        # cars do not explain may be what a silent charger draws, and is not kept free a second time.
        rest = max(total - house, 0.0)
        known = rest if cars is None else min(cars, rest)
        cars = known if reserved > 0 else rest
        reserved = max(reserved - (rest - cars), 0.0)
    if total is None and cars is not None and other.now_a is not None and not other.stale:
        total = cars + other.now_a
    limit = wire.line.limit_a
    free = limit - margin_a - other.plan_a - most_a if total is None else limit - margin_a - total - reserved
    silent = other.silent_a
    if total is not None and house is not None and silent > 0:
        silent = min(max(other.plan_a - house, 0.0), max(free, 0.0))  # the meter tells how little of it flows
        free -= silent
    return LineView(wire.line.name, total, cars, house, round(reserved, 3), max(free, 0.0), round(silent, 3))


def _drawn(seat: Seat) -> Drawn:
    """The current on its terminals L1, L2, L3 and on one nobody knows; None: it has a car and nobody knows."""
    demand = seat.demand
    reading = seat.track.reading if demand.wants or seat.base_a > 0 else None
    if not demand.commandable and seat.base_a > 0 and demand.wants is False:
        return _UNKNOWN
    if reading is None:
        return _NOTHING if seat.base_a <= 0 and not demand.charging else _UNKNOWN
    return (*reading, max((a for a in reading if a is not None), default=None))
