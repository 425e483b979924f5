"""A site meter that answers, and misses what flows: real Modbus, simulated chargers, all clocks twenty times as fast."""

import pytest

from tests.engine.drill_kit import Rig, Wanted, rig
from tests.engine.harness import until

FUSE_A, HOUSE_A, OTHER_A = 63.0, 10.0, 50.0  # no share is safe for all four: they fall to 0
CARS = {name: Wanted() for name in "ABCD"}


async def doubts(hall: Rig) -> list[str]:
    told = [dict(n["args"]) for n in await hall.api.call("notice.list") if n["kind"] == "meter_doubt"]
    return [args["verdict"] for args in told]


async def meter(hall: Rig) -> str:
    (one,) = (await hall.api.call("wiring.list"))["meters"]
    return str(one["verdict"])


def drawn(hall: Rig) -> float:
    return max(sum(s.outlets[1].current_a[k] for s in hall.stations.values()) for k in range(3))


@pytest.mark.parametrize("fault", ["frozen", "open"])
async def test_a_meter_that_misses_what_flows_protects_nobody_and_is_told(tmp_path, fault):
    async with rig(tmp_path, CARS, FUSE_A, OTHER_A, metered=True) as hall:
        hall.house_a = HOUSE_A
        hall.meter.fault = fault  # from before the cars come
        await hall.prepared(*CARS)
        assert await until(lambda: doubts(hall), 20) == ["misses"]

        async def room_for_the_worst() -> bool:
            return drawn(hall) <= FUSE_A - OTHER_A

        await until(room_for_the_worst, 20)
        hall.house_a, hall.worst_a = OTHER_A, 0.0  # nobody sees it rise
        held = hall.clock.now() + 60.0

        async def later() -> bool:
            return hall.clock.now() > held

        await until(later, 20)
        assert hall.worst_a + OTHER_A <= FUSE_A
        assert await meter(hall) == "misses", "that the cars draw less now does not speak for it"
        hall.house_a, hall.meter.fault = HOUSE_A, ""
        await hall.api.call("wiring.trust", {"circuit": "Main"})

        async def rises() -> bool:
            return drawn(hall) > FUSE_A - OTHER_A + 10.0

        await until(rises, 30)
        assert await meter(hall) in ("right", "unknown")


async def test_a_meter_that_hangs_while_nothing_changes_is_told_too(tmp_path):
    async with rig(tmp_path, {"A": Wanted()}, FUSE_A, OTHER_A, metered=True) as hall:
        hall.house_a = HOUSE_A
        await hall.prepared("A")

        async def charging() -> bool:
            return drawn(hall) > 15.0

        await until(charging, 20)
        hall.meter.fault = "frozen"
        assert await until(lambda: doubts(hall), 20) == ["still"]
