"""The audit log's rows."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Who acts, and from where: who "Technician" | "Owner" | "Engine" | "API script"; via "desk" | "balancer" |
    "failsafe" | "api" | "cli"; address of the client."""

    who: str
    via: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One link of the chain.

    `kind` is "asked", "answered" or "noted" (an event without a command). An answered row names its asked row in
    `ref`. `hash` = SHA-256 over the canonical JSON of all other fields and `prev`, hex.
    """

    id: int
    at: float
    kind: str
    who: str
    via: str
    address: str
    what: str  # machine word: the API method or an engine act, e.g. "charger.set_limit", "failsafe.install"
    target: str  # charger id, "site", "log"
    args: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""  # answered rows: "accepted", "rejected", "timeout", ...
    detail: dict[str, Any] = field(default_factory=dict)  # before, after, ms, sentence, file hashes
    ref: int | None = None
    prev: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """`holds` and, where it does not, the first row that breaks it and why, in words."""

    holds: bool
    rows: int
    checkpoints: int
    first_at: float | None = None
    last_hash: str = ""
    broken_row: int | None = None
    sentence: str = ""
