"""How the rows of a job look: seven segments, their sentence, and the heads of the waves."""

from PySide6.QtCore import QEvent, QModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from evdesk.gui import icons
from evdesk.gui.pages.chargers_grid import PAD, CellDelegate, Grid, GridHeader, Index
from evdesk.gui.pages.job_model import ROW, ChargerRow, FoldRow, HeadRow, JobModel
from evdesk.gui.pages.job_segments import Fill, Segment, segments, step_title, steps_of, usual, widths
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import chip_width, draw, paint_chip
from evdesk.model.jobs import Job, JobCharger, JobKind, Step

CHARGER, STATE, STEPS = range(3)
COLUMN_WIDTHS = (124, 146, 400)
NARROW_WIDTHS = (110, 136, 300)
NARROW_BELOW = 660
HEAD_HEIGHT, ROW_HEIGHT, TALL_ROW, FOLD_HEIGHT = 33, 54, 72, 34
BAR, GAP = 8, 3
_FILLS = {Fill.RUNS: "accent", Fill.DONE: "ok", Fill.PASSED: "ok", Fill.BAD: "danger", Fill.UNSURE: "warn"}


class SegmentScale:
    """Where each step stands in the bar; the same for all rows and for the head."""

    def __init__(self) -> None:
        self.steps: tuple[Step, ...] = steps_of(JobKind.UPDATE)
        self._seconds: dict[Step, float] = {}
        self._cached: tuple[float, list[tuple[float, float]]] = (0.0, [])

    def learn(self, kind: JobKind, chargers: list[JobCharger]) -> None:
        self.steps = steps_of(kind)
        seconds = usual(chargers, self.steps)
        if seconds != self._seconds:
            self._seconds, self._cached = seconds, (0.0, [])

    def parts(self, room: float) -> list[tuple[float, float]]:
        """(left, width) of each step inside `room` pixels."""
        if self._cached[0] != room:
            least = {step: draw.width(step_title(step), "chart") + 11 for step in self.steps}
            found, left = [], 0.0
            for wide in widths(self._seconds or usual((), self.steps), least, room, GAP):
                found.append((left, wide))
                left += wide + GAP
            self._cached = room, found
        return self._cached[1]


class JobHeader(GridHeader):
    """Over the segments stand their names."""

    def __init__(self, scale: SegmentScale, parent: QWidget) -> None:
        super().__init__(parent)
        self._scale = scale
        self.setSectionsClickable(False)
        self.setSectionsMovable(False)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        super().paintSection(painter, rect, logicalIndex)
        if logicalIndex != STEPS:
            return
        painter.save()
        painter.fillRect(rect.adjusted(0, 0, 0, -current().edge), current().color("raised"))
        inner = rect.adjusted(8, 0, -PAD, -1)
        baseline = rect.center().y() + draw.metrics("chart").capHeight() / 2
        for step, (left, wide) in zip(self._scale.steps, self._scale.parts(inner.width()), strict=True):
            words = draw.elided(step_title(step), "chart", wide + 2)
            draw.text(painter, inner.left() + left, baseline, words, "chart", "muted")
        painter.restore()


