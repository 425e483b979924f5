"""The lines as a person should see them: what flows, whose it is, what is kept free, what is left."""

from collections.abc import Sequence

from evdesk.balance.house import Other
from evdesk.balance.lines import Net, Wire
from evdesk.balance.policy import Seat
from evdesk.balance.types import ANY_TERMINAL, LineKind, LineView


def line_views(
    net: Net, seats: Sequence[Seat], others: Sequence[Other], margin_a: float, now: float
) -> tuple[LineView, ...]:
    """One per conductor. What is not known stays None; `free_a` then counts the worst case."""
    return tuple(
        _view(wire, seats, other, margin_a, now)
        for wire, other in zip(net.wires, others, strict=True)
        if wire.line.kind is LineKind.PHASE
    )


def _view(wire: Wire, seats: Sequence[Seat], other: Other, margin_a: float, now: float) -> LineView:
    all_known, flows, kept, most = True, list[float](), list[float](), list[float]()
    for i, terminal in zip(wire.members, wire.terminals, strict=True):
        seat = seats[i]
        drawn = _drawn(seat, terminal, now)
        most.append(max(float(seat.track.limit), seat.base_a))
        flows.append(drawn or 0.0)
        if drawn is None and (seat.active or seat.demand.commandable):
            all_known = False
        # Silent: nobody knows what it draws, so all it may is kept free.
        heard = seat.active or (drawn is None and seat.demand.commandable)
        kept.append(0.0 if heard else max(seat.base_a - (drawn or 0.0), 0.0))
    cars = wire.sum(flows) if all_known else None
    reserved = wire.sum(kept)
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
    free = limit - margin_a - other.plan_a - wire.sum(most) if total is None else limit - margin_a - total - reserved
    return LineView(wire.line.name, total, cars, house, round(reserved, 3), max(free, 0.0))


def _drawn(seat: Seat, terminal: int, now: float) -> float | None:
    """The current this connector puts on a conductor; None: it has a car and nobody knows."""
    reading = seat.track.reading if seat.demand.wants or seat.base_a > 0 else None
    if not seat.demand.commandable and seat.base_a > 0 and seat.demand.wants is False:
        return None
    if reading is None:
        return 0.0 if seat.base_a <= 0 and not seat.demand.charging else None
    if terminal == ANY_TERMINAL:
        return max((a for a in reading if a is not None), default=None)
    return reading[terminal]
