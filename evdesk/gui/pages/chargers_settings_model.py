"""A charger's settings as a table: name and meaning, value, what is known about writing it. Edited in place.

The model never changes a value by itself: an edit becomes `write_wanted`, and the value changes when the charger has
shown it again (`written`).
"""

from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)

from evdesk.gui.pages.activity_words import SECRET, is_secret
from evdesk.gui.text import tr
from evdesk.model import Setting

Index = QModelIndex | QPersistentModelIndex
SETTING_ROLE = int(Qt.ItemDataRole.UserRole) + 1
NAME, VALUE, NOTE = range(3)
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Line:
    """One setting and how its last write stands: `role` of the theme and words, empty before any."""

    setting: Setting
    role: str = ""
    note: str = ""
    busy: bool = False

    @property
    def value(self) -> str:
        if is_secret(self.setting.name):
            return SECRET
        return tr("not told") if self.setting.value is None else self.setting.value

    @property
    def shown_value(self) -> str:
        known = self.setting.value is not None and not is_secret(self.setting.name)
        return f"{self.value} {self.setting.unit}" if known and self.setting.unit else self.value

    @property
    def words(self) -> str:
        """The third column: the last write's result, else what is special about this setting."""
        if self.note:
            return self.note
        if not self.setting.writable:
            return tr("read only")
        if self.setting.reboot:
            return tr("needs a restart")
        return "" if self.setting.known else tr("vendor's own")


def wrong(setting: Setting, value: str) -> str:
    """Why this text cannot be the setting's value; empty when it can. The charger has the last word."""
    text = value.strip()
    if setting.type == "integer" and not text.lstrip("+-").isdigit():
        return tr("{name} takes a whole number, for example {example}.").format(
            name=setting.name, example=setting.value or "10"
        )
    if setting.type == "boolean" and text.lower() not in ("true", "false"):
        return tr("{name} takes true or false.").format(name=setting.name)
    if len(value) > 500:
        return tr("A value has at most 500 characters (OCPP 1.6, ChangeConfiguration).")
    return ""


class SettingsModel(QAbstractTableModel):
    write_wanted = Signal(str, str)  # name, value
    refused = Signal(str)  # a sentence: why the text cannot be a value

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self.may_write = True

    def set_settings(self, settings: list[Setting]) -> None:
        """What the charger just told. Results of earlier writes stay beside their setting."""
        kept = {line.setting.name: line for line in self._lines}
        self.beginResetModel()
        blank = Line(Setting(""))
        self._lines = [
            replace(kept.get(s.name, blank), setting=s)
            for s in sorted(settings, key=lambda s: (not s.known, s.name.lower()))
        ]
        self.endResetModel()

    def clear(self) -> None:
        self.beginResetModel()
        self._lines = []
        self.endResetModel()

    def mark(self, name: str, role: str, note: str, busy: bool = False, value: str | None = None) -> None:
        """How the write of `name` stands; `value` when the charger has shown a new one."""
        for row, line in enumerate(self._lines):
            if line.setting.name == name:
                setting = line.setting if value is None else replace(line.setting, value=value)
                self._lines[row] = Line(setting, role, note, busy)
                self.dataChanged.emit(self.index(row, 0), self.index(row, NOTE))

    def line(self, row: int) -> Line:
        return self._lines[row]

    def row_of(self, name: str) -> int:
        return next((i for i, line in enumerate(self._lines) if line.setting.name == name), -1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("Setting"), tr("Value"), tr("Note"))[section] if 0 <= section < 3 else None
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and index.column() == VALUE and self.may_write:
            line = self._lines[index.row()]
            if line.setting.writable and not line.busy:
                flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == SETTING_ROLE:
            return line
        if role == Qt.ItemDataRole.EditRole and index.column() == VALUE:
            return "" if is_secret(line.setting.name) else line.setting.value or ""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (line.setting.name, line.shown_value, line.words)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{line.setting.name}: {line.shown_value}. {line.words}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return line.setting.meaning or None
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """An edit asks for a write; the shown value stays until the charger has confirmed. Always False."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        line = self._lines[index.row()]
        text = str(value)
        if line.busy or (text == (line.setting.value or "") and not is_secret(line.setting.name)):
            return False
        sentence = wrong(line.setting, text)
        if sentence:
            self.refused.emit(sentence)
        else:
            self.write_wanted.emit(line.setting.name, text)
        return False


class SettingsFilter(QSortFilterProxyModel):
    """Every word of the search must occur in name, value, meaning or note."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []

    def search(self, text: str) -> None:
        self.beginFilterChange()
        self._words = text.lower().split()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        model = self.sourceModel()
        if not self._words or not isinstance(model, SettingsModel):
            return True
        line = model.line(source_row)
        text = f"{line.setting.name} {line.shown_value} {line.setting.meaning} {line.words}".lower()
        return all(word in text for word in self._words)
