"""Firmware images with their manifests, what fits which charger, and which versions the fleet has."""

from dataclasses import dataclass, field
from enum import StrEnum


class FileState(StrEnum):
    """The bytes of an image against its manifest."""

    GOOD = "good"
    TRUNCATED = "truncated"  # shorter than the manifest says
    ALTERED = "altered"  # another SHA-256 than the manifest says
    MISSING = "missing"  # the library names it, and it is not there
    EMPTY = "empty"


class SignatureState(StrEnum):
    """What evdesk found itself; nothing is called valid that was not checked here."""

    NONE = "none"  # the manifest brings none
    VALID = "valid"  # it fits this file, by a certificate a person said to be the maker's
    UNTRUSTED = "untrusted"  # it fits, but nobody said that the certificate is the maker's
    EXPIRED = "expired"  # it fits, but the certificate is over, or not valid yet
    INVALID = "invalid"  # it does not belong to this file
    UNCHECKED = "unchecked"  # it cannot be checked: no certificate, or a kind evdesk does not know


@dataclass(frozen=True, slots=True)
class BlockedVersion:
    """A version that must not stay in use, e.g. "loses its limit on restart"."""

    version: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known about one firmware file. Empty and None mean unknown, and make evdesk ask more.

    `models`, `hardware`: those it is for, as the charger tells them; `from_versions`: versions it may be put on, () any:
    exact, "2.3.*", or "2.3.0..2.4.0" (both included); `minimum_version`: the lowest it may be put on. `downgrade`: the
    charger takes an older version than it has. `settings_kept`: the update leaves the settings. `minutes`: how long the
    whole update usually takes; `reboots`: how many times it restarts. `schemes`: what the charger can fetch by, () unknown.
    `signature`: base64; `signature_kind`: "RSA-PSS", "RSA-PKCS1" or "ECDSA" (all over SHA-256); `certificate`: PEM of whom
    it was signed by. `any_model`: a person says that the file has no model of its own. `source`: where the file is from."""

    vendor: str = ""
    models: tuple[str, ...] = ()
    hardware: tuple[str, ...] = ()
    version: str = ""
    size: int | None = None
    sha256: str = ""
    from_versions: tuple[str, ...] = ()
    minimum_version: str = ""
    downgrade: bool | None = None
    settings_kept: bool | None = None
    backup_needed: bool = True
    minutes: float | None = None
    reboots: int | None = None
    recovery: str = ""
    schemes: tuple[str, ...] = ()
    signature: str = ""
    signature_kind: str = ""
    certificate: str = ""
    blocked: tuple[BlockedVersion, ...] = ()
    any_model: bool = False
    source: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """One file of the library. `id` is the start of its SHA-256, so the same file is the same image on every laptop.

    `manifest_source`: the sidecar's file name, or who entered it; `unknown`: fields of the manifest that nobody knows;
    `usable`: it may be sent (whole, hashed, model and version known, signature not wrong); `why_not` otherwise, in words.
    `signer`, `signer_until_at`, `fingerprint`: of the signing certificate; `trusted`: it was said to be the maker's."""

    id: str
    file_name: str
    size: int
    sha256: str
    manifest: Manifest = field(default_factory=Manifest)
    manifest_source: str = ""
    state: FileState = FileState.GOOD
    signature: SignatureState = SignatureState.NONE
    signature_detail: str = ""
    signer: str = ""
    signer_until_at: float | None = None
    fingerprint: str = ""
    trusted: bool = False
    unknown: tuple[str, ...] = ()
    usable: bool = True
    why_not: str = ""
    added_at: float = 0.0
    added_by: str = ""

    @property
    def name(self) -> str:
        """ "Nordlade N22 2.4.1"."""
        models = "any model" if self.manifest.any_model else "/".join(self.manifest.models)
        return (
            " ".join(word for word in (self.manifest.vendor, models, self.manifest.version) if word) or self.file_name
        )


class Verdict(StrEnum):
    """Of one check before an update."""

    OK = "ok"
    WARN = "warn"  # soft: a person may go on, with a reason
    WAIT = "wait"  # it passes by itself when a car leaves, or the charger is back
    BLOCK = "block"  # hard: nobody can go on
    UNKNOWN = "unknown"  # soft: it cannot be known here


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the preflight. `code` is stable: "model", "hardware", "version", "downgrade", "blocked", "file",
    "signature", "session", "online", "job", "serial", "backup", "scheme", "reach", "clock", "disk", "power", "sleep",
    "events". `sentence` says what was found, `advice` the way out, "" where it is well."""

    code: str
    verdict: Verdict
    sentence: str
    advice: str = ""


class Direction(StrEnum):
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether an image is for a charger. `checks`: those about the file and the charger alone; `fits` False: one blocks."""

    charger_id: str
    image_id: str
    fits: bool
    direction: Direction
    from_version: str
    to_version: str
    checks: tuple[Check, ...] = ()


class PolicyKind(StrEnum):
    NONE = "none"
    KEEP_AT = "keep_at"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class FirmwarePolicy:
    """What a model should run. `by_at`: overdue after it, None at once."""

    vendor: str
    model: str
    kind: PolicyKind
    version: str = ""
    by_at: float | None = None
    set_by: str = ""
    set_at: float = 0.0


class FleetState(StrEnum):
    """One charger's version against library, policy and blocked versions; the first that is true."""

    UPDATING = "updating"
    BLOCKED = "blocked"
    FAILED = "failed"  # the last update of it ended failed or unknown, and the version is still not the wanted one
    BEHIND = "behind"
    CHANGED = "changed"  # another version than before, and not by evdesk, in the last seven days
    AHEAD = "ahead"  # newer than the library, or than a policy allows
    NO_FILE = "no_file"  # the library has nothing for this model
    NEWEST = "newest"
    UNKNOWN = "unknown"  # it tells no version


@dataclass(frozen=True, slots=True)
class FleetCharger:
    """`since_at`: when this version was first seen; `because`: the reason of `state`, in words; `due_at`: by the policy;
    `job_id`: the newest update of it; `image_id`: what would bring it where it should be, "" nothing."""

    charger_id: str
    label: str
    serial: str
    hardware: str
    version: str
    since_at: float | None
    state: FleetState
    because: str = ""
    overdue: bool = False
    due_at: float | None = None
    job_id: int | None = None
    image_id: str = ""
    online: bool = False


@dataclass(frozen=True, slots=True)
class VersionSpan:
    """The newest version of any charger of a model from then on."""

    version: str
    from_at: float


@dataclass(frozen=True, slots=True)
class FleetModel:
    """`newest_version`: of the library's usable images for it, "" none; `image_id` of that."""

    vendor: str
    model: str
    newest_version: str
    image_id: str
    policy: FirmwarePolicy | None
    blocked: tuple[BlockedVersion, ...]
    chargers: tuple[FleetCharger, ...]
    timeline: tuple[VersionSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetVersions:
    """`counts`: chargers by `FleetState`; `overdue`: chargers a policy says to be late."""

    models: tuple[FleetModel, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class VersionSeen:
    """One line of a charger's firmware history. `cause`: "first" (seen for the first time), "job" (by evdesk), "noticed"
    (not by evdesk), "event" (a security event of the charger), "kept" (an update ended and the version stayed).
    `outcome`: of the job, as `Result`, where it ended with this line; `detail`: why, in words."""

    id: int
    charger_id: str
    at: float
    version: str
    before: str = ""
    cause: str = "noticed"
    job_id: int | None = None
    detail: str = ""
    serial: str = ""
    outcome: str = ""
