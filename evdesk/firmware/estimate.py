"""How long it still takes, by what each step usually takes and by the bytes that go."""

from evdesk.firmware.times import Times
from evdesk.firmware.watched import ORDER
from evdesk.model.jobs import JobCharger, Step

_TIMED = ORDER[ORDER.index(Step.SENT) : ORDER.index(Step.DONE)]

_BEFORE = _TIMED[: _TIMED.index(Step.INSTALLING) + 1]


def left_s(charger: JobCharger, times: Times, now: float) -> float | None:
    """Seconds until it is through; None where it is over, waits for somebody, or takes longer than usual already."""
    if charger.outcome is not None or charger.step in (Step.WAITING, Step.PREFLIGHT) or charger.step not in _TIMED:
        return None
    dated_s = 0.0
    if charger.install_at is not None and charger.install_at > now and charger.step in _BEFORE:
        dated_s = charger.install_at - now + sum(times.usual.get(step, 0.0) for step in _TIMED[len(_BEFORE) - 1 :])
    here = _TIMED.index(charger.step)
    rest_s = sum(times.usual.get(step, 0.0) for step in _TIMED[here + 1 :])
    transfer = charger.transfer
    if charger.step is Step.DOWNLOADING and transfer.rate_bps and transfer.size:
        return max(dated_s, rest_s + max(0.0, transfer.size - transfer.bytes) / transfer.rate_bps)
    this_s = times.usual.get(charger.step, 0.0) - (now - charger.step_at)
    return max(dated_s, rest_s + this_s) if this_s > 0 else dated_s or None
