"""What the readings of a drill say: pure, so that it can be judged again from what was stored.

A charger tells its current each few seconds only. The first reading at the fallback is the latest moment it can have
fallen, the one before it the earliest; the verdict gives it the benefit of neither: it must have been seen fallen by the
first reading after the latest allowed moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evdesk.model.drills import DrillCause, Sample

CLOSE_A = 1.0
"""Meter error, pilot tolerance, a car's own habits."""

NOTHING_A = 1.0
HOLD_S = 20.0
"""So long it must stay there."""


@dataclass(frozen=True, slots=True)
class Watched:
    """`since_at`: the last live limit left. `latest_at`: by then it must have fallen. `until_at`: it is watched no longer
    than that. `baseline_a`: what it drew before. `paused_by`, `ended_by`: the charge was paused or ended by whom ("car",
    "charger", "" for neither)."""

    since_at: float
    latest_at: float
    until_at: float
    baseline_a: float
    safe_a: float
    samples: Sequence[Sample]
    paused_by: str = ""
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class Fallback:
    """`final`: nothing that may still come changes it."""

    cause: DrillCause
    final: bool
    after_s: float | None = None
    not_before_s: float | None = None
    amps: float | None = None


def judge(seen: Watched, now: float) -> Fallback:
    """What is known at `now`. Currents in ampere of the highest phase, times Unix seconds."""
    if seen.ended_by:
        cause = DrillCause.CAR_STOPPED if seen.ended_by == "car" else DrillCause.ENDED
        return Fallback(cause, True)
    readings = [(at, amps) for at, amps, _ in seen.samples if amps is not None and at >= seen.since_at]
    before = [(at, amps) for at, amps, _ in seen.samples if amps is not None and at < seen.since_at]
    fell = _first_low(seen, readings)
    if fell is None:
        return _still_high(seen, readings, now)
    at = readings[fell][0]
    held_a = readings[-1][1]
    earlier = readings[fell - 1][0] if fell else (before[-1][0] if before else seen.since_at)
    steady = readings[-1][0] - at >= HOLD_S or now >= seen.until_at
    cause = _what_fell(seen, held_a, earlier)
    return Fallback(cause, steady, at - seen.since_at, max(earlier - seen.since_at, 0.0), held_a)


def _what_fell(seen: Watched, held_a: float, earlier: float) -> DrillCause:
    """`earlier`: the last reading above the fallback."""
    if held_a <= NOTHING_A:
        if seen.paused_by != "charger":
            return DrillCause.CAR_STOPPED
        return DrillCause.ZERO if seen.safe_a > NOTHING_A else DrillCause.FELL
    if earlier >= seen.latest_at:
        return DrillCause.LATE
    if held_a < seen.safe_a - 2 * CLOSE_A:
        return DrillCause.CAR_LOW  # the charger may have kept its limit: nobody can tell
    return DrillCause.FELL


def _first_low(seen: Watched, readings: Sequence[tuple[float, float]]) -> int | None:
    """The first reading from which on all are at the fallback."""
    first: int | None = None
    for n, (_, amps) in enumerate(readings):
        low = amps <= seen.safe_a + CLOSE_A
        first = (n if first is None else first) if low else None
    return first


def _still_high(seen: Watched, readings: Sequence[tuple[float, float]], now: float) -> Fallback:
    late = [(at, amps) for at, amps in readings if at > seen.latest_at]
    over = now >= seen.until_at
    if not late:
        return Fallback(DrillCause.NO_READINGS, over)
    amps = late[-1][1]
    cause = (
        DrillCause.KEPT if abs(amps - seen.baseline_a) <= max(CLOSE_A, 0.08 * seen.baseline_a) else DrillCause.HIGHER
    )
    return Fallback(cause, over, amps=amps)
