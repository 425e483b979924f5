"""Tabs with an accent line, and the grid of names and values."""

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from evdesk.gui import theme, tokens
from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Label, Painted


class _Tab(QAbstractButton):
    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setCheckable(True)
        self.setAccessibleName(words)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.badge = ""

    def sizeHint(self) -> QSize:
        wide = draw.width(self.text(), "card") + 16
        return QSize(round(wide + (draw.width(self.badge, "chip") + 16 if self.badge else 0)), 36)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        on = self.isChecked()
        kind, role = ("card", "text") if on else ("control", "text" if self.underMouse() else "muted")
        baseline = self.height() / 2 + draw.metrics(kind).capHeight() / 2 - 1
        x = 8 + draw.text(painter, 8, baseline, self.text(), kind, role)
        if self.badge:
            wide = draw.width(self.badge, "chip") + 10
            rect = QRectF(x + 6, self.height() / 2 - 10, wide, 18)
            edge = look.color("warn") if look.is_contrast else None
            draw.box(painter, rect, look.color("warnSoft"), edge, tokens.RADIUS_CHIP)
            draw.text(painter, rect.left() + 5, baseline - 0.5, self.badge, "chip", "warn")
        if on:
            painter.fillRect(QRectF(0, self.height() - 2, self.width(), 2), look.color("accent"))


class Tabs(Painted):
    """A row of tabs; `changed(key)` when a person chose one. `set_badge(key, "3")` puts a number beside it."""

    changed = Signal(str)

    def __init__(self, items: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._keys = [key for key, _ in items]
        self._tabs: dict[str, _Tab] = {}
        for i, (key, words) in enumerate(items):
            tab = _Tab(words, self)
            self._group.addButton(tab, i)
            self._tabs[key] = tab
            row.addWidget(tab)
        row.addStretch(1)
        self._group.idClicked.connect(self._clicked)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if self._keys:
            self.select(self._keys[0])

    def current(self) -> str:
        index = self._group.checkedId()
        return self._keys[index] if index >= 0 else ""

    def has(self, key: str) -> bool:
        return key in self._keys

    def select(self, key: str) -> None:
        """Choose without a signal."""
        self._tabs[key].setChecked(True)

    def set_badge(self, key: str, words: str) -> None:
        self._tabs[key].badge = words
        self._tabs[key].updateGeometry()
        self._tabs[key].update()

    def _clicked(self, index: int) -> None:
        self.changed.emit(self._keys[index])

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        QPainter(self).fillRect(QRectF(0, self.height() - look.edge, self.width(), look.edge), look.color("border"))


class KeyValue(QWidget):
    """Names and values in columns; every value can be marked and copied. `set(name, value, role)` adds or changes."""

    def __init__(self, parent: QWidget | None = None, *, columns: int = 2) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._columns = columns
        self._values: dict[str, Label] = {}
        self._keys: dict[str, Label] = {}
        for column in range(columns):
            self._grid.setColumnStretch(column * 2 + 1, 1)

    def set(self, name: str, value: str, role: str = "text") -> None:
        label = self._values.get(name)
        if label is None:
            place = len(self._values)
            row, column = divmod(place, self._columns)
            key = Label(name, "small", "muted", self)
            label = Label("", "small", role, self, wrap=True, selectable=True)
            key.setBuddy(label)
            align = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
            self._grid.addWidget(key, row, column * 2, align)
            self._grid.addWidget(label, row, column * 2 + 1, Qt.AlignmentFlag.AlignTop)
            self._values[name], self._keys[name] = label, key
        label.setText(value)
        label.setAccessibleName(f"{name}: {value}")
        label.set_role(role)

    def value(self, name: str) -> str:
        return self._values[name].text()

    def show_rows(self, names: Iterable[str], on: bool) -> None:
        """Rows that are hidden keep their values."""
        for name in names:
            label = self._values.get(name)
            if label is not None:
                label.setVisible(on)
                self._keys[name].setVisible(on)
        self._grid.invalidate()  # whoever asks how high it is now shall not get the height of before
        self.updateGeometry()

    def label(self, name: str) -> Label:
        """The widget of a value, for a tool tip or another font; KeyError where it was never set."""
        return self._values[name]
