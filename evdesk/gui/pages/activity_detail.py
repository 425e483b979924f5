"""The detail pane of the Activity page: the moments of one entry, before and after, its place in the chain."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.activity_export import json_line
from evdesk.gui.pages.activity_parts import BeforeAfter, ChainLinks, Moments, moments
from evdesk.gui.pages.activity_words import Entry, before_after, is_secret, key_of, what_words
from evdesk.gui.pages.chargers_actionbar import ReportLine
from evdesk.gui.pages.chargers_actions import Sender
from evdesk.gui.text import tr
from evdesk.gui.theme import current, mono_font
from evdesk.gui.widgets import GHOST, Button, Card, EmptyState, Label, Rule, Strip, copy
from evdesk.model import AuditRow, EvdeskError
from evdesk.wire.methods import AuditPage, WriteSetting

NEAR = 12
"""So many rows around the chosen one are asked for: its neighbours, and its answer where the filter left it out."""


def short_hash(value: str) -> str:
    """ "b71e 40c2 9d5f … a8" """
    if len(value) < 16:
        return value or text.unknown()
    return f"{value[:4]} {value[4:8]} {value[8:12]} … {value[-2:]}"


def copied(entry: Entry) -> str:
    """The rows of an entry as JSON lines, secrets left out."""
    return "\n".join(json_line(row) for row in (entry.asked, entry.answered) if row is not None)


class ActivityDetail(Card):
    """`show_entry` follows one entry. `navigate(charger id)` leads to the charger, `row_wanted(id)` to another row."""

    navigate = Signal(str)
    row_wanted = Signal(int)
    back = Signal()

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror, self._client = mirror, client
        self._entry: Entry | None = None
        self.near: list[AuditRow] = []
        self.checked = ""
        self.deeds = Sender(client, self)
        self.title = Label("", "name", parent=self, wrap=True, selectable=True)
        self.where = Label("", "small", "muted", self, wrap=True)
        self.back_button = Button("", "arrow-left", GHOST, self, label=tr("Back to the list"))
        self.moments = Moments(self)
        self.values = BeforeAfter(self)
        self.hashes = Hashes(self)
        self.links = ChainLinks(self)
        self.set_back = Button(tr("Set back"), "refresh", parent=self, dense=True)
        self.copy_button = Button(tr("Copy row"), "copy", parent=self, dense=True)
        self.charger = Button("", "charger", GHOST, self, label=tr("Show the charger"), dense=True)
        self.report = ReportLine(self)
        self.empty = EmptyState("activity", tr("No row chosen"), tr("Choose one in the list."), parent=self)
        self.outer = QStackedWidget(self)
        self._lay_out()
        self._wire()
        self.show_entry(None)

    def _wire(self) -> None:
        self.back_button.clicked.connect(self.back)
        self.links.chosen.connect(self.row_wanted)
        self.copy_button.clicked.connect(self.copy_entry)
        self.charger.clicked.connect(self._to_charger)
        self.set_back.clicked.connect(self._set_back)
        self.deeds.reported.connect(lambda _charger, report: self.report.show_report(report))

    def _lay_out(self) -> None:
        held, inner = QWidget(self), QWidget(self)
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(14, 10, 14, 10)
        names = QVBoxLayout()
        names.setSpacing(1)
        names.addWidget(self.title)
        names.addWidget(self.where)
        head.addWidget(self.back_button)
        head.addLayout(names, 1)
        column.addLayout(head)
        column.addWidget(Rule(self))
        body = QVBoxLayout(inner)
        body.setContentsMargins(14, 12, 14, 12)
        body.setSpacing(12)
        for widget in (self.moments, self.values, Rule(self), self.hashes, self.links):
            body.addWidget(widget)
        body.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        column.addWidget(area, 1)
        self._add_foot(column)
        self.outer.addWidget(held)
        self.outer.addWidget(self.empty)
        self.body.addWidget(self.outer)
        self.back_button.hide()

    def _add_foot(self, column: QVBoxLayout) -> None:
        told = QHBoxLayout()
        told.setContentsMargins(14, 0, 14, 8)
        told.addWidget(self.report)
        column.addLayout(told)
        column.addWidget(Rule(self))
        foot = Strip(self, 52)
        for button in (self.set_back, self.copy_button):
            foot.row.addWidget(button)
        foot.row.addStretch(1)
        foot.row.addWidget(self.charger)
        column.addWidget(foot)

    # -- showing ------------------------------------------------------------------------------------------------------

    def entry(self) -> Entry | None:
        return self._entry

    def show_entry(self, entry: Entry | None) -> None:
        """Show this entry; its neighbours are asked for when it is another one."""
        other = entry is None or self._entry is None or entry.key != self._entry.key
        self._entry = entry
        self.outer.setCurrentIndex(1 if entry is None else 0)
        if entry is None:
            return
        if other:
            self.report.show_report(None)
            self.near = []
        self._fill(entry)
        if self._mirror.connected and (other or entry.answered is not None):
            self._client.spawn(self._read_near(entry.key))

    def _fill(self, entry: Entry) -> None:
        row = entry.first
        self.title.setText(what_words(entry))
        parts = (self._on(row.target), tr("row {n}").format(n=text.count(row.id)), text.day(row.at))
        self.where.setText(", ".join(part for part in parts if part))
        self.moments.show_moments(moments(entry, self._mirror.now()))
        self.values.show_values(before_after(entry))
        self.hashes.set(tr("This row"), short_hash(row.hash), row.hash)
        self.hashes.set(tr("Row before"), short_hash(row.prev), row.prev)
        self.hashes.set(tr("Chain"), self.checked or tr("not checked yet"), "")
        self.links.show_rows(self._around(row), row.id)
        known = row.target in self._mirror.chargers
        self.charger.setVisible(known)
        before = self._before(entry)
        self.set_back.setVisible(before is not None)
        if before is not None:
            self.set_back.setText(tr("Set back to {value}").format(value=before))
            self.set_back.why_off("" if self._mirror.connected else tr("The engine does not answer."))
            self.set_back.updateGeometry()

    def _on(self, target: str) -> str:
        return self._mirror.label(target) if target in self._mirror.chargers else target

    def _around(self, row: AuditRow) -> list[tuple[AuditRow, str]]:
        """The row between the one before and the one after it, as far as they are known."""
        by_id = {one.id: one for one in self.near}
        by_id[row.id] = row
        found = []
        for number in (row.id - 1, row.id, row.id + 1):
            if number in by_id:
                found.append((by_id[number], self._link_words(by_id[number], row)))
        return found

    def _link_words(self, one: AuditRow, here: AuditRow) -> str:
        if one.id == here.id:
            return tr("This row")
        if one.ref == here.id:
            return tr("Its answer")
        words = what_words(Entry(key_of(one)).joined(one))
        return tr("Answer: {what}").format(what=words) if one.kind == "answered" else words

    async def _read_near(self, key: int) -> None:
        try:
            rows: list[AuditRow] = await self._client.call("audit.list", AuditPage(NEAR, before_id=key + NEAR - 2))
        except EvdeskError:
            return  # the row itself is shown; only its neighbours are missing
        entry = self._entry
        if entry is None or entry.key != key:
            return
        self.near = rows
        for row in rows:
            if key_of(row) == key and row.id not in {r.id for r in (entry.asked, entry.answered) if r is not None}:
                entry = entry.joined(row)
        self._entry = entry
        self._fill(entry)

    # -- deeds --------------------------------------------------------------------------------------------------------

    def copy_entry(self) -> None:
        entry = self._entry
        if entry is not None:
            words = [what_words(entry), self.where.text()]
            words += [f"{m.title} {m.when}: {m.told}" for m in self.moments.shown]
            copy("\n".join(words) + "\n" + copied(entry))

    def _to_charger(self) -> None:
        if self._entry is not None:
            self.navigate.emit(self._entry.first.target)

    def _before(self, entry: Entry) -> str | None:
        """The value a written setting had, where it can be set back."""
        row, name = entry.answered, str(entry.args.get("name", ""))
        if row is None or row.outcome != "accepted" or not row.what.endswith("write_setting") or is_secret(name):
            return None
        before, after = row.detail.get("before"), row.detail.get("after")
        return str(before) if before is not None and before != after and row.target in self._mirror.chargers else None

    def _set_back(self) -> None:
        entry = self._entry
        before = self._before(entry) if entry is not None else None
        if entry is not None and before is not None:
            name = str(entry.args["name"])
            title = tr("{name} back to {value}").format(name=name, value=before)
            self.deeds.send(
                entry.first.target,
                "write",
                title,
                "charger.write_setting",
                WriteSetting(entry.first.target, name, before),
            )


class Hashes(QWidget):
    """Names and short hashes; the whole hash is in the tool tip and goes to the clipboard with a click."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._labels: dict[str, Label] = {}
        current().changed.connect(self._dress)

    def set(self, name: str, words: str, whole: str) -> None:
        if name not in self._labels:
            line = QHBoxLayout()
            line.setSpacing(10)
            key = Label(name, "small", "muted", self)
            key.setFixedWidth(70)
            self._labels[name] = Label("", "small", "text", self, selectable=True)
            line.addWidget(key)
            line.addWidget(self._labels[name], 1)
            self._column.addLayout(line)
        label = self._labels[name]
        label.setText(words)
        label.setToolTip(whole)
        label.setProperty("mono", bool(whole))
        label.setAccessibleName(f"{name}: {whole or words}")
        self._dress()

    def _dress(self) -> None:
        for label in self._labels.values():
            if label.property("mono"):
                label.setFont(mono_font(12))
