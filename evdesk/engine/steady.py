"""The balancer's own time: as if nobody had ever set the computer's clock, so that what it remembers stays true."""

from dataclasses import replace

from evdesk.balance import Decision, Demand, LineSample


def steady_demand(demand: Demand, jumped: float) -> Demand:
    """A demand with its moments on the balancer's time. `jumped`: `Clock.jumped`."""
    if not jumped:
        return demand
    return replace(
        demand,
        drawn_at=_less(demand.drawn_at, jumped),
        charging_since_at=_less(demand.charging_since_at, jumped),
        plugged_at=_less(demand.plugged_at, jumped),
        departure_at=_less(demand.departure_at, jumped),
    )


def steady_sample(sample: LineSample, jumped: float) -> LineSample:
    return replace(sample, at=sample.at - jumped) if jumped else sample


def on_the_clock(decision: Decision, jumped: float) -> Decision:
    """A decision with its moments as Unix seconds again."""
    if not jumped:
        return decision
    limits = {
        key: (amps, why if why.since_at is None else replace(why, since_at=why.since_at + jumped))
        for key, (amps, why) in decision.limits.items()
    }
    return replace(decision, at=decision.at + jumped, limits=limits)


def _less(at: float | None, jumped: float) -> float | None:
    return None if at is None else at - jumped