class JobDelegate(CellDelegate):
    def __init__(self, scale: SegmentScale, parent: QWidget) -> None:
        super().__init__(parent)
        self._scale = scale
        self.now = 0.0
        self.muted = False

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, grid = index.data(ROW), self.parent()
        if isinstance(row, ChargerRow) or not isinstance(grid, Grid):
            super().paint(painter, option, index)
            return
        # Each cell paints its own part of the one line, so that partial repaints stay right.
        rect: QRect = option.rect
        theme = current()
        painter.save()
        painter.setClipRect(rect)
        chosen = grid.is_selected_row(index.row())
        fill = "selection" if chosen else "raised"
        painter.fillRect(rect, theme.color(fill))
        painter.fillRect(rect.left(), rect.bottom() - theme.edge + 1, rect.width(), theme.edge, theme.color("border"))
        line = QRect(-grid.horizontalScrollBar().value(), rect.top(), grid.viewport().width(), rect.height() - 1)
        if isinstance(row, HeadRow):
            self._head(painter, line, row)
        elif isinstance(row, FoldRow):
            icons.paint(painter, "chevron-down", "accent", QRectF(line.left() + PAD, line.center().y() - 6, 14, 14))
            self.words(painter, line.adjusted(PAD + 20, 0, -PAD, 0), row.words, "small", "accent")
        painter.restore()

    def _head(self, painter: QPainter, line: QRect, row: HeadRow) -> None:
        x = line.left() + PAD
        if row.folded is not None:
            icon = "chevron-right" if row.folded else "chevron-down"
            icons.paint(painter, icon, "muted", QRectF(x, line.center().y() - 6, 14, 14))
            x += 20
        used = self.words(painter, QRect(x, line.top(), 160, line.height()), row.name, "card", "text")
        wide = chip_width(row.look.word, row.look.icon)
        chip = QRectF(line.right() - PAD - wide, line.center().y() - 9.5, wide, 20)
        room = QRect(x + used + 10, line.top(), round(chip.left()) - x - used - 22, line.height())
        self.words(painter, room, row.words, "small", "muted")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_chip(painter, chip, row.look)

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(ROW)
        if not isinstance(row, ChargerRow):
            return
        if index.column() == CHARGER:
            one = row.charger
            self.two_lines(painter, rect, one.label or one.charger_id, one.serial if one.label else "")
        elif index.column() == STATE:
            self._state(painter, rect, row)
        else:
            self._steps(painter, rect.adjusted(0, 0, 8 - PAD, 0), row)

    def _state(self, painter: QPainter, rect: QRect, row: ChargerRow) -> None:
        role = "muted" if self.muted else row.look.role
        middle = rect.center().y()
        if not row.left:
            self.icon_words(painter, rect, row.look.icon, row.look.word, role, "chip")
            return
        first = QRect(rect.left(), middle - 18, rect.width(), 18)
        self.icon_words(painter, first, row.look.icon, row.look.word, role, "chip")
        self.words(painter, QRect(rect.left(), middle, rect.width(), 17), row.left, "small", "muted")

    def _steps(self, painter: QPainter, rect: QRect, row: ChargerRow) -> None:
        parts = self._scale.parts(rect.width())
        for (left, wide), one in zip(parts, segments(row.charger, self._scale.steps, self.now), strict=True):
            self._segment(painter, QRectF(rect.left() + left, rect.top() + 12, wide, BAR), one)
        quiet = row.look.role in ("info", "muted", "ok") and not row.offers_skip
        ink = "muted" if self.muted or quiet else "text"
        line = QRect(rect.left(), rect.top() + 24, rect.width(), 18)
        right = 0
        if row.offers_skip:
            right = round(draw.width(skip_word(), "chip")) + 12
            self.words(painter, line.adjusted(line.width() - right + 12, 0, 0, 0), skip_word(), "chip", "accent")
        both = f"{row.first} {row.second}".strip()
        if rect.height() < TALL_ROW - 1:
            self.words(painter, line.adjusted(0, 0, -right, 0), both, "small", ink)
            return
        self.words(painter, line.adjusted(0, 0, -right, 0), row.first, "small", ink)
        self.words(painter, line.translated(0, 17), row.second, "small", "muted")

    def _segment(self, painter: QPainter, rect: QRectF, one: Segment) -> None:
        look = current()
        # Sunken alone would vanish on a selected row.
        draw.box(painter, rect, look.mix("text", "surface", 0.09), None, 2)
        role = _FILLS.get(one.fill)
        if role is None or one.part <= 0:
            return
        fill = QRectF(rect.left(), rect.top(), max(3.0, rect.width() * one.part), rect.height())
        if one.fill is Fill.PASSED:
            draw.box(painter, fill, look.mix(role, "surface", 0.35), look.color(role), 2)
        else:
            draw.box(painter, fill, look.color("muted" if self.muted and role == "accent" else role), None, 2)

    def skip_room(self, rect: QRect) -> QRect:
        """Where "Skip" stands in the cell of the steps."""
        wide = round(draw.width(skip_word(), "chip")) + 8
        inner = rect.adjusted(8, 0, -PAD, 0)
        return QRect(inner.right() - wide, rect.top() + 20, wide + PAD, 26)


def skip_word() -> str:
    return tr("Skip")


