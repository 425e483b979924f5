"""ocpp-rpc (Node, strict mode) as a charging station: a second, independent reading of OCPP 1.6 JSON."""

import asyncio
import json
import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from evdesk.model import Booted, ChargerError, Disconnected, LiveProfile, Reading, Reason, StatusChanged
from evdesk.ocpp.timestamps import format_time
from tests.drivers.helpers import desk, slower

HERE = Path(__file__).parent
BOOT = {"chargePointVendor": "Peer", "chargePointModel": "ocpp-rpc", "firmwareVersion": "2.2.1"}

pytestmark = pytest.mark.needs_npm


@pytest.fixture(scope="module", autouse=True)
def installed():
    """The client from the npm registry; CI must have it, a developer is told how to get it."""
    if shutil.which("node") and (HERE / "node_modules" / "ocpp-rpc").is_dir():
        return
    how = "The ocpp-rpc client is not installed. Run: make peers"
    if os.environ.get("CI") == "true":
        pytest.fail(how)
    pytest.skip(how)


class Peer:
    def __init__(self, process):
        self.process = process
        self.asked = []
        self.broken = []
        self._answers = {}
        self._opened = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        async for line in self.process.stdout:
            said = json.loads(line)
            if "asked" in said:
                self.asked.append((said["asked"], said["params"]))
            elif "broken" in said:
                self.broken.append(said["broken"])
            elif "open" in said:
                self._opened.set_result(True)
            else:
                self._answers.pop(said["id"]).set_result(said)

    async def opened(self):
        await asyncio.wait_for(self._opened, 10)

    async def call(self, action, params):
        number = len(self._answers) + 1
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._tell({"id": number, "call": action, "params": params})
        said = await asyncio.wait_for(answer, 10)
        assert "error" not in said, said
        return said["answer"]

    def _tell(self, value):
        self.process.stdin.write(json.dumps(value).encode() + b"\n")

    async def close(self):
        if self.process.returncode is None:
            self._tell({"close": True})
            await asyncio.wait_for(self.process.wait(), 10)
        await self._reader


@asynccontextmanager
async def peer(made, ident="RPC 1/ä"):
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "rpc_client.js"),
        f"ws://127.0.0.1:{made.port}/some/path",
        ident,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    client = Peer(process)
    try:
        await client.opened()
        yield client
    finally:
        await client.close()


async def test_a_whole_charge_in_strict_mode():
    async with desk(slower(call_s=20)) as made, peer(made) as client:
        now = format_time(made.host.clock.now())
        assert (await client.call("BootNotification", BOOT))["status"] == "Accepted"
        assert (await made.event(Booted)).identity.firmware == "2.2.1"
        station = made.listener.stations["RPC 1/ä"]
        assert "currentTime" in await client.call("Heartbeat", {})
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": now}
        assert await client.call("StatusNotification", status) == {}
        await made.event(StatusChanged)
        assert (await client.call("Authorize", {"idTag": "TAG"}))["idTagInfo"]["status"] == "Accepted"
        begun = {"connectorId": 1, "idTag": "TAG", "meterStart": 10, "timestamp": now}
        transaction = (await client.call("StartTransaction", begun))["transactionId"]
        sampled = [{"value": "9.5", "measurand": "Current.Import", "phase": "L1", "unit": "A"}]
        entry = {"timestamp": now, "sampledValue": sampled}
        await client.call("MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": [entry]})
        assert (await made.event(Reading)).current_a[0] == 9.5

        assert (await station.install_failsafe(32, 6, 1)).status == "verified"
        for tenths in (60, 63, 101, 160, 319):
            await station.set_limit(LiveProfile(1, tenths / 10, 180, transaction))
        await station.clear_limit(1)
        await station.trigger("StatusNotification", 1)
        await station.unlock(1)
        await station.settings()
        await station.stop(1, transaction)
        await station.reset("soft")
        ended = {"transactionId": transaction, "meterStop": 99, "timestamp": now, "idTag": "TAG"}
        assert (await client.call("StopTransaction", ended))["idTagInfo"]["status"] == "Accepted"
        limits = [
            params["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
            for action, params in client.asked
            if action == "SetChargingProfile"
        ]
        assert limits == [32, 6, 6, 6.3, 10.1, 16, 31.9]
        assert client.broken == []
        assert made.rules() == set()
    assert "1000" in (await made.event(Disconnected)).cause


async def test_a_charger_that_is_cut_off_gives_an_error_in_words():
    async with desk(slower(call_s=20)) as made, peer(made) as client:
        await client.call("BootNotification", BOOT)
        station = made.stations[-1]
        client.process.kill()
        await client.process.wait()
        await made.event(Disconnected)
        with pytest.raises(ChargerError) as caught:
            await station.reset("soft")
        assert caught.value.reason is Reason.UNREACHABLE
