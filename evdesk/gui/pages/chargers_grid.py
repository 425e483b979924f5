"""The table both pages use: calm rows with a hairline, a selection edge, a focus ring, a header in the theme's colours.

Cells are painted by `CellDelegate` subclasses straight from the model's row object, without style sheet work per cell:
200 rows repaint in a few milliseconds.
"""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from evdesk.gui import icons
from evdesk.gui.theme import current
from evdesk.gui.widgets import MoreRows
from evdesk.gui.widgets.more import HINT

Index = QModelIndex | QPersistentModelIndex
PAD = 12
ROLE_ROLE = int(Qt.ItemDataRole.UserRole) + 100
"""Header data: the theme role of the title's colour."""


class GridHeader(QHeaderView):
    """Column titles: muted, or in the role that `ROLE_ROLE` names; a small arrow on the sorted one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionsMovable(True)
        self.setMinimumSectionSize(34)
        self.setFixedHeight(33)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        theme, model = current(), self.model()
        across = Qt.Orientation.Horizontal
        title = str(model.headerData(logicalIndex, across, Qt.ItemDataRole.DisplayRole) or "")
        role = model.headerData(logicalIndex, across, ROLE_ROLE) or "muted"
        align = model.headerData(logicalIndex, across, Qt.ItemDataRole.TextAlignmentRole)
        right = align is not None and bool(Qt.AlignmentFlag(align) & Qt.AlignmentFlag.AlignRight)
        painter.save()
        painter.fillRect(rect, theme.color("raised"))
        painter.fillRect(rect.left(), rect.bottom() - theme.edge + 1, rect.width(), theme.edge, theme.color("border"))
        painter.setFont(theme.font("chip" if role != "muted" else "small"))
        painter.setPen(theme.color(role))
        sorted_here = self.isSortIndicatorShown() and self.sortIndicatorSection() == logicalIndex
        left = PAD if self.visualIndex(logicalIndex) == 0 else 8
        inner = rect.adjusted(left, 0, -8, -1)
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, title)
        if sorted_here:
            wide = painter.fontMetrics().horizontalAdvance(title)
            x = inner.right() - wide - 15 if right else inner.left() + wide + 4
            down = self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
            icons.paint(
                painter, "chevron-down" if down else "chevron-up", "muted", QRectF(x, rect.center().y() - 5, 11, 11)
            )
        painter.restore()


class CellDelegate(QStyledItemDelegate):
    """Background, selection edge, hairline and focus ring; subclasses draw the inside in `paint_cell`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fonts: dict[str, QFont] = {}
        self._metrics: dict[str, QFontMetrics] = {}
        current().changed.connect(self._forget)

    def _forget(self) -> None:
        self._fonts.clear()
        self._metrics.clear()

    def font(self, kind: str) -> QFont:
        if kind not in self._fonts:
            self._fonts[kind] = current().font(kind)
        return self._fonts[kind]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        grid = self.parent()
        if not isinstance(grid, Grid):
            return
        theme = current()
        rect: QRect = option.rect
        selected = grid.is_selected_row(index.row())
        painter.save()
        if selected:
            painter.fillRect(rect, theme.color("selection"))
        elif grid.hover_row == index.row():
            painter.fillRect(rect, theme.color("raised"))
        painter.fillRect(rect.left(), rect.bottom() - theme.edge + 1, rect.width(), theme.edge, theme.color("border"))
        place = grid.horizontalHeader().visualIndex(index.column())
        if selected and place == 0:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), theme.color("accent"))
        left = PAD if place == 0 else 8
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_cell(painter, rect.adjusted(left, 0, -8, -1), index)
        painter.restore()

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """The inside of one cell."""
        self.words(painter, rect, str(index.data() or ""), "body", "text")

    def words(
        self, painter: QPainter, rect: QRect, text: str, font: str, role: str, right: bool = False, top: bool = False
    ) -> int:
        """One elided line; returns its width."""
        kind = self.font(font)
        if font not in self._metrics:
            self._metrics[font] = QFontMetrics(kind)
        metrics = self._metrics[font]
        wide = metrics.horizontalAdvance(text)
        if wide > rect.width():
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.setFont(kind)
        painter.setPen(current().color(role))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        up = Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect, side | up | Qt.TextFlag.TextSingleLine, text)
        return min(wide, rect.width())

    def two_lines(self, painter: QPainter, rect: QRect, first: str, second: str) -> None:
        """A name and, in second rank under it, what it is."""
        middle = rect.center().y()
        self.words(painter, QRect(rect.left(), middle - 17, rect.width(), 18), first, "name", "text")
        self.words(painter, QRect(rect.left(), middle, rect.width(), 17), second, "small", "muted")

    def icon_words(
        self, painter: QPainter, rect: QRect, icon: str, text: str, role: str, font: str, ink: str = ""
    ) -> int:
        """An icon in its role and a word, in the same role unless `ink` names another."""
        icons.paint(painter, icon, role, QRectF(rect.left(), rect.center().y() - 6.5, 14, 14))
        return 20 + self.words(painter, rect.adjusted(20, 0, 0, 0), text, font, ink or role)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, 36)


