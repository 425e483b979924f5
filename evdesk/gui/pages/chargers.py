"""The Chargers page: the table of all bays, and everything about the chosen one."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from evdesk.gui import tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.chargers_detail import DetailPane
from evdesk.gui.pages.chargers_list import ChargersList
from evdesk.gui.pages.chargers_model import COLUMNS
from evdesk.gui.settings import DeskSettings
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button

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
        self.list = ChargersList(mirror, self)
        self.model = self.list.model
        self.detail = DetailPane(mirror, client, theme, self)
        self.connect_button = Button(tr("Connect a charger"), "plus")
        self.tags_button = Button(tr("Tags"), "tag")
        self.setMinimumSize(480, 360)
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        row.setSpacing(tokens.GAP)
        row.addWidget(self.list)
        row.addWidget(self.detail)
        self._wire()
        self.refresh()

    def _wire(self) -> None:
        self.list.chosen.connect(self.choose)
        self.list.opened.connect(self._open)
        self.list.connect_asked.connect(lambda: self.navigate.emit("connect", None))
        self.detail.back.connect(self._close)
        self.detail.navigate.connect(self.navigate)
        self.detail.connector_chosen.connect(self.choose)
        self.detail.bar.asked.connect(self.navigate)
        self.tags_button.clicked.connect(lambda: self.navigate.emit("tags", None))
        self.connect_button.clicked.connect(lambda: self.navigate.emit("connect", None))
        self.mirror.changed.connect(self._on_changed)
        for keys, act in (
            (QKeySequence.StandardKey.Find, self.list.filter.setFocus),
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
        return [self.tags_button, self.connect_button]

    def on_shown(self) -> None:
        settings = self._settings()
        if settings is not None and not self._recalled:
            self._recalled = True
            state = settings.blob(COLUMNS_KEY)
            if not state.isEmpty():
                self.list.recall_columns(state)
        self.refresh()
        self.detail.set_front(True)

    def on_hidden(self) -> None:
        self.detail.set_front(False)
        self._keep_columns()

    def go(self, argument: object) -> None:
        """`charger id` or `charger id/connector id`, with `#tab` behind it; an unknown one leaves what is shown."""
        words, _, tab = (
            str(argument).partition("#") if str(argument) not in self.mirror.chargers else (argument, "", "")
        )
        words = str(words)
        charger_id, _, number = words.rpartition("/")
        exact = bool(charger_id) and number.isdigit() and charger_id in self.mirror.chargers
        row = self.model.find(charger_id, int(number)) if exact else self.model.find(words)
        if row is not None:
            self.choose(*row.key)
            self._show_detail(True)
            if self.detail.tabs.has(tab):
                self.detail.show_tab(tab)

    def place(self) -> object:
        return f"{self._key[0]}/{self._key[1]}" if self._key is not None else None

    # -- following ----------------------------------------------------------------------------------------------------

    def _on_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Take the mirror's state; called at most four times a second."""
        self.list.refresh()
        self._show_chosen()

    def choose(self, charger_id: str, connector_id: int) -> None:
        """Show this connector, and mark its row."""
        self._key = (charger_id, connector_id)
        self.list.mark(self._key)
        self._show_chosen()

    def _show_chosen(self) -> None:
        row = self.model.find(*self._key) if self._key is not None else None
        if row is None and self.model.rows:
            self.choose(*self.model.rows[0].key)
        elif row is None:
            self._key = None
            self.detail.show_none()
        else:
            self.detail.show_row(row, [one for one in self.model.rows if one.charger.id == row.charger.id])

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
        self.list.table.setFocus()

    def _escape(self) -> None:
        if not self._wide() and self._opened:
            self._close()
        else:
            self.list.filter.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * tokens.MARGIN - tokens.GAP
        if self._wide():
            self.detail.setFixedWidth(round(min(max(room * PANE_SHARE, 430), 720)))
        else:
            self.detail.setMinimumWidth(0)
            self.detail.setMaximumWidth(16_777_215)
        self._show_detail(self._opened)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._keep_columns()

    def _settings(self) -> DeskSettings | None:
        """The window's settings; a page on its own has none."""
        found = getattr(self.window(), "settings", None)
        return found if isinstance(found, DeskSettings) else None

    def _keep_columns(self) -> None:
        settings = self._settings()
        if settings is not None and self._recalled:
            settings.put_blob(COLUMNS_KEY, self.list.columns_state())
