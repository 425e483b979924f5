"""What the engine's codes say to a person: states, reasons and notices, each as icon, word and colour role."""

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
    Notice,
    NoticeKind,
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


def _fill(template: str, notice: Notice, label: str) -> str:
    """Places a notice does not fill drop out with the comma before them."""
    values: dict[str, str] = {"label": label or notice.charger_id or tr("The site")}
    for name, value in notice.args:
        if value == "":
            continue
        values.setdefault(name, value if isinstance(value, str) else number(value, 0 if value == int(value) else 1))
    head, *rest = template.split("|")
    parts = [head, *(part for part in rest if all(place in values for place in _places(part)))]
    return "".join(parts).format_map(_Known(values))


def _places(part: str) -> list[str]:
    return [piece.split("}")[0] for piece in part.split("{")[1:]]


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


_NOTICES: dict[NoticeKind, tuple[str, str]] = {
    NoticeKind.PLUGGED: ("plug", "{label} plugged in"),
    NoticeKind.UNPLUGGED: ("plug", "{label} unplugged"),
    NoticeKind.STARTED: ("bolt", "{label} started to charge"),
    NoticeKind.STOPPED: ("stop", "{label} stopped|, {kwh} kWh"),
    NoticeKind.CAR_FULL: ("battery", "{label} car full| after {kwh} kWh"),
    NoticeKind.FAULT: ("octagon", "{label} fault|: {words}| ({info})"),
    NoticeKind.FAULT_CLEARED: ("check-circle", "{label} fault is over"),
    NoticeKind.LOST: ("offline", "{label} silent|; its {amps} A stay reserved"),
    NoticeKind.BACK: ("wifi", "{label} is back|; it was silent for {seconds} s"),
    NoticeKind.SAFE_SHARE: ("shield-check", "{label} is at its safe share by now|: {safe_a} A"),
    NoticeKind.ASKS: ("person", "{label} asks to join"),
    NoticeKind.STRANGER: (
        "person",
        "{label} takes room|: {amps} A| until it is accepted or refused|; up to {worst} A may flow, more than is free",
    ),
    NoticeKind.HOUSE_STEP: ("house", "House load stepped| on {line}| by {step_a} A|; cars cut in {seconds} s"),
    NoticeKind.OVER_FUSE: ("gauge", "{line} was above its rating|: {peak_a} A| for {seconds} s"),
    NoticeKind.LIMIT: ("gauge", "{label} limit| from {before}| to {amps} A"),
    NoticeKind.METER_LOST: ("meter", "Site meter silent|: {circuit}"),
    NoticeKind.METER_BACK: ("meter", "Site meter is back"),
    NoticeKind.STORAGE: ("file", "History is not stored|: {sentence}"),
    NoticeKind.FAILSAFE: ("shield-alert", "{label} failsafe|: {detail}"),
    NoticeKind.SECURITY: ("shield-alert", "{label} security event|: {code}| ({info})"),
    NoticeKind.CERTIFICATE: ("shield-alert", "{whose} certificate {words}"),
    NoticeKind.CA_TEST: ("shield", "{label} tested|: {words}"),
    NoticeKind.NEEDS: ("car", "{label} car asks for energy|: {kwh} kWh| until {until}"),
    NoticeKind.NOT_STARTED: ("bolt", "{label} took the start|, but {words}"),
    NoticeKind.METER_DOUBT: ("meter", "Meter of {circuit} {words}"),
    NoticeKind.POWER_CAP: ("gauge", "Power limit {words}|: {source}|, {kw} kW"),
    NoticeKind.ENGINE_GAP: ("clock", "evdesk stood still for {seconds} s|; {fell} may have fallen back meanwhile"),
    NoticeKind.TAG: ("tag", "{label} refused an unknown card|: {tag}"),
    NoticeKind.SHARED_FEED: ("gauge", "{label}: {outlets} outlets share {amps} A until you say what its feed carries"),
    NoticeKind.EXTERNAL_LIMIT: ("gauge", "{label} is limited from outside|: {state}| by {source}| to {amps} A"),
}


