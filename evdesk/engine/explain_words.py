"""What is said about a decision, in stable English for scripts and the command line. The desk makes its own sentences."""

import time

from evdesk.model import Why, WhyCode
from evdesk.model.decisions import Cause, CauseKind, DecisionRow, RowEnd
from evdesk.wire.explain import LineMember, LineMoment, WhatChanges

NAMED = 3
"""Most connectors named in one sentence."""

_DETAIL: dict[tuple[WhyCode, str], WhatChanges] = {
    (WhyCode.SAFE_SHARE, "stale_meter"): WhatChanges(["meter_back"], "More when the meter answers again."),
    (WhyCode.SAFE_SHARE, "settling"): WhatChanges(
        ["meter_settled"], "More when the meter has answered for a while without a gap."
    ),
    (WhyCode.SAFE_SHARE, "not_started"): WhatChanges(["charge_starts"], "More when a charge is started."),
    (WhyCode.TEST, "drill"): WhatChanges(["drill_ends"], "More when the drill is over."),
    (WhyCode.WAITING, "dwell"): WhatChanges(
        ["dwell_over"], "It was paused a moment ago and starts again when the shortest pause is over."
    ),
    (WhyCode.WAITING, "ahead"): WhatChanges(
        ["turn_comes", "earlier_departure", "higher_priority", "car_leaves"],
        "It starts when its turn comes; an earlier departure or a higher priority brings it forward.",
    ),
    (WhyCode.LINE, "ahead"): WhatChanges(
        ["earlier_departure", "higher_priority", "car_leaves"],
        "More when others have left; an earlier departure or a higher priority brings it forward.",
    ),
    **{
        (code, "silent"): WhatChanges(
            ["silence_allowed", "car_leaves", "rating_raised"],
            "More when the line may carry more while evdesk falls silent (silent_times), or a car on it takes less.",
        )
        for code in (WhyCode.LINE, WhyCode.WAITING)
    },
    (WhyCode.CAR, "enough"): WhatChanges(["needs_more"], "More when its driver or the car asks for more energy."),
    (WhyCode.LINE, "hold"): WhatChanges(["hold_over"], "More when the line has had the room for long enough."),
    (WhyCode.UNKNOWN, "no_circuit"): WhatChanges(["placed"], "More when its bay is put on a circuit."),
}

_CODE: dict[WhyCode, WhatChanges] = {
    WhyCode.CAR: WhatChanges(["car_asks"], "More as soon as the car takes what it has."),
    WhyCode.CHARGER: WhatChanges(
        ["maximum_raised"], "It has its maximum; only a larger charger, cable or fuse changes it."
    ),
    WhyCode.USER: WhatChanges(["person_lifts"], "More when the person's limit is taken away."),
    WhyCode.SAFE_SHARE: WhatChanges(["known_again"], "More when evdesk can limit this charger again."),
    WhyCode.NO_CAR: WhatChanges(["car_plugs_in"], "A limit is given when a car is plugged in."),
    WhyCode.FAULT: WhatChanges(["fault_clears"], "More when the charger says that its fault is gone."),
    WhyCode.OFFLINE: WhatChanges(["charger_back"], "More when the charger is connected again."),
    WhyCode.NOT_ACCEPTED: WhatChanges(["accepted"], "More when a person accepts this charger."),
    WhyCode.OFF: WhatChanges(["balancing_on"], "More when balancing is switched on."),
    WhyCode.TEST: WhatChanges(["test_ends"], "More when the test is over."),
    WhyCode.SOLAR: WhatChanges(["sun"], "More when the roof gives more away."),
    WhyCode.PRICE: WhatChanges(["cheaper_hour"], "More in a cheaper hour."),
}


def what_changes(why: Why, line: LineMoment | None = None) -> WhatChanges:
    """What would raise this limit. `line`: the one that binds; where nothing but cars is on it, no other load is named."""
    found = _DETAIL.get((why.code, why.detail)) or _CODE.get(why.code)
    if found is not None:
        return found
    if why.code is WhyCode.LINE:
        if line is not None and line.other_a is not None and line.other_a < 0.5:
            return WhatChanges(["car_leaves", "rating_raised"], f"More when a car on {why.line} takes less.")
        words = ["other_load_falls", "car_leaves", "rating_raised"]
        return WhatChanges(words, f"More when {why.line} has room: other load falls, or a car on it takes less.")
    if why.code is WhyCode.WAITING:
        where = f" on {why.line}" if why.line else ""
        return WhatChanges(["turn_comes", "car_leaves"], f"It starts when its turn comes, or 6 A are free{where}.")
    if why.code is WhyCode.CAP:
        return WhatChanges(["cap_ends"], f"More when the power limit{_of(why.line)} ends.")
    return WhatChanges([], "")


def sentence(label: str, row: DecisionRow, line: LineMoment | None, who: str) -> str:
    """Why this row is what it is. `who`: what people call the car behind a cut."""
    why = row.why
    since = clock(row.from_at)
    until = "" if row.to_at is None else f" until {clock(row.to_at)}"
    parts = [f"{label} has {row.limit_a:g} A since {since}{until}: {_because(why)}{_load(line, why)}{_by(why)}."]
    if row.to_at is not None:
        parts[0] = parts[0].replace(" has ", " had ", 1).replace(" since ", " from ", 1)
    if line is not None and line.members:
        parts.append(_members(line.members))
    if row.merged > 1:
        parts.append(f"That is the lowest of {row.merged} changes.")
    if row.cause is not None:
        parts.append(cause_words(row.cause, row.before_a, who))
    return " ".join(part for part in parts if part)


