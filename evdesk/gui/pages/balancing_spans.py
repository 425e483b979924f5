"""Decisions as stretches of time: what a lane shows, in which colour, and the sentence of one moment."""

import bisect
from collections.abc import Iterable, Set
from dataclasses import dataclass

from evdesk.gui import text
from evdesk.gui.pages.balancing_facts import Scene
from evdesk.gui.pages.balancing_outlets import Outlet
from evdesk.gui.sentences import line_words, until_words, why_look
from evdesk.gui.text import tr
from evdesk.model import Connector, Why, WhyCode

MAIN_FULL, CIRCUIT_FULL, CAR, SAFE, FAULT, WAITS, OUTSIDE, PERSON, TEST, NONE = (
    "main", "circuit", "car", "safe", "fault", "waits", "outside", "person", "test", "",
)  # fmt: skip

ROLES = {
    MAIN_FULL: "accent",
    CIRCUIT_FULL: "circuit",
    CAR: "muted",
    SAFE: "warn",
    FAULT: "danger",
    WAITS: "info",
    OUTSIDE: "info",
    PERSON: "text",
    TEST: "ok",
}
"""Kind of a reason -> colour role (tokens section 7)."""

_KINDS = {
    WhyCode.CAR: CAR,
    WhyCode.CHARGER: CAR,
    WhyCode.USER: PERSON,
    WhyCode.SAFE_SHARE: SAFE,
    WhyCode.OFFLINE: SAFE,
    WhyCode.FAULT: FAULT,
    WhyCode.WAITING: WAITS,
    WhyCode.SOLAR: WAITS,
    WhyCode.PRICE: WAITS,
    WhyCode.CAP: OUTSIDE,
    WhyCode.OFF: PERSON,
    WhyCode.TEST: TEST,
}


@dataclass(frozen=True, slots=True)
class Span:
    """`limit_a` held from `start` to `end` (Unix seconds) because of `why`. `cause`: what made it fall, in words."""

    start: float
    end: float
    limit_a: float
    why: Why
    took_a: float | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One connector's stretches, oldest first."""

    key: str
    label: str
    index: int
    group: str
    spans: tuple[Span, ...] = ()

    def at(self, moment: float) -> Span | None:
        """What held at a moment; None where nothing is known."""
        place = bisect.bisect_right(self.spans, moment, key=lambda span: span.start) - 1
        span = self.spans[place] if place >= 0 else None
        return span if span is not None and moment <= span.end + 0.5 else None


def kind_of(why: Why, mains: Set[str]) -> str:
    """The kind of a reason; `mains` are the names of the circuits at the supply."""
    if why.code is WhyCode.LINE:
        return MAIN_FULL if why.line.rpartition("/")[0] in mains else CIRCUIT_FULL
    return _KINDS.get(why.code, NONE)


def mains_of(scene: Scene) -> frozenset[str]:
    return frozenset(feed.circuit.name for feed in scene.feeds)


def kind_words(kind: str) -> str:
    """For the legend."""
    return {
        MAIN_FULL: tr("Main full"),
        CIRCUIT_FULL: tr("Circuit full"),
        CAR: tr("Car or cable"),
        SAFE: tr("Safe share"),
        FAULT: tr("Fault"),
        WAITS: tr("Waits"),
        OUTSIDE: tr("Limit from outside"),
        PERSON: tr("Set by a person"),
        TEST: tr("Drill or test"),
    }.get(kind, "")


def span_words(span: Span) -> tuple[str, ...]:
    """What stands in a bar: the limit, and a word where the limit is not the point; less where there is less room."""
    code, brief = span.why.code, _span_brief(span)
    if code is WhyCode.FAULT:
        return tr("fault, power off"), brief
    if span.limit_a == 0:
        until = span.why.until_at if code is WhyCode.WAITING else None
        return (brief,) if until is None else (tr("waits, at most until {time}").format(time=text.clock(until)), brief)
    if code is WhyCode.CAR and span.took_a is not None:
        return tr("{limit}, car takes {amps}").format(limit=brief, amps=text.number(span.took_a)), brief
    if code is WhyCode.TEST and span.why.detail == "drill":
        return tr("{limit}, drill").format(limit=brief), brief
    if code is WhyCode.OFFLINE:
        return tr("{limit}, silent").format(limit=brief), brief
    return (brief,)


