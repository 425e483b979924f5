"""The plot itself: pyqtgraph's view for pan and zoom, and two sheets painted in pixels on it."""

from collections.abc import Callable

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QVBoxLayout, QWidget

from evdesk.gui import theme
from evdesk.gui.charts import parts

Paint = Callable[[QPainter], None]


class _Sheet(QGraphicsItem):
    """A scene item painted by somebody else, in the pixels of the plot."""

    def __init__(self, paint: Paint) -> None:
        super().__init__()
        self._paint = paint
        self._rect = QRectF()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def lay(self, rect: QRectF) -> None:
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        self._paint(painter)


class Canvas(QWidget):
    """`ranged()`: another time is in view. `moved()`: a person did that. `resized()`: the room changed.

    The picture of the back sheet is kept, so that the crosshair on the front moves without drawing the data again.
    """

    ranged = Signal()
    moved = Signal()
    resized = Signal()

    def __init__(self, back: Paint, front: Paint, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own_move = False
        self.plot = pg.PlotWidget(self)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        item = self.plot.getPlotItem()
        for side in ("left", "bottom", "right", "top"):
            item.hideAxis(side)
        item.setClipToView(True)
        item.setDownsampling(auto=True, mode="peak")
        item.layout.setContentsMargins(parts.LEFT, parts.TOP, parts.RIGHT, parts.BOTTOM)
        self.view = item.getViewBox()
        self.view.setMouseEnabled(x=True, y=False)
        self.view.setDefaultPadding(0)
        self.view.sigRangeChanged.connect(self._ranged)
        self.view.sigRangeChangedManually.connect(self._moved)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self._back, self._front = _Sheet(back), _Sheet(front)
        self._back.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._front.setZValue(20)
        for sheet in (self._back, self._front):
            self.plot.scene().addItem(sheet)
        self.plot.viewport().setMouseTracking(True)
        theme.current().changed.connect(self.dress)
        self.dress()

    def plot_rect(self) -> QRectF:
        """Where the data is drawn, inside axes and labels."""
        wide, tall = self.width() - parts.LEFT - parts.RIGHT, self.height() - parts.TOP - parts.BOTTOM
        return QRectF(parts.LEFT, parts.TOP, max(20.0, wide), max(20.0, tall))

    def visible(self) -> tuple[float, float]:
        start, end = self.view.viewRange()[0]
        return float(start), float(end)

    def set_range(self, start: float, end: float) -> None:
        """Show this time without telling that a person moved."""
        self._own_move = True
        self.view.setXRange(start, end, padding=0)
        self._own_move = False

    def redraw(self) -> None:
        rect = QRectF(0, 0, self.width(), self.height())
        for sheet in (self._back, self._front):
            sheet.lay(rect)
            sheet.update()

    def redraw_front(self) -> None:
        self._front.update()

    def dress(self) -> None:
        self.plot.setBackground(theme.current().color("surface"))
        self.redraw()

    def _ranged(self, *_: object) -> None:
        if not self._own_move:
            self.ranged.emit()

    def _moved(self, *_: object) -> None:
        self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()
