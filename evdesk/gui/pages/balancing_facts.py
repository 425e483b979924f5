"""The site as the single-line diagram shows it: a tree of feeds with their outlets, every figure and word ready."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evdesk.gui import text
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing_outlets import GRID, METER, Outlet, Outlets, circuit_key
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model import (
    PHASES,
    Breaker,
    Circuit,
    ConnectorStatus,
    GridType,
    LineLoad,
    Phases,
    Site,
    SiteLoad,
)

FULL_SHARE = 0.03
"""The last part of a rating that turns a figure to "warn"."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A circuit with what hangs on it. `lines`: its conductors L1 L2 L3; `rules`: what else bounds it (unbalance)."""

    key: str
    circuit: Circuit
    lines: tuple[LineLoad, ...]
    rules: tuple[LineLoad, ...]
    outlets: tuple[Outlet, ...]
    feeds: tuple["Feed", ...]
    rating: str
    full: Look | None  # the fullest conductor, where it is full
    lost: bool = False  # hangs on nothing: no current is given through it

    def below(self) -> Iterator[Outlet]:
        """Every outlet under it, in the order they stand."""
        yield from self.outlets
        for feed in self.feeds:
            yield from feed.below()

    def walk(self) -> Iterator["Feed"]:
        yield self
        for feed in self.feeds:
            yield from feed.walk()

    @property
    def said(self) -> str:
        parts = [self.circuit.name, self.rating]
        parts += [f"{line.phase} {text.amps(line.total_a)}" for line in self.lines]
        if self.full is not None:
            parts.append(self.full.word)
        parts.append(count_words(self))
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Part:
    """A symbol without current of its own: icon, name, what stands under it; `house`: what is no car per phase."""

    icon: str
    name: str
    look: Look
    house: tuple[tuple[str, float | None], ...] = ()

    @property
    def said(self) -> str:
        amps = [f"{name} {text.amps(value)}" for name, value in self.house]
        return ", ".join(part for part in (self.name, self.look.word, *amps) if part)


@dataclass(frozen=True, slots=True)
class Scene:
    """The whole picture. `feeds` are fed by the supply: one in nearly every site. `astray`: bays on no circuit."""

    site: Site
    feeds: tuple[Feed, ...]
    astray: tuple[Outlet, ...]
    house: Phases
    power: str
    meter: Look
    caps: tuple[LineLoad, ...]
    live: bool

    def part(self, key: str) -> Part:
        """Grid, meter or house."""
        if key == GRID:
            return Part("grid", tr("Grid"), Look("", self.power, "muted"))
        if key == METER:
            return Part("meter", tr("Site meter"), self.meter)
        names = [line.phase for line in self.feeds[0].lines] if self.feeds else list(PHASES)
        return Part("house", tr("House"), Look("", "", "muted"), tuple(zip(names, self.house, strict=False)))

    @property
    def main(self) -> Feed | None:
        return self.feeds[0] if len(self.feeds) == 1 else None

    def all_feeds(self) -> Iterator[Feed]:
        for feed in self.feeds:
            yield from feed.walk()

    def outlets(self) -> Iterator[Outlet]:
        for feed in self.feeds:
            yield from feed.below()
        yield from self.astray

    def feed(self, name: str) -> Feed | None:
        return next((feed for feed in self.all_feeds() if feed.circuit.name == name), None)

    def outlet(self, key: str) -> Outlet | None:
        return next((outlet for outlet in self.outlets() if outlet.key == key), None)

    def count(self) -> int:
        return sum(1 for _ in self.outlets())


CAP = "cap/"
"""What the name of a power limit's line begins with."""


