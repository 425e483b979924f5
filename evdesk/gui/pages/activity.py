"""The Activity page: everything that was asked and answered, provably."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.activity_chain import ChainCard
from evdesk.gui.pages.activity_detail import ActivityDetail
from evdesk.gui.pages.activity_list import ActivityList
from evdesk.gui.pages.activity_model import ENTRY_ROLE
from evdesk.gui.pages.activity_words import Entry, key_of
from evdesk.gui.pages.base import Page
from evdesk.gui.text import tr

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

WIDE_FROM = 1100
"""In a window narrower than this, list and pane are two pages."""
PANE_SHARE = 0.31
TICK_MS = 5000


class ActivityPage(Page):
    """`go(row id)` shows that row, `go("WB-02")` everything done on that target."""

    name = "activity"
    icon = "activity"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self._started = False
        self._opened = False
        self.chain = ChainCard(mirror, client, self)
        self.list = ActivityList(mirror, client, self)
        self.model, self.table = self.list.model, self.list.table
        self.detail = ActivityDetail(mirror, client, self)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self.setMinimumSize(480, 360)
        row = QHBoxLayout()
        row.setSpacing(tokens.GAP)
        row.addWidget(self.list, 1)
        row.addWidget(self.detail)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        column.addWidget(self.chain)
        column.addLayout(row, 1)
        self._wire()

    def _wire(self) -> None:
        self.table.chosen.connect(self._chosen)
        self.table.clicked.connect(self._open)
        self.table.opened.connect(self._open)
        self.model.dataChanged.connect(self._changed)
        self.detail.navigate.connect(lambda charger_id: self.navigate.emit("chargers", charger_id))
        self.detail.row_wanted.connect(self.show_row)
        self.detail.back.connect(lambda: self._show_detail(False))
        self.chain.row_wanted.connect(self.show_row)
        self.chain.verdict_changed.connect(self._verdict)
        self.mirror.connection_changed.connect(self._connection)
        self._tick.timeout.connect(self.table.viewport().update)  # "Waiting" ends by itself
        for keys, act in (
            (QKeySequence.StandardKey.Find, self.list.search.setFocus),
            (QKeySequence.StandardKey.Refresh, self.list.begin),
            (QKeySequence.StandardKey.Cancel, self._escape),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    # -- what the shell asks ------------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        return tr("everything that was asked and answered")

    def on_shown(self) -> None:
        self._tick.start()
        self._begin()

    def on_hidden(self) -> None:
        self._tick.stop()

    def go(self, argument: object) -> None:
        words = str(argument)
        if words.isdigit() and words not in self.mirror.chargers:
            self.show_row(int(words))
        elif words:
            self.list.search.setText(self.list.label(words))

    def place(self) -> object:
        entry = self.detail.entry()
        return str(entry.key) if entry is not None else None

    # -- following ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """The first time somebody looks: read, and check the chain."""
        if not self._started and self.mirror.connected:
            self._started = True
            self.list.begin()
            self.chain.verify()

    def _connection(self, connected: bool) -> None:
        self.chain.refresh()
        if not connected:
            return
        if self._started:
            self.list.begin()
        elif self.isVisible():
            self._begin()

    def _verdict(self) -> None:
        one = self.chain.verdict
        if one is not None:
            time = text.clock(self.chain.checked_at)
            self.detail.checked = (tr("holds, checked {time}") if one.holds else tr("broken, {time}")).format(time=time)
            self.detail.show_entry(self.detail.entry())

    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        shown = self.detail.entry()
        row = self.model.row_of(shown.key) if shown is not None else -1
        if first.row() <= row <= last.row():
            self.detail.show_entry(self.model.entry_at(row))

    def _chosen(self, entry: object) -> None:
        if isinstance(entry, Entry):
            self.detail.show_entry(entry)

    def show_row(self, row_id: int) -> None:
        """Show this row's entry: selected in the list, or, where the filter hides it, in the pane."""
        near = next((row for row in self.detail.near if row.id == row_id), None)
        key = key_of(near) if near is not None else row_id
        if self.table.choose(key):
            self._show_detail(True)
        elif near is not None:
            asked = next((row for row in self.detail.near if row.id == key), near)
            self.detail.show_entry(Entry(key).joined(asked))
        else:
            self.list.seek(row_id)

    # -- one or two pages ---------------------------------------------------------------------------------------------

    def _open(self, index: QModelIndex) -> None:
        if index.data(ENTRY_ROLE) is not None and self.window().width() < WIDE_FROM:
            self._show_detail(True)

    def _escape(self) -> None:
        if self._opened and self.window().width() < WIDE_FROM:
            self._show_detail(False)
        else:
            self.list.search.clear()

    def _show_detail(self, opened: bool) -> None:
        self._opened = opened
        wide = self.window().width() >= WIDE_FROM
        self.list.setVisible(wide or not opened)
        self.chain.setVisible(wide or not opened)
        self.detail.setVisible(wide or opened)
        self.detail.back_button.setVisible(not wide)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * tokens.MARGIN
        if self.window().width() >= WIDE_FROM:
            pane = round(min(max(self.width() * PANE_SHARE, 320), 520))
            self.detail.setFixedWidth(pane)
            room -= pane + tokens.GAP
        else:
            self.detail.setMinimumWidth(0)
            self.detail.setMaximumWidth(16_777_215)
        self._show_detail(self._opened)
        self.list.fit(room)
