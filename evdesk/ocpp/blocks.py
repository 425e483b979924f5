"""Monitors and display texts of 2.x between payloads and the model. Pure; whatever a charger writes, nothing raises."""

from typing import Any

from evdesk.model.blocks import DisplayText, Monitor
from evdesk.ocpp.device_model import address_of, parse_address
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.timestamps import format_time, parse_time

TYPES = ("UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned")
PRIORITIES = ("AlwaysFront", "InFront", "NormalCycle")
STATES = ("", "Charging", "Faulted", "Idle", "Unavailable")
FORMATS = ("ASCII", "UTF8", "HTML", "URI")
LONGEST_TEXT = 512
_MOST_EVENTS = 500
_OWNERS = {"HardWiredMonitor": "hard_wired", "PreconfiguredMonitor": "preset", "CustomMonitor": "custom"}


def read_monitors(item: dict[str, Any]) -> list[Monitor]:
    """The monitors of one entry of NotifyMonitoringReport."""
    address = address_of(item)
    told = item.get("variableMonitoring")
    found = []
    for one in told if isinstance(told, list) else [told]:
        ident = number(one.get("id")) if isinstance(one, dict) else None
        if not isinstance(one, dict) or ident is None or address is None:
            continue
        value, severity = one.get("value"), number(one.get("severity"))
        owner = _OWNERS.get(text(one, "eventNotificationType"), "")
        found.append(
            Monitor(
                ident,
                address.text,
                text(one, "type")[:40],
                _plain_number(value),
                severity if severity is not None and 0 <= severity <= 9 else 9,
                one.get("transaction") is True,
                owner,
            )
        )
    return found


def _plain_number(value: Any) -> float:
    """0 for what is no number, or none of usual size."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and -1e15 < value < 1e15
    return float(value) if good else 0.0


def monitor_item(monitor: Monitor) -> dict[str, Any]:
    """An item of SetVariableMonitoring; id 0: a new one. Raises ValueError in words."""
    address = parse_address(monitor.variable)
    if address.attribute != "Actual":
        raise ValueError("A monitor looks at the actual value: leave “#…” out.")
    if monitor.type not in TYPES:
        raise ValueError(f"A monitor is one of: {', '.join(TYPES)}.")
    if not 0 <= monitor.severity <= 9:
        raise ValueError("The severity is 0 (danger) to 9 (debug).")
    if abs(monitor.value) >= 1e12 or monitor.value != monitor.value:
        raise ValueError("The value is a number of usual size.")
    item = {"value": monitor.value, "type": monitor.type, "severity": monitor.severity, **address.to_item()}
    return item | ({"transaction": True} if monitor.transaction else {}) | ({"id": monitor.id} if monitor.id else {})


def read_display(item: dict[str, Any], offset_s: float) -> DisplayText | None:
    """One entry of NotifyDisplayMessages; `offset_s`: how far the charger's clock is ahead."""
    ident, content = number(item.get("id")), item.get("message")
    if ident is None or not isinstance(content, dict):
        return None

    def moment(name: str) -> float | None:
        stamp = parse_time(item.get(name))
        return None if stamp is None else stamp.at - offset_s

    return DisplayText(
        ident,
        text(content, "content")[:LONGEST_TEXT],
        text(item, "priority")[:20],
        text(item, "state")[:20],
        text(content, "format")[:20],
        text(content, "language")[:8],
        moment("startDateTime"),
        moment("endDateTime"),
        text(item, "transactionId")[:36],
    )


def display_item(shown: DisplayText, offset_s: float) -> dict[str, Any]:
    """MessageInfoType. Raises ValueError in words."""
    if not shown.text.strip() or len(shown.text) > LONGEST_TEXT:
        raise ValueError(f"A text for the display has 1 to {LONGEST_TEXT} characters.")
    if shown.priority not in PRIORITIES:
        raise ValueError(f"The priority is one of: {', '.join(PRIORITIES)}.")
    if shown.state not in STATES:
        raise ValueError(f"The state is one of: {', '.join(STATES[1:])}, or none.")
    if shown.format not in FORMATS:
        raise ValueError(f"The format is one of: {', '.join(FORMATS)}.")
    if not 0 <= shown.id < 2**31:
        raise ValueError("The id of a text is a number from 0.")
    if None not in (shown.start_at, shown.end_at) and (shown.end_at or 0.0) <= (shown.start_at or 0.0):
        raise ValueError("The text would end before it begins.")
    content = {"format": shown.format, "content": shown.text} | ({"language": shown.language} if shown.language else {})
    item: dict[str, Any] = {"id": shown.id, "priority": shown.priority, "message": content}
    for name, at in (("startDateTime", shown.start_at), ("endDateTime", shown.end_at)):
        if at is not None:
            item[name] = format_time(at + offset_s)
    item |= {"state": shown.state} if shown.state else {}
    return item | ({"transactionId": shown.transaction} if shown.transaction else {})


def event_data(payload: Any) -> list[dict[str, Any]]:
    """The events of one NotifyEvent, the newest first, as the members of `wire.blocks.StationEvent`."""
    told = payload.get("eventData") if isinstance(payload, dict) else None
    found = []
    for item in reversed(told[:_MOST_EVENTS] if isinstance(told, list) else []):
        address = address_of(item) if isinstance(item, dict) else None
        if address is None:
            continue
        severity = number(item.get("severity"))
        found.append(
            {
                "variable": address.text,
                "value": text(item, "actualValue")[:500],
                "trigger": text(item, "trigger")[:20],
                "info": (text(item, "techInfo") or text(item, "techCode"))[:500],
                "cleared": item.get("cleared") is True,
                "severity": severity if severity is not None and 0 <= severity <= 9 else None,
            }
        )
    return found
