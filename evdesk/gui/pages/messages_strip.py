"""The density strip: how many messages when, faults coloured, and a time chosen by dragging over it."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from evdesk.gui import text
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import Painted, draw
from evdesk.wire.messages import Density

BARS, AXIS = 36, 24
FAULT = 8
LEAST_DRAG = 4
STEP = 0.02


class DensityStrip(Painted):
    """`chosen(from, to)` after a drag or a click on a bar (its part of the time); `cleared()` by a double click;
    `zoomed(1 or -1)`: a longer or a shorter time, by the wheel or by + and -."""

    zoomed = Signal(int)
    chosen = Signal(float, float)
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._density: Density | None = None
        self._seen: tuple[float, float] | None = None
        self._window: tuple[float, float] | None = None
        self._drag: tuple[float, float] | None = None
        self.setFixedHeight(BARS + AXIS)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._tell()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def set_density(self, density: Density | None) -> None:
        self._density = density
        self._tell()
        self.update()

    def set_seen(self, seen: tuple[float, float] | None) -> None:
        """The time of the rows in view."""
        if seen != self._seen:
            self._seen = seen
            self.update()

    def set_window(self, window: tuple[float, float] | None) -> None:
        """The time the list is kept to, None for all."""
        if window != self._window:
            self._window = window
            self.update()

    def density(self) -> Density | None:
        return self._density

    def window_chosen(self) -> tuple[float, float] | None:
        return self._window

    def _tell(self) -> None:
        one = self._density
        words = tr("Messages over time")
        if one is not None and one.count:
            told = tr("{n} messages from {a} to {b}, {f} with a fault")
            faults = sum(one.breaches) + sum(one.failed)
            start, end = one.from_at, one.from_at + one.step_s * len(one.count)
            words = told.format(n=text.count(sum(one.count)), a=text.clock(start), b=text.clock(end), f=faults)
        self.setAccessibleName(words)

    # -- geometry -----------------------------------------------------------------------------------------------------

    def _range(self) -> tuple[float, float] | None:
        one = self._density
        return None if one is None or not one.count else (one.from_at, one.from_at + one.step_s * len(one.count))

    def _x(self, at: float) -> float:
        span = self._range()
        if span is None:
            return 0.0
        return max(0.0, min(1.0, (at - span[0]) / (span[1] - span[0]))) * self.width()

    def _at(self, x: float) -> float:
        span = self._range() or (0.0, 1.0)
        return span[0] + max(0.0, min(1.0, x / max(1, self.width()))) * (span[1] - span[0])

    # -- pointer and keys ---------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._range() is not None:
            x = event.position().x()
            self._drag = (x, x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            self._drag = (self._drag[0], event.position().x())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag, self._drag = self._drag, None
        if drag is None or self._density is None:
            return
        low, high = sorted(drag)
        if high - low < LEAST_DRAG:
            place = int(low / max(1, self.width()) * len(self._density.count))
            start = self._density.from_at + place * self._density.step_s
            self.chosen.emit(start, start + self._density.step_s)
        else:
            self.chosen.emit(self._at(low), self._at(high))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self.cleared.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if turned:
            self.zoomed.emit(-1 if turned > 0 else 1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            self.zoomed.emit(-1 if event.key() == Qt.Key.Key_Plus else 1)
            return
        span, window = self._range(), self._window
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = moves.get(Qt.Key(event.key()))
        if step is None or span is None:
            super().keyPressEvent(event)
            return
        whole = span[1] - span[0]
        start, end = window or (span[1] - whole / 10, span[1])
        by = step * whole * STEP
        self.chosen.emit(max(span[0], start + by), min(span[1], end + by))

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent) and self._density is not None and self._density.count:
            one = self._density
            place = min(len(one.count) - 1, max(0, int(event.pos().x() / max(1, self.width()) * len(one.count))))
            QToolTip.showText(event.globalPos(), self.words_of(place), self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def words_of(self, place: int) -> str:
        """What one bar stands for."""
        one = self._density
        if one is None or not 0 <= place < len(one.count):
            return ""
        start = one.from_at + place * one.step_s
        parts = [f"{text.clock_s(start)} – {text.clock_s(start + one.step_s)}: {one.count[place]}"]
        for words, number in (
            (tr("with a breach"), one.breaches[place]),
            (tr("refused"), one.refused[place]),
            (tr("without answer or unreadable"), one.failed[place]),
        ):
            if number:
                parts.append(f"{number} {words}")
        return "\n".join(parts)

    # -- paint --------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_window(painter)
        one = self._density
        if one is not None and one.count:
            self._paint_bars(painter, one)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(QRectF(0, BARS, self.width(), look.edge), look.color("border"))
        span = self._range()
        if span is not None:
            paint_axis(painter, span, self.width())
        if self.hasFocus():
            painter.setPen(QPen(look.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(1, 1, self.width() - 2, BARS - 2))

    def _paint_bars(self, painter: QPainter, one: Density) -> None:
        look = current()
        top = max(max(one.count), 1)
        step = self.width() / len(one.count)
        wide = max(1.0, step - (2.0 if step > 5 else 1.0 if step > 2.5 else 0.0))
        painter.setPen(Qt.PenStyle.NoPen)
        for place, number in enumerate(one.count):
            if not number:
                continue
            high = 4 + (BARS - 8) * (number / top) ** 0.5
            box = QRectF(place * step + (step - wide) / 2, BARS - high, wide, high)
            painter.setBrush(look.color("house"))
            painter.drawRoundedRect(box, 1.5, 1.5)
            role = "danger" if one.failed[place] else "warn" if one.breaches[place] else ""
            if role:
                painter.setBrush(look.color(role))
                painter.drawRoundedRect(QRectF(box.left(), BARS - FAULT, wide, FAULT), 1.5, 1.5)

    def _paint_window(self, painter: QPainter) -> None:
        look = current()
        if self._drag is not None:
            left, right = sorted(self._drag)
        else:
            span = self._window or self._seen
            if span is None or self._range() is None:
                return
            left, right = self._x(span[0]), self._x(span[1])
        strong = self._drag is not None or self._window is not None
        box = QRectF(left, 0.5, max(4.0, right - left) - 0.5, BARS - 0.5)
        box.moveRight(min(box.right(), self.width() - 0.5))
        painter.setPen(QPen(look.color("accent"), 2.0 if strong else 1.0))
        painter.setBrush(look.color("accentSoft"))
        painter.drawRect(box)


def paint_axis(painter: QPainter, span: tuple[float, float], width: int) -> None:
    """Times under the bars, the first and the last inside the edges."""
    ticks = max(2, min(5, width // 150))
    days = span[1] - span[0] > 86_400
    for tick in range(ticks):
        share = tick / (ticks - 1)
        at = span[0] + share * (span[1] - span[0])
        words = f"{text.day(at)} {text.clock(at)}" if days else text.clock(at)
        wide = draw.width(words, "chart")
        x = min(max(12.0, share * width - wide / 2), width - wide - 12.0)
        draw.text(painter, x, BARS + 17, words, "chart", "axis")
