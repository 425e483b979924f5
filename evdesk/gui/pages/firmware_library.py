"""The image library beside the table: each file with what may be thought of it, worst told first."""

from collections.abc import Sequence
from functools import cmp_to_key

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from evdesk.firmware.fit import bare
from evdesk.firmware.versions import compare, newest
from evdesk.gui import icons, text, theme
from evdesk.gui.pages.chargers_grid import Index
from evdesk.gui.pages.firmware_words import image_look, image_name, image_second, wants_words
from evdesk.gui.pages.tags_model import ROW, RowsModel, TableRow
from evdesk.gui.text import tr
from evdesk.gui.widgets import MoreRows, copy, draw
from evdesk.gui.widgets.base import copy_menu
from evdesk.model.firmware import FleetModel, Image

CARD = 78
PAD = 14


def image_row(image: Image, newest: str) -> TableRow:
    """`newest`: the newest usable version of its model in the library."""
    look, second = image_look(image), image_second(image, newest)
    cells = (image_name(image), look.word, text.size(image.size))
    hay = " ".join((*cells, second, image.file_name, image.sha256)).casefold()
    return TableRow(image.id, cells, second, look, hay)


class _ImageDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, CARD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, view = index.data(ROW), self.parent()
        if not isinstance(row, TableRow) or row.state is None or not isinstance(view, ImageList):
            return
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        look = theme.current()
        painter.save()
        focused = view.hasFocus() and view.currentIndex() == index
        if focused:
            painter.fillRect(rect, look.color("selection"))
        elif view.hover == index.row() or state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, look.color("raised"))
        painter.fillRect(rect.left(), rect.bottom() - look.edge + 1, rect.width(), look.edge, look.color("border"))
        if focused:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), look.color("accent"))
        left, right, top = rect.left() + PAD, rect.right() - PAD, rect.top()
        edge = draw.text_right(painter, right, top + 25, row.cells[2], "small", "muted")
        draw.text(painter, left, top + 25, draw.elided(row.cells[0], "card", edge - 10 - left), "card", "text")
        icons.paint(painter, row.state.icon, row.state.role, QRectF(left, top + 34, 14, 14))
        words = draw.elided(row.state.word, "chip", right - left - 20)
        draw.text(painter, left + 20, top + 45.5, words, "chip", row.state.role)
        draw.text(painter, left, top + 64, draw.elided(row.second, "small", right - left), "small", "muted")
        painter.restore()


class ImageList(QListView):
    """`opened(image id)`: pressed, or Return."""

    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hover = -1
        self.rows = RowsModel((tr("Image"), tr("State"), tr("Size")), 1, self)
        self.setModel(self.rows)
        self.setItemDelegate(_ImageDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Image library"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.more = MoreRows(self, line=True)
        self.more.watch_model()
        self.entered.connect(self._enter)
        self.clicked.connect(self._pressed)
        theme.current().changed.connect(self.viewport().update)

    def show_images(self, images: Sequence[Image], models: Sequence[FleetModel] = ()) -> None:
        best = newest_versions(images)
        self.rows.set_rows([image_row(image, best.get(_model(image), "")) for image in ordered(images, models)])

    def content_height(self) -> int:
        return len(self.rows.rows) * CARD

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._pressed(self.currentIndex())
        elif event.key() == Qt.Key.Key_C and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            copy(self._words(self.currentIndex()))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(self.viewport().mapFromGlobal(event.globalPos()) if event.reason() else QPoint(4, 4))
        if index.isValid():
            copy_menu(self, self._words(index)).popup(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._enter(QModelIndex())
        return super().viewportEvent(event)

    def _words(self, index: QModelIndex) -> str:
        row = index.data(ROW)
        return "\t".join((*row.cells, row.second)) if isinstance(row, TableRow) else ""

    def _enter(self, index: QModelIndex) -> None:
        self.hover = index.row()
        self.viewport().update()

    def _pressed(self, index: QModelIndex) -> None:
        key = self.rows.key(index.row()) if index.isValid() else ""
        if key:
            self.opened.emit(key)


def _model(image: Image) -> str:
    return f"{image.manifest.vendor}\n{'/'.join(image.manifest.models)}".casefold()


def newest_versions(images: Sequence[Image]) -> dict[str, str]:
    """Maker and models -> the newest version that may be sent."""
    by_model: dict[str, list[str]] = {}
    for image in images:
        if image.usable and image.manifest.version:
            by_model.setdefault(_model(image), []).append(image.manifest.version)
    return {key: versions[newest(versions) or 0] for key, versions in by_model.items()}


def ordered(images: Sequence[Image], models: Sequence[FleetModel] = ()) -> list[Image]:
    """Those that somebody must describe first, then by model (`models` in their order, others after them) and from the
    newest on; what cannot be used last."""
    places = {bare(model.model): place for place, model in reversed(list(enumerate(models)))}

    def place_of(image: Image) -> int:
        return min((places.get(bare(name), len(places)) for name in image.manifest.models), default=len(places))

    def rank(image: Image) -> int:
        if image.usable:
            return 1
        return 0 if wants_words(image) else 2

    def before(a: Image, b: Image) -> int:
        one, other = (rank(a), place_of(a), _model(a)), (rank(b), place_of(b), _model(b))
        if one != other:
            return -1 if one < other else 1
        return -(compare(a.manifest.version, b.manifest.version) or 0)

    return sorted(images, key=cmp_to_key(before))
