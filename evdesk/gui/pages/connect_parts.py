"""The connect page's own widgets: QR code, network row, numbered step."""

from html import escape

import segno
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.pages.connect_networks import Network
from evdesk.gui.text import tr
from evdesk.gui.widgets import Card, Label, Painted, Strip, draw

QUIET_ZONE = 4
"""Empty modules around a QR code (ISO/IEC 18004)."""


class QrCode(Painted):
    """Text as a QR code, black on white in every theme: cameras want it so."""

    def __init__(self, parent: QWidget | None = None, side: int = 148) -> None:
        super().__init__(parent)
        self._rows: tuple[bytearray, ...] = ()
        self.setFixedSize(side, side)

    def set_text(self, words: str) -> None:
        self._rows = segno.make(words, error="m", micro=False).matrix if words else ()
        self.setAccessibleName(tr("QR code of {address}").format(address=words))
        self.update()

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw.box(painter, QRectF(self.rect()), QColor("white"), None, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        side = len(self._rows) + 2 * QUIET_ZONE
        step = max(1.0, min(self.width(), self.height()) / side)
        start = (self.width() - step * len(self._rows)) / 2
        edges = [round(start + i * step) for i in range(len(self._rows) + 1)]
        for y, row in enumerate(self._rows):
            for x, dark in enumerate(row):
                if dark:
                    size = edges[x + 1] - edges[x], edges[y + 1] - edges[y]
                    painter.fillRect(edges[x], edges[y], *size, QColor("black"))


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
