"""Small parts of the diagram's drawing: breakers, bars, a state in words."""

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from evdesk.gui import icons, text, theme
from evdesk.gui.pages.balancing_facts import is_full, is_over
from evdesk.gui.sentences import Look
from evdesk.gui.widgets import draw
from evdesk.model import PHASES, LineLoad, Phases


def paint_switch(painter: QPainter, x: float, y: float, down: bool) -> None:
    """A circuit breaker: the open arm and the cross of its contact, 16 long."""
    look = theme.current()
    painter.setPen(QPen(look.color("text"), 1.4))
    cross = QPointF(x, y + 13) if down else QPointF(x + 13, y)
    arm = QLineF(x - 6, y - 1, x, y + 13) if down else QLineF(x, y, x + 13, y - 7)
    if down:
        painter.drawLine(arm)
    else:
        painter.drawLine(QLineF(x, y - 7, x + 13, y))
    for dx, dy in ((-2.6, -2.6), (-2.6, 2.6)):
        painter.drawLine(QLineF(cross.x() + dx, cross.y() + dy, cross.x() - dx, cross.y() - dy))


def centre(painter: QPainter, middle: float, baseline: float, words: str, kind: str, role: str, room: float) -> None:
    shown = draw.elided(words, kind, room)
    draw.text(painter, middle - draw.width(shown, kind) / 2, baseline, shown, kind, role)


def line_bar(painter: QPainter, rect: QRectF, line: LineLoad) -> None:
    """House, cars and what is kept free against the rating; the end of the track is the rating, a red tick when it is
    passed. The house is in grey, the cars in the phase's colour."""
    look = theme.current()
    draw.box(painter, rect, look.color("sunken"), None, 2)
    total = line.total_a
    if total is None:
        painter.setPen(look.pen("borderStrong", 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(rect.left() + 2, rect.center().y()), QPointF(rect.right() - 2, rect.center().y()))
        return
    reserved = max(0.0, line.reserved_a)
    top = max(line.limit_a, total + reserved, 1.0)
    scale = rect.width() / top
    other = min(total, max(0.0, line.other_a or 0.0))
    role = line.phase if line.phase in PHASES else "accent"
    x = rect.left()
    for amps, part in ((other, "house"), (total - other, role)):
        wide = amps * scale
        if wide >= 0.75:
            painter.fillRect(
                QRectF(x, rect.top(), max(0.75, wide - (0.75 if part == "house" else 0)), rect.height()),
                look.color(part),
            )
        x += wide
    if reserved * scale >= 3:
        draw.hatch(painter, QRectF(x + 1, rect.top(), reserved * scale - 1, rect.height()), look.color("muted"), 5)
    if top > line.limit_a * 1.001:
        at = rect.left() + line.limit_a * scale
        painter.fillRect(QRectF(at - 1, rect.top() - 2, 2, rect.height() + 4), look.color("limit"))


def amps_role(line: LineLoad) -> str:
    return "danger" if is_over(line) else "warn" if is_full(line) else "text"


def figure(line: LineLoad) -> str:
    """What flows; without a decimal where the rating is in hundreds of ampere."""
    return text.number(line.total_a, 0 if line.limit_a >= 200 else 1, short=True)


def phase_row(painter: QPainter, rect: QRectF, line: LineLoad, high: float = 10.0) -> None:
    """L1 [bar] 34.6"""
    words = figure(line)
    middle = rect.center().y()
    baseline = middle + draw.metrics("chip").capHeight() / 2
    role = line.phase if line.phase in PHASES else "muted"
    draw.text(painter, rect.left(), baseline, line.phase, "chip", role)
    left = rect.left() + 20
    line_bar(painter, QRectF(left, middle - high / 2, max(8.0, rect.right() - 40 - left), high), line)
    draw.text_right(painter, rect.right(), baseline, words, "chip", amps_role(line))


def small_bars(painter: QPainter, rect: QRectF, bars: Phases, limit_a: float | None, max_a: float) -> None:
    """Three upright bars without names; the limit is a line over each that carries current."""
    look = theme.current()
    pitch = rect.width() / 3
    bar = min(22.0, pitch - 3)
    for i, value in enumerate(bars):
        left = rect.left() + pitch * i + (pitch - bar) / 2
        draw.box(painter, QRectF(left, rect.top(), bar, rect.height()), look.color("sunken"), None, 2)
        if value is None or value < 0.5:
            continue
        high = min(1.0, value / max(max_a, 1.0)) * rect.height()
        draw.box(painter, QRectF(left, rect.bottom() - high, bar, high), look.phase(i), None, 2)
        if limit_a:
            y = rect.bottom() - rect.height() * min(1.0, limit_a / max(max_a, 1.0))
            painter.fillRect(QRectF(left - 1, y - 0.75, bar + 2, 1.5), look.color("text"))


def phase_names(painter: QPainter, rect: QRectF, bars: Phases) -> None:
    """L1 L2 L3 at the foot of `rect`, under upright bars; in their colour where current flows."""
    pitch = rect.width() / 3
    for i, value in enumerate(bars):
        role = PHASES[i] if value is not None and value >= 0.5 else "muted"
        centre(painter, rect.left() + pitch * (i + 0.5), rect.bottom() - 2, PHASES[i], "chartBold", role, pitch)


def state(painter: QPainter, x: float, middle: float, look: Look, room: float, kind: str = "chip") -> None:
    """Icon and word in the colour of a state; smaller where the room is short."""
    side, gap = 14.0, 3.0
    if kind == "chip" and draw.width(look.word, kind) + side + gap > room:
        kind, side, gap = "chartBold", 12.0, 2.0
    icons.paint(painter, look.icon, look.role, QRectF(x, middle - side / 2, side, side))
    words = draw.elided(look.word, kind, room - side - gap)
    draw.text(painter, x + side + gap, middle + draw.metrics(kind).capHeight() / 2, words, kind, look.role)
