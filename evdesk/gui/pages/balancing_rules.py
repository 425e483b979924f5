"""The form of the site as a whole: its name and grid, power limits by the clock, prices by the clock."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QTime, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)

from evdesk.gui.pages import balancing_edits as edits
from evdesk.gui.pages.balancing_draft import Draft
from evdesk.gui.pages.balancing_fields import ChoiceField, NumberField, TextField
from evdesk.gui.pages.balancing_forms import Form, grid_choices
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Label
from evdesk.model import CapGroup, CapRule, PriceRule, Site

DAY = 24 * 60
WEEK, WEEKEND = (0, 1, 2, 3, 4), (5, 6)


def day_choices() -> list[tuple[tuple[int, ...], str]]:
    names = (tr("Mon"), tr("Tue"), tr("Wed"), tr("Thu"), tr("Fri"), tr("Sat"), tr("Sun"))
    found: list[tuple[tuple[int, ...], str]] = [
        ((), tr("every day")),
        (WEEK, tr("Mon to Fri")),
        (WEEKEND, tr("Sat, Sun")),
    ]
    return found + [((day,), name) for day, name in enumerate(names)]


class RuleRow(QWidget):
    """One rule: a figure, on which days, from when to when. `edited()`, `removed()`."""

    edited = Signal()
    removed = Signal()

    def __init__(self, suffix: str, digits: int, named: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self.name = QLineEdit(self)
        self.name.setMaxLength(60)
        self.name.setPlaceholderText(tr("Name"))
        self.name.setAccessibleName(tr("Name of the limit"))
        self.name.setVisible(named)
        self.value = QDoubleSpinBox(self)
        self.value.lineEdit().setTextMargins(6, 0, 0, 0)
        self.value.setRange(-1000 if not named else 0, 100_000)
        self.value.setDecimals(digits)
        self.value.setSuffix(suffix)
        self.value.setAccessibleName(tr("Power") if named else tr("Price"))
        self.group = QComboBox(self)
        self.group.addItem(tr("all chargers"), CapGroup.CHARGERS)
        self.group.addItem(tr("the whole site"), CapGroup.CONNECTION)
        self.group.setAccessibleName(tr("Limits"))
        self.group.setVisible(named)
        self.days = QComboBox(self)
        self.days.setAccessibleName(tr("Days"))
        for days, words in day_choices():
            self.days.addItem(words, days)
        self.start, self.end = QTimeEdit(self), QTimeEdit(self)
        for edit, words in ((self.start, tr("From")), (self.end, tr("Until"))):
            edit.setDisplayFormat("HH:mm")
            edit.lineEdit().setTextMargins(6, 0, 0, 0)
            edit.setAccessibleName(words)
            edit.timeChanged.connect(self._edited)
        self.cross = Button("", "trash", GHOST, self, dense=True, label=tr("Remove this rule"))
        for widget in (self.name, self.value, self.group, self.days, self.start, self.end):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            widget.setMinimumWidth(52)
        self._lay()
        self.name.editingFinished.connect(self._edited)
        self.value.valueChanged.connect(self._edited)
        self.group.activated.connect(self._edited)
        self.days.activated.connect(self._edited)
        self.cross.clicked.connect(self.removed)

    def _lay(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(6)
            column.addLayout(row)
        first.addWidget(self.name, 1)
        first.addWidget(self.value, 1)
        first.addWidget(self.cross)
        second.addWidget(self.days, 2)
        second.addWidget(self.start, 1)
        second.addWidget(self.end, 1)
        column.addWidget(self.group)

    def fill(self, rule: CapRule | PriceRule) -> None:
        self._filling = True
        if isinstance(rule, CapRule):
            if self.name.text() != rule.name:
                self.name.setText(rule.name)
            self.value.setValue(rule.power_w / 1000)
            self.group.setCurrentIndex(self.group.findData(rule.group))
        else:
            self.value.setValue(rule.price)
        place = next((i for i in range(self.days.count()) if self.days.itemData(i) == rule.days), -1)
        if place < 0:
            self.days.addItem(" ".join(words for day, words in day_choices()[3:] if day[0] in rule.days), rule.days)
            place = self.days.count() - 1
        self.days.setCurrentIndex(place)
        self.start.setTime(_time(rule.start))
        self.end.setTime(_time(rule.end))
        self._filling = False

    def cap(self, rule: CapRule) -> CapRule:
        group = CapGroup(self.group.currentData())
        return replace(rule, name=self.name.text().strip() or rule.name, power_w=self.value.value() * 1000, group=group,
                       **self._when())  # fmt: skip

    def price(self, rule: PriceRule) -> PriceRule:
        return replace(rule, price=self.value.value(), **self._when())

    def _when(self) -> dict[str, Any]:
        start, end = _minutes(self.start.time()), _minutes(self.end.time())
        return {"days": tuple(self.days.currentData() or ()), "start": start, "end": end or DAY}

    def _edited(self, *_: object) -> None:
        if not self._filling:
            self.edited.emit()


def _time(minutes: int) -> QTime:
    return QTime(minutes // 60 % 24, minutes % 60)


def _minutes(time: QTime) -> int:
    return time.hour() * 60 + time.minute()


class SiteForm(Form):
    """Name, grid, voltage; the rules by the clock."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(draft, parent)
        self.add("name", TextField(tr("Name of the site")), partial(self._put, "name"))
        self.add("grid", ChoiceField(tr("Grid"), grid_choices()), partial(self._put, "grid"))
        hint = tr("Between phase and neutral.")
        self.add("voltage_v", NumberField(tr("Voltage"), 80, 500, " V", hint), partial(self._put, "voltage_v"))
        self.cap_rows: list[RuleRow] = []
        self.price_rows: list[RuleRow] = []
        self._caps, self._prices = QVBoxLayout(), QVBoxLayout()
        self.more_caps = Button(tr("Add a power limit"), "plus", parent=self, dense=True)
        self.more_prices = Button(tr("Add a price"), "plus", parent=self, dense=True)
        for title, rows, button in (
            (tr("Power limits by the clock"), self._caps, self.more_caps),
            (tr("Prices by the clock"), self._prices, self.more_prices),
        ):
            self.column.addWidget(Label(title, "chip", parent=self))
            self.column.addLayout(rows)
            self.deeds(button)
        self.more_caps.clicked.connect(self._add_cap)
        self.more_prices.clicked.connect(self._add_price)

    def show_part(self, site: Site) -> None:
        for key, field in self.fields.items():
            field.set(getattr(site, key))
        self._fit(self.cap_rows, self._caps, len(site.caps), " kW", 1, named=True)
        self._fit(self.price_rows, self._prices, len(site.prices), tr(" per kWh"), 3, named=False)
        for row, cap in zip(self.cap_rows, site.caps, strict=True):
            row.fill(cap)
        for row, price in zip(self.price_rows, site.prices, strict=True):
            row.fill(price)

    def _fit(
        self, rows: list[RuleRow], column: QVBoxLayout, count: int, suffix: str, digits: int, *, named: bool
    ) -> None:
        while len(rows) > count:
            gone = rows.pop()
            column.removeWidget(gone)
            gone.deleteLater()
        while len(rows) < count:
            row = RuleRow(suffix, digits, named, self)
            row.edited.connect(self._edited)
            row.removed.connect(self._removed)
            column.addWidget(row)
            rows.append(row)

    def _site(self) -> Site:
        assert self.draft.site is not None
        return self.draft.site

    def _put(self, key: str) -> None:
        value = self.fields[key].get()
        if key != "name" or value:
            words = tr("{field} changed").format(field=self.fields[key].name.text())
            self.draft.put(replace(self._site(), **{key: value}), words, f"site/{key}")

    def _where(self) -> tuple[list[RuleRow], int]:
        row = self.sender()
        rows = self.cap_rows if row in self.cap_rows else self.price_rows
        return rows, next((i for i, one in enumerate(rows) if one is row), -1)

    def _edited(self) -> None:
        rows, place = self._where()
        if place < 0:
            return
        site = self._site()
        if rows is self.cap_rows:
            self.draft.put(edits.put_cap(site, place, rows[place].cap), tr("Power limit changed"), f"cap/{place}")
        else:
            self.draft.put(edits.put_price(site, place, rows[place].price), tr("Price changed"), f"price/{place}")

    def _removed(self) -> None:
        rows, place = self._where()
        site = self._site()
        if place >= 0 and rows is self.cap_rows:
            self.draft.put(replace(site, caps=site.caps[:place] + site.caps[place + 1 :]), tr("Power limit removed"))
        elif place >= 0:
            self.draft.put(replace(site, prices=site.prices[:place] + site.prices[place + 1 :]), tr("Price removed"))

    def _add_cap(self) -> None:
        site = self._site()
        names = {cap.name for cap in site.caps}
        name = next(n for i in range(1, len(names) + 2) if (n := tr("Limit {n}").format(n=i)) not in names)
        cap = CapRule(name, 22_000.0, start=17 * 60, end=20 * 60)
        self.draft.put(replace(site, caps=(*site.caps, cap)), tr("Power limit added"))

    def _add_price(self) -> None:
        site = self._site()
        self.draft.put(replace(site, prices=(*site.prices, PriceRule(0.3))), tr("Price added"))
