"""A Node process with an ocpp-rpc client in strict mode, seen from Python."""

import asyncio
import json
import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def demand_installed():
    """The client from the npm registry; CI must have it, a developer is told how to get it."""
    if shutil.which("node") and (HERE / "node_modules" / "ocpp-rpc").is_dir():
        return
    how = "The ocpp-rpc client is not installed. Run: make peers"
    if os.environ.get("CI") == "true":
        pytest.fail(how)
    pytest.skip(how)


class Peer:
    """`asked`: what evdesk asked, in order. `broken`: what the client's own schemas said against a message."""

    def __init__(self, process):
        self.process = process
        self.asked = []
        self.broken = []
        self._count = 0
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
                self._opened.set_result(said["open"])
            else:
                self._answers.pop(said["id"]).set_result(said)

    async def opened(self):
        """The protocol that was agreed on."""
        return await asyncio.wait_for(self._opened, 10)

    async def call(self, action, params):
        return await self._ask({"call": action, "params": params})

    async def answer(self, **payloads):
        """What to answer from now on, by action."""
        await self._ask({"answers": payloads})

    async def caught_up(self):
        """Whatever the client said until now is in `asked` and `broken`."""
        await self._ask({"answers": {}})

    async def _ask(self, what):
        self._count += 1
        answer = self._answers[self._count] = asyncio.get_running_loop().create_future()
        self._tell({"id": self._count, **what})
        said = await asyncio.wait_for(answer, 10)
        assert "error" not in said, (what, said)
        return said["answer"]

    def requests(self, action):
        return [params for asked, params in self.asked if asked == action]

    def _tell(self, value):
        self.process.stdin.write(json.dumps(value).encode() + b"\n")

    async def close(self):
        if self.process.returncode is None:
            self._tell({"close": True})
            await asyncio.wait_for(self.process.wait(), 10)
        await self._reader


@asynccontextmanager
async def peer(made, ident="RPC 1/ä", protocol="ocpp1.6"):
    """A client that is connected to the desk `made`."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "rpc_client.js"),
        f"ws://127.0.0.1:{made.port}/some/path",
        ident,
        protocol,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    client = Peer(process)
    try:
        assert await client.opened() == protocol
        yield client
    finally:
        await client.close()
