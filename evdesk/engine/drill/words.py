"""What came of a drill, in one or two sentences for a technician."""

from collections.abc import Callable, Mapping

from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillVerdict

NEAR_A = 1.5
"""So near to a limit, and it is that."""

_CANNOT_BEGIN = {
    DrillCause.NOT_ONLINE: "The charger is offline. Look at its power and network, then drill it.",
    DrillCause.NOT_BALANCING: "Balancing is off, so nobody would lower the others. Switch it on first.",
    DrillCause.CANNOT: "The charger takes no charging profiles: there is nothing to fall back to.",
}
_INCONCLUSIVE = {
    DrillCause.CAR_STOPPED: "The car stopped charging by itself. Drill it again with a car that is far from full.",
    DrillCause.NO_READINGS: "No current was told meanwhile. Have it send meter values (Settings), then drill it again.",
    DrillCause.OVER_FUSE: "Stopped: a line was above its rating. Drill it again when less is switched on.",
    DrillCause.NOT_BACK: "It has not come back since the connection was closed. Restart it on site.",
    DrillCause.NO_ANSWER: "It did not take the limit the drill begins with.",
}


def sentence_for(drill: Drill) -> str:
    """For a drill that is over; "" while it runs."""
    if drill.cause in _CANNOT_BEGIN:
        return _CANNOT_BEGIN[drill.cause]
    if drill.cause in _INCONCLUSIVE:
        return _INCONCLUSIVE[drill.cause]
    say = _SAY.get(drill.cause)
    return say(drill) if say is not None else ""


def all_sentence(begun: int, skipped: Mapping[str, int]) -> str:
    """What came of asking for every drill at once."""
    words = {"proven": "proven already", "running": "being drilled", "offline": "offline", "refused": "refused"}
    rest = ", ".join(f"{skipped[why]} {word}" for why, word in words.items() if skipped.get(why))
    if begun:
        return f"{begun} begun" + (f"; left out: {rest}." if rest else ".")
    return f"Nothing to drill: {rest or 'no charger is accepted'}."


def _after(drill: Drill) -> str:
    return "" if drill.fell_after_s is None else f" {drill.fell_after_s:.0f} s after the last word"


def shown_words(drill: Drill) -> str:
    """What its own schedule shows once the live limit has ended."""
    if drill.no_limit_shown:
        return "no limit"
    return "nothing" if drill.shown_a is None else f"{drill.shown_a:g} A"


def _nothing_to_fall(drill: Drill) -> str:
    top = f"Its safe value of {drill.safe_a:g} A is all it may ever take, so there is nothing to fall to."
    if drill.verdict is DrillVerdict.VERIFIED:
        return f"{top} Its schedule shows {shown_words(drill)}."
    if drill.shown_a is None and not drill.no_limit_shown:
        return f"{top} But its schedule shows nothing, so that it holds this value is not verified."
    return (
        f"{top} But once the live limit has ended its schedule shows {shown_words(drill)}: not verified. "
        "It is prepared anew; drill it again in a minute."
    )


def _own_word(drill: Drill) -> str:
    if drill.shown_a is None:
        return "its schedule tells nothing about it"
    if drill.shown_a > drill.safe_a + 1.0:
        return "its own schedule says so too"
    return f"although its own schedule shows {drill.shown_a:g} A"


