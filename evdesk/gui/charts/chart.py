"""The frame of every chart: window, follow, pan and zoom, crosshair, and one timer for all redrawing."""

import time
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget

from evdesk.gui import theme
from evdesk.gui.charts import labels, parts
from evdesk.gui.charts.canvas import Canvas
from evdesk.gui.charts.data import ChartData, Curve, nice_top, time_ticks
from evdesk.gui.charts.drawing import Drawing
from evdesk.gui.charts.parts import Scale
from evdesk.gui.charts.pointer import Pointer
from evdesk.gui.text import tr
from evdesk.gui.widgets.buttons import PRIMARY, Button

REDRAW_MS = 220
ASK_MS = 150
WINDOWS = (900.0, 3600.0, 21600.0, 86400.0, 604800.0)


class Chart(QWidget):
    """Base of the charts. Give it `set_data`; it fetches nothing.

    `follow_changed(bool)`: a person panned or zoomed, or came back. `range_changed(start, end)`: what is in view now
    and should be fetched. `marker_clicked(tag)`. `pointer` is the crosshair, `drawing` what knows the data.
    """

    follow_changed = Signal(bool)
    range_changed = Signal(float, float)
    marker_clicked = Signal(object)

    def __init__(self, drawing: Drawing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawing = drawing
        self.data = drawing.data
        self.follow = True
        self._window = 3600.0
        self._now = time.time()
        self._drawn_end = 0.0
        self._top, self._step = 4.0, 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(280, 150)
        self.canvas = Canvas(self._paint_back, self._paint_front, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        self.pointer = Pointer(self, self.canvas.plot.viewport(), drawing, self.scale)
        self.live = Button(tr("Back to live"), "arrow-right", PRIMARY, self, dense=True)
        self.live.hide()
        self._timer = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._asked = QTimer(self, singleShot=True, interval=ASK_MS)
        self._timer.timeout.connect(self.refresh)
        self._asked.timeout.connect(self._ask)
        self.live.clicked.connect(self.back_to_live)
        self.pointer.changed.connect(self.canvas.redraw_front)
        self.pointer.clicked.connect(self.marker_clicked)
        self.canvas.resized.connect(self.refresh)
        self.canvas.ranged.connect(self._look)
        self.canvas.moved.connect(self._moved_by_hand)
        self.refresh()

    def set_data(self, data: ChartData) -> None:
        """New numbers; drawn with the next tick."""
        self.data = self.drawing.data = data
        if self.pointer.index is not None and self.pointer.index >= data.t.size:
            self.pointer.set(None)
        self.schedule()

    def set_now(self, now: float) -> None:
        """The engine's clock: the right end while following. Drawn when it has moved by a pixel."""
        self._now = now
        if self.follow and self._end() != self._drawn_end:
            self.schedule()

    def set_window(self, seconds: float) -> None:
        """Length of the visible time; keeps the middle while not following."""
        self._window = seconds
        if not self.follow:
            middle = sum(self.visible()) / 2
            self.canvas.set_range(middle - seconds / 2, middle + seconds / 2)
            self._asked.start()
        self.refresh()

    def window_s(self) -> float:
        return self._window

    def set_follow(self, follow: bool) -> None:
        if follow != self.follow:
            self.follow = follow
            self.follow_changed.emit(follow)
        self.refresh()
        if follow:
            self._asked.start()

    def back_to_live(self) -> None:
        self.set_follow(True)

    def visible(self) -> tuple[float, float]:
        """Start and end of what is in view, Unix seconds."""
        return self.canvas.visible()

    def schedule(self) -> None:
        """Draw soon: many changes are drawn together."""
        if not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Draw now."""
        self._timer.stop()
        if self.follow:
            self._drawn_end = end = self._end()
            self.canvas.set_range(end - self._window, end)
        self._look()
        self.setAccessibleName(self.sentence())
        self._place_live()

    def _end(self) -> float:
        """The right end while following, on a whole pixel."""
        pixel = self._window / max(1.0, self.canvas.plot_rect().width())
        return round(self._now / pixel) * pixel

    def picture(self, ratio: float = 2.0) -> QPixmap:
        """The chart as it is, without crosshair, for a report."""
        kept = self.pointer.index
        self.pointer.set(None)
        self.live.hide()
        image = QPixmap(self.size() * ratio)
        image.setDevicePixelRatio(ratio)
        image.fill(theme.current().color("surface"))
        self.canvas.redraw()
        self.render(image)
        self.pointer.set(kept)
        self._place_live()
        return image

    def sentence(self) -> str:
        """The chart in words."""
        return self.drawing.sentence()

    def extra(self) -> Curve | None:
        """A curve beside the data, for table and export."""
        return self.drawing.extra()

    def scale(self) -> Scale:
        start, end = self.visible()
        return Scale(self.canvas.plot_rect(), start, max(end, start + 0.001), self._top)

    def _look(self) -> None:
        """Take the visible part and fit the axis to it."""
        self.drawing.shown = self.data.between(*self.visible()).thinned()
        steps = 4 if self.canvas.plot_rect().height() > 150 else 3
        self._top, self._step = nice_top(self.drawing.axis_top(), steps)
        self.canvas.redraw()

    def _moved_by_hand(self) -> None:
        start, end = self.visible()
        self._window = max(1.0, end - start)
        if self.follow:
            self.follow = False
            self.follow_changed.emit(False)
            self._place_live()
        self._asked.start()

    def _ask(self) -> None:
        self.range_changed.emit(*self.visible())

    def _place_live(self) -> None:
        self.live.adjustSize()
        corner = self.canvas.plot_rect().bottomRight()
        self.live.move(round(corner.x() - self.live.width() - 8), round(corner.y() - self.live.height() - 8))
        self.live.setVisible(not self.follow)
        self.live.raise_()

    def _paint_back(self, painter: QPainter) -> None:
        scale, drawing = self.scale(), self.drawing
        parts.paint_grid(painter, scale, self._step, self.data.unit)
        zone = datetime.fromtimestamp(scale.end).astimezone().utcoffset()
        seconds = zone.total_seconds() if zone is not None else 0.0
        parts.paint_times(painter, scale, *time_ticks(scale.start, scale.end, scale.rect.width(), seconds))
        if drawing.shown.t.size:
            painter.save()
            painter.setClipRect(scale.rect.adjusted(0, -1, 0, 1))
            drawing.paint(painter, scale)
            painter.restore()
        if drawing.shown.empty:
            parts.paint_nothing(painter, scale)
        self.pointer.markers = parts.marker_rects(self.data.markers, scale)
        parts.paint_markers(painter, self.pointer.markers, scale)
        if drawing.shown.t.size:
            tags = drawing.tags(scale)
            labels.spread(tags, scale.rect.top() + 6, scale.rect.bottom() - 6)
            labels.paint_tags(painter, tags, scale.rect.right() + 8, self.width() - 4.0)

    def _paint_front(self, painter: QPainter) -> None:
        index, scale = self.pointer.index, self.scale()
        if index is None or index >= self.data.t.size:
            return
        at = float(self.data.t[index])
        x = scale.x(at)
        if not scale.rect.left() <= x <= scale.rect.right():
            return
        value = self.drawing.ring(index)
        labels.paint_cross(painter, x, None if value is None else scale.y(value), scale)
        when = datetime.fromtimestamp(at).strftime("%H:%M:%S" if self._window <= 86400 else "%d.%m. %H:%M")
        role = self.data.title if self.data.title in ("L1", "L2", "L3") else "text"
        labels.paint_readout(painter, x, scale, when, self.data.title, self.drawing.rows(index), role)
