"""The right card of the Logs page: where a log is from, what is inside it, and its text."""

import asyncio
import shutil
from pathlib import Path

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.files import ask_save, write_text
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.logs_reader import LONG_PART
from evdesk.gui.pages.logs_text import LogTextView
from evdesk.gui.pages.logs_words import entry_row, entry_titles, log_told
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, ElidedLabel, EmptyState, Rule, copy, draw
from evdesk.model import EvdeskError, Reason
from evdesk.model.jobs import LogEntry, LogFile
from evdesk.wire.jobs import LogFiles, LogText, OneLog, ReadLog

ENTRIES_MOST = 6
NARROW = 560
ROW = 30


class LogCard(Card):
    """`remove_asked(LogFile)`; `said(sentence)`, `failed(sentence)`."""

    remove_asked = Signal(object)
    said = Signal(str)
    failed = Signal(str)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror, self._client = mirror, client
        self.log: LogFile | None = None
        self.path = ""  # on the engine's computer
        self.name = ElidedLabel("", "name", "text", self)
        self.told = ElidedLabel("", "small", "muted", self)
        self.hash = ElidedLabel("", "small", "muted", self)
        self.copy_hash = Button("", "copy", GHOST, self, label=tr("Copy the SHA-256"), dense=True)
        self.save = Button(tr("Save as…"), "export", parent=self, label=tr("Save as…"), dense=True)
        self.remove = Button(tr("Remove…"), "trash", parent=self, label=tr("Remove…"), dense=True)
        self.inside = Grid(tr("Files inside the log"), ROW, self)
        self.rows = RowsModel(entry_titles(), 3, self)
        self.entries: list[LogEntry] = []
        self.text = LogTextView(client, self)
        self.blank = EmptyState("file", tr("No log selected"), tr("Select one at the left, or fetch one."))
        self._lay_out()
        self._wire()
        self.show_log(None)

    def _lay_out(self) -> None:
        self.inside.setItemDelegate(RowsDelegate(self.inside))
        self.inside.setModel(self.rows)
        self.inside.set_widths((200, 84, 74, 120), 3)
        self.inside.whole_rows()
        held = QWidget(self)
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head, words, hashed = QHBoxLayout(), QVBoxLayout(), QHBoxLayout()
        head.setContentsMargins(14, 10, 12, 8)
        head.setSpacing(8)
        words.setSpacing(2)
        hashed.setSpacing(4)
        hashed.addWidget(self.hash, 100)
        hashed.addWidget(self.copy_hash)
        hashed.addStretch(1)
        words.addWidget(self.name)
        words.addWidget(self.told)
        words.addLayout(hashed)
        head.addLayout(words, 1)
        head.addWidget(self.save)
        head.addWidget(self.remove)
        column.addLayout(head)
        column.addWidget(Rule(held))
        column.addWidget(self.inside)
        column.addWidget(self.text, 1)
        self.stack = QStackedLayout()
        self.stack.addWidget(held)
        self.stack.addWidget(self.blank)
        self.body.setContentsMargins(0, 0, 0, 6)
        self.body.addLayout(self.stack, 1)

    def _wire(self) -> None:
        self.copy_hash.clicked.connect(self._copy_hash)
        self.save.clicked.connect(lambda: self._client.spawn(self._save()))
        self.remove.clicked.connect(lambda: self.remove_asked.emit(self.log))
        self.inside.selectionModel().currentRowChanged.connect(self._entry_chosen)

    # -- showing ------------------------------------------------------------------------------------------------------

    def show_log(self, log: LogFile | None) -> None:
        """Look at this log from its beginning; None: at none."""
        same = log is not None and self.log is not None and log.id == self.log.id
        self.log = log
        self.stack.setCurrentIndex(1 if log is None else 0)
        if log is None:
            self.text.close_log()
            return
        self.name.setText(log.name)
        self.told.setText(log_told(log, self._mirror.label(log.charger_id), self._mirror.now()))
        words = f"SHA-256 {log.sha256}"
        self.hash.setMaximumWidth(round(draw.width(words, "small")) + 4)
        self.hash.setText(words)
        if same:
            return
        self._show_entries([])
        if log.entries is None:
            self.text.open(log.id)
        else:
            self.text.close_log()
        self._client.spawn(self._read(log.id))

    async def _read(self, log_id: int) -> None:
        try:
            files: LogFiles = await self._client.call("log.get", OneLog(log_id))
        except EvdeskError as error:
            self.failed.emit(error.sentence)
            return
        if self.log is None or self.log.id != log_id:
            return
        self.path = files.path
        self._show_entries(files.entries)
        if files.entries:
            first = next((place for place, one in enumerate(files.entries) if one.readable), 0)
            self.inside.selectRow(first)
        elif self.log.entries is not None:
            self.text.open(log_id)

    def _show_entries(self, entries: list[LogEntry]) -> None:
        self.entries = entries
        self.rows.set_rows([entry_row(one, self._mirror.now()) for one in entries])
        self.inside.setVisible(bool(entries))
        self.inside.setFixedHeight(min(len(entries), ENTRIES_MOST) * ROW + 34)

    def _entry_chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        entry = self._entry(index)
        if self.log is None or entry is None:
            return
        if entry.readable:
            self.text.open(self.log.id, entry.name)
        else:
            self.text.close_log()
            self.text.view.setPlainText(tr("It is not shown: {why}.").format(why=entry.why))

    def _entry(self, index: QModelIndex) -> LogEntry | None:
        name = self.rows.key(index.row()) if index.isValid() else ""
        return next((one for one in self.entries if one.name == name), None)

    def fit(self, room: int) -> None:
        """In a narrow window the words of buttons and second ranks give way."""
        narrow = room < NARROW
        self.save.setText("" if narrow else tr("Save as…"))
        self.remove.setText("" if narrow else tr("Remove…"))
        for button in (self.save, self.remove):
            button.updateGeometry()
        self.inside.setColumnHidden(2, narrow)
        self.inside.setColumnWidth(0, 130 if narrow else 200)
        self.text.fit(narrow)

    def enable(self, off: str) -> None:
        self.save.why_off(off)
        self.remove.why_off(off)

    # -- deeds --------------------------------------------------------------------------------------------------------

    def _copy_hash(self) -> None:
        if self.log is not None:
            copy(self.log.sha256)
            self.said.emit(tr("The SHA-256 is on the clipboard"))

    async def _save(self) -> None:
        log = self.log
        if log is None:
            return
        path = await ask_save(self, tr("Save the log"), log.name, tr("All files (*)"))
        if path is None:
            return
        try:
            await self.save_to(path, log)
        except EvdeskError as error:
            self.failed.emit(error.sentence)
        else:
            self.said.emit(tr("Written to {path}").format(path=path))

    async def save_to(self, path: Path, log: LogFile) -> None:
        """The log as it came: copied where the engine's files are this computer's, else read as text. Raises
        `EvdeskError`."""
        if self._client.here and self.path:
            try:
                await asyncio.to_thread(shutil.copyfile, self.path, path)
            except OSError as error:
                sentence = tr("{file} cannot be copied: {why}. It lies at {path}.")
                why = error.strerror or str(error)
                raise EvdeskError(Reason.STORAGE, sentence.format(file=log.name, why=why, path=self.path)) from error
            return
        write_text(path, await self._whole_text(log))

    async def _whole_text(self, log: LogFile) -> str:
        parts: list[str] = []
        offset: int | None = 0
        while offset is not None:
            got: LogText = await self._client.call("log.read", ReadLog(log.id, "", offset, LONG_PART))
            if got.binary or log.entries is not None:
                sentence = tr("The engine runs on another computer, and this log is no text. It lies there at {path}.")
                raise EvdeskError(Reason.UNSUPPORTED, sentence.format(path=self.path))
            parts.append(got.text)
            offset = got.next_offset
        return "".join(parts)
