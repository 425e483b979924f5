"""The Settings tab: everything the charger may be told, read on demand, edited in place, read back after writing."""

from PySide6.QtCore import QModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_actionbar import ReportLine
from evdesk.gui.pages.chargers_actions import Report, failed, why_off
from evdesk.gui.pages.chargers_grid import CellDelegate, Grid, Index
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.pages.chargers_settings_model import NAME, SETTING_ROLE, VALUE, Line, SettingsFilter, SettingsModel
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, EmptyState, SearchField
from evdesk.model import EvdeskError, Setting
from evdesk.wire.methods import Done, OneCharger, Reset, WriteSetting

ROW_HEIGHT = 44


class SettingsDelegate(CellDelegate):
    """Name with its meaning under it; the value in the accent while it can be edited; the note in its role."""

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        line = index.data(SETTING_ROLE)
        if not isinstance(line, Line):
            return
        if index.column() == NAME and line.setting.meaning:
            middle = rect.center().y()
            self.words(painter, QRect(rect.left(), middle - 17, rect.width(), 18), line.setting.name, "card", "text")
            self.words(painter, QRect(rect.left(), middle, rect.width(), 16), line.setting.meaning, "small", "muted")
        elif index.column() == NAME:
            self.words(painter, rect, line.setting.name, "card", "text")
        elif index.column() == VALUE:
            edits = bool(index.flags() & Qt.ItemFlag.ItemIsEditable)
            known = line.setting.value is not None
            self.words(painter, rect, line.shown_value, "body", "muted" if not known or not edits else "text")
        else:
            self.words(painter, rect, line.words, "small", line.role or "muted")


