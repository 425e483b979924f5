"""What the engine's codes say to a person: states and reasons, each as icon, word and colour role."""

from dataclasses import dataclass, replace

from evdesk.gui.text import amps, clock, limit, number, tr
from evdesk.model import (
    Charger,
    ChargerState,
    Connector,
    ConnectorStatus,
    Doubt,
    FailsafeState,
    LineLoad,
    Severity,
    Why,
    WhyCode,
)

NO_LOAD_A = 0.5
"""Below this nothing but cars is on a line."""


@dataclass(frozen=True, slots=True)
class Look:
    """Icon name, words, and the colour role (ok, warn, danger, info, muted, accent)."""

    icon: str
    word: str
    role: str


def connector_look(status: ConnectorStatus) -> Look:
    """The state of a connector in a person's words."""
    looks = {
        ConnectorStatus.AVAILABLE: Look("plug", tr("Free"), "muted"),
        ConnectorStatus.PREPARING: Look("clock", tr("Waiting"), "info"),
        ConnectorStatus.CHARGING: Look("bolt", tr("Charging"), "ok"),
        ConnectorStatus.SUSPENDED_EV: Look("battery", tr("Car full"), "info"),
        ConnectorStatus.SUSPENDED_EVSE: Look("clock", tr("Waiting"), "info"),
        ConnectorStatus.FINISHING: Look("check-circle", tr("Finished"), "info"),
        ConnectorStatus.RESERVED: Look("lock", tr("Reserved"), "muted"),
        ConnectorStatus.UNAVAILABLE: Look("x-circle", tr("Out of use"), "muted"),
        ConnectorStatus.FAULTED: Look("octagon", tr("Fault"), "danger"),
    }
    return looks.get(status, Look("question", tr("Unknown"), "warn"))


def charger_look(charger: Charger, connector: Connector | None = None) -> Look:
    """What stands on a tile or row: lost and pending go before the connector's own state."""
    if charger.state == ChargerState.OFFLINE:
        return Look("offline", tr("Offline"), "warn")
    if charger.state == ChargerState.PENDING:
        return Look("person", tr("Asks to join"), "accent")
    shown = connector or leading_connector(charger)
    look = connector_look(shown.status if shown else ConnectorStatus.UNKNOWN)
    if shown is not None and shown.doubt:
        return Look("question", tr("{state}?").format(state=look.word), "warn")
    return look


def doubt_words(connector: Connector) -> str:
    """Why the status is not to be believed as it stands, "" where it is."""
    if not connector.doubt:
        return ""
    drawn = max((a for a in connector.current_a if a is not None), default=0.0)
    words = {
        Doubt.FLOWS: tr("Says it is {state}, but {amps} flow").format(
            state=connector_look(connector.status).word.lower(), amps=amps(drawn)
        ),
        Doubt.NOTHING_FLOWS: tr("Says it charges, but nothing flows"),
        Doubt.NO_CHARGE: tr("Took the start, but no charge began"),
        Doubt.UNHEARD: tr("Charges, but told no start. Plug the car in again"),
    }
    return words.get(connector.doubt, "")


def back_words(charger: Charger, now: float) -> str:
    """When a silent charger is expected back by what it did before, "" where nothing is known."""
    if charger.state is not ChargerState.OFFLINE or charger.expected_at is None:
        return ""
    at = clock(charger.expected_at)
    late = now > charger.expected_at
    return tr("Was expected back by {at}").format(at=at) if late else tr("Expected back by {at}").format(at=at)


def leading_connector(charger: Charger) -> Connector | None:
    """The connector that tells most: a faulted one, then one with a car, then the first."""
    outlets = [c for c in charger.connectors if c.id > 0] or list(charger.connectors)
    for wanted in (ConnectorStatus.FAULTED, ConnectorStatus.CHARGING):
        for connector in outlets:
            if connector.status == wanted:
                return connector
    return next((c for c in outlets if c.status.has_car), outlets[0] if outlets else None)


def failsafe_look(state: FailsafeState) -> Look:
    looks = {
        FailsafeState.PROVEN: Look("shield-check", tr("Proven"), "ok"),
        FailsafeState.VERIFIED: Look("shield-check", tr("Verified"), "warn"),  # by its own schedule: not drilled
        FailsafeState.UNTESTED: Look("shield-alert", tr("Untested"), "warn"),
        FailsafeState.CANNOT: Look("shield-x", tr("Cannot"), "danger"),
    }
    return looks.get(state, Look("question", tr("Unknown"), "warn"))


def severity_role(severity: Severity) -> str:
    return "muted" if severity == Severity.INFO else severity.value


def line_words(line: str) -> str:
    """ "Garage/L2" as "Garage L2" """
    return line.replace("/", " ")


