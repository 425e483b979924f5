"""The library into another folder, which a second evdesk can add, or use as its own. Blocks: it runs in a thread."""

import threading
from pathlib import Path

from evdesk.engine.firmware.beside import read_small, shown
from evdesk.engine.firmware.copying import (
    copy_in,
    demand_room,
    put_in_place,
    sha256_of,
    unwritable,
    write_whole,
)
from evdesk.engine.firmware.folder import TRUSTED, Entry, stamp_of
from evdesk.engine.firmware.intake import write_sidecar
from evdesk.firmware.images import judged
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import FileState


def export_to(target: Path, library: Path, entries: list[Entry], stop: threading.Event) -> tuple[int, int]:
    """(files that are there now, files left out because they are damaged). Nothing that lies there is written over: a file
    of the same name and another content is an error before anything is copied. Raises `EvdeskError`."""
    whole = [entry for entry in entries if judged(entry.found, 0.0, ()).state is FileState.GOOD and entry.found.sha256]
    if not whole:
        raise EvdeskError(Reason.INVALID, "The library holds no whole file. Add one first.")
    _prepared(target, library)
    there = {entry.path.name for entry in whole if _is_there(entry, target, stop)}
    demand_room(target, sum(entry.found.size for entry in whole if entry.path.name not in there))
    for entry in whole:
        if entry.path.name not in there:
            put_in_place(copy_in(entry.path, target, stop).part, target / entry.path.name)
        write_sidecar(target, entry.path.name, entry.found.sidecar, ())
    for certificate in sorted((library / TRUSTED).glob("*.pem")):
        write_whole(target / TRUSTED / certificate.name, read_small(certificate))
    return len(whole), len(entries) - len(whole)


def _prepared(target: Path, library: Path) -> None:
    if not target.is_absolute():
        raise EvdeskError(Reason.INVALID, "Give the whole path, from the root of the engine's computer on.")
    inside = target.resolve()
    if inside == library.resolve() or library.resolve() in inside.parents:
        raise EvdeskError(Reason.INVALID, "This is the library itself. Choose a folder outside of it.")
    if target.exists() and not target.is_dir():
        raise EvdeskError(Reason.INVALID, f"{shown(target.name)} is no folder. Choose a folder.")
    try:
        (target / TRUSTED).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(target, error) from error


def _is_there(entry: Entry, target: Path, stop: threading.Event) -> bool:
    path = target / entry.path.name
    if not (path.exists() or path.is_symlink()):
        return False
    if stamp_of(path) is not None and sha256_of(path, stop)[1] == entry.found.sha256:
        return True
    text = f"{shown(path.name)} is there already, and is another file. Choose an empty folder."
    raise EvdeskError(Reason.INVALID, text)
