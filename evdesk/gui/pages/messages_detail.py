"""The detail pane of the Messages page: the call, its answer, what is wrong and what evdesk did about it."""

import json
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from evdesk.gui import icons, text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.messages_json import TALLEST, JsonView
from evdesk.gui.pages.messages_words import action_words, frame_look, latency, verdict_look, when
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import (
    GHOST,
    Button,
    Card,
    Chip,
    ElidedLabel,
    EmptyState,
    Label,
    Picture,
    Rule,
    Segmented,
    Strip,
    copy,
)
from evdesk.model import EvdeskError
from evdesk.wire.messages import BreachSeen, ExchangeRow, ExchangeWhole, FrameWhole, OneMessage

LINE, LEAST_LINES, WORDS_ROOM = 16, 12, 390
"""A long payload leaves room for what is wrong with it."""
PAYLOAD_AT = {"call": 3, "send": 3, "result": 2}


def payload_of(frame: FrameWhole) -> Any:
    """What the Decoded view shows: the payload; an error's code, description and details; else the text as it is."""
    try:
        told = json.loads(frame.text)
    except (ValueError, RecursionError):
        return frame.text
    place = PAYLOAD_AT.get(frame.kind)
    if place is not None and isinstance(told, list) and len(told) > place:
        return told[place]
    if frame.kind == "error" and isinstance(told, list) and len(told) > 2:
        names = ("errorCode", "errorDescription", "errorDetails")
        return dict(zip(names, told[2:], strict=False))
    return told


def marks_of(frame: FrameWhole) -> dict[str, tuple[str, str]]:
    """JSON pointer to (words, role) for the lines that are wrong."""
    found: dict[str, tuple[str, str]] = {}
    for one in frame.breaches:
        words = f"{one.title}\n{one.clause}".strip()
        before = found.get(one.path)
        found[one.path] = (f"{before[0]}\n{words}" if before else words, "info" if one.note else "warn")
    return found


def copied(whole: ExchangeWhole) -> str:
    """Every frame of the exchange as text, one a line, as it was on the wire."""
    return "\n".join(frame.text for frame in whole.frames if frame.text)


def answer_title(frame: FrameWhole) -> str:
    titles = {"timeout": tr("No answer"), "lost": tr("No answer"), "error": tr("Error")}
    return titles.get(frame.kind, tr("Answer"))


