"""The API's methods about firmware: the library, what fits, the fleet's versions, policies and blocked versions."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from evdesk.engine.api_core import Core, Handler, record_of
from evdesk.engine.commands import Command
from evdesk.engine.firmware.beside import shown
from evdesk.engine.firmware.library import AddedFiles
from evdesk.firmware.fit import ChargerFacts, fit
from evdesk.firmware.manifest import over, said
from evdesk.model import Origin
from evdesk.model.firmware import BlockedVersion, FirmwarePolicy, Fit, FleetVersions, Image, Manifest, VersionSeen
from evdesk.wire import firmware as w
from evdesk.wire.codec import to_plain
from evdesk.wire.method import Done, Nothing, OptionalCharger

_LIBRARY = "library"
_NAMED = 20
"""Most files named in one row of the log."""


class FirmwareApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "firmware.add": self._add,
            "firmware.images": self._images,
            "firmware.manifest": self._manifest,
            "firmware.trust": self._trust,
            "firmware.distrust": self._distrust,
            "firmware.remove": self._remove,
            "firmware.export": self._export,
            "firmware.fits": self._fits,
            "firmware.fleet": self._fleet,
            "firmware.history": self._history,
            "firmware.policy": self._policy,
            "firmware.block": self._block,
        }

    # -- the library ----------------------------------------------------------------------------------------------

    async def _add(self, origin: Origin, params: w.AddImage) -> w.Added:
        library, given = self.core.library, _given(params)
        args = {"path": shown(params.path), "file": shown(Path(params.path).name), "given": _brief(given)}
        detail: dict[str, Any] = {}
        found: list[AddedFiles] = []

        async def act() -> None:
            added = await library.add(params.path, origin.who, given)
            found.append(added)
            detail["images"] = [_row(library.image(one.id)) | {"known": one.known} for one in added.taken[:_NAMED]]
            detail["count"] = len(added.taken)
            detail["refused"] = dict(list(added.refused.items())[:_NAMED])
            if added.stays:
                detail["stays"] = dict(list(added.stays.items())[:_NAMED])
            if len(added.taken) == 1:
                detail["image"] = library.image(added.taken[0].id).name

        await self.core.commands.stored(Command(origin, "firmware.add", _LIBRARY, args), detail, act)
        taken = found[0].taken
        images = [library.images[number] for number in dict.fromkeys(t.id for t in taken) if number in library.images]
        return w.Added(taken[0].id, images, [t.id for t in taken if t.known], found[0].refused, found[0].stays)

    async def _images(self, _origin: Origin, _params: Nothing) -> list[Image]:
        await self.core.library.look()
        return sorted(self.core.library.images.values(), key=_order)

    async def _manifest(self, origin: Origin, params: w.PutManifest) -> Image:
        library = self.core.library
        before = library.image(params.image_id)
        changed = [name for name in asdict(before.manifest) if _differs(before.manifest, params.manifest, name)]
        args = {
            "image_id": before.id,
            "file": before.file_name,
            "manifest": _brief(params.manifest),
            "changed": changed,
        }
        detail = {"before": _words(_brief(before.manifest), changed), "after": _words(_brief(params.manifest), changed)}

        async def act() -> None:
            detail.update(_row(await library.put_manifest(before.id, params.manifest, origin.who)))

        await self.core.commands.stored(Command(origin, "firmware.manifest", _LIBRARY, args), detail, act)
        return library.image(before.id)

    async def _trust(self, origin: Origin, params: w.TrustSigner) -> Image:
        return await self._signer(origin, "firmware.trust", params, self.core.library.trust)

    async def _distrust(self, origin: Origin, params: w.TrustSigner) -> Image:
        return await self._signer(origin, "firmware.distrust", params, self.core.library.distrust)

    async def _signer(
        self, origin: Origin, what: str, params: w.TrustSigner, change: Callable[[str, str], Awaitable[Image]]
    ) -> Image:
        library = self.core.library
        before = library.image(params.image_id)
        args = {"image_id": before.id, "file": before.file_name, "fingerprint": params.fingerprint[:200]}
        detail: dict[str, Any] = {"signer": before.signer, "signer_until_at": before.signer_until_at}

        async def act() -> None:
            detail.update(_row(await change(before.id, params.fingerprint)))

        await self.core.commands.stored(Command(origin, what, _LIBRARY, args), detail, act)
        return library.image(before.id)

    async def _remove(self, origin: Origin, params: w.OneImage) -> Done:
        before = self.core.library.image(params.image_id)
        args = {"image_id": before.id, "file": before.file_name}
        command = Command(origin, "firmware.remove", _LIBRARY, args)
        row = await self.core.commands.stored(command, _row(before), lambda: self.core.library.remove(before.id))
        return Done(status="removed", audit_id=row)

    async def _export(self, origin: Origin, params: w.ExportLibrary) -> Done:
        detail: dict[str, Any] = {}

        async def act() -> None:
            detail["files"], detail["left_out"] = await self.core.library.export(params.folder)

        command = Command(origin, "firmware.export", _LIBRARY, {"folder": shown(params.folder)})
        row = await self.core.commands.stored(command, detail, act)
        files, left = int(detail["files"]), int(detail["left_out"])
        words = f"{files} file{'s' if files != 1 else ''} copied"
        return Done(status=f"{words}, {left} damaged left out" if left else words, audit_id=row)

    # -- the fleet ------------------------------------------------------------------------------------------------

    async def _fits(self, _origin: Origin, params: w.FitsWhich) -> list[Fit]:
        image, book = self.core.library.image(params.image_id), self.core.fleet_book
        await book.look()
        records = [record_of(self.core, one) for one in dict.fromkeys(params.charger_ids)]
        if not records:
            records = [record for record in self.core.fleet.chargers.values() if record.accepted]
        known: dict[ChargerFacts, Fit] = {}  # many are alike in all that counts
        found = []
        for one in records:
            facts = book.facts(one)
            alike = replace(facts, charger_id="", serial="")
            if alike not in known:
                known[alike] = fit(image, alike, book.blocked(facts.vendor, facts.model))
            found.append(replace(known[alike], charger_id=one.id))
        return found

    async def _fleet(self, _origin: Origin, _params: Nothing) -> FleetVersions:
        await self.core.fleet_book.look()
        return self.core.fleet_book.view()

    async def _history(self, _origin: Origin, params: OptionalCharger) -> list[VersionSeen]:
        if params.charger_id:
            record_of(self.core, params.charger_id)
        return self.core.fleet_book.history(params.charger_id)

    async def _policy(self, origin: Origin, params: w.PutPolicy) -> FirmwarePolicy:
        book, now = self.core.fleet_book, self.core.fleet.clock.now()
        policy = FirmwarePolicy(params.vendor, params.model, params.kind, params.version, params.by_at, origin.who, now)
        before = book.policy(params.vendor, params.model)
        detail = {"before": _policy_words(before), "after": _policy_words(policy)}
        command = Command(origin, "firmware.policy", _LIBRARY, to_plain(params))
        await self.core.commands.stored(command, detail, lambda: book.put_policy(policy))
        return replace(policy, version=policy.version.strip())

    async def _block(self, origin: Origin, params: w.BlockVersion) -> Done:
        one = BlockedVersion(params.version, params.why)
        row = await self.core.commands.stored(
            Command(origin, "firmware.block", _LIBRARY, to_plain(params)),
            {},
            lambda: self.core.fleet_book.block(params.vendor, params.model, one, params.blocked),
        )
        return Done(status="blocked" if params.blocked else "allowed", audit_id=row)


def _given(params: w.AddImage) -> Manifest:
    own = Manifest(
        vendor=params.vendor, models=tuple(params.models), version=params.version, any_model=params.any_model
    )
    return over(params.manifest or Manifest(), own)


def _order(image: Image) -> tuple[str, str, float, str]:
    manifest = image.manifest
    return manifest.vendor.casefold(), " ".join(manifest.models).casefold(), -image.added_at, image.id


def _row(image: Image) -> dict[str, Any]:
    """What the log keeps of an image: enough to prove which file it was."""
    return {
        "image": image.name,
        "image_id": image.id,
        "sha256": image.sha256,
        "size": image.size,
        "state": image.state.value,
        "signature": image.signature.value,
        "fingerprint": image.fingerprint,
        "manifest_source": image.manifest_source,
    }


def _brief(manifest: Manifest) -> dict[str, Any]:
    """What it says, without long texts: a certificate is kept by its fingerprint, in the image's own row."""
    told = to_plain(manifest)
    return {name: _short(told[name]) for name in said(manifest)}


def _short(value: Any) -> Any:
    return f"{value[:80]}…" if isinstance(value, str) and len(value) > 80 else value


def _differs(before: Manifest, after: Manifest, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _words(told: dict[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name} {told[name]}" for name in names if name in told) or "nothing"


def _policy_words(policy: FirmwarePolicy | None) -> str:
    if policy is None or policy.kind.value == "none":
        return "none"
    return f"{policy.kind.value.replace('_', ' ')} {policy.version}"
