"""Where everything of the single-line diagram stands: pure geometry, in logical pixels before zoom.

Two drawings of the same scene. The *tree* is a classic single-line diagram: the bus from left to right, circuits under
it, chargers in one row at the bottom; for sites that fit. The *board* runs down like a distribution board: one row for
each circuit, its chargers under it in as many rows as they need, folded or open; for any number and any depth.
"""

from collections.abc import Set
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF

from evdesk.gui.pages.balancing_facts import Feed, Part, Scene
from evdesk.gui.pages.balancing_outlets import GRID, HOUSE, METER, Outlet
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr

SYMBOL, MAINS, HOUSE_BOX, BOX, ROW, FULL, SHORT, DENSE, NOTE = (
    "symbol", "mains", "house", "box", "row", "full", "short", "dense", "note",
)  # fmt: skip

PAD = 12
SYMBOL_SIZE = 32
BREAKER_WIDE = 104.0
BAND, LEVEL = 94, 91
"""Height of the strip with grid, meter, main breaker and the load of the supply; and of each level of circuits."""
GAP = 6
NEAR, APART = 4, 6
"""Between cells, and more between circuits, in the tree."""
CELL_MIN, CELL_MAX, CELL_LOW, CELL_HIGH, CELL_TALL = 73, 230, 106, 126, 340
BOX_MIN, BOX_MAX = 168, 260
HOUSE_WIDE = 74
MOST_TREE = 14
"""More outlets than this are never drawn as a tree."""
SHORT_MIN, SHORT_HIGH, DENSE_MIN, DENSE_HIGH = 142, 64, 92, 46
FOLD_FROM, MANY = 40, 60
"""With more outlets than the first the rows are low; from the second on the cells are dense."""
INDENT = 22


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be seen and chosen. `open`: None, or whether it is unfolded. `most`: chargers under the row of
    the drawing that has the most, so that a charger is as wide in all of them."""

    key: str
    kind: str
    rect: QRectF
    what: Feed | Outlet | Part
    open: bool | None = None
    most: int = 0


@dataclass(frozen=True, slots=True)
class Wire:
    """A conductor from (x1, y1) to (x2, y2)."""

    x1: float
    y1: float
    x2: float
    y2: float
    thick: float = 1.4


@dataclass(frozen=True, slots=True)
class Switch:
    """A breaker on a wire: its hinge at (x, y), downwards or to the right."""

    x: float
    y: float
    down: bool = True


@dataclass(slots=True)
class Plan:
    """A drawing that is done: `items` in the order of the keyboard."""

    items: list[Item] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    switches: list[Switch] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0
    board: bool = False

    def at(self, x: float, y: float) -> Item | None:
        """The topmost thing under a point."""
        return next((item for item in reversed(self.items) if item.rect.contains(x, y)), None)

    def item(self, key: str) -> Item | None:
        return next((item for item in self.items if item.key == key), None)


def lay_out(scene: Scene, width: float, height: float, folded: Set[str]) -> Plan:
    """The drawing that suits the room."""
    tree = lay_tree(scene, width, height)
    return tree if tree is not None else lay_board(scene, width, folded)


def top_band(plan: Plan, scene: Scene, width: float) -> float:
    """Grid, meter, main breaker, the load of the supply at the right; returns where the wire to the bus comes down."""
    middle = 38.0
    reach = min(124.0, max(92.0, width / 6.3))
    left = PAD + 32.0
    plan.items.append(Item(GRID, SYMBOL, _symbol(left, middle), scene.part(GRID)))
    plan.wires.append(Wire(left + 16, middle, left + reach - 16, middle))
    plan.items.append(Item(METER, SYMBOL, _symbol(left + reach, middle), scene.part(METER)))
    end = left + reach + 16
    if scene.main is not None:
        hinge = left + 2 * reach - 14
        plan.wires.append(Wire(end, middle, hinge, middle))
        plan.switches.append(Switch(hinge, middle, down=False))
        plan.items.append(Item(scene.main.key, SYMBOL, _symbol(hinge + 14, middle, BREAKER_WIDE), scene.main))
        end = hinge + 28
    drop = end + BREAKER_WIDE / 2 - 8
    plan.wires.append(Wire(end, middle, drop, middle))
    if scene.main is not None:
        wide = min(1100.0, width - PAD - drop - 16)
        plan.items.append(Item(scene.main.key, MAINS, QRectF(drop + 16, 6, wide, 74), scene.main))
    return drop


def _symbol(x: float, y: float, wide: float = 84.0) -> QRectF:
    return QRectF(x - wide / 2, y - 20, wide, 68)


# -- tree -----------------------------------------------------------------------------------------------------------------


def lay_tree(scene: Scene, width: float, height: float) -> Plan | None:
    """None where it would be cramped."""
    main = scene.main
    if main is None or scene.astray or scene.count() > MOST_TREE or main.lost:
        return None
    room = width - 2 * PAD - HOUSE_WIDE
    if _least(main, CELL_MIN) > room:
        return None
    cell = next(w for w in range(CELL_MAX, CELL_MIN - 1, -1) if w == CELL_MIN or _least(main, w) <= room)
    depth = _depth(main)
    plain = BAND + depth * LEVEL + 14 + CELL_HIGH + 8
    if plain > max(height, 436):
        return None
    spread = min(26.0, max(0.0, height - plain - 60) / (depth + 3))
    ground = BAND + spread + depth * (LEVEL + spread) + 14
    tall = min(CELL_TALL, max(CELL_LOW, height - ground - 8))
    plan = Plan(width=width)
    drop = top_band(plan, scene, width)
    bus = BAND + spread
    plan.wires.append(Wire(drop, 38, drop, bus))
    _house(plan, scene, bus)
    wide = _least(main, cell)
    spare = max(0.0, room - wide)
    left = PAD + HOUSE_WIDE + (spare / 2 if not main.feeds else min(24.0, spare / 2))
    maker = _Tree(plan, cell, tall, ground, LEVEL + spread, min(48.0, spare / max(1, len(main.feeds))))
    right = maker.children(main, left, bus)
    plan.wires.append(Wire(PAD + 28, bus, max(right, drop), bus, 4))
    plan.height = max(item.rect.bottom() for item in plan.items) + 8
    return plan


def _depth(feed: Feed) -> int:
    """Levels of circuits below this one."""
    return max((1 + _depth(child) for child in feed.feeds), default=0)


def _least(feed: Feed, cell: float) -> float:
    """The width its children take with cells so wide."""
    parts = [cell] * len(feed.outlets) + [max(float(BOX_MIN), _least(child, cell)) + APART for child in feed.feeds]
    return sum(parts) + NEAR * max(0, len(parts) - 1)


def _house(plan: Plan, scene: Scene, bus: float) -> None:
    x = PAD + 34.0
    plan.wires += [Wire(x, bus, x, bus + 26), Wire(x, bus + 42, x, bus + 70)]
    plan.switches.append(Switch(x, bus + 26))
    plan.items.append(Item(HOUSE, HOUSE_BOX, QRectF(PAD - 6, bus + 70, 80, 116), scene.part(HOUSE)))


class _Tree:
    """Places children from left to right under a bus."""

    def __init__(self, plan: Plan, cell: float, tall: float, ground: float, level: float, between: float) -> None:
        self._plan, self._cell, self._tall, self._between = plan, cell, tall, between
        self._ground, self._level = ground, level

    def children(self, feed: Feed, left: float, bus: float) -> float:
        """Outlets of a feed, then its circuits; returns the right end of the bus they hang on."""
        plan, x, end = self._plan, left, left
        for outlet in feed.outlets:
            middle = x + self._cell / 2
            plan.wires.append(Wire(middle, bus, middle, self._ground))
            plan.items.append(Item(outlet.key, FULL, QRectF(x, self._ground, self._cell, self._tall), outlet))
            end = middle
            x += self._cell + NEAR
        for child in feed.feeds:
            wide = max(float(BOX_MIN), _least(child, self._cell))
            end = self._feed(child, x, wide, bus)
            x += wide + APART + NEAR + self._between
        return end + 12

    def _feed(self, feed: Feed, left: float, wide: float, bus: float) -> float:
        """One circuit: its box, its bus, what hangs on it; returns where its wire meets the bus above."""
        plan = self._plan
        box = min(wide, float(BOX_MAX))
        x = left + (wide - box) / 2
        high = 26.0 + 16 * len(feed.lines)
        wire = x + 26
        plan.items.append(Item(feed.key, BOX, QRectF(x, bus + 8, box, high), feed))
        plan.wires.append(Wire(wire, bus, wire, bus + 24))
        plan.switches.append(Switch(wire, bus + 24))
        below = bus + self._level
        plan.wires.append(Wire(wire, bus + 40, wire, below))
        if feed.outlets or feed.feeds:
            end = self.children(feed, left, below)
            plan.wires.append(Wire(min(left, wire) + 2, below, max(end, wire + 12), below, 3))
        return wire


# -- board ----------------------------------------------------------------------------------------------------------------


def lay_board(scene: Scene, width: float, folded: Set[str]) -> Plan:
    """One row per circuit, from the top down."""
    plan = Plan(width=width, board=True)
    drop = top_band(plan, scene, width)
    bus = PAD + 8.0
    rows = scene.main.feeds if scene.main is not None else scene.feeds
    most = max((sum(1 for _ in feed.below()) for feed in rows), default=0)
    board = _Board(plan, width, folded, (scene.count(), most))
    y = BAND - 4.0
    plan.wires += [Wire(drop, 38, drop, y), Wire(bus, y, drop, y, 4)]
    gap = 6 if scene.count() > FOLD_FROM else 14
    house = QRectF(bus + INDENT + 8, y + gap, width - bus - INDENT - 8 - PAD, 40)
    plan.items.append(Item(HOUSE, HOUSE_BOX, house, scene.part(HOUSE)))
    last = y + gap + 20
    plan.wires.append(Wire(bus, last, bus + INDENT + 8, last))
    plan.switches.append(Switch(bus + 6, last, down=False))
    board.y = y + 48 + gap
    main = scene.main
    if main is not None:
        if main.outlets:
            board.cells(main.outlets, bus + INDENT + 8)
            last = board.branch
            plan.wires.append(Wire(bus, last, bus + INDENT + 14, last))
        last = max(last, board.feeds(main.feeds, bus))
    else:
        last = max(last, board.feeds(scene.feeds, bus))
    plan.wires.append(Wire(bus, y, bus, last, 4))
    if scene.astray:
        board.astray(scene)
    plan.height = board.y + PAD
    return plan


class _Board:
    """Rows from the top down; `y` is where the next one stands, `branch` where the last wire left the bus."""

    def __init__(self, plan: Plan, width: float, folded: Set[str], counts: tuple[int, int]) -> None:
        self._plan, self._width, self._folded = plan, width, folded
        count, self._most = counts
        self._dense, self._low = count >= MANY, count > FOLD_FROM
        self.y = 0.0
        self.branch = 0.0

    def feeds(self, feeds: tuple[Feed, ...], bus: float) -> float:
        """Rows of circuits on one bus; returns where the last branches off."""
        last = 0.0
        for feed in feeds:
            last = self._feed(feed, bus)
        return last

    def _feed(self, feed: Feed, bus: float) -> float:
        plan, left = self._plan, bus + INDENT + 8
        opened = feed.key not in self._folded
        holds = bool(feed.outlets or feed.feeds)
        high = max(42.0, 8.0 + 12 * len(feed.lines)) if self._low else max(44.0, 12.0 + 16 * len(feed.lines))
        rect = QRectF(left, self.y, self._width - left - PAD, high)
        plan.items.append(Item(feed.key, ROW, rect, feed, opened if holds else None, self._most))
        branch = rect.center().y()
        plan.wires.append(Wire(bus, branch, left, branch))
        plan.switches.append(Switch(bus + 6, branch, down=False))
        self.y = rect.bottom() + (6 if self._low else 8)
        if opened and holds:
            own, last = left + 14, rect.bottom()
            if feed.outlets:
                self.cells(feed.outlets, left + 14 + INDENT, own)
                last = self.branch
            if feed.feeds:
                last = max(last, self.feeds(feed.feeds, own))
            plan.wires.append(Wire(own, rect.bottom(), own, last, 3))
            self.y += 4
        return branch

    def cells(self, outlets: tuple[Outlet, ...], left: float, bus: float | None = None) -> None:
        """Outlets in as many rows as they need, each row on a bus of its own."""
        plan = self._plan
        kind, least, high = (DENSE, DENSE_MIN, DENSE_HIGH) if self._dense else (SHORT, SHORT_MIN, SHORT_HIGH)
        room = self._width - left - PAD
        columns = max(1, int((room + GAP) // (least + GAP)))
        wide = (room - GAP * (columns - 1)) / columns
        if len(outlets) < columns:
            wide = min(wide, least * 1.5)
        for start in range(0, len(outlets), columns):
            some = outlets[start : start + columns]
            line = self.y + 2
            x = left
            for outlet in some:
                plan.wires.append(Wire(x + 16, line, x + 16, line + 7))
                plan.items.append(Item(outlet.key, kind, QRectF(x, line + 7, wide, high), outlet))
                x += wide + GAP
            begin = bus if bus is not None else left
            plan.wires.append(Wire(begin, line, left + (len(some) - 1) * (wide + GAP) + 16, line, 2))
            self.branch = line
            self.y = line + 7 + high + GAP

    def astray(self, scene: Scene) -> None:
        left = PAD + 8.0
        self.y += 8
        note = Part("octagon", tr("On no circuit: these get no current"), Look("", "", "danger"))
        self._plan.items.append(Item("astray", NOTE, QRectF(left, self.y, self._width - left - PAD, 28), note))
        self.y += 30
        room = self._width - left - PAD
        columns = max(1, int((room + GAP) // (SHORT_MIN + GAP)))
        wide = min(SHORT_MIN * 1.5, (room - GAP * (columns - 1)) / columns)
        for place, outlet in enumerate(scene.astray):
            row, column = divmod(place, columns)
            rect = QRectF(left + column * (wide + GAP), self.y + row * (SHORT_HIGH + GAP), wide, SHORT_HIGH)
            self._plan.items.append(Item(outlet.key, SHORT, rect, outlet))
        self.y += (len(scene.astray) + columns - 1) // columns * (SHORT_HIGH + GAP)
