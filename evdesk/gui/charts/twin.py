"""The chart as a table, and its ways out: picture and numbers."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QHeaderView, QMenu, QTableView, QVBoxLayout, QWidget

from evdesk.gui import icons, text
from evdesk.gui.charts.chart import Chart
from evdesk.gui.charts.data import ChartData, Curve, Floats
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, Label, copy

Index = QModelIndex | QPersistentModelIndex


def columns(data: ChartData, extra: Curve | None = None) -> list[tuple[str, Floats]]:
    """Every series of a chart under its name, then the sum and its highest value within each bucket."""
    unit = data.unit
    found = [(f"{curve.label} {unit}", curve.mean) for curve in data.curves]
    if data.reserved is not None:
        found.append((tr("{label}, kept free {unit}").format(label=data.reserved.label, unit=unit), data.reserved.mean))
    if data.total is not None:
        found.append((tr("Sum {unit}").format(unit=unit), data.sums()))
        found.append((tr("Highest {unit}").format(unit=unit), data.peaks()))
    if extra is not None and extra.mean.size == data.t.size:
        found.append((f"{extra.label} {unit}", extra.mean))
    return found


def csv_text(data: ChartData, extra: Curve | None = None, separator: str = ",") -> str:
    """All numbers with ISO times; a value that is not known is an empty cell, a point is the decimal sign."""
    shown = columns(data, extra)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow([tr("Time"), *(name for name, _ in shown)])
    for i, at in enumerate(data.t.tolist()):
        cells = ["" if np.isnan(values[i]) else f"{values[i]:.3f}" for _, values in shown]
        writer.writerow([text.iso(at), *cells])
    return out.getvalue()


class TwinModel(QAbstractTableModel):
    """Newest first: time, then one column per series; events stand in the last column of their bucket."""

    def __init__(self, data: ChartData, extra: Curve | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data = data
        self._columns = columns(data, extra)
        rows = np.flatnonzero(data.known())[::-1]
        self._rows: list[int] = [int(i) for i in rows]
        self._events: dict[int, str] = {}
        for marker in data.markers:
            i = data.nearest(marker.at)
            if i is not None:
                self._events[i] = "; ".join(part for part in (self._events.get(i, ""), marker.words) if part)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns) + 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return [tr("Time"), *(name for name, _ in self._columns), tr("Event")][section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = index.column()
        value_column = 0 < column <= len(self._columns)
        if role == Qt.ItemDataRole.TextAlignmentRole and value_column:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        i = self._rows[index.row()]
        if column == 0:
            return text.clock_s(float(self._data.t[i]))
        if not value_column:
            return self._events.get(i, "")
        value = float(self._columns[column - 1][1][i])
        return text.number(None if np.isnan(value) else value, short=True)


class TwinDialog(QDialog):
    """The numbers of the chart as they are now, to read, mark and copy."""

    def __init__(self, chart: Chart, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("{name} as a table").format(name=name))
        self.resize(760, 520)
        data, extra = chart.data, chart.extra()
        self._csv = csv_text(data, extra, "\t")
        self.table = QTableView(self)
        self.table.setModel(TwinModel(data, extra, self.table))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setAccessibleName(self.windowTitle())
        whole = Button(tr("Copy all"), "copy", parent=self)
        whole.clicked.connect(self._copy_all)
        done = Button(tr("Close"), parent=self)
        done.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addWidget(Label(chart.sentence(), "small", "muted", self, wrap=True, selectable=True), 1)
        row.addWidget(whole)
        row.addWidget(done)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        QShortcut(
            QKeySequence.StandardKey.Copy, self.table, self._copy_marked, context=Qt.ShortcutContext.WidgetShortcut
        )

    def _copy_all(self) -> None:
        copy(self._csv)

    def _copy_marked(self) -> None:
        rows: dict[int, list[str]] = {}
        for index in sorted(self.table.selectedIndexes(), key=lambda one: (one.row(), one.column())):
            rows.setdefault(index.row(), []).append(str(index.data()))
        copy("\n".join("\t".join(cells) for cells in rows.values()))


class Exports(QObject):
    """The ways out of a chart: `menu` for a button; `save_picture(path)` and `save_numbers(path)` for tests too."""

    def __init__(self, chart: Chart, parent: QWidget) -> None:
        super().__init__(parent)
        self._chart, self._owner = chart, parent
        self.menu = QMenu(parent)
        for icon, words, act in (
            ("export", tr("Picture (PNG)..."), self._ask_picture),
            ("table", tr("Numbers (CSV)..."), self._ask_numbers),
            ("copy", tr("Copy picture"), self._copy_picture),
            ("copy", tr("Copy numbers"), self._copy_numbers),
        ):
            self.menu.addAction(icons.icon(icon, "muted"), words).triggered.connect(act)

    def table(self) -> TwinDialog:
        """Open the table twin."""
        dialog = TwinDialog(self._chart, self._name(), self._owner)
        dialog.open()
        return dialog

    def save_picture(self, path: str) -> None:
        self._chart.picture().save(path, "PNG")

    def save_numbers(self, path: str) -> None:
        Path(path).write_text(csv_text(self._chart.data, self._chart.extra()), encoding="utf-8")

    def _name(self) -> str:
        return self._chart.data.title or tr("Chart")

    def _ask(self, kind: str, words: str) -> QFileDialog:
        day = text.iso(self._chart.visible()[1])[:10]
        dialog = QFileDialog(self._owner, words, f"evdesk-{self._name()}-{day}.{kind}", f"*.{kind}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        return dialog

    def _ask_picture(self) -> None:
        dialog = self._ask("png", tr("Save the picture"))
        dialog.fileSelected.connect(self.save_picture)
        dialog.open()

    def _ask_numbers(self) -> None:
        dialog = self._ask("csv", tr("Save the numbers"))
        dialog.fileSelected.connect(self.save_numbers)
        dialog.open()

    def _copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self._chart.picture())

    def _copy_numbers(self) -> None:
        copy(csv_text(self._chart.data, self._chart.extra(), "\t"))
