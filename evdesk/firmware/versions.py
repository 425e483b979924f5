"""Version texts as makers write them: which of two is newer, and what a pattern takes. Never guessed: None where it cannot
be told.

A text is taken apart into a series ("AC22" of "AC22-1.4.2"; "v", "FW" and the like are none), a scheme (dotted numbers, a
plain count, a day such as 20240102, a year first), its numbers, and what stands behind them ("rc1", "build45"). Only texts
of one series and one scheme are compared.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import zip_longest

from evdesk.model.firmware import Direction

MOST_CHARS = 100
ANY = "*"
_SAYS_NOTHING = frozenset({"", "v", "ver", "version", "fw", "firmware", "sw", "software", "release", "rel"})
_BEFORE = {"dev": -5, "snapshot": -5, "nightly": -5, "alpha": -4, "beta": -3, "pre": -2, "preview": -2, "rc": -1}
_PLAIN = frozenset({"final", "ga", "stable", "release", "prod"})
_AFTER = frozenset({"p", "patch", "hotfix", "hf", "sp"})
_KNOWN = frozenset({"", "build", "b", "r", "rev", "svn"}) | frozenset(_BEFORE) | _PLAIN | _AFTER
_SPACES = re.compile(r"[\s_/]+")
_DOTTED = re.compile(r"([a-z]*)([0-9]+(?:\.[0-9]+)+)(.*)", re.S)
_COUNTED = re.compile(r"([^0-9]*)([0-9]+)(.*)", re.S)
_PARTS = re.compile(r"([a-z]*)[.\- ]?([0-9]*)")
_HASH = re.compile(r"g?(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{6,40}")


@dataclass(frozen=True, slots=True)
class _Version:
    series: str
    scheme: str
    numbers: tuple[int, ...]
    rest: tuple[tuple[str, int | None], ...]


@lru_cache(maxsize=16384)
def compare(one: str, other: str) -> int | None:
    """-1 where `one` is older than `other`, 0 where they are the same, 1 where it is newer, None where nobody can tell."""
    if not one.strip() or not other.strip():
        return None
    if one.strip().casefold() == other.strip().casefold():
        return 0
    a, b = _parse(one), _parse(other)
    if a is None or b is None or (a.series, a.scheme) != (b.series, b.scheme):
        return None
    for x, y in zip_longest(a.numbers, b.numbers, fillvalue=0):
        if x != y:
            return None if _other_variant(a, b) else _sign(x - y)
    return _compare_rest(a.rest, b.rest)


def same_version(one: str, other: str) -> bool:
    """As makers write it: "V2.4.1 " is 2.4.1."""
    return bool(one.strip()) and _bare(one) == _bare(other)


def _bare(version: str) -> str:
    text = version.strip().casefold()
    return text[1:] if text[:1] == "v" and text[1:2].isdigit() else text


def direction(from_version: str, to_version: str) -> Direction:
    found = compare(to_version, from_version)
    words = {1: Direction.UPGRADE, 0: Direction.SAME, -1: Direction.DOWNGRADE}
    return Direction.UNKNOWN if found is None else words[found]


def matches(version: str, pattern: str) -> bool | None:
    """Whether a pattern takes this version: exact, "2.3.*", or "2.3.0..2.4.0" (both included; one side may be open)."""
    pattern = pattern.strip()
    if pattern == ANY:
        return True
    if ".." in pattern:
        low, _, high = (part.strip() for part in pattern.partition(".."))
        sides = [_truth(compare(version, low), (0, 1))] if low else []
        sides += [_truth(compare(version, high), (-1, 0))] if high else []
        return False if False in sides else None if None in sides else True
    if pattern.endswith(".*"):
        return _begins(version, pattern[:-2])
    return _truth(compare(version, pattern), (0,))


def matches_any(version: str, patterns: Iterable[str]) -> bool | None:
    """True where one takes it, None where one might, False where none does."""
    told = [matches(version, pattern) for pattern in patterns]
    return True if True in told else None if None in told else False


def pattern_fault(pattern: str) -> str:
    """Why a pattern cannot be meant, as the rest of a sentence; "" where it can."""
    text = pattern.strip()
    if not text:
        return "is empty"
    if len(text) > 2 * MOST_CHARS:
        return "is too long"
    if ".." in text:
        low, _, high = (part.strip() for part in text.partition(".."))
        if not (low or high) or "*" in text or ".." in high:
            return "is no range; write “2.3.0..2.4.0”"
        if low and high and compare(low, high) not in (-1, 0):
            return "ends before it begins, or its ends cannot be compared; write “2.3.0..2.4.0”"
    elif "*" in text and text != ANY and (text.count("*") > 1 or not text.endswith(".*") or _parse(text[:-2]) is None):
        return "is not understood; write “2.3.*”"
    return ""


def newest(versions: Sequence[str]) -> int | None:
    """Where in the list the newest stands: of those that nothing is newer than, the last. None for an empty list."""
    best = [n for n, one in enumerate(versions) if all(compare(one, other) != -1 for other in versions)]
    return best[-1] if best else (len(versions) - 1 if versions else None)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _truth(found: int | None, wanted: tuple[int, ...]) -> bool | None:
    return None if found is None else found in wanted


def _begins(version: str, start: str) -> bool | None:
    a, b = _parse(version), _parse(start)
    if a is None or b is None:
        return None
    if b.scheme == "count" and a.scheme == "dots":  # "2.*"
        return a.numbers[0] == b.numbers[0] if a.series == b.series else None
    if a.series != b.series or a.scheme != b.scheme:
        return None
    return a.numbers[: len(b.numbers)] == b.numbers


# -- taking apart ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _parse(text: str) -> _Version | None:
    """None where it holds no number, or is longer than any version."""
    text = text.strip().casefold()
    if not text or len(text) > MOST_CHARS:
        return None
    words = _words(text)
    for place, word in enumerate(words):
        found = _DOTTED.fullmatch(word)
        if found is not None:
            series = _series([*words[:place], found[1]])
            return _made(series, found[2], " ".join([found[3], *words[place + 1 :]]))
    found = _COUNTED.fullmatch(" ".join(words))
    return None if found is None else _made(_series(re.split(r"[\-. ]+", found[1])), found[2], found[3])


def _words(text: str) -> list[str]:
    """At spaces, underscores and slashes; at a hyphen only where a dotted number follows: "ac22-1.4.2"."""
    found: list[str] = []
    for word in _SPACES.split(text):
        first, *more = re.split(r"-(?=[a-z]*[0-9]+\.[0-9])", word)
        head_is_version = _DOTTED.fullmatch(first) is not None
        found += [word] if head_is_version else [first, *more]
    return [word for word in found if word]


def _series(words: Iterable[str]) -> str:
    return " ".join(word for word in words if word.strip("-.") not in _SAYS_NOTHING)


def _made(series: str, numbers: str, rest: str) -> _Version:
    told = tuple(int(n) for n in numbers.split("."))
    return _Version(series, _scheme(numbers, told), told, _rest(rest))


def _scheme(text: str, numbers: tuple[int, ...]) -> str:
    if len(numbers) == 1 and len(text) in (8, 10, 12, 14) and _is_day(text[:8]):
        return "day"
    if len(text.split(".", 1)[0]) == 4 and 1990 <= numbers[0] < 2100:
        return "year"
    return "count" if len(numbers) == 1 else "dots"


def _is_day(text: str) -> bool:
    try:
        return 1990 <= date(int(text[:4]), int(text[4:6]), int(text[6:8])).year < 2100
    except ValueError:
        return False


def _rest(text: str) -> tuple[tuple[str, int | None], ...]:
    """ "-rc1" as (("rc", 1),), " (45)" as (("", 45),); a commit as ("1a2b3c4", None)."""
    found: list[tuple[str, int | None]] = []
    for word in re.split(r"[\s()\[\]+,;]+", text):
        for piece in re.split(r"-+", word.strip("-.")):
            if _HASH.fullmatch(piece):
                found.append((piece, None))
                continue
            found += [(m[1], int(m[2]) if m[2] else None) for m in _PARTS.finditer(piece) if m[1] or m[2]]
    return tuple(found)


# -- what stands behind the numbers ------------------------------------------------------------------------------------


def _other_variant(a: _Version, b: _Version) -> bool:
    """ "2.4.1-DC" and "2.4.2-AC": words nobody knows, and not the same ones. Commits differ between any two versions."""
    return _strange(a) != _strange(b)


def _strange(version: _Version) -> list[str]:
    return [word for word, _ in version.rest if word not in _KNOWN and not _HASH.fullmatch(word)]


def _compare_rest(one: tuple[tuple[str, int | None], ...], other: tuple[tuple[str, int | None], ...]) -> int | None:
    for a, b in zip_longest(one, other):
        if a == b:
            continue
        if a is None or b is None:
            there = b if a is None else a
            rank = _rank(there[0])
            if rank == 0:
                continue
            return None if rank is None else (_sign(rank) if b is None else -_sign(rank))
        if a[0] == b[0]:
            if (a[1] or 0) != (b[1] or 0):
                return _sign((a[1] or 0) - (b[1] or 0))
            continue
        first, second = _rank(a[0]), _rank(b[0])
        return None if first is None or second is None or first == second else _sign(first - second)
    return 0


def _rank(word: str) -> int | None:
    """Against the same numbers alone: below 0 comes before the release, above 0 after it; None: nobody knows."""
    if word in _PLAIN:
        return 0
    return 1 if word in _AFTER else _BEFORE.get(word)
