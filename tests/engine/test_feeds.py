"""Outlets nobody has placed share what their first one may take, until a person says what the feed carries."""

from dataclasses import replace

import pytest

from evdesk.balance import Balancer, Demand, failsafe_plans
from evdesk.balance.checks import validate_site
from evdesk.engine.feeds import beside
from evdesk.engine.sites import keep_accepted, place_charger
from evdesk.gui.notice_words import notice_look
from evdesk.model import Bay, ChargeMode, Circuit, Failsafe, FailsafeState, NoticeKind, Origin, Site
from evdesk.wire.methods import Accept
from evdesk.wire.site import CheckSite
from tests.engine.test_places import running, tells

ME = Origin("me", "cli")
MAIN = Circuit("Main", (100.0,) * 3)
FIRST = Bay("X", 1, "Bay 1", "Main", max_a=32.0, rotation="RST")
ONE = Site(circuits=(MAIN,), bays=(FIRST,), assumed=False)


def given(site: Site) -> float:
    """Ampere to all outlets together once every one of them has a car that takes all."""
    balancer, keys = Balancer(site), [(b.charger_id, b.connector_id) for b in site.bays]
    demands = [Demand(key, charging=True, confirmed_a=0.0, worst_a=0.0) for key in keys]
    for second in range(60):
        limits = balancer.step(float(second), demands, []).limits
        demands = [Demand(key, charging=True, confirmed_a=a, worst_a=a) for key, (a, _) in limits.items()]
    return sum(amps for amps, _ in limits.values())


def raised(site: Site, amps: float) -> Site:
    """As a person enters what the feed carries."""
    feeds = tuple(replace(c, rating_a=(amps,) * 3) if c.parent else c for c in site.circuits)
    return replace(site, circuits=feeds)


def stored_max(engine) -> float:
    return failsafe_plans(engine.fleet.site)["X"].max_a


def told(engine, monkeypatch) -> list[str]:
    said: list[str] = []

    def keep(notice) -> None:
        if notice.kind is NoticeKind.SHARED_FEED:
            said.append(notice_look(notice, str(dict(notice.args)["label"])).word)

    monkeypatch.setattr(engine.fleet, "on_notice", keep)
    return said


async def test_a_second_outlet_raises_neither_the_maximum_nor_what_is_given(tmp_path, monkeypatch):
    async with running(tmp_path) as engine:
        said = told(engine, monkeypatch)
        async with engine.sites.lock:
            await engine.sites.put(replace(ONE, bays=()), engine.fleet.site)
        tells(engine, 1)
        await engine.api.dispatch(ME, "charger.accept", Accept("X", max_a=32.0, rotation="RST"))
        assert (stored_max(engine), said) == (32.0, [])
        tells(engine, 2)
        site = engine.fleet.site
        assert [bay.connector_id for bay in site.bays] == [1, 2]
        assert (stored_max(engine), validate_site(site)) == (32.0, [])
        assert 30.0 <= given(site) <= 32.0
        assert said == ["Bay 1: 2 outlets share 32 A until you say what its feed carries"]
        await engine.api.dispatch(ME, "site.put", CheckSite(replace(site, name="Yard")))
        assert stored_max(engine) == 32.0, "nothing was said of the feed"
        await engine.api.dispatch(ME, "site.put", CheckSite(raised(site, 64.0)))
        assert stored_max(engine) == 64.0
        assert given(engine.fleet.site) >= 62.0
    async with running(tmp_path) as engine:
        assert stored_max(engine) == 64.0, "a person has said so"


@pytest.mark.parametrize("max_a", [32.0, None])
async def test_an_update_leaves_a_station_at_the_maximum_it_was_given(tmp_path, monkeypatch, max_a):
    """As an older version left it: two outlets side by side, the smallest rating inside, and a restart."""
    two = replace(ONE, bays=(FIRST, replace(FIRST, connector_id=2, label="Bay 1.2")))
    async with running(tmp_path) as engine:
        record = engine.fleet.record("X")
        record.connector(1), record.connector(2)
        if max_a is not None:
            record.failsafe = Failsafe(FailsafeState.VERIFIED, max_a, 6.0, connectors=(1, 2))
        await engine.store.save_charger(record.to_model(engine.clock.now()), True)
        await engine.store.save_site(two)
        await engine.store.drop_note("feeds", "asked")
    async with running(tmp_path) as engine:
        site = engine.fleet.site
        assert stored_max(engine) == 32.0
        assert 30.0 <= given(site) <= 32.0
        assert await engine.store.load_site() == site
        await engine.api.dispatch(ME, "site.put", CheckSite(two))
        assert stored_max(engine) == 64.0
    async with running(tmp_path) as engine:
        assert (engine.fleet.site.bays, stored_max(engine)) == (two.bays, 64.0), "asked once, and answered"


def test_all_outlets_of_a_charger_that_is_accepted_share_one_feed():
    site = place_charger(replace(ONE, bays=()), Accept("X", max_a=16.0), [1, 2, 3])
    assert [(bay.label, bay.circuit) for bay in site.bays] == [(f"Bay 1.{n}", "Bay 1 feed") for n in (1, 2, 3)]
    assert site.circuits[1:] == (Circuit("Bay 1 feed", (16.0,) * 3, parent="Main"),)
    assert failsafe_plans(site)["X"].max_a == 16.0


def test_a_further_outlet_is_wired_and_set_like_the_first():
    first = replace(FIRST, min_a=8.0, phases=1, mode=ChargeMode.SOLAR_ONLY)
    made = beside(replace(ONE, bays=(first,)), first, 2).bays[1]
    assert made == replace(first, connector_id=2, label="Bay 1.2", circuit="Bay 1 feed")


def test_what_a_person_said_two_outlets_carry_is_not_more_with_a_third():
    """Side by side on the main line they may take 64 A; on a circuit of their own what that carries."""
    two = replace(ONE, bays=(FIRST, replace(FIRST, connector_id=2, label="Bay 1.2")))
    three = beside(two, FIRST, 3)
    assert failsafe_plans(three)["X"].max_a == 64.0
    own = raised(beside(ONE, FIRST, 2), 50.0)
    three = beside(own, own.bays[0], 3)
    assert (failsafe_plans(three)["X"].max_a, three.circuits) == (50.0, own.circuits)


def test_a_circuit_that_carries_others_or_more_is_no_feed_of_the_station():
    own = Circuit("Garage", (63.0,) * 3, parent="Main")
    site = replace(ONE, circuits=(MAIN, own), bays=(replace(FIRST, circuit="Garage"),))
    made = beside(site, site.bays[0], 2)
    assert [c.parent for c in made.circuits] == ["", "Main", "Garage"]
    assert failsafe_plans(made)["X"].max_a == 32.0


def test_a_site_made_before_the_second_outlet_came_does_not_free_it():
    grown = beside(ONE, FIRST, 2)
    assert len(grown.circuits) == 2
    kept = keep_accepted(replace(ONE, name="Yard"), grown, {"X"})
    assert (kept.bays, kept.circuits) == (grown.bays, grown.circuits)


async def test_a_feed_goes_with_its_charger(tmp_path):
    async with running(tmp_path) as engine:
        tells(engine, 1, 2)
        await engine.api.dispatch(ME, "charger.accept", Accept("X"))
        assert len(engine.fleet.site.circuits) == 2
        async with engine.sites.lock:
            await engine.sites.forget("X")
        assert (engine.fleet.site.bays, len(engine.fleet.site.circuits)) == ((), 1)
