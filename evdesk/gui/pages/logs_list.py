"""The left card of the Logs page: what was fetched, newest first."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.logs_words import log_row, log_titles
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel
from evdesk.gui.text import tr
from evdesk.gui.widgets import Card, EmptyState, Rule, SearchField
from evdesk.model.jobs import LogFile

ROOMY = 340


class LogList(Card):
    """`chosen(LogFile)`; `fetch_asked()` from the empty state."""

    chosen = Signal(object)
    fetch_asked = Signal()

    def __init__(self, label: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._label = label
        self.logs: list[LogFile] = []
        self.search = SearchField(tr("Filter"), self)
        self.table = Grid(tr("Logs, newest first"), 50, self)
        self.rows = RowsModel(log_titles(), 3, self)
        self.empty = EmptyState("file", tr("No log yet"), "", tr("Fetch logs"))
        self.table.setItemDelegate(RowsDelegate(self.table))
        self.table.setModel(self.rows)
        self.table.set_widths((106, 64, 76, 84), 3)
        self.body.setContentsMargins(0, 0, 0, 6)
        self.body.setSpacing(0)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 7)
        tools.addWidget(self.search)
        self.body.addLayout(tools)
        self.body.addWidget(Rule(self))
        self.stack = QStackedLayout()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        self.body.addLayout(self.stack, 1)
        self.search.textChanged.connect(self._searched)
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        self.table.whole_rows()
        if self.empty.button is not None:
            self.empty.button.set_icon("import")
            self.empty.button.clicked.connect(self.fetch_asked)

    def show_logs(self, logs: Sequence[LogFile], now: float) -> None:
        self.logs = list(logs)
        self.rows.set_rows([log_row(log, self._label(log.charger_id), now) for log in logs])
        self._say_empty()

    def select(self, log_id: int) -> bool:
        """Mark the row of a log; False where it is not shown."""
        row = self.rows.row_of(str(log_id))
        if row >= 0 and row != self.table.currentIndex().row():
            self.table.selectRow(row)
        return row >= 0

    def fit(self, narrow: bool, wide: int) -> None:
        """In a narrow window the size gives way; before that, all columns stand closer."""
        self.table.setColumnHidden(2, narrow)
        for column, width in enumerate((90, 64, 76) if narrow else (92, 64, 74) if wide < ROOMY else (106, 64, 76)):
            self.table.setColumnWidth(column, width)

    def why_off(self, reason: str) -> None:
        if self.empty.button is not None:
            self.empty.button.why_off(reason)

    def _say_empty(self) -> None:
        filtered = bool(self.search.text())
        self.stack.setCurrentIndex(0 if self.rows.rows else 1)
        told = tr("Fetch one: the charger sends it here, and it is kept with its hash.")
        self.empty.set_words(tr("Nothing fits the filter") if filtered else tr("No log yet"), "" if filtered else told)
        if self.empty.button is not None:
            self.empty.button.setVisible(not filtered)

    def _searched(self, typed: str) -> None:
        key = self.rows.key(self.table.currentIndex().row())
        self.rows.search(typed)
        self._say_empty()
        if key:
            self.select(int(key))

    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        key = self.rows.key(index.row()) if index.isValid() else ""
        log = next((one for one in self.logs if str(one.id) == key), None)
        if log is not None:
            self.chosen.emit(log)
