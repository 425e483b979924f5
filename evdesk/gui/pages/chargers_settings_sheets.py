"""The sheets around settings: review before writing, a file's plan, snapshots side by side."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QComboBox, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import CANCELLED, DONE, Sheet
from evdesk.gui.pages.activity_words import SECRET
from evdesk.gui.pages.chargers_grid import CellDelegate, Grid, Index
from evdesk.gui.pages.chargers_settings_model import Line
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY, Label
from evdesk.model import EvdeskError
from evdesk.model.settings import PlannedSetting, SettingChange, SettingsSnapshot
from evdesk.wire.settings import DiffSettings

WIDE = 760
_ROOT = QModelIndex()
_ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1


@dataclass(frozen=True, slots=True)
class Compared:
    """One row: a name, two values, what is to say about them and in which role of the theme."""

    name: str
    before: str
    after: str
    words: str = ""
    role: str = "muted"


class ComparedModel(QAbstractTableModel):
    """Name, value on the left, value on the right, words."""

    def __init__(self, titles: tuple[str, str, str, str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = titles
        self.rows: list[Compared] = []

    def set_rows(self, rows: list[Compared]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self._titles[section] if shown and 0 <= section < 4 else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == _ROW_ROLE:
            return row
        cells = (row.name, row.before, row.after, row.words)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return cells[index.column()]
        return ": ".join(cell for cell in cells if cell) if role == Qt.ItemDataRole.AccessibleTextRole else None


class ComparedDelegate(CellDelegate):
    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(_ROW_ROLE)
        if not isinstance(row, Compared):
            return
        column = index.column()
        kind = ("card", "body", "card", "small")[column]
        role = ("text", "muted", "text", row.role)[column]
        self.words(painter, rect, str(index.data() or ""), kind, role)


def compared_grid(model: ComparedModel, name: str, parent: QWidget | None = None) -> Grid:
    grid = Grid(name, 36, parent)
    grid.setItemDelegate(ComparedDelegate(grid))
    grid.setModel(model)
    grid.set_widths((236, 130, 130, 200), 3)
    grid.horizontalHeader().setSortIndicatorShown(False)
    grid.setMinimumHeight(300)
    return grid


class ReviewSheet(Sheet):
    """What waits, and what a wrong value would do. `await ask()` is DONE when it shall be written."""

    def __init__(self, lines: list[Line], label: str, theme: Theme, parent: QWidget | None) -> None:
        count = len(lines)
        words = tr("Write {n} settings to {label}") if count != 1 else tr("Write {n} setting to {label}")
        title = words.format(n=count, label=label)
        super().__init__(f"{title}?", theme, parent)
        self.setMinimumWidth(WIDE)
        warned = [line for line in lines if line.setting.warning]
        self.say(tr("Each is read back afterwards; a difference is shown."), muted=True)
        for line in warned[:4]:
            self.say(f"{line.setting.name}: {line.setting.warning}")
        model = ComparedModel((tr("Setting"), tr("Now"), tr("Then"), tr("Mind")), self)
        model.set_rows([_reviewed(line) for line in lines])
        self.add(compared_grid(model, tr("What will be written"), self))
        self.cancel(tr("Not yet"), default=bool(warned))
        self.button(title, DONE, PRIMARY, default=not warned)


def _reviewed(line: Line) -> Compared:
    mind, role = "", "muted"
    if line.setting.warning:
        mind, role = tr("read the warning above"), "warn"
    elif line.setting.reboot:
        mind, role = tr("works after a restart"), "info"
    elif not line.setting.known:
        mind = tr("vendor's own")
    then = SECRET if line.hidden else line.with_unit(line.staged or "")
    now = line.value if line.hidden or line.setting.value is None else line.with_unit(line.value)
    return Compared(line.setting.name, now, then, mind, role)


_VERDICTS: dict[str, tuple[str, str]] = {
    "change": ("accent", "will change"),
    "same": ("muted", "is so already"),
    "read_only": ("warn", "read only"),
    "unknown": ("warn", "not known to the charger"),
    "invalid": ("danger", "cannot be"),
    "secret": ("muted", "a secret: write it by hand"),
    "unreadable": ("danger", "line not readable"),
}


class ImportSheet(Sheet):
    """What a file would change. DONE: stage the changes."""

    def __init__(self, name: str, planned: list[PlannedSetting], theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Settings from {name}").format(name=name), theme, parent)
        self.setMinimumWidth(WIDE)
        changes = sum(one.verdict == "change" for one in planned)
        bad = sum(one.verdict in ("read_only", "unknown", "invalid", "unreadable") for one in planned)
        same = sum(one.verdict == "same" for one in planned)
        told = tr("{changes} would change, {same} are so already, {bad} cannot be written.")
        self.say(told.format(changes=changes, same=same, bad=bad), muted=True)
        model = ComparedModel((tr("Setting"), tr("Now"), tr("File"), tr("Verdict")), self)
        order = {"change": 0, "invalid": 1, "read_only": 2, "unknown": 3, "unreadable": 4, "secret": 5, "same": 6}
        model.set_rows([_planned(one) for one in sorted(planned, key=lambda one: order.get(one.verdict, 9))])
        self.add(compared_grid(model, tr("Plan of the file"), self))
        self.cancel()
        words = tr("Stage {n} changes") if changes != 1 else tr("Stage {n} change")
        stage = self.button(words.format(n=changes), DONE, PRIMARY, default=True)
        stage.why_off("" if changes else tr("The file changes nothing."))


def _planned(one: PlannedSetting) -> Compared:
    role, words = _VERDICTS.get(one.verdict, ("muted", one.verdict))
    line = tr("line {n}: ").format(n=one.line) if one.verdict == "unreadable" else ""
    told = line + (one.sentence or tr(words))
    return Compared(one.name, one.now or "", one.value, told, role)


class SnapshotsSheet(Sheet):
    """Two moments side by side; the newest two at first."""

    def __init__(
        self, snapshots: list[SettingsSnapshot], now: float, client: Client, theme: Theme, parent: QWidget | None
    ) -> None:
        super().__init__(tr("What changed"), theme, parent)
        self.setMinimumWidth(WIDE)
        self._client = client
        self._snapshots = snapshots
        self.say(tr("A snapshot is kept whenever a full read finds something changed."), muted=True)
        self.older, self.newer = QComboBox(), QComboBox()
        for box in (self.older, self.newer):
            for one in snapshots:
                words = tr("{when}, {n} settings, firmware {firmware}")
                told = words.format(when=text.moment(one.at, now), n=one.settings, firmware=one.firmware or "?")
                box.addItem(told, one.id)
        self.older.setCurrentIndex(min(1, len(snapshots) - 1))
        self.model = ComparedModel((tr("Setting"), tr("Before"), tr("After"), tr("Meaning")), self)
        self.verdict = Label("", "card", parent=self)
        self.add(self.verdict)
        self.add(compared_grid(self.model, tr("What changed"), self))
        self.field(tr("From"), self.older)
        self.field(tr("To"), self.newer)
        self.button(tr("Close"), CANCELLED, default=True)
        for box in (self.older, self.newer):
            box.currentIndexChanged.connect(self.compare)
        self.compare()

    def compare(self) -> None:
        self._client.spawn(self._compare())

    async def _compare(self) -> None:
        first, second = self.older.currentData(), self.newer.currentData()
        if first is None or second is None:
            return
        ids = DiffSettings(self._snapshots[0].charger_id, min(first, second), max(first, second))
        try:
            changes: list[SettingChange] = await self._client.call("settings.diff", ids)
        except EvdeskError as error:
            self.fail(error.sentence)
            return
        self.model.set_rows([_changed(one) for one in changes])
        words = tr("{n} settings differ") if len(changes) != 1 else tr("{n} setting differs")
        self.verdict.setText(words.format(n=len(changes)) if changes else tr("Nothing differs"))


def _changed(one: SettingChange) -> Compared:
    words = {"added": tr("new"), "removed": tr("gone")}.get(one.kind, one.meaning)
    return Compared(one.name, one.before or "", one.after or "", words)
