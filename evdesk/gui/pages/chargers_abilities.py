"""The Abilities tab: what this charger announced, did, refused or never answered, and trying it now."""

from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import confirm
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_actionbar import ReportLine
from evdesk.gui.pages.chargers_actions import Report, failed, why_off
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel, TableRow
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import PRIMARY, Button, EmptyState, Label, SearchField, Segmented
from evdesk.model import EvdeskError
from evdesk.model.abilities import Ability, Verdict
from evdesk.wire.methods import OneCharger

TRY_S = 900.0
"""A slow charger may take a minute for each question."""

_GROUPS: dict[str, frozenset[Verdict]] = {
    "works": frozenset({Verdict.WORKS}),
    "not": frozenset({Verdict.MISSING, Verdict.REFUSED, Verdict.SILENT, Verdict.NOT_ANNOUNCED}),
    "open": frozenset({Verdict.UNTRIED, Verdict.ANNOUNCED}),
}


def verdict_look(verdict: Verdict) -> Look:
    return {
        Verdict.WORKS: Look("check-circle", tr("Works"), "ok"),
        Verdict.REFUSED: Look("warning", tr("Refused"), "warn"),
        Verdict.MISSING: Look("x-circle", tr("Missing"), "danger"),
        Verdict.SILENT: Look("clock", tr("No answer"), "warn"),
        Verdict.ANNOUNCED: Look("info", tr("Announced"), "info"),
        Verdict.NOT_ANNOUNCED: Look("minus", tr("Not announced"), "muted"),
        Verdict.UNTRIED: Look("question", tr("Not tried"), "muted"),
    }[verdict]


def ability_row(one: Ability, now: float, label: str) -> TableRow:
    """Name and area, verdict, when and in which words; `label` names the charger it was seen on."""
    look = verdict_look(one.verdict)
    when = text.moment(one.at, now) if one.at is not None else ""
    where = tr("on {label}, same model").format(label=label) if one.seen_on else ""
    claim = tr("though it announces it") if one.announced and one.verdict in _GROUPS["not"] else ""
    older = ""
    if one.worked_at is not None and one.verdict is not Verdict.WORKS:
        older = tr("worked {when}").format(when=text.moment(one.worked_at, now))
    words = text.reasons(when, one.evidence, where, claim, older)
    hay = f"{one.name} {one.area} {look.word} {words}".lower()
    return TableRow(one.name, (one.name, look.word, words), one.area, look, hay)


