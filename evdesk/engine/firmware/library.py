"""The library of firmware files: one folder that can be carried to another computer, and what is known of each file."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from evdesk.engine.firmware.beside import shown
from evdesk.engine.firmware.contents import Contents
from evdesk.engine.firmware.copying import write_whole
from evdesk.engine.firmware.export import export_to
from evdesk.engine.firmware.folder import TRUSTED, Entry, distrust, prepare
from evdesk.engine.firmware.intake import Into, Taken, candidates, put_aside, take, write_sidecar
from evdesk.firmware.images import newest_for
from evdesk.firmware.manifest import Sidecar, checked
from evdesk.firmware.signature import same_fingerprint
from evdesk.model import Clock, EvdeskError, Reason
from evdesk.model.firmware import Image, Manifest, SignatureState

log = logging.getLogger("evdesk.firmware")


@dataclass(frozen=True, slots=True)
class AddedFiles:
    """`taken` in order; `refused`: file name -> why not; `stays`: file name -> what it says otherwise than the library."""

    taken: list[Taken] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    stays: dict[str, str] = field(default_factory=dict)


class Library:
    """`images` by id, always as last seen. All that touches the disk runs in a thread, one after the other.

    `data`: evdesk's own folder, of which nothing else is taken. `on_changed`: something in it has. `in_use`: why an image
    must not be taken out now, "" where it may be."""

    def __init__(self, folder: Path, clock: Clock, data: Path | None = None) -> None:
        self.folder, self.data = folder, data
        self.clock = clock
        self.on_changed: Callable[[], None] = lambda: None
        self.in_use: Callable[[str], str] = lambda image_id: ""
        self._in = Contents(folder, clock, lambda: self.on_changed())

    @property
    def images(self) -> dict[str, Image]:
        return self._in.images

    async def open(self) -> None:
        """What lies in the folder. One that cannot be used is logged and stops no engine: adding says it again."""
        try:
            await self._in.open()
        except EvdeskError as error:
            log.error("%s", error.sentence)

    async def close(self) -> None:
        """What is being copied is given up, and nothing of it stays."""
        await self._in.close()

    async def look(self) -> None:
        """The folder anew: somebody may have changed it. Raises `EvdeskError(STORAGE)`."""
        async with self._in.lock:
            await self._in.rescan()

    # -- questions ------------------------------------------------------------------------------------------------

    def image(self, image_id: str) -> Image:
        """Raises `EvdeskError(INVALID)` where there is none."""
        found = self.images.get(image_id)
        if found is None:
            raise EvdeskError(Reason.INVALID, f"There is no image “{image_id[:40]}”. firmware.images lists them.")
        return found

    def path(self, image_id: str) -> Path:
        """Where the file lies. Raises `EvdeskError(INVALID)` where there is no such image."""
        self.image(image_id)
        return self._in.entries[image_id].path

    def newest_for(self, vendor: str, model: str) -> Image | None:
        return newest_for(self.images.values(), vendor, model)

    async def verified(self, image_id: str) -> Image:
        """The image as it is now: hash and signature worked out anew. Raises `EvdeskError(INVALID)` where there is none."""
        async with self._in.lock:
            await self._in.rescan()
            if image_id not in self.images:
                await self._in.hash_pending()  # touched a moment ago, it is nobody until it is hashed
            path = self.path(image_id)
            await self._in.hash(path)
            await self._in.rescan()
            return self.image(image_id)

    # -- changes --------------------------------------------------------------------------------------------------

    async def add(self, path: str, who: str, given: Manifest | None = None) -> AddedFiles:
        """A file or a folder. Raises `EvdeskError` where nothing of it can be taken; files that are damaged by their
        manifest are taken, and shown as that. `given` goes over what the sidecars say."""
        given = given or Manifest()
        async with self._in.lock:
            await self._in.beside(prepare, self.folder)
            await self._in.rescan()
            files, refused = await self._in.beside(candidates, Path(path), self.folder, self.data)
            if len(files) > 1 and (given.version or given.sha256 or given.size is not None or given.signature):
                text = f"These are {len(files)} files. What is of one alone (its version, say) is given with that file."
                raise EvdeskError(Reason.INVALID, text)
            taken: list[Taken] = []
            stays: dict[str, str] = {}
            for file in files:
                try:
                    taken.append(await self._take(file, who, given))
                    stays |= {shown(file.name): taken[-1].stays} if taken[-1].stays else {}
                except EvdeskError as error:
                    if len(files) == 1 and not refused:
                        raise
                    refused[shown(file.name)] = error.sentence
            await self._in.rescan()
        if not taken:
            raise EvdeskError(Reason.INVALID, _nothing(refused))
        return AddedFiles(taken, refused, stays)

    async def put_manifest(self, image_id: str, manifest: Manifest, who: str) -> Image:
        """What a person knows of a file; it takes the place of all that was known. Raises `EvdeskError`."""
        async with self._in.lock:
            await self._in.rescan()
            self.image(image_id)
            entry = self._in.entries[image_id]
            manifest = checked(manifest, "The manifest")
            had = entry.found.sidecar.kept
            kept = replace(had, manifest_source=who, sha256=had.sha256 or entry.found.sha256)
            if entry.found.fault:
                for name in entry.sidecars:
                    await self._in.beside(put_aside, self.folder / name)
            await self._in.beside(write_sidecar, self.folder, entry.path.name, Sidecar(manifest, kept), entry.sidecars)
            await self._in.rescan()
            return self.image(image_id)

    async def trust(self, image_id: str, fingerprint: str) -> Image:
        """A person says that the certificate by which this image is signed is the maker's. Raises `EvdeskError`."""
        async with self._in.lock:
            await self._in.rescan()
            image = self._signed_by(image_id, fingerprint)
            if image.signature in (SignatureState.INVALID, SignatureState.UNCHECKED):
                text = f"{image.signature_detail} So it says nothing about the certificate."
                raise EvdeskError(Reason.INVALID, text)
            target = self.folder / TRUSTED / f"{image.fingerprint}.pem"
            await self._in.beside(write_whole, target, image.manifest.certificate.encode())
            await self._in.rescan()
            return self.image(image_id)

    async def distrust(self, image_id: str, fingerprint: str) -> Image:
        """A person takes that back: no file signed by this certificate counts as checked any more. Raises `EvdeskError`."""
        async with self._in.lock:
            await self._in.rescan()
            image = self._signed_by(image_id, fingerprint)
            if not await self._in.beside(distrust, self.folder, image.fingerprint):
                raise EvdeskError(
                    Reason.INVALID, f"Nobody has said that the certificate of {image.name} is the maker's."
                )
            await self._in.rescan()
            return self.image(image_id)

    async def remove(self, image_id: str) -> Image:
        """The file and all that lies beside it. Raises `EvdeskError`: INVALID while it is needed, STORAGE."""
        async with self._in.lock:
            await self._in.rescan()
            image = self.image(image_id)
            if why := self.in_use(image_id):
                raise EvdeskError(Reason.INVALID, why)
            entry = self._in.entries[image_id]
            await self._in.beside(_delete, entry)
            await self._in.rescan()
            return image

    async def export(self, folder: str) -> tuple[int, int]:
        """(files written or there already, files left out because they are damaged). Raises `EvdeskError`."""
        async with self._in.lock:
            await self._in.rescan()
            return await self._in.beside(
                export_to, Path(folder), self.folder, list(self._in.entries.values()), self._in.stop
            )

    # -- inside ---------------------------------------------------------------------------------------------------

    def _signed_by(self, image_id: str, fingerprint: str) -> Image:
        image = self.image(image_id)
        if not same_fingerprint(image.fingerprint, fingerprint):
            text = f"{image.name} is not signed by a certificate with this fingerprint. Look at it again."
            raise EvdeskError(Reason.INVALID, text)
        return image

    async def _take(self, file: Path, who: str, given: Manifest) -> Taken:
        into = Into(self.folder, self._in.entries, who, self.clock.now())
        taken = await self._in.beside(take, file, given, into, self._in.stop)
        await self._in.remember(taken.name, taken.sha256)
        await self._in.rescan()
        return taken


def _delete(entry: Entry) -> None:
    entry.path.unlink(missing_ok=True)
    for name in entry.sidecars:
        (entry.path.parent / name).unlink(missing_ok=True)


def _nothing(refused: dict[str, str]) -> str:
    told = [f"{name}: {why}" if not why.startswith(name) else why for name, why in refused.items()]
    more = f" And {len(told) - 3} more." if len(told) > 3 else ""
    return f"Nothing was added. {' '.join(told[:3])}{more}"
