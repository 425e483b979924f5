"""The open ports: one per local address and kind of server, opened when an address needs it."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from evdesk.drivers.tls_server import Credentials
from evdesk.engine.files.addresses import Addresses, Guesses
from evdesk.engine.files.inbox import Inbox
from evdesk.engine.files.ledger import Ledger
from evdesk.engine.files.ports import Ports
from evdesk.engine.files.slots import Slot
from evdesk.engine.files.tls import ServerTls
from evdesk.model import EvdeskError, Reason


class Door(Protocol):
    port: int

    async def close(self) -> None: ...


class FtpDoorLike(Door, Protocol):
    async def open(self, port: int) -> int: ...

    async def use(self, credentials: Credentials | None, at_once: bool) -> None: ...

    async def known(self) -> None: ...


class FtpThreadLike(Protocol):
    @property
    def alive(self) -> bool: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Share:
    """What every port needs. `in_thread(function, *arguments)` runs what may block."""

    addresses: Addresses[Slot]
    guesses: Guesses
    ledger: Ledger
    inbox: Inbox
    in_thread: Callable[..., Awaitable[Any]]


class Doors:
    """FTP and FTPS share a port: which of them it is shows in the session."""

    def __init__(self, share: Share, ports: Ports, credentials: Callable[[], Credentials | None]) -> None:
        self._share, self._ports, self._credentials = share, ports, credentials
        self._tls = ServerTls(credentials)
        self._web: dict[tuple[str, str], Door] = {}
        self._ftp: dict[str, FtpDoorLike] = {}
        self._thread: FtpThreadLike | None = None

    def schemes(self) -> tuple[str, ...]:
        """Those with TLS need evdesk's own certificate."""
        return ("http", "https", "ftp", "ftps") if self._credentials() is not None else ("http", "ftp")

    async def open(self, address: str, scheme: str) -> int:
        """The port, opened where it is not. Raises `EvdeskError`."""
        if scheme not in self.schemes():
            can = ", ".join(self.schemes())
            raise EvdeskError(Reason.INVALID, f"Files cannot be offered by “{scheme}” now. Possible: {can}.")
        if scheme in ("ftp", "ftps"):
            return await self._open_ftp(address, scheme == "ftps")
        if (address, scheme) not in self._web:
            self._web[address, scheme] = await self._open_web(address, scheme)
        elif scheme == "https":
            await self._tls.newest()  # renewed since: those who come from now on get the new certificate
        return self._web[address, scheme].port

    async def known(self, door: tuple[str, str]) -> None:
        """All that has begun there till now is in the ledger."""
        address, scheme = door
        if scheme in ("ftp", "ftps") and address in self._ftp:
            await self._ftp[address].known()

    async def keep(self, needed: set[tuple[str, str]]) -> None:
        """Close every port that none of these (address, scheme) needs."""
        for where in [where for where in self._web if where not in needed]:
            await self._web.pop(where).close()
        ftp = {address for address, scheme in needed if scheme in ("ftp", "ftps")}
        for address in [address for address in self._ftp if address not in ftp]:
            await self._ftp.pop(address).close()
        if not self._ftp and self._thread is not None:
            thread, self._thread = self._thread, None
            await thread.close()

    async def _open_web(self, address: str, scheme: str) -> Door:
        make = await asyncio.to_thread(_http_door)
        share = self._share
        made = make((address, scheme), share.addresses, share.guesses, share.ledger, share.inbox, share.in_thread)
        context: ssl.SSLContext | None = await self._tls.newest() if scheme == "https" else None
        try:
            await self._ports.open(scheme, address, lambda port: made.open(port, context))
        except EvdeskError:
            await made.close()
            raise
        door: Door = made
        return door

    async def _open_ftp(self, address: str, at_once: bool) -> int:
        thread_kind, door_kind = await asyncio.to_thread(_ftp_door)
        if self._thread is None or not self._thread.alive:
            self._thread, self._ftp = thread_kind(), {}
        door = self._ftp.get(address)
        if door is None:
            share = self._share
            door = door_kind(self._thread, address, share.addresses, share.guesses, share.ledger, share.inbox)
            await self._ports.open("ftp", address, door.open)
            self._ftp[address] = door
        await door.use(self._tls.current() if self._credentials() is not None else None, at_once)
        return door.port


# 13 MiB and a third of a second, and most engines never serve a file: loaded in a thread when one is offered.


def _http_door() -> Callable[..., Any]:
    from evdesk.engine.files.http import HttpDoor

    return HttpDoor


def _ftp_door() -> tuple[Callable[[], FtpThreadLike], Callable[..., FtpDoorLike]]:
    from evdesk.engine.files.ftp import FtpDoor, FtpThread

    return FtpThread, FtpDoor


def bracketed(host: str) -> str:
    return f"[{host.partition('%')[0]}]" if ":" in host else host
