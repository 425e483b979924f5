"""The chargers' passwords among the secrets: one in force, and those on their way into the charger."""

import asyncio
import json
import secrets as random
import string

from evdesk.engine.security.secrets import Secrets
from evdesk.model import EvdeskError, Reason

_LETTERS = string.ascii_letters + string.digits
MOST_WAITING = 4
"""Written one after the other without the charger coming back meanwhile; the oldest are given up."""
LONGEST = 512
"""No charger takes more in one setting."""


class Passwords:
    """Reads from memory; every change is on the disk when it returns."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def of(self, charger_id: str) -> tuple[str, ...]:
        """Newest first."""
        current = self._secrets.get(_current(charger_id))
        return (*self.waiting(charger_id), *((current,) if current else ()))

    def waiting(self, charger_id: str) -> tuple[str, ...]:
        """Those that were sent to the charger and not shown by it yet, newest first."""
        return _read(self._secrets.get(_next(charger_id)))

    def is_set(self, charger_id: str) -> bool:
        return self._secrets.get(_current(charger_id)) is not None

    def waits(self, charger_id: str) -> bool:
        """A new one is on its way: nobody has shown it yet."""
        return bool(self.waiting(charger_id))

    async def set(self, charger_id: str, password: str) -> None:
        """Raises `EvdeskError(INVALID)` for one that no charger could send."""
        _check(password, 8, 64)
        await asyncio.to_thread(self._secrets.change, {_current(charger_id): password}, (_next(charger_id),))

    async def begin(self, charger_id: str, password: str) -> None:
        """Old and new are all good from now on. Raises `EvdeskError(INVALID)` for one that no charger would take."""
        if not 0 < len(password) <= LONGEST:
            raise EvdeskError(Reason.INVALID, f"A password has 1 to {LONGEST} characters.")
        await asyncio.to_thread(self._secrets.edit, _next(charger_id), lambda old: _with(old, password))

    async def drop_new(self, charger_id: str, password: str) -> None:
        """The charger refused this one; others that wait stay."""
        await asyncio.to_thread(self._secrets.edit, _next(charger_id), lambda old: _without(old, password))

    async def promote(self, charger_id: str, password: str) -> None:
        """This one was shown: all others are over."""
        if password in self.waiting(charger_id):
            await asyncio.to_thread(self._secrets.change, {_current(charger_id): password}, (_next(charger_id),))

    async def clear(self, charger_id: str) -> None:
        await asyncio.to_thread(self._secrets.drop, _current(charger_id), _next(charger_id))


def check_written(password: str) -> None:
    """Raises `EvdeskError(INVALID)` for one that OCPP does not allow to be written (1.6 whitepaper A01; 2.x A01)."""
    _check(password, 16, 40)


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


def _read(stored: str | None) -> tuple[str, ...]:
    """A JSON list; older versions kept the one password as it is."""
    if not stored:
        return ()
    try:
        found = json.loads(stored)
    except ValueError:
        return (stored,)
    return tuple(str(one) for one in found) if isinstance(found, list) else (stored,)


def _with(stored: str | None, password: str) -> str:
    rest = [one for one in _read(stored) if one != password]
    return json.dumps([password, *rest][:MOST_WAITING])


def _without(stored: str | None, password: str) -> str | None:
    rest = [one for one in _read(stored) if one != password]
    return json.dumps(rest) if rest else None
