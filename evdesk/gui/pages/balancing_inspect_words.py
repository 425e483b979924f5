"""What the inspector says about the chosen part of the site: rows of a name and a value, ready to show."""

from dataclasses import dataclass

from evdesk.gui import text
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing_facts import (
    Feed,
    Scene,
    breaker_words,
    count_words,
    is_full,
    is_over,
    rating_words,
    room_words,
)
from evdesk.gui.pages.balancing_outlets import GRID, HOUSE, METER, Outlet
from evdesk.gui.sentences import Look, line_words, until_words, why_look, why_next
from evdesk.gui.text import tr
from evdesk.model import (
    PHASES,
    BalanceSettings,
    Bay,
    ChargeMode,
    ChargerState,
    FailsafeState,
    GridType,
    LineLoad,
    MeterSource,
    Transformer,
    WhyCode,
)

SHOWN_LOADS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the inspector's bars: name, colour role, value against its limit, words at the right."""

    line: LineLoad
    beside: str
    role: str = "muted"


@dataclass(frozen=True, slots=True)
class Told:
    """All the inspector shows. `charger`: the charger its button leads to; `fold`: a circuit that can be opened."""

    key: str
    title: str
    kind: str
    chip: Look | None
    bars: tuple[Bar, ...]
    rows: tuple[tuple[str, str, str], ...]
    charger: str = ""


def told(mirror: Mirror, scene: Scene, key: str) -> Told:
    """What to say about `key`; about the supply where it names nothing (any more)."""
    outlet = scene.outlet(key)
    if outlet is not None:
        return _outlet(mirror, scene, outlet)
    if key == GRID:
        return _grid(mirror, scene)
    if key == METER:
        return _meter(mirror, scene)
    if key == HOUSE:
        return _house(mirror, scene)
    feed = next((one for one in scene.all_feeds() if one.key == key), scene.main or next(scene.all_feeds(), None))
    return _feed(mirror, scene, feed) if feed is not None else _grid(mirror, scene)


def _rows(*rows: tuple[str, str] | tuple[str, str, str]) -> tuple[tuple[str, str, str], ...]:
    """Those that have something to say."""
    return tuple((row[0], row[1], row[2] if len(row) > 2 else "text") for row in rows if row[1])


def _feed(mirror: Mirror, scene: Scene, feed: Feed) -> Told:
    circuit = feed.circuit
    main = not circuit.parent
    tight = tightest(feed)
    outlets = list(feed.below())
    kept = sorted((o for o in outlets if o.connector.reserved_a > 0), key=lambda o: -o.connector.reserved_a)
    rows = _rows(
        (tr("Breaker"), protection(feed, scene)),
        (tr("Holds"), count_words(feed)),
        (tr("Fed from"), "" if main else circuit.parent),
        (tr("Meter"), meter_words(circuit.meter, main)),
        (tr("On {phase}").format(phase=tight.phase if tight else ""), loads_words(outlets, tight)),
        (tr("House"), text.amps(tight.other_a) if tight is not None and main and tight.other_a is not None else ""),
        (tr("Kept free"), _named([(o.label, o.connector.reserved_a) for o in kept])),
        (tr("For silence"), _silent_words(tight)),
        (tr("Not drawn"), _undrawn_words(outlets, tight)),
        *((tr("Between"), _rule_words(rule), "warn" if is_full(rule) else "text") for rule in feed.rules),
        (tr("Heat left"), *_heat(feed)),
        (tr("Long loads"), _continuous(circuit.continuous)),
        (tr("Transformer"), transformer_words(circuit.transformer, circuit.ratio)),
        (tr("More when"), more_when(outlets, tight)),
    )
    kind = tr("supply") if main else tr("circuit")
    bars = tuple(Bar(line, *free_words(line)) for line in feed.lines)
    lost = Look("octagon", tr("not fed"), "danger") if feed.lost else None
    return Told(feed.key, circuit.name, kind, lost or feed.full, bars, rows)


def tightest(feed: Feed) -> LineLoad | None:
    known = [line for line in feed.lines if line.free_a is not None]
    return min(known, key=lambda line: line.free_a or 0.0) if known else None


def free_words(line: LineLoad) -> tuple[str, str]:
    if line.free_a is None or line.total_a is None:
        return tr("of {limit}").format(limit=text.limit(line.limit_a)), "muted"
    if is_over(line):
        return tr("{amps} over").format(amps=text.amps(line.total_a - line.limit_a)), "danger"
    return room_words(line), "warn" if is_full(line) else "muted"


