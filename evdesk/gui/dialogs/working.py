"""A sheet that stays open while it does things: each button works on its own and says what came of it."""

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import NORMAL, Button, Card, Label
from evdesk.model import EvdeskError

Act = Callable[[], Coroutine[Any, Any, None]]


class WorkingSheet(Sheet):
    """Cards in a scrolling column. `section` adds one; `act_button` a button that runs a coroutine: it is off while it
    runs, and an error stands above the sheet's own buttons."""

    def __init__(self, title: str, client: Client, theme: Theme, parent: QWidget | None, *, height: int = 460) -> None:
        super().__init__(title, theme, parent)
        self.client = client
        self.setMinimumWidth(660)
        held = QWidget()
        self.column = QVBoxLayout(held)
        self.column.setContentsMargins(0, 0, 8, 0)
        self.column.setSpacing(12)
        self.column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(held)
        scroll.setMinimumHeight(height)
        self.add(scroll)
        self._box.setStretchFactor(scroll, 100)  # the sheet's own stretch gets nothing
        room = parent.height() - 80 if parent is not None else 760
        self.resize(680, max(height + 160, min(760, room)))
        self.told = Label("", "small", "ok", wrap=True)
        self.told.hide()
        self.add(self.told)

    def section(self, title: str) -> Card:
        card = Card(title)
        self.column.insertWidget(self.column.count() - 1, card)
        return card

    def row(self, card: Card, *widgets: QWidget) -> QHBoxLayout:
        """Widgets side by side at the foot of a card."""
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in widgets:
            row.addWidget(widget)
        row.addStretch(1)
        card.body.addLayout(row)
        return row

    def act_button(self, word: str, icon: str, act: Act, variant: str = NORMAL) -> Button:
        button = Button(word, icon, variant)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.start(button, act))
        return button

    def close_button(self) -> None:
        self.button(tr("Close"), DONE, NORMAL, default=True)

    def start(self, button: Button | None, act: Act) -> None:
        """Run `act` now; `button` is off until it ends."""
        if button is not None:
            button.setEnabled(False)
        self.fail("")
        self.tell("")
        self.client.spawn(self._run(button, act))

    def tell(self, sentence: str) -> None:
        """Say what went well."""
        self.told.setText(sentence)
        self.told.setVisible(bool(sentence))

    async def _run(self, button: Button | None, act: Act) -> None:
        try:
            await act()
        except EvdeskError as error:
            self.fail(error.sentence)
        finally:
            if button is not None:
                button.setEnabled(True)
