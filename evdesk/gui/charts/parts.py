"""The painted parts of a chart, in pixels of the plot: grid, axes, stack, lines, markers, labels, crosshair."""

from dataclasses import dataclass

import numpy as np
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF

from evdesk.gui import icons, theme, tokens
from evdesk.gui.charts.data import ChartData, Floats, Marker, overshoots, runs
from evdesk.gui.text import clock, clock_s, day, number, tr
from evdesk.gui.widgets import draw

LEFT, RIGHT, TOP, BOTTOM = 40, 92, 34, 26
MARKER = 20
THIN = 0.05
"""A layer below this many units is not drawn: it would only be a hairline."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Data to pixels: `rect` is the plot area."""

    rect: QRectF
    start: float
    end: float
    top: float

    def x(self, at: float) -> float:
        return self.rect.left() + (at - self.start) / (self.end - self.start) * self.rect.width()

    def y(self, value: float) -> float:
        return self.rect.bottom() - value / self.top * self.rect.height()

    def xs(self, values: Floats) -> Floats:
        return self.rect.left() + (values - self.start) / (self.end - self.start) * self.rect.width()

    def ys(self, values: Floats) -> Floats:
        return self.rect.bottom() - values / self.top * self.rect.height()

    def at(self, x: float) -> float:
        return self.start + (x - self.rect.left()) / max(1.0, self.rect.width()) * (self.end - self.start)


def polygon(xs: Floats, ys: Floats) -> QPolygonF:
    """The corners, written into Qt's memory at once: one by one they cost more than drawing them."""
    shape: QPolygonF = arrayToQPolygonF(xs, ys)
    return shape


def band(xs: Floats, upper: Floats, lower: Floats) -> QPolygonF:
    return polygon(np.concatenate((xs, xs[::-1])), np.concatenate((upper, lower[::-1])))


def paint_band(painter: QPainter, xs: Floats, upper: Floats, lower: Floats) -> None:
    """Fill between two lines with the painter's brush. In pieces and without smoothing: one jagged polygon of some
    thousand corners takes Qt five times as long, and smoothed pieces would show their seams."""
    smooth = painter.testRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for first in range(0, max(1, xs.size - 1), 100):
        part = slice(first, first + 101)
        painter.drawPolygon(band(xs[part], upper[part], lower[part]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)


def paint_grid(painter: QPainter, scale: Scale, step: float, unit: str) -> None:
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    cap = draw.metrics("chart").capHeight() / 2
    digits = next((n for n in (0, 1, 2) if abs(step - round(step, n)) < 1e-9), 3)
    value = 0.0
    while value <= scale.top + step * 0.01:
        y = round(scale.y(value))
        painter.setPen(QPen(look.color("grid"), 1))
        painter.drawLine(QLineF(scale.rect.left(), y, scale.rect.right(), y))
        draw.text_right(painter, scale.rect.left() - 8, y + cap, number(value, digits), "chart", "axis")
        value += step
    draw.text_right(painter, scale.rect.left() - 8, scale.rect.top() - 14, unit, "chart", "axis")


def paint_times(painter: QPainter, scale: Scale, ticks: list[float], step: int) -> None:
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    base = scale.rect.bottom()
    edge = scale.rect.right()
    for at in ticks:
        x = round(scale.x(at))
        painter.setPen(QPen(look.color("axis"), 1))
        painter.drawLine(QLineF(x, base + 1, x, base + 4))
        words = day(at) if step >= 86400 else clock(at) if step >= 60 else clock_s(at)
        half = draw.width(words, "chart") / 2
        left = min(max(x - half, scale.rect.left() - 12), edge + 14 - 2 * half)
        draw.text(painter, left, base + 17, words, "chart", "axis")


def paint_stack(painter: QPainter, data: ChartData, scale: Scale) -> None:
    """Filled layers parted by a line in `surface`, what is kept free hatched above, the top edge in `text`."""
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    fill = tokens.STACK_FILL[look.name]
    parting = QPen(look.color("surface"), 1)
    xs = scale.xs(data.t)
    known = data.known()
    base = np.zeros(data.t.shape)
    for curve in data.curves:
        top = base + np.maximum(np.nan_to_num(curve.mean), 0.0)
        painter.setPen(parting)
        painter.setBrush(look.color(curve.role, fill) if fill < 1 else look.color(curve.role))
        for first, last in _wider(runs(known & (top - base > THIN)), known):
            part = slice(first, last)
            painter.drawPolygon(band(xs[part], scale.ys(top[part]), scale.ys(base[part])))
        base = top
    _paint_rest(painter, data, scale, base)
    sums = data.tops()
    _paint_reserved(painter, data, scale, xs, sums)
    _paint_peaks_band(painter, data, scale, xs, sums)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(look.color("text"), 1.2))
    for first, last in runs(known):
        painter.drawPolyline(polygon(xs[first:last], scale.ys(sums[first:last])))


