"""The API's methods about decisions: which limit held when, why, and what would have changed it."""

from dataclasses import dataclass, field

import msgspec

from evdesk.model import NOT_KNOWN, Why
from evdesk.model.decisions import Cause, DecisionRow
from evdesk.wire.method import Method

MOST_ROWS = 5_000


class BalanceHistory(msgspec.Struct, frozen=True, rename={"from_at": "from", "to_at": "to"}):
    """`from`, `to`: Unix seconds. `charger_id` "" and `connector_id` 0: all. At most `limit` rows (1 to 5000).

    `merge_s`: rows of one connector that begin in the same stretch of so many seconds come as one; 0: as they are. Use
    about (to - from) / the pixels of a timeline. `after_id`: page on behind this row."""

    from_at: float
    to_at: float
    charger_id: str = ""
    connector_id: int = 0
    limit: int = 2000
    merge_s: float = 0.0
    after_id: int = 0


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Oldest first, clipped to the window. `more`: there are more behind the last one (ask with `after_id`).
    `oldest_at`: how far the log reaches back, None where it is empty. A stretch without a row is unknown: evdesk did
    not run, or the connector was not there."""

    rows: list[DecisionRow]
    more: bool = False
    oldest_at: float | None = None


@dataclass(frozen=True, slots=True)
class ExplainOne:
    """`at`: any moment the log reaches back to (Unix seconds); null: now."""

    charger_id: str
    connector_id: int = 1
    at: float | None = None


@dataclass(frozen=True, slots=True)
class LineMember:
    """One connector on a line: `drawn_a` what it drew on that conductor, `limit_a` what it was allowed; null: unknown."""

    charger_id: str
    connector_id: int
    label: str
    drawn_a: float | None = None
    limit_a: float | None = None


@dataclass(frozen=True, slots=True)
class LineMoment:
    """A line at a moment: `load_a` of `rating_a`, made of `cars_a` and `other_a`; `reserved_a` was kept free. `members`:
    those on it, the largest first. `decided_a`: the load the decision was made with."""

    line: str
    rating_a: float | None = None
    load_a: float | None = None
    cars_a: float | None = None
    other_a: float | None = None
    reserved_a: float | None = None
    decided_a: float | None = None
    members: list[LineMember] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WhatChanges:
    """`words`: machine words, e.g. "line_frees", "car_asks", "turn_comes"; `sentence`: the same in stable English."""

    words: list[str]
    sentence: str


NOTHING_CHANGES = WhatChanges([], "")


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a connector was at `limit_a` at `at`. `known` false: nothing is known of that moment, and `sentence` says why.

    `since_at` to `until_at`: how long this held (`until_at` null: still). `took_a`: what the car took at `at` on its
    busiest terminal. `neighbours`: the other connectors on the binding line, with their limits then."""

    at: float
    charger_id: str
    connector_id: int
    label: str
    known: bool
    sentence: str
    limit_a: float | None = None
    before_a: float | None = None
    why: Why = NOT_KNOWN
    since_at: float | None = None
    until_at: float | None = None
    what_changes: WhatChanges = NOTHING_CHANGES
    binding_line: LineMoment | None = None
    took_a: float | None = None
    neighbours: list[LineMember] = field(default_factory=list)
    cause: Cause | None = None


METHODS_EXPLAIN: dict[str, Method] = {
    "balance.history": Method(BalanceHistory, DecisionPage, "What was decided for whom, when, and why."),
    "balance.explain": Method(ExplainOne, Explained, "Why a connector has, or had, its limit."),
}