def _span_brief(span: Span) -> str:
    if span.why.code is WhyCode.FAULT:
        return tr("fault")
    if span.limit_a == 0:
        return tr("waits") if span.why.code is WhyCode.WAITING else tr("paused")
    return text.number(span.limit_a, 0 if abs(span.limit_a - round(span.limit_a)) < 0.05 else 1)


def moment_words(lane: Lane, moment: float) -> str:
    """ "Bay 3 at 9 A: Main L2 is full: 62.2 of 63 A, since 18:36." """
    span = lane.at(moment)
    if span is None:
        return tr("{label}: nothing is known of this moment").format(label=lane.label)
    held = Connector(0, current_a=(span.took_a, None, None)) if span.took_a is not None else None
    reason = span.cause or why_look(span.why, held, moment, until=False).word
    if span.why.code is WhyCode.NO_CAR:
        return tr("{label}: no car").format(label=lane.label)
    ends = until_words(span.why, moment)
    since = tr("since {at}").format(at=text.clock_s(span.start)) + (f"; {ends}" if ends else "")
    if span.limit_a == 0:
        return tr("{label} off: {reason}; {since}").format(label=lane.label, reason=reason, since=since)
    words = tr("{label} at {limit}: {reason}; {since}")
    return words.format(label=lane.label, limit=text.limit(span.limit_a), reason=reason, since=since)


def cause_words(kind: str, line: str, rise_a: float | None, who: str, others: int, above_s: float | None) -> str:
    """What made a limit fall. `kind`: house, car or shared; `others` were lowered with it; `above_s` None: still over."""
    where = line_words(line)
    if kind == "house" and rise_a is not None:
        words = tr("the house took {amps} more on {line}").format(amps=text.amps(rise_a), line=where)
    elif kind == "house":
        words = tr("the house took more on {line}").format(line=where)
    elif kind == "car" and who:
        words = tr("{who} takes more on {line}").format(who=who, line=where)
    else:
        return ""
    cut = tr("{n} cars on it were cut").format(n=others + 1) if others else ""
    over = tr("over its rating for {s} s").format(s=text.number(above_s)) if above_s else ""
    return "; ".join(part for part in (words, cut, over) if part)


def live_span(outlet: Outlet, now: float) -> Span | None:
    """What holds now, straight from the connector: the end of its lane between two answers of the log."""
    why = outlet.connector.why
    since = why.since_at if why.since_at is not None else outlet.connector.limit_at
    if why.code is WhyCode.NO_CAR:
        return Span(min(outlet.connector.status_at or now, now), now, outlet.limit_a or 0.0, why)
    if outlet.limit_a is None or since is None or why.code is WhyCode.UNKNOWN:
        return None
    took = outlet.amps if why.code is WhyCode.CAR else None
    return Span(min(since, now), now, outlet.limit_a, why, took)


def with_live(spans: Iterable[Span], live: Span | None, now: float) -> tuple[Span, ...]:
    """The log's stretches with what holds now at their end."""
    rows = sorted(spans, key=lambda span: span.start)
    if live is None:
        return tuple(rows)
    last = rows[-1] if rows else None
    if last is not None and (last.limit_a, last.why.code, last.why.line) == (
        live.limit_a, live.why.code, live.why.line,
    ):  # fmt: skip
        rows[-1] = Span(last.start, now, last.limit_a, live.why, live.took_a or last.took_a, last.cause)
        return tuple(rows)
    start = max(live.start, last.start if last is not None else live.start)
    if last is not None and last.end > start:
        rows[-1] = Span(last.start, start, last.limit_a, last.why, last.took_a, last.cause)
    rows.append(Span(start, now, live.limit_a, live.why, live.took_a))
    return tuple(rows)
