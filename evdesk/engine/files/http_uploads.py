"""Uploads over HTTP: PUT, POST as it is, POST as a form; to the exact address or to a name below it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from evdesk.engine.files.answers import plain, who
from evdesk.engine.files.inbox import Inbox, Sink, Unwanted, too_large
from evdesk.engine.files.ledger import Ledger
from evdesk.engine.files.multipart import Begin, Data, Event, Multipart, header_fields
from evdesk.engine.files.slots import Received, Run, Seen, Upload
from evdesk.engine.files.words import size_words

T = TypeVar("T")
InThread = Callable[..., Awaitable[T]]
STATUS = {"too_large": 413, "disk_full": 507}
FORM_EXTRA = 64 * 1024  # what a form is larger than its file
FIELD = 4096  # a part without a file name that is larger counts as a file all the same
_PART = re.compile(r"\s*bytes\s+(\d{1,20})-(\d{1,20})/(\d{1,20}|\*)\s*", re.IGNORECASE | re.ASCII)


class Uploading:
    """One request that brings something."""

    def __init__(
        self,
        request: web.BaseRequest,
        slot: Upload,
        rest: list[str],
        ledger: Ledger,
        inbox: Inbox,
        in_thread: InThread[object],
    ) -> None:
        self._request, self._slot, self._ledger = request, slot, ledger
        self._inbox, self._in_thread = inbox, in_thread
        self._fields = header_fields(b"")
        for name in ("Content-Type", "Content-Disposition"):
            if name in request.headers:
                self._fields[name] = request.headers[name]
        self._name = (rest[-1] if rest else "") or self._fields.get_filename() or slot.name
        if request.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip") and not self._name.endswith("gz"):
            self._name += ".gz"
        self._sink: Sink | None = None
        self._run: Run | None = None
        self._field: tuple[str, bytes] | None = None
        self._files = 0
        self._began = 0.0
        self._size: int | None = None  # of the whole, by its own word

    async def answer(self) -> web.StreamResponse:
        """What the charger is told in the end; what came of it is told to the engine."""
        request, slot = self._request, self._slot
        self._began = self._ledger.clock.now()
        agent = request.headers.get("User-Agent", "")
        resume_at = self._resume_at()
        slot.progress.request(self._began, who(request), agent, bool(resume_at))
        try:
            if resume_at is None:
                return self._refused(400, f"{who(request)} sends a part nobody can place.")
            await self._receive(resume_at)
        except Unwanted as error:
            return await self._unwanted(error)
        except ValueError as error:
            await self._end(False, "broken")
            return self._refused(400, f"What {who(request)} sends cannot be read: {error}.")
        except (ConnectionError, web.RequestPayloadError):
            await self._end(False, "slow" if self._run is not None and self._run.slow else "broken")
            return self._refused(400, "")
        except asyncio.CancelledError:
            await asyncio.shield(self._end(False, "broken"))
            raise
        return plain(200)

    async def _receive(self, resume_at: int) -> None:
        length = self._request.content_length
        boundary = self._fields.get_boundary() if self._fields.get_content_maintype() == "multipart" else None
        if boundary is not None and self._request.method == "POST":
            too_large((length or 0) - FORM_EXTRA, self._slot.most_bytes)
            await self._in_thread(self._inbox.room, length or 0)
            await self._continue()
            await self._form(Multipart(boundary))
            return
        await self._open(self._name, length, resume_at)
        await self._continue()
        async for chunk in self._request.content.iter_any():
            await self._write(chunk)
        part = self._size is not None and self._sink is not None and self._sink.size < self._size
        await self._end(not part, "part" if part else "")

    async def _continue(self) -> None:
        """Only who may send is told to."""
        if self._request.headers.get("Expect", "").lower() == "100-continue" and self._request.version >= (1, 1):
            writer = self._request.writer
            await writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            writer.output_size = 0

    async def _form(self, form: Multipart) -> None:
        async for chunk in self._request.content.iter_any():
            for event in form.feed(chunk):
                await self._heed(event)
        for event in form.close():
            await self._heed(event)
        if not self._files:
            raise ValueError("the form has no file in it")

    async def _heed(self, event: Event) -> None:
        if isinstance(event, Begin):
            self._field = None
            if event.file_name is None:
                self._field = (event.field, b"")
            else:
                await self._open(event.file_name or self._name, None, 0)
        elif isinstance(event, Data):
            await self._take(event.content)
        elif self._sink is not None:
            await self._end(True)

    async def _take(self, content: bytes) -> None:
        if self._field is not None:
            self._field = (self._field[0], self._field[1] + content)
            if len(self._field[1]) <= FIELD:
                return
            (name, content), self._field = self._field, None
            await self._open(name or self._name, None, 0)
        await self._write(content)

    async def _open(self, name: str, announced: int | None, resume_at: int) -> None:
        sink = await self._in_thread(self._inbox.begin, self._slot, name, announced, resume_at)
        assert isinstance(sink, Sink)
        self._sink, self._files = sink, self._files + 1
        slot, request = self._slot, self._request
        slot.progress.size = resume_at + (announced or 0)
        self._run = Run(slot, who(request), resume_at, lambda: sink.size, self._abort)
        self._ledger.begin(self._run)
        of = f" ({size_words(slot.progress.size)})" if announced else ""
        on = f" from {size_words(resume_at)} on" if resume_at else ""
        text = f"{who(request)} sends {sink.name}{of}{on}."
        self._ledger.say(slot, Seen.UPLOAD, text, address=who(request), name=sink.name)

    async def _write(self, chunk: bytes) -> None:
        if self._sink is not None:
            await self._in_thread(self._sink.write, chunk)

    async def _end(self, whole: bool, cause: str = "") -> None:
        """The file that is being written is done with, one way or the other."""
        sink, run = self._sink, self._run
        if sink is None or run is None:
            return
        received = await self._in_thread(sink.finish, whole, cause)
        assert isinstance(received, Received)
        self._sink = self._run = None
        self._ledger.end(run)
        if self._files == 1 and self._slot.late(received):  # other files of the same form belong together
            await self._in_thread(self._slot.forget, received)
        else:
            self._ledger.say_received(self._slot, received, who(self._request), self._began)

    async def _unwanted(self, error: Unwanted) -> web.StreamResponse:
        self._ledger.say(self._slot, Seen.REFUSED, error.sentence, "bad", who(self._request), cause=error.cause)
        await self._end(False, error.cause)
        return self._refused(STATUS[error.cause], "")

    def _refused(self, status: int, text: str) -> web.StreamResponse:
        if text:
            self._ledger.say(self._slot, Seen.REFUSED, text, "warn", who(self._request))
        response = plain(status)
        response.force_close()
        return response

    def _resume_at(self) -> int | None:
        """Of a Content-Range (RFC 9110, 14.5: by agreement only; what cannot be placed must not pass for the whole)."""
        text = self._request.headers.get("Content-Range")
        if text is None:
            return 0
        found = _PART.fullmatch(text)
        if found is None:
            return None
        self._size = int(found[3]) if found[3] != "*" else None
        return int(found[1])

    def _abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()
