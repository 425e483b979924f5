"""Killed, full, locked, read-only, damaged, newer, moved: nothing acknowledged is lost, every refusal says what to do."""

import asyncio
import contextlib
import logging
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from evdesk.engine.logs import _LogFile
from evdesk.engine.store import Store, verify_file
from evdesk.engine.store.batch import KEEP_READINGS
from evdesk.engine.store.schema import LATEST
from evdesk.model import Clock, EvdeskError, MessageSeen, Reason, TransactionEnded, TransactionStarted
from evdesk.wire.methods import AuditPage, SessionPage
from tests.engine.store_kit import BALANCER, T0, HealthWatch, note, opened, power, settings

CHILD = Path(__file__).with_name("store_child.py")


def child(act, path):
    """As another user where the tests run as root, for whom nothing is read-only."""
    user = ["65534"] if os.geteuid() == 0 else []
    command = [sys.executable, CHILD, act, path, *user]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def kill_while_writing(path, seconds):
    """Acknowledged lines of a process that was killed (SIGKILL) after that time, in the middle of its work."""
    told = []
    with subprocess.Popen([sys.executable, CHILD, "write", path], stdout=subprocess.PIPE, text=True) as process:
        first = None
        for line in process.stdout:
            if line.endswith("\n"):
                told.append(line.split())
            if line.startswith("reading"):
                first = first or float(told[-1][1])
                if float(told[-1][1]) >= first + seconds:
                    process.kill()
    return told


def test_killed_in_the_middle_of_writing(tmp_path):
    path = tmp_path / "evdesk.db"
    rows, sessions = {}, set()
    for seconds in (0.1, 2.5, 0.7):
        newest = 0.0
        for kind, *told in kill_while_writing(path, seconds):
            if kind == "audit":
                assert int(told[0]) not in rows, "an id was given twice"
                rows[int(told[0])] = told[1]
            elif kind == "session":
                assert int(told[0]) not in sessions
                sessions.add(int(told[0]))
            else:
                newest = max(newest, float(told[0]))
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = dict(connection.execute("SELECT id, hash FROM audit"))
        assert {i: stored.get(i) for i in rows} == rows
        assert sessions <= {i for (i,) in connection.execute("SELECT id FROM session")}
        if seconds > 2:
            assert connection.execute("SELECT max(t) FROM reading").fetchone()[0] > newest - 2.0
        connection.close()
        verdict = verify_file(path)
        assert verdict.holds, verdict.sentence
        assert verdict.rows >= len(rows)


def quota(store, pages):
    """The disk's size, in pages of the file."""
    store._writer._commits.connection.execute(f"PRAGMA max_page_count = {pages}")


async def fill_up(store, watch):
    """Until nothing more goes in."""
    quota(store, 1)  # never below what is there already
    for i in range(3000):
        store.put_message(MessageSeen("WB-01", T0, "in", "X", str(i), "x" * 1000))
    await store.flush()
    return await watch.until(lambda health: not health.ok)


async def note_until_refused(store):
    """Also the last corner of the last page."""
    with contextlib.suppress(EvdeskError):
        for _ in range(2000):
            await note(store, args={"text": "y" * 2000})
    for _ in range(500):
        await note(store, "x")


async def test_a_full_disk_is_said_and_outlived(tmp_path):
    async with opened(tmp_path / "evdesk.db", settings(retry_s=60.0)) as store:
        watch = HealthWatch(store)
        session = await store.open_session(TransactionStarted("WB-01", 1, T0, "TAG", 100.0))
        await note(store)
        health = await fill_up(store, watch)
        assert "full" in health.sentence
        assert health.since_at is not None
        with pytest.raises(EvdeskError, match="full") as raised:
            await note_until_refused(store)
        assert raised.value.reason is Reason.STORAGE
        written = (await store.counts())["audit"]

        asked = await store.audit(kind="asked", origin=BALANCER, what="balance.limit", target="Garage/Main", must=False)
        assert (asked.hash, asked.id < 0) == ("", True)
        await store.audit(
            kind="answered", origin=BALANCER, what="balance.limit", target="Garage/Main", ref=asked.id, must=False
        )
        begun = await store.open_session(TransactionStarted("WB-01", 2, T0 + 60, "TAG2", 500.0))
        assert begun.id == session.id + 1
        assert await store.open_session(TransactionStarted("WB-01", 2, T0 + 61, "TAG2", 500.0)) == begun
        ended = await store.close_session(TransactionEnded("WB-01", T0 + 90, begun.id, 700.0))
        assert ended is not None
        assert ended.energy_wh == 200.0
        first = await store.close_session(TransactionEnded("WB-01", T0 + 95, session.id, 150.0))
        assert first is not None
        assert (first.id, first.energy_wh) == (session.id, 50.0), "what is stored can still be read"
        store.put_reading(power(T0 + 5, 4321.0), (1.0, 2.0, 3.0), 16.0)

        quota(store, 1_000_000)
        await store.flush()
        assert "nothing was lost" in (await watch.until(lambda h: h.ok)).sentence
        await store.flush()
        rows = await store.audit_rows(AuditPage(limit=2))
        assert [r.id for r in rows] == [written + 2, written + 1]
        assert rows[0].ref == written + 1, "the answer names the row its question became"
        assert (await store.verify()).holds
        kept = {s.id: s.energy_wh for s in await store.sessions(SessionPage())}
        assert kept == {session.id: 50.0, begun.id: 200.0}
        assert (await store.history(["connector/WB-01/1:power_w"], T0, T0 + 6, 1)).series.popitem()[1].max == [4321.0]
    assert [h.ok for h in watch.told] == [False, True]


