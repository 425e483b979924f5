"""Small painting helpers shared by the widgets: everything by colour role and type name."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from evdesk.gui import theme, tokens


def metrics(kind: str) -> QFontMetricsF:
    return QFontMetricsF(theme.current().font(kind))


def width(words: str, kind: str) -> float:
    """Logical pixels the words take in a font of the type scale."""
    return metrics(kind).horizontalAdvance(words)


def text(painter: QPainter, x: float, baseline: float, words: str, kind: str = "body", role: str = "text") -> float:
    """Draw one line with its left end and baseline at (x, baseline); returns the advance."""
    look = theme.current()
    painter.setFont(look.font(kind))
    painter.setPen(look.color(role))
    painter.drawText(QPointF(x, baseline), words)
    return width(words, kind)


def text_right(painter: QPainter, right: float, baseline: float, words: str, kind: str, role: str) -> float:
    """The same with its right end at `right`; returns the left end."""
    left = right - width(words, kind)
    text(painter, left, baseline, words, kind, role)
    return left


def elided(words: str, kind: str, room: float) -> str:
    return metrics(kind).elidedText(words, Qt.TextElideMode.ElideRight, max(0.0, room))


def fitting(options: tuple[str, ...], kind: str, room: float) -> str:
    """The first that has room; where none has, the last with "..."."""
    whole = next((words for words in options if width(words, kind) <= room), None)
    return whole if whole is not None else elided(options[-1], kind, room)


def box(painter: QPainter, rect: QRectF, fill: QColor, edge: QColor | None, radius: float, line: float = 1.0) -> None:
    """A rounded rectangle whose edge lies fully inside `rect`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(fill)
    if edge is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, radius, radius)
        return
    painter.setPen(QPen(edge, line))
    half = line / 2
    painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), radius - half, radius - half)


def card(painter: QPainter, rect: QRectF, edge_role: str = "border", fill_role: str = "surface") -> None:
    look = theme.current()
    line = float(look.edge)
    box(painter, rect, look.color(fill_role), look.color(edge_role), tokens.RADIUS_CARD, line)


def hatch(painter: QPainter, rect: QRectF, color: QColor, step: float = 6.0) -> None:
    """Diagonal strokes inside `rect`, with an edge: what is kept free."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipRect(rect)
    painter.setPen(QPen(color, 1.2))
    start = rect.left() - rect.height()
    while start < rect.right():
        painter.drawLine(QPointF(start, rect.bottom()), QPointF(start + rect.height(), rect.top()))
        start += step
    painter.setClipping(False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, 1.0))
    painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.restore()
