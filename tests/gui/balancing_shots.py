"""The Balancing page with 2, 8, 54 and 200 connectors as pictures: `python -m tests.gui.balancing_shots DIR`."""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qasync import QEventLoop

from evdesk.gui import launch, theme
from evdesk.gui.app import make_app
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.registry import PAGES
from evdesk.gui.settings import DeskSettings
from evdesk.gui.shell import Shell
from tests.gui import crowd, sample
from tests.gui.fakes import FakeClient

SIZES = {"": (1280, 800), "-1080p": (1920, 1080), "-small": (1024, 700)}


async def settle() -> None:
    for _ in range(12):
        await asyncio.sleep(0.02)


async def shoot(folder: Path, counts: list[int], looks: list[str], sizes: list[str]) -> None:
    client = FakeClient()
    for count in counts:
        mirror = Mirror(client)
        mirror.take_snapshot(crowd.snapshot(count))
        client.answers["balance.history"] = partial(crowd.decision_page, mirror.site)
        settings = DeskSettings(folder / "desk.ini")
        settings.put("window/page", "balancing")  # the Site page asks for more than the sample knows
        engine = launch.LocalEngine(folder, may_start=False)
        shell = Shell(mirror, client, theme.current(), settings, engine, PAGES)
        mirror.now = lambda: sample.NOW
        shell.show()
        for look in looks:
            theme.current().apply(shell_app(), look)
            for size in sizes:
                shell.resize(*SIZES[size])
                shell.navigator.go("balancing")
                await settle()
                shell.grab().save(str(folder / f"balancing-{count}-{look}{size}.png"))
        shell.hide()
        shell.deleteLater()


def shell_app():
    from PySide6.QtWidgets import QApplication

    return QApplication.instance()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    counts = [int(n) for n in sys.argv[2].split(",")] if len(sys.argv) > 2 else [2, 8, 54, 200]
    looks = sys.argv[3].split(",") if len(sys.argv) > 3 else ["light", "dark", "contrast"]
    sizes = sys.argv[4].split(",") if len(sys.argv) > 4 else ["", "-1080p"]
    app = make_app()
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    loop.run_until_complete(shoot(folder, counts, looks, [s if s != "std" else "" for s in sizes]))


if __name__ == "__main__":
    main()
