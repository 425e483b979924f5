"""Step 4, the order: which charger comes when, by name, serial and "from to", in waves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from evdesk.firmware.rollout import CANARY
from evdesk.gui import text
from evdesk.gui.pages.chargers_grid import PAD, CellDelegate, Grid, Index
from evdesk.gui.pages.firmware_words import chargers_words
from evdesk.gui.pages.job_words import wave_name
from evdesk.gui.pages.update_checks import ready_look, result_look
from evdesk.gui.pages.update_plan import Plan, Ready, has_it, readiness, untold
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.model.jobs import Wave
from evdesk.wire.firmware import Preflight

ROW = int(Qt.ItemDataRole.UserRole) + 1
PLACE, CHARGER, SERIAL, STEP, STATE = range(5)
WIDTHS = (40, 150, 140, 170, 140)
ROW_HEIGHT, HEAD_HEIGHT = 34, 34
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class WaveRow:
    key: str
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One charger's turn."""

    key: str
    number: int
    label: str
    serial: str
    step: str
    older: bool
    state: Look


def wave_says(wave: Wave, plan: Plan, first: bool) -> str:
    """What makes a wave begin: "1 charger, then watched for 60 min"."""
    words = chargers_words(len(wave.charger_ids))
    if wave.number == CANARY and plan.soak_min:
        return tr("{many}, then watched for {time}").format(many=words, time=text.age(plan.soak_min * 60.0))
    if first:
        return words
    return tr("{many}, when the one before is through").format(many=words)


def make_rows(plan: Plan, checked: Mapping[str, Preflight]) -> list[WaveRow | TurnRow]:
    rows: list[WaveRow | TurnRow] = []
    number, waves = 0, plan.waves()
    for wave in waves:
        if len(waves) > 1:
            says = wave_says(wave, plan, wave is waves[0])
            rows.append(WaveRow(f"wave/{wave.number}", wave_name(wave), says))
        for charger_id in wave.charger_ids:
            number += 1
            rows.append(_turn(charger_id, number, checked.get(charger_id), plan.override))
    return rows


def _turn(charger_id: str, number: int, one: Preflight | None, override: str) -> TurnRow:
    if one is None:
        return TurnRow(charger_id, number, charger_id, "", "", False, ready_look(Ready.WAITS))
    told = tr("{to} again") if has_it(one) else tr("{before} to {to}")
    step = told.format(before=one.from_version or "?", to=one.to_version)
    ready = readiness(one, override)
    undated = untold(one) and ready is not Ready.CANNOT
    state = Look("warning", tr("Installs at once"), "warn") if undated else result_look(one, override)
    return TurnRow(charger_id, number, one.label or charger_id, one.serial, step, one.downgrade, state)


class WavesModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[WaveRow | TurnRow] = []

    def set_rows(self, rows: Sequence[WaveRow | TurnRow]) -> None:
        if list(rows) != self.rows:
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()

    def row_of(self, key: str) -> int:
        return next((i for i, row in enumerate(self.rows) if row.key == key), -1)

    def charger_at(self, row: int) -> str:
        one = self.rows[row] if 0 <= row < len(self.rows) else None
        return one.key if isinstance(one, TurnRow) else ""

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(WIDTHS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return ("#", tr("Charger"), tr("Serial"), tr("From, to"), tr("Preflight"))[section]

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        cells = (
            ("", row.name, row.words, "", "")
            if isinstance(row, WaveRow)
            else (str(row.number), row.label, row.serial, row.step, row.state.word)
        )
        if role == Qt.ItemDataRole.DisplayRole:
            return cells[index.column()]
        return ", ".join(filter(None, cells)) if role == Qt.ItemDataRole.AccessibleTextRole else None


class WavesDelegate(CellDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, grid = index.data(ROW), self.parent()
        if not isinstance(row, WaveRow) or not isinstance(grid, Grid):
            super().paint(painter, option, index)
            return
        # Each cell paints its own part of the one line, so that partial repaints stay right.
        rect: QRect = option.rect
        theme = current()
        painter.save()
        painter.setClipRect(rect)
        painter.fillRect(rect, theme.color("raised"))
        painter.fillRect(rect.left(), rect.bottom() - theme.edge + 1, rect.width(), theme.edge, theme.color("border"))
        left = PAD - grid.horizontalScrollBar().value()
        line = QRect(left, rect.top(), grid.viewport().width() - left - PAD, rect.height() - 1)
        used = self.words(painter, line, row.name, "card", "text")
        self.words(painter, line.adjusted(used + 10, 0, 0, 0), row.words, "small", "muted")
        painter.restore()

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(ROW)
        if not isinstance(row, TurnRow):
            return
        if index.column() == STATE:
            self.icon_words(painter, rect, row.state.icon, row.state.word, row.state.role, "chip")
        elif index.column() == STEP:
            self.words(painter, rect, row.step, "card", "warn" if row.older else "text")
        else:
            strong = index.column() == CHARGER
            self.words(painter, rect, str(index.data()), "card" if strong else "body", "text" if strong else "muted")


class WavesTable(Grid):
    """Alt+Up and Alt+Down move the current charger; `move_asked(charger_id, by)`."""

    move_asked = Signal(str, int)

    def __init__(self, model: WavesModel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Chargers in the order of the update"), ROW_HEIGHT, parent)
        self._model = model
        self._wanted = ""
        self.setItemDelegate(WavesDelegate(self))
        self.setModel(model)
        self.set_widths(WIDTHS, STEP)
        self.horizontalHeader().setSortIndicatorShown(False)
        self.horizontalHeader().setSectionsMovable(False)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._recall)
        self.whole_rows(lambda row: bool(model.charger_at(row)))

    def current_charger(self) -> str:
        return self._model.charger_at(self.currentIndex().row())

    def fit(self, room: int) -> None:
        narrow = room < 660
        self.setColumnWidth(CHARGER, 120 if narrow else WIDTHS[CHARGER])
        self.setColumnWidth(SERIAL, 116 if narrow else WIDTHS[SERIAL])
        self.setColumnWidth(STATE, 124 if narrow else WIDTHS[STATE])

    def _remember(self) -> None:
        self._wanted = self.current_charger() or self._wanted

    def _recall(self) -> None:
        least = 48 if current().large else 0
        for number, row in enumerate(self._model.rows):
            if isinstance(row, WaveRow):
                self.setRowHeight(number, max(least, HEAD_HEIGHT))
        place = self._model.row_of(self._wanted) if self._wanted else -1
        if place >= 0:
            self.selectRow(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        chosen = self.current_charger()
        if by and event.modifiers() & Qt.KeyboardModifier.AltModifier and chosen:
            self.move_asked.emit(chosen, by)
        else:
            super().keyPressEvent(event)
