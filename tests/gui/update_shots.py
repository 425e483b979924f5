"""The guide of an update and a job as pictures: `python -m tests.gui.update_shots DIR [names] [looks] [sizes]`."""

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
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.registry import PAGES
from evdesk.gui.pages.update import UpdatePage
from evdesk.gui.settings import DeskSettings
from evdesk.gui.shell import Shell
from evdesk.model.firmware import Check, FleetState, Verdict
from evdesk.model.jobs import JobState
from evdesk.wire.firmware import Preflight
from evdesk.wire.jobs import JobView
from tests.gui import job_sample
from tests.gui.fakes import FakeClient

SIZES = {"": (1280, 800), "-1080p": (1920, 1080), "-small": (1024, 700)}


async def settle(turns: int = 14) -> None:
    for _ in range(turns):
        await asyncio.sleep(0.02)


class Scene:
    """A desk with an engine that knows the sample."""

    def __init__(self, folder: Path, *, many: bool = False) -> None:
        self.client = FakeClient()
        self.mirror = Mirror(self.client)
        self.client.answers |= job_sample.answers(many=many)
        self.mirror.now = lambda: job_sample.NOW
        self.mirror.take_snapshot(job_sample.hundred_snapshot() if many else job_sample.snapshot())
        settings = DeskSettings(folder / "desk.ini")
        settings.put("window/page", "tags")  # the Site page asks for more than the sample knows
        engine = launch.LocalEngine(folder, may_start=False)
        self.shell = Shell(self.mirror, self.client, theme.current(), settings, engine, PAGES)
        self.shell.show()

    def job(self, view: object) -> None:
        self.client.answers["job.get"] = view
        self.shell.navigator.go("job", view.job.id)

    def end(self) -> None:
        self.shell.hide()
        self.shell.deleteLater()


async def held_up(scene: Scene) -> None:
    """The whole wave waits for cars."""
    view = job_sample.view()
    held = view.chargers["WB-06"]
    first = view.job.waves[1].charger_ids
    chargers = view.chargers | {
        one: replace(held, charger_id=one, label=view.chargers[one].label, serial=view.chargers[one].serial)
        for one in first
    }
    job = replace(view.job, waits_for="A car is plugged in and charging.")
    scene.job(replace(view, job=job, chargers=chargers))


async def has_it(scene: Scene) -> None:
    """One has the version already; `4` goes on to the last step."""
    fleet = job_sample.fleet()
    n22 = fleet.models[0]
    one = replace(n22.chargers[0], version="2.4.1", state=FleetState.NEWEST, because="By job 117")
    fresh = replace(fleet, models=(replace(n22, chargers=(one, *n22.chargers[1:])), *fleet.models[1:]))
    scene.client.answers["firmware.fleet"] = fresh
    scene.client.answers["firmware.fits"] = lambda p: job_sample.fits(p, fresh)
    already = Check("version", Verdict.WARN, "It has 2.4.1 already.", "Leave it out, or go on with a reason.")

    def preflight(params: object) -> list[Preflight]:
        rows = job_sample.preflight(params, {"WB-06": ("session",)})
        return [
            replace(row, from_version="2.4.1", checks=[already, *row.checks[1:]]) if row.charger_id == "WB-01" else row
            for row in rows
        ]

    scene.client.answers["firmware.preflight"] = preflight
    page = guide(scene)
    await settle(4)
    page.chargers.model.mark(MODEL, True)


async def has_it_image(scene: Scene) -> None:
    await has_it(scene)
    page = guide(scene)
    advance(page)
    await settle(6)
    choose_image(page, job_sample.NEW)


async def has_it_preflight(scene: Scene) -> None:
    await has_it_image(scene)
    advance(guide(scene))
    await settle(6)


async def has_it_confirm(scene: Scene) -> None:
    await has_it_preflight(scene)
    page = guide(scene)
    page.preflight.override.field.setText("The maker wants it put on again")
    advance(page)
    await settle(4)


async def progress(scene: Scene) -> None:
    scene.job(job_sample.view())


async def report(scene: Scene) -> None:
    scene.job(job_sample.over())


async def log(scene: Scene) -> None:
    scene.job(job_sample.log_view())


async def log_done(scene: Scene) -> None:
    scene.job(job_sample.log_view(done=True))


async def paused(scene: Scene) -> None:
    view = job_sample.view()
    job = replace(
        view.job, state=JobState.PAUSED, waits_for="1 of 3 in wave 1 failed, and 1 failure is the limit. Look at Bay 3."
    )
    scene.job(JobView(118, JobState.PAUSED, job, view.chargers))


async def hundred(scene: Scene) -> None:
    scene.job(job_sample.hundred())


MODEL = ["WB-01", "WB-02", "WB-03", "WB-05", "WB-06", "WB-08"]


def guide(scene: Scene) -> UpdatePage:
    scene.shell.navigator.go("update")
    return scene.shell.navigator.page("update")


async def chargers(scene: Scene) -> None:
    page = guide(scene)
    await settle(4)
    page.chargers.model.mark(MODEL, True)


async def chargers_mixed(scene: Scene) -> None:
    page = guide(scene)
    await settle(4)
    page.chargers.model.mark(["WB-03", "WB-04", "WB-07"], True)


async def chargers_none(scene: Scene) -> None:
    guide(scene)


async def image(scene: Scene) -> None:
    await chargers(scene)
    page = guide(scene)
    advance(page)
    await settle(6)
    choose_image(page, job_sample.NEW)


def advance(page: UpdatePage) -> None:
    page.foot._holding.stop()
    page._changed()
    page.foot.next.click()
    page.foot._holding.stop()
    page._changed()


