"""The head of the Firmware page: how many are on the newest image, a bar by state, and the button that updates."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import icons, theme, tokens
from evdesk.gui.pages.firmware_words import ORDER, chargers_words, fleet_words, no_update, state_look, updates
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import PRIMARY, Button, ElidedLabel, Figure, Painted, draw
from evdesk.model.firmware import FleetCharger, FleetState, FleetVersions, Image

BAR = 12
LEGEND = 26


class ShareBar(Painted):
    """Parts of a whole side by side: `set_parts([(count, role)])`. What is missing up to `total` is an empty track."""

    def __init__(self, height: int = BAR, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[tuple[float, str]] = []
        self._total = 0.0
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_parts(self, parts: Sequence[tuple[float, str]], total: float = 0.0) -> None:
        wanted = [(count, role) for count, role in parts if count > 0]
        if (wanted, total) != (self._parts, self._total):
            self._parts, self._total = wanted, total
            self.update()

    def parts(self) -> list[tuple[float, str]]:
        return self._parts

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        whole = max(self._total, sum(count for count, _ in self._parts))
        rect = QRectF(self.rect())
        if not whole or sum(count for count, _ in self._parts) < whole:
            draw.box(painter, rect, look.color("sunken"), None, tokens.RADIUS_BAR)
        x = 0.0
        for count, role in self._parts:
            wide = rect.width() * count / whole
            part = QRectF(x, 0, max(3.0, wide - 2), rect.height())
            draw.box(painter, part, look.color(role), None, tokens.RADIUS_BAR)
            x += wide


class _Flat(QAbstractButton):
    """A painted button without a frame: an icon and words in one role."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.look = Look("", "", "muted")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self._again)

    def set_look(self, look: Look, name: str = "") -> None:
        self.look = look
        self.setText(look.word)
        self.setAccessibleName(name or look.word)
        self._again()

    def _again(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(draw.width(self.look.word, "chip")) + 28, LEGEND)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        rect = QRectF(self.rect())
        if self.isChecked():
            draw.box(painter, rect, look.color("selection"), look.color("accent"), tokens.RADIUS_CHIP, look.edge)
        elif self.underMouse():
            draw.box(painter, rect, look.mix("text", "surface", 0.07), None, tokens.RADIUS_CHIP)
        self.paint_inside(painter, rect)

    def paint_inside(self, painter: QPainter, rect: QRectF) -> None:
        icons.paint(painter, self.look.icon, self.look.role, QRectF(2, rect.center().y() - 7, 14, 14))
        base = rect.center().y() + draw.metrics("chip").capHeight() / 2
        draw.text(painter, 22, base, self.look.word, "chip", self.look.role)


class JobLink(_Flat):
    """The newest job that is over, in a few words; leads to it."""

    def sizeHint(self) -> QSize:
        return QSize(round(draw.width(self.look.word, "small")) + 42, LEGEND)

    def paint_inside(self, painter: QPainter, rect: QRectF) -> None:
        middle = rect.center().y()
        icons.paint(painter, self.look.icon, self.look.role, QRectF(2, middle - 7, 14, 14))
        base = middle + draw.metrics("small").capHeight() / 2
        x = 26 + draw.text(painter, 22, base, self.look.word, "small", "text")
        icons.paint(painter, "chevron-right", "muted", QRectF(x + 3, middle - 6, 12, 12))