def unknown_sentence(label: str, at: float, oldest_at: float | None, before: DecisionRow | None) -> str:
    """Nothing is known of that moment, and why."""
    when = clock(at)
    if oldest_at is None or at < oldest_at:
        reach = "nothing is logged yet" if oldest_at is None else f"the log reaches back to {clock(oldest_at)}"
        return f"What {label} had at {when} is not known: {reach}."
    if before is None:
        return f"What {label} had at {when} is not known: it was not there yet."
    how = {
        RowEnd.STOPPED: f"evdesk was stopped at {clock(before.to_at or at)}",
        RowEnd.LOST: f"evdesk ended without a word; it was last heard at {clock(before.to_at or at)}",
        RowEnd.CLOCK: f"this computer's clock was set, or it slept, at {clock(before.to_at or at)}",
        RowEnd.GONE: f"it left the site at {clock(before.to_at or at)}",
    }
    return f"What {label} had at {when} is not known: {how.get(before.ended, 'there is no row of it')}."


def cause_words(cause: Cause, before_a: float | None, who: str) -> str:
    """What made it fall."""
    fell = "" if before_a is None else f"Before it had {before_a:g} A. "
    if cause.kind is CauseKind.HOUSE and cause.other_from_a is not None and cause.other_a is not None:
        what = f"other load on {cause.line} rose from {cause.other_from_a:g} to {cause.other_a:g} A"
    elif cause.kind is CauseKind.CAR and who:
        what = f"{who} took more on {cause.line}"
    else:
        what = f"{cause.line} was shared anew"
    told = f"{fell}It fell because {what}."
    if cause.above_s is None:
        told += " The line is still above its rating."
    elif cause.above_s > 0:
        told += f" The line was above its rating for {cause.above_s:g} s."
    return told + (f" {cause.others_count} more were lowered with it." if cause.others_count else "")


def clock(at: float) -> str:
    """The computer's own zone; the date where it is not today's is the reader's business, so it is always there."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _because(why: Why) -> str:
    words = {
        WhyCode.LINE: f"line {why.line} has no more room{_MORE.get(why.detail, '')}",
        WhyCode.WAITING: why.text,
        WhyCode.CAR: "it needs no more" if why.detail == "enough" else "the car takes no more",
        WhyCode.CHARGER: "that is the most of its outlet",
        WhyCode.USER: "a person set it",
        WhyCode.SAFE_SHARE: _SAFE.get(why.detail, "the failsafe share holds"),
        WhyCode.NO_CAR: "no car is plugged in",
        WhyCode.FAULT: f"the charger has a fault{_of(why.detail)}",
        WhyCode.OFFLINE: "the charger is silent, and this is kept free for it",
        WhyCode.NOT_ACCEPTED: "nobody has accepted the charger yet",
        WhyCode.OFF: "balancing is switched off",
        WhyCode.CAP: f"a power limit holds{_of(why.line)}",
        WhyCode.TEST: _SAFE.get(why.detail, "a test of the wiring holds it there"),
        WhyCode.SOLAR: "only what the roof gives away",
        WhyCode.PRICE: "it waits for a cheaper hour",
    }
    return words.get(why.code, why.text)


_MORE = {
    "ahead": ", and others leave sooner or lack more",
    "silent": ", counting what is kept free in case evdesk falls silent",
}

_SAFE = {
    "stale_meter": "the meter is silent, so the failsafe share holds",
    "settling": "the meter has only just come back, so the failsafe share holds",
    "drill": "a drill leaves it alone, to see what it does by itself",
    "not_started": "a car is there, but no charge runs",
}


def _of(text: str) -> str:
    return f" ({text})" if text else ""


def _by(why: Why) -> str:
    """When it changes by itself, where that is known."""
    if why.until_at is None:
        return ""
    what = "its pause ends" if why.detail == "dwell" else "its turn comes" if why.code is WhyCode.WAITING else "it ends"
    return f"; {what} by {clock(why.until_at)}"


def _load(line: LineMoment | None, why: Why) -> str:
    """How full the line is: what was counted when it was decided, and what flowed at that moment."""
    parts = []
    if why.load_a is not None and why.rating_a is not None:
        parts.append(f"{why.load_a:g} of {why.rating_a:g} A given out or planned for")
    if line is not None and line.load_a is not None:
        of = [f"{a:.1f} A {name}" for a, name in ((line.cars_a, "cars"), (line.other_a, "other load")) if a is not None]
        parts.append(f"{line.load_a:.1f} A flowed" + (f", {' and '.join(of)}" if of else ""))
    return f" ({'; '.join(parts)})" if parts else ""


def _members(members: list[LineMember]) -> str:
    drawing = [m for m in members if m.drawn_a is not None and m.drawn_a >= 0.5]
    if not drawing:
        return ""
    told = ", ".join(f"{m.label} {m.drawn_a:.1f} A" for m in drawing[:NAMED])
    rest = len(drawing) - NAMED
    return f"On it: {told}" + (f" and {rest} more." if rest > 0 else ".")
