"""The sheets about security as pictures, on the demo site's engine."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from evdesk.gui.client import Client
from evdesk.gui.dialogs.security import SecuritySheet
from evdesk.gui.dialogs.security_ca import CaSheet
from evdesk.gui.dialogs.security_raise import RaiseSheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.theme import Theme
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
    sheets = {
        "security": SecuritySheet(charger_id, mirror, client, theme, None),
        "root": CaSheet(client, theme, None, mirror.now()),
        "raise": RaiseSheet(charger_id, label, 0, client, theme, None),
    }
    for name, sheet in sheets.items():
        sheet.resize(680, 760)
        sheet.show()
        await settled()
        sheet.grab().save(str(directory / f"{name}-{look}.png"))
        sheet.hide()
        sheet.deleteLater()
