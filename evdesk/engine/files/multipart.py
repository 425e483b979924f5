"""Forms with files in them (RFC 7578, RFC 2046 section 5.1), read piece by piece as chargers write them. Pure.

Tolerant where that loses nothing: bare line feeds, a missing last boundary, text before the first one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

MOST_HEADER = 16 * 1024
MOST_PARTS = 32
_GAP = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Begin:
    """A part begins. `file_name`: None where it is a field and no file; `field`: the name in the form."""

    file_name: str | None
    field: str


@dataclass(frozen=True, slots=True)
class Data:
    content: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The part is over."""


Event = Begin | Data | End


class Multipart:
    """`feed` as it comes, `close` at the end. Raises ValueError with what is wrong."""

    def __init__(self, boundary: str) -> None:
        if not 0 < len(boundary) <= 200:
            raise ValueError("its boundary is missing or too long")
        self._mark = b"\n--" + boundary.encode("latin-1", "replace")
        self._buffer = bytearray(b"\n")  # so that the first boundary follows a line, too
        self._state = self._preamble
        self._parts = 0
        self.ended = False

    def feed(self, data: bytes) -> Iterator[Event]:
        self._buffer += data
        while (events := self._state()) is not None:
            yield from events

    def close(self) -> Iterator[Event]:
        """The body is over; a part whose last boundary never came gets what is left."""
        if self._state == self._body:
            yield from self._data(bytes(self._buffer))
            yield End()
        elif not self.ended:
            raise ValueError("it ends before a file begins")

    # Each of these consumes what it can from the buffer; None: more must come first.

    def _preamble(self) -> list[Event] | None:
        at = self._boundary()
        if at is None:
            del self._buffer[: -len(self._mark) - 3]
            return None
        return self._pass_boundary(at)

    def _headers(self) -> list[Event] | None:
        gap = _GAP.search(self._buffer, 0, MOST_HEADER)
        if gap is None:
            if len(self._buffer) >= MOST_HEADER:
                raise ValueError("the head of a part is too long")
            return None
        head = bytes(self._buffer[: gap.start()])
        del self._buffer[: gap.end()]
        self._buffer[:0] = b"\n"  # the boundary may follow at once
        self._state, self._first = self._body, True
        message = header_fields(head)
        field = message.get_param("name", "", "content-disposition")
        return [Begin(message.get_filename(), field if isinstance(field, str) else "")]

    def _body(self) -> list[Event] | None:
        at = self._boundary()
        keep = len(self._mark) + 3
        if at is None:
            out = bytes(self._buffer[:-keep])
            del self._buffer[:-keep]
            return self._data(out) or None
        out = bytes(self._buffer[:at])
        return [*self._data(out.removesuffix(b"\r")), End(), *self._pass_boundary(at)]

    def _data(self, out: bytes) -> list[Event]:
        if self._first and out:
            self._first, out = False, out[1:]
        return [Data(out)] if out else []

    def _boundary(self) -> int | None:
        """Where a boundary line begins, as far as it can be told: it is followed by "--", or by nothing but blanks."""
        start = 0
        while (at := self._buffer.find(self._mark, start)) >= 0:
            behind = bytes(self._buffer[at + len(self._mark) : at + len(self._mark) + 2])
            if behind == b"--" or behind[:1] in (b"\r", b"\n", b" ", b"\t"):
                return at
            if len(behind) < 2:
                return None
            start = at + 1
        return None

    def _pass_boundary(self, at: int) -> list[Event]:
        del self._buffer[: at + len(self._mark)]
        if self._buffer.startswith(b"--"):
            self._state, self.ended = self._epilogue, True
            return []
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise ValueError("it has too many parts")
        self._state = self._boundary_rest
        return []

    def _boundary_rest(self) -> list[Event] | None:
        line, found, _ = bytes(self._buffer[:MOST_HEADER]).partition(b"\n")
        if not found:
            if len(self._buffer) >= MOST_HEADER:
                raise ValueError("a boundary line does not end")
            return None
        del self._buffer[: len(line) + 1]
        self._buffer[:0] = b"\n"  # a part without any header: its blank line comes at once
        self._state = self._headers
        return []

    def _epilogue(self) -> list[Event] | None:
        self._buffer.clear()
        return None


def header_fields(head: bytes) -> Message:
    """Header lines as a message, for their parameters (RFC 2231 and all that chargers make of it)."""
    message = Message()
    for line in head.replace(b"\r\n", b"\n").split(b"\n"):
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon:
            message[name.strip()] = value.strip()
    return message
