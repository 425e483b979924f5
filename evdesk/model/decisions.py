"""What was decided for a connector, from when to when, and why: one row per change, kept for months."""

from dataclasses import dataclass
from enum import StrEnum

from evdesk.model.limits import Why, WhyCode


class CauseKind(StrEnum):
    """What made a limit fall."""

    HOUSE = "house"  # a load that is no charger rose
    CAR = "car"  # another car came, or takes more
    SHARED = "shared"  # the shares were made anew


class RowEnd(StrEnum):
    """Why a row ended without another one behind it."""

    NONE = ""  # the next row begins where this one ends, or it still holds
    STOPPED = "stopped"  # the engine was stopped in order
    LOST = "lost"  # the engine ended without a word: unknown after its last heartbeat
    CLOCK = "clock"  # the computer's clock was set, or stood still
    GONE = "gone"  # the connector left the site


@dataclass(frozen=True, slots=True)
class CutOther:
    """Somebody else who was lowered in the same second, on the same line."""

    charger_id: str
    connector_id: int
    before_a: float
    limit_a: float


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a limit fell: on `line`, `other_from_a` of other load became `other_a` (or `who` took more).

    `above_s`: seconds the line stayed above its rating, 0.0 where it never was, None while it still is. `peak_a`: the
    most it carried meanwhile. `others`: at most 10 of the `others_count` connectors that were lowered too."""

    kind: CauseKind = CauseKind.SHARED
    line: str = ""
    other_from_a: float | None = None
    other_a: float | None = None
    who: str = ""  # charger id / connector, where a car is the cause
    above_s: float | None = 0.0
    peak_a: float | None = None
    others: tuple[CutOther, ...] = ()
    others_count: int = 0


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """`limit_a` held from `from_at` until `to_at` (None: it still does) because of `why`. `before_a`: the limit before.
    `took_a`: what the car took on its busiest terminal when it began, None where nobody knows. `cause`: for a cut.
    `merged`: how many rows this one stands for; then `limit_a` is the lowest and `why` that of the longest."""

    id: int
    charger_id: str
    connector_id: int
    from_at: float
    to_at: float | None
    limit_a: float
    why: Why
    before_a: float | None = None
    took_a: float | None = None
    ended: RowEnd = RowEnd.NONE
    cause: Cause | None = None
    merged: int = 1


HELD_BACK = frozenset(
    {
        WhyCode.LINE,
        WhyCode.WAITING,
        WhyCode.SAFE_SHARE,
        WhyCode.OFFLINE,
        WhyCode.CAP,
        WhyCode.SOLAR,
        WhyCode.PRICE,
        WhyCode.OFF,
    }
)
"""Reasons that keep a car below what it and its outlet could take."""


def holds_back(code: WhyCode, detail: str) -> bool:
    """Whether this reason keeps a car that wants to charge from what it could take. A charge that nobody has started
    is not held back, and a drill is no balancing."""
    return code in HELD_BACK and detail not in ("not_started", "drill")
