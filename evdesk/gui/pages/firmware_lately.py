"""The newest changes of versions in a few columns, where a large window has the room."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text, theme
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.firmware_history import LedgerDelegate
from evdesk.gui.pages.firmware_words import seen_change, seen_look
from evdesk.gui.pages.tags_model import RowsModel, TableRow
from evdesk.gui.text import tr
from evdesk.gui.widgets import Label, Painted, Rule
from evdesk.model.firmware import VersionSeen

MOST = 30


class LatelyPanel(Painted):
    """`picked(charger id)` on Return or a double click."""

    picked = Signal(str)

    def __init__(self, label: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        self.grid = Grid(tr("Changed lately"), 30, self)
        self.rows = RowsModel((tr("When"), tr("Charger"), tr("Version"), tr("How")), 3, self)
        self.grid.setItemDelegate(LedgerDelegate((1, 2), self.grid))
        self.grid.setModel(self.rows)
        self.grid.set_widths((86, 74, 178, 150), 3)
        self.grid.whole_rows()
        head = QHBoxLayout()
        head.setContentsMargins(12, 9, 8, 8)
        head.addWidget(Label(tr("Changed lately"), "chip", parent=self))
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Rule(self))
        column.addLayout(head)
        column.addWidget(self.grid, 1)
        self.grid.opened.connect(self._opened)

    def show_rows(self, seen: Sequence[VersionSeen], now: float) -> None:
        rows = []
        for row in seen[:MOST]:
            look = seen_look(row)
            cells = (text.since(row.at, now), self._label(row.charger_id), seen_change(row), look.word)
            rows.append(TableRow(f"{row.id}/{row.charger_id}", cells, "", look))
        self.rows.set_rows(rows)

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        """A hairline at the left: it stands beside the strip."""
        look = theme.current()
        QPainter(self).fillRect(0, 0, look.edge, self.height(), look.color("border"))

    def _opened(self, index: QModelIndex) -> None:
        charger_id = self.rows.key(index.row()).partition("/")[2]
        if charger_id:
            self.picked.emit(charger_id)
