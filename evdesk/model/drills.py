"""The failsafe drill: what was tried, what was measured, what it means."""

from dataclasses import dataclass
from enum import StrEnum


class DrillKind(StrEnum):
    SILENCE = "silence"  # the connection stays; no limit is sent any more
    CUT = "cut"  # the connection is closed, and refused until the end
    RESTART = "restart"  # the charger is restarted: is its safe default still there?
    SEEN = "seen"  # nothing was tried: seen while it was in use


class DrillPhase(StrEnum):
    WAITING = "waiting"  # for another drill on the same lines
    PREFLIGHT = "preflight"
    ROOM = "room"  # its full rating is kept free; the others are lowered first
    BASELINE = "baseline"  # a limit above the safe value, and a car that draws it
    SILENT = "silent"
    RESTORING = "restoring"
    DONE = "done"


class DrillVerdict(StrEnum):
    NONE = ""  # runs still
    PROVEN = "proven"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    VERIFIED = "verified"  # without a car: only what its schedule shows
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # the engine ended in the middle of it, or its clock was set
    REFUSED = "refused"  # it could not begin


class DrillCause(StrEnum):
    """What was seen, or why nothing was."""

    NONE = ""
    FELL = "fell"
    KEPT = "kept"
    LATE = "late"
    HIGHER = "higher"
    ZERO = "zero"
    ENDED = "ended"
    IGNORES = "ignores"
    LOST = "lost"
    CAR_STOPPED = "car_stopped"
    CAR_LOW = "car_low"
    NO_CAR = "no_car"
    NO_READINGS = "no_readings"
    NO_ROOM = "no_room"
    NOTHING_TO_FALL = "nothing_to_fall"
    NOT_ONLINE = "not_online"
    NOT_BALANCING = "not_balancing"
    CANNOT = "cannot"
    OVER_FUSE = "over_fuse"
    NO_ANSWER = "no_answer"
    NOT_BACK = "not_back"
    STOPPED = "stopped"


UNSAFE = frozenset(
    {DrillCause.KEPT, DrillCause.LATE, DrillCause.HIGHER, DrillCause.IGNORES, DrillCause.LOST, DrillCause.CANNOT}
)
"""With these it may draw more than its safe share when evdesk is silent: its full rating is reserved."""

Sample = tuple[float, float | None, float | None]
"""(Unix s, ampere of the highest phase, the limit evdesk gave while it counts)"""


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill of one connector. Currents in ampere per phase, `_at` Unix seconds, `_s` seconds.

    `since_at`: evdesk said its last word; `latest_allowed_at`: by then the current must have fallen to `safe_a`.
    `fell_after_s`, `fell_to_a`: the first reading at the fallback, counted from `since_at`; `fell_not_before_s`: the last
    one before it. `shown_a`: what the charger's own schedule promised, None where it showed nothing. `read_from`:
    "charger", "charger, afterwards" or "site meter". `no_limit_shown`: its schedule showed no limit at all; `shown_a` is
    then its full rating, or None after a restart. `restored`: the live limit holds again, and the charge still runs.
    """

    id: int
    charger_id: str
    connector_id: int
    kind: DrillKind
    started_at: float
    phase: DrillPhase = DrillPhase.WAITING
    verdict: DrillVerdict = DrillVerdict.NONE
    cause: DrillCause = DrillCause.NONE
    sentence: str = ""
    label: str = ""
    site: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    protocol: str = ""
    who: str = ""
    via: str = ""
    max_a: float = 0.0
    safe_a: float = 0.0
    untested: str = ""  # why its own schedule did not verify the default, "" where it did
    valid_s: int = 0
    refresh_s: int = 0
    baseline_a: float | None = None
    shown_a: float | None = None
    no_limit_shown: bool = False
    since_at: float | None = None
    latest_allowed_at: float | None = None
    fell_after_s: float | None = None
    fell_not_before_s: float | None = None
    fell_to_a: float | None = None
    read_from: str = "charger"
    restored: bool | None = None
    ended_at: float | None = None
    samples: tuple[Sample, ...] = ()
    audit_ids: tuple[int, ...] = ()

    @property
    def over(self) -> bool:
        return self.phase is DrillPhase.DONE

    @property
    def unsafe(self) -> bool:
        """It showed that it may draw more than its safe share when evdesk is silent."""
        return self.verdict is DrillVerdict.FAILED and self.cause in UNSAFE
