"""A real API server in a process of its own, so that the desk's link is tested over a real socket.

A thread would not do: Python's garbage collector would then end Qt objects in the wrong thread.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from evdesk.engine.server import ApiServer
from evdesk.gui.client import Endpoint
from evdesk.model import EvdeskError, Origin, Reason
from evdesk.wire import encode
from evdesk.wire.methods import Done
from tests.gui import sample

TOKEN = "sample-token"
ROOT = Path(__file__).resolve().parents[2]


class ServedEngine:
    """The process as seen from the test. `start` after `kill` is a new process on another port."""

    def __init__(self) -> None:
        self.port: int | None = None
        self.token = TOKEN
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.gui.engines"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.port = self._answer()["port"]

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = self.port = None

    def publish(self, kind: str, value: object) -> None:
        self._ask({"publish": kind, "data": json.loads(encode(value))})

    def seen(self) -> dict[str, Any]:
        """{desks, origins: [[who, via, method], ...]}"""
        return self._ask({"seen": True})

    def locate(self) -> Endpoint | None:
        return None if self.port is None else Endpoint(f"ws://127.0.0.1:{self.port}/api", self.token)

    def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class _Served:
    def __init__(self) -> None:
        self.origins: list[tuple[str, str, str]] = []

    async def main(self) -> None:
        server = ApiServer("127.0.0.1", 0, TOKEN, self.dispatch, sample.snapshot, "0.1.0")
        _, port = await server.start()
        print(json.dumps({"port": port}), flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            asked = json.loads(line)
            if "publish" in asked:
                server.publish(asked["publish"], asked["data"])
            print(json.dumps({"desks": server.desks, "origins": self.origins}), flush=True)

    async def dispatch(self, origin: Origin, method: str, params: Any) -> object:
        self.origins.append((origin.who, origin.via, method))
        if method == "charger.reset":
            await asyncio.sleep(3600)
        if method == "charger.unlock":
            raise EvdeskError(Reason.REFUSED, "A car charges. Stop the charge first.", code="Busy")
        if method == "history.read":
            return sample.history(params.series, params.from_at, params.to_at, params.buckets)
        return Done(status="Accepted", ms=3.0)


if __name__ == "__main__":
    asyncio.run(_Served().main())
