"""Versions that were seen: one charger's as dots on a line, everybody's as a list."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from evdesk.gui import text, theme
from evdesk.gui.pages.chargers_grid import Grid, Index
from evdesk.gui.pages.firmware_words import seen_change, seen_look, seen_role, seen_words
from evdesk.gui.pages.tags_model import ROW, RowsDelegate, RowsModel, TableRow
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import MoreRows, draw
from evdesk.model.firmware import VersionSeen

LINE = 34
RING = 5.0


class LedgerDelegate(RowsDelegate):
    """Rows of a list whose columns `strong` are text, not of second rank."""

    def __init__(self, strong: tuple[int, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._strong = strong

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(ROW)
        if isinstance(row, TableRow) and index.column() in self._strong:
            self.words(painter, rect, row.cells[index.column()], "body", "text")
        else:
            super().paint_cell(painter, rect, index)


class _DotDelegate(QStyledItemDelegate):
    """A ring on a line, the time, and what happened."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, max(LINE, theme.current().control))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, model, view = index.data(ROW), index.model(), self.parent()
        if not isinstance(row, TableRow) or row.state is None or not isinstance(view, SeenDots):
            return
        rect: QRect = option.rect
        look, middle = theme.current(), rect.top() + rect.height() / 2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if view.hasFocus() and view.currentIndex() == index:
            painter.fillRect(rect, look.color("selection"))
        x = rect.left() + 21.0
        painter.setPen(look.pen("border", 2))
        if index.row() > 0:
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, middle - RING - 1))
        if index.row() < model.rowCount() - 1:
            painter.drawLine(QPointF(x, middle + RING + 1), QPointF(x, rect.bottom() + 1))
        painter.setPen(look.pen(row.state.role, 2))
        painter.setBrush(look.brush("surface"))
        painter.drawEllipse(QPointF(x, middle), RING, RING)
        base = middle + draw.metrics("small").capHeight() / 2
        draw.text(painter, x + 15, base, row.cells[0], "small", "muted")
        left = x + 15 + view.time_room() + 10
        room = rect.right() - 10 - left
        ink = "text" if row.key else "muted"
        draw.text(painter, left, base, draw.elided(row.cells[1], "small", room), "small", ink)
        painter.restore()


class SeenDots(QListView):
    """One charger's versions, newest first. `picked(job id)`: a line that a job stands behind was pressed."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RowsModel((tr("When"), tr("What")), 1, self)
        self.setModel(self.rows)
        self.setItemDelegate(_DotDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Versions of the charger"))
        self.more = MoreRows(self)
        self.more.watch_model()
        self.clicked.connect(self._pressed)
        theme.current().changed.connect(self.viewport().update)

    def show_rows(self, seen: Sequence[VersionSeen], now: float) -> None:
        rows = []
        for row in seen:
            when, said = text.since(row.at, now), seen_words(row)
            job = str(row.job_id) if row.job_id is not None else ""
            look = Look("dot", seen_look(row).word, seen_role(row))
            rows.append(TableRow(f"{row.id}/{job}", (when, said), text.moment(row.at, now), look))
        self.rows.set_rows(rows)

    def time_room(self) -> float:
        return max((draw.width(row.cells[0], "small") for row in self.rows.rows[:40]), default=40.0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pressed(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _pressed(self, index: QModelIndex) -> None:
        job = self.rows.key(index.row()).partition("/")[2] if index.isValid() else ""
        if job:
            self.picked.emit(int(job))


def seen_titles() -> tuple[str, ...]:
    return (tr("When"), tr("Charger"), tr("Version"), tr("How"), tr("Detail"), tr("Job"), tr("Serial"))


def seen_row(row: VersionSeen, label: str, now: float) -> TableRow:
    look = seen_look(row)
    job = str(row.job_id) if row.job_id is not None else ""
    cells = (text.moment(row.at, now), label, seen_change(row), look.word, row.detail, job, row.serial)
    return TableRow(str(row.id), cells, "", look, " ".join((*cells, row.charger_id)).casefold())


class SeenList(Grid):
    """Every change of a version, newest first. `picked(charger id)` on Return or a double click."""

    picked = Signal(str)

    def __init__(self, label: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(tr("Versions seen, newest first"), 36, parent)
        self._label = label
        self._chargers: dict[str, str] = {}
        self.rows = RowsModel(seen_titles(), 3, self)
        self.setItemDelegate(LedgerDelegate((1, 2, 4), self))
        self.setModel(self.rows)
        self.set_widths((150, 74, 140, 158, 150, 56, 116), 4)
        self.whole_rows()
        self.opened.connect(self._picked)

    def show_rows(self, seen: Sequence[VersionSeen], now: float) -> None:
        key = self.rows.key(self.currentIndex().row())
        self._chargers = {str(row.id): row.charger_id for row in seen}
        self.rows.set_rows([seen_row(row, self._label(row.charger_id), now) for row in seen])
        row = self.rows.row_of(key)
        if row >= 0:
            self.selectRow(row)

    def fit(self, room: int) -> None:
        self.setColumnHidden(6, room < 820)
        self.setColumnHidden(5, room < 620)

    def _picked(self, index: QModelIndex) -> None:
        key = self.rows.key(index.row()) if index.isValid() else ""
        if key in self._chargers:
            self.picked.emit(self._chargers[key])
