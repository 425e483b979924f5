"""The API's methods about a 2.x station beside charging: monitors, events, its display, what it knows of a customer."""

from dataclasses import dataclass

from evdesk.model.blocks import CustomerTold, DisplayText, Monitor
from evdesk.wire.method import Done, Method, OneCharger


@dataclass(frozen=True, slots=True)
class SetMonitor:
    """`monitor.id` 0: a new one; the result's `after` is the id it got."""

    charger_id: str
    monitor: Monitor


@dataclass(frozen=True, slots=True)
class OneId:
    charger_id: str
    id: int


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Events up to this severity are told: 0 danger only, 9 everything."""

    charger_id: str
    severity: int


@dataclass(frozen=True, slots=True)
class SetDisplay:
    charger_id: str
    text: DisplayText


@dataclass(frozen=True, slots=True)
class AskCustomer:
    """`report`: tell what is known of who holds this tag; `clear`: forget it. What it says is personal: it is handed on,
    kept nowhere, and hidden in the message log."""

    charger_id: str
    id_tag: str
    report: bool = True
    clear: bool = False


@dataclass(frozen=True, slots=True)
class StationEvent:
    """One event of NotifyEvent, newest first, as far back as the message log reaches. `variable`: its address as in the
    settings; `trigger`: "Alerting", "Delta" or "Periodic"; `severity` where the charger tells it (2.1)."""

    at: float
    variable: str
    value: str
    trigger: str = ""
    info: str = ""
    cleared: bool = False
    severity: int | None = None


METHODS_BLOCKS: dict[str, Method] = {
    "charger.monitors": Method(OneCharger, list[Monitor], "What the charger watches by itself (2.x).", changes=True),
    "charger.set_monitor": Method(SetMonitor, Done, "Have it watch a variable.", changes=True),
    "charger.clear_monitor": Method(OneId, Done, "Have it watch no more.", changes=True),
    "charger.monitoring": Method(SetLevel, Done, "How grave an event must be to be told.", changes=True),
    "charger.events": Method(OneCharger, list[StationEvent], "What it told of its monitors, from the message log."),
    "charger.displays": Method(OneCharger, list[DisplayText], "The texts set on its display (2.x).", changes=True),
    "charger.set_display": Method(SetDisplay, Done, "Show a text on its display.", changes=True),
    "charger.clear_display": Method(OneId, Done, "Take a text away.", changes=True),
    "charger.customer": Method(AskCustomer, CustomerTold, "What it knows of a customer; forget it.", changes=True),
}
