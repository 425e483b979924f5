"""The sheets about security and the device as pictures, on the demo site's engine."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from evdesk.gui.client import Client
from evdesk.gui.dialogs.device import DeviceSheet
from evdesk.gui.dialogs.security import SecuritySheet
from evdesk.gui.dialogs.security_ca import CaSheet
from evdesk.gui.dialogs.security_raise import RaiseSheet
from evdesk.gui.dialogs.working import WorkingSheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.model.blocks import DisplayText
from evdesk.wire.blocks import SetDisplay
from evdesk.wire.method import Nothing
from evdesk.wire.security import SetPassword

QUIET_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
"""The demo's secrets stay in its own folder, not in the keyring of whoever takes the pictures."""


async def prepare(mirror: Mirror, client: Client) -> str:
    """A root and a password to show; the charger they are shown of, "" where there is none."""
    charger = next((one.id for one in mirror.accepted()), "")
    if charger:
        await client.call("security.create_ca", Nothing())
        await client.call("security.set_password", SetPassword(charger, "0123456789abcdef", require=False))
    return charger


async def shoot(
    charger_id: str,
    desk: tuple[Mirror, Client, Theme],
    settled: Callable[[], Awaitable[None]],
    directory: Path,
    look: str,
) -> None:
    """`settled`: until every answer has come."""
    mirror, client, theme = desk
    label = mirror.label(charger_id)
    sheets: dict[str, WorkingSheet] = {
        "security": SecuritySheet(charger_id, mirror, client, theme, None),
        "root": CaSheet(client, theme, None, mirror.now()),
        "raise": RaiseSheet(charger_id, label, 0, client, theme, None),
    }
    second = next(
        (one.id for one in mirror.accepted() if one.protocol != "ocpp1.6" and one.state.value == "online"), ""
    )
    if second:
        text = DisplayText(1, tr("Bay 4 is out of order. Use bay 6."), "InFront", end_at=mirror.now() + 86_400)
        await client.call("charger.set_display", SetDisplay(second, text))
        sheets["device"] = DeviceSheet(second, mirror, client, theme, None)
    for name, sheet in sheets.items():
        sheet.resize(680, 760)
        sheet.show()
        await settled()
        sheet.grab().save(str(directory / f"{name}-{look}.png"))
        sheet.hide()
        sheet.deleteLater()
