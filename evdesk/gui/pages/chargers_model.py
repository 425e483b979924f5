"""The rows of the Chargers table: one per connector, in the order of the site, updated in place.

`ConnectorRow` is what one row knows; columns are a table of functions, so that a new column is one entry. The proxy
sorts and filters; while the pointer is over the table it holds still, and catches up when the pointer leaves.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from evdesk.gui import text
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_grid import ROLE_ROLE
from evdesk.gui.pages.chargers_words import failsafe_words, needs_you, short_reason, speaks, state_of, state_rank
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model import NO_PHASES, Bay, Charger, ChargerState, Connector, ConnectorStatus, Phases, Site

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
SORT_ROLE = int(Qt.ItemDataRole.UserRole) + 2
_ROOT = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """One connector of one accepted charger. `place` is the row's position in the site, `colour` its charger's."""

    charger: Charger
    connector: Connector
    bay: Bay | None
    place: int
    colour: int
    several: bool = False  # the charger has more than one connector

    @property
    def key(self) -> tuple[str, int]:
        return self.charger.id, self.connector.id

    @property
    def label(self) -> str:
        if self.bay is not None and self.bay.label:
            return self.bay.label
        name = self.charger.label or self.charger.id
        return f"{name} · {self.connector.id}" if self.several else name

    @property
    def made(self) -> str:
        """Maker and model, empty where the charger has not told them."""
        return " ".join(part for part in (self.charger.vendor, self.charger.model) if part)

    @property
    def second(self) -> str:
        return text.reasons(self.made, self.charger.id)

    @property
    def online(self) -> bool:
        return self.charger.state is ChargerState.ONLINE

    @property
    def state(self) -> Look:
        return state_of(self.charger, self.connector)

    @property
    def placed(self) -> bool:
        """True where the currents are those of the site's phases; False: the rotation is not known."""
        return self.connector.site_current_a != NO_PHASES or self.connector.current_a == NO_PHASES

    @property
    def amps(self) -> Phases:
        """Per phase, unknown while the charger is silent. Without a rotation: at the charger's own terminals."""
        if not self.online:
            return NO_PHASES
        return self.connector.site_current_a if self.placed else self.connector.current_a

    @property
    def power_w(self) -> float | None:
        return self.connector.power_w if self.online else None

    @property
    def charging(self) -> bool:
        return self.online and self.connector.status is ConnectorStatus.CHARGING

    @property
    def needs_you(self) -> bool:
        return needs_you(self.charger, self.connector)


def build_rows(site: Site | None, chargers: list[Charger]) -> list[ConnectorRow]:
    """Rows in the order of the site's bays; connectors without a bay follow by id. `chargers` are the accepted ones
    in their own order, which picks the colours."""
    bays = {(bay.charger_id, bay.connector_id): (place, bay) for place, bay in enumerate(site.bays if site else ())}
    rows: list[ConnectorRow] = []
    for colour, charger in enumerate(chargers):
        outlets = [c for c in charger.connectors if c.id > 0]
        planned = [Connector(connector) for owner, connector in bays if owner == charger.id]
        shown = outlets or planned or [Connector(0)]
        for connector in shown:
            place, bay = bays.get((charger.id, connector.id), (len(bays), None))
            rows.append(ConnectorRow(charger, connector, bay, place, colour, len(shown) > 1))
    rows.sort(key=lambda row: (row.place, row.key))
    return rows


@dataclass(frozen=True, slots=True)
class Column:
    """`words` for the cell and the clipboard, `order` what rows are sorted by. `shown` False: off until chosen."""

    key: str
    title: Callable[[], str]
    words: Callable[[ConnectorRow], str]
    order: Callable[[ConnectorRow], Any]
    width: int
    right: bool = False
    shown: bool = True
    role: str = "muted"


def _known(value: float | None) -> float:
    """Unknown sorts below everything that is known."""
    return -1.0 if value is None else value


def _phase(number: int) -> Column:
    return Column(
        f"l{number + 1}",
        lambda: f"L{number + 1}",
        lambda row: text.number(row.amps[number], short=True),
        lambda row: _known(row.amps[number]),
        46,
        right=True,
        role=f"L{number + 1}",
    )


def limit_words(row: ConnectorRow) -> str:
    limit = row.connector.limit_a
    if row.connector.status is ConnectorStatus.FAULTED or limit == 0:
        return tr("off")
    return "–" if limit is None else text.limit(limit)


def _why(row: ConnectorRow) -> str:
    return short_reason(row.charger, row.connector).word


COLUMNS: tuple[Column, ...] = (
    Column("charger", lambda: tr("Charger"), lambda row: row.label, lambda row: row.place, 182),
    Column("state", lambda: tr("State"), lambda row: row.state.word, lambda row: state_rank(row.state), 96),
    _phase(0),
    _phase(1),
    _phase(2),
    Column("limit", lambda: tr("Limit"), limit_words, lambda row: _known(row.connector.limit_a), 56, right=True),
    Column("why", lambda: tr("Why"), _why, _why, 148),
    Column(
        "power",
        lambda: tr("Power"),
        lambda row: text.power(row.power_w) if row.power_w is not None else "?",
        lambda row: _known(row.power_w),
        72,
        right=True,
        shown=False,
    ),
    Column(
        "energy",
        lambda: tr("This charge"),
        lambda row: "–" if row.connector.session_wh is None else text.energy(row.connector.session_wh, exact=True),
        lambda row: _known(row.connector.session_wh),
        86,
        right=True,
        shown=False,
    ),
    Column(
        "circuit",
        lambda: tr("Circuit"),
        lambda row: row.bay.circuit if row.bay else "–",
        lambda row: row.bay.circuit if row.bay else "",
        80,
        shown=False,
    ),
    Column(
        "firmware",
        lambda: tr("Firmware"),
        lambda row: row.charger.firmware or "?",
        lambda row: row.charger.firmware,
        86,
        shown=False,
    ),
    Column(
        "failsafe",
        lambda: tr("Failsafe"),
        lambda row: failsafe_words(row.charger.failsafe).word,
        lambda row: row.charger.failsafe.state.value,
        104,
        shown=False,
    ),
    Column(
        "address",
        lambda: tr("Address"),
        lambda row: row.charger.address or "?",
        lambda row: row.charger.address,
        108,
        shown=False,
    ),
    Column(
        "speaks",
        lambda: tr("Speaks"),
        lambda row: speaks(row.charger) or "?",
        lambda row: row.charger.protocol,
        86,
        shown=False,
    ),
)
PLACES = {column.key: number for number, column in enumerate(COLUMNS)}


