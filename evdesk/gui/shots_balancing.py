"""The Balancing page while the site is edited, scrubbed, and the drill sheet, as pictures, on the demo site's engine."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from evdesk.gui.dialogs.drill import DrillSheet
from evdesk.gui.pages import balancing_edits as edits
from evdesk.gui.pages.balancing import BalancingPage
from evdesk.gui.pages.balancing_outlets import bay_key, circuit_key
from evdesk.gui.shell import Shell
from evdesk.gui.theme import Theme


async def shoot(shell: Shell, theme: Theme, settled: Callable[[], Awaitable[None]], directory: Path, look: str) -> None:
    """`settled`: until every answer has come."""
    page = shell.navigator.page("balancing")
    shell.navigator.go("balancing")
    if not isinstance(page, BalancingPage) or shell.mirror.site is None:
        return
    site = shell.mirror.site
    if site.bays:
        await _scrub(page, bay_key(site.bays[0].charger_id, site.bays[0].connector_id), settled)
        shell.grab().save(str(directory / f"balancing-scrub-{look}.png"))
        page.decisions.windows.select("3600")
        page.decisions.back_to_live()
    await _edit(page, settled)
    shell.grab().save(str(directory / f"balancing-edit-{look}.png"))
    page.editing.draft.end()
    charger = next((one.id for one in shell.mirror.accepted()), "")
    if charger:
        sheet = DrillSheet(charger, None, shell.mirror, shell.client, theme, None)
        sheet.show()
        await settled()
        sheet.grab().save(str(directory / f"drill-{look}.png"))
        sheet.hide()
        sheet.deleteLater()


async def _scrub(page: BalancingPage, key: str, settled: Callable[[], Awaitable[None]]) -> None:
    """Look at a moment a while ago."""
    page.choose(key)
    page.decisions.windows.select("900")
    page.decisions.back_to_live()
    await settled()
    lanes = page.decisions.lanes
    start, end = page.decisions.span()
    lanes.set_moment(end - (end - start) / 8)
    lanes.scrubbed.emit(lanes.moment, key)
    await settled()


async def _edit(page: BalancingPage, settled: Callable[[], Awaitable[None]]) -> None:
    """A circuit with a rating above its parent's: what is wrong stands beside the field."""
    page.editing.begin()
    draft = page.editing.draft
    below = next((c for c in draft.site.circuits if c.parent), None) if draft.site is not None else None
    if draft.site is not None and below is not None:
        page.choose(circuit_key(below.name))
        draft.put(edits.change_circuit(draft.site, below.name, rating_a=(400.0, 400.0, 400.0)), below.name)
        draft.check()
        await settled()
        page.choose(circuit_key(below.name))
    await settled()
