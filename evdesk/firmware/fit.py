"""Whether an image is for a charger, line by line: what was found, and the way out. Nothing is guessed: what the charger or
the manifest does not say is unknown, and a person has to know it."""

from collections.abc import Iterable
from dataclasses import dataclass

from evdesk.firmware.versions import direction, matches, matches_any
from evdesk.model.firmware import (
    BlockedVersion,
    Check,
    Direction,
    FileState,
    Fit,
    Image,
    Manifest,
    SignatureState,
    Verdict,
)

OK, WARN, UNKNOWN, BLOCK = Verdict.OK, Verdict.WARN, Verdict.UNKNOWN, Verdict.BLOCK
TYPE_PLATE = "Compare with its type plate; go on only with a reason."


@dataclass(frozen=True, slots=True)
class ChargerFacts:
    """As the charger tells them, "" where it does not."""

    charger_id: str
    vendor: str = ""
    model: str = ""
    hardware: str = ""
    version: str = ""
    serial: str = ""


def fit(image: Image, charger: ChargerFacts, blocked: Iterable[BlockedVersion] = ()) -> Fit:
    """`blocked`: versions of this model that must not be used, by manifests and by people."""
    manifest = image.manifest
    way = direction(charger.version, manifest.version)
    checks = (
        _model(manifest, charger),
        _hardware(manifest, charger),
        _version(manifest, charger, way),
        _downgrade(manifest, charger, way),
        _blocked(manifest, (*manifest.blocked, *blocked)),
        _file(image),
        _signature(image),
    )
    fits = all(check.verdict is not BLOCK for check in checks)
    return Fit(charger.charger_id, image.id, fits, way, charger.version, manifest.version, checks)


def same_name(one: str, other: str) -> bool:
    """Capitals and spaces aside: chargers write "N22 " and "n22" for the same thing. An empty one is nobody's."""
    return bool(bare(one)) and bare(one) == bare(other)


def bare(name: str) -> str:
    return "".join(name.split()).casefold()


def _model(manifest: Manifest, charger: ChargerFacts) -> Check:
    told = " ".join(word for word in (charger.vendor, charger.model) if word)
    wanted = " ".join(word for word in (manifest.vendor, _any_of(manifest.models)) if word)
    if manifest.vendor and charger.vendor and not same_name(manifest.vendor, charger.vendor):
        return Check("model", BLOCK, f"The file is for {wanted}; this is {told}.", "Choose a file for this model.")
    if manifest.any_model:
        return Check("model", OK, "The file is said to be for any model.")
    if not manifest.models:
        return Check("model", BLOCK, "Nobody has said which model the file is for.", "Enter it in the library.")
    if not charger.model:
        return Check("model", UNKNOWN, f"The charger does not tell its model; the file is for {wanted}.", TYPE_PLATE)
    if not any(same_name(one, charger.model) for one in manifest.models):
        return Check("model", BLOCK, f"The file is for {wanted}; this is {told}.", "Choose a file for this model.")
    if not manifest.vendor:
        return Check("model", UNKNOWN, f"The file is for {wanted}; whose it is nobody has said.", "Enter its maker.")
    if not charger.vendor:
        return Check("model", UNKNOWN, f"The charger tells no maker; the file is for {wanted}.", TYPE_PLATE)
    return Check("model", OK, f"For {wanted}.")


def _hardware(manifest: Manifest, charger: ChargerFacts) -> Check:
    if manifest.any_model:
        return Check("hardware", OK, "The file is said to be for any model.")
    if not manifest.hardware:
        text = "Nobody has said which hardware revisions the file is for."
        return Check("hardware", UNKNOWN, text, "Ask the maker, and enter them in the library; or go on with a reason.")
    wanted = _any_of(manifest.hardware)
    if not charger.hardware:
        text = f"The charger does not tell its hardware revision; the file is for {wanted}."
        return Check("hardware", UNKNOWN, text, TYPE_PLATE)
    if not any(same_name(one, charger.hardware) for one in manifest.hardware):
        text = f"The file is for hardware {wanted}; this charger has {charger.hardware}."
        return Check("hardware", BLOCK, text, "Choose a file for this hardware.")
    return Check("hardware", OK, f"Hardware {charger.hardware}.")