async def test_what_memory_cannot_hold_is_counted_and_said(tmp_path):
    async with opened(tmp_path / "evdesk.db", settings(retry_s=60.0)) as store:
        watch = HealthWatch(store)
        await fill_up(store, watch)
        for i in range(KEEP_READINGS + 70):
            store.put_reading(power(T0 + i, float(i)), (1.0, 2.0, 3.0), 16.0)
        await store.flush()
        quota(store, 1_000_000)
        await store.flush()
        assert "70 oldest readings" in (await watch.until(lambda h: h.ok)).sentence
        kept = (await store.history(["connector/WB-01/1:power_w"], T0, T0 + 1e5, 1)).series.popitem()[1]
        assert kept.min == [70.0]


@contextlib.contextmanager
def small_disk(folder):
    """A real file system of 2 MB."""
    folder.mkdir()
    made = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if not made or made.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


async def test_a_disk_that_is_really_full(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        async with opened(disk / "evdesk.db") as store:
            watch = HealthWatch(store)
            await note(store)
            with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
                while True:
                    ballast.write(b"x" * 4096)
            with pytest.raises(EvdeskError, match=r"full|error"):
                await note_until_refused(store)
            assert not store.health.ok
            written = (await store.counts())["audit"]
            await store.audit(kind="asked", origin=BALANCER, what="balance.limit", target="Garage/Main", must=False)
            (disk / "ballast").unlink()
            await watch.until(lambda health: health.ok)
            assert await note(store) == written + 2, "by itself, without a restart"
            assert (await store.verify()).holds


async def test_a_start_on_a_full_disk_says_that_it_is_to_be_started_again(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)
        assert "is full. Free some space; then start evdesk again." in await refused(disk / "evdesk.db")


def test_a_log_on_a_full_disk_fills_no_screen_with_tracebacks(tmp_path, capsys):
    with small_disk(tmp_path / "disk") as disk:
        handler = _LogFile(disk / "engine.log", delay=True, encoding="utf-8")
        with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)
        for _ in range(3):
            handler.handle(logging.makeLogRecord({"msg": "x" * 10_000}))
        with contextlib.suppress(OSError):
            handler.close()
    assert capsys.readouterr().err == ""


async def test_low_space_is_said_before_it_hurts(tmp_path):
    async with opened(tmp_path / "evdesk.db", settings(low_bytes=10**18)) as store:
        health = await HealthWatch(store).until(lambda h: bool(h.sentence))
        assert health.ok
        assert "free" in health.sentence
        assert health.db_bytes > 0
        assert health.free_bytes


async def refused(path, settings_=None):
    store = Store(path, Clock(), settings_)
    with pytest.raises(EvdeskError) as raised:
        await store.open()
    await store.close()
    assert raised.value.reason is Reason.STORAGE
    return raised.value.sentence


