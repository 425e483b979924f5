"""The Modbus meter driver against the real meter server."""

import asyncio
import struct
from contextlib import suppress

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from evdesk.drivers.meters import ModbusMeter, load_profile, parse_profile, profile_names
from evdesk.drivers.meters.profile import decode_values
from evdesk.model import Clock, EvdeskError, MeterReading, MeterSource, Reason
from evdesk.simulator.meter_server import MeterServer, MeterState

STATE = MeterState((231.0, 230.0, 229.0), (10.5, 20.25, 30.125), 1_234_567.0)


@pytest.fixture
async def server():
    server = MeterServer(lambda: STATE)
    await server.start()
    yield server
    await server.stop()


class Listener:
    def __init__(self) -> None:
        self.readings: list[MeterReading] = []
        self.came = asyncio.Event()

    def __call__(self, reading: MeterReading) -> None:
        self.readings.append(reading)
        self.came.set()

    async def next(self) -> MeterReading:
        self.came.clear()
        await asyncio.wait_for(self.came.wait(), 5)
        return self.readings[-1]


def meter(server: MeterServer, speed: float = 20.0) -> ModbusMeter:
    return ModbusMeter(MeterSource(port=server.port), "Main", Clock(speed=speed))


async def test_reads_what_the_meter_measures(server) -> None:
    listener = Listener()
    task = asyncio.ensure_future(meter(server).run(listener))
    first = await listener.next()
    second = await listener.next()
    assert first.meter == "Main"
    assert first.current_a == pytest.approx(STATE.current_a)
    assert first.voltage_v == pytest.approx(STATE.voltage_v)
    assert first.power_w == pytest.approx(sum(u * i for u, i in zip(STATE.voltage_v, STATE.current_a, strict=True)))
    assert first.energy_wh == pytest.approx(STATE.energy_wh, rel=1e-5)
    assert 0.9 < second.at - first.at < 3.0
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_one_read_covers_every_register_of_the_sdm630(server) -> None:
    listener = Listener()
    task = asyncio.ensure_future(meter(server, speed=1.0).run(listener))
    await listener.next()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert server.requests <= 2


async def failing(server: MeterServer, fault: str) -> EvdeskError:
    listener = Listener()
    task = asyncio.ensure_future(meter(server).run(listener))
    await listener.next()
    server.fault = fault
    with pytest.raises(EvdeskError) as caught:
        await asyncio.wait_for(task, 5)
    return caught.value


async def test_a_silent_meter_is_unreachable(server) -> None:
    assert (await failing(server, "silent")).reason is Reason.UNREACHABLE


async def test_a_refusing_meter_is_a_bad_reply(server) -> None:
    error = await failing(server, "refuse")
    assert error.reason is Reason.BAD_REPLY
    assert "unit id" in error.sentence


@pytest.mark.parametrize("fault", ["garbage", "absurd"])
async def test_nonsense_is_no_value_and_never_zero(server, fault) -> None:
    server.fault = fault
    listener = Listener()
    task = asyncio.ensure_future(meter(server).run(listener))
    reading = await listener.next()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert reading.current_a == (None, None, None)
    assert reading.voltage_v == (None, None, None)
    assert reading.power_w is None
    assert reading.energy_wh is None


async def test_a_dropped_connection_ends_the_run(server) -> None:
    listener = Listener()
    task = asyncio.ensure_future(meter(server).run(listener))
    await listener.next()
    await server.drop()
    with pytest.raises(EvdeskError) as caught:
        await asyncio.wait_for(task, 5)
    assert caught.value.reason is Reason.UNREACHABLE
    task = asyncio.ensure_future(meter(server).run(listener))  # what the supervisor does next
    assert (await listener.next()).current_a == pytest.approx(STATE.current_a)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_nobody_there() -> None:
    server = MeterServer(lambda: STATE)
    await server.start()
    await server.stop()
    with pytest.raises(EvdeskError) as caught:
        await meter(server).run(lambda _r: None)
    assert caught.value.reason is Reason.UNREACHABLE
    assert str(server.port) in caught.value.sentence


async def test_export_makes_the_current_negative() -> None:
    server = MeterServer(lambda: MeterState((230.0,) * 3, (-8.0, 5.0, 0.0)))
    await server.start()
    listener = Listener()
    task = asyncio.ensure_future(meter(server).run(listener))
    reading = await listener.next()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await server.stop()
    assert reading.current_a == pytest.approx((-8.0, 5.0, 0.0))


async def test_sunspec_block_is_found_and_scaled() -> None:
    words = [0] * 300
    words[0:2] = [0x5375, 0x6E53]
    words[2:4] = [1, 65]  # common block
    block = 2 + 2 + 65
    words[block : block + 2] = [203, 105]
    words[block + 3 : block + 7] = [1234, 500, 0x8000, (-2) & 0xFFFF]
    words[block + 8 : block + 11] = [2301, 2302, 2303]
    words[block + 15] = (-1) & 0xFFFF
    words[block + 18] = 4100
    words[block + 46 : block + 48] = [0x0001, 0x0000]
    holding = [SimData(40_000, values=words, datatype=DataType.REGISTERS)]
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    empty = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
    device = SimDevice(71, (bits, list(bits), holding, empty))
    server = ModbusTcpServer(device, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    port = server.transport.sockets[0].getsockname()[1]
    listener = Listener()
    source = MeterSource(profile="kostal-ksem", port=port, unit=71)
    task = asyncio.ensure_future(ModbusMeter(source, "Main", Clock()).run(listener))
    reading = await listener.next()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await server.shutdown()
    assert reading.current_a == pytest.approx((12.34, 5.0, None), nan_ok=True)
    assert reading.voltage_v == pytest.approx((230.1, 230.2, 230.3))
    assert reading.energy_wh == 65536


def test_low_word_first() -> None:
    profile = load_profile("carlo-gavazzi-em24-tcp")
    words = dict.fromkeys(range(0x80), 0)
    high, low = struct.unpack(">HH", struct.pack(">i", -12_345))
    words[0x0C], words[0x0D] = low, high
    assert decode_values(profile, words)["current_l1_a"] == pytest.approx(-12.345)


def test_every_shipped_profile_loads() -> None:
    names = profile_names()
    assert {"eastron-sdm630", "carlo-gavazzi-em24-tcp", "janitza-umg", "kostal-ksem"} <= set(names)
    for name in names:
        assert len(load_profile(name).blocks) <= 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = [", "no TOML"),
        ("table = 'coil'\n", "table must be"),
        ("word_order = 'mixed'\n", "word_order"),
        ("[registers]\npower_w = {address=1, type='f32'}", "no current register"),
        ("[registers]\ncurrent_l1_a = {address=1, type='f31'}", "unknown type"),
        ("[registers]\ncurrent_l1_a = {address=-1, type='f32'}", "address from 0"),
        ("[registers]\ncurrent_l1_a = {address=1, type='f32', scale=0}", "scale"),
        ("[registers]\ncurrent_l1_a = {address=1, type='f32'}\nfoo = {address=1, type='f32'}", "“foo”"),
        ("[registers]\ncurrent_l1_a = 7", "must be a table"),
    ],
)
def test_profile_errors_in_words(text, says) -> None:
    with pytest.raises(EvdeskError) as caught:
        parse_profile("mine", text)
    assert caught.value.reason is Reason.INVALID
    assert says in caught.value.sentence
    assert "mine" in caught.value.sentence


@pytest.mark.parametrize("key", ["nope", "../x", ""])
def test_unknown_profile(key) -> None:
    with pytest.raises(EvdeskError) as caught:
        load_profile(key)
    assert caught.value.reason is Reason.INVALID