def build_scene(mirror: Mirror, site: Site | None = None, known: Outlets | None = None) -> Scene:
    """The picture of `site` (a draft that is edited) or of the engine's site, with what the mirror measures. `known` keeps
    what has not changed from one picture to the next."""
    shown = site or mirror.site or Site()
    made = known if known is not None else Outlets()
    load = mirror.load
    lines: dict[str, list[LineLoad]] = {}
    for line in load.lines if load is not None else ():
        lines.setdefault(line.circuit, []).append(line)
    names = {circuit.name for circuit in shown.circuits}
    outlets: dict[str, list[Outlet]] = {}
    for place, bay in enumerate(shown.bays):
        outlets.setdefault(bay.circuit, []).append(made.at_bay(mirror, bay, place))
    tree = _Tree(shown, lines, outlets)
    feeds = tuple(tree.feed(c) for c in shown.circuits if not c.parent)
    lost = [c for c in shown.circuits if c.name not in tree.seen]
    while lost:  # in a loop, or fed from something that is not there
        feeds = (*feeds, tree.feed(lost[0], lost=True))
        lost = [c for c in lost if c.name not in tree.seen]
    placed = {bay.charger_id for bay in shown.bays}
    astray = [outlet for name, some in outlets.items() if name not in names for outlet in some]
    astray += [made.unplaced(mirror, charger) for charger in mirror.accepted() if charger.id not in placed]
    return Scene(
        shown,
        feeds,
        tuple(astray),
        _house(feeds),
        text.power(load.total_w) if load is not None else text.unknown(),
        meter_look(mirror, shown),
        tuple(line for some in lines.values() for line in some if line.line.startswith(CAP)),
        mirror.connected,
    )


class _Tree:
    """Builds feeds from the list of circuits; every circuit once, whatever a person entered."""

    def __init__(self, site: Site, lines: dict[str, list[LineLoad]], outlets: dict[str, list[Outlet]]) -> None:
        self._site, self._lines, self._outlets = site, lines, outlets
        self.seen: set[str] = set()
        self._children: dict[str, list[Circuit]] = {}
        for circuit in site.circuits:
            self._children.setdefault(circuit.parent, []).append(circuit)

    def feed(self, circuit: Circuit, lost: bool = False) -> Feed:
        self.seen.add(circuit.name)
        grid = circuit.grid or self._site.grid
        known = self._lines.get(circuit.name, [])
        by_phase = {line.phase: line for line in known}
        lines = tuple(
            _rated(by_phase[name], rating)
            if name in by_phase
            else LineLoad(f"{circuit.name}/{name}", circuit.name, name, rating)
            for name, rating in list(zip(PHASES, circuit.rating_a, strict=True))[: grid.phases]
        )
        rules = tuple(line for line in known if line.phase not in PHASES)
        below = [c for c in self._children.get(circuit.name, []) if c.name not in self.seen]
        feeds = tuple(self.feed(child, lost) for child in below if child.name not in self.seen)
        return Feed(
            circuit_key(circuit.name),
            circuit,
            lines,
            rules,
            tuple(self._outlets.get(circuit.name, ())),
            feeds,
            rating_words(circuit, grid),
            full_look(lines),
            lost,
        )


def _rated(line: LineLoad, rating_a: float) -> LineLoad:
    """The line at the rating that is drawn: that of a draft is not in force yet."""
    more = rating_a - line.limit_a
    if abs(more) < 0.05:
        return line
    return replace(line, limit_a=rating_a, free_a=None if line.free_a is None else line.free_a + more)


def _house(feeds: tuple[Feed, ...]) -> Phases:
    """What flows at the supply and is no car."""
    found: list[float | None] = [None, None, None]
    for feed in feeds:
        for i, line in enumerate(feed.lines[:3]):
            if line.other_a is not None:
                found[i] = (found[i] or 0.0) + line.other_a
    return (found[0], found[1], found[2])


# -- words ----------------------------------------------------------------------------------------------------------------


def rating_words(circuit: Circuit, grid: GridType) -> str:
    """ "3 × 63 A", or "63 / 50 / 63 A" where the phases differ"""
    amps = circuit.rating_a[: grid.phases]
    if len(set(amps)) == 1:
        return tr("{n} × {amps}").format(n=len(amps), amps=text.limit(amps[0]))
    return " / ".join(text.number(a, 0) for a in amps) + " A"


