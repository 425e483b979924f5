"""Small parts of the detail pane: the *why* box, one line per connector, names and values with icons."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import icons, tokens
from evdesk.gui.sentences import Look
from evdesk.gui.theme import current
from evdesk.gui.widgets import Label, Painted, Picture, draw


class ReasonBox(Painted):
    """The limit's reason: a headline and up to two lines (since when, what changes it)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 14, 10)
        row.setSpacing(12)
        self.icon = Picture("gauge", "accent", icons.ROW, self)
        words = QVBoxLayout()
        words.setSpacing(1)
        self.title = Label("", "card", parent=self, wrap=True, selectable=True)
        self.lines = Label("", "small", "muted", self, wrap=True, selectable=True)
        words.addWidget(self.title)
        words.addWidget(self.lines)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self._role = "text"

    def show_reason(self, look: Look, lines: list[str]) -> None:
        self._role = look.role
        self.icon.set(look.icon or "gauge", "accent" if look.role in ("text", "muted") else look.role)
        self.title.setText(look.word)
        told = "\n".join(line for line in lines if line)
        self.lines.setText(told)
        self.lines.setVisible(bool(told))
        self.setAccessibleName(f"{look.word}. {told}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        edge = theme.color(self._role if self._role in ("warn", "danger") else "border")
        draw.box(
            QPainter(self), QRectF(self.rect()), theme.color("raised"), edge, tokens.RADIUS_CONTROL, float(theme.edge)
        )


class ConnectorLine(QAbstractButton):
    """One connector: what it is, the charge on it, how long. Checked = the one the pane shows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.key: tuple[str, int] = ("", 0)
        self._look = Look("plug", "", "muted")
        self._words = ("", "", "")
        self._choice = False
        current().changed.connect(self.update)

    def show_connector(self, key: tuple[str, int], look: Look, words: tuple[str, str, str], choice: bool) -> None:
        """`words`: name, what runs on it, how long. `choice`: there are several, so this one can be chosen."""
        self.key = key
        if (look, words, choice) == (self._look, self._words, self._choice):
            return
        self._look, self._words, self._choice = look, words, choice
        self.setCheckable(choice)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if choice else Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(", ".join(part for part in (*words[:1], look.word, *words[1:]) if part))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, max(38, current().control + 6))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), current()
        rect = QRectF(self.rect())
        chosen = self._choice and self.isChecked()
        fill = "selection" if chosen else "raised" if self._choice and self.underMouse() else "surface"
        edge = theme.color("accent" if chosen else "border")
        draw.box(painter, rect, theme.color(fill), edge, tokens.RADIUS_CONTROL, float(theme.edge))
        icons.paint(painter, self._look.icon, self._look.role, QRectF(14, rect.center().y() - 8, 16, 16))
        base = rect.center().y() + draw.metrics("card").capHeight() / 2
        right = draw.text_right(painter, rect.right() - 13, base, self._words[2], "small", "muted")
        used = 42 + draw.text(painter, 42, base, self._words[0], "card", "text")
        told = draw.elided(self._words[1], "small", right - used - 20)
        draw.text(painter, used + 12, base, told, "small", "muted")


class Facts(QWidget):
    """Names and values in two columns of pairs; a value may carry an icon and a role."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(6)
        self._cells: dict[str, tuple[Picture, Label]] = {}
        for column, stretch in enumerate((0, 0, 5, 0, 0, 4)):
            self._grid.setColumnStretch(column, stretch)
        self._grid.setColumnMinimumWidth(0, 60)
        self._grid.setColumnMinimumWidth(3, 56)

    def set(self, name: str, value: str, role: str = "text", icon: str = "") -> None:
        """Add or change one. The icon stands in `role`, the words in it only when something is wrong."""
        if name not in self._cells:
            row, half = divmod(len(self._cells), 2)
            key = Label(name, "small", "muted", self)
            picture, label = (
                Picture("", "muted", 12, self),
                Label("", "small", "text", self, selectable=True, wrap=True),
            )
            key.setBuddy(label)
            held = QWidget(self)
            line = QHBoxLayout(held)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(4)
            line.addWidget(picture)
            line.addWidget(label, 1)
            self._grid.addWidget(key, row, half * 3, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(held, row, half * 3 + 1, 1, 2)
            self._cells[name] = (picture, label)
        picture, label = self._cells[name]
        picture.setVisible(bool(icon))
        picture.set(icon, role)
        label.setText(value)
        label.set_role(role if role in ("warn", "danger", "muted") else "text")
        label.setAccessibleName(f"{name}: {value}")

    def value(self, name: str) -> str:
        return self._cells[name][1].text()
