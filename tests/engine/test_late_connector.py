"""A connector that shows up after the default was written has none until it is written and looked at too."""

from dataclasses import replace

import pytest

from evdesk.drivers.base import Answer, CompositeSchedule, Driver
from evdesk.engine.commands import Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.setup import Setup
from evdesk.model import BalanceSettings, Bay, Capability, Circuit, Failsafe, FailsafeState, Site
from tests.engine.store_kit import T0, FixedClock, opened

FIRST, LATE = Bay("A", 1, "a.1", "Main", max_a=32.0), Bay("A", 4, "a.4", "Main", max_a=32.0)
SITE = Site(circuits=(Circuit("Main", (100.0,) * 3),), bays=(FIRST,), balance=BalanceSettings(safe_share_a=6.0))


class PerConnector(Driver):
    """Holds a default for each connector by itself, and shows it where `shows`."""

    protocol = "ocpp1.6"

    def __init__(self, shows: bool) -> None:
        super().__init__("A")
        self.capabilities = frozenset({Capability.FAILSAFE} | ({Capability.COMPOSITE} if shows else set()))
        self.inside: dict[int, float] = {}
        self.asked: list[int] = []

    async def run(self, report) -> None:
        raise NotImplementedError

    async def install_failsafe(self, max_a, safe_a, connectors, phases=3) -> Answer:
        self.inside |= dict.fromkeys(connectors, safe_a)
        return Answer("verified" if Capability.COMPOSITE in self.capabilities else "untested")

    async def composite(self, connector_id: int, seconds: int) -> CompositeSchedule:
        self.asked.append(connector_id)
        return CompositeSchedule(((0.0, self.inside.get(connector_id)),))


@pytest.fixture
async def setup(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet = Fleet(store, FixedClock(T0))
        fleet.site = SITE
        fleet.record("A").accepted = True
        yield Setup(fleet, Commands(store), fleet.clock)


@pytest.mark.parametrize("shows", [True, False])
async def test_it_is_written_and_looked_at_by_its_own_number(setup, shows):
    record, link = setup.fleet.record("A"), PerConnector(shows)
    record.link = link
    record.connector(1)
    await setup._failsafe(record, link)
    assert (link.inside, record.safe_a) == ({1: 6.0}, 6.0)
    written = record.failsafe
    await setup._failsafe(record, link)
    assert record.failsafe == written, "nothing new: nothing is written"

    setup.fleet.site = replace(SITE, bays=(FIRST, LATE))
    assert setup.standing.plans()["A"].safe_a == 6.0, "the same as before"
    setup.standing.look()
    assert (record.failsafe.state, record.safe_a) == (FailsafeState.UNKNOWN, None)
    assert record.failsafe.detail == "connector 4 has no known default yet"
    await setup._failsafe(record, link)
    assert link.inside == {1: 6.0, 4: 6.0}
    assert (record.safe_a, record.failsafe.connectors) == (6.0, (1, 4))


async def test_what_any_connector_shows_counts(setup):
    """A flash took the default of the second connector only."""
    setup.fleet.site = replace(SITE, bays=(FIRST, LATE))
    record, link = setup.fleet.record("A"), PerConnector(True)
    record.link = link
    await setup._failsafe(record, link)
    del link.inside[4]
    await setup._failsafe(record, link)
    assert link.inside == {1: 6.0, 4: 6.0}
    link.asked.clear()
    assert await setup.shown_next(record, link, connector_id=4) == 6.0
    assert link.asked == [4]


@pytest.mark.parametrize(("known", "unable"), [((), {"A"}), ((1,), {"A"}), ((1, 4), set())])
async def test_one_that_is_away_counts_in_full_from_the_moment_it_has_another_connector(setup, known, unable):
    setup.fleet.site = replace(SITE, bays=(FIRST, LATE))
    setup.fleet.record("A").failsafe = Failsafe(FailsafeState.PROVEN, 32.0, 6.0, connectors=known)
    setup.standing.restore()
    assert setup.fleet.unable == unable


async def test_what_an_older_version_wrote_is_that_of_the_only_connector(setup):
    setup.fleet.site = replace(SITE, bays=(LATE,))
    setup.fleet.record("A").failsafe = Failsafe(FailsafeState.VERIFIED, 32.0, 6.0)
    setup.standing.restore()
    assert setup.fleet.unable == set()


async def test_a_default_that_rises_is_stored_before_it_is_written_and_when_it_was_taken(setup):
    """Whoever is killed after the charger took 9 A must not find 6 A in the records."""
    record, link, store = setup.fleet.record("A"), PerConnector(True), setup.fleet.store
    record.link = link
    stored = []

    async def save(charger, accepted):
        stored.append((charger.failsafe.state, charger.failsafe.safe_a, link.inside.get(1)))

    store.save_charger = save
    await setup._failsafe(record, link)
    stored.clear()
    setup.fleet.site = replace(SITE, balance=BalanceSettings(safe_share_a=9.0))
    await setup._failsafe(record, link)
    assert stored == [(FailsafeState.VERIFIED, 9.0, 6.0), (FailsafeState.VERIFIED, 9.0, 9.0)]