_DETAILS = {
    "ramp": "rises step by step",
    "stale_meter": "the site meter is silent",
    "min_dwell": "changes again soon",
    "dwell": "its pause ends soon",
    "hold": "it was cut a moment ago",
    "settling": "values are coming in",
    "not_started": "the charge has not begun",
}


def _line_reason(why: Why) -> str:
    line = line_words(why.line) if why.line else tr("The line")
    if why.detail == "silent":
        return _silent_reason(why, line)
    if why.detail == "ahead":
        return tr("Others come first on {line}").format(line=line)
    if why.load_a is None or why.rating_a is None:
        return tr("{line} is full").format(line=line)
    return tr("{line} is full: {load} of {rating}").format(
        line=line, load=number(why.load_a), rating=limit(why.rating_a)
    )


def _silent_reason(why: Why, line: str) -> str:
    if why.kept_a is None:
        return tr("{line} keeps current in case evdesk goes silent").format(line=line)
    return tr("{line} keeps {kept} in case evdesk goes silent").format(line=line, kept=limit(round(why.kept_a)))


def _car_reason(why: Why, drawn_a: float | None) -> str:
    if why.detail == "enough":
        return tr("Has what its charge still needs")
    return tr("Car takes at most {amps}").format(amps=amps(drawn_a)) if drawn_a else tr("Car takes less than it may")


def _waiting_reason(why: Why) -> str:
    if why.detail == "ahead":
        return tr("Others leave sooner or lack more") if why.until_at is None else tr("Others leave sooner")
    if why.detail == "silent":
        return _silent_reason(why, line_words(why.line))
    if not why.line:
        return tr("Waits for 6 A, its turn comes") if why.until_at is None else tr("Waits for 6 A")
    if "/" not in why.line:  # no conductor: a power limit, by who gave it
        return tr("Waits for 6 A, the power is limited: {source}").format(source=why.line)
    return tr("Waits for 6 A on {line}").format(line=line_words(why.line))


def until_words(why: Why, now: float | None = None) -> str:
    """When it changes by itself, the end of a sentence: "its turn by 18:40"; "" where nobody knows or that is over."""
    if why.until_at is None or (now is not None and now >= why.until_at):
        return ""
    if why.detail == "dwell":
        return tr("its pause ends at {time}").format(time=clock(why.until_at))
    words = tr("its turn by {time}") if why.code is WhyCode.WAITING else tr("until {time}")
    return words.format(time=clock(why.until_at))


def until_brief(why: Why, now: float | None = None) -> str:
    """The same in a cell of a drawing: "turn 18:40", "until 18:40"."""
    if why.until_at is None or not until_words(why, now):
        return ""
    words = tr("turn {time}") if why.code is WhyCode.WAITING and why.detail != "dwell" else tr("until {time}")
    return words.format(time=clock(why.until_at))


def why_look(why: Why, connector: Connector | None = None, now: float | None = None, *, until: bool = True) -> Look:
    """The sentence beside a limit: the cause first, one line, at the end until when where that is known."""
    ends = until_words(why, now)
    if not ends:
        return _cause_look(replace(why, until_at=None), connector)
    look = _cause_look(why, connector, "dwell")
    return Look(look.icon, f"{look.word}; {ends}", look.role) if until else look


def _cause_look(why: Why, connector: Connector | None, told: str = "") -> Look:
    """Without until when. `told`: a detail that is said elsewhere."""
    current = max((a for a in connector.current_a if a is not None), default=None) if connector else None
    looks = {
        WhyCode.LINE: Look("gauge", _line_reason(why), "text"),
        WhyCode.CAR: Look(
            "car",
            _car_reason(why, current),
            "text",
        ),
        WhyCode.CHARGER: Look("charger", tr("That is the charger's own maximum"), "text"),
        WhyCode.USER: Look("person", tr("A person set this limit"), "text"),
        WhyCode.SAFE_SHARE: Look("shield-check", tr("Safe share"), "warn" if why.detail == "stale_meter" else "text"),
        WhyCode.WAITING: Look("clock", _waiting_reason(why), "info"),
        WhyCode.NO_CAR: Look("info", tr("Gets its share when a car comes"), "text"),
        WhyCode.FAULT: Look("octagon", tr("Fault: power is off"), "danger"),
        WhyCode.OFFLINE: Look("shield-check", tr("Silent: its safe share is kept free"), "warn"),
        WhyCode.NOT_ACCEPTED: Look("person", tr("Not accepted yet"), "accent"),
        WhyCode.OFF: Look("info", tr("Balancing is off"), "warn"),
        WhyCode.CAP: Look("gauge", tr("Power limit from outside: {source}").format(source=why.line), "text"),
        WhyCode.SOLAR: Look("info", tr("Takes what the roof gives away"), "info"),
        WhyCode.TEST: Look("info", tr("A test holds it"), "info"),
        WhyCode.PRICE: Look("clock", tr("Waits for a cheaper hour"), "info"),
    }
    look = looks.get(why.code, Look("question", tr("Reason unknown"), "muted"))
    detail = _DETAILS.get(why.detail) if why.detail != told else None
    return Look(look.icon, f"{look.word}; {tr(detail)}", look.role) if detail and why.code != WhyCode.OFFLINE else look


