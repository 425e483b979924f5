"""Why a charger will not connect: everything evdesk can tell about an attempt, to read before or without one."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY, Label

FIRST = (
    (
        "Cable and switch",
        "The light beside the network socket is on at both ends; charger and computer are on the same network.",
    ),
    ("The address", "As it stands on this page, with “ws://” or “wss://” in front. Check it letter by letter."),
    ("Another backend", "Many chargers talk with one backend only. Take the old entry out."),
    ("Restart", "Some dial again only after minutes, or only after a restart."),
    ("Firewall", "The list “Is this computer ready?” says whether this computer lets chargers in."),
    ("Name instead of address", "A name needs a working DNS on the charger's network. Try the plain address."),
    ("Guest Wi-Fi", "Guest networks often keep devices from each other. Use a cable."),
    ("Mobile network", "A charger with a SIM card does not see this computer. Give it a cable or Wi-Fi."),
)
"""What leaves no trace here, because nothing arrives."""


class WontConnectSheet(Sheet):
    """What to look at while nobody shows up in the list."""

    def __init__(self, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("When it will not connect"), theme, parent)
        self.say(tr("If it does not show up in the list at all, nothing of it arrives here. Look at these, in order:"))
        held = QWidget()
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(2)
        for number, (title, text) in enumerate(FIRST, 1):
            column.addWidget(Label(f"{number}. {tr(title)}", "card", parent=held))
            told = Label(tr(text), "body", "muted", held, wrap=True, selectable=True)
            told.setContentsMargins(16, 0, 0, 6)
            column.addWidget(told)
        last = tr("If it shows up, its line says what is wrong and what to do; the arrow opens the details.")
        column.addWidget(Label(last, parent=held, wrap=True))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(held)
        scroll.setMinimumHeight(380)
        self.add(scroll)
        self.button(tr("Close"), DONE, PRIMARY, default=True)
