"""The Chargers page: the table of all bays, and everything about the chosen one."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QModelIndex, Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from evdesk.gui import tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.chargers_detail import DetailPane
from evdesk.gui.pages.chargers_model import COLUMNS, ROW_ROLE, ChargersFilter, ChargersModel, ConnectorRow
from evdesk.gui.pages.chargers_table import ChargersTable, SumsLine
from evdesk.gui.settings import DeskSettings
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, EmptyState, Rule, SearchField, Segmented

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

WIDE_FROM = 1100
"""In a window narrower than this, list and pane are two pages."""
PANE_SHARE = 0.415
COLUMNS_KEY = f"chargers/columns/{len(COLUMNS)}"
"""Another number of columns starts afresh."""


class ChargersPage(Page):
    """`go("WB-02")` or `go("WB-02/1")` shows a charger; F5 asks it again, Ctrl+F filters, Escape goes back."""

    name = "chargers"
    icon = "charger"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self._key: tuple[str, int] | None = None
        self._opened = False
        self._recalled = False
        self.model = ChargersModel(mirror, self)
        self.proxy = ChargersFilter(self.model, self)
        self.filter = SearchField(tr("Filter"), self)
        self.segments = Segmented(parent=self)
        self.columns = Button("", "table", GHOST, self, label=tr("Choose columns"))
        self.table = ChargersTable(self.proxy, self)
        self.sums = SumsLine(self.table, self)
        self.empty = EmptyState("charger", "", "", tr("Connect a charger"), self)
        self.list = Card(parent=self, padding=0)
        self.detail = DetailPane(mirror, client, theme, self)
        self.connect_button = Button(tr("Connect a charger"), "plus")
        self._lay_out()
        self._wire()
        self.refresh()

    def _lay_out(self) -> None:
        self.list.body.setSpacing(0)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 7)
        tools.setSpacing(8)
        self.filter.setMaximumWidth(150)
        tools.addWidget(self.filter)
        tools.addWidget(self.segments)
        tools.addStretch(1)
        tools.addWidget(self.columns)
        self.list.body.addLayout(tools)
        self.list.body.addWidget(Rule(self))
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.list.body.addLayout(self._stack, 1)
        self.list.add_foot(self.sums)
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        row.setSpacing(tokens.GAP)
        row.addWidget(self.list)
        row.addWidget(self.detail)
        self.setTabOrder(self.filter, self.segments)
        self.setTabOrder(self.columns, self.table)

    def _wire(self) -> None:
        self.filter.textChanged.connect(self._filtered)
        self.segments.changed.connect(self._segment)
        self.columns.clicked.connect(self._choose_columns)
        self.table.selectionModel().currentRowChanged.connect(self._row_chosen)
        self.table.opened.connect(self._open)
        self.table.clicked.connect(self._open)
        self.detail.back.connect(self._close)
        self.detail.connector_chosen.connect(self.choose)
        self.connect_button.clicked.connect(self._connect)
        if self.empty.button is not None:
            self.empty.button.clicked.connect(self._empty_acted)
        self.mirror.changed.connect(self.refresh)
        for keys, act in (
            (QKeySequence.StandardKey.Find, self.filter.setFocus),
            (QKeySequence.StandardKey.Refresh, self.detail.read_again),
            (QKeySequence.StandardKey.Cancel, self._escape),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    # -- what the shell asks ------------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        known, asks = len(self.mirror.accepted()), len(self.mirror.pending())
        words = tr("{n} known").format(n=known)
        return f"{words}, {tr('{n} asks').format(n=asks)}" if asks else words

    def header_actions(self) -> list[QWidget]:
        return [self.connect_button]

    def on_shown(self) -> None:
        self._recall_columns()
        self.refresh()
        self.detail.set_front(True)

    def on_hidden(self) -> None:
        self.detail.set_front(False)
        self._keep_columns()

    def go(self, argument: object) -> None:
        """`charger id` or `charger id/connector id`; an unknown one leaves what is shown."""
        words = str(argument)
        charger_id, _, number = words.rpartition("/")
        exact = bool(charger_id) and number.isdigit() and charger_id in self.mirror.chargers
        row = self.model.find(charger_id, int(number)) if exact else self.model.find(words)
        if row is not None:
            self.choose(*row.key)
            self._show_detail(True)

    def place(self) -> object:
        return f"{self._key[0]}/{self._key[1]}" if self._key is not None else None

    # -- following ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take the mirror's state; called at most four times a second."""
        self.model.refresh()
        counts = self.proxy.counts()
        words = {"all": tr("All {n}"), "charging": tr("Charging {n}"), "needs": tr("Needs you {n}")}
        self.segments.set_items([(key, words[key].format(n=counts[key])) for key in words])
        self.sums.set_rows(self.model.rows)
        muted = not self.mirror.connected
        if self.table.cells.muted_all != muted:
            self.table.cells.muted_all = muted
            self.table.viewport().update()
            self.sums.update()
        self._show_list()
        self._show_chosen()

    def _show_list(self) -> None:
        if self.proxy.rowCount():
            self._stack.setCurrentWidget(self.table)
            return
        if self.model.rows:
            self.empty.set_words(tr("Nothing fits"), tr("No charger fits the filter."))
            word = tr("Show all")
        else:
            advice = tr("Type the address into your charger and it shows up here.")
            self.empty.set_words(tr("No charger yet"), advice)
            word = tr("Connect a charger")
        if self.empty.button is not None and self.empty.button.text() != word:
            self.empty.button.setText(word)
            self.empty.button.set_icon("x" if self.model.rows else "plus")
        self._stack.setCurrentWidget(self.empty)

    def _show_chosen(self) -> None:
        row = self.model.find(*self._key) if self._key is not None else None
        if row is None and self.model.rows:
            row = self.model.rows[0]
            self.choose(*row.key)
            return
        if row is None:
            self._key = None
            self.detail.show_none()
        else:
            self.detail.show_row(row, [one for one in self.model.rows if one.charger.id == row.charger.id])

    # -- choosing -----------------------------------------------------------------------------------------------------

    def choose(self, charger_id: str, connector_id: int) -> None:
        """Show this connector, and mark its row where the filter lets it be seen."""
        self._key = (charger_id, connector_id)
        place = next((i for i, row in enumerate(self.model.rows) if row.key == self._key), -1)
        index = self.proxy.mapFromSource(self.model.index(place, 0)) if place >= 0 else QModelIndex()
        if index.isValid() and self.table.currentIndex().row() != index.row():
            self.table.selectRow(index.row())
        self._show_chosen()

    def _row_chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        row = now.data(ROW_ROLE)
        if isinstance(row, ConnectorRow) and row.key != self._key:
            self._key = row.key
            self._show_chosen()

    def _filtered(self, typed: str) -> None:
        self.proxy.search(typed)
        self._after_filter()

    def _segment(self, key: str) -> None:
        self.proxy.set_segment(key)
        self._after_filter()

    def _after_filter(self) -> None:
        self._show_list()
        if self._key is not None:
            self.choose(*self._key)

    def _empty_acted(self) -> None:
        if not self.model.rows:
            self._connect()
            return
        self.filter.clear()
        self.segments.select("all")
        self._segment("all")

    def _connect(self) -> None:
        self.navigate.emit("connect", None)

    def _choose_columns(self) -> None:
        self.table.column_menu().popup(self.columns.mapToGlobal(self.columns.rect().bottomLeft()))

    # -- one or two pages ---------------------------------------------------------------------------------------------

    def _wide(self) -> bool:
        return self.window().width() >= WIDE_FROM

    def _show_detail(self, opened: bool) -> None:
        self._opened = opened
        wide = self._wide()
        self.list.setVisible(wide or not opened)
        self.detail.setVisible(wide or opened)
        self.detail.back_button.setVisible(not wide)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid() and not self._wide():
            self._show_detail(True)
            self.detail.back_button.setFocus()

    def _close(self) -> None:
        self._show_detail(False)
        self.table.setFocus()

    def _escape(self) -> None:
        if not self._wide() and self._opened:
            self._close()
        elif self.filter.text():
            self.filter.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * tokens.MARGIN - tokens.GAP
        if self._wide():
            self.detail.setFixedWidth(round(min(max(room * PANE_SHARE, 430), 720)))
        else:
            self.detail.setMinimumWidth(0)
            self.detail.setMaximumWidth(16_777_215)
        self._show_detail(self._opened)

    # -- columns ------------------------------------------------------------------------------------------------------

    def _settings(self) -> DeskSettings | None:
        """The window's settings; a page on its own has none."""
        found = getattr(self.window(), "settings", None)
        return found if isinstance(found, DeskSettings) else None

    def _recall_columns(self) -> None:
        settings = self._settings()
        state = settings.blob(COLUMNS_KEY) if settings is not None else QByteArray()
        if not state.isEmpty() and not self._recalled:
            self.table.horizontalHeader().restoreState(state)
        self._recalled = True

    def _keep_columns(self) -> None:
        settings = self._settings()
        if settings is not None and self._recalled:
            settings.put_blob(COLUMNS_KEY, self.table.horizontalHeader().saveState())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._keep_columns()
