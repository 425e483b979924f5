"""The expert console: any message of the charger's version, written by its schema, sent through the audited command."""

from typing import Any

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListView, QScrollArea, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.console_editor import JsonEdit, Problem
from evdesk.gui.dialogs.console_schema import fields, prefill
from evdesk.gui.dialogs.console_words import DANGERS, Ready, gist, history, remember, templates
from evdesk.gui.dialogs.sheet import Sheet, confirm
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.messages_json import JsonView
from evdesk.gui.pages.messages_words import latency
from evdesk.gui.sentences import Look
from evdesk.gui.settings import DeskSettings
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY, Button, Card, Chip, Label, Rule, SearchField, Segmented, Strip
from evdesk.model import ChargerState, EvdeskError
from evdesk.ocpp import schemas
from evdesk.wire.messages import OneProtocol, OneSchema, SchemaPair
from evdesk.wire.methods import Raw, RawAnswer

READY_ROLE = int(Qt.ItemDataRole.UserRole) + 1
WIDE, HIGH = 980, 640
SHOWN_PROBLEMS = 4
PATIENCE_S = 90.0
"""Longer than the engine waits for a charger."""


class ConsoleSheet(Sheet):
    """Left: messages, usual ones, and what was sent; middle: the payload; right: what the charger answered."""

    def __init__(
        self,
        mirror: Mirror,
        client: Client,
        settings: DeskSettings,
        theme: Theme,
        charger_id: str,
        parent: QWidget | None,
    ) -> None:
        self._mirror, self._client, self._settings = mirror, client, settings
        self._charger_id = charger_id
        charger = mirror.chargers[charger_id]
        self.protocol = schemas.known(charger.protocol)
        title = tr("Send a message to {label}").format(label=mirror.label(charger_id))
        super().__init__(title, theme, parent)
        self._pair: SchemaPair | None = None
        self._payload: dict[str, Any] | None = None
        self._problems: list[Problem] = []
        self._busy = False
        self._over = False  # closed: an answer that still comes has nowhere to stand
        self._actions: list[str] = []
        self.setMinimumSize(min(WIDE, 860), min(HIGH, 520))
        self.resize(WIDE, HIGH)
        told = tr("{version}. What you send stands in the log, as every command does.")
        self.say(told.format(version=schemas.words(self.protocol)), muted=True)
        self.kinds = Segmented(
            [("all", tr("Messages")), ("usual", tr("Usual")), ("sent", tr("Sent"))],
            self,
        )
        self.search = SearchField(tr("Find a message"), self)
        self.list = QListView(self)
        self.model = QStandardItemModel(self)
        self.editor = JsonEdit(tr("Payload"), self)
        self.needs = Label("", "small", "muted", self, wrap=True)
        self.verdict = Chip(parent=self)
        self.problems = Label("", "small", "warn", self, wrap=True, selectable=True)
        self.action = Label(tr("Choose a message"), "card", parent=self)
        self.answer = JsonView(tr("Answer"), self)
        self.answer_told = Label(tr("Nothing sent yet"), "small", "muted", self, wrap=True, selectable=True)
        self.answer_chip = Chip(parent=self, bare=True)
        self.send = Button(tr("Send"), "arrow-right", PRIMARY, self)
        self._lay_out()
        self._wire()
        self._refresh()
        client.spawn(self._load())

    def _lay_out(self) -> None:
        held = QWidget(self)
        row = QHBoxLayout(held)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._choice(), 0)
        row.addWidget(self._payload_card(), 5)
        row.addWidget(self._answer_card(), 4)
        self._box.insertWidget(self._box.count() - 4, held, 100)
        self.cancel(tr("Close"))
        self._row.addWidget(self.send)

    def _choice(self) -> QWidget:
        card = Card("", self, padding=8)
        card.setFixedWidth(226)
        self.list.setModel(self.model)
        self.list.setAccessibleName(tr("Messages"))
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setSpacing(1)
        for widget in (self.kinds, self.search, self.list):
            card.body.addWidget(widget)
        return card

    def _payload_card(self) -> QWidget:
        card = Card("", self, padding=0)
        card.body.setSpacing(0)
        strip = Strip(card, 36)
        strip.row.addWidget(self.action)
        strip.row.addStretch(1)
        strip.row.addWidget(self.verdict)
        under = QVBoxLayout()
        under.setContentsMargins(12, 8, 12, 8)
        under.setSpacing(4)
        under.addWidget(self.problems)
        under.addWidget(self.needs)
        for part in (strip, Rule(card)):
            card.body.addWidget(part)
        card.body.addWidget(self.editor, 1)
        card.body.addWidget(Rule(card))
        card.body.addLayout(under)
        return card

    def _answer_card(self) -> QWidget:
        card = Card("", self, padding=0)
        card.body.setSpacing(0)
        strip = Strip(card, 36)
        strip.row.addWidget(Label(tr("Answer"), "card", parent=strip))
        strip.row.addStretch(1)
        strip.row.addWidget(self.answer_chip)
        inner = QWidget(card)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.answer_told.setContentsMargins(12, 8, 12, 4)
        column.addWidget(self.answer_told)
        column.addWidget(self.answer)
        column.addStretch(1)
        area = QScrollArea(card)
        area.setWidgetResizable(True)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        for part in (strip, Rule(card)):
            card.body.addWidget(part)
        card.body.addWidget(area, 1)
        self.answer.hide()
        return card

    def _wire(self) -> None:
        self.kinds.changed.connect(self._fill)
        self.search.textChanged.connect(self._fill)
        self.list.clicked.connect(self._chosen)
        self.list.activated.connect(self._chosen)
        self.editor.checked.connect(self._checked)
        self.send.setAutoDefault(False)
        self.send.clicked.connect(self.send_now)
        self._mirror.changed.connect(self._refresh)
        self.finished.connect(self._ended)
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.activated.connect(self.send_now)

    def _ended(self, _result: int) -> None:
        self._over = True

    # -- choosing -----------------------------------------------------------------------------------------------------

    async def _load(self) -> None:
        try:
            self._actions = await self._client.call("schema.actions", OneProtocol(self.protocol))
        except EvdeskError as error:
            if not self._over:
                self.fail(error.sentence)
            return
        if not self._over:
            self._fill()

    def _fill(self, *_: object) -> None:
        """The list of the chosen kind, by what is typed."""
        words = self.search.text().casefold().split()
        rows = {
            "all": [Ready(action, action, {}) for action in self._actions],
            "usual": templates(self.protocol),
            "sent": history(self._settings),
        }[self.kinds.current()]
        self.model.clear()
        for one in rows:
            told = "" if self.kinds.current() == "all" else f"{one.action}: {gist(one)}"
            if all(word in f"{one.name} {told}".casefold() for word in words):
                item = QStandardItem(tr(one.name))
                item.setToolTip(told)
                item.setSizeHint(QSize(0, 44 if self.theme.large else 30))
                item.setData(one, READY_ROLE)
                self.model.appendRow(item)

    def _chosen(self, index: QModelIndex) -> None:
        ready = index.data(READY_ROLE)
        if isinstance(ready, Ready):
            self._client.spawn(self.open_message(ready, fresh=self.kinds.current() == "all"))

    async def open_message(self, ready: Ready, fresh: bool = True) -> None:
        """Write this message; `fresh`: with the members it needs, else with its own payload."""
        try:
            pair: SchemaPair = await self._client.call("schema.get", OneSchema(self.protocol, ready.action))
        except EvdeskError as error:
            if not self._over:
                self.fail(error.sentence)
            return
        if self._over:
            return
        self._pair = pair
        self.fail("")
        schema = pair.request
        self.action.setText(ready.action)
        self.editor.set_message(ready.action, schema, prefill(schema, self._mirror.now()) if fresh else ready.payload)
        known = fields(schema, ())
        needed = ", ".join(one.name for one in known if one.needed) or tr("nothing")
        free = ", ".join(one.name for one in known if not one.needed and one.name != "customData")
        told = tr("Needed: {needed}.").format(needed=needed)
        told += tr(" Free: {free}.").format(free=free) if free else ""
        self.needs.setText(told + tr(" Ctrl+Space offers what may stand at the cursor."))
        self._refresh()

    # -- sending ------------------------------------------------------------------------------------------------------

    def _checked(self, payload: object, problems: object) -> None:
        self._payload = payload if isinstance(payload, dict) else None
        self._problems = problems if isinstance(problems, list) else []
        self._refresh()

    def why_off(self) -> str:
        """Why nothing can be sent right now, "" when it can."""
        charger = self._mirror.chargers.get(self._charger_id)
        if not self._mirror.connected:
            return tr("The engine does not answer.")
        if charger is None or charger.state is ChargerState.PENDING:
            return tr("This charger is not accepted: let it join first.")
        if charger.state is ChargerState.OFFLINE:
            return tr("The charger is offline: nothing reaches it until it dials in again.")
        if self._pair is None:
            return tr("Choose a message first.")
        if self._problems or self._payload is None:
            return tr("The payload breaks the schema: see the marked lines.")
        return tr("It waits for the answer.") if self._busy else ""

    def _refresh(self) -> None:
        if self._over:
            return
        why = self.why_off()
        self.send.why_off(why)
        self.send.setText(tr("Send {action}").format(action=self._pair.action) if self._pair else tr("Send"))
        self.send.updateGeometry()
        if self._pair is None:
            self.verdict.hide()
            self.problems.hide()
            return
        wrong = len(self._problems)
        words = tr("1 problem") if wrong == 1 else tr("{n} problems").format(n=wrong)
        self.verdict.set_look(Look("warning", words, "warn") if wrong else Look("check", tr("Valid"), "ok"))
        self.verdict.show()
        told = [tr("Line {n}: {words}").format(n=p.line + 1, words=p.words) for p in self._problems]
        more = [tr("and {n} more").format(n=wrong - SHOWN_PROBLEMS)] if wrong > SHOWN_PROBLEMS else []
        off = [why] if why and not wrong else []
        self.problems.setText("\n".join(told[:SHOWN_PROBLEMS] + more + off))
        self.problems.setVisible(bool(wrong or off))

    def send_now(self) -> None:
        """Ask first where the message can do harm, then send."""
        self.editor.check()
        if not self.why_off() and self._pair is not None and self._payload is not None:
            self._client.spawn(self._send(self._pair, self._payload))

    async def _send(self, pair: SchemaPair, payload: dict[str, Any]) -> None:
        label, danger = self._mirror.label(self._charger_id), DANGERS.get(pair.action)
        if danger is not None:
            title = tr("Send {action} to {label}?").format(action=pair.action, label=label)
            deed = tr("Send {action}").format(action=pair.action)
            if not await confirm(self, self.theme, title, tr(danger), deed, tr("Do not send"), danger=True):
                return
        self._busy = True
        self._refresh()
        self._say(Look("clock", tr("Waits"), "muted"), tr("{action} was sent.").format(action=pair.action), None)
        remember(self._settings, pair.action, payload)
        answer, sentence = None, ""
        try:
            answer = await self._client.call("charger.raw", Raw(self._charger_id, pair.action, payload), PATIENCE_S)
        except EvdeskError as error:
            sentence = error.sentence
        self._busy = False
        if self._over:
            return
        if isinstance(answer, RawAnswer):
            self._answered(pair, answer)
        else:
            self._say(Look("warning", tr("Not done"), "warn"), sentence, None)
        self._refresh()

    def _answered(self, pair: SchemaPair, answer: RawAnswer) -> None:
        wrong = schemas.inspect_with(pair.response, pair.action, answer.payload) if pair.response else []
        marks = {one.path: (one.title, "warn") for one in wrong}
        words = tr("1 breach") if len(wrong) == 1 else tr("{n} breaches").format(n=len(wrong))
        look = Look("warning", words, "warn") if wrong else Look("check", tr("Valid"), "ok")
        told = tr("{action} was answered in {time}.").format(action=pair.action, time=latency(answer.ms) or "?")
        if answer.audit_id is not None:
            told += tr(" Row {n} of the log.").format(n=answer.audit_id)
        self._say(look, told, (answer.payload, marks))

    def _say(self, look: Look, told: str, value: tuple[Any, dict[str, tuple[str, str]]] | None) -> None:
        self.answer_chip.set_look(look)
        self.answer_told.setText(told)
        self.answer.setVisible(value is not None)
        if value is not None:
            self.answer.show_value(*value)
