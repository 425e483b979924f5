"""Logs sent by chargers over HTTP: every way they do it, and every way it goes wrong."""

import asyncio
import hashlib
import itertools
import stat
import sys
import threading
from pathlib import Path

import aiohttp
import pytest

from evdesk.engine.files import Seen
from evdesk.engine.files.multipart import Begin, Data, Multipart
from evdesk.model import EvdeskError, Reason
from tests.engine.files_kit import HERE, KEY, OTHER, ask, connected, content, parsed, raw, rest_of, serving, split

SIZE = 200_000
FORM = {"Content_Type": "multipart/form-data; boundary=XX"}


@pytest.fixture
async def watched(tmp_path):
    async with serving(tmp_path) as one:
        yield one


@pytest.fixture
async def offer(watched):
    return await watched.service.take(KEY, HERE, "http")


def form(*parts: tuple[str, bytes], end: bytes = b"--XX--\r\n", line: bytes = b"\r\n") -> bytes:
    """A form of (Content-Disposition after "form-data; ", content)."""
    head = b"Content-Disposition: form-data; "
    whole = b"".join(b"--XX" + line + head + what.encode() + line * 2 + body + line for what, body in parts)
    return whole + end


def right(served, data: bytes, folder: Path) -> None:
    assert served.path.read_bytes() == data
    assert (served.sha256, served.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert served.path.parent.parent == folder / "logs"
    if sys.platform != "win32":
        assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(served.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("method", "below", "headers", "body", "name"),
    [
        ("PUT", "diag.zip", {}, content(SIZE), "diag.zip"),
        ("PUT", "", {}, content(SIZE), "log"),
        ("PUT", "/deep/er/diag%20a.log", {}, content(SIZE), "diag a.log"),
        ("POST", "", {"Content_Disposition": 'attachment; filename="d.txt"'}, content(SIZE), "d.txt"),
        ("POST", "x.bin", {"Content_Type": "application/octet-stream"}, content(SIZE), "x.bin"),
        ("PUT", "log.txt", {"Content_Encoding": "gzip"}, b"\x1f\x8bno real one", "log.txt.gz"),
        ("POST", "", FORM, form(('name="f"; filename="c:\\\\tmp\\\\ä.zip"', content(SIZE))), "ä.zip"),
        ("POST", "", FORM, form(('name="a"', b"1"), ('name="f"; filename=d.zip', b"abc")), "d.zip"),
        ("POST", "", FORM, form(('name="big"', b"z" * 9000)), "big"),
        ("POST", "n.log", FORM, form(('name="f"; filename=""', b"abc"), line=b"\n", end=b"--XX--"), "n.log"),
        ("POST", "n.log", FORM, form(('name="f"; filename="u"', b"abc"), end=b""), "u"),
        ("PUT", "empty.log", {}, b"", "empty.log"),
    ],
)
async def test_every_way_to_send(watched, offer, tmp_path, method, below, headers, body, name):
    if not body:
        headers = headers | {"Content_Length": "0"}
    reply = await ask(offer.url + below, method, body, **headers)
    assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", "0")
    served = await watched.told_of(Seen.RECEIVED)
    sent = body if headers is not FORM else files_in(body)[name if name != "n.log" else ""]
    right(served, sent, tmp_path)
    assert served.name == name
    assert watched.seen(Seen.UPLOAD)[0].name == name
    (received,) = watched.service.received(KEY)
    assert (received.whole, received.size, received.path) == (True, len(sent), served.path)
    told = watched.service.transfer(KEY)
    assert (told.bytes, told.total, told.address) == (len(sent), len(sent), HERE)
    assert told.complete_at is not None
    assert not list((tmp_path / "logs" / "quarantine").iterdir())


def files_in(body: bytes, boundary: str = "XX") -> dict[str, bytes]:
    """Name -> content of every part."""
    found, part, form = {}, "", Multipart(boundary)
    for event in itertools.chain(form.feed(body), form.close()):
        if isinstance(event, Begin):
            part = (event.file_name if event.file_name is not None else event.field).rpartition("\\")[2]
            found[part] = b""
        elif isinstance(event, Data):
            found[part] += event.content
    return found


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_a_form_cut_anywhere_reads_the_same(step):
    nasty = b"\r\n--XY\r\n\n--XXno\r\n--X\r\n\r\n"
    body = (
        b"before\r\n"
        + form(('name="a"', b"hello"), ('name="f"; filename="x.zip"', nasty), ('name="e"', b""))
        + b"after"
    )
    parser, parts = Multipart("XX"), []
    for at in range(0, len(body), step):
        for event in parser.feed(body[at : at + step]):
            if isinstance(event, Begin):
                parts.append([event.file_name, event.field, b""])
            elif isinstance(event, Data):
                parts[-1][2] += event.content
    assert list(parser.close()) == []
    assert parts == [[None, "a", b"hello"], ["x.zip", "f", nasty], [None, "e", b""]]


@pytest.mark.parametrize(
    ("boundary", "body", "says"),
    [
        ("XX", b"no form at all", "before a file begins"),
        ("XX", b"--XX\r\n" + b"a" * 20_000, "head of a part"),
        ("XX", b"--XX" + b" " * 20_000, "does not end"),
        ("XX", b"--XX\r\n\r\n\r\n" * 40, "too many parts"),
        ("", b"", "missing"),
    ],
)
def test_forms_that_are_none(boundary, body, says):
    with pytest.raises(ValueError, match=says):
        files_in(body, boundary)


async def test_a_common_client_sends_chunks_and_waits_to_be_told(watched, offer, tmp_path):
    async def pieces():
        for at in range(0, SIZE, 7001):
            yield content(SIZE)[at : at + 7001]

    async with aiohttp.ClientSession() as client:
        async with client.put(offer.url + "a.log", data=pieces(), expect100=True) as reply:
            assert reply.status == 200
        data = aiohttp.FormData()
        data.add_field("file", content(999), filename="b.log")
        async with client.post(offer.url, data=data) as reply:
            assert reply.status == 200
    first, second = watched.seen(Seen.RECEIVED)
    right(first, content(SIZE), tmp_path)
    right(second, content(999), tmp_path)
    assert [one.name for one in watched.service.received(KEY)] == ["a.log", "b.log"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"no form", FORM),
        (form(('name="a"', b"1")), FORM),
        (b"abc", {"Content_Range": "bytes 5-7/8"}),
        (b"abc", {"Content_Range": "from here"}),
    ],
)
async def test_what_cannot_be_read_is_refused(watched, offer, tmp_path, body, headers):
    reply = await ask(offer.url, "POST", body, **headers)
    assert reply.status == 400
    assert watched.seen(Seen.REFUSED)
    assert watched.service.received(KEY) == ()
    assert not list((tmp_path / "logs").rglob("*.part"))


