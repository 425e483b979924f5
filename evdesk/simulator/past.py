"""The items a simulated past consists of."""

from dataclasses import dataclass, field

from evdesk.model import (
    CurrentLimit,
    NoticeKind,
    Origin,
    Phases,
    Reading,
    Severity,
    SiteLoad,
    TransactionEnded,
    TransactionStarted,
)


@dataclass(frozen=True, slots=True)
class ReadingSample:
    reading: Reading
    site_current_a: Phases
    limit_a: float | None


@dataclass(frozen=True, slots=True)
class SessionSpan:
    started: TransactionStarted
    ended: TransactionEnded | None
    max_power_w: float


@dataclass(frozen=True, slots=True)
class NoticeSample:
    at: float
    kind: NoticeKind
    severity: Severity
    charger_id: str = ""
    connector_id: int = 0
    args: dict[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LimitSample:
    at: float
    limit: CurrentLimit


@dataclass(frozen=True, slots=True)
class CommandSample:
    """`answered_at` None: no answer came. `detail` as in model.AuditRow of the answered row."""

    at: float
    origin: Origin
    what: str
    target: str
    args: dict[str, object]
    outcome: str
    answered_at: float | None
    detail: dict[str, object] = field(default_factory=dict)


Item = ReadingSample | SiteLoad | SessionSpan | NoticeSample | LimitSample | CommandSample
