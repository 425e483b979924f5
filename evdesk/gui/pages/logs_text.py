"""The text of a log: line numbers, search that reads on as far as it must, and how much has been read."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.pages.logs_reader import LONG_PART, LogReader
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import GHOST, Button, ElidedLabel, Label, Rule, SearchField
from evdesk.gui.widgets.code import CodeView

MARKS_MOST = 300


class LogTextView(QWidget):
    """Ctrl+F searches, F3 and Shift+F3 go on and back; scrolling near the end reads on."""

    def __init__(self, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._searching = 0
        self.reader = LogReader(client, self)
        self.view = CodeView(tr("Text of the log"), self)
        self.search = SearchField(tr("Search in it"), self)
        self.before = Button("", "chevron-up", GHOST, self, label=tr("One before (Shift+F3)"), dense=True)
        self.after = Button("", "chevron-down", GHOST, self, label=tr("Next one (F3)"), dense=True)
        self.found = ElidedLabel("", "small", "muted", self)
        self.wrap = QCheckBox(tr("Wrap"), self)
        self.read = Label("", "small", "muted", self)
        self.rest = Button(tr("Read all"), "arrow-down", parent=self, label=tr("Read all"), dense=True)
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        self.view.setReadOnly(True)
        self.view.setUndoRedoEnabled(False)
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.view.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.search.setFixedWidth(170)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 7, 12, 7)
        tools.setSpacing(6)
        for widget in (self.search, self.before, self.after):
            tools.addWidget(widget)
        tools.addWidget(self.found, 1)
        tools.addWidget(self.read)
        tools.addWidget(self.rest)
        tools.addWidget(self.wrap)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(Rule(self))
        column.addWidget(self.view, 1)

    def _wire(self) -> None:
        self.reader.appended.connect(self._append)
        self.reader.changed.connect(self._show_state)
        self.view.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self.next)
        self.before.clicked.connect(self.previous)
        self.after.clicked.connect(self.next)
        self.rest.clicked.connect(lambda: self._client.spawn(self.reader.all()))
        self.wrap.toggled.connect(self._wrap)
        for keys, act in (("Ctrl+F", self._to_search), ("F3", self.next), ("Shift+F3", self.previous)):
            one = QShortcut(QKeySequence(keys), self)
            one.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            one.activated.connect(act)
        self._show_state()

    def fit(self, narrow: bool) -> None:
        self.search.setFixedWidth(104 if narrow else 170)
        self.rest.setText("" if narrow else tr("Read all"))
        self.rest.updateGeometry()

    # -- showing ------------------------------------------------------------------------------------------------------

    def open(self, log_id: int, entry: str = "") -> None:
        self._searching += 1
        self.view.clear()
        self.found.setText("")
        self.reader.open(log_id, entry)

    def close_log(self) -> None:
        self._searching += 1
        self.view.clear()
        self.reader.close()

    def _append(self, words: str) -> None:
        cursor = QTextCursor(self.view.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        here = self.view.textCursor()
        kept = here.position() if here.atEnd() else None
        cursor.insertText(words)
        if kept is not None:  # a cursor at the end would go on to the new end
            here.setPosition(kept)
            self.view.setTextCursor(here)
        self._mark()

    def _show_state(self) -> None:
        reader = self.reader
        if not reader.log_id:
            words = ""
        elif reader.complete:
            words = reader.told() or tr("{size}, all of it").format(size=text.size(reader.size))
        else:
            share = tr("{n} of {all}").format(n=text.size(reader.read), all=text.size(reader.size))
            words = reader.told() or (share if reader.size else tr("Reads the log"))
        self.read.setText(words)
        self.read.set_role("danger" if reader.failure else "muted")
        self.rest.setVisible(bool(reader.log_id) and not reader.complete and not reader.full)
        empty = bool(reader.log_id) and reader.complete and not reader.failure and reader.size == 0
        self.view.setPlaceholderText(tr("It is empty.") if empty else "")

    def _scrolled(self, value: int) -> None:
        bar = self.view.verticalScrollBar()
        if value > bar.maximum() - 2 * bar.pageStep():
            self.reader.more()
        self._mark()

    def _wrap(self, on: bool) -> None:
        modes = QPlainTextEdit.LineWrapMode
        self.view.setLineWrapMode(modes.WidgetWidth if on else modes.NoWrap)

    # -- search -------------------------------------------------------------------------------------------------------

    def _to_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _typed(self, words: str) -> None:
        self._searching += 1
        self.found.setText("")
        self._mark()
        if words:
            cursor = self.view.textCursor()
            cursor.setPosition(cursor.selectionStart())
            self.view.setTextCursor(cursor)
            self.next()

    def next(self) -> None:
        """The next occurrence, reading on as far as it needs; from the top again after the end."""
        if self.search.text():
            self._searching += 1
            self._client.spawn(self._find(self._searching, self.search.text()))

    def previous(self) -> None:
        words = self.search.text()
        if not words:
            return
        self._searching += 1
        back = QTextDocument.FindFlag.FindBackward
        if not self.view.find(words, back):
            at = self.view.textCursor()
            self.view.moveCursor(QTextCursor.MoveOperation.End)
            if not self.view.find(words, back):
                self.view.setTextCursor(at)
        self._told(words)

    async def _find(self, number: int, words: str) -> None:
        while not self.view.find(words):
            if number != self._searching:
                return
            if self.reader.complete or self.reader.full:
                at = self.view.textCursor()
                self.view.moveCursor(QTextCursor.MoveOperation.Start)
                if not self.view.find(words):
                    self.view.setTextCursor(at)
                break
            self.found.setText(tr("Searches at {size}").format(size=text.size(self.reader.read)))
            if not await self.reader.part(LONG_PART):
                await asyncio.sleep(0.01)  # another part is under way
        if number == self._searching:
            self._told(words)

    def _told(self, words: str) -> None:
        cursor = self.view.textCursor()
        hit = cursor.selectedText().casefold() == words.casefold()
        line = tr("Line {n}").format(n=text.count(cursor.blockNumber() + 1))
        self.found.setText(line if hit else tr("Not in it"))
        self.found.set_role("muted" if hit else "warn")
        self._mark()

    def _mark(self) -> None:
        """Every occurrence in sight gets a band."""
        words = self.search.text()
        marks: list[QTextEdit.ExtraSelection] = []
        cursor = self.view.cursorForPosition(self.view.rect().topLeft())
        bottom = self.view.cursorForPosition(self.view.rect().bottomRight()).position()
        cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock)
        look = QTextCharFormat()
        look.setBackground(current().soft("warn"))
        while words and len(marks) < MARKS_MOST:
            cursor = self.view.document().find(words, cursor)
            if cursor.isNull() or cursor.selectionStart() > bottom:
                break
            mark = QTextEdit.ExtraSelection()
            mark.cursor, mark.format = cursor, look
            marks.append(mark)
        self.view.setExtraSelections(marks)
