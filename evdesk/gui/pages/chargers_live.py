"""The Live tab: figures, the last minutes per phase, the limit's reason, connectors, identity."""

from urllib.parse import quote

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.pages.chargers_parts import ConnectorLine, Facts, ReasonBox
from evdesk.gui.pages.chargers_plot import ConnectorPlot
from evdesk.gui.pages.chargers_words import (
    clock_words,
    failsafe_words,
    hint_words,
    most,
    phases_used,
    reason_title,
    speaks,
)
from evdesk.gui.sentences import back_words, connector_look, why_next
from evdesk.gui.text import tr
from evdesk.gui.widgets import Figure, Label
from evdesk.model import EvdeskError
from evdesk.wire.methods import HistoryMany, HistoryReadMany

BUCKETS = 300
READ_MS = 5000
FIELDS = ("current_l1_a", "current_l2_a", "current_l3_a", "limit_a")


def series_of(charger_id: str, connector_id: int) -> list[str]:
    """History names of one connector: three phases, then the limit."""
    source = f"connector/{quote(charger_id, safe='')}/{connector_id}"
    return [f"{source}:{field}" for field in FIELDS]


class LiveTab(QWidget):
    """`connector_chosen(charger id, connector id)` when a person picked another connector."""

    connector_chosen = Signal(str, int)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self._row: ConnectorRow | None = None
        self._front = False
        self._reading = False
        self.current = Figure(tr("Current"), self, kind="figure")
        self.limit = Figure(tr("Limit"), self, kind="figure")
        self.power = Figure(tr("Power"), self, kind="figure")
        self.energy = Figure(tr("This charge"), self, kind="figure")
        self.plot = ConnectorPlot(mirror, self)
        self.plot.wanted.connect(self.read)
        self.why = ReasonBox(self)
        self.connectors = QVBoxLayout()
        self._lines: list[ConnectorLine] = []
        self._group = QButtonGroup(self)
        self.facts = Facts(self)
        self._title = Label(tr("Connector"), "chip", parent=self)
        self._timer = QTimer(self)
        self._timer.setInterval(READ_MS)
        self._timer.timeout.connect(self.read)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(8)
        figures = QHBoxLayout()
        figures.setSpacing(24)
        for figure in (self.current, self.limit, self.power, self.energy):
            figures.addWidget(figure, 0, Qt.AlignmentFlag.AlignTop)
        figures.addStretch(1)
        self.connectors.setSpacing(6)
        column.addLayout(figures)
        column.addWidget(self.plot, 20)
        column.addWidget(self.why)
        column.addSpacing(4)
        column.addWidget(self._title)
        column.addLayout(self.connectors)
        column.addSpacing(4)
        column.addWidget(Label(tr("Identity"), "chip", parent=self))
        column.addWidget(self.facts)
        column.addStretch(1)

    # -- showing ------------------------------------------------------------------------------------------------------

    def show_row(self, row: ConnectorRow, siblings: list[ConnectorRow]) -> None:
        """Follow this connector; `siblings` are all rows of its charger."""
        other = self._row is None or self._row.key != row.key
        self._row = row
        if other:
            self.plot.clear()
            self.read()
        self._figures(row)
        self._reason(row)
        self._connectors(row, siblings)
        self._identity(row)
        self.plot.chart.set_now(self._mirror.now())

    def set_front(self, front: bool) -> None:
        """Only a tab that is looked at reads history."""
        self._front = front
        if front:
            self._timer.start()
            self.read()
        else:
            self._timer.stop()

    def _figures(self, row: ConnectorRow) -> None:
        one, live = row.connector, row.online and self._mirror.connected
        drawn = most(one.current_a)
        last = (
            ""
            if one.reading_at is None
            else tr("at {time}").format(time=text.moment(one.reading_at, self._mirror.now()))
        )
        role = "text" if self._mirror.connected else "muted"
        if row.online and drawn is not None:
            self.current.set(text.number(drawn), "A", "" if live else last, role)
        else:
            was = "" if drawn is None else tr("{a} {when}").format(a=text.amps(drawn), when=last)
            self.current.set("?", "", was, "muted")
        held = one.limit_a
        stale = role if row.online else "muted"
        value = "–" if held is None else text.number(held, 0 if abs(held - round(held)) < 0.05 else 1)
        self.limit.set(value, "" if held is None else "A", "", stale)
        number, unit = text.power_parts(row.power_w) if row.power_w is not None else ("?", "")
        self.power.set(number, unit, "", role if unit else "muted")
        number, unit = text.energy_parts(one.session_wh) if one.session_wh is not None else ("–", "")
        self.energy.set(number, unit, hint_words(one.hint), stale)

    def _reason(self, row: ConnectorRow) -> None:
        why, now = row.connector.why, self._mirror.now()
        since = why.since_at if row.online else row.charger.lost_at or why.since_at
        first = tr("Since {time}.").format(time=_since(since, now)) if since is not None else ""
        used = phases_used(row.connector) if row.online else ""
        back = back_words(row.charger, now)
        lines = [" ".join(part for part in (first, f"{back}." if back else "", used) if part)]
        lines.append(why_next(why, self._mirror.line(why.line)))
        self.why.show_reason(reason_title(row.charger, row.connector, now), lines)

    def _connectors(self, row: ConnectorRow, siblings: list[ConnectorRow]) -> None:
        while len(self._lines) < len(siblings):
            line = ConnectorLine(self)
            line.clicked.connect(lambda _=False, line=line: self.connector_chosen.emit(*line.key))
            self._group.addButton(line)
            self.connectors.addWidget(line)
            self._lines.append(line)
        self._title.setText(tr("Connector") if len(siblings) < 2 else tr("Connectors"))
        for number, line in enumerate(self._lines):
            line.setVisible(number < len(siblings))
            if number < len(siblings):
                one = siblings[number]
                look = connector_look(one.connector.status)
                line.show_connector(one.key, look, self._connector_words(one), len(siblings) > 1)
                line.setChecked(one.key == row.key)

    def _connector_words(self, one: ConnectorRow) -> tuple[str, str, str]:
        connector = one.connector
        name = tr("Connector {n}").format(n=connector.id)
        if one.bay is not None:
            name = tr("{n} · {phases}, {a}").format(
                n=connector.id,
                phases=tr("three phases") if one.bay.phases == 3 else tr("one phase"),
                a=text.limit(one.bay.max_a),
            )
        if connector.session_id is None:
            return name, connector_look(connector.status).word, ""
        parts = [tr("charge {n}").format(n=connector.session_id)]
        if connector.id_tag:
            parts.append(tr("tag …{tag}").format(tag=connector.id_tag[-4:]))
        started = connector.session_started_at
        return name, ", ".join(parts), "" if started is None else text.hours(self._mirror.now() - started)

    def _identity(self, row: ConnectorRow) -> None:
        one, now = row.charger, self._mirror.now()
        unknown = text.unknown()
        for name, value in (
            (tr("Serial"), one.serial),
            (tr("Address"), one.address),
            (tr("Firmware"), one.firmware),
        ):
            self.facts.set(name, value or unknown, "text" if value else "muted")
        clock, failsafe = clock_words(one.clock), failsafe_words(one.failsafe)
        self.facts.set(tr("Clock"), clock.word, clock.role, clock.icon)
        self.facts.set(tr("Speaks"), speaks(one) or unknown)
        self.facts.set(tr("Failsafe"), failsafe.word, failsafe.role, failsafe.icon)
        since = one.connected_at if row.online else one.lost_at
        words = unknown if since is None else text.moment(since, now)
        self.facts.set(
            tr("Linked"), tr("since {time}").format(time=words) if row.online else tr("lost {t}").format(t=words)
        )
        self.facts.set(tr("Meter"), text.energy(row.connector.energy_wh, exact=True))

    # -- history ------------------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Ask for the last minutes; one question at a time."""
        if self._row is not None and self._front and self._mirror.connected and not self._reading:
            self._reading = True
            self._client.spawn(self._read(self._row))

    async def _read(self, row: ConnectorRow) -> None:
        names, span = series_of(*row.key), self.plot.span()
        params = HistoryReadMany(names, *span, BUCKETS)
        try:
            told: HistoryMany = await self._client.call("history.read_many", params)
        except EvdeskError:
            return  # the next reading comes in a few seconds; a lost engine has its own banner
        finally:
            self._reading = False
        if self._row is not None and self._row.key == row.key:
            self.plot.show_history(told, names, row)
        else:
            self.read()


def _since(at: float, now: float) -> str:
    return text.clock_s(at) if now - at < 43_200 else text.moment(at, now)
