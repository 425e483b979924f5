"""Step 1: which chargers."""

from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from evdesk.gui import text
from evdesk.gui.jobs import in_updates
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.firmware_words import charger_look, chargers_words
from evdesk.gui.pages.update_chargers_model import ChoiceModel, ChoiceTable
from evdesk.gui.pages.update_feed import UpdateFeed
from evdesk.gui.pages.update_parts import Line, LinesList, StepPanel, head_height, hug
from evdesk.gui.pages.update_plan import Plan, counted, models_of
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, EmptyState, Figure, KeyValue, Label, Rule, SearchField, Segmented
from evdesk.model import ChargerState, ConnectorStatus
from evdesk.model.firmware import FleetCharger, FleetState

BUSY = (ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE)


class ChargersPanel(StepPanel):
    """`changed` when others are marked; the plan has them then."""

    def __init__(self, mirror: Mirror, feed: UpdateFeed, plan: Plan) -> None:
        super().__init__()
        self._mirror, self._feed, self._plan = mirror, feed, plan
        self.model = ChoiceModel(mirror, charger_look, self)
        self.table = ChoiceTable(self.model, self)
        self.search = SearchField(tr("Filter"), self)
        self.segments = Segmented(parent=self)
        self.count = Label("", "small", "muted", self)
        self.empty = EmptyState("charger", "", "", parent=self)
        self.chosen = Card(tr("Chosen"), self, head_height=head_height(), padding=12)
        self.clear = Button(tr("Clear"), "", GHOST, self, dense=True)
        self.figure = Figure("", self)
        self.facts = KeyValue(self, columns=1)
        self.notes = LinesList(self)
        self.nothing = Label("", "small", "muted", self, wrap=True)
        self._lay_out()
        self.search.textChanged.connect(self._filtered)
        self.segments.changed.connect(self._segment)
        self.clear.clicked.connect(self._clear)
        self.model.marks_changed.connect(self._marked)
        feed.fleet_changed.connect(self._fleet)
        mirror.changed.connect(self.refresh)

    def _lay_out(self) -> None:
        card = self.card = Card("", self, padding=0)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 7)
        tools.setSpacing(8)
        self.search.setMaximumWidth(190)
        tools.addWidget(self.search)
        tools.addWidget(self.segments)
        tools.addStretch(1)
        tools.addWidget(self.count)
        card.body.setSpacing(0)
        card.body.setContentsMargins(1, 1, 1, 8)
        card.body.addLayout(tools)
        card.body.addWidget(Rule(self))
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        card.body.addLayout(self._stack, 1)
        self.left.addWidget(card, 1)
        self.left.addStretch(0)
        self.chosen.head.addWidget(self.clear)
        for widget in (self.figure, self.facts, self.notes, self.nothing):
            self.chosen.body.addWidget(widget)
        self.side.add(self.chosen)
        self._marked_words()

    # -- what the page asks -------------------------------------------------------------------------------------------

    def enter(self) -> None:
        self.model.set_marked(self._plan.charger_ids)
        self._fleet()

    def first(self) -> QWidget:
        return self.table

    def why_not(self) -> str:
        return "" if self._plan.charger_ids else tr("Mark the chargers to update.")

    def fit(self, side: int) -> None:
        super().fit(side)
        self.table.fit(self.room())
        self._hug()

    def _hug(self) -> None:
        hug(self.card, self.table, self.table.whole_height(), self._stack)

    def refresh(self) -> None:
        """The mirror told something: who charges, who is away."""
        if self.isVisible():
            self.model.refresh()
            self._marked_words()

    # -- showing ------------------------------------------------------------------------------------------------------

    def _fleet(self) -> None:
        if self._feed.fleet is not None:
            self.model.set_fleet(self._feed.fleet)
        counts = self.model.counts()
        self.segments.set_items(
            [
                ("all", tr("All {n}").format(n=counts["all"])),
                ("wanted", tr("To update {n}").format(n=counts["wanted"])),
                ("online", tr("Online {n}").format(n=counts["online"])),
            ]
        )
        self._show_rows()
        self._marked_words()

    def _show_rows(self) -> None:
        self._hug()
        if self.model.rows:
            self._stack.setCurrentWidget(self.table)
            return
        if self.model.counts()["all"]:
            self.empty.set_words(tr("Nothing fits"), tr("No charger fits the filter."))
        elif self._feed.fleet is None:
            self.empty.set_words(tr("The versions are read"), "")
        else:
            self.empty.set_words(tr("No charger yet"), tr("Accept a charger first; it shows up here with its version."))
        self._stack.setCurrentWidget(self.empty)

    def _marked(self) -> None:
        self._plan.charger_ids = list(self.model.marked)
        self._marked_words()
        self.changed.emit()

    def _marked_words(self) -> None:
        ids = self._plan.charger_ids
        some = [self._feed.places[one][1] for one in ids if one in self._feed.places]
        self.count.setText(tr("{n} of {all} chosen").format(n=len(ids), all=self.model.counts()["all"]))
        self.clear.setVisible(bool(ids))
        for widget in (self.figure, self.facts, self.notes):
            widget.setVisible(bool(some))
        self.nothing.setVisible(not some)
        self.nothing.setText(
            tr("Mark chargers in the list, or a whole model by its head. Space marks, Ctrl+A marks all.")
        )
        if some:
            self.figure.set(text.count(len(some)), tr("charger") if len(some) == 1 else tr("chargers"))
            models = models_of(self._feed.fleet, ids) if self._feed.fleet is not None else []
            self.facts.set(tr("Model"), ", ".join(models))
            self.facts.set(tr("Version"), counted(one.version or text.unknown() for one in some))
            self.facts.set(tr("Hardware"), counted(one.hardware or text.unknown() for one in some))
            self.notes.set_lines(self._notes(models, some))

    def _notes(self, models: list[str], some: list[FleetCharger]) -> list[Line]:
        notes = []
        if len(models) > 1:
            words = tr("Different models are chosen. One file seldom fits both: take one model at a time.")
            notes.append(Line(Look("warning", tr("Warning"), "warn"), words))
        has = sum(one.state is FleetState.NEWEST for one in some)
        if has:
            words = tr("{many} on the newest version already: leave them out.")
            if has == 1:
                words = tr("{many} on the newest version already: leave it out.")
            notes.append(Line(Look("warning", tr("Warning"), "warn"), words.format(many=chargers_words(has))))
        under_way = in_updates(self._mirror)
        going = sum(one.charger_id in under_way and one.state is not FleetState.NEWEST for one in some)
        if going:
            words = tr("{many} in an update that goes on already.").format(many=chargers_words(going))
            notes.append(Line(Look("warning", tr("Warning"), "warn"), words))
        away = sum(not one.online for one in some)
        busy = sum(self._is_busy(one) for one in some)
        if busy:
            words = tr("{many} in use now. An update starts when the car leaves.").format(many=chargers_words(busy))
            notes.append(Line(Look("clock", tr("Waits"), "info"), words))
        if away:
            words = tr("{many} not connected now. An update starts when it is back.").format(many=chargers_words(away))
            notes.append(Line(Look("offline", tr("Waits"), "info"), words))
        return notes

    def _is_busy(self, one: FleetCharger) -> bool:
        charger = self._mirror.chargers.get(one.charger_id)
        if charger is None or charger.state is not ChargerState.ONLINE:
            return False
        return any(connector.status in BUSY for connector in charger.connectors)

    # -- people -------------------------------------------------------------------------------------------------------

    def _filtered(self, typed: str) -> None:
        self.model.search(typed)
        self._show_rows()

    def _segment(self, key: str) -> None:
        self.model.set_segment(key)
        self._show_rows()

    def _clear(self) -> None:
        self.model.mark(list(self.model.marked), False)
