"""Whether a charger lets a live limit expire is seen in its own schedule with the first live limit."""

import asyncio
import contextlib
from typing import Any

import pytest
import websockets
from ocpp.routing import on
from ocpp.v16 import call_result

from tests.engine.harness import Station, engine, stamp, until


class Scheduling(Station):
    """Shows composite schedules; `forgets` False: it keeps a live limit for ever, whatever its duration."""

    forgets = True

    @on("GetCompositeSchedule")
    def on_composite(self, connector_id: int, duration: int, **_: Any) -> call_result.GetCompositeSchedule:
        static = [p for p in self.seen.profiles if p["charging_profile_purpose"] == "TxDefaultProfile"]
        safe_a = static[-1]["charging_schedule"]["charging_schedule_period"][0]["limit"] if static else 32.0
        live_a = self.live_limit()
        periods = [{"start_period": 0, "limit": float(safe_a if live_a is None else live_a)}]
        if live_a is not None and self.forgets:
            periods.append({"start_period": 180, "limit": float(safe_a)})
        schedule = {"charging_rate_unit": "A", "charging_schedule_period": periods, "duration": duration}
        return call_result.GetCompositeSchedule("Accepted", connector_id, stamp(), schedule)


@contextlib.asynccontextmanager
async def scheduling(url: str, forgets: bool):
    async with websockets.connect(f"{url}EX", subprotocols=["ocpp1.6"]) as socket:
        one = Scheduling("EX", socket)
        one.forgets = forgets
        task = asyncio.create_task(one.start())
        try:
            yield one
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, websockets.ConnectionClosed):
                await task


@pytest.mark.parametrize(("forgets", "state"), [(True, "verified"), (False, "untested")])
async def test_a_live_limit_that_would_never_end_is_seen(tmp_path, forgets, state):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, scheduling(running.ocpp, forgets) as station:
            # A safe default below what the live limit will be.
            settings = (await api.call("balance.get"))["settings"]
            await api.call("balance.configure", settings | {"safe_share_a": 6.0})

            async def failsafe() -> Any:
                found = await api.call("charger.list")
                return found[0]["failsafe"] if found else {}

            async def verified() -> bool:
                return (await failsafe()).get("state") == "verified"

            await station.begin("Preparing")
            await until(verified, 30)
            transaction = await station.start_charge()
            await station.measure(transaction, 6.0, 1010)

            async def looked() -> Any:
                rows = await api.call("audit.list", {"limit": 100})
                what = [(r["what"], r["kind"]) for r in reversed(rows)]
                limits = [n for n, row in enumerate(what) if row == ("balance.limit", "answered")]
                checks = [n for n, row in enumerate(what) if row == ("failsafe.check", "answered")]
                return limits and checks and checks[-1] > limits[0]

            await until(looked, 30)
            found = await failsafe()
            assert found["state"] == state
            assert ("must have expired" in found["detail"]) is not forgets


async def test_a_paused_charge_that_goes_on_gets_its_limit_again(tmp_path):
    """goecharger/go-eCharger-API-v2 #155, JoaoPedroBelo/bmw-wallbox-ha #19."""
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, scheduling(running.ocpp, True) as station:
            await station.begin("Preparing")
            await station.start_charge()

            async def limited() -> Any:
                return station.live_limit() is not None

            await until(limited, 30)
            sent = len(station.seen.profiles)
            await station.tell("SuspendedEVSE")
            await station.tell("Charging")

            async def again() -> Any:
                return len(station.seen.profiles) > sent

            await until(again, 10)

            async def written() -> Any:
                rows = await api.call("audit.list", {"limit": 20})
                return any(row["what"] == "balance.refresh" for row in rows)

            await until(written)
