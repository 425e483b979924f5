"""The banner area at the top of every page: at most two, then a line that counts the rest."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from evdesk.gui.models.needs import BannerText
from evdesk.gui.text import tr
from evdesk.gui.widgets import Banner, Label

SHOWN = 2
TOAST_MS = 12_000


class BannerArea(QWidget):
    """`deed(verb, argument)` when a banner's button is pressed. Words change in place; a banner keeps its buttons."""

    deed = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 16, 16, 0)
        self._column.setSpacing(8)
        self._more = Label("", "small", "muted", self)
        self._column.addWidget(self._more)
        self.after: QWidget | None = None  # takes the focus of a banner that goes
        self._state: list[BannerText] = []
        self._toasts: list[BannerText] = []
        self._shown: dict[str, tuple[BannerText, Banner]] = {}
        self._show()

    def set_banners(self, banners: list[BannerText]) -> None:
        """What stands now; most urgent first."""
        self._state = banners
        self._show()

    def toast(self, banner: BannerText) -> None:
        """Say something that goes away by itself (a failed deed, a problem that is over). Errors stand first."""
        self._toasts = [t for t in self._toasts if t.key != banner.key] + [banner]
        QTimer.singleShot(TOAST_MS, self, lambda: self._drop(banner))
        self._show()

    def say(self, sentence: str) -> None:
        """It went well."""
        self.toast(BannerText(f"said/{sentence}", "ok", "check-circle", sentence, ""))

    def complain(self, sentence: str) -> None:
        """It did not."""
        self.toast(BannerText(f"failed/{sentence}", "danger", "octagon", tr("That did not work"), sentence))

    def titles(self) -> list[str]:
        """The titles on screen, from the top."""
        return [text.title for text, _ in self._shown.values()]

    def widget(self, key: str) -> Banner | None:
        found = self._shown.get(key)
        return found[1] if found else None

    def _drop(self, banner: BannerText) -> None:
        self._toasts = [t for t in self._toasts if t is not banner]
        self._show()

    def _show(self) -> None:
        standing = [*self._toasts, *self._state] if self._urgent() else [*self._state, *self._toasts]
        chosen = standing[:SHOWN]
        if [b.key for b in chosen] != list(self._shown) or any(self._changed(b) for b in chosen):
            self._rebuild(chosen)
        for banner in chosen:
            self._shown[banner.key][1].set_words(banner.title, banner.text)
        rest = len(standing) - len(chosen)
        self._more.setText(tr("and {n} more").format(n=rest))
        self._more.setVisible(rest > 0)
        self.setVisible(bool(standing))

    def _urgent(self) -> bool:
        return bool(self._toasts) and not any(b.role == "danger" for b in self._state)

    def _changed(self, banner: BannerText) -> bool:
        before = self._shown[banner.key][0]
        return (before.role, before.icon, before.deeds) != (banner.role, banner.icon, banner.deeds)

    def _rebuild(self, chosen: list[BannerText]) -> None:
        focus = QApplication.focusWidget()
        if focus is not None and self.after is not None and self.isAncestorOf(focus):
            self.after.setFocus()
        for _, old in self._shown.values():
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._shown = {banner.key: (banner, self._make(banner)) for banner in chosen}
        for place, (_, widget) in enumerate(self._shown.values()):
            self._column.insertWidget(place, widget)

    def _make(self, banner: BannerText) -> Banner:
        actions = tuple((str(i), deed.word) for i, deed in enumerate(banner.deeds))
        is_toast = any(banner is t for t in self._toasts)
        widget = Banner(banner.role, banner.title, banner.text, actions, self, icon=banner.icon, closable=is_toast)
        widget.acted.connect(lambda key: self.deed.emit(banner.deeds[int(key)].verb, banner.deeds[int(key)].argument))
        widget.closed.connect(lambda: self._drop(banner))
        return widget
