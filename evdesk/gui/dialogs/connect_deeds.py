"""Deeds about connecting and security: what the Connect page, a charger's menu and Ctrl+K open. Each ends with a
sentence for the banner, or with "" where there is nothing to tell."""

from typing import Any

from evdesk.gui.desk import Desk
from evdesk.gui.dialogs.device import DeviceSheet
from evdesk.gui.dialogs.find_chargers import FindSheet
from evdesk.gui.dialogs.security import SecuritySheet
from evdesk.gui.dialogs.security_ca import CaSheet
from evdesk.gui.dialogs.security_password import ask_password
from evdesk.gui.dialogs.security_tls import TlsSheet
from evdesk.gui.dialogs.wont_connect import WontConnectSheet
from evdesk.gui.text import tr
from evdesk.model import ChargerState


async def find_chargers(desk: Desk, url: Any) -> str:
    """`url`: what a person would type into a charger, None where it is not known."""
    await FindSheet(desk.mirror, desk.client, desk.theme, desk.window, str(url or "")).ask()
    return ""


async def wont_connect(desk: Desk, _: Any) -> str:
    await WontConnectSheet(desk.theme, desk.window).ask()
    return ""


async def security(desk: Desk, charger_id: Any) -> str:
    """Everything about one charger's security."""
    await SecuritySheet(str(charger_id), desk.mirror, desk.client, desk.theme, desk.window).ask()
    return ""


async def device(desk: Desk, charger_id: Any) -> str:
    """The display of a 2.x charger, what it watches, and what it knows of a customer."""
    await DeviceSheet(str(charger_id), desk.mirror, desk.client, desk.theme, desk.window).ask()
    return ""


async def root(desk: Desk, _: Any) -> str:
    """evdesk's own root certificate."""
    await CaSheet(desk.client, desk.theme, desk.window, desk.mirror.now()).ask()
    return ""


async def tls(desk: Desk, _: Any) -> str:
    sheet = TlsSheet(desk.client, desk.theme, desk.window)
    if not await sheet.ask():
        return ""
    return tr("Chargers can connect encrypted now, on port {port}").format(port=sheet.port.value())


async def password(desk: Desk, charger_id: Any) -> str:
    charger = desk.mirror.chargers.get(charger_id)
    online = charger is not None and charger.state is ChargerState.ONLINE
    label = desk.mirror.label(charger_id)
    told = await ask_password(charger_id, label, desk.client, desk.theme, desk.window, online)
    return tr("The password of {label} is set").format(label=label) if told is not None else ""
