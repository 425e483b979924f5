"""The API's methods about tags: who may charge."""

from dataclasses import dataclass

from evdesk.model.tags import LocalList, Presented, Tag, TagLine, TagPolicy
from evdesk.wire.method import Done, Method, Nothing, OneCharger


@dataclass(frozen=True, slots=True)
class TagList:
    policy: TagPolicy
    tags: list[Tag]
    presented: list[Presented]


@dataclass(frozen=True, slots=True)
class PutTags:
    """Adds or replaces. `added_at` and `changed_at` are the engine's."""

    tags: list[Tag]


@dataclass(frozen=True, slots=True)
class DeleteTags:
    id_tags: list[str]


@dataclass(frozen=True, slots=True)
class SetTagPolicy:
    """`policy`: "all" (everybody), "list" (only accepted tags of the list), "ask" (as list; a person decides about
    unknown ones)."""

    policy: TagPolicy


@dataclass(frozen=True, slots=True)
class ImportTags:
    """`text`: CSV with any separator, with or without a head. `dry_run`: only say what would be done."""

    text: str
    dry_run: bool = True


@dataclass(frozen=True, slots=True)
class TagFile:
    name: str
    text: str


METHODS_TAGS: dict[str, Method] = {
    "tag.list": Method(Nothing, TagList, "The list, the policy, and the cards last presented."),
    "tag.put": Method(PutTags, Done, "Add or change tags.", changes=True),
    "tag.delete": Method(DeleteTags, Done, "Take tags out of the list.", changes=True),
    "tag.policy": Method(SetTagPolicy, Done, "Who may charge: everybody, the list, or ask a person.", changes=True),
    "tag.import": Method(ImportTags, list[TagLine], "Tags from a CSV file, line by line.", changes=True),
    "tag.export": Method(Nothing, TagFile, "The list as CSV."),
    "tag.states": Method(Nothing, list[LocalList], "How far the list is in each charger."),
    "tag.sync": Method(OneCharger, Done, "Send the list to a charger and read its version back.", changes=True),
}