_NOT_STARTED = {
    "no_car": "reports no car",
    "no_charge": "no charge began",
    "no_power": "nothing flows",
    "offline": "went offline",
}


_CA_TESTS = {"checked": "it checks evdesk's certificate", "not_checked": "it takes any certificate"}


def _end_words(values: dict[str, str | float]) -> str:
    days = float(values.get("days", 0.0))
    if values.get("state") == "ended":
        return tr("has ended; sign a new one")
    return tr("ends in {days} days").format(days=f"{days:.0f}")


def _meter_words(values: dict[str, str | float]) -> str:
    words = {
        "backwards": tr("counts backwards: turn its current transformers"),
        "blind": tr("does not see the chargers: it sits elsewhere"),
        "unit": tr("reads {factor} times what flows: correct its unit"),
        "ratio": tr("reads {factor} times what flows: correct its transformer ratio"),
        "unreadable": tr("answers with no current that can be: correct its profile or its unit"),
        "misses": tr("shows less than the cars draw: check that each transformer is closed around its own cable"),
        "still": tr("tells the same again and again: restart it, or what stands between"),
        "swapped": tr("has its transformers on {swapped} instead of RST"),
    }
    if "factor" not in values:  # told by what it reads, not by steps
        words["backwards"] = tr("shows power flowing out while cars draw: test the wiring")
        words["unit"] = tr("reads more than its breaker could carry: correct its unit")
    text = words.get(str(values.get("verdict", "")), tr("cannot be believed"))
    return text.format(factor=values.get("factor", "?"), swapped=values.get("swapped", "?"))


def _whose(values: dict[str, str | float], label: str) -> str:
    words = {"root": tr("evdesk's root"), "server": tr("evdesk's own")}
    name = label or str(values.get("label", tr("A charger")))
    return words.get(str(values.get("what", "")), tr("{label}: its").format(label=name))


def notice_look(notice: Notice, label: str = "") -> Look:
    """The sentence of a notice. `label` names the bay or charger; `args` fill the rest as far as they are known."""
    icon, template = _NOTICES[notice.kind]
    values = dict(notice.args)
    if notice.kind == NoticeKind.FAULT and "words" not in values:
        code = str(values.get("code", values.get("error_code", "")))
        words = fault_words(code, str(values.get("info", ""))) if code or "info" in values else ""
        if words:
            notice = Notice(
                notice.id,
                notice.at,
                notice.kind,
                notice.severity,
                notice.charger_id,
                notice.connector_id,
                (("words", words),),
            )
    if notice.kind is NoticeKind.NOT_STARTED:
        notice = _with(notice, "words", tr(_NOT_STARTED.get(str(values.get("what", "")), "no charge began")))
    if notice.kind is NoticeKind.CERTIFICATE:
        notice = _with(_with(notice, "words", _end_words(values)), "whose", _whose(values, label))
    if notice.kind is NoticeKind.CA_TEST:
        notice = _with(notice, "words", tr(_CA_TESTS.get(str(values.get("state", "")), "nothing was seen")))
    if notice.kind is NoticeKind.METER_DOUBT:
        notice = _with(notice, "words", _meter_words(values))
    if notice.kind is NoticeKind.POWER_CAP:
        ended = values.get("what") == "cap_ended"
        notice = _with(notice, "words", tr("taken back") if ended else tr("from outside"))
    if "line" in values:
        notice = _with(notice, "line", line_words(str(values["line"])))
    return Look(icon, _fill(tr(template), notice, label), severity_role(notice.severity))


def _with(notice: Notice, name: str, value: str) -> Notice:
    args = ((name, value), *(pair for pair in notice.args if pair[0] != name))
    return Notice(
        notice.id, notice.at, notice.kind, notice.severity, notice.charger_id, notice.connector_id, tuple(args)
    )
