"""What a charger can do, found by asking and by trying."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The newest word about one ability."""

    WORKS = "works"
    REFUSED = "refused"  # it knows it and said no
    MISSING = "missing"  # it does not know it: NotImplemented, NotSupported
    SILENT = "silent"  # it never answered
    ANNOUNCED = "announced"  # it says it can; nobody tried
    NOT_ANNOUNCED = "not_announced"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Ability:
    """`name`: the message, with what was asked in it ("TriggerMessage MeterValues", "Measurand SoC"). `area`: the
    feature profile or functional block. `evidence`: the charger's own words. `worked_at`: when it last worked.
    `seen_on`: another charger of the same vendor, model and firmware where this was seen, "" for this one."""

    name: str
    area: str
    verdict: Verdict = Verdict.UNTRIED
    at: float | None = None
    evidence: str = ""
    worked_at: float | None = None
    seen_on: str = ""
    announced: bool | None = None
