"""The failsafe drill: evdesk goes silent on purpose towards one charger, watches, and says what it saw."""

from pathlib import Path

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.desk import Desk
from evdesk.gui.dialogs.drill_parts import DrillPlot, StepStrip, preview, steps
from evdesk.gui.dialogs.drill_seen import SeenRow
from evdesk.gui.dialogs.files import ask_save, write_bytes
from evdesk.gui.dialogs.sheet import DONE, Sheet, confirm
from evdesk.gui.mirror import Mirror
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import DANGER, NORMAL, PRIMARY, Button, Card, Chip, Figure, Label, Segmented
from evdesk.model import EvdeskError, FailsafeState
from evdesk.model.drills import Drill, DrillKind, DrillVerdict
from evdesk.wire.drill import (
    Begun,
    BegunAll,
    FailsafeView,
    OneDrill,
    Protocol,
    ProtocolFormat,
    ReadProtocol,
    StartDrill,
    StartDrills,
)

POLL_MS = 1000
PDF = ProtocolFormat.PDF


def kind_words(kind: DrillKind) -> str:
    return {
        DrillKind.SILENCE: tr("The connection stays, nothing is sent. What happens when evdesk hangs."),
        DrillKind.CUT: tr("The connection is closed and refused. What happens when the network fails."),
        DrillKind.RESTART: tr("The charger restarts, without a car. Is its safe share still there?"),
    }[kind]


def verdict_look(verdict: DrillVerdict) -> Look:
    return {
        DrillVerdict.NONE: Look("play", tr("Running"), "info"),
        DrillVerdict.PROVEN: Look("shield-check", tr("Proven"), "ok"),
        DrillVerdict.VERIFIED: Look("shield-check", tr("Verified"), "warn"),
        DrillVerdict.FAILED: Look("shield-x", tr("Failed"), "danger"),
        DrillVerdict.CANCELLED: Look("stop", tr("Stopped"), "muted"),
        DrillVerdict.REFUSED: Look("octagon", tr("Could not begin"), "warn"),
    }.get(verdict, Look("question", tr("Not decided"), "warn"))


