"""Sidecar files (TOML or JSON) to `Manifest` and back. What a person wrote wrong is said with file and field; nothing is
guessed, and what is missing stays unknown.

In the library a sidecar has one table more, `library`: what evdesk itself knows of the file (`Kept`).
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from functools import partial
from typing import Any

import tomli_w

from evdesk.firmware.versions import pattern_fault
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import BlockedVersion, Manifest

MOST_BYTES = 256 * 1024
MOST_ENTRIES, MOST_CHARS = 200, 4_000
MOST_PEM_CHARS = 64_000
LARGEST = 1 << 53
LIBRARY = "library"
SCHEMES = ("http", "https", "ftp", "ftps")
KINDS = {
    "rsapss": "RSA-PSS",
    "rsassapss": "RSA-PSS",
    "rsapkcs1": "RSA-PKCS1",
    "rsapkcs1v15": "RSA-PKCS1",
    "rsassapkcs1v15": "RSA-PKCS1",
    "ecdsa": "ECDSA",
}
"""How signatures are called, and what they are called here. Others cannot be checked, so nobody may think they were."""

_SEVERAL_LINES = ("recovery", "notes", "signature", "certificate", "sha256")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_UNSEEN_IN_A_LINE = re.compile(_UNSEEN.pattern[:-1] + r"\t\n\u061c\u200b\u200e\u200f\u2028\u2029\u2060-\u2065\ufeff]")
"""Controls, and what turns or hides words: a version must not look like another one (Unicode TR 36, 2.8)."""

_HEX = re.compile(r"[0-9a-f]{64}")
_LISTS = ("models", "hardware", "from_versions", "schemes")
_TRUTHS = ("downgrade", "settings_kept", "backup_needed", "any_model")
_WHOLE, _NUMBERS = ("size", "reboots"), ("minutes",)
_MOST = {"size": (2 << 30, " (2 GiB)"), "reboots": (20, ""), "minutes": (24 * 60, " (24 h)")}
"""Beyond that it is a slip of the pen, and every time evdesk waits for would be wrong by it."""

_NEVER_EMPTY = ("backup_needed", "any_model")
_DEEP = re.compile(r"[\[{]{50}|(?:\.[ \t]*[\w-]+[ \t]*){20}")
"""Nested deeper than any manifest, and slow to read."""

_UNKNOWN = (
    "vendor",
    "models",
    "hardware",
    "version",
    "sha256",
    "downgrade",
    "settings_kept",
    "minutes",
    "reboots",
    "recovery",
    "schemes",
    "source",
)
"""What evdesk would like to know, in the order in which it asks."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Of a file in the library. `sha256`: of what was added; `file_name`: its name then, where that has changed."""

    added_at: float | None = None
    added_by: str = ""
    manifest_source: str = ""
    sha256: str = ""
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Sidecar:
    manifest: Manifest = field(default_factory=Manifest)
    kept: Kept = field(default_factory=Kept)


def parse(raw: bytes, name: str) -> Sidecar:
    """A sidecar by its name's ending. Raises `EvdeskError(INVALID)` that names the file and the field."""
    told = dict(_table(raw, name))
    own = told.pop(LIBRARY, {})
    if not isinstance(own, dict):
        raise _fault(name, LIBRARY, "must be a table; it is evdesk's own, so take it out")
    return Sidecar(_from_plain(told, name), _kept(own, name))


def checked(manifest: Manifest, name: str) -> Manifest:
    """A manifest from elsewhere held to the same rules, and written as evdesk writes it. Raises `EvdeskError(INVALID)`."""
    return _from_plain(_plain(manifest), name)


def to_toml(sidecar: Sidecar) -> str:
    """What is unknown is left out; reading gives the same again."""
    kept = {key: value for key, value in asdict(sidecar.kept).items() if value not in (None, "")}
    return tomli_w.dumps(_plain(sidecar.manifest) | ({LIBRARY: kept} if kept else {}), multiline_strings=True)


def to_json(manifest: Manifest) -> str:
    return json.dumps(_plain(manifest), indent=2, ensure_ascii=False) + "\n"


