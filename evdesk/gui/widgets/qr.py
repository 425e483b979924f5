"""Text as a QR code, to be read by a phone or a charger's camera."""

import segno
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from evdesk.gui.text import tr
from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Painted

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