def _wider(stretches: list[tuple[int, int]], known: np.ndarray) -> list[tuple[int, int]]:
    """One bucket more at each side, so that a layer begins and ends on the edge of its neighbour."""
    size = known.size
    return [
        (first - 1 if first > 0 and known[first - 1] else first, last + 1 if last < size and known[last] else last)
        for first, last in stretches
    ]


def _paint_rest(painter: QPainter, data: ChartData, scale: Scale, base: Floats) -> None:
    """What the meter saw beyond the named layers stays visible, in the colour of the house."""
    if data.total is None:
        return
    rest = np.nan_to_num(data.total.mean) - base
    xs = scale.xs(data.t)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.current().color("house", 0.45))
    for first, last in runs(rest > 0.3):
        part = slice(first, last)
        painter.drawPolygon(band(xs[part], scale.ys(base[part] + rest[part]), scale.ys(base[part])))


def _paint_peaks_band(painter: QPainter, data: ChartData, scale: Scale, xs: Floats, sums: Floats) -> None:
    total = data.total
    if total is None or total.high is None:
        return
    look = theme.current()
    low = total.low if total.low is not None else sums
    with np.errstate(invalid="ignore"):
        low = np.fmin(sums - np.maximum(data.sums() - low, 0.0), sums)
        high = np.fmax(total.high, sums)
        open_band = np.isfinite(sums) & (high - low > 0.3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color("text", 0.2))
    for first, last in _wider(runs(open_band), np.isfinite(sums)):
        part = slice(first, last)
        paint_band(painter, xs[part], scale.ys(high[part]), scale.ys(low[part]))
    if data.limit is None:
        return
    with np.errstate(invalid="ignore"):
        over = high > data.limit + 0.5
    painter.setPen(QPen(look.color("text"), 1.2))
    for first, last in _wider(runs(over), np.isfinite(sums)):
        part = slice(first, last)
        painter.drawPolyline(polygon(xs[part], scale.ys(high[part])))


def _paint_reserved(painter: QPainter, data: ChartData, scale: Scale, xs: Floats, sums: Floats) -> None:
    kept = data.reserved
    if kept is None:
        return
    amount = np.nan_to_num(kept.mean)
    color = theme.current().color(kept.role)
    for first, last in _wider(runs((amount > THIN) & np.isfinite(sums)), np.isfinite(sums)):
        part = slice(first, last)
        shape = band(xs[part], scale.ys(sums[part] + amount[part]), scale.ys(sums[part]))
        path = QPainterPath()
        path.addPolygon(shape)
        path.closeSubpath()
        hatch_path(painter, path, color)


def hatch_path(painter: QPainter, path: QPainterPath, color: QColor) -> None:
    """Diagonal strokes on the plain surface inside `path`, and its edge."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.current().color("surface"))
    painter.drawPath(path)
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    room = path.boundingRect()
    painter.setPen(QPen(color, 1.2))
    step = 6.0
    x = np.floor((room.left() - room.height()) / step) * step
    while x < room.right():
        painter.drawLine(QPointF(x, room.bottom()), QPointF(x + room.height(), room.top()))
        x += step
    painter.restore()
    painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
    painter.setPen(QPen(color, 1))
    painter.drawPath(path)


def paint_lines(painter: QPainter, data: ChartData, scale: Scale) -> None:
    """Overlapping lines with their buckets' band, and a fill under a single one."""
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    xs = scale.xs(data.t)
    alone = [c for c in data.curves if np.nanmax(np.nan_to_num(c.mean), initial=0.0) > 0.5]
    wide = 1.0 if data.t.size > 900 else 2.0 if len(data.curves) == 1 else 1.5
    for curve in data.curves:
        good = np.isfinite(curve.mean)
        for first, last in runs(good):
            part = slice(first, last)
            line = scale.ys(curve.mean[part])
            if len(alone) == 1 and alone[0] is curve:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.color(curve.role, 0.14))
                painter.drawPolygon(band(xs[part], line, np.full(line.shape, scale.rect.bottom())))
            if curve.low is not None and curve.high is not None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.color(curve.role, 0.2))
                paint_band(painter, xs[part], scale.ys(curve.high[part]), scale.ys(curve.low[part]))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.color(curve.role), wide))
            painter.drawPolyline(polygon(xs[part], line))


