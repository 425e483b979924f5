"""What is kept of a charging station between two of its connections."""

from dataclasses import dataclass, field
from typing import TypeVar

from evdesk.ocpp.redact import forms_of
from evdesk.ocpp.timestamps import ClockEstimate

MOST_PLACES = 64
MOST_TRANSACTIONS = 64
MOST_SECRETS = 40
"""Forms of secrets: every message is searched for each."""
_Value = TypeVar("_Value")


class Few(dict[int, _Value]):
    """By EVSE or connector. Beyond `MOST_PLACES` nothing new is kept: a charger that makes up numbers must not fill the
    memory, nor push out the places it really has."""

    __slots__ = ()

    def __setitem__(self, number: int, value: _Value) -> None:
        if len(self) < MOST_PLACES or number in self:
            super().__setitem__(number, value)


@dataclass(slots=True)
class Evse:
    """One EVSE of a 2.x station: the status of each of its connectors, and what its transaction does."""

    connectors: Few[str] = field(default_factory=Few)  # connector id -> ConnectorStatusEnumType
    charging: str = ""  # ChargingStateEnumType of the running transaction, "" none runs
    ref: str = ""
    since_at: float = 0.0  # when the transaction of `ref` was first told of, by its own time
    ended: bool = False  # a transaction ended and the car is still there
    shown: str = ""  # the status last told


@dataclass(slots=True)
class Told:
    """One 2.x transaction as heard so far. `session` is evdesk's id, None while it is being recorded."""

    evse: int
    session: int | None = None
    opening: bool = False
    ended: bool = False
    last_seq: int = -1
    seen: dict[int, str] = field(default_factory=dict)  # seqNo -> the time its event told, as written
    tag: str = ""


@dataclass(slots=True)
class Memory:
    """What is worth keeping of a charger between two of its connections."""

    clock: ClockEstimate = field(default_factory=ClockEstimate)
    sample_s: float | None = None
    transactions: dict[int, int] = field(default_factory=dict)  # transaction id -> connector id
    last_error: Few[str] = field(default_factory=Few)
    limit_purpose: str = ""  # what worked for the live limit, "" not tried
    tx_level: int | None = None
    default_level: int | None = None
    tx_live: Few[int] = field(default_factory=Few)  # connector id -> transaction that carries a TxProfile of ours
    rate_unit: str = ""
    max_level: int | None = None
    no_offline_end: bool = False  # 2.1: refuses a profile with maxOfflineDuration
    items_per_message: dict[str, int] = field(default_factory=dict)  # 2.x: action -> most items in one request
    evses: Few[Evse] = field(default_factory=Few)
    told: dict[str, Told] = field(default_factory=dict)  # 2.x: the charger's transaction id -> what was heard
    secrets: tuple[str, ...] = field(default=(), repr=False)  # its passwords in every form: never shown in any message

    def keep_secret(self, *values: str) -> None:
        """From now on these are not shown, whatever the charger says. The oldest of very many are given up."""
        if not values:
            return
        forms = [form for value in values for form in forms_of(value)]
        self.secrets = tuple(dict.fromkeys([*forms, *self.secrets]))[:MOST_SECRETS]

    def connector_of(self, transaction_id: int | None) -> int | None:
        return None if transaction_id is None else self.transactions.get(transaction_id)

    def transaction_on(self, connector_id: int) -> int | None:
        return next((ident for ident, where in reversed(self.transactions.items()) if where == connector_id), None)

    def ref_of(self, transaction_id: int | None) -> str:
        """The charger's own id of a transaction (2.x), "" where it is not known."""
        return next((ref for ref, told in self.told.items() if told.session == transaction_id), "")

    def evse(self, number: int) -> Evse:
        known = self.evses.get(number)
        if known is None:
            known = self.evses[number] = Evse()
        return known

    def learn(self, transaction_id: int, connector_id: int) -> None:
        """A transaction nobody began here, as a message of the charger tells it."""
        if len(self.transactions) < MOST_TRANSACTIONS:
            self.transactions[transaction_id] = connector_id
