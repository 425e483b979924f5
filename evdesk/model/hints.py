"""What driver, car or person said about a charge: when it is to be over, and how much energy it needs."""

from dataclasses import dataclass
from enum import StrEnum


class HintSource(StrEnum):
    PERSON = "person"  # entered at the desk, or by a script for the driver
    CAR = "car"  # the car told the charger (ISO 15118, NotifyEVChargingNeeds)


@dataclass(frozen=True, slots=True)
class Hint:
    """`depart_at` and `energy_wh` (of the whole charge, from its start): None where nothing was said. `trust`: how far
    such words have been right here, 0 not at all, 1 always."""

    depart_at: float | None = None
    energy_wh: float | None = None
    source: HintSource = HintSource.PERSON
    at: float = 0.0
    trust: float | None = None
