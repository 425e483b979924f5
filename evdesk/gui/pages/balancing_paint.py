"""How each part of the single-line diagram is drawn."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from evdesk.gui import icons, text, theme, tokens
from evdesk.gui.pages.balancing_facts import Feed, Part, breaker_words, is_full, is_over, room_words
from evdesk.gui.pages.balancing_layout import (
    BOX,
    DENSE,
    FULL,
    HOUSE_BOX,
    MAINS,
    NOTE,
    ROW,
    SHORT,
    SYMBOL,
    Item,
    Plan,
)
from evdesk.gui.pages.balancing_outlets import Outlet
from evdesk.gui.pages.balancing_rows import paint_row
from evdesk.gui.pages.balancing_symbols import centre, paint_switch, phase_names, phase_row, small_bars, state
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import draw
from evdesk.model import LineLoad, WhyCode

NAMED_FROM = 220
"""From this height on a charger of the tree has the names of its phases under the bars."""
BOXED = (BOX, ROW, FULL, SHORT, DENSE)


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands out: the chosen part, the one under the pointer, whether keys go here, parts something is wrong with."""

    chosen: str = ""
    under: str = ""
    focus: bool = False
    flags: frozenset[str] = frozenset()


def paint_plan(painter: QPainter, plan: Plan, part: QRectF, marks: Marks) -> None:
    """Everything that touches `part`; the chosen thing lies on a band, the one under the pointer is raised."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    look = theme.current()
    seen = part.adjusted(-8, -8, 8, 8)
    for item in plan.items:
        if item.rect.intersects(seen):
            _back(painter, item, marks)
    ink = look.color("text")
    for wire in plan.wires:
        painter.setPen(QPen(ink, wire.thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(wire.x1, wire.y1), QPointF(wire.x2, wire.y2))
    for switch in plan.switches:
        paint_switch(painter, switch.x, switch.y, switch.down)
    for item in plan.items:
        if item.rect.intersects(seen):
            _PAINTERS[item.kind](painter, item)


def _back(painter: QPainter, item: Item, marks: Marks) -> None:
    """Edge and fill of an item, before the wires go over it."""
    look = theme.current()
    chosen, under = item.key == marks.chosen, item.key == marks.under
    what = item.what
    boxed = item.kind in BOXED
    edge = "border"
    if isinstance(what, Outlet):
        edge = what.edge
    elif isinstance(what, Feed) and item.kind in BOXED:
        edge = "danger" if what.lost or any(is_over(line) for line in what.lines) else "border"
    fill = "raised" if item.kind in (BOX, ROW) else "surface"
    line = float(look.edge)
    if under and boxed:
        fill = "sunken"
    if chosen:
        fill, edge, line = "selection", "accent", 2.0
    if item.key in marks.flags:
        edge, line = "danger", 2.0
    if boxed:
        draw.box(painter, item.rect, look.color(fill), look.color(edge), tokens.RADIUS_CONTROL, line)
    elif chosen:
        rim = look.color("accent") if look.is_contrast else None
        draw.box(painter, item.rect.adjusted(-2, 0, 2, 4), look.color(fill), rim, tokens.RADIUS_CONTROL, line)
    if chosen and marks.focus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.color("accent"), 2))
        painter.drawRoundedRect(item.rect.adjusted(-3.0, -3.0, 3.0, 3.0), 8, 8)


# -- kinds ----------------------------------------------------------------------------------------------------------------


def _symbol(painter: QPainter, item: Item) -> None:
    look = theme.current()
    middle, top = item.rect.center().x(), item.rect.top() + 20
    room = item.rect.width()
    if isinstance(item.what, Feed):
        circuit = item.what.circuit
        words = ", ".join(part for part in (item.what.rating, breaker_words(circuit)) if part)
        words = words if draw.width(words, "small") <= room - 4 else item.what.rating
        centre(painter, middle, top + 29, tr("Main breaker"), "chip", "text", room)
        centre(painter, middle, top + 43, words, "small", "muted", room)
        return
    assert isinstance(item.what, Part)
    part = item.what
    box = QRectF(middle - 16, top - 16, 32, 32)
    edge = "warn" if part.look.role == "warn" else "borderStrong"
    draw.box(painter, box, look.color("surface"), look.color(edge), tokens.RADIUS_CONTROL, float(look.edge))
    icons.paint(painter, part.icon, "text", box.adjusted(6, 6, -6, -6))
    centre(painter, middle, top + 29, part.name, "chip", "text", room)
    centre(painter, middle, top + 43, part.look.word, "small", part.look.role, room + 16)


def _mains(painter: QPainter, item: Item) -> None:
    """The load of the supply, and what is free on each phase."""
    assert isinstance(item.what, Feed)
    feed = item.what
    words_wide = 138.0 if item.rect.width() > 330 else 96.0
    left = item.rect.left() + 8
    bar_right = item.rect.right() - words_wide
    tight = min(
        (line for line in feed.lines if line.free_a is not None), key=lambda one: one.free_a or 0.0, default=None
    )
    for i, line in enumerate(feed.lines):
        row = QRectF(left, item.rect.top() + 8 + 20 * i, bar_right - left, 18)
        phase_row(painter, row, line)
        look = _free(line, line is tight)
        baseline = row.center().y() + draw.metrics("small").capHeight() / 2
        x = bar_right + 10
        if look.icon:
            icons.paint(painter, look.icon, look.role, QRectF(x, row.center().y() - 7, 14, 14))
            x += 17
        kind = "chip" if look.icon else "small"
        if draw.width(look.word, kind) > item.rect.right() - x and line.free_a is not None and line.free_a >= 0:
            look = Look(look.icon, room_words(line), look.role)
        draw.text(painter, x, baseline, draw.elided(look.word, kind, item.rect.right() - x), kind, look.role)


def _free(line: LineLoad, tight: bool) -> Look:
    if line.total_a is None or line.free_a is None:
        return Look("question", tr("unknown"), "warn")
    if is_over(line):
        return Look("octagon", tr("{amps} too much").format(amps=text.amps(line.total_a - line.limit_a)), "danger")
    free = room_words(line)
    if is_full(line):
        return Look("gauge", tr("full: {free}").format(free=free), "warn")
    words = tr("of {limit}, {free}").format(limit=text.limit(line.limit_a), free=free) if tight else free
    return Look("", words, "muted")


def _house(painter: QPainter, item: Item) -> None:
    """What is no car, per phase: upright in the tree, in one line on the board."""
    assert isinstance(item.what, Part)
    part = item.what
    look = theme.current()
    flat = item.rect.height() < 60
    middle = item.rect.left() + (16 if flat else 40)
    top = item.rect.top() + (4 if flat else 0)
    box = QRectF(middle - 16, top, 32, 32)
    draw.box(painter, box, look.color("surface"), look.color("borderStrong"), tokens.RADIUS_CONTROL, float(look.edge))
    icons.paint(painter, part.icon, "text", box.adjusted(7, 7, -7, -7))
    if flat:
        baseline = box.center().y() + draw.metrics("chip").capHeight() / 2
        x = box.right() + 10
        x += draw.text(painter, x, baseline, part.name, "chip", "text") + 16
        for name, value in part.house:
            x += draw.text(painter, x, baseline, name, "chip", name) + 8
            x += draw.text(painter, x, baseline, text.amps(value, short=True), "small", "text") + 18
        return
    centre(painter, middle, top + 47, part.name, "chip", "text", 84)
    for i, (name, value) in enumerate(part.house):
        y = top + 67 + 16 * i
        draw.text(painter, middle - 24, y, name, "chip", name)
        draw.text_right(painter, middle + 26, y, text.number(value, short=True), "small", "text")


def _box(painter: QPainter, item: Item) -> None:
    """A circuit in the tree: its breaker at the left, name, rating, bars."""
    assert isinstance(item.what, Feed)
    feed = item.what
    left = item.rect.left() + 44
    right = item.rect.right() - 10
    rating = tr("of {rating}").format(rating=feed.rating)
    wide = draw.text_right(painter, right, item.rect.top() + 17, rating, "small", "muted")
    name = draw.elided(feed.circuit.name, "card", wide - left - 6)
    draw.text(painter, left, item.rect.top() + 17.5, name, "card", "text")
    for i, line in enumerate(feed.lines):
        phase_row(painter, QRectF(left, item.rect.top() + 22 + 16 * i, right - left, 16), line)


def _full(painter: QPainter, item: Item) -> None:
    """A charger of the tree: everything that counts, from the name to the failsafe."""
    assert isinstance(item.what, Outlet)
    one, rect = item.what, item.rect
    look = theme.current()
    pad = 4.0 if rect.width() < 92 else 9.0
    left, right = rect.left() + pad, rect.right() - pad
    room = right - left
    draw.box(painter, QRectF(left, rect.top() + 10, 8, 8), look.charger(one.index), None, 2)
    draw.text(painter, left + 13, rect.top() + 18.5, draw.elided(one.label, "chip", room - 13), "chip", "text")
    state(painter, left, rect.top() + 34, one.state, room)
    low = rect.height() < 150
    foot = rect.bottom() - (25 if low else 40)
    reason = rect.width() >= 104 and rect.height() >= 160
    lines = 1 if low else 3 if reason else 2
    top, bottom = rect.top() + 46, foot - 4 - 15 * lines
    bars = QRectF(rect.center().x() - min(96.0, room) / 2, top, min(96.0, room), bottom - top)
    if one.amps is None and (one.connector.status.has_car or one.state.role == "warn"):
        centre(painter, rect.center().x(), bars.center().y() + 4, text.unknown(), "small", "muted", room)
    else:
        named = rect.height() >= NAMED_FROM
        small_bars(painter, bars.adjusted(0, 0, 0, -16 if named else 0), one.bars, one.limit_a, one.bay.max_a)
        if named:
            phase_names(painter, bars, one.bars)
    ink = "text" if one.connector.status.has_car else "muted"
    if low:
        _takes_of(painter, left, bottom + 15, one, room)
    for i, (name, value) in enumerate(() if low else ((tr("Limit"), one.limit), (tr("Takes"), one.takes))):
        y = bottom + 14 + 15 * i
        draw.text(painter, left, y, draw.elided(name, "chart", room - draw.width(value, "chip") - 2), "chart", "muted")
        draw.text_right(painter, right, y, value, "chip", ink)
    if reason:
        draw.text(painter, left, bottom + 44, draw.fitting((one.reason, one.why), "chart", room), "chart", "muted")
    painter.fillRect(QRectF(rect.left() + 1, foot, rect.width() - 2, 1), look.color("border"))
    state(painter, left, foot + (13 if low else 15), one.safe, room)
    if low:
        return
    draw.text(painter, left, foot + 33, draw.elided(one.safe_words, "chart", room), "chart", "muted")


def _takes_of(painter: QPainter, x: float, baseline: float, one: Outlet, room: float) -> None:
    """ "13.8 / 14 A" in one line, the second half smaller."""
    words, ink = (tr("power off"), "muted") if one.state.role == "danger" and not one.amps else _taken(one)
    if one.limit_a == 0 and one.ends and one.connector.status.has_car:
        words = draw.fitting((one.ends, words), "chip", room)
    if one.limit_a is None or ink == "muted":
        draw.text(painter, x, baseline, draw.elided(words, "chip", room), "chip", ink)
        return
    x += draw.text(painter, x, baseline, one.takes, "chip", ink)
    left = room - draw.width(one.takes, "chip")
    draw.text(painter, x, baseline, draw.elided(f" / {one.limit}", "chart", left), "chart", "muted")


def _short(painter: QPainter, item: Item) -> None:
    """A charger on the board: name, state, bars, what it takes of its limit, why."""
    assert isinstance(item.what, Outlet)
    one, rect = item.what, item.rect
    look = theme.current()
    left, right = rect.left() + 8, rect.right() - 8
    draw.box(painter, QRectF(left, rect.top() + 10, 8, 8), look.charger(one.index), None, 2)
    icons.paint(painter, one.safe.icon, one.safe.role, QRectF(right - 14, rect.top() + 7, 14, 14))
    state_wide = draw.width(one.state.word, "chip") + 18
    name_room = right - 18 - left - 13
    shown = min(state_wide, max(20.0, name_room - draw.width(one.label, "chip") - 8))
    draw.text(
        painter, left + 13, rect.top() + 18.5, draw.elided(one.label, "chip", name_room - shown - 4), "chip", "text"
    )
    state(painter, right - 18 - shown, rect.top() + 14, one.state, shown)
    bars = QRectF(left, rect.top() + 27, 34, rect.height() - 34)
    small_bars(painter, bars, one.bars, one.limit_a, one.bay.max_a)
    x = bars.right() + 8
    words, ink = _taken(one)
    draw.text(painter, x, rect.top() + 38, draw.elided(words, "chip", right - x), "chip", ink)
    if one.connector.why.code is not WhyCode.NO_CAR:  # that is said already
        why = draw.fitting((one.reason, one.why), "chart", right - x)
        draw.text(painter, x, rect.top() + 54, why, "chart", "muted")


def _taken(one: Outlet) -> tuple[str, str]:
    """ "13.8 of 14 A" """
    if not one.connector.status.has_car and one.amps is not None and one.amps < 0.5:
        return tr("no car"), "muted"
    if one.limit_a == 0:
        return tr("paused"), "muted"
    if one.limit_a is None:
        return text.amps(one.amps, short=True), "text"
    return tr("{amps} of {limit}").format(amps=one.takes, limit=one.limit), "text"


def _dense(painter: QPainter, item: Item) -> None:
    """A charger among many: name, state, bars, its limit."""
    assert isinstance(item.what, Outlet)
    one, rect = item.what, item.rect
    left, right = rect.left() + 6, rect.right() - 6
    icons.paint(painter, one.state.icon, one.state.role, QRectF(right - 13, rect.top() + 5, 13, 13))
    draw.text(painter, left, rect.top() + 16, draw.elided(one.label, "chip", right - 17 - left), "chip", "text")
    small_bars(painter, QRectF(left, rect.top() + 23, 24, rect.height() - 29), one.bars, one.limit_a, one.bay.max_a)
    words = one.limit if one.connector.status.has_car else tr("free") if one.state.role == "muted" else one.state.word
    role = one.state.role if one.state.role in ("danger", "warn") else "text" if one.limit_a else "muted"
    draw.text(painter, left + 30, rect.bottom() - 11, draw.elided(words, "chip", right - left - 48), "chip", role)
    icons.paint(painter, one.safe.icon, one.safe.role, QRectF(right - 13, rect.bottom() - 20, 13, 13))


def _note(painter: QPainter, item: Item) -> None:
    """Over the chargers that hang on no circuit."""
    assert isinstance(item.what, Part)
    words = Look(item.what.icon, item.what.name, item.what.look.role)
    state(painter, item.rect.left(), item.rect.center().y(), words, item.rect.width(), "card")


_PAINTERS = {
    SYMBOL: _symbol,
    MAINS: _mains,
    HOUSE_BOX: _house,
    BOX: _box,
    ROW: paint_row,
    FULL: _full,
    SHORT: _short,
    DENSE: _dense,
    NOTE: _note,
}
