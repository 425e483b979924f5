"""A library on a temporary folder, and firmware files with what lies beside them."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from evdesk.engine.firmware.library import Library
from evdesk.firmware.manifest import Sidecar, to_toml
from evdesk.model.firmware import Manifest
from tests.engine.store_kit import FixedClock
from tests.firmware.signing import T0, Signed, sign

DATA = b"firmware 2.4.1" * 1000
SIGNED = sign(DATA)
MANIFEST = Manifest(
    vendor="Nordlade",
    models=("N22",),
    hardware=("B", "C"),
    version="2.4.1",
    size=len(DATA),
    sha256=SIGNED.sha256,
    from_versions=("2.3.*", "2.4.0"),
    recovery="Breaker off for 30 s.",
)


@contextlib.asynccontextmanager
async def library(folder: Path, data: Path | None = None) -> AsyncIterator[Library]:
    made = Library(folder, FixedClock(T0), data)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


def signed_manifest(signed: Signed = SIGNED, **more: object) -> Manifest:
    return replace(MANIFEST, signature=signed.signature, signature_kind=signed.kind, certificate=signed.pem, **more)


def put(folder: Path, name: str = "n22-2.4.1.bin", data: bytes = DATA, manifest: Manifest | None = None) -> Path:
    """A firmware file, with its sidecar where there is a manifest."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    if manifest is not None:
        (folder / f"{name}.toml").write_text(to_toml(Sidecar(manifest)), "utf-8")
    return path


def left(made: Library) -> list[str]:
    """Everything in its folder that is not of the library itself."""
    return sorted(p.name for p in made.folder.rglob("*") if p.name not in ("trusted", ".hashes.json"))