def why_short(why: Why, now: float | None = None) -> str:
    """The reason for a table cell: "Garage L1 full", "Its turn by 18:40"."""
    ends = until_words(why, now)
    if ends and why.code is WhyCode.WAITING:
        return ends[:1].upper() + ends[1:]
    return ", ".join(part for part in (_cause_short(why), ends) if part)


def _cause_short(why: Why) -> str:
    words = {
        WhyCode.LINE: tr("Others come first")
        if why.detail == "ahead"
        else tr("{line} full").format(line=line_words(why.line)),
        WhyCode.CAR: tr("Has what it needs") if why.detail == "enough" else tr("Car takes less"),
        WhyCode.CHARGER: tr("Charger maximum"),
        WhyCode.USER: tr("Set by a person"),
        WhyCode.SAFE_SHARE: tr("Safe share"),
        WhyCode.WAITING: tr("Others come first") if why.detail == "ahead" else tr("Waits for 6 A"),
        WhyCode.NO_CAR: tr("No car"),
        WhyCode.FAULT: tr("Fault"),
        WhyCode.OFFLINE: tr("Silent"),
        WhyCode.NOT_ACCEPTED: tr("Not accepted"),
        WhyCode.OFF: tr("Balancing off"),
        WhyCode.CAP: tr("Power limit"),
        WhyCode.SOLAR: tr("Solar surplus"),
        WhyCode.PRICE: tr("Cheaper hour"),
        WhyCode.TEST: tr("Test"),
    }
    return words.get(why.code, tr("unknown"))


def why_next(why: Why, line: LineLoad | None = None) -> str:
    """What would change the limit, or "" where nothing useful can be said. `line`: the one that binds, as it is now."""
    if why.detail == "ahead":
        return tr("Rises with an earlier departure or a higher priority.")
    if why.detail == "silent":
        return tr("Rises when a line may carry more while evdesk is silent, or a car leaves.")
    only_cars = line is not None and line.other_a is not None and line.other_a < NO_LOAD_A
    less = (
        tr("Rises when other cars on {line} draw less.")
        if only_cars
        else tr("Rises when other loads on {line} draw less.")
    )
    words = {
        WhyCode.LINE: less.format(line=line_words(why.line)),
        WhyCode.CAR: tr("The car decides; the rest goes to others."),
        WhyCode.CHARGER: tr("Only another charger or cable would carry more."),
        WhyCode.USER: tr("Ends when the limit is taken away."),
        WhyCode.SAFE_SHARE: tr("Ends when every value is fresh again."),
        WhyCode.WAITING: tr("Starts as soon as 6 A are free, longest wait first."),
        WhyCode.OFFLINE: tr("Ends when the charger answers again."),
        WhyCode.CAP: tr("Ends when the power limit is taken back."),
        WhyCode.SOLAR: tr("Rises with the sun."),
        WhyCode.PRICE: tr("Ends with the dear hours."),
        WhyCode.TEST: tr("Ends with the test."),
        WhyCode.FAULT: tr("Ends when the charger reports no fault."),
    }
    return words.get(why.code, "")


_FAULTS = {
    "GroundFailure": "ground failure",
    "ConnectorLockFailure": "connector lock failure",
    "EVCommunicationError": "car does not answer",
    "HighTemperature": "too hot",
    "InternalError": "internal error",
    "LocalListConflict": "local list conflict",
    "OverCurrentFailure": "too much current",
    "OverVoltage": "voltage too high",
    "PowerMeterFailure": "meter failure",
    "PowerSwitchFailure": "power switch failure",
    "ReaderFailure": "card reader failure",
    "ResetFailure": "reset failed",
    "UnderVoltage": "voltage too low",
    "WeakSignal": "weak signal",
}


def fault_words(error_code: str, info: str = "") -> str:
    """An OCPP error code in words: "ground failure", with the vendor's code where there is one."""
    words = tr(_FAULTS[error_code]) if error_code in _FAULTS else error_code
    if not words or error_code in ("NoError", "OtherError"):
        return info or tr("fault")
    return words
