"""What held at the moment under the pointer, in words: also for bars too short for any."""

from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip

from evdesk.gui.pages.balancing_lanes import Lanes
from evdesk.gui.pages.balancing_spans import moment_words


class LaneTips(QObject):
    """Tool tips of the lanes; they belong to them."""

    def __init__(self, lanes: Lanes) -> None:
        super().__init__(lanes)
        self._lanes = lanes
        lanes.viewport().installEventFilter(self)

    def words(self, x: float, y: float) -> str:
        """What is told at a place; "" where there is nothing to tell."""
        row, field = self._lanes.row_at(y), self._lanes.field()
        if row is None or row.lane is None:
            return ""
        if x < field.left:
            return row.lane.label
        moment = field.to_time(x)
        return moment_words(row.lane, moment) if row.lane.at(moment) is not None else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return False
        at = event.pos()
        words = self.words(at.x(), at.y())
        near = QRect(at.x() - 2, at.y() - 2, 4, 4)  # another place has other words
        QToolTip.showText(event.globalPos(), words, self._lanes.viewport(), near)
        return True
