"""The card of the diagram: its head with what one can do, the diagram under it."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from evdesk.gui import icons
from evdesk.gui.pages.balancing_diagram import Diagram
from evdesk.gui.pages.balancing_facts import Scene
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, ElidedLabel, EmptyState, Picture, Strip


class SiteCard(Card):
    """`edit_asked()`, `export_asked()`: the buttons of the head; `navigate(deed, argument)` as of a page."""

    edit_asked = Signal()
    export_asked = Signal()
    navigate = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("The site, live"), parent, padding=0)
        self._bar: QWidget | None = None
        self.diagram = Diagram(self)
        self.unit = ElidedLabel(tr("amperes per phase"), "small", "muted", self)
        self.smaller = Button("", "minus", GHOST, self, label=tr("Smaller (Ctrl+-)"), dense=True)
        self.fit = Button("100 %", "", GHOST, self, label=tr("The usual size, then all of it (Ctrl+0)"), dense=True)
        self.larger = Button("", "plus", GHOST, self, label=tr("Larger (Ctrl++)"), dense=True)
        self.folds = Button(tr("Close all"), "", GHOST, self, label=tr("Fold or open every circuit"), dense=True)
        self.edit = Button(tr("Edit"), "edit", GHOST, self, dense=True)
        self.export = Button(tr("Export"), "export", GHOST, self, dense=True)
        self.head.insertWidget(1, self.unit, 1)
        sizes = QHBoxLayout()
        sizes.setSpacing(0)
        for button in (self.smaller, self.fit, self.larger):
            sizes.addWidget(button)
        self.head.addWidget(self.folds)
        self.head.addLayout(sizes)
        for button in (self.edit, self.export):
            self.head.addWidget(button)
        self.none = EmptyState("balance", tr("No circuit yet"), tr("Enter the main fuse, then let chargers join."))
        self.limited = Strip(self, 34)
        self.limit_words = ElidedLabel("", "chip", "text", self)
        self.limits = Button(tr("Change"), "", GHOST, self, label=tr("Change the power limits"), dense=True)
        self.limited.row.addWidget(Picture("gauge", "warn", icons.CHIP, self))
        self.limited.row.addWidget(self.limit_words, 1)
        self.limited.row.addWidget(self.limits)
        self.limited.hide()
        self.limits.clicked.connect(self._limits)
        self.body.setSpacing(0)
        self.body.setContentsMargins(2, 2, 2, 4)
        self.body.addWidget(self.limited)
        self.body.addWidget(self.diagram, 1)
        self.body.addWidget(self.none, 1)
        self.none.hide()
        self.smaller.clicked.connect(self._smaller)
        self.larger.clicked.connect(self._larger)
        self.fit.clicked.connect(self.diagram.fit)
        self.folds.clicked.connect(self._fold_all)
        self.edit.clicked.connect(self.edit_asked)
        self.export.clicked.connect(self.export_asked)
        self.diagram.zoomed.connect(self._zoomed)
        self.diagram.drawn.connect(self.folds.setVisible)
        self.folds.hide()
        for keys, deed in (
            ("Ctrl++", self._larger), ("Ctrl+=", self._larger), ("Ctrl+-", self._smaller), ("Ctrl+0", self.diagram.fit),
        ):  # fmt: skip
            QShortcut(QKeySequence(keys), self, deed)

    def add_bar(self, bar: QWidget) -> None:
        """What stands in the head while the site is edited."""
        self._bar = bar
        self.head.addWidget(bar)
        bar.hide()

    def set_editing(self, editing: bool) -> None:
        self.title.setText(tr("The site, edited") if editing else tr("The site, live"))
        self.unit.setText("" if editing else tr("amperes per phase"))
        self.edit.setVisible(not editing)
        self.export.setVisible(not editing)
        if self._bar is not None:
            self._bar.setVisible(editing)

    def show_age(self, age: str) -> None:
        """How old what is drawn is, while the engine does not answer; "" while it does."""
        self.diagram.canvas.set_live(not age)
        if not self.edit.isHidden():
            self.unit.setText(tr("as it was {age} ago").format(age=age) if age else tr("amperes per phase"))
            self.unit.set_role("danger" if age else "muted")

    def show_limits(self, words: str) -> None:
        """What holds cars below the fuse, from outside; "" where nothing does."""
        self.limit_words.setText(words)
        self.limited.setVisible(bool(words))

    def show_scene(self, scene: Scene) -> None:
        """What is true now."""
        some = bool(scene.feeds)
        self.diagram.setVisible(some)
        self.none.setVisible(not some)
        self.diagram.show_scene(scene)
        self.folds.setVisible(self.diagram.canvas.plan.board)
        self.folds.setText(tr("Open all") if self._any_folded(scene) else tr("Close all"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.unit.setVisible(event.size().width() >= 640)

    def _any_folded(self, scene: Scene) -> bool:
        return any(self.diagram.is_folded(feed.key) for feed in scene.all_feeds())

    def _fold_all(self) -> None:
        scene = self.diagram.scene
        if scene is not None:
            self.diagram.fold_all(not self._any_folded(scene))
            self.show_scene(scene)

    def _limits(self) -> None:
        self.navigate.emit("power_limit", None)

    def _larger(self) -> None:
        self.diagram.zoom_step(1)

    def _smaller(self) -> None:
        self.diagram.zoom_step(-1)

    def _zoomed(self, zoom: float) -> None:
        self.fit.setText(f"{zoom * 100:.0f} %")
        self.fit.updateGeometry()
