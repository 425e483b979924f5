"""What the Firmware page says: states of chargers and files, policies, causes; each as icon, word and colour."""

from collections.abc import Collection, Sequence

from evdesk.gui import text
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model.firmware import (
    FileState,
    FirmwarePolicy,
    FleetCharger,
    FleetModel,
    FleetState,
    FleetVersions,
    Image,
    PolicyKind,
    SignatureState,
    VersionSeen,
)

ORDER = (
    FleetState.NEWEST,
    FleetState.AHEAD,
    FleetState.UPDATING,
    FleetState.BEHIND,
    FleetState.FAILED,
    FleetState.BLOCKED,
    FleetState.CHANGED,
    FleetState.NO_FILE,
    FleetState.UNKNOWN,
)
"""Of the bar and its legend: well first, then what can be done, then what cannot be told."""
URGENT = (
    FleetState.BLOCKED,
    FleetState.FAILED,
    FleetState.UPDATING,
    FleetState.BEHIND,
    FleetState.CHANGED,
    FleetState.UNKNOWN,
    FleetState.NO_FILE,
    FleetState.AHEAD,
    FleetState.NEWEST,
)
"""Of the table by state: what needs somebody first."""
UPDATABLE = (FleetState.BEHIND, FleetState.BLOCKED, FleetState.FAILED)


def state_look(state: FleetState) -> Look:
    looks = {
        FleetState.NEWEST: Look("check-circle", tr("Newest"), "ok"),
        FleetState.AHEAD: Look("arrow-up", tr("Ahead"), "info"),
        FleetState.UPDATING: Look("refresh", tr("Updating"), "info"),
        FleetState.BEHIND: Look("warning", tr("Behind"), "warn"),
        FleetState.FAILED: Look("octagon", tr("Failed"), "danger"),
        FleetState.BLOCKED: Look("shield-x", tr("Blocked"), "danger"),
        FleetState.CHANGED: Look("info", tr("Changed"), "info"),
        FleetState.NO_FILE: Look("file", tr("No file"), "muted"),
    }
    return looks.get(state, Look("question", tr("Unknown"), "warn"))


def charger_look(one: FleetCharger) -> Look:
    """The state of a row; what is late is told in the colour of danger."""
    look = state_look(one.state)
    if one.overdue and one.state is FleetState.BEHIND:
        return Look(look.icon, tr("Overdue"), "danger")
    return look


def because_words(one: FleetCharger) -> str:
    """The engine's reason; a charger that is away is said to be."""
    away = "" if one.online else tr("offline now") if one.because else tr("Offline now")
    return "; ".join(part for part in (one.because, away) if part)


# -- models -------------------------------------------------------------------------------------------------------


def model_name(vendor: str, model: str) -> str:
    return " ".join(part for part in (vendor, model) if part) or tr("Unnamed model")


def chargers_words(count: int) -> str:
    return tr("1 charger") if count == 1 else tr("{n} chargers").format(n=count)


def policy_words(policy: FirmwarePolicy | None, now: float) -> str:
    """ "Keep at 2.4.1 by 30 Nov" """
    if policy is None or policy.kind is PolicyKind.NONE:
        return tr("None")
    words = tr("Keep at {version}") if policy.kind is PolicyKind.KEEP_AT else tr("At least {version}")
    said = words.format(version=policy.version)
    if policy.by_at is None:
        return said
    by = tr("{policy} by {day}") if policy.by_at >= now else tr("{policy} since {day}")
    return by.format(policy=said, day=text.date(policy.by_at, now))


def overdue(model: FleetModel) -> int:
    return sum(one.overdue for one in model.chargers)


def blocked_words(model: FleetModel) -> str:
    """ "2.3.1, 2.3.2" """
    return ", ".join(one.version for one in model.blocked)


def fleet_words(fleet: FleetVersions) -> tuple[int, int]:
    """How many are on the newest image, and of how many."""
    everyone = sum(len(model.chargers) for model in fleet.models)
    return fleet.counts.get(FleetState.NEWEST, 0), everyone


def updates(fleet: FleetVersions, busy: Collection[str] = ()) -> list[tuple[str, str, list[FleetCharger]]]:
    """What can be updated now: (image id, "Nordlade N22 to 2.4.1", chargers), one line for each file. `busy`: those that
    an update has already."""
    found: dict[str, tuple[str, list[FleetCharger]]] = {}
    for model in fleet.models:
        for one in model.chargers:
            if one.state in UPDATABLE and one.image_id and one.charger_id not in busy:
                version = model.newest_version if one.image_id == model.image_id else tr("another version")
                name = tr("{model} to {version}").format(model=model_name(model.vendor, model.model), version=version)
                found.setdefault(one.image_id, (name, []))[1].append(one)
    return [(image_id, name, chargers) for image_id, (name, chargers) in found.items()]


def no_update(fleet: FleetVersions, images: Sequence[Image], busy: Collection[str] = ()) -> str:
    """Why nothing can be updated."""
    if busy and updates(fleet):
        return tr("Those that are behind are in an update that goes on.")
    if not any(model.chargers for model in fleet.models):
        return tr("Connect a charger first.")
    if not any(image.usable for image in images):
        return tr("The library has no file that can be sent. Add the maker's file.")
    if any(fleet.counts.get(state) for state in UPDATABLE):
        return tr("No file of the library fits those that are behind. Add the maker's file.")
    return tr("Every charger the library has a file for is on the newest one.")


