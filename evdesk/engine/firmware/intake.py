"""Taking one file, or a folder of them, into the library's folder. Everything here may block: it runs in a thread."""

import glob
import os
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evdesk.engine.firmware.beside import grouped, is_hidden, is_paper, is_sidecar, read_beside, shown
from evdesk.engine.firmware.copying import (
    Copied,
    checked_file,
    copy_in,
    free_name,
    looked_at,
    portable_name,
    put_in_place,
    write_whole,
)
from evdesk.engine.firmware.folder import TRUSTED, Entry
from evdesk.engine.firmware.own import is_own
from evdesk.firmware.images import image_id
from evdesk.firmware.manifest import Kept, Sidecar, checked, over, said, to_toml
from evdesk.model import EvdeskError, Reason
from evdesk.model.files import put_over
from evdesk.model.firmware import Manifest

MOST_FILES = 500
OWN = "It is evdesk's own data, with its keys and passwords: nothing of it is firmware."
NO_FILE = "There is no firmware file beside it. Put both into one folder, as FILE and FILE.toml."


@dataclass(frozen=True, slots=True)
class Taken:
    """`name`: in the library's folder; `known`: it was there already, and whole; `stays`: what came along says something
    else of it than the library, in words."""

    id: str
    name: str
    size: int
    sha256: str
    known: bool
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Into:
    """The library's folder, who adds and when, and what is there."""

    folder: Path
    entries: Mapping[str, Entry]
    who: str
    at: float


def candidates(path: Path, library: Path, data: Path | None = None) -> tuple[list[Path], dict[str, str]]:
    """Files that could be firmware, and names of those that are not with why. `data`: evdesk's own, of which only
    `library` may be looked into. Raises `EvdeskError(INVALID)`."""
    if not path.is_absolute():
        raise EvdeskError(Reason.INVALID, "Give the whole path, from the root of the engine's computer on.")
    if is_own(path, library, data):
        raise EvdeskError(Reason.INVALID, f"{shown(path.name)} is not taken. {OWN} Choose another file or folder.")
    if not stat.S_ISDIR(looked_at(path).st_mode):
        checked_file(path)
        if is_sidecar(path.name):
            text = f"{shown(path.name)} describes a firmware file and is none. Add that file; this is read with it."
            raise EvdeskError(Reason.INVALID, text)
        return [path], {}
    files, listed = [], _listed(path)
    grouping, alone = grouped(name for name, is_folder in listed.items() if not is_folder)
    refused = {shown(name): NO_FILE for name in alone}
    for name, is_folder in sorted(listed.items()):
        if is_folder:
            own = is_own(path / name, library, data)
            refused |= {} if name == TRUSTED else {shown(name): OWN if own else "A folder. Add it by itself."}
        elif name in grouping:
            files.append(path / name)
        elif is_paper(name):
            refused[shown(name)] = "Not firmware by its name. Add it by itself if it is."
    if not files:
        more = " ".join(f"{name}: {why}" for name, why in list(refused.items())[:3])
        raise EvdeskError(Reason.INVALID, f"There is no firmware file in {shown(path.name)}. {more}".strip())
    return files, refused


def take(source: Path, given: Manifest, into: Into, stop: threading.Event) -> Taken:
    """One file. Raises `EvdeskError` in words, and then the library is as it was."""
    stem = source.name.rsplit(".", 1)[0]
    near = {one.name for one in source.parent.glob(f"{glob.escape(stem)}*")}
    told, origin = read_beside(source.parent, grouped(near)[0].get(source.name, []))
    manifest = checked(over(told.manifest, given), "What is given")
    origin = _origin(told.kept.manifest_source or origin, said(given), into.who)
    copied = copy_in(source, into.folder, stop)
    try:
        return _placed(copied, shown(source.name), Sidecar(manifest, Kept(manifest_source=origin)), given, into)
    finally:
        copied.part.unlink(missing_ok=True)


def write_sidecar(folder: Path, name: str, sidecar: Sidecar, before: tuple[str, ...]) -> None:
    """NAME.toml, which then says everything that the other sidecars said. One that could not be read is put aside."""
    target = folder / f"{name}.toml"
    write_whole(target, to_toml(sidecar).encode())
    for other in before:
        if other != target.name:
            (folder / other).unlink(missing_ok=True)