class ChargersModel(QAbstractTableModel):
    """Follows the mirror. `ROW_ROLE` gives the `ConnectorRow`; cells are told about in place, one signal per row."""

    def __init__(self, mirror: Mirror, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror = mirror
        self._rows: list[ConnectorRow] = []
        self.refresh()

    def refresh(self) -> None:
        """Take what the mirror knows now. Rows that stay are changed in place: views keep selection and scroll."""
        fresh = build_rows(self._mirror.site, self._mirror.accepted())
        wanted = [row.key for row in fresh]
        if wanted != [row.key for row in self._rows]:
            self._come_and_go(fresh)
        if wanted != [row.key for row in self._rows]:
            self._reorder({key: place for place, key in enumerate(wanted)})
        before, self._rows = self._rows, fresh
        for number, (old, new) in enumerate(zip(before, fresh, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(COLUMNS) - 1))

    def _come_and_go(self, fresh: list[ConnectorRow]) -> None:
        keys = {row.key for row in fresh}
        for number in reversed(range(len(self._rows))):
            if self._rows[number].key not in keys:
                self.beginRemoveRows(_ROOT, number, number)
                del self._rows[number]
                self.endRemoveRows()
        had = {row.key for row in self._rows}
        for number, row in enumerate(fresh):
            if row.key not in had:
                self.beginInsertRows(_ROOT, number, number)
                self._rows.insert(number, row)
                self.endInsertRows()

    def _reorder(self, places: dict[tuple[str, int], int]) -> None:
        """The site was sorted anew: every view's index is led to the new place of its row."""
        self.layoutAboutToBeChanged.emit()
        before = self._rows
        self._rows = sorted(before, key=lambda row: places[row.key])
        for index in self.persistentIndexList():
            self.changePersistentIndex(index, self.index(places[before[index.row()].key], index.column()))
        self.layoutChanged.emit()

    @property
    def rows(self) -> list[ConnectorRow]:
        return self._rows

    def find(self, charger_id: str, connector_id: int | None = None) -> ConnectorRow | None:
        """The row of a connector; the charger's first one where no connector is named."""
        mine = (row for row in self._rows if row.charger.id == charger_id)
        return next((row for row in mine if connector_id in (None, row.connector.id)), None)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.right else None
        return column.role if role == ROLE_ROLE else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row, column = self._rows[index.row()], COLUMNS[index.column()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return column.words(row)
        if role == SORT_ROLE:
            return column.order(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.label}, {column.title()}: {column.words(row)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            if column.key in ("l1", "l2", "l3") and row.online and not row.placed:
                return tr("The rotation is not known: measured at the charger's own terminals.")
            return column.words(row) if column.key == "why" else None
        return None


class ChargersFilter(QSortFilterProxyModel):
    """Sorts and filters. `hold(True)` keeps every row where it is until `hold(False)`."""

    SEGMENTS: dict[str, Callable[[ConnectorRow], bool]] = {
        "all": lambda row: True,
        "charging": lambda row: row.charging,
        "needs": lambda row: row.needs_you,
    }

    def __init__(self, model: ChargersModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._words: list[str] = []
        self._segment = "all"
        self.setSortRole(SORT_ROLE)
        self.setSourceModel(model)
        self.sort(0)

    def hold(self, still: bool) -> None:
        self.setDynamicSortFilter(not still)

    def search(self, typed: str) -> None:
        """Every word must occur in label, id, maker, model, serial, address, firmware, state or reason; one or two
        letters must begin a part of the label or id."""
        self.beginFilterChange()
        self._words = typed.lower().split()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def set_segment(self, key: str) -> None:
        self.beginFilterChange()
        self._segment = key
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def counts(self) -> dict[str, int]:
        return {key: sum(map(test, self._model.rows)) for key, test in self.SEGMENTS.items()}

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        row = self._model.rows[source_row]
        if not self.SEGMENTS[self._segment](row):
            return False
        if not self._words:
            return True
        one = row.charger
        parts = (row.label, row.second, one.serial, one.address, one.firmware, row.state.word, _why(row))
        known = " ".join(parts).lower()
        names = [part for part in re.split(r"[^0-9a-z]+", f"{row.label} {one.id}".lower()) if part]
        # "4" means bay 4 and not every address with a 4 in it; from three letters on a word may stand anywhere.
        return all(
            word in known if len(word) > 2 else any(name.startswith(word) for name in names) for word in self._words
        )

    def lessThan(self, left: Index, right: Index) -> bool:
        a, b = left.data(SORT_ROLE), right.data(SORT_ROLE)
        if a == b:
            return bool(left.data(ROW_ROLE).place < right.data(ROW_ROLE).place)
        return bool(a < b)
