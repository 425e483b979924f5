"""The head figures of the Site page, and the load of each phase against the fuse."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import icons, text, theme
from evdesk.gui.mirror import Mirror
from evdesk.gui.models.needs import Need, needs
from evdesk.gui.pages.site_words import free_look, root_lines
from evdesk.gui.sentences import Look, line_words
from evdesk.gui.text import tr
from evdesk.gui.widgets import Card, EmptyState, Figure, Label, Painted, draw
from evdesk.model import LineLoad, SiteLoad

SHOWN_NEEDS = 2


class NeedRow(QAbstractButton):
    """One problem in a line; leads to its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.need: Need | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(21)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.update)

    def show_need(self, need: Need | None) -> None:
        if need != self.need:
            self.need = need
            self.setAccessibleName(f"{need.title}. {need.detail}" if need else "")
            self.setToolTip(self.accessibleName())
            self.update()
        self.setVisible(need is not None)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.need is None:
            return
        painter = QPainter(self)
        middle = self.height() / 2
        icons.paint(painter, self.need.icon, self.need.role, QRectF(1, middle - 7, 14, 14))
        words = draw.elided(self.need.title, "chip", self.width() - 22)
        base = middle + draw.metrics("chip").capHeight() / 2
        draw.text(painter, 20, base, words, "chip", self.need.role)
        if self.underMouse():
            painter.fillRect(QRectF(20, base + 2, draw.width(words, "chip"), 1), theme.current().color(self.need.role))


class NeedsCell(QWidget):
    """ "Needs you": the two most urgent things and how many more."""

    followed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.title = Label(tr("Needs you"), "small", "muted", self)
        self.calm = Label(tr("Nothing. All is well."), "chip", "ok", self)
        column.addWidget(self.title)
        column.addSpacing(2)
        column.addWidget(self.calm)
        self.rows = [NeedRow(self) for _ in range(SHOWN_NEEDS)]
        for row in self.rows:
            row.clicked.connect(self._follow)
            column.addWidget(row)
        column.addStretch(1)

    def show_needs(self, found: list[Need]) -> None:
        more = len(found) - SHOWN_NEEDS
        self.title.setText(tr("Needs you, and {n} more").format(n=more) if more > 0 else tr("Needs you"))
        self.calm.setVisible(not found)
        for i, row in enumerate(self.rows):
            row.show_need(found[i] if i < len(found) else None)

    def _follow(self) -> None:
        row = self.sender()
        if isinstance(row, NeedRow) and row.need is not None:
            self.followed.emit(row.need)


