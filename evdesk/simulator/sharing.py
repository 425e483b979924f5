"""A simple sharing rule for the simulated past: 6 A first, then one ampere in turns, no line ever above its rating."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evdesk.model import PHASES, Why, WhyCode

MIN_A = 6


@dataclass(frozen=True, slots=True)
class Want:
    """One car: the lines it loads ("Garage/L1"), and the most it may or will take (whole ampere)."""

    key: str
    lines: tuple[str, ...]
    ceiling_a: int
    by_car: bool  # the ceiling is the car's own


def lines_of(circuit: str, phases: Sequence[bool]) -> tuple[str, ...]:
    """Lines a car loads: its circuit's and the main ones, on the site phases it uses."""
    names = [name for name, used in zip(PHASES, phases, strict=True) if used]
    return tuple(f"{c}/{n}" for c in dict.fromkeys((circuit, "Main")) for n in names)


def share(
    wants: Sequence[Want], free_a: Mapping[str, float], ratings: Mapping[str, float]
) -> dict[str, tuple[int, Why]]:
    """Limit and reason for each car, longest plugged first. `free_a`: what each line has left for cars."""
    left = dict(free_a)
    given = {want.key: 0 for want in wants}
    stopped: dict[str, Why] = {}
    for want in wants:
        if want.ceiling_a < MIN_A:
            stopped[want.key] = Why(WhyCode.CAR)
            continue
        full = _full(want, left, MIN_A)
        if full:
            stopped[want.key] = Why(WhyCode.WAITING, full)
            continue
        _take(want, left, MIN_A)
        given[want.key] = MIN_A
    while len(stopped) < len(wants):
        for want in wants:
            if want.key in stopped:
                continue
            full = _full(want, left, 1)
            if full:
                rating = ratings[full]
                stopped[want.key] = Why(WhyCode.LINE, full, round(rating - left[full], 1), rating)
            elif given[want.key] >= want.ceiling_a:
                stopped[want.key] = Why(WhyCode.CAR if want.by_car else WhyCode.CHARGER)
            else:
                _take(want, left, 1)
                given[want.key] += 1
    return {want.key: (given[want.key], stopped[want.key]) for want in wants}


def _full(want: Want, left: Mapping[str, float], amps: int) -> str:
    """The first line without `amps` to spare, "" when all have."""
    return next((line for line in want.lines if left[line] < amps), "")


def _take(want: Want, left: dict[str, float], amps: int) -> None:
    for line in want.lines:
        left[line] -= amps