def over(manifest: Manifest, given: Manifest) -> Manifest:
    """`manifest` with all that `given` says: its fields that are not as they would be by themselves."""
    return replace(manifest, **{name: getattr(given, name) for name in said(given)})


def said(manifest: Manifest) -> list[str]:
    """Fields that are not as they would be by themselves."""
    plain = Manifest()
    return [f.name for f in fields(Manifest) if getattr(manifest, f.name) != getattr(plain, f.name)]


def unknown(manifest: Manifest) -> tuple[str, ...]:
    """Fields nobody knows. A file for any model has none to be named."""
    free = ("models", "hardware", "vendor") if manifest.any_model else ()
    return tuple(name for name in _UNKNOWN if name not in free and getattr(manifest, name) in ("", (), None))


# -- reading -----------------------------------------------------------------------------------------------------------


def _table(raw: bytes, name: str) -> Mapping[str, Any]:
    if len(raw) > MOST_BYTES:
        raise _bad(name, "is too large for a manifest. Choose the file that describes the firmware")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(name, "is not text in UTF-8. Save it as UTF-8") from None
    if _DEEP.search(text):
        raise _bad(name, "nests far deeper than any manifest. Choose the file that describes the firmware")
    form, read = ("TOML", tomllib.loads) if name.lower().endswith(".toml") else ("JSON", partial(_json, name=name))
    try:
        told: Any = read(text)
    except (ValueError, RecursionError) as error:
        raise _bad(name, f"is not {form}: {error}. Correct that place") from None
    if not isinstance(told, dict):
        raise _bad(name, "is no manifest: it must be a table of names and values")
    return told