def protection(feed: Feed, scene: Scene) -> str:
    """ "3 × 35 A, gG fuse" """
    grid = feed.circuit.grid or scene.site.grid
    parts = [rating_words(feed.circuit, grid), breaker_words(feed.circuit)]
    if grid is not GridType.WYE:
        parts.append(grid_words(grid))
    return ", ".join(part for part in parts if part)


def grid_words(grid: GridType) -> str:
    return {
        GridType.WYE: tr("three phases, neutral"),
        GridType.DELTA: tr("three phases, no neutral"),
        GridType.SPLIT: tr("split phase"),
        GridType.SINGLE: tr("one phase"),
    }[grid]


def transformer_words(kind: Transformer, ratio: float) -> str:
    words = {Transformer.YY: "Yy", Transformer.DYN1: "Dyn1", Transformer.DYN11: "Dyn11"}.get(kind, "")
    return f"{words}, {text.number(ratio, 2)} : 1" if words else ""


def meter_words(meter: MeterSource | None, main: bool) -> str:
    if meter is None:
        return tr("none: the worst of the house is assumed") if main else tr("none: sum of its chargers")
    return tr("{profile} at {host}").format(profile=meter.profile, host=meter.host)


def loads_on(outlets: list[Outlet], phase: str) -> list[tuple[Outlet, float]]:
    """Who loads a phase of the site, the most first."""
    place = PHASES.index(phase) if phase in PHASES else 0
    found = [(o, a) for o in outlets if (a := o.bars[place]) is not None and a >= 0.5]
    return sorted(found, key=lambda row: -row[1])


def loads_words(outlets: list[Outlet], line: LineLoad | None) -> str:
    if line is None:
        return ""
    loads = loads_on(outlets, line.phase)
    if not loads:
        return tr("no car")
    return _named([(o.label, amps) for o, amps in loads])


def _named(rows: list[tuple[str, float]]) -> str:
    """ "Bay 1 13.8, Bay 2 11.9 and 3 more" """
    words = ", ".join(f"{label} {text.number(amps)}" for label, amps in rows[:SHOWN_LOADS])
    rest = rows[SHOWN_LOADS:]
    if not rest:
        return words
    return tr("{words} and {n} more, {amps}").format(words=words, n=len(rest), amps=text.amps(sum(a for _, a in rest)))


def _silent_words(line: LineLoad | None) -> str:
    """What could flow but is kept free for the moment in which evdesk falls silent."""
    return tr("{amps} more kept free").format(amps=text.amps(line.silent_a)) if line and line.silent_a >= 0.5 else ""


def _undrawn_words(outlets: list[Outlet], line: LineLoad | None) -> str:
    """Who may draw more than it does, where a line that shows room is a reason all the same: it is given out."""
    if line is None or is_full(line) or not any(_held_by(one, line) for one in outlets):
        return ""
    place = PHASES.index(line.phase) if line.phase in PHASES else 0
    found = []
    for one in outlets:
        drawn = one.bars[place]
        idle = all((amps or 0.0) < 0.5 for amps in one.bars)  # then nobody knows which phases its car uses
        if drawn is not None and one.limit_a and one.connector.status.has_car and (drawn >= 0.5 or idle):
            found.append((one.label, one.limit_a - drawn))
    return _named(sorted((row for row in found if row[1] >= 1.0), key=lambda row: -row[1]))


def _held_by(one: Outlet, line: LineLoad) -> bool:
    why = one.connector.why
    return why.code in (WhyCode.LINE, WhyCode.WAITING) and why.line == line.line


def more_when(outlets: list[Outlet], line: LineLoad | None) -> str:
    """What would give others more on the fullest phase."""
    if line is None or not is_full(line):
        return ""
    loads = loads_on(outlets, line.phase)
    if loads:
        return tr("{label} leaves or takes less").format(label=loads[0][0].label)
    if line.silent_a >= 0.5:
        return tr("more is allowed while evdesk falls silent")
    return tr("the house takes less")


def _rule_words(rule: LineLoad) -> str:
    words = tr("{amps} of {limit}").format(amps=text.amps(rule.total_a), limit=text.limit(rule.limit_a))
    return f"{line_words(rule.phase)}: {words}"


