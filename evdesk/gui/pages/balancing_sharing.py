"""The Sharing card: how current is shared, in words, changed in place."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import confirm
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing_settings import (
    AMPS,
    CHOICE,
    MINUTES,
    PRICE,
    SWITCH,
    TIMES,
    Setting,
    careful,
    share_choices,
    share_hint,
    usual,
)
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import GHOST, Button, Card, Label, Segmented
from evdesk.gui.widgets.inplace import InPlace
from evdesk.model import BalanceSettings, ChargeMode, EvdeskError, ShareBy


class SharingCard(Card):
    """Each change is sent by itself (`balance.configure`); a refusal stands under the rows."""

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Sharing"), parent)
        self._mirror, self._client, self._theme = mirror, client, theme
        self._settings = BalanceSettings()
        self.rows: dict[str, InPlace] = {}
        self._shown: dict[str, Setting] = {}
        self._names: dict[str, Label] = {}
        self.by = Segmented(list(share_choices()), self)
        self.by.setAccessibleName(tr("Share by"))
        self.hint = Label("", "small", "muted", self, wrap=True)
        self.more = Button(
            tr("Protection"), "chevron-down", GHOST, self, dense=True, label=tr("Show what protects the fuse")
        )
        self.failed = Label("", "small", "danger", self, wrap=True)
        self._careful = QWidget(self)
        self._build()
        self.by.changed.connect(self._share_by)
        self.more.clicked.connect(self._toggle)
        self.refresh()

    def _build(self) -> None:
        self.body.setSpacing(4)
        self.body.setContentsMargins(14, 10, 8, 10)
        top = QGridLayout()
        self._grid(top)
        top.addWidget(Label(tr("Share by"), "small", "muted", self), 0, 0)
        top.addWidget(self.by, 0, 1, Qt.AlignmentFlag.AlignLeft)
        top.addWidget(self.hint, 1, 0, 1, 2)
        for place, setting in enumerate(usual(), 2):
            self._add(top, place, setting)
        self.body.addLayout(top)
        under = QGridLayout(self._careful)
        self._grid(under)
        under.setContentsMargins(0, 0, 0, 0)
        for place, setting in enumerate(careful()):
            self._add(under, place, setting)
        self.body.addWidget(self._careful)
        self._careful.hide()
        self.body.addWidget(self.failed)
        self.failed.hide()
        self.head.addWidget(self.more)

    def _grid(self, grid: QGridLayout) -> None:
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(1)
        grid.setColumnMinimumWidth(0, 86)
        grid.setColumnStretch(1, 1)

    def _add(self, grid: QGridLayout, place: int, setting: Setting) -> None:
        name = Label(setting.name, "small", "muted", self)
        row = InPlace(setting.name, _field(setting), self)
        row.setAccessibleDescription(setting.hint)
        row.field.setToolTip(setting.hint)
        row.started.connect(self._started)
        row.committed.connect(self._committed)
        row.setObjectName(setting.field)
        name.setBuddy(row.words)
        grid.addWidget(name, place, 0)
        grid.addWidget(row, place, 1)
        self.rows[setting.field] = row
        self._shown[setting.field] = setting
        self._names[setting.field] = name

    # -- showing

    def refresh(self) -> None:
        """From the mirror; a field that is open stays as the person left it."""
        site = self._mirror.site
        if site is not None:
            self._settings = site.balance
        off = "" if self._mirror.connected and site is not None else tr("Off while the engine does not answer.")
        settings = self._settings
        self.by.select(settings.share_by.value)
        self.by.setEnabled(not off)
        self.hint.setText(share_hint(settings.share_by))
        for field, row in self.rows.items():
            row.set_words(self._shown[field].words(settings))
            row.why_off(off)
        self._show_row("cheap_below", settings.mode is ChargeMode.CHEAP or (site is not None and bool(site.prices)))

    def _show_row(self, field: str, shown: bool) -> None:
        row = self.rows[field]
        if row.isVisibleTo(self) != shown:
            row.setVisible(shown)
            self._names[field].setVisible(shown)

    def _toggle(self) -> None:
        self._careful.setVisible(self._careful.isHidden())
        self.more.set_icon("chevron-down" if self._careful.isHidden() else "chevron-up")

    # -- changing

    def _started(self) -> None:
        row = self.sender()
        if isinstance(row, InPlace):
            setting = self._shown[row.objectName()]
            _fill(setting, row.field, setting.value(self._settings))

    def _committed(self) -> None:
        row = self.sender()
        if isinstance(row, InPlace):
            setting = self._shown[row.objectName()]
            self._send(setting.put(self._settings, _read(setting, row.field)), setting)

    def _share_by(self, key: str) -> None:
        self._send(Setting("share_by", "", CHOICE, str, "").put(self._settings, ShareBy(key)), None)

    def _send(self, settings: BalanceSettings, setting: Setting | None) -> None:
        if settings != self._settings:
            self._client.spawn(self._put(settings, setting))

    async def _put(self, settings: BalanceSettings, setting: Setting | None) -> None:
        danger = setting.danger(settings) if setting is not None else ""
        if setting is not None and danger:
            title = tr("{name}: {value}?").format(name=setting.name, value=setting.words(settings))
            word = tr("Set it to {value}").format(value=setting.words(settings))
            window = self.window()
            if not await confirm(window, self._theme, title, danger, word, tr("Leave it"), danger=True):
                return
        try:
            await self._client.call("balance.configure", settings)
        except EvdeskError as error:
            self._fail(error.sentence)
            self.refresh()
            return
        self._fail("")
        if self._mirror.site is not None and self._mirror.site.balance == self._settings:
            self._settings = settings  # the engine's own word comes with its next event
            self.by.select(settings.share_by.value)

    def _fail(self, sentence: str) -> None:
        self.failed.setText(sentence)
        self.failed.setVisible(bool(sentence))


def _field(setting: Setting) -> QDoubleSpinBox | QComboBox:
    if setting.kind in (CHOICE, SWITCH):
        box = QComboBox()
        choices = setting.choices or (("1", tr("on")), ("", tr("off")))
        for key, words in choices:
            box.addItem(words, key)
        return box
    spin = QDoubleSpinBox()
    spin.setRange(setting.low, setting.high)
    spin.setSingleStep(setting.step)
    spin.setDecimals({PRICE: 3, AMPS: 1, TIMES: 2}.get(setting.kind, 0 if setting.kind != MINUTES else 1))
    spin.setSuffix({MINUTES: tr(" min"), AMPS: " A", PRICE: "", TIMES: " ×"}.get(setting.kind, " s"))
    if setting.empty:
        spin.setSpecialValueText(setting.empty)
    return spin


def _fill(setting: Setting, field: QWidget, value: Any) -> None:
    if isinstance(field, QComboBox):
        field.setCurrentIndex(max(0, field.findData(("1" if value else "") if setting.kind == SWITCH else str(value))))
    elif isinstance(field, QDoubleSpinBox):
        number = setting.low if value is None else float(value)
        field.setValue(number / 60 if setting.kind == MINUTES else number)


def _read(setting: Setting, field: QWidget) -> Any:
    if isinstance(field, QComboBox):
        key = field.currentData()
        return bool(key) if setting.kind == SWITCH else type(getattr(BalanceSettings(), setting.field))(key)
    assert isinstance(field, QDoubleSpinBox)
    value = field.value()
    if setting.empty and value == setting.low:
        return None
    if setting.kind == MINUTES:
        return value * 60
    return int(value) if isinstance(getattr(BalanceSettings(), setting.field), int) else value
