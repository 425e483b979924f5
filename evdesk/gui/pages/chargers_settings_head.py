"""The head of the Settings tab: search, kinds, sections, how old the values are."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.pages.chargers_settings_model import ALL, CHANGED, VENDOR, WRITABLE, SettingsModel, group_word
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, Label, SearchField, Segmented
from evdesk.model import EvdeskError
from evdesk.wire.methods import OneCharger

COUNT_MS = 500


class SettingsHead(QWidget):
    """Filters the model while one types. `again_asked`: read from the charger."""

    again_asked = Signal()

    def __init__(self, model: SettingsModel, files: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.search = SearchField(tr("Search settings"), self)
        self.again = Button("", "refresh", parent=self, label=tr("Read all settings again (F5)"))
        self.more = Button("", "more", parent=self, menu=files, label=tr("Files and snapshots"))
        self.only = Segmented(parent=self)
        self.group = QComboBox(self)
        self.as_of = Label("", "small", "muted", self)
        self._lay_out()
        self.search.textChanged.connect(self.apply)
        self.only.changed.connect(self.apply)
        self.group.currentIndexChanged.connect(self.apply)
        self.again.clicked.connect(self.again_asked)
        model.staged_changed.connect(self.show_kinds)
        self.show_counts()

    def _lay_out(self) -> None:
        self.group.setAccessibleName(tr("Section"))
        self.group.setMinimumContentsLength(6)
        self.group.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 0)
        column.setSpacing(6)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(8)
            column.addLayout(row)
        first.addWidget(self.search, 1)
        first.addWidget(self.again)
        first.addWidget(self.more)
        second.addWidget(self.only)
        second.addWidget(self.group, 1)
        column.addWidget(self.as_of)
        self.as_of.hide()

    def show_as_of(self, at: float | None, now: float) -> None:
        """How old what is shown is; None: nothing is shown."""
        self.as_of.setVisible(at is not None)
        if at is not None:
            count = text.count(sum(self._model.groups().values()))
            ago = text.age(now - at)
            words = tr("{n} settings, as of {ago} ago") if now - at >= 10 else tr("{n} settings, just read")
            self.as_of.setText(words.format(n=count, ago=ago))

    def show_counts(self) -> None:
        """Other settings, or other staged ones: the numbers and sections follow."""
        self.show_kinds()
        groups = self._model.groups()
        chosen = self.group.currentData()
        self.group.blockSignals(True)
        self.group.clear()
        self.group.addItem(tr("All sections"), "")
        for name, count in groups.items():
            self.group.addItem(f"{group_word(name)} ({count})", name)
        self.group.setCurrentIndex(max(0, self.group.findData(chosen)))
        self.group.blockSignals(False)

    def show_kinds(self) -> None:
        counts = self._model.counts()
        words = ((ALL, tr("All")), (WRITABLE, tr("Writable")), (CHANGED, tr("Changed")), (VENDOR, tr("Vendor")))
        self.only.set_items([(key, f"{word} {counts[key]}") for key, word in words])
        self.only.updateGeometry()

    def apply(self) -> None:
        self._model.set_filter(self.search.text(), self.only.current(), self.group.currentData() or "")


class ReadCounter(QObject):
    """Asks the engine how far a read is, while it runs. `told(words)`."""

    told = Signal(str)

    def __init__(self, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._charger_id = ""
        self._timer = QTimer(self, interval=COUNT_MS)
        self._timer.timeout.connect(self._ask)

    def start(self, charger_id: str) -> None:
        self._charger_id = charger_id
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _ask(self) -> None:
        self._client.spawn(self._asked())

    async def _asked(self) -> None:
        try:
            came = (await self._client.call("settings.progress", OneCharger(self._charger_id))).reading
        except EvdeskError:
            return
        if came and self._timer.isActive():
            self.told.emit(tr("{n} came so far. Some chargers take half a minute.").format(n=text.count(came)))
