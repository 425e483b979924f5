"""The crosshair: by pointer and by keys; and what lies under the pointer."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from evdesk.gui.charts.data import Marker
from evdesk.gui.charts.drawing import Drawing
from evdesk.gui.charts.parts import Scale


class Pointer(QObject):
    """`index` is the bucket of the crosshair, None without one. `changed()` when it moved, `clicked(tag)` on an event.

    `markers` are the squares of the events as they were painted last.
    """

    changed = Signal()
    clicked = Signal(object)

    def __init__(self, owner: QWidget, surface: QWidget, drawing: Drawing, scale: Callable[[], Scale]) -> None:
        super().__init__(owner)
        self.index: int | None = None
        self.markers: list[tuple[Marker, QRectF]] = []
        self._owner, self._surface = owner, surface
        self._drawing, self._scale = drawing, scale
        owner.installEventFilter(self)
        surface.installEventFilter(self)

    def set(self, index: int | None) -> None:
        """Put the crosshair on a bucket, or take it away."""
        size = self._drawing.data.t.size
        self.index = None if index is None or not size else max(0, min(index, size - 1))
        if self.index is not None:
            said = ", ".join(f"{row.label} {row.value}" for row in self._drawing.rows(self.index))
            self._owner.setAccessibleDescription(said)
        self.changed.emit()

    def marker_at(self, where: QPointF) -> Marker | None:
        return next((m for m, rect in self.markers if rect.adjusted(-4, -4, 4, 4).contains(where)), None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self._owner:
            return kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._key(event)
        if kind == QEvent.Type.Leave:
            self.set(None)
        elif isinstance(event, QMouseEvent):
            self._mouse(kind, event)
        elif isinstance(event, QHelpEvent):
            marker = self.marker_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), marker.words if marker else "", self._owner)
            return True
        return False

    def _key(self, event: QKeyEvent) -> bool:
        size = self._drawing.data.t.size
        jump = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        here = self.index if self.index is not None else size - 1
        targets: dict[int, int | None] = {
            Qt.Key.Key_Left: here - jump,
            Qt.Key.Key_Right: here + jump,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: size - 1,
            Qt.Key.Key_Escape: None,
        }
        if not size or event.key() not in targets or (event.key() == Qt.Key.Key_Escape and self.index is None):
            return False
        if event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier):
            return False  # Alt+Left is the way back
        self.set(targets[event.key()])
        return True

    def _mouse(self, kind: QEvent.Type, event: QMouseEvent) -> None:
        where = event.position()
        if kind == QEvent.Type.MouseMove and not event.buttons():
            scale = self._scale()
            self.set(self._drawing.data.nearest(scale.at(where.x())) if scale.rect.contains(where) else None)
        elif kind == QEvent.Type.MouseButtonPress:
            self._owner.setFocus(Qt.FocusReason.MouseFocusReason)
            marker = self.marker_at(where)
            if marker is not None:
                self.clicked.emit(marker.tag)
