"""The checks before an update as words and icons, and as a table of many chargers: rows chargers, columns checks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QToolTip, QWidget

from evdesk.gui import icons
from evdesk.gui.pages.chargers_grid import CellDelegate, Grid, GridHeader, Index
from evdesk.gui.pages.update_parts import Line
from evdesk.gui.pages.update_plan import INSTALL_DATE, SOFT, Ready, has_it, readiness
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import draw
from evdesk.model.firmware import Check, Verdict
from evdesk.wire.firmware import Preflight

ROW = int(Qt.ItemDataRole.UserRole) + 1
CHARGER, RESULT, FIRST = range(3)
ROW_HEIGHT = 40
CELL_LEAST, CELL_MOST = 22, 46
HEAD_HEIGHT = 98
GROUP_HEIGHT = 20
WORST = (Verdict.BLOCK, Verdict.WAIT, Verdict.WARN, Verdict.UNKNOWN, Verdict.OK)
ORDER = tuple(Ready)
_ROOT = QModelIndex()

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("file", ("model", "hardware", "version", "downgrade", "blocked", "file", "signature")),
    ("charger", ("session", "online", "job", "serial", "backup", "clock", "events", INSTALL_DATE)),
    ("fetch", ("scheme", "reach")),
    ("here", ("disk", "power", "sleep")),
)
"""Checks by what they are about, in the order of the columns."""
CODES = tuple(code for _, codes in GROUPS for code in codes)


def group_word(group: str) -> str:
    return {"file": tr("File"), "charger": tr("Charger"), "fetch": tr("Link"), "here": tr("Computer")}.get(group, "")


def check_word(code: str) -> str:
    """The name of a check, short enough for the head of a column."""
    return {
        "model": tr("Model"),
        "hardware": tr("Hardware"),
        "version": tr("Version"),
        "downgrade": tr("Up or down"),
        "blocked": tr("Not blocked"),
        "file": tr("File whole"),
        "signature": tr("Signature"),
        "session": tr("No car"),
        "online": tr("Connected"),
        "job": tr("No other job"),
        "serial": tr("Serial"),
        "backup": tr("Backup"),
        "clock": tr("Clock"),
        "events": tr("Events"),
        INSTALL_DATE: tr("Install date"),
        "scheme": tr("Fetches by"),
        "reach": tr("Reaches us"),
        "disk": tr("Disk"),
        "power": tr("Mains"),
        "sleep": tr("Stays awake"),
    }.get(code, code)


def verdict_look(verdict: Verdict) -> Look:
    return {
        Verdict.OK: Look("check", tr("Passed"), "ok"),
        Verdict.WARN: Look("warning", tr("Warning"), "warn"),
        Verdict.WAIT: Look("clock", tr("Waits"), "info"),
        Verdict.BLOCK: Look("octagon", tr("Cannot"), "danger"),
        Verdict.UNKNOWN: Look("question", tr("Unknown"), "warn"),
    }[verdict]


def ready_look(state: Ready) -> Look:
    return {
        Ready.READY: Look("check-circle", tr("Ready"), "ok"),
        Ready.WAITS: Look("clock", tr("Waits"), "info"),
        Ready.REASON: Look("warning", tr("Warning"), "warn"),
        Ready.CANNOT: Look("octagon", tr("Cannot"), "danger"),
    }[state]


def result_look(one: Preflight, override: str = "") -> Look:
    """What the checks came to. That it has the version already is said before anything that a reason passes."""
    state = readiness(one, override)
    if has_it(one) and state is not Ready.CANNOT:
        return Look("warning", tr("Has {version}").format(version=one.to_version), "warn")
    return ready_look(state)


def check_lines(one: Preflight, *, passed: bool | None = None) -> list[Line]:
    """Checks in words, the worst first: all, or only those that passed, or did not."""
    rows = sorted(one.checks, key=lambda check: WORST.index(check.verdict))
    if passed is not None:
        rows = [check for check in rows if (check.verdict is Verdict.OK) is passed]
    return [Line(verdict_look(check.verdict), check.sentence, check.advice) for check in rows]


def codes_of(rows: Iterable[Preflight]) -> list[str]:
    """The checks that were made of any, in the order of the columns; unknown ones at the end."""
    found = {check.code for one in rows for check in one.checks}
    return [code for code in CODES if code in found] + sorted(found - set(CODES))


@dataclass(frozen=True, slots=True)
class CheckRow:
    one: Preflight
    state: Ready
    look: Look
    by_code: dict[str, Check]

    def first(self) -> str:
        """What stands against it, in a sentence."""
        bad = [check for check in self.one.checks if check.verdict is not Verdict.OK]
        return min(bad, key=lambda check: WORST.index(check.verdict)).sentence if bad else ""


def check_rows(rows: Sequence[Preflight], override: str) -> list[CheckRow]:
    """Sorted by trouble; within it in the order of the update."""
    made = [
        CheckRow(one, readiness(one, override), result_look(one, override), {check.code: check for check in one.checks})
        for one in rows
    ]
    return sorted(made, key=lambda row: (ORDER.index(row.state), not any(map(_is_soft, row.one.checks))))


def _is_soft(check: Check) -> bool:
    return check.verdict in SOFT


class ChecksModel(QAbstractTableModel):
    """Charger, result, then one column per check."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[CheckRow] = []
        self.codes: list[str] = []

    def set_rows(self, rows: Sequence[Preflight], override: str) -> None:
        fresh, codes = check_rows(rows, override), codes_of(rows)
        if (fresh, codes) != (self.rows, self.codes):
            self.beginResetModel()
            self.rows, self.codes = fresh, codes
            self.endResetModel()

    def row_of(self, charger_id: str) -> int:
        return next((i for i, row in enumerate(self.rows) if row.one.charger_id == charger_id), -1)

    def check(self, index: QModelIndex | QPersistentModelIndex) -> Check | None:
        """The check of a cell; None in the first columns, and where it was not made."""
        place = index.column() - FIRST
        if not 0 <= place < len(self.codes) or not 0 <= index.row() < len(self.rows):
            return None
        return self.rows[index.row()].by_code.get(self.codes[place])

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else FIRST + len(self.codes)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        if section < FIRST:
            return (tr("Charger"), tr("Result"))[section]
        return check_word(self.codes[section - FIRST]) if section - FIRST < len(self.codes) else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row, check = self.rows[index.row()], self.check(index)
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() < FIRST:
                return (f"{row.one.label} {row.one.serial}".strip(), row.look.word)[index.column()]
            return verdict_look(check.verdict).word if check is not None else ""
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{check.sentence}\n{check.advice}".strip() if check is not None else row.first()
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (row.one.label, row.one.serial, row.look.word, row.first())))
        return None


