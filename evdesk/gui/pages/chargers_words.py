"""Words of the Chargers page that need a whole row: the short reason with its figures, identity, clock, failsafe."""

from evdesk.gui import text
from evdesk.gui.sentences import Look, charger_look, doubt_words, failsafe_look, fault_words, why_look, why_short
from evdesk.gui.text import tr
from evdesk.model import Charger, ChargerState, ClockState, Connector, ConnectorStatus, Failsafe, Phases, WhyCode
from evdesk.model.hints import Hint

CLOCK_TOLERANCE_S = 5.0
"""Beyond this a charger's clock is marked: its charging schedules start by it."""

_RANKS = ("danger", "warn", "accent", "ok", "info", "muted")


def state_rank(look: Look) -> int:
    """What needs somebody sorts first."""
    return _RANKS.index(look.role) if look.role in _RANKS else len(_RANKS)


def needs_you(charger: Charger, connector: Connector) -> bool:
    """A fault, a silent charger, a failsafe that cannot work, a status that contradicts the meter: for a person."""
    if charger.state is ChargerState.OFFLINE or connector.status is ConnectorStatus.FAULTED:
        return True
    return charger.failsafe.state.value == "cannot" or bool(connector.doubt)


def most(currents: Phases) -> float | None:
    """The highest known phase current."""
    return max((value for value in currents if value is not None), default=None)


def short_reason(charger: Charger, connector: Connector) -> Look:
    """The Why column: words with the figure that matters, in the role of the state."""
    why, role = connector.why, "muted"
    words = why_short(why)
    if charger.state is ChargerState.OFFLINE:
        role = "warn"
        words = tr("{a} kept free").format(a=text.limit(connector.reserved_a)) if connector.reserved_a else tr("Silent")
    elif connector.status is ConnectorStatus.FAULTED:
        told = fault_words(connector.error_code, connector.error_info)
        extra = connector.error_info if connector.error_info and connector.error_info != told else ""
        words, role = " ".join(part for part in (told[:1].upper() + told[1:], extra) if part), "danger"
    elif connector.doubt:
        words, role = doubt_words(connector), "warn"
    elif why.code is WhyCode.CAR and (drawn := most(connector.current_a)) is not None:
        words = tr("Car takes {a}").format(a=text.amps(drawn))
    elif why.code in (WhyCode.SAFE_SHARE, WhyCode.OFF):
        role = "warn"
    return Look("", words, role)


def reason_title(charger: Charger, connector: Connector, now: float | None = None) -> Look:
    """The headline of the *why* box: "12 A because Garage L1 is full: 34.6 of 35 A"."""
    look = why_look(connector.why, connector, now)
    if charger.state is ChargerState.OFFLINE:
        kept = text.limit(connector.reserved_a) if connector.reserved_a else tr("its full rating")
        return Look("offline", tr("Silent: {kept} per phase stay reserved for it").format(kept=kept), "warn")
    if connector.status is ConnectorStatus.FAULTED:
        words = fault_words(connector.error_code, connector.error_info)
        info = f" ({connector.error_info})" if connector.error_info and connector.error_info != words else ""
        return Look("octagon", tr("Off because of a fault: {words}").format(words=words + info), "danger")
    if connector.doubt:
        return Look("question", doubt_words(connector), "warn")
    if connector.limit_a is None:
        return look
    if connector.limit_a <= 0:
        return Look(look.icon, tr("Paused: {why}").format(why=_lower(look.word)), look.role)
    title = tr("{a} because {why}").format(a=text.limit(connector.limit_a), why=_lower(look.word))
    return Look(look.icon, title, look.role)


def _lower(sentence: str) -> str:
    """A sentence as the second half of another; names of lines keep their capital."""
    first = sentence.split(" ", 1)[0]
    fixed = first in ("L1", "L2", "L3") or sentence.find(" L") == len(first)
    return sentence if fixed else sentence[:1].lower() + sentence[1:]


def phases_used(connector: Connector) -> str:
    """`The car uses one phase; measured on L1.` while it charges, else empty."""
    used = [f"L{i + 1}" for i, a in enumerate(connector.site_current_a) if a is not None and a > 0.5]
    if not used or len(used) == 3:
        return ""
    if len(used) == 1:
        return tr("The car uses one phase; measured on {line}.").format(line=used[0])
    return tr("The car uses two phases; measured on {lines}.").format(lines=" + ".join(used))


def clock_words(clock: ClockState) -> Look:
    if clock.zone_unknown:
        return Look("warning", tr("writes no time zone"), "warn")
    if clock.offset_s is None:
        return Look("question", tr("not seen yet"), "muted")
    off = abs(clock.offset_s)
    if off < 0.05:
        return Look("check-circle", tr("exact"), "ok")
    side = tr("ahead") if clock.offset_s > 0 else tr("behind")
    good = off <= CLOCK_TOLERANCE_S
    return Look("check-circle" if good else "warning", f"{text.age(off)} {side}", "ok" if good else "warn")


def failsafe_words(failsafe: Failsafe) -> Look:
    look = failsafe_look(failsafe.state)
    word = look.word.lower()
    if failsafe.safe_a is not None:
        word = f"{word}, {text.limit(failsafe.safe_a)}"
    return Look(look.icon, word, look.role)


def speaks(charger: Charger) -> str:
    """`OCPP 1.6` out of `ocpp1.6`; the driver's name for others."""
    protocol = charger.protocol or charger.driver
    return f"OCPP {protocol[4:]}" if protocol.lower().startswith("ocpp") and len(protocol) > 4 else protocol


def state_of(charger: Charger, connector: Connector) -> Look:
    return charger_look(charger, connector)


def hint_words(hint: Hint | None) -> str:
    """What was said of the running charge: "of 20 kWh · until 17:30", beside the energy so far."""
    if hint is None:
        return ""
    leaves = tr("until {time}").format(time=text.clock(hint.depart_at)) if hint.depart_at is not None else ""
    needs = tr("of {n} kWh").format(n=text.number(hint.energy_wh / 1000, 0)) if hint.energy_wh is not None else ""
    return text.reasons(needs, leaves)