class FrameView(QWidget):
    """One frame under its strip: direction, what it is, its own verdict at the right."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: FrameWhole | None = None
        self._raw = False
        self.way = Picture("arrow-left", "muted", icons.ROW, self)
        self.title = Label(title, "card", parent=self)
        self.told = Label("", "small", "muted", self)
        self.chip = Chip(parent=self, bare=True)
        self.view = JsonView(title, self)
        self.strip = Strip(self, max(36, current().control + 2))
        for widget in (self.way, self.title, self.told):
            self.strip.row.addWidget(widget)
        self.strip.row.addStretch(1)
        self.strip.row.addWidget(self.chip)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.strip, Rule(self), self.view, Rule(self)):
            column.addWidget(part)

    def show_frame(self, frame: FrameWhole, told: str, raw: bool) -> None:
        came = frame.direction == "in"
        self._frame, self._raw = frame, raw
        self.way.set("arrow-left" if came else "arrow-right", "muted" if came else "accent")
        self.told.setText(told)
        self.chip.set_look(frame_look(frame))
        self.set_raw(raw)

    def set_raw(self, raw: bool) -> None:
        self._raw = raw
        if self._frame is None:
            return
        self.view.setVisible(bool(self._frame.text))
        value = self._frame.text if raw else payload_of(self._frame)
        if raw or isinstance(value, str):
            self.view.show_text(str(value))
        else:
            self.view.show_value(value, marks_of(self._frame))


class BreachRow(QWidget):
    """One rule that was broken: what, where it stands, what evdesk did, how often."""

    def __init__(self, one: BreachSeen, now: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(10)
        role = "info" if one.note else "warn"
        picture = Picture("info" if one.note else "warning", role, icons.ROW, self)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(one.title, "card", parent=self, wrap=True, selectable=True))
        times = tr("Once.") if one.count == 1 else tr("{n} times since {day}.")
        times = times.format(n=text.count(one.count), day=text.moment(one.first_at, now))
        clause = f"{one.clause}. " if one.clause else ""
        words.addWidget(Label(f"{clause}{one.did} {times}", "small", "muted", self, wrap=True, selectable=True))
        row.addLayout(words, 1)
        self.setAccessibleName(f"{one.title}. {clause}{one.did} {times}")


class MessageDetail(Card):
    """`show_row` reads the exchange whole. Signals ask the page for what is not the pane's."""

    navigate = Signal(str, object)  # a page or a deed, its argument
    only_asked = Signal(str)  # charger id
    back = Signal()

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror, self._client = mirror, client
        self._row: ExchangeRow | None = None
        self._reading = 0
        self.whole: ExchangeWhole | None = None
        self.title = ElidedLabel("", "name", parent=self)
        self.origin = Label("", "body", "muted", self)
        self.chip = Chip(parent=self)
        self.facts = ElidedLabel("", "small", "muted", self)
        self.back_button = Button("", "arrow-left", GHOST, self, label=tr("Back to the list"))
        self.mode = Segmented([("decoded", tr("Decoded")), ("raw", tr("Raw"))], self)
        self.copy_button = Button(tr("Copy"), "copy", GHOST, self, dense=True)
        self.frames: list[FrameView] = []
        self.finding = Button(tr("Open finding"), parent=self, dense=True)
        self.only = Button(tr("Only this charger"), parent=self, dense=True)
        self.sheet = Button(tr("Conformance sheet..."), "file", GHOST, self, dense=True)
        self.send = Button(tr("Send a message..."), "arrow-right", parent=self, dense=True)
        self.empty = EmptyState("message", tr("No message chosen"), tr("Choose one in the list."), parent=self)
        self.outer = QStackedWidget(self)
        self._lay_out()
        self._wire()
        self.show_row(None)

    def _lay_out(self) -> None:
        held, self._inner = QWidget(self), QWidget(self)
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head, line, second = QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.setContentsMargins(12, 9, 12, 9)
        head.setSpacing(3)
        line.setSpacing(8)
        line.addWidget(self.back_button)
        line.addWidget(self.title, 1)
        line.addWidget(self.origin)
        line.addStretch(0)
        line.addWidget(self.chip)
        second.addWidget(self.facts, 1)
        head.addLayout(line)
        head.addLayout(second)
        column.addLayout(head)
        column.addWidget(Rule(self))
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self._inner)
        self._inner.setAutoFillBackground(False)
        self.area.viewport().setAutoFillBackground(False)
        column.addWidget(self.area, 1)
        column.addWidget(Rule(self))
        foot = Strip(self, 52)
        for button in (self.finding, self.only):
            foot.row.addWidget(button)
        foot.row.addStretch(1)
        foot.row.addWidget(self.send)
        column.addWidget(foot)
        self.outer.addWidget(held)
        self.outer.addWidget(self.empty)
        self.body.addWidget(self.outer)
        self.back_button.hide()

    def _wire(self) -> None:
        self.back_button.clicked.connect(self.back)
        self.mode.changed.connect(self._set_mode)
        self.copy_button.clicked.connect(self.copy_frames)
        self.finding.clicked.connect(self._ask_finding)
        self.only.clicked.connect(self._ask_only)
        self.send.clicked.connect(self._ask_send)
        self.sheet.clicked.connect(self._ask_sheet)

    # -- showing ------------------------------------------------------------------------------------------------------

    def let_go(self) -> None:
        """Nobody looks any more: what is still read is not shown, and read again with the next `show_row`."""
        self._reading += 1
        if self.whole is None:
            self._row = None

    def row(self) -> ExchangeRow | None:
        return self._row

    def show_row(self, row: ExchangeRow | None) -> None:
        """Show this exchange; it is read again when its answer has come."""
        other = row is None or self._row is None or row.id != self._row.id
        if not other and row == self._row:
            return
        self._row = row
        self.outer.setCurrentIndex(1 if row is None else 0)
        if row is None:
            self.whole = None
            self._clear()
            return
        if other:
            self.whole = None
            self.area.verticalScrollBar().setValue(0)
        self._head(row)
        if self._mirror.connected:
            self._reading += 1
            self._client.spawn(self._read(row.id, self._reading))

    def _head(self, row: ExchangeRow) -> None:
        self.title.setText(action_words(row))
        label = self._mirror.label(row.charger_id)
        words = tr("from {label}") if row.direction == "in" else tr("to {label}")
        self.origin.setText(words.format(label=label))
        self.chip.set_look(verdict_look(row, chip=True))
        self.facts.setText(self._facts(row))
        wrong = row.breaches > 0
        self.finding.why_off("" if wrong else tr("This message breaks no rule."))
        known = row.charger_id in self._mirror.chargers
        self.send.why_off("" if known else tr("This charger is not known any more."))
        self.sheet.why_off("" if known else tr("This charger is not known any more."))

    def _facts(self, row: ExchangeRow) -> str:
        parts = [when(row.at, self._mirror.now())]
        if row.verdict == "timeout":
            parts.append(tr("no answer in {time}").format(time=latency(row.latency_ms)))
        elif row.latency_ms is not None:
            parts.append(tr("answered in {time}").format(time=latency(row.latency_ms)))
        if self.whole is not None and self.whole.row.id == row.id:
            parts.append(tr("{n} bytes").format(n=text.count(self.whole.frames[0].size)))
        if row.protocol:
            parts.append(f"OCPP {row.protocol.removeprefix('ocpp')}")
        if row.message_id:
            parts.append(tr("id {id}").format(id=row.message_id))
        return ", ".join(parts)

    async def _read(self, number: int, turn: int) -> None:
        try:
            whole: ExchangeWhole = await self._client.call("message.get", OneMessage(number))
        except EvdeskError as error:
            if turn == self._reading:
                self._clear()
                self._add(Label(error.sentence, "small", "muted", self._inner, wrap=True), 14)
            return
        if turn == self._reading and self._row is not None and self._row.id == number:
            self.whole = whole
            self._head(self._row)
            self._fill(whole)

    def _fill(self, whole: ExchangeWhole) -> None:
        self._clear()
        raw = self.mode.current() == "raw"
        found = [one for frame in whole.frames for one in frame.breaches]
        room = self._room()
        for place, frame in enumerate(whole.frames):
            view = FrameView(tr("Call") if place == 0 else answer_title(frame), self._inner)
            view.view.set_tallest(room)
            view.show_frame(frame, self._told(frame, whole.frames[0]) if place else "", raw)
            if place == 0:
                view.chip.hide()
                view.strip.row.addWidget(self.mode)
                view.strip.row.addWidget(self.copy_button)
                self.mode.show()
                self.copy_button.show()
            self.frames.append(view)
            self._add(view)
        if found:
            title = Strip(self._inner, max(34, current().control + 2))
            title.row.addWidget(ElidedLabel(tr("What is wrong, and what evdesk did"), "card", parent=title), 1)
            title.row.addWidget(self.sheet)
            self.sheet.show()
            self._add(title)
            self._add(Rule(self._inner))
            for one in found:
                self._add(BreachRow(one, self._mirror.now(), self._inner))
                self._add(Rule(self._inner))

    def _room(self) -> int:
        """So many lines of a payload are shown at once."""
        broken = self.whole is not None and any(frame.breaches for frame in self.whole.frames)
        return max(LEAST_LINES, (self.height() - WORDS_ROOM) // LINE) if broken else TALLEST

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for view in self.frames:
            view.view.set_tallest(self._room())

    def _told(self, frame: FrameWhole, call: FrameWhole) -> str:
        after = latency((frame.at - call.at) * 1000.0)
        if frame.kind == "lost":
            return tr("the connection ended {time} later").format(time=after)
        return (tr("within {time}") if frame.kind == "timeout" else tr("{time} later")).format(time=after)

    def _add(self, widget: QWidget, margin: int = 0) -> None:
        if margin:
            widget.setContentsMargins(margin, margin, margin, margin)
        self._column.insertWidget(self._column.count() - 1, widget)

    def _clear(self) -> None:
        for kept in (self.mode, self.copy_button, self.sheet):
            kept.setParent(self)
            kept.hide()
        self.frames = []
        while self._column.count() > 1:
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    # -- deeds --------------------------------------------------------------------------------------------------------

    def _set_mode(self, mode: str) -> None:
        for view in self.frames:
            view.set_raw(mode == "raw")

    def copy_frames(self) -> None:
        if self.whole is not None:
            copy(copied(self.whole))

    def _ask_finding(self) -> None:
        if self._row is not None:
            self.navigate.emit("chargers", f"{self._row.charger_id}#findings")

    def _ask_only(self) -> None:
        if self._row is not None:
            self.only_asked.emit(self._row.charger_id)

    def _ask_send(self) -> None:
        if self._row is not None:
            self.navigate.emit("console", self._row.charger_id)

    def _ask_sheet(self) -> None:
        if self._row is not None:
            self.navigate.emit("sheet", self._row.charger_id)
