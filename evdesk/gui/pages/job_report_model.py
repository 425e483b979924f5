"""The result of a job as a table: worst first, a reason under each row."""

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from evdesk.gui import text
from evdesk.gui.pages.chargers_grid import PAD, CellDelegate, Grid, Index
from evdesk.gui.pages.job_words import late, outcome_look, sentences, settings_short, state_look, steps_told, took
from evdesk.gui.sentences import Look
from evdesk.gui.tables import tab_text
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.model.jobs import Job, JobCharger, Result

ROW = int(Qt.ItemDataRole.UserRole) + 1
CHARGER, RESULT, BEFORE, AFTER, SETTINGS, BYTES, TOOK = range(7)
WIDTHS = (118, 106, 66, 76, 170, 80, 84)
NARROW_WIDTHS = (108, 102, 60, 74, 120, 76, 82)
NARROW_BELOW = 700
ROW_HEIGHT = 56
ORDER = (Result.FAILED, Result.UNKNOWN, Result.CANCELLED, None, Result.SUCCEEDED)
_ROOT = QModelIndex()


def length(seconds: float | None) -> str:
    """ "6:48 min", "1:30 h"; "" where it is not known."""
    if seconds is None:
        return ""
    return text.minutes(seconds) if seconds < 3600 else text.hours(seconds)


def after_words(one: JobCharger) -> str:
    """The version it has now: told by itself, never assumed."""
    if one.outcome is Result.CANCELLED:
        return one.reported or one.from_version
    return one.reported or text.unknown()


def result_look(one: JobCharger, job: Job) -> Look:
    return outcome_look(one.outcome) if one.outcome is not None else state_look(one, job)


def in_order(chargers: Iterable[JobCharger]) -> list[JobCharger]:
    """Failed first; within each in the order of the job."""
    return sorted(chargers, key=lambda one: ORDER.index(one.outcome))


def reason_words(one: JobCharger, now: float) -> str:
    if one.outcome is Result.SUCCEEDED:  # what became of the settings has its own column
        return text.reasons(late(one), one.next, steps_told(one, settings=False) or one.reason)
    return " ".join(filter(None, sentences(one, now)))


def report_tsv(job: Job, chargers: Iterable[JobCharger], now: float) -> str:
    """The whole table for the clipboard."""
    rows = [(*report_cells(one, job), one.serial, reason_words(one, now)) for one in in_order(chargers)]
    return tab_text((*report_titles(), tr("Serial"), tr("Reason")), rows)


def report_titles() -> tuple[str, ...]:
    return (tr("Charger"), tr("Result"), tr("Before"), tr("Now"), tr("Settings"), tr("Sent"), tr("Took"))


def report_cells(one: JobCharger, job: Job) -> tuple[str, ...]:
    seen = one.transfer
    return (
        one.label or one.charger_id,
        result_look(one, job).word,
        one.from_version or text.unknown(),
        after_words(one),
        settings_short(one) if one.started_at is not None else "",
        text.size(seen.bytes) if seen.bytes else "",
        length(took(one)),
    )


