"""A bounded run of mutated openings and WebSocket frames, and what earlier runs have found."""

import asyncio

import pytest

from evdesk.drivers.ws_frames import Assembler
from evdesk.drivers.ws_pace import TURN_S
from tests.drivers.helpers import desk
from tests.fuzz.handshakes import HandshakeFuzz, ws_frame

OPENING = (
    b"GET /CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
)


@pytest.mark.parametrize("seed", [1, 2])
async def test_mutated_openings(seed):
    tally = await HandshakeFuzz(seed).run(600)
    assert tally.handshakes == 600
    assert tally.upgraded > 100
    assert tally.answers > 10
    assert len(tally.verdicts) >= 7


async def test_an_absolute_address_with_a_broken_host_is_answered():
    async with desk() as made:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        writer.write(OPENING.replace(b"/CP1", b"http://[::1/CP1") + b"\r\n")
        assert b"101" in await reader.readline()
        await made.verdict("accepted")
        writer.close()


async def test_a_long_message_in_small_pieces_is_put_together_once():
    """Not with every piece: that would grow with the square of its length."""
    async with desk() as made:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        writer.write(OPENING + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await made.until(lambda: made.stations)
        peer = made.stations[0].link.peer
        calls = []
        frames = peer._frames
        peer._frames = lambda data: calls.append(len(data)) or frames(data)
        text = b'[2,"1","DataTransfer",{"vendorId":"V","data":"' + b"x" * 900_000 + b'"}]'
        frame = ws_frame(text)
        for at in range(0, len(frame), 4000):
            peer.data_received(frame[at : at + 4000])
        assert len(calls) <= 3
        assert (await reader.read(60))[2:].startswith(b'[3,"1",')
        writer.close()


def test_fragments_without_end_take_no_memory():
    class Piece:
        def __init__(self, opcode, data=b"", fin=False):
            self.opcode, self.data, self.fin = opcode, data, fin

    from websockets.frames import Opcode

    assembler = Assembler()
    assembler.take(Piece(Opcode.TEXT, b"[2"))
    for _ in range(10_000):
        assert assembler.take(Piece(Opcode.CONT)) is None
    assert assembler.unfinished
    assert assembler._parts == b"[2"
    assert assembler.take(Piece(Opcode.CONT, b"]", fin=True)) == ("[2]", "")
    assert not assembler.unfinished


def test_a_stretch_is_much_shorter_than_what_others_would_notice():
    assert 16 * TURN_S < 0.25
