"""Is this computer ready for chargers? What evdesk knows about it, and nothing it would have to guess."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtNetwork import QNetworkInterface
from PySide6.QtWidgets import QGridLayout, QWidget

from evdesk.gui import icons
from evdesk.gui.mirror import Mirror
from evdesk.gui.sentences import Look
from evdesk.gui.text import age, limit, tr
from evdesk.gui.widgets import Button, Card, Label, Picture


@dataclass(frozen=True, slots=True)
class Check:
    """One row: state, what is checked, what was found, and the shell's deed that mends it."""

    look: Look
    found: str
    word: str = ""
    verb: str = ""


def _ok(name: str) -> Look:
    return Look("check-circle", name, "ok")


def _warn(name: str) -> Look:
    return Look("warning", name, "warn")


def lifetime_s(address: str) -> float | None:
    """How long this computer may still keep the address; None = for ever, or the system does not tell."""
    for one in QNetworkInterface.allInterfaces():
        for entry in one.addressEntries():
            if entry.ip().toString() == address and entry.isLifetimeKnown():
                left = entry.validityLifetime()
                return None if left.isForever() else left.remainingTime() / 1000
    return None


def checks(mirror: Mirror, url: str, lease_s: float | None) -> list[Check]:
    """What helps or hinders the first charger, for the address a person is about to type."""
    info, site = mirror.info, mirror.site
    if info is None or site is None or not mirror.connected:
        return [Check(Look("octagon", tr("Listening"), "danger"), tr("the engine does not answer"))]
    parts = urlsplit(url)
    listening = tr("port {port} is open for chargers").format(port=parts.port or 80)
    found = [Check(_ok(tr("Listening")), listening)]
    if lease_s is not None:
        told = tr("{address} is lent for {age}; a fixed one is safer, chargers keep it")
        found.append(Check(_warn(tr("Address")), told.format(address=parts.hostname, age=age(lease_s))))
    if site.assumed:
        told = tr("not entered: 16 A is assumed")
        found.append(Check(_warn(tr("Main fuse")), told, tr("Enter it"), "site_setup"))
    else:
        main = next((c for c in site.circuits if not c.parent), None)
        rating = limit(max(main.rating_a)) if main is not None else "?"
        found.append(Check(_ok(tr("Main fuse")), tr("{rating} per phase").format(rating=rating)))
    if info.accept_unknown:
        found.append(Check(_warn(tr("New chargers")), tr("join unasked: for labs only")))
    else:
        found.append(Check(_ok(tr("New chargers")), tr("wait until a person accepts them")))
    return found


class ReadyCard(Card):
    """The checks as rows. `asked(verb)` when a row's button is pressed."""

    asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Is this computer ready?"), parent, padding=12)
        self._shown: list[Check] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        self.body.addLayout(self._grid)

    def show_checks(self, found: list[Check]) -> None:
        if found == self._shown:
            return
        self._shown = found
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, check in enumerate(found):
            self._grid.setRowMinimumHeight(row, 28)
            middle = Qt.AlignmentFlag.AlignVCenter
            self._grid.addWidget(Picture(check.look.icon, check.look.role, icons.ROW, self), row, 0, middle)
            self._grid.addWidget(Label(check.look.word, "card", parent=self), row, 1, middle)
            self._grid.addWidget(Label(check.found, "small", "muted", self, wrap=True, selectable=True), row, 2, middle)
            if check.verb:
                button = Button(check.word, parent=self, dense=True)
                button.clicked.connect(lambda _=False, verb=check.verb: self.asked.emit(verb))
                self._grid.addWidget(button, row, 3, middle)
