"""The chargers' passwords among the secrets: one in force, and one on its way into the charger."""

import asyncio
import secrets as random
import string

from evdesk.engine.security.secrets import Secrets
from evdesk.model import EvdeskError, Reason

_LETTERS = string.ascii_letters + string.digits


class Passwords:
    """Reads from memory; every change is on the disk when it returns."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def of(self, charger_id: str) -> tuple[str, ...]:
        """Newest first."""
        found = (self._secrets.get(_next(charger_id)), self._secrets.get(_current(charger_id)))
        return tuple(password for password in found if password)

    def is_set(self, charger_id: str) -> bool:
        return self._secrets.get(_current(charger_id)) is not None

    def waits(self, charger_id: str) -> bool:
        """A new one is on its way: nobody has shown it yet."""
        return self._secrets.get(_next(charger_id)) is not None

    async def set(self, charger_id: str, password: str) -> None:
        """Raises `EvdeskError(INVALID)` for one that no charger could send."""
        _check(password, 8, 64)
        await asyncio.to_thread(self._secrets.change, {_current(charger_id): password}, (_next(charger_id),))

    async def begin(self, charger_id: str, password: str) -> None:
        """Old and new are both good from now on."""
        _check(password, 16, 40)
        await asyncio.to_thread(self._secrets.put, _next(charger_id), password)

    async def drop_new(self, charger_id: str) -> None:
        await asyncio.to_thread(self._secrets.drop, _next(charger_id))

    async def promote(self, charger_id: str) -> None:
        """The new one was shown: the old one is over."""
        password = self._secrets.get(_next(charger_id))
        if password is not None:
            await asyncio.to_thread(self._secrets.change, {_current(charger_id): password}, (_next(charger_id),))

    async def clear(self, charger_id: str) -> None:
        await asyncio.to_thread(self._secrets.drop, _current(charger_id), _next(charger_id))


def made_up(protocol: str, form: str) -> str:
    """A password that fits the protocol: hex for 1.6 (its key is bytes), letters and digits else."""
    if protocol == "ocpp1.6" and form != "text":
        return random.token_hex(20)
    size = 20 if protocol == "ocpp1.6" else 32
    return "".join(random.choice(_LETTERS) for _ in range(size))


def _check(password: str, least: int, most: int) -> None:
    if not least <= len(password) <= most:
        raise EvdeskError(
            Reason.INVALID,
            f"A password has {least} to {most} characters; chargers refuse others, often without saying why.",
        )
    if not password.isprintable() or password != password.strip():
        raise EvdeskError(Reason.INVALID, "A password holds printable characters, and no blanks at its ends.")


def _current(charger_id: str) -> str:
    return f"password/{charger_id}"


def _next(charger_id: str) -> str:
    return f"password.next/{charger_id}"
