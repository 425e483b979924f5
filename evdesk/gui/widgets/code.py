"""A text with line numbers at its left and an icon at the right of lines that have something to say."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QToolTip, QWidget

from evdesk.gui import icons
from evdesk.gui.theme import current, mono_font

ICONS = 26


class _Side(QWidget):
    """A column beside the text: line numbers at its left, the icons of marked lines at its right."""

    def __init__(self, view: "CodeView", paint: Callable[[QWidget], None]) -> None:
        super().__init__(view)
        self._paint = paint

    def paintEvent(self, event: QPaintEvent) -> None:
        self._paint(self)


class CodeView(QPlainTextEdit):
    """`set_marks({line from 0: (words, role)})` bands these lines in the role's soft colour; the words are the tool
    tip."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marks: dict[int, tuple[str, str]] = {}
        self._numbers = _Side(self, self._paint_numbers)
        self._icons = _Side(self, self._paint_icons)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(8)
        self.updateRequest.connect(self._repaint_sides)
        self.blockCountChanged.connect(self._margins)
        current().changed.connect(self.dress)
        self.dress()

    def set_marks(self, marks: dict[int, tuple[str, str]]) -> None:
        self._marks = dict(marks)
        self.viewport().update()
        self._repaint_sides()

    def marked(self) -> dict[int, tuple[str, str]]:
        """Line number from 0 -> (words, role)."""
        return dict(self._marks)

    def dress(self) -> None:
        """Font and colours of the theme."""
        self.setFont(mono_font())
        name, back = type(self).__name__, current().color("surface").name()
        self.setStyleSheet(f"{name} {{ border: none; border-radius: 0; padding: 0; background: {back}; }}")
        self._margins()

    def number_width(self) -> int:
        return 18 + self.fontMetrics().horizontalAdvance("9") * max(2, len(str(max(1, self.blockCount()))))

    def _margins(self, *_: object) -> None:
        self.setViewportMargins(self.number_width(), 0, ICONS, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.number_width(), inside.height()))
        self._icons.setGeometry(QRect(inside.right() - ICONS + 1, inside.top(), ICONS, inside.height()))

    # -- paint --------------------------------------------------------------------------------------------------------

    def _repaint_sides(self, *_: object) -> None:
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
            box = QRectF(0, top, canvas.width() - 10, self.fontMetrics().lineSpacing())
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
