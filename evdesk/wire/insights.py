"""The API's methods about what balancing achieved."""

from dataclasses import dataclass, field

import msgspec

from evdesk.wire.method import Method

MOST_DAYS = 3_700


class InsightWindow(msgspec.Struct, frozen=True, rename={"from_at": "from", "to_at": "to"}):
    """`from`, `to`: Unix seconds; every day (or month, `by` "month") of the computer's zone that lies in between, wholly
    or in part. At most 3700 days."""

    from_at: float
    to_at: float
    by: str = "day"


@dataclass(frozen=True, slots=True)
class ChargerUse:
    """One connector. `utilisation`: the part of the time in which it charged, `occupied`: in which a charge ran;
    0 to 1, null where the time is not known."""

    charger_id: str
    connector_id: int
    label: str
    energy_wh: float
    sessions: int
    charging_s: float
    plugged_s: float
    held_back_s: float
    utilisation: float | None = None
    occupied: float | None = None


@dataclass(frozen=True, slots=True)
class InsightRow:
    """A day ("2026-11-27"), a month ("2026-11"), or the whole window ("total"). `known` false: nothing was recorded, and
    every figure is null. `coverage`: the part of the time evdesk ran, 0 to 1.

    Energy: `delivered_wh` of `could_wh`, which is the smaller of `room_wh` (under the supply's rating beside the house)
    and `wanted_wh`, per quarter of an hour; `used` = delivered / could.
    Fairness over the charges that ended: `jain` (1 = all served alike) and `worst_decile` (mean served part of the worst
    tenth) of energy given over energy wanted. What was wanted is told by car or person for the part `demand_told` of the
    charges; for the rest it is estimated: what was given, and what the limit took away while the car was held back.
    Peak: `peak_w`, the highest quarter of an hour, against `free_peak_w`, had every car drawn all it could at once.
    `over_s`: seconds any line was above its rating. `held_back_hours`: hours in which somebody waited or was held back:
    together with `peak_w` near `rating_w` they say that the site should grow.
    `loss_wh`: a meter's energy less that of the chargers alone behind it; `standby_w`: the same while all are empty."""

    name: str
    from_at: float
    to_at: float
    known: bool = False
    coverage: float | None = None
    delivered_wh: float | None = None
    could_wh: float | None = None
    room_wh: float | None = None
    wanted_wh: float | None = None
    used: float | None = None
    sessions: int | None = None
    jain: float | None = None
    worst_decile: float | None = None
    demand_told: float | None = None
    held_back_min: float | None = None  # minutes per charge
    restarts: float | None = None  # per charge
    held_back_hours: int | None = None
    peak_w: float | None = None
    peak_at: float | None = None
    free_peak_w: float | None = None
    peak_saved_w: float | None = None
    rating_w: float | None = None
    over_s: float | None = None
    meter_lost_s: float | None = None
    loss_wh: float | None = None
    standby_w: float | None = None


@dataclass(frozen=True, slots=True)
class Insight:
    """`rows` oldest first; `total` over all of them; `chargers` in the order of the bays. `oldest_at`: the first day
    that is known, null before anything was."""

    rows: list[InsightRow]
    total: InsightRow
    chargers: list[ChargerUse] = field(default_factory=list)
    oldest_at: float | None = None


METHODS_INSIGHTS: dict[str, Method] = {
    "insight.energy": Method(InsightWindow, Insight, "What balancing achieved, by day or month."),
}
