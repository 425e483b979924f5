"""How the fleet's table looks: heads of models with library and policy, rows of chargers with state and reason."""

from PySide6.QtCore import QModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from evdesk.gui import icons
from evdesk.gui.pages.chargers_grid import PAD, CellDelegate, Grid, Index
from evdesk.gui.pages.firmware_model import (
    BECAUSE,
    BY_MODEL,
    BY_STATE,
    CHARGER,
    HARDWARE,
    ITEM,
    MODEL,
    SERIAL,
    SINCE,
    STATE,
    VERSION,
    WIDTHS,
    FleetTable,
    Group,
    Line,
)
from evdesk.gui.pages.firmware_words import (
    blocked_words,
    charger_look,
    chargers_words,
    overdue,
    policy_words,
)
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import draw
from evdesk.model.firmware import FleetModel, FleetState

ROW_HEIGHT = 36
HEAD_HEIGHT = 38
PENCIL = 22
ROOMY, NARROW, TIGHT = 900, 720, 600
"""Below these widths columns of second rank give their room to the reason."""


class FleetDelegate(CellDelegate):
    """`muted_all` while the engine is lost: nothing old stands in black or in the colour of a state."""

    muted_all = False
    policy_room = 0.0

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        group, grid = index.data(ITEM), self.parent()
        if not isinstance(group, Group) or not isinstance(grid, FleetView):
            super().paint(painter, option, index)
            return
        rect: QRect = option.rect
        look = current()
        painter.save()
        chosen = grid.is_selected_row(index.row())
        back = look.color("selection" if chosen else "raised")
        if not chosen and group.model is not None and grid.hover_row == index.row():
            back = look.mix("text", "raised", 0.06)
        painter.fillRect(rect, back)
        painter.fillRect(rect.left(), rect.bottom() - look.edge + 1, rect.width(), look.edge, look.color("border"))
        if chosen:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), look.color("accent"))
        inner = QRectF(rect).adjusted(PAD, 0, -PAD, -1)
        right = (
            self._policy(painter, inner, group.model, grid.table.now()) if group.model is not None else inner.right()
        )
        self._title(painter, inner, group, right)
        painter.restore()

    def _title(self, painter: QPainter, rect: QRectF, group: Group, right: float) -> None:
        base = rect.center().y() + draw.metrics("card").capHeight() / 2
        x, role = rect.left(), "text"
        if group.look is not None:
            role = "muted" if self.muted_all else group.look.role
            icons.paint(painter, group.look.icon, role, QRectF(x, rect.center().y() - 7, 14, 14))
            x += 20
        room = max(40.0, right - x - 12)
        x += draw.text(painter, x, base, draw.elided(group.title, "card", room), "card", role) + 10
        said = chargers_words(group.count)
        if group.model is not None and group.model.blocked:
            blocked = tr("{n}; blocked: {versions}").format(n=said, versions=blocked_words(group.model))
            said = blocked if draw.width(blocked, "small") <= right - x - 12 else said
        if draw.width(said, "small") <= right - x - 8:
            draw.text(painter, x, base, said, "small", "muted")

    def _policy(self, painter: QPainter, rect: QRectF, model: FleetModel, now: float) -> float:
        """Library and policy at the right; returns where they begin."""
        base = rect.center().y() + draw.metrics("chip").capHeight() / 2
        icons.paint(painter, "edit", "muted", QRectF(rect.right() - 13, rect.center().y() - 6.5, 13, 13))
        end, late = rect.right() - PENCIL, overdue(model)
        words = policy_words(model.policy, now)
        role = "danger" if late and not self.muted_all else "text"
        if late:
            words = tr("{policy}, {n} late").format(policy=words, n=late)
        room = rect.width() * 0.6
        x = draw.text_right(painter, end, base, draw.elided(words, "chip", room), "chip", role)
        x = draw.text_right(painter, x - 5, base, tr("Policy:"), "small", "muted")
        name, value = tr("In the library:"), model.newest_version or tr("none")
        wide = draw.width(name, "small") + 5 + draw.width(value, "chip")
        at = min(x - 24, end - self.policy_room - 24)
        if at - wide < rect.left() + rect.width() * 0.34:
            return x
        at = draw.text_right(painter, at, base, value, "chip", "text" if model.newest_version else "muted")
        return draw.text_right(painter, at - 5, base, name, "small", "muted")

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        line = index.data(ITEM)
        if not isinstance(line, Line):
            return
        column, words = index.column(), str(index.data() or "")
        if column == STATE:
            look = charger_look(line.one)
            self.icon_words(painter, rect, look.icon, look.word, "muted" if self.muted_all else look.role, "chip")
        elif column == VERSION and not line.one.version:
            self.words(painter, rect, words, "small", "muted")
        elif column in (CHARGER, VERSION):
            self.words(painter, rect, words, "card", "muted" if self.muted_all else "text")
        elif column == BECAUSE:
            quiet = self.muted_all or line.one.state in (FleetState.NEWEST, FleetState.NO_FILE)
            self.words(painter, rect, words, "small", "muted" if quiet else "text")
        else:
            self.words(painter, rect, words, "body", "muted")


