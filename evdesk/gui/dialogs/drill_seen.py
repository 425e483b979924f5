"""What a charger was seen to do without a drill, and the way to say that it is mended."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, Label
from evdesk.model import EvdeskError
from evdesk.model.drills import Drill
from evdesk.wire.method import OneCharger


class SeenRow(QWidget):
    """Hidden until `show_seen`. What was seen counts until a drill, or a person, says otherwise."""

    def __init__(self, charger_id: str, client: Client, parent: QWidget) -> None:
        super().__init__(parent)
        self._charger_id, self._client = charger_id, client
        self.words = Label("", "small", "muted", self, wrap=True, selectable=True)
        self.mended = Button(tr("It is mended"), "check", parent=self, dense=True)
        self.mended.setAutoDefault(False)
        self.mended.clicked.connect(self._mend)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.words, 1)
        row.addWidget(self.mended)
        self.hide()

    def show_seen(self, seen: Drill) -> None:
        """`seen`: of the kind that nobody began."""
        self.words.setText(
            tr("{seen} It counts as unable to fall back until it passes a drill, or you say that it is mended.").format(
                seen=seen.sentence
            )
        )
        self.show()

    def _mend(self) -> None:
        self._client.spawn(self._said())

    async def _said(self) -> None:
        self.mended.setEnabled(False)
        try:
            await self._client.call("failsafe.mended", OneCharger(self._charger_id))
        except EvdeskError as error:
            self.words.setText(error.sentence)
            self.mended.setEnabled(True)
            return
        self.mended.hide()
        self.words.setText(tr("Written down. It is prepared anew; a drill shows whether it is so."))