async def test_broken_off_kept_and_gone_on_with(watched, offer, tmp_path, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.05)
    port, path = split(offer.url)
    data = content(SIZE)
    async with connected(port) as (_, writer):
        head = f"PUT {path}d.zip HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n"
        writer.write(head.encode() + data[:60_000])
        await watched.until(lambda: watched.seen(Seen.BYTES))
        writer.transport.abort()
    part = await watched.told_of(Seen.PARTIAL)
    assert (part.cause, part.tone) == ("broken", "warn")
    assert part.path.read_bytes() == data[: part.bytes]
    assert part.path.parent.name == "quarantine"
    rest = {"Content_Range": f"bytes {part.bytes}-{SIZE - 1}/{SIZE}"}
    assert (await ask(offer.url + "d.zip", "PUT", data[part.bytes :], **rest)).status == 200
    right(await watched.told_of(Seen.RECEIVED), data, tmp_path)
    # and once more, whole: kept apart
    assert (await ask(offer.url + "d.zip", "PUT", data)).status == 200
    received = watched.service.received(KEY)
    assert [one.whole for one in received] == [True, True, False]
    assert len({one.path for one in received}) == 3
    assert watched.service.transfer(KEY).requests == 3


async def test_a_part_is_a_part_by_its_own_word(watched, offer, tmp_path):
    async def send(body: bytes, span: str) -> int:
        return (await ask(offer.url + "r.txt", "PUT", body, Content_Range=span)).status

    assert await send(b"abc", "bytes 0-2/9") == 200
    part = await watched.told_of(Seen.PARTIAL)
    assert (part.cause, part.text) == (
        "part",
        "r.txt is a part by its own word, and ends after 3 bytes; what came is kept.",
    )
    assert await send(b"def", "bytes 3-5/9") == 200
    assert not watched.seen(Seen.RECEIVED)
    assert await send(b"ghi", "bytes 6-8/9") == 200
    right(await watched.told_of(Seen.RECEIVED), b"abcdefghi", tmp_path)
    assert await send(b"whole", "bytes 0-4/5") == 200
    assert await send(b"whole", "bytes 0-4/*") == 200
    assert len(watched.seen(Seen.RECEIVED)) == 3


