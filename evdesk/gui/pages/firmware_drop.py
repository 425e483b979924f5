"""Files dragged from elsewhere: what may be dropped, and the veil that says what will happen."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.text import tr
from evdesk.gui.widgets import Painted, draw


def dropped_paths(dragged: QMimeData) -> list[Path]:
    """Files and folders of this computer; [] where something else is dragged."""
    return [Path(url.toLocalFile()) for url in dragged.urls() if url.isLocalFile()] if dragged.hasUrls() else []


class DropVeil(Painted):
    """Covers `page` while files are held above it. `dropped([paths])`. `may()`: whether anything may be dropped now."""

    dropped = Signal(object)

    def __init__(self, page: QWidget, may: Callable[[], bool]) -> None:
        super().__init__(page)
        self._page, self._may = page, may
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(tr("Drop the files to add them to the library"))
        self.hide()
        page.setAcceptDrops(True)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            if self._may() and dropped_paths(event.mimeData()):
                event.acceptProposedAction()
                self._cover()
        elif event.type() == QEvent.Type.DragLeave:
            self.hide()
        elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self.hide()
            paths = dropped_paths(event.mimeData())
            if paths:
                event.acceptProposedAction()
                self.dropped.emit(paths)
        return False

    def _cover(self) -> None:
        self.setGeometry(self._page.rect())
        self.raise_()
        self.show()

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        rect = QRectF(self.rect()).adjusted(8, 8, -8, -8)
        back = look.color("accentSoft", 0.94)
        draw.box(painter, rect, back, look.color("accent"), tokens.RADIUS_CARD, 2.0)
        middle = rect.center()
        icons.paint(painter, "import", "accent", QRectF(middle.x() - 14, middle.y() - 36, 28, 28))
        words = tr("Drop to add to the library")
        draw.text(painter, middle.x() - draw.width(words, "title") / 2, middle.y() + 20, words, "title", "text")
