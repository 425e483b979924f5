"""How much the store keeps and how often it writes."""

from dataclasses import dataclass

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Retention per level, bounds of the logs, and the rhythm of the writer.

    `checkpoint_rows`, `checkpoint_s`: the audit log is signed after so many rows, or so long after an unsigned one.
    `decisions_exact_s`: older decisions of one reason within five minutes become one.
    `max_bytes`: a ceiling for the database file; None = the disk's.
    """

    raw_s: float = 2 * DAY_S
    minute_s: float = 90 * DAY_S
    quarter_s: float = 5 * 365 * DAY_S
    messages_per_charger: int = 5_000
    messages_total: int = 200_000
    notices: int = 20_000
    attempts: int = 20_000
    findings: int = 20_000
    decisions: int = 1_000_000
    decisions_exact_s: float = 2 * DAY_S
    checkpoint_rows: int = 100
    checkpoint_s: float = 60.0
    flush_s: float = 1.0
    roll_s: float = 15.0
    prune_s: float = 60.0
    retry_s: float = 3.0
    space_s: float = 5.0
    low_bytes: int = 200_000_000  # free space below this is said, before it hurts
    max_bytes: int | None = None
