"""Chips: icon, word and colour, always all three."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.sentences import Look
from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Painted

HEIGHT = 20


def chip_width(word: str, icon: str) -> float:
    return draw.width(word, "chip") + (icons.CHIP + 6 if icon else 0) + 16


def paint_chip(painter: QPainter, rect: QRectF, look: Look) -> None:
    """Draw a chip into `rect` (for delegates and tiles)."""
    now = theme.current()
    role = look.role if look.role != "text" else "muted"
    edge = now.color(role) if now.is_contrast else None
    draw.box(painter, rect, now.soft(role), edge, tokens.RADIUS_CHIP, 2 if now.is_contrast else 1)
    x = rect.left() + 8
    if look.icon:
        icons.paint(painter, look.icon, role, QRectF(x, rect.center().y() - 7, 14, 14))
        x += icons.CHIP + 6
    metrics = draw.metrics("chip")
    words = draw.elided(look.word, "chip", rect.right() - 4 - x)
    draw.text(painter, x, rect.center().y() + metrics.capHeight() / 2, words, "chip", role)


class Chip(Painted):
    """A state as icon, word and colour on its soft band. `bare` leaves the band away (for tables)."""

    def __init__(self, look: Look | None = None, parent: QWidget | None = None, *, bare: bool = False) -> None:
        super().__init__(parent)
        self._look = look or Look("", "", "muted")
        self._bare = bare
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_look(self._look)

    def look(self) -> Look:
        return self._look

    def set_look(self, look: Look) -> None:
        self._look = look
        self.setAccessibleName(look.word)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        pad = 16 if self._bare else 0
        return QSize(round(chip_width(self._look.word, self._look.icon) - pad + 0.5), HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRectF(self.rect())
        if not self._bare:
            paint_chip(painter, rect, self._look)
            return
        icons.paint(painter, self._look.icon, self._look.role, QRectF(0, rect.center().y() - 7, 14, 14))
        baseline = rect.center().y() + draw.metrics("chip").capHeight() / 2
        draw.text(painter, 20, baseline, self._look.word, "chip", self._look.role)
