"""Charging profiles of 2.0.1 and 2.1, made from the requests of 1.6 and read back into their shape.

The rules are the same in all versions (2.x part 2, section K); names and nesting differ. 2.1 adds `maxOfflineDuration`:
the charger itself drops a limit when it has been offline for too long.
"""

from typing import Any

from evdesk.ocpp.version import Version

_PURPOSES = {"ChargePointMaxProfile": "ChargingStationMaxProfile"}


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
