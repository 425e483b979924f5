"""The Profiles tab: which charging profiles are in the charger, which one limits when, and whose it is."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import confirm
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_actionbar import ReportLine
from evdesk.gui.pages.chargers_actions import Report, failed, why_off
from evdesk.gui.pages.chargers_grid import CellDelegate, Grid, Index
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.pages.chargers_profiles_chart import Plan, ProfilesChart, sentence, short_name
from evdesk.gui.pages.chargers_profiles_export import ProfileExports
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import DANGER, Button, EmptyState, Label, Segmented
from evdesk.model import EvdeskError, ProfileSeen
from evdesk.model.profiles import CompositeSeen
from evdesk.ocpp.profile_stack import Stretch, limit_of, unexplained_a, who_limits
from evdesk.wire.methods import Done, OneCharger
from evdesk.wire.profiles import AskComposite, ClearProfile

ROW_HEIGHT = 44
WINDOWS_S = {"1": 3600, "6": 21_600, "24": 86_400}
_ROW = int(Qt.ItemDataRole.UserRole) + 1
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class ListRow:
    """A line of either table: four cells, a second line under the first, the role of the last cell."""

    cells: tuple[str, str, str, str]
    second: str = ""
    role: str = "muted"
    profile: ProfileSeen | None = None


class ProfilesModel(QAbstractTableModel):
    """The profiles, or (the chart's twin) the stretches of time."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.titles: tuple[str, str, str, str] = ("", "", "", "")
        self.rows: list[ListRow] = []

    def set_rows(self, titles: tuple[str, str, str, str], rows: list[ListRow]) -> None:
        if (titles, rows) == (self.titles, self.rows):
            return
        self.beginResetModel()
        self.titles, self.rows = titles, rows
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self.titles[section] if shown and 0 <= section < 4 else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == _ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[index.column()]
        return ", ".join((*row.cells, row.second)) if role == Qt.ItemDataRole.AccessibleTextRole else None


class ProfilesDelegate(CellDelegate):
    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row = index.data(_ROW)
        if not isinstance(row, ListRow):
            return
        if index.column() == 0 and row.second:
            middle = rect.center().y()
            self.words(painter, QRect(rect.left(), middle - 17, rect.width(), 18), row.cells[0], "card", "text")
            self.words(painter, QRect(rect.left(), middle, rect.width(), 16), row.second, "small", "muted")
            return
        kind, role = ("small", row.role) if index.column() == 3 else ("body", "text")
        self.words(painter, rect, row.cells[index.column()], kind, role)


def profile_row(profile: ProfileSeen, now: float, tx_started_at: float | None) -> ListRow:
    """Name and level, limit now, until when, whose."""
    limit = limit_of(profile, now, tx_started_at)
    second = tr("level {n}, id {id}, {purpose}")
    second = second.format(purpose=profile.purpose, n=profile.stack_level, id=profile.id)
    source = "evdesk" if profile.ours else tr("not evdesk's: {source}").format(source=profile.source)
    until = _until(profile, now, tx_started_at)
    shown = tr("not in force") if limit is None else text.limit(limit)
    where = (
        short_name(profile) if profile.connector_id else tr("{name}, whole station").format(name=short_name(profile))
    )
    return ListRow((where, shown, until, source), second, "muted" if profile.ours else "warn", profile)


def _until(profile: ProfileSeen, now: float, tx_started_at: float | None) -> str:
    ends = [t for t in (profile.valid_to_at,) if t is not None]
    if profile.duration_s is not None and profile.kind != "Recurring":
        start = profile.start_at if profile.kind != "Relative" else tx_started_at
        if start is not None:
            ends.append(start + profile.duration_s)
    if profile.kind == "Recurring":
        return {"Daily": tr("every day"), "Weekly": tr("every week")}.get(profile.recurrency, profile.recurrency)
    return text.moment(min(ends), now) if ends else tr("for good")


def stretch_row(stretch: Stretch, now: float) -> ListRow:
    """One stretch of time: from, to, limit, by what."""
    until = text.moment(stretch.end, now)
    if stretch.profile is None:
        return ListRow((text.moment(stretch.start, now), until, tr("none known"), tr("no profile")))
    name = short_name(stretch.profile)
    words = name if stretch.profile.ours else tr("{name}, not evdesk's").format(name=name)
    role = "muted" if stretch.profile.ours else "warn"
    return ListRow((text.moment(stretch.start, now), until, text.limit(stretch.limit_a), words), "", role)


class ProfilesTab(QWidget):
    """Read when looked at and with F5."""

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self._row: ConnectorRow | None = None
        self._key: tuple[str, int] = ("", 0)
        self._read_for: tuple[str, int] = ("", 0)
        self._reading = False
        self.profiles: list[ProfileSeen] = []
        self.composite: CompositeSeen | None = None
        self.window_s = Segmented([("1", tr("1 h")), ("6", tr("6 h")), ("24", tr("24 h"))], self)
        self.kind = Segmented([("profiles", tr("Profiles")), ("times", tr("Who when"))], self)
        self.again = Button("", "refresh", parent=self, label=tr("Ask the charger again (F5)"))
        self.headline = Label("", "card", parent=self, wrap=True, selectable=True)
        self.stray = ReportLine(self)
        self.report = ReportLine(self)
        self.chart = ProfilesChart(self)
        self.exports = ProfileExports(self.chart, self.plan, self)
        self.more = Button("", "export", parent=self, menu=self.exports.menu, label=tr("Save or copy the chart"))
        self.model = ProfilesModel(self)
        self.table = Grid(tr("Charging profiles"), ROW_HEIGHT, self)
        self.clear = Button(tr("Clear this profile…"), "trash", DANGER, self, dense=True)
        self.clear_all = Button(tr("Clear all, set up anew…"), "refresh", parent=self, dense=True)
        self.empty = EmptyState("gauge", "", "", parent=self)
        self._lay_out()
        self.window_s.changed.connect(self._chosen_window)
        self.kind.changed.connect(self._show)
        self.again.clicked.connect(self.read)
        self.clear.clicked.connect(self._clear_chosen)
        self.clear_all.clicked.connect(self._clear_everything)
        self.table.selectionModel().currentRowChanged.connect(self._enable)

    def _lay_out(self) -> None:
        self.table.setItemDelegate(ProfilesDelegate(self.table))
        self.table.setModel(self.model)
        self.table.set_widths((172, 76, 84, 90), 3)
        self.table.horizontalHeader().setSortIndicatorShown(False)
        held = QWidget(self)
        column = QVBoxLayout(held)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        tools, words, deeds = QHBoxLayout(), QVBoxLayout(), QHBoxLayout()
        for row in (tools, words, deeds):
            row.setContentsMargins(14, 0, 12, 0)
            row.setSpacing(8)
        tools.addWidget(self.window_s)
        tools.addWidget(self.kind)
        tools.addStretch(1)
        tools.addWidget(self.more)
        tools.addWidget(self.again)
        words.addWidget(self.headline)
        words.addWidget(self.stray)
        words.addWidget(self.report)
        deeds.addWidget(self.clear)
        deeds.addWidget(self.clear_all)
        deeds.addStretch(1)
        column.addLayout(tools)
        column.addLayout(words)
        column.addWidget(self.chart, 1)
        column.addWidget(self.table, 1)
        column.addLayout(deeds)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(held)
        self.stack.addWidget(self.empty)
        self.stray.hide()
        self.report.hide()

    def show_row(self, row: ConnectorRow) -> None:
        other = self._key != row.key
        self._row = row
        if other:
            self._key = row.key
            self.profiles, self.composite = [], None
            self._read_for = ("", 0)
            self.report.hide()
        if self.isVisible() and self._read_for != row.key:
            self.read()
        self._show()

    # -- reading --------------------------------------------------------------------------------------------------

    def read(self) -> None:
        if self._row is not None and not self._reading and self._mirror.connected:
            self._reading, self._read_for = True, self._row.key
            self._client.spawn(self._read(self._row))

    async def _read(self, row: ConnectorRow) -> None:
        profiles: list[ProfileSeen] = []
        composite: CompositeSeen | None = None
        try:
            profiles = await self._client.call("charger.profiles", OneCharger(row.charger.id))
            if not why_off("composite", row.charger, row.connector, self._mirror.connected):
                seconds = WINDOWS_S[self.window_s.current()]
                composite = await self._client.call("charger.composite", AskComposite(*row.key, seconds))
        except EvdeskError as error:
            if self._key == row.key:
                self.report.show_report(failed(tr("Asking"), error))
        finally:
            self._reading = False
        if self._key == row.key:
            self.profiles, self.composite = list(profiles), composite
            self._show()

    def _chosen_window(self) -> None:
        self._show()
        self.read()

    def plan(self) -> Plan | None:
        """What the chart shows now."""
        row = self._row
        if row is None:
            return None
        now = self._mirror.now()
        begin, end = now, now + WINDOWS_S[self.window_s.current()]
        # Without a charge: what one that begins now would get, as chargers show it in their own schedule.
        started = row.connector.session_started_at or begin
        here = [p for p in self.profiles if p.connector_id in (0, row.connector.id)]
        stretches = who_limits(here, row.connector.id, begin, end, started)
        told = self.composite
        schedule = () if told is None else tuple((told.at + offset, limit) for offset, limit in told.periods)
        return Plan(begin, end, tuple(here), tuple(stretches), schedule, started)

    def _show(self) -> None:
        plan, row = self.plan(), self._row
        if plan is None or row is None:
            return
        if not plan.profiles and not plan.composite:
            words = tr("Nothing is known yet") if self._reading else tr("No charging profile is known")
            self.empty.set_words(words, tr("evdesk puts its own in when the charger is accepted and online."))
            self.stack.setCurrentWidget(self.empty)
            return
        self.stack.setCurrentIndex(0)
        said = sentence(plan)
        self.headline.setText(said[:1].upper() + said[1:])
        self._show_stray(plan)
        self.chart.set_plan(plan)
        now = plan.begin
        if self.kind.current() == "times":
            titles = (tr("From"), tr("To"), tr("Limit"), tr("By"))
            self.model.set_rows(titles, [stretch_row(one, now) for one in plan.stretches])
        else:
            order = sorted(plan.profiles, key=lambda p: (p.ours, -p.stack_level, p.purpose))
            titles = (tr("Profile"), tr("Now"), tr("Until"), tr("Whose"))
            self.model.set_rows(titles, [profile_row(one, now, plan.tx_started_at) for one in order])
        self._enable()

    def _show_stray(self, plan: Plan) -> None:
        """What is not evdesk's and holds the charger down, named or only inferred."""
        strangers = [p for p in plan.profiles if not p.ours]
        offsets = [(at - plan.begin, limit) for at, limit in plan.composite]
        gap = unexplained_a(plan.stretches, offsets, plan.begin)
        if strangers:
            words = tr("{n} profile is not evdesk's and may hold the charger down.")
            many = tr("{n} profiles are not evdesk's and may hold the charger down.")
            told = (words if len(strangers) == 1 else many).format(n=len(strangers))
        elif gap is not None:
            told = tr(
                "The charger says {limit}, lower than evdesk's profiles explain: an old profile or a limit in its own "
                "menu holds it down. Clearing all shows which."
            ).format(limit=text.limit(gap[1]))
        else:
            told = ""
        self.stray.show_report(Report("warn", "warning", told) if told else None)

    # -- deeds ----------------------------------------------------------------------------------------------------

    def chosen(self) -> ProfileSeen | None:
        row = self.table.currentIndex().row()
        return self.model.rows[row].profile if 0 <= row < len(self.model.rows) else None

    def _enable(self) -> None:
        row = self._row
        if row is None:
            return
        reason = why_off("profile", row.charger, row.connector, self._mirror.connected)
        self.again.why_off(reason)
        self.clear_all.why_off(reason)
        self.clear.why_off(reason or ("" if self.chosen() is not None else tr("Choose a profile in the list.")))

    def _clear_chosen(self) -> None:
        profile = self.chosen()
        if profile is not None and self._row is not None:
            self._client.spawn(self._clear(self._row, profile))

    def _clear_everything(self) -> None:
        if self._row is not None:
            self._client.spawn(self._clear(self._row, None))

    async def _clear(self, row: ConnectorRow, profile: ProfileSeen | None) -> None:
        if profile is None:
            title, deed = tr("Clear every profile in {label}?"), tr("Clear all in {label}")
            told = tr("evdesk writes its maximum and its safe default again at once. Until then nothing limits it.")
        elif profile.ours:
            title, deed = tr("Clear evdesk's own profile in {label}?"), tr("Clear it in {label}")
            told = tr("It protects the fuse. evdesk writes it again at once; until then the full rating is reserved.")
        else:
            title, deed = tr("Clear the foreign profile in {label}?"), tr("Clear it in {label}")
            told = tr("{source} has put it there. It may come again.").format(source=profile.source)
        label = row.label
        words = title.format(label=label), told, deed.format(label=label)
        if not await confirm(self, current(), *words, tr("Leave it"), danger=True):
            return
        try:
            ident = None if profile is None else profile.id
            answer: Done = await self._client.call("charger.clear_profile", ClearProfile(row.charger.id, ident))
        except EvdeskError as error:
            self.report.show_report(failed(tr("Clearing"), error))
            return
        good = answer.status == "Accepted"
        told = tr("Cleared.") if good else tr("The charger answered {status}.").format(status=answer.status)
        self.report.show_report(Report("ok" if good else "warn", "check" if good else "warning", told))
        self.read()
