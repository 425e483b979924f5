"""The lower edge of what scrolls: a list shows whole rows, a column whole cards, and both say that there is more."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QAbstractSlider, QScrollArea, QWidget

from evdesk.gui import icons, theme
from evdesk.gui.text import tr
from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Painted

HINT = 24
"""Height of the words "3 more"."""
LEAST_CARD = 64
"""A card of which less is to be seen is none: its head alone says nothing."""


@runtime_checkable
class Lines(Protocol):
    """A painted widget of several lines."""

    def cut_at(self, y: int) -> int:
        """The top of the line that `y` goes through; `y` between two lines."""


def _hint(painter: QPainter, rect: QRectF, words: str) -> None:
    """A small arrow down and the words, in the middle."""
    wide = 18 + draw.width(words, "small")
    left, middle = rect.center().x() - wide / 2, rect.center().y()
    icons.paint(painter, "chevron-down", "muted", QRectF(left, middle - 6, 12, 12))
    draw.text(painter, left + 18, middle + draw.metrics("small").capHeight() / 2, words, "small", "muted")


class MoreBelow(Painted):
    """Closes the card that is cut by the end of `area`, as long as something is below; lets the pointer through.

    With `hint`: a card of which no more than the head is to be seen is covered, and it is said that there is more."""

    def __init__(self, area: QScrollArea, *, hint: bool = False) -> None:
        super().__init__(area)
        self._area, self._hints = area, hint
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        area.verticalScrollBar().valueChanged.connect(self.place)
        area.verticalScrollBar().rangeChanged.connect(self.place)
        area.installEventFilter(self)
        self.place()

    def place(self) -> None:
        bar, line = self._area.verticalScrollBar(), theme.current().edge
        self.setVisible(bar.value() < bar.maximum())
        high = self._height() if self._hints else line
        self.setGeometry(0, self._area.height() - high, self._area.viewport().width(), high)
        self.raise_()

    def _height(self) -> int:
        """Of the hint, and of what little is to be seen of the last card."""
        inside: QWidget | None = self._area.widget()
        if inside is None:
            return HINT
        end = self._area.height()
        for card in inside.children():
            if isinstance(card, QWidget) and card.isVisibleTo(inside):
                top = card.mapTo(self._area, QPoint()).y()
                if end - LEAST_CARD <= top < end < top + card.height():
                    return max(HINT, end - top)
                if top < end < top + card.height():
                    return end - self._cut(card, end - HINT)
        return HINT

    def _cut(self, card: QWidget, limit: int) -> int:
        """So high up that no line of the card is cut: at `limit`, or at the top of what that goes through."""
        found = limit
        for part in card.findChildren(QWidget):
            top = part.mapTo(self._area, QPoint()).y()
            if not part.isVisibleTo(card) or not top < limit < top + part.height():
                continue
            if isinstance(part, Lines):
                found = min(found, top + part.cut_at(limit - top))
            elif part.height() <= LEAST_CARD and not part.findChild(QWidget):
                found = min(found, top)
        return found

    def _theme_changed(self) -> None:
        super()._theme_changed()
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        if self._hints:
            painter.fillRect(self.rect(), look.color("window"))
            _hint(painter, QRectF(self.rect()).adjusted(0, look.edge, 0, 0), tr("More"))
        painter.fillRect(0, 0, self.width(), look.edge, look.color("border"))


class MoreRows(Painted):
    """Over the last row of `view` where it is cut: how many more there are. A press goes one page on.

    `counts(row)`: whether a row is one of those that are counted; a head is none. `line`: something else follows."""

    def __init__(
        self, view: QAbstractItemView, counts: Callable[[int], bool] | None = None, *, line: bool = False
    ) -> None:
        super().__init__(view)
        self._view, self._counts, self._line = view, counts, line
        self.rows = 0
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        bar = view.verticalScrollBar()
        bar.valueChanged.connect(self.place)
        bar.rangeChanged.connect(self.place)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.place)
        view.viewport().installEventFilter(self)
        self.hide()

    def watch_model(self) -> None:
        """After the view got its model."""
        model = self._view.model()
        for told in (model.modelReset, model.rowsInserted, model.rowsRemoved, model.layoutChanged):
            told.connect(self._soon.start)

    def place(self) -> None:
        view, bar = self._view, self._view.verticalScrollBar()
        room = view.viewport().geometry()
        last = view.indexAt(QPoint(2, room.height() - 1))
        shown = view.visualRect(last)
        if bar.value() >= bar.maximum() or not last.isValid() or shown.bottom() < room.height():
            self.hide()
            return
        below = range(last.row(), view.model().rowCount())
        self.rows = sum(self._counts is None or self._counts(row) for row in below)
        top = room.top() + max(0, shown.top())
        self.setGeometry(room.left(), top, room.width(), room.bottom() - top + 1)
        self.show()
        self.raise_()
        self.update()

    def words(self) -> str:
        return tr("{n} more").format(n=self.rows) if self.rows else tr("More")

    def copy_text(self) -> str:
        return ""

    def sizeHint(self) -> QSize:
        return QSize(80, HINT)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._soon.start()
        return False

    def mousePressEvent(self, event: object) -> None:
        self._view.verticalScrollBar().triggerAction(QAbstractSlider.SliderAction.SliderPageStepAdd)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.current().color("surface"))
        if self.height() >= HINT - 6:
            _hint(painter, QRectF(self.rect()), self.words())
        if self._line:
            edge = theme.current().edge
            painter.fillRect(0, self.height() - edge, self.width(), edge, theme.current().color("border"))