async def test_a_chunked_upload_that_makes_no_sense_is_not_whole(watched, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.05)
    offer = await watched.service.take(KEY, HERE, "http", slow_s=0.1)
    port, path = split(offer.url)
    async with connected(port) as (reader, writer):
        head = f"PUT {path}d.zip HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode() + b"5\r\nhello\r\n")
        await watched.told_of(Seen.UPLOAD)
        writer.write(b"nonsense\r\n")
        assert (await watched.told_of(Seen.PARTIAL)).path.read_bytes() == b"hello"
        assert await rest_of(reader) == b""


async def test_too_slow_is_ended_and_kept(watched, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.05)
    offer = await watched.service.take(KEY, HERE, "http", slow_s=0.1)
    port, path = split(offer.url)
    async with connected(port) as (reader, writer):
        writer.write(f"PUT {path}d.zip HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc".encode())
        part = await watched.told_of(Seen.PARTIAL)
        assert (part.cause, part.path.read_bytes()) == ("slow", b"abc")
        assert await rest_of(reader) == b""


@pytest.mark.parametrize("way", ["told", "chunked", "form"])
async def test_too_large_is_cut_and_told(watched, tmp_path, way):
    offer = await watched.service.take(KEY, HERE, "http", most_bytes=70_000)
    data = content(SIZE)
    if way == "told":
        reply = await ask(offer.url + "d.zip", "PUT", data)
    elif way == "chunked":
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
        reply = await ask(offer.url + "d.zip", "PUT", body, Transfer_Encoding="chunked")
    else:
        reply = await ask(offer.url, "POST", form(('name="f"; filename="d.zip"', data[:100_000])), **FORM)
    assert reply.status == 413
    assert "at most 70 kB" in watched.seen(Seen.REFUSED)[0].text
    if way == "told":
        assert watched.service.received(KEY) == ()
    else:
        part = await watched.told_of(Seen.PARTIAL)
        assert (part.cause, part.path.read_bytes()) == ("too_large", data[:70_000])


