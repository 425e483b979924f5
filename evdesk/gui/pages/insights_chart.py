"""Bars by day or month: what was, filled, before what could have been, outlined."""

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from evdesk.gui import text
from evdesk.gui.charts.data import nice_top
from evdesk.gui.charts.labels import Row, paint_readout
from evdesk.gui.charts.parts import Scale, halo
from evdesk.gui.pages.insights_words import Bar, Bars, sentence
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import Painted, draw

LEFT, RIGHT, TOP, BOTTOM = 46, 16, 40, 28
WIDEST = 46.0
GAP = 0.28


class BarChart(Painted):
    """`pointed(index)`: the bar under the pointer, or chosen with the arrow keys; -1: none."""

    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = Bars("", "")
        self.index = -1
        self._top, self._step = 4.0, 1.0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(280, 170)

    def sizeHint(self) -> QSize:
        return QSize(640, 300)

    def set_bars(self, shown: Bars) -> None:
        self.shown = shown
        values = [v for bar in shown.bars for v in (bar.front, bar.back) if v is not None]
        highest = max([*values, shown.top, (shown.limit or 0.0) * 1.02], default=0.0)
        self._top, self._step = nice_top(highest, 6 if self.height() > 300 else 4)
        if self.index >= len(shown.bars):
            self.index = -1
        self.setAccessibleName(sentence(shown))
        self.update()

    def point(self, index: int) -> None:
        """Show the read-out of a bar; -1: of none."""
        index = index if 0 <= index < len(self.shown.bars) else -1
        if index != self.index:
            self.index = index
            said = [f"{name} {value}" for name, value, _, _ in self.shown.bars[index].rows] if index >= 0 else []
            self.setAccessibleDescription(", ".join([self.shown.bars[index].name, *said]) if index >= 0 else "")
            self.pointed.emit(index)
            self.update()

    def picture(self, ratio: float = 2.0) -> QPixmap:
        """The chart without the read-out, for a report."""
        kept, self.index = self.index, -1
        image = QPixmap(self.size() * ratio)
        image.setDevicePixelRatio(ratio)
        image.fill(current().color("surface"))
        self.render(image)
        self.index = kept
        return image

    def copy_text(self) -> str:
        return ""

    # -- geometry

    def _rect(self) -> QRectF:
        return QRectF(LEFT, TOP, max(20.0, self.width() - LEFT - RIGHT), max(20.0, self.height() - TOP - BOTTOM))

    def _slot(self) -> float:
        return self._rect().width() / max(1, len(self.shown.bars))

    def _y(self, value: float) -> float:
        rect = self._rect()
        return rect.bottom() - min(max(value, 0.0) / self._top, 1.0) * rect.height()

    def bar_rect(self, index: int, value: float) -> QRectF:
        """Where the bar of this value stands."""
        slot, rect = self._slot(), self._rect()
        wide = max(2.0, min(slot * (1 - GAP), WIDEST))
        left = rect.left() + slot * index + (slot - wide) / 2
        return QRectF(left, self._y(value), wide, rect.bottom() - self._y(value))

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = self._rect()
        self._grid(painter, rect)
        self._names(painter, rect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i, bar in enumerate(self.shown.bars):
            self._bar(painter, i, bar)
        if self.shown.limit is not None:
            _limit(painter, rect, round(self._y(self.shown.limit)), self.shown.limit_name)
        _legend(painter, self.shown)
        if self.shown.empty:
            words = tr("Nothing is known of this time")
            halo(
                painter, rect.center().x() - draw.width(words, "small") / 2, rect.center().y(), words, "small", "muted"
            )
        self._front(painter, rect)

    def _grid(self, painter: QPainter, rect: QRectF) -> None:
        look = current()
        cap = draw.metrics("chart").capHeight() / 2
        digits = 0 if self._step >= 1 else 1
        value = 0.0
        while value <= self._top + self._step * 0.01:
            y = round(self._y(value))
            painter.setPen(QPen(look.color("grid"), 1))
            painter.drawLine(QLineF(rect.left(), y, rect.right(), y))
            draw.text_right(painter, rect.left() - 8, y + cap, text.number(value, digits), "chart", "axis")
            value += self._step
        draw.text_right(painter, rect.left() - 8, rect.top() - 16, self.shown.unit, "chart", "axis")

    def _names(self, painter: QPainter, rect: QRectF) -> None:
        """As many as have room; the newest always."""
        bars = self.shown.bars
        if not bars:
            return
        wide = max(draw.width(bar.name, "chart") for bar in bars) + 14
        every = max(1, -(-int(wide) // max(1, int(self._slot()))))
        for i in range(len(bars) - 1, -1, -every):
            middle = rect.left() + self._slot() * (i + 0.5)
            half = draw.width(bars[i].name, "chart") / 2
            left = min(max(middle - half, 2.0), self.width() - 4 - 2 * half)
            draw.text(painter, left, rect.bottom() + 18, bars[i].name, "chart", "axis")

    def _bar(self, painter: QPainter, i: int, bar: Bar) -> None:
        look, line = current(), float(current().edge)
        if bar.front is None:
            place = self.bar_rect(i, self._top)
            draw.text(painter, place.center().x() - 3, self._rect().bottom() - 6, "?", "chartBold", "muted")
            return
        if bar.back is not None:
            back = self.bar_rect(i, bar.back)
            draw.box(painter, back, look.color("sunken"), look.color("borderStrong"), 2, line)
        draw.box(painter, self.bar_rect(i, bar.front), look.color("accent"), None, 2)
        if bar.back is not None and bar.back < bar.front:  # the outline would be hidden
            y = self._y(bar.back)
            painter.setPen(QPen(look.color("surface"), 1.5))
            painter.drawLine(QLineF(self.bar_rect(i, bar.front).left(), y, self.bar_rect(i, bar.front).right(), y))

    def _front(self, painter: QPainter, rect: QRectF) -> None:
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(current().color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 4, 4)
        if not 0 <= self.index < len(self.shown.bars):
            return
        bar = self.shown.bars[self.index]
        middle = rect.left() + self._slot() * (self.index + 0.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(current().color("text"), 1))
        painter.drawLine(QPointF(round(middle), rect.top()), QPointF(round(middle), rect.bottom()))
        rows = [Row(name, value, role, hatched) for name, value, role, hatched in bar.rows]
        paint_readout(painter, middle, Scale(rect, 0.0, 1.0, self._top), bar.name, "", rows, "text")

    # -- pointer and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        rect, x = self._rect(), event.position().x()
        self.point(int((x - rect.left()) / self._slot()) if rect.left() <= x < rect.right() else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self.point(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.set_bars(self.shown)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.shown.bars) - 1
        here = self.index if self.index >= 0 else last + 1
        targets = {
            Qt.Key.Key_Left: max(here - 1, 0),
            Qt.Key.Key_Right: min(here + 1, last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
            Qt.Key.Key_Escape: -1,
        }
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and last >= 0 and event.key() in targets and not (event.key() == Qt.Key.Key_Escape and self.index < 0):
            self.point(targets[Qt.Key(event.key())])
            return
        super().keyPressEvent(event)


def _limit(painter: QPainter, rect: QRectF, y: float, name: str) -> None:
    painter.fillRect(QRectF(rect.left(), y - 1, rect.width(), 2), current().color("limit"))
    halo(painter, rect.left() + 8, y - 7, name, "chartBold", "limit")


def _legend(painter: QPainter, shown: Bars) -> None:
    look, x, base = current(), float(LEFT), 18.0
    for words, role in ((shown.front, "accent"), (shown.back, "")):
        if not words:
            continue
        square = QRectF(x, base - 9, 10, 10)
        if role:
            draw.box(painter, square, look.color(role), None, 2)
        else:
            draw.box(painter, square, look.color("sunken"), look.color("borderStrong"), 2, float(look.edge))
        x += 16 + draw.text(painter, x + 16, base, words, "chart", "text") + 18
