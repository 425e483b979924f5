"""The single-line diagram as a widget: chosen by pointer and keys, folded, zoomed, told to screen readers."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from evdesk.gui.pages.balancing_facts import Scene
from evdesk.gui.pages.balancing_layout import FOLD_FROM, NOTE, Item, Plan, lay_out
from evdesk.gui.pages.balancing_paint import Marks, paint_plan
from evdesk.gui.pages.balancing_rows import column_at
from evdesk.gui.pages.balancing_ways import WAYS, neighbour
from evdesk.gui.text import tr
from evdesk.gui.widgets import Painted, copy_menu

ZOOMS = (0.5, 0.6, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0)
LARGER = (1.5, 1.4, 1.3, 1.2, 1.1)
"""A small site on a large screen is drawn larger, as far as it fits."""
PALE = 0.55
MOST_ROWS = 10
"""More circuits than this are not shown at first, only those at the top."""


class Canvas(Painted):
    """The drawing. `chosen(key)`: a person chose; `opened(key)`: double click or Enter; `folded(key)`: open or close."""

    chosen = Signal(str)
    opened = Signal(str)
    folded = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan = Plan()
        self.zoom = 1.0
        self.key = ""
        self.flags: frozenset[str] = frozenset()
        self.live = True
        self._under = ""
        self._grab: QPoint | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("The site as a diagram"))

    def show_plan(self, plan: Plan, zoom: float) -> None:
        """Draw this from now on; only what changed is painted again."""
        before, self.plan = self.plan, plan
        same = zoom == self.zoom and len(before.items) == len(plan.items) and before.wires == plan.wires
        self.zoom = zoom
        if not same or any(a.rect != b.rect or a.key != b.key for a, b in zip(before.items, plan.items, strict=True)):
            self.update()
            self._tell()
            return
        for old, new in zip(before.items, plan.items, strict=True):
            if old.what != new.what:
                self.update(self._on_screen(new.rect))
        self._tell()

    def set_live(self, live: bool) -> None:
        """What is not true any more is drawn paler."""
        if live != self.live:
            self.live = live
            self.update()

    def flag(self, keys: frozenset[str]) -> None:
        """Parts something is wrong with get an edge that says so."""
        if keys != self.flags:
            self.flags = keys
            self.update()

    def select(self, key: str) -> None:
        """Choose without a signal."""
        if key == self.key:
            return
        for one in (self.key, key):
            for item in self.plan.items:
                if item.key == one:
                    self.update(self._on_screen(item.rect))
        self.key = key
        self._tell()

    def rect_of(self, key: str) -> QRect:
        """Where a thing is on the canvas."""
        item = self.plan.item(key)
        return self._on_screen(item.rect) if item is not None else QRect()

    def _on_screen(self, rect: QRectF) -> QRect:
        z = self.zoom
        whole = QRectF(rect.left() * z, rect.top() * z, rect.width() * z, rect.height() * z)
        return whole.adjusted(-6, -6, 6, 6).toAlignedRect()

    def _tell(self) -> None:
        item = self.plan.item(self.key)
        words = item.what.said if item is not None else ""
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
            if self.hasFocus() and QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def copy_text(self) -> str:
        return self.accessibleDescription()

    # -- pointer ------------------------------------------------------------------------------------------------------

    def _item_at(self, where: QPointF) -> Item | None:
        item = self.plan.at(where.x() / self.zoom, where.y() / self.zoom)
        return None if item is None or item.kind == NOTE else item

    def _said_at(self, where: QPointF) -> str:
        item = self._item_at(where)
        if item is None:
            return ""
        outlet = column_at(item, where.x() / self.zoom, where.y() / self.zoom)
        return outlet.said if outlet is not None else item.what.said

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        item = self._item_at(event.position())
        if item is None:
            self._grab = event.globalPosition().toPoint()
            return
        outlet = column_at(item, event.position().x() / self.zoom, event.position().y() / self.zoom)
        if outlet is not None:
            self.chosen.emit(outlet.key)
            return
        on_arrow = item.open is not None and event.position().x() / self.zoom < item.rect.left() + 28
        self.chosen.emit(item.key)
        if on_arrow:
            self.folded.emit(item.key)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grab = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        item = self._item_at(event.position())
        if item is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if item.open is not None:
            self.folded.emit(item.key)
        else:
            self.opened.emit(item.key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grab is not None and isinstance(area := self.parent(), QWidget):
            scroll = area.parent()
            here = event.globalPosition().toPoint()
            if isinstance(scroll, QScrollArea):
                for bar, moved in (
                    (scroll.horizontalScrollBar(), here.x() - self._grab.x()),
                    (scroll.verticalScrollBar(), here.y() - self._grab.y()),
                ):
                    bar.setValue(bar.value() - moved)
            self._grab = here
            return
        item = self._item_at(event.position())
        self._hover(item.key if item is not None else "")

    def leaveEvent(self, event: QEvent) -> None:
        self._hover("")

    def _hover(self, key: str) -> None:
        if key == self._under:
            return
        for one in (self._under, key):
            if one:
                self.update(self.rect_of(one))
        self._under = key
        self.setCursor(Qt.CursorShape.PointingHandCursor if key else Qt.CursorShape.ArrowCursor)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._said_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = (
            self._item_at(QPointF(event.pos()))
            if event.reason() == QContextMenuEvent.Reason.Mouse
            else self.plan.item(self.key)
        )
        if item is not None:
            copy_menu(self, item.what.said).popup(event.globalPos())

    # -- keys ---------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        item = self.plan.item(self.key)
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        elif key in WAYS:
            found = neighbour(self.plan, self.key, key)
            if found:
                self.chosen.emit(found)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.plan.items:
            self.chosen.emit(self.plan.items[0 if key == Qt.Key.Key_Home else -1].key)
        elif key == Qt.Key.Key_Space and item is not None and item.open is not None:
            self.folded.emit(item.key)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self.opened.emit(item.key)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.scale(self.zoom, self.zoom)
        painter.setOpacity(1.0 if self.live else PALE)
        part = QRectF(event.rect())
        z = self.zoom
        seen = QRectF(part.left() / z, part.top() / z, part.width() / z, part.height() / z)
        paint_plan(painter, self.plan, seen, Marks(self.key, self._under, self.hasFocus(), self.flags))


class Diagram(QScrollArea):
    """The canvas with its scroll bars. `chosen(key)`, `opened(key)` as above. Zoom by Ctrl and wheel or Ctrl + and -;
    `fit` takes it back to the usual size, and from there to all of it. `drawn(board)`: the other drawing is shown now."""

    chosen = Signal(str)
    opened = Signal(str)
    zoomed = Signal(float)
    drawn = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.setWidget(self.canvas)
        self.setFocusProxy(self.canvas)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.canvas.setAutoFillBackground(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.scene: Scene | None = None
        self.zoom = 1.0
        self._usual = True  # nobody has chosen a size
        self._folded: set[str] = set()
        self._first = True
        self._laid = QSize()
        self._board = False
        self.canvas.chosen.connect(self._chosen)
        self.canvas.opened.connect(self.opened)
        self.canvas.folded.connect(self.fold)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 240)

    def show_scene(self, scene: Scene) -> None:
        """What is true now; selection, folds and place stay."""
        self.scene = scene
        if self._first and any(True for _ in scene.all_feeds()):
            self._first = False
            self._folded = _folds(scene)
        self._lay()

    def is_folded(self, key: str) -> bool:
        return key in self._folded

    def fold(self, key: str) -> None:
        """Open or close a circuit."""
        self._folded ^= {key}
        self._lay()

    def fold_all(self, closed: bool) -> None:
        self._folded = {f.key for f in self.scene.all_feeds()} if closed and self.scene is not None else set()
        self._lay()

    def select(self, key: str) -> None:
        """Choose without a signal; what is folded away opens."""
        if self.scene is not None and self.canvas.plan.item(key) is None:
            self._open_to(key)
        self.canvas.select(key)
        rect = self.canvas.rect_of(key)
        if rect.isValid():
            self.ensureVisible(rect.center().x(), rect.center().y(), rect.width() // 2 + 8, rect.height() // 2 + 8)

    def set_zoom(self, zoom: float) -> None:
        zoom = max(ZOOMS[0], min(ZOOMS[-1], zoom))
        if zoom != self.zoom:
            self._usual = False
            self._set_zoom(zoom)
            self._lay()

    def zoom_step(self, way: int) -> None:
        """One step larger (1) or smaller (-1)."""
        larger = [z for z in ZOOMS if z > self.zoom + 0.01]
        smaller = [z for z in ZOOMS if z < self.zoom - 0.01]
        self.set_zoom((larger[0] if larger else self.zoom) if way > 0 else (smaller[-1] if smaller else self.zoom))

    def fit(self) -> None:
        """The usual size; where that is there and something is out of sight, so small that all of it is seen."""
        high = self.height()
        if self._usual and self.scene is not None and self.canvas.height() > high:
            self.set_zoom(next((z for z in reversed(ZOOMS) if z < 1.0 and self._plan(z).height * z <= high), ZOOMS[0]))
            return
        self._usual = True
        self._lay()

    def _set_zoom(self, zoom: float) -> None:
        if zoom != self.zoom:
            self.zoom = zoom
            self.zoomed.emit(zoom)

    def _best(self) -> tuple[float, Plan]:
        """The usual size and its drawing: larger where a small site leaves room."""
        plain, high = self._plan(1.0), self.height()
        if plain.board or plain.height > 0.85 * high:
            return 1.0, plain
        plans = ((z, self._plan(z)) for z in LARGER)
        return next(((z, plan) for z, plan in plans if not plan.board and plan.height * z <= high), (1.0, plain))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.size() != self._laid:  # a scroll bar that comes or goes changes nothing, nor does the end of the window
            self._lay()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def _chosen(self, key: str) -> None:
        self.select(key)
        self.chosen.emit(key)

    def _open_to(self, key: str) -> None:
        assert self.scene is not None
        for feed in self.scene.all_feeds():
            if any(outlet.key == key for outlet in feed.below()) or any(f.key == key for f in feed.walk()):
                self._folded.discard(feed.key)
        self._lay()

    def _lay(self) -> None:
        if self.scene is None:
            return
        self._laid = self.size()  # without a scroll bar, so that one that is there does not keep itself there
        high = self._laid.height()
        if self._usual:
            zoom, plan = self._best()
            self._set_zoom(zoom)
        else:
            plan = self._plan(self.zoom)
        self.canvas.resize(round(plan.width * self.zoom), max(high, round(plan.height * self.zoom)))
        self.canvas.show_plan(plan, self.zoom)
        if plan.board != self._board:
            self._board = plan.board
            self.drawn.emit(plan.board)

    def _plan(self, zoom: float) -> Plan:
        """The drawing at this size; narrower where a scroll bar is needed."""
        assert self.scene is not None
        width, high, bar = self.width(), self.height(), self.verticalScrollBar().sizeHint().width()
        plan = lay_out(self.scene, width / zoom, high / zoom, self._folded)
        if plan.height * zoom > high:
            plan = lay_out(self.scene, (width - bar) / zoom, high / zoom, self._folded)
        return plan


def _folds(scene: Scene) -> set[str]:
    """What is folded at first: nothing on a small site; on a large one the chargers, then the lower circuits too."""
    if scene.count() <= FOLD_FROM:
        return set()
    root = scene.main
    feeds = [feed for feed in scene.all_feeds() if feed is not root]
    few = len(feeds) <= MOST_ROWS
    return {feed.key for feed in feeds if feed.outlets or not few}
