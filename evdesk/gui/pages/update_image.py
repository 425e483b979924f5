"""Step 2: which file. What does not fit says why, and for which chargers."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QStackedLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.firmware_deeds import FirmwareDeeds
from evdesk.gui.pages.firmware_words import chargers_words, fits_words, image_look
from evdesk.gui.pages.job_side import short_hash, way_back
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel, TableRow
from evdesk.gui.pages.update_feed import UpdateFeed
from evdesk.gui.pages.update_image_list import (
    ROW,
    ImageRow,
    ImagesModel,
    ImagesTable,
    in_order,
    make_row,
    way_out,
    why_not,
)
from evdesk.gui.pages.update_parts import Line, LinesList, StepPanel, head_height, hug
from evdesk.gui.pages.update_plan import Plan
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, Chip, EmptyState, KeyValue, Label
from evdesk.model.firmware import Direction, Image

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

MISFITS_SHARE = 0.42


def field_words(field: str) -> str:
    """A field of a manifest that nobody knows."""
    return {
        "settings_kept": tr("whether settings are kept"),
        "downgrade": tr("whether it takes an older version"),
        "hardware": tr("hardware"),
        "from_versions": tr("the versions it goes on"),
        "minutes": tr("how long it takes"),
        "recovery": tr("what to do when it stays silent"),
        "signature": tr("signature"),
        "schemes": tr("how it fetches"),
        "reboots": tr("how often it restarts"),
        "minimum_version": tr("the lowest version it goes on"),
        "source": tr("where it is from"),
    }.get(field, field)


class ImageFacts(Card):
    """What is known about a file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("File"), parent, head_height=head_height(), padding=12)
        self.name = Label("", "name", parent=self, wrap=True, selectable=True)
        self.chip = Chip(None, self, bare=True)
        self.detail = Label("", "small", "muted", self, wrap=True, selectable=True)
        self.facts = KeyValue(self, columns=1)
        self.notes = LinesList(self)
        self.describe = Button(tr("Describe…"), "edit", GHOST, self, dense=True)
        self.head.addWidget(self.describe)
        self.head.setContentsMargins(12, 0, 4, 0)
        for widget in (self.name, self.chip, self.detail, self.facts, self.notes):
            self.body.addWidget(widget)

    def show_image(self, image: Image, images: list[Image], versions: set[str], now: float) -> None:
        manifest = image.manifest
        self.name.setText(image.name)
        self.chip.set_look(image_look(image))
        self.detail.setText(image.signature_detail)
        self.detail.setVisible(bool(image.signature_detail))
        facts = self.facts
        facts.set(tr("File"), f"{image.file_name}, {text.size(image.size)}")
        facts.set(tr("SHA-256"), short_hash(image.sha256))
        facts.label(tr("SHA-256")).setToolTip(image.sha256)
        facts.set(tr("Signed by"), image.signer or tr("nobody"))
        facts.set(tr("For"), fits_words(image) or text.unknown())
        kept = {True: tr("kept"), False: tr("not kept: put back from the backup"), None: tr("kept or not: unknown")}
        facts.set(tr("Settings"), kept[manifest.settings_kept])
        minutes = tr("{n} min").format(n=text.number(manifest.minutes, 0)) if manifest.minutes else text.unknown()
        facts.set(tr("Takes"), minutes)
        facts.set(tr("Way back"), *way_back(image, images, versions))
        facts.set(tr("From"), manifest.source or image.manifest_source or text.unknown())
        facts.set(tr("Added"), text.moment(image.added_at, now) if image.added_at else text.unknown())
        self.notes.set_lines(self._notes(image))

    def _notes(self, image: Image) -> list[Line]:
        notes = []
        if image.manifest.notes:
            notes.append(Line(Look("info", tr("Note"), "info"), image.manifest.notes))
        if image.unknown:
            names = ", ".join(map(field_words, image.unknown))
            words = tr("Not known: {names}.").format(names=names)
            notes.append(Line(Look("question", tr("Unknown"), "warn"), words, tr("Describe it here.")))
        return notes


