"""What file transfers have in common, whatever they speak: how a station reaches a server, a download, an upload."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from evdesk.model import Clock
from evdesk.simulator.image import Incoming
from evdesk.simulator.makers import FileHabits

PIECE_BYTES = 65_536
CONNECT_S = 10.0
IDLE_S, IDLE_LEAST_S = 60.0, 3.0  # on the station's clock; really never less, as the other side has no faster clock
UNKNOWN_SIZE = 131_072  # what a share of a file counts of when nobody tells its size


class TransferError(Exception):
    """A transfer that did not come to its end. `code`: the server's number, "scheme" for one not spoken here, or ""."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class BrokenOff(Exception):
    """The station itself ends a transfer in the middle, because a fault says so."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """How a station reaches file servers. `tls` makes the settings when they are needed (raises ValueError);
    `rate_bps`: bytes per second of the station's clock, None as fast as it goes; `active`: FTP in active mode."""

    clock: Clock
    habits: FileHabits
    agent: str
    tls: Callable[[], ssl.SSLContext]
    rate_bps: float | None = None
    active: bool = False

    @property
    def idle_s(self) -> float:
        """How long nothing may come, in real seconds."""
        return max(IDLE_LEAST_S, self.clock.wall_s(IDLE_S))

    @property
    def piece(self) -> int:
        """How many bytes at a time: little of a slow line, so that it flows instead of bursting."""
        return PIECE_BYTES if self.rate_bps is None else max(1024, min(PIECE_BYTES, int(self.rate_bps / 4)))

    def pause_s(self, count: int) -> float:
        """Real seconds that so many bytes take beyond what the network takes."""
        return 0.0 if self.rate_bps is None else self.clock.wall_s(count / self.rate_bps)


@dataclass(slots=True)
class Download:
    """One attempt to get a file into `image`, which may hold the beginning of it. `cut`: the share (0 to 1) of the file
    after which it breaks off."""

    line: FileLine
    image: Incoming
    cut: float | None = None
    total: int | None = None
    _most: int | None = None

    def begin(self, start: int, total: int | None) -> None:
        """The server sends from byte `start` on; raises TransferError where that is no place to go on."""
        if start not in (0, self.image.size):
            raise TransferError(f"the server begins at byte {start} instead of {self.image.size}")
        if start != self.image.size:
            self.image.restart()
        self.total = total
        if self.cut is not None:
            self._most = int((UNKNOWN_SIZE if total is None else total) * self.cut)

    def take(self, chunk: bytes) -> float:
        """Take some bytes; returns how long to wait before the next, in real seconds. Raises BrokenOff."""
        if self._most is not None and self.image.size + len(chunk) >= self._most:
            self.image.feed(chunk[: max(0, self._most - self.image.size)])
            raise BrokenOff
        self.image.feed(chunk)
        return self.line.pause_s(len(chunk))

    def check(self) -> None:
        """After the last byte; raises TransferError when bytes are missing."""
        if self.total is not None and self.image.size != self.total:
            raise TransferError(f"{self.image.size} of {self.total} bytes came")


@dataclass(frozen=True, slots=True)
class Body:
    """A file to send. `chunks` makes its bytes piece by piece; `size` None: told to nobody beforehand."""

    name: str
    size: int | None
    chunks: Callable[[], Iterator[bytes]]
    kind: str = "text/plain"

    def broken(self) -> "Body":
        """The same, that breaks off in the middle."""
        return Body(self.name, self.size, lambda: _half(self), self.kind)


def _half(body: Body) -> Iterator[bytes]:
    left = (UNKNOWN_SIZE if body.size is None else body.size) // 2
    for chunk in body.chunks():
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            break
    raise BrokenOff


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes in memory as the chunks of a small file."""

    data: bytes = field(repr=False)

    def __call__(self) -> Iterator[bytes]:
        for at in range(0, len(self.data), PIECE_BYTES):
            yield self.data[at : at + PIECE_BYTES]
