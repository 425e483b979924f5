"""The top bar: where we are, what the page offers, the search, the bell."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.models.needs import Need
from evdesk.gui.text import tr
from evdesk.gui.widgets import ElidedLabel, Label, Painted, Picture, draw

HEIGHT = 52


class _SearchButton(QAbstractButton):
    """Looks like a field; opens the palette."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(tr("Find anything"))
        self.setAccessibleName(tr("Find anything, Ctrl+K"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(184, theme.current().control)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        rect = QRectF(self.rect())
        fill = look.color("raised" if self.underMouse() else "surface")
        draw.box(painter, rect, fill, look.color("borderStrong"), tokens.RADIUS_CONTROL, float(look.edge))
        middle = rect.center().y()
        icons.paint(painter, "search", "muted", QRectF(10, middle - 7, 14, 14))
        draw.text(painter, 31, middle + draw.metrics("body").capHeight() / 2, self.text(), "body", "muted")
        wide = draw.width("Ctrl K", "chart") + 12
        keys = QRectF(rect.right() - wide - 8, middle - 9, wide, 18)
        draw.box(painter, keys, look.color("raised"), look.color("border"), 4)
        draw.text(painter, keys.left() + 6, middle + draw.metrics("chart").capHeight() / 2, "Ctrl K", "chart", "muted")


class _BellButton(QAbstractButton):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._count, self._role = 0, "muted"
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_count(0, "muted")
        theme.current().changed.connect(self.update)

    def set_count(self, count: int, role: str) -> None:
        self._count, self._role = count, role
        name = tr("Nothing needs you") if not count else tr("What needs you: {n}").format(n=count)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.updateGeometry()
        self.update()

    def count(self) -> int:
        return self._count

    def sizeHint(self) -> QSize:
        return QSize(44 if self._count else 34, theme.current().control)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        rect = QRectF(self.rect())
        if self.underMouse():
            draw.box(painter, rect, look.mix("text", "surface", 0.07), None, tokens.RADIUS_CONTROL)
        middle = rect.center().y()
        icons.paint(painter, "bell", self._role, QRectF(8, middle - 8, 16, 16))
        if self._count:
            baseline = middle + draw.metrics("card").capHeight() / 2
            draw.text(painter, 29, baseline, str(self._count), "card", self._role)


class _NeedRow(QAbstractButton):
    def __init__(self, need: Need, parent: QWidget) -> None:
        super().__init__(parent)
        self.need = need
        self.setAccessibleName(f"{need.title}. {need.detail}".strip())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(10)
        row.addWidget(Picture(need.icon, need.role, icons.ROW, self))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(ElidedLabel(need.title, "card", "text", self))
        if need.detail:
            words.addWidget(ElidedLabel(need.detail, "small", "muted", self))
        row.addLayout(words, 1)
        row.addWidget(Picture("chevron-right", "muted", 14, self))
        self.setFixedHeight(52 if need.detail else 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.underMouse() or self.hasFocus():
            QPainter(self).fillRect(self.rect(), theme.current().color("selection"))


class BellList(QFrame):
    """What needs a person. A row leads to the thing; the list empties by deeds."""

    followed = Signal(object)  # Need

    def __init__(self, needs: list[Need], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(tr("What needs you"))
        self.setFixedWidth(380)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 8, 2, 8)
        column.setSpacing(0)
        if not needs:
            empty = Label(tr("Nothing needs you."), role="muted", parent=self)
            empty.setContentsMargins(12, 6, 12, 6)
            column.addWidget(empty)
        self.rows = [_NeedRow(need, self) for need in needs[:12]]
        for row in self.rows:
            row.clicked.connect(lambda _=False, row=row: self._follow(row.need))
            column.addWidget(row)
        if len(needs) > len(self.rows):
            more = Label(tr("and {n} more").format(n=len(needs) - len(self.rows)), "small", "muted", self)
            more.setContentsMargins(12, 6, 12, 0)
            column.addWidget(more)

    def _follow(self, need: Need) -> None:
        self.close()
        self.followed.emit(need)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.color("surface"))
        painter.setPen(look.pen("borderStrong", look.edge))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class TopBar(Painted):
    """`search_asked()`, `followed(need)`. The page's own widgets stand left of the search."""

    search_asked = Signal()
    followed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._needs: list[Need] = []
        self._actions: list[QWidget] = []
        self.way = Label("", "way", "muted", self)
        self.title = Label("", "page", "text", self)
        self.subtitle = ElidedLabel("", "body", "muted", self)
        self.search = _SearchButton(self)
        self.search.clicked.connect(self.search_asked)
        self.bell = _BellButton(self)
        self.bell.clicked.connect(self.open_bell)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 0, 16, 0)
        self._row.setSpacing(12)
        for label in (self.way, self.title):
            self._row.addWidget(label)
        self._row.addWidget(self.subtitle, 1)
        self._row.addWidget(self.search)
        self._row.addWidget(self.bell)
        self.setFixedHeight(HEIGHT)

    def show_page(self, way: str, title: str, subtitle: str, actions: list[QWidget]) -> None:
        self.way.setText(f"{way}  ›" if way else "")
        self.way.setVisible(bool(way))
        self.title.setText(title)
        self.subtitle.setText(subtitle)
        if actions != self._actions:
            for old in self._actions:
                self._row.removeWidget(old)
                old.hide()
            for place, new in enumerate(actions):
                self._row.insertWidget(3 + place, new)
                new.show()
            self._actions = list(actions)

    def set_needs(self, needs: list[Need]) -> None:
        self._needs = needs
        order = ("danger", "warn", "accent")
        role = next((role for role in order if any(n.role == role for n in needs)), "muted")
        self.bell.set_count(len(needs), role)

    def open_bell(self) -> BellList:
        """The list under the bell; returned for tests."""
        shown = BellList(self._needs, self)
        shown.followed.connect(self.followed)
        shown.adjustSize()
        corner = self.bell.mapToGlobal(QPoint(self.bell.width(), self.bell.height() + 4))
        shown.move(corner.x() - shown.width(), corner.y())
        shown.show()
        if shown.rows:
            shown.rows[0].setFocus()
        return shown

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        painter.fillRect(self.rect(), look.color("surface"))
        painter.fillRect(0, self.height() - look.edge, self.width(), look.edge, look.color("border"))
