"""What every method of the API is made of, and the parameters and results that many share."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Nothing:
    """No parameters."""


@dataclass(frozen=True, slots=True)
class OneCharger:
    charger_id: str


@dataclass(frozen=True, slots=True)
class OneConnector:
    charger_id: str
    connector_id: int = 1


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `before_id` pages on; `search` matches text; times bound the rows."""

    limit: int = 200
    before_id: int | None = None
    search: str = ""
    from_at: float | None = None
    to_at: float | None = None


@dataclass(frozen=True, slots=True)
class OptionalCharger:
    charger_id: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """`status` is the charger's own word; `before` and `after` where a value was read back."""

    ok: bool = True
    status: str = ""
    ms: float | None = None
    before: str | None = None
    after: str | None = None
    audit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Method:
    params: Any
    result: Any
    doc: str
    changes: bool = False  # True: leaves audit rows
    needs: tuple[str, ...] = ()  # paths that must be given although a default would stand in
