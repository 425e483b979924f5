"""The card "If evdesk goes silent": what each charger does then, proven or not, and the way to the drill."""

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import icons, text, theme
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, PRIMARY, Button, Card, Chip, Label, draw
from evdesk.model import Charger, ChargerState, ConnectorStatus, EvdeskError, FailsafeState
from evdesk.model.drills import Drill, DrillCause
from evdesk.wire.drill import FailsafeSummary, FailsafeView

GREEN, AMBER, RED = "green", "amber", "red"
READ_MS = 8000
SHOWN = 5


def light_look(light: str) -> Look:
    """Icon, word and colour of a light."""
    return {
        GREEN: Look("shield-check", tr("Proven"), "ok"),
        AMBER: Look("shield-alert", tr("Not drilled"), "warn"),
    }.get(light, Look("shield-x", tr("Cannot"), "danger"))


def light_of(charger: Charger) -> str:
    """The light of what the charger's own state says, until the engine has told more."""
    state = charger.failsafe.state
    if state is FailsafeState.CANNOT:
        return RED
    return GREEN if state is FailsafeState.PROVEN else AMBER


def _cannot_words(drill: Drill | None) -> str:
    """What it was seen to do instead."""
    return {
        DrillCause.KEPT: tr("keeps its last limit"),
        DrillCause.LATE: tr("falls too late"),
        DrillCause.HIGHER: tr("falls to too much"),
        DrillCause.IGNORES: tr("ignores its limit"),
        DrillCause.LOST: tr("loses its safe share"),
    }.get(drill.cause if drill is not None else DrillCause.CANNOT, tr("cannot fall back"))


def _readiness(charger: Charger) -> int:
    """Who can be drilled best comes first: a car that charges, then one that answers at all."""
    if charger.state is not ChargerState.ONLINE:
        return 2
    return 0 if any(c.status is ConnectorStatus.CHARGING for c in charger.connectors) else 1


