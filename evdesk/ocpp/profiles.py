"""Charging profiles (OCPP 1.6, sections 5.16 and 7.8) and the composite schedule.

A limit is printed with at most one decimal and never above what was asked; watt limits count all phases.
"""

import math
from dataclasses import dataclass
from typing import Any

from evdesk.ocpp.timestamps import format_time, parse_time

MAX_PURPOSE, DEFAULT_PURPOSE, TX_PURPOSE = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
MAX_ID, DEFAULT_ID, LIVE_DEFAULT_ID, LIVE_TX_ID = 1601, 1602, 1700, 1800
ALWAYS_AT = 1577836800.0  # 2020-01-01: a start that has passed on every sane clock
HOUR_S = 3600.0
BACKDATE_S = 5
VOLT = 230.0


@dataclass(frozen=True, slots=True)
class Unit:
    """How this charger wants its limits: `name` "A" or "W"; `phases` counts for watts only."""

    name: str = "A"
    phases: int = 3
    volt: float = VOLT

    def limit(self, limit_a: float) -> float:
        """Ampere per phase as this unit, floored to one decimal (watts to whole ones)."""
        tenths = math.floor(round(limit_a * 10.0, 4))
        if self.name == "A":
            return tenths / 10.0
        return float(math.floor(tenths / 10.0 * self.volt * self.phases))

    def ampere(self, limit: float, phases: int | None = None) -> float:
        """What a limit in this unit means per phase, in ampere."""
        if self.name == "A":
            return limit
        return limit / (self.volt * (phases or self.phases))


def _schedule(limit_a: float, unit: Unit, start_at: float | None, duration_s: int | None) -> dict[str, Any]:
    period: dict[str, Any] = {"startPeriod": 0, "limit": unit.limit(limit_a)}
    if unit.name == "W":
        period["numberPhases"] = unit.phases
    schedule: dict[str, Any] = {"chargingRateUnit": unit.name, "chargingSchedulePeriod": [period]}
    if duration_s is not None:
        schedule["duration"] = duration_s
    if start_at is not None:
        schedule["startSchedule"] = format_time(start_at)
    return schedule


def _request(
    connector: int, ident: int, level: int, purpose: str, schedule: dict[str, Any], kind: str = "Absolute"
) -> dict[str, Any]:
    return {
        "connectorId": connector,
        "csChargingProfiles": {
            "chargingProfileId": ident,
            "stackLevel": level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": kind,
            "chargingSchedule": schedule,
        },
    }


def always_at(charger_now: float) -> float:
    """A start that has passed for this charger, also while its clock stands in 1970."""
    return min(ALWAYS_AT, charger_now - HOUR_S)


def static_maximum(limit_a: float, unit: Unit, charger_now: float = ALWAYS_AT + HOUR_S) -> dict[str, Any]:
    """SetChargingProfile request: what the whole charging station may never exceed."""
    return _request(0, MAX_ID, 0, MAX_PURPOSE, _schedule(limit_a, unit, always_at(charger_now), None))


def static_default(
    limit_a: float, unit: Unit, connector: int = 0, relative: bool = False, charger_now: float = ALWAYS_AT + HOUR_S
) -> dict[str, Any]:
    """SetChargingProfile request: the safe share that holds whenever evdesk is silent (level 0)."""
    schedule = _schedule(limit_a, unit, None if relative else always_at(charger_now), None)
    kind = "Relative" if relative else "Absolute"
    return _request(connector, DEFAULT_ID + connector, 0, DEFAULT_PURPOSE, schedule, kind)


def live_limit(
    connector: int, limit_a: float, valid_s: int, unit: Unit, level: int, charger_now: float, transaction: int | None
) -> dict[str, Any]:
    """SetChargingProfile request for the limit that expires by itself `valid_s` seconds from now.

    `charger_now` is the time on the charger's own clock. A transaction makes it a TxProfile, none a TxDefaultProfile.
    The start lies a little in the past, so that a second of clock error does not delay the limit.
    """
    schedule = _schedule(limit_a, unit, charger_now - BACKDATE_S, valid_s + BACKDATE_S)
    if transaction is None:
        return _request(connector, LIVE_DEFAULT_ID + connector, level, DEFAULT_PURPOSE, schedule)
    request = _request(connector, LIVE_TX_ID + connector, level, TX_PURPOSE, schedule)
    request["csChargingProfiles"]["transactionId"] = transaction
    return request


def rate_unit(allowed: str | None) -> str:
    """ "A" or "W" from ChargingScheduleAllowedChargingRateUnit; A wherever it is allowed or nothing is said."""
    words = {word.strip().lower() for word in (allowed or "").replace(";", ",").split(",")} - {""}
    if words & {"current", "a", "amp", "amps", "ampere"} or not words:
        return "A"
    return "W" if words & {"power", "w", "watt", "watts"} else "A"


Periods = tuple[tuple[float, float | None], ...]


def read_composite(answer: dict[str, Any], unit: Unit, charger_now: float) -> tuple[Periods, str]:
    """((start offset in s from now, limit in A or None for none), ...) and the unit the charger told.

    Negative limits and empty lists mean "no limit". Raises ValueError when the answer holds no readable schedule.
    """
    schedule = answer.get("chargingSchedule")
    if schedule is None:
        return ((0.0, None),), unit.name
    if not isinstance(schedule, dict):
        raise ValueError("chargingSchedule is not an object")
    told = Unit(rate_unit(str(schedule.get("chargingRateUnit") or unit.name)), unit.phases, unit.volt)
    started = parse_time(schedule.get("startSchedule") or answer.get("scheduleStart"))
    shift = started.at - charger_now if started is not None and abs(started.at - charger_now) < 86400.0 else 0.0
    return read_periods(schedule.get("chargingSchedulePeriod"), told, shift), told.name


def covered_s(answer: dict[str, Any]) -> float | None:
    """How many seconds a composite schedule covers by its own word, None where it tells none above 0."""
    schedule = answer.get("chargingSchedule")
    told = schedule.get("duration") if isinstance(schedule, dict) else None
    plain = isinstance(told, int | float) and not isinstance(told, bool) and 0 < told < 1e9
    return float(told) if plain and told is not None else None


def read_periods(periods: Any, unit: Unit, shift: float = 0.0) -> Periods:
    """The periods of a schedule, in order, moved by `shift` seconds; an empty list is no limit. Raises ValueError."""
    if isinstance(periods, dict):
        periods = [periods]
    if not isinstance(periods, list) or not periods:
        return ((0.0, None),)
    return tuple(sorted((_period(period, unit, shift) for period in periods), key=lambda item: item[0]))


def _period(period: Any, unit: Unit, shift: float) -> tuple[float, float | None]:
    if not isinstance(period, dict):
        raise ValueError("a period is not an object")
    try:
        start, limit = float(period.get("startPeriod") or 0), float(period.get("limit", -1))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"a period is not readable: {error}") from error
    phases = period.get("numberPhases")
    count = phases if isinstance(phases, int) and 1 <= phases <= 3 else None
    if not math.isfinite(start) or not math.isfinite(limit):
        raise ValueError("a period holds no number")
    return start + shift, None if limit < 0 else unit.ampere(limit, count)
