"""Words beside and over a chart: direct labels at the right end, the read-out and the crosshair."""

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from evdesk.gui import theme, tokens
from evdesk.gui.charts.parts import Scale
from evdesk.gui.widgets import draw


@dataclass(slots=True)
class Tag:
    """A direct label at the right end. `y` is where it wants to stand, later where it stands."""

    label: str
    value: str
    role: str
    y: float
    hatched: bool = False


def spread(tags: list[Tag], top: float, bottom: float, gap: float = 17.0) -> None:
    """Move labels apart so that none covers another, and keep all between top and bottom."""
    tags.sort(key=lambda t: t.y)
    gap = min(gap, (bottom - top) / max(1, len(tags) - 1)) if len(tags) > 1 else gap
    for i, tag in enumerate(tags):
        tag.y = max(tag.y, top if i == 0 else tags[i - 1].y + gap)
    limit = bottom
    for tag in reversed(tags):
        tag.y = min(tag.y, limit)
        limit = tag.y - gap


def paint_tags(painter: QPainter, tags: list[Tag], left: float, right: float) -> None:
    look = theme.current()
    cap = draw.metrics("chart").capHeight() / 2
    for tag in tags:
        square = QRectF(left, tag.y - 4.5, 9, 9)
        if tag.hatched:
            draw.hatch(painter, square, look.color(tag.role), 4)
        else:
            draw.box(painter, square, look.color(tag.role), None, 2)
        edge = draw.text_right(painter, right, tag.y + cap, tag.value, "chartBold", "text")
        words = draw.elided(tag.label, "chart", edge - 6 - (left + 13))
        draw.text(painter, left + 13, tag.y + cap, words, "chart", "text")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the read-out: name, value, colour role ("" for the sum)."""

    label: str
    value: str
    role: str
    hatched: bool = False


def paint_readout(
    painter: QPainter, x: float, scale: Scale, when: str, title: str, rows: list[Row], title_role: str
) -> None:
    """The box on the free side of the crosshair."""
    look = theme.current()
    label_w = max([draw.width(r.label, "chart") for r in rows] + [draw.width(when, "chip")])
    value_w = max([draw.width(r.value, "chart") for r in rows] + [draw.width(title, "chip")])
    wide = min(260.0, max(138.0, 10 + 17 + label_w + 18 + value_w + 10))
    tall = 26 + 16 * len(rows) + 6
    left = x + 10 if x + 10 + wide < scale.rect.right() else x - 10 - wide
    top = max(scale.rect.top() + 4, min(scale.rect.bottom() - tall - 10, scale.rect.center().y() - 20))
    rect = QRectF(round(left), round(top), wide, tall)
    draw.box(painter, rect, look.color("raised"), look.color("borderStrong"), tokens.RADIUS_CONTROL, look.edge)
    draw.text(painter, rect.left() + 10, rect.top() + 18, when, "chip", "text")
    draw.text_right(painter, rect.right() - 10, rect.top() + 18, title, "chip", title_role)
    for i, row in enumerate(rows):
        base = rect.top() + 37 + 16 * i
        kind = "chart" if row.role else "chartBold"
        if row.role and row.hatched:
            draw.hatch(painter, QRectF(rect.left() + 10, base - 8.5, 9, 9), look.color(row.role), 4)
        elif row.role:
            draw.box(painter, QRectF(rect.left() + 10, base - 8.5, 9, 9), look.color(row.role), None, 2)
        name = draw.elided(row.label, kind, wide - 37 - value_w - 10)
        draw.text(painter, rect.left() + (27 if row.role else 10), base, name, kind, "text")
        draw.text_right(painter, rect.right() - 10, base, row.value, kind, "text")


def paint_cross(painter: QPainter, x: float, y: float | None, scale: Scale) -> None:
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(look.color("text"), 1))
    painter.drawLine(QLineF(round(x), scale.rect.top(), round(x), scale.rect.bottom()))
    if y is not None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.color("text"), 1.6))
        painter.setBrush(look.color("surface"))
        painter.drawEllipse(QPointF(round(x), y), 4, 4)
