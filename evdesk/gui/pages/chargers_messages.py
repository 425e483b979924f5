"""The Messages tab: the last frames of one charger, newest first, the chosen one written out below."""

import json
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_grid import CellDelegate, Grid, Index
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.text import tr
from evdesk.gui.theme import current, mono_font
from evdesk.gui.widgets import Button, EmptyState, SearchField
from evdesk.model import EvdeskError
from evdesk.wire.methods import MessagePage, MessageRow

ROW_HEIGHT = 36
PAGE = 200
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_ROOT = QModelIndex()
_KINDS = {
    "call": ("message", "text"),
    "result": ("check", "muted"),
    "error": ("warning", "warn"),
    "garbage": ("octagon", "danger"),
}


def pretty(frame: str) -> str:
    """A frame with one member per line; what is not JSON stays as it is."""
    try:
        return json.dumps(json.loads(frame), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return frame


class MessagesModel(QAbstractTableModel):
    """Time, direction and action, the frame in one line. An answer is named after its call."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[MessageRow] = []
        self._actions: dict[str, str] = {}

    def set_rows(self, rows: list[MessageRow]) -> None:
        self.beginResetModel()
        self._rows = rows
        self._actions = {row.message_id: row.action for row in rows if row.kind == "call"}
        self.endResetModel()

    def message(self, row: int) -> MessageRow | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def action(self, row: MessageRow) -> str:
        word = row.action or self._actions.get(row.message_id, "")
        return word or (tr("unreadable") if row.kind == "garbage" else tr("answer"))

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("Time"), tr("Message"), tr("Content"))[section] if 0 <= section < 3 else None
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.message(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        way = tr("from the charger") if row.direction == "in" else tr("to the charger")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{text.clock_ms(row.at)}, {way}: {self.action(row)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return way
        if role == Qt.ItemDataRole.DisplayRole:
            return (text.clock_ms(row.at), self.action(row), row.text)[index.column()]
        return None


class MessagesDelegate(CellDelegate):
    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, MessageRow):
            return
        if index.column() == 1:
            came = row.direction == "in"
            role = _KINDS.get(row.kind, ("message", "text"))[1]
            icon = "arrow-left" if came else "arrow-right"
            font = "card" if row.kind == "call" else "body"
            self.icon_words(painter, rect, icon, str(index.data()), "info" if came else "accent", font, role)
        else:
            kind = "body" if index.column() == 0 else "small"
            self.words(painter, rect, str(index.data())[:300], kind, "muted")


class MessagesTab(QWidget):
    """Read when looked at and with F5; a live list would move under the reader. `navigate` leads to the inspector."""

    navigate = Signal(str, object)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self._row: ConnectorRow | None = None
        self._reading = False
        self._error = ""
        self.model = MessagesModel(self)
        self.search = SearchField(tr("Search messages"), self)
        self.again = Button("", "refresh", parent=self, label=tr("Read again (F5)"))
        self.inspect = Button(tr("Inspect"), "external", parent=self, label=tr("Open the message inspector"))
        self.send = Button(tr("Send..."), "arrow-right", parent=self, label=tr("Send a message to this charger"))
        self.table = Grid(tr("Messages, newest first"), ROW_HEIGHT, self)
        self.frame = QPlainTextEdit(self)
        self.empty = EmptyState("message", "", "", parent=self)
        self._lay_out()
        self.search.returnPressed.connect(self.read)
        self.search.textChanged.connect(self._cleared)
        self.again.clicked.connect(self.read)
        self.inspect.clicked.connect(lambda: self._go("messages"))
        self.send.clicked.connect(lambda: self._go("console"))

    def _lay_out(self) -> None:
        self.table.setItemDelegate(MessagesDelegate(self.table))
        self.table.setModel(self.model)
        self.table.set_widths((118, 170, 100), 2)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.frame.setReadOnly(True)
        self.frame.setAccessibleName(tr("The chosen message"))
        self._dress()
        current().changed.connect(self._dress)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 0, 12, 0)
        tools.setSpacing(8)
        tools.addWidget(self.search, 1)
        for button in (self.again, self.send, self.inspect):
            tools.addWidget(button)
        column.addLayout(tools)
        both = QSplitter(Qt.Orientation.Vertical, self)
        both.addWidget(self.table)
        both.addWidget(self.frame)
        both.setStretchFactor(0, 3)
        both.setStretchFactor(1, 2)
        both.setChildrenCollapsible(False)
        self.stack = QStackedLayout()
        self.stack.addWidget(both)
        self.stack.addWidget(self.empty)
        column.addLayout(self.stack, 1)

    def _dress(self) -> None:
        self.frame.setFont(mono_font())

    def show_row(self, row: ConnectorRow) -> None:
        other = self._row is None or self._row.charger.id != row.charger.id
        self._row = row
        if other:
            self.model.set_rows([])
            self.frame.clear()
            if self.isVisible():
                self.read()

    def _go(self, where: str) -> None:
        if self._row is not None:
            self.navigate.emit(where, self._row.charger.id)

    def read(self) -> None:
        """Ask for the newest frames of this charger."""
        if self._row is not None and not self._reading and self._mirror.connected:
            self._reading = True
            self._client.spawn(self._read(self._row.charger.id))

    async def _read(self, charger_id: str) -> None:
        page = MessagePage(limit=PAGE, search=self.search.text().strip(), charger_id=charger_id)
        rows: list[MessageRow] = []
        self._error = ""
        try:
            rows = await self._client.call("message.list", page)
        except EvdeskError as error:
            self._error = error.sentence
        finally:
            self._reading = False
        if self._row is None or self._row.charger.id != charger_id:
            return
        self.model.set_rows(rows)
        self.frame.clear()
        if rows:
            self.stack.setCurrentIndex(0)
            self.table.selectRow(0)
            return
        title = tr("No message fits the search") if page.search else tr("No messages yet")
        told = tr("evdesk keeps what this charger sends and gets; the oldest go first.")
        self.empty.set_words(tr("Messages cannot be read") if self._error else title, self._error or told)
        self.stack.setCurrentWidget(self.empty)

    def _cleared(self, typed: str) -> None:
        if not typed:
            self.read()

    def _chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        row = self.model.message(now.row()) if now.isValid() else None
        self.frame.setPlainText(pretty(row.text) if row is not None else "")
