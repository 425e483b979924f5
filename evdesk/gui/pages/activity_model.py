"""The audit log as a table: newest first, asked and answered rows joined, a heading above each day.

Rows come in two ways: whole pages from the engine while one scrolls down (`add_page`), and single new rows at the top
(`add_live`). Neither moves the other: pages go to the end, new entries to the start, answers into their entry.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from evdesk.gui.pages.activity_words import Entry, answer_words, entry_of, key_of, what_words, where_words
from evdesk.gui.text import tr
from evdesk.model import AuditRow

Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = int(Qt.ItemDataRole.UserRole) + 1
HEADING_ROLE = int(Qt.ItemDataRole.UserRole) + 2

TIME, WHO, WHAT, ON, ANSWER = range(5)
WIDTHS = (82, 150, 240, 58, 172)
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Heading:
    """The line above a day."""

    text: str


Item = Heading | Entry


def day_of(at: float) -> tuple[int, int, int]:
    moment = datetime.fromtimestamp(at)
    return moment.year, moment.month, moment.day


def titles() -> tuple[str, ...]:
    return (tr("Time"), tr("Who, from where"), tr("What"), tr("On"), tr("Answer"))


class ActivityModel(QAbstractTableModel):
    """Five columns; `ENTRY_ROLE` gives the `Entry`, `HEADING_ROLE` the day's words.

    `wanted` asks for the next page; the owner answers with `add_page`. `label` turns a target into what people call
    it, `now` is the engine's clock, `heading` words a day.
    """

    wanted = Signal()
    count_changed = Signal()

    def __init__(
        self,
        label: Callable[[str], str],
        now: Callable[[], float],
        heading: Callable[[float, float], str],
        clock: Callable[[float], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._label, self._now, self._heading, self._clock = label, now, heading, clock
        self._items: list[Item] = []
        self._by_key: dict[int, Entry] = {}
        self._loose: dict[int, AuditRow] = {}
        self._hidden: dict[int, Entry] = {}
        self.keep: Callable[[Entry], bool] = lambda entry: True
        self.has_more = False
        self.loading = False
        self.oldest_id: int | None = None

    # -- filling ------------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        self.beginResetModel()
        self._items, self._by_key, self._loose, self._hidden = [], {}, {}, {}
        self.has_more, self.loading, self.oldest_id = False, False, None
        self.endResetModel()
        self.count_changed.emit()

    def add_page(self, rows: Iterable[AuditRow], has_more: bool, joined_only: bool = True) -> None:
        """The next older rows. `joined_only`: an answer waits for its asked row, which stands on a later page; False
        for filtered lists, where the other half may never come."""
        batch: dict[int, Entry] = {}
        for row in rows:
            self.oldest_id = row.id if self.oldest_id is None else min(self.oldest_id, row.id)
            key = key_of(row)
            if key in self._by_key:
                self._update(key, row)
                continue
            batch[key] = batch[key].joined(row) if key in batch else entry_of(row)
        for key, row in list(self._loose.items()):
            if key in batch:
                batch[key] = batch[key].joined(row)
                del self._loose[key]
        if joined_only and has_more:
            for key in [k for k, e in batch.items() if e.asked is None]:
                answered = batch.pop(key).answered
                if answered is not None:
                    self._loose[key] = answered
        elif not has_more:
            batch.update({k: entry_of(r) for k, r in self._loose.items()})
            self._loose = {}
        self.has_more, self.loading = has_more, False
        kept = [entry for entry in batch.values() if self.keep(entry)]
        self._append(sorted(kept, key=lambda e: e.first.id, reverse=True))
        self.count_changed.emit()

    def add_live(self, row: AuditRow) -> bool:
        """A row just written. An answer goes into its entry; False when nothing new is listed for it. What `keep`
        does not want waits for its answer: a routine that fails is no routine."""
        key = key_of(row)
        if key in self._by_key:
            self._update(key, row)
            return True
        if row.kind == "answered" and key not in self._hidden:
            return False
        entry = self._hidden.pop(key).joined(row) if key in self._hidden else entry_of(row)
        if not self.keep(entry):
            if entry.answered is None:
                self._hidden[key] = entry
            return False
        self._put_first(key, entry)
        return True

    def _put_first(self, key: int, entry: Entry) -> None:
        same_day = bool(self._items) and day_of(entry.at) == next(
            day_of(i.at) for i in self._items if isinstance(i, Entry)
        )
        first = 1 if same_day else 0
        new: list[Item] = [entry] if same_day else [Heading(self._heading(entry.at, self._now())), entry]
        self.beginInsertRows(_ROOT, first, first + len(new) - 1)
        self._items[first:first] = new
        self._by_key[key] = entry
        self.endInsertRows()
        self.count_changed.emit()

    def _append(self, entries: list[Entry]) -> None:
        fresh: list[Item] = []
        last = next((day_of(i.at) for i in reversed(self._items) if isinstance(i, Entry)), None)
        for entry in entries:
            day = day_of(entry.at)
            if day != last:
                fresh.append(Heading(self._heading(entry.at, self._now())))
                last = day
            fresh.append(entry)
        if not fresh:
            return
        start = len(self._items)
        self.beginInsertRows(_ROOT, start, start + len(fresh) - 1)
        self._items += fresh
        self._by_key.update({e.key: e for e in entries})
        self.endInsertRows()

    def _update(self, key: int, row: AuditRow) -> None:
        entry = self._by_key[key].joined(row)
        place = next(i for i, item in enumerate(self._items) if isinstance(item, Entry) and item.key == key)
        self._by_key[key] = entry
        self._items[place] = entry
        self.dataChanged.emit(self.index(place, 0), self.index(place, ANSWER))

    # -- asking -------------------------------------------------------------------------------------------------------

    def entry_count(self) -> int:
        return len(self._by_key)

    def entry(self, key: int) -> Entry | None:
        return self._by_key.get(key)

    def entry_at(self, row: int) -> Entry | None:
        item = self._items[row] if 0 <= row < len(self._items) else None
        return item if isinstance(item, Entry) else None

    def row_of(self, key: int) -> int:
        """The table row of an entry, -1 where it is not listed."""
        found = (i for i, item in enumerate(self._items) if isinstance(item, Entry) and item.key == key)
        return next(found, -1)

    # -- Qt -----------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(WIDTHS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return titles()[section] if 0 <= section < len(WIDTHS) else None
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and index.data(HEADING_ROLE) is not None:
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._items):
            return None
        item = self._items[index.row()]
        if isinstance(item, Heading):
            wants = role == HEADING_ROLE or (role == Qt.ItemDataRole.DisplayRole and index.column() == TIME)
            return item.text if wants else None
        if role == ENTRY_ROLE:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell(item, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{titles()[index.column()]}: {self.cell(item, index.column())}"
        return None

    def cell(self, entry: Entry, column: int) -> str:
        """The words of one cell, as copied."""
        row = entry.first
        if column == TIME:
            return self._clock(entry.at)
        if column == WHO:
            return f"{row.who} {where_words(row)}"
        if column == WHAT:
            return what_words(entry)
        return self._label(row.target) if column == ON else answer_words(entry, self._now()).text

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self.has_more and not self.loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self.loading = True
            self.wanted.emit()
