"""The left rail: the pages, the engine's state at the foot, the settings. Icons only where the window is narrow."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.text import tr
from evdesk.gui.widgets import Painted, draw

WIDE = 168
NARROW = 56
ROW = 40


class RailItem(QAbstractButton):
    """One row: icon, word, a number at the right. Checked = the page in front."""

    def __init__(self, icon: str, word: str, keys: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self._number = ""
        self.narrow = False
        self.setText(word)
        self.setCheckable(True)
        self.setAccessibleName(word)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        native = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{word} ({native})" if keys else word)
        theme.current().changed.connect(self.update)

    def set_number(self, number: str) -> None:
        if number != self._number:
            self._number = number
            self.setAccessibleName(f"{self.text()}, {number}" if number else self.text())
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(NARROW - 16 if self.narrow else WIDE - 17, max(ROW, theme.current().control))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        rect = QRectF(self.rect())
        checked = self.isChecked()
        ink = "text" if checked or self.underMouse() else "muted"
        icon_ink = "accent" if checked else ink
        if checked and look.is_contrast:
            draw.box(painter, rect, look.color("accent"), None, tokens.RADIUS_CONTROL)
            ink = icon_ink = "onAccent"
        elif checked:
            draw.box(painter, rect, look.color("surface"), look.color("border"), tokens.RADIUS_CONTROL)
            bar = QRectF(rect.left(), rect.center().y() - 9, 3, 18)
            painter.fillRect(bar, look.color("accent"))
        elif self.underMouse():
            draw.box(painter, rect, look.mix("text", "sunken", 0.06), None, tokens.RADIUS_CONTROL)
        middle = rect.center().y()
        left = rect.center().x() - 9 if self.narrow else rect.left() + 10
        icons.paint(painter, self._icon, icon_ink, QRectF(left, middle - 9, 18, 18))
        if self.narrow:
            return
        kind = "card" if checked else "control"
        baseline = middle + draw.metrics(kind).capHeight() / 2
        draw.text(painter, rect.left() + 38, baseline, self.text(), kind, ink)
        if self._number:
            draw.text_right(painter, rect.right() - 8, baseline, self._number, "small", ink)


class EngineCard(Painted):
    """Whether the engine runs, where, and for how long; or since when not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._role, self._word, self._second = "question", "muted", tr("Engine unknown"), ""
        self.narrow = False
        self.setFixedHeight(50)

    def set_state(self, icon: str, role: str, word: str, second: str) -> None:
        new = (icon, role, word, second)
        if new != (self._icon, self._role, self._word, self._second):
            self._icon, self._role, self._word, self._second = new
            self.setAccessibleName(f"{word}. {second}")
            self.setToolTip(f"{word}\n{second}".strip() if self.narrow or len(second) > 22 else "")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRectF(self.rect())
        look = theme.current()
        edge = "border" if self._role in ("ok", "muted") else self._role
        draw.box(painter, rect, look.color("surface"), look.color(edge), tokens.RADIUS_CONTROL, float(look.edge))
        if self.narrow:
            icons.paint(painter, self._icon, self._role, QRectF(rect.center().x() - 8, rect.center().y() - 8, 16, 16))
            return
        icons.paint(painter, self._icon, self._role, QRectF(rect.left() + 10, rect.top() + 9, 14, 14))
        room = rect.width() - 20
        draw.text(
            painter, rect.left() + 30, rect.top() + 20.5, draw.elided(self._word, "chip", room - 20), "chip", self._role
        )
        draw.text(
            painter, rect.left() + 10, rect.top() + 37.5, draw.elided(self._second, "small", room), "small", "text"
        )


class _Brand(Painted):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.narrow = False
        self.setFixedHeight(52)
        self.setAccessibleName("evdesk")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        left = self.width() / 2 - 11 if self.narrow else 8
        mark = QRectF(left, 15, 22, 22)
        draw.box(painter, mark, look.color("accent"), None, tokens.RADIUS_CHIP)
        icons.paint(painter, "bolt", "onAccent", mark.adjusted(4, 4, -4, -4))
        if not self.narrow:
            draw.text(painter, 38, 31.5, "evdesk", "page", "text")


class Rail(QWidget):
    """`chosen(name)` when a page is asked for; `settings_asked()`."""

    chosen = Signal(str)
    settings_asked = Signal()

    def __init__(self, entries: list[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        """`entries`: (page name, icon, word), in their order; Ctrl+1 is the first."""
        super().__init__(parent)
        self.items: dict[str, RailItem] = {}
        self._brand = _Brand(self)
        self.engine = EngineCard(self)
        self.settings = RailItem("settings", tr("Settings"), "Ctrl+,", self)
        self.settings.setCheckable(False)
        self.settings.clicked.connect(self.settings_asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 9, 8)
        column.setSpacing(2)
        column.addWidget(self._brand)
        for number, (name, icon, word) in enumerate(entries, 1):
            item = RailItem(icon, word, f"Ctrl+{number}", self)
            item.clicked.connect(lambda _=False, name=name: self._clicked(name))
            column.addWidget(item)
            self.items[name] = item
        column.addStretch(1)
        column.addWidget(self.engine)
        column.addSpacing(6)
        column.addWidget(self.settings)
        self.setFixedWidth(WIDE)
        theme.current().changed.connect(self.update)

    def select(self, name: str) -> None:
        for key, item in self.items.items():
            item.setChecked(key == name)

    def set_narrow(self, narrow: bool) -> None:
        if narrow == self._brand.narrow:
            return
        self.setFixedWidth(NARROW if narrow else WIDE)
        parts: list[_Brand | EngineCard | RailItem] = [self._brand, self.engine, self.settings, *self.items.values()]
        for part in parts:
            part.narrow = narrow
            part.updateGeometry()
            part.update()

    def _clicked(self, name: str) -> None:
        self.items[name].setChecked(True)
        self.chosen.emit(name)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        painter.fillRect(self.rect(), look.color("sunken"))
        edge = look.edge
        painter.fillRect(self.width() - edge, 0, edge, self.height(), look.color("border"))