class SettingsTab(QWidget):
    """Nothing is read before this tab is looked at; F5 reads again."""

    wrote = Signal(str, str)  # name, value as read back

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self._row: ConnectorRow | None = None
        self._read_for = ""
        self._reading = ""
        self.model = SettingsModel(self)
        self.proxy = SettingsFilter(self)
        self.proxy.setSourceModel(self.model)
        self.search = SearchField(tr("Search settings"), self)
        self.again = Button(tr("Read again"), "refresh", parent=self)
        self.report = ReportLine(self)
        self.reset = Button(tr("Soft reset now"), "refresh", parent=self, dense=True)
        self.table = Grid(tr("Settings of the charger"), ROW_HEIGHT, self)
        self.empty = EmptyState("settings", "", "", parent=self)
        self._lay_out()
        self.search.textChanged.connect(self.proxy.search)
        self.again.clicked.connect(self.read)
        self.reset.clicked.connect(self._restart)
        self.model.write_wanted.connect(self._write)
        self.model.refused.connect(self._refused)

    def _lay_out(self) -> None:
        self.table.setItemDelegate(SettingsDelegate(self.table))
        self.table.setModel(self.proxy)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.table.opened.connect(self._edit)
        self.table.set_widths((222, 110, 96), VALUE)
        self.table.horizontalHeader().setSortIndicatorShown(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 0, 12, 0)
        tools.setSpacing(8)
        tools.addWidget(self.search, 1)
        tools.addWidget(self.again)
        said = QHBoxLayout()
        said.setContentsMargins(14, 0, 12, 0)
        said.addWidget(self.report, 1)
        said.addWidget(self.reset)
        column.addLayout(tools)
        column.addLayout(said)
        self.stack = QStackedLayout()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        column.addLayout(self.stack, 1)
        self.report.hide()
        self.reset.hide()

    def show_row(self, row: ConnectorRow) -> None:
        other = self._row is None or self._row.charger.id != row.charger.id
        self._row = row
        if other:
            self._read_for = ""
            self.model.clear()
            self.report.hide()
            self.reset.hide()
        reason = self._why_off("settings")
        self.again.why_off(reason or (tr("Asked; waits for the answer.") if self._reading else ""))
        self.model.may_write = not self._why_off("write")
        if self.model.rowCount() == 0:
            self._show_empty(reason)
        if self.isVisible() and self._read_for != row.charger.id and not reason:
            self.read()

    def _why_off(self, deed: str) -> str:
        row = self._row
        return why_off(deed, row.charger, row.connector, self._mirror.connected) if row is not None else ""

    def _show_empty(self, reason: str) -> None:
        if self._reading:
            self.empty.set_words(tr("Reading the settings"), tr("Some chargers take half a minute."))
        else:
            self.empty.set_words(tr("No settings read"), reason or tr("F5 reads them from the charger."))
        self.stack.setCurrentWidget(self.empty)

    def read(self) -> None:
        """Ask the charger for all settings; one question at a time."""
        row = self._row
        if row is not None and not self._reading and not self._why_off("settings"):
            self._reading = self._read_for = row.charger.id
            if self.model.rowCount() == 0:
                self._show_empty("")
            self._client.spawn(self._read(row.charger.id))

    async def _read(self, charger_id: str) -> None:
        try:
            told: list[Setting] = await self._client.call("charger.settings", OneCharger(charger_id))
        except EvdeskError as error:
            self._say(charger_id, failed(tr("Reading"), error))
            told = []
        finally:
            self._reading = ""
        if self._row is None or self._row.charger.id != charger_id:
            return
        if told:
            self.model.set_settings(told)
            self.stack.setCurrentWidget(self.table)
        self.show_row(self._row)

    def _say(self, charger_id: str, report: Report) -> None:
        if self._row is not None and self._row.charger.id == charger_id:
            self.report.show_report(report)

    def _refused(self, sentence: str) -> None:
        self.report.show_report(Report("warn", "warning", sentence))

    def _edit(self, index: QModelIndex) -> None:
        if index.isValid():
            self.table.edit(self.proxy.index(index.row(), VALUE))

    def _write(self, name: str, value: str) -> None:
        row = self._row
        if row is not None and not self._why_off("write"):
            self.model.mark(name, "info", tr("asked…"), busy=True)
            self._client.spawn(self._written(row.charger.id, name, value))

    async def _written(self, charger_id: str, name: str, value: str) -> None:
        try:
            answer: Done = await self._client.call("charger.write_setting", WriteSetting(charger_id, name, value))
        except EvdeskError as error:
            self.model.mark(name, "danger", tr("not written"))
            self._say(charger_id, failed(name, error))
            return
        if self._row is None or self._row.charger.id != charger_id:
            return
        reboots = answer.status.lower() == "rebootrequired"
        role, note, words = written_words(name, value, answer)
        self.model.mark(name, role, note, value=answer.after if answer.after is not None or reboots else value)
        self.report.show_report(Report(role, "check" if role == "ok" else "warning", words))
        self.reset.setVisible(reboots and not self._why_off("reset_soft"))
        self.wrote.emit(name, answer.after or "")

    def _restart(self) -> None:
        if self._row is not None:
            self.reset.hide()
            self._client.spawn(self._restarted(self._row.charger.id))

    async def _restarted(self, charger_id: str) -> None:
        try:
            answer: Done = await self._client.call("charger.reset", Reset(charger_id, "soft"))
            self._say(charger_id, Report("ok", "check", tr("Soft reset: {status}").format(status=answer.status)))
        except EvdeskError as error:
            self._say(charger_id, failed(tr("Soft reset"), error))


def written_words(name: str, value: str, answer: Done) -> tuple[str, str, str]:
    """Role, note for the row, and the sentence: what was asked and what the charger now shows."""
    if answer.status.lower() == "rebootrequired":
        return "warn", tr("after a restart"), tr("{name}: taken, works after a restart.").format(name=name)
    if answer.after is None:
        told = tr("{name}: {status}. It was not read back.").format(name=name, status=answer.status or tr("accepted"))
        return "warn", tr("not read back"), told
    if answer.after.strip().lower() != value.strip().lower():
        told = tr("{name}: the charger took {after} instead of {value}.").format(
            name=name, after=answer.after, value=value
        )
        return "warn", tr("differs"), told
    told = tr("{name}: was {before}, now {after}, read back.")
    return "ok", tr("read back"), told.format(name=name, before=answer.before or tr("unknown"), after=answer.after)