def put_aside(path: Path) -> None:
    """What somebody wrote and evdesk cannot read is kept, hidden."""
    if path.is_file() and not path.is_symlink():
        put_over(path, path.with_name(f".{path.name}.unreadable"))


def _placed(copied: Copied, original: str, sidecar: Sidecar, given: Manifest, into: Into) -> Taken:
    number = image_id(copied.sha256)
    entry = into.entries.get(number)
    if entry is not None:
        return _again(copied, sidecar, given, into, entry)
    taken = {one.name for one in into.folder.iterdir()}
    name = portable_name(original)
    taken |= {one.rsplit(".", 1)[0] for one in taken if is_sidecar(one)}  # a manifest waits there for its own file
    name = free_name(name, taken, number[:8])
    kept = replace(
        sidecar.kept,
        added_at=into.at,
        added_by=into.who,
        sha256=copied.sha256,
        file_name="" if name == original else original,
    )
    put_in_place(copied.part, into.folder / name)
    try:
        write_sidecar(into.folder, name, replace(sidecar, kept=kept), ())
    except EvdeskError:
        (into.folder / name).unlink(missing_ok=True)
        raise
    return Taken(number, name, copied.size, copied.sha256, known=False)


def _again(copied: Copied, sidecar: Sidecar, given: Manifest, into: Into, entry: Entry) -> Taken:
    """The library has it, or had it. What a person corrected there stays, but for what is given now."""
    whole = entry.found.there and entry.found.sha256 == copied.sha256
    if not whole:
        put_in_place(copied.part, entry.path)
    had, new = entry.found.sidecar, sidecar
    empty = not said(had.manifest) or bool(entry.found.fault)
    if not empty:
        origin = _origin(had.kept.manifest_source or entry.found.source, said(given), into.who)
        new = Sidecar(over(had.manifest, given), Kept(manifest_source=origin))
    if new.manifest != had.manifest or not had.kept.sha256:
        kept = replace(
            had.kept,
            added_at=had.kept.added_at or into.at,
            added_by=had.kept.added_by or into.who,
            sha256=copied.sha256,
            manifest_source=new.kept.manifest_source,
        )
        if entry.found.fault:
            for one in entry.sidecars:
                put_aside(into.folder / one)
        write_sidecar(into.folder, entry.path.name, Sidecar(new.manifest, kept), entry.sidecars)
    stays = _stays(sidecar.manifest, new.manifest)
    return Taken(image_id(copied.sha256), entry.path.name, copied.size, copied.sha256, known=whole, stays=stays)


def _stays(came: Manifest, kept: Manifest) -> str:
    """What a person may take for taken over, and is not."""
    other = [name for name in said(came) if getattr(came, name) != getattr(kept, name)]
    if not other:
        return ""
    version = f" ({came.version}, here {kept.version or 'unknown'})" if "version" in other else ""
    words = ", ".join(name.replace("_", " ") + (version if name == "version" else "") for name in other)
    return (
        f"It is in the library already, and its description there stays. What came along says something else: {words}. "
        "If that is right, open the file in the library and correct it there, or call firmware.manifest."
    )


def _listed(path: Path) -> dict[str, bool]:
    """Name -> whether it is a folder, without hidden ones."""
    try:
        with os.scandir(path) as found:
            names = {one.name: one.is_dir(follow_symlinks=False) for one in found if not is_hidden(one.name)}
    except OSError as error:
        text = (
            f"{shown(path.name)} cannot be looked into: {error.strerror or error}. Allow it, or choose another folder."
        )
        raise EvdeskError(Reason.INVALID, text) from error
    if len(names) > MOST_FILES:
        text = f"{shown(path.name)} holds {len(names)} files. Choose the folder that holds the firmware alone."
        raise EvdeskError(Reason.INVALID, text)
    return names


def _origin(source: str, given: list[str], who: str) -> str:
    """ "n22.bin.toml; version by Technician"."""
    if not given:
        return source
    return f"{source}; {', '.join(given)} by {who}"[:500] if source else who
