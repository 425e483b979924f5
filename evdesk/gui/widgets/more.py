"""The lower edge of a scrolled column: a line that says that there is more below."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea

from evdesk.gui import theme
from evdesk.gui.widgets.base import Painted


class MoreBelow(Painted):
    """Closes the card that is cut by the end of `area`, as long as something is below; lets the pointer through."""

    def __init__(self, area: QScrollArea) -> None:
        super().__init__(area)
        self._area = area
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        area.verticalScrollBar().valueChanged.connect(self.place)
        area.verticalScrollBar().rangeChanged.connect(self.place)
        area.installEventFilter(self)
        self.place()

    def place(self) -> None:
        bar, line = self._area.verticalScrollBar(), theme.current().edge
        self.setVisible(bar.value() < bar.maximum())
        self.setGeometry(0, self._area.height() - line, self._area.viewport().width(), line)
        self.raise_()

    def _theme_changed(self) -> None:
        super()._theme_changed()
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.current().color("border"))
