"""Ctrl+K: one field that finds chargers, pages and actions, for the keyboard alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from evdesk.gui import icons
from evdesk.gui.mirror import Mirror
from evdesk.gui.sentences import charger_look
from evdesk.gui.text import DOT, tr
from evdesk.gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
ENTRY = int(Qt.ItemDataRole.UserRole) + 1
ROW_HEIGHT = 44
MAX_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to find: `words` is what it answers to beside its title; `keys` the shortcut shown."""

    icon: str
    title: str
    detail: str
    run: Callable[[], None]
    keys: str = ""
    words: str = ""
    enabled: bool = True


def charger_entries(mirror: Mirror, show: Callable[[str], None]) -> list[Entry]:
    """Every charger, found by bay, id, serial, address, maker and model."""
    found = []
    for charger in mirror.chargers.values():
        look = charger_look(charger)
        made = " ".join(part for part in (charger.vendor, charger.model) if part)
        detail = DOT.join(part for part in (charger.id, made, charger.serial, charger.address, look.word) if part)
        entry = Entry(look.icon, charger.label or charger.id, detail, _Show(show, charger.id))
        found.append(entry)
    return found


@dataclass(frozen=True, slots=True)
class _Show:
    show: Callable[[str], None]
    charger_id: str

    def __call__(self) -> None:
        self.show(self.charger_id)


def find(entries: list[Entry], query: str) -> list[Entry]:
    """Entries that hold every word of the query, the best first: title starts so, a word of it starts so, anything."""
    words = query.casefold().split()
    if not words:
        return entries[:MAX_SHOWN]
    ranked = []
    for place, entry in enumerate(entries):
        title = entry.title.casefold()
        text = f"{title} {entry.detail} {entry.words}".casefold()
        if all(word in text for word in words):
            ranked.append((_rank(title, words), place, entry))
    return [entry for _, _, entry in sorted(ranked, key=lambda r: r[:2])][:MAX_SHOWN]


def _rank(title: str, words: list[str]) -> int:
    if title == " ".join(words):
        return 0
    if title.startswith(" ".join(words)):
        return 1
    if all(any(part.startswith(word) for part in title.split()) for word in words):
        return 2
    return 3 if all(word in title for word in words) else 4


class EntryModel(QAbstractListModel):
    """The entries that fit the query."""

    def __init__(self, entries: list[Entry], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all = entries
        self._shown = find(entries, "")

    def search(self, query: str) -> None:
        self.beginResetModel()
        self._shown = find(self._all, query)
        self.endResetModel()

    def entry(self, row: int) -> Entry | None:
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry(index.row())
        if entry is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry.title}, {entry.detail}"
        return entry if role == ENTRY else None


class _EntryDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ENTRY)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        theme = self._theme
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("selection"))
        role = "text" if entry.enabled else "muted"
        icon = QRect(rect.left() + 14, rect.center().y() - 8, 16, 16)
        icons.paint(painter, entry.icon, role, icon.toRectF())
        painter.setFont(theme.font("name"))
        painter.setPen(theme.color(role))
        text = rect.adjusted(42, 0, -14, 0)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, entry.title)
        used = painter.fontMetrics().horizontalAdvance(entry.title) + 12
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("muted"))
        keys = painter.fontMetrics().horizontalAdvance(entry.keys) + 12 if entry.keys else 0
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, entry.keys)
        room = text.adjusted(used, 0, -keys, 0)
        detail = painter.fontMetrics().elidedText(entry.detail, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, detail)


class Palette(QDialog):
    """The field and the list. Arrows move, Enter runs, Esc closes."""

    def __init__(self, entries: list[Entry], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._theme = theme
        self.setWindowTitle(tr("Find anything"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 420)
        self.model = EntryModel(entries, self)
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("A bay, a serial, an address, a page, an action"))
        self.field.setAccessibleName(tr("Find anything"))
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_EntryDelegate(theme, self.list))
        self.list.setAccessibleName(tr("What was found"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.clicked.connect(self._run)
        self.empty = QLabel(tr("Nothing has this in its name. Chargers are found by bay, id, serial and address."))
        self.empty.setWordWrap(True)
        self.empty.setContentsMargins(14, 8, 14, 8)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 12, 12, 12)
        box.addWidget(self.field)
        box.addWidget(self.empty)
        box.addWidget(self.list, 1)
        self._search("")

    def paintEvent(self, event: QPaintEvent) -> None:
        """An edge: without a frame and a shadow it would run into the page."""
        painter = QPainter(self)
        painter.setPen(self._theme.pen("borderStrong", self._theme.edge))
        painter.setBrush(self._theme.brush("window"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event.key())
        return super().eventFilter(watched, event)

    def _key(self, key: int) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
            return True
        step = next((n for k, n in steps.items() if k == key), 0)
        if step:
            row = min(max(self.list.currentIndex().row() + step, 0), self.model.rowCount() - 1)
            self.list.setCurrentIndex(self.model.index(row, 0))
        return step != 0

    def _search(self, query: str) -> None:
        self.model.search(query)
        self.list.setCurrentIndex(self.model.index(0, 0))
        self.empty.setVisible(self.model.rowCount() == 0)

    def _run(self, index: QModelIndex) -> None:
        entry = self.model.entry(index.row())
        if entry is None or not entry.enabled:
            return
        self.accept()
        entry.run()