class Grid(QTableView):
    """Rows are selected whole and one at a time; Ctrl+C copies what is selected as tab separated text.

    `held` tells when the pointer comes and goes, so that a live order can wait. `opened` comes with Return or a double
    click.
    """

    held = Signal(bool)
    opened = Signal(QModelIndex)

    def __init__(self, name: str, row_height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hover_row = -1
        self._row_height = row_height
        self.setHorizontalHeader(GridHeader(self))
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(24)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.doubleClicked.connect(self.opened)
        self._measure()
        current().changed.connect(self._measure)

    def _measure(self) -> None:
        least = 48 if current().large else 0
        self.verticalHeader().setDefaultSectionSize(max(self._row_height, least))
        self.viewport().update()

    def whole_rows(self, counts: Callable[[int], bool] | None = None) -> None:
        """No row is cut at the end: how many more there are stands there. `counts(row)`: False for a head."""
        self.more = MoreRows(self, counts)
        self.more.watch_model()

    def rows_height(self, most: int) -> int:
        """Of the head and all rows; or of as many whole rows as fit into `most` with the words that there are more."""
        rows, header = self.verticalHeader(), self.horizontalHeader()
        high = 0 if header.isHidden() else header.height()
        if high + rows.length() <= most:
            return high + rows.length()
        for number in range(rows.count()):
            if high + rows.sectionSize(number) + HINT > most:
                break
            high += rows.sectionSize(number)
        return high + HINT

    def set_widths(self, widths: Sequence[int], stretch: int) -> None:
        """Column widths in logical pixels; the column `stretch` takes what is left."""
        header = self.horizontalHeader()
        for column, width in enumerate(widths):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)

    def is_selected_row(self, row: int) -> bool:
        model = self.selectionModel()
        return model is not None and model.currentIndex().row() == row and model.isRowSelected(row, QModelIndex())

    def copied(self) -> str:
        """The selected rows, visible columns only, as tab separated text with a line of titles."""
        header, model = self.horizontalHeader(), self.model()
        columns = [header.logicalIndex(i) for i in range(header.count())]
        columns = [c for c in columns if not self.isColumnHidden(c)]
        titles = [str(model.headerData(c, Qt.Orientation.Horizontal) or "") for c in columns]
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        lines = [[str(model.index(row, c).data() or "").replace("\t", " ") for c in columns] for row in rows]
        return "\n".join("\t".join(line) for line in [titles, *lines])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.copied())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() != self.State.EditingState:
            self.opened.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(event.position().toPoint().y()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Enter:
            self.held.emit(True)
        elif event.type() == QEvent.Type.Leave:
            self._hover(-1)
            self.held.emit(False)
        return super().viewportEvent(event)

    def _hover(self, row: int) -> None:
        if row != self.hover_row:
            self.hover_row = row
            self.viewport().update()

    def paintEvent(self, event: Any) -> None:
        super().paintEvent(event)
        if self.hasFocus() and self.currentIndex().isValid():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(QColor(current().color("accent")), 2))
            top = self.rowViewportPosition(self.currentIndex().row())
            height = self.rowHeight(self.currentIndex().row())
            painter.drawRect(QRect(QPoint(1, top + 1), QSize(self.viewport().width() - 3, height - 3)))
            painter.end()