def paint_steps(painter: QPainter, xs: Floats, limit: Floats, scale: Scale) -> None:
    """A limit that steps: dashed, the new value from its bucket on."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    pen = QPen(theme.current().color("text"), 1.5, Qt.PenStyle.CustomDashLine)
    pen.setDashPattern([3, 2])
    painter.setPen(pen)
    for first, last in runs(np.isfinite(limit)):
        ys = scale.ys(limit[first:last])
        changes = np.concatenate(([0], np.flatnonzero(np.abs(np.diff(ys)) > 0.01) + 1, [last - first - 1]))
        points: list[QPointF] = []
        for i in changes.tolist():
            if points:
                points.append(QPointF(float(xs[first + i]), points[-1].y()))
            points.append(QPointF(float(xs[first + i]), float(ys[i])))
        painter.drawPolyline(QPolygonF(points))


def paint_limit(painter: QPainter, data: ChartData, scale: Scale) -> None:
    if data.limit is None or data.limit <= 0:
        return
    y = round(scale.y(data.limit))
    look = theme.current()
    painter.fillRect(QRectF(scale.rect.left(), y - 1, scale.rect.width(), 2), look.color("limit"))
    halo(painter, scale.rect.left() + 10, y - 7, data.limit_name, "chartBold", "limit")


def halo(painter: QPainter, x: float, baseline: float, words: str, kind: str, role: str) -> None:
    """Words over a drawing, with a soft edge of the surface so that they stay readable."""
    look = theme.current()
    path = QPainterPath()
    path.addText(QPointF(x, baseline), look.font(kind), words)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(look.color("surface", 0.85), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPath(path)
    draw.text(painter, x, baseline, words, kind, role)


def paint_nothing(painter: QPainter, scale: Scale) -> None:
    """Words in the middle of a plot without a measurement."""
    words = tr("No measurement in this window")
    x = scale.rect.center().x() - draw.width(words, "small") / 2
    halo(painter, x, scale.rect.center().y(), words, "small", "muted")


def paint_peaks(painter: QPainter, data: ChartData, scale: Scale) -> None:
    """The highest overshoots in words, at their left where there is room."""
    used: list[QRectF] = []
    if data.limit:
        name = draw.width(data.limit_name, "chartBold")
        used.append(QRectF(scale.rect.left() + 10, scale.y(data.limit) - 20, name, 18))
    for peak in overshoots(data):
        x, y = scale.x(peak.at), scale.y(peak.value)
        words = f"{number(peak.value)} {data.unit}" + (f", {peak.words}" if peak.words else "")
        wide = draw.width(words, "chartBold")
        left = x - wide - 10 if x - wide - 10 > scale.rect.left() else x + 10
        room = QRectF(left, max(scale.rect.top(), y - 4), wide, 14)
        if left + wide > scale.rect.right() or any(room.intersects(other) for other in used):
            continue
        used.append(room)
        halo(painter, left, room.top() + 11, words, "chartBold", "text")


def marker_rects(markers: tuple[Marker, ...], scale: Scale) -> list[tuple[Marker, QRectF]]:
    """Where the squares of the visible events stand; crowded ones share the newest place."""
    placed: list[tuple[Marker, QRectF]] = []
    for marker in sorted(markers, key=lambda m: m.at):
        x = scale.x(marker.at)
        if not scale.rect.left() <= x <= scale.rect.right():
            continue
        rect = QRectF(round(x) - MARKER / 2, scale.rect.top() - MARKER - 11, MARKER, MARKER)
        if placed and placed[-1][1].right() > rect.left() - 1:
            rect.moveLeft(placed[-1][1].right() + 2)
        if rect.right() <= scale.rect.right() + MARKER:
            placed.append((marker, rect))
    return placed


def paint_markers(painter: QPainter, placed: list[tuple[Marker, QRectF]], scale: Scale) -> None:
    look = theme.current()
    for marker, rect in placed:
        x = round(scale.x(marker.at)) + 0.5
        pen = QPen(look.color(marker.role), 1, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([2, 3])
        painter.setPen(pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawLine(QLineF(x, rect.bottom() + 1, x, scale.rect.bottom()))
    for marker, rect in placed:
        draw.box(painter, rect, look.color("surface"), look.color(marker.role), 4)
        icons.paint(painter, marker.icon, marker.role, rect.adjusted(3, 3, -3, -3))
