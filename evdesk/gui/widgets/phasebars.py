"""Bars: three small ones per charger, and a wide one against a rating."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from evdesk.gui import theme, tokens
from evdesk.gui.text import amps
from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Painted
from evdesk.model import NO_PHASES, PHASES, Phases


def paint_phase_bars(painter: QPainter, rect: QRectF, current: Phases, limit_a: float | None, max_a: float) -> None:
    """Three upright bars with names under them; the limit is a line across each that carries current."""
    look = theme.current()
    pitch = rect.width() / 3
    bar = min(15.0, pitch - 6)
    tall = rect.height() - 14
    for i, value in enumerate(current):
        left = rect.left() + pitch * i + (pitch - bar) / 2
        draw.box(painter, QRectF(left, rect.top(), bar, tall), look.color("sunken"), None, 2)
        live = value is not None and value >= 0.5
        if value is not None and live:
            high = min(1.0, value / max_a) * tall
            draw.box(painter, QRectF(left, rect.top() + tall - high, bar, high), look.phase(i), None, 2)
        if live and limit_a:
            y = rect.top() + tall * (1 - min(1.0, limit_a / max_a))
            painter.fillRect(QRectF(left - 2, y - 1, bar + 4, 2), look.color("text"))
        kind, role = ("chartBold", "text") if live else ("chart", "muted")
        wide = draw.width(PHASES[i], kind)
        draw.text(painter, left + bar / 2 - wide / 2, rect.bottom() - 1, PHASES[i], kind, role)


class PhaseBars(Painted):
    """Current of one connector per phase as three small bars with its limit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._current: Phases = NO_PHASES
        self._limit: float | None = None
        self._max = 16.0
        self.setFixedSize(66, 48)

    def set(self, current: Phases, limit_a: float | None, max_a: float) -> None:
        self._current, self._limit, self._max = current, limit_a, max(max_a, 1.0)
        words = ", ".join(f"{name} {amps(value)}" for name, value in zip(PHASES, current, strict=True))
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_phase_bars(QPainter(self), QRectF(self.rect()), self._current, self._limit, self._max)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar: ampere, colour role, hatched or filled."""

    amps: float
    role: str
    hatched: bool = False


class RatingBar(Painted):
    """Parts against a rating: the track is `room` times the rating, the rating a red tick in it."""

    def __init__(self, parent: QWidget | None = None, *, room: float = 1.11, height: int = 14) -> None:
        super().__init__(parent)
        self._parts: tuple[Part, ...] = ()
        self._rating = 0.0
        self._room = room
        self._bar = height
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set(self, parts: tuple[Part, ...], rating_a: float) -> None:
        if (parts, rating_a) != (self._parts, self._rating):
            self._parts, self._rating = parts, rating_a
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, self._bar + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        track = QRectF(0, (self.height() - self._bar) / 2, self.width(), self._bar)
        draw.box(painter, track, look.color("sunken"), None, tokens.RADIUS_BAR)
        total = sum(part.amps for part in self._parts)
        scale = track.width() / max(self._rating * self._room, total * 1.02, 1.0)
        x = 0.0
        for part in self._parts:
            wide = part.amps * scale
            rect = QRectF(x, track.top(), max(0.0, wide - 1.0), track.height())
            if part.hatched and wide >= 3:
                draw.hatch(painter, rect, look.color(part.role))
            elif wide > 0:
                draw.box(painter, rect, look.color(part.role), None, 2 if wide > 4 else 0)
            x += wide
        if self._rating > 0:
            at = self._rating * scale
            painter.fillRect(QRectF(at - 1, track.top() - 4, 2, self._bar + 8), look.color("limit"))
