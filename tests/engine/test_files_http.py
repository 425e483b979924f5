"""Files over HTTP and HTTPS on real sockets: what chargers do, and what others try."""

import asyncio
import contextlib
import gc
import hashlib
import itertools
import json
import random
import re
import socket
import ssl
import sys

import aiohttp
import pytest

from evdesk.engine.files import Seen
from evdesk.engine.files.addresses import LENGTH
from evdesk.model import EvdeskError
from evdesk.model.jobs import Transfer
from tests.engine.files_kit import (
    HERE,
    KEY,
    OTHER,
    ask,
    connected,
    content,
    credentials,
    parsed,
    raw,
    rest_of,
    serving,
    split,
    trusting,
    write_file,
)

SIZE = 300_001


@pytest.fixture
async def watched(tmp_path):
    async with serving(tmp_path) as one:
        yield one


@pytest.fixture
async def offer(watched, tmp_path):
    return await watched.service.offer(KEY, write_file(tmp_path, SIZE), "N22 v2.4.1.bin", HERE, "http")


async def test_a_charger_gets_the_file_with_its_length_and_nothing_fancy(watched, offer):
    assert re.fullmatch(rf"http://127\.0\.0\.1:{offer.port}/f/[a-z0-9]{{{LENGTH}}}/N22_v2\.4\.1\.bin", offer.url)
    reply = await ask(offer.url, User_Agent="fetcher/1", Accept_Encoding="gzip, deflate")
    assert (reply.status, reply.version, reply.body) == (200, "HTTP/1.1", content(SIZE))
    assert reply.headers["content-length"] == str(SIZE)
    assert reply.headers["accept-ranges"] == "bytes"
    assert not {"transfer-encoding", "content-encoding", "location"} & reply.headers.keys()
    assert reply.headers["server"] == "evdesk"
    done = await watched.told_of(Seen.COMPLETE)
    assert "fetched whole" in done.text
    told = watched.service.transfer(KEY)
    assert (told.bytes, told.total, told.size, told.requests, told.resumed) == (SIZE, SIZE, SIZE, 1, 0)
    assert (told.address, told.agent, told.spans) == (HERE, "fetcher/1", ((0, SIZE),))
    assert told.first_at <= told.complete_at
    assert told.samples[-1][1] == SIZE


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-", 206, 100, SIZE),
        ("bytes=-50", 206, SIZE - 50, SIZE),
        ("bytes=-999999999", 206, 0, SIZE),
        ("Bytes = 5 - 6", 206, 5, 7),
        ("bytes=10-99999999", 206, 10, SIZE),
        ("bytes=7-3", 200, 0, SIZE),
        ("bytes=0-1,5-6", 200, 0, SIZE),
        ("bytes=-", 200, 0, SIZE),
        ("rows=1-2", 200, 0, SIZE),
        ("bytes=abc-", 200, 0, SIZE),
        ("bytes=\u0661-5", 200, 0, SIZE),
        ("byte\u017f=1-5", 200, 0, SIZE),
        (f"bytes={SIZE}-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=99999999999999999999-", 416, 0, 0),
    ],
)
async def test_ranges(watched, offer, wanted, status, start, end):
    reply = await ask(offer.url, Range=wanted)
    assert reply.status == status
    assert reply.body == content(SIZE)[start:end]
    assert reply.headers["content-length"] == str(end - start)
    if status == 206:
        assert reply.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    if status == 416:
        assert reply.headers["content-range"] == f"bytes */{SIZE}"
        assert watched.seen(Seen.REFUSED)


