"""The fleet's versions as a table: chargers in groups, by model or by state; a filter narrows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from evdesk.gui import text
from evdesk.gui.pages.chargers_grid import Index
from evdesk.gui.pages.firmware_words import (
    URGENT,
    because_words,
    blocked_words,
    charger_look,
    chargers_words,
    model_name,
    policy_words,
    state_look,
)
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model.firmware import FleetCharger, FleetModel, FleetState, FleetVersions

ITEM = int(Qt.ItemDataRole.UserRole) + 1
CHARGER, MODEL, SERIAL, HARDWARE, VERSION, SINCE, STATE, BECAUSE = range(8)
WIDTHS = (68, 112, 112, 76, 86, 66, 94, 160)
BY_MODEL, BY_STATE = "model", "state"
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Group:
    """A head between the rows: a model (`model`), or a state (`look`)."""

    key: str
    title: str
    count: int
    model: FleetModel | None = None
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One charger and the model it belongs to."""

    one: FleetCharger
    model: FleetModel

    @property
    def key(self) -> str:
        return self.one.charger_id


Item = Group | Line


def titles() -> tuple[str, ...]:
    return (
        tr("Charger"),
        tr("Model"),
        tr("Serial"),
        tr("Hardware"),
        tr("Version"),
        tr("Since"),
        tr("State"),
        tr("Because"),
    )


def model_key(model: FleetModel) -> str:
    return f"{model.vendor}\n{model.model}"


def group_words(group: Group, now: float) -> str:
    """A head as one sentence, for readers and copies."""
    parts = [group.title, chargers_words(group.count)]
    if group.model is not None:
        parts.append(tr("in the library: {version}").format(version=group.model.newest_version or tr("none")))
        parts.append(tr("policy: {policy}").format(policy=policy_words(group.model.policy, now)))
        if group.model.blocked:
            parts.append(tr("blocked: {versions}").format(versions=blocked_words(group.model)))
    return ", ".join(parts)


def tip_words(line: Line, now: float) -> str:
    """The reason in full, and until when the policy wants it."""
    due = line.one.due_at
    by = tr("By the policy until {day}").format(day=text.date(due, now)) if due is not None else ""
    return "\n".join(part for part in (because_words(line.one), by) if part)


