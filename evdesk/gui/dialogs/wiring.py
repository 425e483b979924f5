"""How the site is wired, as far as steps of current have shown it; the test that makes them; entering what was seen."""

from dataclasses import dataclass

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.desk import Desk
from evdesk.gui.dialogs.accept import rotation_words
from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY, Button, Card, Chip, EmptyState, Label
from evdesk.model import EvdeskError
from evdesk.wire.method import Nothing, OneConnector
from evdesk.wire.wiring import ConnectorWiring, MeterWiring, TestWiring, TrustMeter, WiringList, WiringTestState

READ_MS = 1000
SURE = 0.98

_VERDICTS = {
    "agrees": ("check-circle", "As entered", "ok"),
    "contradicts": ("warning", "Not as entered", "danger"),
    "learnt": ("info", "Seen, not entered", "accent"),
    "same_always": ("info", "Cannot show", "muted"),
    "unknown": ("question", "Unknown", "muted"),
}
_METERS = {
    "right": ("check-circle", "Right", "ok"),
    "unknown": ("question", "Unknown", "muted"),
    "backwards": ("warning", "Counts backwards", "danger"),
    "blind": ("warning", "Sees no charger", "danger"),
    "unit": ("warning", "Wrong unit", "danger"),
    "ratio": ("warning", "Wrong ratio", "danger"),
    "unreadable": ("warning", "Tells no current", "danger"),
    "misses": ("warning", "Misses current", "danger"),
    "still": ("warning", "Stands still", "danger"),
    "swapped": ("warning", "Phases swapped", "danger"),
}
_STATES = {
    "waits": "waits for its turn",
    "runs": "is stepped now",
    "done": "done",
    "skipped": "skipped",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}


def verdict_look(verdict: str) -> Look:
    icon, word, role = _VERDICTS.get(verdict, _VERDICTS["unknown"])
    return Look(icon, tr(word), role)


def meter_look(verdict: str) -> Look:
    icon, word, role = _METERS.get(verdict, _METERS["unknown"])
    return Look(icon, tr(word), role)


def meter_words(meter: MeterWiring) -> str:
    """What was seen of a meter, and what to do about it."""
    if meter.verdict == "misses" and meter.swapped:
        return tr(
            "A transformer on {phases} is open or around another cable. Until then the worst is reserved."
        ).format(phases=rotation_words(meter.swapped))
    if meter.factor is None and meter.verdict in ("backwards", "unit", "unreadable", "misses", "still"):
        return {
            "backwards": tr("Power flows out while cars draw. Test the wiring; until then the worst is reserved."),
            "unreadable": tr("It answers, but with no current that can be. Correct its profile or its unit."),
            "unit": tr("It reads more than its breaker could carry. Correct the unit of its profile."),
            "misses": tr(
                "It shows less than the cars draw. Check that each transformer is closed around its own cable, or "
                "say that a roof or battery feeds them."
            ),
            "still": tr("It tells the same again and again. Restart it, or what stands between it and evdesk."),
        }[meter.verdict]
    if meter.steps == 0:
        return tr("No step was seen by it yet.")
    steps = tr("1 step") if meter.steps == 1 else tr("{n} steps").format(n=meter.steps)
    if meter.factor is None or meter.verdict == "unknown":
        return tr("{steps}, not clear yet.").format(steps=steps)
    steps = tr("{steps}; it reads {factor} A of 1 A.").format(steps=steps, factor=text.number(meter.factor, 2))
    what = {
        "backwards": tr("Turn its current transformers. Until then the worst house load is reserved."),
        "blind": tr("It sits elsewhere, or the chargers are entered on another circuit."),
        "unit": tr("Correct the unit of its profile."),
        "ratio": tr("Correct its transformer ratio."),
        "swapped": tr("Its transformers sit on {phases}.").format(phases=rotation_words(meter.swapped)),
    }.get(meter.verdict, "")
    return f"{steps} {what}".strip()


def seen_words(seen: ConnectorWiring) -> str:
    """What steps show of one connector, with how sure that is."""
    if seen.verdict == "same_always":
        return tr("its cars draw the same on every phase")
    if not seen.rotation:
        return tr("{n} of 2 steps").format(n=seen.steps) if seen.steps < 2 else tr("not clear yet")
    where = rotation_words(seen.rotation)
    if "?" in seen.rotation:  # a one-phase car shows its own terminal only
        phase = {"R": "L1", "S": "L2", "T": "L3"}[seen.rotation[0]]
        where = tr("terminal 1 on {phase}").format(phase=phase)
    if seen.either:
        where = tr("{rotation}, or the meter's phases are wrong").format(rotation=where)
    return tr("{rotation}, {sure} sure").format(rotation=where, sure=f"{min(seen.confidence, 0.999):.1%}")