async def test_a_file_that_is_fetched_in_a_hundred_pieces_does_not_fill_the_log(watched, offer):
    async with aiohttp.ClientSession() as session:
        for n in range(110):
            async with session.get(offer.url, headers={"Range": f"bytes={n}-{n}"}) as reply:
                assert reply.status == 206
    asked = watched.seen(Seen.REQUEST)
    assert len(asked) == 110
    told = [(n, one.text) for n, one in enumerate(asked, 1) if one.text]
    assert [n for n, _ in told] == [*range(1, 11), 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert told[-1][1].endswith("That is the 100th time.")
    assert watched.service.transfer(KEY).requests == 110


async def test_any_sequence_of_ranges_gives_its_bytes_and_counts_each_once(watched, offer):
    rng, seen, total = random.Random(11), set(), 0
    spans = [(at := rng.randrange(SIZE), min(SIZE, at + rng.randrange(1, 9000))) for _ in range(60)]
    port, path = split(offer.url)
    async with connected(port) as (reader, writer):
        for start, end in spans:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes={start}-{end - 1}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert f"Content-Range: bytes {start}-{end - 1}/{SIZE}\r\n".encode() in head
            assert await reader.readexactly(end - start) == content(SIZE)[start:end]
            seen |= set(range(start, end))
            total += end - start
    await watched.until(lambda: watched.service.transfer(KEY).total == total)
    told = watched.service.transfer(KEY)
    assert (told.bytes, told.requests, told.complete_at) == (len(seen), 60, None)


async def test_a_download_is_gone_on_with_after_a_break(watched, offer):
    port, path = split(offer.url)
    async with connected(port, limit=1000) as (reader, writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readexactly(50_000)
        writer.transport.abort()
    broken = await watched.told_of(Seen.BROKEN)
    assert broken.tone == "warn"
    had = watched.service.transfer(KEY).bytes
    assert 40_000 < had < SIZE
    reply = await ask(offer.url, Range="bytes=40000-")
    assert reply.body == content(SIZE)[40_000:]
    await watched.told_of(Seen.COMPLETE)
    told = watched.service.transfer(KEY)
    assert (told.bytes, told.requests, told.resumed) == (SIZE, 2, 1)
    assert told.total > SIZE


async def test_head_and_conditions(watched, offer):
    head = await ask(offer.url, "HEAD", Range="bytes=0-9")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(SIZE))
    tag, changed = head.headers["etag"], head.headers["last-modified"]
    assert (await ask(offer.url, If_None_Match=f'"x", W/{tag}')).status == 304
    assert (await ask(offer.url, If_None_Match='"x"')).status == 200
    assert (await ask(offer.url, If_Modified_Since=changed)).status == 304
    assert (await ask(offer.url, If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT")).status == 200
    assert (await ask(offer.url, If_Modified_Since="yesterday")).status == 200
    assert (await ask(offer.url, If_Match='"x"')).status == 412
    assert (await ask(offer.url, If_Unmodified_Since="Thu, 01 Jan 1970 00:00:00 GMT")).status == 412
    for condition, status in ((tag, 206), (changed, 206), ('"x"', 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)):
        assert (await ask(offer.url, Range="bytes=1-2", If_Range=condition)).status == status
    assert watched.service.transfer(KEY).requests == 12
    assert {one.text.split(" asks ")[1].split(" ")[0] for one in watched.seen(Seen.REQUEST) if one.text} == {
        "about",
        "for",
    }


async def test_an_old_client_and_one_that_keeps_its_connection(offer):
    port, path = split(offer.url)
    reply = parsed(await raw(port, f"GET {path} HTTP/1.0\r\n\r\n".encode()))
    assert (reply.version, reply.status, reply.body) == ("HTTP/1.0", 200, content(SIZE))
    whole = (
        f"GET http://{HERE}:{port}/{path} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\n"  # absolute, and a doubled slash
    )
    said = await raw(port, f"{whole}\r\n{whole}Connection: close\r\n\r\n".encode())
    assert said.count(b"HTTP/1.1 206") == 2
    assert said.endswith(content(SIZE)[:4])


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "PROPFIND"])
async def test_a_file_is_only_fetched(watched, offer, method):
    reply = await ask(offer.url, method, b"x" * 10)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
    assert "tries to" in watched.seen(Seen.REFUSED)[0].text
    assert watched.service.transfer(KEY).requests == 0


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/f",
        "/f/",
        "/f/{secret}x/{name}",
        "/f/{short}/{name}",
        "/{secret}/{name}",
        "/f/../f/{secret}/{name}",
        "/f/{other}/../{secret}/{name}",
        "/f/{secret}/../../../etc/passwd",
        "/f/{secret}/..%2f..%2fetc%2fpasswd",
        "/f/{secret}/{name}/..",
        "/f/{secret}/{name}%00",
        "/f/{secret}/",
        "/f/{secret}",
        "/etc/passwd",
        "//etc/passwd",
        "/f/%E0%80/{name}",
    ],
)
async def test_nothing_else_is_there(watched, offer, tmp_path, path):
    port, right = split(offer.url)
    _, _, secret, name = right.split("/")
    asked = path.format(secret=secret, name=name, short=secret[:-1], other="a" * 26)
    reply = parsed(await raw(port, f"GET {asked} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()))
    assert (reply.status, reply.body) == (404, b"")
    assert watched.service.transfer(KEY).requests == 0


async def test_guessing_gets_slower_and_the_right_charger_does_not_feel_it(watched, offer):
    clock = asyncio.get_running_loop().time
    port, _ = split(offer.url)
    rng = random.Random(3)
    for _ in range(5):
        assert (await ask(f"http://{HERE}:{port}/f/{rng.getrandbits(128):x}/fw.bin")).status == 404
    began = clock()
    assert (await ask(f"http://{HERE}:{port}/f/{rng.getrandbits(128):x}/fw.bin")).status == 404
    assert clock() - began >= 0.2
    flood = [asyncio.ensure_future(raw(port, b"GET /f/x/y HTTP/1.1\r\nHost: x\r\n\r\n")) for _ in range(20)]
    dropped = 0
    for done in asyncio.as_completed(flood[:]):
        try:
            dropped += await done == b""
        except ConnectionError:
            dropped += 1
        if dropped == 12:  # those that would have to wait beside eight others
            break
    began = clock()
    assert (await ask(offer.url)).body == content(SIZE)
    assert clock() - began < 1.0
    for one in flood:
        one.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    assert watched.service.guesses == 26


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01", b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 9000]
)
async def test_garbage_ends_its_own_connection_only(watched, offer, garbage):
    said = await raw(offer.port, garbage + b"\r\n\r\n")
    assert said[:12] in (b"", b"HTTP/1.0 400", b"HTTP/1.1 400", b"HTTP/1.0 404", b"HTTP/1.1 404")
    assert said.partition(b"\r\n\r\n")[2] == b""
    assert b"Python" not in said
    assert (await ask(offer.url)).status == 200


async def test_a_connection_that_never_asks_is_closed(watched, offer, tmp_path, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.connections.ASK_S", 0.2)
    assert await raw(offer.port, b"GET /f/half") == b""
    monkeypatch.setattr("evdesk.engine.files.connections.IDLE_S", 0.4)
    await watched.service.withdraw(KEY)
    new = await watched.service.offer(KEY, tmp_path / "fw.bin", "fw.bin", HERE, "http")
    began = asyncio.get_running_loop().time()
    said = await raw(
        new.port, f"GET {split(new.url)[1]} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-0\r\n\r\nGET /f/h".encode()
    )
    assert said.startswith(b"HTTP/1.1 206")
    assert asyncio.get_running_loop().time() - began >= 0.3


@pytest.mark.parametrize("limit", ["MOST_CONNECTIONS", "MOST_PER_ADDRESS"])
async def test_those_that_only_hold_connections_open_keep_no_charger_out(watched, offer, monkeypatch, caplog, limit):
    monkeypatch.setattr(f"evdesk.engine.files.connections.{limit}", 20)
    port, path = split(offer.url)
    async with contextlib.AsyncExitStack() as stack:
        fetching, asking = await stack.enter_async_context(connected(port, limit=1000))
        asking.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await fetching.readuntil(b"\r\n\r\n")
        slow = [await stack.enter_async_context(connected(port)) for _ in range(60)]
        for _, writer in slow:
            writer.write(b"GET /f/half")
        assert (await ask(offer.url)).body == content(SIZE)
        assert await fetching.readexactly(SIZE) == content(SIZE)
        ended = [reader.at_eof() or reader.exception() is not None for reader, _ in slow]
        assert ended == [True] * 42 + [False] * 18
    gc.collect()
    await asyncio.sleep(0)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_as_many_as_are_served_are_served(watched, offer, tmp_path, monkeypatch, caplog):
    """Nobody makes room who is being served: the newest is refused."""
    monkeypatch.setattr("evdesk.engine.files.connections.MOST_PER_ADDRESS", 3)
    big = await watched.service.offer(OTHER, write_file(tmp_path, 4_000_000, "big.bin"), "big.bin", HERE, "http")
    port, path = split(big.url)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            reader, writer = await stack.enter_async_context(connected(port, limit=1000))
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await ask(big.url)
        await watched.service.withdraw(OTHER)
    assert (await ask(offer.url)).status == 200
    gc.collect()
    await asyncio.sleep(0)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_dead_reader_is_ended_and_told(watched, offer, tmp_path, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.05)
    monkeypatch.setattr("evdesk.engine.files.slots.Slot.slow_s", 0.1)
    big = write_file(tmp_path, 1_000_000, "big.bin")
    new = await watched.service.offer(OTHER, big, "big.bin", HERE, "http")
    with socket.create_connection((HERE, new.port)) as dead:
        dead.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        dead.sendall(f"GET {split(new.url)[1]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        broken = await watched.told_of(Seen.BROKEN, OTHER)
    assert "Nothing moved" in broken.text
    assert 0 < watched.service.transfer(OTHER).bytes < 1_000_000


async def test_progress_is_what_the_charger_has_not_what_a_buffer_holds(watched, tmp_path, monkeypatch):
    """A megabyte for one that reads 100 kB and waits: what lies in buffers is not counted."""
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.1)
    path = write_file(tmp_path, 2_000_000, "slow.bin")
    offer = await watched.service.offer(OTHER, path, "slow.bin", HERE, "http")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((HERE, offer.port))
        slow.sendall(f"GET {split(offer.url)[1]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        slow.settimeout(5)
        got = 0
        while got < 100_000:
            got += len(await asyncio.to_thread(slow.recv, 4096))
        told = await watched.told_of(Seen.BYTES, OTHER)
        assert 20_000 < told.bytes < (200_000 if sys.platform == "linux" else 400_000)
        assert watched.service.transfer(OTHER).rate_bps > 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell what has arrived")
async def test_complete_is_only_said_when_the_last_byte_has_arrived(watched, tmp_path, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.02)
    offer = await watched.service.offer(OTHER, write_file(tmp_path, 60_000, "s.bin"), "s.bin", HERE, "http")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((HERE, offer.port))
        slow.sendall(f"GET {split(offer.url)[1]} HTTP/1.0\r\n\r\n".encode())
        await watched.told_of(Seen.BYTES, OTHER)
        for _ in range(5):  # everything is handed over long since
            await asyncio.sleep(0)
        assert not watched.seen(Seen.COMPLETE, OTHER)
        while await asyncio.to_thread(slow.recv, 60_000):
            pass
        await watched.told_of(Seen.COMPLETE, OTHER)


async def test_withdrawn_in_the_middle(watched, offer, tmp_path):
    port, _ = split(offer.url)
    big = await watched.service.offer(OTHER, write_file(tmp_path, 4_000_000, "big.bin"), "big.bin", HERE, "http")
    assert big.port == port
    async with connected(port, limit=1000) as (reader, writer):
        writer.write(f"GET {split(big.url)[1]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readexactly(30_000)
        told = await watched.service.withdraw(OTHER)
        assert 0 < told.bytes < 4_000_000
        assert len(await rest_of(reader)) < 3_900_000
    assert (await ask(big.url)).status == 404
    assert (await ask(offer.url)).status == 200
    assert watched.service.served == [(HERE, "http", port)]
    await watched.service.withdraw(KEY)
    assert watched.service.served == []
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await asyncio.open_connection(HERE, port)
    assert await watched.service.withdraw(KEY) == Transfer()


async def test_offered_anew_elsewhere_the_old_address_and_port_are_gone(watched, offer, tmp_path):
    new = await watched.service.offer(KEY, tmp_path / "fw.bin", "fw.bin", HERE, "ftp", secret=offer.secret)
    assert watched.service.served == [(HERE, "ftp", new.port)]
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await asyncio.open_connection(HERE, offer.port)
    with pytest.raises(EvdeskError, match="not an address"):
        await watched.service.offer(KEY, tmp_path / "fw.bin", "fw.bin", "192.0.2.1", "http")
    assert watched.service.served == []
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await asyncio.open_connection(HERE, new.port)


async def test_two_chargers_cannot_fetch_each_others_file(watched, offer, tmp_path):
    other = await watched.service.offer(OTHER, write_file(tmp_path, 5000, "o.bin"), "o.bin", HERE, "http")
    assert (await ask(offer.url.replace("N22_v2.4.1.bin", "o.bin"))).status == 404
    mine, its = await asyncio.gather(ask(offer.url), ask(other.url))
    assert (len(mine.body), len(its.body)) == (SIZE, 5000)
    assert (watched.service.transfer(KEY).total, watched.service.transfer(OTHER).total) == (SIZE, 5000)


async def test_twice_fetched_and_by_two_addresses(watched, offer):
    await ask(offer.url)
    await ask(offer.url)
    assert len(await watched.until(lambda: watched.seen(Seen.COMPLETE)[1:])) == 1
    assert "once more" in watched.seen(Seen.COMPLETE)[1].text
    port, path = split(offer.url)
    async with connected(port, local_addr=("127.0.0.9", 0)) as (reader, writer):
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert (await rest_of(reader)).endswith(content(SIZE)[-100:])
    told = watched.service.transfer(KEY)
    assert (told.address, told.others, told.requests) == (HERE, ("127.0.0.9",), 3)


async def test_a_file_that_changes_is_not_served(watched, offer, tmp_path):
    (tmp_path / "fw.bin").write_bytes(b"another")
    assert (await ask(offer.url)).status == 410
    assert "cannot be read" in watched.seen(Seen.REFUSED)[0].text
    (tmp_path / "fw.bin").unlink()
    assert (await ask(offer.url)).status == 410
    with pytest.raises(EvdeskError, match="cannot be read"):
        await watched.service.offer(OTHER, tmp_path / "fw.bin", "fw.bin", HERE, "http")


async def test_another_file_than_was_meant_is_not_offered(watched, tmp_path):
    path = write_file(tmp_path, SIZE)
    meant = hashlib.sha256(path.read_bytes()).hexdigest()
    await watched.service.offer(KEY, path, "fw.bin", HERE, "http", sha256=meant)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(EvdeskError, match=r"fw\.bin is not the file any more.*Add the maker's file again"):
        await watched.service.offer(OTHER, path, "fw.bin", HERE, "http", sha256=meant)
    assert watched.service.transfer(OTHER).size == 0


async def test_an_empty_file(watched, tmp_path):
    offer = await watched.service.offer(KEY, write_file(tmp_path, 0), "fw.bin", HERE, "http")
    reply = await ask(offer.url)
    assert (reply.status, reply.headers["content-length"], reply.body) == (200, "0", b"")


async def test_a_rate_limit_is_kept(watched, tmp_path):
    path = write_file(tmp_path, 40_000)
    offer = await watched.service.offer(KEY, path, "fw.bin", HERE, "http", rate_bps=150_000)
    began = asyncio.get_running_loop().time()
    assert (await ask(offer.url)).body == content(40_000)
    assert 0.2 < asyncio.get_running_loop().time() - began < 2.0


async def test_the_same_address_and_port_after_a_restart_with_what_was_counted(tmp_path):
    path = write_file(tmp_path, SIZE)
    async with serving(tmp_path) as first:
        offer = await first.service.offer(KEY, path, "fw.bin", HERE, "http")
        await ask(offer.url, Range="bytes=0-99999")
        before = first.service.transfer(KEY)
    assert json.loads((tmp_path / "files.json").read_text())["http"] == offer.port
    async with serving(tmp_path) as second:
        again = await second.service.offer(KEY, path, "fw.bin", HERE, "http", secret=offer.secret, before=before)
        assert again == offer
        with pytest.raises(EvdeskError, match="another charger"):
            await second.service.offer(OTHER, path, "fw.bin", HERE, "http", secret=offer.secret)
        with pytest.raises(EvdeskError, match="not the secret"):
            await second.service.offer(OTHER, path, "fw.bin", HERE, "http", secret="../etc")
        await ask(again.url, Range="bytes=100000-")
        await second.told_of(Seen.COMPLETE)
        told = second.service.transfer(KEY)
        assert (told.bytes, told.total, told.requests, told.first_at) == (SIZE, SIZE, 2, before.first_at)


async def test_fixed_ports_and_what_is_in_the_way(tmp_path):
    path = write_file(tmp_path, 100)
    with socket.create_server((HERE, 0)) as held:
        number = held.getsockname()[1]
        async with serving(tmp_path, port=number) as watched:
            with pytest.raises(EvdeskError, match=f"Port {number} on 127.0.0.1 is taken"):
                await watched.service.offer(KEY, path, "fw.bin", HERE, "http")
            assert watched.service.served == []
        (tmp_path / "files.json").write_text(json.dumps({"http": number, "ftp": "x", "else": 3}))
        async with serving(tmp_path) as watched:
            assert (await watched.service.offer(KEY, path, "fw.bin", HERE, "http")).port != number
            with pytest.raises(EvdeskError, match="not an address of this computer"):
                await watched.service.offer(KEY, path, "fw.bin", "192.0.2.1", "http")


async def test_reach(watched, offer):
    assert await watched.service.reach(HERE, "http") == ""
    assert "“https” now. Possible: http" in await watched.service.reach(HERE, "https")
    await watched.service.withdraw(KEY)
    assert await watched.service.reach(HERE, "http") == ""
    assert "not an address" in await watched.service.reach("192.0.2.1", "http")
    assert watched.service.served == []


async def test_https_with_the_own_certificate_and_the_newest_one(tmp_path):
    made = [credentials("first")]
    async with serving(tmp_path, credentials=lambda: made[0]) as watched:
        offer = await watched.service.offer(KEY, write_file(tmp_path, SIZE), "fw.bin", HERE, "https")
        assert offer.url.startswith(f"https://{HERE}:{offer.port}/f/")
        assert (await ask(offer.url)).body == content(SIZE)
        await watched.told_of(Seen.COMPLETE)
        assert await shown(offer.port) == "first"
        made[0] = credentials("second")
        other = await watched.service.offer(OTHER, tmp_path / "fw.bin", "fw.bin", HERE, "https")
        assert other.port == offer.port
        assert await shown(offer.port) == "second"
        old = trusting()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert parsed(await raw(offer.port, b"GET / HTTP/1.0\r\n\r\n", old)).status == 404
        with pytest.raises(ssl.SSLCertVerificationError):
            await raw(offer.port, b"GET / HTTP/1.0\r\n\r\n", ssl.create_default_context())
        by_other_door = await watched.service.offer(KEY, tmp_path / "fw.bin", "fw.bin", HERE, "http")
        secret = split(other.url)[1]
        assert (await ask(f"http://{HERE}:{by_other_door.port}{secret}")).status == 404


async def shown(port):
    async with connected(port, trusting()) as (_, writer):
        return dict(itertools.chain(*writer.get_extra_info("peercert")["subject"]))["commonName"]


async def test_a_common_client_with_connections_at_once(watched, offer):
    """An independent client, eight at once, with ranges: each gets its bytes."""
    async with aiohttp.ClientSession() as client:

        async def part(n):
            async with client.get(offer.url, headers={"Range": f"bytes={n * 1000}-{n * 1000 + 999}"}) as reply:
                return reply.status, await reply.read()

        parts = await asyncio.gather(*(part(n) for n in range(8)))
        assert parts == [(206, content(SIZE)[n * 1000 : n * 1000 + 1000]) for n in range(8)]
        async with client.get(offer.url) as reply:
            assert await reply.read() == content(SIZE)
    await watched.told_of(Seen.COMPLETE)
    told = watched.service.transfer(KEY)
    assert (told.requests, told.total) == (9, SIZE + 8000)
