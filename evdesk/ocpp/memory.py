"""What is kept of a charging station between two of its connections."""

from dataclasses import dataclass, field

from evdesk.ocpp.timestamps import ClockEstimate


@dataclass(slots=True)
class Memory:
    """What is worth keeping of a charger between two of its connections."""

    clock: ClockEstimate = field(default_factory=ClockEstimate)
    sample_s: float | None = None
    transactions: dict[int, int] = field(default_factory=dict)  # transaction id -> connector id
    last_error: dict[int, str] = field(default_factory=dict)
    phases_seen: dict[int, int] = field(default_factory=dict)  # connector id -> phases that carried current
    limit_purpose: str = ""  # what worked for the live limit, "" not tried
    tx_level: int | None = None
    default_level: int | None = None
    rate_unit: str = ""
    max_level: int | None = None

    def connector_of(self, transaction_id: int | None) -> int | None:
        return None if transaction_id is None else self.transactions.get(transaction_id)

    def transaction_on(self, connector_id: int) -> int | None:
        return next((ident for ident, where in reversed(self.transactions.items()) if where == connector_id), None)
