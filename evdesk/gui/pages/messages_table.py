"""How exchanges look in the table: time, direction, who, what and its answer, how long, verdict."""

from PySide6.QtCore import QModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from evdesk.gui import icons
from evdesk.gui.pages.chargers_grid import CellDelegate, Grid, Index
from evdesk.gui.pages.messages_model import (
    ACTION,
    CHARGER,
    LATENCY,
    ROW_ROLE,
    TIME,
    VERDICT,
    WAY,
    WIDTHS,
    ExchangesModel,
)
from evdesk.gui.pages.messages_words import action_words, answer_words, verdict_look
from evdesk.gui.text import tr
from evdesk.wire.messages import ExchangeRow

ROW_HEIGHT = 36
NARROW_BELOW = 560
SLOW_MS = 5_000.0
"""A latency from here on is written strongly."""


class ExchangesDelegate(CellDelegate):
    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, ExchangeRow):
            return
        column = index.column()
        if column == WAY:
            came = row.direction == "in"
            box = QRectF(rect.left(), rect.center().y() - 7.5, 16, 16)
            icons.paint(painter, "arrow-left" if came else "arrow-right", "muted" if came else "accent", box)
        elif column == ACTION:
            self._action(painter, rect, row)
        elif column == LATENCY:
            slow = (row.latency_ms or 0.0) >= SLOW_MS
            role = "danger" if row.verdict == "timeout" else "warn" if slow else "muted"
            self.words(painter, rect, str(index.data()), "chip" if slow else "body", role, right=True)
        elif column == VERDICT:
            look = verdict_look(row)
            self.icon_words(painter, rect, look.icon, look.word, look.role, "chip")
        else:
            font = "card" if column == CHARGER else "body"
            self.words(painter, rect, str(index.data()), font, "muted" if column == TIME else "text")

    def _action(self, painter: QPainter, rect: QRect, row: ExchangeRow) -> None:
        used = self.words(painter, rect, action_words(row), "control", "text")
        answer = answer_words(row)
        rest = rect.adjusted(used, 0, 0, 0)
        if answer and rest.width() > 30:
            self.words(painter, rest, f" · {answer}", "body", "muted")


class ExchangesTable(Grid):
    """`chosen(row or None)`; `near_top()` when one has scrolled to its top and more may be above."""

    chosen = Signal(object)
    near_top = Signal()

    def __init__(self, model: ExchangesModel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Messages, newest first"), ROW_HEIGHT, parent)
        self._model = model
        self._wanted: int | None = None
        self._keeping = False
        self._value = 0
        self.following = True
        self.setItemDelegate(ExchangesDelegate(self))
        self.setModel(model)
        self.set_widths(WIDTHS, ACTION)
        self.horizontalHeader().setSortIndicatorShown(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.verticalHeader().setSectionResizeMode(self.verticalHeader().ResizeMode.Fixed)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._recall)
        model.rowsAboutToBeInserted.connect(self._about)
        model.dropping.connect(self._dropping)
        model.rowsInserted.connect(self._inserted)
        model.rowsRemoved.connect(self._removed)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def fit(self, room: int) -> None:
        """In a narrow list the verdict keeps its icon, the time its place."""
        narrow = room < NARROW_BELOW
        self.setColumnWidth(VERDICT, 104 if narrow else WIDTHS[VERDICT])
        self.setColumnWidth(LATENCY, 74 if narrow else WIDTHS[LATENCY])

    def choose(self, number: int) -> bool:
        """Select the exchange with this id; False where it is not listed."""
        place = self._model.row_of(number)
        if place >= 0:
            self.selectRow(place)
            self.scrollTo(self._model.index(place, 0))
        return place >= 0

    def at_top(self) -> bool:
        return self.verticalScrollBar().value() == 0

    def span(self) -> tuple[float, float] | None:
        """The times of the rows that are seen, older first."""
        first = self._model.row_at(max(0, self.rowAt(0)))
        last = self._model.row_at(self.rowAt(self.viewport().height() - 1)) or self._model.row_at(
            self._model.rowCount() - 1
        )
        return (last.at, first.at) if first is not None and last is not None else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Home and self._model.rowCount():
            self.scrollToTop()
            self.selectRow(0)
        elif event.key() == Qt.Key.Key_End and self._model.rowCount():
            self.selectRow(self._model.rowCount() - 1)
        elif event.key() == Qt.Key.Key_Space:
            event.ignore()  # pause belongs to the page
        else:
            super().keyPressEvent(event)

    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        if not self._keeping:
            self.chosen.emit(now.data(ROW_ROLE))

    def _remember(self) -> None:
        row = self.currentIndex().data(ROW_ROLE)
        self._keeping = True
        self._wanted = row.id if isinstance(row, ExchangeRow) else None

    def _recall(self) -> None:
        """The same exchange stays chosen where the new rows hold it."""
        self._keeping = False
        wanted, self._wanted = self._wanted, None
        place = self._model.row_of(wanted) if wanted is not None else -1
        if place >= 0:
            self._keeping = True
            self.selectRow(place)
            self._keeping = False
        if self.following:
            self.scrollToTop()

    def _about(self, *_: object) -> None:
        """Rows come or go: while Qt counts them anew, the scroll bar forgets where it was."""
        self._value = self.verticalScrollBar().value()

    def _dropping(self, first: int, last: int) -> None:
        """Qt would choose the row after a chosen one that goes, and scroll to it: nothing is chosen then, and what is
        shown beside the list stays."""
        self._about()
        if first <= self.currentIndex().row() <= last:
            self._keeping = True
            self.setCurrentIndex(QModelIndex())
            self._keeping = False

    def _inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        """Rows put above what one reads would move it: the view moves with them, but where one follows the newest."""
        above = first == 0 and last + 1 < self._model.rowCount() and not (self.following and self._value == 0)
        self._settle(last - first + 1 if above else 0)

    def _removed(self, _parent: QModelIndex, first: int, last: int) -> None:
        """The same for rows let go above it."""
        self._settle(first - last - 1 if first == 0 else 0)

    def _settle(self, rows: int) -> None:
        """Scrolled as before, and by so many rows further down."""
        self.updateGeometries()
        self.verticalScrollBar().setValue(max(0, self._value + rows * self.verticalHeader().defaultSectionSize()))

    def _scrolled(self, value: int) -> None:
        if value < self.viewport().height():
            self.near_top.emit()
