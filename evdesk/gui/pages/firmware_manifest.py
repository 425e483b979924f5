"""The fields of a manifest: each with a word, a short help, and how its text becomes the value. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evdesk.gui.text import tr
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import BlockedVersion, Manifest

TEXT, LIST, LINES, NUMBER, WHOLE, YES_NO, LONG, SWITCH = (
    "text",
    "list",
    "lines",
    "number",
    "whole",
    "yes_no",
    "long",
    "switch",
)


@dataclass(frozen=True, slots=True)
class Field:
    """`name` is that of `Manifest`; `kind` how it is entered."""

    name: str
    kind: str
    word: Callable[[], str]
    help: Callable[[], str] = lambda: ""


@dataclass(frozen=True, slots=True)
class Section:
    title: Callable[[], str]
    fields: tuple[Field, ...]


SECTIONS: tuple[Section, ...] = (
    Section(
        lambda: tr("What it is for"),
        (
            Field("vendor", TEXT, lambda: tr("Maker"), lambda: tr("As the charger tells it at its start.")),
            Field("models", LIST, lambda: tr("Models"), lambda: tr("As the charger tells them, with commas between.")),
            Field(
                "any_model",
                SWITCH,
                lambda: tr("It is for any model of this maker"),
                lambda: tr("Only where the maker says so: a wrong file can leave a charger dead."),
            ),
            Field("hardware", LIST, lambda: tr("Hardware"), lambda: tr("Revisions it fits, for example B, C.")),
            Field("version", TEXT, lambda: tr("Version"), lambda: tr("As the charger will tell it afterwards.")),
        ),
    ),
    Section(
        lambda: tr("What it may be put on"),
        (
            Field(
                "from_versions",
                LIST,
                lambda: tr("From versions"),
                lambda: tr("Exact, 2.3.* or 2.3.0..2.4.0; nothing where the maker names none."),
            ),
            Field(
                "minimum_version",
                TEXT,
                lambda: tr("At least"),
                lambda: tr("The lowest version it may be put on; an older one needs a step between."),
            ),
            Field(
                "downgrade",
                YES_NO,
                lambda: tr("Takes older ones"),
                lambda: tr("Whether the charger can go back to this from a newer version."),
            ),
            Field(
                "blocked",
                LINES,
                lambda: tr("Bad versions"),
                lambda: tr("One a line, with the reason: 5.1.3: loses its limit on restart"),
            ),
        ),
    ),
    Section(
        lambda: tr("How the update goes"),
        (
            Field("settings_kept", YES_NO, lambda: tr("Keeps settings"), lambda: tr("Whether they survive it.")),
            Field(
                "backup_needed",
                SWITCH,
                lambda: tr("Back up the settings first"),
                lambda: tr("Leave it on unless the charger cannot tell its settings."),
            ),
            Field("minutes", NUMBER, lambda: tr("Minutes"), lambda: tr("How long the whole update usually takes.")),
            Field("reboots", WHOLE, lambda: tr("Restarts"), lambda: tr("How many times it restarts on the way.")),
            Field(
                "schemes",
                LIST,
                lambda: tr("Fetches by"),
                lambda: tr("http, https, ftp, ftps: what this charger can do; nothing where it is unknown."),
            ),
            Field(
                "recovery",
                LONG,
                lambda: tr("When it fails"),
                lambda: tr("What to press, how long to wait, whom to call, what never to do."),
            ),
        ),
    ),
    Section(
        lambda: tr("How it is checked"),
        (
            Field("size", WHOLE, lambda: tr("Size, bytes"), lambda: tr("As the maker tells it.")),
            Field("sha256", TEXT, lambda: tr("SHA-256"), lambda: tr("From the maker's page: 64 signs.")),
            Field(
                "signature_kind",
                TEXT,
                lambda: tr("Signature kind"),
                lambda: tr("RSA-PSS, RSA-PKCS1 or ECDSA, all over SHA-256."),
            ),
            Field("signature", LONG, lambda: tr("Signature"), lambda: tr("Base64, from the maker.")),
            Field(
                "certificate",
                LONG,
                lambda: tr("Certificate"),
                lambda: tr("Of whom it was signed by, as PEM: begins with -----BEGIN CERTIFICATE-----"),
            ),
        ),
    ),
    Section(
        lambda: tr("Where it is from"),
        (
            Field("source", TEXT, lambda: tr("Source"), lambda: tr("Portal, mail, whom you had it from.")),
            Field("notes", LONG, lambda: tr("Notes")),
        ),
    ),
)
FIELDS = {field.name: field for section in SECTIONS for field in section.fields}


def field_words(names: tuple[str, ...]) -> str:
    """ "Hardware, Minutes" for the fields nobody knows."""
    return ", ".join(FIELDS[name].word() if name in FIELDS else name for name in names)


def shown(field: Field, manifest: Manifest) -> str:
    """The value as it stands in the field. Yes, no and unknown are "yes", "no" and ""."""
    value = getattr(manifest, field.name)
    if value is None:
        return ""
    if field.kind == LIST:
        return ", ".join(value)
    if field.kind == LINES:
        return "\n".join(f"{one.version}: {one.why}" if one.why else one.version for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def read(field: Field, typed: str) -> Any:
    """What a field's text means; raises `EvdeskError(INVALID)` with what to type instead."""
    words = typed.strip()
    if field.kind in (NUMBER, WHOLE):
        return _number(field, words)
    if field.kind == LIST:
        return tuple(part for part in (piece.strip() for piece in words.replace(";", ",").split(",")) if part)
    if field.kind == LINES:
        return tuple(_blocked(line) for line in words.splitlines() if line.strip())
    if field.kind == YES_NO:
        return {"yes": True, "no": False}.get(words)
    if field.kind == SWITCH:
        return words == "yes"
    return words


def _number(field: Field, words: str) -> float | int | None:
    if not words:
        return None
    try:
        number = float(words.replace(",", ".").replace("\u2009", "").replace(" ", ""))
        if not 0 <= number < 1e15 or (field.kind == WHOLE and number != int(number)):
            raise ValueError
    except ValueError:
        kind = tr("a whole number") if field.kind == WHOLE else tr("a number")
        sentence = tr("{field}: type {kind}, or nothing where it is unknown.")
        raise EvdeskError(Reason.INVALID, sentence.format(field=field.word(), kind=kind)) from None
    return int(number) if field.kind == WHOLE else number


def _blocked(line: str) -> BlockedVersion:
    version, _, why = line.partition(":")
    return BlockedVersion(version.strip(), why.strip())


def manifest_of(typed: dict[str, str]) -> Manifest:
    """A manifest of every field's text. Raises `EvdeskError(INVALID)`."""
    return Manifest(**{name: read(FIELDS[name], words) for name, words in typed.items()})
