"""Words on pages that are printed and kept: moments, spans of time, rows of the audit log, names and values."""

from collections.abc import Iterable
from datetime import UTC, datetime

Fact = tuple[str, str]
"""A name and its value."""


def utc(at: float | None) -> datetime | None:
    """None too for a number that is no moment of this calendar."""
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def moment(at: float | None) -> str:
    """ "2026-11-24 22:47:14" in UTC, "" where it is not known."""
    when = utc(at)
    return "" if when is None else when.strftime("%Y-%m-%d %H:%M:%S")


def ranges(numbers: Iterable[int]) -> str:
    """ "812, 815-819"."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{p[0]}" if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts) or "none"


def lasted(seconds: float) -> str:
    """ "45 s", "6 min 48 s", "1 h 12 min"."""
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min" if whole % 3600 >= 60 else f"{whole // 3600} h"


def known(*facts: Fact) -> tuple[Fact, ...]:
    """What nobody knows is said to be unknown."""
    return tuple((name, value.strip() or "unknown") for name, value in facts)


def clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def shown(text: str) -> str:
    """On one line, and nothing that is not seen or turns the words around: chargers send what they like."""
    return " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text).split())
