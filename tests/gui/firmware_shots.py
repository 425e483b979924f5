"""The Firmware and Logs pages and their sheets as pictures: `python -m tests.gui.firmware_shots DIR [NAME,...]`."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QScrollArea
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
EVERYWHERE = [
    ("light", ""),
    ("dark", ""),
    ("contrast", ""),
    ("light", "-1080p"),
    ("light", "-small"),
    ("light", "-least"),
]
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
        whole = sample.snapshot()
        self.mirror.take_snapshot(replace(whole, chargers=whole.chargers[:8]))
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

    async def sheet(self, name: str, ways: list[tuple[str, str]], scroll: tuple[float, ...] = (0.0,)) -> None:
        """The open sheet alone, then closed; `scroll`: how far down, for a picture each."""
        turns = 20
        for _ in range(turns):
            await asyncio.sleep(0.02)
            if QApplication.activeModalWidget() is not None:
                break
        shown = QApplication.activeModalWidget()
        for look, _size in ways:
            theme.current().apply(QApplication.instance(), look)
            area = shown.findChild(QScrollArea)
            for place, share in enumerate(scroll):
                if area is not None:
                    area.verticalScrollBar().setValue(round(area.verticalScrollBar().maximum() * share))
                await settle(4)
                shown.grab().save(str(self.folder / f"{name}-{look}{f'-{place}' if place else ''}.png"))
        shown.reject()
        await settle(4)


async def fleet(one: Set) -> None:
    await one.go("firmware")
    await one.shoot("fleet", EVERYWHERE)
    theme.current().apply(QApplication.instance(), "light")
    one.page.head.menu().ensurePolished()
    one.page.head.menu().adjustSize()
    one.page.head.menu().grab().save(str(one.folder / "fleet-menu.png"))
    one.page.side.add_menu.adjustSize()
    one.page.side.add_menu.grab().save(str(one.folder / "fleet-add.png"))


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
    await one.sheet("sheet-image", BOTH, scroll=(0.0, 0.5, 1.0))
    one.page.deeds.open_image(fw.unknown_image())
    await one.sheet("sheet-unknown", ONE)
    one.page.deeds.open_image(fw.untrusted_image())
    await one.sheet("sheet-untrusted", ONE)
    one.page.deeds.open_model(fw.fleet().models[0], fw.images())
    await one.sheet("sheet-policy", BOTH)


async def logs(one: Set) -> None:
    await one.go("logs")
    await one.shoot("logs", EVERYWHERE)
    one.client.answers["job.get"] = lambda p: fw.job_view(*fw.running_fetch())
    one.mirror.put_job(fw.running_fetch()[0])
    await settle()
    one.client.answers["job.get"] = lambda p: fw.job_view(*fw.failed_fetch())
    one.mirror.put_job(fw.failed_fetch()[0])
    one.page.fetches.keep(122)
    await one.go("logs", 5)
    one.page.card.text.search.setText("retry 1")
    await one.shoot("fetching", BOTH)
    await one.go("logs", "WB-02")
    await one.sheet("sheet-fetch", BOTH)
    one.client.answers["log.list"] = []
    one.mirror.jobs.clear()
    one.page.card.show_log(None)
    one.page.read()
    await one.shoot("logs-empty", ONE)


async def many(one: Set) -> None:
    one.client.answers["firmware.fleet"] = fw.crowd(200)
    one.client.answers["firmware.images"] = [*fw.images(), fw.unknown_image(), fw.untrusted_image()]
    await one.go("firmware")
    await one.shoot("many", [("light", ""), ("dark", "-1080p")])
    theme.current().set_large(True)
    await one.shoot("large", [("light", "")])
    theme.current().set_large(False)
    one.page.veil._cover()
    await one.shoot("drop", ONE)


SETS: dict[str, Callable] = {one.__name__: one for one in (fleet, states, running, sheets, empty, logs, many)}


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
