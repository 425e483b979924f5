"""Charging profiles of 2.0.1 and 2.1, made from the requests of 1.6 and read back into their shape.

The rules are the same in all versions (2.x part 2, section K); names and nesting differ. 2.1 adds `maxOfflineDuration`:
the charger itself drops a limit when it has been offline for too long.
"""

from typing import Any

from evdesk.model import ProfileSeen
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.profiles import Unit, rate_unit, read_periods
from evdesk.ocpp.timestamps import parse_time
from evdesk.ocpp.version import Version

_PURPOSES = {"ChargePointMaxProfile": "ChargingStationMaxProfile"}
_OLD_PURPOSES = {new: old for old, new in _PURPOSES.items()}


def set_profile(request: dict[str, Any], version: Version, ref: str = "") -> dict[str, Any]:
    """A SetChargingProfile request of 1.6 as 2.x wants it. `ref`: the charger's own id of the transaction."""
    old = request["csChargingProfiles"]
    schedule = old["chargingSchedule"]
    profile: dict[str, Any] = {
        "id": old["chargingProfileId"],
        "stackLevel": old["stackLevel"],
        "chargingProfilePurpose": _PURPOSES.get(old["chargingProfilePurpose"], old["chargingProfilePurpose"]),
        "chargingProfileKind": old["chargingProfileKind"],
        "chargingSchedule": [{"id": 1, **schedule}],
    }
    if ref:
        profile["transactionId"] = ref
    for key in ("validFrom", "validTo", "recurrencyKind"):
        if key in old:
            profile[key] = old[key]
    if version is Version.V21 and "duration" in schedule:
        profile["maxOfflineDuration"] = schedule["duration"]
        profile["invalidAfterOfflineDuration"] = True
    return {"evseId": request["connectorId"], "chargingProfile": profile}


def composite_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """A GetCompositeSchedule answer of 2.x in the shape of 1.6."""
    schedule = answer.get("schedule")
    if not isinstance(schedule, dict):
        return answer
    return {
        "status": answer.get("status"),
        "scheduleStart": schedule.get("scheduleStart"),
        "chargingSchedule": schedule,
    }


def read_profiles(report: dict[str, Any]) -> list[ProfileSeen]:
    """The profiles of one ReportChargingProfiles message; what cannot be read is left out."""
    where = number(report.get("evseId")) or 0
    source = text(report, "chargingLimitSource") or "Other"
    told = report.get("chargingProfile")
    profiles = told if isinstance(told, list) else [told]
    return [found for item in profiles if isinstance(item, dict) for found in _read(item, where, source)]


def _read(item: dict[str, Any], where: int, source: str) -> list[ProfileSeen]:
    schedules = item.get("chargingSchedule")
    found = []
    for schedule in schedules if isinstance(schedules, list) else [schedules]:
        if not isinstance(schedule, dict):
            continue
        unit = Unit(rate_unit(text(schedule, "chargingRateUnit")))
        try:
            periods = read_periods(schedule.get("chargingSchedulePeriod"), unit)
        except ValueError:
            continue
        purpose = text(item, "chargingProfilePurpose")
        found.append(
            ProfileSeen(
                id=number(item.get("id")) or 0,
                connector_id=where,
                purpose=_OLD_PURPOSES.get(purpose, purpose),
                stack_level=number(item.get("stackLevel")) or 0,
                kind=text(item, "chargingProfileKind"),
                periods=periods,
                unit=unit.name,
                recurrency=text(item, "recurrencyKind"),
                start_at=_time(schedule.get("startSchedule")),
                duration_s=number(schedule.get("duration")),
                valid_from_at=_time(item.get("validFrom")),
                valid_to_at=_time(item.get("validTo")),
                transaction=text(item, "transactionId"),
                source=source,
            )
        )
    return found


def _time(written: Any) -> float | None:
    stamp = parse_time(written)
    return None if stamp is None else stamp.at
