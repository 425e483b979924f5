"""How the audit log's rows look: headings across the table, icon and word for who and for the answer."""

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QRect, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from evdesk.gui.pages.activity_model import ANSWER, ENTRY_ROLE, HEADING_ROLE, ON, TIME, WHAT, WHO, WIDTHS, ActivityModel
from evdesk.gui.pages.activity_words import Entry, answer_words, where_words, who_icon
from evdesk.gui.pages.chargers_grid import PAD, CellDelegate, Grid, Index
from evdesk.gui.text import tr
from evdesk.gui.theme import current

ROW_HEIGHT = 36
HEADING_HEIGHT = 30
NARROW_BELOW = 640


class ActivityDelegate(CellDelegate):
    def __init__(self, now: Callable[[], float], parent: QWidget) -> None:
        super().__init__(parent)
        self._now = now

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        grid, heading = self.parent(), index.data(HEADING_ROLE)
        if heading is None or not isinstance(grid, Grid):
            super().paint(painter, option, index)
            return
        # Each cell paints its own part of the one line, so that partial repaints stay right.
        rect: QRect = option.rect
        theme = current()
        painter.save()
        painter.setClipRect(rect)
        painter.fillRect(rect, theme.color("raised"))
        painter.fillRect(rect.left(), rect.bottom() - theme.edge + 1, rect.width(), theme.edge, theme.color("border"))
        start = PAD - grid.horizontalScrollBar().value()
        self.words(
            painter, QRect(start, rect.top(), grid.viewport().width(), rect.height() - 1), heading, "chip", "text"
        )
        painter.restore()

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, Entry):
            return
        column = index.column()
        if column == WHO:
            self._who(painter, rect, entry)
        elif column == ANSWER:
            answer = answer_words(entry, self._now())
            ink = "text" if answer.role in ("ok", "info") else answer.role
            self.icon_words(painter, rect, answer.icon, answer.text, answer.role, "body", ink)
        else:
            font = "card" if column == WHAT else "body"
            self.words(painter, rect, str(index.data() or ""), font, "muted" if column == TIME else "text")

    def _who(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        row = entry.first
        used = self.icon_words(painter, rect, who_icon(row), row.who, "muted", "body", "text")
        rest = rect.adjusted(used + 7, 0, 0, 0)
        if rest.width() >= 24:
            self.words(painter, rest, where_words(row), "small", "muted")


class ActivityTable(Grid):
    """The list; headings are stepped over by the keyboard because they cannot be selected."""

    chosen = Signal(object)  # Entry or None

    def __init__(self, model: ActivityModel, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(tr("Activity, newest first"), ROW_HEIGHT, parent)
        self.setItemDelegate(ActivityDelegate(now, self))
        self.setModel(model)
        self.set_widths(WIDTHS, WHAT)
        self.horizontalHeader().setSortIndicatorShown(False)
        self.setColumnWidth(ON, WIDTHS[ON])
        model.rowsInserted.connect(self._size_headings)
        model.modelReset.connect(self._size_headings)
        self.selectionModel().currentRowChanged.connect(self._on_current)

    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        self.chosen.emit(now.data(ENTRY_ROLE))

    def _size_headings(self, _parent: QModelIndex | None = None, first: int = 0, last: int = -1) -> None:
        model = self.model()
        for row in range(first, last + 1):
            if model.index(row, 0).data(HEADING_ROLE) is not None:
                self.setRowHeight(row, HEADING_HEIGHT)

    def fit(self, room: int) -> None:
        """In a narrow list the deed keeps its words: where somebody sat goes first."""
        narrow = room < NARROW_BELOW
        self.setColumnWidth(WHO, 104 if narrow else WIDTHS[WHO])
        self.setColumnWidth(ANSWER, 158 if narrow else WIDTHS[ANSWER])

    def choose(self, key: int) -> bool:
        """Select the entry with this key; False where it is not listed."""
        model = self.model()
        row = model.row_of(key) if isinstance(model, ActivityModel) else -1
        if row >= 0:
            self.selectRow(row)
        return row >= 0

    def at_top(self) -> bool:
        return self.verticalScrollBar().value() == 0
