"""Charging stations reduced to their frames: as many connections as asked, OCPP 1.6 or 2.0.1, at the least cost per
message.

Frames are written by hand with an all-zero mask, so that the generator never is the bottleneck. It answers every CALL
of the server, so that balancing and set-up go on as they do in the field.
"""

import argparse
import asyncio
import base64
import json
import os
import struct
import sys
import time

SAMPLED = [
    ("Current.Import", "A", "L1", "13.8"),
    ("Current.Import", "A", "L2", "13.7"),
    ("Current.Import", "A", "L3", "13.8"),
    ("Voltage", "V", "L1-N", "230.1"),
    ("Voltage", "V", "L2-N", "229.8"),
    ("Voltage", "V", "L3-N", "230.4"),
    ("Power.Active.Import", "W", None, "9512"),
]


def frame(text: str) -> bytes:
    """One masked text frame (RFC 6455 section 5.2); the mask is zero, which leaves the payload as it is."""
    payload = text.encode()
    size = len(payload)
    head = b"\x81" + (bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size))
    return head + b"\0\0\0\0" + payload


def stamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def meter_values(message_id: int, transaction_id: int, energy_wh: int, at: str) -> str:
    """A MeterValues call of about 970 bytes with eight sampled values, as three-phase stations send it."""
    values = []
    for measurand, unit, phase, value in SAMPLED:
        one = {"value": value, "context": "Sample.Periodic", "measurand": measurand, "unit": unit, "location": "Outlet"}
        values.append(one | ({"phase": phase} if phase else {}))
    values.append({"value": str(energy_wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"})
    payload = {
        "connectorId": 1,
        "transactionId": transaction_id,
        "meterValue": [{"timestamp": at, "sampledValue": values}],
    }
    return json.dumps([2, str(message_id), "MeterValues", payload], separators=(",", ":"))


def transaction_event(message_id: int, ref: str, energy_wh: int, at: str) -> str:
    """A TransactionEvent Updated of 2.0.1 with the same eight values."""
    values = []
    for measurand, unit, phase, value in SAMPLED:
        one = {"value": float(value), "context": "Sample.Periodic", "measurand": measurand, "location": "Outlet"}
        values.append(one | {"unitOfMeasure": {"unit": unit}} | ({"phase": phase} if phase else {}))
    energy = {"value": energy_wh, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}}
    payload = {
        "eventType": "Updated",
        "timestamp": at,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": message_id,
        "transactionInfo": {"transactionId": ref, "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [{"timestamp": at, "sampledValue": [*values, energy]}],
    }
    return json.dumps([2, str(message_id), "TransactionEvent", payload], separators=(",", ":"))


BOOT = {
    "1.6": {"chargePointVendor": "Bench", "chargePointModel": "B1", "firmwareVersion": "1.0"},
    "2.0.1": {"reason": "PowerUp", "chargingStation": {"vendorName": "Bench", "model": "B1", "firmwareVersion": "1.0"}},
}


class Station(asyncio.Protocol):
    """One connection. `goal` messages are sent one after the other, each when the one before was answered; with
    `every_s` they are spread in time instead."""

    def __init__(self, name: str, goal: int, every_s: float | None, protocol: str = "1.6") -> None:
        self.name, self.goal, self.every_s, self.protocol = name, goal, every_s, protocol
        self.buffer = b""
        self.open = False
        self.sent = 0
        self.transaction_id = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.go = False
        self.waiting_for = ""
        self.prepared: list[bytes] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /{self.name} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: ocpp{self.protocol}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.ready, self.done):
            if not future.done():
                future.set_exception(exc or ConnectionError(f"{self.name}: the server hung up"))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open:
            head, sep, rest = self.buffer.partition(b"\r\n\r\n")
            if not sep:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise ConnectionError(head.decode(errors="replace"))
            self.open, self.buffer = True, rest
            self.call("boot", "BootNotification", BOOT[self.protocol])
        while self.buffer:
            size, at = self.buffer[1] & 127, 2
            if size == 126:
                if len(self.buffer) < 4:
                    return
                size, at = struct.unpack(">H", self.buffer[2:4])[0], 4
            if len(self.buffer) < at + size:
                return
            opcode, payload = self.buffer[0] & 15, self.buffer[at : at + size]
            self.buffer = self.buffer[at + size :]
            if opcode == 9:
                self.transport.write(bytes([0x8A, 0x80 | size]) + b"\0\0\0\0" + payload)
            elif opcode == 1:
                self.on_text(payload)

    def call(self, message_id: str, action: str, payload: dict) -> None:
        self.waiting_for = message_id
        self.transport.write(frame(json.dumps([2, message_id, action, payload])))

    def on_text(self, payload: bytes) -> None:
        if payload.startswith(b"[2"):
            message_id, action = json.loads(payload)[1:3]
            empty = {
                "GetConfiguration": {"configurationKey": [], "unknownKey": []},
                "GetVariables": {"getVariableResult": []},
            }
            answer = empty.get(action, {"status": "Accepted"})
            self.transport.write(frame(json.dumps([3, message_id, answer])))
        elif self.go:
            if self.every_s is None:
                self.next()
        else:
            self.on_setup(json.loads(payload))

    def on_setup(self, message: list) -> None:
        if message[1] != self.waiting_for:
            return
        second = self.protocol != "1.6"
        if message[1] == "boot":
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": stamp()}
            if second:
                status = {"evseId": 1, "connectorId": 1, "connectorStatus": "Occupied", "timestamp": stamp()}
            self.call("status", "StatusNotification", status)
        elif message[1] == "status":
            start = {"connectorId": 1, "idTag": "BENCH", "meterStart": 1000, "timestamp": stamp()}
            if second:
                start = {
                    "eventType": "Started",
                    "timestamp": stamp(),
                    "triggerReason": "CablePluggedIn",
                    "seqNo": 0,
                    "transactionInfo": {"transactionId": self.name, "chargingState": "Charging"},
                    "evse": {"id": 1, "connectorId": 1},
                    "idToken": {"idToken": "BENCH", "type": "Central"},
                }
            self.call("start", "TransactionEvent" if second else "StartTransaction", start)
        elif not self.ready.done():
            self.transaction_id = message[2].get("transactionId", 0)
            self.ready.set_result(None)

    def prepare(self) -> None:
        """Build the frames beforehand, so that building them is not part of the measured time."""
        at = stamp()
        count = range(self.goal, 0, -1)
        if self.protocol == "1.6":
            self.prepared = [frame(meter_values(i, self.transaction_id, 1000 + i, at)) for i in count]
        else:
            self.prepared = [frame(transaction_event(i, self.name, 1000 + i, at)) for i in count]

    def next(self) -> None:
        if not self.prepared:
            if not self.done.done():
                self.done.set_result(None)
            return
        self.transport.write(self.prepared.pop())
        self.sent += 1


async def drive(
    host: str, port: int, stations: int, messages: int, every_s: float | None, protocol: str = "1.6"
) -> None:
    """Connect, set up, say `ready` on stdout, wait for a line on stdin, send, say `done`."""
    loop = asyncio.get_running_loop()
    each = max(messages // stations, 1)
    made = []
    for n in range(stations):
        _transport, station = await loop.create_connection(
            lambda n=n: Station(f"B{n:04d}", each, every_s, protocol), host, port
        )
        made.append(station)
        if n % 50 == 49:
            await asyncio.gather(*(s.ready for s in made))
    await asyncio.gather(*(s.ready for s in made))
    for station in made:
        station.prepare()
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    for station in made:
        station.go = True
    began = time.monotonic()
    if every_s is None:
        for station in made:
            station.next()
        await asyncio.gather(*(s.done for s in made))
    else:
        for round_ in range(each):
            for n, station in enumerate(made):
                due = began + (round_ + n / len(made)) * every_s
                delay = due - time.monotonic()
                if delay > 0.002:
                    await asyncio.sleep(delay)
                station.next()
    seconds = time.monotonic() - began
    print(json.dumps({"sent": sum(s.sent for s in made), "seconds": round(seconds, 3)}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--stations", type=int, default=20)
    parser.add_argument("--messages", type=int, default=20000)
    parser.add_argument("--every-s", type=float)
    parser.add_argument("--protocol", default="1.6", choices=("1.6", "2.0.1"))
    args = parser.parse_args()
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    run(drive(args.host, args.port, args.stations, args.messages, args.every_s, args.protocol))


if __name__ == "__main__":
    main()
