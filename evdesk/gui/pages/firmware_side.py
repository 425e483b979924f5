"""The right column of the Firmware page: the library, and the versions of the charger that is selected."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import icons, text
from evdesk.gui.pages.firmware_history import LINE, SeenDots
from evdesk.gui.pages.firmware_library import CARD, ImageList
from evdesk.gui.pages.firmware_words import because_words, charger_look
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, Card, ElidedLabel, EmptyState, KeyValue, Rule
from evdesk.gui.widgets.more import HINT
from evdesk.model.firmware import FleetCharger, FleetModel, Image, VersionSeen

LEAST_DOTS = 3
LABEL_MOST = 8
TALL = 780
"""Above it what is known of the selected charger stands over its versions."""


class SidePanel(Card):
    """`add_files_asked()`, `add_folder_asked()`, `export_asked()`; `update_asked(FleetCharger)`,
    `logs_asked(charger id)`."""

    add_files_asked = Signal()
    add_folder_asked = Signal()
    export_asked = Signal()
    update_asked = Signal(object)
    logs_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Image library"), parent, padding=0, head_height=48)
        self.one: FleetCharger | None = None
        menu = QMenu(self)
        for icon, words, asked in (
            ("file", tr("Files…"), self.add_files_asked),
            ("folder", tr("Folder…"), self.add_folder_asked),
        ):
            menu.addAction(icons.icon(icon, "muted"), words).triggered.connect(lambda _=False, s=asked: s.emit())
        menu.addSeparator()
        copied = menu.addAction(icons.icon("export", "muted"), tr("Copy the library to a folder…"))
        copied.triggered.connect(lambda _=False: self.export_asked.emit())
        self.add_menu, self.export_action = menu, copied
        self.add = Button(tr("Add"), "plus", parent=self, menu=menu)
        self.list = ImageList(self)
        self.empty = EmptyState(
            "chip",
            tr("No image in the library"),
            tr("Add the maker's file, or drop it here. It stays on this computer."),
            tr("Add the maker's file"),
        )
        self.title_of_one = ElidedLabel("", "chip", "text", self)
        self.facts = KeyValue(self, columns=1)
        self.dots = SeenDots(self)
        self.update_button = Button(tr("Update this charger"), "chip", parent=self)
        self.logs_button = Button(tr("Fetch logs"), "import", parent=self)
        self._lay_out()
        if self.empty.button is not None:
            self.empty.button.clicked.connect(self.add_files_asked)
        self.update_button.clicked.connect(self._ask_update)
        self.logs_button.clicked.connect(self._ask_logs)

    def _lay_out(self) -> None:
        self.head.addWidget(self.add)
        self.body.setSpacing(0)
        held = QWidget(self)
        self.stack = QStackedLayout(held)
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.empty)
        self.body.addWidget(held, 3)
        self._held = held
        self.below = QWidget(self)
        column = QVBoxLayout(self.below)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(4)
        titled = QHBoxLayout()
        titled.setContentsMargins(14, 0, 14, 0)
        titled.addWidget(self.title_of_one, 1)
        column.addLayout(titled)
        self.facts.setContentsMargins(14, 4, 14, 6)
        column.addWidget(self.facts)
        column.addWidget(self.dots, 1)
        self.body.addWidget(self.below, 2)
        foot = QWidget(self)
        row = QHBoxLayout(foot)
        row.setContentsMargins(12, 9, 12, 9)
        row.setSpacing(8)
        row.addWidget(self.update_button)
        row.addWidget(self.logs_button)
        row.addStretch(1)
        self.foot = foot
        self.rule = Rule(self)
        self.body.addWidget(self.rule)
        self.body.addWidget(foot)

    # -- showing ------------------------------------------------------------------------------------------------------

    def show_images(self, images: Sequence[Image], models: Sequence[FleetModel], off: str) -> None:
        self.list.show_images(images, models)
        self.stack.setCurrentIndex(0 if images else 1)
        for button in (self.add, self.empty.button):
            if button is not None:
                button.why_off(off)
        self.export_action.setEnabled(bool(images) and not off)
        self._share()

    def show_charger(self, one: FleetCharger | None, off_update: str, off_logs: str) -> None:
        """The selected one; `off_...`: why a button cannot be pressed."""
        self.one = one
        label = (one.label or one.charger_id) if one is not None else ""
        self.title_of_one.setText(tr("{label}, its versions").format(label=label))
        for part in (self.below, self.rule, self.foot):
            part.setVisible(one is not None)
        if one is not None:
            for name, value in self._told(one):
                self.facts.set(name, value)
            words = tr("Update {label}").format(label=label) if len(label) <= LABEL_MOST else tr("Update it")
            self.update_button.setText(words)
            self.update_button.setAccessibleName(tr("Update {label}").format(label=label))
            self.update_button.updateGeometry()
        self._share()
        self.update_button.why_off(off_update)
        self.logs_button.why_off(off_logs)

    def _told(self, one: FleetCharger) -> list[tuple[str, str]]:
        """What is known of it, for windows that have the room."""
        version = text.reasons(one.version or text.unknown(), charger_look(one).word)
        job = tr("job {n}").format(n=one.job_id) if one.job_id is not None else tr("none yet")
        return [
            (tr("Version"), version),
            (tr("Because"), because_words(one) or text.unknown()),
            (tr("Serial"), one.serial or text.unknown()),
            (tr("Hardware"), one.hardware or text.unknown()),
            (tr("Last update"), job),
        ]

    def show_seen(self, seen: Sequence[VersionSeen], now: float) -> None:
        self.dots.show_rows(seen, now)

    def search(self, typed: str) -> None:
        """Narrow the list of images as the table is narrowed."""
        self.list.rows.search(typed)
        self._share()

    def _ask_update(self) -> None:
        if self.one is not None:
            self.update_asked.emit(self.one)

    def _ask_logs(self) -> None:
        if self.one is not None:
            self.logs_asked.emit(self.one.charger_id)

    def _share(self) -> None:
        """The list takes what it needs in whole rows, as long as three lines of the history stay."""
        if self.one is None:
            self._held.setFixedHeight(max(CARD, self.height() - 52))
            return
        fixed = 48 + self.foot.sizeHint().height() + 2
        lower = 12 + 20 + LEAST_DOTS * LINE + 8
        room = max(CARD, self.height() - fixed - lower)
        wanted = self.list.content_height() if self.stack.currentIndex() == 0 else room
        whole = wanted if wanted <= room else (room - HINT) // CARD * CARD + HINT
        self._held.setFixedHeight(max(CARD, whole))
        self.facts.setVisible(self.one is not None and self.height() > TALL)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()
