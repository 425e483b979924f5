"""The guide of an update: chargers, image, checks, confirming. The page of the job goes on with it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.firmware_words import chargers_words
from evdesk.gui.pages.update_chargers import ChargersPanel
from evdesk.gui.pages.update_confirm import ConfirmPanel
from evdesk.gui.pages.update_feed import UpdateFeed
from evdesk.gui.pages.update_image import ImagePanel
from evdesk.gui.pages.update_parts import StepPanel
from evdesk.gui.pages.update_plan import Plan, install_words, start_words
from evdesk.gui.pages.update_preflight import PreflightPanel
from evdesk.gui.pages.update_start import Starter
from evdesk.gui.pages.update_steps import GuideStep, GuideSteps, step_word
from evdesk.gui.text import tr
from evdesk.gui.widgets import PRIMARY, Button, Label

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

SIDE, SIDE_NARROW, SIDE_WIDE = 300, 284, 400
NARROW, WIDE = 1000, 1400
HOLD_MS, HOLD_LAST_MS = 450, 900
"""So long after a step has come, its button does nothing yet."""


class GuideFoot(QWidget):
    """Back, what stands against going on, next. Next is never the default button, so Return starts nothing. `free()`:
    it may be pressed again."""

    free = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = Button(tr("Back"), "arrow-left", parent=self)
        self.why = Label("", "small", "muted", self, wrap=True)
        self.why.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.next = Button("", "", PRIMARY, self)
        for button in (self.back, self.next):
            button.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.back)
        row.addWidget(self.why, 1)
        row.addWidget(self.next)

        self._holding = QTimer(self, singleShot=True)
        self._holding.timeout.connect(self.free)

    def hold(self, ms: int) -> None:
        """The button under the pointer is another one now: the second click of a double click is not for it."""
        self._holding.start(ms)

    def held(self) -> bool:
        return self._holding.isActive()

    def show_words(self, words: str, why: str, problem: str) -> None:
        """`problem` stands before `why`, in red."""
        self.next.setText(words)
        self.next.setAccessibleName(words)
        self.next.updateGeometry()
        self.next.why_off(why)
        self.why.set_role("danger" if problem else "muted")
        self.why.setText(problem or why)


class UpdatePage(Page):
    """`go(ids)` begins with these chargers, `go({"charger_ids": ids, "image_id": id})` with a file too. What was decided
    stays while the desk is open. F5 asks again."""

    name = "update"
    icon = "chip"
    section = "firmware"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self.plan = Plan()
        self.feed = UpdateFeed(mirror, client, self)
        self.starter = Starter(mirror, client, self.plan, self)
        self.steps = GuideSteps(self)
        self.chargers = ChargersPanel(mirror, self.feed, self.plan)
        self.image = ImagePanel(mirror, client, theme, self.feed, self.plan)
        self.preflight = PreflightPanel(self.feed, self.plan)
        self.confirm = ConfirmPanel(self.feed, self.plan)
        self.panels: list[StepPanel] = [self.chargers, self.image, self.preflight, self.confirm]
        self.foot = GuideFoot(self)
        self.number = 0
        self._problem = ""
        self._header = ("", "")
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        self.stack = QStackedLayout()
        for panel in self.panels:
            panel.setParent(self)
            self.stack.addWidget(panel)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        column.addWidget(self.steps)
        column.addLayout(self.stack, 1)
        column.addWidget(self.foot)

    def _wire(self) -> None:
        for panel in self.panels:
            panel.changed.connect(self._changed)
        self.confirm.changed.connect(self.preflight.renew)  # with an install date there is one check more
        self.steps.chosen.connect(self.show_step)
        self.foot.back.clicked.connect(self._back)
        self.foot.next.clicked.connect(self._next)
        self.foot.free.connect(self._changed)
        self.feed.failed.connect(self._failed)
        self.feed.fleet_changed.connect(self._changed)
        self.starter.changed.connect(self._changed)
        self.starter.failed.connect(self._failed)
        self.starter.begun.connect(self._begun)
        self.mirror.connection_changed.connect(self._connection)
        again = QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self)
        again.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.activated.connect(self._again)

    # -- what the shell asks ------------------------------------------------------------------------------------------

    def title(self) -> str:
        ids = self.plan.charger_ids
        return tr("Update {many}").format(many=chargers_words(len(ids))) if ids else tr("Update chargers")

    def subtitle(self) -> str:
        image = self.feed.image(self.plan.image_id)
        return tr("to {name}").format(name=image.name) if image is not None and self.number > 0 else ""

    def on_shown(self) -> None:
        self.feed.watch(True)
        self.panels[self.number].enter()
        self._changed()

    def on_hidden(self) -> None:
        self.feed.watch(False)

    def go(self, argument: object) -> None:
        """Begin anew with these chargers; the second step is shown where a file is named too."""
        ids, image_id = wanted(argument)
        if ids or image_id:
            self.plan.reset(ids, image_id)
            self.plan.suggest()
            self.feed.forget_checks()
            self.show_step(1 if ids and image_id else 0)

    # -- steps --------------------------------------------------------------------------------------------------------

    def show_step(self, number: int) -> None:
        """Go to a step; those behind one that is not done cannot be gone to."""
        if not 0 <= number < len(self.panels) or number > self._reachable():
            return
        self._problem = ""
        if number != self.number:
            self.foot.hold(HOLD_LAST_MS if number == len(self.panels) - 1 else HOLD_MS)
        self.number = number
        self.stack.setCurrentWidget(self.panels[number])
        self.panels[number].enter()
        self._fit()
        self._changed()
        self.panels[number].first().setFocus(Qt.FocusReason.OtherFocusReason)

    def _reachable(self) -> int:
        """The last step one can go to."""
        for number, panel in enumerate(self.panels):
            if panel.why_not():
                return number
        return len(self.panels) - 1

    def _changed(self, *_: object) -> None:
        reachable = self._reachable()
        done = {GuideStep(number) for number in range(min(reachable, len(self.panels)))}
        off = {step: tr("Not yet.") for step in GuideStep if step > reachable}
        off |= {step: tr("When the update runs.") for step in (GuideStep.PROGRESS, GuideStep.REPORT)}
        self.steps.set_steps(GuideStep(self.number), done - {GuideStep(self.number)}, off)
        self.foot.back.setVisible(self.number > 0)
        self.foot.show_words(self._next_words(), self._why_off(), self._problem)
        header = (self.title(), self.subtitle())
        if header != self._header:
            self._header = header
            self.header_changed.emit()

    def _next_words(self) -> str:
        if self.number == len(self.panels) - 1:
            install = install_words(self.plan, self.mirror.now())
            return start_words(self.feed.preflight, self.feed.image(self.plan.image_id), install)
        return tr("Next: {step}").format(step=step_word(GuideStep(self.number + 1)))

    def _why_off(self) -> str:
        why = self.panels[min(self.number, self._reachable())].why_not()  # a step before may not be done any more
        if not self.mirror.connected:
            return tr("Off while the engine does not answer.")
        if self.foot.held() and self.number == len(self.panels) - 1:
            return why or tr("One moment.")
        if self.starter.busy and self.number == len(self.panels) - 1:
            return tr("It begins.")
        return why

    # -- people -------------------------------------------------------------------------------------------------------

    def _back(self) -> None:
        self.show_step(self.number - 1)

    def _next(self) -> None:
        if self.foot.held() or self._why_off():
            self._changed()  # time alone may have made it so
            return
        if self.number == len(self.panels) - 1:
            self._problem = ""
            self.starter.start()
            return
        if self.number == 0:
            self.plan.suggest()
        self.show_step(self.number + 1)

    def _again(self) -> None:
        if self.number == int(GuideStep.PREFLIGHT):
            self.preflight.check()
        else:
            self.feed.read()

    def _connection(self, connected: bool) -> None:
        """The engine is back: checks that broke off run anew."""
        here = self.isVisible() and self.number >= int(GuideStep.PREFLIGHT)
        if connected and here and self.preflight.stale() and not self.feed.checking:
            self.preflight.check()
        self.panels[self.number].refresh()
        self._changed()

    def _failed(self, sentence: str) -> None:
        self._problem = sentence
        self._changed()

    def _begun(self, job_id: int) -> None:
        """The job's page goes on; the guide is empty when one comes back."""
        self.plan.reset()
        self.feed.forget_checks()
        self.show_step(0)
        if self.isVisible():
            self.navigate.emit("job", job_id)
        else:
            self.navigate.emit("said", tr("Update {n} has begun").format(n=job_id))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        side = SIDE_NARROW if self.width() < NARROW else SIDE_WIDE if self.width() >= WIDE else SIDE
        self.panels[self.number].fit(side)


def wanted(argument: object) -> tuple[list[str], str]:
    """Chargers and file named by whoever leads here: an id, several, or both in a table."""
    if isinstance(argument, str):
        return ([argument], "") if argument else ([], "")
    if isinstance(argument, dict):
        told: dict[Any, Any] = argument
        ids, _ = wanted(told.get("charger_ids", ()))
        return ids, str(told.get("image_id") or "")
    if isinstance(argument, Iterable):
        return [str(one) for one in argument], ""
    return [], ""
