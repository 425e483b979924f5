"""The left card of the Chargers page: filter, segments with counts, the table, the sums under it."""

from PySide6.QtCore import QByteArray, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_model import ROW_ROLE, ChargersFilter, ChargersModel, ConnectorRow
from evdesk.gui.pages.chargers_table import ChargersTable, SumsLine
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, EmptyState, Rule, SearchField, Segmented

Key = tuple[str, int]


class ChargersList(Card):
    """`chosen(charger id, connector id)` when a person moved to another row, `opened()` on Return, a double click or
    a click. `connect_asked()` from the empty list."""

    chosen = Signal(str, int)
    opened = Signal(QModelIndex)
    connect_asked = Signal()

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror = mirror
        self._leaving = False
        self.model = ChargersModel(mirror, self)
        self.proxy = ChargersFilter(self.model, self)
        # Before the view hears of it: a row that a filter takes away must not lead the pane to its neighbour.
        self.proxy.rowsAboutToBeRemoved.connect(lambda: self._set_leaving(True))
        self.proxy.rowsRemoved.connect(lambda: self._set_leaving(False))
        self.filter = SearchField(tr("Filter"), self)
        self.segments = Segmented(parent=self)
        self.columns = Button("", "table", GHOST, self, label=tr("Choose columns"))
        self.table = ChargersTable(self.proxy, self)
        self.sums = SumsLine(self.table, self)
        self.empty = EmptyState("charger", "", "", tr("Connect a charger"), self)
        self._lay_out()
        self.filter.textChanged.connect(self._filtered)
        self.segments.changed.connect(self.set_segment)
        self.columns.clicked.connect(self._choose_columns)
        self.table.selectionModel().currentRowChanged.connect(self._row_chosen)
        self.table.opened.connect(self.opened)
        self.table.clicked.connect(self.opened)
        if self.empty.button is not None:
            self.empty.button.clicked.connect(self._empty_acted)
        self._key: Key | None = None

    def _lay_out(self) -> None:
        self.body.setSpacing(0)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 7)
        tools.setSpacing(8)
        self.filter.setMaximumWidth(150)
        tools.addWidget(self.filter)
        tools.addWidget(self.segments)
        tools.addStretch(1)
        tools.addWidget(self.columns)
        self.body.addLayout(tools)
        self.body.addWidget(Rule(self))
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.body.addLayout(self._stack, 1)
        self.add_foot(self.sums)

    def refresh(self) -> None:
        """Take the mirror's state; rows are changed in place."""
        self.model.refresh()
        counts = self.proxy.counts()
        words = {"all": tr("All {n}"), "charging": tr("Charging {n}"), "needs": tr("Needs you {n}")}
        self.segments.set_items([(key, words[key].format(n=counts[key])) for key in words])
        self.sums.set_rows(self.model.rows)
        muted = not self._mirror.connected
        if self.table.cells.muted_all != muted:
            self.table.cells.muted_all = muted
            self.table.viewport().update()
            self.sums.update()
        self._show_rows()

    def mark(self, key: Key | None) -> None:
        """Select the row of this connector where the filter lets it be seen. Does not signal."""
        self._key = key
        place = next((i for i, row in enumerate(self.model.rows) if row.key == key), -1)
        index = self.proxy.mapFromSource(self.model.index(place, 0)) if place >= 0 else QModelIndex()
        if not index.isValid():
            self.table.clearSelection()
        elif not self.table.is_selected_row(index.row()):
            self.table.selectRow(index.row())

    def set_segment(self, key: str) -> None:
        self.segments.select(key)
        self.proxy.set_segment(key)
        self._after_filter()

    def columns_state(self) -> QByteArray:
        """Order, widths and choice of columns, to be kept."""
        return self.table.horizontalHeader().saveState()

    def recall_columns(self, state: QByteArray) -> None:
        self.table.horizontalHeader().restoreState(state)
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)

    def _show_rows(self) -> None:
        if self.proxy.rowCount():
            self._stack.setCurrentWidget(self.table)
            return
        some = bool(self.model.rows)
        if some:
            self.empty.set_words(tr("Nothing fits"), tr("No charger fits the filter."))
        else:
            advice = tr("Type the address into your charger and it shows up here.")
            self.empty.set_words(tr("No charger yet"), advice)
        word = tr("Show all") if some else tr("Connect a charger")
        if self.empty.button is not None and self.empty.button.text() != word:
            self.empty.button.setText(word)
            self.empty.button.set_icon("eye" if some else "plus")
        self._stack.setCurrentWidget(self.empty)

    def _set_leaving(self, leaving: bool) -> None:
        self._leaving = leaving

    def _row_chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        row = now.data(ROW_ROLE)
        if isinstance(row, ConnectorRow) and row.key != self._key and not self._leaving:
            self._key = row.key
            self.chosen.emit(*row.key)

    def _filtered(self, typed: str) -> None:
        self.proxy.search(typed)
        self._after_filter()

    def _after_filter(self) -> None:
        self._show_rows()
        self.mark(self._key)

    def _empty_acted(self) -> None:
        if not self.model.rows:
            self.connect_asked.emit()
            return
        self.filter.clear()
        self.set_segment("all")

    def _choose_columns(self) -> None:
        self.table.column_menu().popup(self.columns.mapToGlobal(self.columns.rect().bottomLeft()))
