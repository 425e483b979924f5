"""The local list of tags as messages, for 1.6 (5.15 SendLocalList) and 2.x (D01, D02). Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from evdesk.model.tags import Tag
from evdesk.ocpp.tag_forms import token_type
from evdesk.ocpp.tag_info import tag_details

FULL, DIFFERENTIAL = "Full", "Differential"
LONGEST = {"ocpp1.6": 20, "ocpp2.0.1": 36, "ocpp2.1": 255}
"""Characters of a tag per version."""


def fitting(tags: Iterable[Tag], protocol: str) -> tuple[list[Tag], list[str]]:
    """The tags a charger of this version can take, and those too long for it."""
    longest = LONGEST.get(protocol, 20)
    good, long = [], []
    for tag in tags:
        if len(tag.id_tag) <= longest:
            good.append(tag)
        else:
            long.append(tag.id_tag)
    return good, long


def entry(tag: Tag, protocol: str) -> dict[str, Any]:
    """A tag to add or replace."""
    second = protocol not in ("", "ocpp1.6")
    info: dict[str, Any] = {"status": tag.status, **tag_details(tag, second)}
    if not second:
        return {"idTag": tag.id_tag, "idTagInfo": info}
    return {"idToken": {"idToken": tag.id_tag, "type": token_type(tag.id_tag)}, "idTokenInfo": info}


def removal(id_tag: str, protocol: str) -> dict[str, Any]:
    """A tag to take out: an entry without its info (Differential only)."""
    if protocol in ("", "ocpp1.6"):
        return {"idTag": id_tag}
    return {"idToken": {"idToken": id_tag, "type": token_type(id_tag)}}


def requests(
    protocol: str, version: int, chunk: int, put: Sequence[Tag], remove: Sequence[str] = (), full: bool = False
) -> list[dict[str, Any]]:
    """SendLocalList requests that bring a list to `put` (full) or change it; `version` is the list's number after the
    first of them, each one more counts one up. The first of a full list is Full, the others Differential."""
    chunk = max(1, chunk)
    entries = [removal(tag, protocol) for tag in remove] + [entry(tag, protocol) for tag in put]
    parts = [entries[i : i + chunk] for i in range(0, len(entries), chunk)] or ([[]] if full else [])
    key = "listVersion" if protocol in ("", "ocpp1.6") else "versionNumber"
    made = []
    for number, part in enumerate(parts):
        one: dict[str, Any] = {key: version + number, "updateType": FULL if full and number == 0 else DIFFERENTIAL}
        if part:
            one["localAuthorizationList"] = part
        made.append(one)
    return made


def changes(before: Sequence[Tag], after: Sequence[Tag]) -> tuple[list[Tag], list[str]]:
    """(tags to put, ids to remove) that lead from one list to the other; notes do not count."""
    old = {tag.id_tag: (tag.status, tag.expires_at, tag.parent) for tag in before}
    put = [tag for tag in after if old.get(tag.id_tag) != (tag.status, tag.expires_at, tag.parent)]
    have = {tag.id_tag for tag in after}
    return put, [tag.id_tag for tag in before if tag.id_tag not in have]
