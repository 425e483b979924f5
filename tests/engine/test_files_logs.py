"""Logs kept, listed, shown and removed; through the API of a real engine too."""

import hashlib
import io
import stat
import sys
import zipfile

import pytest

from evdesk.cli import build_parser
from evdesk.engine.engine import Engine
from evdesk.engine.files import Seen
from evdesk.engine.files.logs import LogBook
from evdesk.engine.options import EngineOptions
from evdesk.model import EvdeskError, Reason
from evdesk.wire import methods
from evdesk.wire.jobs import OneLog, ReadLog
from evdesk.wire.method import OptionalCharger
from tests.engine.files_kit import HERE, KEY, ask, remember_ports
from tests.engine.store_kit import T0, TECHNICIAN, FixedClock, opened

LINES = "".join(f"{n:06d} Größe {n}\n" for n in range(3000))


def packed(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return out.getvalue()


@pytest.fixture
async def book(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yield LogBook(tmp_path, store, FixedClock(T0))


def put(folder, data, name="7-1-log", where="A"):
    path = folder / "logs" / where / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


async def test_kept_found_again_and_removed(book, tmp_path):
    data = packed(sys_log=LINES, b_bin=bytes(range(256)))
    path = put(tmp_path, data)
    log = await book.enter(path, charger_id="A", job_id=7, name="../diag.zip", address="10.0.0.5", scheme="ftp")
    assert (log.id, log.name, log.size, log.entries, log.at) == (1, "diag.zip", len(data), 2, T0)
    assert log.sha256 == hashlib.sha256(data).hexdigest()
    assert (log.partial, log.kind, log.address, log.scheme) == (False, "diagnostics", "10.0.0.5", "ftp")
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await book.enter(path, charger_id="A", job_id=7) == log
    second = await book.enter(put(tmp_path, b"x", "8-1-s"), charger_id="A", job_id=8, kind="security", sha256="ab" * 32)
    other = await book.enter(put(tmp_path, b"y", "9-1-s", "B"), charger_id="B", job_id=9)
    assert [one.id for one in await book.all()] == [3, 2, 1]
    assert await book.all("A") == [second, log]
    assert (second.sha256, second.entries, other.charger_id) == ("ab" * 32, None, "B")
    assert await book.get(1) == (log, path)
    assert [entry.name for entry in (await book.entries(1))[0]] == ["sys.log", "b.bin"]
    assert await book.entries(2) == ([], "")
    assert await book.remove(1) == log
    assert not path.exists()
    assert [one.id for one in await book.all()] == [3, 2]
    for unknown in (1, 99, -5, 1 << 80):
        with pytest.raises(EvdeskError, match="There is no log"):
            await book.get(unknown)


async def test_read_piece_by_piece_as_text_and_as_hex(book, tmp_path):
    await book.enter(put(tmp_path, packed(sys_log=LINES, b_bin=bytes(range(256)) * 100)), charger_id="A", job_id=7)
    text, offset = "", 0
    while offset is not None:
        piece = await book.read(1, "sys.log", offset, 1001)
        assert not piece.binary
        assert piece.size == len(LINES.encode())
        text, offset = text + piece.text, piece.next_offset
    assert text == LINES
    piece = await book.read(1, "b.bin", 16, 32)
    assert piece.binary
    assert piece.text.splitlines()[1].startswith("00000020  20 21 22")
    assert piece.next_offset == 48
    whole = await book.read(1, "b.bin", 0, 1 << 30)
    assert (whole.next_offset, len(whole.text.splitlines())) == (16_384, 1024)
    assert (await book.read(1)).text.startswith("00000000  50 4b 03 04")
    assert (await book.read(1, "sys.log", 10**9)).text == ""
    for offset, limit in ((-1, 10), (0, 0), (0, -1), (1 << 70, 10)):
        with pytest.raises(EvdeskError) as error:
            await book.read(1, "", offset, limit)
        assert error.value.reason is Reason.INVALID


async def test_a_log_that_broke_off_is_kept_where_it_is_and_marked(book, tmp_path):
    data = packed(sys_log=LINES)
    path = put(tmp_path, data[: len(data) // 2], "7-A-1-d.zip.part", "quarantine")
    log = await book.enter(path, charger_id="A", job_id=7, name="d.zip", partial=True, detail="It broke off.")
    assert log.partial
    assert log.detail.startswith("It broke off. The archive cannot be read to its end")
    assert (await book.get(log.id))[1] == path  # there the charger can go on with it
    piece = await book.read(log.id, "sys.log")
    assert piece.text.startswith(LINES[:500])
    assert piece.text.endswith("[It cannot be read further: it ends in the middle.]")
    assert piece.next_offset is None


async def test_only_files_of_the_folder_and_ones_that_are_there(book, tmp_path):
    outside = tmp_path / "evdesk.db"
    for path in (outside, tmp_path / "logs" / "missing", tmp_path / "logs" / ".." / "evdesk.db"):
        with pytest.raises(EvdeskError, match="does not lie in"):
            await book.enter(path, charger_id="A", job_id=7)
    if sys.platform != "win32":
        link = put(tmp_path, b"x", "keep").with_name("link")
        link.symlink_to(outside)
        with pytest.raises(EvdeskError, match="does not lie in"):
            await book.enter(link, charger_id="A", job_id=7)
    path = put(tmp_path, b"text")
    log = await book.enter(path, charger_id="A", job_id=7)
    path.unlink()
    for act in (book.read(log.id), book.entries(log.id)):
        with pytest.raises(EvdeskError, match="is not there any more"):
            await act
    assert await book.remove(log.id) == log


async def test_from_a_charger_to_a_desk(tmp_path):
    """Sent by HTTP to an engine's file service, kept, and asked for through its API."""
    data = packed(sys_log=LINES, **{"../out": "x"})
    remember_ports(tmp_path)
    running = Engine(EngineOptions(tmp_path, ocpp=(HERE, 0)), "token")
    await running.store.open()
    told = []
    running.files.on_served = told.append
    try:
        offer = await running.files.take(KEY, HERE, "http")
        assert (await ask(offer.url + "diag.zip", "PUT", data)).status == 200
        (received,) = running.files.received(KEY)
        (served,) = [one for one in told if one.what is Seen.RECEIVED]
        assert served.path == received.path
        log = await running.logs.keep(served, "security", 7)
        assert (log.charger_id, log.kind, log.scheme, log.address) == ("BAY-1", "security", "http", HERE)

        async def call(method, params):
            return await running.api.dispatch(TECHNICIAN, method, params)

        assert await call("log.list", OptionalCharger()) == [log]
        assert await call("log.list", OptionalCharger("other")) == []
        got = await call("log.get", OneLog(log.id))
        assert (got.log, got.path) == (log, str(received.path))
        assert [(one.name, one.readable) for one in got.entries] == [("sys.log", True), ("../out", False)]
        piece = await call("log.read", ReadLog(log.id, "sys.log", limit=100))
        assert LINES.startswith(piece.text)
        with pytest.raises(EvdeskError, match="leads out"):
            await call("log.read", ReadLog(log.id, "../out"))
        removed = await call("log.remove", OneLog(log.id))
        assert removed.status == "removed"
        rows = await running.store.audit_rows(methods.AuditPage(limit=5))
        asked, answered = (next(row for row in rows if row.kind == kind) for kind in ("asked", "answered"))
        assert (asked.id, asked.what, asked.target, asked.who) == (
            removed.audit_id,
            "log.remove",
            "BAY-1",
            "Technician",
        )
        assert (answered.outcome, answered.detail["sha256"]) == ("stored", log.sha256)
        assert not received.path.exists()
        with pytest.raises(EvdeskError, match="There is no log"):
            await call("log.remove", OneLog(log.id))
    finally:
        await running.files.close()
        await running.store.close()
    with pytest.raises(ConnectionError):
        await ask(offer.url + "diag.zip", "PUT", data)


def test_fixed_ports_are_said_on_the_command_line():
    parse = build_parser().parse_args
    assert parse(["engine", "--files-port", "9300"]).files_port == 9300
    assert parse(["engine"]).files_port == 0
    for wrong in ("0", "80", "65530", "x"):
        with pytest.raises(SystemExit):
            parse(["engine", "--files-port", wrong])
