"""Charging modes: from the roof only, the minimum and the roof, in cheap hours. As lines and ceilings like all others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from evdesk.balance.lines import Wire
from evdesk.balance.policy import Seat
from evdesk.balance.track import clean
from evdesk.balance.types import SOLAR, SOLAR_FIRST
from evdesk.model import ChargeMode

CLOUD_S = 180.0
"""A car that charges from the roof goes on at its minimum for so long when the roof gives too little: clouds pass, and
switching harms cars and relays."""


@dataclass(slots=True)
class Outside:
    """What is known from outside in this second, and since when the roof gives too little."""

    surplus_w: float | None = None
    price: float | None = None
    _enough_at: dict[str, float] = field(default_factory=dict)

    def take(self, surplus_w: float | None, price: float | None) -> None:
        """NaN and infinite values count as unknown, a negative surplus as none."""
        surplus = clean(surplus_w)
        self.surplus_w = None if surplus is None else max(surplus, 0.0)
        self.price = clean(price)

    def waits_for_price(self, seat: Seat) -> bool:
        """Its hour is too dear. An unknown price holds nobody up."""
        limit = seat.rules.cheap_below
        return seat.mode is ChargeMode.CHEAP and limit is not None and self.price is not None and self.price > limit

    def room_a(self, wire: Wire, seats: Sequence[Seat], volts: float) -> float | None:
        """Ampere at the site's voltage the roof gives to this line; None for other lines. Unknown is none."""
        if wire.line.name not in (SOLAR, SOLAR_FIRST):
            return None
        given = (self.surplus_w or 0.0) / volts if volts > 0 else 0.0
        if wire.line.name == SOLAR:
            return given
        first = [
            size * seats[i].track.habit.takes(seats[i].min_a)
            for size, i in zip(wire.sizes, wire.members, strict=True)
            if seats[i].active and seats[i].mode is ChargeMode.SOLAR_FIRST
        ]
        return given + sum(first)

    def extra_a(self, wire: Wire, seats: Sequence[Seat], room_a: float, now: float) -> float:
        """What those that charge already may take above it for a while, at their minimum."""
        on = [
            size * seats[i].track.habit.takes(seats[i].min_a)
            for size, i in zip(wire.sizes, wire.members, strict=True)
            if seats[i].active and seats[i].track.limit > 0
        ]
        least = sum(on)
        if not on or least <= room_a:
            self._enough_at[wire.line.name] = now
            return 0.0
        return least - room_a if now - self._enough_at.get(wire.line.name, -math.inf) < CLOUD_S else 0.0
