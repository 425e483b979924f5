"""The Settings tab: as last read at once, read again on demand, edited in place, written together, read back."""

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import DONE
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_actionbar import ReportLine
from evdesk.gui.pages.chargers_actions import Report, failed, why_off
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.pages.chargers_settings_edit import ListSheet, SettingsDelegate
from evdesk.gui.pages.chargers_settings_files import SettingsFiles
from evdesk.gui.pages.chargers_settings_head import ReadCounter, SettingsHead
from evdesk.gui.pages.chargers_settings_model import SETTING_ROLE, VALUE, Line, SettingsModel
from evdesk.gui.pages.chargers_settings_sheets import ReviewSheet
from evdesk.gui.pages.chargers_settings_write import Writer
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import GHOST, PRIMARY, Button, EmptyState, Label, Strip
from evdesk.model import EvdeskError, Setting
from evdesk.model.settings import PlannedSetting, SettingsView
from evdesk.wire.methods import OneCharger

ROW_HEIGHT = 44
READ_S = 330.0
"""An inventory of 2.x may come for five minutes."""


class SettingsTable(Grid):
    """Edits in the row; a list with known words opens a sheet of its own (`list_asked`)."""

    list_asked = Signal(object)

    def __init__(self, model: SettingsModel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Settings of the charger"), ROW_HEIGHT, parent)
        self.setItemDelegate(SettingsDelegate(self))
        self.setModel(model)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.set_widths((232, 110, 96), VALUE)
        self.horizontalHeader().setSortIndicatorShown(False)
        self.opened.connect(self.edit_row)

    def edit_row(self, index: QModelIndex) -> None:
        place = index.siblingAtColumn(VALUE)
        line = place.data(SETTING_ROLE) if place.isValid() else None
        if not isinstance(line, Line) or not place.flags() & Qt.ItemFlag.ItemIsEditable:
            return
        if line.setting.type == "list" and line.setting.choices:
            self.list_asked.emit(line)
        else:
            self.edit(place)


class StagedBar(Strip):
    """How many changes wait; away while none does."""

    def __init__(self, model: SettingsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent, 48)
        self._model = model
        self.waiting = Label("", "card", parent=self)
        self.discard = Button(tr("Discard"), "", GHOST, self, dense=True)
        self.write = Button(tr("Review and write"), "check", PRIMARY, self, dense=True)
        self.row.addWidget(self.waiting, 1)
        self.row.addWidget(self.discard)
        self.row.addWidget(self.write)
        self.discard.clicked.connect(model.discard)
        self.hide()

    def show_state(self, reason: str, writing: bool) -> None:
        """`reason`: why nothing can be written now."""
        count = len(self._model.staged())
        self.setVisible(count > 0)
        words = tr("{n} changes wait") if count != 1 else tr("{n} change waits")
        self.waiting.setText(words.format(n=count))
        busy = tr("Writing now.") if writing else ""
        self.write.why_off(reason or busy)
        self.discard.why_off(busy)


class SettingsTab(QWidget):
    """Nothing is read from the charger before this tab is looked at; F5 reads again."""

    wrote = Signal(str, str)  # name, value as read back

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self._row: ConnectorRow | None = None
        self._read_for = self._reading = self._known_for = ""
        self._at: float | None = None
        self.model = SettingsModel(self)
        self.files = SettingsFiles(mirror, client, self)
        self.head = SettingsHead(self.model, self.files.menu, self)
        self.report = ReportLine(self)
        self.table = SettingsTable(self.model, self)
        self.empty = EmptyState("settings", "", "", parent=self)
        self.bar = StagedBar(self.model, self)
        self.reset = Button(tr("Soft reset now"), "refresh", parent=self, dense=True)
        self.writer = Writer(client, self.model, self)
        self._counter = ReadCounter(client, self)
        self._lay_out()
        self._wire()

    def _wire(self) -> None:
        self.head.again_asked.connect(self.read)
        self.reset.clicked.connect(self._restart)
        self.bar.write.clicked.connect(self.review)
        self.model.staged_changed.connect(self._show_staged)
        self.model.refused.connect(self._refused)
        self.table.list_asked.connect(self._edit_list)
        self.files.said.connect(self._say)
        self.files.agreed.connect(self._stage_all)
        self.writer.said.connect(self._say)
        self.writer.wrote.connect(self.wrote)
        self.writer.reboots.connect(self.reset.show)
        self._counter.told.connect(self._came)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.head)
        said = QHBoxLayout()
        said.setContentsMargins(14, 0, 12, 0)
        said.addWidget(self.report, 1)
        said.addWidget(self.reset)
        column.addLayout(said)
        self.stack = QStackedLayout()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        column.addLayout(self.stack, 1)
        column.addWidget(self.bar)
        self.report.hide()
        self.reset.hide()

    # -- following ------------------------------------------------------------------------------------------------

    def show_row(self, row: ConnectorRow) -> None:
        other = self._row is None or self._row.charger.id != row.charger.id
        self._row = row
        if other:
            self._read_for = self._known_for = ""
            self._at = None
            self.files.charger_id = row.charger.id
            self.model.clear()
            self.report.hide()
            self.reset.hide()
        self.model.protocol = row.charger.protocol
        reason = self._why_off("settings")
        self.head.again.why_off(reason or (tr("Asked; waits for the answer.") if self._reading else ""))
        self.model.may_write = not self._why_off("write")
        self.head.show_as_of(self._at, self._mirror.now())
        self._show_staged()
        if not self.model.groups():
            self._show_empty(reason)
        if self.isVisible() and self._known_for != row.charger.id and self._mirror.connected:
            self._known_for = row.charger.id
            self._client.spawn(self._recall(row.charger.id))
        if self.isVisible() and self._read_for != row.charger.id and not reason:
            self.read()

    def _why_off(self, deed: str) -> str:
        row = self._row
        return why_off(deed, row.charger, row.connector, self._mirror.connected) if row is not None else ""

    def _is(self, charger_id: str) -> bool:
        return self._row is not None and self._row.charger.id == charger_id

    def _show_empty(self, reason: str) -> None:
        if self._reading:
            self.empty.set_words(tr("Reading the settings"), tr("Some chargers take half a minute."))
        else:
            self.empty.set_words(tr("No settings read"), reason or tr("F5 reads them from the charger."))
        self.stack.setCurrentWidget(self.empty)

    def _show_staged(self) -> None:
        self.bar.show_state(self._why_off("write"), self.writer.busy)

    # -- reading --------------------------------------------------------------------------------------------------

    async def _recall(self, charger_id: str) -> None:
        """What the engine remembers, before the charger has answered."""
        try:
            view: SettingsView = await self._client.call("settings.last", OneCharger(charger_id))
        except EvdeskError:
            return
        if self._is(charger_id) and view.settings and self._at is None:
            self._take(list(view.settings), view.at, view.before)

    def read(self) -> None:
        """Ask the charger for all settings; one question at a time."""
        row = self._row
        if row is not None and not self._reading and not self._why_off("settings"):
            self._reading = self._read_for = row.charger.id
            if not self.model.groups():
                self._show_empty("")
            self._counter.start(row.charger.id)
            self._client.spawn(self._read(row.charger.id))

    async def _read(self, charger_id: str) -> None:
        told: list[Setting] = []
        before: dict[str, str | None] | None = None
        try:
            told = await self._client.call("charger.settings", OneCharger(charger_id), READ_S)
            view: SettingsView = await self._client.call("settings.last", OneCharger(charger_id))
            before = view.before
        except EvdeskError as error:
            self._say(charger_id, failed(tr("Reading"), error))
        finally:
            self._reading = ""
            self._counter.stop()
        if not self._is(charger_id) or self._row is None:
            return
        if told:
            self._take(told, self._mirror.now(), before)
        self.show_row(self._row)

    def _take(self, settings: list[Setting], at: float | None, before: dict[str, str | None] | None) -> None:
        self._at = at
        self.model.set_settings(settings, before)
        self.head.show_counts()
        self.head.show_as_of(at, self._mirror.now())
        self.stack.setCurrentWidget(self.table)

    def _came(self, words: str) -> None:
        """While a long read runs: how many came so far."""
        self.empty.set_words(tr("Reading the settings"), words)
        if self.model.groups():
            self.head.as_of.setText(words)

    # -- editing and writing --------------------------------------------------------------------------------------

    def _say(self, charger_id: str, report: Report) -> None:
        if self._is(charger_id):
            self.report.show_report(report)
            self._show_staged()

    def _refused(self, sentence: str) -> None:
        self.report.show_report(Report("warn", "warning", sentence))

    def _edit_list(self, line: Line) -> None:
        self._client.spawn(self._ask_list(line))

    async def _ask_list(self, line: Line) -> None:
        value = line.staged if line.staged is not None else line.setting.value or ""
        sheet = ListSheet(line.setting, value, current(), self)
        if await sheet.ask() == DONE and (sentence := self.model.stage(line.setting.name, sheet.value())):
            self._refused(sentence)

    def _stage_all(self, charger_id: str, planned: list[PlannedSetting]) -> None:
        """A file's changes, agreed to."""
        if self._is(charger_id):
            for one in planned:
                sentence = self.model.stage(one.name, one.value) if one.verdict == "change" else ""
                if sentence:
                    self._refused(sentence)

    def review(self) -> None:
        """One look at everything that waits, then it is written."""
        if self._row is not None and not self.writer.busy and not self._why_off("write"):
            self._client.spawn(self._review(self._row))

    async def _review(self, row: ConnectorRow) -> None:
        lines = self.model.staged()
        if lines and await ReviewSheet(lines, row.label, current(), self).ask() == DONE and self._is(row.charger.id):
            await self.writer.write(row.charger.id)
            self.head.show_counts()

    def _restart(self) -> None:
        if self._row is not None:
            self.reset.hide()
            self._client.spawn(self.writer.restart(self._row.charger.id))