def choose_image(page: UpdatePage, image_id: str) -> None:
    model = page.image.model
    index = model.index(model.row_of(image_id))
    page.image.table.setCurrentIndex(index)
    page.image._choose(index)


async def image_misfit(scene: Scene) -> None:
    page = guide(scene)
    await settle(4)
    page.chargers.model.mark([*MODEL, "WB-04", "WB-07"], True)
    advance(page)
    await settle(6)
    choose_image(page, job_sample.NEW)


async def preflight(scene: Scene) -> None:
    await image(scene)
    page = guide(scene)
    advance(page)
    await settle(6)


async def preflight_one(scene: Scene) -> None:
    bad = {"WB-06": ("session", "clock", "power")}
    scene.client.answers["firmware.preflight"] = lambda p: job_sample.preflight(p, bad)
    page = guide(scene)
    page.go({"charger_ids": ["WB-06"], "image_id": job_sample.NEW})
    await settle(6)
    advance(page)
    await settle(6)


async def preflight_hundred(scene: Scene) -> None:
    page = guide(scene)
    await settle(4)
    page.chargers.model.toggle(0)
    advance(page)
    await settle(6)
    choose_image(page, job_sample.NEW)
    page.image._drop()
    advance(page)
    await settle(6)


async def chargers_hundred(scene: Scene) -> None:
    page = guide(scene)
    await settle(4)
    page.chargers.model.toggle(0)


async def image_hundred(scene: Scene) -> None:
    await chargers_hundred(scene)
    page = guide(scene)
    advance(page)
    await settle(6)
    choose_image(page, job_sample.NEW)


async def confirm(scene: Scene) -> None:
    await preflight(scene)
    page = guide(scene)
    advance(page)
    await settle(4)


async def confirm_one_older(scene: Scene) -> None:
    scene.client.answers["firmware.preflight"] = lambda p: [
        job_sample.ready("WB-03", "Bay 3", "NL22-204421", before="2.4.1", to="2.4.0")
    ]
    page = guide(scene)
    page.go({"charger_ids": ["WB-03"], "image_id": job_sample.OLD})
    await settle(6)
    advance(page)
    await settle(6)
    advance(page)
    await settle(4)


async def confirm_dated(scene: Scene) -> None:
    """Two of them cannot be told the date."""
    bad = {"WB-02": ("install_date",), "WB-06": ("install_date", "session")}
    scene.client.answers["firmware.preflight"] = lambda p: job_sample.preflight(p, bad)
    await confirm(scene)
    page = guide(scene)
    page.confirm.when.install._group.button(1).click()
    await settle(4)


async def confirm_dated_one(scene: Scene) -> None:
    page = guide(scene)
    page.go({"charger_ids": ["WB-03"], "image_id": job_sample.NEW})
    await settle(6)
    for _ in range(2):
        advance(page)
        await settle(6)
    page.confirm.when.install._group.button(1).click()
    await settle(4)


async def preflight_dated(scene: Scene) -> None:
    await confirm_dated(scene)
    guide(scene).foot.back.click()
    await settle(4)


async def dated(scene: Scene) -> None:
    scene.job(job_sample.dated())


async def confirm_hundred(scene: Scene) -> None:
    await preflight_hundred(scene)
    page = guide(scene)
    page.preflight._drop()
    page.preflight.override.field.setText("Clocks are set by the update, as the maker wrote")
    page.confirm.when.choice._group.button(1).click()
    advance(page)
    await settle(4)


SCENES: dict[str, tuple[Callable, bool]] = {
    "1-chargers": (chargers, False),
    "1-mixed": (chargers_mixed, False),
    "1-none": (chargers_none, False),
    "1-hundred": (chargers_hundred, True),
    "2-image": (image, False),
    "2-misfit": (image_misfit, False),
    "2-hundred": (image_hundred, True),
    "3-preflight": (preflight, False),
    "3-one": (preflight_one, False),
    "3-hundred": (preflight_hundred, True),
    "4-confirm": (confirm, False),
    "4-older": (confirm_one_older, False),
    "4-hundred": (confirm_hundred, True),
    "4-dated": (confirm_dated, False),
    "4-dated-one": (confirm_dated_one, False),
    "3-dated": (preflight_dated, False),
    "5-progress": (progress, False),
    "1-has-it": (has_it, False),
    "2-has-it": (has_it_image, False),
    "3-has-it": (has_it_preflight, False),
    "4-has-it": (has_it_confirm, False),
    "5-held-up": (held_up, False),
    "5-dated": (dated, False),
    "5-paused": (paused, False),
    "5-hundred": (hundred, True),
    "6-report": (report, False),
    "log": (log, False),
    "log-done": (log_done, False),
}


async def shoot(folder: Path, names: list[str], looks: list[str], sizes: list[str]) -> None:
    for name in names:
        act, many = SCENES[name]
        for look in looks:
            theme.current().apply(QApplication.instance(), look)
            for size in sizes:
                scene = Scene(folder, many=many)
                scene.shell.resize(*SIZES[size])
                await settle(4)
                await act(scene)
                await settle()
                scene.shell.grab().save(str(folder / f"{name}-{look}{size}.png"))
                scene.end()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2].split(",") if len(sys.argv) > 2 and sys.argv[2] != "all" else list(SCENES)
    looks = sys.argv[3].split(",") if len(sys.argv) > 3 else ["light", "dark"]
    sizes = sys.argv[4].split(",") if len(sys.argv) > 4 else list(SIZES)
    app = make_app()
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    loop.run_until_complete(shoot(folder, names, looks, ["" if s == "std" else s for s in sizes]))


if __name__ == "__main__":
    main()
