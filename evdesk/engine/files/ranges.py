"""What to answer to a GET or HEAD of one file: RFC 9110 sections 13 (conditions) and 14 (ranges). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,20})\s*-\s*(\d{0,20})\s*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Plan:
    """Send bytes [start, end) with this status: 200, 206, 304, 412 or 416."""

    status: int
    start: int = 0
    end: int = 0

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Subject:
    """The file: `etag` without quotes, `modified` in whole Unix seconds."""

    size: int
    etag: str
    modified: int


def plan(method: str, headers: Mapping[str, str], file: Subject) -> Plan:
    """Conditions in the order of RFC 9110, 13.2.2. What cannot be understood counts as not said: a charger that gets the
    whole file is better off than one that gets an error. Several ranges in one request are answered by the whole file."""
    whole = Plan(200, 0, file.size)
    if not _still_meant(headers, file):
        return Plan(412)
    if _has_it(headers, file):
        return Plan(304)
    wanted = headers.get("Range")
    if method != "GET" or wanted is None or not _range_holds(headers.get("If-Range"), file):
        return whole
    found = _RANGE.fullmatch(wanted)
    if found is None or found.groups() == ("", ""):
        return whole
    return _one(found[1], found[2], file.size)


def _one(first: str, last: str, size: int) -> Plan:
    if not first:
        start, end = max(size - int(last), 0), size
        return Plan(206, start, end) if int(last) and size else Plan(416)
    start = int(first)
    if last and int(last) < start:
        return Plan(200, 0, size)  # RFC 9110, 14.1.2: invalid, so it is ignored
    end = min(int(last) + 1, size) if last else size
    return Plan(206, start, end) if start < size else Plan(416)


def _still_meant(headers: Mapping[str, str], file: Subject) -> bool:
    """If-Match, or else If-Unmodified-Since."""
    match = headers.get("If-Match")
    if match is not None:
        return match.strip() == "*" or file.etag in _tags(match, weak=False)
    since = _date(headers.get("If-Unmodified-Since"))
    return since is None or file.modified <= since


def _has_it(headers: Mapping[str, str], file: Subject) -> bool:
    """If-None-Match, or else If-Modified-Since."""
    match = headers.get("If-None-Match")
    if match is not None:
        return match.strip() == "*" or file.etag in _tags(match, weak=True)
    since = _date(headers.get("If-Modified-Since"))
    return since is not None and file.modified <= since


def _range_holds(condition: str | None, file: Subject) -> bool:
    """If-Range: the part is only of use to who has the rest of the same file."""
    if condition is None:
        return True
    if '"' in condition:
        return file.etag in _tags(condition, weak=False)
    return _date(condition) == file.modified


def _tags(text: str, weak: bool) -> set[str]:
    found = re.findall(r'(W/)?"([^"]*)"', text)
    return {tag for mark, tag in found if weak or not mark}


def _date(text: str | None) -> float | None:
    if not text:
        return None
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
