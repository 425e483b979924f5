"""What is cut off stays cut off: of a file that was withdrawn the charger gets no more than was counted, never all."""

import asyncio
import contextlib
import ftplib
import socket
import ssl
import sys

import pytest

from evdesk.engine.files import Seen
from evdesk.engine.files.transport import SEND_BUFFER
from tests.engine.files_kit import HERE, KEY, content, credentials, serving, split, trusting, write_file

SIZES = (60_000, 100_000, 400_000)
SCHEMES = ("http", "https", "ftp", "ftps")
BETWEEN = 5 * SEND_BUFFER
"""So much may be on its way: the system's buffer (it takes twice what it is told), those of the transport and of TLS, and
the piece that was handed over last. How much it is depends on who was faster."""


def small(port, tls=None):
    """A connection that takes little."""
    bare = socket.socket()
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    bare.settimeout(10)
    bare.connect((HERE, port))
    return protected(bare, tls) if tls is not None else bare


def protected(bare, tls):
    """Says so where it ends without a farewell."""
    return tls.wrap_socket(bare, server_hostname=HERE, suppress_ragged_eofs=False)


class Slow:
    """A charger that asks for the file and takes its time."""

    def __init__(self, offer):
        self.tls = trusting() if offer.scheme.endswith("s") else None
        self.control = None
        self.got = b""
        if offer.scheme.startswith("http"):
            port, path = split(offer.url)
            self.line = small(port, self.tls)
            self.line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            return
        user, secret = offer.url.partition("://")[2].partition("@")[0].split(":")
        self.control = ftplib.FTP_TLS(context=self.tls, timeout=10) if self.tls else ftplib.FTP(timeout=10)
        self.control.connect(HERE, offer.port)
        self.control.login(user, secret)
        if self.tls:
            self.control.prot_p()
        _, port = self.control.makepasv()
        bare = small(port)
        self.control.sendcmd("RETR fw.bin")
        self.line = protected(bare, self.tls) if self.tls else bare

    @property
    def body(self):
        return self.got if self.control is not None else self.got.partition(b"\r\n\r\n")[2]

    def read(self, least=1 << 30):
        """How the connection ended, or None where enough is here."""
        while len(self.body) < least:
            try:
                more = self.line.recv(4096)
            except OSError as error:
                return error
            if not more:
                return EOFError()
            self.got += more
        return None

    def queued(self):
        """What its system has taken and it has not read, also of TLS."""
        return len(socket.socket.recv(self.line, 1 << 20, socket.MSG_PEEK))

    def close(self):
        self.line.close()
        if self.control is not None:
            self.control.close()


async def full(slow):
    """Until its system takes no more. Nothing tells that but one look after the other."""
    had, looks = 0, 0
    async with asyncio.timeout(10):
        while looks < 5:
            has = await asyncio.to_thread(slow.queued)
            looks, had = (looks + 1, had) if has == had else (0, has)
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def slow_one(watched, folder, scheme, size, before=False):
    """`before`: it has begun once already, and broke off."""
    offer = await watched.service.offer(KEY, write_file(folder, size), "fw.bin", HERE, scheme)
    if before:
        told = len(watched.seen(Seen.BROKEN))
        first = await asyncio.to_thread(Slow, offer)
        await asyncio.to_thread(first.read, 10)
        first.close()
        await watched.until(lambda: watched.seen(Seen.BROKEN)[told:])
    slow = await asyncio.to_thread(Slow, offer)
    try:
        yield slow
    finally:
        slow.close()


@pytest.fixture
async def watched(tmp_path, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.05)
    monkeypatch.setattr("evdesk.engine.files.ftp_data.LOOK_S", 0.02)
    async with serving(tmp_path, credentials=credentials) as one:
        yield one


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_withdrawn_what_lies_in_buffers_never_arrives(watched, tmp_path, scheme, size):
    async with slow_one(watched, tmp_path, scheme, size) as slow:
        await full(slow)
        told = await watched.service.withdraw(KEY)
        ended = await asyncio.to_thread(slow.read)
    assert isinstance(ended, ConnectionResetError | ssl.SSLEOFError)
    assert slow.body == content(size)[: len(slow.body)]
    assert len(slow.body) <= told.bytes
    if sys.platform == "linux":
        assert told.bytes < size
        assert told.complete_at is None


@pytest.mark.parametrize("before", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_withdrawn_while_it_is_read_no_more_arrives_than_was_counted(watched, tmp_path, scheme, before):
    """Also in the last moment of a file, and after a request that broke off; one that may be whole is told as whole."""
    size = 100_000
    for least in (1, 20_000, 60_000, 90_000, 97_000, 99_900):
        async with slow_one(watched, tmp_path, scheme, size, before) as slow:
            await asyncio.to_thread(slow.read, least)
            reading = asyncio.ensure_future(asyncio.to_thread(slow.read))
            told = await watched.service.withdraw(KEY)
            await reading
        assert least <= len(slow.body) <= told.bytes
        assert (told.bytes == size) == (told.complete_at is not None)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_charger_that_breaks_off_may_have_what_left(watched, tmp_path, scheme):
    size = 1_000_000
    async with slow_one(watched, tmp_path, scheme, size) as slow:
        await asyncio.to_thread(slow.read, 50_000)
        slow.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        slow.line.close()
        broken = await watched.told_of(Seen.BROKEN)
    assert 50_000 <= broken.bytes < (60_000 + BETWEEN if sys.platform == "linux" else size)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell what has left")
@pytest.mark.parametrize("scheme", ["http", "ftp"])
async def test_all_that_left_and_was_not_confirmed_counts_as_there(watched, tmp_path, monkeypatch, scheme):
    """It may have come, and its confirmation may be lost."""
    for module in ("transport", "ftp_data"):
        monkeypatch.setattr(f"evdesk.engine.files.{module}.unacknowledged", lambda descriptor: 5000)
    async with slow_one(watched, tmp_path, scheme, 5000) as slow:
        await asyncio.to_thread(slow.read, 5000)
        assert not watched.seen(Seen.COMPLETE)
        told = await watched.service.withdraw(KEY)
    assert (told.bytes, told.complete_at is not None) == (5000, True)


@pytest.mark.parametrize("scheme", ["http", "ftp"])
async def test_a_withdrawal_does_not_wait_for_one_that_is_paced(watched, tmp_path, monkeypatch, scheme):
    monkeypatch.setattr("evdesk.engine.files.service.WITHDRAW_S", 0.1)
    path = write_file(tmp_path, 5000)
    offer = await watched.service.offer(KEY, path, "fw.bin", HERE, scheme, rate_bps=100.0)
    slow = await asyncio.to_thread(Slow, offer)
    await asyncio.to_thread(slow.read, 512)
    told = await watched.service.withdraw(KEY)
    await asyncio.to_thread(slow.read)
    slow.close()
    assert 512 <= len(slow.body) <= told.bytes < 5000
