"""A file and its manifest as an `Image`: whether it is whole, whose it is, and whether it may be sent."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from evdesk.firmware.endings import megabytes
from evdesk.firmware.fit import same_name
from evdesk.firmware.manifest import Sidecar, unknown
from evdesk.firmware.signature import Checked, check
from evdesk.firmware.versions import newest
from evdesk.model.firmware import FileState, Image, SignatureState

ID_CHARS = 16


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was found. `sha256` "": it is not there, or was not read yet (`pending`). `fault`: its manifest cannot
    be read, in words. `known`: the SHA-256 it had when it was added, by which it is still called."""

    name: str
    size: int
    sha256: str
    sidecar: Sidecar = field(default_factory=Sidecar)
    source: str = ""  # the sidecar's file name
    fault: str = ""
    there: bool = True
    pending: bool = False

    @property
    def known(self) -> str:
        return self.sidecar.kept.sha256

    @property
    def id(self) -> str:
        told = self.known or self.sha256 or self.sidecar.manifest.sha256
        return image_id(told or hashlib.sha256(self.name.encode()).hexdigest())


def image_id(sha256: str) -> str:
    return sha256[:ID_CHARS]


def judged(found: Found, at: float, trusted: Collection[str]) -> Image:
    """`at`: Unix s; `trusted`: fingerprints of certificates that a person said to be makers'."""
    kept, manifest = found.sidecar.kept, found.sidecar.manifest
    state, damage = _state(found)
    checked = check(manifest, found.sha256, at, trusted) if found.sha256 else Checked(SignatureState.NONE)
    signer = checked.signer
    why_not = found.fault or damage or _lacks(found, checked)
    return Image(
        id=found.id,
        file_name=kept.file_name or found.name,
        size=found.size,
        sha256=found.sha256 or found.known,
        manifest=manifest,
        manifest_source=kept.manifest_source or found.source,
        state=state,
        signature=checked.state,
        signature_detail=checked.detail,
        signer=signer.name if signer else "",
        signer_until_at=signer.until_at if signer else None,
        fingerprint=signer.fingerprint if signer else "",
        trusted=signer is not None and signer.fingerprint in trusted,
        unknown=unknown(manifest),
        usable=not why_not,
        why_not=why_not,
        added_at=kept.added_at or 0.0,
        added_by=kept.added_by,
    )


def newest_for(images: Iterable[Image], vendor: str, model: str) -> Image | None:
    """The newest usable image for a model; of several that cannot be told apart the one added last. One that says nothing
    of its maker counts by the model's name alone; one for any model is no model's newest."""
    fits = sorted((image for image in images if is_for(image, vendor, model)), key=lambda image: image.added_at)
    place = newest([image.manifest.version for image in fits])
    return None if place is None else fits[place]


def is_for(image: Image, vendor: str, model: str) -> bool:
    manifest = image.manifest
    named = any(same_name(one, model) for one in manifest.models)
    return image.usable and named and (not manifest.vendor or same_name(manifest.vendor, vendor))


def _state(found: Found) -> tuple[FileState, str]:
    manifest = found.sidecar.manifest
    if not found.there:
        return FileState.MISSING, "The file is gone from the library's folder. Add it again."
    if found.size == 0:
        return FileState.EMPTY, "The file is empty. Add it again."
    if manifest.size is not None and found.size < manifest.size:
        return FileState.TRUNCATED, f"Cut off: {_of(found.size, manifest.size)}. Add it again"
    if found.pending:
        return FileState.GOOD, "Its SHA-256 is being worked out. That takes a moment."
    if manifest.size is not None and found.size > manifest.size:
        text = f"Not the file of the manifest: {_instead(found.size, manifest.size)}."
        return FileState.ALTERED, f"{text} Add the right one, or correct the manifest."
    if manifest.sha256 and found.sha256 != manifest.sha256:
        return FileState.ALTERED, "Another SHA-256 than the manifest says. Add the file again, or correct the manifest."
    if found.known and found.sha256 != found.known:
        return FileState.ALTERED, "Changed since it was added. Add the file again."
    return FileState.GOOD, ""


def _lacks(found: Found, checked: Checked) -> str:
    manifest = found.sidecar.manifest
    if checked.state is SignatureState.INVALID:
        return f"{checked.detail} Do not send it: ask the maker for the file again."
    if not manifest.version:
        return "Nobody has said which version it is. Enter it."
    if not manifest.models and not manifest.any_model:
        return "Nobody has said which model it is for. Enter it."
    return ""


def _instead(size: int, said: int) -> str:
    """ "3.0 MB instead of 1.5 MB"; in bytes where that would show no difference, or too little."""
    if min(size, said) < 1_000_000 or megabytes(size) == megabytes(said):
        return f"{size:,} bytes instead of {said:,}"
    return f"{megabytes(size)} instead of {megabytes(said)}"


def _of(part: int, whole: int) -> str:
    """ "11.0 of 18.4 MB"; in bytes where that would show no difference."""
    if f"{part / 1e6:.1f}" == f"{whole / 1e6:.1f}" or whole < 1_000_000:
        return f"{part:,} of {whole:,} bytes"
    return f"{part / 1e6:.1f} of {whole / 1e6:.1f} MB"