def _heat(feed: Feed) -> tuple[str, str]:
    """How much of a short overload the breaker still bears, of its fullest conductor."""
    known = [line.heat_left for line in feed.lines if line.heat_left is not None]
    if not known:
        return "", "text"
    words = tr("{n} % of what the breaker bears").format(n=round(min(known) * 100))
    return words, "ok" if min(known) > 0.5 else "warn" if min(known) > 0.15 else "danger"


def _continuous(factor: float) -> str:
    return "" if factor >= 1 else tr("at most {n} % of the rating").format(n=round(factor * 100))


def _outlet(mirror: Mirror, scene: Scene, one: Outlet) -> Told:
    connector, bay, charger = one.connector, one.bay, one.charger
    limit = one.limit_a if one.limit_a else bay.max_a
    bars = tuple(
        Bar(
            LineLoad("", bay.circuit, name, max(bay.max_a, 1.0), value, value, 0.0),
            _of(one),
        )
        for name, value in zip(PHASES, one.bars, strict=True)
        if value is not None
    )
    why = connector.why
    since = tr(", since {at}").format(at=text.moment(why.since_at, mirror.now())) if why.since_at else ""
    silent = charger is not None and charger.state is ChargerState.OFFLINE
    reason = why_look(why, connector, mirror.now(), until=False)
    ends = until_words(why, mirror.now())
    rows = _rows(
        (tr("Limit"), one.limit if one.limit_a is not None else tr("none sent yet")),
        (tr("Why"), "; ".join(part for part in (reason.word + since, ends) if part), reason.role),
        (tr("More when"), why_next(why, mirror.line(why.line))),
        (tr("Set by hand"), "" if connector.user_limit_a is None else text.limit(connector.user_limit_a)),
        (tr("Kept free"), text.amps(connector.reserved_a) if connector.reserved_a > 0 else ""),
        (tr("Outlet"), outlet_words(bay)),
        (tr("Wiring"), wiring_words(bay), "text" if bay.rotation else "warn"),
        (tr("Circuit"), bay.circuit or tr("none: it gets no current"), "text" if bay.circuit else "danger"),
        (tr("Sharing"), _sharing(bay)),
        (tr("If silent"), silent_words(one, scene.site.balance), one.safe.role if one.safe.role != "ok" else "text"),
    )
    made = " ".join(part for part in ((charger.vendor, charger.model) if charger else ()) if part)
    kind = ", ".join(part for part in (made, tr("silent") if silent else "") if part) or bay.charger_id
    assert limit > 0
    return Told(one.key, one.label, kind, one.state, bars, rows, bay.charger_id if charger is not None else "")


def _of(one: Outlet) -> str:
    """ "of 14 A"; "off" stands alone; "" where no limit is known."""
    if one.limit_a is None:
        return ""
    return tr("of {limit}").format(limit=one.limit) if one.limit_a else one.limit


def outlet_words(bay: Bay) -> str:
    phases = tr("three phases") if bay.phases == 3 else tr("two phases") if bay.phases == 2 else tr("one phase")
    return tr("{phases}, {low} to {high}").format(
        phases=phases, low=text.number(bay.min_a, 0), high=text.limit(bay.max_a)
    )


def wiring_words(bay: Bay) -> str:
    """Which site phase its terminals are on."""
    if not bay.rotation:
        return tr("not known: the worst is assumed on each phase")
    if bay.across is not None:
        return tr("between {a} and {b}").format(a=PHASES[bay.across[0]], b=PHASES[bay.across[1]])
    letters = dict(zip("RST", PHASES, strict=True))
    names = [letters.get(letter, "?") for letter in bay.rotation[: max(1, bay.phases)]]
    return tr("its terminals on {names}").format(names=" ".join(names)) + f" ({bay.rotation})"


def mode_words(mode: ChargeMode) -> str:
    return {
        ChargeMode.FAST: tr("as fast as the site allows"),
        ChargeMode.SOLAR_FIRST: tr("solar first, never below its minimum"),
        ChargeMode.SOLAR_ONLY: tr("solar surplus only"),
        ChargeMode.CHEAP: tr("cheap hours only"),
    }[mode]


def _sharing(bay: Bay) -> str:
    parts = [tr("priority {n}").format(n=bay.priority) if bay.priority else ""]
    parts.append(mode_words(bay.mode) if bay.mode is not None else "")
    return ", ".join(part for part in parts if part)


