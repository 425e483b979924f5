"""The balancer's own time: as if nobody had ever set the computer's clock, so that what it remembers stays true."""

from dataclasses import replace

from evdesk.balance import Decision, Key, LineSample
from evdesk.model import Why


def steady_sample(sample: LineSample, jumped: float) -> LineSample:
    return replace(sample, at=sample.at - jumped) if jumped else sample


class OnTheClock:
    """Decisions with their moments as Unix seconds again. A reason that stays is moved once for each jump: since when it
    holds is then the very same moment each second, and who compares sees no change."""

    def __init__(self) -> None:
        self._moved: dict[Key, tuple[Why, float, Why]] = {}  # (the balancer's, moved by, ours)

    def of(self, decision: Decision, jumped: float) -> Decision:
        """`jumped`: `Clock.jumped`."""
        if not jumped:
            self._moved.clear()
            return decision
        had, self._moved = self._moved, {}
        limits = {}
        for key, (amps, why) in decision.limits.items():
            kept = had.get(key)
            if kept is None or kept[0] is not why or kept[1] != jumped:
                kept = (why, jumped, _moved(why, jumped))
            self._moved[key] = kept
            limits[key] = (amps, kept[2])
        return replace(decision, at=decision.at + jumped, limits=limits)


def _moved(why: Why, seconds: float) -> Why:
    if why.since_at is None and why.until_at is None:
        return why
    return replace(why, since_at=less(why.since_at, -seconds), until_at=less(why.until_at, -seconds))


def less(at: float | None, jumped: float) -> float | None:
    """A moment on the balancer's time. `jumped`: `Clock.jumped`."""
    return None if at is None else at - jumped
