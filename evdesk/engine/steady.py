"""The balancer's own time: as if nobody had ever set the computer's clock, so that what it remembers stays true."""

from dataclasses import replace

from evdesk.balance import Decision, LineSample
from evdesk.model import Why


def steady_sample(sample: LineSample, jumped: float) -> LineSample:
    return replace(sample, at=sample.at - jumped) if jumped else sample


def on_the_clock(decision: Decision, jumped: float) -> Decision:
    """A decision with its moments as Unix seconds again."""
    if not jumped:
        return decision
    limits = {
        key: (amps, _moved(why, jumped) if why.since_at is not None or why.until_at is not None else why)
        for key, (amps, why) in decision.limits.items()
    }
    return replace(decision, at=decision.at + jumped, limits=limits)


def _moved(why: Why, seconds: float) -> Why:
    return replace(why, since_at=less(why.since_at, -seconds), until_at=less(why.until_at, -seconds))


def less(at: float | None, jumped: float) -> float | None:
    """A moment on the balancer's time. `jumped`: `Clock.jumped`."""
    return None if at is None else at - jumped
