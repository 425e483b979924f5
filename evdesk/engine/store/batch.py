"""What waits to be written: rows nobody waits for, kept in memory for a second, or for as long as the disk is full."""

from dataclasses import dataclass, field
from typing import Any

from evdesk.model import FindingSeen

Row = tuple[Any, ...]

KEEP_READINGS = 50_000
KEEP_MESSAGES = 5_000
KEEP_NOTICES = 2_000
KEEP_DECISIONS = 20_000
"""How many rows are kept in memory while nothing can be written; the oldest go first."""


@dataclass(slots=True)
class Tally:
    """One rule broken by one charger since the last write: how often, when, and the newest case."""

    seen: FindingSeen
    count: int
    first_at: float
    last_at: float

    def add(self, later: "Tally") -> None:
        self.count += later.count
        self.first_at = min(self.first_at, later.first_at)
        if later.last_at >= self.last_at:
            self.seen, self.last_at = later.seen, later.last_at


@dataclass(slots=True)
class Batch:
    """`readings` (source, t, l1, l2, l3, power_w, energy_wh, limit_a); `messages` and `notices` as their tables;
    `marks` (fault, id of the call it is about);
    `sessions` by id (energy_wh, max_power_w, meter_start_wh); `sources` (id, name) not stored yet; `decisions` by id, as
    their table; `beat`: the last second decided about; `counts` by (day, name), to be added."""

    sources: list[Row] = field(default_factory=list)
    readings: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    marks: list[Row] = field(default_factory=list)
    notices: list[Row] = field(default_factory=list)
    findings: dict[tuple[str, str], Tally] = field(default_factory=dict)
    sessions: dict[int, Row] = field(default_factory=dict)
    attempts: dict[int, Row] = field(default_factory=dict)
    decisions: dict[int, Row] = field(default_factory=dict)
    beat: float | None = None
    counts: dict[tuple[str, str], float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        rows = self.readings or self.messages or self.notices or self.findings
        return bool(
            rows
            or self.sessions
            or self.sources
            or self.attempts
            or self.decisions
            or self.beat is not None
            or self.counts
        )

    def rows(self) -> int:
        logs = len(self.messages) + len(self.notices) + len(self.findings) + len(self.attempts)
        return len(self.readings) + logs + len(self.decisions)

    def absorb(self, later: "Batch") -> None:
        """Appends a later batch."""
        self.sources += later.sources
        self.readings += later.readings
        self.messages += later.messages
        self.marks += later.marks
        self.notices += later.notices
        self.sessions.update(later.sessions)
        self.attempts.update(later.attempts)
        self.decisions.update(later.decisions)
        for key, value in later.counts.items():
            self.counts[key] = self.counts.get(key, 0.0) + value
        self.beat = later.beat if later.beat is not None else self.beat
        for key, tally in later.findings.items():
            if key in self.findings:
                self.findings[key].add(tally)
            else:
                self.findings[key] = tally

    def trim(self) -> int:
        """Drops the oldest rows beyond what memory may hold. Returns how many readings went."""
        gone = max(0, len(self.readings) - KEEP_READINGS)
        del self.readings[:gone]
        del self.messages[: max(0, len(self.messages) - KEEP_MESSAGES)]
        del self.marks[: max(0, len(self.marks) - KEEP_MESSAGES)]
        del self.notices[: max(0, len(self.notices) - KEEP_NOTICES)]
        for number in sorted(self.attempts)[: max(0, len(self.attempts) - KEEP_NOTICES)]:
            del self.attempts[number]
        for number in sorted(self.decisions)[: max(0, len(self.decisions) - KEEP_DECISIONS)]:
            del self.decisions[number]
        return gone
