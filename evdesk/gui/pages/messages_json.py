"""A payload written out: line numbers, colours, and marks on the lines that break a rule.

`lines` is pure: it gives each line its parts and the JSON pointer it stands for, so that a breach finds its line.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import (
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QToolTip, QWidget

from evdesk.gui import icons
from evdesk.gui.text import tr
from evdesk.gui.theme import current, mono_font

MOST_LINES = 5_000
TALLEST = 60
INDENT = "  "
ICONS = 26
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


class _Side(QWidget):
    """A column beside the text: line numbers at its left, the icons of marked lines at its right."""

    def __init__(self, view: "JsonView", paint: Callable[[QWidget], None]) -> None:
        super().__init__(view)
        self._paint = paint

    def paintEvent(self, event: QPaintEvent) -> None:
        self._paint(self)


class JsonView(QPlainTextEdit):
    """`show_value(value, marks)`; `marks`: JSON pointer to the words of what is wrong there. `show_text` as it came."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self._marks: dict[int, tuple[str, str]] = {}
        self._colours = _Colours(self.document())
        self._numbers = _Side(self, self._paint_numbers)
        self._icons = _Side(self, self._paint_icons)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(name)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(8)
        self.updateRequest.connect(self._scroll_numbers)
        current().changed.connect(self._dress)
        self._dress()

    # -- content ------------------------------------------------------------------------------------------------------

    def show_value(self, value: Any, marks: dict[str, tuple[str, str]] | None = None) -> None:
        """`marks`: pointer -> (words, role). A place that has no line of its own marks the line above it."""
        self._lines = lines(value)
        self._marks = {}
        for pointer, told in (marks or {}).items():
            number = self.line_of(pointer)
            before = self._marks.get(number)
            self._marks[number] = told if before is None else (f"{before[0]}\n{told[0]}", before[1])
        self._put([line.text for line in self._lines], QTextOption.WrapMode.WrapAnywhere)

    def show_text(self, raw: str) -> None:
        self._lines, self._marks = [], {}
        self._put([raw], QTextOption.WrapMode.WrapAnywhere)

    def _put(self, written: list[str], wrap: QTextOption.WrapMode) -> None:
        self._colours.lines = self._lines
        self.setWordWrapMode(wrap)
        self.setPlainText("\n".join(written))
        self._margins()
        self._fit()
        self.viewport().update()

    def line_of(self, pointer: str) -> int:
        """The line a JSON pointer stands on; the nearest part above it that has one, the first line at last."""
        places = {line.path: number for number, line in reversed(list(enumerate(self._lines))) if line.path}
        while pointer and pointer not in places:
            pointer = pointer.rpartition("/")[0]
        return places.get(pointer, 0)

    def marked(self) -> dict[int, tuple[str, str]]:
        """Line number from 0 -> (words, role)."""
        return dict(self._marks)

    # -- size ---------------------------------------------------------------------------------------------------------

    def number_width(self) -> int:
        return 18 + self.fontMetrics().horizontalAdvance("9") * max(2, len(str(max(1, self.blockCount()))))

    def _margins(self) -> None:
        self.setViewportMargins(self.number_width(), 0, ICONS, 0)

    def _fit(self) -> None:
        """As high as its lines, up to `TALLEST`; then it scrolls."""
        block, shown = self.document().firstBlock(), 0
        self.document().setTextWidth(self.viewport().width())
        while block.isValid() and shown < TALLEST:
            shown += max(1, block.layout().lineCount() if block.layout() is not None else 1)
            block = block.next()
        high = round(min(max(1, shown), TALLEST) * self.fontMetrics().lineSpacing() + 18)
        if high != self.height() or self.minimumHeight() != high:
            self.setFixedHeight(high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.number_width(), inside.height()))
        self._icons.setGeometry(QRect(inside.right() - ICONS + 1, inside.top(), ICONS, inside.height()))
        if event.oldSize().width() != event.size().width():
            self._fit()

    def _dress(self) -> None:
        self.setFont(mono_font())
        look = current()
        self.setStyleSheet(
            f"JsonView {{ border: none; border-radius: 0; padding: 0; background: {look.color('surface').name()}; }}"
        )
        self._colours.rehighlight()
        self._margins()

    # -- paint --------------------------------------------------------------------------------------------------------

    def _scroll_numbers(self, rect: QRect, dy: int) -> None:
        self._numbers.update()
        self._icons.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        for number, top, high in self._seen():
            told = self._marks.get(number)
            if told is not None:
                painter.fillRect(QRectF(0, top, self.viewport().width(), high), current().soft(told[1]))
        painter.end()
        super().paintEvent(event)

    def _paint_icons(self, canvas: QWidget) -> None:
        painter = QPainter(canvas)
        first = self.fontMetrics().lineSpacing()
        for number, top, high in self._seen():
            told = self._marks.get(number)
            if told is not None:
                painter.fillRect(QRectF(0, top, canvas.width(), high), current().soft(told[1]))
                icons.paint(painter, "warning", told[1], QRectF(2, top + first / 2 - 7, 14, 14))

    def _paint_numbers(self, canvas: QWidget) -> None:
        painter, look = QPainter(canvas), current()
        painter.setFont(self.font())
        for number, top, high in self._seen():
            told = self._marks.get(number)
            if told is not None:
                painter.fillRect(QRectF(0, top, canvas.width(), high), look.soft(told[1]))
            painter.setPen(look.color("muted"))
            first = self.fontMetrics().lineSpacing()
            box = QRectF(0, top, canvas.width() - 10, first)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(number + 1))

    def _seen(self) -> list[tuple[int, float, float]]:
        """(line, top, height) of every line in view."""
        found, block = [], self.firstVisibleBlock()
        while block.isValid():
            box = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if box.top() > self.viewport().height():
                break
            found.append((block.blockNumber(), box.top(), box.height()))
            block = block.next()
        return found

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            told = self._marks.get(self.cursorForPosition(event.pos()).blockNumber())
            if told is not None:
                QToolTip.showText(event.globalPos(), told[0], self)
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)


__all__ = ["JsonView", "Line", "lines", "plain"]
