"""The Tags page: who may charge, the list of cards, what a reader tells, and the list in the chargers."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.chargers_actionbar import ReportLine
from evdesk.gui.pages.chargers_actions import failed
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.tags_deeds import TagDeeds, policy_words
from evdesk.gui.pages.tags_lists import ListsCard
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel, presented_row, tag_row
from evdesk.gui.pages.tags_panel import ReaderPanel
from evdesk.gui.text import tr
from evdesk.gui.widgets import PRIMARY, Button, Card, EmptyState, Label, SearchField, Segmented
from evdesk.model import EvdeskError
from evdesk.model.tags import LocalList, Presented, Tag, TagPolicy
from evdesk.wire.tags import TagList

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

SIDE = 430
SHARE = 0.36


class TagsPage(Page):
    """F5 reads again; `go("04A37B9F")` searches a tag."""

    name = "tags"
    icon = "tag"
    section = "chargers"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self.tags: dict[str, Tag] = {}
        self.presented: list[Presented] = []
        self.policy = TagPolicy.ALL
        self._chosen = ""  # a card chosen in the list of those shown; "": the newest
        self.chooser = Segmented(
            [("all", tr("Everybody")), ("list", tr("Only the list")), ("ask", tr("Ask about unknown"))], self
        )
        self.meaning = Label("", "small", "muted", self, wrap=True)
        self.search = SearchField(tr("Search tags"), self)
        self.model = RowsModel((tr("Tag"), tr("State"), tr("Until"), tr("Group")), 1, self)
        self.table = Grid(tr("List of tags"), 44, self)
        self.add = Button(tr("Add a tag"), "plus", PRIMARY)
        self.edit = Button(tr("Change…"), "edit", parent=self, dense=True)
        self.delete = Button(tr("Take out…"), "trash", parent=self, dense=True)
        self.load = Button(tr("Import…"), "import", parent=self, dense=True)
        self.save = Button(tr("Export…"), "export", parent=self, dense=True)
        self.report = ReportLine(self)
        self.deeds = TagDeeds(client, theme, self)
        self.panel = ReaderPanel(mirror, self)
        self.shown = RowsModel((tr("Card"), tr("Where"), tr("When"), tr("Answer")), 3, self)
        self.recent = Grid(tr("Cards shown lately"), 34, self)
        self.lists = ListsCard(mirror, client, self)
        self.empty = EmptyState("tag", tr("No tags in the list"), tr("Hold a card to a reader, or import a file."))
        self._ages = QTimer(self, interval=10_000)
        self._lay_out()
        self._wire()

    def _wire(self) -> None:
        self.chooser.changed.connect(self.deeds.choose_policy)
        self.search.textChanged.connect(self.model.search)
        self.add.clicked.connect(self.deeds.add)
        self.edit.clicked.connect(self._edit)
        self.table.opened.connect(self._edit)
        self.delete.clicked.connect(self._delete)
        self.load.clicked.connect(self.deeds.load)
        self.save.clicked.connect(self.deeds.export)
        self.deeds.said.connect(self.report.show_report)
        self.deeds.changed.connect(self.read)
        self.panel.decided.connect(self._decide)
        self.lists.synced.connect(self.read)
        self.recent.selectionModel().currentRowChanged.connect(self._look_at)
        self.table.selectionModel().currentRowChanged.connect(self._enable)
        self.mirror.tag_added.connect(self._came)
        self.mirror.connection_changed.connect(self._enable)
        self._ages.timeout.connect(self._show_card)
        again = QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self)
        again.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.activated.connect(self.read)

    def _lay_out(self) -> None:
        self.table.setItemDelegate(RowsDelegate(self.table))
        self.table.setModel(self.model)
        self.table.set_widths((190, 130, 150, 90), 3)
        self.recent.setItemDelegate(RowsDelegate(self.recent))
        self.recent.setModel(self.shown)
        self.recent.set_widths((146, 60, 82, 110), 3)
        left = Card("", self, padding=0)
        left.body.setContentsMargins(0, 12, 0, 10)
        inner, foot, said = QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        inner.setContentsMargins(14, 0, 14, 0)
        inner.setSpacing(6)
        top = QHBoxLayout()
        top.addWidget(self.chooser)
        top.addStretch(1)
        inner.addLayout(top)
        inner.addWidget(self.meaning)
        inner.addWidget(self.search)
        left.body.addLayout(inner)
        self.stack = QStackedLayout()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        left.body.addLayout(self.stack, 1)
        for row in (foot, said):
            row.setContentsMargins(12, 0, 12, 0)
            row.setSpacing(8)
            left.body.addLayout(row)
        for button in (self.edit, self.delete, self.load, self.save):
            foot.addWidget(button)
        foot.addStretch(1)
        said.addWidget(self.report)
        self.report.hide()
        lately = Card(tr("Shown lately"), self, padding=0, head_height=34)
        lately.body.addWidget(self.recent)
        lately.setMinimumHeight(130)
        right = QVBoxLayout()
        right.setSpacing(tokens.GAP)
        right.addWidget(self.panel, 3)
        right.addWidget(lately, 2)
        side = self.side = QWidget(self)
        side.setFixedWidth(SIDE)
        right.setContentsMargins(0, 0, 0, 0)
        side.setLayout(right)
        both = QHBoxLayout(self)
        both.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        both.setSpacing(tokens.GAP)
        under = QVBoxLayout()
        under.setSpacing(tokens.GAP)
        under.addWidget(left, 5)
        under.addWidget(self.lists, 3)
        both.addLayout(under, 1)
        both.addWidget(side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.side.setFixedWidth(round(min(max(self.width() * SHARE, SIDE), 640)))

    # -- what the shell asks --------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        count = len(self.tags)
        return tr("{n} in the list").format(n=text.count(count)) if count else ""

    def header_actions(self) -> list[QWidget]:
        return [self.add]

    def on_shown(self) -> None:
        self._ages.start()
        self.read()

    def on_hidden(self) -> None:
        self._ages.stop()

    def go(self, argument: object) -> None:
        if isinstance(argument, str) and argument:
            self.search.setText(argument)

    # -- reading --------------------------------------------------------------------------------------------------

    def read(self) -> None:
        if self.mirror.connected:
            self.client.spawn(self._read())

    async def _read(self) -> None:
        try:
            told: TagList = await self.client.call("tag.list")
            states: list[LocalList] = await self.client.call("tag.states")
        except EvdeskError as error:
            self.report.show_report(failed(tr("Reading"), error))
            return
        self.tags = {tag.id_tag: tag for tag in told.tags}
        self.presented, self.policy = list(told.presented), told.policy
        self._show()
        self.lists.show_states(list(states))

    def _show(self) -> None:
        now = self.mirror.now()
        chosen = self.model.key(self.table.currentIndex().row())
        self.chooser.select(self.policy.value)
        self.meaning.setText(policy_words(self.policy))
        self.model.set_rows([tag_row(tag, now) for tag in self.tags.values()])
        if (row := self.model.row_of(chosen)) >= 0:
            self.table.selectRow(row)
        self.stack.setCurrentWidget(self.table if self.tags else self.empty)
        rows = [presented_row(p, self.mirror.label(p.charger_id), now) for p in reversed(self.presented)]
        self.shown.set_rows(rows)
        self._show_card()
        self._enable()
        self.header_changed.emit()

    def _show_card(self) -> None:
        """The card a person chose among those shown, else the newest."""
        row = self.shown.row_of(self._chosen)
        place = len(self.presented) - 1 - max(row, 0)
        one = self.presented[place] if 0 <= place < len(self.presented) else None
        tag = self.tags.get(one.tag) if one is not None else None
        self.panel.show_card(one, tag.note if tag is not None else "")

    def _came(self, one: Presented) -> None:
        """Somebody holds a card to a reader now: it is what one wants to see."""
        again = any((p.at, p.id_tag) == (one.at, one.id_tag) for p in self.presented)
        if again:
            self.presented = [one if (p.at, p.id_tag) == (one.at, one.id_tag) else p for p in self.presented]
        else:
            self.presented = [*self.presented[-99:], one]
            self._chosen = ""
        if self.isVisible():
            self._show()

    def _look_at(self, now: QModelIndex, _before: QModelIndex) -> None:
        self._chosen = self.shown.key(now.row()) if now.isValid() else ""
        self._show_card()

    def _enable(self) -> None:
        lost = "" if self.mirror.connected else tr("The engine does not answer.")
        chosen = self.model.key(self.table.currentIndex().row())
        one = "" if chosen else tr("Choose a tag in the list.")
        for button in (self.add, self.load, self.save):
            button.why_off(lost)
        self.edit.why_off(lost or one)
        self.delete.why_off(lost or one)
        self.panel.why_off(lost)

    def _edit(self) -> None:
        tag = self.tags.get(self.model.key(self.table.currentIndex().row()))
        if tag is not None:
            self.deeds.ask(tag)

    def _delete(self) -> None:
        ident = self.model.key(self.table.currentIndex().row())
        if ident:
            self.deeds.delete(ident)

    def _decide(self, id_tag: str, status: str) -> None:
        self.deeds.decide(self.tags.get(id_tag, Tag(id_tag)), status)
