"""Let a charger join: its place in the site, in one sheet."""

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.models.needs import who_asks
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.model import Charger
from evdesk.wire.methods import Accept

ROTATIONS = ("", "RST", "STR", "TRS", "RTS", "SRT", "TSR")
"""Unknown, then the six ways to wire a charger (OCPP's letters: R = L1, S = L2, T = L3)."""


def rotation_words(rotation: str) -> str:
    """ "STR" as "L2 L3 L1 (STR)" """
    if not rotation:
        return tr("Not known")
    phases = " ".join({"R": "L1", "S": "L2", "T": "L3"}.get(letter, "?") for letter in rotation)
    return f"{phases} ({rotation})"


def next_label(mirror: Mirror) -> str:
    """The first "Bay N" that is free."""
    taken = {bay.label for bay in mirror.site.bays} if mirror.site is not None else set()
    return next(name for name in (tr("Bay {n}").format(n=n) for n in range(1, 10_000)) if name not in taken)


class AcceptSheet(Sheet):
    """`open()` or `await ask()`; the accept button calls `charger.accept` and says what the engine refuses."""

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, charger: Charger, parent: QWidget | None) -> None:
        super().__init__(tr("Let {id} join?").format(id=charger.id), theme, parent)
        self._client = client
        self._charger = charger
        self.say(who_asks(charger), muted=True)
        self.label = QLineEdit(charger.label or next_label(mirror))
        self.circuit = QComboBox()
        for circuit in mirror.site.circuits if mirror.site is not None else ():
            self.circuit.addItem(f"{circuit.name}, {max(circuit.rating_a):.0f} A", circuit.name)
        self.max_a = QDoubleSpinBox()
        self.max_a.setRange(6, 125)
        self.max_a.setDecimals(0)
        self.max_a.setValue(16)
        self.max_a.setSuffix(" A")
        self.phases = QComboBox()
        self.phases.addItem(tr("Three phases"), 3)
        self.phases.addItem(tr("One phase"), 1)
        self.rotation = QComboBox()
        for rotation in ROTATIONS:
            self.rotation.addItem(rotation_words(rotation), rotation)
        self._add_fields()
        self.label.selectAll()
        self.label.setFocus()
        self.cancel(tr("Not now"))
        self.deed(tr("Accept {id}").format(id=charger.id), self._accept)

    def _add_fields(self) -> None:
        self.field(tr("Name of the bay"), self.label)
        self.field(tr("Circuit"), self.circuit)
        self.field(tr("Fuse or cable"), self.max_a, tr("The smaller of the two, per phase."))
        self.field(tr("Outlet"), self.phases)
        self.field(
            tr("Site phases at its L1 L2 L3"),
            self.rotation,
            tr("Installers turn the phases from bay to bay. While it is not known, its current counts on every phase."),
        )

    def chosen(self) -> Accept:
        return Accept(
            self._charger.id,
            self.label.text().strip(),
            self.circuit.currentData() or "",
            self.rotation.currentData(),
            self.max_a.value(),
            self.phases.currentData(),
        )

    async def _accept(self) -> None:
        await self._client.call("charger.accept", self.chosen())
