"""Exchanges as a table, newest first: a window over a log that may be much longer.

Older rows are put at the end as one scrolls, newer ones at the top; beyond `KEEP` rows the far end is let go and comes
back when one scrolls there. Rows change in place when their answer comes.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from evdesk.gui.pages.messages_words import action_words, answer_words, latency, verdict_look, way_words, when
from evdesk.gui.text import tr
from evdesk.wire.messages import ExchangeRow

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
TIME, WAY, CHARGER, ACTION, LATENCY, VERDICT = range(6)
WIDTHS = (114, 28, 74, 200, 78, 112)
KEEP = 20_000
_ROOT = QModelIndex()


def titles() -> tuple[str, ...]:
    return (tr("Time"), "", tr("Charger"), tr("Action · answer"), tr("Latency"), tr("Verdict"))


class ExchangesModel(QAbstractTableModel):
    """`wanted(older)` asks for the next page on one side; the owner answers with `add_older` or `add_newer`."""

    wanted = Signal(bool)
    dropping = Signal(int, int)  # first and last row that go: Qt's own signal is heard by the view before anybody else

    def __init__(
        self, label: Callable[[str], str], now: Callable[[], float], parent: QObject | None = None, keep: int = KEEP
    ) -> None:
        super().__init__(parent)
        self._label, self._now, self._keep = label, now, keep
        self._rows: list[ExchangeRow] = []
        self._open: dict[int, int] = {}  # ids that wait for their answer: nothing to look up but these
        self.more_older = False
        self.more_newer = False
        self.loading = False

    # -- filling ------------------------------------------------------------------------------------------------------

    def reset(self, rows: list[ExchangeRow], more_older: bool, more_newer: bool = False) -> None:
        self.beginResetModel()
        self._rows = list(rows)
        self.more_older, self.more_newer, self.loading = more_older, more_newer, False
        self._open = {row.id: 0 for row in rows if row.verdict == "open"}
        self.endResetModel()

    def add_older(self, rows: list[ExchangeRow], more: bool) -> None:
        self.more_older, self.loading = more, False
        if rows:
            start = len(self._rows)
            self.beginInsertRows(_ROOT, start, start + len(rows) - 1)
            self._rows += rows
            self._remember(rows)
            self.endInsertRows()
        extra = len(self._rows) - self._keep
        if extra > 0:
            self._drop(0, extra)
            self.more_newer = True

    def add_newer(self, rows: list[ExchangeRow], more: bool = False) -> None:
        """Rows above the first one, newest first. Nothing that is listed already comes twice."""
        self.more_newer, self.loading = more, False
        newest = self.newest_id()
        rows = [row for row in rows if newest is None or row.id > newest]
        if rows:
            self.beginInsertRows(_ROOT, 0, len(rows) - 1)
            self._rows[0:0] = rows
            self._remember(rows)
            self.endInsertRows()
        extra = len(self._rows) - self._keep
        if extra > 0:
            self._drop(len(self._rows) - extra, extra)
            self.more_older = True

    def update_rows(self, rows: list[ExchangeRow]) -> None:
        """The same rows with what has come since; each is replaced where it stands."""
        for row in rows:
            place = self.row_of(row.id)
            if place >= 0 and self._rows[place] != row:
                self._rows[place] = row
                self.dataChanged.emit(self.index(place, 0), self.index(place, VERDICT))
            if row.verdict != "open":
                self._open.pop(row.id, None)

    def _remember(self, rows: list[ExchangeRow]) -> None:
        self._open.update((row.id, 0) for row in rows if row.verdict == "open")

    def _drop(self, start: int, number: int) -> None:
        self.dropping.emit(start, start + number - 1)
        self.beginRemoveRows(_ROOT, start, start + number - 1)
        for row in self._rows[start : start + number]:
            self._open.pop(row.id, None)
        del self._rows[start : start + number]
        self.endRemoveRows()

    # -- asking -------------------------------------------------------------------------------------------------------

    def newest_id(self) -> int | None:
        return self._rows[0].id if self._rows else None

    def oldest_id(self) -> int | None:
        return self._rows[-1].id if self._rows else None

    def open_ids(self, most: int = 200) -> tuple[int, ...]:
        """The newest rows that wait for their answer."""
        return tuple(sorted(self._open, reverse=True)[:most])

    def row_at(self, place: int) -> ExchangeRow | None:
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def row_of(self, number: int) -> int:
        """The place of an exchange, -1 where it is not listed. Ids fall from top to bottom."""
        low, high = 0, len(self._rows)
        while low < high:
            middle = (low + high) // 2
            if self._rows[middle].id > number:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self._rows) and self._rows[low].id == number else -1

    # -- Qt -----------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(WIDTHS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(WIDTHS):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == LATENCY:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return titles()[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row_at(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell(row, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{titles()[index.column()] or tr('Direction')}: {self.cell(row, index.column())}"
        return None

    def cell(self, row: ExchangeRow, column: int) -> str:
        """The words of one cell, as copied."""
        if column == TIME:
            return when(row.at, self._now())
        if column == WAY:
            return way_words(row.direction)
        if column == CHARGER:
            return self._label(row.charger_id)
        if column == ACTION:
            return " · ".join(part for part in (action_words(row), answer_words(row)) if part)
        return latency(row.latency_ms) if column == LATENCY else verdict_look(row, chip=True).word

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self.more_older and not self.loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self.loading = True
            self.wanted.emit(True)

    def fetch_newer(self) -> None:
        """The view reached the top and the log goes on above it."""
        if self.more_newer and not self.loading:
            self.loading = True
            self.wanted.emit(False)
