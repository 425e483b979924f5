"""What the Site page says: the lines of a tile, which bays there are, the markers of the chart."""

from dataclasses import dataclass

from evdesk.gui import text
from evdesk.gui.charts import Marker, Note
from evdesk.gui.mirror import Mirror
from evdesk.gui.notice_words import notice_look
from evdesk.gui.sentences import (
    Look,
    back_words,
    charger_look,
    doubt_words,
    fault_words,
    leading_connector,
    why_look,
    why_short,
)
from evdesk.gui.text import tr
from evdesk.model import (
    Bay,
    Charger,
    ChargerState,
    Connector,
    ConnectorStatus,
    LineLoad,
    Notice,
    NoticeKind,
    Phases,
    Session,
    Site,
    WhyCode,
)

STALE_S = 120.0
"""A charging connector whose newest reading is older shows "unknown"."""

MARKED = {
    NoticeKind.PLUGGED,
    NoticeKind.UNPLUGGED,
    NoticeKind.CAR_FULL,
    NoticeKind.FAULT,
    NoticeKind.LOST,
    NoticeKind.HOUSE_STEP,
    NoticeKind.METER_LOST,
}


@dataclass(frozen=True, slots=True)
class Place:
    """One tile: a connector at its bay. `index` gives the charger's colour."""

    charger: Charger
    connector: Connector
    label: str
    index: int
    circuit: str
    max_a: float

    @property
    def key(self) -> tuple[str, int]:
        return self.charger.id, self.connector.id


@dataclass(frozen=True, slots=True)
class TileText:
    """All a tile shows. `edge` is the colour of its edge; `action` a word for its button, "" for phase bars."""

    state: Look
    value: str
    unit: str
    beside: str
    second: str
    reason: Look
    edge: str = "border"
    action: str = ""
    calm: bool = False  # the number is muted
    bars: Phases = (None, None, None)
    limit_a: float | None = None
    brief: str = ""  # the reason where the room is short


def places(mirror: Mirror) -> list[Place]:
    """Every connector of the accepted chargers, in the order of the bays."""
    site = mirror.site or Site()
    found: list[Place] = []
    seen: set[str] = set()
    for bay in site.bays:
        charger = mirror.chargers.get(bay.charger_id)
        if charger is None or charger.state is ChargerState.PENDING:
            continue
        connector = next((c for c in charger.connectors if c.id == bay.connector_id), Connector(bay.connector_id))
        found.append(_place(mirror, charger, connector, bay))
        seen.add(charger.id)
    for charger in mirror.accepted():
        if charger.id not in seen:
            found.append(_place(mirror, charger, leading_connector(charger) or Connector(1), None))
    return found


def _place(mirror: Mirror, charger: Charger, connector: Connector, bay: Bay | None) -> Place:
    label = (bay.label if bay else "") or charger.label or charger.id
    index = max(0, mirror.charger_index(charger.id))
    return Place(charger, connector, label, index, bay.circuit if bay else "", bay.max_a if bay else 16.0)


def highest(current: Phases) -> float | None:
    """The current of the fullest phase: what the limit is about."""
    return max((a for a in current if a is not None), default=None)


def tile_text(place: Place, now: float, last: Session | None = None) -> TileText:
    """The words of one tile; `last` is the newest finished charge there."""
    charger, connector = place.charger, place.connector
    state = charger_look(charger, connector)
    bars = connector.site_current_a if highest(connector.site_current_a) is not None else connector.current_a
    if charger.state is ChargerState.OFFLINE:
        return _offline(charger, connector, state, now)
    if connector.status is ConnectorStatus.FAULTED:
        return _faulted(charger, connector, state)
    amps = highest(connector.current_a)
    stale = connector.reading_at is None or now - connector.reading_at > STALE_S
    if connector.status is ConnectorStatus.CHARGING and (amps is None or stale):
        return _unmeasured(connector, state, now)
    if not connector.status.has_car:
        return _free(connector, state, bars, last)
    limit = connector.limit_a
    beside = tr("of {limit}").format(limit=text.limit(limit)) if limit else tr("paused") if limit == 0 else ""
    calm = connector.status is not ConnectorStatus.CHARGING
    doubt = doubt_words(connector)
    reason = Look("question", doubt, "warn") if doubt else why_look(connector.why, connector, now)
    value = text.number(amps if amps is not None else None)
    second = _measured(connector, now)
    edge = "warn" if doubt else "border"
    brief = doubt or why_short(connector.why, now)
    unit = "A" if amps is not None else ""
    return TileText(state, value, unit, beside, second, reason, edge, "", calm, bars, limit, brief)


def _measured(connector: Connector, now: float) -> str:
    """ "9.5 kW · 5.9 kWh · 0:44 h" """
    since = connector.session_started_at
    return text.reasons(
        text.power(connector.power_w) if connector.power_w is not None else "",
        text.energy(connector.session_wh) if connector.session_wh is not None else "",
        text.hours(now - since) if since is not None else "",
    )


def _free(connector: Connector, state: Look, bars: Phases, last: Session | None) -> TileText:
    amps = highest(connector.current_a)
    second = ""
    if last is not None and last.ended_at is not None:
        second = tr("Last {energy}, left {at}").format(energy=text.energy(last.energy_wh), at=text.clock(last.ended_at))
    reason = why_look(connector.why, connector)
    if connector.why.code in (WhyCode.UNKNOWN, WhyCode.NO_CAR):
        reason = Look("info", tr("Gets its share when a car comes"), "text")
    if connector.status is ConnectorStatus.UNAVAILABLE:
        reason = Look("info", tr("Taken out of use"), "text")
    doubt = doubt_words(connector)
    reason = Look("question", doubt, "warn") if doubt else reason
    edge, unit = ("warn", "A") if doubt else ("border", "A" if amps is not None else "")
    return TileText(state, text.number(amps), unit, tr("no car"), second, reason, edge, calm=True, bars=bars)


