"""The library's folder as it is on the disk: read as a whole, whoever put the files there.

The folder alone is the truth, so that it can be copied to another computer. SHA-256s are remembered beside it by size and
time of change; what has changed is worked out anew, and before a file is sent it is in any case.
"""

import contextlib
import json
import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evdesk.engine.firmware.beside import MANIFESTS, grouped, is_hidden, read_beside, shown
from evdesk.engine.firmware.copying import PART, unwritable, write_whole
from evdesk.firmware.images import Found
from evdesk.firmware.manifest import Sidecar
from evdesk.firmware.signature import read_signer
from evdesk.model import EvdeskError

log = logging.getLogger("evdesk.firmware")
TRUSTED, HASHES = "trusted", ".hashes.json"
MOST_ENTRIES = 5_000
MOST_PEM = 64_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """By these a file is taken for the one that was hashed."""

    size: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the folder. `sidecars`: names of what lies beside it."""

    path: Path
    found: Found
    stamp: Stamp | None
    sidecars: tuple[str, ...] = ()


Hashes = dict[str, tuple[Stamp, str]]
"""File name -> what it was, and its SHA-256 then."""


def prepare(folder: Path) -> None:
    """The folder is there, and nothing unfinished in it. Raises `EvdeskError(STORAGE)`."""
    try:
        (folder / TRUSTED).mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{PART}*"):
            left.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def scan(folder: Path, hashes: Hashes) -> list[Entry]:
    """Every firmware file of the folder, and those whose manifest alone is left. Raises `EvdeskError(STORAGE)`."""
    try:
        with os.scandir(folder) as listed:
            names = {one.name for one in listed if not is_hidden(one.name) and one.is_file(follow_symlinks=False)}
    except OSError as error:
        raise unwritable(folder, error) from error
    files, alone = grouped(sorted(names)[:MOST_ENTRIES])
    made = (_entry(folder, name, sidecars, hashes) for name, sidecars in files.items())
    found = [entry for entry in made if entry is not None]
    return _without_doubles(found) + _left_alone(folder, alone, found)


def trusted_fingerprints(folder: Path) -> set[str]:
    """Of the certificates that were said to be makers'."""
    return {fingerprint for _, fingerprint in _trusted(folder)}


def distrust(folder: Path, fingerprint: str) -> bool:
    """Every certificate with this fingerprint is taken away, whatever its file is called. False where there was none.
    Raises `EvdeskError(STORAGE)`."""
    found = [path for path, mine in _trusted(folder) if mine == fingerprint]
    try:
        for path in found:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(folder / TRUSTED, error) from error
    return bool(found)


def _trusted(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each certificate that was said to be a maker's, and its fingerprint."""
    for path in sorted((folder / TRUSTED).glob("*.pem")):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if path.stat(follow_symlinks=False).st_size <= MOST_PEM and not path.is_symlink():
                signer = read_signer(path.read_text("utf-8"))
                if signer is not None:
                    yield path, signer.fingerprint
                    continue
        log.warning("%s is not a certificate that can be read, so nothing is trusted by it", shown(str(path)))


def load_hashes(folder: Path) -> Hashes:
    """What is damaged is worked out again."""
    try:
        told: Any = json.loads((folder / HASHES).read_text("utf-8"))
        return {str(name): (Stamp(int(v[0]), int(v[1])), str(v[2])) for name, v in told.items()}
    except (OSError, ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError):
        return {}


def save_hashes(folder: Path, hashes: Hashes) -> None:
    told = {shown(name): [stamp.size, stamp.changed_ns, sha256] for name, (stamp, sha256) in hashes.items()}
    try:
        write_whole(folder / HASHES, json.dumps(told).encode())
    except EvdeskError as error:
        log.info("%s", error.sentence)  # they are worked out again at the next start


def stamp_of(path: Path) -> Stamp | None:
    """None where there is no file of its own."""
    try:
        told = path.lstat()
    except OSError:
        return None
    return Stamp(told.st_size, told.st_mtime_ns) if stat.S_ISREG(told.st_mode) else None


def _entry(folder: Path, name: str, mine: list[str], hashes: Hashes) -> Entry | None:
    path = folder / name
    stamp = stamp_of(path)
    if stamp is None:
        return None
    sidecar, source, fault = _told(folder, mine)
    before, sha256 = hashes.get(name, (None, ""))
    good = before == stamp
    found = Found(
        shown(name), stamp.size, sha256 if good else "", sidecar, source, fault, pending=not good and stamp.size > 0
    )
    return Entry(path, found, stamp, tuple(mine))


def _left_alone(folder: Path, alone: list[str], there: list[Entry]) -> list[Entry]:
    """Manifests whose file was taken away by hand."""
    entries, known = [], {entry.found.id for entry in there if not entry.found.pending or entry.found.known}
    for name in alone:
        if not name.lower().endswith(MANIFESTS):
            continue
        sidecar, source, fault = _told(folder, [name])
        base = name.rsplit(".", 1)[0]
        size = sidecar.manifest.size or 0
        found = Found(shown(base), size, "", sidecar, source, fault, there=False)
        if found.id not in known:
            entries.append(Entry(folder / base, found, None, (name,)))
    return entries


def _told(folder: Path, sidecars: list[str]) -> tuple[Sidecar, str, str]:
    """(what they say, the manifest's name, why they cannot be read)."""
    try:
        return *read_beside(folder, sidecars), ""
    except EvdeskError as error:
        return Sidecar(), "", error.sentence


def _without_doubles(entries: list[Entry]) -> list[Entry]:
    """The same bytes under two names are one image: the one that says more of itself."""
    best: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda e: (not e.found.source, bool(e.found.fault), e.found.name)):
        key = entry.found.id if entry.found.sha256 or entry.found.known else f"name {entry.found.name}"
        if key in best:
            log.warning("%s is the same file as %s", entry.found.name, best[key].found.name)
        else:
            best[key] = entry
    return list(best.values())
