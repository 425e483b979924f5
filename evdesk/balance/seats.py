"""From a demand, as the engine states it, to a seat: cleaned, bounded by the bay, with what flows in any case."""

import math
from collections.abc import Iterable

from evdesk.balance.habit import MIN_A, SAME_A, TIMES_MIN, Habit
from evdesk.balance.lines import EPS
from evdesk.balance.policy import Seat
from evdesk.balance.reasons import OFF
from evdesk.balance.track import ANSWER_S, Track, clean
from evdesk.balance.types import Demand, Key
from evdesk.balance.wiring import usable
from evdesk.model import BalanceSettings, Bay, Why, WhyCode

CARRIES_A = 1.0
"""A terminal with more than this carries current, whatever is said about the car's phases."""

SOFT_A = 3.0
"""Who draws up to `TIMES_MIN` the minimum although told less may be a car that takes no less, and who draws so much more
than told one that takes more of everything; both stop when told to. More is a charger that does not listen: nothing is
expected of it until it was seen to stop."""

_ALL = (True, True, True)
_CUT = frozenset({WhyCode.LINE, WhyCode.WAITING, WhyCode.CAP})


def silent(key: Key, bay: Bay) -> Demand:
    """Stands in for a connector nobody says anything about: it may draw its full rating on every terminal."""
    worst = usable(bay.max_a)
    return Demand(key, True, False, None, worst, worst, Why(WhyCode.OFFLINE))


def take_seat(
    index: int, demand: Demand, track: Track, bay: Bay, safe_a: int, rules: BalanceSettings, now: float
) -> Seat:
    """Adopts what is in force when a connector becomes active, so that a restarted engine does not pause anybody."""
    rating = usable(bay.max_a)
    worst = clean(demand.worst_a)
    worst_a = rating if worst is None else max(worst, 0.0)
    ceiling = demand.ceiling_a if demand.ceiling_a > 0 else 0.0  # NaN is 0, an infinite one none
    top = math.floor(min(rating, ceiling) + EPS)
    least = clean(demand.min_a)
    min_a = MIN_A if least is None else max(MIN_A, math.ceil(least - EPS))
    top = top if top >= min_a else 0
    used = _used(demand, bay)
    if not demand.wants:
        _forget(track, min(safe_a, top))
    elif demand.commandable and not track.adopted:
        held = clean(demand.confirmed_a)
        if held is None and demand.charging:
            held = worst_a
        whole = math.floor(min(held or 0.0, top) + EPS)
        track.limit = track.target = whole if whole >= min_a else 0
        track.adopted = True
    if demand.wants and track.limit > 0:
        if top < track.limit:
            track.lowered_at = now  # a car needs its time to follow a ceiling too
        track.limit = min(track.limit, top) if min(track.limit, top) >= min_a else 0
        track.target = min(track.target, top)
    return Seat(
        index, demand, track, worst_a, top, min_a, min_a, safe_a, used, 0.0, rules, bay.priority, bay.mode or rules.mode
    )


def mind_habit(seat: Seat, now: float) -> None:
    """A car that takes no less than 8 A gets 8 A or nothing."""
    if seat.active and seat.track.limit == 0:
        seat.track.habit.rest(now - seat.track.off_at, seat.rules.turn_s)
    least_a = math.ceil(seat.track.habit.least_a - SAME_A)
    seat.min_a = max(seat.said_min_a, min(least_a, seat.top_a))


def _used(demand: Demand, bay: Bay) -> tuple[bool, bool, bool]:
    if bay.phases >= 3 and demand.terminals == _ALL:
        return _ALL
    carried = [v is not None and math.isfinite(v) and v > CARRIES_A for v in demand.drawn_a]
    said = demand.terminals if any(demand.terminals) else (True, True, True)
    fitted = max(1, min(bay.phases, 3))
    used = [(said[t] and t < fitted) or carried[t] for t in range(3)]
    return (used[0], used[1], used[2])


def _forget(track: Track, safe_a: int) -> None:
    """No car: the safe default is on record, and the next car starts without history."""
    track.limit = track.target = safe_a
    track.on_at, track.wait_at, track.off_at = None, None, -math.inf
    track.cap, track.adopted = None, False
    track.leaves.stop()
    track.habit = Habit()


def rest(seats: Iterable[Seat], now: float) -> None:
    """Balancing is switched off: everybody is to have the share that fits without knowing anything, or a person's smaller
    limit. The lines are watched all the same; who was cut for one keeps that reason until it is back."""
    for seat in seats:
        track, share = seat.track, min(seat.safe_a, seat.top_a)
        if not seat.active:
            continue
        share = share if share >= seat.said_min_a else 0
        if track.target != share:
            track.target, track.target_at = share, now
        if track.limit >= share or track.target_why.code not in _CUT:
            track.target_why = OFF


def in_force(seat: Seat) -> float:
    """The most it may draw without a further command. An idle connector that we hear draws nothing: a car is told to us
    before it takes current."""
    demand = seat.demand
    if not demand.commandable:
        return seat.worst_a
    if not demand.wants:
        return 0.0
    held = max(seat.worst_a, clean(demand.confirmed_a) or 0.0)
    return max(held, float(seat.track.limit)) if seat.track.adopted else held


def base_current(seat: Seat, now: float) -> float:
    """What flows whatever is decided; 0 for a connector that obeys, and for one that takes more than told as long as it is
    on: that is counted with its limit (`Habit.takes`)."""
    track, over = seat.track, seat.over_a
    if not seat.demand.commandable:
        return max(track.habit.takes(seat.worst_a), over)
    told = track.reach(now)
    if told > 0 and over <= max(TIMES_MIN * seat.said_min_a, told + SOFT_A):
        over = 0.0
    late = track.unanswered_at is not None and now - track.unanswered_at >= ANSWER_S
    return max(over, track.habit.takes(track.force_a) if late and seat.demand.wants else 0.0)


def turn(track: Track, now: float) -> None:
    """Keeps when it was switched on, off and began to wait."""
    if track.limit > 0:
        track.on_at = now if track.on_at is None else track.on_at
        track.wait_at = None
        return
    if track.on_at is not None:
        track.on_at, track.off_at = None, now
    track.wait_at = now if track.wait_at is None else track.wait_at


def shown(seat: Seat) -> int:
    """The limit on record: 0 or at least the minimum, never above the ceiling; without a car or silent the safe default
    that is in the charger anyway."""
    limit = min(seat.track.limit if seat.active else seat.safe_a, seat.top_a)
    return limit if limit >= seat.said_min_a else 0
