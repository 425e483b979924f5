"""Why a limit is what it is: the words behind each number. A reason keeps its time until code, line or limit change."""

from dataclasses import replace

from evdesk.balance.house import Other
from evdesk.balance.policy import Seat
from evdesk.balance.sharing import Shares
from evdesk.balance.standing import AHEAD, ENOUGH
from evdesk.balance.track import Track
from evdesk.balance.types import CAP, SOLAR, SOLAR_FIRST, Line, LineKind
from evdesk.model import Why, WhyCode

OFF = Why(WhyCode.OFF)


def line_why(line: Line, load_a: float, limit_a: int) -> Why:
    """A conductor is the reason: it limits, or leaves no room for the minimum. `load_a`: the other load planned for and
    everything given out on it. A power limit names its source instead; it has no amperes of its own."""
    if line.name in (SOLAR, SOLAR_FIRST):
        return Why(WhyCode.SOLAR)
    if line.kind is LineKind.POWER:
        return Why(WhyCode.CAP, line.name.removeprefix(CAP))
    code = WhyCode.LINE if limit_a > 0 else WhyCode.WAITING
    return Why(code, line.name, round(load_a, 1), line.limit_a)


def silent_why(why: Why, other: Other) -> Why:
    """Not what flows fills the line, but what is kept free in case evdesk falls silent: by an ampere at least."""
    if other.silent_a < 1.0 or why.code not in (WhyCode.LINE, WhyCode.WAITING):
        return why
    return replace(why, detail="silent", kept_a=round(other.silent_a, 1))


def ahead_why(why: Why, shares: Shares, seat: Seat) -> Why:
    """The line, as a program that looks ahead sees it: others may come first, or this one needs no more."""
    if seat.index in shares.enough and seat.track.target > 0:
        return Why(WhyCode.CAR, detail=ENOUGH)
    if seat.index in shares.ahead:
        return replace(why, detail=AHEAD, until_at=shares.ahead[seat.index])
    if seat.index in shares.turns and why.code is WhyCode.WAITING:
        return replace(why, until_at=shares.turns[seat.index])
    return why


def own_why(seat: Seat) -> Why:
    """The connector itself is the reason: the car draws less, or outlet, charger or person allow no more."""
    if seat.cap_a < seat.top_a:
        return Why(WhyCode.CAR)
    return seat.demand.ceiling_why


def waiting_why(seat: Seat, placed: bool, now: float) -> Why:
    """Nothing now, though no line is full: it may not take the minimum, is on no circuit, or was just paused."""
    if not placed:
        return Why(WhyCode.UNKNOWN, detail="no_circuit")
    if seat.top_a < seat.min_a:
        return seat.demand.ceiling_why
    until = seat.track.off_at + seat.rules.dwell_s if seat.dwells(now) else None
    return Why(WhyCode.WAITING, seat.track.why.line, detail="dwell", until_at=until)


def held_why(stale: bool) -> Why:
    """It may not rise above the failsafe share: a meter is silent, or has not answered for long enough yet."""
    return Why(WhyCode.SAFE_SHARE, detail="stale_meter" if stale else "settling")


def idle_why(seat: Seat) -> Why:
    """For connectors that do not take part: no car, or at their failsafe share on their own."""
    return Why(WhyCode.SAFE_SHARE if seat.demand.wants else WhyCode.NO_CAR)


def tell(track: Track, why: Why, now: float) -> None:
    """Puts the reason on record; the old one stays, with its time and figures, while it says the same."""
    said = track.why
    same = (why.code, why.line, why.detail) == (said.code, said.line, said.detail)
    if same and track.told == track.limit and said.since_at is not None:
        return
    track.why = replace(why, since_at=now)
    track.told = track.limit
