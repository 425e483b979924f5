"""The API's methods about the failsafe: what holds in each charger, the drill that proves it, its protocol."""

from dataclasses import dataclass, field
from enum import StrEnum

from evdesk.model import FailsafeState
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillVerdict
from evdesk.wire.method import Done, Method, Nothing, OneCharger, OptionalCharger


@dataclass(frozen=True, slots=True)
class SameModel:
    """A drill of another charger of the same model and firmware: a hint, no proof."""

    charger_id: str
    label: str
    kind: DrillKind
    verdict: DrillVerdict
    cause: DrillCause
    fell_after_s: float | None
    fell_to_a: float | None
    at: float


@dataclass(frozen=True, slots=True)
class FailsafeView:
    """One charger when evdesk is silent. `light`: "green" a drill has proven it with this firmware and these values, or
    nothing can go wrong; "amber" it is not proven; "red" it cannot fall back, and is reserved in full. `state` is that of
    `Charger.failsafe`. `max_a`, `safe_a`: in the charger, None where nothing is known to be; `plan_a`: what should be.
    `valid_s`: how long a live limit holds, `refresh_s`: how often it is sent anew; `falls_after_s`: by then it must have
    fallen. `writes_today`: charging profiles written (flash wear). `reserved_a`: what the site keeps free for it per phase
    when nobody talks to it. `last_drill` without samples; `running`: the id of a drill under way. `unproven`: connectors
    with a place that no drill has proven as the charger is now; one is enough, and the charger is not proven."""

    charger_id: str
    label: str
    light: str
    state: FailsafeState
    max_a: float | None
    safe_a: float | None
    plan_a: float
    valid_s: int
    refresh_s: int
    falls_after_s: int
    writes_today: int
    detail: str
    reserved_a: float
    online: bool = False
    last_drill: Drill | None = None
    running: int | None = None
    same_model: list[SameModel] = field(default_factory=list)
    unproven: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FailsafeSummary:
    """`proven` green, `untested` amber and `cannot` red are all `chargers` together; so are those in `by_state`, the
    states of `Charger.failsafe`. Green are also those whose safe value is all they may ever take: verified is enough.
    `problems`: lines that are too small for those that cannot fall back, in words; `safe_share_a`: the smallest share
    of any charger that can; `falls_after_s`: by then everybody has fallen. `exposed`: lines whose breaker may not bear what
    flows until then, should the other load rise to its worst just when evdesk falls silent, in words."""

    proven: int
    untested: int
    cannot: int
    safe_share_a: float
    falls_after_s: int
    problems: list[str] = field(default_factory=list)
    exposed: list[str] = field(default_factory=list)
    chargers: int = 0
    by_state: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartDrill:
    """`connector_id` None: one that is not proven yet, of these the first that charges. `kind`: "silence" (the connection
    stays, nothing is sent), "cut" (it is closed and refused until the end) or "restart" (without a car: is the default
    still there afterwards?). `attended`: a person stays at the board, so that the load measured now counts instead of the
    worst ever."""

    charger_id: str
    connector_id: int | None = None
    kind: DrillKind = DrillKind.SILENCE
    attended: bool = False


@dataclass(frozen=True, slots=True)
class StartDrills:
    """All accepted chargers that are not proven, each as `StartDrill`; together as far as the lines allow."""

    kind: DrillKind = DrillKind.SILENCE
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    drill_id: int


@dataclass(frozen=True, slots=True)
class BegunAll:
    """`skipped`: how many chargers were left out, by "proven", "offline", "running" or "refused"; `sentence` says it."""

    drill_ids: list[int]
    skipped: dict[str, int] = field(default_factory=dict)
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class OneDrill:
    drill_id: int


class ProtocolFormat(StrEnum):
    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class ReadProtocol:
    drill_id: int
    format: ProtocolFormat = ProtocolFormat.HTML


@dataclass(frozen=True, slots=True)
class Protocol:
    """One page of A4, complete in itself: `html`, or where that was asked for `pdf` (base64 in JSON). `file_name`: a name
    to save it under."""

    html: str
    file_name: str
    pdf: bytes = b""


METHODS_DRILL: dict[str, Method] = {
    "failsafe.list": Method(Nothing, list[FailsafeView], "What each charger does when evdesk is silent."),
    "failsafe.summary": Method(Nothing, FailsafeSummary, "The same for the site: counts, safe share, problems."),
    "failsafe.drill": Method(StartDrill, Begun, "Stop talking to a charger and watch what it does.", changes=True),
    "failsafe.drill_all": Method(StartDrills, BegunAll, "Drill every charger that is not proven.", changes=True),
    "failsafe.cancel": Method(OneDrill, Done, "End a drill; the live limit is put in force again.", changes=True),
    "failsafe.mended": Method(
        OneCharger, Done, "A charger seen ignoring its limit is in order again: it is prepared anew.", changes=True
    ),
    "failsafe.drills": Method(OptionalCharger, list[Drill], "Drills, newest first, without their samples."),
    "failsafe.drill_get": Method(OneDrill, Drill, "One drill with its samples: Unix s, ampere, limit."),
    "failsafe.protocol": Method(ReadProtocol, Protocol, "The printable page about one drill."),
}
