"""What lies beside a firmware file: its manifest (NAME.toml or NAME.json), signature (NAME.sig), certificate (NAME.pem).

A sidecar may also carry the name without its last ending (n22.toml for n22.bin) where no other file has that one.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from evdesk.firmware.manifest import MOST_BYTES, Sidecar, parse
from evdesk.firmware.signature import certificate_text, signature_text
from evdesk.model import EvdeskError, Reason

MANIFESTS, SIGNATURES, CERTIFICATES = (".toml", ".json"), (".sig",), (".pem", ".crt", ".cer")
SIDECARS = MANIFESTS + SIGNATURES + CERTIFICATES
_PAPERS = (
    ".txt", ".md", ".pdf", ".html", ".htm", ".doc", ".docx", ".odt", ".rtf", ".xls", ".xlsx", ".csv", ".png", ".jpg",
    ".jpeg", ".gif", ".svg", ".url", ".lnk", ".ini", ".log",
)  # fmt: skip


def shown(name: str) -> str:
    """A file's name as it can be stored and shown: bytes that are no text become marks."""
    return os.fsencode(name).decode("utf-8", "replace")


def is_sidecar(name: str) -> bool:
    return name.lower().endswith(SIDECARS)


def is_paper(name: str) -> bool:
    """Not firmware by its name: notes, pictures, tables that makers put beside it."""
    return name.lower().endswith(_PAPERS)


def is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in ("thumbs.db", "desktop.ini")


def grouped(names: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """(firmware file -> its sidecars: manifest, signature, certificate; sidecars of no file). A paper by its name is
    firmware where a sidecar says so."""
    names = sorted(names)
    there = set(names)
    files: dict[str, list[str]] = {}
    for name in names:
        described = any(f"{name}{ending}" in there for ending in SIDECARS)
        if not is_sidecar(name) and (described or not is_paper(name)):
            files[name] = []
    by_stem: dict[str, list[str]] = {}
    for name in files:
        by_stem.setdefault(name.rsplit(".", 1)[0], []).append(name)
    alone = []
    for sidecar in sorted((name for name in names if is_sidecar(name)), key=_order):
        base = sidecar.rsplit(".", 1)[0]
        same = by_stem.get(base, [])
        if base in files:
            files[base].append(sidecar)
        elif len(same) == 1:
            files[same[0]].append(sidecar)
        else:
            alone.append(sidecar)
    return files, alone


def _order(sidecar: str) -> tuple[int, str]:
    return SIDECARS.index(f".{sidecar.rsplit('.', 1)[1].lower()}"), sidecar


def read_beside(folder: Path, sidecars: list[str]) -> tuple[Sidecar, str]:
    """What the sidecars say, and the name of the manifest among them. Raises `EvdeskError(INVALID)` with file and field."""
    manifests = [one for one in sidecars if one.lower().endswith(MANIFESTS)]
    if len(manifests) > 1:
        raise EvdeskError(Reason.INVALID, f"There are two manifests, {' and '.join(map(shown, manifests))}. Keep one.")
    told, source = Sidecar(), ""
    for name in manifests:
        source = shown(name)
        told = parse(read_small(folder / name), source)
    for name in sidecars:
        manifest, low = told.manifest, name.lower()
        if low.endswith(SIGNATURES) and not manifest.signature:
            told = replace(told, manifest=replace(manifest, signature=signature_text(read_small(folder / name))))
        elif low.endswith(CERTIFICATES) and not manifest.certificate:
            text = certificate_text(read_small(folder / name))
            if not text:
                raise EvdeskError(
                    Reason.INVALID, f"{shown(name)} is no certificate (PEM or DER). Take it away, or mend it."
                )
            told = replace(told, manifest=replace(manifest, certificate=text))
    return told, source or (shown(sidecars[0]) if sidecars else "")


def read_small(path: Path) -> bytes:
    """A small file of its own. Raises `EvdeskError(INVALID)`."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise EvdeskError(Reason.INVALID, f"{shown(path.name)} is no file of its own. Copy the file itself there.")
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        text = f"{shown(path.name)} cannot be read: {error.strerror or error}."
        raise EvdeskError(Reason.INVALID, text) from error
    if len(raw) > MOST_BYTES:
        raise EvdeskError(Reason.INVALID, f"{shown(path.name)} is too large for what it should be. Take it away.")
    return raw
