"""The lanes: one per connector, bars coloured by the kind of reason, scrubbed by pointer and keys."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from evdesk.gui import icons, text, theme
from evdesk.gui.pages.balancing_spans import CAR, NONE, ROLES, Lane, Span, kind_of, moment_words, span_words
from evdesk.gui.text import tr
from evdesk.gui.widgets import draw

ROW, BAR = 20, 15
TOP, AXIS = 8, 26
GROUP_FROM = 12
"""More lanes than this stand in groups, one for each circuit."""
_STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)


@dataclass(frozen=True, slots=True)
class Row:
    """A lane, or the head of a group (`lane` None) that folds."""

    group: str
    lane: Lane | None = None
    count: int = 0
    open: bool = True


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
        bar = self.verticalScrollBar()
        bar.setPageStep(max(1, room))
        bar.setSingleStep(ROW)
        bar.setRange(0, max(0, len(self._rows) * ROW - room))

    def _into_sight(self) -> None:
        place = next((i for i, row in enumerate(self._rows) if row.lane is not None and row.lane.key == self.key), None)
        if place is None:
            return
        bar = self.verticalScrollBar()
        room = self.viewport().height() - TOP - AXIS
        bar.setValue(max(min(bar.value(), place * ROW), (place + 1) * ROW - room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scroll_range()

    # -- geometry

    def left(self) -> float:
        """Where time begins: right of the names."""
        widest = max((draw.width(lane.label, "small") for lane in self._lanes[:60]), default=40.0)
        return 12 + 14 + min(130.0, max(36.0, widest)) + 10

    def to_x(self, moment: float) -> float:
        start, end = self._span
        left, right = self.left(), self.viewport().width() - 14
        return left + (moment - start) / max(1.0, end - start) * (right - left)

    def to_time(self, x: float) -> float:
        start, end = self._span
        left, right = self.left(), self.viewport().width() - 14
        return start + max(0.0, min(1.0, (x - left) / max(1.0, right - left))) * (end - start)

    def row_at(self, y: float) -> Row | None:
        place = int((y - TOP + self.verticalScrollBar().value()) // ROW)
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
        self._scrub(self.to_time(event.position().x()), key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.moment is not None:
            self._scrub(self.to_time(event.position().x()), self.key)

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
        pixel = (self._span[1] - self._span[0]) / max(100.0, self.viewport().width() - self.left())
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
        painter.save()
        painter.setClipRect(QRectF(0, TOP - 4, self.viewport().width(), bottom - TOP + 6))
        first = self.verticalScrollBar().value()
        for place, row in enumerate(self._rows):
            y = TOP + place * ROW - first
            if y + ROW < 0 or y > bottom:
                continue
            if row.lane is None:
                self._paint_group(painter, y, row)
            else:
                self._paint_lane(painter, y, row.lane)
        painter.restore()
        self._paint_axis(painter, bottom)
        if self.moment is not None:
            self._paint_moment(painter, bottom)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.current().pen("accent", 2))
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(2, 2, -2, -2), 6, 6)

    def _paint_group(self, painter: QPainter, y: float, row: Row) -> None:
        arrow = "chevron-down" if row.open else "chevron-right"
        icons.paint(painter, arrow, "muted", QRectF(10, y + 3, 14, 14))
        x = 28 + draw.text(painter, 28, y + 14, row.group or tr("No circuit"), "chip", "text") + 8
        draw.text(painter, x, y + 14, tr("{n} chargers").format(n=row.count), "chart", "muted")

    def _paint_lane(self, painter: QPainter, y: float, lane: Lane) -> None:
        look = theme.current()
        chosen = lane.key == self.key
        if chosen:
            painter.fillRect(QRectF(0, y, self.viewport().width(), ROW - 1), look.color("selection"))
        draw.box(painter, QRectF(12, y + 5.5, 8, 8), look.charger(lane.index), None, 2)
        kind = "chip" if chosen else "small"
        words = draw.elided(lane.label, kind, self.left() - 34)
        draw.text(painter, 26, y + 9.5 + draw.metrics("small").capHeight() / 2, words, kind, "text")
        for span in lane.spans:
            if span.end >= self._span[0] and span.start <= self._span[1]:
                self._paint_span(painter, y + 2, span)

    def _paint_span(self, painter: QPainter, y: float, span: Span) -> None:
        look = theme.current()
        kind = kind_of(span.why, self._mains)
        if kind == NONE:
            return
        role = ROLES[kind]
        left, right = self.to_x(max(span.start, self._span[0])), self.to_x(min(span.end, self._span[1]))
        rect = QRectF(left + 0.5, y, max(2.0, right - left - 1), BAR)
        if kind == CAR:
            fill = look.color("sunken")
        elif role in ("circuit", "text"):
            fill = look.mix(role, "surface", 0.16)
        else:
            fill = look.soft(role)
        draw.box(painter, rect, fill, look.color(role), 2.5, float(look.edge))
        words = draw.elided(span_words(span), "chartBold" if kind != CAR else "chart", rect.width() - 8)
        if rect.width() > 16 and words not in ("…", ""):
            base = rect.center().y() + draw.metrics("chart").capHeight() / 2
            draw.text(painter, rect.left() + 5, base, words, "chartBold" if kind != CAR else "chart", "text")

    def _paint_axis(self, painter: QPainter, bottom: float) -> None:
        start, end = self._span
        look = theme.current()
        room = max(1.0, self.viewport().width() - self.left())
        step = next((s for s in _STEPS if (end - start) / s * 70 <= room), 86400)
        at = (int(start) // step + 1) * step
        while at <= end:
            x = self.to_x(at)
            painter.setPen(look.pen("axis", 1))
            painter.drawLine(QPointF(x, bottom + 2), QPointF(x, bottom + 6))
            words = text.clock(at)
            left = min(x - draw.width(words, "chart") / 2, self.viewport().width() - draw.width(words, "chart") - 4)
            draw.text(painter, left, bottom + 19, words, "chart", "axis")
            at += step

    def _paint_moment(self, painter: QPainter, bottom: float) -> None:
        look = theme.current()
        x = self.to_x(self.moment or 0.0)
        ink = look.color("text")
        painter.setPen(QPen(ink, 1.5))
        painter.drawLine(QPointF(x, 2), QPointF(x, bottom))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPolygon(
            [QPointF(x - 6, 0), QPointF(x + 6, 0), QPointF(x + 6, 7), QPointF(x, 13), QPointF(x - 6, 7)]
        )