def _json(text: str, name: str) -> Any:
    """A key said twice is as wrong as in TOML: one of the two would be lost without a word."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for key, value in pairs:
            if key in told:
                raise _fault(name, key, "is said twice. Keep one")
            told[key] = value
        return told

    return json.loads(text, object_pairs_hook=once)


def _from_plain(told: Mapping[str, Any], name: str) -> Manifest:
    values = {str(key): _value(str(key), value, name) for key, value in told.items()}
    given = {key: value for key, value in values.items() if value is not None}
    return Manifest(**given)


def _value(key: str, value: Any, name: str) -> Any:
    """One field as `Manifest` holds it; None (JSON's null) is unknown."""
    known = [f.name for f in fields(Manifest)]
    if key not in known:
        near = get_close_matches(key, known, 1)
        hint = f"Is “{near[0]}” meant?" if near else f"A manifest knows: {', '.join(known)}."
        raise _fault(name, key, f"is not known. {hint}")
    if value is None:
        if key in _NEVER_EMPTY:
            raise _fault(name, key, "must be true or false")
        return None
    if key in _LISTS:
        return _texts(key, value, name)
    if key in _TRUTHS:
        if not isinstance(value, bool):
            raise _fault(name, key, "must be true or false")
        return value
    if key in _WHOLE or key in _NUMBERS:
        return _number(key, value, name)
    return _blocked(value, name) if key == "blocked" else _text(key, value, name)


def _text(key: str, value: Any, name: str) -> str:
    text = _bare(key, value, name)
    unseen = (_UNSEEN if key in _SEVERAL_LINES else _UNSEEN_IN_A_LINE).search(text)
    if unseen:
        if unseen[0] == "\n":
            raise _fault(name, key, "holds more than one line. Keep one")
        raise _fault(name, key, f"holds a character that is not seen (U+{ord(unseen[0]):04X}). Take it out")
    if key == "sha256":
        text = re.sub(r"[\s:]", "", text).lower()
        if text and not _HEX.fullmatch(text):
            raise _fault(name, key, "must have 64 digits of 0-9 and a-f, as the maker shows it")
    return _kind(text, name) if key == "signature_kind" else text


def _bare(key: str, value: Any, name: str) -> str:
    """Whatever can be stored as text."""
    if not isinstance(value, str):
        raise _fault(name, key, "must be a text in quotation marks")
    most = MOST_PEM_CHARS if key in ("certificate", "signature") else MOST_CHARS
    if len(value) > most:
        raise _fault(name, key, f"is longer than {most} characters. Shorten it")
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise _fault(name, key, "holds a character that is no text. Take it out")
    if "PRIVATE KEY-----" in value:
        raise _fault(name, key, "holds a private key, which nobody else may have. Keep only BEGIN CERTIFICATE and on")
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()


def _kind(text: str, name: str) -> str:
    kind = KINDS.get(re.sub(r"[^a-z0-9]", "", text.lower()), "")
    if text and not kind:
        known = ", ".join(dict.fromkeys(KINDS.values()))
        what = f"is “{text[:40]}”, which evdesk cannot check. It takes: {known}."
        raise _fault(name, "signature_kind", f"{what} Signed in another way: leave out signature and signature_kind.")
    return kind


def _texts(key: str, value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise _fault(name, key, f'must be a list of texts, like {key} = ["…"]')
    if len(value) > MOST_ENTRIES:
        raise _fault(name, key, f"has more than {MOST_ENTRIES} entries. Keep those that matter")
    texts = tuple(_text(key, one, name) for one in value)
    if not all(texts):
        raise _fault(name, key, "has an empty entry. Take it out")
    if key == "schemes":
        texts = tuple(one.lower() for one in texts)
        strange = next((one for one in texts if one not in SCHEMES), "")
        if strange:
            raise _fault(name, key, f"has “{strange}”. It takes: {', '.join(SCHEMES)}")
    if key == "from_versions":
        for pattern in texts:
            if fault := pattern_fault(pattern):
                raise _fault(name, key, f"has “{pattern}”, which {fault}")
    return texts


def _number(key: str, value: Any, name: str) -> float | int:
    kind, (most, words) = "whole number" if key in _WHOLE else "number", _MOST[key]
    numeric = isinstance(value, int) if key in _WHOLE else isinstance(value, int | float)
    if isinstance(value, bool) or not numeric or not 0 <= value <= most:  # a "nan" is neither
        raise _fault(name, key, f"must be a {kind} from 0 to {most}{words}")
    return int(value) if key in _WHOLE else float(value)


def _blocked(value: Any, name: str) -> tuple[BlockedVersion, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_ENTRIES:
        raise _fault(
            name, "blocked", f"must be a list of at most {MOST_ENTRIES} versions, each with “version” and “why”"
        )
    found = []
    for one in value:
        if not isinstance(one, dict) or not one.keys() <= {"version", "why"}:
            raise _fault(name, "blocked", "has an entry that is not made of “version” and “why”")
        version = _text("blocked", one.get("version", ""), name)
        if fault := pattern_fault(version):
            raise _fault(name, "blocked", f"has an entry whose version {fault}")
        found.append(BlockedVersion(version, _text("blocked", one.get("why", ""), name)))
    return tuple(found)


def _kept(told: Mapping[str, Any], name: str) -> Kept:
    """evdesk's own table, maybe of a newer evdesk: what is not known in it is left alone. Files are called as they like."""
    at = told.get("added_at")
    good = isinstance(at, int | float) and not isinstance(at, bool) and 0 <= at <= LARGEST
    texts = {f.name: _bare(f.name, told.get(f.name, ""), name) for f in fields(Kept) if f.name != "added_at"}
    texts["sha256"] = _text("sha256", texts["sha256"], name)
    return Kept(float(at) if good and at is not None else None, **texts)


def _bad(name: str, what: str) -> EvdeskError:
    return EvdeskError(Reason.INVALID, f"{name} {what}.")


def _fault(name: str, key: str, what: str) -> EvdeskError:
    end = "" if what.endswith((".", "?")) else "."
    return EvdeskError(Reason.INVALID, f"{name}: “{key[:60]}” {what}{end}", file=name, field=key[:60])


# -- writing -----------------------------------------------------------------------------------------------------------


def _plain(manifest: Manifest) -> dict[str, Any]:
    """Only what is said, as TOML and JSON hold it."""
    told: dict[str, Any] = {}
    for f in fields(Manifest):
        value = getattr(manifest, f.name)
        if value == f.default and f.name != "backup_needed":  # what a person may want to change is always there
            continue
        told[f.name] = list(value) if isinstance(value, tuple) else value
    if "blocked" in told:
        told["blocked"] = [asdict(one) if isinstance(one, BlockedVersion) else one for one in told["blocked"]]
    return told