class JobTable(Grid):
    """`chosen(charger_id)` when another charger is the current one ("" none); `skip_asked(charger_id)`."""

    chosen = Signal(str)
    skip_asked = Signal(str)

    def __init__(self, model: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Chargers of this job"), ROW_HEIGHT, parent)
        self.scale = SegmentScale()
        self._model = model
        self._keeping = False
        self._wanted = ""
        self.setHorizontalHeader(JobHeader(self.scale, self))
        self.cells = JobDelegate(self.scale, self)
        self.setItemDelegate(self.cells)
        self.setModel(model)
        self.set_widths(COLUMN_WIDTHS, STEPS)
        self.horizontalHeader().setSortIndicatorShown(False)
        self.verticalHeader().setSectionResizeMode(self.verticalHeader().ResizeMode.Fixed)
        model.modelAboutToBeReset.connect(self._remember)
        model.rebuilt.connect(self._rebuilt)
        model.dataChanged.connect(self._measure_rows)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.clicked.connect(self._clicked)
        self.opened.connect(self._opened)
        self.held.connect(model.hold)
        self.whole_rows(lambda row: bool(model.charger_at(row)))

    def show_times(self, job: Job, chargers: list[JobCharger], now: float) -> None:
        """The scale of the segments, and the moment the bars are drawn for."""
        self.scale.learn(job.kind, chargers)
        self.cells.now = now
        self.horizontalHeader().viewport().update()

    def set_muted(self, muted: bool) -> None:
        """The engine is gone: what is shown is old."""
        if muted != self.cells.muted:
            self.cells.muted = muted
            self.viewport().update()

    def fit(self, room: int) -> None:
        narrow = room < NARROW_BELOW
        for column, wide in enumerate((NARROW_WIDTHS if narrow else COLUMN_WIDTHS)[:STEPS]):
            self.setColumnWidth(column, wide)

    def choose(self, charger_id: str) -> bool:
        """Make this charger the current row; False where it is folded away or unknown. Does not signal."""
        row = self._model.row_of(charger_id)
        self._wanted = charger_id
        if row >= 0:
            self._keeping = True
            self.selectRow(row)
            self._keeping = False
        return row >= 0

    def content_height(self) -> int:
        """Head and all rows."""
        return self.horizontalHeader().height() + self.verticalHeader().length()

    def current_charger(self) -> str:
        return self._model.charger_at(self.currentIndex().row())

    # -- rows come and go ---------------------------------------------------------------------------------------------

    def _remember(self) -> None:
        self._keeping = True
        self._scroll = self.verticalScrollBar().value()

    def _rebuilt(self) -> None:
        self._keeping = False
        self._measure_rows()
        if self._wanted:
            self.choose(self._wanted)
        self.updateGeometries()
        self.verticalScrollBar().setValue(self._scroll)

    def _measure_rows(self, *_: object) -> None:
        least = 48 if current().large else 0
        for number, row in enumerate(self._model.rows):
            if isinstance(row, ChargerRow):
                high = max(least, TALL_ROW if self._is_long(row) else ROW_HEIGHT)
            else:
                high = max(least, HEAD_HEIGHT if isinstance(row, HeadRow) else FOLD_HEIGHT)
            if self.rowHeight(number) != high:
                self.setRowHeight(number, high)

    def _is_long(self, row: ChargerRow) -> bool:
        """Reason and way out get a line each where one is too short for both."""
        room = self.columnWidth(STEPS) - 8 - PAD - (draw.width(skip_word(), "chip") + 12 if row.offers_skip else 0)
        return bool(row.second) and draw.width(f"{row.first} {row.second}", "small") > room

    # -- people -------------------------------------------------------------------------------------------------------

    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        if not self._keeping:
            self._wanted = self._model.charger_at(now.row())
            self.chosen.emit(self._wanted)

    def _clicked(self, index: QModelIndex) -> None:
        if not isinstance(index.data(ROW), ChargerRow):
            self._model.toggle(index.row())

    def _opened(self, index: QModelIndex) -> None:
        if not isinstance(index.data(ROW), ChargerRow):
            self._model.toggle(index.row())

    def _skip_at(self, event: QMouseEvent) -> str:
        index = self.indexAt(event.position().toPoint())
        row = index.data(ROW)
        if not isinstance(row, ChargerRow) or not row.offers_skip or index.column() != STEPS:
            return ""
        return row.key if self.cells.skip_room(self.visualRect(index)).contains(event.position().toPoint()) else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        hand = bool(self._skip_at(event)) or (self.hover_row >= 0 and not self._model.charger_at(self.hover_row))
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        skipped = self._skip_at(event)
        if skipped and event.button() == Qt.MouseButton.LeftButton:
            self.skip_asked.emit(skipped)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self._model.rows[self.currentIndex().row()] if self.currentIndex().isValid() else None
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and isinstance(row, HeadRow) and row.folded is not None:
            if row.folded == (event.key() == Qt.Key.Key_Right):
                self._model.toggle(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_Delete and isinstance(row, ChargerRow) and row.can_skip:
            self.skip_asked.emit(row.key)
        elif event.key() == Qt.Key.Key_Space:
            event.ignore()  # pause of the log belongs to the page
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure_rows()
