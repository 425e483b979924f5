"""The Findings tab: where this charger departs from the specification, how often, and what evdesk did about it."""

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import icons, text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import mono_font
from evdesk.gui.widgets import GHOST, Button, Chip, ElidedLabel, EmptyState, Label, Picture, Rule, copy
from evdesk.model import EvdeskError, Finding
from evdesk.ocpp.rules import explain
from evdesk.wire.methods import OptionalCharger


def finding_text(one: Finding) -> str:
    """One finding as plain text, for the clipboard and a mail to the maker."""
    parts = [
        f"{one.charger_id}: {one.sentence}",
        tr("Rule: {rule}").format(rule=one.rule),
        tr("Seen: {n} times, {first} to {last}").format(
            n=one.count, first=text.iso(one.first_at), last=text.iso(one.last_at)
        ),
        tr("Specification: {clause}").format(clause=one.clause) if one.clause else "",
        tr("Value: {raw}").format(raw=one.raw) if one.raw else "",
        tr("Message: {message}").format(message=one.message) if one.message else "",
    ]
    return "\n".join(part for part in parts if part)


def breakable(words: str) -> str:
    """The words with places where a line may break, so that a long value does not widen its card."""
    return re.sub(r"([,:;{}\[\]&=/]|\S{30})", "\\1\u200b", words)


class FindingCard(QFrame):
    """One rule: what it means, how often, what stood there, what evdesk did, what its maker can do."""

    def __init__(self, one: Finding, now: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = explain(one.rule)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        icon, role = ("info", "info") if words.note else ("warning", "warn")
        head.addWidget(Picture(icon, role, icons.ROW, self), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(Label(words.title, "card", parent=self, wrap=True, selectable=True), 1)
        times = tr("once") if one.count == 1 else tr("{n} times").format(n=text.count(one.count))
        head.addWidget(Chip(Look("", times, role), self), 0, Qt.AlignmentFlag.AlignTop)
        taken = Button("", "copy", GHOST, self, label=tr("Copy this finding"), dense=True)
        taken.clicked.connect(lambda: copy(finding_text(one)))
        head.addWidget(taken, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        self._line(column, breakable(one.sentence), "small", "text")
        if one.raw:
            example = self._line(column, breakable(one.raw), "small", "text")
            example.setFont(mono_font(12))
        clause = one.clause or words.clause
        seen = tr("{first} to {last}").format(first=text.moment(one.first_at, now), last=text.moment(one.last_at, now))
        if one.count == 1:
            seen = text.moment(one.last_at, now)
        self._line(column, text.reasons(clause, seen, breakable(one.rule)), "small")
        self._line(column, tr("evdesk: {did}").format(did=words.did), "small")
        self._line(column, tr("To the maker: {advice}").format(advice=words.advice), "small")
        self.setAccessibleName(finding_text(one))

    def _line(self, column: QVBoxLayout, words: str, kind: str, role: str = "muted") -> Label:
        label = Label(words, kind, role, self, wrap=True, selectable=True)
        label.setContentsMargins(24, 0, 0, 0)
        column.addWidget(label)
        return label


class FindingsTab(QWidget):
    """Read when looked at, when the charger's count changes, and with F5. `navigate(page or deed, argument)`."""

    navigate = Signal(str, object)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self._row: ConnectorRow | None = None
        self._seen: tuple[str, int] = ("", -1)
        self._reading = False
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.viewport().setAutoFillBackground(False)
        self.empty = EmptyState("check-circle", "", "", parent=self)
        self.told = ElidedLabel("", "small", "muted", self)
        self.messages = Button(
            tr("Messages"), "message", parent=self, dense=True, label=tr("The messages with a breach")
        )
        self.sheet = Button(tr("Conformance sheet..."), "file", parent=self, dense=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        tools = QHBoxLayout()
        tools.setContentsMargins(14, 0, 12, 0)
        tools.setSpacing(8)
        tools.addWidget(self.told, 1)
        tools.addWidget(self.messages)
        tools.addWidget(self.sheet)
        column.addLayout(tools)
        self.stack = QStackedLayout()
        self.stack.addWidget(self.area)
        self.stack.addWidget(self.empty)
        column.addLayout(self.stack, 1)
        self.messages.clicked.connect(lambda: self._go("messages"))
        self.sheet.clicked.connect(lambda: self._go("sheet"))
        self.findings: list[Finding] = []

    def _go(self, where: str) -> None:
        if self._row is not None:
            charger_id = self._row.charger.id
            query = f'charger:"{charger_id}" verdict:breach'
            self.navigate.emit(where, query if where == "messages" else charger_id)

    def show_row(self, row: ConnectorRow) -> None:
        self._row = row
        if self.isVisible() and self._seen != (row.charger.id, row.charger.findings):
            self.read()

    def read(self) -> None:
        if self._row is not None and not self._reading and self._mirror.connected:
            self._reading = True
            self._client.spawn(self._read(self._row))

    async def _read(self, row: ConnectorRow) -> None:
        error_words = ""
        found: list[Finding] = []
        try:
            found = await self._client.call("finding.list", OptionalCharger(row.charger.id))
        except EvdeskError as error:
            error_words = error.sentence
        finally:
            self._reading = False
        if self._row is None or self._row.charger.id != row.charger.id:
            return
        self._seen = (row.charger.id, row.charger.findings)
        self.findings = sorted((f for f in found if f.charger_id == row.charger.id), key=lambda f: -f.last_at)
        if error_words:
            self.empty.set_words(tr("Findings cannot be read"), error_words)
        else:
            told = tr("What this charger sends fits the specification so far.")
            self.empty.set_words(tr("Nothing found"), told)
        self._fill()

    def _fill(self) -> None:
        broken = [one for one in self.findings if not explain(one.rule).note]
        times = sum(one.count for one in broken)
        words = tr("1 rule, {times}") if len(broken) == 1 else tr("{n} rules, {times}")
        seen = tr("once") if times == 1 else tr("{n} times").format(n=text.count(times))
        self.told.setText(words.format(n=len(broken), times=seen) if broken else "")
        if not self.findings:
            self.stack.setCurrentWidget(self.empty)
            return
        held = QWidget()
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for one in self.findings:
            column.addWidget(FindingCard(one, self._mirror.now(), held))
            column.addWidget(Rule(held))
        column.addStretch(1)
        self.area.setWidget(held)
        held.setAutoFillBackground(False)
        self.stack.setCurrentWidget(self.area)