def _offline(charger: Charger, connector: Connector, state: Look, now: float) -> TileText:
    amps = highest(connector.current_a)
    second = tr("no value yet")
    if amps is not None and connector.reading_at is not None:
        second = tr("last {amps} at {at}").format(amps=text.amps(amps), at=text.clock(connector.reading_at))
    second = back_words(charger, now) or second
    silent = tr("Silent for {age}").format(age=text.age(now - charger.lost_at)) if charger.lost_at else tr("Silent")
    kept = connector.reserved_a or charger.failsafe.safe_a
    words = tr("{silent}; {amps} kept free").format(silent=silent, amps=text.limit(kept)) if kept else silent
    reason = Look("shield-check" if kept else "offline", words, "warn")
    return TileText(state, text.unknown(), "", "", second, reason, "warn", tr("Doctor"), calm=True)


def _faulted(charger: Charger, connector: Connector, state: Look) -> TileText:
    words = fault_words(connector.error_code, connector.error_info)
    at = tr(" at {at}").format(at=text.clock(connector.status_at)) if connector.status_at else ""
    sentence = tr("{words}{at}; power is off").format(words=words[:1].upper() + words[1:], at=at)
    code = tr("code {code}").format(code=connector.error_info or connector.error_code)
    maker = " ".join(part for part in (charger.vendor, charger.model) if part)
    amps = highest(connector.current_a)
    beside = tr("no current") if amps is not None and amps < 0.5 else ""
    reason = Look("octagon", sentence, "danger")
    return TileText(
        state, text.number(amps), "A" if amps is not None else "", beside, text.reasons(maker, code), reason,
        "danger", tr("Show"), calm=True,
    )  # fmt: skip


def _unmeasured(connector: Connector, state: Look, now: float) -> TileText:
    amps, at = highest(connector.current_a), connector.reading_at
    second = tr("no value yet")
    if amps is not None and at is not None:
        second = tr("last {amps} {age} ago").format(amps=text.amps(amps), age=text.age(now - at))
    beside = tr("of {limit}").format(limit=text.limit(connector.limit_a)) if connector.limit_a else ""
    reason = Look("question", tr("No reading comes; its full limit is counted"), "warn")
    return TileText(state, text.unknown(), "", beside, second, reason, "border", "", calm=True)


def root_lines(mirror: Mirror) -> list[LineLoad]:
    """The conductors of the supply, in the order L1, L2, L3; those without a rating are not there."""
    if mirror.load is None:
        return []
    site = mirror.site or Site()
    roots = {c.name for c in site.circuits if not c.parent}
    found = [line for line in mirror.load.lines if line.circuit in roots and line.limit_a > 0]
    return sorted(found, key=lambda line: line.phase)


def tightest_phase(lines: list[LineLoad]) -> str:
    """The phase with the least room; "" while nothing is known."""
    known = [line for line in lines if line.free_a is not None]
    return min(known, key=lambda line: line.free_a or 0.0).phase if known else lines[0].phase if lines else ""


def free_look(line: LineLoad) -> Look:
    """ "5.1 A free", or "Full: 0.8 A free" within the last 3 % of the rating."""
    if line.free_a is None:
        return Look("question", tr("unknown"), "warn")
    words = tr("{amps} free").format(amps=text.amps(max(0.0, line.free_a)))
    if line.total_a is not None and line.total_a > line.limit_a:
        return Look("octagon", tr("{amps} too much").format(amps=text.amps(line.total_a - line.limit_a)), "danger")
    if line.free_a <= 0.03 * line.limit_a:
        return Look("gauge", tr("Full: {free}").format(free=words), "warn")
    return Look("check-circle", words, "ok")


def notice_words(mirror: Mirror, notice: Notice) -> Look:
    return notice_look(notice, mirror.label(notice.charger_id) if notice.charger_id else "")


def markers(mirror: Mirror, start: float) -> tuple[Marker, ...]:
    """The events of the window that explain a step in the curve."""
    found: list[Marker] = []
    for notice in mirror.notices:
        if notice.at < start or notice.kind not in MARKED:
            continue
        look = notice_words(mirror, notice)
        found.append(Marker(notice.at, look.icon, look.role, f"{text.clock_s(notice.at)}  {look.word}", notice))
    return tuple(found[-24:])


def peak_notes(mirror: Mirror, phase: str) -> tuple[Note, ...]:
    """How long the overshoots of a phase lasted."""
    found: list[Note] = []
    for notice in mirror.notices:
        values = dict(notice.args)
        seconds = values.get("seconds")
        if notice.kind is not NoticeKind.OVER_FUSE or not str(values.get("line", "")).endswith(phase):
            continue
        if isinstance(seconds, float | int):
            found.append(Note(notice.at, f"{seconds:.0f} s"))
    return tuple(found)


def last_charges(mirror: Mirror) -> dict[str, Session]:
    """The newest finished charge of each charger."""
    found: dict[str, Session] = {}
    for session in mirror.sessions.values():
        known = found.get(session.charger_id)
        if session.ended_at is not None and (known is None or (known.ended_at or 0.0) < session.ended_at):
            found[session.charger_id] = session
    return found
