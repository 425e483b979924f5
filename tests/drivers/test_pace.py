"""Storms, crowds, floods and endless messages at the charger port: told, slowed down or ended, and nobody else is hurt."""

import asyncio
import socket
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from evdesk.drivers.neighbours import OFTEN
from evdesk.drivers.ws_pace import MESSAGE_S, REST_MAX_S
from evdesk.model import Disconnected, FindingSeen
from tests.drivers.helpers import QUICK, charger, desk


def frame(body, first=0x81):
    """A masked frame below 126 bytes; the mask is zero."""
    return bytes([first, 0x80 | len(body)]) + b"\0\0\0\0" + body


async def test_an_id_that_connects_without_end_is_kept_out_and_the_connection_there_stays():
    async with desk() as made:
        for _ in range(OFTEN - 1):
            async with connect(f"ws://127.0.0.1:{made.port}/STORM", subprotocols=["ocpp1.6"], compression=None):
                pass
        async with charger(made, "STORM") as (peer, station):
            with pytest.raises(InvalidStatus, match="503"):
                await connect(f"ws://127.0.0.1:{made.port}/STORM", subprotocols=["ocpp1.6"])
            assert "STORM connected 20 times within 10 s" in (await made.verdict("too_often")).sentence
            assert (await peer.call("Heartbeat", {}))[0] == 3
            assert made.listener.stations["STORM"] is station
            async with charger(made, "OTHER"):
                pass


async def test_strangers_without_number_are_kept_out():
    async with desk(replace(QUICK, max_strangers=3), accepted=False) as made:
        opened = [await connect(f"ws://127.0.0.1:{made.port}/S{n}", subprotocols=["ocpp1.6"]) for n in range(3)]
        with pytest.raises(InvalidStatus, match="503"):
            await connect(f"ws://127.0.0.1:{made.port}/S9", subprotocols=["ocpp1.6"])
        assert "3 unknown chargers" in (await made.verdict("too_many_strangers")).sentence
        again = await connect(f"ws://127.0.0.1:{made.port}/S1", subprotocols=["ocpp1.6"])  # one of those that are there
        made.host.accepted = True
        opened += [again, await connect(f"ws://127.0.0.1:{made.port}/S9", subprotocols=["ocpp1.6"])]
        for ws in opened:
            await ws.close()


@pytest.mark.parametrize(
    "begun",
    [b"\x81\xfe\x10\x00\0\0\0\0[2", frame(b"[2,", 0x01), frame(b"[2,", 0x01) + frame(b"", 0x00) * 3, b"\x81"],
    ids=["half a frame", "no last fragment", "empty fragments", "half a header"],
)
async def test_a_message_that_does_not_end_ends_the_connection(begun):
    async with desk(replace(QUICK, ws=replace(QUICK.ws, message_s=0.2))) as made, charger(made) as (peer, _):
        peer.ws.transport.write(frame(b'[2,"1","Heartbeat",{}]') + begun)
        await made.event(FindingSeen, rule="message_unfinished")
        assert "not finished" in (await made.event(Disconnected)).cause


class HandLoop:
    """Its time goes on when told; a rest, which is short, is a real one."""

    def __init__(self):
        self.now, self.timers = 1000.0, []

    def time(self):
        return self.now

    def call_later(self, seconds, act):
        if seconds <= REST_MAX_S:
            return asyncio.get_running_loop().call_later(seconds, act)
        self.timers.append((self.now + seconds, act))
        return asyncio.get_running_loop().create_future()  # may be cancelled

    def go_on(self, seconds):
        self.now += seconds
        due = [timer for timer in self.timers if timer[0] <= self.now]
        self.timers = [timer for timer in self.timers if timer not in due]
        for _, act in due:
            act()
        return len(due)


async def test_a_message_may_take_its_time():
    """Each has its own: the patience with the first ends while a later one is half here."""
    async with desk() as made, charger(made) as (peer, station):
        pace = station.link.peer.pace
        hand = pace._loop = HandLoop()
        text, looks = frame(b'[2,"slow","Heartbeat",{}]'), 0
        for _ in range(4):
            answered = peer._answers["slow"] = asyncio.get_running_loop().create_future()
            heard_at = station.link.peer.heard_at
            peer.ws.transport.write(text[:9])
            await until(lambda heard_at=heard_at: station.link.peer.heard_at > heard_at)
            looks += hand.go_on(0.4 * MESSAGE_S)
            peer.ws.transport.write(text[9:])
            await asyncio.wait_for(answered, 5)
        assert looks
        assert not station.link.gone.done()
        assert "message_unfinished" not in made.rules()
        peer.ws.transport.write(text[:9])
        await until(lambda: pace._begun_at)
        await until(lambda: hand.go_on(MESSAGE_S) and "message_unfinished" in made.rules())  # it does not end in a rest


async def until(test):
    async with asyncio.timeout(5):
        while True:
            if test():
                return
            await asyncio.sleep(0)


async def test_a_flood_is_slowed_down_told_once_and_answered_in_full():
    """It pours, always a batch ahead of its answers, until it was told; a fast machine needs more of it."""
    async with desk() as made, charger(made) as (peer, station):
        answers: list[asyncio.Future] = []

        def pour() -> None:
            numbers = range(len(answers), len(answers) + 1500)
            answers.extend(
                peer._answers.setdefault(f"f{n}", asyncio.get_running_loop().create_future()) for n in numbers
            )
            peer.ws.transport.write(b"".join(frame(b'[2,"f%d","DataTransfer",{"vendorId":"V"}]' % n) for n in numbers))

        async with asyncio.timeout(50):
            pour()
            while "flooding" not in made.rules():
                pour()
                await answers[-1500]
            await asyncio.gather(*answers)
        assert len([event for event in made.every(FindingSeen) if event.rule == "flooding"]) == 1
        assert not station.link.gone.done()


async def test_what_comes_before_anybody_listens_is_kept_within_bounds():
    async with desk() as made:
        made.run_at_once = False
        async with charger(made, boot=False) as (peer, station):
            held, pace = asyncio.Event(), station.link.peer.pace
            hold = pace.hold
            pace.hold = lambda on: (hold(on), held.set())
            long = b'[2,"%d","DataTransfer",{"vendorId":"V","data":"' + b"x" * 200_000 + b'"}]'
            sending = asyncio.ensure_future(_send_all(peer, [(long % n).decode() for n in range(100)]))
            await asyncio.wait_for(held.wait(), 5)
            assert station.link._kept_chars < 3 << 20
            made.run(station)
            await asyncio.wait_for(sending, 20)
            assert (await peer.call("Heartbeat", {}))[0] == 3


async def _send_all(peer, texts):
    for text in texts:
        await peer.ws.send(text)


async def test_a_vanished_peer_is_noticed_by_the_kernel():
    async with desk() as made, charger(made) as (_, station):
        sock = station.link.peer.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
