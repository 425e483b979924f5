"""Versions over time: for each model the newest version any of its chargers had, from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from evdesk.gui import text, theme, tokens
from evdesk.gui.pages.firmware_model import model_key
from evdesk.gui.pages.firmware_words import model_name
from evdesk.gui.text import tr
from evdesk.gui.widgets import Painted, draw
from evdesk.model.firmware import FleetModel

ROW, ROW_MOST = 26, 42
BAR_LESS = 6
AXIS = 24
DAY_S = 86_400.0
LONGEST_S, SHORTEST_S = 400 * DAY_S, 14 * DAY_S
MONTHS_FROM_S = 75 * DAY_S
NAME_MOST = 150.0


@dataclass(frozen=True, slots=True)
class Span:
    version: str
    start: float
    end: float
    last: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One model. `key` is that of its head in the table."""

    key: str
    name: str
    spans: tuple[Span, ...]

    def words(self, now: float) -> str:
        """ "Nordlade N22: 2.3.0 since 2 Mar, 2.4.1 since 24 Nov" """
        parts = [tr("{v} since {day}").format(v=s.version, day=text.date(s.start, now)) for s in self.spans]
        return f"{self.name}: {', '.join(parts)}"


def lanes_of(models: Sequence[FleetModel], now: float) -> list[Lane]:
    found = []
    for model in models:
        ends = [*(span.from_at for span in model.timeline[1:]), now]
        spans = tuple(
            Span(span.version or text.unknown(), span.from_at, end, end == now)
            for span, end in zip(model.timeline, ends, strict=bool(model.timeline))
        )
        if spans:
            found.append(Lane(model_key(model), model_name(model.vendor, model.model), spans))
    return found


def window_of(lanes: Sequence[Lane], now: float) -> tuple[float, float]:
    """From the first version that was seen, at least two weeks and at most 400 days; long ones begin with a month."""
    first = min((lane.spans[0].start for lane in lanes), default=now)
    start = min(max(first, now - LONGEST_S), now - SHORTEST_S)
    if now - start > MONTHS_FROM_S:
        start = datetime.fromtimestamp(start).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    return start, now


def ticks(window: tuple[float, float]) -> list[tuple[float, str]]:
    """Beginnings of months, or of weeks where the window is short, with their names."""
    start, end = window
    found = []
    at = datetime.fromtimestamp(start).replace(hour=0, minute=0, second=0, microsecond=0)
    monthly = end - start > MONTHS_FROM_S
    while at.timestamp() <= end:
        wanted = at.day == 1 if monthly else at.weekday() == 0
        if wanted and at.timestamp() >= start:
            found.append((at.timestamp(), _tick_name(at, monthly)))
        at += timedelta(days=1)
    return found


def _tick_name(at: datetime, monthly: bool) -> str:
    day = text.date(at.timestamp(), at.timestamp())
    return day.split(" ", 1)[1] if monthly else day


