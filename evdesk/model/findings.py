"""Deviations from the specification: accepted, answered, and flagged once per charger and rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FindingSeen:
    """One breach as seen on the wire. `rule` is a stable machine word ("meter_value_not_a_list")."""

    charger_id: str
    at: float
    rule: str
    sentence: str
    raw: str = ""  # the offending value, cut to 500 characters
    clause: str = ""  # specification clause or issue thread
    message: str = ""  # the frame it stood in, redacted


@dataclass(frozen=True, slots=True)
class Finding:
    charger_id: str
    rule: str
    sentence: str
    clause: str
    raw: str
    message: str
    count: int
    first_at: float
    last_at: float
