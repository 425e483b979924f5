"""Charging profiles as OCPP 2.0.1 and 2.1 write them, onto the same stack as 1.6. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evdesk.simulator.moments import to_text
from evdesk.simulator.profiles import MAX_PURPOSE, Profile, ProfileError, parse_profile

STATION_MAX = "ChargingStationMaxProfile"
EXTERNAL = "ChargingStationExternalConstraints"
CURRENT_UNITS = {"Current": "A", "Power": "W"}


def parse_profile2(evse_id: int, raw: Mapping[str, Any], now: float) -> Profile:
    """`chargingProfile` of 2.x as it came; of several schedules the first counts. Raises ProfileError."""
    purpose = raw.get("chargingProfilePurpose")
    if purpose == EXTERNAL:
        raise ProfileError("the CSMS may not set external constraints (2.0.1 K01.FR.22)")
    if purpose in ("PriorityCharging", "LocalGeneration") or raw.get("chargingProfileKind") == "Dynamic":
        raise ProfileError("this purpose or kind is not supported here")
    schedules = raw.get("chargingSchedule")
    if not isinstance(schedules, list) or not schedules:
        raise ProfileError("field chargingSchedule is missing")
    old = dict(raw)
    old["chargingProfileId"] = raw.get("id")
    old["chargingSchedule"] = schedules[0]
    if purpose == STATION_MAX:
        old["chargingProfilePurpose"] = MAX_PURPOSE
    longest = raw.get("maxOfflineDuration")
    return replace(
        parse_profile(evse_id, old, now),
        schedule_id=int(schedules[0].get("id", 1)),
        max_offline_s=None if longest is None else float(longest),
        invalid_after_offline=bool(raw.get("invalidAfterOfflineDuration")),
    )


def to_wire2(profile: Profile) -> dict[str, Any]:
    """The profile as `chargingProfile` of 2.x."""
    schedule: dict[str, Any] = {
        "id": profile.schedule_id,
        "chargingRateUnit": profile.unit,
        "chargingSchedulePeriod": [
            {"startPeriod": q.start_s, "limit": q.limit, "numberPhases": q.phases} for q in profile.periods
        ],
    }
    raw: dict[str, Any] = {
        "id": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": wire_purpose(profile),
        "chargingProfileKind": profile.kind,
        "chargingSchedule": [schedule],
    }
    if profile.duration_s is not None:
        schedule["duration"] = profile.duration_s
    if profile.start_at is not None:
        schedule["startSchedule"] = to_text(profile.start_at)
    if profile.recurrency:
        raw["recurrencyKind"] = profile.recurrency
    for name, at in (("validFrom", profile.valid_from), ("validTo", profile.valid_to)):
        if at is not None:
            raw[name] = to_text(at)
    if profile.transaction_id is not None:
        raw["transactionId"] = str(profile.transaction_id)
    if profile.max_offline_s is not None:
        raw |= {"maxOfflineDuration": int(profile.max_offline_s)}
        raw |= {"invalidAfterOfflineDuration": profile.invalid_after_offline}
    return raw


def wire_purpose(profile: Profile) -> str:
    return STATION_MAX if profile.purpose == MAX_PURPOSE else profile.purpose


def fits(profile: Profile, criteria: Mapping[str, Any], evse_id: int | None) -> bool:
    """Whether a criterion of Get- or ClearChargingProfile means it; what is absent does not restrict."""
    ids = criteria.get("chargingProfileId")
    sources = criteria.get("chargingLimitSource")
    tests = (
        evse_id is None or profile.connector_id == evse_id,
        not ids or profile.id in ids,
        criteria.get("stackLevel") in (None, profile.stack_level),
        criteria.get("chargingProfilePurpose") in (None, wire_purpose(profile)),
        not sources or "CSO" in sources,
    )
    return all(tests)