class ImagePanel(StepPanel):
    """`changed` when another file is chosen or chargers were left out."""

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", feed: UpdateFeed, plan: Plan) -> None:
        super().__init__()
        self._feed, self._plan = feed, plan
        self.model = ImagesModel(self)
        self.table = ImagesTable(self.model, self)
        self.add = Button(tr("Add a file…"), "plus", parent=self, dense=True)
        self.deeds = FirmwareDeeds(mirror, client, theme, self)
        self.said = Label("", "small", "muted", self, wrap=True, selectable=True)
        self.empty = EmptyState(
            "chip", tr("No image in the library"), tr("Add the file your maker sent you. It stays on this laptop."),
            tr("Add an image"), self,
        )  # fmt: skip
        self.list = Card(tr("Library"), self, padding=0, head_height=head_height() + 4)
        self.misfits = Card("", self, padding=0)
        self.drop = Button("", "x", parent=self, dense=True)
        self.reasons = RowsModel((tr("Charger"), tr("Why not"), tr("Way out")), -1, self)
        self.not_fitting = Grid(tr("Chargers the file is not for"), 36, self)
        self.facts = ImageFacts(self)
        self._lay_out()
        self.table.selectionModel().currentRowChanged.connect(self._look_at)
        self.table.clicked.connect(self._choose)
        self.table.opened.connect(self._choose)
        self.add.clicked.connect(self.deeds.add_files)
        self.facts.describe.clicked.connect(self._describe)
        self.deeds.changed.connect(feed.read)
        self.deeds.said.connect(self._went_well)
        self.deeds.failed.connect(self._failed)
        self.deeds.working.connect(self._working)
        self.drop.clicked.connect(self._drop)
        feed.images_changed.connect(self._images)
        feed.fits_changed.connect(self._fits)
        if self.empty.button is not None:
            self.empty.button.clicked.connect(self.deeds.add_files)

    def _lay_out(self) -> None:
        self.list.head.addWidget(self.add)
        self.list.head.setContentsMargins(12, 0, 5, 0)
        self.said.setContentsMargins(12, 8, 12, 4)
        self.said.hide()
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.list.body.setContentsMargins(1, 0, 1, 8)
        self.list.body.addWidget(self.said)
        self.list.body.addLayout(self._stack, 1)
        self.misfits.add_head(head_height() + 4)
        self.misfits.title.setVisible(True)
        self.misfits.head.addWidget(self.drop)
        self.misfits.head.setContentsMargins(12, 0, 5, 0)
        self.not_fitting.setItemDelegate(RowsDelegate(self.not_fitting))
        self.not_fitting.setModel(self.reasons)
        self.not_fitting.set_widths((116, 330, 220), 1)
        self.not_fitting.horizontalHeader().setSortIndicatorShown(False)
        self.not_fitting.whole_rows()
        self.misfits.body.setContentsMargins(1, 0, 1, 6)
        self.misfits.body.addWidget(self.not_fitting)
        self.misfits.hide()
        self.left.addWidget(self.list, 1)
        self.left.addWidget(self.misfits)
        self.left.addStretch(0)
        self.side.add(self.facts)
        self.facts.hide()

    # -- what the page asks -------------------------------------------------------------------------------------------

    def enter(self) -> None:
        self._feed.read_fits(self._plan.charger_ids)
        self._show()

    def first(self) -> QWidget:
        return self.table

    def why_not(self) -> str:
        if self._feed.image(self._plan.image_id) is None:
            usable = any(row.usable for row in self.model.rows)
            return tr("Choose a file.") if usable else tr("No file of the library fits. Add the maker's file.")
        out = self.not_for()
        return tr("It is not for {many}: leave them out.").format(many=chargers_words(len(out))) if out else ""

    def not_for(self) -> list[str]:
        """Chosen chargers that the chosen file does not fit."""
        fits = self._feed.fits.get(self._plan.image_id, {})
        return [one for one in self._plan.charger_ids if one in fits and not fits[one].fits]

    def has_it(self) -> list[str]:
        """Chosen chargers that have the chosen version already, as long as it is new for others."""
        fits = self._feed.fits.get(self._plan.image_id, {})
        found = [one for one in self._plan.charger_ids if one in fits and fits[one].fits]
        same = [one for one in found if fits[one].direction is Direction.SAME]
        return same if len(same) < len(found) else []

    def fit(self, side: int) -> None:
        super().fit(side)
        self._fit_misfits()

    def _fit_misfits(self) -> None:
        need = 41 + self.not_fitting.horizontalHeader().height() + self.not_fitting.verticalHeader().length() + 8
        self.misfits.setFixedHeight(max(120, min(need, round(self.height() * MISFITS_SHARE))))
        side = max(220, min(round(self.room() * 0.42), self.room() - 446))
        self.not_fitting.setColumnWidth(2, side)
        hug(self.list, self.table, stack=self._stack)

    # -- showing ------------------------------------------------------------------------------------------------------

    def _images(self) -> None:
        if self.isVisible():
            self._feed.read_fits(self._plan.charger_ids)
        self._show()

    def _fits(self) -> None:
        """What was chosen may not fit any more."""
        fits = self._feed.fits.get(self._plan.image_id)
        if fits is not None and not any(fit.fits for fit in fits.values()):
            self._plan.image_id = ""
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        ids = self._plan.charger_ids
        rows = [make_row(image, self._feed.fits.get(image.id), ids) for image in self._feed.images]
        kept = self.table.currentIndex().data(ROW)
        self.model.set_rows(in_order(rows, self._feed.fits))
        self.model.set_chosen(self._plan.image_id)
        self._stack.setCurrentWidget(self.table if rows else self.empty)
        wanted = self._plan.image_id or (kept.image.id if isinstance(kept, ImageRow) else "")
        if self.model.rows:
            self.table.selectRow(max(0, self.model.row_of(wanted)))
        self._show_misfits()

    def _show_misfits(self) -> None:
        out, same = self.not_for(), self.has_it()
        fits = self._feed.fits.get(self._plan.image_id, {})
        many = len(out) + len(same)
        self.misfits.setVisible(many > 0)
        if out:
            self.misfits.title.setText(tr("Not for {many}").format(many=chargers_words(many)))
        else:
            self.misfits.title.setText(tr("Nothing new for {many}").format(many=chargers_words(many)))
        self.drop.setText(tr("Leave it out") if many == 1 else tr("Leave these {n} out").format(n=many))
        self.drop.updateGeometry()
        rows = [TableRow(one, (self._feed.label(one), why_not(fits[one]), way_out(fits[one]))) for one in out]
        has, way = tr("It has {version} already."), tr("Leave it out, or give a reason.")
        rows += [TableRow(one, (self._feed.label(one), has.format(version=fits[one].to_version), way)) for one in same]
        self.reasons.set_rows(rows)
        self._fit_misfits()

    def _look_at(self, now: QModelIndex, _before: QModelIndex) -> None:
        row = now.data(ROW)
        self.facts.setVisible(isinstance(row, ImageRow))
        if isinstance(row, ImageRow):
            fits = self._feed.fits.get(row.image.id, {})
            versions = {fit.from_version for fit in fits.values() if fit.fits} - {"", row.image.manifest.version}
            self.facts.show_image(row.image, self._feed.images, versions, self._feed.now())

    # -- people -------------------------------------------------------------------------------------------------------

    def _choose(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, ImageRow) and row.usable and row.image.id != self._plan.image_id:
            self._plan.image_id = row.image.id
            self._plan.typed = ""
            self.model.set_chosen(row.image.id)
            self._show_misfits()
            self.changed.emit()

    def _drop(self) -> None:
        out = {*self.not_for(), *self.has_it()}
        self._plan.charger_ids = [one for one in self._plan.charger_ids if one not in out]
        self._show()
        self.changed.emit()

    def _describe(self) -> None:
        row = self.table.currentIndex().data(ROW)
        if isinstance(row, ImageRow):
            self.deeds.open_image(row.image)

    def _went_well(self, words: str) -> None:
        self._say("ok", words)

    def _failed(self, words: str) -> None:
        self._say("danger", words)

    def _working(self, words: str) -> None:
        if words:
            self._say("muted", words)

    def _say(self, role: str, words: str) -> None:
        self.said.set_role(role)
        self.said.setText(words)
        self.said.setVisible(bool(words))