class FleetTable(QAbstractTableModel):
    """Rows of `FleetVersions`. Values change in place; only other rows, another order or filter make it new.

    `now` is the engine's clock."""

    def __init__(self, now: Callable[[], float], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = now
        self._fleet = FleetVersions()
        self._words: list[str] = []
        self._only: FleetState | None = None
        self._sorted: tuple[int, Qt.SortOrder] = (-1, Qt.SortOrder.AscendingOrder)
        self.by = BY_MODEL
        self.items: list[Item] = []
        self._cells: dict[str, tuple[str, ...]] = {}

    # -- filling ------------------------------------------------------------------------------------------------------

    def set_fleet(self, fleet: FleetVersions) -> None:
        self._fleet = fleet
        self._arrange()

    def group_by(self, by: str) -> None:
        self.by = by
        self._arrange()

    def search(self, typed: str) -> None:
        """Rows in whose cells, model or maker every word occurs."""
        self._words = typed.casefold().split()
        self._arrange()

    def only(self, state: FleetState | None) -> None:
        """Rows of one state; None all."""
        self._only = state
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Within the groups; -1 is the order of the bays."""
        self._sorted = (column, order)
        self._arrange()

    def _arrange(self) -> None:
        everyone = self.all_lines()
        before, self._cells = self._cells, {line.key: self._worded(line) for line in everyone}
        shown = [line for line in everyone if self._shown(line)]
        items = self._by_model(shown) if self.by == BY_MODEL else self._by_state(shown)
        same = [item.key for item in items] == [item.key for item in self.items]
        if same:
            items, self.items = self.items, items
            for row, (old, new) in enumerate(zip(items, self.items, strict=True)):
                if old != new or before.get(old.key) != self._cells.get(new.key):
                    self.dataChanged.emit(self.index(row, 0), self.index(row, BECAUSE))
            return
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def _by_model(self, lines: list[Line]) -> list[Item]:
        items: list[Item] = []
        for model in self._fleet.models:
            mine = self._ordered([line for line in lines if line.model is model])
            if mine or not (self._words or self._only):
                name = model_name(model.vendor, model.model)
                items += [Group(model_key(model), name, len(model.chargers), model), *mine]
        return items

    def _by_state(self, lines: list[Line]) -> list[Item]:
        items: list[Item] = []
        for state in URGENT:
            mine = self._ordered([line for line in lines if line.one.state is state])
            if mine:
                look = state_look(state)
                items += [Group(state, look.word, len(mine), None, look), *mine]
        return items

    def _ordered(self, lines: list[Line]) -> list[Line]:
        column, order = self._sorted
        if column < 0:
            return lines
        down = order == Qt.SortOrder.DescendingOrder
        if column == SINCE:
            return sorted(lines, key=lambda line: line.one.since_at or 0.0, reverse=down)
        return sorted(lines, key=lambda line: natural(self.cells(line)[column]), reverse=down)

    def _shown(self, line: Line) -> bool:
        if self._only is not None and line.one.state is not self._only:
            return False
        if not self._words:
            return True
        hay = " ".join((*self.cells(line), line.one.charger_id, line.model.vendor)).casefold()
        return all(word in hay for word in self._words)

    # -- asking -------------------------------------------------------------------------------------------------------

    def item(self, row: int) -> Item | None:
        return self.items[row] if 0 <= row < len(self.items) else None

    def row_of(self, key: str) -> int:
        """The row of a charger id or a group's key, -1 where it is not shown."""
        return next((row for row, item in enumerate(self.items) if item.key == key), -1)

    def all_lines(self) -> list[Line]:
        """Every charger, also those the filter hides."""
        return [Line(one, model) for model in self._fleet.models for one in model.chargers]

    def lines(self) -> list[Line]:
        return [item for item in self.items if isinstance(item, Line)]

    def cells(self, line: Line) -> tuple[str, ...]:
        """The words of a row, as they were when it was filled: painting asks for them thousands of times."""
        return self._cells[line.key]

    def _worded(self, line: Line) -> tuple[str, ...]:
        one = line.one
        return (
            one.label or one.charger_id,
            model_name(line.model.vendor, line.model.model),
            one.serial,
            one.hardware,
            one.version or text.unknown(),
            text.since(one.since_at, self.now()) if one.since_at is not None else "",
            charger_look(one).word,
            because_words(one),
        )

    # -- Qt -----------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.items)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(WIDTHS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return titles()[section] if shown and 0 <= section < len(WIDTHS) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self.item(index.row()) if index.isValid() else None
        if item is None:
            return None
        if role == ITEM:
            return item
        if isinstance(item, Group):
            said = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return group_words(item, self.now()) if said and index.column() == 0 else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cells(item)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{titles()[index.column()]}: {self.cells(item)[index.column()]}"
        return (
            tip_words(item, self.now()) if role == Qt.ItemDataRole.ToolTipRole and index.column() == BECAUSE else None
        )


def natural(words: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts "Bay 10" after "Bay 9" and "2.10" after "2.9"."""
    parts: list[tuple[int, int, str]] = []
    number = ""
    for sign in f"{words.casefold()} ":
        if sign.isdecimal():
            number += sign
            continue
        if number:
            parts.append((0, int(number), ""))
            number = ""
        parts.append((1, 0, sign))
    return tuple(parts)


def rows_of(table: FleetTable) -> Sequence[tuple[str, ...]]:
    """What is shown now as plain cells, without the heads."""
    return [table.cells(line) for line in table.lines()]
