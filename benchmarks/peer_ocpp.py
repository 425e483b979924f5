"""The peer of the engine benchmark: a minimal CSMS on the `ocpp` package in its usual form, schema check on."""

import asyncio
import sys
from datetime import UTC, datetime

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call_result as call_result_201
from ocpp.v201.datatypes import IdTokenInfoType


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


class Station201(ChargePoint201):
    @on("BootNotification")
    def boot(self, **_: object) -> call_result_201.BootNotification:
        now = datetime.now(UTC).isoformat()
        return call_result_201.BootNotification(current_time=now, interval=60, status="Accepted")

    @on("StatusNotification")
    def status(self, **_: object) -> call_result_201.StatusNotification:
        return call_result_201.StatusNotification()

    @on("TransactionEvent")
    def event(self, event_type: str, **_: object) -> call_result_201.TransactionEvent:
        started = event_type == "Started"
        return call_result_201.TransactionEvent(id_token_info=IdTokenInfoType("Accepted") if started else None)


async def main() -> None:
    async def serve(ws: websockets.ServerConnection) -> None:
        kind = Station201 if ws.subprotocol == "ocpp2.0.1" else Station
        try:
            await kind(ws.request.path.strip("/"), ws).start()
        except websockets.ConnectionClosed:
            pass

    async with websockets.serve(serve, "127.0.0.1", 0, subprotocols=["ocpp1.6", "ocpp2.0.1"]) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


asyncio.run(main())
