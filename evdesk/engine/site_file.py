"""The site as a TOML file a person can read, keep and carry to another engine."""

import re
import tomllib

import msgspec

from evdesk.model import Site
from evdesk.wire.codec import strange_names
from evdesk.wire.kinds import words_at

MOST_CHARS = 4_000_000
MOST_OPEN = 50
"""In one line; no site nests deeper."""

_LONG_KEY = re.compile(r"""(?:\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*){20}""")
"""a.b.c and so on: each part makes reading it slower."""

NO_SITE = "This is no site: it nests far deeper than any. Choose the file written by the export."
_HEAD = "# A site. Currents in ampere per phase, power in watt, times in seconds, hours as minutes of the day.\n\n"


def to_toml(site: Site) -> str:
    """What is None is left out: TOML has no word for it, and reading puts it back."""
    return _HEAD + msgspec.toml.encode(_without_none(msgspec.to_builtins(site))).decode()


def from_toml(text: str) -> tuple[Site | None, list[str]]:
    """(site, what is wrong with the text). Names evdesk does not know are told, they may be misspelt ones."""
    if len(text) > MOST_CHARS:
        return None, ["The file is too long for a site. Choose the file written by the export."]
    try:
        return (None, [NO_SITE]) if _nests(text) else _read(text)
    except RecursionError:
        return None, [NO_SITE]


def _nests(text: str) -> bool:
    """Quick, before it is read: whether a line opens, or a name goes on, far more than a site has places for."""
    if any(sign * MOST_OPEN in text for sign in "[{") or _LONG_KEY.search(text):
        return True
    return any(line.count(a) - line.count(b) > MOST_OPEN for line in text.splitlines() for a, b in ("[]", "{}"))


def _read(text: str) -> tuple[Site | None, list[str]]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [f"This is no TOML: {error}. Correct that place, or export the site again."]
    try:
        site = msgspec.convert(raw, type=Site)
    except msgspec.ValidationError as error:
        words = words_at(Site, str(error).partition(" - at ")[2].strip("`"))
        hint = f" It takes: {', '.join(words)}." if words else ""
        return None, [f"This is no site: {error}.{hint} Correct that value, or export the site again."]
    if not raw.get("circuits"):
        return None, ["The file has no circuit. Choose the file written by the export."]
    known = _without_none(msgspec.to_builtins(site))
    return site, [f"“{name}” is not known. Remove it, or correct its name." for name in strange_names(raw, known)]


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return [_without_none(v) for v in value] if isinstance(value, list | tuple) else value
