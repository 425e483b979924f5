"""A meter on Modbus TCP, read once a second."""

import asyncio
import logging
from collections.abc import Callable

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from evdesk.drivers.meters.profile import MeterProfile, decode_values, load_profile
from evdesk.model import Clock, EvdeskError, MeterReading, MeterSource, Phases, Reason

POLL_S = 1.0
TIMEOUT_S = 1.0
SUNSPEC_BASES = (40_000, 50_000, 0)
SUNSPEC_MARK = (0x5375, 0x6E53)  # "SunS"
EXPORTING_W = -20.0  # below, the phase gives power back and its current counts negative

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # the supervisor tells what broke, once


class ModbusMeter:
    """One meter, described by a profile. `name` is the circuit it measures and stands in every reading.

    `run` raises EvdeskError(UNREACHABLE) when the meter cannot be connected or falls silent for a second, and
    EvdeskError(BAD_REPLY) when it answers with an error or with something else than asked for.
    """

    def __init__(self, source: MeterSource, name: str, clock: Clock) -> None:
        """Raises EvdeskError(INVALID) when the profile does not exist or cannot be used."""
        self.source = source
        self.name = name
        self.clock = clock
        self.profile: MeterProfile = load_profile(source.profile)
        self._base = 0

    async def run(self, report: Callable[[MeterReading], None]) -> None:
        """Read and report until cancelled or broken."""
        client = AsyncModbusTcpClient(
            self.source.host, port=self.source.port, timeout=TIMEOUT_S, retries=0, reconnect_delay=0
        )
        try:
            await self._connect(client)
            self._base = await self._find_block(client) if self.profile.sunspec_models else 0
            due = self.clock.steady()  # a clock that is set back must not keep it waiting
            while True:
                report(await self.read(client))
                due = max(due + POLL_S, self.clock.steady())
                await asyncio.sleep(self.clock.wall_s(due - self.clock.steady()))
        finally:
            client.close()

    async def read(self, client: AsyncModbusTcpClient) -> MeterReading:
        """All blocks once, as one reading; `at` is the middle of asking and answering."""
        asked_at = self.clock.steady()
        words: dict[int, int] = {}
        for address, count in self.profile.blocks:
            for k, word in enumerate(await self._words(client, self._base + address, count)):
                words[address + k] = word
        values = decode_values(self.profile, words)
        return MeterReading(
            meter=self.name,
            at=self.clock.now() - (self.clock.steady() - asked_at) / 2,
            current_a=_signed(_phases(values, "current", "a"), _phases(values, "power", "w")),
            voltage_v=_phases(values, "voltage", "v"),
            power_w=values.get("power_w"),
            energy_wh=values.get("energy_wh"),
        )

    async def _connect(self, client: AsyncModbusTcpClient) -> None:
        source = self.source
        try:
            connected = await client.connect()
        except (OSError, ModbusException):
            connected = False
        if not connected:
            sentence = (
                f"The meter {self.profile.name} at {source.host}:{source.port} cannot be reached. "
                "Check its address, its network cable and that Modbus TCP is switched on."
            )
            raise EvdeskError(Reason.UNREACHABLE, sentence, meter=self.name)

    async def _words(self, client: AsyncModbusTcpClient, address: int, count: int) -> list[int]:
        read = client.read_input_registers if self.profile.table == "input" else client.read_holding_registers
        try:
            answer: ModbusPDU = await read(address, count=count, device_id=self.source.unit)
        except (ModbusException, OSError, TimeoutError) as problem:
            sentence = f"The meter {self.profile.name} does not answer. Check its power and its network."
            raise EvdeskError(Reason.UNREACHABLE, sentence, meter=self.name, error=str(problem)) from None
        if answer.isError() or len(answer.registers) != count:
            code = getattr(answer, "exception_code", None)
            sentence = (
                f"The meter {self.profile.name} refuses register {address} (Modbus exception {code}). "
                f"Check the meter's model and its unit id {self.source.unit}."
            )
            raise EvdeskError(Reason.BAD_REPLY, sentence, meter=self.name, exception=code)
        return list(answer.registers)

    async def _find_block(self, client: AsyncModbusTcpClient) -> int:
        """First register of the first wanted SunSpec model (SunSpec information model: base, then id and length)."""
        for base in SUNSPEC_BASES:
            try:
                mark = tuple(await self._words(client, base, 2))
            except EvdeskError as problem:
                if problem.reason is Reason.UNREACHABLE:
                    raise
                continue
            if mark == SUNSPEC_MARK:
                return await self._walk(client, base + 2)
        sentence = f"The device at {self.source.host} shows no SunSpec data. Check the model and the unit id."
        raise EvdeskError(Reason.BAD_REPLY, sentence, meter=self.name)

    async def _walk(self, client: AsyncModbusTcpClient, at: int) -> int:
        for _ in range(40):
            model, length = await self._words(client, at, 2)
            if model in self.profile.sunspec_models:
                return at
            if model == 0xFFFF or not length or at + length > 0xFFFF:
                break
            at += length + 2
        sentence = f"The device at {self.source.host} is no three-phase meter (no SunSpec model 20x)."
        raise EvdeskError(Reason.BAD_REPLY, sentence, meter=self.name)


def _phases(values: dict[str, float | None], what: str, unit: str) -> Phases:
    return (values.get(f"{what}_l1_{unit}"), values.get(f"{what}_l2_{unit}"), values.get(f"{what}_l3_{unit}"))


def _signed(amps: Phases, watts: Phases) -> Phases:
    """Meters give RMS currents without a sign: the phase's power tells the direction (import is positive)."""
    one, two, three = (
        -abs(a) if a is not None and w is not None and w < EXPORTING_W else a for a, w in zip(amps, watts, strict=True)
    )
    return (one, two, three)
