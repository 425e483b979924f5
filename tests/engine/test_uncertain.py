"""What makes a confirmed limit uncertain again: a clock that turns out to be another one, a default that is gone."""

import pytest

from evdesk.drivers.base import Answer, CompositeSchedule, Driver
from evdesk.engine.commands import Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.setup import Setup
from evdesk.model import Bay, Booted, Capability, Circuit, ClockSeen, Failsafe, FailsafeState, Identity, Site
from tests.engine.store_kit import T0, FixedClock, opened

SITE = Site(circuits=(Circuit("Main", (63.0, 63.0, 63.0)),), bays=(Bay("A", 1, "Bay 1", "Main"),), assumed=False)


@pytest.mark.parametrize(("offset_s", "kept"), [(-3600.0, False), (3600.0, False), (2.0, True)])
async def test_a_limit_made_with_another_offset_is_uncertain(tmp_path, offset_s, kept):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet = Fleet(store, FixedClock(T0))
        connector = fleet.connector(fleet.record("A"), 1)
        connector.confirmed_a, connector.confirmed_until = 10.0, T0 + 100
        fleet.report(ClockSeen("A", T0, offset_s, False))
        assert (connector.confirmed_a is not None) is kept
        assert connector.asked_a == (None if kept else 10.0)  # it may hold all the same
        connector.confirmed_a = 10.0
        fleet.report(ClockSeen("A", T0, offset_s, False))
        assert connector.confirmed_a == 10.0  # this one was made with it
        fleet.report(Booted("A", T0, Identity("V", "M", "S"), ""))
        assert fleet.record("A").clock.offset_s is None


class Forgetful(Driver):
    """Shows a composite schedule; the new default is never answered."""

    capabilities = frozenset({Capability.FAILSAFE, Capability.COMPOSITE})
    protocol = "ocpp1.6"

    def __init__(self, schedule: CompositeSchedule) -> None:
        super().__init__("A")
        self.schedule, self.asked, self.capabilities = schedule, False, type(self).capabilities

    async def run(self, report) -> None:
        raise NotImplementedError

    async def composite(self, connector_id: int, seconds: int) -> CompositeSchedule:
        return self.schedule

    async def install_failsafe(self, max_a, safe_a, connectors, phases=3) -> Answer:
        self.asked = True
        return Answer("verified")


@pytest.mark.parametrize(
    ("schedule", "there"),
    [
        (CompositeSchedule(((0.0, 10.0), (180.0, 16.0))), True),
        (CompositeSchedule(((0.0, None),)), False),
        (CompositeSchedule(((0.0, 16.0),), covers_s=60.0), False),  # may be a live limit
        (CompositeSchedule(((0.0, 16.0),), covers_s=600.0), True),
    ],
)
async def test_a_default_that_is_gone_does_not_count_until_it_is_written_again(tmp_path, schedule, there):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet = Fleet(store, FixedClock(T0))
        fleet.site = SITE
        setup = Setup(fleet, Commands(store), fleet.clock)
        record = fleet.record("A")
        record.accepted, record.link = True, Forgetful(schedule)
        fleet.connector(record, 1)
        plan = setup.standing.plans()["A"]
        record.failsafe = Failsafe(FailsafeState.VERIFIED, plan.max_a, plan.safe_a)
        assert plan.safe_a == 16.0
        seen = []
        fleet.on_changed = lambda _: seen.append((record.failsafe.state, record.safe_a))
        await setup._failsafe(record, record.link)
        assert record.link.asked is not there
        if not there:
            assert seen[0] == (FailsafeState.UNKNOWN, None)  # while it is being written the full rating counts
        assert record.falls_back
