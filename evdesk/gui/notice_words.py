"""The sentence of each notice: what happened, where, and with which numbers."""

from evdesk.gui.sentences import Look, fault_words, line_words, severity_role
from evdesk.gui.text import number, tr
from evdesk.model import Notice, NoticeKind


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
    NoticeKind.FIRMWARE: ("chip", "{label} {words}|: {before} to {version}| ({info})"),
    NoticeKind.JOB: ("chip", "Job {job} {words}|: {title}|, {info}"),
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


_FIRMWARE = {
    "changed": "has another firmware, and not by evdesk",
    "updated": "says that its firmware was updated, and not by evdesk",
    "bad_signature": "found a wrong signature on a firmware file",
    "bad_certificate": "does not take the certificate of a firmware file",
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
    if notice.kind is NoticeKind.FIRMWARE:
        notice = _with(notice, "words", tr(_FIRMWARE.get(str(values.get("what", "")), "tells of its firmware")))
    if notice.kind is NoticeKind.JOB:
        notice = _with(notice, "words", tr("waits for you") if values.get("what") == "paused" else tr("is over"))
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
