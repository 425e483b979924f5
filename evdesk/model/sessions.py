"""Charging sessions (OCPP 1.6: transactions)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Session:
    """`id` is the transaction id evdesk gave. `ended_at` None: it runs. `incomplete`: start or stop is missing, or
    was reconstructed; energy is then what could be proven. `energy_wh` None: unknown."""

    id: int
    charger_id: str
    connector_id: int
    id_tag: str
    started_at: float
    ended_at: float | None = None
    meter_start_wh: float | None = None
    meter_stop_wh: float | None = None
    energy_wh: float | None = None
    max_power_w: float | None = None
    reason: str = ""
    incomplete: bool = False
    ref: str = ""  # the charger's own transaction id (2.x)
