"""Icons by name and colour role: drawn from our SVG files, sharp at every size, tinted anew when the theme changes."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from evdesk.gui import resources, theme

CHIP, ROW, RAIL, EMPTY = 14, 16, 18, 28
"""Usual sizes in logical pixels."""


@lru_cache(maxsize=512)
def _renderer(name: str, color: str) -> QSvgRenderer:
    text = resources.icon_file(name).read_text(encoding="utf-8").replace("currentColor", color)
    return QSvgRenderer(QByteArray(text.encode()))


@lru_cache(maxsize=1024)
def _pixmap(name: str, color: str, size: int, ratio: float) -> QPixmap:
    pixels = max(1, round(size * ratio))
    picture = QPixmap(pixels, pixels)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    _renderer(name, color).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def pixmap(name: str, role: str = "text", size: int = ROW, ratio: float = 1.0) -> QPixmap:
    """The icon as a picture of `size` logical pixels for a screen of this device pixel ratio."""
    return _pixmap(name, theme.current().color(role).name(), size, ratio)


def paint(painter: QPainter, name: str, role: str, rect: QRectF) -> None:
    """Draw the icon into `rect` with the painter's own resolution."""
    _renderer(name, theme.current().color(role).name()).render(painter, rect)


class _Engine(QIconEngine):
    """Asks the theme at every paint, so that no icon keeps an old colour."""

    def __init__(self, name: str, role: str, on_role: str) -> None:
        super().__init__()
        self._name, self._role, self._on_role = name, role, on_role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        role = self._on_role if state == QIcon.State.On else self._role
        paint(painter, self._name, "muted" if mode == QIcon.Mode.Disabled else role, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return picture

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._role, self._on_role)


def icon(name: str, role: str = "text", on_role: str = "") -> QIcon:
    """An icon for buttons, menus and views; `on_role` colours the checked state. Muted when disabled."""
    if not resources.icon_file(name).is_file():
        raise KeyError(name)
    return QIcon(_Engine(name, role, on_role or role))
