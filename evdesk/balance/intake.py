"""What the demands of a second say about each connector: seats. Most say in most seconds what they said before; then last
second's seat stands, for as long as nothing in it goes by the clock. With 200 connectors that is the time of a step.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from evdesk.balance.policy import Seat, reclaim
from evdesk.balance.seats import base_current, in_force, mind_habit, silent, take_seat
from evdesk.balance.track import Track
from evdesk.balance.types import Demand, Key, by_key
from evdesk.model import Bay, Site

_said = attrgetter(
    "wants",
    "commandable",
    "confirmed_a",
    "worst_a",
    "ceiling_a",
    "min_a",
    "drawn_a",
    "drawn_at",
    "charging",
    "terminals",
    "sample_s",
)
"""All of a demand that a seat's numbers depend on."""


@dataclass(slots=True)
class _Kept:
    """A seat and what it was made of. `until`: from then on the clock alone changes it; -inf: it already does."""

    seat: Seat
    said: tuple[object, ...]
    limit: int
    lowered_at: float
    until: float
    takes_part: tuple[object, ...]


class Intake:
    """The tracks of all connectors of a site, in the order of their keys, and the seats made of them each second.
    `changed`: who takes part, or up to what, is not as it was in the second before."""

    def __init__(self) -> None:
        self.tracks: dict[Key, Track] = {}
        self.changed = True
        self._bays: Mapping[Key, Bay] = {}
        self._kept: list[_Kept | None] = []
        self._at = -math.inf

    def reconfigure(self, site: Site, safe: Mapping[Key, float]) -> None:
        """Connectors that are still there keep their tracks. `safe`: the failsafe share of each."""
        self._bays = {(b.charger_id, b.connector_id): b for b in site.bays}
        self._safe = {key: int(safe[key]) for key in self._bays}
        self._rules = site.balance
        self._silent = {key: silent(key, bay) for key, bay in self._bays.items()}
        self.tracks = {key: self.tracks.get(key, Track(key)) for key in sorted(self._bays)}
        self._kept = [None] * len(self.tracks)

    def take(self, now: float, demands: Iterable[Demand], unknown: list[str | Key] | None = None) -> list[Seat]:
        """One seat per connector; who is not among the demands is silent. Raises TypeError for what is no demand,
        ValueError for two of one connector and for one that is not on the site. With a list as `unknown` the keys of the
        last are put there instead."""
        given = by_key(demands)
        for key in given:
            if key in self.tracks:
                continue
            if unknown is None:
                raise ValueError(f"demands names the connector {key!r}, which is none of {list(self.tracks)[:20]}.")
            unknown.append(key)
        if now < self._at:  # the clock was set back: how long something holds was counted from another time
            for one in self._kept:
                if one is not None:
                    one.until = -math.inf
        seats: list[Seat] = []
        self.changed = False
        for index, (key, track) in enumerate(self.tracks.items()):
            demand = given.get(key) or self._silent[key]
            kept, said = self._kept[index], _said(demand)
            if (
                kept is not None
                and now <= kept.until
                and track.limit == kept.limit
                and track.lowered_at == kept.lowered_at
                and said == kept.said
            ):
                kept.seat.demand = demand
                seats.append(kept.seat)
            else:
                seats.append(self._anew(index, demand, track, said, now))
        self._at = now
        return seats

    def _anew(self, index: int, demand: Demand, track: Track, said: tuple[object, ...], now: float) -> Seat:
        demand.check()
        track.stayed(self._at)
        key, kept = track.key, self._kept[index]
        seat = take_seat(index, demand, track, self._bays[key], self._safe[key], self._rules, now)
        fresh = track.observe(demand, in_force(seat), now)
        mind_habit(seat, now)
        seat.over_a = track.overdrawn(now)
        seat.base_a = base_current(seat, now)
        seat.bounds = track.bounds(now, seat.used)
        reclaim(seat, now, fresh)
        takes_part = (seat.active, seat.steerable, seat.top_a, seat.cap_a, seat.min_a, seat.used)
        self.changed |= kept is None or kept.takes_part != takes_part
        self._kept[index] = _Kept(seat, said, track.limit, track.lowered_at, track.same_until(demand, now), takes_part)
        return seat
