"""The tables of the Tags page: the list, the cards last shown, and how far the list is in each charger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter

from evdesk.gui import text
from evdesk.gui.pages.chargers_grid import CellDelegate, Index
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model.tags import LocalList, Presented, Tag

ROW = int(Qt.ItemDataRole.UserRole) + 1
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class TableRow:
    """Cells, a second line under the first, and the look of the state column. `key` finds the thing again."""

    key: str
    cells: tuple[str, ...]
    second: str = ""
    state: Look | None = None
    hay: str = ""


class RowsModel(QAbstractTableModel):
    """Rows that are replaced as a whole; a search narrows them. `state_column` shows icon and word."""

    def __init__(self, titles: tuple[str, ...], state_column: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.titles, self.state_column = titles, state_column
        self._all: list[TableRow] = []
        self._words: list[str] = []
        self.rows: list[TableRow] = []

    def set_rows(self, rows: Sequence[TableRow]) -> None:
        if list(rows) != self._all:
            self._all = list(rows)
            self._show()

    def search(self, typed: str) -> None:
        self._words = typed.lower().split()
        self._show()

    def _show(self) -> None:
        self.beginResetModel()
        self.rows = [row for row in self._all if all(word in row.hay for word in self._words)]
        self.endResetModel()

    def key(self, row: int) -> str:
        return self.rows[row].key if 0 <= row < len(self.rows) else ""

    def row_of(self, key: str) -> int:
        return next((i for i, row in enumerate(self.rows) if row.key == key), -1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self.titles[section] if shown and 0 <= section < len(self.titles) else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (*row.cells, row.second) if part)
        return ", ".join((*row.cells, row.second)) if role == Qt.ItemDataRole.AccessibleTextRole else None


class RowsDelegate(CellDelegate):
    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row, model = index.data(ROW), index.model()
        if not isinstance(row, TableRow) or not isinstance(model, RowsModel):
            return
        if index.column() == model.state_column and row.state is not None:
            self.icon_words(painter, rect, row.state.icon, row.state.word, row.state.role, "chip")
        elif index.column() == 0 and row.second:
            middle = rect.center().y()
            self.words(painter, QRect(rect.left(), middle - 17, rect.width(), 18), row.cells[0], "card", "text")
            self.words(painter, QRect(rect.left(), middle, rect.width(), 16), row.second, "small", "muted")
        else:
            first = index.column() == 0
            self.words(
                painter, rect, row.cells[index.column()], "card" if first else "body", "text" if first else "muted"
            )


def answer_look(answer: str, unknown: bool = False) -> Look:
    """What a card was told, as icon, word and role."""
    if unknown:
        return Look("question", tr("Unknown, refused"), "accent")
    words = {
        "Accepted": Look("check-circle", tr("Accepted"), "ok"),
        "Blocked": Look("octagon", tr("Blocked"), "danger"),
        "Expired": Look("clock", tr("Expired"), "warn"),
        "Invalid": Look("x-circle", tr("Refused, not in the list"), "warn"),
        "ConcurrentTx": Look("car", tr("Charges elsewhere"), "warn"),
    }
    return words.get(answer, Look("question", answer or tr("unknown"), "muted"))


def tag_row(tag: Tag, now: float) -> TableRow:
    status = "Expired" if tag.status == "Accepted" and (tag.expires_at or now) < now else tag.status
    until = text.moment(tag.expires_at, now) if tag.expires_at is not None else ""
    look = answer_look(status)
    hay = f"{tag.id_tag} {tag.note} {tag.parent} {look.word}".lower()
    return TableRow(tag.id_tag, (tag.id_tag, look.word, until, tag.parent), tag.note, look, hay)


def presented_row(one: Presented, label: str, now: float) -> TableRow:
    look = answer_look(one.answer, one.unknown)
    cells = (one.id_tag, label, text.clock_s(one.at) if now - one.at < 86_400 else text.moment(one.at, now), look.word)
    return TableRow(f"{one.at}/{one.id_tag}", cells, "", look)


def list_row(one: LocalList, label: str, now: float, off: str) -> TableRow:
    """How far the list is in one charger; `off`: why it cannot be sent now."""
    if one.sentence and one.synced_at is None:
        look = Look("warning", tr("Not complete"), "warn")
    elif one.synced_at is None:
        look = Look("dot", tr("Never sent"), "muted")
    elif one.differs:
        look = Look("refresh", tr("Differs"), "accent")
    else:
        look = Look("check", tr("Same, {n} tags").format(n=one.tags), "ok")
    when = tr("sent {when}").format(when=text.moment(one.synced_at, now)) if one.synced_at is not None else ""
    version = "" if one.version is None else tr("list {n}").format(n=one.version)
    second = text.reasons(off or "", one.sentence or text.reasons(version, when))
    return TableRow(one.charger_id, (label, look.word), second, look)
