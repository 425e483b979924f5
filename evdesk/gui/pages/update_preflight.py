"""Step 3: the checks. A hard one stands whatever is said; a soft one is passed with a reason that stays in the log."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.pages.firmware_words import chargers_words
from evdesk.gui.pages.update_checks import (
    ChecksModel,
    ChecksTable,
    check_lines,
    check_word,
    result_look,
    verdict_look,
)
from evdesk.gui.pages.update_feed import UpdateFeed
from evdesk.gui.pages.update_parts import Line, LinesList, StepPanel, hug
from evdesk.gui.pages.update_plan import (
    LEAST_REASON,
    Plan,
    Ready,
    has_it,
    is_reason,
    readiness,
    soft_checks,
    summary,
    why_not_checked,
)
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, Card, Chip, EmptyState, Label, MoreBelow
from evdesk.model.firmware import Verdict
from evdesk.wire.firmware import Preflight

FEW = 3
"""So many are written out in words; more stand in a table."""
WARNINGS_SHOWN = 6


class WrittenOut(QScrollArea):
    """A card for each charger with every check in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        inside = QWidget()
        inside.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(tokens.GAP)
        self._column.addStretch(1)
        self.setWidget(inside)
        self.cards: list[tuple[Card, Chip, LinesList, LinesList]] = []
        self.more = MoreBelow(self, hint=True)

    def show_rows(self, rows: Sequence[Preflight], override: str) -> None:
        while len(self.cards) < len(rows):
            card = Card(" ", self, head_height=40)
            chip, bad, good = Chip(None, card), LinesList(card), LinesList(card, columns=2)
            card.head.addWidget(chip)
            card.body.setSpacing(16)
            card.body.addWidget(bad)
            card.body.addWidget(good)
            self._column.insertWidget(len(self.cards), card)
            self.cards.append((card, chip, bad, good))
        for number, (card, chip, bad, good) in enumerate(self.cards):
            card.setVisible(number < len(rows))
            if number < len(rows):
                one = rows[number]
                step = tr("{label}, {serial}, {before} to {to}")
                if has_it(one):
                    step = tr("{label}, {serial}, has {to} already")
                card.title.setText(
                    step.format(label=one.label, serial=one.serial, before=one.from_version or "?", to=one.to_version)
                )
                chip.set_look(result_look(one, override))
                bad.set_lines(check_lines(one, passed=False))
                bad.setVisible(bool(bad.lines()))
                good.set_lines(check_lines(one, passed=True))


class OverrideCard(Card):
    """The warnings that are left, and why one goes on nevertheless. `typed(words)`."""

    typed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Warnings need a reason"), parent, head_height=36, padding=12)
        self.lines = LinesList(self)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(tr("Why you go on nevertheless"))
        self.field.setAccessibleName(tr("Reason for going on despite warnings"))
        self.field.setMaxLength(400)
        self.note = Label("", "small", "muted", self, wrap=True)
        for widget in (self.lines, self.field, self.note):
            self.body.addWidget(widget)
        self.field.textChanged.connect(self.typed)

    def show_rows(self, rows: Sequence[Preflight], plan: Plan, code: str = "") -> None:
        """`code`: only this check."""
        soft = [(check, count) for check, count in soft_checks(rows) if code in ("", check.code)]
        self.setVisible(bool(soft))
        shown = [
            Line(
                verdict_look(check.verdict),
                f"{check_word(check.code)}: {check.sentence}",
                chargers_words(count) if len(rows) > 1 else check.advice,
            )
            for check, count in soft[:WARNINGS_SHOWN]
        ]
        self.lines.set_lines(shown)
        if self.field.text() != plan.override:
            self.field.setText(plan.override)
        good = is_reason(plan.override)
        short = bool(plan.override.strip()) and not good
        self.note.setText(
            tr("A few words more: at least {n} letters.").format(n=LEAST_REASON)
            if short
            else tr("Kept in the log and in the report, with your name.")
        )
        self.set_edge("border" if good else "warn")


