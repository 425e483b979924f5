"""The sheet all dialogs are: opened, never executed; awaitable; Esc takes the safe way, Enter the default button."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import DANGER, NORMAL, PRIMARY, Button, Label
from evdesk.model import EvdeskError

CANCELLED = 0
DONE = 1
WIDTH = 480

Work = Callable[[], Coroutine[Any, Any, None]]


class Sheet(QDialog):
    """Heading, text, fields, an error line, buttons. `await ask()` opens it and gives `DONE`, `CANCELLED` or a
    button's own number."""

    def __init__(self, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(20, 18, 20, 16)
        self._box.setSpacing(12)
        self.heading = Label(title, "name", wrap=True)
        self._box.addWidget(self.heading)
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._error = Label("", "card", "danger", wrap=True)
        self._error.hide()
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addStretch(1)
        self._box.addLayout(self.form)
        self._box.addStretch(1)
        self._box.addWidget(self._error)
        self._box.addLayout(self._row)

    def say(self, text: str, muted: bool = False) -> Label:
        """A paragraph above the fields."""
        label = Label(text, role="muted" if muted else "text", wrap=True, selectable=True)
        self._box.insertWidget(self._box.count() - 4, label)
        return label

    def add(self, widget: QWidget) -> None:
        """A widget between the text and the fields."""
        self._box.insertWidget(self._box.count() - 4, widget)

    def field(self, name: str, widget: QWidget, help_text: str = "") -> None:
        """A named field; the name is its buddy and its accessible name."""
        if isinstance(widget, QAbstractSpinBox):
            widget.lineEdit().setTextMargins(8, 0, 0, 0)  # the style sheet's padding stops at the frame
        label = Label(name)
        label.setMinimumHeight(self.theme.control)
        label.setBuddy(widget)
        widget.setAccessibleName(name)
        self.form.addRow(label, widget)
        if help_text:
            hint = Label(help_text, "small", "muted", wrap=True)
            widget.setAccessibleDescription(help_text)
            self.form.addRow("", hint)

    def button(self, word: str, result: int, variant: str = NORMAL, default: bool = False) -> Button:
        """A button that ends the sheet with `result`."""
        one = Button(word, "", variant, self)
        one.setAutoDefault(False)
        one.setDefault(default)
        one.clicked.connect(lambda: self.done(result))
        self._row.addWidget(one)
        return one

    def deed(self, word: str, work: Work, variant: str = PRIMARY, default: bool = True) -> Button:
        """A button that does `work` first: the sheet closes when it went well, and says the error when not."""
        one = Button(word, "", variant, self)
        one.setAutoDefault(False)
        one.setDefault(default)
        one.clicked.connect(lambda: self._start(one, work))
        self._row.addWidget(one)
        return one

    def cancel(self, word: str = "", default: bool = False) -> Button:
        return self.button(word or tr("Cancel"), CANCELLED, default=default)

    def fail(self, sentence: str) -> None:
        """Say what went wrong, above the buttons; empty takes it away."""
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))

    async def ask(self) -> int:
        """Open, wait for the person, answer the result. The sheet is gone afterwards; its fields can still be read."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def finished(result: int) -> None:
            if not done.done():
                done.set_result(result)

        self.finished.connect(finished)
        self.open()
        try:
            return await done
        finally:
            self.finished.disconnect(finished)
            self.deleteLater()

    def _start(self, button: Button, work: Work) -> None:
        button.setEnabled(False)
        self.fail("")
        task = asyncio.get_running_loop().create_task(self._do(button, work))
        self._task = task

    async def _do(self, button: Button, work: Work) -> None:
        try:
            await work()
        except EvdeskError as error:
            self.fail(error.sentence)
            button.setEnabled(True)
        else:
            self.done(DONE)


async def confirm(
    parent: QWidget, theme: Theme, title: str, text: str, deed: str, stay: str = "", danger: bool = False
) -> bool:
    """Ask before something that cannot be taken back. The button repeats the deed; staying is the default."""
    sheet = Sheet(title, theme, parent)
    sheet.say(text)
    sheet.cancel(stay, default=True)
    sheet.button(deed, DONE, DANGER if danger else PRIMARY)
    return await sheet.ask() == DONE
