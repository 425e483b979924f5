"""What the steps of the guide share: the frame of a step, and checks written out in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.job_side import Column, SideColumn, head_height
from evdesk.gui.sentences import Look
from evdesk.gui.widgets import Card, Painted

__all__ = ["Line", "LinesList", "StepPanel", "head_height", "hug"]

UNBOUND = 16_777_215


class StepPanel(QWidget):
    """One step: a wide part at the left, a column at the right. `changed()`: what stands against going on may be another
    thing now. `left` and `side` are to be filled. `scrolls`: the left part does where the window is low."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None, *, scrolls: bool = False) -> None:
        super().__init__(parent)
        self._area = Column(self) if scrolls else None
        self.left = self._area.column if self._area is not None else QVBoxLayout()
        self.left.setSpacing(tokens.GAP)
        self.side = SideColumn(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.GAP)
        if self._area is not None:
            row.addWidget(self._area, 1)
            self._area.verticalScrollBar().rangeChanged.connect(self._fit_again)
        else:
            row.addLayout(self.left, 1)
        row.addWidget(self.side)

    def why_not(self) -> str:
        """Why one cannot go on from here, "" when one can."""
        return ""

    def enter(self) -> None:
        """The step comes to the front."""

    def first(self) -> QWidget:
        """What the keyboard reaches first there; never what starts something."""
        return self

    def refresh(self) -> None:
        """Something it shows has changed."""

    def fit(self, side: int) -> None:
        """The width of the right column."""
        self.side.setFixedWidth(side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit(self.side.width())

    def _fit_again(self) -> None:
        """The bar has come, or gone, and with it some of the width."""
        self.fit(self.side.width())

    def room(self) -> int:
        """The width of the left part."""
        room = self.width() - self.side.width() - tokens.GAP
        if self._area is None or self._area.verticalScrollBar().maximum() == 0:
            return room
        return room - self._area.verticalScrollBar().sizeHint().width()


def hug(
    card: Card, grid: Grid, rows: int | None = None, stack: QStackedLayout | None = None, *, least: int = 0
) -> None:
    """The card ends under its last row, where there is more room. `rows`: their height, where a filter hides some of
    them; `stack`: what the grid stands in, and the card takes all the room while something else is shown there;
    `least`: the height that a longer list keeps in a low window."""
    if stack is not None and stack.currentWidget() is not grid and not rows:
        card.setMaximumHeight(UNBOUND)
        return
    layout = card.layout()
    assert layout is not None
    inside = (stack or grid).sizeHint().height()
    header = grid.horizontalHeader()
    titles = 0 if header.isHidden() else header.minimumHeight()
    need = layout.sizeHint().height() - inside + titles + (rows or grid.verticalHeader().length())
    card.setMaximumHeight(need)
    card.setMinimumHeight(min(need, least) if least else 0)


@dataclass(frozen=True, slots=True)
class Line:
    """Icon and sentence, and the way out under it."""

    look: Look
    words: str
    advice: str = ""


class LinesList(Painted):
    """Lines that wrap; as high as they need at their width, in so many columns. The menu copies all of them."""

    ICON, GAP, BETWEEN = 24, 9, 16

    def __init__(self, parent: QWidget | None = None, *, columns: int = 1) -> None:
        super().__init__(parent)
        self._lines: tuple[Line, ...] = ()
        self._columns = columns
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_lines(self, lines: Sequence[Line]) -> None:
        if tuple(lines) != self._lines:
            self._lines = tuple(lines)
            self.setAccessibleName(self.copy_text())
            self._measure()
            self.update()

    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def cut_at(self, y: int) -> int:
        """The top of the first line that `y` goes through; `y` where it is between lines."""
        found = y
        for part in self._parts(self._heights(self.width())):
            top = 0
            for high in part:
                if top < y < top + high:
                    found = min(found, top)
                top += high + self.GAP
        return found

    def copy_text(self) -> str:
        return "\n".join(" ".join(filter(None, (f"{one.look.word}:", one.words, one.advice))) for one in self._lines)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max((sum(part) + (len(part) - 1) * self.GAP for part in self._parts(self._heights(width))), default=0)

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(120, self.width())))

    def _measure(self) -> None:
        self.setMinimumHeight(self.heightForWidth(self.width()))
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def _parts(self, rows: Sequence[Any]) -> list[Sequence[Any]]:
        """The rows of each column, read downwards."""
        per = -(-len(rows) // self._columns)
        return [rows[start : start + per] for start in range(0, len(rows), max(1, per))]

    def _wide(self, width: int) -> int:
        return (width - (self._columns - 1) * self.BETWEEN) // self._columns

    def _heights(self, width: int) -> list[int]:
        wide = self._wide(width)
        return [self._high(one.words, "body", wide) + self._high(one.advice, "small", wide) for one in self._lines]

    def _high(self, words: str, kind: str, width: int) -> int:
        if not words:
            return 0
        metrics = QFontMetrics(theme.current().font(kind))
        room = QRect(0, 0, max(40, width - self.ICON), 10_000)
        return metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), words).height() + 1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        wide, left = self._wide(self.width()), 0
        for part in self._parts(self._lines):
            top = 0
            for one in part:
                icons.paint(painter, one.look.icon, one.look.role, QRectF(left, top + 1, 15, 15))
                for words, kind, role in ((one.words, "body", "text"), (one.advice, "small", "muted")):
                    high = self._high(words, kind, wide)
                    painter.setFont(look.font(kind))
                    painter.setPen(look.color(role))
                    room = QRect(left + self.ICON, top, wide - self.ICON, high)
                    painter.drawText(room, int(Qt.TextFlag.TextWordWrap), words)
                    top += high
                top += self.GAP
            left += wide + self.BETWEEN
