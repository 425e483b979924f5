"""Charging profiles as OCPP 1.6 stacks them (specification chapters 3.13, 5.16 and 7.8). Pure: the station's own
clock is passed in.

* Within a purpose the highest stackLevel that is valid at the moment wins. One set for connector n stands above
  one set for connector 0 at the same level.
* A TxProfile in force replaces the TxDefaultProfile; when its `duration` or `validTo` has passed, the next lower
  level, then the TxDefaultProfile applies again.
* The smaller of ChargePointMaxProfile and Tx*Profile counts, and never more than the hardware.
* A new profile replaces one with the same id, or the same connector, purpose and stackLevel.
"""

from dataclasses import dataclass, replace
from typing import Any

from evdesk.simulator.moments import from_text, to_text

MAX_PURPOSE = "ChargePointMaxProfile"
DEFAULT_PURPOSE = "TxDefaultProfile"
TX_PURPOSE = "TxProfile"
RECUR_S = {"Daily": 86_400, "Weekly": 604_800}
FOREVER = float("inf")


class ProfileError(ValueError):
    """A profile nobody could apply; the text says which field is wrong."""


@dataclass(frozen=True, slots=True)
class Period:
    start_s: int
    limit: float
    phases: int = 3


@dataclass(frozen=True, slots=True)
class Profile:
    """One charging profile. `unit` "A" (per phase) or "W" (sum); `received_at` on the station's clock.

    `max_offline_s` (OCPP 2.1 maxOfflineDuration): not in use once the CSMS has been gone that long; with
    `invalid_after_offline` it is removed then.
    """

    id: int
    connector_id: int
    stack_level: int
    purpose: str
    kind: str
    periods: tuple[Period, ...]
    unit: str = "A"
    duration_s: int | None = None
    start_at: float | None = None
    recurrency: str = ""
    valid_from: float | None = None
    valid_to: float | None = None
    transaction_id: int | str | None = None
    received_at: float = 0.0
    schedule_id: int = 1
    max_offline_s: float | None = None
    invalid_after_offline: bool = False


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the outlet can do whatever the profiles say."""

    max_a: float = 32.0
    phases: int = 3
    voltage_v: float = 230.0


@dataclass(frozen=True, slots=True)
class Tx:
    """The running transaction: its id (None while the CSMS has not given one) and start on the station's clock."""

    id: int | str | None
    started_at: float


def parse_profile(connector_id: int, raw: dict[str, Any], now: float) -> Profile:
    """`csChargingProfiles` as it came; raises ProfileError."""
    try:
        schedule = raw["chargingSchedule"]
        periods = tuple(
            Period(int(p["startPeriod"]), float(p["limit"]), int(p.get("numberPhases", 3)))
            for p in schedule["chargingSchedulePeriod"]
        )
        profile = Profile(
            id=int(raw["chargingProfileId"]),
            connector_id=connector_id,
            stack_level=int(raw["stackLevel"]),
            purpose=str(raw["chargingProfilePurpose"]),
            kind=str(raw["chargingProfileKind"]),
            periods=periods,
            unit=str(schedule["chargingRateUnit"]),
            duration_s=None if schedule.get("duration") is None else int(schedule["duration"]),
            start_at=_moment(schedule.get("startSchedule")),
            recurrency=str(raw.get("recurrencyKind") or ""),
            valid_from=_moment(raw.get("validFrom")),
            valid_to=_moment(raw.get("validTo")),
            transaction_id=raw.get("transactionId"),
            received_at=now,
        )
    except KeyError as missing:
        raise ProfileError(f"field {missing.args[0]} is missing") from None
    except (TypeError, ValueError, AttributeError) as problem:
        raise ProfileError(f"the profile cannot be read: {problem}") from None
    _check(profile)
    return profile


def _moment(text: str | None) -> float | None:
    return None if text is None else from_text(text)


def _check(p: Profile) -> None:
    starts = [q.start_s for q in p.periods]
    rules: tuple[tuple[bool, str], ...] = (
        (p.purpose not in (MAX_PURPOSE, DEFAULT_PURPOSE, TX_PURPOSE), "unknown chargingProfilePurpose"),
        (p.kind not in ("Absolute", "Recurring", "Relative"), "unknown chargingProfileKind"),
        (p.unit not in ("A", "W"), "unknown chargingRateUnit"),
        (p.stack_level < 0, "stackLevel is negative"),
        (not p.periods or p.periods[0].start_s != 0, "the first startPeriod must be 0"),
        (starts != sorted(set(starts)), "periods are not in order"),
        (any(q.limit < 0 for q in p.periods), "a limit is negative"),
        (p.kind == "Recurring" and p.recurrency not in RECUR_S, "unknown recurrencyKind"),
        (p.kind == "Recurring" and p.start_at is None, "Recurring needs startSchedule"),
        (p.purpose == MAX_PURPOSE and p.connector_id != 0, "ChargePointMaxProfile belongs to connector 0"),
        (p.purpose == MAX_PURPOSE and p.kind == "Relative", "ChargePointMaxProfile cannot be Relative"),
        (p.purpose == TX_PURPOSE and p.connector_id == 0, "TxProfile needs a connector"),
    )
    for broken, sentence in rules:
        if broken:
            raise ProfileError(sentence)


