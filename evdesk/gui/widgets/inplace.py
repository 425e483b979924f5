"""A value in words that becomes a field when it is pressed: Enter saves, Escape leaves it as it was."""

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QSizePolicy, QStackedWidget, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.text import tr
from evdesk.gui.widgets import draw


class _Words(QAbstractButton):
    """The value; a pencil at its end says that it can be changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(round(draw.width(self.text(), "chip")) + 34, max(28, theme.current().control - 4))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        rect = QRectF(self.rect())
        if self.isEnabled() and (self.underMouse() or self.isDown()):
            draw.box(painter, rect, look.mix("text", "surface", 0.07), None, tokens.RADIUS_CONTROL)
        base = rect.center().y() + draw.metrics("chip").capHeight() / 2
        room = rect.width() - 30
        words = draw.elided(self.text(), "chip", room)
        x = 6 + draw.text(painter, 6, base, words, "chip", "text" if self.isEnabled() else "muted") + 6
        if self.isEnabled():
            icons.paint(painter, "edit", "muted", QRectF(x, rect.center().y() - 6, 12, 12))


class InPlace(QStackedWidget):
    """`field` is a spin box or a combo box. `started()`: fill the field now; `committed()`: read it."""

    started = Signal()
    committed = Signal()

    def __init__(self, name: str, field: QAbstractSpinBox | QComboBox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.words = _Words(self)
        self.field = field
        field.setAccessibleName(name)
        if isinstance(field, QAbstractSpinBox):
            field.lineEdit().setTextMargins(8, 0, 0, 0)  # the style sheet's padding stops at the frame
        self.addWidget(self.words)
        self.addWidget(field)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(max(28, theme.current().control - 4))
        self.words.clicked.connect(self.edit)
        field.installEventFilter(self)
        if isinstance(field, QComboBox):
            field.activated.connect(self._commit)

    def set_words(self, words: str) -> None:
        if words != self.words.text():
            self.words.setText(words)
            self.words.updateGeometry()
        self.words.setAccessibleName(f"{self._name}: {words}")

    def editing(self) -> bool:
        return self.currentWidget() is self.field

    def edit(self) -> None:
        """Show the field, with the value in it."""
        self.started.emit()
        self.setCurrentWidget(self.field)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(self.field, QAbstractSpinBox):
            self.field.selectAll()

    def leave(self) -> None:
        """Show the words again; nothing is read."""
        had = self.field.hasFocus()
        self.setCurrentWidget(self.words)
        if had:
            self.words.setFocus(Qt.FocusReason.OtherFocusReason)

    def why_off(self, reason: str) -> None:
        self.words.setEnabled(not reason)
        self.words.setToolTip(reason or tr("Change it"))
        self.words.setAccessibleDescription(reason)
        if reason and self.editing():
            self.leave()

    def _commit(self) -> None:
        if self.editing():
            if isinstance(self.field, QAbstractSpinBox):
                self.field.interpretText()
            self.leave()
            self.committed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self.editing():
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._commit()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return False
