"""Steps seen in passing, second by second: what counts, and what does not."""

import pytest

from evdesk.engine.fleet import Fleet
from evdesk.engine.wiring.book import WiringBook
from evdesk.model import Bay, Circuit, MeterReading, MeterSource, Session, Site
from tests.engine.store_kit import T0, FixedClock, opened

RISES_AT = 30.5  # 5 A more every ten seconds, within a second
SITE = Site(
    circuits=(Circuit("Main", (63.0, 63.0, 63.0), meter=MeterSource()),),
    bays=(Bay("A", 1, "Bay 1", "Main", rotation="RST"),),
)


async def learnt(tmp_path, jumps_at, jump_a):
    """What a minute and a half have told of the meter; another load jumps once meanwhile, on all phases."""
    async with opened(tmp_path / "evdesk.db") as store:
        clock = FixedClock(T0)
        fleet = Fleet(store, clock)
        fleet.site = SITE
        connector = fleet.record("A").connector(1)
        connector.begin(Session(1, "A", 1, "TAG", T0))
        book = WiringBook(fleet)
        for second in range(90):
            clock.at = now = T0 + second
            drawn = 6.0 + 5.0 * sum(second > at for at in (RISES_AT, RISES_AT + 10.0))
            other = jump_a if second > jumps_at else 0.0
            fleet.meters["Main"] = MeterReading("Main", now, (4.0 + drawn + other, 5.0 + other, 3.0 + other))
            if second % 10 == 5:
                connector.current_a, connector.current_at = (drawn, 0.0, 0.0), now
            book.tick(now)
        seen = book.evidence.get(("A", 1))
        return [round(ratio, 2) for _at, ratio in seen.told()] if seen is not None else []


@pytest.mark.parametrize(
    ("jumps_at", "jump_a", "told"),
    [
        (80.0, -40.0, [1.0, 1.0]),  # later
        (38.0, -40.0, [1.0]),  # within one step
        (34.5, -40.0, []),  # where one ends and the next begins: it must not be counted as two that agree
    ],
)
async def test_what_others_do_meanwhile_does_not_tell_of_the_meter(tmp_path, jumps_at, jump_a, told):
    assert await learnt(tmp_path, jumps_at, jump_a) == told
