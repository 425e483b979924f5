"""How a setting is painted and edited in its row: a switch, a list of choices, a number with its range, a text."""

from PySide6.QtCore import QAbstractItemModel, QLocale, QRect, Qt
from PySide6.QtGui import QDoubleValidator, QIntValidator, QPainter
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QScrollArea, QStyleOptionViewItem, QVBoxLayout, QWidget

from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.pages.chargers_grid import CellDelegate, Index
from evdesk.gui.pages.chargers_settings_model import NAME, SETTING_ROLE, VALUE, Heading, Line
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme, current
from evdesk.gui.widgets import PRIMARY
from evdesk.model import Setting
from evdesk.ocpp.dictionary import MAX_2, span

_INT = 2_147_483_647


class SettingsDelegate(CellDelegate):
    """Name with its meaning under it; the value in the accent while it waits to be written; the note in its role."""

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        line = index.data(SETTING_ROLE)
        if isinstance(line, Heading):
            self._heading(painter, rect, index, line)
        elif isinstance(line, Line):
            self._line(painter, rect, index, line)

    def _heading(self, painter: QPainter, rect: QRect, index: Index, heading: Heading) -> None:
        if index.column() == NAME:
            low = QRect(rect.left(), rect.bottom() - 23, rect.width(), 18)
            self.words(painter, low, f"{heading.name} ({heading.count})", "chip", "muted")

    def _line(self, painter: QPainter, rect: QRect, index: Index, line: Line) -> None:
        if index.column() == NAME and line.setting.meaning:
            middle = rect.center().y()
            self.words(painter, QRect(rect.left(), middle - 17, rect.width(), 18), _short(line.setting), "card", "text")
            self.words(painter, QRect(rect.left(), middle, rect.width(), 16), line.setting.meaning, "small", "muted")
        elif index.column() == NAME:
            self.words(painter, rect, _short(line.setting), "card", "text")
        elif index.column() == VALUE:
            edits = bool(index.flags() & Qt.ItemFlag.ItemIsEditable)
            known = line.setting.value is not None
            role = "accent" if line.staged is not None else "muted" if not known or not edits else "text"
            self.words(painter, rect, line.shown_value, "card" if line.staged is not None else "body", role)
        else:
            role = line.role if line.note else "accent" if line.staged is not None else "muted"
            self.words(painter, rect, line.words, "small", role or "muted")

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        line = index.data(SETTING_ROLE)
        if not isinstance(line, Line):
            return QLineEdit(parent)
        editor = editor_for(line.setting, parent, line.hidden)
        editor.setAccessibleName(line.setting.name)
        editor.setToolTip(line.tip)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        value = str(index.data(Qt.ItemDataRole.EditRole) or "")
        if isinstance(editor, QComboBox):
            if editor.findText(value) < 0:
                editor.addItem(value)
            editor.setCurrentText(value)
        elif isinstance(editor, QLineEdit):
            editor.setText(value)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        text = editor.currentText() if isinstance(editor, QComboBox) else ""
        if isinstance(editor, QLineEdit):
            text = editor.text()
        model.setData(index, text, Qt.ItemDataRole.EditRole)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        height = min(rect.height() - 4, current().control)
        editor.setGeometry(rect.left(), rect.center().y() - height // 2, rect.width() - 4, height)


def _short(setting: Setting) -> str:
    """Under the heading of its component the variable's name is enough."""
    component, slash, rest = setting.name.partition("/")
    if not slash:
        return setting.name
    where = component.removeprefix(setting.group)
    return f"{rest} {where}" if where else rest


def editor_for(setting: Setting, parent: QWidget, hidden: bool = False) -> QWidget:
    """An editor that knows what the setting takes. The value is checked once more before it is staged."""
    if setting.type in ("boolean", "choice") and (setting.type == "boolean" or setting.choices):
        box = QComboBox(parent)
        box.addItems(list(setting.choices) if setting.choices else ["true", "false"])
        return box
    field = QLineEdit(parent)
    field.setMaxLength(MAX_2)
    if hidden:
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setPlaceholderText(tr("New value"))
    elif setting.type == "integer":
        field.setPlaceholderText(span(setting))
        if (setting.low is None or abs(setting.low) <= _INT) and (setting.high is None or setting.high <= _INT):
            field.setValidator(QIntValidator(-_INT, _INT, field))
    elif setting.type == "decimal":
        number = QDoubleValidator(field)
        number.setLocale(QLocale.c())
        field.setValidator(number)
    return field


class ListSheet(Sheet):
    """Choose the words of a list; those chosen before come first and keep their order."""

    def __init__(self, setting: Setting, value: str, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(setting.name, theme, parent)
        self.say(setting.meaning or tr("A list."), muted=True)
        if setting.warning:
            self.say(setting.warning)
        have = [word.strip() for word in value.split(",") if word.strip()]
        words = [*have, *(word for word in setting.choices if word not in have)]
        held = QWidget()
        column = QVBoxLayout(held)
        column.setContentsMargins(4, 0, 4, 0)
        column.setSpacing(2)
        self.boxes: list[QCheckBox] = []
        for word in words:
            box = QCheckBox(word, held)
            box.setChecked(word in have)
            column.addWidget(box)
            self.boxes.append(box)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(held)
        area.viewport().setAutoFillBackground(False)
        held.setAutoFillBackground(False)
        area.setMinimumHeight(min(360, 30 * len(words) + 8))
        self.add(area)
        self.own = QLineEdit()
        self.field(tr("Others"), self.own, tr("Words of the maker's own, parted by commas."))
        self.cancel()
        self.button(tr("Stage this list"), DONE, PRIMARY, default=True)

    def value(self) -> str:
        extra = [word.strip() for word in self.own.text().split(",") if word.strip()]
        return ",".join([*(box.text() for box in self.boxes if box.isChecked()), *extra])