def _amps(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"


def _fell(drill: Drill) -> str:
    if drill.kind is DrillKind.RESTART:
        return f"After a restart its safe default of {drill.safe_a:g} A was still there."
    allowed = _allowed_s(drill)
    if drill.fell_after_s is not None and drill.fell_after_s > allowed:
        return (
            f"Was at {_amps(drill.fell_to_a)} A when it was next heard, {drill.fell_after_s:.0f} s after the last word. "
            f"When it fell nobody saw; {allowed:.0f} s are allowed."
        )
    return (
        f"Fell to {_amps(drill.fell_to_a)} A{_after(drill)}; {drill.safe_a:g} A were to be reached "
        f"within {allowed:.0f} s."
    )


def _allowed_s(drill: Drill) -> float:
    return (drill.latest_allowed_at or 0.0) - (drill.since_at or 0.0)


def _kept(drill: Drill) -> str:
    limit_a, held_a = drill.baseline_a, drill.fell_to_a
    if limit_a is None or held_a is None or abs(held_a - limit_a) <= NEAR_A:
        return f"Kept {_amps(held_a)} A, its last limit, long after it had ended; {_own_word(drill)}."
    stayed = f"Stayed at {_amps(held_a)} A long after its last limit of {limit_a:g} A had ended"
    return f"{stayed}, instead of going to {drill.safe_a:g} A; {_own_word(drill)}."


def _late(drill: Drill) -> str:
    return f"Fell{_after(drill)}, too late: {_allowed_s(drill):.0f} s are allowed."


def _higher(drill: Drill) -> str:
    return f"Went to {_amps(drill.fell_to_a)} A instead of {drill.safe_a:g} A; {_own_word(drill)}."


def _zero(drill: Drill) -> str:
    stopped = f"Stopped the current{_after(drill)} instead of going to {drill.safe_a:g} A."
    return f"{stopped} The fuse is safe, the car is not charged."


def _ended(drill: Drill) -> str:
    return f"Ended the charge instead of going to {drill.safe_a:g} A. The fuse is safe, the car is not charged."


def _ignores(drill: Drill) -> str:
    if drill.kind is DrillKind.SEEN:
        drew = f"Drew {_amps(drill.fell_to_a)} A under a limit of {_amps(drill.baseline_a)} A that it had confirmed"
        return f"{drew}, seen while a car charged. Mend it, then drill it."
    draws = f"Draws {_amps(drill.fell_to_a)} A under a limit of {_amps(drill.baseline_a)} A that it has confirmed"
    if drill.shown_a is not None and drill.shown_a > drill.safe_a + 1.0:
        return f"{draws}, and its schedule shows {drill.shown_a:g} A: it accepts and does nothing."
    return f"{draws}."


def _lost(drill: Drill) -> str:
    shown = "no limit" if drill.shown_a is None else shown_words(drill)
    return f"After a restart its schedule shows {shown}: the safe default of {drill.safe_a:g} A is gone."


def _car_low(drill: Drill) -> str:
    return (
        f"The car draws less than {drill.safe_a:g} A with room to spare, so nothing shows. "
        "Drill it again with a car that charges at full current."
    )


def _no_car(drill: Drill) -> str:
    if drill.shown_a is None:
        return "No car charges, and the charger shows no schedule. Plug a car in and drill it."
    if drill.shown_a > drill.safe_a + 1.0:
        return f"No car charges. Its schedule shows {shown_words(drill)} instead of {drill.safe_a:g} A."
    return f"Not drilled, for no car charges. Its schedule shows {drill.shown_a:g} A once the live limit has ended."


def _no_room(drill: Drill) -> str:
    return drill.sentence or "There is no room for its full rating now."


_SAY: dict[DrillCause, Callable[[Drill], str]] = {
    DrillCause.FELL: _fell,
    DrillCause.KEPT: _kept,
    DrillCause.LATE: _late,
    DrillCause.HIGHER: _higher,
    DrillCause.ZERO: _zero,
    DrillCause.ENDED: _ended,
    DrillCause.IGNORES: _ignores,
    DrillCause.LOST: _lost,
    DrillCause.CAR_LOW: _car_low,
    DrillCause.NO_CAR: _no_car,
    DrillCause.NO_ROOM: _no_room,
    DrillCause.NOTHING_TO_FALL: _nothing_to_fall,
    DrillCause.STOPPED: lambda drill: drill.sentence or "Stopped before its end; the live limit holds again.",
}
