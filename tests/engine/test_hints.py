"""Hints of persons and cars: kept with the charge, over a kill; weighed by how right such words have been."""

import asyncio
import time
from dataclasses import replace

import pytest

from evdesk.engine.commands import Commands
from evdesk.engine.control import Control
from evdesk.engine.fleet import Fleet
from evdesk.engine.hints import PRIOR_STAY, Hints, judge
from evdesk.engine.store.hints import HintResult
from evdesk.model import Bay, EvdeskError, NeedsTold, Session, ShareBy
from evdesk.model.hints import Hint, HintSource
from tests.engine.harness import engine, start_engine, station, until
from tests.engine.store_kit import T0, FixedClock, opened
from tests.peers.test_mobilityhouse2 import ready

H, KWH = 3600.0, 1000.0


def session(number=1, stay_h=4.0, kwh=20.0, tag="TAG", **more):
    ended = None if stay_h is None else T0 + stay_h * H
    return Session(number, "WB-1", 1, tag, T0, ended, energy_wh=None if kwh is None else kwh * KWH, **more)


def hint(stay_h=None, kwh=None, source=HintSource.PERSON):
    return Hint(None if stay_h is None else T0 + stay_h * H, None if kwh is None else kwh * KWH, source, T0)


@pytest.mark.parametrize(
    ("said", "was", "stay", "energy"),
    [
        (hint(4.5), session(), True, None),
        (hint(8), session(), False, None),  # left early, as three of four do
        (hint(2), session(), False, None),
        (hint(4, 22), session(), True, True),
        (hint(4, 60), session(), True, None),  # left in time with less: it may not have been given more
        (hint(8, 60), session(), False, False),  # left early and did not want so much
        (hint(8, 21), session(), None, True),  # had what it wanted: a stay cut short proves nothing
        (hint(None, 20), session(), None, True),
        (hint(None, 60), session(), None, False),
    ],
)
def test_what_a_charge_proves(said, was, stay, energy):
    found = judge(said, was)
    assert (found.stay, found.energy) == (stay, energy)


@pytest.mark.parametrize(
    "was", [session(stay_h=None), session(stay_h=0.01), session(incomplete=True)], ids=["runs", "short", "incomplete"]
)
def test_what_proves_nothing(was):
    assert judge(hint(4, 20), was) is None
    assert judge(hint(None, 20), session(kwh=None)) is None


class Yard:
    """Hints on a real store; what they spawn is run when asked."""

    def __init__(self, store):
        self.fleet = Fleet(store, FixedClock(T0))
        self.record = self.fleet.record("WB-1")
        self.record.accepted = True
        self.connector = self.record.connector(1)
        self.todo = []
        self.hints = Hints(self.fleet, store, lambda coro, name: self.todo.append(coro))

    async def run(self):
        todo, self.todo = self.todo, []
        for coro in todo:
            await coro

    def begin(self, number=1, tag="TAG"):
        one = session(number, None, None, tag)
        self.connector.begin(one)
        self.hints.session_changed(one)

    async def end(self, number=1, stay_h=4.0, kwh=20.0, tag="TAG"):
        self.connector.session = None
        self.hints.session_changed(session(number, stay_h, kwh, tag))
        await self.run()


async def test_trust_is_earned_by_tag_and_few_samples_count_little(tmp_path):
    path = tmp_path / "evdesk.db"
    async with opened(path) as store:
        yard = Yard(store)
        await yard.hints.open()
        assert yard.hints.trust("NEW").stay == PRIOR_STAY
        for number in range(1, 13):
            tag = "RIGHT" if number % 2 else "WRONG"
            yard.begin(number, tag)
            await yard.hints.put(yard.record, yard.connector, hint(4 if number % 2 else 12))
            assert yard.connector.hint.trust is not None
            await yard.end(number, tag=tag)
        right, wrong, new = (yard.hints.trust(tag).stay for tag in ("RIGHT", "WRONG", "NEW"))
        assert wrong < new < right < 0.9
        assert (yard.hints.trust("RIGHT").samples, yard.hints.trust("").samples) == (6, 12)
        assert [t.id_tag for t in yard.hints.all().tags] == ["RIGHT", "WRONG"]
    async with opened(path) as store:
        again = Yard(store)
        await again.hints.open()
        assert again.hints.trust("RIGHT").stay == right, "it is remembered over a restart"
        for number in range(20, 26):
            await store.save_hint_result(HintResult(number, "X", T0 + number, True, None))
        assert len(await store.hint_results()) == 18


async def test_a_car_speaks_before_its_charge_begins_and_a_person_stands_above_it(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store)
        yard.hints.told(NeedsTold("WB-1", T0, 1, 30 * KWH, T0 + 6 * H))
        assert yard.connector.hint.source is HintSource.CAR
        yard.begin()
        await yard.run()
        assert (await store.hints_of([1]))[1].energy_wh == 30 * KWH
        yard.connector.session_wh = 5 * KWH
        await yard.hints.put(yard.record, yard.connector, hint(2))
        yard.hints.told(NeedsTold("WB-1", T0 + 60, 1, 24 * KWH, T0 + 9 * H))
        await yard.run()
        said = yard.connector.hint
        assert (said.depart_at, said.energy_wh) == (T0 + 2 * H, 29 * KWH), "its departure, the car's remaining energy"
        await yard.end()
        assert yard.connector.hint is None
        yard.hints.told(NeedsTold("WB-1", T0, 9, 1.0, None))  # a connector nobody has
        yard.hints.told(NeedsTold("WB-1", T0, 1, None, None))
        assert yard.connector.hint is None


