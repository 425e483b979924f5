"""Files for chargers: offered one by one under addresses nobody guesses, open only while somebody needs them."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from evdesk.drivers.tls_server import Credentials
from evdesk.engine.files.addresses import FOLDER, Addresses, Guesses, is_secret, new_secret, user_of
from evdesk.engine.files.doors import Doors, Share, bracketed
from evdesk.engine.files.inbox import LEAST_LOG, Inbox, Unwanted
from evdesk.engine.files.ledger import Ledger
from evdesk.engine.files.names import url_name
from evdesk.engine.files.ports import Ports
from evdesk.engine.files.slots import (
    MOST_BYTES,
    UPLOAD_SLOW_S,
    Download,
    Key,
    Offer,
    Received,
    Served,
    Slot,
    Upload,
    ranked,
)
from evdesk.engine.files.whole import Whole
from evdesk.engine.network.ports import answers
from evdesk.model import Clock, EvdeskError, Reason
from evdesk.model.jobs import Transfer

log = logging.getLogger("evdesk.files")
T = TypeVar("T")
READERS = 4
WITHDRAW_S = 5.0


class FileService:
    """`credentials`: of evdesk's own CA, None while there is none: then nothing is offered by TLS. `on_served` gets each
    thing seen, in the event loop. `port`: the first of eleven fixed ones, 0 lets it choose."""

    def __init__(self, data: Path, clock: Clock, credentials: Callable[[], Credentials | None], port: int = 0) -> None:
        self.on_served: Callable[[Served], None] = lambda served: None
        self._clock = clock
        self._addresses: Addresses[Slot] = Addresses()
        self._guesses = Guesses()
        self._ledger = Ledger(clock, lambda served: self.on_served(served))
        self._inbox = Inbox(data / "logs")
        self._slots: dict[Key, Slot] = {}
        self._whole = Whole()
        share = Share(self._addresses, self._guesses, self._ledger, self._inbox, self._in_thread)
        self._doors = Doors(share, Ports(data / "files.json", port), credentials)
        self._lock = asyncio.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def schemes(self) -> tuple[str, ...]:
        """Those that can be offered now."""
        return self._doors.schemes()

    @property
    def served(self) -> list[tuple[str, str, int]]:
        """(address, scheme, port) of everything that is offered."""
        return sorted({(*slot.door, slot.offer.port) for slot in self._slots.values()})

    @property
    def guesses(self) -> int:
        """How many wrong addresses were asked for since the start."""
        return self._guesses.total

    async def offer(
        self,
        key: Key,
        path: Path,
        name: str,
        address: str,
        scheme: str,
        *,
        secret: str = "",
        before: Transfer | None = None,
        rate_bps: float | None = None,
        sha256: str = "",
    ) -> Offer:
        """Let exactly this file be fetched by `key`, on the local address `address`. `secret`: the same address again
        after a restart, with `before` = what was counted till then; `rate_bps`: at most so many bytes a second for each
        connection; `sha256`: what the file must be, looked at now. Raises `EvdeskError`."""
        file = await self._in_thread(self._whole.file, path, sha256)
        plain_name = url_name(name)
        async with self._changing():
            await self._drop(key)
            offer = await self._address(address, scheme, secret, plain_name)
            slot = Download(key, offer, plain_name, file, before)
            slot.rate_bps = rate_bps
            self._enter(slot)
        return offer

    async def take(
        self,
        key: Key,
        address: str,
        scheme: str,
        *,
        secret: str = "",
        most_bytes: int = MOST_BYTES,
        slow_s: float = UPLOAD_SLOW_S,
        name: str = "",
    ) -> Offer:
        """Let `key` upload to the address, or to any name below it; what comes whole is moved to DATA/logs. `most_bytes`:
        of one upload; `slow_s`: in so many seconds at least so many bytes must come; `name`: for chargers that want a file
        in the address. `secret` as in `offer`: what came before the restart is told again. Raises `EvdeskError`."""
        plain_name = url_name(name) if name else ""
        known = self._slots.get(key)
        left = await self._in_thread(self._inbox.left, key) if secret and known is None else []
        async with self._changing():
            old = await self._drop(key)
            offer = await self._address(address, scheme, secret, plain_name)
            slot = Upload(key, offer, plain_name or "log", most_bytes)
            slot.slow_s = slow_s
            slot.attempts = old.attempts if secret and isinstance(old, Upload) else left
            self._enter(slot)
            for one in left:
                self._ledger.say_received(slot, one, "", self._clock.now())
        return offer

    async def room(self) -> None:
        """Raises `EvdeskError(STORAGE)` where the disk has too little left for a log, with how much it needs."""
        try:
            await self._in_thread(self._inbox.room, LEAST_LOG)
        except Unwanted as error:
            raise EvdeskError(Reason.STORAGE, error.sentence) from error
        except OSError as error:
            text = f"The log cannot be written: {error.strerror or error}. Look at the disk."
            raise EvdeskError(Reason.STORAGE, text) from error

    def received(self, key: Key) -> tuple[Received, ...]:
        """What `key` sent since its address is offered, and what broke off before: the best first (the whole one, then
        the larger, then the newer)."""
        slot = self._slots.get(key)
        return ranked(slot.attempts) if isinstance(slot, Upload) else ()

    async def withdraw(self, key: Key) -> Transfer:
        """The address is gone, and whatever runs on it ends; ports nobody needs are closed. Returns what was counted for
        it, nothing for a key that is not offered."""
        async with self._changing():
            if (slot := self._slots.get(key)) is not None:
                slot.withdrawn = True
                await self._drop(key)
        return slot.progress.transfer(self._clock.now()) if slot is not None else Transfer()

    def transfer(self, key: Key) -> Transfer:
        """What was counted for `key`; nothing for one that is not offered."""
        slot = self._slots.get(key)
        return slot.progress.transfer(self._clock.now()) if slot is not None else Transfer()

    async def reach(self, address: str, scheme: str) -> str:
        """Open a connection to the own port through this address: "" where that works, or why not."""
        try:
            async with self._changing():
                port = await self._doors.open(address, scheme)
                if await answers(address, port, lambda own: None):
                    return ""
        except EvdeskError as error:
            return error.sentence
        return f"Port {port} on {address} is open, and does not answer. A firewall on this computer keeps it shut."

    async def close(self) -> None:
        """What is broken off by that is told when its address is offered again."""
        self.on_served = lambda served: None
        async with self._changing():
            for key in list(self._slots):
                await self._drop(key)
        self._ledger.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None

    # -- inside ---------------------------------------------------------------------------------------------------

    async def _address(self, address: str, scheme: str, secret: str, path: str) -> Offer:
        if secret and not is_secret(secret):
            raise EvdeskError(Reason.INVALID, "This is not the secret of an address. Start the job anew.")
        if secret and self._addresses.find(secret) is not None:
            raise EvdeskError(Reason.INVALID, "This address is in use for another charger. Start the job anew.")
        secret = secret or new_secret()
        port = await self._doors.open(address, scheme)
        where = f"{bracketed(address)}:{port}"
        if scheme.startswith("ftp"):
            url = f"{scheme}://{user_of(secret)}:{secret}@{where}/{path}"
        else:
            url = f"{scheme}://{where}/{FOLDER}/{secret}/{path}"
        return Offer(url, secret, scheme, address, port)

    def _enter(self, slot: Slot) -> None:
        self._slots[slot.key] = slot
        self._addresses.put(slot.offer.secret, slot)

    async def _drop(self, key: Key) -> Slot | None:
        slot = self._slots.pop(key, None)
        if slot is None:
            return None
        self._addresses.drop(slot.offer.secret)
        slot.gone = True
        for run in list(slot.runs):
            run.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITHDRAW_S):
                await self._doors.known(slot.door)  # one that has just begun is stopped by the ledger
                await slot.idle.wait()
        for run in list(slot.runs):
            self._ledger.end(run)  # it sleeps for longer, or its disk does: what it has brought till now counts
        return slot

    @contextlib.asynccontextmanager
    async def _changing(self) -> AsyncIterator[None]:
        """One change at a time; in the end, ports nobody needs are closed."""
        async with self._lock:
            try:
                yield
            finally:
                await self._doors.keep({slot.door for slot in self._slots.values()})

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="evdesk-files")
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
