"""Every page as a PNG, from a simulated site, without a screen: for the docs, and to compare with the design."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from urllib.parse import urlsplit

from PySide6.QtCore import QLocale, QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from evdesk.gui import launch, shots_balancing, shots_charger, shots_firmware, shots_sheets, tokens
from evdesk.gui.app import make_app
from evdesk.gui.client import Client
from evdesk.gui.dialogs.console import ConsoleSheet
from evdesk.gui.dialogs.console_words import templates
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.connect_row import TriedRow
from evdesk.gui.pages.insights_words import ENERGY, PEAK
from evdesk.gui.pages.registry import PAGES
from evdesk.gui.settings import DeskSettings
from evdesk.gui.shell import Shell
from evdesk.gui.shots_visitors import visit
from evdesk.gui.theme import Theme, current
from evdesk.model import EvdeskError, Reason
from evdesk.wire.messages import ExchangePage, ExchangeRow, MessageFilter

SIZES = (("", 1280, 800), ("-1080p", 1920, 1080))
READY_S = 60.0
LIVE_S = 90.0
SETTLE_S = 20.0
IN_SUNLIGHT = ("site", "balancing")
"""Pages shown in the theme for sunlight too."""
HARMLESS = "This plugin does not support"
"""What the offscreen platform says because it has no window manager."""

CHARGERS = 8
SEED = "1"
SPEED = "4"
EVENING_S = 200.0
"""How long the simulated site has run before the first picture: cars have ramped up, something has happened."""


class DemoSite:
    """The demo's process; `data` is its engine's folder. Ends with the `with`."""

    def __init__(self, chargers: int = CHARGERS) -> None:
        self._command = launch.command(
            "demo", "--headless", "--chargers", str(chargers), "--seed", SEED, "--speed", SPEED
        )
        self._lines: Queue[str] = Queue()
        self.data = Path()

    def __enter__(self) -> "DemoSite":
        self._log = tempfile.TemporaryFile(mode="w+")
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=os.environ | shots_sheets.QUIET_KEYRING,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.data = self._ready()
        except EvdeskError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)

    def _ready(self) -> Path:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=0.2)
            except Empty:
                if self._process.poll() is not None:
                    break
                continue
            if line.startswith("ready "):
                told = json.loads(line.removeprefix("ready "))
                return Path(told["data"])
        self._log.seek(0)
        words = self._log.read().strip().splitlines()[-3:]
        raise EvdeskError(Reason.UNREACHABLE, "The simulated site did not start. " + " ".join(words))


class Camera:
    """A desk on an engine, to be photographed. Every Qt warning is kept in `warnings`."""

    def __init__(self, app: QApplication, engine: launch.Engine, settings: DeskSettings, theme: Theme) -> None:
        self.app, self.theme = app, theme
        self.warnings: list[str] = []
        self.client = Client(engine.locate)
        self.mirror = Mirror(self.client)
        theme.apply(app, tokens.LIGHT)
        self.shell = Shell(self.mirror, self.client, theme, settings, engine, PAGES)

    def on_message(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if kind in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg) and HARMLESS not in text:
            self.warnings.append(text)

    async def until(self, what: str, condition: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                raise EvdeskError(Reason.TIMEOUT, f"Waited {within_s:.0f} s for {what}: it did not come.")
            await asyncio.sleep(0.05)

    async def live(self) -> None:
        """Until the site has something to show: everybody is there and cars charge."""
        self.client.start()
        await self.until("the engine", lambda: self.mirror.connected, READY_S)
        await self.until("charging cars", self._cars_charge, LIVE_S)

    async def shoot(self, page: str, argument: object, file: Path) -> None:
        """One picture, when every answer the page asked for has come and stayed for a moment."""
        self.shell.navigator.go(page, argument)
        await self.settled()
        if not self.shell.grab().save(str(file)):
            raise EvdeskError(Reason.STORAGE, f"{file} cannot be written.")

    async def shoot_details(self, file: Path) -> None:
        """The Connect page with the details of its first problem unfolded."""
        page = self.shell.navigator.page("connect")
        rows = [row for row in page.findChildren(TriedRow) if row.said.problem]
        for row in rows[:1]:
            row.fold.setChecked(True)
        await self.shoot("connect", None, file)
        for row in rows[:1]:
            row.fold.setChecked(False)

    async def end(self) -> None:
        await self.client.close()
        self.shell.hide()
        self.shell.deleteLater()

    async def settled(self) -> None:
        """Until every answer has come, and stayed for a moment."""
        quiet = 0
        deadline = time.monotonic() + SETTLE_S
        while quiet < 8 and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
            quiet = 0 if self.client.busy else quiet + 1

    def _cars_charge(self) -> bool:
        """Most bays with a car draw what they may, so that the pictures show a working evening."""
        load, info = self.mirror.load, self.mirror.info
        if load is None or info is None or load.charging < 2 or self.mirror.now() - info.started_at < EVENING_S:
            return False
        outlets = [c for charger in self.mirror.accepted() for c in charger.connectors if c.status.has_car]
        drawing = [c for c in outlets if any((amps or 0.0) > 5.0 for amps in c.current_a)]
        return 2 * len(drawing) > len(outlets)


def run_shots(directory: Path, theme: str | None = None, lang: str | None = None) -> int:
    """Render every page into `directory`; 0, or 1 when Qt warned. Raises `EvdeskError` where it cannot."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sentence = f"{directory} cannot be used: {error.strerror}. Choose another directory."
        raise EvdeskError(Reason.STORAGE, sentence) from None
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if lang:
        QLocale.setDefault(QLocale(lang))
    app = make_app()
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    try:
        with DemoSite() as site, tempfile.TemporaryDirectory(prefix="evdesk-shots-") as folder:
            settings = DeskSettings(Path(folder) / "desk.ini")
            engine = launch.LocalEngine(site.data, may_start=False)
            code: int = loop.run_until_complete(_all(app, engine, settings, directory, theme))
            return code
    finally:
        app.processEvents()
        loop.close()
        asyncio.set_event_loop(None)