class Legend(QWidget):
    """Icon, word and number of each state; pressing one shows only these. The last job stands at the right end.

    `picked(state or None)`."""

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.items: dict[FleetState, _Flat] = {}
        self.job = JobLink(self)
        self.job.hide()
        self.why = ElidedLabel("", "small", "muted", self)
        self._jobs: list[Look] = []
        self._number = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_counts(self, counts: dict[str, int]) -> None:
        for state in ORDER:
            count = counts.get(state, 0)
            item = self.items.get(state)
            if item is None and count:
                item = self.items[state] = _Flat(self)
                item.setCheckable(True)
                item.clicked.connect(lambda on, state=state: self._pressed(state, on))
            if item is None:
                continue
            look = state_look(state)
            item.set_look(Look(look.icon, f"{look.word} {count}", look.role))
            item.setToolTip(tr("Show only these"))
            item.setVisible(count > 0)
        self._place()

    def set_job(self, looks: Sequence[Look], number: int) -> None:
        """The last job, in words from long to short; [] there is none worth a place here."""
        self._jobs, self._number = list(looks), number
        self._place()

    def set_why(self, sentence: str) -> None:
        """Why nothing can be updated, beside the states."""
        self.why.setText(sentence)
        self._place()

    def select(self, state: FleetState | None) -> None:
        """Mark without a signal."""
        for key, item in self.items.items():
            item.setChecked(key is state)

    def _pressed(self, state: FleetState, on: bool) -> None:
        self.select(state if on else None)
        self.picked.emit(state if on else None)

    def _place(self) -> None:
        x = y = 0
        shown = [item for item in self.items.values() if not item.isHidden()]
        spare = self.width() - sum(item.sizeHint().width() for item in shown)
        gap = 18 if spare > 18 * len(shown) + 170 else 6
        for state in ORDER:
            item = self.items.get(state)
            if item is None or item.isHidden():
                continue
            wide = item.sizeHint().width()
            if x and x + wide > self.width():
                x, y = 0, y + LEGEND
            item.setGeometry(x, y, wide, LEGEND)
            x += wide + gap
        self._place_job(x, y)
        if self.height() != y + LEGEND:
            self.setFixedHeight(y + LEGEND)

    def _place_job(self, x: int, y: int) -> None:
        """At the right end, in the longest words there is room for."""
        self.job.hide()
        end = self.width()
        for look in self._jobs:
            self.job.set_look(look, f"{tr('Open job {n}').format(n=self._number)}. {self._jobs[0].word}")
            wide = self.job.sizeHint().width()
            if x + wide <= self.width():
                self.job.setGeometry(self.width() - wide, y, wide, LEGEND)
                self.job.show()
                end -= wide + 8
                break
        self.why.setVisible(bool(self.why.text()) and end - x > 120)
        self.why.setGeometry(x + 2, y, max(0, end - x - 2), LEGEND)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._place()


class HeadCard(Painted):
    """`update_asked([charger ids], image id)`: these would get this file."""

    update_asked = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure = Figure("", self)
        self.bar = ShareBar(BAR, self)
        self.legend = Legend(self)
        self._menu = QMenu(self)
        self.update_button = Button(tr("Update"), "chip", PRIMARY, self)
        self._choices: list[tuple[list[str], str]] = []
        middle = QVBoxLayout()
        middle.setSpacing(7)
        middle.addStretch(1)
        middle.addWidget(self.bar)
        middle.addWidget(self.legend)
        middle.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(17, 11, 16, 9)
        row.setSpacing(24)
        row.addWidget(self.figure, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(middle, 1)
        row.addWidget(self.update_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.update_button.clicked.connect(self._pressed)

    def show_fleet(self, fleet: FleetVersions, images: Sequence[Image], off: str, busy: Collection[str] = ()) -> None:
        """`off`: why nothing can be asked of the engine now; `busy`: chargers that an update has already."""
        newest, everyone = fleet_words(fleet)
        if everyone:
            self.figure.set(tr("{n} of {all}").format(n=newest, all=everyone), tr("on the newest image"))
        else:
            self.figure.set(tr("None"), tr("has told a version"))
        parts = [(float(fleet.counts.get(state, 0)), state_look(state).role) for state in ORDER]
        self.bar.set_parts(parts)
        told = [f"{state_look(state).word} {fleet.counts[state]}" for state in ORDER if fleet.counts.get(state)]
        self.bar.setAccessibleName(", ".join(told))
        self.legend.set_counts(fleet.counts)
        found = updates(fleet, busy)
        self._show_update(found, off or ("" if found else no_update(fleet, images, busy)))

    def _show_update(self, found: Sequence[tuple[str, str, list[FleetCharger]]], off: str) -> None:
        self._choices = [([one.charger_id for one in some], image_id) for image_id, _, some in found]
        count = sum(len(ids) for ids, _ in self._choices)
        words = tr("Update {chargers}").format(chargers=chargers_words(count)) if count else tr("Update")
        self._menu.clear()
        for place, (_, name, chargers) in enumerate(found):
            who = ", ".join(one.label or one.charger_id for one in chargers[:4])
            more = tr(" and {n} more").format(n=len(chargers) - 4) if len(chargers) > 4 else ""
            action = self._menu.addAction(icons.icon("chip", "muted"), f"{name}:  {who}{more}")
            action.triggered.connect(lambda _=False, place=place: self.update_asked.emit(*self._choices[place]))
        self.update_button.setText(words)
        self.update_button.setAccessibleName(words)
        self.update_button.updateGeometry()
        self.update_button.why_off(off)
        self.legend.set_why(off)

    def _pressed(self) -> None:
        """One file: at once. Several: which one first, since a job carries one file."""
        if len(self._choices) == 1:
            self.update_asked.emit(*self._choices[0])
        elif self._choices:
            wide, button = self._menu.sizeHint().width(), self.update_button
            self._menu.popup(button.mapToGlobal(QPoint(button.width() - wide, button.height() + 4)))

    def menu(self) -> QMenu:
        """What can be updated, a line for each file."""
        return self._menu

    def paintEvent(self, event: QPaintEvent) -> None:
        draw.card(QPainter(self), QRectF(self.rect()))
