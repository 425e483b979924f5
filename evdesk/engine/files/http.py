"""HTTP and HTTPS for chargers: one file per secret address, plain HTTP/1.1, never a look at the disk by what was asked.

Chargers are picky (lbbrhzn/ocpp #859, matth-x/MicroOcpp #242): Content-Length always, no chunked body, no compression, no
redirect. Heavy to load: imported when the first address is offered.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import BinaryIO, TypeVar

from aiohttp import web

from evdesk.engine.files.addresses import Addresses, Guesses
from evdesk.engine.files.answers import asked, plain, who
from evdesk.engine.files.connections import Connections
from evdesk.engine.files.http_uploads import Uploading
from evdesk.engine.files.inbox import Inbox
from evdesk.engine.files.ledger import Ledger
from evdesk.engine.files.ranges import Plan, plan
from evdesk.engine.files.slots import Download, Run, Seen, Slot, Upload, asks_words
from evdesk.engine.files.transport import Ending, unsent

log = logging.getLogger("evdesk.files")
T = TypeVar("T")

CHUNK = 64 * 1024
CLOSE_S = 0.1  # a port is only closed when nobody needs it
_LIVELIEST_S, _LAZIEST_S = 0.002, 0.25

Threads = Callable[..., Awaitable[T]]


class HttpDoor:
    """One port on one local address. `threads(function, *arguments)` runs what may block."""

    def __init__(
        self,
        door: tuple[str, str],
        addresses: Addresses[Slot],
        guesses: Guesses,
        ledger: Ledger,
        inbox: Inbox,
        threads: Threads[object],
    ) -> None:
        self.port = 0
        self._door, self._addresses, self._guesses = door, addresses, guesses
        self._ledger, self._inbox, self._threads = ledger, inbox, threads
        self._server = Connections(self._answer)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=CLOSE_S)

    async def open(self, port: int, tls: ssl.SSLContext | None) -> int:
        """Raises `OSError`."""
        if self._runner.server is None:
            await self._runner.setup()
        site = web.TCPSite(self._runner, self._door[0], port, ssl_context=tls)
        try:
            await site.start()
        except OSError:
            await site.stop()
            raise
        self.port = int(self._runner.addresses[0][1])
        return self.port

    async def close(self) -> None:
        await self._runner.cleanup()

    # -- one request ---------------------------------------------------------------------------------------------

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        secret, rest = asked(request.raw_path)
        slot = self._addresses.find(secret)
        if slot is None or slot.gone or slot.door != self._door:
            return await self._stranger(request)
        if isinstance(slot, Download) and rest == [slot.name]:
            return await self._serve(request, slot)
        if isinstance(slot, Upload):
            if request.method not in ("PUT", "POST"):
                return self._not_that(request, slot, "PUT, POST")
            return await Uploading(request, slot, rest, self._ledger, self._inbox, self._in_thread).answer()
        return self._refuse(request, slot, 404, f"{who(request)} asks for something else than {slot.name}.")

    async def _stranger(self, request: web.BaseRequest) -> web.StreamResponse:
        """Nothing here, and no hint; who goes on asking waits for it."""
        peer = who(request)
        delay_s = self._guesses.hit(peer, time.monotonic())
        if self._guesses.count(peer) in (1, 10, 100, 1000):
            log.warning("%s asks for addresses that do not exist (%d)", peer, self._guesses.count(peer))
        if delay_s is None:
            if request.transport is not None:
                request.transport.abort()
        elif delay_s > 0:
            self._guesses.wait(peer)
            try:
                await asyncio.sleep(delay_s)
            finally:
                self._guesses.waited(peer)
        return plain(404)

    def _refuse(self, request: web.BaseRequest, slot: Slot, status: int, text: str) -> web.StreamResponse:
        self._ledger.say(slot, Seen.REFUSED, text, "warn", who(request))
        return plain(status)

    def _not_that(self, request: web.BaseRequest, slot: Slot, allowed: str) -> web.StreamResponse:
        text = f"{who(request)} tries to {request.method[:20]} at an address for {allowed}."
        response = self._refuse(request, slot, 405, text)
        response.headers["Allow"] = allowed
        return response

    # -- downloads -----------------------------------------------------------------------------------------------

    async def _serve(self, request: web.BaseRequest, slot: Download) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            return self._not_that(request, slot, "GET, HEAD")
        what = plan(request.method, request.headers, slot.file.subject)
        agent = request.headers.get("User-Agent", "")
        slot.progress.request(self._ledger.clock.now(), who(request), agent, what.status == 206 and what.start > 0)
        about = request.method == "HEAD"
        words = asks_words(slot, who(request), agent, what.start, about)
        self._ledger.say(slot, Seen.REQUEST, words, address="" if about else who(request))
        if what.status == 416:
            text = f"{who(request)} asks for a part that {slot.name} does not have ({request.headers['Range'][:40]})."
            self._ledger.say(slot, Seen.REFUSED, text, "warn", who(request))
        response = web.StreamResponse(status=what.status, headers=_headers(what, slot))
        if what.status in (200, 206):
            response.content_length = what.length
        else:
            response.content_length = 0
        if about or not what.length:
            await response.prepare(request)
            return response
        return await self._send(request, response, slot, what)

    async def _send(
        self, request: web.BaseRequest, response: web.StreamResponse, slot: Download, what: Plan
    ) -> web.StreamResponse:
        try:
            file = await self._in_thread(slot.file.open, what.start)
        except OSError as error:
            return self._refuse(request, slot, 410, f"{slot.name} cannot be read any more: {error}.")
        try:
            await Sending(request, response, slot, file, self._ledger).run(what, self._in_thread, self._server)
        finally:
            await self._in_thread(file.close)
        return response

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        return await self._threads(function, *arguments)  # type: ignore[return-value]


class Sending:
    """The body of one answer: read in a thread, handed over as fast as the charger takes it."""

    def __init__(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        slot: Download,
        file: BinaryIO,
        ledger: Ledger,
    ) -> None:
        self._request, self._response, self._slot, self._file = request, response, slot, file
        self._ledger = ledger
        self._transport = request.transport
        self._ending = Ending(request.transport)
        self._handed = self._has = 0
        self._aborted = False

    async def run(self, what: Plan, in_thread: Callable[..., Awaitable[bytes]], server: Connections) -> None:
        """What came of it is told; where not all was delivered, the connection is cut."""
        run = Run(self._slot, who(self._request), what.start, self._measure, self.abort)
        run.again = self._slot.progress.complete_at is not None
        self._handed = what.start
        self._ledger.begin(run)
        delivered = False
        try:
            await self._hand_over(what, in_thread)
            delivered = await self._delivered(server)
        except ConnectionError:
            pass
        except OSError as error:
            self._ledger.say(self._slot, Seen.REFUSED, f"{self._slot.name} cannot be read: {error}.", "bad")
        finally:
            if delivered:
                run.measure = lambda: what.end
                self._ending.close()
            else:
                self.abort()
                await asyncio.sleep(0)  # by then it is cut
            self._ledger.end(run)
            self._tell_end(run, what, delivered)

    async def _hand_over(self, what: Plan, in_thread: Callable[..., Awaitable[bytes]]) -> None:
        await self._response.prepare(self._request)
        rate, began = self._slot.rate_bps, time.monotonic()
        size = CHUNK if rate is None else max(min(CHUNK, int(rate / 4)), 512)
        while self._handed < what.end:
            chunk = await in_thread(self._file.read, min(size, what.end - self._handed))
            if not chunk or (self._handed + len(chunk) == what.end and not self._slot.file.same(self._file)):
                raise OSError("it was changed while it was sent")
            if self._transport is None or self._transport.is_closing():
                raise ConnectionResetError
            self._handed += len(chunk)  # before the wait in it: it may be on its way
            await self._response.write(chunk)
            self._measure()
            if rate is not None:
                ahead_s = (self._handed - what.start) / rate - (time.monotonic() - began)
                await asyncio.sleep(max(ahead_s, 0.0))
        await self._response.write_eof()

    async def _delivered(self, server: Connections) -> bool:
        """Wait until the other side has it all, or has gone: who closes properly after the last byte has read it."""
        pause_s, ended = _LIVELIEST_S, server.end_of(self._request.protocol)
        while not ended.done():
            if self._transport is None or self._transport.is_closing():
                await asyncio.wait((ended,), timeout=_LAZIEST_S)
                break
            if unsent(self._transport) == 0:
                await asyncio.sleep(0)  # a reset empties the queue as well: let it be seen
                if not self._transport.is_closing():
                    return True
            await asyncio.wait((ended,), timeout=pause_s)
            pause_s = min(pause_s * 2, _LAZIEST_S)
        return ended.done() and ended.result() and not self._aborted

    def _measure(self) -> int:
        """What it has for sure; once the connection has ended, what it may have."""
        if self._ending.left is not None:
            self._has = max(self._has, self._handed - self._ending.left)
        elif self._transport is not None and not self._transport.is_closing():
            self._has = max(self._has, self._handed - unsent(self._transport))
        return self._has

    def _tell_end(self, run: Run, what: Plan, delivered: bool) -> None:
        slot = self._slot
        if not delivered and run.position < what.end:
            why = "Nothing moved any more, so the connection was ended" if run.slow else "The connection broke off"
            self._ledger.say(slot, Seen.BROKEN, f"{why} at {slot.where()}.", "warn", run.address)
        elif delivered and run.again and what.length == slot.progress.size:
            self._ledger.say(slot, Seen.COMPLETE, f"{slot.name} was fetched whole once more.", "", run.address)

    def abort(self) -> None:
        self._aborted = True
        self._ending.cut()


def _headers(what: Plan, slot: Download) -> dict[str, str]:
    subject = slot.file.subject
    headers = {
        "Server": "evdesk",
        "Accept-Ranges": "bytes",
        "ETag": f'"{subject.etag}"',
        "Last-Modified": formatdate(subject.modified, usegmt=True),
    }
    if what.status in (200, 206):
        headers["Content-Type"] = "application/octet-stream"
    if what.status == 206:
        headers["Content-Range"] = f"bytes {what.start}-{what.end - 1}/{subject.size}"
    elif what.status == 416:
        headers["Content-Range"] = f"bytes */{subject.size}"
    return headers
