"""Charging profiles as the charger tells them, or as evdesk remembers having sent them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProfileSeen:
    """One charging profile. `periods`: (start in s from the schedule's begin, limit in A per phase), rising.

    `purpose` as in OCPP: ChargePointMaxProfile (2.x: ChargingStationMaxProfile), TxDefaultProfile, TxProfile,
    ChargingStationExternalConstraints. `kind`: Absolute, Recurring, Relative. `unit`: what it was written in, "A" or
    "W". Times are Unix seconds on evdesk's clock. `source`: "evdesk", or who else the charger names ("EMS", "SO",
    "CSO", "Other"), "unknown" where it names nobody. `told`: the charger listed it; False: evdesk sent it and the
    charger took it (1.6 cannot list profiles)."""

    id: int
    connector_id: int
    purpose: str
    stack_level: int = 0
    kind: str = "Absolute"
    recurrency: str = ""
    unit: str = "A"
    periods: tuple[tuple[float, float], ...] = ()
    starts_at: float | None = None
    duration_s: float | None = None
    valid_from: float | None = None
    valid_to: float | None = None
    transaction: str = ""
    source: str = "unknown"
    told: bool = False
    seen_at: float = 0.0

    @property
    def ours(self) -> bool:
        return self.source == "evdesk"


@dataclass(frozen=True, slots=True)
class CompositeSeen:
    """What the charger itself says it will do on one connector: (offset in s from `at`, limit in A; None: no limit)."""

    connector_id: int
    at: float
    seconds: int
    periods: tuple[tuple[float, float | None], ...] = ()
    unit: str = "A"
