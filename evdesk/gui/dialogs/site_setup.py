"""The few numbers that make balancing safe: the main fuse and the most that other loads draw."""

from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QWidget

from evdesk.balance import WITHIN
from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.dialogs.site_silent import affordable, silence_words
from evdesk.gui.mirror import Mirror
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import Label
from evdesk.model import Circuit, GridType, Site
from evdesk.wire.methods import PutSite

COST_LINE = 16


class SiteSheet(Sheet):
    """Puts name, main fuse, grid and other load into the site; circuits and bays stay as they are.

    Whether it stays within the breaker when evdesk falls silent follows the figures for a new site, until a person has
    chosen; a site that was entered before keeps what it has."""

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Set up the site"), theme, parent)
        self._client = client
        self._site = mirror.site or Site()
        main = self._main()
        self.say(tr("evdesk keeps the sum of all cars and everything else under the main fuse."), muted=True)
        self.name = QLineEdit(self._site.name)
        self.grid = QComboBox()
        for word, grid in (
            (tr("Three phases and neutral"), GridType.WYE),
            (tr("Three phases without neutral (delta)"), GridType.DELTA),
            (tr("Split phase, 120/240 V"), GridType.SPLIT),
            (tr("One phase"), GridType.SINGLE),
        ):
            self.grid.addItem(word, grid)
        self.grid.setCurrentIndex(self.grid.findData(self._site.grid))
        self.fuse = _amps(1, 4000, 0.0 if self._site.assumed else max(main.rating_a))
        self.other = _amps(0, 4000, max(main.other_max_a))
        self.field(tr("Name"), self.name)
        self.field(tr("Supply"), self.grid)
        self.field(tr("Main fuse per phase"), self.fuse, tr("It stands on the breaker where the supply comes in."))
        text = tr("The most that heating, machines and lights draw. Counted whenever no meter tells better.")
        self.field(tr("Other loads, at most"), self.other, text)
        self._open = self._site.assumed
        self.within = QCheckBox(tr("Stay within the breaker even if evdesk falls silent"))
        self.within.setChecked(self._site.balance.silent_times is not None)
        self.cost = Label("", "small", "muted", wrap=True)
        self.cost.setMinimumHeight(4 * COST_LINE)  # the sheet keeps its size while figures are typed
        self.form.addRow("", self.within)
        self.form.addRow("", self.cost)
        self.within.clicked.connect(self._chose)
        self.fuse.valueChanged.connect(self._weigh)
        self.other.valueChanged.connect(self._weigh)
        self.grid.currentIndexChanged.connect(self._weigh)
        self._weigh()
        self.fuse.setFocus()
        self.fuse.selectAll()
        self.cancel()
        self.deed(tr("Save the site"), self._save)

    def chosen(self) -> Site:
        """The site with the person's numbers in its supply circuit."""
        fuse, other = self.fuse.value(), self.other.value()
        main = self._main()
        new = replace(main, rating_a=(fuse, fuse, fuse), other_max_a=(other, other, other), grid=None)
        circuits = tuple(new if c is main else c for c in self._site.circuits) or (new,)
        times = self._site.balance.silent_times
        within = (WITHIN if times is None else times) if self.within.isChecked() else None
        return replace(
            self._site,
            name=self.name.text().strip() or self._site.name,
            grid=GridType(self.grid.currentData()),
            circuits=circuits,
            balance=replace(self._site.balance, silent_times=within),
            assumed=False,
        ).fitted()

    def _chose(self) -> None:
        self._open = False

    def _weigh(self) -> None:
        """What the figures mean for the choice."""
        site = self.chosen()
        if self._open:
            self.within.setChecked(affordable(site))
        words = silence_words(site)
        self.cost.setText(words)
        self.within.setAccessibleDescription(words)

    def _main(self) -> Circuit:
        supply = (c for c in self._site.circuits if not c.parent)
        return next(supply, Circuit("Main", (16.0, 16.0, 16.0)))

    async def _save(self) -> None:
        await self._client.call("site.put", PutSite(self.chosen()))


def _amps(low: float, high: float, value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(low, high)
    box.setDecimals(0)
    box.setSuffix(" A")
    box.setValue(value or 25.0)
    if not value and low == 0:
        box.setValue(0.0)
    return box
