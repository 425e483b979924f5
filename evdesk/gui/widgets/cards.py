"""Cards: the white sheets pages are made of."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import theme
from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Label, Painted


class Rule(Painted):
    """A hairline across its parent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme.current().edge)

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.current().color("border"))


class Card(Painted):
    """A rounded sheet with an optional head (`title`, widgets at its right) and a body layout.

    `body` is a QVBoxLayout; `head` a QHBoxLayout that ends with a stretch, so that `head.addWidget` puts things at
    the right. `set_edge(role)` colours the edge of a card with a problem.
    """

    def __init__(
        self, title: str = "", parent: QWidget | None = None, *, head_height: int = 40, padding: int = 14
    ) -> None:
        super().__init__(parent)
        self._edge = "border"
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(1, 1, 1, 1)
        self._outer.setSpacing(0)
        self.title = Label(title, "card")
        self.head = QHBoxLayout()
        self.head_box: QWidget | None = None
        if title:
            self.add_head(head_height)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(padding, padding, padding, padding)
        self.body.setSpacing(8)
        self._outer.addLayout(self.body, 1)

    def add_head(self, height: int = 40) -> QHBoxLayout:
        """Give the card a head line; called by itself where a title is given."""
        box = QWidget(self)
        box.setFixedHeight(height)
        box.setLayout(self.head)
        self.head.setContentsMargins(12, 0, 12, 0)
        self.head.setSpacing(8)
        self.head.addWidget(self.title)
        self.title.setVisible(bool(self.title.text()))
        self.head.addStretch(1)
        self._outer.insertWidget(0, Rule(self))
        self._outer.insertWidget(0, box)
        self.head_box = box
        return self.head

    def add_foot(self, foot: QWidget) -> None:
        """A strip under the body, parted by a hairline."""
        self._outer.addWidget(Rule(self))
        self._outer.addWidget(foot)

    def set_edge(self, role: str = "border") -> None:
        if role != self._edge:
            self._edge = role
            self.update()

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw.card(painter, QRectF(self.rect()), self._edge)


class Strip(Painted):
    """A raised band, for heads and feet inside cards."""

    def __init__(self, parent: QWidget | None = None, height: int = 40) -> None:
        super().__init__(parent)
        self.setFixedHeight(height)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 0, 12, 0)
        self.row.setSpacing(8)
        self.row.setAlignment(Qt.AlignmentFlag.AlignVCenter)

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.current().color("raised"))
