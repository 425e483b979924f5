"""The API's methods about firmware: the library of images, what fits, the versions of the fleet, starting an update."""

from dataclasses import dataclass, field

from evdesk.model.firmware import Check, FirmwarePolicy, Fit, FleetVersions, Image, Manifest, PolicyKind, VersionSeen
from evdesk.wire.method import Done, Method, Nothing, OptionalCharger


@dataclass(frozen=True, slots=True)
class AddImage:
    """`path`: a file, or a folder with files and their sidecars (NAME.toml or NAME.json), on the engine's computer. What is
    given here goes over the sidecar. `any_model`: the file has no model of its own, a person says so."""

    path: str
    version: str = ""
    models: list[str] = field(default_factory=list)
    any_model: bool = False
    vendor: str = ""
    manifest: Manifest | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """`image_id` of the (first) image; `images` all that were added or were there; `refused`: file name -> why not;
    `stays`: file name -> in words that its description in the library stays, where what came along says another."""

    image_id: str
    images: list[Image] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    stays: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OneImage:
    image_id: str


@dataclass(frozen=True, slots=True)
class PutManifest:
    image_id: str
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class TrustSigner:
    """`fingerprint`: SHA-256 of the signing certificate, as the image shows it: a person has looked at this very one."""

    image_id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ExportLibrary:
    """`folder`: on the engine's computer; it gets every image with a sidecar, and the trusted certificates."""

    folder: str


@dataclass(frozen=True, slots=True)
class FitsWhich:
    """`charger_ids` empty: all accepted ones."""

    image_id: str
    charger_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PreflightOf:
    """`charger_ids` empty: all accepted ones. `install_at` as it is to be asked for: not every charger takes a date."""

    image_id: str
    charger_ids: list[str] = field(default_factory=list)
    install_at: float | None = None


@dataclass(frozen=True, slots=True)
class PutPolicy:
    vendor: str
    model: str
    kind: PolicyKind
    version: str = ""
    by_at: float | None = None


@dataclass(frozen=True, slots=True)
class BlockVersion:
    """`why` empty with `blocked` False takes it back."""

    vendor: str
    model: str
    version: str
    why: str = ""
    blocked: bool = True


@dataclass(frozen=True, slots=True)
class Preflight:
    """`checks` of one charger, in order; `ready`: none blocks or waits, and none warns unless overridden.
    `scheme`, `address`: how it would fetch."""

    charger_id: str
    label: str
    serial: str
    from_version: str
    to_version: str
    downgrade: bool
    checks: list[Check]
    ready: bool
    waits: bool = False
    blocked: bool = False
    scheme: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Waves:
    """`canary` chargers first, then `soak_s` of watching, then waves of `sizes` (the last size repeats; [] the others at
    once). After `stop_after` failed or unknown ones no other is begun. `parallel`: at most so many fetch at once."""

    canary: int = 0
    soak_s: float = 0.0
    sizes: list[int] = field(default_factory=list)
    stop_after: int = 1
    parallel: int = 20


@dataclass(frozen=True, slots=True)
class StartUpdate:
    """`charger_ids` in the order they are to be updated. `override`: a reason in words that passes the soft checks, never
    the hard ones. `not_before_at`: Unix s, for the night. `typed`: the version, typed by a person, where it is older than
    the one the chargers have. `restore`: put settings back that the update changed. `install_at`: Unix s; the file is
    fetched before and installed then, None as soon as it is there."""

    charger_ids: list[str]
    image_id: str
    waves: Waves | None = None
    override: str = ""
    not_before_at: float | None = None
    typed: str = ""
    restore: bool = True
    install_at: float | None = None


@dataclass(frozen=True, slots=True)
class JobBegun:
    job_id: int


METHODS_FIRMWARE: dict[str, Method] = {
    "firmware.add": Method(AddImage, Added, "Add a firmware file, or a folder of them, to the library.", changes=True),
    "firmware.images": Method(Nothing, list[Image], "The library."),
    "firmware.manifest": Method(PutManifest, Image, "Enter or correct what is known about a file.", changes=True),
    "firmware.trust": Method(TrustSigner, Image, "Say that a signing certificate is the maker's.", changes=True),
    "firmware.distrust": Method(TrustSigner, Image, "Take that back, for every file signed by it.", changes=True),
    "firmware.remove": Method(OneImage, Done, "Take a file out of the library.", changes=True),
    "firmware.export": Method(
        ExportLibrary, Done, "Copy the library to a folder another laptop can add.", changes=True
    ),
    "firmware.fits": Method(FitsWhich, list[Fit], "Which chargers an image is for, and why not."),
    "firmware.fleet": Method(Nothing, FleetVersions, "Installed versions by model, against library and policies."),
    "firmware.history": Method(OptionalCharger, list[VersionSeen], "Versions of a charger, or of all; newest first."),
    "firmware.policy": Method(PutPolicy, FirmwarePolicy, "Say what a model should run.", changes=True),
    "firmware.block": Method(BlockVersion, Done, "Say that a version must not stay in use.", changes=True),
    "firmware.preflight": Method(
        PreflightOf, list[Preflight], "Every check before an update; settings are backed up by the update itself."
    ),
    "firmware.start": Method(
        StartUpdate, JobBegun, "Update chargers: canary, waves, watched to the end.", changes=True
    ),
}
