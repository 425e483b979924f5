"""The firmware files simulated stations take: a line that says what it is for, anything, a line that proves it is whole.

    EVSIM <vendor>|<model>|<version>
    ... any bytes ...
    EVSIM-END <SHA-256 of all bytes before the line break that begins this line, 64 hex digits>

A file is looked at while it comes in and never kept: a hundred stations may fetch a hundred megabytes each.
"""

import hashlib
import random
from dataclasses import dataclass

HEAD, END = b"EVSIM ", b"\nEVSIM-END "
TAIL_BYTES = len(END) + 64
HEAD_MOST = 512  # a first line longer than this is none


@dataclass(frozen=True, slots=True)
class Found:
    """What came in. `vendor`, `model`, `version`: "" where the first line is none; `whole`: the last line is right;
    `size` in bytes and `sha256` of the whole file, what a signature is made over."""

    vendor: str
    model: str
    version: str
    whole: bool
    size: int
    sha256: bytes

    def is_for(self, vendor: str, model: str) -> bool:
        return (self.vendor.lower(), self.model.lower()) == (vendor.lower(), model.lower())


def make_image(vendor: str, model: str, version: str, size: int = 65_536) -> bytes:
    """A firmware file of exactly `size` bytes for simulated stations; the same arguments give the same bytes.

    Raises ValueError for names that do not fit on the first line, or a size in which first and last line have no room.
    """
    if any(sign in name for name in (vendor, model, version) for sign in "|\n"):
        raise ValueError("Vendor, model and version go without “|” and line breaks.")
    head = HEAD + f"{vendor}|{model}|{version}\n".encode()
    room = size - len(head) - TAIL_BYTES
    if len(head) > HEAD_MOST or room < 0:
        raise ValueError(f"An image of {vendor} {model} {version} has at least {len(head) + TAIL_BYTES} bytes.")
    body = head + random.Random(f"{vendor}|{model}|{version}").randbytes(room)
    return body + END + hashlib.sha256(body).hexdigest().encode()


class Incoming:
    """One file on its way in. The last bytes are held back, as only the end shows that they are the last line."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """From the first byte on again."""
        self.size = 0
        self._sha = hashlib.sha256()
        self._head = b""
        self._held = b""

    def feed(self, chunk: bytes) -> None:
        if len(self._head) < HEAD_MOST:
            self._head += chunk[: HEAD_MOST - len(self._head)]
        self.size += len(chunk)
        seen = self._held + chunk
        done = max(0, len(seen) - TAIL_BYTES)
        self._sha.update(memoryview(seen)[:done])
        self._held = seen[done:]

    def finish(self) -> Found:
        vendor, model, version = self._names()
        right = END + self._sha.hexdigest().encode()
        whole = self._sha.copy()
        whole.update(self._held)
        return Found(vendor, model, version, self._held == right, self.size, whole.digest())

    def _names(self) -> tuple[str, str, str]:
        line, newline, _ = self._head.partition(b"\n")
        parts = line.removeprefix(HEAD).decode("utf-8", "replace").split("|")
        if not newline or not line.startswith(HEAD) or len(parts) != 3:
            return "", "", ""
        return parts[0], parts[1], parts[2]
