"""What balancing achieved in one day, as it is stored: sums and counts, so that months are made of days."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChargerDay:
    """One connector's day. `charging_s`: more than 100 W flowed; `held_back_s`: a car got less than it could take."""

    charger_id: str
    connector_id: int
    energy_wh: float = 0.0
    plugged_s: float = 0.0
    charging_s: float = 0.0
    held_back_s: float = 0.0
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class DayFigures:
    """`None`: could not be known. `length_s`: how much of the day has passed, `up_s`: how long evdesk ran.

    `room_wh`: what the supply could have carried beside the house; `wanted_wh`: what the cars were given and what they
    were held back from; `could_wh`: the smaller of the two, per quarter of an hour.
    `shares`: served part of what was wanted, of each charge that ended; `told`: how many said what they wanted.
    `held_back_s` and `restarts`: summed over the charges that ended. `held_back_hours`: hours of the clock in which
    somebody waited or was held back for a minute or more.
    `peak_w`: the highest quarter of an hour; `free_peak_w`: the same, had every car drawn all it could at once."""

    length_s: float = 0.0
    up_s: float | None = None
    delivered_wh: float | None = None
    could_wh: float | None = None
    room_wh: float | None = None
    wanted_wh: float | None = None
    sessions: int = 0
    told: int = 0
    shares: tuple[float, ...] = ()
    held_back_s: float = 0.0
    restarts: int = 0
    held_back_hours: int = 0
    peak_w: float | None = None
    peak_at: float | None = None
    free_peak_w: float | None = None
    rating_w: float | None = None
    over_s: float | None = None
    meter_lost_s: float | None = None
    loss_wh: float | None = None
    standby_w: float | None = None
    chargers: tuple[ChargerDay, ...] = ()