class PreflightPanel(StepPanel):
    """`changed` when the result, the reason or the choice of chargers changed."""

    def __init__(self, feed: UpdateFeed, plan: Plan) -> None:
        super().__init__()
        self._feed, self._plan = feed, plan
        self.model = ChecksModel(self)
        self.table = ChecksTable(self.model, self)
        self.written = WrittenOut(self)
        self.result = Label("", "card", parent=self)
        self.age = Label("", "small", "muted", self)
        self.again = Button(tr("Check again"), "refresh", parent=self, dense=True)
        self.empty = EmptyState("shield", tr("The checks run"), "", parent=self)
        self.override = OverrideCard(self)
        self.hard = Card(tr("Cannot be passed"), self, head_height=36, padding=12)
        self.hard_lines = LinesList(self)
        self.drop = Button("", "x", parent=self)
        self.same = Card(tr("Nothing new for it"), self, head_height=36, padding=12)
        self.same_lines = LinesList(self)
        self.drop_same = Button("", "x", parent=self)
        self.one = Card(" ", self, head_height=36, padding=12)
        self.one_chip = Chip(None, self, bare=True)
        self.one_lines = LinesList(self)
        self._lay_out()
        self.table.chosen.connect(self._show_one)
        self.again.clicked.connect(self.check)
        self.override.typed.connect(self._typed)
        self.drop.clicked.connect(self._drop)
        self.drop_same.clicked.connect(self._drop_same)
        feed.checked.connect(self._checked)

    def _lay_out(self) -> None:
        head = Card("", self, padding=0)
        row = QHBoxLayout()
        row.setContentsMargins(14, 5, 5, 5)
        row.setSpacing(10)
        row.addWidget(self.result)
        row.addWidget(self.age, 1)
        row.addWidget(self.again)
        head.body.addLayout(row)
        matrix = Card("", self, padding=0)
        matrix.body.setContentsMargins(1, 1, 1, 8)
        matrix.body.addWidget(self.table)
        blank = Card("", self)
        blank.body.addWidget(self.empty)
        self._matrix, self._blank = matrix, blank
        self._stack = QStackedLayout()
        for widget in (matrix, self.written, blank):
            self._stack.addWidget(widget)
        self.left.addWidget(head)
        self.left.addLayout(self._stack, 1)
        self.hard.body.addWidget(self.hard_lines)
        self.hard.body.addWidget(self.drop)
        self.one.head.addWidget(self.one_chip)
        self.one.body.addWidget(self.one_lines)
        self.same.body.addWidget(self.same_lines)
        self.same.body.addWidget(self.drop_same)
        for card in (self.hard, self.same, self.override, self.one):
            self.side.add(card)

    # -- what the page asks -------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Check at once where something else is chosen than last time."""
        if self.stale():
            self._feed.forget_checks()
            self.check()
        self.refresh()

    def stale(self) -> bool:
        """What was found is about other chargers, another file, or a date that is wanted or not any more."""
        return self._feed.found_for != self._plan.asks()

    def renew(self) -> None:
        """Check anew where something else is wanted than was asked last; what was found stays to be seen meanwhile."""
        if self._feed.asked != self._plan.asks():
            self.check()

    def first(self) -> QWidget:
        return self.again

    def why_not(self) -> str:
        if self._feed.checking:
            return tr("The checks run.")
        return why_not_checked([] if self.stale() else self._feed.preflight, self._plan)

    def check(self) -> None:
        self._feed.check(self._plan)
        self.refresh()
        self.changed.emit()

    # -- showing ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        rows, override = self._feed.preflight, self._plan.override
        off = "" if self._feed.connected() else tr("Off while the engine does not answer.")
        self.again.why_off(off or (tr("The checks run.") if self._feed.checking else ""))
        self.age.setText(self._age())
        self.result.setText(
            summary(rows, override) or tr("Checking {many}").format(many=chargers_words(len(self._plan.charger_ids)))
        )
        few = len(rows) <= FEW
        if not rows:
            self.empty.set_words(
                tr("The checks run") if self._feed.checking else tr("Not checked yet"),
                tr("File, charger, way to it and this laptop. Nothing is changed.") if self._feed.checking else "",
            )
            self._stack.setCurrentWidget(self._blank)
        elif few:
            self.written.show_rows(rows, override)
            self._stack.setCurrentWidget(self.written)
        else:
            self.model.set_rows(rows, override)
            self.table.fit()
            hug(self._matrix, self.table)
            self._stack.setCurrentWidget(self._matrix)
        self.one.setVisible(bool(rows) and not few)
        self._show_hard(rows)
        self._show_same(rows)
        self.override.show_rows(rows, self._plan)

    def _age(self) -> str:
        if self._feed.checking:
            return tr("looking…")
        if self._feed.checked_at is None:
            return ""
        return tr("checked {time}").format(time=text.clock_s(self._feed.checked_at))

    def _show_hard(self, rows: Sequence[Preflight]) -> None:
        hard = [one for one in rows if readiness(one) is Ready.CANNOT]
        self.hard.setVisible(bool(hard))
        self.hard.set_edge("danger")
        lines = []
        for one in hard[:WARNINGS_SHOWN]:
            check = next(check for check in one.checks if check.verdict is Verdict.BLOCK)
            lines.append(Line(verdict_look(check.verdict), f"{one.label}: {check.sentence}", check.advice))
        self.hard_lines.set_lines(lines)
        some = len(hard) < len(rows)
        words = tr("Leave it out") if len(hard) == 1 else tr("Leave these {n} out").format(n=len(hard))
        self.drop.setText(words)
        self.drop.updateGeometry()
        self.drop.setVisible(some)

    def _show_same(self, rows: Sequence[Preflight]) -> None:
        """Those that have the version already, as long as others are chosen too."""
        same = [one for one in rows if has_it(one) and readiness(one) is not Ready.CANNOT]
        self.same.setVisible(0 < len(same) < len(rows))
        names = ", ".join(one.label or one.charger_id for one in same[:WARNINGS_SHOWN])
        more = tr(" and {n} more").format(n=len(same) - WARNINGS_SHOWN) if len(same) > WARNINGS_SHOWN else ""
        words = tr("{names}: {version} is on it already.") if len(same) == 1 else tr("{names}: {version} is on them.")
        version = same[0].to_version if same else ""
        look = Look("warning", tr("Warning"), "warn")
        self.same_lines.set_lines([Line(look, words.format(names=names + more, version=version))])
        self.drop_same.setText(tr("Leave it out") if len(same) == 1 else tr("Leave these {n} out").format(n=len(same)))
        self.drop_same.updateGeometry()

    def _show_one(self, charger_id: str) -> None:
        row = self.model.row_of(charger_id)
        if row < 0:
            return
        found = self.model.rows[row]
        self.one.title.setText(found.one.label or charger_id)
        self.one_chip.set_look(found.look)
        self.one_lines.set_lines(check_lines(found.one))

    # -- people -------------------------------------------------------------------------------------------------------

    def _checked(self) -> None:
        self.refresh()
        self.changed.emit()

    def _typed(self, words: str) -> None:
        self._plan.override = words
        self.refresh()
        self.changed.emit()

    def _drop(self) -> None:
        self._leave({one.charger_id for one in self._feed.preflight if readiness(one) is Ready.CANNOT})

    def _drop_same(self) -> None:
        self._leave({one.charger_id for one in self._feed.preflight if has_it(one)})

    def _leave(self, out: set[str]) -> None:
        self._plan.charger_ids = [one for one in self._plan.charger_ids if one not in out]
        self._feed.keep_checks(self._plan)
