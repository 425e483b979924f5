"""What an answer or a local list says of a tag beside its status: its group, and until when it counts."""

from typing import Any

from evdesk.model.tags import Tag
from evdesk.ocpp.timestamps import format_time

LONGEST_16, LONGEST_2 = 20, 36


def tag_details(tag: Tag | None, second: bool) -> dict[str, Any]:
    """Members of IdTagInfo (1.6, 7.24) or, `second`, of IdTokenInfoType (2.x part 2); empty for a tag that is not listed.
    A group's name that the version cannot hold is left out: cut off it would name another group."""
    if tag is None:
        return {}
    told: dict[str, Any] = {}
    if tag.expires_at is not None:
        told["cacheExpiryDateTime" if second else "expiryDate"] = format_time(tag.expires_at)
    if 0 < len(tag.parent) <= (LONGEST_2 if second else LONGEST_16):
        told |= {"groupIdToken": {"idToken": tag.parent, "type": "Central"}} if second else {"parentIdTag": tag.parent}
    return told
