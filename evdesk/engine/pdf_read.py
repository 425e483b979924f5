"""What evdesk reads back from a PDF that it wrote: the file attached to it, and whether two of them show the same.

No reader of PDF in general: a file that another program has saved again is not read, and is said to be such.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from evdesk.model import EvdeskError, Reason

PAGE_OF, MADE_BY = "EvdeskPageOf", "EvdeskMadeBy"
"""Marks of the attached file: whom the page is about, and what made it."""

MOST_BYTES = 256 * 1024 * 1024
_STREAM = re.compile(rb">>\s*stream\r?\n")
_LENGTH = re.compile(rb"/Length (\d{1,9})\b")
_PLACES = re.compile(rb"\bxref\r?\n[0-9 nf\r\n]+(?=trailer)|(?<=startxref)\s+\d+|/ID\s*\[[<>0-9a-f\s]+\]")
"""Where everything stands in the file, and a number made of all of it: other where it was compressed otherwise."""

_MARK = re.compile(rb"/(Evdesk\w+) \(([0-9a-f]*)\)")


@dataclass(frozen=True, slots=True)
class Found:
    """The file attached to a PDF. `marks`: words about it."""

    data: bytes
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stream:
    """`words`: all since the end of the stream before it; `end`: where it is over."""

    words: bytes
    body: bytes
    end: int


def attached(pdf: bytes) -> Found:
    """Raises `EvdeskError(INVALID)` where there is not exactly one, or it cannot be read."""
    found = [stream for stream in _streams(pdf) if b"/EmbeddedFile" in stream.words and b"/Evdesk" in stream.words]
    if len(found) != 1:
        text = "It has no report inside that evdesk can read: another program made it, or saved it again."
        raise EvdeskError(Reason.INVALID, f"{text} Ask for the PDF as evdesk wrote it, or for the JSON.")
    return Found(_inflated(found[0]), {name.decode(): _unhexed(text) for name, text in _MARK.findall(found[0].words)})


def sketch(pdf: bytes) -> str:
    """Two PDFs of one sketch have the same objects, however these were compressed. Raises `EvdeskError(INVALID)`."""
    made, end = hashlib.sha256(), 0
    for stream in _streams(pdf):
        made.update(_LENGTH.sub(b"", stream.words) + hashlib.sha256(_inflated(stream)).digest())
        end = stream.end
    made.update(_PLACES.sub(b"", pdf[end:]))
    return made.hexdigest()


def _streams(pdf: bytes) -> Iterator[_Stream]:
    """One after the other by their lengths, so that nothing inside one is taken for another."""
    place = 0
    while (match := _STREAM.search(pdf, place)) is not None:
        words = pdf[place : match.end()]
        lengths = _LENGTH.findall(words)
        end = match.end() + (int(lengths[-1]) if lengths else 0)
        if not lengths or not pdf.startswith(b"endstream", end):
            raise EvdeskError(Reason.INVALID, "It is damaged, or another program saved it again.")
        yield _Stream(words, pdf[match.end() : end], end)
        place = end


def _inflated(stream: _Stream) -> bytes:
    body = stream.body
    try:
        if b"/ASCII85Decode" in stream.words:
            body = base64.a85decode(body.strip().removesuffix(b"~>"))
        if b"/FlateDecode" not in stream.words:
            return body
        inflater = zlib.decompressobj()
        body = inflater.decompress(body, MOST_BYTES)
    except (ValueError, zlib.error):
        raise EvdeskError(Reason.INVALID, "It is damaged: a part of it cannot be unpacked.") from None
    if not inflater.eof or inflater.unused_data:
        raise EvdeskError(Reason.INVALID, "It is damaged: a part of it is cut off, or far too large.")
    return body


def _unhexed(text: bytes) -> str:
    try:
        return bytes.fromhex(text.decode()).decode("utf-8", "replace")
    except ValueError:
        return ""