def breaker_words(circuit: Circuit) -> str:
    words = {
        Breaker.B: tr("B curve"),
        Breaker.C: tr("C curve"),
        Breaker.D: tr("D curve"),
        Breaker.GG: tr("gG fuse"),
    }
    return words.get(circuit.breaker, "")


def is_full(line: LineLoad) -> bool:
    return line.free_a is not None and line.total_a is not None and line.free_a <= FULL_SHARE * line.limit_a


def is_over(line: LineLoad) -> bool:
    return line.total_a is not None and line.total_a > line.limit_a


def full_look(lines: tuple[LineLoad, ...]) -> Look | None:
    """ "L1 full" for the fullest conductor of a circuit; None while there is room on each."""
    over = [line for line in lines if is_over(line)]
    if over:
        return Look("octagon", tr("{phase} over").format(phase=over[0].phase), "danger")
    full = sorted((line for line in lines if is_full(line)), key=lambda line: line.free_a or 0.0)
    return Look("gauge", tr("{phase} full").format(phase=full[0].phase), "warn") if full else None


def meter_look(mirror: Mirror, site: Site) -> Look:
    """How old the site meter's value is."""
    load = mirror.load
    if not any(circuit.meter is not None and not circuit.parent for circuit in site.circuits):
        return Look("meter", tr("no meter"), "muted")
    if load is None or load.meter_at is None:
        return Look("meter", tr("no value yet"), "warn")
    old = text.age(mirror.now() - load.meter_at)
    if load.meter_stale:
        return Look("meter", tr("silent {age}").format(age=old), "warn")
    return Look("meter", tr("{age} ago").format(age=old), "muted")


def count_words(feed: Feed) -> str:
    """ "25 chargers, 18 charging" """
    return count_options(feed)[0]


def count_options(feed: Feed) -> tuple[str, ...]:
    """The same with less and less room: "25 chargers, 18 charging", "18 of 25 charging", "18 / 25"."""
    states = Counter(outlet.connector.status for outlet in feed.below())
    total = sum(states.values())
    charging = states[ConnectorStatus.CHARGING]
    words = tr("1 charger") if total == 1 else tr("{n} chargers").format(n=total)
    if not charging:
        return words, str(total)
    whole = tr("{words}, {n} charging").format(words=words, n=charging)
    return whole, tr("{n} of {all} charging").format(n=charging, all=total), f"{charging} / {total}"


def problems(feed: Feed) -> list[tuple[str, str, int]]:
    """Icon, role and number of what is wrong below: faults, silent ones, circuits that are full."""
    faults = silent = 0
    full = sum(one.full is not None for one in feed.walk() if one is not feed)
    for outlet in feed.below():
        faults += outlet.edge == "danger"
        silent += outlet.edge == "warn"
    return [
        row for row in (("octagon", "danger", faults), ("offline", "warn", silent), ("gauge", "warn", full)) if row[2]
    ]


def site_words(site: Site, load: SiteLoad | None) -> str:
    """Beside the page's title: "3 × 63 A, 2 circuits" """
    roots = [c for c in site.circuits if not c.parent]
    rest = len(site.circuits) - len(roots)
    rating = rating_words(roots[0], roots[0].grid or site.grid) if roots else ""
    circuits = "" if not rest else tr("1 circuit") if rest == 1 else tr("{n} circuits").format(n=rest)
    away = "" if load is not None else tr("nothing measured yet")
    return ", ".join(part for part in (rating, circuits, away) if part)


def room_words(line: LineLoad) -> str:
    """ "5.1 A free"; without a decimal where hundreds are."""
    room = max(0.0, line.free_a or 0.0)
    return tr("{amps} free").format(amps=text.limit(round(room)) if room >= 100 else text.amps(room))