def to_wire(profile: Profile) -> dict[str, Any]:
    """The profile as `csChargingProfiles`."""
    periods = [{"startPeriod": q.start_s, "limit": q.limit, "numberPhases": q.phases} for q in profile.periods]
    schedule: dict[str, Any] = {"chargingRateUnit": profile.unit, "chargingSchedulePeriod": periods}
    raw: dict[str, Any] = {
        "chargingProfileId": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": profile.purpose,
        "chargingProfileKind": profile.kind,
        "chargingSchedule": schedule,
    }
    if profile.duration_s is not None:
        schedule["duration"] = profile.duration_s
    if profile.start_at is not None:
        schedule["startSchedule"] = to_text(profile.start_at)
    if profile.recurrency:
        raw["recurrencyKind"] = profile.recurrency
    if profile.valid_from is not None:
        raw["validFrom"] = to_text(profile.valid_from)
    if profile.valid_to is not None:
        raw["validTo"] = to_text(profile.valid_to)
    if profile.transaction_id is not None:
        raw["transactionId"] = profile.transaction_id
    return raw


def elapsed_s(profile: Profile, now: float, tx: Tx | None) -> float | None:
    """Seconds since the schedule (this recurrence of it) began; None when it is not in force at `now`."""
    if profile.valid_from is not None and now < profile.valid_from:
        return None
    if profile.valid_to is not None and now >= profile.valid_to:
        return None
    start = _start(profile, tx)
    if start is None or now < start:
        return None
    gone = now - start
    if profile.kind == "Recurring":
        gone %= RECUR_S[profile.recurrency]
    if profile.duration_s is not None and gone >= profile.duration_s:
        return None
    return gone


def _start(profile: Profile, tx: Tx | None) -> float | None:
    if profile.kind == "Relative":
        return None if tx is None else tx.started_at
    if profile.start_at is not None:
        return profile.start_at
    if profile.purpose == MAX_PURPOSE or tx is None:
        return profile.received_at
    return tx.started_at  # "if absent the schedule is relative to the start of charging" (7.13 startSchedule)


def _limit_of(profile: Profile, gone: float, hardware: Hardware) -> float:
    period = next(q for q in reversed(profile.periods) if q.start_s <= gone)
    if profile.unit == "A":
        return period.limit
    return period.limit / (hardware.voltage_v * max(1, min(period.phases, hardware.phases)))


def _purpose_limit(
    profiles: list[Profile], purpose: str, connector_id: int, now: float, tx: Tx | None, hardware: Hardware
) -> float | None:
    best: tuple[int, int] | None = None
    limit: float | None = None
    for profile in profiles:
        if profile.purpose != purpose or profile.connector_id not in (0, connector_id):
            continue
        if purpose == TX_PURPOSE and not _is_for(profile, tx):
            continue
        rank = (profile.stack_level, profile.connector_id)
        if best is not None and rank < best:
            continue
        gone = elapsed_s(profile, now, tx)
        if gone is not None:
            best, limit = rank, _limit_of(profile, gone, hardware)
    return limit


def _is_for(profile: Profile, tx: Tx | None) -> bool:
    return tx is not None and (profile.transaction_id is None or profile.transaction_id == tx.id)


def limit_at(
    profiles: list[Profile], connector_id: int, now: float, tx: Tx | None, hardware: Hardware, sharing: int = 1
) -> float:
    """Ampere per phase the connector may offer at `now` (station clock).

    `sharing` connectors charge now: what caps the whole station is divided evenly among them.
    """
    running = _purpose_limit(profiles, TX_PURPOSE, connector_id, now, tx, hardware)
    if running is None:
        running = _purpose_limit(profiles, DEFAULT_PURPOSE, connector_id, now, tx, hardware)
    ceiling = _purpose_limit(profiles, MAX_PURPOSE, 0, now, tx, hardware)
    known = [limit for limit in (running, None if ceiling is None else ceiling / sharing) if limit is not None]
    return min([hardware.max_a, *known])


