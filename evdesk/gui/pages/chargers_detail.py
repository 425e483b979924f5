"""The detail pane: who this charger is, what one can do to it, and five tabs about it."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_abilities import AbilitiesTab
from evdesk.gui.pages.chargers_actionbar import ActionBar
from evdesk.gui.pages.chargers_findings import FindingsTab
from evdesk.gui.pages.chargers_live import LiveTab
from evdesk.gui.pages.chargers_messages import MessagesTab
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.pages.chargers_profiles import ProfilesTab
from evdesk.gui.pages.chargers_settings import SettingsTab
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme, current
from evdesk.gui.widgets import GHOST, Button, Card, Chip, ElidedLabel, EmptyState, Label, Painted, Tabs

Follower = SettingsTab | ProfilesTab | MessagesTab | AbilitiesTab | FindingsTab
"""A tab that follows the chosen connector: `show_row` and `read`."""


class Swatch(Painted):
    """A charger's colour; its name always stands beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = 0
        self.setFixedSize(QSize(12, 12))

    def set_index(self, index: int) -> None:
        self._index = index
        self.update()

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current().charger(self._index))
        painter.drawRoundedRect(QRectF(self.rect()), 2.5, 2.5)


class DetailPane(Card):
    """`show_row` follows one connector. `back()` when the pane is a page of its own and one wants the list again."""

    back = Signal()
    connector_chosen = Signal(str, int)
    navigate = Signal(str, object)

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror = mirror
        self._row: ConnectorRow | None = None
        self._front = False
        self.swatch = Swatch(self)
        self.name = Label("", "page", parent=self)
        self.made = ElidedLabel("", "body", "muted", self)
        self.chip = Chip(parent=self)
        self.back_button = Button("", "arrow-left", GHOST, self, label=tr("Back to the list"))
        self.back_button.clicked.connect(self.back)
        self.bar = ActionBar(mirror, client, theme, self)
        self.tabs = Tabs(
            [
                ("live", tr("Live")),
                ("settings", tr("Settings")),
                ("profiles", tr("Profiles")),
                ("messages", tr("Messages")),
                ("abilities", tr("Abilities")),
                ("findings", tr("Findings")),
            ],
            self,
        )
        self.live = LiveTab(mirror, client, self)
        self.settings = SettingsTab(mirror, client, self)
        self.profiles = ProfilesTab(mirror, client, self)
        self.messages = MessagesTab(mirror, client, self)
        self.abilities = AbilitiesTab(mirror, client, self)
        self.findings = FindingsTab(mirror, client, self)
        self.followers: dict[str, Follower] = {
            "settings": self.settings,
            "profiles": self.profiles,
            "messages": self.messages,
            "abilities": self.abilities,
            "findings": self.findings,
        }
        self.live.connector_chosen.connect(self.connector_chosen)
        self.messages.navigate.connect(self.navigate)
        self.findings.navigate.connect(self.navigate)
        self.pages = QStackedWidget(self)
        self.outer = QStackedWidget(self)
        self.empty = EmptyState("charger", tr("No charger chosen"), tr("Choose one in the list."), parent=self)
        self._lay_out()
        self.tabs.changed.connect(self.show_tab)
        self.show_none()

    def _lay_out(self) -> None:
        self.body.setSpacing(0)
        self.body.setContentsMargins(0, 0, 0, 7)  # tables stay off the round corners
        held = QWidget(self)
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(14, 12, 14, 0)
        head.setSpacing(8)
        head.addWidget(self.back_button)
        head.addWidget(self.swatch)
        head.addWidget(self.name)
        head.addWidget(self.made, 1)
        head.addWidget(self.chip)
        self.back_button.hide()
        column.addLayout(head)
        middle = QVBoxLayout()
        middle.setContentsMargins(14, 9, 14, 5)
        middle.addWidget(self.bar)
        column.addLayout(middle)
        strip = QHBoxLayout()
        strip.setContentsMargins(6, 0, 0, 0)
        strip.addWidget(self.tabs)
        column.addLayout(strip)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.live)
        scroll.viewport().setAutoFillBackground(False)
        self.live.setAutoFillBackground(False)
        self.pages.addWidget(scroll)
        for page in self.followers.values():
            self.pages.addWidget(page)
        column.addWidget(self.pages, 1)
        self.outer.addWidget(held)
        self.outer.addWidget(self.empty)
        self.body.addWidget(self.outer)
        again = QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self)
        again.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.activated.connect(self.read_again)

    def show_none(self) -> None:
        self._row = None
        self.live.set_front(False)
        self.outer.setCurrentWidget(self.empty)

    def show_row(self, row: ConnectorRow, siblings: list[ConnectorRow]) -> None:
        """Follow this connector; `siblings` are all rows of its charger. Called again on every change."""
        self._row = row
        self.outer.setCurrentIndex(0)
        self.swatch.set_index(row.colour)
        self.name.setText(row.label)
        self.made.setText(text.reasons(row.charger.id, row.made))
        look = row.state if self._mirror.connected else Look(row.state.icon, row.state.word, "muted")
        if self.chip.look() != look:
            self.chip.set_look(look)
        self.bar.show_row(row)
        found = row.charger.findings
        self.tabs.set_badge("findings", str(found) if found else "")
        self.live.show_row(row, siblings)
        for page in self.followers.values():
            page.show_row(row)
        self.live.set_front(self._front and self.tabs.current() == "live")

    def row(self) -> ConnectorRow | None:
        return self._row

    def set_front(self, front: bool) -> None:
        """The page came to the front or went."""
        self._front = front
        self.live.set_front(front and self._row is not None and self.tabs.current() == "live")

    def show_tab(self, key: str) -> None:
        self.tabs.select(key)
        self.pages.setCurrentIndex(["live", *self.followers].index(key))
        self.live.set_front(self._front and key == "live")
        if key == "messages":
            self.messages.read()
        elif key != "live" and self._row is not None:
            self.followers[key].show_row(self._row)

    def read_again(self) -> None:
        """F5: ask the device or the engine again for what this tab shows."""
        key = self.tabs.current()
        page: Follower | LiveTab = self.followers.get(key) or self.live
        page.read()
