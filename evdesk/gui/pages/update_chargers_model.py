"""The chargers to choose from: a head for each model, a row with a mark for each charger."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter
from PySide6.QtWidgets import QHeaderView, QStyleOptionViewItem, QWidget

from evdesk.gui import icons
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_grid import PAD, CellDelegate, Grid, Index
from evdesk.gui.pages.firmware_words import chargers_words, model_name
from evdesk.gui.pages.job_words import is_named
from evdesk.gui.sentences import Look, charger_look
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import draw
from evdesk.model.firmware import FleetCharger, FleetModel, FleetState, FleetVersions

ROW = int(Qt.ItemDataRole.UserRole) + 1
MARK, CHARGER, SERIAL, HARDWARE, VERSION, STATE, NOW, BECAUSE = range(8)
WIDTHS = (44, 122, 124, 78, 82, 118, 150, 180)
ROW_HEIGHT, HEAD_HEIGHT = 36, 38
BOX = 16
ROOMY_FROM, REASON_FROM = 720, 940
"""From this width on the hardware has room, and the reason of the state."""
_ROOT = QModelIndex()
WANTED = (FleetState.BEHIND, FleetState.BLOCKED, FleetState.FAILED)
"""States that an update is for."""
HAS_IT = (FleetState.NEWEST, FleetState.AHEAD)
"""States that an update has nothing new for: the box of a head leaves them alone."""


@dataclass(frozen=True, slots=True)
class HeadRow:
    """`marked` of those shown below it. `offers`: those that its box marks."""

    key: str
    name: str
    words: str
    ids: tuple[str, ...] = field(default=())
    marked: int = 0
    offers: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ItemRow:
    key: str
    one: FleetCharger
    state: Look
    now: Look
    marked: bool


Row = HeadRow | ItemRow


class ChoiceModel(QAbstractTableModel):
    """`marks_changed()` when a person marked or unmarked. A filter hides rows, and never takes a mark away."""

    marks_changed = Signal()

    def __init__(self, mirror: Mirror, state_look: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._state_look = mirror, state_look
        self._fleet = FleetVersions()
        self._words: list[str] = []
        self._segment = "all"
        self.marked: list[str] = []  # in the order they were marked
        self.rows: list[Row] = []

    def set_fleet(self, fleet: FleetVersions) -> None:
        self._fleet = fleet
        known = {one.charger_id for model in fleet.models for one in model.chargers}
        before = len(self.marked)
        self.marked = [one for one in self.marked if one in known]
        self.refresh()
        if len(self.marked) != before:
            self.marks_changed.emit()

    def search(self, typed: str) -> None:
        self._words = typed.casefold().split()
        self.refresh()

    def set_segment(self, key: str) -> None:
        self._segment = key
        self.refresh()

    def counts(self) -> dict[str, int]:
        everyone = [one for model in self._fleet.models for one in model.chargers]
        return {
            "all": len(everyone),
            "wanted": sum(one.state in WANTED for one in everyone),
            "online": sum(one.online for one in everyone),
        }

    def set_marked(self, charger_ids: Iterable[str]) -> None:
        """Exactly these, in this order; does not signal."""
        self.marked = list(dict.fromkeys(charger_ids))
        self.refresh()

    def mark(self, charger_ids: Iterable[str], on: bool) -> None:
        wanted = list(charger_ids)
        if on:
            self.marked += [one for one in wanted if one not in self.marked]
        else:
            gone = set(wanted)
            self.marked = [one for one in self.marked if one not in gone]
        self.refresh()
        self.marks_changed.emit()

    def toggle(self, row: int) -> None:
        """A head: those of its model that are shown and may get something new, unless all of them are marked."""
        one = self.rows[row] if 0 <= row < len(self.rows) else None
        if isinstance(one, ItemRow):
            self.mark([one.key], not one.marked)
        elif isinstance(one, HeadRow):
            on = not set(one.offers) <= set(self.marked)
            self.mark(one.offers if on else one.ids, on)

    def everything(self) -> tuple[int, int]:
        """Heads and chargers that there are without any filter."""
        return len(self._fleet.models), self.counts()["all"]

    def shown_ids(self) -> list[str]:
        return [row.key for row in self.rows if isinstance(row, ItemRow)]

    def refresh(self) -> None:
        rows = self._build()
        if [row.key for row in rows] == [row.key for row in self.rows]:
            changed = [i for i, (old, new) in enumerate(zip(self.rows, rows, strict=True)) if old != new]
            self.rows = rows
            if changed:
                self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], BECAUSE))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def _build(self) -> list[Row]:
        rows: list[Row] = []
        marked = set(self.marked)
        for model in self._fleet.models:
            found = [one for one in model.chargers if self._found(model, one)]
            if not found:
                continue
            ids = tuple(one.charger_id for one in found)
            count = sum(one in marked for one in ids)
            name = model_name(model.vendor, model.model)
            offers = tuple(one.charger_id for one in found if one.state not in HAS_IT) or ids
            rows.append(HeadRow(f"model/{name}", name, _head_words(model), ids, count, offers))
            rows += [
                ItemRow(one.charger_id, one, self._state_look(one), self._now(one), one.charger_id in marked)
                for one in found
            ]
        return rows

    def _found(self, model: FleetModel, one: FleetCharger) -> bool:
        if self._segment == "wanted" and one.state not in WANTED:
            return False
        if self._segment == "online" and not one.online:
            return False
        told = (one.label, one.charger_id, one.serial, one.version, one.hardware, model.vendor, model.model)
        return is_named(self._words, told)

    def _now(self, one: FleetCharger) -> Look:
        charger = self._mirror.chargers.get(one.charger_id)
        if charger is None or not one.online:
            return Look("offline", tr("Offline"), "warn")
        return charger_look(charger)

    # -- Qt -----------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(WIDTHS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        facts = (tr("Charger"), tr("Serial"), tr("Hardware"), tr("Version"))
        return ("", *facts, tr("State"), tr("Now"), tr("Because"))[section]

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == MARK:
            return check_state(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return row_words(row)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            mark = {
                Qt.CheckState.Checked: tr("chosen"),
                Qt.CheckState.PartiallyChecked: tr("some chosen"),
                Qt.CheckState.Unchecked: tr("not chosen"),
            }[check_state(row)]
            return ", ".join(filter(None, (*row_words(row), mark)))
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, ItemRow):
            return row.one.because
        return None


def _head_words(model: FleetModel) -> str:
    newest = (
        tr("{version} in the library").format(version=model.newest_version)
        if model.newest_version
        else tr("nothing in the library")
    )
    return f"{chargers_words(len(model.chargers))}, {newest}"


def check_state(row: Row) -> Qt.CheckState:
    if isinstance(row, ItemRow):
        return Qt.CheckState.Checked if row.marked else Qt.CheckState.Unchecked
    if not row.marked:
        return Qt.CheckState.Unchecked
    return Qt.CheckState.Checked if row.marked == len(row.ids) else Qt.CheckState.PartiallyChecked


def row_words(row: Row) -> tuple[str, ...]:
    if isinstance(row, HeadRow):
        return ("", row.name, row.words, "", "", "", "", "")
    one = row.one
    facts = (one.label or one.charger_id, one.serial, one.hardware, one.version)
    return "", *facts, row.state.word, row.now.word, one.because


def paint_box(painter: QPainter, rect: QRectF, state: Qt.CheckState) -> None:
    """A check box as the style draws it, for rows that are painted."""
    look = current()
    on = state != Qt.CheckState.Unchecked
    edge = look.color("accent" if on else "borderStrong")
    draw.box(painter, rect, look.color("accent" if on else "surface"), edge, 3, float(look.edge))
    if on:
        icon = "check" if state == Qt.CheckState.Checked else "minus"
        icons.paint(painter, icon, "onAccent", rect.adjusted(2, 2, -2, -2))


class ChoiceDelegate(CellDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, grid = index.data(ROW), self.parent()
        if not isinstance(row, HeadRow) or not isinstance(grid, Grid):
            super().paint(painter, option, index)
            return
        # Each cell paints its own part of the one line, so that partial repaints stay right.
        rect: QRect = option.rect
        theme = current()
        painter.save()
        painter.setClipRect(rect)
        painter.fillRect(rect, theme.color("raised"))
        painter.fillRect(rect.left(), rect.bottom() - theme.edge + 1, rect.width(), theme.edge, theme.color("border"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = PAD - grid.horizontalScrollBar().value()
        middle = rect.center().y()
        paint_box(painter, QRectF(left, middle - BOX / 2, BOX, BOX), check_state(row))
        start = grid.columnViewportPosition(CHARGER) + 8
        line = QRect(start, rect.top(), grid.viewport().width() - start - PAD, rect.height() - 1)
        used = self.words(painter, line, row.name, "card", "text")
        marked = tr("{n} chosen").format(n=row.marked) if row.marked else ""
        right = round(draw.width(marked, "chip")) + 12 if marked else 0
        self.words(painter, line.adjusted(used + 10, 0, -right, 0), row.words, "small", "muted")
        if marked:
            self.words(painter, line, marked, "chip", "accent", right=True)
        painter.restore()

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(ROW)
        if not isinstance(row, ItemRow):
            return
        column = index.column()
        if column == MARK:
            paint_box(painter, QRectF(rect.left(), rect.center().y() - BOX / 2 + 1, BOX, BOX), check_state(row))
        elif column in (STATE, NOW):
            look = row.state if column == STATE else row.now
            self.icon_words(painter, rect, look.icon, look.word, look.role, "chip")
        elif column == BECAUSE:
            self.words(painter, rect, row.one.because, "small", "text" if row.one.state in WANTED else "muted")
        else:
            strong = column in (CHARGER, VERSION)
            words, font = str(index.data()), "card" if strong else "body"
            self.words(painter, rect, words or "?", font, "text" if strong and words else "muted")


class ChoiceTable(Grid):
    """A click marks, on a head the whole model; Shift+click all between, Space the current row, Ctrl+A all shown."""

    def __init__(self, model: ChoiceModel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Chargers to choose from"), ROW_HEIGHT, parent)
        self._model = model
        self._anchor = -1
        self._key = ""
        self.setItemDelegate(ChoiceDelegate(self))
        self.setModel(model)
        self.set_widths(WIDTHS, BECAUSE)
        self.horizontalHeader().setSortIndicatorShown(False)
        self.horizontalHeader().setSectionsMovable(False)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._measure_heads)
        self.whole_rows(lambda row: isinstance(model.rows[row], ItemRow))
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def fit(self, room: int) -> None:
        """In a narrow table the reason goes, then the hardware: it is told in the column beside it too."""
        self.setColumnHidden(HARDWARE, room < ROOMY_FROM)
        reason = room >= REASON_FROM
        self.setColumnHidden(BECAUSE, not reason)
        modes = QHeaderView.ResizeMode
        self.horizontalHeader().setSectionResizeMode(NOW, modes.Interactive if reason else modes.Stretch)
        if reason:
            self.setColumnWidth(NOW, WIDTHS[NOW])

    def whole_height(self) -> int:
        """Of all rows, also those that a filter hides."""
        least = 48 if current().large else 0
        heads, chargers = self._model.everything()
        return heads * max(least, HEAD_HEIGHT) + chargers * max(least, ROW_HEIGHT)

    def _remember(self) -> None:
        row = self.currentIndex().data(ROW)
        self._key = row.key if isinstance(row, HeadRow | ItemRow) else ""

    def _measure_heads(self) -> None:
        least = 48 if current().large else 0
        for number, row in enumerate(self._model.rows):
            high = max(least, HEAD_HEIGHT if isinstance(row, HeadRow) else ROW_HEIGHT)
            if self.rowHeight(number) != high:  # a row that was a head before keeps its height
                self.setRowHeight(number, high)
        place = next((i for i, row in enumerate(self._model.rows) if row.key == self._key), -1)
        if place >= 0:
            self.selectRow(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        row = self.indexAt(event.position().toPoint()).row()
        if event.button() != Qt.MouseButton.LeftButton or row < 0:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and 0 <= self._anchor < len(self._model.rows):
            first, last = sorted((self._anchor, row))
            ids = [one.key for one in self._model.rows[first : last + 1] if isinstance(one, ItemRow)]
            anchor = self._model.rows[self._anchor]
            self._model.mark(ids, not isinstance(anchor, ItemRow) or anchor.marked)
        else:
            self._model.toggle(row)
            self._anchor = row

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._model.toggle(self.currentIndex().row())
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self._model.mark(self._model.shown_ids(), True)
        else:
            super().keyPressEvent(event)
