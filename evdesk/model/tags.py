"""Cards, fobs and app users: who may charge."""

from dataclasses import dataclass
from enum import StrEnum


class TagPolicy(StrEnum):
    """Who may charge at the chargers of this site."""

    ALL = "all"  # everybody, on an accepted charger
    LIST = "list"  # only tags in the list
    ASK = "ask"  # only tags in the list; an unknown one is refused and shown to a person


@dataclass(frozen=True, slots=True)
class Tag:
    """`id_tag` in the form a person entered or a charger told. `status`: "Accepted" or "Blocked". `parent`: the group
    whose members may stop each other's charges."""

    id_tag: str
    status: str = "Accepted"
    expires_at: float | None = None
    parent: str = ""
    note: str = ""
    added_at: float = 0.0
    changed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Presented:
    """A card somebody held to a reader. `answer`: the AuthorizationStatus given; `tag`: the entry of the list it
    matched, `how`: in which encoding ("as it is", "byte-reversed", ...); `unknown`: a person is asked about it."""

    at: float
    charger_id: str
    id_tag: str
    answer: str
    connector_id: int | None = None
    kind: str = ""
    tag: str = ""
    how: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way to write the same card. `form`: "hex", "hex reversed", "decimal", "decimal reversed"..."""

    form: str
    text: str


@dataclass(frozen=True, slots=True)
class TagReading:
    """What a presented text can be: its forms, and what kind of card that is, in words."""

    id_tag: str
    encodings: tuple[Encoding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalList:
    """The list of tags in one charger. `version`: what it told last, None: never asked, -1: it has no list.
    `wanted`: the tags evdesk would put there; `differs`: they are not the ones it took last."""

    charger_id: str
    version: int | None = None
    tags: int = 0
    wanted: int = 0
    differs: bool = True
    synced_at: float | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class TagLine:
    """One line of a file of tags: verdict "new", "changed", "same", "duplicate", "bad"."""

    line: int
    id_tag: str
    verdict: str
    sentence: str = ""