def appliable(seen: ConnectorWiring) -> bool:
    """Whether what was seen is whole and sure enough to be entered."""
    known = seen.verdict in ("learnt", "contradicts") and not seen.either
    return known and bool(seen.rotation) and seen.confidence >= SURE


@dataclass(slots=True)
class _Row:
    name: Label
    entered: Label
    seen: Label
    state: Chip
    apply: Button


_Meter = tuple[Chip, Label, Button, Button]
"""Verdict, words, and two buttons: it is mended, a roof or battery feeds the cars."""


class WiringSheet(Sheet):
    """Reads once a second while it is open. The test runs in the engine: closing the sheet does not end it."""

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Wiring"), theme, parent)
        self._mirror, self._client = mirror, client
        self.setMinimumSize(760, 560)
        self.say(
            tr(
                "When one charger steps, the meter shows on which phases. evdesk watches for that all the time; the test "
                "makes the steps itself, about a minute per charging car, one after another."
            ),
            muted=True,
        )
        self.rows: dict[tuple[str, int], _Row] = {}
        self.found: WiringList | None = None
        self.meters = QVBoxLayout()
        self.meters.setSpacing(6)
        held = QWidget(self)
        held.setLayout(self.meters)
        self.meters.setContentsMargins(0, 0, 0, 0)
        self.add(held)
        self._meters: dict[str, _Meter] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        self.empty = EmptyState("charger", tr("No charger is placed"), tr("Accept a charger first."), parent=self)
        self._card = Card("", padding=12)
        self._card.body.addLayout(self._grid)
        self._card.body.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(self._card)
        self._scroll.setMinimumHeight(140)
        self.add(self._scroll)
        self._box.setStretchFactor(self._scroll, 100)
        self.add(self.empty)
        self.empty.hide()
        self.progress = Label("", "small", "muted", self, wrap=True)
        self.add(self.progress)
        self.test = Button(tr("Test the wiring"), "play", PRIMARY, self)
        self.test.setAutoDefault(False)
        self.test.clicked.connect(self._toggle)
        self._row.addWidget(self.test)
        self.button(tr("Close"), DONE, default=True)
        self._heads()
        self._busy = False
        self._timer = QTimer(self)
        self._timer.setInterval(READ_MS)
        self._timer.timeout.connect(self.read)
        self._timer.start()
        self.read()

    def _heads(self) -> None:
        for column, word in enumerate((tr("Connector"), tr("Entered"), tr("Seen"), tr("Verdict"))):
            self._grid.addWidget(Label(word, "small", "muted", self._card), 0, column)

    # -- reading -----------------------------------------------------------------------------------------------

    def read(self) -> None:
        if self._mirror.connected and not self._busy:
            self._busy = self._client.spawn(self._read()) is not None

    async def _read(self) -> None:
        try:
            self.show_found(await self._client.call("wiring.list", Nothing()))
        except EvdeskError as error:
            self.fail(error.sentence)
        finally:
            self._busy = False

    def show_found(self, found: WiringList) -> None:
        """Values change in place; rows are made when a connector is new."""
        self.found = found
        self.empty.setVisible(not found.connectors)
        self._scroll.setVisible(bool(found.connectors))
        for meter in found.meters:
            self._show_meter(meter)
        for one in found.connectors:
            self._show(one)
        self._show_test(found)

    def _show_meter(self, meter: MeterWiring) -> None:
        if meter.circuit not in self._meters:
            self._meters[meter.circuit] = self._line_of(meter.circuit)
        chip, words, trust, fed = self._meters[meter.circuit]
        chip.set_look(meter_look(meter.verdict))
        words.setText(meter_words(meter))
        trust.setVisible(meter.verdict not in ("right", "unknown"))
        # What steps have shown of a transformer is no roof.
        fed.setVisible(meter.verdict == "misses" and not meter.swapped)

    def _line_of(self, circuit: str) -> _Meter:
        """The name, the verdict and what may be said of it; under them what was seen, over the whole width."""
        line = QHBoxLayout()
        line.setSpacing(10)
        chip, words = Chip(None, self), Label("", "small", "muted", self, wrap=True)
        fed = Button(tr("Roof or battery"), parent=self, dense=True)
        fed.setToolTip(tr("A roof or battery feeds the cars: what it misses is right, and is believed from now on."))
        fed.clicked.connect(self._fed)
        trust = Button(tr("It is mended"), parent=self, dense=True)
        trust.clicked.connect(self._trust)
        line.addWidget(Label(tr("Meter of {circuit}").format(circuit=circuit), "card", parent=self))
        line.addWidget(chip)
        line.addStretch(1)
        for button in (fed, trust):
            button.setAutoDefault(False)
            button.setObjectName(circuit)
            line.addWidget(button)
        self.meters.addLayout(line)
        self.meters.addWidget(words)
        self.meters.addSpacing(4)
        return chip, words, trust, fed

    def _show(self, one: ConnectorWiring) -> None:
        key = (one.charger_id, one.connector_id)
        if key not in self.rows:
            self.rows[key] = self._row_of(key)
        row = self.rows[key]
        row.name.setText(self._name(one))
        row.entered.setText(rotation_words(one.entered))
        row.seen.setText(seen_words(one))
        row.state.set_look(verdict_look(one.verdict))
        row.apply.setVisible(appliable(one))

    def _name(self, one: ConnectorWiring) -> str:
        label = self._mirror.label(one.charger_id)
        several = sum(charger == one.charger_id for charger, _ in self.rows) > 1
        return f"{label}, {one.connector_id}" if several else label

    def _row_of(self, key: tuple[str, int]) -> _Row:
        at = len(self.rows) + 1
        row = _Row(
            Label("", "name", parent=self._card),
            Label("", "small", parent=self._card),
            Label("", "small", parent=self._card, wrap=True),
            Chip(None, self._card),
            Button(tr("Enter it"), parent=self._card, dense=True),
        )
        row.apply.setAutoDefault(False)
        row.apply.setObjectName(f"{key[0]}\x1f{key[1]}")
        row.apply.clicked.connect(self._apply)
        for column, widget in enumerate((row.name, row.entered, row.seen, row.state, row.apply)):
            self._grid.addWidget(widget, at, column)
        return row

    def _show_test(self, found: WiringList) -> None:
        test = found.test
        self.test.setText(tr("End the test") if test.running else tr("Test the wiring"))
        self.test.set_icon("stop" if test.running else "play")
        self.test.why_off(
            "" if found.meters or test.running else tr("The site has no meter: nothing would see the steps.")
        )
        self.progress.setText(self._progress(test))
        for step in test.steps if test.running or test.ended_at else ():
            row = self.rows.get((step.charger_id, step.connector_id))
            if row is not None and step.state in ("runs", "waits", "skipped", "interrupted"):
                words = tr(_STATES[step.state]) + (f": {step.words}" if step.words and step.state == "skipped" else "")
                row.seen.setText(text.reasons(row.seen.text(), words))

    def _progress(self, test: WiringTestState) -> str:
        if not test.steps:
            return ""
        over = sum(step.state in ("done", "skipped", "cancelled") for step in test.steps)
        done = sum(step.state == "done" for step in test.steps)
        if test.running:
            return tr("Test: {over} of {all} connectors. Everybody else keeps their limit meanwhile.").format(
                over=over, all=len(test.steps)
            )
        if any(step.state == "interrupted" for step in test.steps):
            said = tr("Last test: interrupted after {over} of {all} connectors, for evdesk ended. Test again.")
            return said.format(over=over, all=len(test.steps))
        return tr("Last test: {done} of {all} connectors could be stepped.").format(done=done, all=len(test.steps))

    # -- deeds -------------------------------------------------------------------------------------------------

    def _toggle(self) -> None:
        running = self.found is not None and self.found.test.running
        self._client.spawn(
            self._call("wiring.cancel", Nothing()) if running else self._call("wiring.test", TestWiring())
        )

    def _apply(self) -> None:
        charger, _, connector = self._asked().partition("\x1f")
        self._client.spawn(self._call("wiring.apply", OneConnector(charger, int(connector))))

    def _trust(self) -> None:
        self._client.spawn(self._call("wiring.trust", TrustMeter(self._asked())))

    def _fed(self) -> None:
        self._client.spawn(self._call("wiring.trust", TrustMeter(self._asked(), fed=True)))

    def _asked(self) -> str:
        """What the pressed button stands for."""
        sender = self.sender()
        return sender.objectName() if sender is not None else ""

    async def _call(self, method: str, params: object) -> None:
        self.fail("")
        try:
            await self._client.call(method, params)
        except EvdeskError as error:
            self.fail(error.sentence)
        self.read()


async def wiring(desk: Desk, argument: object) -> str:
    """The deed: opens the sheet."""
    del argument
    await WiringSheet(desk.mirror, desk.client, desk.theme, desk.window).ask()
    return ""
