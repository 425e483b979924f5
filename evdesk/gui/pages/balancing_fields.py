"""Fields of the editor's forms: a name, an input, and under it what is wrong with the value."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import ElidedLabel, Label

Amps = tuple[float, float, float]


def _narrow(widget: QWidget) -> None:
    """As wide as there is room, never wider."""
    widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    widget.setMinimumWidth(52)


class Field(QWidget):
    """`edited()`: a person changed the value. `get()` and `set(value)` without a signal."""

    edited = Signal()

    def __init__(self, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(3)
        self.name = ElidedLabel(name, "small", "muted", self)
        self.column.addWidget(self.name)
        self.hint = Label(hint, "chart", "muted", self, wrap=True)
        self.hint.setVisible(bool(hint))
        self.problem = Label("", "small", "danger", self, wrap=True)
        self.problem.hide()
        self._filling = False

    def hold(self, widget: QWidget) -> None:
        """The input of this field."""
        self.name.setBuddy(widget)
        widget.setAccessibleName(self.name.text())
        widget.setAccessibleDescription(self.hint.text())
        self.column.addWidget(widget)
        self.column.addWidget(self.hint)
        self.column.addWidget(self.problem)

    def set(self, value: Any) -> None:
        self._filling = True
        try:
            self.fill(value)
        finally:
            self._filling = False

    def fill(self, value: Any) -> None:
        raise NotImplementedError

    def get(self) -> Any:
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        """What is wrong with the value, "" for nothing."""
        if sentence != self.problem.text():
            self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def changed(self, *_: object) -> None:
        if not self._filling:
            self.edited.emit()


class TextField(Field):
    def __init__(self, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, hint, parent)
        self.edit = QLineEdit(self)
        self.edit.setMaxLength(200)
        _narrow(self.edit)
        self.hold(self.edit)
        self.edit.editingFinished.connect(self.changed)

    def fill(self, value: Any) -> None:
        if self.edit.text() != value:
            self.edit.setText(value)

    def get(self) -> str:
        return self.edit.text().strip()


class NumberField(Field):
    """`empty`: the word for None, which stands one step below `low`."""

    def __init__(
        self, name: str, low: float, high: float, suffix: str, hint: str = "", parent: QWidget | None = None, *,
        digits: int = 0, step: float = 1.0, empty: str = "",
    ) -> None:  # fmt: skip
        super().__init__(name, hint, parent)
        self._empty = bool(empty)
        self.spin = QDoubleSpinBox(self)
        self.spin.lineEdit().setTextMargins(8, 0, 0, 0)  # the style sheet's padding stops at the frame
        self.spin.setRange(low - step if empty else low, high)
        self.spin.setDecimals(digits)
        self.spin.setSingleStep(step)
        self.spin.setSuffix(suffix)
        if empty:
            self.spin.setSpecialValueText(empty)
        _narrow(self.spin)
        self.hold(self.spin)
        self.spin.valueChanged.connect(self.changed)

    def fill(self, value: Any) -> None:
        self.spin.setValue(self.spin.minimum() if value is None else float(value))

    def get(self) -> float | None:
        value = self.spin.value()
        return None if self._empty and value == self.spin.minimum() else value


class ChoiceField(Field):
    """`choices` as (value, words); a value that is none of them is shown as it is."""

    def __init__(
        self, name: str, choices: Sequence[tuple[Any, str]] = (), hint: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(name, hint, parent)
        self.box = QComboBox(self)
        self._values: list[Any] = []
        _narrow(self.box)
        self.hold(self.box)
        self.offer(choices)
        self.box.activated.connect(self.changed)

    def offer(self, choices: Sequence[tuple[Any, str]]) -> None:
        """What can be chosen; nothing changes where it is as before."""
        values = [value for value, _ in choices]
        words = [one for _, one in choices]
        if values == self._values and words == [self.box.itemText(i) for i in range(self.box.count())]:
            return
        self._values = values
        self.box.clear()
        self.box.addItems(words)

    def fill(self, value: Any) -> None:
        if value not in self._values:
            self._values.append(value)
            self.box.addItem(str(value) or "–")
        self.box.setCurrentIndex(self._values.index(value))

    def get(self) -> Any:
        index = self.box.currentIndex()
        return self._values[index] if index >= 0 else None


class CheckField(Field):
    def __init__(self, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__("", hint, parent)
        self.name.hide()
        self.box = QCheckBox(name, self)
        self.hold(self.box)
        self.box.setAccessibleName(name)
        self.box.toggled.connect(self.changed)

    def fill(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    def get(self) -> bool:
        return self.box.isChecked()


class PhaseField(Field):
    """Ampere per phase: one figure for all, or three."""

    def __init__(self, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, hint, parent)
        held = QWidget(self)
        row = QHBoxLayout(held)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.spins: list[QDoubleSpinBox] = []
        for phase in ("L1", "L2", "L3"):
            spin = QDoubleSpinBox(held)
            spin.lineEdit().setTextMargins(4, 0, 0, 0)
            spin.setRange(0, 10_000)
            spin.setDecimals(0)
            spin.setSuffix(" A")
            _narrow(spin)
            spin.setAccessibleName(f"{name} {phase}")
            spin.setToolTip(phase)
            row.addWidget(spin, 1)
            spin.valueChanged.connect(self._typed)
            self.spins.append(spin)
        self.same = QCheckBox(tr("same"), held)
        self.same.setToolTip(tr("The same on each phase"))
        self.same.toggled.connect(self._link)
        row.addWidget(self.same)
        self.hold(held)
        self.name.setBuddy(self.spins[0])
        self._phases = 3
        self._split = False  # a person enters each phase, although they are alike still
        held.setMinimumHeight(current().control)

    def use(self, phases: int, fresh: bool) -> None:
        """How many of the phases are there. `fresh`: another thing than before is shown."""
        self._phases = phases
        self._split = self._split and not fresh
        for place, spin in enumerate(self.spins):
            spin.setVisible(place < phases)
        self.same.setVisible(phases > 1)

    def fill(self, value: Any) -> None:
        amps: Amps = value
        alike = len(set(amps[: self._phases])) == 1
        if not alike or not self._split:
            self.same.setChecked(alike)
        for spin, one in zip(self.spins, amps, strict=True):
            spin.setDecimals(0 if one == round(one) else 1)
            spin.setValue(one)
        self._dim()

    def get(self) -> Amps:
        found = [spin.value() for spin in self.spins[: self._phases]]
        found += [0.0] * (3 - len(found))
        return (found[0], found[1], found[2])

    def _typed(self, value: float) -> None:
        if self._filling:
            return
        if self.same.isChecked():
            self._all(value)
        self.changed()

    def _link(self, on: bool) -> None:
        self._dim()
        if not self._filling:
            self._split = not on
        if on and not self._filling and len(set(self.get()[: self._phases])) > 1:
            self._all(self.spins[0].value())
            self.changed()

    def _all(self, value: float) -> None:
        self._filling = True
        for spin in self.spins:
            spin.setValue(value)
        self._filling = False

    def _dim(self) -> None:
        for spin in self.spins[1:]:
            spin.setEnabled(not self.same.isChecked())
