"""A payload written out: line numbers, colours, and marks on the lines that break a rule.

`lines` is pure: it gives each line its parts and the JSON pointer it stands for, so that a breach finds its line.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QResizeEvent, QSyntaxHighlighter, QTextCharFormat, QTextDocument, QTextOption
from PySide6.QtWidgets import QWidget

from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets.code import CodeView

MOST_LINES = 5_000
TALLEST = 60
INDENT = "  "
_LOOKS_OTHER = re.compile(r"\s|\s*\Z|-?\d|true\Z|false\Z|null\Z|.*\s\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """`path`: the JSON pointer of the member that begins on this line; `parts`: (start, length, role) to colour."""

    text: str
    path: str = ""
    parts: tuple[tuple[int, int, str], ...] = ()


@dataclass(slots=True)
class _Writer:
    lines: list[Line] = field(default_factory=list)

    def write(
        self, value: Any, path: str, depth: int, before: str, parts: list[tuple[int, int, str]], end: str
    ) -> None:
        pad = before
        if len(self.lines) >= MOST_LINES:
            return
        if isinstance(value, dict | list) and value:
            opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
            self.lines.append(Line(pad + opening, path, tuple(parts)))
            items: list[tuple[str, Any]] = (
                list(value.items()) if isinstance(value, dict) else [(str(i), v) for i, v in enumerate(value)]
            )
            for place, (key, inner) in enumerate(items):
                comma = "," if place < len(items) - 1 else ""
                below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
                lead, marks = INDENT * (depth + 1), []
                if isinstance(value, dict):
                    name = key if re.fullmatch(r"[\w$.-]+", key) else json.dumps(key, ensure_ascii=False)
                    marks.append((len(lead), len(name), "accent"))
                    lead += f"{name}: "
                self.write(inner, below, depth + 1, lead, marks, comma)
            self.lines.append(Line(INDENT * depth + closing + end))
            return
        shown, role = plain(value)
        self.lines.append(Line(pad + shown + end, path, (*parts, (len(pad), len(shown), role))))


def plain(value: Any) -> tuple[str, str]:
    """One value in its shortest clear form and its colour role: text stands without quotes unless it could be taken
    for something else."""
    if isinstance(value, str):
        bare = value and not _LOOKS_OTHER.match(value) and not re.search(r'[\x00-\x1f"\\]', value)
        # Times and numbers with words in them begin with a digit and are clear all the same.
        timed = re.match(r"\d{4}-\d\d-\d\dT", value)
        return (value if bare or timed else json.dumps(value, ensure_ascii=False)), "L3"
    if isinstance(value, dict | list):
        return ("{}" if isinstance(value, dict) else "[]"), "text"
    if isinstance(value, bool) or value is None:
        return json.dumps(value), "L2"
    return json.dumps(value), "L1"


def lines(value: Any) -> list[Line]:
    """The value with one member per line; at most `MOST_LINES`, then a line that says so."""
    writer = _Writer()
    writer.write(value, "", 0, "", [], "")
    if len(writer.lines) >= MOST_LINES:
        writer.lines.append(Line(tr("… the rest is in Raw"), "", ()))
    return writer.lines


class _Colours(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.lines: list[Line] = []

    def highlightBlock(self, text: str) -> None:
        number = self.currentBlock().blockNumber()
        if number >= len(self.lines):
            return
        for start, length, role in self.lines[number].parts:
            form = QTextCharFormat()
            form.setForeground(current().color(role))
            self.setFormat(start, length, form)


class JsonView(CodeView):
    """`show_value(value, marks)`; `marks`: JSON pointer to the words of what is wrong there. `show_text` as it came.
    As high as what it shows, up to `tallest` lines; then it scrolls, to the first mark where that stands below."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.tallest = TALLEST
        self._lines: list[Line] = []
        self._colours = _Colours(self.document())
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        current().changed.connect(self._recolour)

    def set_tallest(self, lines: int) -> None:
        if lines != self.tallest:
            self.tallest = lines
            self._fit()

    def show_value(self, value: Any, marks: dict[str, tuple[str, str]] | None = None) -> None:
        """`marks`: pointer -> (words, role). A place that has no line of its own marks the line above it."""
        self._lines = lines(value)
        found: dict[int, tuple[str, str]] = {}
        for pointer, told in (marks or {}).items():
            number = self.line_of(pointer)
            before = found.get(number)
            found[number] = told if before is None else (f"{before[0]}\n{told[0]}", before[1])
        self._put([line.text for line in self._lines], found)

    def show_text(self, raw: str) -> None:
        self._lines = []
        self._put([raw], {})

    def _put(self, written: list[str], marks: dict[int, tuple[str, str]]) -> None:
        self._colours.lines = self._lines
        self.setPlainText("\n".join(written))
        self.set_marks(marks)
        self._fit()
        if marks and min(marks) > self.tallest - 3:
            cursor = self.textCursor()
            cursor.setPosition(self.document().findBlockByNumber(min(marks)).position())
            self.setTextCursor(cursor)
            self.centerCursor()

    def line_of(self, pointer: str) -> int:
        """The line a JSON pointer stands on; the nearest part above it that has one, the first line at last."""
        places = {line.path: number for number, line in reversed(list(enumerate(self._lines))) if line.path}
        while pointer and pointer not in places:
            pointer = pointer.rpartition("/")[0]
        return places.get(pointer, 0)

    def _recolour(self) -> None:
        self._colours.rehighlight()

    def _fit(self) -> None:
        """All signs are equally wide and lines break anywhere: the height follows from the lengths."""
        room = self.viewport().width() - 2 * self.document().documentMargin() - 2
        signs = max(8, int(room / max(1.0, QFontMetricsF(self.font()).horizontalAdvance("0"))))
        shown, block = 0, self.document().firstBlock()
        while block.isValid() and shown < self.tallest:
            shown += max(1, -(-len(block.text()) // signs))
            block = block.next()
        high = round(min(max(1, shown), self.tallest) * self.fontMetrics().lineSpacing() + 18)
        if high != self.height() or self.minimumHeight() != high:
            self.setFixedHeight(high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()


__all__ = ["JsonView", "Line", "lines", "plain"]
