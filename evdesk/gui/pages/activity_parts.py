"""Parts of the activity's detail pane: the moments, before and after, and the row's neighbours in the chain."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import icons, text, tokens
from evdesk.gui.pages.activity_words import (
    Entry,
    answer_words,
    clean,
    is_secret,
    number,
    shown,
    took,
    where_words,
    who_icon,
)
from evdesk.gui.text import tr
from evdesk.gui.theme import current, mono_font
from evdesk.gui.widgets import Label, Painted, Picture, draw
from evdesk.model import AuditRow


@dataclass(frozen=True, slots=True)
class Moment:
    """One of: asked, written down, answered, read back."""

    icon: str
    role: str
    title: str
    when: str
    told: str


def moments(entry: Entry, now: float) -> list[Moment]:
    """The story of an entry, in the order it happened; what is not known is left out or said."""
    row = entry.first
    if row.kind == "noted":
        told = str(row.detail.get("sentence") or tr("An event without a command."))
        return [Moment("info", "info", tr("Noted"), text.clock_ms(row.at), told)]
    found = [_asked(entry)]
    if entry.asked is not None:
        found.append(Moment("lock", "muted", tr("Written down"), "", tr("before the command left")))
    found.append(_answered(entry, now))
    back = _read_back(entry)
    return [*found, back] if back is not None else found


def _asked(entry: Entry) -> Moment:
    row = entry.first
    told = f"{row.who}, {where_words(row)}"
    reason = entry.args.get("why", entry.args.get("reason"))
    if isinstance(reason, str) and reason:
        told += tr(". Reason: {why}").format(why=reason.replace("/", " "))
    details = ", ".join(
        _argument(name, value)
        for name, value in clean(entry.args).items()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and name not in ("why", "reason")
    )
    return Moment(
        who_icon(row), "accent", tr("Asked"), text.clock_ms(row.at), f"{told}\n{details}" if details else told
    )


def _argument(name: str, value: object) -> str:
    """ "limit 10 A", "connector 1", "kind soft" """
    unit = " A" if name.endswith("_a") else ""
    return f"{name.removesuffix('_a').removesuffix('_id').replace('_', ' ')} {shown(name, value)}{unit}"


def _answered(entry: Entry, now: float) -> Moment:
    answer = answer_words(entry, now)
    row = entry.answered
    if row is None:
        return Moment(answer.icon, answer.role, answer.text, "", tr("The answer is written here when it comes."))
    ours = row.outcome == "stored"
    title = tr("Stored by evdesk") if ours else tr("Charger answered") if row.outcome == "accepted" else answer.text
    spent = took(row.detail.get("ms")) or (took((row.at - entry.asked.at) * 1000) if entry.asked is not None else "")
    told = str(row.detail.get("sentence") or row.detail.get("status") or row.outcome)
    return Moment(answer.icon, answer.role, title, f"+{spent}" if spent else "", told)


def _read_back(entry: Entry) -> Moment | None:
    row, wanted = entry.answered, entry.args.get("value")
    if row is None or row.outcome == "stored" or row.detail.get("after") is None:
        return None
    if is_secret(str(entry.args.get("name", ""))):
        return Moment("check-circle", "ok", tr("Read back"), "", tr("not shown: it is a secret"))
    after = str(row.detail["after"])
    if wanted is None or str(wanted).strip().lower() == after.strip().lower() or str(wanted).startswith("("):
        words = tr("{after}, as asked") if wanted is not None else "{after}"
        shown_after = shown(str(entry.args.get("name", "")), after)
        return Moment("check-circle", "ok", tr("Read back"), "", words.format(after=shown_after))
    told = tr("{after} instead of {wanted}").format(after=after, wanted=number(wanted))
    return Moment("warning", "warn", tr("Read back"), "", told)


class Moments(QWidget):
    """The moments as icon, bold word, time and a line under it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self.shown: list[Moment] = []

    def show_moments(self, wanted: list[Moment]) -> None:
        if wanted == self.shown:
            return
        self.shown = wanted
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for moment in wanted:
            self._column.addWidget(self._one(moment))

    def _one(self, moment: Moment) -> QWidget:
        held = QWidget(self)
        grid = QGridLayout(held)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(Picture(moment.icon, moment.role, icons.ROW, held), 0, 0, Qt.AlignmentFlag.AlignTop)
        head = QHBoxLayout()
        head.setSpacing(5)
        head.addWidget(Label(moment.title, "card", parent=held))
        head.addWidget(Label(moment.when, "small", "muted", held, selectable=True))
        head.addStretch(1)
        grid.addLayout(head, 0, 1)
        grid.addWidget(Label(moment.told, "small", parent=held, wrap=True, selectable=True), 1, 1)
        held.setAccessibleName(f"{moment.title} {moment.when}: {moment.told}")
        return held


