"""The six steps of an update, in one line over every page of it."""

from enum import IntEnum

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from evdesk.gui import icons, theme
from evdesk.gui.text import tr
from evdesk.gui.widgets import Painted, draw

HEIGHT = 44
DISC = 22
WORDS_AT = DISC + 8
LINE_GAP = 14
LEAST_LINE = 8


class GuideStep(IntEnum):
    CHARGERS = 0
    IMAGE = 1
    PREFLIGHT = 2
    CONFIRM = 3
    PROGRESS = 4
    REPORT = 5


def step_word(step: GuideStep) -> str:
    return {
        GuideStep.CHARGERS: tr("Chargers"),
        GuideStep.IMAGE: tr("Image"),
        GuideStep.PREFLIGHT: tr("Preflight"),
        GuideStep.CONFIRM: tr("Confirm"),
        GuideStep.PROGRESS: tr("Progress"),
        GuideStep.REPORT: tr("Report"),
    }[step]


class _Step(QAbstractButton):
    """A disc with a number or a tick, and the step's word."""

    def __init__(self, step: GuideStep, parent: QWidget) -> None:
        super().__init__(parent)
        self.step = step
        self.done = self.current = False
        self.setText(step_word(step))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        theme.current().changed.connect(self.update)

    def set_state(self, *, done: bool, current: bool, reachable: bool, why: str) -> None:
        self.done, self.current = done, current
        self.setEnabled(reachable)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if reachable else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if reachable else Qt.CursorShape.ArrowCursor)
        state = tr("now") if current else tr("done") if done else tr("later")
        self.setAccessibleName(
            tr("Step {n}, {name}: {state}").format(n=int(self.step) + 1, name=self.text(), state=state)
        )
        self.setToolTip(why)
        self.setAccessibleDescription(why)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(WORDS_AT + draw.width(self.text(), "card") + 2), HEIGHT - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        middle = self.height() / 2
        disc = QRectF(0, middle - DISC / 2, DISC, DISC)
        fill = "accent" if self.current else "okSoft" if self.done else "sunken"
        plain = look.is_contrast and not self.current
        edge = look.color("ok" if self.done else "text") if plain else None
        draw.box(painter, disc, look.color(fill), edge, DISC / 2, 1.5)
        if self.done and not self.current:
            icons.paint(painter, "check", "ok", disc.adjusted(5, 5, -5, -5))
        else:
            number, role = str(int(self.step) + 1), "onAccent" if self.current else "muted"
            wide = draw.width(number, "chip")
            baseline = middle + draw.metrics("chip").capHeight() / 2
            draw.text(painter, disc.center().x() - wide / 2, baseline, number, "chip", role)
        kind = "card" if self.current else "body"
        role = "text" if self.current or (self.isEnabled() and self.underMouse()) else "muted"
        draw.text(painter, WORDS_AT, middle + draw.metrics(kind).capHeight() / 2, self.text(), kind, role)


class GuideSteps(Painted):
    """`chosen(step)` when a person goes to one that may be gone to; arrow keys move between those."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 1, 14, 1)
        row.setSpacing(0)
        self.steps: list[_Step] = []
        self._shown: object = None
        for step in GuideStep:
            one = _Step(step, self)
            one.clicked.connect(self._clicked)
            if self.steps:
                row.addStretch(1)
            row.addWidget(one)
            self.steps.append(one)
        self.set_steps(GuideStep.CHARGERS, set(), {})

    def set_steps(self, current: GuideStep, done: set[GuideStep], why_off: dict[GuideStep, str]) -> None:
        """`why_off`: the steps one cannot go to now, with the reason; "" where it goes without saying."""
        fresh = (current, frozenset(done), tuple(why_off.items()))
        if fresh == self._shown:
            return
        self._shown = fresh
        for one in self.steps:
            reachable = one.step not in why_off and one.step != current
            one.set_state(
                done=one.step in done,
                current=one.step == current,
                reachable=reachable,
                why=why_off.get(one.step, ""),
            )
        self.setAccessibleName(
            tr("Step {n} of {all}: {name}").format(n=int(current) + 1, all=len(self.steps), name=step_word(current))
        )
        self.update()

    def current(self) -> GuideStep:
        return next((one.step for one in self.steps if one.current), GuideStep.CHARGERS)

    def _clicked(self) -> None:
        one = self.sender()
        if isinstance(one, _Step):
            self.chosen.emit(int(one.step))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        reachable = [one for one in self.steps if one.isEnabled()]
        place = next((i for i, one in enumerate(reachable) if one.hasFocus()), -1)
        if way and place >= 0 and 0 <= place + way < len(reachable):
            reachable[place + way].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)

    def copy_text(self) -> str:
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        draw.card(painter, QRectF(self.rect()))
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            left, right = before.geometry().right() + LINE_GAP, after.geometry().left() - LINE_GAP
            if right - left >= LEAST_LINE:
                ink = "ok" if before.done and (after.done or after.current) else "border"
                painter.fillRect(QRectF(left, self.height() / 2 - 0.5, right - left, 1), look.color(ink))
