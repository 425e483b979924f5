"""Limits and why they are what they are."""

from dataclasses import dataclass
from enum import StrEnum


class WhyCode(StrEnum):
    """The kind of reason behind a limit. The desk makes the sentence, the engine sends code and arguments."""

    LINE = "line"  # a conductor is full; `line` names it
    CAR = "car"  # the car draws less than it may
    CHARGER = "charger"  # the charger's or cable's own maximum
    USER = "user"  # a person set it
    SAFE_SHARE = "safe_share"  # the failsafe share, because something is not known
    WAITING = "waiting"  # 6 A is not there for everybody; this one waits
    NO_CAR = "no_car"
    FAULT = "fault"
    OFFLINE = "offline"  # silent: what it may draw stays reserved
    NOT_ACCEPTED = "not_accepted"
    OFF = "off"  # balancing is switched off
    CAP = "cap"  # a power limit from outside; `line` names its source
    SOLAR = "solar"  # only what the roof gives away
    PRICE = "price"  # waits for a cheaper hour
    TEST = "test"  # a test holds it
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Why:
    """Why a limit holds: the code, the binding line ("Garage/L2"), its load and rating when decided, and since when.

    `detail` is a short machine word: "stale_meter", "settling", "dwell", "hold", "no_circuit", "not_started"; "ahead":
    the line would carry more for this car, others come first, for they leave sooner or lack more; "enough": it needs no
    more; "silent": `kept_a` of the load does not flow, it is kept free in case evdesk falls silent (`silent_times`)."""

    code: WhyCode = WhyCode.UNKNOWN
    line: str = ""
    load_a: float | None = None
    rating_a: float | None = None
    since_at: float | None = None
    detail: str = ""
    until_at: float | None = None  # by then it changes by itself; None: nobody knows
    kept_a: float | None = None  # of `load_a`, kept free in case evdesk falls silent

    @property
    def text(self) -> str:
        """Stable English for scripts and logs: "line Garage/L2", "failsafe share", "car draws less", "user"."""
        if self.detail == "ahead" and self.code in (WhyCode.LINE, WhyCode.WAITING):
            return f"others come first on {self.line}"
        if self.detail == "silent" and self.kept_a is not None:
            return f"{self.kept_a:g} A kept free on {self.line} in case evdesk falls silent"
        words = {
            WhyCode.LINE: f"line {self.line}",
            WhyCode.CAR: "car draws less",
            WhyCode.CHARGER: "charger maximum",
            WhyCode.SAFE_SHARE: "failsafe share",
            WhyCode.WAITING: f"waits for 6 A on {self.line}" if self.line else "waits for 6 A",
            WhyCode.NO_CAR: "no car",
            WhyCode.NOT_ACCEPTED: "not accepted",
            WhyCode.OFF: "balancing off",
            WhyCode.CAP: f"power limit: {self.line}" if self.line else "power limit",
            WhyCode.SOLAR: "solar surplus",
            WhyCode.TEST: "a test holds it",
            WhyCode.PRICE: "waits for a cheaper hour",
        }
        return words.get(self.code, self.code.value)


@dataclass(frozen=True, slots=True)
class CurrentLimit:
    """A decided limit in ampere per phase for one connector; 0 pauses, otherwise never below 6 (IEC 61851-1)."""

    charger_id: str
    connector_id: int
    limit_a: float
    why: Why


@dataclass(frozen=True, slots=True)
class LiveProfile:
    """The expiring live limit a driver is asked to put into the charger.

    After `valid_s` seconds the charger must by itself fall back to its safe default (facts: OCPP 1.6 charging
    profile with `duration`, stacked above the default). `transaction_id` None: no transaction runs. `phases`: how many
    the car is known to use, 0 unknown; it counts for chargers that take watts.
    """

    connector_id: int
    limit_a: float
    valid_s: int
    transaction_id: int | None = None
    phases: int = 0


NOT_KNOWN = Why()