class HeadStrip(Painted):
    """Six cells in one card: site, cars, house, tightest phase, today, and what needs a person."""

    followed = Signal(object)

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror = mirror
        self.setFixedHeight(86)
        self.site = Figure(tr("Site load"), self)
        self.cars = Figure(tr("Cars"), self)
        self.house = Figure(tr("House"), self)
        self.tight = Figure(tr("Tightest phase"), self)
        self.today = Figure(tr("Today"), self)
        self.needs = NeedsCell(self)
        self.needs.followed.connect(self.followed)
        self._cells: list[QWidget] = [self.site, self.cars, self.house, self.tight, self.today, self.needs]
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 8, 8)
        row.setSpacing(14)
        for cell in self._cells:
            row.addWidget(cell, 4 if cell is self.needs else 3, Qt.AlignmentFlag.AlignTop)

    def refresh(self) -> None:
        load = self._mirror.load
        self.needs.show_needs(needs(self._mirror))
        if load is None:
            return
        self._powers(load)
        self._tightest(load)
        value, unit = text.energy_parts(load.today_wh)
        self.today.set(value, unit, tr("{n} charges").format(n=text.count(load.today_sessions)), self._ink())

    def _ink(self) -> str:
        return "text" if self._mirror.connected else "muted"

    def _powers(self, load: SiteLoad) -> None:
        ink = self._ink()
        fuse = tr("of {power} at the fuse").format(power=text.power(load.capacity_w)) if load.capacity_w else ""
        self.site.set(*text.power_parts(load.total_w), fuse, ink if load.total_w is not None else "muted")
        total = len([c for charger in self._mirror.accepted() for c in charger.connectors if c.id > 0])
        second = tr("{n} of {total} charging").format(n=load.charging, total=total)
        self.cars.set(*text.power_parts(load.cars_w), second, ink if load.cars_w is not None else "muted")
        known = load.other_w is not None
        why = (
            tr("everything but cars") if known else tr("no site meter") if load.meter_at is None else tr("meter silent")
        )
        self.house.set(*text.power_parts(load.other_w), why, ink if known else "muted")

    def _tightest(self, load: SiteLoad) -> None:
        lines = [line for line in load.lines if line.free_a is not None and line.limit_a > 0]
        named = next((line for line in lines if line.line == load.tightest), None)
        line = named or min(lines, key=lambda x: x.free_a or 0.0, default=None)
        if line is None or line.free_a is None:
            self.tight.set(text.unknown(), "", tr("no measurement yet"), "muted")
            return
        roots = {x.line for x in root_lines(self._mirror)}
        where = tr("{phase}, main breaker").format(phase=line.phase) if line.line in roots else line_words(line.line)
        role = free_look(line).role
        ink = role if role in ("warn", "danger") and self._mirror.connected else self._ink()
        self.tight.set(text.number(max(0.0, line.free_a)), tr("A free"), where, ink)

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        draw.card(painter, QRectF(self.rect()))
        for cell in self._cells[1:]:
            painter.fillRect(
                QRectF(cell.x() - 15, 1, look.edge if look.edge == 1 else 1, self.height() - 2), look.color("border")
            )