class BeforeAfter(Painted):
    """Two boxes side by side: what it was, what it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ("", "")
        self.setFixedHeight(58)

    def show_values(self, values: tuple[str, str] | None) -> None:
        self.setVisible(values is not None)
        if values is not None:
            self._words = values
            self.setAccessibleName(tr("Before {a}, after {b}").format(a=values[0], b=values[1]))
            self.setToolTip(" → ".join(values) if max(map(len, values)) > 16 else "")
            self.update()

    def values(self) -> tuple[str, str]:
        return self._words

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), current()
        rect, half, line = QRectF(self.rect()), self.width() / 2, float(theme.edge)
        draw.box(painter, rect, theme.color("surface"), theme.color("border"), tokens.RADIUS_CONTROL, line)
        painter.setClipRect(QRectF(half, 0, half, rect.height()))
        draw.box(painter, rect, theme.color("accentSoft"), theme.color("border"), tokens.RADIUS_CONTROL, line)
        painter.setClipping(False)
        painter.setPen(QPen(theme.color("border"), line))
        painter.drawLine(round(half), 1, round(half), self.height() - 1)
        for left, title, value in ((13.0, tr("Before"), self._words[0]), (half + 13, tr("After"), self._words[1])):
            draw.text(painter, left, 20, title, "small", "muted")
            kind = "page" if draw.width(value, "page") < half - 24 else "small"
            draw.text(painter, left, 43, draw.elided(value, kind, half - 22), kind, "text")


class ChainLinks(Painted):
    """The row between its neighbours: number, deed, last two letters of the hash, and whether the link fits."""

    chosen = Signal(int)
    HIGH = 31

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[tuple[AuditRow, str, bool]] = []
        self._here = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_rows(self, rows: list[tuple[AuditRow, str]], here: int) -> None:
        """`rows` oldest first with their words; a link fits when `prev` is the hash of the row before."""
        self._here = here
        self._lines = []
        for number_, (row, words) in enumerate(rows):
            before = rows[number_ - 1][0] if number_ else None
            fits = before is None or before.id != row.id - 1 or row.prev == before.hash
            self._lines.append((row, words, fits))
        self.setVisible(bool(rows))
        told = [f"{row.id} {words}" + ("" if fits else tr(", does not fit")) for row, words, fits in self._lines]
        self.setAccessibleName(tr("In the chain: {rows}").format(rows="; ".join(told)))
        self.updateGeometry()
        self.update()

    def all_fit(self) -> bool:
        return all(fits for _, _, fits in self._lines)

    def sizeHint(self) -> QSize:
        return QSize(200, self.HIGH * len(self._lines) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = int(event.position().y()) // self.HIGH
        if 0 <= place < len(self._lines):
            self.chosen.emit(self._lines[place][0].id)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), current()
        line = float(theme.edge)
        edge = theme.color("border")
        draw.box(painter, QRectF(self.rect()), theme.color("surface"), edge, tokens.RADIUS_CONTROL, line)
        for place, (row, words, fits) in enumerate(self._lines):
            top, mine = 1 + place * self.HIGH, row.id == self._here
            if mine:
                painter.fillRect(QRectF(line, top, self.width() - 2 * line, self.HIGH), theme.color("selection"))
            elif place:
                painter.fillRect(QRectF(line, top, self.width() - 2 * line, line), edge)
            middle = top + self.HIGH / 2
            role = "ok" if fits else "danger"
            icons.paint(painter, "link" if fits else "octagon", role, QRectF(11, middle - 7, 14, 14))
            base = middle + draw.metrics("small").capHeight() / 2
            used = 34 + draw.text(
                painter, 34, base, text.count(row.id), "chip" if mine else "small", "text" if mine else "muted"
            )
            painter.setFont(mono_font(11))
            painter.setPen(theme.color("muted"))
            tail = row.hash[-2:] or "?"
            painter.drawText(
                QRectF(self.width() - 40, top, 28, self.HIGH),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                tail,
            )
            room = self.width() - 56 - used
            draw.text(painter, used + 13, base, draw.elided(words, "small", room), "small", "text" if mine else "muted")
