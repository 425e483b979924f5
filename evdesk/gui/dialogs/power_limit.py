"""Power limits from outside: which hold now, giving one by hand, taking it back."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from evdesk.gui.caps import cap_words
from evdesk.gui.client import Client
from evdesk.gui.desk import Desk
from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY, Button, Label
from evdesk.model import CapGroup, EvdeskError, PowerCap
from evdesk.wire.method import Nothing
from evdesk.wire.site import GiveCap, TakeCap

READ_MS = 2000
DIMMING = "enwg14a"


class PowerLimitSheet(Sheet):
    """What holds stands on top; the fields below give one more. A limit by the clock is changed in the site."""

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Power limits"), theme, parent)
        self._mirror, self._client = mirror, client
        self.setMinimumWidth(560)
        self.say(tr("The grid operator, a contract or a person may allow less than the fuse."), muted=True)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(6)
        held = QWidget(self)
        held.setLayout(self.rows)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.add(held)
        self.shown: list[PowerCap] | None = None
        self.source = QLineEdit(tr("by hand"))
        self.rule = QComboBox()
        self.rule.addItem(tr("Power"), "")
        self.rule.addItem(tr("Dimming by section 14a EnWG"), DIMMING)
        self.power = _box(" kW", 0, 10_000, 1, 11.0)
        self.group = QComboBox()
        self.group.addItem(tr("All chargers together"), CapGroup.CHARGERS)
        self.group.addItem(tr("The whole site, house included"), CapGroup.CONNECTION)
        self.hours = _box(" h", 0, 720, 1, 2.0)
        self.hours.setSpecialValueText(tr("until taken back"))
        self.field(tr("Given by"), self.source)
        self.field(tr("Kind"), self.rule, tr("Dimming leaves 4.2 kW for one charger, a little more for each further."))
        self.field(tr("At most"), self.power)
        self.field(tr("For"), self.group)
        self.field(tr("Holds"), self.hours)
        self.rule.currentIndexChanged.connect(self._kind)
        self.button(tr("Close"), DONE)
        self.give = Button(tr("Limit the power"), "gauge", PRIMARY, self)
        self.give.setAutoDefault(False)
        self.give.clicked.connect(self._give)
        self._row.addWidget(self.give)
        self._timer = QTimer(self)
        self._timer.setInterval(READ_MS)
        self._timer.timeout.connect(self.read)
        self._timer.start()
        self._busy = False
        self.read()

    def _kind(self) -> None:
        self.power.setEnabled(not self.rule.currentData())

    def chosen(self) -> GiveCap:
        rule = str(self.rule.currentData())
        hours = self.hours.value()
        return GiveCap(
            self.source.text(),
            None if rule else self.power.value() * 1000.0,
            rule,
            CapGroup(self.group.currentData()),
            hours * 3600.0 if hours > 0 else None,
        )

    # -- reading -----------------------------------------------------------------------------------------------

    def read(self) -> None:
        if self._mirror.connected and not self._busy:
            self._busy = self._client.spawn(self._read()) is not None

    async def _read(self) -> None:
        try:
            self.show_caps(await self._client.call("balance.caps", Nothing()))
        except EvdeskError as error:
            self.fail(error.sentence)
        finally:
            self._busy = False

    def show_caps(self, caps: list[PowerCap]) -> None:
        if caps == self.shown:
            return
        self.shown = caps
        while self.rows.count():
            item = self.rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if not caps:
            self.rows.addWidget(Label(tr("None holds now."), role="muted", parent=self))
        for cap in caps:
            self.rows.addWidget(self._line(cap))

    def _line(self, cap: PowerCap) -> QWidget:
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(Label(cap.source, "card", parent=line))
        row.addWidget(Label(cap_words(cap, self._mirror.now()), "small", parent=line, wrap=True), 1)
        by_clock = any(rule.name == cap.source for rule in self._mirror.site.caps) if self._mirror.site else False
        if by_clock:
            row.addWidget(Label(tr("by the clock"), "small", "muted", line))
        else:
            take = Button(tr("Take back"), parent=line, dense=True)
            take.setAutoDefault(False)
            take.setObjectName(cap.source)
            take.clicked.connect(self._take)
            row.addWidget(take)
        return line

    # -- deeds -------------------------------------------------------------------------------------------------

    def _give(self) -> None:
        self._client.spawn(self._call("balance.cap", self.chosen()))

    def _take(self) -> None:
        sender = self.sender()
        if sender is not None:
            self._client.spawn(self._call("balance.uncap", TakeCap(sender.objectName())))

    async def _call(self, method: str, params: object) -> None:
        self.fail("")
        self.give.setEnabled(False)
        try:
            await self._client.call(method, params)
        except EvdeskError as error:
            self.fail(error.sentence)
        finally:
            self.give.setEnabled(True)
        self.read()


def _box(suffix: str, low: float, high: float, decimals: int, value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(low, high)
    box.setDecimals(decimals)
    box.setSuffix(suffix)
    box.setValue(value)
    return box


async def power_limit(desk: Desk, argument: object) -> str:
    """The deed: opens the sheet."""
    del argument
    await PowerLimitSheet(desk.mirror, desk.client, desk.theme, desk.window).ask()
    return ""
