"""What a 2.x station can be asked beside charging: variable monitors, texts on its display, what it knows of a customer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Monitor:
    """One variable monitor (2.x part 2, N). `variable`: its address as in the settings. `type`: "UpperThreshold",
    "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned", and 2.1's "TargetDelta", "TargetDeltaRelative".
    `value`: threshold, delta or seconds. `severity` 0 (danger) to 9 (debug). `owner`: "preset", "hard_wired" or "custom"
    where the charger tells it."""

    id: int
    variable: str
    type: str
    value: float
    severity: int = 5
    transaction: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True)
class DisplayText:
    """One text on the charger's display (2.x part 2, O). `priority`: "AlwaysFront", "InFront", "NormalCycle". `state`:
    shown in that state of the charger only ("Charging", "Faulted", "Idle", "Unavailable"), "" always. `transaction`: the
    charger's own id of the charge it ends with."""

    id: int
    text: str
    priority: str = "NormalCycle"
    state: str = ""
    format: str = "UTF8"
    language: str = ""
    start_at: float | None = None
    end_at: float | None = None
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class CustomerTold:
    """What the charger holds about a customer, in its own words. `complete` False: parts are missing."""

    text: str
    complete: bool = True
