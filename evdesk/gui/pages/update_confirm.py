"""Step 4: order, waves, when, and what is about to be done, in words. Starting is never the default."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.pages.firmware_words import image_look
from evdesk.gui.pages.update_feed import UpdateFeed
from evdesk.gui.pages.update_parts import Line, LinesList, StepPanel, head_height, hug
from evdesk.gui.pages.update_plan import (
    INSTALL_DATE,
    Plan,
    counted,
    has_it,
    install_words,
    is_older,
    lasts_s,
    untold,
    why_not_started,
)
from evdesk.gui.pages.update_preflight import OverrideCard
from evdesk.gui.pages.update_waves import WavesModel, WavesTable, make_rows
from evdesk.gui.pages.update_when import WhenRows
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, Chip, KeyValue, Label
from evdesk.model.firmware import Image

SOON_S = 20 * 3600.0
"""Till then the time of the day says enough."""

LEAST = 216
"""The list's height in a low window: who comes first, and that others follow."""


class Numbers(QWidget):
    """How many first, how long they are watched, how many then, when it stops. `changed()`."""

    changed = Signal()

    def __init__(self, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = plan
        self._showing = False
        self.canary = self._spin(0, 99, tr("none"))
        self.soak = self._spin(0, 7 * 24 * 60, tr("not at all"))
        self.sizes = self._spin(0, 500, tr("all others"))
        self.stop = self._spin(1, 500)
        self.parallel = self._spin(1, 100)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for words, spin in (
            (tr("First, as canary"), self.canary),
            (tr("Watch them for"), self.soak),
            (tr("Then waves of"), self.sizes),
            (tr("Stop after"), self.stop),
            (tr("At most at once"), self.parallel),
        ):
            column = QVBoxLayout()
            column.setSpacing(3)
            label = Label(words, "small", "muted", self)
            label.setBuddy(spin)
            spin.setAccessibleName(words)
            column.addWidget(label)
            column.addWidget(spin)
            row.addLayout(column, 1)

    def _spin(self, least: int, most: int, zero: str = "") -> QSpinBox:
        spin = QSpinBox(self)
        spin.setRange(least, most)
        spin.setSpecialValueText(zero if least == 0 else "")
        spin.lineEdit().setTextMargins(8, 0, 0, 0)  # the style sheet's padding stops at the frame
        spin.setMinimumWidth(84)
        spin.setKeyboardTracking(False)
        spin.valueChanged.connect(self._take)
        return spin

    def show_plan(self) -> None:
        plan, self._showing = self._plan, True
        self.canary.setMaximum(max(0, len(plan.charger_ids) - 1))
        for spin, value, one, several in (
            (self.canary, plan.canary, tr(" charger"), tr(" chargers")),
            (self.soak, plan.soak_min, tr(" min"), tr(" min")),
            (self.sizes, plan.size, tr(" charger"), tr(" chargers")),
            (self.stop, plan.stop_after, tr(" failure"), tr(" failures")),
            (self.parallel, plan.parallel, "", ""),
        ):
            spin.setValue(value)
            spin.setSuffix(one if value == 1 else several)
        self.soak.setEnabled(plan.canary > 0)
        self._showing = False

    def _take(self, _value: int) -> None:
        if self._showing:
            return
        plan = self._plan
        plan.canary, plan.soak_min, plan.size = self.canary.value(), self.soak.value(), self.sizes.value()
        plan.stop_after, plan.parallel = self.stop.value(), self.parallel.value()
        self.changed.emit()


class DeedCard(Card):
    """What is about to be done: from which version to which, with what, and what nobody can take back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("What is done"), parent, head_height=36, padding=12)
        self.model = Label("", "small", "muted", self)
        self.step = Label("", "title", parent=self, wrap=True)
        self.chip = Chip(None, self, bare=True)
        self.facts = KeyValue(self, columns=1)
        for widget in (self.model, self.step, self.chip, self.facts):
            self.body.addWidget(widget)

    def show_deed(self, feed: UpdateFeed, plan: Plan, image: Image, now: float) -> None:
        rows = feed.preflight
        models = [feed.places[one][0] for one in plan.charger_ids if one in feed.places]
        self.model.setText(counted(f"{one.vendor} {one.model}".strip() for one in models) if models else image.name)
        again = [one for one in rows if has_it(one)]
        before = ", ".join(sorted({one.from_version or "?" for one in rows if one not in again}))
        told = tr("{before} to {to}") if before or not rows else tr("{to} again")
        self.step.setText(told.format(before=before, to=image.manifest.version))
        self.chip.set_look(image_look(image))
        facts = self.facts
        facts.set(tr("Has it already"), ", ".join(one.label or one.charger_id for one in again), "warn")
        facts.show_rows((tr("Has it already"),), bool(again))
        facts.set(tr("Settings"), tr("saved before, compared after"))
        facts.set(tr("File"), f"{image.file_name}, {text.size(image.size)}")
        facts.set(tr("Installed"), install_words(plan, now) or tr("as soon as it is there"))
        facts.set(tr("Out of use"), _each(image))
        facts.set(tr("All done"), _done(plan, image, now))
        facts.set(tr("Override"), plan.override.strip() or tr("none"), "warn" if plan.override.strip() else "text")


def _each(image: Image) -> str:
    minutes = image.manifest.minutes
    if minutes is None:
        return tr("how long is not known")
    return tr("each about {n} min").format(n=text.number(minutes, 0))


def _done(plan: Plan, image: Image, now: float) -> str:
    lasts = lasts_s(plan, image)
    if lasts is None:
        return text.unknown()
    ends = (plan.install_at or plan.not_before_at(now) or now) + lasts
    time = text.clock(ends) if ends - now < SOON_S else text.moment(ends, now)
    return tr("about {time}, if no car waits").format(time=time)


class ConfirmPanel(StepPanel):
    """`changed` whenever the button may say something else."""

    def __init__(self, feed: UpdateFeed, plan: Plan) -> None:
        super().__init__(scrolls=True)
        self._feed, self._plan = feed, plan
        self.numbers = Numbers(plan, self)
        self.when = WhenRows(plan, feed.now, self)
        self.override = OverrideCard(self)
        self.model = WavesModel(self)
        self.table = WavesTable(self.model, self)
        self.up = Button("", "arrow-up", GHOST, self, label=tr("Earlier (Alt+Up)"), dense=True)
        self.down = Button("", "arrow-down", GHOST, self, label=tr("Later (Alt+Down)"), dense=True)
        self.plan_card = Card(tr("Order and waves"), self, head_height=36, padding=12)
        self.list = Card(tr("Who is updated"), self, padding=0, head_height=head_height())
        self.deed = DeedCard(self)
        self.restore = QCheckBox(tr("Put changed settings back"), self)
        self.recovery = Card(tr("Read this before"), self, head_height=36, padding=12)
        self.recovery_lines = LinesList(self)
        self.older = Card(tr("Older than now"), self, head_height=36, padding=12)
        self.older_words = Label("", "small", parent=self, wrap=True)
        self.typed = QLineEdit(self)
        self._lay_out()
        self.numbers.changed.connect(self._took)
        self.when.changed.connect(self._took)
        self.override.typed.connect(self._override)
        feed.checked.connect(self._checked)
        self.table.move_asked.connect(self._move)
        self.up.clicked.connect(self._earlier)
        self.down.clicked.connect(self._later)
        self.restore.toggled.connect(self._restore)
        self.typed.textChanged.connect(self._typed)

    def _lay_out(self) -> None:
        self.plan_card.body.setSpacing(10)
        self.plan_card.body.addWidget(self.numbers)
        self.plan_card.body.addWidget(self.when)
        self.list.head.addWidget(self.up)
        self.list.head.addWidget(self.down)
        self.list.head.setContentsMargins(12, 0, 4, 0)
        self.list.body.setContentsMargins(1, 0, 1, 8)
        self.list.body.addWidget(self.table)
        self.left.addWidget(self.plan_card)
        self.left.addWidget(self.override)
        self.left.addWidget(self.list, 1)
        self.deed.body.addWidget(self.restore)
        self.recovery.body.addWidget(self.recovery_lines)
        self.older.set_edge("warn")
        self.older.body.addWidget(self.older_words)
        self.older.body.addWidget(self.typed)
        self.left.addStretch(0)
        for card in (self.deed, self.older):
            self.side.add(card)

    # -- what the page asks -------------------------------------------------------------------------------------------

    def enter(self) -> None:
        self._plan.ready_first(self._feed.preflight)
        self.refresh()
        if not self.table.current_charger() and self._plan.charger_ids:
            self.table.selectRow(self.model.row_of(self._plan.charger_ids[0]))

    def first(self) -> QWidget:
        return self.typed if is_older(self._feed.preflight) else self.table

    def why_not(self) -> str:
        return why_not_started(self._feed.preflight, self._plan, self._image(), self._feed.now())

    def fit(self, side: int) -> None:
        super().fit(side)
        self.table.fit(self.room())
        several = len(self._plan.charger_ids) > 1
        hug(self.list, self.table, least=LEAST)
        aside = self.side.column.indexOf(self.recovery) >= 0
        if several and not aside:
            self.side.add(self.recovery)
        elif not several and (aside or self.left.indexOf(self.recovery) < 0):
            self.left.insertWidget(
                self.left.indexOf(self.list) + 1, self.recovery
            )  # one charger leaves much room under it
        self.left.setStretch(self.left.count() - 1, 0 if several else 1)

    def _image(self) -> Image | None:
        return self._feed.image(self._plan.image_id)

    # -- showing ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        plan, rows, image = self._plan, self._feed.preflight, self._image()
        several = len(plan.charger_ids) > 1
        self.plan_card.title.setText(tr("Order and waves") if several else tr("When"))
        self.numbers.setVisible(several)
        self.numbers.show_plan()
        self.when.show_plan()
        self.override.show_rows([one for one in rows if untold(one)], plan, INSTALL_DATE)
        self.up.setVisible(several)
        self.down.setVisible(several)
        self.model.set_rows(make_rows(plan, {one.charger_id: one for one in rows}))
        hug(self.list, self.table, least=LEAST)
        if image is None:
            return
        self.deed.show_deed(self._feed, plan, image, self._feed.now())
        self.restore.setChecked(plan.restore)
        self.recovery_lines.set_lines(recovery_lines(image, dated=plan.install_at is not None))
        older = is_older(rows)
        self.older.setVisible(older)
        version = image.manifest.version
        self.older_words.setText(tr("Type {version} to go on.").format(version=version))
        self.typed.setPlaceholderText(version)
        self.typed.setAccessibleName(tr("Type {version} to go on").format(version=version))
        if self.typed.text() != plan.typed:
            self.typed.setText(plan.typed)

    # -- people -------------------------------------------------------------------------------------------------------

    def _took(self) -> None:
        self.refresh()
        self.changed.emit()

    def _checked(self) -> None:
        if self.isVisible():
            self.refresh()

    def _override(self, words: str) -> None:
        self._plan.override = words
        self._took()

    def _move(self, charger_id: str, by: int) -> None:
        if self._plan.move(charger_id, by):
            self._took()

    def _earlier(self) -> None:
        self._step(-1)

    def _later(self) -> None:
        self._step(1)

    def _step(self, by: int) -> None:
        chosen = self.table.current_charger()
        if chosen:
            self._move(chosen, by)

    def _restore(self, on: bool) -> None:
        self._plan.restore = on
        self.changed.emit()

    def _typed(self, words: str) -> None:
        self._plan.typed = words
        self.changed.emit()


def recovery_lines(image: Image, *, dated: bool = False) -> list[Line]:
    """What to know before: what a silent charger needs, and what cannot be undone."""
    told = image.manifest.recovery.strip()
    if told:
        silent = tr("If one stays silent for 5 min: {words}").format(words=told)
        first = Line(
            Look("power", tr("Recovery"), "info"), silent, tr("The recovery card stays at hand while it runs.")
        )
    else:
        words = tr("What to do with one that stays silent is not known for this model.")
        first = Line(
            Look("warning", tr("Recovery"), "warn"), words, tr("Have its manual and its maker's number at hand.")
        )
    lines = [
        first,
        Line(
            Look("octagon", tr("Careful"), "warn"),
            tr("Once a charger installs, nobody can stop it. Do not switch it off then."),
        ),
    ]
    if dated:
        words = tr("Nobody can cancel what a charger has whole: it installs on its date.")
        lines.append(Line(Look("clock", tr("Careful"), "warn"), words))
    if image.manifest.downgrade is not True:
        words = tr("Whether the version before can be put back is not known.")
        lines.append(Line(Look("question", tr("Unknown"), "warn"), words))
    return lines
