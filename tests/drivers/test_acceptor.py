"""Connections taken a few at a time, on every address a name stands for."""

import asyncio
import errno
import socket

import pytest

from evdesk.drivers.acceptor import AT_ONCE, listen


class Taken(asyncio.Protocol):
    made: list["Taken"]
    news: asyncio.Event

    def connection_made(self, transport):
        self.made.append(self)
        self.news.set()
        self.transport = transport


async def listening(host="127.0.0.1", port=0):
    made, news = [], asyncio.Event()

    def factory():
        taken = Taken()
        taken.made, taken.news = made, news
        return taken

    return await listen(host, port, factory), made, news


async def test_a_crowd_does_not_get_in_all_at_once():
    acceptor, made, _ = await listening()
    address = acceptor.sockets[0].getsockname()
    crowd = [socket.create_connection(address) for _ in range(60)]  # the loop stands still meanwhile
    most, before = 0, 0
    async with asyncio.timeout(5):
        while len(made) < 60:
            await asyncio.sleep(0)
            most, before = max(most, len(made) - before), len(made)
    assert most <= AT_ONCE
    acceptor.close()
    acceptor.close()
    await acceptor.wait_closed()
    made[0].transport.write(b"still here")
    assert await asyncio.to_thread(crowd[0].recv, 10) == b"still here"
    with pytest.raises(OSError):
        socket.create_connection(address, 1)
    for each in (*crowd, *(taken.transport for taken in made)):
        each.close()


async def test_without_descriptors_left_it_waits_and_goes_on(monkeypatch):
    monkeypatch.setattr("evdesk.drivers.acceptor._TIRED_S", 0.05)
    acceptor, made, news = await listening()
    real = acceptor.sockets[0]

    class Exhausted:
        def accept(self):
            raise OSError(errno.EMFILE, "Too many open files")

        def fileno(self):
            return real.fileno()

    acceptor._ready(Exhausted())
    other = socket.create_connection(real.getsockname())
    await asyncio.sleep(0.01)
    assert made == []
    acceptor._again(real)
    await asyncio.wait_for(news.wait(), 5)
    acceptor.close()
    other.close()
    made[0].transport.close()


async def test_every_address_of_a_name():
    acceptor, made, news = await listening("localhost")
    for each in acceptor.sockets:
        with socket.create_connection(each.getsockname()[:2]):
            pass
    async with asyncio.timeout(5):
        while len(made) < len(acceptor.sockets):
            news.clear()
            await news.wait()
    acceptor.close()
    for taken in made:
        taken.transport.close()


async def test_a_port_in_use_leaves_nothing_open():
    acceptor, _, _ = await listening()
    with pytest.raises(OSError) as caught:
        await listening(port=acceptor.sockets[0].getsockname()[1])
    assert caught.value.errno == errno.EADDRINUSE
    acceptor.close()
