"""Monitors, events and display texts of a charger in a technician's words."""

from evdesk.gui.text import iso, number, reasons, tr
from evdesk.model.blocks import DisplayText, Monitor
from evdesk.wire.blocks import StationEvent

SEVERITIES = (
    "danger", "hardware failure", "system failure", "critical", "error", "alert", "warning", "notice", "information",
    "debug",
)  # fmt: skip
"""2.x part 2, SetVariableMonitoring: 0 to 9."""

KINDS = {
    "UpperThreshold": "above {value}",
    "LowerThreshold": "below {value}",
    "Delta": "each change by {value}",
    "Periodic": "every {value} s",
    "PeriodicClockAligned": "every {value} s by the clock",
}
PRIORITIES = {"AlwaysFront": "always in front", "InFront": "in front", "NormalCycle": "in turn"}
STATES = {
    "": "always",
    "Charging": "while it charges",
    "Faulted": "while it has a fault",
    "Idle": "while it is free",
    "Unavailable": "while it is out of use",
}


def severity_words(severity: int | None) -> str:
    if severity is None or not 0 <= severity < len(SEVERITIES):
        return ""
    return tr("severity {n}, {word}").format(n=severity, word=tr(SEVERITIES[severity]))


def monitor_words(one: Monitor) -> str:
    """ "above 80 · severity 3, critical · built in" """
    value = number(one.value, 0 if one.value == int(one.value) else 2)
    kind = tr(KINDS[one.type]).format(value=value) if one.type in KINDS else f"{one.type} {value}".strip()
    owner = tr("built in") if one.owner == "hard_wired" else tr("the maker's") if one.owner == "preset" else ""
    return reasons(kind, severity_words(one.severity), tr("while it charges") if one.transaction else "", owner)


def event_words(one: StationEvent) -> str:
    value = tr("{value}, over again").format(value=one.value) if one.cleared else one.value
    return reasons(value, severity_words(one.severity), one.info)


def text_words(one: DisplayText) -> str:
    """ "in front · while it is free · until 2026-11-30 08:00" """
    until = tr("until {at}").format(at=iso(one.end_at)[:16].replace("T", " ")) if one.end_at is not None else ""
    begins = tr("from {at}").format(at=iso(one.start_at)[:16].replace("T", " ")) if one.start_at is not None else ""
    priority, state = tr(PRIORITIES.get(one.priority, one.priority)), tr(STATES.get(one.state, one.state))
    return reasons(priority, state if one.state else "", begins, until)
