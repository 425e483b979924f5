"""What a 2.x charger can be asked beside charging: texts on its display, what it watches, what it knows of a customer."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.dialogs.device_ask import DisplaySheet, MonitorSheet
from evdesk.gui.dialogs.device_words import SEVERITIES, event_words, monitor_words, text_words
from evdesk.gui.dialogs.sheet import DONE, confirm
from evdesk.gui.dialogs.working import Act, WorkingSheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import DANGER, GHOST, Button, Card, Label
from evdesk.model import Capability, ChargerState
from evdesk.model.blocks import CustomerTold, DisplayText, Monitor
from evdesk.wire.blocks import AskCustomer, OneId, SetDisplay, SetLevel, SetMonitor, StationEvent
from evdesk.wire.method import OneCharger

EVENTS_SHOWN = 8
READ_S = 330.0
"""A report may come in many parts."""


class DeviceSheet(WorkingSheet):
    """Reads when it opens what the charger says it can tell."""

    def __init__(self, charger_id: str, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None) -> None:
        self._label = mirror.label(charger_id)
        super().__init__(
            tr("{label}: display and watches").format(label=self._label), client, theme, parent, height=500
        )
        self._one, self._mirror = OneCharger(charger_id), mirror
        self.shown: list[DisplayText] = []
        self.watched: list[Monitor] = []
        self._rows: dict[Card, list[QWidget]] = {}
        self._display_card()
        self._monitor_card()
        self._customer_card()
        self.close_button()
        self.reading = True
        self.start(None, self._read)

    def _why(self, capability: Capability) -> str:
        charger = self._mirror.chargers.get(self._one.charger_id)
        if charger is None or charger.state is not ChargerState.ONLINE:
            return tr("It is not connected.")
        return "" if capability in charger.capabilities else tr("This charger cannot do it.")

    # -- cards --------------------------------------------------------------------------------------------------------

    def _display_card(self) -> None:
        self.display = self.section(tr("Texts on its display"))
        self.add_text = self.act_button(tr("Show a text…"), "plus", self._add_text)
        self.row(self.display, self.add_text)
        self.add_text.why_off(self._why(Capability.DISPLAY))

    def _monitor_card(self) -> None:
        self.monitors = self.section(tr("What it watches by itself"))
        self.level = QComboBox()
        self.level.setAccessibleName(tr("Events up to"))
        for severity, word in enumerate(SEVERITIES):
            self.level.addItem(tr("Events up to {n}: {word}").format(n=severity, word=tr(word)), severity)
        self.level.setCurrentIndex(5)
        self.watch = self.act_button(tr("Watch a value…"), "plus", self._watch)
        self.tell_level = self.act_button(tr("Tell these"), "check", self._set_level)
        self.row(self.monitors, self.watch, self.level, self.tell_level)
        for button in (self.watch, self.tell_level):
            button.why_off(self._why(Capability.MONITORING))
        self.events = self.section(tr("What it told lately"))

    def _customer_card(self) -> None:
        card = self.section(tr("What it knows of a customer"))
        hint = tr("It is shown here and kept nowhere: not in the log, not in the messages.")
        card.body.addWidget(Label(hint, "small", "muted", wrap=True))
        self.tag = QLineEdit()
        self.tag.setMaxLength(36)
        self.tag.setPlaceholderText(tr("Id tag"))
        self.tag.setAccessibleName(tr("Id tag"))
        self.ask_it = self.act_button(tr("Ask"), "question", self._ask)
        self.forget = self.act_button(tr("Have it forgotten…"), "trash", self._forget, DANGER)
        self.row(card, self.tag, self.ask_it, self.forget)
        self.knows = Label("", wrap=True, selectable=True)
        card.body.addWidget(self.knows)
        self.knows.hide()
        self.tag.textChanged.connect(self._enable)
        self._enable()

    def _enable(self, *_: object) -> None:
        why = self._why(Capability.CUSTOMER) or ("" if self.tag.text().strip() else tr("Type the id tag."))
        self.ask_it.why_off(why)
        self.forget.why_off(why)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            if not self._why(Capability.DISPLAY):
                self.shown = await self.client.call("charger.displays", self._one, READ_S)
            self.show_texts(self.shown)
            if not self._why(Capability.MONITORING):
                self.watched = await self.client.call("charger.monitors", self._one, READ_S)
            self.show_monitors(self.watched)
            self.show_events(await self.client.call("charger.events", self._one))
        finally:
            self.reading = False

    def show_texts(self, found: Sequence[DisplayText]) -> None:
        rows = [self._line(one.text, text_words(one), partial(self._clear_text, one)) for one in found]
        self._put(self.display, rows, tr("It shows none of ours."), self._why(Capability.DISPLAY))

    def show_monitors(self, found: Sequence[Monitor]) -> None:
        rows = []
        for one in found:
            built_in = one.owner == "hard_wired"
            rows.append(self._line(one.variable, monitor_words(one), None if built_in else partial(self._clear, one)))
        self._put(self.monitors, rows, tr("It watches nothing."), self._why(Capability.MONITORING))

    def show_events(self, found: Sequence[StationEvent]) -> None:
        now = self._mirror.now()
        rows = [
            self._line(one.variable, text.reasons(text.moment(one.at, now), event_words(one)), None)
            for one in found[:EVENTS_SHOWN]
        ]
        self._put(self.events, rows, tr("Nothing, as far back as the messages go."), "")

    def _put(self, card: Card, rows: list[QWidget], empty: str, why: str) -> None:
        for row in self._rows.get(card, []):
            card.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows[card] = rows or [Label(why or empty, role="muted", wrap=True)]
        for place, row in enumerate(self._rows[card]):
            card.body.insertWidget(place, row)

    def _line(self, first: str, second: str, clear: Act | None) -> QWidget:
        held = QWidget(self)
        row = QHBoxLayout(held)
        row.setContentsMargins(0, 0, 0, 0)
        words = Label(f"{first}\n{second}", wrap=True, selectable=True)
        row.addWidget(words, 1)
        if clear is not None:
            button = Button(tr("Take away"), "x", GHOST, held, dense=True)
            button.setAutoDefault(False)
            button.setAccessibleDescription(first)
            button.clicked.connect(lambda: self.start(button, clear))
            row.addWidget(button)
        return held

    # -- deeds --------------------------------------------------------------------------------------------------------

    async def _add_text(self) -> None:
        used = {one.id for one in self.shown}
        sheet = DisplaySheet(next(n for n in range(1, 1 << 16) if n not in used), self.theme, self)
        if await sheet.ask() == DONE:
            await self.client.call(
                "charger.set_display", SetDisplay(self._one.charger_id, sheet.shown(self._mirror.now()))
            )
            await self._read()
            self.tell(tr("The charger took the text."))

    async def _clear_text(self, one: DisplayText) -> None:
        await self.client.call("charger.clear_display", OneId(self._one.charger_id, one.id))
        await self._read()

    async def _watch(self) -> None:
        sheet = MonitorSheet(self.theme, self)
        if await sheet.ask() == DONE:
            await self.client.call("charger.set_monitor", SetMonitor(self._one.charger_id, sheet.monitor()))
            await self._read()
            self.tell(tr("It watches it from now on."))

    async def _clear(self, one: Monitor) -> None:
        await self.client.call("charger.clear_monitor", OneId(self._one.charger_id, one.id))
        await self._read()

    async def _set_level(self) -> None:
        severity = int(self.level.currentData())
        await self.client.call("charger.monitoring", SetLevel(self._one.charger_id, severity))
        self.tell(tr("It tells events up to {n}.").format(n=severity))

    async def _ask(self) -> None:
        await self._customer(clear=False)

    async def _forget(self) -> None:
        title = tr("Have {label} forget this customer?").format(label=self._label)
        words = tr("It takes out what it holds for this tag, also from its own list. There is no way back.")
        if await confirm(self, self.theme, title, words, tr("Forget"), tr("Keep it"), danger=True):
            await self._customer(clear=True)

    async def _customer(self, clear: bool) -> None:
        params = AskCustomer(self._one.charger_id, self.tag.text().strip(), True, clear)
        told: CustomerTold = await self.client.call("charger.customer", params, READ_S)
        missing = "" if told.complete else tr("(parts are missing)")
        self.knows.show()
        self.knows.setText(" ".join(part for part in (told.text.strip() or tr("It knows nothing."), missing) if part))
        self._enable()
