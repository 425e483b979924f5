"""Who takes part in the next sharing, in which order, and up to how much: dwell, rotation, reclaim, ceilings."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from evdesk.balance.leaves import ASLEEP_S, WAKE_S
from evdesk.balance.lines import EPS, Net
from evdesk.balance.sharing import Bidder
from evdesk.balance.track import ASLEEP_A, IDLE, Bounds, Track
from evdesk.balance.types import Demand, Line, LineKind
from evdesk.model import BalanceSettings, ChargeMode, ShareBy

SPARE_A = 2
"""Left above what the car draws, so that its rise is noticed and at once possible."""

CLEARLY_A = 1
"""Only reclaims of more than this are worth a command."""


@dataclass(slots=True)
class Seat:
    """One connector as the balancer sees it in this step, cleaned. `worst_a` is finite; `top_a`, `min_a` whole ampere.
    `min_a`: the least it is given, `said_min_a` before anything was learnt about the car."""

    index: int
    demand: Demand
    track: Track
    worst_a: float
    top_a: int
    min_a: int
    said_min_a: int
    safe_a: int
    used: tuple[bool, bool, bool]
    base_a: float  # flows whatever is decided: silent, does not obey, does not answer
    rules: BalanceSettings
    priority: int
    mode: ChargeMode = ChargeMode.FAST
    bounds: Bounds = IDLE  # what its current can be now, per terminal
    over_a: float = 0.0  # draws this although it may not; 0: it obeys
    active: bool = field(init=False)  # has a car and takes limits: takes part in the sharing

    def __post_init__(self) -> None:
        self.active = self.demand.wants and self.demand.commandable

    def dwells(self, now: float) -> bool:
        """Was paused a short while ago: cars give up after about three cycles, relays wear."""
        return self.track.limit == 0 and now - self.track.off_at < self.rules.dwell_s

    @property
    def fixed_a(self) -> float:
        """What it counts as when its limit is not up for change."""
        return max(self.base_a, self.track.habit.takes(self.track.limit)) if self.active else self.base_a

    @property
    def excess_a(self) -> float:
        """What it takes above its limit, while it is on."""
        return self.track.habit.excess_a

    @property
    def steerable(self) -> bool:
        return self.active and self.base_a <= 0

    @property
    def cap_a(self) -> int:
        return self.top_a if self.track.cap is None else min(self.top_a, self.track.cap)


def reclaim(seat: Seat, now: float, fresh: bool) -> None:
    """Sets or clears the car's cap (`Track.cap`) from what it draws; called every step, `fresh` with a new reading."""
    track = seat.track
    leaves, drawn = track.leaves, track.drawn
    if not seat.active or track.limit < seat.min_a:
        track.cap = None
        leaves.stop()
    elif drawn is None:
        leaves.stop()
    elif drawn >= track.limit - 1.0:
        track.cap = None  # it reached what it was left: give back
        leaves.stop()
    elif fresh and drawn + SPARE_A + CLEARLY_A > track.limit:
        leaves.stop()
    elif fresh:
        at = track.readings[-1][0]
        leaves.less(drawn, at)
        awake = drawn >= ASLEEP_A or track.on_at is None or now - track.on_at >= WAKE_S
        if awake and leaves.lasts_s(at, track.raised_at) >= seat.rules.reclaim_s - 5.0:
            cap = max(seat.min_a, math.ceil(leaves.top_a - EPS) + SPARE_A)
            track.cap = cap if cap < track.limit else track.cap
            leaves.stop()


def quiet(lines: Iterable[Line], seats: Sequence[Seat]) -> frozenset[int]:
    """Who draws nothing, where two phases must stay level: a limit nobody uses is no counterweight."""
    if not any(line.kind is LineKind.UNBALANCE for line in lines):
        return frozenset()
    return frozenset(s.index for s in seats if s.active and s.track.drawn is not None and s.track.drawn < ASLEEP_A)


def asleep(seat: Seat, now: float) -> bool:
    """On, given its time, and drawing nothing: the first to give way."""
    drawn = seat.track.drawn
    on_at = seat.track.on_at
    return drawn is not None and drawn < ASLEEP_A and on_at is not None and now - on_at >= ASLEEP_S


def rank(seats: Sequence[Seat], now: float, got_kwh: Callable[[Seat], float]) -> list[Seat]:
    """First served first: those in their turn, then those waiting (longest first), then those whose turn is over. Where
    priorities count they count before that, but nobody just started is switched off for them. Of those switched in the
    same second who got less so far comes first: by position the same ones would win each time."""

    def order(seat: Seat) -> tuple[int, int, int, float, float, int]:
        track, got = seat.track, got_kwh(seat)
        fresh, above = 0, -tier(seat)
        if track.limit > 0 and track.on_at is not None:
            fresh = int(now - track.on_at < seat.rules.dwell_s and not asleep(seat, now))
            if now - track.on_at < seat.rules.turn_s and not asleep(seat, now):
                return (-fresh, above, 0, track.on_at, got, seat.index)
            return (-fresh, above, 2, -track.on_at, got, seat.index)
        return (0, above, 1, track.wait_at if track.wait_at is not None else now, got, seat.index)

    return sorted(seats, key=order)


def tier(seat: Seat) -> int:
    """Who has more is filled up before others rise above their minimum."""
    return seat.priority if seat.rules.share_by is ShareBy.PRIORITY else 0


def bidder(seat: Seat, now: float, held: bool, stale: bool, dear: bool = False) -> Bidder:
    """`held`: a line above was just cut, nothing rises; `stale`: a needed meter is silent, nothing rises above the
    failsafe share, which fits without knowing anything; `dear`: its hour is too dear."""
    track = seat.track
    top = seat.cap_a
    if held:
        top = min(top, track.limit)
    if stale:
        top = min(top, max(track.limit, seat.safe_a))
    if seat.dwells(now) or dear:
        top = 0
    return Bidder(seat.index, seat.min_a, top, track.limit, tier(seat))


def excess_loads(net: Net, seats: Sequence[Seat]) -> list[float]:
    """Per line, what those that charge take above their limits."""
    each = [s.excess_a if s.steerable and s.track.limit > 0 else 0.0 for s in seats]
    return net.loads(each) if any(each) else [0.0] * len(net.wires)


def drop_order(seats: Sequence[Seat], now: float, drawing_first: bool) -> list[int]:
    """Who gives up first where minimums do not fit: sleeping cars (it does them no harm), then those past their dwell,
    the longest served first; with `drawing_first` (real current must fall) those that draw nothing come last."""

    def order(seat: Seat) -> tuple[int, int, float, int]:
        drawn = seat.track.drawn
        sleeping = drawn is not None and drawn < ASLEEP_A
        on_at = seat.track.on_at if seat.track.on_at is not None else now
        return (int(sleeping == drawing_first), int(now - on_at < seat.rules.dwell_s), on_at, seat.index)

    return [seat.index for seat in sorted(seats, key=order)]
