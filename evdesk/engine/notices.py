"""Which change of a connector's status is worth telling a person: a table."""

from evdesk.model import ConnectorStatus, NoticeKind, Severity

S = ConnectorStatus
_IDLE = {S.AVAILABLE, S.UNKNOWN, S.RESERVED, S.UNAVAILABLE}


def notice_for(before: ConnectorStatus, after: ConnectorStatus) -> tuple[NoticeKind, Severity] | None:
    """What to tell when a connector goes from `before` to `after`; None for nothing."""
    if before is after:
        return None
    if after is S.FAULTED:
        return NoticeKind.FAULT, Severity.DANGER
    if before is S.FAULTED:
        return NoticeKind.FAULT_CLEARED, Severity.OK
    if before is S.UNKNOWN:
        return None  # the first word after a (re)connection is not an event
    if before in _IDLE and after.has_car:
        return NoticeKind.PLUGGED, Severity.INFO
    if before.has_car and after is S.AVAILABLE:
        return NoticeKind.UNPLUGGED, Severity.INFO
    if after is S.SUSPENDED_EV and before is S.CHARGING:
        return NoticeKind.CAR_FULL, Severity.INFO
    return None
