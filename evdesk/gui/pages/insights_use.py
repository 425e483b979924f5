"""How much each charger is used: the time a car was there, the time it charged, and the energy."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import text, theme, tokens
from evdesk.gui.pages.insights_words import energy, percent
from evdesk.gui.text import tr
from evdesk.gui.widgets import Painted, draw
from evdesk.wire.insights import ChargerUse

ROW, ROW_MOST = 34, 76
TWO_LINES = 46
EDGE = 4
NAME, VALUE = 80, 76


class UseArea(QScrollArea):
    """The bars in as much room as there is; more of them than fit scroll."""

    def __init__(self, bars: "UseBars", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars = bars
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(12, EDGE, 12, EDGE)
        inner.addWidget(bars)
        inner.addStretch(1)
        self.setWidget(holder)
        self.viewport().setAutoFillBackground(False)
        holder.setAutoFillBackground(False)

    def fit(self) -> None:
        self._bars.set_room(self.viewport().height() - 2 * EDGE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


class UseBars(Painted):
    """One row per connector in the order of the bays; `chosen(charger_id)` on a click."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._uses: list[ChargerUse] = []
        self._places: list[int] = []
        self._row_h = ROW
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def show_uses(self, uses: list[ChargerUse], places: list[int]) -> None:
        """`places`: of each charger in the site, for its colour."""
        if (uses, places) == (self._uses, self._places):
            return
        self._uses, self._places = uses, places
        said = (
            tr("{name} charged {part} of the time, {energy}").format(
                name=use.label, part=percent(use.utilisation), energy=energy(use.energy_wh)
            )
            for use in uses
        )
        self.setAccessibleName("; ".join(said))
        self._measure()
        self.update()

    def set_room(self, height: int) -> None:
        """As much as there is: few rows grow, many scroll."""
        row = min(max(height // max(len(self._uses), 1), ROW), ROW_MOST)
        if row != self._row_h:
            self._row_h = row
            self._measure()

    def _measure(self) -> None:
        self.setFixedHeight(max(self._row_h * len(self._uses), 1))

    def sizeHint(self) -> QSize:
        return QSize(280, max(self._row_h * len(self._uses), 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        first, last = event.rect().top() // self._row_h, event.rect().bottom() // self._row_h
        for i in range(max(first, 0), min(last + 1, len(self._uses))):
            self._row(painter, i, self._uses[i])

    def _row(self, painter: QPainter, i: int, use: ChargerUse) -> None:
        look = theme.current()
        mid = self._row_h * (i + 0.5)
        cap = draw.metrics("small").capHeight()
        colour = look.charger(self._places[i]) if self._places[i] >= 0 else look.color("muted")
        two = self._row_h >= TWO_LINES
        draw.box(painter, QRectF(0, mid - 4.5 - (7 if two else 0), 9, 9), colour, None, 2)
        name = draw.elided(use.label, "small", NAME - 6)
        draw.text(painter, 15, mid + cap / 2 - (7 if two else 0), name, "small", "text")
        if two:
            charges = tr("{n} charges").format(n=text.count(use.sessions))
            draw.text(painter, 15, mid + cap / 2 + 8, draw.elided(charges, "chart", NAME - 6), "chart", "muted")
        left, right = 15.0 + NAME, self.width() - VALUE - 8.0
        track = QRectF(left, mid - 5, max(right - left, 10.0), 10)
        edge = look.color("border") if look.is_contrast else None
        draw.box(painter, track, look.color("sunken"), edge, tokens.RADIUS_BAR)
        for part, alpha in ((use.occupied, 0.35), (use.utilisation, 1.0)):
            if part:
                fill = QRectF(track.left(), track.top(), track.width() * min(part, 1.0), track.height())
                soft = colour if alpha == 1.0 else look.mix(self._role(i), "sunken", alpha)
                draw.box(painter, fill, soft, None, tokens.RADIUS_BAR)
        draw.text_right(painter, self.width(), mid - 2, percent(use.utilisation), "chip", "text")
        draw.text_right(painter, self.width(), mid + 11, energy(use.energy_wh), "chart", "muted")

    def _role(self, i: int) -> str:
        return f"charger:{self._places[i] % 8}" if self._places[i] >= 0 else "muted"

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        i = int(event.position().y()) // self._row_h
        if event.button() is Qt.MouseButton.LeftButton and 0 <= i < len(self._uses):
            self.chosen.emit(self._uses[i].charger_id)
