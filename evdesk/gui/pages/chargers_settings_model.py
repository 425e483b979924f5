"""A charger's settings as a table with sections: name and meaning, value, what is known about writing it.

An edit is staged beside the charger's value and changes nothing yet; a value changes when the charger has shown it
again (`mark`). Search, kind and section filter here and not in a proxy: 1,600 rows answer to each key pressed.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from evdesk.gui.pages.activity_words import SECRET, is_secret
from evdesk.gui.text import tr
from evdesk.model import Setting
from evdesk.ocpp.dictionary import fault, same, span

Index = QModelIndex | QPersistentModelIndex
SETTING_ROLE = int(Qt.ItemDataRole.UserRole) + 1
NAME, VALUE, NOTE = range(3)
ALL, WRITABLE, CHANGED, VENDOR = "all", "writable", "changed", "vendor"
_ROOT = QModelIndex()
_ORDER = (
    "Core",
    "SmartCharging",
    "LocalAuthListManagement",
    "Reservation",
    "FirmwareManagement",
    "RemoteTrigger",
    "Security",
)
"""Sections of 1.6 in the order of the specification; components of 2.x follow by name, the vendor's own last."""


@dataclass(slots=True)
class Line:
    """One setting, the value that waits to be written, and how its last write stands (`role` of the theme, words)."""

    setting: Setting
    staged: str | None = None
    role: str = ""
    note: str = ""
    busy: bool = False
    before: str | None = None  # in the snapshot before, where it was another value
    differs: bool = False
    _hay: str = field(default="", compare=False)

    @property
    def hidden(self) -> bool:
        return self.setting.secret or is_secret(self.setting.name)

    @property
    def value(self) -> str:
        if self.hidden:
            return SECRET if self.setting.readable else tr("can only be written")
        if not self.setting.readable:
            return tr("can only be written")
        return tr("not told") if self.setting.value is None else self.setting.value

    @property
    def shown_value(self) -> str:
        if self.staged is not None:
            return self.with_unit(SECRET if self.hidden else self.staged)
        known = self.setting.value is not None and not self.hidden
        return self.with_unit(self.value) if known else self.value

    def with_unit(self, text: str) -> str:
        return f"{text} {self.setting.unit}" if self.setting.unit else text

    @property
    def words(self) -> str:
        """The third column: what waits, the last write's result, else what is special about this setting."""
        if self.staged is not None and not self.busy and not self.note:
            return tr("was {value}").format(value=self.value)
        if self.note:
            return self.note
        if self.differs:
            return tr("before: {value}").format(value=tr("not told") if self.before is None else self.before)
        if not self.setting.writable:
            return tr("read only")
        if self.setting.reboot:
            return tr("needs a restart")
        if not self.setting.known:
            return tr("vendor's own")
        return span(self.setting) if self.setting.high is not None else ""

    @property
    def tip(self) -> str:
        """Everything known about it, a line each."""
        one = self.setting
        takes = span(one) if one.type in ("integer", "decimal") else ", ".join(one.choices)
        parts = [
            one.name,
            one.meaning,
            tr("Takes {values}.").format(values=takes) if takes else "",
            one.warning,
            tr("A change works after a restart.") if one.reboot else "",
        ]
        return "\n".join(part for part in parts if part)

    def fits(self, words: list[str], only: str, group: str) -> bool:
        one = self.setting
        if group and one.group != group:
            return False
        if only == WRITABLE and not one.writable:
            return False
        if only == CHANGED and not (self.differs or self.staged is not None or self.note):
            return False
        if only == VENDOR and one.known:
            return False
        if not words:
            return True
        if not self._hay:
            shown = "" if self.hidden else f"{one.value or ''} {one.unit}"
            self._hay = f"{one.name} {one.meaning} {one.group} {shown}".lower()
        return all(word in self._hay for word in words)

    def forget_hay(self) -> None:
        self._hay = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A section: feature profile or component, and how many of its settings are shown."""

    name: str
    count: int


def group_word(group: str) -> str:
    return tr("Vendor's own") if group == "Vendor" else group or tr("Others")


def _place(setting: Setting) -> tuple[int, str, str]:
    group = setting.group
    rank = _ORDER.index(group) if group in _ORDER else len(_ORDER) + (1 if group in ("Vendor", "") else 0)
    return (rank + (2 if not setting.known else 0), group.lower(), setting.name.lower())


class SettingsModel(QAbstractTableModel):
    staged_changed = Signal()
    refused = Signal(str)  # a sentence: why the text cannot be a value

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self._by_name: dict[str, Line] = {}
        self._shown: list[Line | Heading] = []
        self._places: dict[str, int] = {}
        self._words: list[str] = []
        self._only = ALL
        self._group = ""
        self.protocol = "ocpp1.6"
        self.may_write = True

    # -- content --------------------------------------------------------------------------------------------------

    def set_settings(self, settings: list[Setting], before: dict[str, str | None] | None = None) -> None:
        """What the charger told. Staged values and results of earlier writes stay beside their setting."""
        old, before = self._by_name, before or {}
        self._lines = []
        for one in sorted(settings, key=_place):
            kept = old.get(one.name) or Line(one)
            fresh = Line(one, kept.staged, kept.role, kept.note, kept.busy)
            if fresh.staged is not None and (not one.writable or same(one, one.value, fresh.staged)):
                fresh.staged = None
            fresh.before, fresh.differs = before.get(one.name), one.name in before
            self._lines.append(fresh)
        self._by_name = {line.setting.name: line for line in self._lines}
        self._show()
        self.staged_changed.emit()

    def clear(self) -> None:
        self._lines, self._by_name = [], {}
        self._show()
        self.staged_changed.emit()

    def counts(self) -> dict[str, int]:
        """How many lines each kind has, whatever is searched."""
        return {only: sum(line.fits([], only, "") for line in self._lines) for only in (ALL, WRITABLE, CHANGED, VENDOR)}

    def groups(self) -> dict[str, int]:
        """section -> its number of settings, in their order."""
        found: dict[str, int] = {}
        for line in self._lines:
            found[line.setting.group] = found.get(line.setting.group, 0) + 1
        return found

    def set_filter(self, text: str, only: str = ALL, group: str = "") -> None:
        """Every word of `text` must occur in name, meaning, section or value."""
        self._words, self._only, self._group = text.lower().split(), only, group
        self._show()

    def _show(self) -> None:
        self.beginResetModel()
        fitting = [line for line in self._lines if line.fits(self._words, self._only, self._group)]
        several = len({line.setting.group for line in fitting}) > 1
        self._shown = []
        sizes: dict[str, int] = {}
        for line in fitting:
            sizes[line.setting.group] = sizes.get(line.setting.group, 0) + 1
        last: str | None = None
        for line in fitting:
            if several and line.setting.group != last:
                last = line.setting.group
                self._shown.append(Heading(group_word(last), sizes[last]))
            self._shown.append(line)
        self._places = {one.setting.name: row for row, one in enumerate(self._shown) if isinstance(one, Line)}
        self.endResetModel()

    # -- editing --------------------------------------------------------------------------------------------------

    def stage(self, name: str, value: str) -> str:
        """`value` waits to be written; the charger's own value takes it back. Why not, in words, or ""."""
        line = self._by_name.get(name)
        if line is None:
            return tr("The charger has no setting {name}.").format(name=name)
        kept = line.setting.value is not None and not line.hidden and same(line.setting, line.setting.value, value)
        sentence = "" if kept else fault(line.setting, value, self.protocol)
        if sentence:
            return sentence
        line.staged = None if kept else value
        line.role, line.note = ("", "") if not kept else (line.role, line.note)
        self._changed(name)
        self.staged_changed.emit()
        return ""

    def staged(self) -> list[Line]:
        return [line for line in self._lines if line.staged is not None]

    def discard(self) -> None:
        """Nothing waits any more."""
        for line in self.staged():
            line.staged = None
            self._changed(line.setting.name)
        self.staged_changed.emit()

    def mark(self, name: str, role: str, note: str, busy: bool = False, value: str | None = None) -> None:
        """How the write of `name` stands; `value` when the charger has shown a new one. A write that has begun or
        ended well does not wait any more."""
        line = self._by_name.get(name)
        if line is None:
            return
        line.role, line.note, line.busy = role, note, busy
        if not busy and role != "danger":
            line.staged = None
        if value is not None and not line.hidden:
            if value != line.setting.value:
                line.before, line.differs = line.setting.value, True
            line.setting = replace(line.setting, value=value)
            line.forget_hay()
        self._changed(name)
        self.staged_changed.emit()

    def _changed(self, name: str) -> None:
        row = self.row_of(name)
        if row >= 0:
            self.dataChanged.emit(self.index(row, 0), self.index(row, NOTE))

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """An edit is staged. False, with `refused`, where the value cannot be."""
        line = self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None
        if role != Qt.ItemDataRole.EditRole or not isinstance(line, Line) or line.busy:
            return False
        text = str(value)
        if line.hidden and not text:
            return False  # left empty: no new password
        sentence = self.stage(line.setting.name, text)
        if sentence:
            self.refused.emit(sentence)
        return not sentence

    # -- reading --------------------------------------------------------------------------------------------------

    def line(self, row: int) -> Line:
        """The setting in a row; raises LookupError for a heading."""
        one = self._shown[row]
        if isinstance(one, Heading):
            raise LookupError(f"row {row} is a heading")
        return one

    def line_of(self, name: str) -> Line | None:
        return self._by_name.get(name)

    def row_of(self, name: str) -> int:
        return self._places.get(name, -1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("Setting"), tr("Value"), tr("Note"))[section] if 0 <= section < 3 else None
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        one = self._shown[index.row()] if index.isValid() else None
        if isinstance(one, Heading):
            return Qt.ItemFlag.ItemIsEnabled
        if one is not None and index.column() == VALUE and self.may_write and one.setting.writable and not one.busy:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._shown):
            return None
        line = self._shown[index.row()]
        if role == SETTING_ROLE:
            return line
        if isinstance(line, Heading):
            title = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) and index.column() == NAME
            return line.name if title else None
        if role == Qt.ItemDataRole.EditRole and index.column() == VALUE:
            return "" if line.hidden else line.staged if line.staged is not None else line.setting.value or ""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (line.setting.name, line.shown_value, line.words)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{line.setting.name}: {line.shown_value}. {line.words}"
        return line.tip if role == Qt.ItemDataRole.ToolTipRole else None
