"""Every connector of an accepted charger has a place in the balance, whenever and however it became known."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from evdesk.engine.engine import Engine
from evdesk.engine.options import EngineOptions
from evdesk.model import Bay, Circuit, ConnectorStatus, FindingSeen, Origin, StatusChanged
from evdesk.wire.methods import Accept
from tests.engine.harness import until
from tests.engine.store_kit import opened
from tests.engine.test_unsure import Hall

ME = Origin("me", "cli")


@contextlib.asynccontextmanager
async def running(data: Path, accept_unknown: bool = False) -> AsyncIterator[Engine]:
    """An engine without its process, so that a connector can be told at the worst moment."""
    options = EngineOptions(data=data, ocpp=("127.0.0.1", 0), api=("127.0.0.1", 0), accept_unknown=accept_unknown)
    engine = Engine(options, "token")
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


def tells(engine: Engine, *connectors: int) -> None:
    for connector in connectors:
        engine.fleet.report(StatusChanged("X", connector, engine.clock.now(), ConnectorStatus.CHARGING))


def places(engine: Engine) -> list[int]:
    return sorted(bay.connector_id for bay in engine.fleet.site.bays if bay.charger_id == "X")


def told_while(monkeypatch, engine: Engine, verb: str, connector: int) -> None:
    """The charger tells of this connector when `verb` of the store has done its work and nobody goes on yet."""
    real = getattr(engine.store, verb)

    async def late(*args, **kwargs):
        done = await real(*args, **kwargs)
        monkeypatch.setattr(engine.store, verb, real)
        tells(engine, connector)
        return done

    monkeypatch.setattr(engine.store, verb, late)


@pytest.mark.parametrize("verb", ["audit", "save_site", "save_charger"])
async def test_a_connector_told_while_its_charger_is_accepted_is_placed(tmp_path, monkeypatch, verb):
    async with running(tmp_path) as engine:
        tells(engine, 1)
        told_while(monkeypatch, engine, verb, 2)
        await engine.api.dispatch(ME, "charger.accept", Accept("X", max_a=32.0))
        assert places(engine) == [1, 2]
        assert [bay.max_a for bay in engine.fleet.site.bays] == [32.0, 32.0]
        engine.control.tick()
        assert engine.control.demands["X", 2].worst_a == 32.0


@pytest.mark.parametrize("verb", ["audit", "save_site", "save_charger"])
async def test_a_connector_told_while_its_charger_joins_is_placed(tmp_path, monkeypatch, verb):
    async with running(tmp_path, accept_unknown=True) as engine:
        tells(engine, 1)
        told_while(monkeypatch, engine, verb, 2)
        engine.joining.add(engine.fleet.record("X"))

        async def joined() -> bool:
            return places(engine) == [1, 2]

        await until(joined)


async def test_one_without_a_place_is_found_by_looking(tmp_path):
    """As the store of an older version has it: nothing tells of it any more."""
    async with running(tmp_path) as engine:
        tells(engine, 1)
        await engine.api.dispatch(ME, "charger.accept", Accept("X"))
        engine.fleet.record("X").connector(2)

        async def found() -> bool:
            return places(engine) == [1, 2]

        await until(found)
    async with running(tmp_path) as engine:
        assert places(engine) == [1, 2], "and it is stored"


async def test_those_told_while_a_site_is_stored_stay_in_it(tmp_path, monkeypatch):
    async with running(tmp_path) as engine:
        tells(engine, 1)
        await engine.api.dispatch(ME, "charger.accept", Accept("X"))
        basis, real, came = engine.fleet.site, engine.store.save_site, [2, 3]

        async def save(site):
            await real(site)
            if came:
                tells(engine, came.pop(0))

        monkeypatch.setattr(engine.store, "save_site", save)
        async with engine.sites.lock:
            await engine.sites.put(replace(basis, circuits=(Circuit("Main", (63.0,) * 3),)), basis)
        assert places(engine) == [1, 2, 3]
        await asyncio.gather(*engine.sites._saving)
        assert await engine.store.load_site() == engine.fleet.site


async def test_twenty_outlets_are_placed_and_a_number_that_cannot_be_is_not(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        hall, told = Hall(store, "A", 400.0), list[FindingSeen]()
        hall.fleet.report = told.append
        record = hall.fleet.chargers["A"]
        for connector in (*range(2, 21), 47, 4711):
            record.connector(connector)
        for _ in range(2):
            hall.sites.place_missing(record)
        bays: tuple[Bay, ...] = hall.fleet.site.bays
        assert [bay.connector_id for bay in bays] == list(range(1, 21))
        assert [(seen.rule, seen.raw) for seen in told] == [
            ("connector_not_believed", "47"),
            ("connector_not_believed", "4711"),
        ]
        await asyncio.gather(*hall.sites._saving)
        await hall.setup.close()


async def test_what_cannot_be_is_not_placed_with_its_charger_either(tmp_path):
    async with running(tmp_path) as engine:
        tells(engine, 1, 2, 4711)
        await engine.api.dispatch(ME, "charger.accept", Accept("X"))
        assert places(engine) == [1, 2]
