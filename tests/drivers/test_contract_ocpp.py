"""The OCPP station under the scenarios every driver must survive."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from evdesk.model import Reading
from evdesk.ocpp.timestamps import format_time
from tests.drivers.contract import *  # noqa: F403
from tests.drivers.helpers import charger, desk, slower


class OcppRig:
    cannot = frozenset()

    def __init__(self, made, stack):
        self.made = made
        self.events = made.events
        self.script = {}
        self._stack = stack
        self._peer = None
        self._seen = 0

    def now(self):
        return self.made.host.clock.now()

    async def connect(self):
        opened = charger(self.made, script=self.script)
        self._peer, station = await self._stack.enter_async_context(opened)
        return station

    def verb(self, driver):
        return driver.reset("soft")

    def behave(self, how):
        cut = self._peer.ws.transport.abort
        reactions = {
            "well": {"status": "Accepted"},
            "silent": None,
            "nonsense": {"status": {"what": 1}},
            "refuse": {"status": "Rejected"},
            "drop": lambda _: cut(),
        }
        self.script["Reset"] = reactions[how]

    async def garbage(self):
        for text in ("", "[", "[]", "\x00", '[3,"nobody",{}]', '[4,"nobody"]', "[" * 5000, '[2,"a"]', b"\xff\xfe"):
            await self._peer.ws.send(text)

    async def measure(self, clock_ahead_s):
        self._seen = len(self.events)
        sampled = [{"value": "5", "measurand": "Current.Import", "phase": "L1"}]
        entry = {"timestamp": format_time(self.now() + clock_ahead_s), "sampledValue": sampled}
        await self._peer.call("MeterValues", {"connectorId": 1, "meterValue": [entry]})

    async def vanish(self):
        self._peer.ws.transport.abort()

    def running(self):
        return not self.made.runs[-1].done()

    async def ended(self):
        await asyncio.wait_for(self.made.runs[-1], 5)

    async def reading(self):
        return await self.made.until(
            lambda: next((e for e in self.events[self._seen :] if isinstance(e, Reading)), None)
        )


@pytest.fixture
async def rig():
    async with desk(slower(call_s=0.2)) as made, AsyncExitStack() as stack:
        yield OcppRig(made, stack)
