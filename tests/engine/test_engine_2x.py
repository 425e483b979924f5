"""A real engine and simulated stations of 2.0.1 and 2.1: charges, limits, failsafe, settings, over a kill and a restart."""

import asyncio
import contextlib
from typing import Any

import pytest

from evdesk.model import Clock
from evdesk.simulator.access import Access
from evdesk.simulator.car import Car
from evdesk.simulator.makers import MAKERS
from evdesk.simulator.simulate import Plan, make_station
from tests.engine.harness import RunningEngine, engine, until


@contextlib.asynccontextmanager
async def station(url: str, protocol: str, name: str = "S2", faults: tuple[str, ...] = (), evses: int = 1):
    """A simulated station that lives while the block runs."""
    clock = Clock()
    plan = Plan(url, protocol, faults, sample_s=1, evses=evses)
    made = make_station(plan, name, MAKERS[0], clock, lambda _line: None, Access(), 1000.0)

    async def live() -> None:
        last = clock.now()
        while True:
            await asyncio.sleep(0.05)
            now = clock.now()
            made.tick(now - last)
            last = now

    tasks = [asyncio.create_task(made.link.run()), asyncio.create_task(live())]
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def charger(api: Any, name: str = "S2") -> dict[str, Any]:
    return next((c for c in await api.call("charger.list") if c["id"] == name), {})


async def ready(api: Any, name: str = "S2", state: str = "verified") -> dict[str, Any]:
    """The charger once it is set up."""

    async def look() -> Any:
        found = await charger(api, name)
        return found if found.get("failsafe", {}).get("state") == state else None

    return await until(look, 30)


async def connector(api: Any, **wanted: Any) -> dict[str, Any]:
    """The first connector, once its fields are as wanted (callables test)."""

    async def look() -> Any:
        found = (await charger(api)).get("connectors") or [{}]
        fits = all(w(found[0].get(k)) if callable(w) else found[0].get(k) == w for k, w in wanted.items())
        return found[0] if fits else None

    return await until(look, 30)


def car() -> Car:
    return Car(phases=3, max_a=16.0, wake_s=0.5, reaction_s=0.5)


@pytest.mark.parametrize("protocol", ["2.0.1", "2.1"])
async def test_a_charge_by_remote_start_with_limit_and_stop(tmp_path, protocol):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, protocol) as simulated:
            found = await ready(api)
            assert found["protocol"] == f"ocpp{protocol}"
            assert (found["vendor"], found["findings"]) == (MAKERS[0].vendor, 0)
            simulated.plug(car())
            await connector(api, status="Preparing")
            await api.call("charger.start", {"charger_id": "S2", "connector_id": 1, "id_tag": "CARD"})
            charging = await connector(api, status="Charging", limit_a=lambda a: a is not None and a >= 6)
            assert charging["id_tag"] == "CARD"
            await api.call("charger.set_limit", {"charger_id": "S2", "connector_id": 1, "limit_a": 7})
            await connector(api, limit_a=7.0, current_a=lambda a: a[0] is not None and 6.5 < a[0] < 7.5)
            await api.call("charger.stop", {"charger_id": "S2", "connector_id": 1})
            await connector(api, session_id=None)
            (session,) = await api.call("session.list")
            assert (session["reason"], session["incomplete"], session["id_tag"]) == ("Remote", False, "CARD")
            assert session["energy_wh"] is not None
            assert session["ref"]
            assert await api.call("finding.list") == []


async def test_a_killed_engine_finds_the_running_charge_again(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        port = running.ready["ocpp_port"]
        async with running.client() as api, station(running.ocpp, "2.0.1") as simulated:
            await ready(api)
            simulated.plug(car())
            await connector(api, status="Preparing")
            await api.call("charger.start", {"charger_id": "S2", "connector_id": 1, "id_tag": "CARD"})
            before = await connector(api, status="Charging", session_wh=lambda wh: wh is not None)
            running.kill()
            with engine(tmp_path, "--accept-unknown", ocpp=f"127.0.0.1:{port}") as again:
                await _goes_on(again, before["session_id"])


async def _goes_on(again: RunningEngine, session_id: int) -> None:
    """The same session, by the charger's own id, and it can be stopped."""
    async with again.client() as api:
        found = await connector(api, session_id=session_id, reading_at=lambda at: at is not None)
        assert found["id_tag"] == "CARD"

        await api.call("charger.stop", {"charger_id": "S2", "connector_id": 1})
        await connector(api, session_id=None)
        (session,) = await api.call("session.list")
        assert (session["id"], session["incomplete"]) == (session_id, False)


async def test_two_evses_are_two_places(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, "2.1", evses=2):

            async def both() -> Any:
                return len((await charger(api)).get("connectors", ())) == 2

            await until(both)
            await ready(api)
            site = await api.call("site.get")
            assert sorted(bay["connector_id"] for bay in site["bays"]) == [1, 2]


async def test_every_variable_is_read_and_one_is_written(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, "2.0.1"):
            await ready(api)
            settings = await api.call("charger.settings", {"charger_id": "S2"})
            by_name = {s["name"]: s for s in settings}
            interval = by_name["OCPPCommCtrlr/HeartbeatInterval"]
            assert (interval["type"], interval["unit"], interval["writable"]) == ("integer", "s", True)
            args = {"charger_id": "S2", "name": interval["name"], "value": "77"}
            done = await api.call("charger.write_setting", args)
            assert (done["before"], done["after"]) == (interval["value"], "77")
            verdict = await api.call("audit.verify")
            assert verdict["holds"]


async def test_the_set_up_asks_for_no_inventory(tmp_path):
    """lbbrhzn/ocpp #1432: GetBaseReport two seconds after the boot kills the dialogue of an EVBox Livo."""
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, "2.0.1", faults=("early_report_silences",)):
            await ready(api)

            async def written_down() -> Any:
                seen = {row["action"] for row in await api.call("message.list", {"limit": 1000})}
                return seen if "SetChargingProfile" in seen else None

            assert "GetBaseReport" not in await until(written_down)


async def test_a_charger_that_takes_no_profiles_is_reserved_in_full(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, "2.0.1", faults=("rejects_profiles",)):
            found = await ready(api, state="cannot")
            assert found["failsafe"]["detail"]