def _version(manifest: Manifest, charger: ChargerFacts, way: Direction) -> Check:
    has, patterns = charger.version, manifest.from_versions
    from_any = matches_any(has, patterns) if patterns else True
    above = matches(has, f"{manifest.minimum_version}..") if manifest.minimum_version else True
    only = ", ".join(patterns) if patterns and from_any is not True else f"{manifest.minimum_version} and newer"
    if not has:
        return Check("version", UNKNOWN, "The charger does not tell its version.", "Restart it; it tells it then.")
    if way is Direction.SAME:
        return Check("version", WARN, f"It has {has} already.", "Leave it out, or go on with a reason.")
    if from_any is False or above is False:
        advice = "Bring it to one of these first." if patterns else "Bring it up to that first."
        return Check("version", BLOCK, f"This file goes on {only}; it has {has}.", advice)
    if from_any is None or above is None:
        text = f"This file goes on {only}; whether {has} is one of these cannot be told."
        return Check("version", UNKNOWN, text, "Ask the maker; go on only with a reason.")
    return Check("version", OK, f"From {has} to {manifest.version}.")


def _downgrade(manifest: Manifest, charger: ChargerFacts, way: Direction) -> Check:
    step = f"from {charger.version or '?'} to {manifest.version or '?'}"
    if way is Direction.UNKNOWN:
        text = f"Whether {step} goes up or down cannot be told."
        return Check("downgrade", UNKNOWN, text, "Ask the maker; go on only with a reason.")
    if way is not Direction.DOWNGRADE:
        return Check("downgrade", OK, "Not older than what it has.")
    if manifest.downgrade is False:
        text = f"Older than what it has ({step}), and the maker says that it does not take that."
        return Check("downgrade", BLOCK, text, "Leave it as it is, or ask the maker for a way back.")
    if manifest.downgrade is None:
        text = f"Older than what it has ({step}), and nobody has said that it takes that."
        return Check("downgrade", WARN, text, "Ask the maker; it may not start again.")
    return Check("downgrade", OK, f"Older than what it has ({step}); the maker allows that.")


def _blocked(manifest: Manifest, blocked: Iterable[BlockedVersion]) -> Check:
    for one in blocked:
        if manifest.version and matches(manifest.version, one.version):
            why = f": {one.why}" if one.why else ""
            return Check("blocked", BLOCK, f"{manifest.version} must not be used{why}.", "Choose another version.")
    return Check("blocked", OK, "Not among the blocked versions.")


def _file(image: Image) -> Check:
    whole = image.state is FileState.GOOD
    if not image.usable and not (whole and image.signature is SignatureState.INVALID):
        first, _, rest = image.why_not.partition(". ")
        return Check("file", BLOCK, f"{first.rstrip('.')}.", f"{rest.rstrip('.')}." if rest else "")
    if not image.manifest.sha256 and image.signature is not SignatureState.VALID:
        text = "Nobody has said the file's SHA-256, so whether it is whole cannot be told."
        return Check("file", UNKNOWN, text, "Enter it from the maker's page; or go on with a reason.")
    return Check("file", OK, "Whole: its SHA-256 is right.")


_SIGNATURES = {
    SignatureState.INVALID: (BLOCK, "Do not send it: ask the maker for the file again."),
    SignatureState.EXPIRED: (WARN, "Ask the maker for a newer certificate; the charger may refuse this one."),
    SignatureState.UNTRUSTED: (WARN, "Compare the certificate's fingerprint with the maker's, then trust it."),
    SignatureState.UNCHECKED: (WARN, "Enter the maker's certificate; or go on with a reason."),
    SignatureState.NONE: (WARN, "Ask the maker for a signed file; or go on with a reason."),
}


def _signature(image: Image) -> Check:
    if image.signature is SignatureState.VALID:
        return Check("signature", OK, image.signature_detail or "Signed, and checked here.")
    verdict, advice = _SIGNATURES[image.signature]
    return Check("signature", verdict, image.signature_detail or "Not signed.", advice)


def _any_of(words: tuple[str, ...]) -> str:
    """ "B", "B or C", "A, B or C"."""
    return " or ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
