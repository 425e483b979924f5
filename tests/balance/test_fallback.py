"""What the readings of a drill say: pure, from hand-made samples."""

import pytest

from evdesk.balance.fallback import Watched, judge
from evdesk.model.drills import DrillCause as C

T0 = 1_000_000.0


def watched(*amps: float | None, step: float = 10.0, **more) -> Watched:
    """A live limit of 12 A that must be 6 A after 55 s; a reading each `step` s from 5 s on; watched for 175 s."""
    samples = [(T0 + 5.0 + n * step, a, 12.0) for n, a in enumerate(amps)]
    base = {"since_at": T0, "latest_at": T0 + 55, "until_at": T0 + 175, "baseline_a": 12.0, "safe_a": 6.0}
    return Watched(**(base | {"samples": samples} | more))


HIGH4 = (12.0, 12.0, 11.9, 12.1)


@pytest.mark.parametrize(
    ("readings", "more", "cause"),
    [
        ((*HIGH4, 6.0, 5.9, 6.0), {}, C.FELL),
        ((*HIGH4, 12.0, 6.2, 6.2, 6.1), {}, C.FELL),  # seen at 55 s: the readings allow no more
        ((*HIGH4, 12.0, 12.0, 6.0, 6.0, 6.0), {}, C.LATE),  # at 55 s it was at 12 A still
        ((*HIGH4, *[12.0] * 14), {}, C.KEPT),
        ((*HIGH4, *[8.0] * 14), {}, C.HIGHER),
        ((*HIGH4, *[16.0] * 14), {}, C.HIGHER),
        ((*HIGH4, 6.0, 6.0, *[12.0] * 12), {}, C.KEPT),  # only a dip
        ((*HIGH4, 0.0, 0.0, 0.0), {"paused_by": "charger"}, C.ZERO),
        ((*HIGH4, 0.0, 0.0, 0.0), {"paused_by": "car"}, C.CAR_STOPPED),
        ((*HIGH4, 0.0, 0.0, 0.0), {}, C.CAR_STOPPED),  # nobody said who
        ((*HIGH4, 0.0, 0.0, 0.0), {"paused_by": "charger", "safe_a": 0.0}, C.FELL),
        ((12.0, 12.0, 3.0, 3.0, 3.0, 3.0), {}, C.CAR_LOW),  # who knows what it was allowed
        ((12.0, 6.0, 6.0, 6.0), {}, C.FELL),  # earlier than it had to
        (HIGH4, {"ended_by": "charger"}, C.ENDED),
        (HIGH4, {"ended_by": "car"}, C.CAR_STOPPED),
        (HIGH4, {}, C.NO_READINGS),
    ],
)
def test_each_behaviour_has_its_name(readings, more, cause):
    found = judge(watched(*readings, **more), T0 + 175)
    assert (found.cause, found.final) == (cause, True)


def test_seconds_and_amperes_are_those_of_the_readings():
    found = judge(watched(*HIGH4, 6.0, 5.9, 5.8), T0 + 66)
    assert (found.after_s, found.not_before_s, found.amps) == (45.0, 35.0, 5.8)


def test_it_is_not_final_before_it_has_stayed_there():
    assert not judge(watched(*HIGH4, 6.0), T0 + 46).final
    assert not judge(watched(*HIGH4, 6.0, 6.0), T0 + 56).final
    assert judge(watched(*HIGH4, 6.0, 6.0, 6.0), T0 + 66).final
    assert not judge(watched(*HIGH4, *[12.0] * 5), T0 + 100).final  # it may still be only late