class AbilitiesTab(QWidget):
    """Read when looked at and with F5; nothing is asked of the charger before a person wants it."""

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self._row: ConnectorRow | None = None
        self._read_for = ""
        self._trying = ""
        self.abilities: list[Ability] = []
        self.search = SearchField(tr("Search abilities"), self)
        self.kind = Segmented(parent=self)
        self.try_now = Button(tr("Try now"), "play", PRIMARY, self)
        self.measurands = Button(tr("Try measurands…"), "meter", parent=self)
        self.hint = Label(tr("Trying asks questions that change nothing."), "small", "muted", self, wrap=True)
        self.report = ReportLine(self)
        self.model = RowsModel((tr("Ability"), tr("Verdict"), tr("When and how")), 1, self)
        self.table = Grid(tr("What this charger can do"), 44, self)
        self.empty = EmptyState("check", tr("Nothing is known yet"), tr("It fills as evdesk talks to the charger."))
        self._lay_out()
        self.search.textChanged.connect(self.model.search)
        self.kind.changed.connect(self._show)
        self.try_now.clicked.connect(self._start_try)
        self.measurands.clicked.connect(self._start_measurands)
        self._show()

    def _lay_out(self) -> None:
        self.table.setItemDelegate(RowsDelegate(self.table))
        self.table.setModel(self.model)
        self.table.set_widths((186, 128, 110), 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        first, second, said = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        for row in (first, second):
            row.setContentsMargins(12, 0, 12, 0)
            row.setSpacing(8)
            column.addLayout(row)
        said.setContentsMargins(14, 0, 12, 0)
        column.addLayout(said)
        first.addWidget(self.try_now)
        first.addWidget(self.measurands)
        first.addWidget(self.search, 1)
        second.addWidget(self.kind)
        second.addStretch(1)
        said.addWidget(self.hint)
        said.addWidget(self.report)
        self.stack = QStackedLayout()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        column.addLayout(self.stack, 1)
        self.report.hide()

    def show_row(self, row: ConnectorRow) -> None:
        other = self._row is None or self._row.charger.id != row.charger.id
        self._row = row
        if other:
            self._read_for = ""
            self.abilities = []
            self.report.hide()
            self._show()
        if self.isVisible() and self._read_for != row.charger.id:
            self.read()
        reason = why_off("profile", row.charger, row.connector, self._mirror.connected)
        offline = reason if row.charger.state.value != "online" or not self._mirror.connected else ""
        busy = tr("Trying now.") if self._trying else ""
        charging = any(c.session_id is not None for c in row.charger.connectors)
        blind = tr("Off while a car charges: evdesk would be blind meanwhile.") if charging else ""
        self.try_now.why_off(offline or busy)
        self.measurands.why_off(offline or busy or blind)

    def read(self) -> None:
        if self._row is not None and self._mirror.connected:
            self._read_for = self._row.charger.id
            self._client.spawn(self._ask(self._row.charger.id, "ability.list", tr("Reading")))

    async def _ask(self, charger_id: str, method: str, title: str) -> bool:
        """The answer of any of the three methods is the whole matrix."""
        try:
            told: list[Ability] = await self._client.call(method, OneCharger(charger_id), TRY_S)
        except EvdeskError as error:
            if self._row is not None and self._row.charger.id == charger_id:
                self.report.show_report(failed(title, error))
            return False
        if self._row is not None and self._row.charger.id == charger_id:
            self.abilities = list(told)
            self._show()
        return True

    def _show(self) -> None:
        counts = {key: sum(one.verdict in group for one in self.abilities) for key, group in _GROUPS.items()}
        words = [
            ("all", tr("All"), len(self.abilities)),
            ("works", tr("Works"), counts["works"]),
            ("not", tr("Does not"), counts["not"]),
            ("open", tr("Open"), counts["open"]),
        ]
        self.kind.set_items([(key, f"{word} {n}") for key, word, n in words])
        group = _GROUPS.get(self.kind.current())
        now = self._mirror.now()
        shown = [one for one in self.abilities if group is None or one.verdict in group]
        self.model.set_rows([ability_row(one, now, self._mirror.label(one.seen_on)) for one in shown])
        self.stack.setCurrentWidget(self.table if self.abilities else self.empty)

    # -- trying ---------------------------------------------------------------------------------------------------

    def _start_try(self) -> None:
        if self._row is not None and not self._trying:
            self._begin(self._row, "ability.try", tr("Trying"))

    def _begin(self, row: ConnectorRow, method: str, title: str) -> None:
        self._trying = row.charger.id
        words = tr("Asking one question after the other. It can take a minute.")
        self.report.show_report(Report("info", "clock", words, over=False))
        self.show_row(row)
        self._client.spawn(self._tried(row.charger.id, method, title))

    async def _tried(self, charger_id: str, method: str, title: str) -> None:
        try:
            good = await self._ask(charger_id, method, title)
        finally:
            self._trying = ""
        if self._row is None:
            return
        if good and self._row.charger.id == charger_id:
            works = sum(one.verdict is Verdict.WORKS for one in self.abilities)
            words = tr("Tried: {n} of {all} work.").format(n=works, all=len(self.abilities))
            self.report.show_report(Report("ok", "check", words))
        self.show_row(self._row)

    def _start_measurands(self) -> None:
        if self._row is not None and not self._trying:
            self._client.spawn(self._measurands_after(self._row))

    async def _measurands_after(self, row: ConnectorRow) -> None:
        title = tr("Try each measurand on {label}?").format(label=row.label)
        told = tr(
            "evdesk writes the list of measurands about twenty times, one alone each time, and puts the old list back "
            "at the end. Meter values may be missing for a minute or two."
        )
        word = tr("Try them on {label}").format(label=row.label)
        if await confirm(self, current(), title, told, word, tr("Leave it")):
            self._begin(row, "ability.measurands", tr("Measurands"))
