"""What all painted widgets share: they follow the theme, and their text can be copied."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QWidget

from evdesk.gui import icons, theme
from evdesk.gui.text import tr


def copy(words: str) -> None:
    """Put words on the clipboard."""
    QGuiApplication.clipboard().setText(words)


def copy_menu(owner: QWidget, words: str) -> QMenu:
    """A context menu with one entry; it deletes itself."""
    menu = QMenu(owner)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    action = menu.addAction(icons.icon("copy", "muted"), tr("Copy"))
    action.triggered.connect(lambda: copy(words))
    return menu


class Painted(QWidget):
    """A widget drawn from theme roles: repainted and measured again when the theme changes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.current().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self.updateGeometry()
        self.update()

    def copy_text(self) -> str:
        """What "Copy" puts on the clipboard; empty: no menu."""
        return self.accessibleName()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        words = self.copy_text()
        if words:
            copy_menu(self, words).popup(event.globalPos())
        else:
            event.ignore()


class Label(QLabel):
    """A text of the type scale in the colour of a role. `selectable`: the mouse and keyboard may mark and copy it."""

    def __init__(
        self,
        words: str = "",
        kind: str = "body",
        role: str = "text",
        parent: QWidget | None = None,
        *,
        wrap: bool = False,
        selectable: bool = False,
    ) -> None:
        super().__init__(words, parent)
        self._kind, self._role = kind, role
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.setCursor(Qt.CursorShape.IBeamCursor)
        theme.current().changed.connect(self._dress)
        self._dress()

    def set_role(self, role: str) -> None:
        if role != self._role:
            self._role = role
            self._dress()

    def _dress(self) -> None:
        look = theme.current()
        self.setFont(look.font(self._kind))
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, look.color(self._role))
        self.setPalette(palette)


class ElidedLabel(Label):
    """One line that ends in "..." where the room ends; the whole text is then in the tool tip and can be copied."""

    def __init__(self, words: str = "", kind: str = "body", role: str = "text", parent: QWidget | None = None) -> None:
        self._whole = words
        super().__init__(words, kind, role, parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(24)

    def setText(self, words: str) -> None:
        self._whole = words
        self.setAccessibleName(words)
        self._fit()

    def text(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        super().setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        copy_menu(self, self._whole).popup(event.globalPos())