def composite(
    profiles: list[Profile], connector_id: int, now: float, duration_s: int, tx: Tx | None, hardware: Hardware
) -> list[tuple[int, float]]:
    """(offset s, ampere) from `now` on, equal neighbours merged. Without a transaction one is assumed to start now,
    so that the default shows. Offsets are whole seconds, rounded up: a limit is never told to end too early."""
    assumed = tx or Tx(None, now)
    edges = {now} | {t for p in profiles for t in _edges(p, assumed, now, now + duration_s)}
    told: list[tuple[int, float]] = []
    for at in sorted(edges):
        limit = limit_at(profiles, connector_id, at, assumed, hardware)
        offset = -int(-(at - now) // 1)
        if told and told[-1][0] == offset:
            told.pop()
        if not told or abs(told[-1][1] - limit) > 1e-9:
            told.append((offset, limit))
    return told


def _edges(profile: Profile, tx: Tx, begin: float, end: float) -> list[float]:
    """Every moment inside (begin, end) at which the profile may change what it says."""
    moments = [t for t in (profile.valid_from, profile.valid_to) if t is not None]
    start = _start(profile, tx)
    if start is not None:
        marks = [float(q.start_s) for q in profile.periods]
        if profile.duration_s is not None:
            marks.append(float(profile.duration_s))
        step = RECUR_S.get(profile.recurrency, 0) if profile.kind == "Recurring" else 0
        rounds = [start]
        if step:
            first = max(0, int((begin - start) // step))
            rounds = [start + step * k for k in range(first, first + int((end - begin) // step) + 2)]
        moments += [r + m for r in rounds for m in marks]
    return [t for t in moments if begin < t < end]


class ProfileStack:
    """What one station has stored. It survives reconnects and soft resets."""

    def __init__(self, hardware: Hardware, max_level: int = 8, max_installed: int = 20) -> None:
        self.hardware = hardware
        self.max_level = max_level
        self.max_installed = max_installed
        self.items: list[Profile] = []
        self.writes = 0  # each one wears a real charger's flash
        self.offline_s = 0.0  # how long the CSMS has been gone
        self.ignored_offline: frozenset[str] = frozenset()  # purposes (IgnoredProfilePurposesOffline)
        self.overstay_s = 0.0  # a fault: profiles that end go on for so long
        self.admits = False  # and the composite schedule shows it
        self.only_one = False  # a fault: no stacking

    def add(self, profile: Profile) -> None:
        """Store or replace; raises ProfileError when the level or the memory is exceeded."""
        if profile.stack_level > self.max_level:
            raise ProfileError(f"stackLevel above {self.max_level}")
        slot = (profile.connector_id, profile.purpose, profile.stack_level)
        kept = [p for p in self.items if p.id != profile.id and (p.connector_id, p.purpose, p.stack_level) != slot]
        kept = [] if self.only_one else kept
        if len(kept) >= self.max_installed:
            raise ProfileError(f"more than {self.max_installed} profiles")
        self.items = [*kept, profile]
        self.writes += 1

    def clear(self, wanted: dict[str, Any]) -> int:
        """ClearChargingProfile.req: all given fields must match; returns how many went."""
        tests = (
            ("id", "id"),
            ("connectorId", "connector_id"),
            ("chargingProfilePurpose", "purpose"),
            ("stackLevel", "stack_level"),
        )
        given = [(field, wanted[key]) for key, field in tests if wanted.get(key) is not None]
        kept = [p for p in self.items if not all(getattr(p, field) == value for field, value in given)]
        gone = len(self.items) - len(kept)
        self.items = kept
        return gone

    def end_transaction(self, connector_id: int) -> None:
        """TxProfiles end with their transaction."""
        self.items = [p for p in self.items if p.purpose != TX_PURPOSE or p.connector_id != connector_id]

    def go_on_offline(self, seconds: float) -> None:
        """The CSMS has been gone for `seconds` (0 = it is there): drop what OCPP 2.1 says is invalid by now."""
        self.offline_s = 0.0 if self.overstay_s else seconds
        if self.offline_s:
            self.items = [p for p in self.items if not (p.invalid_after_offline and _too_long(p, seconds))]

    def limit_a(self, connector_id: int, now: float, tx: Tx | None, sharing: int = 1) -> float:
        return limit_at(self._prolonged(), connector_id, now, tx, self.hardware, sharing)

    def composite(self, connector_id: int, now: float, duration_s: int, tx: Tx | None) -> list[tuple[int, float]]:
        items = self._prolonged() if self.admits else self._usable()
        return composite(items, connector_id, now, duration_s, tx, self.hardware)

    def live_ended(self, connector_id: int, now: float, tx: Tx | None) -> bool:
        """Whether a live limit (one that ends) was there for this transaction and has ended."""
        live = [
            p
            for p in self.items
            if p.duration_s is not None
            and p.connector_id == connector_id
            and (p.purpose != TX_PURPOSE or _is_for(p, tx))
        ]
        return bool(live) and all(elapsed_s(p, now, tx) is None for p in live)

    def _prolonged(self) -> list[Profile]:
        items = self._usable()
        if not self.overstay_s:
            return items
        return [p if p.duration_s is None else _longer(p, self.overstay_s) for p in items]

    def _usable(self) -> list[Profile]:
        if not self.offline_s:
            return self.items
        return [p for p in self.items if p.purpose not in self.ignored_offline and not _too_long(p, self.offline_s)]


def _longer(profile: Profile, seconds: float) -> Profile:
    duration = None if profile.duration_s is None or seconds == FOREVER else profile.duration_s + int(seconds)
    return replace(profile, duration_s=duration, valid_to=None)


def _too_long(profile: Profile, offline_s: float) -> bool:
    return profile.max_offline_s is not None and offline_s > profile.max_offline_s
