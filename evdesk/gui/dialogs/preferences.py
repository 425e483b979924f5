"""The desk's own settings, and what it is."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from evdesk import __version__
from evdesk.gui import tokens
from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.jobs import open_jobs
from evdesk.gui.mirror import Mirror
from evdesk.gui.settings import ASK, KEEP, STOP, DeskSettings
from evdesk.gui.text import limit, tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import DANGER, PRIMARY, Label


def _choices(pairs: list[tuple[str, str]], value: str) -> QComboBox:
    box = QComboBox()
    for word, data in pairs:
        box.addItem(word, data)
    box.setCurrentIndex(max(0, box.findData(value)))
    return box


class SettingsSheet(Sheet):
    """Look, name and what closing means. The look changes at once; the rest when the sheet closes."""

    def __init__(self, settings: DeskSettings, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Settings"), theme, parent)
        self._settings = settings
        looks = [
            (tr("As the system"), tokens.SYSTEM),
            (tr("Light"), tokens.LIGHT),
            (tr("Dark"), tokens.DARK),
            (tr("High contrast, for sunlight"), tokens.CONTRAST),
        ]
        self.look = _choices(looks, settings.theme)
        self.large = QCheckBox(tr("Large, for gloves"))
        self.large.setChecked(settings.large)
        self.who = QLineEdit(settings.who)
        self.who.setPlaceholderText(tr("Technician"))
        closing = [(tr("Ask each time"), ASK), (tr("Keep the engine running"), KEEP), (tr("Stop the engine"), STOP)]
        self.on_close = _choices(closing, settings.on_close)
        self.field(tr("Colours"), self.look)
        self.field(tr("Buttons and rows"), self.large)
        self.field(tr("Your name"), self.who, tr("Stands in the activity log beside what this desk does."))
        self.field(tr("Closing the window"), self.on_close, tr("Asked only while cars charge or balancing is on."))
        self.look.activated.connect(self._apply_look)
        self.large.toggled.connect(self._apply_look)
        self.finished.connect(self._keep)
        self.button(tr("Close"), DONE, PRIMARY, default=True)

    def _apply_look(self) -> None:
        self._settings.theme = self.look.currentData()
        self._settings.large = self.large.isChecked()

    def _keep(self) -> None:
        self._settings.who = self.who.text()
        self._settings.on_close = self.on_close.currentData()
        self._settings.sync()


class AboutSheet(Sheet):
    """Versions and every shortcut. `shortcuts`: (keys, what they do)."""

    def __init__(self, mirror: Mirror, shortcuts: list[tuple[str, str]], theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("evdesk {version}").format(version=__version__), theme, parent)
        info = mirror.info
        if info is not None:
            text = tr("Engine {version}, process {pid}, data in {folder}")
            self.say(text.format(version=info.version, pid=info.pid, folder=info.data_dir), muted=True)
        for keys, what in shortcuts:
            self.form.addRow(Label(keys, "card"), Label(what))
        self.button(tr("Close"), DONE, PRIMARY, default=True)


class TokenSheet(Sheet):
    """The token of an engine elsewhere. It is kept in memory only."""

    def __init__(self, url: str, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("The engine wants its token"), theme, parent)
        self.say(url, muted=True)
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        text = tr("It is the one line in the file “token” of that engine's data folder. It is not stored here.")
        self.field(tr("Token"), self.token, text)
        self.token.setFocus()
        self.cancel()
        self.button(tr("Connect"), DONE, PRIMARY, default=True)


class CloseSheet(Sheet):
    """What happens to the engine when the window closes. Keeping it is the default and what Enter does."""

    KEEP, STOP = 1, 2

    def __init__(self, mirror: Mirror, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Close the desk and keep the engine running?"), theme, parent)
        charging = mirror.load.charging if mirror.load is not None else 0
        cars = tr("{n} cars charge.").format(n=charging) if charging != 1 else tr("One car charges.")
        share = mirror.load.safe_share_a if mirror.load is not None else 0.0
        self.say(f"{cars} " + tr("The engine keeps them under the fuse; it needs no window."))
        if open_jobs(mirror):
            self.say(tr("A job goes on in the engine. Stopped in the middle, its outcome is known when it runs again."))
        if mirror.site is not None:
            text = tr("If it stops, chargers fall to {share} each within {s} s and stay there.")
            self.say(text.format(share=limit(share), s=mirror.site.balance.profile_valid_s), muted=True)
        self.remember = QCheckBox(tr("Do not ask again"))
        self.add(self.remember)
        self.cancel(tr("Stay here"))
        self.button(tr("Stop the engine"), self.STOP, DANGER)
        self.button(tr("Keep it running"), self.KEEP, PRIMARY, default=True)
