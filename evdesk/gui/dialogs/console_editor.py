"""The console's editor: JSON with what the schema allows under the cursor, and marks on the lines that break it."""

import json
import re
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QSyntaxHighlighter, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QCompleter, QListView, QWidget

from evdesk.gui.dialogs.console_schema import Place, Schema, completions, line_of
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets.code import CodeView
from evdesk.ocpp import schemas

CHECK_MS = 150
_TAKES = (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` from 0."""

    line: int
    words: str


def problems_of(text: str, action: str, schema: Schema) -> tuple[Any, list[Problem]]:
    """The payload, and what is wrong with it in the schema's words. A text that is no JSON has no payload (None)."""
    try:
        payload = json.loads(text)
    except json.JSONDecodeError as error:
        return None, [Problem(error.lineno - 1, tr("No JSON yet: {why}").format(why=error.msg))]
    except RecursionError:
        return None, [Problem(0, tr("Nested too deep."))]
    if not isinstance(payload, dict):
        return None, [Problem(0, tr("A payload is an object: { … }"))]
    found = schemas.inspect_with(schema, action, payload)
    return payload, [Problem(line_of(text, one.path), one.title) for one in found]


_PARTS = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)\b')


class _Colours(QSyntaxHighlighter):
    """Keys, texts, numbers and words in the colours of the decoded view."""

    def highlightBlock(self, text: str) -> None:
        for match in _PARTS.finditer(text):
            words, colon, number, _ = match.groups()
            role = ("accent" if colon else "L3") if words else "L1" if number else "L2"
            form = QTextCharFormat()
            form.setForeground(current().color(role))
            self.setFormat(match.start(), len(words or match.group()), form)


class JsonEdit(CodeView):
    """`checked(payload or None, [Problem])` a moment after each change. Ctrl+Space offers what may stand here."""

    checked = Signal(object, object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._schema: Schema = {}
        self._action = ""
        self._place = Place((), "", 0, "")
        self._colours = _Colours(self.document())
        current().changed.connect(self._colours.rehighlight)
        self._choices = QStringListModel(self)
        self._popup = QListView()
        self._completer = QCompleter(self._choices, self)
        self._completer.setPopup(self._popup)
        self._completer.setWidget(self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.activated.connect(self._take)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(CHECK_MS)
        self._later.timeout.connect(self.check)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setTabStopDistance(2 * self.fontMetrics().horizontalAdvance(" "))
        self.textChanged.connect(self._later.start)

    def set_message(self, action: str, schema: Schema, payload: Any) -> None:
        """Begin with this payload of this message."""
        self._action, self._schema = action, schema
        self.setPlainText(json.dumps(payload, ensure_ascii=False, indent=2))
        self.check()

    def check(self) -> None:
        """Hold the text against the schema now."""
        self._later.stop()
        payload, found = problems_of(self.toPlainText(), self._action, self._schema)
        marks: dict[int, tuple[str, str]] = {}
        for one in found:
            before = marks.get(one.line)
            marks[one.line] = (f"{before[0]}\n{one.words}" if before else one.words, "warn")
        self.set_marks(marks)
        self.checked.emit(payload, found)

    def suggestions(self) -> list[str]:
        return self._choices.stringList()

    def offer(self) -> None:
        """Show what may stand at the cursor."""
        self._place, found = completions(self._schema, self.toPlainText(), self.textCursor().position())
        self._choices.setStringList(found)
        if not found or (len(found) == 1 and found[0].strip() == self._place.part):
            self._popup.hide()
            return
        box = self.cursorRect()
        box.translate(self.number_width(), 0)
        box.setWidth(300)
        self._completer.complete(box)
        self._popup.setCurrentIndex(self._choices.index(0))

    def _take(self, choice: str) -> None:
        """Put the choice where the typed part stands; a quote that follows it belongs to it."""
        cursor = self.textCursor()
        end, whole = cursor.position(), self.toPlainText()
        if self._place.part.startswith('"') and whole[end : end + 1] == '"':
            end += 1
        after = whole[end:].lstrip(" ")
        text = choice.rstrip() if choice.endswith(": ") and after.startswith(":") else choice
        cursor.setPosition(self._place.start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text)
        self.setTextCursor(cursor)
        if text.endswith(": "):
            QTimer.singleShot(0, self, self.offer)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._popup.isVisible():
            if event.key() in _TAKES:
                chosen = self._popup.currentIndex().data() or (self.suggestions() or [""])[0]
                self._popup.hide()
                self._take(str(chosen))
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._popup.hide()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and event.key() == Qt.Key.Key_Space:
            self.offer()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not control:
            self._new_line()
            return
        if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # the sheet sends
            return
        super().keyPressEvent(event)
        typed = event.text()
        if typed and (typed.isalnum() or typed == '"') and not control:
            self.offer()
        elif self._popup.isVisible():
            self._popup.hide()

    def _new_line(self) -> None:
        """The next line begins below this one, one step further in after an opening bracket."""
        cursor = self.textCursor()
        line = cursor.block().text()[: cursor.positionInBlock()]
        indent = len(line) - len(line.lstrip(" "))
        cursor.insertText("\n" + " " * (indent + (2 if line.rstrip().endswith(("{", "[")) else 0)))
        self.setTextCursor(cursor)