class LightRow(QAbstractButton):
    """One charger that is not proven: its light, its name, what is known. Leads to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.charger_id = ""
        self._look = Look("", "", "muted")
        self._words = ("", "")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(28)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(160, 28)

    def show_light(self, charger_id: str, look: Look, label: str, words: str) -> None:
        self.charger_id = charger_id
        if (look, (label, words)) != (self._look, self._words):
            self._look, self._words = look, (label, words)
            self.setAccessibleName(f"{label}: {look.word}. {words}")
            self.setToolTip(words)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.underMouse():
            painter.fillRect(self.rect(), theme.current().color("raised"))
        middle = self.height() / 2
        base = middle + draw.metrics("small").capHeight() / 2
        icons.paint(painter, self._look.icon, self._look.role, QRectF(0, middle - 7, 14, 14))
        label = draw.elided(self._words[0], "chip", self.width() * 0.45)
        x = 20 + draw.text(painter, 20, base, label, "chip", "text") + 8
        draw.text(painter, x, base, draw.elided(self._words[1], "small", self.width() - x), "small", "muted")


class SilentCard(Card):
    """`chosen(charger_id)`; `navigate(deed, argument)`: a drill of one, or of all."""

    chosen = Signal(str)
    navigate = Signal(str, object)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(tr("If evdesk goes silent"), parent)
        self._mirror, self._client = mirror, client
        self.views: dict[str, FailsafeView] = {}
        self.summary: FailsafeSummary | None = None
        self._reading = False
        self.counts = {light: Chip(None, self, bare=True) for light in (GREEN, AMBER, RED)}
        self.sentence = Label("", "small", "text", self, wrap=True)
        self.problem = Label("", "small", "danger", self, wrap=True)
        self.rows = [LightRow(self) for _ in range(SHOWN)]
        self.rest = Label("", "small", "muted", self)
        self.list = QWidget(self)
        self.which = Button(tr("Which"), "chevron-down", GHOST, self, dense=True, label=tr("List who is not proven"))
        self._listed: bool | None = None  # None: nobody has asked, the room decides
        self._roomy = True
        self.drill = Button("", "play", PRIMARY, self, dense=True)
        self.drill_all = Button(tr("Drill all"), parent=self, dense=True)
        self._next = ""
        self._build()
        mirror.drill_changed.connect(self._drilled)
        self._timer = QTimer(self)
        self._timer.setInterval(READ_MS)
        self._timer.timeout.connect(self.read)

    def _build(self) -> None:
        counts = QHBoxLayout()
        counts.setSpacing(14)
        for chip in self.counts.values():
            counts.addWidget(chip)
        counts.addStretch(1)
        self.body.addLayout(counts)
        self.body.addWidget(self.sentence)
        self.body.addWidget(self.problem)
        rows = QVBoxLayout(self.list)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for row in self.rows:
            rows.addWidget(row)
            row.clicked.connect(self._clicked)
        rows.addWidget(self.rest)
        self.body.addWidget(self.list)
        self.body.setContentsMargins(14, 10, 14, 12)
        self.body.setSpacing(8)
        self.head.addWidget(self.which)
        deeds = QHBoxLayout()
        deeds.setSpacing(8)
        deeds.addWidget(self.drill)
        deeds.addWidget(self.drill_all)
        deeds.addStretch(1)
        self.body.addLayout(deeds)
        self.drill.clicked.connect(self._drill)
        self.drill_all.clicked.connect(self._drill_all)
        self.which.clicked.connect(self._toggle)

    def set_roomy(self, roomy: bool) -> None:
        """Whether there is room to list them without being asked."""
        self._roomy = roomy
        self._show_list()

    def _toggle(self) -> None:
        self._listed = self.list.isHidden()
        self._show_list()

    def _show_list(self) -> None:
        some = not self.rows[0].isHidden()
        shown = some and (self._roomy if self._listed is None else self._listed)
        self.list.setVisible(shown)
        self.which.setVisible(some)
        self.which.set_icon("chevron-down" if shown else "chevron-up")  # the card stands at the foot: it grows upwards

    def set_front(self, front: bool) -> None:
        """Only a page that is looked at asks."""
        if front:
            self._timer.start()
            self.read()
        else:
            self._timer.stop()

    def _drilled(self, drill: Drill) -> None:
        """One that begins or ends is told at once."""
        running = drill.charger_id in self.views and self.views[drill.charger_id].running is not None
        if self._timer.isActive() and running == drill.over:
            self.read()

    def read(self) -> None:
        if not self._reading and self._mirror.connected:
            self._reading = True
            if self._client.spawn(self._read()) is None:
                self._reading = False

    async def _read(self) -> None:
        try:
            views: list[FailsafeView] = await self._client.call("failsafe.list")
            self.summary = await self._client.call("failsafe.summary")
        except EvdeskError:
            return  # what the chargers themselves say stays
        else:
            self.views = {view.charger_id: view for view in views}
        finally:
            self._reading = False
        self.refresh()

    def light(self, charger: Charger) -> str:
        view = self.views.get(charger.id)
        return view.light if view is not None else light_of(charger)

    def refresh(self) -> None:
        """From the mirror and the engine's last answer."""
        lights = [(charger, self.light(charger)) for charger in self._mirror.accepted()]
        for key, chip in self.counts.items():
            count = sum(light == key for _, light in lights)
            look = light_look(key)
            words = {GREEN: tr("{n} proven"), AMBER: tr("{n} not drilled"), RED: tr("{n} cannot")}[key]
            chip.set_look(Look(look.icon, words.format(n=count), look.role))
            chip.setVisible(bool(count) or key == GREEN)
        self.sentence.setText(self._sentence())
        problems = list(self.summary.problems) if self.summary is not None else []
        more = tr("and {n} more").format(n=len(problems) - 1) if len(problems) > 1 else ""
        problem = text.reasons(*problems[:1], more)
        self.problem.setText(problem)
        self.problem.setToolTip("\n".join(problems))
        self.problem.setVisible(bool(problem))
        order = {RED: 0, AMBER: 1}
        open_ones = sorted((row for row in lights if row[1] != GREEN), key=lambda row: order.get(row[1], 2))
        for place, row in enumerate(self.rows):
            row.setVisible(place < len(open_ones))
            if place < len(open_ones):
                charger, light = open_ones[place]
                row.show_light(
                    charger.id, light_look(light), self._mirror.label(charger.id), self._words(charger, light)
                )
        rest = len(open_ones) - len(self.rows)
        self.rest.setVisible(rest > 0)
        self.rest.setText(tr("and {n} more").format(n=rest))
        self._show_list()
        untested = [charger for charger, light in open_ones if light == AMBER]
        self._offer(sorted(untested, key=_readiness))

    def _offer(self, untested: list[Charger]) -> None:
        off = "" if self._mirror.connected else tr("Off while the engine does not answer.")
        running = next((view for view in self.views.values() if view.running is not None), None)
        self._next = running.charger_id if running is not None else untested[0].id if untested else ""
        label = self._mirror.label(self._next) if self._next else ""
        words = tr("Show the drill of {label}") if running is not None else tr("Drill {label}")
        self.drill.setText(words.format(label=label))
        self.drill.setAccessibleName(self.drill.text())
        self.drill.updateGeometry()
        self.drill.setVisible(bool(self._next))
        self.drill_all.setVisible(len(untested) > 1)
        silent = running is None and bool(untested) and untested[0].state is not ChargerState.ONLINE
        self.drill.why_off(off or (tr("Only a charger that answers can be drilled.") if silent else ""))
        self.drill_all.why_off(off)

    def _sentence(self) -> str:
        load, site, one = self._mirror.load, self._mirror.site, self.summary
        if site is None or load is None:
            return ""
        share = one.safe_share_a if one is not None else load.safe_share_a
        after = one.falls_after_s if one is not None else site.balance.falls_after_s
        if share < 6:
            return tr("Chargers fall to 0 A within {s} s: 6 A for each of them does not fit the lines.").format(s=after)
        words = tr("Chargers fall to {amps} per phase within {s} s, those not drilled by their own word. ")
        words += tr("Who cannot fall back is counted in full.")
        return words.format(amps=text.limit(share), s=after)

    def _words(self, charger: Charger, light: str) -> str:
        view = self.views.get(charger.id)
        kept = view.reserved_a if view is not None else 0.0
        if view is not None and view.running is not None:
            return tr("a drill is running")
        if light == RED:
            words = _cannot_words(view.last_drill if view is not None else None)
            return tr("{words}: {amps} stay reserved").format(words=words, amps=text.limit(kept)) if kept else words
        if view is not None and view.same_model:
            return tr("{label}, same model, was drilled").format(label=view.same_model[0].label)
        state = view.state if view is not None else charger.failsafe.state
        return tr("its schedule shows it") if state is FailsafeState.VERIFIED else tr("drill due")

    def _clicked(self) -> None:
        row = self.sender()
        if isinstance(row, LightRow):
            self.chosen.emit(row.charger_id)

    def _drill(self) -> None:
        if self._next:
            self.navigate.emit("drill", self._next)

    def _drill_all(self) -> None:
        self.navigate.emit("drill_all", None)
