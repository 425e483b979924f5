"""Who is connected over HTTP: how many at most, for how long without a question, and how each of them ended."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from evdesk.engine.files.answers import peer_of, plain, who
from evdesk.engine.files.transport import tune

log = logging.getLogger("evdesk.files")
quiet = logging.getLogger("evdesk.files.http")
quiet.setLevel(logging.CRITICAL)  # what strangers send is no error of ours

ASK_S = 12.0  # a charger asks at once
IDLE_S = 75.0  # between two questions
MOST_CONNECTIONS, MOST_PER_ADDRESS = 500, 300  # a hundred chargers may come from behind one router
_SAY_EVERY_S = 60.0

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connection(web.RequestHandler):
    """What is no HTTP gets an answer that repeats nothing of it."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500:
            log.error("An answer to %s failed", who(request), exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        response = plain(status)
        response.force_close()
        return response


class Connections(web.Server):
    """Where there are too many, the one that has been without a question for longest makes room: who only holds
    connections open keeps no charger out."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(
            self._asked,
            keepalive_timeout=IDLE_S,
            auto_decompress=False,  # what is sent is kept as it came, and nothing unpacks itself
            access_log=None,
            logger=quiet,
        )
        self._answer, self._on = answer, asyncio.get_running_loop()
        self._ends: dict[web.RequestHandler, asyncio.Future[bool]] = {}
        self._peer_of: dict[web.RequestHandler, str] = {}
        self._peers: Counter[str] = Counter()
        self._idle: dict[web.RequestHandler, asyncio.TimerHandle | None] = {}  # longest first
        self._said = -_SAY_EVERY_S

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=self._on, **self._kwargs)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        peer = peer_of(transport)
        self._ends[handler] = self._on.create_future()
        self._make_room(peer)
        self._peer_of[handler] = peer
        self._peers[peer] += 1
        self._idle[handler] = self._on.call_later(ASK_S, self._drop, handler)
        if len(self._peer_of) > MOST_CONNECTIONS or self._peers[peer] > MOST_PER_ADDRESS:
            self._drop(handler)
        else:
            tune(transport)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        self._forget(handler)
        end = self._ends.pop(handler, None)
        if end is not None and not end.done():
            end.set_result(exc is None)
        super().connection_lost(handler, exc)

    def end_of(self, handler: web.RequestHandler) -> asyncio.Future[bool]:
        """Done when the connection is: True where the other side closed it properly."""
        if handler not in self._ends:
            ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            ended.set_result(False)
            return ended
        return self._ends[handler]

    async def _asked(self, request: web.BaseRequest) -> web.StreamResponse:
        handler = request.protocol
        self._heard(handler)
        try:
            return await self._answer(request)
        finally:
            if handler in self._peer_of:
                self._idle[handler] = None

    def _make_room(self, peer: str) -> None:
        """For one more of this peer."""
        full = self._peers[peer] >= MOST_PER_ADDRESS
        if not full and len(self._peer_of) < MOST_CONNECTIONS:
            return
        if time.monotonic() - self._said >= _SAY_EVERY_S:
            self._said = time.monotonic()
            log.warning("%s opens too many connections for files: the idle ones are closed", peer)
        oldest = next((one for one in self._idle if not full or self._peer_of[one] == peer), None)
        if oldest is not None:
            self._drop(oldest)

    def _drop(self, handler: web.RequestHandler) -> None:
        self._forget(handler)
        transport = self._connections.get(handler)
        if transport is not None:
            self._on.call_soon(transport.abort)  # not before the library has begun with it: it would fail loudly

    def _forget(self, handler: web.RequestHandler) -> None:
        self._heard(handler)
        peer = self._peer_of.pop(handler, None)
        if peer is not None:
            self._peers[peer] -= 1
            if not self._peers[peer]:
                del self._peers[peer]

    def _heard(self, handler: web.RequestHandler) -> None:
        timer = self._idle.pop(handler, None)
        if timer is not None:
            timer.cancel()
