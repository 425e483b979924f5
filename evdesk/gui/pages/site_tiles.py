"""The charger tiles: one per bay, in the order of the site, never sorted by state."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMoveEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from evdesk.gui import icons, text, theme
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.site_words import Place, TileText, last_charges, places, tile_text
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, chip_width, copy_menu, draw, paint_chip, paint_phase_bars

TALL, SHORT = 132, 88
MANY = 12
"""More bays than this get compact tiles."""
PAD = 12
NARROWEST, NARROWEST_SHORT = 212, 190


class Tile(QAbstractButton):
    """One connector: name, state, current of its limit, power, energy and length, phases, and why."""

    def __init__(self, place: Place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place = place
        self.words: TileText | None = None
        self.compact = False
        self._live = True
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._button = Button("", parent=self)
        self._button.hide()
        self._button.clicked.connect(self.click)
        theme.current().changed.connect(self.update)

    def show_place(self, place: Place, words: TileText, compact: bool, live: bool) -> None:
        """Change in place; nothing moves."""
        if (place.label, place.index, words, compact, live) == (
            self.place.label, self.place.index, self.words, self.compact, self._live,
        ):  # fmt: skip
            self.place = place
            return
        self.place, self.words, self.compact, self._live = place, words, compact, live
        self.setFixedHeight(SHORT if compact else TALL)
        said = [place.label, words.state.word, f"{words.value} {words.unit} {words.beside}".strip(), words.second]
        self.setAccessibleName(", ".join(part for part in said if part))
        self.setAccessibleDescription(words.reason.word)
        self._tell_more()
        self._button.setText(words.action)
        self._button.setAccessibleName(tr("{action} {label}").format(action=words.action, label=place.label))
        self._button.setVisible(bool(words.action) and not compact)
        self._lay_button()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(NARROWEST_SHORT, SHORT if self.compact else TALL)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_button()
        self._tell_more()

    def _tell_more(self) -> None:
        """What has no room stands in the tool tip."""
        said = self.words.reason.word if self.words is not None else ""
        self.setToolTip(said if draw.width(said, "small") > self.width() - 2 * PAD - 20 else "")

    def _lay_button(self) -> None:
        self._button.adjustSize()
        self._button.move(self.width() - PAD - self._button.width(), 60 - self._button.height() // 2)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        copy_menu(self, f"{self.accessibleName()}: {self.accessibleDescription()}").popup(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        words = self.words
        if words is None:
            return
        painter = QPainter(self)
        draw.card(painter, QRectF(self.rect()), words.edge, "raised" if self.underMouse() else "surface")
        look = theme.current()
        square = QRectF(PAD + 1, 15.5, 10, 10)
        draw.box(painter, square, look.charger(self.place.index), None, 2)
        wide = chip_width(words.state.word, words.state.icon)
        left = self.width() - PAD - wide
        paint_chip(painter, QRectF(left, 10.5, wide, 20), words.state)
        name = draw.elided(self.place.label, "name", left - 8 - (PAD + 18))
        draw.text(painter, PAD + 18, 20.5 + draw.metrics("name").capHeight() / 2, name, "name", "text")
        if self.compact:
            self._paint_compact(painter, words)
        else:
            self._paint_full(painter, words)

    def _ink(self, words: TileText) -> str:
        return "muted" if words.calm or not self._live else "text"

    def _paint_full(self, painter: QPainter, words: TileText) -> None:
        look = theme.current()
        room = self.width() - 2 * PAD
        wide = 66 if self.width() >= 250 else 51
        side = self._button.width() + 8 if words.action else wide + 6
        edge = self.width() - PAD - side
        x = PAD + draw.text(painter, PAD, 60, words.value, "figure", self._ink(words)) + 4
        if words.unit:
            x += draw.text(painter, x, 60, words.unit, "unit", self._ink(words)) + 6
        draw.text(painter, x, 60, draw.elided(words.beside, "unit", edge - x), "unit", "muted")
        draw.text(painter, PAD, 81, _fitted(words.second, edge - PAD), "small", "muted")
        if not words.action:
            bars = QRectF(self.width() - PAD - wide, 40, wide, 46)
            paint_phase_bars(painter, bars, words.bars, words.limit_a, self.place.max_a)
        painter.fillRect(QRectF(PAD, 92, room, 1), look.color("border"))
        self._paint_reason(painter, words, 109)

    def _paint_compact(self, painter: QPainter, words: TileText) -> None:
        x = PAD + draw.text(painter, PAD, 50, f"{words.value} {words.unit}".strip(), "name", self._ink(words)) + 6
        draw.text(painter, x, 50, draw.elided(words.beside, "small", self.width() - PAD - x), "small", "muted")
        self._paint_reason(painter, words, 69)

    def _paint_reason(self, painter: QPainter, words: TileText, middle: float) -> None:
        reason = words.reason
        icons.paint(
            painter, reason.icon, "muted" if reason.role == "text" else reason.role, QRectF(PAD, middle - 7, 14, 14)
        )
        options = (reason.word, words.brief) if words.brief else (reason.word,)
        said = draw.fitting(options, "small", self.width() - 2 * PAD - 20)
        draw.text(painter, PAD + 20, middle + draw.metrics("small").capHeight() / 2, said, "small", reason.role)


def _fitted(words: str, room: float) -> str:
    """Where the room is short, what stands first goes first: power can be guessed from the current."""
    while draw.width(words, "small") > room and text.DOT in words:
        words = words.partition(text.DOT)[2]
    return draw.elided(words, "small", room)


class TileGrid(QWidget):
    """All tiles; `chosen(charger_id)` on a click. Four in a row from 880 px on, fewer below, more when compact."""

    chosen = Signal(str)

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror = mirror
        self._tiles: dict[tuple[str, int], Tile] = {}
        self._order: list[tuple[str, int]] = []
        self._seen: dict[tuple[str, int], tuple[object, object]] = {}
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(11)

    def tiles(self) -> list[Tile]:
        """In the order they stand."""
        return [self._tiles[key] for key in self._order]

    @property
    def compact(self) -> bool:
        return len(self._order) > MANY

    def refresh(self) -> int:
        """Show what the mirror knows; returns how many tiles there are. A tile that is scrolled out of sight keeps its
        words until it comes into sight: of 200 chargers that change each second a page shows some 30."""
        shown = places(self._mirror)
        order = [place.key for place in shown]
        if order != self._order:
            self._arrange(shown)
        now, last = self._mirror.now(), last_charges(self._mirror)
        sight = self._in_sight()
        for place in shown:
            # A tile's words follow from its place and from the time in steps of a second: most are as before.
            end = last.get(place.charger.id)
            seen = (place.label, place.circuit, place.max_a, end, self.compact, self._mirror.connected, int(now))
            before = self._seen.get(place.key)
            if before is not None and before[0] is place.charger and before[1] == seen:
                continue
            tile = self._tiles[place.key]
            if before is not None and sight is not None and not sight.intersects(tile.geometry()):
                continue
            self._seen[place.key] = (place.charger, seen)
            words = tile_text(place, now, end)
            tile.show_place(place, words, self.compact, self._mirror.connected)
        return len(order)

    def _in_sight(self) -> QRect | None:
        """The part that is not scrolled away, with a row more at each end; None while nothing is on the screen."""
        shown = self.visibleRegion().boundingRect()
        return None if shown.isEmpty() else shown.adjusted(0, -TALL, 0, TALL)

    def moveEvent(self, event: QMoveEvent) -> None:
        """Scrolled: other tiles are in sight."""
        super().moveEvent(event)
        if self._order:
            self.refresh()

    def _arrange(self, shown: list[Place]) -> None:
        keys = [place.key for place in shown]
        for key in [key for key in self._tiles if key not in keys]:
            gone = self._tiles.pop(key)
            self._seen.pop(key, None)
            self._grid.removeWidget(gone)
            gone.deleteLater()
        for place in shown:
            if place.key not in self._tiles:
                tile = Tile(place, self)
                tile.clicked.connect(self._clicked)
                self._tiles[place.key] = tile
        self._order = keys
        self._columns = 0
        self._lay()

    def _clicked(self) -> None:
        tile = self.sender()
        if isinstance(tile, Tile):
            self.chosen.emit(tile.place.charger.id)

    def _wanted_columns(self) -> int:
        room = self.width() + 11
        if self.compact:
            return max(2, min(8, room // (NARROWEST_SHORT + 11)))
        return 4 if room >= 880 else max(1, room // (NARROWEST + 11))

    def _lay(self) -> None:
        columns = self._wanted_columns()
        if columns == self._columns:
            return
        for column in range(self._columns):
            self._grid.setColumnStretch(column, 0)
        self._columns = columns
        previous: Tile | None = None
        for i, tile in enumerate(self.tiles()):
            self._grid.removeWidget(tile)
            self._grid.addWidget(tile, i // columns, i % columns)
            tile.show()
            if previous is not None:
                self.setTabOrder(previous, tile)
            previous = tile
        for column in range(columns):
            self._grid.setColumnStretch(column, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()
