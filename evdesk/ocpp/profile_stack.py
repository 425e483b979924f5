"""Who limits when: charging profiles stacked as OCPP says (1.6 section 3.13, 2.0.1 K01 and K08). Pure.

Within a purpose the highest stack level in force wins, and at the same level the one of the connector before the one
of the whole station. A TxProfile replaces the TxDefaultProfile. Across purposes the smallest limit counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evdesk.model import ProfileSeen

TX, PRIORITY, DEFAULT = "TxProfile", "PriorityCharging", "TxDefaultProfile"
CEILINGS = ("ChargePointMaxProfile", "ChargingStationExternalConstraints")
RECUR_S = {"Daily": 86_400.0, "Weekly": 604_800.0}
MOST_EDGES = 2000
CLOCKS_S = 20.0
"""How far the charger's clock, its rounding and a refresh on its way may move an edge."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end` this profile decides; None: nobody limits. `limit_a` in A per phase."""

    start: float
    end: float
    limit_a: float | None
    profile: ProfileSeen | None


def elapsed_s(profile: ProfileSeen, at: float, tx_started_at: float | None) -> float | None:
    """Seconds since the schedule (this recurrence of it) began; None where it is not in force."""
    if profile.valid_from_at is not None and at < profile.valid_from_at:
        return None
    if profile.valid_to_at is not None and at >= profile.valid_to_at:
        return None
    start = _start(profile, tx_started_at)
    if start is None or at < start or not profile.periods:
        return None
    gone = at - start
    if profile.kind == "Recurring":
        gone %= RECUR_S.get(profile.recurrency, 86_400.0)
    if profile.duration_s is not None and gone >= profile.duration_s:
        return None
    return gone


def _start(profile: ProfileSeen, tx_started_at: float | None) -> float | None:
    if profile.kind == "Relative":
        return tx_started_at
    if profile.start_at is not None:
        return profile.start_at
    if profile.purpose in CEILINGS or tx_started_at is None:
        return profile.seen_at
    return tx_started_at  # no start: from the start of the charge on (7.13)


def limit_of(profile: ProfileSeen, at: float, tx_started_at: float | None) -> float | None:
    """What this profile alone says at a moment, in A; None while it is not in force."""
    gone = elapsed_s(profile, at, tx_started_at)
    if gone is None:
        return None
    return next((limit for start, limit in reversed(profile.periods) if start <= gone), None)


def in_force(
    profiles: Iterable[ProfileSeen], purpose: str, connector_id: int, at: float, tx_started_at: float | None
) -> tuple[ProfileSeen, float] | None:
    """The profile of this purpose that counts at a moment, and its limit."""
    best: tuple[tuple[int, int], ProfileSeen, float] | None = None
    for profile in profiles:
        if profile.purpose != purpose or profile.connector_id not in (0, connector_id):
            continue
        if purpose in (TX, PRIORITY) and tx_started_at is None:
            continue
        limit = limit_of(profile, at, tx_started_at)
        rank = (profile.stack_level, profile.connector_id)
        if limit is not None and (best is None or rank >= best[0]):
            best = (rank, profile, limit)
    return None if best is None else (best[1], best[2])


def limiting(
    profiles: Sequence[ProfileSeen], connector_id: int, at: float, tx_started_at: float | None
) -> tuple[ProfileSeen, float] | None:
    """The profile that decides at a moment, and its limit; None where nothing limits."""
    found = []
    for purpose in (PRIORITY, TX, DEFAULT):
        one = in_force(profiles, purpose, connector_id, at, tx_started_at)
        if one is not None:
            found.append(one)
            break
    ceilings = (in_force(profiles, purpose, connector_id, at, tx_started_at) for purpose in CEILINGS)
    found += [one for one in ceilings if one is not None]
    return min(found, key=lambda one: one[1]) if found else None


def who_limits(
    profiles: Sequence[ProfileSeen], connector_id: int, begin: float, end: float, tx_started_at: float | None
) -> list[Stretch]:
    """The time from `begin` to `end` in stretches, each with the one profile that decides."""
    edges = {begin} | {t for p in profiles for t in _edges(p, begin, end, tx_started_at)}
    told: list[Stretch] = []
    moments = sorted(edges)[:MOST_EDGES]
    for at, after in zip(moments, [*moments[1:], end], strict=True):
        one = limiting(profiles, connector_id, at, tx_started_at)
        profile, limit = one if one is not None else (None, None)
        if told and (told[-1].profile, told[-1].limit_a) == (profile, limit):
            told[-1] = Stretch(told[-1].start, after, limit, profile)
        else:
            told.append(Stretch(at, after, limit, profile))
    return told


def _edges(profile: ProfileSeen, begin: float, end: float, tx_started_at: float | None) -> list[float]:
    """Every moment between `begin` and `end` at which this profile may say something else."""
    moments = [t for t in (profile.valid_from_at, profile.valid_to_at) if t is not None]
    start = _start(profile, tx_started_at)
    if start is not None:
        marks = [period[0] for period in profile.periods]
        if profile.duration_s is not None:
            marks.append(profile.duration_s)
        starts = [start]
        if profile.kind == "Recurring":
            step = RECUR_S.get(profile.recurrency, 86_400.0)
            first = max(0, int((begin - start) // step))
            starts = [start + step * n for n in range(first, first + int((end - begin) // step) + 2)]
        moments += [one + mark for one in starts for mark in marks] + starts
    return [t for t in moments if begin < t < end]


def unexplained_a(
    stretches: Sequence[Stretch], composite: Sequence[tuple[float, float | None]], begin: float
) -> tuple[float, float, float | None] | None:
    """Where the charger's own schedule is lower than the known profiles explain: (moment, its limit in A, what the
    profiles would allow). Something evdesk did not send then holds it down (lbbrhzn/ocpp #2148)."""
    for offset, limit in composite:
        at = begin + max(0.0, offset)
        near = [one for one in stretches if one.start - CLOCKS_S < at < one.end + CLOCKS_S]
        allowed = [one.limit_a for one in near if one.limit_a is not None]
        if limit is not None and near and (not allowed or limit < min(allowed) - 0.5):
            return at, limit, min(allowed, default=None)
    return None
