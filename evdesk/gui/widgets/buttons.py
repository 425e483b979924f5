"""Buttons: primary, normal, danger and ghost, with icon and menu; and the check box row of buttons that is a choice."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Painted

PRIMARY, NORMAL, DANGER, GHOST = "primary", "normal", "danger", "ghost"
OFF = 0.5
"""Of a ghost that is off this much is seen, and of the edge of a button that is off in the theme for sunlight."""


class Button(QPushButton):
    """A button drawn from roles. `dense` is 28 high (tables, banners). A ghost has no edge until the pointer comes.

    Icon-only buttons must get `label` for screen readers and the tool tip. `why_off(reason)` disables it and says why.
    """

    def __init__(
        self,
        words: str = "",
        icon: str = "",
        variant: str = NORMAL,
        parent: QWidget | None = None,
        *,
        label: str = "",
        menu: QMenu | None = None,
        dense: bool = False,
    ) -> None:
        super().__init__(words, parent)
        self._icon, self._variant, self._dense, self._popup = icon, variant, dense, menu
        self._tip = label
        self.setAccessibleName(label or words)
        self.setToolTip(label)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        if menu is not None:
            menu.setParent(self, menu.windowFlags())
            self.clicked.connect(self._open_menu)
        theme.current().changed.connect(self._theme_changed)

    def why_off(self, reason: str = "") -> None:
        """A reason disables the button and is its tool tip and description; "" enables it again."""
        self.setEnabled(not reason)
        self.setToolTip(reason or self._tip)
        self.setAccessibleDescription(reason)

    def set_icon(self, name: str) -> None:
        self._icon = name
        self._theme_changed()

    def set_variant(self, variant: str) -> None:
        self._variant = variant
        self.update()

    def _theme_changed(self) -> None:
        self.updateGeometry()
        self.update()

    def _open_menu(self) -> None:
        if self._popup is not None:
            self._popup.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))

    def _height(self) -> int:
        control = theme.current().control
        return control - 4 if self._dense and control == 32 else control

    def sizeHint(self) -> QSize:
        wide = draw.width(self.text(), "control")
        if self._icon:
            wide += icons.ROW + (6 if self.text() else 0)
        if self._popup is not None:
            wide += 20
        pad = 12 if self.text() else 8
        return QSize(max(self._height(), round(wide + 2 * pad)), self._height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _roles(self) -> tuple[str, str, str]:
        """Fill, edge ("" none) and text role."""
        if not self.isEnabled():
            return ("raised", "border", "muted") if self._variant != GHOST else ("", "", "muted")
        return {
            PRIMARY: ("accent", "accent", "onAccent"),
            DANGER: ("surface", "danger", "danger"),
            GHOST: ("", "", "muted"),
        }.get(self._variant, ("surface", "borderStrong", "text"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        fill, edge, ink = self._roles()
        back = look.color(fill) if fill else QColor(Qt.GlobalColor.transparent)
        if self.isEnabled() and (self.underMouse() or self.isDown() or self.isChecked()):
            strength = 0.16 if self.isDown() or self.isChecked() else 0.07
            back = look.mix("text", fill or "surface", strength if self._variant != PRIMARY else strength * 1.5)
        rim = look.color(edge) if edge else None
        if not self.isEnabled():
            if look.is_contrast and fill:  # its edges are all black: what is off is grey
                back, rim = look.color("sunken"), look.mix("muted", "surface", OFF)
            elif not fill:
                painter.setOpacity(OFF)
        rect = QRectF(self.rect())
        if fill or back.alpha():
            draw.box(painter, rect, back, rim, tokens.RADIUS_CONTROL, float(look.edge))
        self._paint_content(painter, rect, ink)

    def _paint_content(self, painter: QPainter, rect: QRectF, ink: str) -> None:
        words = self.text()
        middle = rect.center().y()
        wide = draw.width(words, "control") + (icons.ROW + (6 if words else 0) if self._icon else 0)
        wide += 20 if self._popup is not None else 0
        x = max(rect.left() + 4, rect.center().x() - wide / 2)
        if self._icon:
            icons.paint(painter, self._icon, ink, QRectF(x, middle - 8, 16, 16))
            x += icons.ROW + 6
        if words:
            baseline = middle + draw.metrics("control").capHeight() / 2
            x += draw.text(painter, x, baseline, draw.elided(words, "control", rect.right() - x), "control", ink)
        if self._popup is not None:
            icons.paint(
                painter, "chevron-down", ink if ink == "onAccent" else "muted", QRectF(x + 6, middle - 7, 14, 14)
            )


class _Segment(QAbstractButton):
    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setCheckable(True)
        self.setAccessibleName(words)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return QSize(round(draw.width(self.text(), "chip") + 20), theme.current().control - 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        rect = QRectF(self.rect())
        role = "text" if self.underMouse() and self.isEnabled() else "muted"
        kind = "smallStrong"
        if self.isChecked():
            fill, role, kind = ("text", "surface", "chip") if look.is_contrast else ("surface", "text", "chip")
            edge = None if look.is_contrast else look.color("border")
            draw.box(painter, rect, look.color(fill), edge, tokens.RADIUS_CHIP)
        wide = draw.width(self.text(), kind)
        baseline = rect.center().y() + draw.metrics(kind).capHeight() / 2
        draw.text(painter, rect.center().x() - wide / 2, baseline, self.text(), kind, role)


class Segmented(Painted):
    """One of several: `changed(key)` when a person chose. Arrow keys move inside it."""

    changed = Signal(str)

    def __init__(self, items: list[tuple[str, str]] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2, 2, 2, 2)
        self._row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._clicked)
        self._keys: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_items(items or [])

    def set_items(self, items: list[tuple[str, str]]) -> None:
        """(key, words) in their order; keeps the choice where its key is still there. Does not signal."""
        chosen = self.current()
        if [key for key, _ in items] == self._keys:
            for i, (_, words) in enumerate(items):
                self._rename(i, words)
            return
        for button in self._group.buttons():
            self._group.removeButton(button)
            button.deleteLater()
        self._keys = [key for key, _ in items]
        for i, (_, words) in enumerate(items):
            segment = _Segment(words, self)
            self._group.addButton(segment, i)
            self._row.addWidget(segment)
        if self._keys:
            self.select(chosen if chosen in self._keys else self._keys[0])

    def _rename(self, index: int, words: str) -> None:
        button = self._group.button(index)
        if button.text() != words:
            button.setText(words)
            button.setAccessibleName(words)
            button.updateGeometry()

    def current(self) -> str:
        index = self._group.checkedId()
        return self._keys[index] if 0 <= index < len(self._keys) else ""

    def select(self, key: str) -> None:
        """Choose without a signal."""
        if key in self._keys:
            self._group.button(self._keys.index(key)).setChecked(True)

    def _clicked(self, index: int) -> None:
        self.changed.emit(self._keys[index])

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        line = float(look.edge)
        draw.box(
            QPainter(self), QRectF(self.rect()), look.color("sunken"), look.color("border"), tokens.RADIUS_CONTROL, line
        )
