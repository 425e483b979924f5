"""The focus ring: 2 px accent, 2 px off, around whatever the keyboard has reached."""

import itertools
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QLineEdit, QStackedWidget, QWidget

from evdesk.gui import theme, tokens

_OFF = 2
_PEN = 2
_FOLLOW = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show, QEvent.Type.Destroy)
_MOVES = (QEvent.Type.Move, QEvent.Type.Resize)
_NUMBERS = itertools.count()


class FocusRing(QObject):
    """One for the application: `FocusRing(app)`. Shown after the keyboard moved the focus, and around text fields."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._target: QWidget | None = None
        self._frame: _Frame | None = None
        self._by_key = False
        app.focusChanged.connect(self._moved)
        app.installEventFilter(self)

    def _moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._target = None
        if self._frame is not None:
            self._frame.hide()
        if new is None or not (self._by_key or isinstance(new, QLineEdit)):
            return
        if isinstance(new, QAbstractScrollArea | QStackedWidget) or new.isWindow():
            return
        self._target = new
        self._place()

    def _place(self) -> None:
        target = self._target
        if target is None or not target.isVisible():
            return
        window = target.window()
        if self._frame is None or self._frame.parentWidget() is not window:
            if self._frame is not None:
                self._frame.hide()
                self._frame.deleteLater()
            self._frame = _Frame(window, self._gone)
        room = QRect(target.mapTo(window, QPoint(0, 0)), target.size())
        margin = _OFF + _PEN
        self._frame.setGeometry(room.adjusted(-margin, -margin, margin, margin))
        self._frame.raise_()
        self._frame.show()

    def _stands_in(self, watched: QObject) -> bool:
        target = self._target
        return target is not None and isinstance(watched, QWidget) and watched.isAncestorOf(target)

    def _gone(self, number: int, *_: object) -> None:
        """A window took its frame with it. Told late, when another window may have one already: that stays."""
        if self._frame is not None and self._frame.number == number:
            self._frame = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress:
            self._by_key = True
        elif kind == QEvent.Type.MouseButtonPress:
            self._by_key = False
        elif kind in _FOLLOW and self._target is not None and watched is self._target:
            if kind in (QEvent.Type.Hide, QEvent.Type.Destroy):
                self._target = None
                if self._frame is not None:
                    self._frame.hide()
            else:
                self._place()
        elif kind in _MOVES and self._stands_in(watched):
            self._place()  # what it stands in was moved, or scrolled
        return False


class _Frame(QWidget):
    def __init__(self, window: QWidget, gone: Callable[..., None]) -> None:
        super().__init__(window)
        self.number = next(_NUMBERS)
        self.destroyed.connect(partial(gone, self.number))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current().color("accent"), _PEN))
        half = _PEN / 2
        radius = tokens.RADIUS_CONTROL + _OFF
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), radius, radius)
