"""Desktop notifications: faults, lost chargers, a silent meter. Few, and each once."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from evdesk.gui import icons
from evdesk.gui.mirror import Mirror
from evdesk.gui.notice_words import notice_look
from evdesk.gui.text import tr
from evdesk.model import Notice, NoticeKind

WORTH = frozenset(
    {
        NoticeKind.FAULT,
        NoticeKind.LOST,
        NoticeKind.METER_LOST,
        NoticeKind.OVER_FUSE,
        NoticeKind.STORAGE,
        NoticeKind.ASKS,
        NoticeKind.ENGINE_GAP,
    }
)
GATHER_MS = 2000
QUIET_S = 300.0
FRESH_S = 120.0


class Notifier(QObject):
    """Gathers notices for two seconds, then says them as one. The same thing again within five minutes is silent,
    and nothing is said while a person looks at the window: banners and the bell show it there.

    `said(title, text)` for every notification, also where there is no tray to show it.
    """

    said = Signal(str, str)

    def __init__(self, mirror: Mirror, parent: QObject | None = None, gather_ms: int = GATHER_MS) -> None:
        super().__init__(parent)
        self._mirror = mirror
        self._waiting: list[Notice] = []
        self._last: dict[tuple[NoticeKind, str], float] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(gather_ms)
        self._timer.timeout.connect(self._say)
        self.tray: QSystemTrayIcon | None = None
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.tray = QSystemTrayIcon(icons.icon("bolt", "accent"), self)
            self.tray.setToolTip("evdesk")
            self.tray.show()
        mirror.notice_added.connect(self._on_notice)

    def _on_notice(self, notice: Notice) -> None:
        key = (notice.kind, notice.charger_id)
        if notice.kind not in WORTH or self._mirror.now() - notice.at > FRESH_S:
            return
        if notice.at - self._last.get(key, float("-inf")) < QUIET_S:
            return
        self._last[key] = notice.at
        self._waiting.append(notice)
        if not self._timer.isActive():
            self._timer.start()

    def _say(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting or QApplication.activeWindow() is not None:
            return
        lines = [notice_look(n, self._mirror.label(n.charger_id) if n.charger_id else "").word for n in waiting]
        site = self._mirror.site.name if self._mirror.site is not None else "evdesk"
        title = lines[0] if len(lines) == 1 else tr("{n} things need a look").format(n=len(lines))
        text = site if len(lines) == 1 else "\n".join(lines[:4])
        if self.tray is not None:
            self.tray.showMessage(title, text, icons.icon("bolt", "accent"))
        self.said.emit(title, text)