class VersionStrip(Painted):
    """`picked(key)`: the model whose lane was pressed."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: list[Lane] = []
        self._now = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_models(self, models: Sequence[FleetModel], now: float) -> None:
        lanes = lanes_of(models, now)
        if (lanes, now) != (self._lanes, self._now):
            self._lanes, self._now = lanes, now
            self.setAccessibleName(tr("Versions over time, newest per model"))
            self.setAccessibleDescription(self.copy_text())
            self.updateGeometry()
            self.update()

    def lanes(self) -> list[Lane]:
        return self._lanes

    def copy_text(self) -> str:
        return "\n".join(lane.words(self._now) for lane in self._lanes)

    def picture(self) -> QPixmap:
        return self.grab()

    def sizeHint(self) -> QSize:
        return QSize(300, len(self._lanes) * ROW + AXIS)

    def pitch(self) -> float:
        """The height of a lane: more where there is room."""
        room = (self.height() - AXIS) / max(1, len(self._lanes))
        return max(float(ROW), min(float(ROW_MOST), room))

    # -- geometry -----------------------------------------------------------------------------------------------------

    def _field(self) -> tuple[float, float]:
        widest = max((draw.width(lane.name, "small") for lane in self._lanes), default=40.0)
        newest = max((draw.width(lane.spans[-1].version, "chip") for lane in self._lanes), default=30.0)
        left = 12 + min(NAME_MOST, widest) + 12
        return left, max(left + 40.0, self.width() - 12 - min(newest, 90.0) - 8)

    def _bar(self, row: int, span: Span) -> QRectF:
        left, right = self._field()
        start, end = window_of(self._lanes, self._now)
        scale = (right - left) / (end - start)
        x = left + max(0.0, span.start - start) * scale
        wide = max(12.0 if span.last else 3.0, (span.end - max(start, span.start)) * scale - 2)
        x = min(x, right - wide)
        pitch = self.pitch()
        bar = min(28.0, pitch - BAR_LESS)
        return QRectF(x, row * pitch + (pitch - bar) / 2, wide, bar)

    def span_at(self, at: QPointF) -> tuple[Lane, Span | None] | None:
        row = int(at.y() // self.pitch())
        if not 0 <= row < len(self._lanes):
            return None
        lane = self._lanes[row]
        hit = [span for span in lane.spans if self._bar(row, span).adjusted(-1, -3, 1, 3).contains(at)]
        return lane, hit[-1] if hit else None

    # -- pointer ------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = self.span_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and hit is not None:
            self.picked.emit(hit[0].key)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            hit = self.span_at(QPointF(event.pos()))
            if hit is not None:
                QToolTip.showText(event.globalPos(), self._tip(*hit), self)
                return True
        return super().event(event)

    def _tip(self, lane: Lane, span: Span | None) -> str:
        if span is None:
            return lane.words(self._now)
        until = tr("now") if span.last else text.date(span.end, self._now)
        return tr("{model} {version}: {start} to {end}").format(
            model=lane.name, version=span.version, start=text.date(span.start, self._now), end=until
        )

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        left, _ = self._field()
        pitch = self.pitch()
        for row, lane in enumerate(self._lanes):
            base = (row + 0.5) * pitch + draw.metrics("small").capHeight() / 2
            draw.text(painter, 12, base, draw.elided(lane.name, "small", left - 24), "small", "text")
            for span in lane.spans:
                if span.end > window_of(self._lanes, self._now)[0]:
                    self._paint_span(painter, self._bar(row, span), span)
        if self._lanes:
            self._paint_axis(painter, len(self._lanes) * pitch + 2)

    def _paint_span(self, painter: QPainter, rect: QRectF, span: Span) -> None:
        look = theme.current()
        fill, edge = ("accentSoft", "accent") if span.last else ("sunken", "border")
        draw.box(painter, rect, look.color(fill), look.color(edge), tokens.RADIUS_BAR + 1, float(look.edge))
        kind = "chip" if span.last else "small"
        base = rect.center().y() + draw.metrics(kind).capHeight() / 2
        if draw.width(span.version, kind) <= rect.width() - 14:
            draw.text(painter, rect.left() + 8, base, span.version, kind, "text")
        elif span.last:
            words = draw.elided(span.version, kind, self.width() - rect.right() - 12)
            draw.text(painter, rect.right() + 8, base, words, kind, "text")

    def _paint_axis(self, painter: QPainter, top: float) -> None:
        left, right = self._field()
        start, end = window_of(self._lanes, self._now)
        look, free = theme.current(), left - 20
        for at, name in ticks((start, end)):
            x = left + (at - start) / (end - start) * (right - left)
            painter.setPen(look.pen("axis", 1))
            painter.drawLine(QPointF(round(x) + 0.5, top), QPointF(round(x) + 0.5, top + 4))
            if x >= free:
                free = x + 3 + draw.text(painter, x + 1, top + 16, name, "chart", "axis") + 8


class StripArea(QScrollArea):
    """The strip in at most `most` lanes of height; more of them scroll."""

    def __init__(self, strip: VersionStrip, most: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip, self._most = strip, most
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setWidget(strip)
        strip.setAutoFillBackground(False)

    def fit(self, height: int = 0) -> None:
        """`height`: so high; 0 as high as the lanes need."""
        if height:
            self.setFixedHeight(height)
            return
        lanes = max(1, min(len(self._strip.lanes()), self._most))
        self.setFixedHeight(lanes * ROW + AXIS + 2)