async def test_a_newer_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "evdesk.db"
    async with opened(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    connection.close()
    before = path.read_bytes()
    sentence = await refused(path)
    assert "newer evdesk" in sentence
    assert f"format {LATEST + 1}" in sentence
    assert path.read_bytes() == before


async def test_other_files_are_refused_and_left_alone(tmp_path):
    text = tmp_path / "text.db"
    text.write_text("Dear diary, " * 100)
    assert "not a database" in await refused(text)
    assert text.read_text().startswith("Dear diary")
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE songs(id)")
    connection.close()
    assert "another program" in await refused(foreign)
    folder = tmp_path / "folder.db"
    folder.mkdir()
    assert "is a folder" in await refused(folder)


async def test_a_damaged_file_is_refused_never_deleted(tmp_path):
    path = tmp_path / "evdesk.db"
    async with opened(path) as store:
        for i in range(2000):
            store.put_message(MessageSeen("WB-01", T0, "in", "X", str(i), "x" * 500))
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(20, size // 4096, 2):
            file.seek(page * 4096)
            file.write(b"\xde\xad" * 512)
    before = path.read_bytes()
    sentence = await refused(path)
    assert "damaged" in sentence
    assert "rename" in sentence
    assert path.read_bytes() == before
    with path.open("r+b") as file:
        file.truncate(5000)
    assert "damaged" in await refused(path)


async def test_a_database_locked_by_another_program(tmp_path, monkeypatch):
    path = tmp_path / "evdesk.db"
    monkeypatch.setattr("evdesk.engine.store.files.BUSY_S", 0.05)
    async with opened(path) as store:
        watch = HealthWatch(store)
        await note(store)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert "lock" in await refused(path)
        with pytest.raises(EvdeskError, match="lock"):
            await note(store)
        assert "lock" in store.health.sentence
        other.execute("ROLLBACK")
        other.close()
        await watch.until(lambda health: health.ok)
        await note(store)
        assert (await store.verify()).holds


@pytest.fixture
def for_anyone():
    """A folder another user may enter, unlike pytest's."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def test_a_folder_that_cannot_be_written(for_anyone):
    path = for_anyone / "evdesk.db"
    async with opened(path) as store:
        await note(store)
    (for_anyone / "audit.key").chmod(0o644)
    path.chmod(0o444)
    for_anyone.chmod(0o555)
    told = child("open", path)
    assert "read-only" in told.stdout or "cannot be opened" in told.stdout, told
    assert "1 rows, 1 signed" in child("verify", path).stdout, "reading needs no leave to write"
    assert "cannot be" in child("open", for_anyone / "none" / "evdesk.db").stdout
    for_anyone.chmod(0o755)


async def test_a_file_that_is_moved_away_while_it_runs(tmp_path):
    path = tmp_path / "evdesk.db"
    async with opened(path) as store:
        watch = HealthWatch(store)
        await note(store)
        path.rename(tmp_path / "elsewhere.db")
        health = await watch.until(lambda h: not h.ok)
        assert "moved" in health.sentence
        with pytest.raises(EvdeskError, match="moved"):
            await note(store)
        (tmp_path / "elsewhere.db").rename(path)
        await watch.until(lambda h: h.ok)
        assert await note(store) == 2


async def test_damage_while_it_runs_is_said(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        watch = HealthWatch(store)
        await note(store)
        await store._durable(lambda db: db.execute("DROP TABLE reading"))
        store.put_reading(power(T0, 1.0), (None, None, None), None)
        await store.flush()
        health = await watch.until(lambda h: not h.ok)
        assert "reading" in health.sentence
        assert await note(store), "the audit log still works"


async def test_a_damaged_level_is_said_once_and_stays_said(tmp_path):
    """Rows can be written, rolling them up cannot: health must not go to and fro."""
    async with opened(tmp_path / "evdesk.db", settings(roll_s=0.01, retry_s=0.01)) as store:
        watch = HealthWatch(store)
        await store._durable(lambda db: db.execute("DROP TABLE reading_1m"))
        store.put_reading(power(T0, 1.0), (None, None, None), None)
        await store.flush()
        assert "reading_1m" in (await watch.until(lambda h: not h.ok)).sentence
        for _ in range(50):
            await note(store)
            await store.flush()
        assert [h.ok for h in watch.told] == [False]


async def test_a_thread_that_dies_leaves_nobody_waiting(tmp_path, monkeypatch):
    monkeypatch.setattr("threading.excepthook", lambda told: None)
    async with opened(tmp_path / "evdesk.db") as store:
        watch = HealthWatch(store)

        def fault(_database):
            raise KeyError("a fault of ours")

        waiting = asyncio.gather(store._durable(fault), note(store), store.flush(), return_exceptions=True)
        health = await watch.until(lambda h: not h.ok)
        assert "Restart the engine" in health.sentence
        async with asyncio.timeout(5):
            told = await waiting
        assert all(isinstance(t, EvdeskError) or t is None for t in told)
        with pytest.raises(EvdeskError):
            await note(store)
        row = await store.audit(kind="asked", origin=BALANCER, what="x", target="y", must=False)
        assert row.hash == ""


async def test_the_loop_is_never_kept_waiting(tmp_path, monkeypatch):
    """A disk that hangs: a safety reduction goes out after a moment, its row follows; a command is refused."""
    monkeypatch.setattr("evdesk.engine.store.keeps.MUST_WAIT_S", 0.05)
    monkeypatch.setattr("evdesk.engine.store.keeps.SAFETY_WAIT_S", 0.02)
    began, hang = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hangs(_database):
        loop.call_soon_threadsafe(began.set)
        asyncio.run_coroutine_threadsafe(hang.wait(), loop).result()

    async with opened(tmp_path / "evdesk.db") as store:
        stuck = asyncio.create_task(store._durable(hangs))
        await began.wait()  # what is asked earlier would be written together with it
        safety = await store.audit(kind="asked", origin=BALANCER, what="balance.limit", target="WB-01", must=False)
        assert safety.hash == ""
        with pytest.raises(EvdeskError, match="did not take"):
            await note(store)
        hang.set()
        await stuck
        await store.flush()
        assert [r.what for r in await store.audit_rows(AuditPage())] == ["balance.limit"], "no row for what was refused"


async def test_the_files_are_the_owners(tmp_path):
    async with opened(tmp_path / "data" / "evdesk.db"):
        pass
    assert stat.S_IMODE((tmp_path / "data" / "evdesk.db").stat().st_mode) & 0o077 == 0
