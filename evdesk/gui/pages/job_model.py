"""The rows of a job: a head for each wave, its chargers, and a line for those that are folded away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from evdesk.gui import text
from evdesk.gui.pages.job_feed import JobFeed
from evdesk.gui.pages.job_words import (
    BLOCKED,
    RUNNING,
    counted,
    group,
    is_named,
    left_words,
    sentences,
    state_look,
    waits_for_date,
    wave_look,
    wave_name,
    wave_words,
)
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model.jobs import Job, JobCharger, Result, Wave

ROW = int(Qt.ItemDataRole.UserRole) + 1
FOLD_FROM = 13
"""With so many chargers, a wave shows only those that run or went wrong."""
SHOWN_WHILE_FOLDED = frozenset({RUNNING, Result.FAILED.value, Result.UNKNOWN.value})
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class HeadRow:
    key: str
    name: str
    words: str
    look: Look
    folded: bool | None  # None: it has nothing to fold


@dataclass(frozen=True, slots=True)
class ChargerRow:
    key: str
    charger: JobCharger
    look: Look
    left: str
    first: str
    second: str
    can_skip: bool
    offers_skip: bool  # it stands in the row; the others are left out by the button beside the log


@dataclass(frozen=True, slots=True)
class FoldRow:
    key: str
    wave: int
    words: str


JobRow = HeadRow | ChargerRow | FoldRow


class JobModel(QAbstractTableModel):
    """Three columns: charger, state, steps. Rows change in place; when some come or go, `rebuilt()` follows the reset.

    While `hold`ing, no row comes or goes: the pointer is over the table."""

    rebuilt = Signal()

    def __init__(self, feed: JobFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._held = False
        self._folds: dict[int, bool] = {}  # wave -> whether a person folded it
        self._words: list[str] = []
        self.everything = False
        self.rows: list[JobRow] = []

    # -- what is shown ------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Another job: no fold of the last one, no search."""
        self._folds, self._words, self.everything = {}, [], False

    def search(self, typed: str) -> None:
        self._words = typed.casefold().split()
        self.refresh(now=True)

    def show_everything(self, everything: bool) -> None:
        self.everything, self._folds = everything, {}
        self.refresh(now=True)

    def toggle(self, row: int) -> None:
        """Fold or unfold the wave of a head or a fold line."""
        if not 0 <= row < len(self.rows):
            return
        one = self.rows[row]
        if isinstance(one, FoldRow):
            self._folds[one.wave] = False
        elif isinstance(one, HeadRow) and one.folded is not None:
            self._folds[int(one.key.removeprefix("wave/"))] = not one.folded
        else:
            return
        self.refresh(now=True)

    def hold(self, held: bool) -> None:
        self._held = held
        if not held:
            self.refresh()

    def refresh(self, *, now: bool = False) -> None:
        """Take the feed's state. `now`: a person asked for it, so rows may come and go under the pointer."""
        rows = self._build()
        keys = [row.key for row in rows]
        if keys == [row.key for row in self.rows]:
            self._replace(rows)
        elif self._held and not now and self.rows:
            fresh = {row.key: row for row in rows} | self._charger_rows()
            self._replace([fresh.get(row.key, row) for row in self.rows])
        else:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            self.rebuilt.emit()

    def row_of(self, charger_id: str) -> int:
        return next((i for i, row in enumerate(self.rows) if row.key == charger_id), -1)

    def charger_at(self, row: int) -> str:
        """The charger's id; "" for a head."""
        one = self.rows[row] if 0 <= row < len(self.rows) else None
        return one.key if isinstance(one, ChargerRow) else ""

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> list[JobRow]:
        job, rows = self._feed.job, list[JobRow]()
        if job is None:
            return rows
        placed: set[str] = set()
        for wave in job.waves:
            placed |= set(wave.charger_ids)
            chargers = [self._feed.chargers[one] for one in wave.charger_ids if one in self._feed.chargers]
            rows += self._wave(job, wave, chargers)
        rows += [self._charger(job, one) for one in self._feed.chargers.values() if one.charger_id not in placed]
        return rows

    def _wave(self, job: Job, wave: Wave, chargers: Sequence[JobCharger]) -> list[JobRow]:
        found = [one for one in chargers if self._found(one)]
        if self._words and not found:
            return []
        foldable = len(self._feed.chargers) >= FOLD_FROM and not self._words
        folded = foldable and self._folds.get(wave.number, not self.everything)
        shown = [one for one in found if not folded or group(one) in SHOWN_WHILE_FOLDED or self._needs(one, wave)]
        hidden = [one for one in found if one not in shown] if folded else []
        words = wave_words(wave, job, chargers)
        head = HeadRow(
            f"wave/{wave.number}",
            wave_name(wave),
            words,
            wave_look(wave, self._feed.now(), chargers),
            folded if foldable else None,
        )
        rows: list[JobRow] = [head, *(self._charger(job, one) for one in shown)]
        if hidden and shown:
            more = tr("Show {n} more: {counts}").format(n=len(hidden), counts=counted(hidden))
            rows.append(FoldRow(f"fold/{wave.number}", wave.number, more))
        return rows

    @staticmethod
    def _needs(one: JobCharger, wave: Wave) -> bool:
        """One that is held up is shown as soon as its wave runs: somebody may unplug a car."""
        return group(one) == BLOCKED and wave.started_at is not None

    def _charger(self, job: Job, one: JobCharger) -> ChargerRow:
        now = self._feed.now()
        first, second = sentences(one, now)
        begun = one.outcome is not None or group(one) == RUNNING
        left = left_words(one, self._feed.about_s(one))
        skips = not begun and not job.over
        look = state_look(one, job)
        if waits_for_date(one, now):
            look, left = Look("clock", tr("Waits to install"), "info"), text.moment(one.install_at, now)
        return ChargerRow(one.charger_id, one, look, left, first, second, skips, skips and group(one) == BLOCKED)

    def _charger_rows(self) -> dict[str, JobRow]:
        job = self._feed.job
        return {} if job is None else {one: self._charger(job, c) for one, c in self._feed.chargers.items()}

    def _found(self, one: JobCharger) -> bool:
        return is_named(self._words, (one.label, one.serial, one.charger_id, one.transfer.address))

    def _replace(self, rows: list[JobRow]) -> None:
        old, self.rows = self.rows, rows
        changed = [i for i, (before, after) in enumerate(zip(old, rows, strict=True)) if before != after]
        running = [i for i, row in enumerate(rows) if isinstance(row, ChargerRow) and group(row.charger) == RUNNING]
        if changed or running:
            touched = changed + running  # a bar that runs grows although nothing was said
            self.dataChanged.emit(self.index(min(touched), 0), self.index(max(touched), 2))

    # -- Qt -----------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (tr("Charger"), tr("State, time left"), tr("Steps"))[section]

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            cells = row_words(row)
            return cells[index.column()] if role == Qt.ItemDataRole.DisplayRole else ", ".join(filter(None, cells))
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, ChargerRow):
            return "\n".join(filter(None, (row.first, row.second)))
        return None


def row_words(row: JobRow) -> tuple[str, str, str]:
    """A row as three texts, for copying and for screen readers."""
    if isinstance(row, HeadRow):
        return row.name, row.look.word, row.words
    if isinstance(row, FoldRow):
        return row.words, "", ""
    one = row.charger
    return (
        f"{one.label or one.charger_id} {one.serial}".strip(),
        f"{row.look.word} {row.left}".strip(),
        (f"{row.first} {row.second}".strip()),
    )
