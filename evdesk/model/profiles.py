"""Charging profiles as they are known to be in a charger."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProfileSeen:
    """One charging profile. `purpose` in the words of 1.6 (ChargePointMaxProfile, TxDefaultProfile, TxProfile), others
    as the charger says ("ChargingStationExternalConstraints", "LocalGeneration"); `connector_id` 0: the whole station.

    `periods`: (start in seconds from the schedule's own start, limit in ampere per phase; None: no limit). `source`:
    "evdesk", "charger" or what 2.x names (EMS, SO, CSO, Other). `told` False: remembered from what was sent and
    accepted, since 1.6 cannot list profiles."""

    id: int
    connector_id: int
    purpose: str
    stack_level: int
    kind: str  # Absolute | Recurring | Relative | Dynamic
    periods: tuple[tuple[float, float | None], ...]
    unit: str = "A"
    recurrency: str = ""  # Daily | Weekly
    start_at: float | None = None  # on the charger's clock, as written
    duration_s: float | None = None
    valid_from_at: float | None = None
    valid_to_at: float | None = None
    transaction: str = ""
    source: str = "evdesk"
    told: bool = True
    seen_at: float = 0.0  # when it was told, or taken

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
