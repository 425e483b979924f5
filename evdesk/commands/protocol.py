"""`evdesk protocol`: the page about a failsafe drill as a file."""

import argparse
from pathlib import Path

from evdesk.commands.reach import with_engine
from evdesk.model import EvdeskError, Reason
from evdesk.model.files import write_whole
from evdesk.wire.codec import convert
from evdesk.wire.drill import Protocol, ProtocolFormat, ReadProtocol

OK = 0
_KINDS = {".pdf": ProtocolFormat.PDF, ".html": ProtocolFormat.HTML, ".htm": ProtocolFormat.HTML}


def protocol(args: argparse.Namespace) -> int:
    path: Path | None = args.out
    kind = ProtocolFormat.PDF if path is None else _KINDS.get(path.suffix.lower())
    if kind is None:
        raise EvdeskError(Reason.INVALID, f"{path} is neither a .pdf nor a .html file. Choose one of the two.")
    asked = ReadProtocol(args.drill, kind)
    told = convert(with_engine(args, lambda client: client.call("failsafe.protocol", asked)), Protocol)
    target = path or Path(told.file_name)
    try:
        write_whole(target, content(told))
    except OSError as error:
        text = f"{target} cannot be written: {error.strerror or error}. Choose another --out FILE."
        raise EvdeskError(Reason.STORAGE, text) from None
    print(target)
    return OK


def content(told: Protocol) -> bytes:
    """What to write into the file."""
    return told.pdf or told.html.encode()