class DrillSheet(Sheet):
    """Before: what will be done, and how. Meanwhile: steps, three figures, the curve, stop always in reach. Afterwards:
    what it means, and its protocol. `drill_id`: one that runs already, or is over."""

    def __init__(
        self,
        charger_id: str,
        drill_id: int | None,
        mirror: Mirror,
        client: Client,
        theme: Theme,
        parent: QWidget | None,
    ) -> None:
        super().__init__(tr("Failsafe drill: {label}").format(label=mirror.label(charger_id)), theme, parent)
        self.charger_id, self.drill_id = charger_id, drill_id
        self._mirror, self._client = mirror, client
        self.drill: Drill | None = None
        self._asking = False
        self.chip = Chip(None, self)
        self.lead = Label("", "small", "muted", self, wrap=True)
        self.strip = StepStrip(self)
        self.silent = Figure(tr("Silent for"), self, kind="huge")
        self.current = Figure(tr("Current now"), self, kind="huge")
        self.target = Figure(tr("Must fall to"), self, kind="huge")
        self.plot = DrillPlot(self)
        self.kinds = Segmented([("silence", tr("Silence")), ("cut", tr("Cut")), ("restart", tr("Restart"))], self)
        self.kind = Label("", "small", "muted", self, wrap=True)
        self.attended = QCheckBox(tr("I stay at the board: count what flows now, not the worst of the house"), self)
        self.sentence = Label("", "card", "text", self, wrap=True, selectable=True)
        self.note = Label("", "small", "muted", self, wrap=True, selectable=True)
        self.seen = SeenRow(charger_id, client, self)
        self._lay()
        self.stop = self._act(tr("Stop and restore"), "stop", DANGER)
        self.save = self._act(tr("Save protocol"), "export", NORMAL)
        self.page = self._act(tr("Print"), "file", NORMAL)
        self.begin = self._act(tr("Start the drill"), "play", PRIMARY)
        self.leave = self.button(tr("Close"), DONE)
        self.stop.clicked.connect(self._stop)
        self.save.clicked.connect(self._save)
        self.page.clicked.connect(self._print)
        self.begin.clicked.connect(self._begin)
        self.kinds.changed.connect(self._kind)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.poll)
        self._kind("silence")
        self.show_drill(None)
        if drill_id is not None:
            self._timer.start()
            self.poll()

    def _lay(self) -> None:
        self.resize(860, 640)
        self.setMinimumWidth(720)
        self.add(self.chip)
        self.add(self.lead)
        self.add(self.seen)
        self.add(self.strip)
        start = QWidget(self)
        column = QVBoxLayout(start)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.kinds)
        column.addWidget(self.kind)
        column.addWidget(self.attended)
        self.start_form = start
        self.add(start)
        card = Card("", self, padding=12)
        figures = QHBoxLayout()
        figures.setSpacing(36)
        for figure in (self.silent, self.current, self.target):
            figures.addWidget(figure)
        figures.addStretch(1)
        card.body.addLayout(figures)
        card.body.addWidget(self.plot, 1)
        self.add(card)
        self._box.setStretchFactor(card, 100)
        self.add(self.sentence)
        self.add(self.note)
        self.note.hide()

    def _act(self, word: str, icon: str, variant: str) -> Button:
        button = Button(word, icon, variant, self)
        button.setAutoDefault(False)
        self._row.addWidget(button)
        return button

    # -- showing

    def show_drill(self, drill: Drill | None) -> None:
        """Everything from the engine's word about the drill."""
        self.drill = drill
        now = self._mirror.now()
        running = drill is not None and not drill.over
        over = drill is not None and drill.over
        label = self._mirror.label(self.charger_id)
        self.lead.setText(
            tr("evdesk goes silent on purpose. {label} must fall to its safe share by itself; others are held lower "
               "meanwhile, and it stops by itself when a line gets too full.").format(label=label)
        )  # fmt: skip
        self.chip.setVisible(drill is not None)
        if drill is not None:
            self.chip.set_look(verdict_look(drill.verdict))
        self.strip.set(steps(drill, now))
        self._figures(drill, now)
        self.plot.expect(self._preview())
        self.plot.set(drill, now)
        self.start_form.setVisible(not running and self.drill_id is None)
        self.begin.setVisible(self.drill_id is None or over)
        self.begin.setText(tr("Drill again") if over else tr("Start the drill"))
        self.begin.updateGeometry()
        self.stop.setVisible(running or (self.drill_id is not None and drill is None))
        self.save.setVisible(over)
        self.page.setVisible(over)
        self.leave.setText(tr("Leave it running") if running else tr("Close"))
        self.leave.updateGeometry()
        self.sentence.setText(drill.sentence if drill is not None else "")
        self.sentence.setVisible(bool(drill is not None and drill.sentence))
        off = "" if self._mirror.connected else tr("Off while the engine does not answer.")
        for button in (self.begin, self.stop, self.save, self.page, self.seen.mended):
            button.why_off(off)

    def _figures(self, drill: Drill | None, now: float) -> None:
        since = drill.since_at if drill is not None else None
        end = now
        if drill is not None and drill.over:
            end = drill.samples[-1][0] if drill.samples else drill.ended_at or now
        self.silent.set(text.minutes(end - since).partition(" ")[0] if since is not None else "–",
                        tr("min") if since is not None else "")  # fmt: skip
        last = drill.samples[-1][1] if drill is not None and drill.samples else self._drawn()
        self.current.set(text.number(last) if last is not None else "?", "A" if last is not None else "")
        safe = drill.safe_a if drill is not None else self._safe()
        self.target.set(text.number(safe, 0, short=True), tr("A or less") if safe is not None else "")

    def _drawn(self) -> float | None:
        """What the charger draws on its fullest phase, by its own word."""
        charger = self._mirror.chargers.get(self.charger_id)
        drawn = [a for c in charger.connectors for a in c.current_a if a is not None] if charger is not None else []
        return max(drawn, default=None)

    def _safe(self) -> float | None:
        charger = self._mirror.chargers.get(self.charger_id)
        return charger.failsafe.safe_a if charger is not None else None

    def _preview(self) -> Drill | None:
        site = self._mirror.site
        if site is None or self.kinds.current() == DrillKind.RESTART.value:
            return None
        most = max((bay.max_a for bay in site.bays if bay.charger_id == self.charger_id), default=None)
        return preview(self.charger_id, self._safe(), most, site.balance.profile_valid_s)

    def _kind(self, key: str) -> None:
        self.kind.setText(kind_words(DrillKind(key)))
        self.plot.expect(self._preview())
        self.attended.setVisible(key != DrillKind.RESTART.value)

    # -- doing

    def poll(self) -> None:
        if not self._asking and self.drill_id is not None:
            self._asking = True
            if self._client.spawn(self._read(self.drill_id)) is None:
                self._asking = False

    async def _read(self, drill_id: int) -> None:
        try:
            drill: Drill = await self._client.call("failsafe.drill_get", OneDrill(drill_id))
        except EvdeskError as error:
            self.fail(error.sentence)
            return
        finally:
            self._asking = False
        self.fail("")
        self.show_drill(drill)
        if drill.over:
            self._timer.stop()

    def _begin(self) -> None:
        self._client.spawn(self._begun(DrillKind(self.kinds.current())))

    async def _begun(self, kind: DrillKind) -> None:
        self.begin.setEnabled(False)
        attended = self.attended.isChecked() and kind is not DrillKind.RESTART
        try:
            begun: Begun = await self._client.call("failsafe.drill", StartDrill(self.charger_id, None, kind, attended))
        except EvdeskError as error:
            self.fail(error.sentence)
            self.begin.setEnabled(True)
            return
        self.fail("")
        self.seen.hide()
        self.drill_id = begun.drill_id
        self.show_drill(None)
        self._timer.start()
        self.poll()

    def _stop(self) -> None:
        self._client.spawn(self._stopped())

    async def _stopped(self) -> None:
        if self.drill_id is None:
            return
        try:
            await self._client.call("failsafe.cancel", OneDrill(self.drill_id))
        except EvdeskError as error:
            self.fail(error.sentence)
        self.poll()

    def _save(self) -> None:
        self._client.spawn(self._saved(show=False))

    def _print(self) -> None:
        self._client.spawn(self._saved(show=True))

    async def _saved(self, *, show: bool) -> None:
        try:
            told: Protocol = await self._client.call("failsafe.protocol", ReadProtocol(self.drill_id or 0, PDF))
            path = await ask_save(self, tr("Save the protocol"), told.file_name, "PDF (*.pdf);;HTML (*.html)")
            if path is None:
                return
            if path.suffix.lower() == ".html":
                told = await self._client.call("failsafe.protocol", ReadProtocol(self.drill_id or 0))
            self.write(path, told.pdf or told.html.encode(), show=show)
        except EvdeskError as error:
            self.fail(error.sentence)

    def write(self, path: Path, page: bytes, *, show: bool) -> None:
        """The page as a file; `show`: open it where it can be printed."""
        write_bytes(path, page)
        self.note.setText(tr("Saved as {path}").format(path=path))
        self.note.show()
        if show:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


