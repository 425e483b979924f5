"""Two small questions of the device sheet: a text for the display, and a value to watch."""

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from evdesk.gui.dialogs.device_words import KINDS, PRIORITIES, SEVERITIES, STATES
from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY
from evdesk.model.blocks import DisplayText, Monitor

LONGEST_TEXT = 512


def _choices(words: dict[str, str]) -> QComboBox:
    box = QComboBox()
    for key, word in words.items():
        box.addItem(tr(word), key)
    return box


class DisplaySheet(Sheet):
    """`await ask()` is DONE when `shown()` is to be shown."""

    def __init__(self, ident: int, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Show a text on its display"), theme, parent)
        self._ident = ident
        self.words = QLineEdit()
        self.words.setMaxLength(LONGEST_TEXT)
        self.priority = _choices({key: PRIORITIES[key] for key in ("NormalCycle", "InFront", "AlwaysFront")})
        self.state = _choices(STATES)
        self.hours = QSpinBox()
        self.hours.setRange(0, 24 * 90)
        self.hours.setValue(24)
        self.hours.setSuffix(tr(" h"))
        self.hours.setSpecialValueText(tr("until it is taken away"))
        self.field(tr("Text"), self.words)
        self.field(tr("How"), self.priority)
        self.field(tr("When"), self.state)
        self.field(tr("For"), self.hours, tr("Then the charger takes it away by itself."))
        self.cancel()
        self.keep = self.button(tr("Show it"), DONE, PRIMARY, default=True)
        self.words.textChanged.connect(self._enable)
        self._enable()

    def _enable(self, *_: object) -> None:
        self.keep.why_off("" if self.words.text().strip() else tr("Type the text."))

    def shown(self, now: float) -> DisplayText:
        end_at = now + 3600.0 * self.hours.value() if self.hours.value() else None
        priority, state = str(self.priority.currentData()), str(self.state.currentData())
        return DisplayText(self._ident, self.words.text().strip(), priority, state, end_at=end_at)


class MonitorSheet(Sheet):
    """`await ask()` is DONE when `monitor()` is to be set."""

    def __init__(self, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Watch a value"), theme, parent)
        self.variable = QLineEdit()
        self.variable.setPlaceholderText("EVSE@1/Power")
        plain = {key: word.replace("{value}", "…") for key, word in KINDS.items()}
        self.kind = _choices(plain)
        self.value = QDoubleSpinBox()
        self.value.setRange(-1e9, 1e9)
        self.value.setDecimals(2)
        self.value.setValue(60.0)
        self.severity = QComboBox()
        for severity, word in enumerate(SEVERITIES):
            self.severity.addItem(f"{severity}: {tr(word)}", severity)
        self.severity.setCurrentIndex(5)
        self.field(tr("Variable"), self.variable, tr("As it stands in the Settings tab: Component/Variable."))
        self.field(tr("Tell when"), self.kind)
        self.field(tr("Value"), self.value)
        self.field(tr("Severity"), self.severity)
        self.cancel()
        self.keep = self.button(tr("Watch it"), DONE, PRIMARY, default=True)
        self.variable.textChanged.connect(self._enable)
        self._enable()

    def _enable(self, *_: object) -> None:
        self.keep.why_off("" if "/" in self.variable.text() else tr("Type Component/Variable."))

    def monitor(self) -> Monitor:
        severity = int(self.severity.currentData())
        return Monitor(0, self.variable.text().strip(), str(self.kind.currentData()), self.value.value(), severity)
