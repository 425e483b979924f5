"""How the lanes are drawn."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from evdesk.gui import icons, text, theme
from evdesk.gui.pages.balancing_spans import CAR, NONE, ROLES, WAITS, Lane, Span, kind_of, span_words
from evdesk.gui.text import tr
from evdesk.gui.widgets import draw

ROW, TIGHT, BAR = 20, 16, 15
"""Heights of a row, of one where room is short, and of a bar."""
_STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)


@dataclass(frozen=True, slots=True)
class Field:
    """Where time stands between two edges. `mains`: the circuits at the supply, they have a colour of their own."""

    left: float
    right: float
    span: tuple[float, float]
    mains: frozenset[str]

    def to_x(self, moment: float) -> float:
        start, end = self.span
        return self.left + (moment - start) / max(1.0, end - start) * (self.right - self.left)

    def to_time(self, x: float) -> float:
        start, end = self.span
        return start + max(0.0, min(1.0, (x - self.left) / max(1.0, self.right - self.left))) * (end - start)


def paint_group(painter: QPainter, y: float, pitch: float, name: str, count: int, opened: bool) -> None:
    """The head of a group that folds."""
    arrow = "chevron-down" if opened else "chevron-right"
    base = y + pitch / 2 + 4
    icons.paint(painter, arrow, "muted", QRectF(10, base - 11, 14, 14))
    x = 28 + draw.text(painter, 28, base, name or tr("No circuit"), "chip", "text") + 8
    draw.text(painter, x, base, tr("{n} chargers").format(n=count), "chart", "muted")


def paint_lane(painter: QPainter, rect: QRectF, lane: Lane, field: Field, chosen: bool) -> None:
    """Name and bars of one connector."""
    look = theme.current()
    middle = rect.center().y()
    if chosen:
        painter.fillRect(rect, look.color("selection"))
    draw.box(painter, QRectF(12, middle - 4, 8, 8), look.charger(lane.index), None, 2)
    kind = "chip" if chosen else "small"
    words = draw.elided(lane.label, kind, field.left - 34)
    draw.text(painter, 26, middle + draw.metrics("small").capHeight() / 2, words, kind, "text")
    for span in lane.spans:
        if span.end >= field.span[0] and span.start <= field.span[1]:
            _paint_span(painter, middle - BAR / 2, span, field)


def paint_bar(painter: QPainter, rect: QRectF, kind: str, radius: float = 2.5) -> None:
    """A bar in the colour of its reason; who waits has an empty one with a broken edge."""
    look, role = theme.current(), ROLES[kind]
    if kind in (CAR, WAITS):
        fill = look.color("sunken" if kind == CAR else "surface")
    elif role in ("circuit", "text"):
        fill = look.mix(role, "surface", 0.16)
    else:
        fill = look.soft(role)
    if kind != WAITS:
        draw.box(painter, rect, fill, look.color(role), radius, float(look.edge))
        return
    draw.box(painter, rect, fill, None, radius)
    pen = look.pen(role, look.edge, Qt.PenStyle.CustomDashLine)
    pen.setDashPattern([3.0 / look.edge, 2.5 / look.edge])
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half = look.edge / 2
    painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), radius, radius)


def _paint_span(painter: QPainter, y: float, span: Span, field: Field) -> None:
    kind = kind_of(span.why, field.mains)
    if kind == NONE:
        return
    left, right = field.to_x(max(span.start, field.span[0])), field.to_x(min(span.end, field.span[1]))
    rect = QRectF(left + 0.5, y, max(2.0, right - left - 1), BAR)
    paint_bar(painter, rect, kind)
    font = "chartBold" if kind != CAR else "chart"
    words = bar_words(span, font, rect.width())
    if words:
        base = rect.center().y() + draw.metrics("chart").capHeight() / 2
        draw.text(painter, rect.left() + 5, base, words, font, "text")


def bar_words(span: Span, font: str, wide: float) -> str:
    """What a bar has room for; "" where that is nothing."""
    return next((words for words in span_words(span) if draw.width(words, font) <= wide - 8), "")


def paint_axis(painter: QPainter, bottom: float, field: Field, wide: float) -> None:
    """The times under the lanes."""
    start, end = field.span
    look = theme.current()
    room = max(1.0, field.right - field.left)
    step = next((s for s in _STEPS if (end - start) / s * 70 <= room), 86400)
    at = (int(start) // step + 1) * step
    while at <= end:
        x = field.to_x(at)
        painter.setPen(look.pen("axis", 1))
        painter.drawLine(QPointF(x, bottom + 2), QPointF(x, bottom + 6))
        words = text.clock(at)
        left = min(x - draw.width(words, "chart") / 2, wide - draw.width(words, "chart") - 4)
        draw.text(painter, left, bottom + 19, words, "chart", "axis")
        at += step


def paint_moment(painter: QPainter, bottom: float, x: float) -> None:
    """The line one scrubs with."""
    look = theme.current()
    ink = look.color("text")
    painter.setPen(QPen(ink, 1.5))
    painter.drawLine(QPointF(x, 2), QPointF(x, bottom))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPolygon([QPointF(x - 6, 0), QPointF(x + 6, 0), QPointF(x + 6, 7), QPointF(x, 13), QPointF(x - 6, 7)])
