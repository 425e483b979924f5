"""The tabs of one charger and the Tags page as pictures, on the demo site's engine."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers import ChargersPage
from evdesk.gui.pages.chargers_settings_sheets import ReviewSheet
from evdesk.gui.shell import Shell
from evdesk.gui.theme import Theme
from evdesk.model.tags import Tag
from evdesk.wire.methods import OneCharger
from evdesk.wire.tags import PutTags

TABS = ("settings", "profiles", "abilities")
STAGED = (("HeartbeatInterval", "120"), ("MeterValueSampleInterval", "15"), ("LightIntensity", "40"))


async def prepare(mirror: Mirror, client: Client) -> str:
    """A few tags to show; the charger whose tabs are shown, "" where there is none. A second read finds a change."""
    charger = next((one.id for one in mirror.accepted() if one.protocol == "ocpp1.6"), "")
    tags = [
        Tag("04A37B9F2231C0", note="Van 2", parent="FLEET"),
        Tag("04A37B9F2232D1", note="Van 3", parent="FLEET"),
        Tag("E004010012345678", note="Visitors", expires_at=mirror.now() + 86_400 * 30),
        Tag("0B5C77D1", "Blocked", note="Lost in March"),
    ]
    await client.call("tag.put", PutTags(tags))
    if charger:
        await client.call("tag.sync", OneCharger(charger))
    return charger


async def shoot(
    charger_id: str,
    shell: Shell,
    theme: Theme,
    settled: Callable[[], Awaitable[None]],
    directory: Path,
    look: str,
) -> None:
    """`settled`: until every answer has come."""
    shell.navigator.go("chargers", charger_id)
    page = shell.navigator.page("chargers")
    if not isinstance(page, ChargersPage):
        return
    detail = page.detail
    for name in TABS:
        detail.show_tab(name)
        await settled()
        if name == "settings":
            for key, value in STAGED:
                detail.settings.model.stage(key, value)
            detail.settings.head.only.select("changed")
            detail.settings.head.apply()
        shell.grab().save(str(directory / f"{name}-{look}.png"))
    lines = detail.settings.model.staged()
    sheet = ReviewSheet(lines, detail.name.text(), theme, None)
    sheet.resize(760, 480)
    sheet.show()
    await settled()
    sheet.grab().save(str(directory / f"review-{look}.png"))
    sheet.hide()
    sheet.deleteLater()
    detail.settings.model.discard()
    detail.settings.head.only.select("all")
    detail.settings.head.apply()
    detail.show_tab("live")
