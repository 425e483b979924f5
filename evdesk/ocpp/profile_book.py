"""Charging profiles read from the messages that set, clear and report them, in 1.6 and 2.x. Pure.

Sources: OCPP 1.6 sections 5.2, 5.16, 7.8; 2.0.1 part 2, K01, K09, K10.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from evdesk.model import ProfileSeen
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.profiles import MAX_ID, VOLT, rate_unit
from evdesk.ocpp.timestamps import parse_time

_OLD = {"ChargingStationMaxProfile": "ChargePointMaxProfile"}
OURS = range(MAX_ID, 1900)
"""The ids evdesk gives to its profiles."""


def from_set(payload: dict[str, Any], now: float, offset_s: float = 0.0) -> ProfileSeen | None:
    """The profile of a SetChargingProfile request of ours; None where it cannot be read. `offset_s`: the charger's
    clock minus ours."""
    raw = payload.get("csChargingProfiles", payload.get("chargingProfile"))
    place = payload.get("connectorId", payload.get("evseId"))
    return read_profile(raw, number(place) or 0, now, offset_s)


def told(profiles: Iterable[ProfileSeen], now: float, offset_s: float = 0.0) -> list[ProfileSeen]:
    """Profiles as a charger lists them, on evdesk's clock, with evdesk's own known by their ids."""

    def moved(at: float | None) -> float | None:
        return None if at is None else at - offset_s

    return [
        replace(
            one,
            start_at=moved(one.start_at),
            valid_from_at=moved(one.valid_from_at),
            valid_to_at=moved(one.valid_to_at),
            source="evdesk" if one.id in OURS and one.source in ("CSO", "evdesk") else one.source,
            told=True,
            seen_at=now,
        )
        for one in profiles
    ]


def read_profile(raw: Any, connector_id: int, now: float, offset_s: float) -> ProfileSeen | None:
    """A chargingProfile object of either version. Of several schedules (2.x) the first one counts."""
    if not isinstance(raw, dict):
        return None
    ident = number(raw.get("chargingProfileId", raw.get("id")))
    schedule = raw.get("chargingSchedule")
    schedule = schedule[0] if isinstance(schedule, list) and schedule else schedule
    purpose = text(raw, "chargingProfilePurpose")
    if ident is None or not purpose or not isinstance(schedule, dict):
        return None
    unit = rate_unit(text(schedule, "chargingRateUnit"))
    lasts = number(schedule.get("duration"))
    return ProfileSeen(
        id=ident,
        connector_id=connector_id,
        purpose=_OLD.get(purpose, purpose),
        stack_level=number(raw.get("stackLevel")) or 0,
        kind=text(raw, "chargingProfileKind") or "Absolute",
        recurrency=text(raw, "recurrencyKind"),
        unit=unit,
        periods=_periods(schedule.get("chargingSchedulePeriod"), unit),
        start_at=_moment(schedule.get("startSchedule"), offset_s),
        duration_s=None if lasts is None else float(lasts),
        valid_from_at=_moment(raw.get("validFrom"), offset_s),
        valid_to_at=_moment(raw.get("validTo"), offset_s),
        transaction=text(raw, "transactionId"),
        source="evdesk",
        told=False,
        seen_at=now,
    )


def _moment(raw: Any, offset_s: float) -> float | None:
    stamp = parse_time(raw)
    return None if stamp is None else stamp.at - offset_s


def _periods(raw: Any, unit: str) -> tuple[tuple[float, float | None], ...]:
    found: list[tuple[float, float | None]] = []
    for one in raw if isinstance(raw, list) else [raw]:
        if not isinstance(one, dict):
            continue
        try:
            start, limit = float(one.get("startPeriod") or 0), float(one.get("limit", -1))
        except (TypeError, ValueError):
            continue
        if math.isfinite(start) and math.isfinite(limit) and limit >= 0:
            phases = number(one.get("numberPhases")) or 3
            found.append((start, limit if unit == "A" else limit / (VOLT * max(1, min(phases, 3)))))
    return tuple(sorted(found, key=lambda period: period[0]))


def with_set(have: Iterable[ProfileSeen], new: ProfileSeen) -> list[ProfileSeen]:
    """`new` replaces one of its id, or one of its connector, purpose and level."""
    slot = (new.connector_id, new.purpose, new.stack_level)
    kept = [p for p in have if p.id != new.id and (p.connector_id, p.purpose, p.stack_level) != slot]
    return [*kept, new]


def with_clear(have: Iterable[ProfileSeen], payload: dict[str, Any]) -> list[ProfileSeen]:
    """What is left after an accepted ClearChargingProfile: every field given must match; an id alone decides."""
    ident = number(payload.get("id", payload.get("chargingProfileId")))
    if ident is not None:
        return [p for p in have if p.id != ident]
    rule = payload.get("chargingProfileCriteria", payload)
    place = number(rule.get("connectorId", rule.get("evseId")))
    purpose, level = text(rule, "chargingProfilePurpose"), number(rule.get("stackLevel"))
    purpose = _OLD.get(purpose, purpose)

    def goes(profile: ProfileSeen) -> bool:
        return (
            (place is None or profile.connector_id == place)
            and (not purpose or profile.purpose == purpose)
            and (level is None or profile.stack_level == level)
        )

    return [p for p in have if not goes(p)]


def clear_request(protocol: str, profile_id: int | None) -> dict[str, Any]:
    """ClearChargingProfile for one profile, or (None) for all of them."""
    if profile_id is None:
        return {}
    return {"id" if protocol in ("", "ocpp1.6") else "chargingProfileId": profile_id}
