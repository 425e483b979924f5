"""The Firmware page: the fleet's versions against library and policies, the library of images, and jobs."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.client import Client
from evdesk.gui.jobs import in_updates
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.firmware_deeds import FirmwareDeeds
from evdesk.gui.pages.firmware_drop import DropVeil
from evdesk.gui.pages.firmware_feed import FirmwareFeed
from evdesk.gui.pages.firmware_head import HeadCard
from evdesk.gui.pages.firmware_jobs import JobsShown, JobStrips
from evdesk.gui.pages.firmware_list import SEGMENTS, FleetCard
from evdesk.gui.pages.firmware_note import Note
from evdesk.gui.pages.firmware_selected import Selected
from evdesk.gui.pages.firmware_side import SidePanel
from evdesk.gui.pages.firmware_words import chargers_words
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button
from evdesk.model.firmware import FleetModel
from evdesk.model.jobs import JobKind

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

SIDE_NARROW, SIDE, SIDE_WIDE = 264, 300, 400
WIDE, NARROW = 1400, 1000
AGES_MS = 60_000
IMAGE = "image/"


class FirmwarePage(Page):
    """F5 reads again; files dropped here are added. `go` takes a charger id, "model", "state", "history", "jobs",
    "add" (choose files), or "image/ID"."""

    name = "firmware"
    icon = "chip"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self._wanted_image = ""  # to open when the library has been read
        self.feed = FirmwareFeed(mirror, client, self)
        self.deeds = FirmwareDeeds(mirror, client, theme, self)
        self.head = HeadCard(self)
        self.strips = JobStrips(self)
        self.note = Note(self)
        self.list = FleetCard(mirror, client, self)
        self.side = SidePanel(self)
        self.selected = Selected(mirror, self.feed, self.list, self.side, self)
        self.jobs = JobsShown(mirror, self.strips, self.list.jobs, self.head.legend, self)
        self.veil = DropVeil(self, lambda: client.here and not self._off())
        self.fetch = Button(tr("Fetch logs"), "import", parent=self)
        self.fetch.hide()
        self._ages = QTimer(self, interval=AGES_MS)
        self._lay_out()
        self._wire()
        self._wire_rest()

    def _lay_out(self) -> None:
        both = QHBoxLayout()
        both.setSpacing(tokens.GAP)
        both.addWidget(self.list, 1)
        both.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        for widget in (self.head, self.strips, self.note):
            column.addWidget(widget)
        column.addLayout(both, 1)
        self.list.setMinimumWidth(360)

    def _wire(self) -> None:
        self.feed.fleet_read.connect(self._show_fleet)
        self.feed.images_read.connect(self._show_images)
        self.feed.seen_read.connect(lambda: self.list.show_seen(self.feed.seen))
        self.feed.failed.connect(lambda sentence: self.note.problem(sentence if self.mirror.connected else ""))
        self.head.legend.picked.connect(self.list.narrow)
        self.head.update_asked.connect(self._update)
        self.list.view.head_opened.connect(self._open_model)
        self.list.searched.connect(self.side.search)
        self.list.seen_wanted.connect(self.feed.want_seen)
        self.list.narrowed.connect(self.head.legend.select)
        self.list.charger_asked.connect(self.go)
        self.list.connect_asked.connect(lambda: self.navigate.emit("connect", None))
        self.strips.all_asked.connect(lambda: self.list.turn("jobs"))
        self.jobs.opened.connect(self._open_job)
        self.jobs.changed.connect(self.list.refresh)
        self.jobs.changed.connect(self._show_head)
        self.jobs.ended.connect(self.feed.soon)
        self.side.list.opened.connect(self._open_image)
        self.side.dots.picked.connect(self._open_job)

    def _wire_rest(self) -> None:
        self.side.update_asked.connect(lambda one: self._update([one.charger_id], one.image_id))
        self.side.logs_asked.connect(lambda charger_id: self.navigate.emit("logs", charger_id))
        self.side.add_files_asked.connect(self.deeds.add_files)
        self.side.add_folder_asked.connect(self.deeds.add_folder)
        self.side.export_asked.connect(self.deeds.export)
        self.veil.dropped.connect(self.deeds.add_paths)
        self.fetch.clicked.connect(lambda: self.navigate.emit("logs", None))
        self.deeds.changed.connect(self.feed.soon)
        self.deeds.working.connect(self.note.working)
        for source in (self.deeds, self.list.exports):
            source.said.connect(lambda sentence: self.navigate.emit("said", sentence))
            source.failed.connect(self.client.failed)
        self.mirror.connection_changed.connect(self._enable)
        self._ages.timeout.connect(self._show_fleet)
        again = QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self)
        again.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.activated.connect(self.feed.read)

    # -- what the shell asks ------------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        fleet = self.feed.fleet
        if fleet is None or not fleet.models:
            return ""
        chargers = chargers_words(sum(len(model.chargers) for model in fleet.models))
        models = tr("1 model") if len(fleet.models) == 1 else tr("{n} models").format(n=len(fleet.models))
        now = self.mirror.now()
        return ", ".join((chargers, models, text.day(now), text.clock(now)))

    def header_actions(self) -> list[QWidget]:
        return [self.fetch]

    def on_shown(self) -> None:
        self._ages.start()
        self.jobs.show()
        self.feed.begin()
        self._enable()

    def on_hidden(self) -> None:
        self._ages.stop()
        self.feed.end()

    def go(self, argument: object) -> None:
        wanted = str(argument)
        if wanted in SEGMENTS:
            self.list.turn(wanted)
        elif wanted == "add":
            self.deeds.add_files()
        elif wanted.startswith(IMAGE):
            self._wanted_image = wanted.removeprefix(IMAGE)
            self._open_image(self._wanted_image)
        elif wanted:
            if self.list.segment() not in SEGMENTS[:2]:
                self.list.turn(SEGMENTS[0])
            self.selected.wanted = wanted
            self.selected.show()

    def place(self) -> object:
        key, segment = self.feed.charger_id, self.list.segment()
        return key if key and segment == SEGMENTS[0] else segment

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show_fleet(self) -> None:
        if self.feed.fleet is not None:
            self.list.show_fleet(self.feed.fleet)
            self._show_head()
            self.selected.show()
            self.header_changed.emit()

    def _show_head(self) -> None:
        if self.feed.fleet is not None:
            self.head.show_fleet(self.feed.fleet, self.feed.images or [], self._off(), in_updates(self.mirror))

    def _show_images(self) -> None:
        if self.feed.images is not None:
            models = self.feed.fleet.models if self.feed.fleet is not None else ()
            self.side.show_images(self.feed.images, models, self._off())
            if self._wanted_image:
                self._open_image(self._wanted_image)

    def _off(self) -> str:
        return "" if self.mirror.connected else tr("The engine does not answer: nothing can be sent until it is back.")

    def _enable(self, *_: object) -> None:
        self.list.view.cells.muted_all = not self.mirror.connected
        self.list.view.viewport().update()
        self.fetch.why_off(self._off())
        self._show_fleet()
        self._show_images()

    # -- going elsewhere ----------------------------------------------------------------------------------------------

    def _open_model(self, model: FleetModel) -> None:
        if not self._off():
            self.deeds.open_model(model, self.feed.images or [])

    def _open_image(self, image_id: str) -> None:
        image = next((one for one in self.feed.images or [] if one.id == image_id), None)
        if image is not None:
            self._wanted_image = ""
            self.deeds.open_image(image)

    def _update(self, charger_ids: list[str], image_id: str) -> None:
        """To the guide, with the file where it is known which."""
        self.navigate.emit("update", {"charger_ids": charger_ids, "image_id": image_id})

    def _open_job(self, job_id: int) -> None:
        job = self.mirror.jobs.get(job_id)
        if job is not None and job.kind is JobKind.LOG:
            self.navigate.emit("logs", f"job/{job_id}")
        else:
            self.navigate.emit("job", job_id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width()
        side = SIDE_WIDE if wide >= WIDE else SIDE_NARROW if wide < NARROW else SIDE
        self.side.setFixedWidth(side)
        self.list.fit(wide - 2 * tokens.MARGIN - tokens.GAP - side)
