"""The site as a TOML file a person can read, keep and carry to another engine."""

import re
import tomllib
from dataclasses import replace

import msgspec

from evdesk.engine.site_file_lines import Places, path_of, words_of
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
    """(site, what is wrong with the text, with the line). Names evdesk does not know are told, they may be misspelt ones.
    A site is assumed only where the text says so, and its supply is the one that stands in until a person enters it."""
    text = text.removeprefix("\ufeff")  # some editors begin a file with it
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
        return None, [_no_toml(text, error)]
    try:
        site = msgspec.convert(raw, type=Site)
    except msgspec.ValidationError as error:
        return None, [_no_site(text, error)]
    if not raw.get("circuits"):
        return None, ["The file has no circuit. Choose the file written by the export."]
    known = _without_none(msgspec.to_builtins(site))
    stands_in = [c.rating_a for c in site.circuits if not c.parent] == [c.rating_a for c in Site().circuits]
    site = replace(site, assumed=stands_in and raw.get("assumed") is True)
    return site, [f"“{name}” is not known. Remove it, or correct its name." for name in strange_names(raw, known)]


def _no_toml(text: str, error: tomllib.TOMLDecodeError) -> str:
    if str(error).startswith(("Cannot overwrite", "Cannot declare", "Duplicate")):
        for path, first, second in Places(text).twice[:1]:
            lines = f"in line {first}, and again in line {second}" if first != second else f"twice in line {first}"
            return f"This is no TOML: “{words_of(path)[:100]}” stands {lines}. Remove one of them."
    return f"This is no TOML: {error}. Correct that place, or export the site again."


def _no_site(text: str, error: msgspec.ValidationError) -> str:
    what, _, at = str(error).partition(" - at ")
    path = path_of(at.strip("`"))
    line = Places(text).line(path)
    place = (f" at “{words_of(path)}”" if path else "") + (f" (line {line})" if line else "")
    words = [word or '"" (none)' for word in words_at(Site, at.strip("`"))]
    hint = f" It takes: {', '.join(words)}." if words else ""
    return f"This is no site: {what[:1].lower()}{what[1:]}{place}.{hint} Correct that value, or export the site again."


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return [_without_none(v) for v in value] if isinstance(value, list | tuple) else value