class FleetView(Grid):
    """`chosen(Line)`: a charger was selected; `head_opened(FleetModel)`: a model's head was pressed, or Return on it."""

    chosen = Signal(object)
    head_opened = Signal(object)

    def __init__(self, table: FleetTable, parent: QWidget | None = None) -> None:
        super().__init__(tr("Versions of the chargers"), ROW_HEIGHT, parent)
        self.table = table
        self._kept = ""  # what was selected before the rows became others
        self.cells = FleetDelegate(self)
        self.setItemDelegate(self.cells)
        self.setModel(table)
        self.set_widths(WIDTHS, BECAUSE)
        self.setColumnHidden(MODEL, True)
        header = self.horizontalHeader()
        header.setSectionsMovable(False)  # heads go across all columns
        header.setSortIndicatorShown(False)
        header.sectionClicked.connect(self._sort)
        table.modelAboutToBeReset.connect(self._keep)
        table.modelReset.connect(self._heads)
        table.dataChanged.connect(self._measure_heads)
        current().changed.connect(self._heads)
        self.clicked.connect(self._clicked)
        self.opened.connect(self._clicked)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.whole_rows(lambda row: isinstance(table.item(row), Line))

    def group_by(self, by: str) -> None:
        """BY_MODEL or BY_STATE; the selected charger stays selected."""
        self.setColumnHidden(MODEL, by == BY_MODEL)
        self.table.group_by(by)

    def current_key(self) -> str:
        item = self.table.item(self.currentIndex().row())
        return item.key if item is not None else ""

    def choose(self, key: str) -> bool:
        """Select the row of a charger, or of a model's head; False where it is not shown."""
        row = self.table.row_of(key) if key else -1
        if row >= 0 and row != self.currentIndex().row():
            self.selectRow(row)
        return row >= 0

    def fit(self, room: int) -> None:
        """Serial, hardware and since give way before the reason is cut."""
        by_state = self.table.by == BY_STATE
        self.setColumnHidden(STATE, by_state)  # the heads say it
        self.setColumnHidden(HARDWARE, room < (ROOMY if by_state else NARROW))
        self.setColumnHidden(SINCE, room < (NARROW if by_state else TIGHT))
        self.setColumnHidden(SERIAL, room < TIGHT)

    def _sort(self, column: int) -> None:
        """Up, down, then in the order of the bays again."""
        header, up = self.horizontalHeader(), Qt.SortOrder.AscendingOrder
        if not header.isSortIndicatorShown() or header.sortIndicatorSection() != column:
            header.setSortIndicatorShown(True)
            header.setSortIndicator(column, up)
            self.table.sort(column, up)
        elif header.sortIndicatorOrder() == up:
            header.setSortIndicator(column, Qt.SortOrder.DescendingOrder)
            self.table.sort(column, Qt.SortOrder.DescendingOrder)
        else:
            header.setSortIndicatorShown(False)
            self.table.sort(-1)

    def _keep(self) -> None:
        self._kept = self.current_key() or self._kept

    def _heads(self) -> None:
        self.clearSpans()
        for row, item in enumerate(self.table.items):
            high = self.verticalHeader().defaultSectionSize()
            if isinstance(item, Group):
                self.setSpan(row, 0, 1, len(WIDTHS))
                high = max(HEAD_HEIGHT, current().control + 4)
            if self.rowHeight(row) != high:  # a row that was a head before keeps its height
                self.setRowHeight(row, high)
        self._measure_heads()
        self.choose(self._kept)

    def _measure_heads(self) -> None:
        heads = [item.model for item in self.table.items if isinstance(item, Group) and item.model is not None]
        name = draw.width(tr("Policy:"), "small") + 5
        wide = (name + draw.width(policy_words(model.policy, self.table.now()), "chip") for model in heads)
        self.cells.policy_room = max(wide, default=0.0)

    def _clicked(self, index: QModelIndex) -> None:
        item = index.data(ITEM)
        if isinstance(item, Group) and item.model is not None:
            self.head_opened.emit(item.model)

    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        item = now.data(ITEM)
        if isinstance(item, Line):
            self.chosen.emit(item)