class PhaseRow(QAbstractButton):
    """One phase of the supply: number of rating, what is free, and the bar of house, cars, kept free, fuse."""

    def __init__(self, phase: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.phase = phase
        self.line: LineLoad | None = None
        self._live = True
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setMinimumHeight(52)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.current().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, 60)

    def show_line(self, line: LineLoad, live: bool) -> None:
        if (line, live) == (self.line, self._live):
            return
        self.line, self._live = line, live
        said = tr("{phase} {amps} of {limit}, {free}").format(
            phase=line.phase, amps=text.amps(line.total_a), limit=text.limit(line.limit_a), free=free_look(line).word
        )
        self.setAccessibleName(said)
        self.setToolTip(
            tr("House {house}, cars {cars}, kept free {kept}").format(
                house=text.amps(line.other_a), cars=text.amps(line.cars_a), kept=text.amps(line.reserved_a)
            )
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        line = self.line
        if line is None:
            return
        painter = QPainter(self)
        look = theme.current()
        if self.underMouse():
            painter.fillRect(self.rect(), look.color("raised"))
        pad, middle = 14.0, self.height() / 2
        base = middle - 5
        draw.text(painter, pad, base, line.phase, "page", line.phase)
        known = line.total_a is not None
        x = pad + 33
        x += (
            draw.text(
                painter, x, base, text.number(line.total_a), "figure", "text" if known and self._live else "muted"
            )
            + 8
        )
        free = free_look(line)
        rating = tr("of {limit}").format(limit=text.limit(line.limit_a))
        if x + draw.width(rating, "unit") + draw.width(free.word, "chip") + 34 > self.width() - pad:
            free = Look(free.icon, free.word.rpartition(": ")[2], free.role)
        free_left = self.width() - pad - draw.width(free.word, "chip")
        draw.text(painter, free_left, base - 1, free.word, "chip", free.role)
        icons.paint(painter, free.icon, free.role, QRectF(free_left - 20, base - 12.5, 14, 14))
        draw.text(painter, x, base, draw.elided(rating, "unit", free_left - 26 - x), "unit", "muted")
        self._paint_bar(painter, line, QRectF(pad, middle + 8, self.width() - 2 * pad, 14))

    def _paint_bar(self, painter: QPainter, line: LineLoad, track: QRectF) -> None:
        look = theme.current()
        draw.box(painter, track, look.color("sunken"), None, 3)
        house, cars = max(0.0, line.other_a or 0.0), max(0.0, line.cars_a or 0.0)
        if line.other_a is None and line.total_a is not None:
            house = max(0.0, line.total_a - cars)
        total = house + cars + line.reserved_a
        scale = track.width() / max(line.limit_a * 1.11, total * 1.02)
        x = track.left()
        for amps, role in ((house, "house"), (cars, "accent")):
            wide = amps * scale
            if wide > 1.5:
                draw.box(painter, QRectF(x, track.top(), wide - 1, track.height()), look.color(role), None, 2)
            x += wide
        if line.reserved_a * scale > 3:
            draw.hatch(painter, QRectF(x, track.top(), line.reserved_a * scale, track.height()), look.color("muted"))
        at = track.left() + line.limit_a * scale
        painter.fillRect(QRectF(at - 1, track.top() - 4, 2, track.height() + 8), look.color("limit"))


class Legend(Painted):
    """What the colours of the bars mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(32)

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        x, middle = 14.0, self.height() / 2
        base = middle + draw.metrics("small").capHeight() / 2
        for kind, words in (
            ("house", tr("House")),
            ("accent", tr("Cars")),
            ("", tr("Kept free")),
            ("limit", tr("Fuse")),
        ):
            square = QRectF(x, middle - 5, 10, 10)
            if kind == "limit":
                painter.fillRect(QRectF(x, middle - 6, 2, 12), look.color("limit"))
                x += 8
            else:
                if kind:
                    draw.box(painter, square, look.color(kind), None, 2)
                else:
                    draw.hatch(painter, square, look.color("muted"), 4)
                x += 15
            x += draw.text(painter, x, base, words, "small", "muted") + 13


class LoadCard(Card):
    """Load per phase; a click on a phase chooses it for the chart."""

    chosen = Signal(str)

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(tr("Load per phase"), parent, padding=0)
        self._mirror = mirror
        self.meter = Label("", "small", "muted", self)
        self.head.addWidget(self.meter)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.rows: dict[str, PhaseRow] = {}
        self._none = EmptyState("meter", tr("No measurement yet"), tr("Bars come with the first value."), parent=self)
        self.body.addWidget(self._none, 1)
        self.add_foot(Legend(self))

    def refresh(self) -> None:
        lines = root_lines(self._mirror)
        if [line.phase for line in lines] != list(self.rows):
            self._build(lines)
        self._none.setVisible(not lines)
        for line in lines:
            self.rows[line.phase].show_line(line, self._mirror.connected)
        self._say_meter()

    def _build(self, lines: list[LineLoad]) -> None:
        for row in self.rows.values():
            self.body.removeWidget(row)
            row.deleteLater()
        self.rows = {}
        for line in lines:
            row = PhaseRow(line.phase, self)
            row.clicked.connect(self._clicked)
            self.body.addWidget(row, 1)
            self.rows[line.phase] = row

    def _clicked(self) -> None:
        row = self.sender()
        if isinstance(row, PhaseRow):
            self.chosen.emit(row.phase)

    def _say_meter(self) -> None:
        load = self._mirror.load
        if load is None:
            return
        if load.meter_at is None:
            self.meter.setText(tr("no site meter"))
            self.meter.set_role("warn")
            return
        age = text.age(self._mirror.now() - load.meter_at)
        silent = load.meter_stale or not self._mirror.connected
        words = tr("meter silent for {age}") if load.meter_stale else tr("meter {age} ago")
        self.meter.setText(words.format(age=age))
        self.meter.set_role("warn" if silent else "muted")
