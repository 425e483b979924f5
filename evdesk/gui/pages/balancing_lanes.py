"""The lanes: one per connector, bars coloured by the kind of reason, scrubbed by pointer and keys."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from evdesk.gui import theme
from evdesk.gui.pages.balancing_lanes_paint import ROW, TIGHT, Field, paint_axis, paint_group, paint_lane, paint_moment
from evdesk.gui.pages.balancing_spans import Lane, moment_words
from evdesk.gui.text import tr
from evdesk.gui.widgets import draw

TOP, AXIS = 8, 26
GROUP_FROM = 12
"""More lanes than this stand in groups, one for each circuit."""


@dataclass(frozen=True, slots=True)
class Row:
    """A lane, or the head of a group (`lane` None) that folds."""

    group: str
    lane: Lane | None = None
    count: int = 0
    open: bool = True


def row_pitch(room: int, rows: int) -> int:
    """The height of a row: a little less than usual where all of them are seen that way."""
    return max(TIGHT, room // rows) if rows and rows * TIGHT <= room < rows * ROW else ROW


class Lanes(QAbstractScrollArea):
    """`scrubbed(moment, key)`: a person looks at a moment of a lane; `released()`: back to live by Escape."""

    scrubbed = Signal(float, str)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: tuple[Lane, ...] = ()
        self._rows: list[Row] = []
        self._mains: frozenset[str] = frozenset()
        self._span = (0.0, 1.0)
        self._pitch = ROW
        self._closed: set[str] = set()
        self._grouped: frozenset[str] = frozenset()
        self.moment: float | None = None
        self.key = ""
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Decisions over time"))
        theme.current().changed.connect(self.viewport().update)

    # -- what is shown

    def show_lanes(self, lanes: tuple[Lane, ...], span: tuple[float, float], mains: frozenset[str]) -> None:
        """Everything anew; selection, moment, folds and scroll stay."""
        if (lanes, span, mains) == (self._lanes, self._span, self._mains):
            return
        self._lanes, self._span, self._mains = lanes, span, mains
        self._arrange()
        self.viewport().update()

    def lanes(self) -> tuple[Lane, ...]:
        return self._lanes

    def rows(self) -> list[Row]:
        return self._rows

    def lane(self) -> Lane | None:
        return next((lane for lane in self._lanes if lane.key == self.key), None)

    def select(self, key: str) -> None:
        """Mark a lane without a signal; it comes into sight."""
        if key == self.key:
            return
        self.key = key
        lane = self.lane()
        if lane is not None and lane.group in self._closed:
            self._closed.discard(lane.group)
            self._arrange()
        self._into_sight()
        self.viewport().update()

    def set_moment(self, moment: float | None) -> None:
        """Look at a moment; None: live."""
        if moment is not None:
            moment = max(self._span[0], min(self._span[1], moment))
        if moment != self.moment:
            self.moment = moment
            self.viewport().update()
        lane = self.lane()
        said = moment_words(lane, self._span[1] if moment is None else moment) if lane is not None else ""
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)
            if self.hasFocus() and QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def _arrange(self) -> None:
        groups: dict[str, list[Lane]] = {}
        for lane in self._lanes:
            groups.setdefault(lane.group, []).append(lane)
        grouped = len(self._lanes) > GROUP_FROM
        names = frozenset(groups) if grouped else frozenset()
        if names != self._grouped:
            fresh = names - self._grouped
            self._grouped = names
            if len(self._lanes) > 3 * GROUP_FROM:
                mine = self.lane()
                self._closed |= fresh - ({mine.group} if mine is not None else {next(iter(groups))})
        rows: list[Row] = []
        for name, some in groups.items():
            opened = not grouped or name not in self._closed
            if grouped:
                rows.append(Row(name, None, len(some), opened))
            if opened:
                rows += [Row(name, lane) for lane in some]
        self._rows = rows
        self._scroll_range()

    def _scroll_range(self) -> None:
        room = self.viewport().height() - TOP - AXIS
        self._pitch = row_pitch(room, len(self._rows))
        bar = self.verticalScrollBar()
        bar.setPageStep(max(1, room))
        bar.setSingleStep(self._pitch)
        bar.setRange(0, max(0, len(self._rows) * self._pitch - room))

    def _into_sight(self) -> None:
        place = next((i for i, row in enumerate(self._rows) if row.lane is not None and row.lane.key == self.key), None)
        if place is None:
            return
        bar = self.verticalScrollBar()
        pitch, room = self._pitch, self.viewport().height() - TOP - AXIS
        bar.setValue(max(min(bar.value(), place * pitch), (place + 1) * pitch - room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scroll_range()

    # -- geometry

    def field(self) -> Field:
        """Where time stands: right of the names."""
        widest = max((draw.width(lane.label, "small") for lane in self._lanes[:60]), default=40.0)
        left = 12 + 14 + min(130.0, max(36.0, widest)) + 10
        return Field(left, max(left + 10.0, self.viewport().width() - 14.0), self._span, self._mains)

    def row_at(self, y: float) -> Row | None:
        place = int((y - TOP + self.verticalScrollBar().value()) // self._pitch)
        inside = TOP <= y <= self.viewport().height() - AXIS
        return self._rows[place] if inside and 0 <= place < len(self._rows) else None

    # -- pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        row = self.row_at(event.position().y())
        if row is not None and row.lane is None:
            self._closed ^= {row.group}
            self._arrange()
            self.viewport().update()
            return
        key = row.lane.key if row is not None and row.lane is not None else self.key
        self._scrub(self.field().to_time(event.position().x()), key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.moment is not None:
            self._scrub(self.field().to_time(event.position().x()), self.key)

    def _scrub(self, moment: float, key: str) -> None:
        self.select(key)
        self.set_moment(moment)
        self.scrubbed.emit(moment, key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier):
            event.ignore()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            by_change = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._scrub(self._step(1 if key == Qt.Key.Key_Right else -1, by_change), self.key)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._scrub(self._here(), self._next_lane(1 if key == Qt.Key.Key_Down else -1))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._scrub(self._span[0] if key == Qt.Key.Key_Home else self._span[1], self.key)
        elif key == Qt.Key.Key_Escape and self.moment is not None:
            self.released.emit()
        else:
            event.ignore()

    def _here(self) -> float:
        return self._span[1] if self.moment is None else self.moment

    def _step(self, way: int, by_change: bool) -> float:
        """The next change of the chosen lane that way; with Shift the next pixel."""
        here, lane = self._here(), self.lane()
        pixel = (self._span[1] - self._span[0]) / max(100.0, self.viewport().width() - self.field().left)
        if not by_change or lane is None:
            return here + way * 2 * pixel
        edges = sorted({edge for span in lane.spans for edge in (span.start + 1.0,)})
        after = [e for e in edges if (e - here) * way > 0.5]
        if not after:
            return self._span[1] if way > 0 else self._span[0]
        return max(self._span[0], after[0] if way > 0 else after[-1])

    def _next_lane(self, way: int) -> str:
        keys = [row.lane.key for row in self._rows if row.lane is not None]
        if not keys:
            return self.key
        place = keys.index(self.key) + way if self.key in keys else 0
        return keys[max(0, min(len(keys) - 1, place))]

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bottom = self.viewport().height() - AXIS
        field, wide = self.field(), self.viewport().width()
        painter.save()
        painter.setClipRect(QRectF(0, TOP - 4, self.viewport().width(), bottom - TOP + 6))
        first, pitch = self.verticalScrollBar().value(), self._pitch
        for place, row in enumerate(self._rows):
            y = TOP + place * pitch - first
            if y + pitch < 0 or y > bottom:
                continue
            if row.lane is None:
                paint_group(painter, y, pitch, row.group, row.count, row.open)
            else:
                paint_lane(painter, QRectF(0, y, wide, pitch - 1), row.lane, field, row.lane.key == self.key)
        painter.restore()
        paint_axis(painter, bottom, field, wide)
        if self.moment is not None:
            paint_moment(painter, bottom, field.to_x(self.moment))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.current().pen("accent", 2))
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(2, 2, -2, -2), 6, 6)
