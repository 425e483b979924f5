"""The Chargers table: how its cells look, the sums under it, and which columns are shown."""

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget

from evdesk.gui import text
from evdesk.gui.pages.chargers_grid import PAD, CellDelegate, Grid, Index
from evdesk.gui.pages.chargers_model import COLUMNS, PLACES, ROW_ROLE, ChargersFilter, ConnectorRow, limit_words
from evdesk.gui.pages.chargers_words import short_reason
from evdesk.gui.text import tr
from evdesk.gui.theme import current

ROW_HEIGHT = 50
_PHASES = {"l1": 0, "l2": 1, "l3": 2}


class ChargersDelegate(CellDelegate):
    """`muted_all` while the engine is lost: figures are old, so none stands in black."""

    muted_all = False

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, ConnectorRow):
            return
        key = COLUMNS[index.column()].key
        if key == "charger":
            self._name(painter, rect, row)
        elif key == "state":
            look = row.state
            self.icon_words(painter, rect, look.icon, look.word, "muted" if self.muted_all else look.role, "chip")
        elif key in _PHASES:
            value = row.amps[_PHASES[key]]
            quiet = self.muted_all or value is None or value < 0.05 or not row.placed
            self.words(painter, rect, str(index.data()), "body", "muted" if quiet else "text", True)
        elif key == "limit":
            quiet = self.muted_all or not row.online or not row.connector.limit_a
            self.words(painter, rect, limit_words(row), "body", "muted" if quiet else "text", right=True)
        elif key == "why":
            look = short_reason(row.charger, row.connector)
            self.words(painter, rect, look.word, "small", "muted" if self.muted_all else look.role)
        else:
            self.words(painter, rect, str(index.data()), "body", "muted", right=COLUMNS[index.column()].right)

    def _name(self, painter: QPainter, rect: QRect, row: ConnectorRow) -> None:
        theme = current()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.charger(row.colour))
        painter.drawRoundedRect(QRectF(rect.left(), rect.center().y() - 5, 10, 10), 2.5, 2.5)
        self.two_lines(painter, rect.adjusted(19, 0, 0, 0), row.label, row.second)


class ChargersTable(Grid):
    """Rows of `ChargersFilter`; titles sort, a right click on them chooses columns."""

    def __init__(self, proxy: ChargersFilter, parent: QWidget | None = None) -> None:
        super().__init__(tr("Chargers"), ROW_HEIGHT, parent)
        self.cells = ChargersDelegate(self)
        self.setItemDelegate(self.cells)
        self.setModel(proxy)
        header = self.horizontalHeader()
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.set_widths([column.width for column in COLUMNS], PLACES["why"])
        for number, column in enumerate(COLUMNS):
            self.setColumnHidden(number, not column.shown)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._menu_at)
        self.held.connect(proxy.hold)

    def _menu_at(self, at: QPoint) -> None:
        self.column_menu().popup(self.horizontalHeader().mapToGlobal(at))

    def column_menu(self) -> QMenu:
        """A menu with one tick per column; the name of the charger always stays."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number, column in enumerate(COLUMNS[1:], start=1):
            action = QAction(column.title(), menu)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(number))
            action.setData(number)
            menu.addAction(action)
        menu.triggered.connect(self._toggle)
        return menu

    def _toggle(self, action: QAction) -> None:
        self.setColumnHidden(int(action.data()), not action.isChecked())


class SumsLine(QWidget):
    """Under the table: how many charge, ampere per phase in the same columns, power."""

    def __init__(self, table: ChargersTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._rows: list[ConnectorRow] = []
        self.setFixedHeight(40)
        table.horizontalHeader().sectionResized.connect(self.update)
        table.horizontalHeader().sectionMoved.connect(self.update)
        table.horizontalScrollBar().valueChanged.connect(self.update)

    def set_rows(self, rows: list[ConnectorRow]) -> None:
        if rows != self._rows:
            self._rows = rows
            self.setAccessibleName(self.words())
            self.update()

    def sums(self) -> tuple[float, float, float]:
        """Ampere per phase of all that is known and placed on a phase."""
        known = [row.amps for row in self._rows if row.placed]
        return tuple(sum(a[n] or 0.0 for a in known) for n in range(3))  # type: ignore[return-value]

    def unknown(self) -> int:
        """How many rows are missing in the sums."""
        return sum(1 for row in self._rows if not row.placed or row.amps == (None, None, None))

    def words(self) -> str:
        l1, l2, l3 = (text.number(value) for value in self.sums())
        charging = sum(row.charging for row in self._rows)
        return tr("{n} of {all} charging, {l1} A on L1, {l2} A on L2, {l3} A on L3").format(
            n=charging, all=len(self._rows), l1=l1, l2=l2, l3=l3
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, header = current(), self._table.horizontalHeader()
        painter = QPainter(self)
        painter.setPen(theme.color("muted" if self._table.cells.muted_all else "text"))
        painter.setFont(theme.font("card"))
        middle = Qt.AlignmentFlag.AlignVCenter
        charging = sum(row.charging for row in self._rows)
        words = tr("{n} of {all} charging").format(n=charging, all=len(self._rows))
        painter.drawText(self.rect().adjusted(PAD, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | middle, words)
        right = 0
        for key, value in zip(("l1", "l2", "l3"), self.sums(), strict=True):
            if not self._table.isColumnHidden(PLACES[key]):
                left, width = header.sectionViewportPosition(PLACES[key]), header.sectionSize(PLACES[key])
                cell = QRect(left, 0, width - 8, self.height())
                painter.drawText(cell, Qt.AlignmentFlag.AlignRight | middle, text.number(value))
                right = max(right, left + width)
        watts = [row.power_w for row in self._rows if row.power_w is not None]
        power = text.power(sum(watts)) if watts else text.unknown()
        tail = tr("A per phase, {power}").format(power=power)
        if self.unknown():
            tail = tr("A, {power}; {n} unknown").format(power=power, n=self.unknown())
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("muted"))
        painter.drawText(self.rect().adjusted(right + 14, 0, -8, 0), Qt.AlignmentFlag.AlignLeft | middle, tail)
        painter.end()