class ReportModel(QAbstractTableModel):
    """Set as a whole; a row stays chosen by its charger."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[JobCharger] = []
        self._job: Job | None = None
        self._now = 0.0

    def set_rows(self, job: Job, chargers: Iterable[JobCharger], now: float) -> None:
        rows = in_order(chargers)
        if rows != self.rows or job != self._job:
            self.beginResetModel()
            self.rows, self._job, self._now = rows, job, now
            self.endResetModel()

    def row_of(self, charger_id: str) -> int:
        return next((i for i, one in enumerate(self.rows) if one.charger_id == charger_id), -1)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(WIDTHS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        across = orientation == Qt.Orientation.Horizontal
        if across and role == Qt.ItemDataRole.TextAlignmentRole and section >= BYTES:
            return int(Qt.AlignmentFlag.AlignRight)
        return report_titles()[section] if across and role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows) or self._job is None:
            return None
        one = self.rows[index.row()]
        if role == ROW:
            return one
        if role == Qt.ItemDataRole.DisplayRole:
            return report_cells(one, self._job)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return reason_words(one, self._now)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (*report_cells(one, self._job), reason_words(one, self._now))))
        return None

    def look(self, one: JobCharger) -> Look:
        return result_look(one, self._job) if self._job is not None else Look("", "", "muted")

    def reason(self, one: JobCharger) -> str:
        return reason_words(one, self._now)


class ReportDelegate(CellDelegate):
    """The reason runs under the cells; each paints its own part of it, so that partial repaints stay right."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        one, model, grid = index.data(ROW), index.model(), self.parent()
        if not isinstance(one, JobCharger) or not isinstance(model, ReportModel) or not isinstance(grid, Grid):
            return
        if index.column() == CHARGER:
            return
        rect: QRect = option.rect
        painter.save()
        painter.setClipRect(rect)
        left = grid.columnViewportPosition(RESULT) + 8
        line = QRect(left, rect.top() + 29, grid.viewport().width() - left - PAD, 18)
        ink = "muted" if one.outcome in (Result.SUCCEEDED, Result.CANCELLED) else "text"
        self.words(painter, line, model.reason(one), "small", ink)
        painter.restore()

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        one, model = index.data(ROW), index.model()
        if not isinstance(one, JobCharger) or not isinstance(model, ReportModel):
            return
        first = QRect(rect.left(), rect.top() + 8, rect.width(), 20)
        if index.column() == CHARGER:
            self.two_lines(painter, rect, one.label or one.charger_id, one.serial if one.label else "")
        elif index.column() == RESULT:
            look = model.look(one)
            self.icon_words(painter, first, look.icon, look.word, look.role, "chip")
        else:
            self._fact(painter, first, index, one)

    def _fact(self, painter: QPainter, rect: QRect, index: Index, one: JobCharger) -> None:
        words = str(index.data())
        strong = index.column() == AFTER and one.outcome is Result.SUCCEEDED
        role = "text" if index.column() == AFTER and one.reported else "muted"
        if index.column() == SETTINGS and one.lost:
            role = "warn"
        self.words(painter, rect, words, "card" if strong else "body", role, right=index.column() >= BYTES)


class ReportTable(Grid):
    """`chosen(charger_id)` when another row is the current one."""

    chosen = Signal(str)

    def __init__(self, model: ReportModel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Results, worst first"), ROW_HEIGHT, parent)
        self._model = model
        self._wanted = ""
        self._keeping = False
        self.setItemDelegate(ReportDelegate(self))
        self.setModel(model)
        self.set_widths(WIDTHS, SETTINGS)
        self.horizontalHeader().setSortIndicatorShown(False)
        self.horizontalHeader().setSectionsMovable(False)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._recall)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        current().changed.connect(self.viewport().update)
        self.whole_rows()

    def content_height(self) -> int:
        return self.horizontalHeader().height() + self.verticalHeader().length()

    def fit(self, room: int) -> None:
        """In a narrow table the facts stand closer."""
        for column, wide in enumerate(NARROW_WIDTHS if room < NARROW_BELOW else WIDTHS):
            if column != SETTINGS:
                self.setColumnWidth(column, wide)

    def choose(self, charger_id: str) -> None:
        row = self._model.row_of(charger_id)
        self._wanted = charger_id
        if row >= 0:
            self.selectRow(row)

    def _keep(self) -> None:
        self._keeping = True

    def _recall(self) -> None:
        self._keeping = False
        row = self._model.row_of(self._wanted)
        if self._model.rows:
            self.selectRow(max(0, row))

    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        one = now.data(ROW)
        if isinstance(one, JobCharger) and not self._keeping:
            self._wanted = one.charger_id
            self.chosen.emit(one.charger_id)