# -- files --------------------------------------------------------------------------------------------------------

_BAD = {
    FileState.TRUNCATED: "Damaged, not used",
    FileState.ALTERED: "Altered, not used",
    FileState.MISSING: "The file is gone",
    FileState.EMPTY: "Empty, not used",
}


def image_look(image: Image) -> Look:
    """What a file may be used for, worst first. Only what was checked here is called checked."""
    if image.state in _BAD:
        return Look("shield-x", tr(_BAD[image.state]), "danger")
    if image.signature is SignatureState.INVALID:
        return Look("shield-x", tr("Signature is wrong, not used"), "danger")
    if not image.usable and not image.sha256:
        return Look("clock", tr("Being read"), "info")
    if wants_words(image):
        return Look("question", tr("Not described yet"), "accent")
    if not image.usable:
        return Look("warning", tr("Not used"), "warn")
    looks = {
        SignatureState.VALID: Look("shield-check", tr("Signature checked"), "ok"),
        SignatureState.UNTRUSTED: Look("shield", tr("Signature fits, maker not confirmed"), "warn"),
        SignatureState.EXPIRED: Look("shield-alert", tr("Signature fits, certificate is over"), "warn"),
        SignatureState.UNCHECKED: Look("shield-alert", tr("Signature not checked"), "warn"),
    }
    return looks.get(image.signature, Look("shield-alert", tr("Not signed"), "warn"))


def wants_words(image: Image) -> bool:
    """Whether somebody must say what a whole file is for before it can be used."""
    lacks = {"models", "version", "vendor"} & set(image.unknown)
    return not image.usable and image.state is FileState.GOOD and bool(lacks)


def image_name(image: Image) -> str:
    return image.name


def image_second(image: Image, newest: str) -> str:
    """The line under it: why it is not used, what it is for, or where it is from. `newest`: of its model in the library."""
    manifest = image.manifest
    if not image.usable:
        return image.why_not
    if newest and newest != manifest.version:
        return tr("The way back from {version}").format(version=newest)
    unknown = tr("{n} fields unknown").format(n=len(image.unknown)) if image.unknown else ""
    return fits_words(image) or manifest.source or unknown or image.file_name


def fits_words(image: Image) -> str:
    """ "From 2.3.0 up, hardware B and C" """
    manifest = image.manifest
    lowest = tr("From {version} up").format(version=manifest.minimum_version) if manifest.minimum_version else ""
    versions = manifest.from_versions
    spans = [_span(pattern) for pattern in versions]
    on = tr("on {versions}").format(versions=_listed(spans)) if spans else ""
    hardware = tr("hardware {names}").format(names=_listed(manifest.hardware)) if manifest.hardware else ""
    words = ", ".join(part for part in (lowest, on, hardware) if part)
    return words[:1].upper() + words[1:]


def _span(pattern: str) -> str:
    """ "2.3.0 to 2.4.0" of "2.3.0..2.4.0"; any other pattern as it is."""
    low, _, high = pattern.partition("..")
    return tr("{low} to {high}").format(low=low, high=high) if low and high else pattern


def _listed(names: Sequence[str]) -> str:
    """ "B", "B and C", "A, B and C" """
    if len(names) < 2:
        return "".join(names)
    return tr("{some} and {last}").format(some=", ".join(names[:-1]), last=names[-1])


# -- history ------------------------------------------------------------------------------------------------------


def seen_role(row: VersionSeen) -> str:
    """The colour of a dot: by evdesk, not by evdesk, or nothing came of it."""
    return {"job": "ok", "kept": "danger", "noticed": "warn", "event": "info"}.get(row.cause, "muted")


def seen_look(row: VersionSeen) -> Look:
    looks = {
        "first": Look("eye", tr("First seen"), "muted"),
        "job": Look("check-circle", tr("By evdesk"), "ok"),
        "noticed": Look("warning", tr("Not by evdesk"), "warn"),
        "event": Look("info", tr("Told by the charger"), "info"),
        "kept": Look("octagon", tr("Update failed"), "danger"),
    }
    return looks.get(row.cause, Look("question", row.cause or tr("Unknown"), "muted"))


def seen_change(row: VersionSeen) -> str:
    """ "2.3.2 to 2.4.0" """
    if row.cause == "first":
        return tr("First seen with {version}").format(version=row.version or text.unknown())
    if row.cause == "kept":
        return tr("{version} stays").format(version=row.version or text.unknown())
    if not row.before or row.before == row.version:
        return row.version or text.unknown()
    return tr("{before} to {version}").format(before=row.before, version=row.version)


def seen_words(row: VersionSeen) -> str:
    """One line of a charger's history: "2.3.2 to 2.4.0, job 96", "2.4.0 stays: download failed"."""
    job = tr("job {n}").format(n=row.job_id) if row.job_id is not None and row.cause == "job" else ""
    said = tr("not by evdesk") if row.cause == "noticed" else ""
    if row.cause == "kept" and row.detail:
        return f"{seen_change(row)}: {row.detail}"
    return ", ".join(part for part in (seen_change(row), job or said, row.detail) if part)