async def _all(
    app: QApplication, engine: launch.Engine, settings: DeskSettings, directory: Path, theme: str | None
) -> int:
    camera = Camera(app, engine, settings, current())
    before = qInstallMessageHandler(camera.on_message)
    try:
        camera.shell.show()
        await camera.live()
        if camera.mirror.info is not None:
            door = urlsplit(camera.mirror.info.ocpp_url)
            await visit(door.hostname or "127.0.0.1", door.port or 80)
        shown = await shots_sheets.prepare(camera.mirror, camera.client)
        opened = await shots_charger.prepare(camera.mirror, camera.client)
        job = await shots_firmware.prepare(camera.mirror, camera.client, camera.until)
        looks = (theme,) if theme else (tokens.LIGHT, tokens.DARK, tokens.CONTRAST)
        await _job(camera, job, directory, looks, over=False)
        for look in looks:
            camera.theme.apply(app, look)
            if job and look != tokens.CONTRAST:
                camera.shell.resize(*SIZES[0][1:])
                await shots_firmware.shoot(job, camera.shell, camera.settled, camera.until, directory, look)
            await _one_look(camera, directory, look, everything=theme is not None or look != tokens.CONTRAST)
            if shown and look != tokens.CONTRAST:
                desk = camera.mirror, camera.client, camera.theme
                await shots_sheets.shoot(shown, desk, camera.settled, directory, look)
            if look != tokens.CONTRAST:
                camera.shell.resize(*SIZES[0][1:])
                await shots_balancing.shoot(camera.shell, camera.theme, camera.settled, directory, look)
            if opened and look != tokens.CONTRAST:
                camera.shell.resize(*SIZES[0][1:])
                await shots_charger.shoot(opened, camera.shell, camera.theme, camera.settled, directory, look)
        await _job(camera, job, directory, looks, over=True)
    finally:
        await camera.end()
        qInstallMessageHandler(before)
    for warning in camera.warnings:
        sys.stderr.write(f"Qt: {warning}\n")
    return 1 if camera.warnings else 0


async def _job(
    camera: Camera, job: shots_firmware.Began | None, directory: Path, looks: tuple[str, ...], *, over: bool
) -> None:
    """The job as it runs, or its report: each in all looks at once, for it does not wait."""
    if job is None:
        return
    if over:
        await shots_firmware.end_job(job, camera.shell, camera.until)
    shoot = shots_firmware.shoot_report if over else shots_firmware.shoot_progress
    camera.shell.resize(*SIZES[0][1:])
    for look in (one for one in looks if one != tokens.CONTRAST):
        camera.theme.apply(camera.app, look)
        await shoot(job, camera.shell, camera.settled, directory, look)


async def _one_look(camera: Camera, directory: Path, look: str, everything: bool) -> None:
    busiest = next((c.id for c in camera.mirror.accepted()), None)
    broken = await _breach(camera) if everything else None
    arguments = {"chargers": busiest, "messages": f"#{broken.id}" if broken else None, "insights": ENERGY}
    for suffix, width, height in SIZES:
        camera.shell.resize(width, height)
        for kind in (one for one in PAGES if one.name not in shots_firmware.PAGES):
            if everything or kind.name in IN_SUNLIGHT:
                file = directory / f"{kind.name}-{look}{suffix}.png"
                await camera.shoot(kind.name, arguments.get(kind.name), file)
        if everything and not suffix:
            await camera.shoot("insights", PEAK, directory / f"insights-peak-{look}.png")
            await camera.shoot_details(directory / f"connect-details-{look}.png")
            if broken:
                file = directory / f"findings-{look}.png"
                await camera.shoot("chargers", f"{broken.charger_id}#findings", file)
                camera.shell.navigator.go("chargers", f"{broken.charger_id}#live")
            if busiest:
                await _console(camera, busiest, directory / f"console-{look}.png")


async def _breach(camera: Camera) -> ExchangeRow | None:
    """The newest message that broke a rule."""
    page = ExchangePage(MessageFilter(verdict="breach"), 1)
    rows: list[ExchangeRow] = await camera.client.call("message.exchanges", page)
    return rows[0] if rows else None


async def _console(camera: Camera, charger_id: str, file: Path) -> None:
    """The expert console after a message was answered."""
    shell = camera.shell
    sheet = ConsoleSheet(camera.mirror, camera.client, shell.settings, camera.theme, charger_id, shell)
    sheet.show()
    usual = next(one for one in templates(sheet.protocol) if one.action == "GetCompositeSchedule")
    await sheet.open_message(usual, fresh=False)
    sheet.send_now()
    await camera.until("the console's answer", lambda: sheet.answer.isVisible(), SETTLE_S)
    sheet.grab().save(str(file))
    sheet.done(0)
    sheet.deleteLater()