async def test_a_hint_does_not_go_over_to_the_next_car(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store)
        yard.begin(1)
        await yard.hints.put(yard.record, yard.connector, hint(2))
        yard.begin(2)  # the first charge ended without a word
        assert yard.connector.hint is None
        yard.hints.told(NeedsTold("WB-1", T0 - 9 * H, 1, KWH, None))
        yard.connector.session = None
        yard.hints.told(NeedsTold("WB-1", T0 - 9 * H, 1, KWH, None))
        yard.begin(3)
        assert yard.connector.hint is None, "said long before this car came"
        await yard.run()


async def test_the_balancer_is_told_and_how_far_to_believe(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store)
        control = Control(yard.fleet, Commands(store), yard.fleet.clock)
        yard.begin()
        yard.connector.session_wh = 3 * KWH
        bay = Bay("WB-1", 1, "Bay 1", "Main")

        def demand():
            return control._demand(bay, yard.record, yard.connector, T0)

        silent = demand()
        assert (silent.got_kwh, silent.needs_kwh, silent.departure_at, silent.trust) == (3.0, None, None, None)
        await yard.hints.put(yard.record, yard.connector, hint(4, 20))
        equal = demand()
        assert (equal.needs_kwh, equal.departure_at) == (None, None), "equal shares ask nobody"
        leaving = replace(yard.fleet.site.balance, share_by=ShareBy.LEAVING)
        yard.fleet.site = replace(yard.fleet.site, balance=leaving)
        told = demand()
        assert (told.got_kwh, told.needs_kwh, told.departure_at) == (3.0, 20.0, T0 + 4 * H)
        assert told.trust == yard.connector.hint.trust < 0.2


async def hinted(client):
    return next((c["connectors"][0]["hint"] for c in await client.call("charger.list") if c["id"] == "A1"), None)


async def accepted(client):
    return any(c["state"] == "online" for c in await client.call("charger.list"))


async def test_over_the_api_and_over_a_kill(tmp_path):
    leaves = time.time() + 3 * H
    running = start_engine(tmp_path, "--accept-unknown")
    try:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await one.begin()
            await until(lambda: accepted(client))
            where = {"charger_id": "A1", "connector_id": 1}
            with pytest.raises(EvdeskError, match="No charge runs"):
                await client.call("charger.hint", where | {"depart_at": leaves})
            await one.start_charge()
            for wrong, words in (
                ({"depart_at": 5.0}, "future"),
                ({"depart_at": leaves + 1e9}, "14 days"),
                ({"energy_wh": 0}, "above 0"),
                ({"energy_wh": -3.0}, "above 0"),
                ({"energy_wh": 1e12}, "500000"),
                ({"connector_id": 7, "energy_wh": 5.0}, "No charge runs"),
                ({"charger_id": "nobody"}, "no charger"),
            ):
                with pytest.raises(EvdeskError) as told:
                    await client.call("charger.hint", where | wrong)
                assert words in told.value.sentence
            done = await client.call("charger.hint", where | {"depart_at": leaves, "energy_wh": 20_000})
            assert done["before"] == "none"
            assert (await hinted(client))["depart_at"] == leaves
            rows = await client.call("audit.list", {"search": "charger.hint"})
            assert {row["kind"] for row in rows} == {"asked", "answered"}
            trust = await client.call("hint.trust")
            assert trust["site"]["samples"] == 0
            assert (await hinted(client))["trust"] == min(trust["site"]["stay"], trust["site"]["energy"])
    finally:
        running.kill()
    with engine(tmp_path, "--accept-unknown") as again:
        async with again.client() as client:
            said = await hinted(client)
            assert (said["depart_at"], said["energy_wh"], said["source"]) == (leaves, 20_000.0, "person")
            await client.call("charger.hint", {"charger_id": "A1"})
            assert await hinted(client) is None, "both null take it away"


async def test_a_car_of_2x_tells_what_it_needs(tmp_path):
    async with ready(tmp_path, "ocpp2.0.1") as (api, peer):
        needs = {
            "requested_energy_transfer": "AC_three_phase",
            "ac_charging_parameters": {
                "energy_amount": 18_000,
                "ev_min_current": 6,
                "ev_max_current": 16,
                "ev_max_voltage": 400,
            },
        }
        await asyncio.wait_for(peer.say("NotifyEVChargingNeeds", evse_id=1, charging_needs=needs), 10)

        async def told():
            (found,) = await api.call("charger.list")
            return found["connectors"][0]["hint"]

        said = await until(told)
        assert (said["energy_wh"], said["depart_at"], said["source"]) == (18_000.0, None, "car")
