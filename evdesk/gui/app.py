"""The desk as a program: one Qt application on one asyncio loop, and an orderly end."""

import asyncio
import gc
import logging
import logging.handlers
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMenu
from qasync import QEventLoop

from evdesk.gui import icons, launch
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.notify import Notifier
from evdesk.gui.pages.registry import PAGES
from evdesk.gui.settings import DeskSettings
from evdesk.gui.shell import Shell
from evdesk.gui.sweep import Sweep
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import FocusRing
from evdesk.model import EvdeskError, Reason

_log = logging.getLogger("evdesk.gui")

LOG_BYTES = 1 << 20
PRELOAD_MS = 1500
"""Pages not shown yet are loaded one by one after the start, so that the first click does not wait for them."""


class Desk(QObject):
    """Everything a running desk is made of. `finished` when the window has closed."""

    finished = Signal()

    def __init__(self, app: QApplication, engine: launch.Engine, settings: DeskSettings) -> None:
        super().__init__()
        self.app = app
        self.theme = current()
        self.theme.large = settings.large
        self.theme.apply(app, settings.theme)
        self.client = Client(engine.locate, settings.who, self)
        self.mirror = Mirror(self.client, self)
        self.shell = Shell(self.mirror, self.client, self.theme, settings, engine, PAGES)
        self.notifier = Notifier(self.mirror, self)
        self._engine, self._settings = engine, settings
        self._ring = FocusRing(app)
        self.sweep = Sweep(self)
        settings.changed.connect(self._on_setting)
        self.shell.leaving.connect(self.finished)
        self._tray_menu()

    def start(self) -> None:
        """Show the window, then look for the engine: the window never waits for it."""
        self.shell.show()
        self.client.start()
        QTimer.singleShot(0, self, self._engine.ensure)
        QTimer.singleShot(PRELOAD_MS, self, self.sweep.start)
        for later, page in enumerate(PAGES, 1):
            QTimer.singleShot(PRELOAD_MS * later, self, page.load)

    async def end(self) -> None:
        """Every task cancelled and gone, the views before the models."""
        await self.client.close()
        self.sweep.stop()
        self.shell.hide()
        self.shell.deleteLater()

    def crashed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """`sys.excepthook`: nothing disappears unseen."""
        if issubclass(kind, KeyboardInterrupt):
            self.finished.emit()
            return
        _log.error("unexpected error", exc_info=(kind, error, trace))
        if threading.current_thread() is threading.main_thread():
            self.client.failed.emit(
                tr("Something in the desk went wrong: {error}").format(error=error or kind.__name__)
            )

    def _on_setting(self, key: str) -> None:
        if key == "look/theme":
            self.theme.apply(self.app, self._settings.theme)
        elif key == "look/large":
            self.theme.set_large(self._settings.large)
        elif key == "desk/who":
            self.client.who = self._settings.who

    def _tray_menu(self) -> None:
        tray = self.notifier.tray
        if tray is None:
            return
        menu = QMenu(self.shell)
        menu.addAction(tr("Open the desk")).triggered.connect(self.shell.raise_)
        menu.addAction(tr("Close the desk")).triggered.connect(self.shell.close)
        tray.setContextMenu(menu)


class _Signals(QObject):
    """SIGINT and SIGTERM as a Qt signal: Python runs handlers only between bytecodes, so the pipe wakes Qt's loop."""

    caught = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._read, self._write = socket.socketpair()
        for end in (self._read, self._write):
            end.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._woken)

    def _woken(self) -> None:
        numbers = self._read.recv(64)
        if any(number in self._before for number in numbers):
            self.caught.emit()

    def restore(self) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._read.close()
        self._write.close()


def run_desk(
    data_dir: Path | None = None,
    attach_url: str | None = None,
    token: str = "",
    ocpp: tuple[str, int] | None = None,
    *,
    settings_path: Path | None = None,
    start_engine: bool = True,
    quit_after_s: float | None = None,
) -> int:
    """Open the desk and stay until it is closed; the exit code.

    Without `attach_url` it is the desk of the engine in `data_dir` (default: this user's), which is started when none
    answers; `ocpp` is then where it listens for chargers. `attach_url` with `token` is a desk on an engine elsewhere.
    `quit_after_s` closes it by itself (smoke tests). Raises `EvdeskError` where there is no screen.
    """
    check_screen()
    gc.disable()  # from the first page on it is looked for by `Sweep`; what starts stays
    data = data_dir or launch.default_data_dir()
    _log_to_file((settings_path or data / "x").parent if attach_url else data)
    app = make_app()
    settings = DeskSettings(settings_path)
    engine: launch.Engine
    if attach_url:
        engine = launch.RemoteEngine(attach_url, token)
    else:
        engine = launch.LocalEngine(data, _engine_args(ocpp), may_start=start_engine)
    desk = Desk(app, engine, settings)
    sys.excepthook = desk.crashed
    signals = _Signals()
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_live(desk, signals, quit_after_s))
    finally:
        gc.enable()
        sys.excepthook = sys.__excepthook__
        signals.restore()
        app.processEvents()
        loop.close()
        asyncio.set_event_loop(None)
    return 0


def check_screen() -> None:
    """Qt ends the process when it finds no display: say it in words before. Raises `EvdeskError`."""
    wanted = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in wanted):
        sentence = (
            "There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set). Run “evdesk engine” on this "
            "computer, and “evdesk attach URL” where there is a screen."
        )
        raise EvdeskError(Reason.UNSUPPORTED, sentence)


def make_app(args: Sequence[str] = ()) -> QApplication:
    """The one application object, with our name, icon and behaviour."""
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication(["evdesk", *args])
    app.setApplicationName("evdesk")
    app.setDesktopFileName("evdesk")
    app.setWindowIcon(icons.icon("bolt", "accent"))
    app.setQuitOnLastWindowClosed(False)
    return app


async def _live(desk: Desk, signals: _Signals, quit_after_s: float | None) -> None:
    """Until the window has closed, a signal came, or the time is up."""
    over = asyncio.Event()
    desk.finished.connect(over.set)
    signals.caught.connect(over.set)
    desk.start()
    try:
        await asyncio.wait_for(over.wait(), quit_after_s)
    except TimeoutError:
        pass
    await desk.end()


def _engine_args(ocpp: tuple[str, int] | None) -> tuple[str, ...]:
    if ocpp is None:
        return ("--stop-when-idle",)
    host, port = ocpp
    return ("--stop-when-idle", "--ocpp", f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def _log_to_file(folder: Path) -> None:
    """Warnings and errors of the desk go to desk.log beside the engine's log; a folder that cannot be used is no
    reason not to start."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK):
            return
        file = logging.handlers.RotatingFileHandler(folder / "desk.log", maxBytes=LOG_BYTES, backupCount=2, delay=True)
    except OSError as error:
        _log.warning("no log file: %s", error)
        return
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    if not any(isinstance(h, logging.handlers.RotatingFileHandler) for h in root.handlers):
        root.addHandler(file)