def silent_words(one: Outlet, balance: BalanceSettings) -> str:
    """What this charger does when evdesk does not talk to it any more."""
    failsafe = one.charger.failsafe if one.charger is not None else None
    if failsafe is None or failsafe.state is FailsafeState.UNKNOWN:
        return tr("not known yet: its full rating is reserved")
    if failsafe.state is FailsafeState.CANNOT:
        return tr("cannot fall back: its full {amps} stay reserved").format(amps=text.limit(one.bay.max_a))
    falls = tr("falls to {amps} within {s} s").format(
        amps=text.limit(failsafe.safe_a, short=True), s=balance.falls_after_s
    )
    if failsafe.state is FailsafeState.UNTESTED:
        return tr("should fall: {falls}, not tested").format(falls=falls)
    return f"{falls} ({one.safe.word.lower()})"


def _grid(mirror: Mirror, scene: Scene) -> Told:
    load, site = mirror.load, scene.site
    over = "" if load is None else text.age(load.over_longest_s) if load.over_longest_s else tr("never since the start")
    rows = _rows(
        (tr("Takes now"), scene.power),
        (tr("Supply can"), text.power(load.capacity_w) if load is not None and load.capacity_w else ""),
        (tr("Grid"), f"{grid_words(site.grid)}, {text.number(site.voltage_v, 0)} V"),
        (tr("Cars"), text.power(load.cars_w) if load is not None else ""),
        (tr("House"), text.power(load.other_w) if load is not None else ""),
        *((tr("Limit"), _cap_words(cap)) for cap in scene.caps),
        (tr("Longest over a rating"), over),
        (tr("Share of each if silent"), text.limit(load.safe_share_a) if load is not None else ""),
    )
    return Told(GRID, tr("Grid"), tr("connection"), None, (), rows)


def _cap_words(cap: LineLoad) -> str:
    source = line_words(cap.line.removeprefix("cap/"))
    return tr("{source}: {amps} of {limit}").format(
        source=source, amps=text.amps(cap.total_a), limit=text.limit(cap.limit_a)
    )


def _meter(mirror: Mirror, scene: Scene) -> Told:
    load, site = mirror.load, scene.site
    source = next((c.meter for c in site.circuits if c.meter is not None and not c.parent), None)
    main = scene.main
    lines = main.lines if main is not None else ()
    bars = tuple(Bar(line, *free_words(line)) for line in lines) if source is not None else ()
    worst = main.circuit.other_max_a[: len(lines)] if main is not None else ()
    stale = text.age(site.balance.meter_stale_s)
    assumed = ", ".join(text.limit(a) for a in worst)
    rows = _rows(
        (tr("Newest value"), scene.meter.word, scene.meter.role if scene.meter.role == "warn" else "text"),
        (tr("Device"), "" if source is None else f"{source.profile}, {source.driver}"),
        (tr("Address"), "" if source is None else f"{source.host}:{source.port}, {tr('unit')} {source.unit}"),
        (tr("If it is silent"), tr("after {age} the house counts with {amps}").format(age=stale, amps=assumed)
         if source is not None else tr("the house always counts with {amps}").format(amps=assumed)),
    )  # fmt: skip
    chip = Look("warning", tr("silent"), "warn") if load is not None and load.meter_stale else None
    return Told(METER, tr("Site meter"), tr("measures everything"), chip, bars, rows)


def _house(mirror: Mirror, scene: Scene) -> Told:
    main = scene.main
    lines = main.lines if main is not None else ()
    bars = tuple(
        Bar(LineLoad("", "", line.phase, line.limit_a, line.other_a, 0.0, line.other_a),
            tr("most {amps}").format(amps=text.limit(worst)))
        for line, worst in zip(lines, main.circuit.other_max_a if main is not None else (), strict=False)
    )  # fmt: skip
    power = mirror.load.other_w if mirror.load is not None else None
    seconds = f"{scene.site.balance.house_window_s:.0f} s"
    rows = _rows(
        (tr("Takes now"), text.power(power)),
        (tr("Counted as"), tr("its highest of the last {seconds}").format(seconds=seconds)),
        (tr("Without meter"), tr("its most on each phase is assumed")),
    )
    return Told(HOUSE, tr("House"), tr("everything that is no charger"), None, bars, rows)