async def drill(desk: Desk, charger_id: object) -> str:
    """Open the sheet for a charger; one that runs there is shown."""
    views: list[FailsafeView] = await desk.client.call("failsafe.list")
    view = next((one for one in views if one.charger_id == charger_id), None)
    running = view.running if view is not None else None
    sheet = DrillSheet(str(charger_id), running, desk.mirror, desk.client, desk.theme, desk.window)
    last = view.last_drill if view is not None and view.state is FailsafeState.CANNOT else None
    if last is not None and last.kind is DrillKind.SEEN and running is None:
        sheet.seen.show_seen(last)
    await sheet.ask()
    return ""


async def drill_all(desk: Desk, _: object) -> str:
    """Drill everything that is not proven, after asking."""
    title = tr("Drill every charger that is not proven?")
    words = tr(
        "One after the other goes silent; together only as far as the lines allow. Cars may charge slower meanwhile."
    )
    if not await confirm(desk.window, desk.theme, title, words, tr("Drill all"), tr("Not now")):
        return ""
    begun: BegunAll = await desk.client.call("failsafe.drill_all", StartDrills())
    count = len(begun.drill_ids)
    nothing = begun.sentence or tr("Nothing to drill: no charger is ready for it")
    return tr("{n} drills begun").format(n=count) if count else nothing
