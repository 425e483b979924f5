"""Measured values, already normalised to ampere, volt, watt and watt-hour."""

from dataclasses import dataclass

from msgspec import Struct

Phases = tuple[float | None, float | None, float | None]
"""One value per phase, in the order L1, L2, L3; None where it is not known."""

PHASES = ("L1", "L2", "L3")
NO_PHASES: Phases = (None, None, None)


class Reading(Struct, frozen=True, gc=False):
    """What one connector measured at one moment.

    `at` is evdesk's clock (the charger's timestamp corrected by its measured offset); `charger_at` is what the
    charger wrote, None where it wrote nothing usable. Phases are those of the charger's own terminals, not the site's.
    `energy_wh` is the meter register, not the energy of the session. `partial` marks a value evdesk had to derive
    (summed phases, power from current and voltage). A Struct, because thousands are made a second.
    """

    charger_id: str
    connector_id: int
    at: float
    charger_at: float | None = None
    current_a: Phases = NO_PHASES
    voltage_v: Phases = NO_PHASES
    power_w: float | None = None
    energy_wh: float | None = None
    offered_a: float | None = None
    soc_pct: float | None = None
    temperature_c: float | None = None
    transaction_id: int | None = None
    partial: bool = False
    live: bool = True  # False: replayed from the charger's queue, history only


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What a site or circuit meter measured: import is positive. Phases are those of the site."""

    meter: str
    at: float
    current_a: Phases = NO_PHASES
    voltage_v: Phases = NO_PHASES
    power_w: float | None = None
    energy_wh: float | None = None
