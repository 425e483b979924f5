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
_OBJECT = re.compile(rb"(?<=\n)(\d{1,7}) 0 obj\n")
_ID = re.compile(rb"/ID\s*\[[<>0-9a-f\s]+\]|(?<=startxref)\s+\d+")
"""What is made of all of the file: other where it was compressed otherwise."""

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
    """Two PDFs of one sketch have the same objects, however these were compressed. Raises `EvdeskError(INVALID)` also where
    the table of objects is wrong: a reader may show something else then."""
    made, end = hashlib.sha256(), 0
    objects: dict[int, int] = {}
    for stream in _streams(pdf):
        made.update(_LENGTH.sub(b"", stream.words) + hashlib.sha256(_inflated(stream)).digest())
        objects |= _objects(stream.words, end)
        end = stream.end
    last = pdf[end:]
    objects |= _objects(last, end)
    made.update(_ID.sub(b"", last.replace(_places(objects, end + last.rfind(b"\nxref\n") + 1, last), b"", 1)))
    return made.hexdigest()


def _objects(words: bytes, offset: int) -> dict[int, int]:
    """number -> where it begins."""
    return {int(match[1]): offset + match.start(1) for match in _OBJECT.finditer(words)}


def _places(objects: dict[int, int], at: int, last: bytes) -> bytes:
    """The table of objects (ISO 32000-1, 7.5.4) that stands at `at`, in `last`, as it must be."""
    table = b"".join(b"%010d 00000 n \n" % objects[number] for number in sorted(objects))
    table = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n" % (len(objects) + 1, table)
    if table not in last or not last.endswith(b"startxref\n%d\n%%%%EOF\n" % at):
        raise EvdeskError(Reason.INVALID, "It is damaged, or another program saved it again.")
    return table


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