class ChecksHeader(GridHeader):
    """Names of checks stand upright; above them what they are about."""

    def __init__(self, model: ChecksModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.setFixedHeight(HEAD_HEIGHT)
        self.setSectionsMovable(False)
        self.setSectionsClickable(False)
        self.setMinimumSectionSize(20)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        theme = current()
        painter.save()
        painter.fillRect(rect, theme.color("raised"))
        painter.fillRect(rect.left(), rect.bottom() - theme.edge + 1, rect.width(), theme.edge, theme.color("border"))
        title = str(self._model.headerData(logicalIndex, Qt.Orientation.Horizontal) or "")
        if logicalIndex < FIRST:
            left = rect.left() + (12 if logicalIndex == CHARGER else 8)
            draw.text(painter, left, rect.bottom() - 12, title, "small", "muted")
        else:
            self._group(painter, rect, logicalIndex)
            painter.translate(rect.center().x() + 4.5, rect.bottom() - 8)
            painter.rotate(-90)
            room = HEAD_HEIGHT - GROUP_HEIGHT - 12
            draw.text(painter, 0, 0, draw.elided(title, "chart", room), "chart", "muted")
        painter.restore()

    def _group(self, painter: QPainter, rect: QRect, section: int) -> None:
        """A hairline where a group begins, and its name over its first columns."""
        code = self._model.codes[section - FIRST]
        group, codes = next(((name, codes) for name, codes in GROUPS if code in codes), ("", (code,)))
        here = [one for one in codes if one in self._model.codes] or [code]
        if code == here[0]:
            painter.fillRect(rect.left(), rect.top() + 6, 1, rect.height() - 12, current().color("border"))
        offset = here.index(code) * rect.width()
        painter.save()
        painter.setClipRect(rect)
        room = len(here) * rect.width() - 8
        words = draw.elided(group_word(group), "chartBold", room + 4)
        draw.text(painter, rect.left() - offset + 6, rect.top() + 16, words, "chartBold", "muted")
        painter.restore()


class ChecksDelegate(CellDelegate):
    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row, model = index.data(ROW), index.model()
        if not isinstance(row, CheckRow) or not isinstance(model, ChecksModel):
            return
        if index.column() == CHARGER:
            middle = rect.center().y()
            self.words(painter, QRect(rect.left(), middle - 17, rect.width(), 18), row.one.label, "card", "text")
            self.words(painter, QRect(rect.left(), middle, rect.width(), 16), row.one.serial, "small", "muted")
        elif index.column() == RESULT:
            self.icon_words(painter, rect, row.look.icon, row.look.word, row.look.role, "chip")
        else:
            check = model.check(index)
            whole = rect.adjusted(-8, 0, 8, 0)
            box = QRectF(whole.center().x() - 6.5, whole.center().y() - 6.5, 15, 15)
            if check is None:
                icons.paint(painter, "minus", "muted", box)
                return
            look = verdict_look(check.verdict)
            if check.verdict is not Verdict.OK:
                draw.box(painter, box.adjusted(-4, -4, 4, 4), current().soft(look.role), None, 4)
            icons.paint(painter, look.icon, look.role, box)


class ChecksTable(Grid):
    """`chosen(charger_id)` when another row is the current one."""

    chosen = Signal(str)

    def __init__(self, model: ChecksModel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Checks of all chargers, worst first"), ROW_HEIGHT, parent)
        self._model = model
        self._wanted = ""
        self._keeping = False
        self.setHorizontalHeader(ChecksHeader(model, self))
        self.setItemDelegate(ChecksDelegate(self))
        self.setModel(model)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._recall)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.whole_rows()

    def fit(self) -> None:
        """The checks get even columns, names what is left."""
        room = self.viewport().width()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        count = max(1, len(self._model.codes))
        first, result = (150, 116) if room >= 740 else (118, 94)
        cell = max(CELL_LEAST, min(CELL_MOST, (room - first - result) // count))
        for column in range(self._model.columnCount()):
            self.setColumnWidth(column, (first, result)[column] if column < FIRST else cell)
        rest = room - first - result - cell * count
        if rest > 0:
            self.setColumnWidth(CHARGER, first + rest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def _keep(self) -> None:
        self._keeping = True

    def _recall(self) -> None:
        self._keeping = False
        if self._model.rows:
            self.selectRow(max(0, self._model.row_of(self._wanted)))

    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        row = now.data(ROW)
        if isinstance(row, CheckRow) and not self._keeping:
            self._wanted = row.one.charger_id
            self.chosen.emit(self._wanted)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            words = self.indexAt(event.pos()).data(Qt.ItemDataRole.ToolTipRole)
            QToolTip.showText(event.globalPos(), words or "", self)
            return True
        return super().viewportEvent(event)
