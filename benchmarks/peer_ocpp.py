"""The peer of the engine benchmark: a minimal CSMS on the `ocpp` package in its usual form, schema check on."""

import asyncio
import sys
from datetime import UTC, datetime

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus


class Station(ChargePoint):
    @on("BootNotification")
    def boot(self, **_: object) -> call_result.BootNotification:
        now = datetime.now(UTC).isoformat()
        return call_result.BootNotification(current_time=now, interval=60, status=RegistrationStatus.accepted)

    @on("StatusNotification")
    def status(self, **_: object) -> call_result.StatusNotification:
        return call_result.StatusNotification()

    @on("StartTransaction")
    def start_transaction(self, **_: object) -> call_result.StartTransaction:
        return call_result.StartTransaction(1, IdTagInfo(status=AuthorizationStatus.accepted))

    @on("MeterValues")
    def meter_values(self, **_: object) -> call_result.MeterValues:
        return call_result.MeterValues()


async def main() -> None:
    async def serve(ws: websockets.ServerConnection) -> None:
        try:
            await Station(ws.request.path.strip("/"), ws).start()
        except websockets.ConnectionClosed:
            pass

    async with websockets.serve(serve, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


asyncio.run(main())
