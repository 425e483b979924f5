"""The connect page's own widgets: network row, numbered step, verdict line."""

from html import escape

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.pages.connect_networks import Network
from evdesk.gui.widgets import Card, Label, Painted, Strip, draw


class NetworkRow(QAbstractButton):
    def __init__(self, network: Network, parent: QWidget) -> None:
        super().__init__(parent)
        self.network = network
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFixedHeight(52)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{network.name}, {network.address}")
        self.setAccessibleDescription(network.note)
        self.setToolTip(network.note)
        theme.current().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, rect, one = theme.current(), QRectF(self.rect()), self.network
        checked = self.isChecked()
        if checked:
            painter.fillRect(rect, look.color("selection"))
            painter.fillRect(QRectF(0, 0, 3, rect.height()), look.color("accent"))
        middle = rect.center().y()
        icons.paint(painter, one.icon, "accent" if checked else "muted", QRectF(14, middle - 9, 18, 18))
        room = rect.width() - 46 - 24 - draw.width(one.address, "card")
        if one.note:
            draw.text(painter, 46, middle - 3, draw.elided(one.name, "card", room), "card")
            role = "warn" if one.doubtful or not one.usual else "muted"
            draw.text(painter, 46, middle + 14, draw.elided(one.note, "small", room), "small", role)
        else:
            draw.text(painter, 46, middle + 5, draw.elided(one.name, "card", room), "card")
        draw.text_right(
            painter,
            rect.right() - 14,
            middle + 5,
            one.address,
            "card" if checked else "body",
            "text" if checked else "muted",
        )


class Step(Card):
    """A card with its number in the head."""

    def __init__(self, number: int, title: str, parent: QWidget, padding: int = 14) -> None:
        super().__init__(title, parent, padding=padding)
        mark = Number(number, self)
        self.head.insertWidget(0, mark)


class Number(Painted):
    def __init__(self, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._number = str(number)
        self.setFixedSize(20, 20)

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw.box(painter, QRectF(self.rect()), theme.current().color("accent"), None, 10)
        left = 10 - draw.width(self._number, "chip") / 2
        draw.text(painter, left, 10 + draw.metrics("chip").capHeight() / 2, self._number, "chip", "onAccent")


class Verdict(Label):
    """A first word in the colour of its role, then a plain sentence, on wrapped lines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("", parent=parent, wrap=True, selectable=True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self._said = ("", "text", "")
        self._weight = 600
        theme.current().changed.connect(self._write)

    def say(self, first: str, role: str, rest: str, strong: bool = True) -> None:
        self._said, self._weight = (first, role, rest), 600 if strong else 400
        self.setAccessibleName(f"{first} {rest}".strip())
        self._write()

    def words(self) -> str:
        return " ".join(part for part in (self._said[0], self._said[2]) if part)

    def _write(self) -> None:
        first, role, rest = self._said
        color = theme.current().color(role).name()
        head = f'<span style="color:{color}; font-weight:{self._weight}">{escape(first)}</span>' if first else ""
        self.setText(f"{head} {escape(rest)}".strip())


class Foot(Strip):
    """A band at the foot of a card, inside its round corners."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = tokens.RADIUS_CARD - 1
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()).adjusted(0, -radius, 0, 0), radius, radius)
        painter.setClipRect(self.rect())
        painter.fillPath(shape, theme.current().color("raised"))
