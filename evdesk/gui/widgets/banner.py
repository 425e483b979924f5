"""Banners, empty states and search: the parts every page has."""

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.text import tr
from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Label, Painted
from evdesk.gui.widgets.buttons import GHOST, NORMAL, PRIMARY, Button

_ICONS = {"danger": "octagon", "warn": "warning", "ok": "check-circle", "accent": "person", "info": "info"}
OK_CLOSES_MS = 10_000


class Picture(Painted):
    """One icon of a role."""

    def __init__(self, name: str, role: str = "muted", size: int = icons.ROW, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._role, self._size = name, role, size
        self.setFixedSize(size, size)

    def set(self, name: str, role: str) -> None:
        self._name, self._role = name, role
        self.update()

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._name:
            icons.paint(QPainter(self), self._name, self._role, QRectF(self.rect()))


class Banner(Painted):
    """Icon, what happened, what it means, one action. `role`: danger, warn, accent, ok (closes itself after 10 s).

    `acted(key)` when an action is pressed, `closed()` when it goes away.
    """

    acted = Signal(str)
    closed = Signal()

    def __init__(
        self,
        role: str,
        title: str,
        meaning: str = "",
        actions: tuple[tuple[str, str], ...] = (),
        parent: QWidget | None = None,
        *,
        icon: str = "",
        closable: bool = False,
    ) -> None:
        super().__init__(parent)
        self._role = role
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(Picture(icon or _ICONS.get(role, "info"), role, icons.RAIL, self))
        words = QVBoxLayout()
        words.setSpacing(2)
        self.title = Label(title, "card", parent=self, wrap=True, selectable=True)
        self.meaning = Label(meaning, "small", parent=self, wrap=True, selectable=True)
        self.meaning.setVisible(bool(meaning))
        words.addStretch(1)
        words.addWidget(self.title)
        words.addWidget(self.meaning)
        words.addStretch(1)
        row.addLayout(words, 1)
        self.buttons: dict[str, Button] = {}
        for i, (key, label) in enumerate(actions):
            variant = PRIMARY if role == "accent" and i == len(actions) - 1 else NORMAL
            button = Button(label, "", variant, self, dense=True)
            button.clicked.connect(lambda _=False, key=key: self.acted.emit(key))
            row.addWidget(button)
            self.buttons[key] = button
        if closable or role == "ok":
            cross = Button("", "x", GHOST, self, label=tr("Close"), dense=True)
            cross.clicked.connect(self.close_it)
            row.addWidget(cross)
        self.setMinimumHeight(44)
        self.setAccessibleName(f"{title}. {meaning}".strip())
        if role == "ok":
            QTimer.singleShot(OK_CLOSES_MS, self, self.close_it)

    def close_it(self) -> None:
        self.hide()
        self.closed.emit()

    def set_words(self, title: str, meaning: str = "") -> None:
        self.title.setText(title)
        self.meaning.setText(meaning)
        self.meaning.setVisible(bool(meaning))
        self.setAccessibleName(f"{title}. {meaning}".strip())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        edge = look.color(self._role)
        draw.box(QPainter(self), QRectF(self.rect()), look.soft(self._role), edge, tokens.RADIUS_CARD, float(look.edge))


class EmptyState(QWidget):
    """What is missing, what to do next, one button (`button` is None without a word for it)."""

    def __init__(
        self, icon: str, title: str, advice: str = "", action: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(Picture(icon, "muted", icons.EMPTY, self), 0, Qt.AlignmentFlag.AlignHCenter)
        self.title = Label(title, "name", parent=self, wrap=True)
        self.advice = Label(advice, "small", "muted", self, wrap=True)
        for label in (self.title, self.advice):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        self.advice.setVisible(bool(advice))
        self.button: Button | None = None
        if action:
            self.button = Button(action, "plus", PRIMARY, self)
            column.addSpacing(4)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.setAccessibleName(f"{title}. {advice}")

    def set_words(self, title: str, advice: str = "") -> None:
        self.title.setText(title)
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))


class SearchField(QLineEdit):
    """A field with a magnifier; Escape empties it."""

    def __init__(self, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(hint or tr("Search"))
        self.setAccessibleName(hint or tr("Search"))
        self.setClearButtonEnabled(True)
        self.addAction(icons.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
