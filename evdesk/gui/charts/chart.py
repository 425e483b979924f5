"""The frame of every chart: the view with pan and zoom, follow, crosshair, keys, and one timer for all redrawing."""

import time
from datetime import datetime

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QToolTip, QVBoxLayout, QWidget

from evdesk.gui import theme
from evdesk.gui.charts import labels, parts
from evdesk.gui.charts.data import ChartData, Curve, Marker, floats, nice_top, time_ticks
from evdesk.gui.charts.parts import Scale
from evdesk.gui.text import tr
from evdesk.gui.widgets.buttons import Button

REDRAW_MS = 220
WINDOWS = (900.0, 3600.0, 21600.0, 86400.0, 604800.0)
EMPTY = ChartData(floats([]))


class _Sheet(QGraphicsItem):
    """A scene item that lets the chart paint in plot pixels; the picture is kept until it is asked again."""

    def __init__(self, owner: "Chart", which: str) -> None:
        super().__init__()
        self._owner, self._which = owner, which
        self._rect = QRectF()

    def lay(self, rect: QRectF) -> None:
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        self._owner.paint_sheet(painter, self._which)


class Chart(QWidget):
    """Base of the charts. Give it `set_data`; it fetches nothing.

    `follow_changed(bool)`: a person panned or zoomed, or came back. `range_changed(start, end)`: what is in view now
    and should be fetched. `marker_clicked(tag)`. `sentence()` is the chart in words.
    """

    follow_changed = Signal(bool)
    range_changed = Signal(float, float)
    marker_clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data = EMPTY
        self.follow = True
        self._shown = EMPTY
        self._window = 3600.0
        self._now = time.time()
        self._step = 1.0
        self._top = 4.0
        self._cursor: int | None = None
        self._own_move = False
        self._markers: list[tuple[Marker, QRectF]] = []
        self._build()
        theme.current().changed.connect(self._dress)
        self._dress()
        self.refresh()

    def _build(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(280, 150)
        self._plot = pg.PlotWidget(self)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        item = self._plot.getPlotItem()
        for side in ("left", "bottom", "right", "top"):
            item.hideAxis(side)
        item.setClipToView(True)
        item.setDownsampling(auto=True, mode="peak")
        item.layout.setContentsMargins(parts.LEFT, parts.TOP, parts.RIGHT, parts.BOTTOM)
        self._view = item.getViewBox()
        self._view.setMouseEnabled(x=True, y=False)
        self._view.setDefaultPadding(0)
        self._view.sigRangeChanged.connect(self._ranged)
        self._view.sigRangeChangedManually.connect(self._moved_by_hand)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)
        self._back = _Sheet(self, "back")
        self._front = _Sheet(self, "front")
        self._back.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._front.setZValue(20)
        for sheet in (self._back, self._front):
            sheet.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
            self._plot.scene().addItem(sheet)
        viewport = self._plot.viewport()
        viewport.setMouseTracking(True)
        viewport.installEventFilter(self)
        self._live = Button(tr("Back to live"), "arrow-right", "primary", self, dense=True)
        self._live.clicked.connect(self.back_to_live)
        self._live.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.refresh)
        self._asked = QTimer(self)
        self._asked.setSingleShot(True)
        self._asked.setInterval(150)
        self._asked.timeout.connect(self._ask)

    # -- what pages call

    def set_data(self, data: ChartData) -> None:
        """New numbers; drawn with the next tick."""
        self.data = data
        self._cursor = None if self._cursor is not None and self._cursor >= data.t.size else self._cursor
        self.schedule()

    def set_now(self, now: float) -> None:
        """The engine's clock: the right end while following."""
        self._now = now
        if self.follow:
            self.schedule()

    def set_window(self, seconds: float) -> None:
        """Length of the visible time; keeps the middle while not following."""
        self._window = seconds
        if not self.follow:
            start, end = self.visible()
            middle = (start + end) / 2
            self._set_range(middle - seconds / 2, middle + seconds / 2)
            self._asked.start()
        self.refresh()

    def window_s(self) -> float:
        return self._window

    def set_follow(self, follow: bool) -> None:
        if follow != self.follow:
            self.follow = follow
            self.follow_changed.emit(follow)
        self._place_live()
        self.refresh()
        if follow:
            self._asked.start()

    def back_to_live(self) -> None:
        self.set_follow(True)

    def visible(self) -> tuple[float, float]:
        """Start and end of what is in view, Unix seconds."""
        start, end = self._view.viewRange()[0]
        return float(start), float(end)

    def schedule(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Draw now."""
        self._timer.stop()
        if self.follow:
            pixel = self._window / max(1.0, self._plot_rect().width())
            end = round(self._now / pixel) * pixel
            self._set_range(end - self._window, end)
        start, end = self.visible()
        self._shown = self.data.between(start, end).thinned()
        self._top, self._step = self._axis()
        self.setAccessibleName(self.sentence())
        self._repaint()

    def picture(self, ratio: float = 2.0) -> QPixmap:
        """The chart as it is, without crosshair, for a report."""
        kept, self._cursor = self._cursor, None
        self._live.hide()
        image = QPixmap(self.size() * ratio)
        image.setDevicePixelRatio(ratio)
        image.fill(theme.current().color("surface"))
        self._repaint()
        self.render(image)
        self._cursor = kept
        self._place_live()
        self._repaint()
        return image

    # -- for subclasses

    def sentence(self) -> str:
        return ""

    def axis_top(self) -> float:
        """The highest value the axis must hold."""
        return 1.0

    def paint_data(self, painter: QPainter, scale: Scale) -> None:
        """Curves and what lies on them, clipped to the plot."""

    def tags(self, scale: Scale) -> list[labels.Tag]:
        return []

    def rows(self, index: int) -> list[labels.Row]:
        return []

    def ring(self, index: int) -> float | None:
        return None

    def extra(self) -> Curve | None:
        return None

    # -- painting

    def _axis(self) -> tuple[float, float]:
        steps = 4 if self._plot_rect().height() > 150 else 3
        return nice_top(self.axis_top(), steps)

    def _plot_rect(self) -> QRectF:
        return QRectF(
            parts.LEFT,
            parts.TOP,
            max(20.0, self.width() - parts.LEFT - parts.RIGHT),
            max(20.0, self.height() - parts.TOP - parts.BOTTOM),
        )

    def scale(self) -> Scale:
        start, end = self.visible()
        return Scale(self._plot_rect(), start, max(end, start + 0.001), self._top)

    def paint_sheet(self, painter: QPainter, which: str) -> None:
        scale = self.scale()
        if which == "front":
            self._paint_front(painter, scale)
            return
        parts.paint_grid(painter, scale, self._step, self.data.unit)
        zone = datetime.fromtimestamp(scale.end).astimezone().utcoffset()
        seconds = zone.total_seconds() if zone is not None else 0.0
        parts.paint_times(painter, scale, *time_ticks(scale.start, scale.end, scale.rect.width(), seconds))
        painter.save()
        painter.setClipRect(scale.rect.adjusted(0, -1, 0, 1))
        if self._shown.t.size:
            self.paint_data(painter, scale)
        painter.restore()
        if self._shown.empty:
            parts.paint_nothing(painter, scale)
        self._markers = parts.marker_rects(self.data.markers, scale)
        parts.paint_markers(painter, self._markers, scale)
        if self._shown.t.size:
            tags = self.tags(scale)
            labels.spread(tags, scale.rect.top() + 6, scale.rect.bottom() - 6)
            labels.paint_tags(painter, tags, scale.rect.right() + 8, self.width() - 4.0)

    def _paint_front(self, painter: QPainter, scale: Scale) -> None:
        index = self._cursor
        if index is None or index >= self.data.t.size:
            return
        at = float(self.data.t[index])
        x = scale.x(at)
        if not scale.rect.left() <= x <= scale.rect.right():
            return
        value = self.ring(index)
        labels.paint_cross(painter, x, None if value is None else scale.y(value), scale)
        when = datetime.fromtimestamp(at).strftime("%H:%M:%S" if self._window <= 86400 else "%d.%m. %H:%M")
        role = self.data.title if self.data.title in ("L1", "L2", "L3") else "text"
        labels.paint_readout(painter, x, scale, when, self.data.title, self.rows(index), role)

    def _repaint(self) -> None:
        rect = QRectF(0, 0, self.width(), self.height())
        for sheet in (self._back, self._front):
            sheet.lay(rect)
            sheet.update()

    def _dress(self) -> None:
        self._plot.setBackground(theme.current().color("surface"))
        self._repaint()

    # -- moving about

    def _set_range(self, start: float, end: float) -> None:
        self._own_move = True
        self._view.setXRange(start, end, padding=0)
        self._own_move = False

    def _ranged(self, *_: object) -> None:
        if not self._own_move:
            start, end = self.visible()
            self._shown = self.data.between(start, end).thinned()
            self._top, self._step = self._axis()
        self._repaint()

    def _moved_by_hand(self, *_: object) -> None:
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
        self._live.adjustSize()
        rect = self._plot_rect()
        self._live.move(round(rect.right() - self._live.width() - 8), round(rect.bottom() - self._live.height() - 8))
        self._live.setVisible(not self.follow)
        self._live.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_live()
        self.refresh()

    # -- crosshair

    def set_cursor(self, index: int | None) -> None:
        """Put the crosshair on a bucket, or take it away."""
        if index is not None and self.data.t.size:
            index = max(0, min(index, self.data.t.size - 1))
        self._cursor = index if self.data.t.size else None
        self._front.update()
        if self._cursor is not None:
            self.setAccessibleDescription(", ".join(f"{r.label} {r.value}" for r in self.rows(self._cursor)))

    def cursor_index(self) -> int | None:
        return self._cursor

    def keyPressEvent(self, event: QKeyEvent) -> None:
        size = self.data.t.size
        jump = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        here = self._cursor if self._cursor is not None else size - 1
        targets: dict[int, int | None] = {
            Qt.Key.Key_Left: here - jump,
            Qt.Key.Key_Right: here + jump,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: size - 1,
            Qt.Key.Key_Escape: None,
        }
        if not size or event.key() not in targets:
            super().keyPressEvent(event)
            return
        self.set_cursor(targets[event.key()])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Leave:
            self.set_cursor(None)
        elif isinstance(event, QMouseEvent):
            self._mouse(kind, event)
        elif isinstance(event, QHelpEvent):
            marker = self._marker_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), marker.words if marker else "", self)
            return True
        return False

    def _mouse(self, kind: QEvent.Type, event: QMouseEvent) -> None:
        where = event.position()
        if kind == QEvent.Type.MouseMove and not event.buttons():
            inside = self._plot_rect().contains(where)
            self.set_cursor(self.data.nearest(self.scale().at(where.x())) if inside else None)
        elif kind == QEvent.Type.MouseButtonPress:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            marker = self._marker_at(where)
            if marker is not None:
                self.marker_clicked.emit(marker.tag)

    def _marker_at(self, where: QPointF) -> Marker | None:
        return next((m for m, rect in self._markers if rect.adjusted(-4, -4, 4, 4).contains(where)), None)
