"""The Firmware page, the guide and a job as pictures, on the demo site's engine: the update in them really runs."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.update import UpdatePage
from evdesk.gui.pages.update_preflight import OverrideCard
from evdesk.gui.shell import Shell
from evdesk.model import Charger, EvdeskError
from evdesk.model.firmware import Image
from evdesk.model.jobs import Step
from evdesk.wire.firmware import JobBegun, StartUpdate, Waves
from evdesk.wire.jobs import FetchLog, JobView, OneJob
from evdesk.wire.method import Nothing

PAGES = ("update", "job", "logs")
"""Pages that show nothing without what `prepare` began."""

Until = Callable[[str, Callable[[], bool], float], Awaitable[None]]
Settled = Callable[[], Awaitable[None]]


async def prepare(mirror: Mirror, client: Client, until: Until) -> tuple[int, Image] | None:
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


async def shoot(job: tuple[int, Image], shell: Shell, settled: Settled, directory: Path, look: str) -> None:
    """`settled`: until every answer has come."""
    number, image = job

    async def take(name: str) -> None:
        await settled()
        shell.grab().save(str(directory / f"{name}-{look}.png"))

    view: JobView = await shell.client.call("job.get", OneJob(number))
    shell.navigator.go("job", number)
    await take("job")
    if view.job.over:
        await take("job-report")
    ids = [one for one, charger in view.chargers.items() if charger.step is Step.WAITING or charger.outcome is not None]
    shell.navigator.go("update", {"charger_ids": ids or list(view.chargers), "image_id": image.id})
    page = shell.navigator.page("update")
    if isinstance(page, UpdatePage):
        for name in ("update-1-chargers", "update-2-image", "update-3-preflight", "update-4-confirm"):
            await take(name)
            while page.foot.held():
                await settled()
            for card in page.findChildren(OverrideCard):
                if card.isVisible() and name == "update-3-preflight":
                    card.field.setText("The sticker on each says hardware B or C")
            if page.foot.next.isEnabled() and name != "update-4-confirm":
                page.foot.next.click()
    shell.navigator.go("logs")
    await take("logs")
