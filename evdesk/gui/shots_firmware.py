"""The Firmware page, the guide and a job as pictures, on the demo site's engine: the update in them really runs."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.job_words import BLOCKED, WAITING, group
from evdesk.gui.pages.update import UpdatePage
from evdesk.gui.pages.update_preflight import OverrideCard
from evdesk.gui.pages.update_steps import GuideStep
from evdesk.gui.shell import Shell
from evdesk.model import Charger, EvdeskError
from evdesk.model.firmware import Image
from evdesk.wire.firmware import JobBegun, StartUpdate, Waves
from evdesk.wire.jobs import CancelJob, FetchLog, JobView, OneJob
from evdesk.wire.method import Nothing

PAGES = ("update", "job", "logs")
"""Pages that show nothing without what `prepare` began."""

STEPS = {
    GuideStep.CHARGERS: "update-1-chargers",
    GuideStep.IMAGE: "update-2-image",
    GuideStep.PREFLIGHT: "update-3-preflight",
    GuideStep.CONFIRM: "update-4-confirm",
}
PROGRESS, REPORT = "update-5-progress", "update-6-report"
OVERRIDE = "The sticker on each says hardware B or C"
STEP_S, END_S = 60.0, 300.0

Until = Callable[[str, Callable[[], bool], float], Awaitable[None]]
Settled = Callable[[], Awaitable[None]]
Began = tuple[int, Image]
"""A job, and the image it brings."""


async def prepare(mirror: Mirror, client: Client, until: Until) -> Began | None:
    """A job that is under way, and the image it brings; None where the site has nothing to update."""
    images: list[Image] = await client.call("firmware.images", Nothing())
    image = next((one for one in images if one.usable and one.manifest.version == "2.4.1"), None)
    ours = [one for one in mirror.accepted() if image is not None and one.model in image.manifest.models]
    if image is None or not ours:
        return None
    ids = [one.id for one in sorted(ours, key=_free_first)]
    waves = Waves(canary=1, soak_s=30.0, sizes=[3], stop_after=1)
    begun: JobBegun = await client.call("firmware.start", StartUpdate(ids, image.id, waves, "Simulated chargers"))
    try:
        await client.call("log.fetch", FetchLog(next(one.id for one in mirror.accepted() if one.id not in ids)))
    except (EvdeskError, StopIteration):
        pass  # a site of one model only
    await until("an update", lambda: begun.job_id in mirror.jobs and bool(mirror.jobs[begun.job_id].started_at), 60.0)
    return begun.job_id, image


def _free_first(charger: Charger) -> bool:
    return any(one.session_id is not None for one in charger.connectors)


async def shoot_progress(job: Began, shell: Shell, settled: Settled, directory: Path, look: str) -> None:
    """The job while it runs; to be taken soon after `prepare`."""
    await _job(job, shell, settled, directory / f"{PROGRESS}-{look}.png")


async def end_job(job: Began, shell: Shell, until: Until) -> None:
    """Leave out those that were not begun, and see it to its end."""
    number, jobs = job[0], shell.navigator.page("job").mirror.jobs
    if not jobs[number].over:
        await shell.client.call("job.cancel", CancelJob(number))
        await until("the end of the update", lambda: jobs[number].over, END_S)


async def shoot_report(job: Began, shell: Shell, settled: Settled, directory: Path, look: str) -> None:
    """After `end_job`."""
    await _job(job, shell, settled, directory / f"{REPORT}-{look}.png")


async def _job(job: Began, shell: Shell, settled: Settled, file: Path) -> None:
    shell.navigator.go("job", job[0])
    await settled()
    shell.grab().save(str(file))


async def shoot(job: Began, shell: Shell, settled: Settled, until: Until, directory: Path, look: str) -> None:
    """The guide and the logs. `settled`: until every answer has come; `until`: until something is so."""
    number, image = job

    async def take(name: str) -> None:
        await settled()
        shell.grab().save(str(directory / f"{name}-{look}.png"))

    view: JobView = await shell.client.call("job.get", OneJob(number))
    ids = [one for one, charger in view.chargers.items() if group(charger) in (WAITING, BLOCKED)]
    shell.navigator.go("update", {"charger_ids": ids or list(view.chargers), "image_id": image.id})
    page = shell.navigator.page("update")
    if isinstance(page, UpdatePage):
        await walk(page, until, take)
    shell.navigator.go("logs")
    await take("logs")


async def walk(page: UpdatePage, until: Until, take: Callable[[str], Awaitable[None]]) -> None:
    """Through the steps of the guide, each taken by its name when all of it is there and one may go on from it."""
    page.show_step(0)
    for step, name in STEPS.items():
        if step > GuideStep.CHARGERS:
            page.foot.next.click()
        await until(f"the step {name}", partial(complete, page, step), STEP_S)
        await take(name)
        if step is GuideStep.PREFLIGHT:
            _pass_warnings(page)
        if step is not GuideStep.CONFIRM:
            await until(f"the way on from {name}", partial(_goes_on, page), STEP_S)


def complete(page: UpdatePage, step: GuideStep) -> bool:
    """Whether the page is at this step, with all that it asks for, and its button has come to rest."""
    feed = page.feed
    there = {
        GuideStep.CHARGERS: feed.fleet is not None,
        GuideStep.IMAGE: bool(page.image.model.rows) and all(row.known for row in page.image.model.rows),
        GuideStep.PREFLIGHT: bool(feed.preflight) and not feed.checking,
        GuideStep.CONFIRM: _goes_on(page),
    }
    return page.number == step and not page.foot.held() and there[step]


def _goes_on(page: UpdatePage) -> bool:
    return page.foot.next.isEnabled() and not page.foot.held()


def _pass_warnings(page: UpdatePage) -> None:
    for card in page.findChildren(OverrideCard):
        if card.isVisible():
            card.field.setText(OVERRIDE)
    if page.preflight.hard.isVisible():
        page.preflight.drop.click()
