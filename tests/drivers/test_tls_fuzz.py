"""TLS conversations that go wrong at a random place: nothing breaks, nothing stays behind, everything is told."""

import asyncio
import logging
import random
import ssl

import pytest
from websockets.frames import Frame, Opcode

from evdesk.drivers.ws import WsOptions
from tests.drivers.helpers import BOOT, QUICK, ScriptedCharger
from tests.drivers.test_listener import opening
from tests.drivers.tls_kit import client, dial, tls_desk

OPTIONS = {"ws": WsOptions(handshake_s=0.5, ping_every_s=None, silent_s=1)}


def spoiled(data, dice):
    """`data` with something wrong in it."""
    if not data:
        return data
    kind, at = dice.randrange(6), dice.randrange(len(data))
    if kind == 0:
        return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]
    if kind == 1:
        return data[:at]
    if kind == 2:
        return data[:at] + dice.randbytes(dice.randrange(1, 40)) + data[at:]
    if kind == 3:
        return data + data
    if kind == 4:
        return dice.randbytes(len(data))
    return data[:at] + data[at + dice.randrange(1, 30) :]


class Conversation:
    """A TLS client in memory over a socket; one of its flights is spoiled."""

    def __init__(self, dice, context):
        self.dice, self.step, self.wrong_at = dice, 0, dice.randrange(5)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    async def run(self, port, address):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        try:
            async with asyncio.timeout(1.0):
                await self.talk(reader, writer)
        except (OSError, ssl.SSLError, TimeoutError):
            pass
        finally:
            (writer.transport.abort if self.dice.random() < 0.3 else writer.close)()

    async def talk(self, reader, writer):
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self.send(writer)
                self.feed(await reader.read(65536))
        for data in (
            opening(f"/F{self.dice.randrange(50)}"),
            Frame(Opcode.TEXT, b'[2,"1","Heartbeat",{}]').serialize(mask=True),
        ):
            self.tls.write(data)
            await self.send(writer)
            self.feed(await reader.read(65536))
        if self.dice.random() < 0.5:
            writer.write(self.dice.randbytes(200))  # not TLS any more
        await reader.read(65536)

    def feed(self, data):
        if not data:
            raise ConnectionError("closed")
        self.incoming.write(data)

    async def send(self, writer):
        data = self.outgoing.read()
        data = spoiled(data, self.dice) if self.step == self.wrong_at else data
        self.step += 1
        for start in range(0, len(data), size := self.dice.choice((1, 7, 100, 65536))):
            writer.write(data[start : start + size])
            if size < 100:
                await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_spoiled_conversations_leave_nothing_behind(seed, newest, caplog):
    dice, context = random.Random(seed), client(maximum_version=newest)
    options = QUICK.__class__(**{"ws": OPTIONS["ws"], "link": QUICK.link, "opening_grace_s": 30.0})
    async with tls_desk(options=options) as made, dial(made, client(), "GOOD") as ws:
        peer = ScriptedCharger(ws, {})
        for batch in range(3):
            them = [Conversation(dice, context).run(made.tls_port, f"127.0.{batch}.{n + 1}") for n in range(20)]
            await asyncio.gather(*them)
            assert (await peer.call("BootNotification", BOOT))[2]["status"] == "Accepted"
        await made.until(lambda: len(made.listener._openings) == 0, 10)
        await made.until(lambda: set(made.listener.stations) == {"GOOD"}, 10)
        assert len(made.attempts) >= 50
        assert [a for a in made.attempts if not a.sentence or " ? " in a.sentence or "“?”" in a.sentence] == []
        await peer.close()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
