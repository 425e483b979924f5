"""The Firmware and Logs pages and their sheets as pictures: `python -m tests.gui.firmware_shots DIR [NAME,...]`."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from evdesk.gui import launch, theme
from evdesk.gui.app import make_app
from evdesk.gui.client import LinkState
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.registry import PAGES
from evdesk.gui.settings import DeskSettings
from evdesk.gui.shell import Shell
from evdesk.model.firmware import FleetVersions
from tests.gui import firmware_sample as fw
from tests.gui import sample
from tests.gui.fakes import FakeClient

SIZES = {"": (1280, 800), "-1080p": (1920, 1080), "-small": (1024, 700), "-least": (800, 560)}
EVERYWHERE = [("light", ""), ("dark", ""), ("contrast", ""), ("light", "-1080p"), ("light", "-small"), ("light", "-least")]
BOTH = [("light", ""), ("dark", "")]
ONE = [("light", "")]


async def settle(turns: int = 12) -> None:
    for _ in range(turns):
        await asyncio.sleep(0.02)


class Set:
    """A desk on the sample, to be photographed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = FakeClient()
        self.mirror = Mirror(self.client)
        self.mirror.take_snapshot(sample.snapshot())
        self.mirror.now = lambda: fw.NOW  # type: ignore[method-assign]
        settings = DeskSettings(folder / "desk.ini")
        settings.put("window/page", "firmware")
        engine = launch.LocalEngine(folder, may_start=False)
        self.shell = Shell(self.mirror, self.client, theme.current(), settings, engine, PAGES)
        self.shell.show()

    @property
    def page(self):
        return self.shell.navigator.current()

    async def go(self, name: str, argument: object = None) -> None:
        self.shell.navigator.go(name, argument)
        await settle()

    async def shoot(self, name: str, ways: list[tuple[str, str]]) -> None:
        for look, size in ways:
            theme.current().apply(QApplication.instance(), look)
            self.shell.resize(*SIZES[size])
            await settle()
            self.shell.grab().save(str(self.folder / f"{name}-{look}{size}.png"))

    async def sheet(self, name: str, ways: list[tuple[str, str]], turns: int = 20) -> None:
        """The open sheet alone, then closed."""
        for _ in range(turns):
            await asyncio.sleep(0.02)
            if QApplication.activeModalWidget() is not None:
                break
        shown = QApplication.activeModalWidget()
        for look, _size in ways:
            theme.current().apply(QApplication.instance(), look)
            await settle(4)
            shown.grab().save(str(self.folder / f"{name}-{look}.png"))
        shown.reject()
        await settle(4)


async def fleet(one: Set) -> None:
    await one.go("firmware")
    await one.shoot("fleet", EVERYWHERE)


async def states(one: Set) -> None:
    await one.go("firmware", "state")
    await one.shoot("by-state", ONE)
    await one.go("firmware", "history")
    await one.shoot("history", BOTH)
    await one.go("firmware", "jobs")
    await one.shoot("jobs", BOTH)
    await one.go("firmware", "model")
    one.page.list.versions.turn()
    await one.shoot("twin", ONE)
    one.page.list.versions.turn()


async def running(one: Set) -> None:
    await one.go("firmware")
    one.mirror.put_job(fw.running_update())
    await one.shoot("running", [("light", ""), ("dark", ""), ("light", "-small")])
    one.mirror.put_job(replace(fw.running_update(), id=123, waits_for="Waits for the night, 01:00"))
    one.mirror.put_job(fw.running_fetch()[0])
    await one.shoot("running-many", ONE)


async def empty(one: Set) -> None:
    one.client.answers |= {"firmware.fleet": FleetVersions(), "firmware.images": [], "job.list": []}
    one.mirror.jobs.clear()
    await one.go("firmware")
    one.page.feed.read()
    await one.shoot("empty", BOTH)
    one.client.answers |= {"firmware.fleet": fw.fleet(), "firmware.images": []}
    one.page.feed.read()
    await one.shoot("no-images", ONE)
    one.client.go(LinkState.LOST, "gone")
    await one.shoot("lost", ONE)


async def sheets(one: Set) -> None:
    await one.go("firmware")
    theme.current().apply(QApplication.instance(), "light")
    one.page.deeds.open_image(fw.images()[0])
    await one.sheet("sheet-image", BOTH)
    one.page.deeds.open_image(fw.unknown_image())
    await one.sheet("sheet-unknown", ONE)
    one.page.deeds.open_image(fw.untrusted_image())
    await one.sheet("sheet-untrusted", ONE)
    one.page.deeds.open_model(fw.fleet().models[0], fw.images())
    await one.sheet("sheet-policy", BOTH)


SETS: dict[str, Callable] = {"fleet": fleet, "states": states, "running": running, "sheets": sheets, "empty": empty}


async def shoot_all(folder: Path, names: list[str]) -> None:
    for name in names:
        await SETS[name](Set(folder))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2].split(",") if len(sys.argv) > 2 else list(SETS)
    app = make_app()
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    loop.run_until_complete(shoot_all(folder, names))


if __name__ == "__main__":
    main()
