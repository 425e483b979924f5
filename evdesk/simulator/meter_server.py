"""The simulated site meter: a real Modbus TCP server that answers like an Eastron SDM630.

Input registers, IEEE 754 float32, high word first: U L1-L3 0x00, I 0x06, P 0x0C, total P 0x34, import kWh 0x48.
"""

import asyncio
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

COUNT = 0x60
FAULTS = ("", "silent", "garbage", "absurd", "refuse", "frozen", "open")


@dataclass(frozen=True, slots=True)
class MeterState:
    """What stands in the registers; import is positive."""

    voltage_v: tuple[float, float, float] = (230.0, 230.0, 230.0)
    current_a: tuple[float, float, float] = (0.0, 0.0, 0.0)
    energy_wh: float = 0.0


def registers(state: MeterState, fault: str = "") -> list[int]:
    """The whole input register table from 0x00."""
    values = [0.0] * (COUNT // 2)
    powers = [u * i for u, i in zip(state.voltage_v, state.current_a, strict=True)]
    for k in range(3):
        values[k], values[3 + k], values[6 + k] = state.voltage_v[k], state.current_a[k], powers[k]
    values[0x34 // 2] = sum(powers)
    values[0x48 // 2] = state.energy_wh / 1000.0
    if fault == "garbage":
        values = [math.nan] * len(values)
    elif fault == "absurd":
        values = [3.0e9] * len(values)
    elif fault == "open":
        values[5] = values[8] = 0.0
    return [word for value in values for word in struct.unpack(">HH", struct.pack(">f", value))]


class MeterServer:
    """`fault`: "" | "silent" (takes requests, never answers) | "garbage" (NaN) | "absurd" | "refuse" (exception) |
    "frozen" (tells for ever what it told last) | "open" (the transformer on L3 gives nothing)."""

    def __init__(self, read: Callable[[], MeterState], host: str = "127.0.0.1", unit: int = 1) -> None:
        self.read = read
        self.host = host
        self.unit = unit
        self.port = 0
        self.fault = ""
        self.requests = 0
        self._server: ModbusTcpServer | None = None

    async def start(self, port: int = 0) -> int:
        """Listen; returns the port (a free one for 0)."""
        block = [SimData(0, values=[0] * COUNT, datatype=DataType.REGISTERS)]
        holding = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        device = SimDevice(self.unit, (bits, list(bits), holding, block), action=self._fill)
        server = ModbusTcpServer(device, address=(self.host, port), trace_packet=self._packet)
        await server.serve_forever(background=True)
        self._server = server
        self.port = cast(asyncio.Server, server.transport).sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    async def drop(self) -> None:
        """Lose every connection and listen again on the same port."""
        await self.stop()
        await self.start(self.port)

    async def _fill(
        self,
        function_code: int,
        start_address: int,
        address: int,
        count: int,
        current_registers: list[int],
        set_values: list[int] | list[bool] | None,
    ) -> None:
        del start_address, address, count, set_values
        if function_code == 4:
            self.requests += 1
            if self.fault != "frozen":
                current_registers[:COUNT] = registers(self.read(), self.fault)

    def _packet(self, sending: bool, data: bytes) -> bytes:
        if not sending or self.fault not in ("silent", "refuse"):
            return data
        if self.fault == "silent" or len(data) < 9:
            return b""
        return data[:4] + b"\x00\x03" + data[6:7] + bytes([data[7] | 0x80, 4])  # "server device failure"
