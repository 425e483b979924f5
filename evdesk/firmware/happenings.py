"""What may happen to an update, and what the engine is asked to do then."""

from dataclasses import dataclass
from enum import StrEnum

from evdesk.model.jobs import Cause, Transfer
from evdesk.model.settings import SettingChange


class Act(StrEnum):
    """What the engine is to do now."""

    ASK_STATUS = "ask_status"
    ASK_VERSION = "ask_version"
    RESTART = "restart"  # it says installed, has the old version and never restarted
    OFFER_AGAIN = "offer_again"  # the engine was away: under the address that the charger was told
    NEXT_SCHEME = "next_scheme"  # nothing was fetched: offer the file by another protocol
    WITHDRAW = "withdraw"  # the address of the file
    TEST = "test"
    COMPARE = "compare"
    END = "end"


@dataclass(frozen=True, slots=True)
class Sent:
    """It is asked; whether it has heard it is told later (`Agreed`, `Refused`)."""

    at: float


@dataclass(frozen=True, slots=True)
class Refused:
    at: float
    cause: Cause
    status: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A status of the charger (FirmwareStatusNotification and its like)."""

    at: float
    status: str
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """What the file service saw so far."""

    at: float
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Linked:
    """`moved`: on another address of this computer than the one it was told to use."""

    at: float
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    at: float


@dataclass(frozen=True, slots=True)
class Versioned:
    """The charger told its version. `booted`: by a restart; not where evdesk asked for its BootNotification. `serial`,
    `model`: who it says to be, where it says so."""

    at: float
    version: str
    booted: bool = False
    serial: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """The look at the charger after it. `problems`: in words, () where it works as before."""

    at: float
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Settings against the backup. `note`: why nothing could be compared; `problem`: it does not work as before since."""

    at: float
    changed: tuple[SettingChange, ...] = ()
    restored: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    after_id: int | None = None
    note: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The charger's answer came after all, or at once; `status` is its word."""

    at: float
    status: str = "Accepted"


@dataclass(frozen=True, slots=True)
class Received:
    """An upload is here. `whole`: as far as its protocol can tell; `cause` where it was cut (too large, disk full);
    `name`: under which it was sent."""

    at: float
    size: int
    log_id: int
    whole: bool = True
    cause: Cause = Cause.NONE
    name: str = ""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Something came that could not be taken. `why`: a sentence; `cause` where it is known (too large, disk full)."""

    at: float
    why: str
    cause: Cause = Cause.NONE


@dataclass(frozen=True, slots=True)
class Relapsed:
    """It came through, and while it was watched it was not well for longer than a moment. `version`: the one it tells."""

    at: float
    version: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    at: float


@dataclass(frozen=True, slots=True)
class Stop:
    """A person wants it ended; `who` in words."""

    at: float
    who: str


Happening = (
    Sent
    | Refused
    | Told
    | Served
    | Linked
    | Lost
    | Versioned
    | Looked
    | Compared
    | Agreed
    | Received
    | TurnedAway
    | Relapsed
    | Tick
    | Stop
)