async def test_attempts_without_end_do_not_fill_the_disk(watched, tmp_path, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.inbox.MOST_ATTEMPTS", 5)
    offer = await watched.service.take(KEY, HERE, "http", most_bytes=10_000)
    replies = [(await ask(offer.url + "d.zip", "PUT", content(9_999))).status for _ in range(5)]
    assert replies == [200, 200, 200, 200, 413]
    assert "4 attempts with 40 kB came already" in watched.seen(Seen.REFUSED)[0].text
    offer = await watched.service.take(OTHER, HERE, "http", most_bytes=10_000)
    replies = [(await ask(offer.url + "d.zip", "PUT", b"abc")).status for _ in range(6)]
    assert replies == [200, 200, 200, 200, 200, 413]
    files = [path for path in (tmp_path / "logs").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 4 * 10_000 + 100


async def test_many_uploads_at_once_are_refused(watched, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.inbox.MOST_AT_ONCE", 1)
    offer = await watched.service.take(KEY, HERE, "http")
    port, path = split(offer.url)
    async with connected(port) as (_reader, writer):
        writer.write(f"PUT {path}d.zip HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc".encode())
        await watched.told_of(Seen.UPLOAD)
        assert (await ask(offer.url + "e.zip", "PUT", b"abc")).status == 413
        assert "come at once" in watched.seen(Seen.REFUSED)[0].text


async def test_a_full_disk_before(watched, offer, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.inbox.free_space", lambda folder: (150_000_000, 10**12))
    reply = await ask(offer.url + "d.zip", "PUT", b"abc", Expect="100-continue")
    assert reply.status == 507
    (refused,) = watched.seen(Seen.REFUSED)
    assert refused.cause == "disk_full"
    assert "The disk is full: 150 MB are free, 210 MB are needed: 210 MB stay for evdesk's records." in refused.text
    assert "Make room" in refused.text


async def test_a_small_disk_keeps_enough_for_the_records(watched, monkeypatch):
    free = [123_000_000, 150_000_000]
    monkeypatch.setattr("evdesk.engine.files.inbox.free_space", lambda folder: tuple(free))
    await watched.service.room()
    offer = await watched.service.take(KEY, HERE, "http")
    assert (await ask(offer.url + "a.log", "PUT", bytes(1_000_000))).status == 200
    port, path = split(offer.url)
    async with connected(port) as (_reader, writer):
        writer.write(f"PUT {path}b.log HTTP/1.1\r\nHost: x\r\nContent-Length: 19000000\r\n\r\n".encode())
        assert (await watched.told_of(Seen.REFUSED)).cause == "disk_full"
    free[0] = 114_000_000
    with pytest.raises(EvdeskError) as caught:
        await watched.service.room()
    assert caught.value.reason is Reason.STORAGE
    words = "114 MB are free, 115 MB are needed: 105 MB stay for evdesk's records, and 10 MB are the least for a log."
    assert words in caught.value.sentence


async def test_a_disk_that_gets_full(watched, offer, tmp_path, monkeypatch):
    left = iter([10**10] * 2)
    monkeypatch.setattr("evdesk.engine.files.inbox.free_space", lambda folder: (next(left, 1000), 10**12))
    monkeypatch.setattr("evdesk.engine.files.inbox.LOOK_BYTES", 65_536)
    data = content(1_000_000)
    assert (await ask(offer.url + "d.zip", "PUT", data)).status == 507
    part = await watched.told_of(Seen.PARTIAL)
    assert part.cause == "disk_full"
    assert 0 < part.bytes < 1_000_000
    assert part.path.read_bytes() == data[: part.bytes]


async def test_an_error_of_the_disk_is_told_too(watched, offer, monkeypatch):
    def full(self, chunk):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evdesk.engine.files.inbox.Sink._put", full)
    assert (await ask(offer.url + "d.zip", "PUT", b"abc")).status == 507
    assert "No space left" in watched.seen(Seen.REFUSED)[0].text


@pytest.mark.parametrize(
    "name", ["../../../../tmp/evil", "..%2f..%2fevil", "%2e%2e/evil", "a/../../evil", "evil%00.txt", "..%5c..%5cevil"]
)
async def test_names_that_lead_out_stay_inside(watched, offer, tmp_path, name):
    port, path = split(offer.url)
    asked = f"PUT {path}{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    assert parsed(await raw(port, asked.encode())).status == 200
    (received,) = watched.service.received(KEY)
    assert received.path.resolve().is_relative_to((tmp_path / "logs").resolve())
    assert received.name.startswith("evil")
    assert {path.name for path in tmp_path.iterdir()} == {"files.json", "logs"}


async def test_nothing_to_go_on_with_any_more(watched, offer, tmp_path):
    """A person has removed what broke off."""
    port, path = split(offer.url)
    async with connected(port) as (_, writer):
        writer.write(f"PUT {path}d.zip HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf".encode())
        await watched.told_of(Seen.UPLOAD)
    part = await watched.told_of(Seen.PARTIAL)
    part.path.unlink()
    assert (await ask(offer.url + "d.zip", "PUT", b"more", Content_Range="bytes 4-7/8")).status == 400
    assert not list((tmp_path / "logs" / "quarantine").iterdir())
    assert (await ask(offer.url + "d.zip", "PUT", b"all of it")).status == 200


async def test_a_link_in_the_way_is_not_followed(watched, offer, tmp_path):
    """Somebody who can write to the folder already has what evdesk has; still nothing is written through a link."""
    await ask(offer.url + "d.zip", "PUT", b"abc")
    (received,) = watched.service.received(KEY)
    target = tmp_path / "target"
    other = received.path.with_name(received.path.name.replace("-1-", "-2-"))
    other.symlink_to(target)
    await ask(offer.url + "d.zip", "PUT", b"second")
    assert not target.exists()
    assert received.path.read_bytes() == b"abc"


async def test_only_uploads_there(watched, offer):
    assert (await ask(offer.url + "d.zip", "PUT", b"abc")).status == 200
    for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        reply = await ask(offer.url + "d.zip", method)
        assert (reply.status, reply.headers["allow"], reply.body) == (405, "PUT, POST", b"")
    other = await watched.service.take(OTHER, HERE, "http", name="diag.bin")
    assert other.url.endswith("/diag.bin")
    assert (await ask(other.url, "PUT", b"mine")).status == 200
    assert [one.name for one in watched.service.received(OTHER)] == ["diag.bin"]
    assert len(watched.service.received(KEY)) == 1


async def test_withdrawn_in_the_middle_keeps_what_came(watched, offer):
    port, path = split(offer.url)
    async with connected(port) as (reader, writer):
        writer.write(f"PUT {path}d.zip HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc".encode())
        await watched.told_of(Seen.UPLOAD)
        await watched.service.withdraw(KEY)
        assert watched.service.served == []
        part = await watched.told_of(Seen.PARTIAL)
        assert part.path.exists()
        assert watched.service.received(KEY) == ()
        assert await rest_of(reader) == b""


@pytest.mark.parametrize("whole", [True, False])
async def test_what_is_refused_because_one_is_here_is_not_kept(watched, offer, tmp_path, monkeypatch, whole):
    """The address is withdrawn while the next log comes, or is being written to the disk."""
    assert (await ask(offer.url + "a.log", "PUT", b"abc")).status == 200
    writing, gone = threading.Event(), threading.Event()
    monkeypatch.setattr("evdesk.engine.files.inbox.os.fsync", lambda number: writing.set() or gone.wait(5))
    port, path = split(offer.url)
    async with connected(port) as (reader, writer):
        writer.write(f"PUT {path}b.log HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc".encode())
        await watched.until(lambda: watched.seen(Seen.UPLOAD)[1:])
        if whole:
            writer.write(b"def")
            await asyncio.to_thread(writing.wait, 5)
        withdrawing = asyncio.ensure_future(watched.service.withdraw(KEY))
        assert await rest_of(reader) == b""
        gone.set()
        await withdrawing
    assert [one.name for one in watched.told if one.path] == ["a.log"]
    assert [path.name for path in (tmp_path / "logs").rglob("*") if path.is_file()] == ["7-1-a.log"]


async def test_a_killed_engine_knows_what_came_before(tmp_path):
    async with serving(tmp_path) as first:
        offer = await first.service.take(KEY, HERE, "http")
        await ask(offer.url + "a.log", "PUT", b"whole")
        port, path = split(offer.url)
        async with connected(port) as (_, writer):
            writer.write(f"PUT {path}b.zip HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf".encode())
            await first.until(lambda: first.seen(Seen.UPLOAD)[1:])
    async with serving(tmp_path) as second:
        again = await second.service.take(KEY, HERE, "http", secret=offer.secret)
        assert again.url == offer.url
        assert second.seen(Seen.RECEIVED)[0].name == "a.log"  # told again: nobody may have heard it
        whole, part = second.service.received(KEY)
        assert second.seen(Seen.PARTIAL)[0].path == part.path
        assert (whole.name, whole.whole, whole.sha256) == ("a.log", True, hashlib.sha256(b"whole").hexdigest())
        assert (part.name, part.whole) == ("b.zip", False)
        had = part.size
        rest = {"Content_Range": f"bytes {had}-8/9"}
        assert (await ask(again.url + "b.zip", "PUT", b"half more"[had:], **rest)).status == 200
        best, *_ = second.service.received(KEY)
        assert (best.path.read_bytes(), best.whole) == (b"half more", True)
