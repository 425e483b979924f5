"""One engine per data directory: claims, left-overs, a second engine; all with real processes."""

import json
import os
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from evdesk.engine import instance as instance_module
from evdesk.engine.instance import Instance, claim, default_data_dir, find_running, is_held, prepare
from evdesk.model import EvdeskError, Reason
from tests.engine.api_site import running_engine

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and signals")

HOLDER = """
import sys
from pathlib import Path
from evdesk.engine.instance import claim
held = claim(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
held.release()
"""


@contextmanager
def holder(data):
    """Another process that has claimed the directory."""
    command = [sys.executable, "-c", HOLDER, str(data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@posix
def test_everything_is_for_the_owner_only(tmp_path):
    data = tmp_path / "new" / "data"
    with claim(data) as held:
        held.announce("127.0.0.1", 4711, "0.1.0")
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()}
        assert modes == {"engine.lock": 0o600, "engine.json": 0o600, "token": 0o600}


def test_engine_json_is_the_promised_record_and_goes_with_the_engine(tmp_path):
    with claim(tmp_path) as held:
        held.announce("127.0.0.1", 4711, "0.1.0")
        record = json.loads((tmp_path / "engine.json").read_text())
        assert set(record) == {"pid", "port", "host", "token_file", "version", "started_at"}
        assert (record["pid"], record["port"], record["host"]) == (os.getpid(), 4711, "127.0.0.1")
        assert Path(record["token_file"]).read_text().strip() == held.token
        assert len(held.token) >= 32
    assert not (tmp_path / "engine.json").exists()
    assert not is_held(tmp_path)


def test_the_token_stays_but_a_weak_or_open_one_is_replaced(tmp_path):
    with claim(tmp_path) as held:
        first = held.token
    with claim(tmp_path) as held:
        assert held.token == first
    (tmp_path / "token").write_text("short")
    with claim(tmp_path) as held:
        second = held.token
        assert second not in ("short", first)
    if sys.platform != "win32":
        (tmp_path / "token").chmod(0o644)
        with claim(tmp_path) as held:
            assert held.token != second


def test_a_second_engine_is_refused_naming_the_first(tmp_path):
    with holder(tmp_path) as process:
        assert is_held(tmp_path)
        with pytest.raises(EvdeskError, match=f"process {process.pid}\\b.*--data") as error:
            claim(tmp_path)
        assert error.value.reason is Reason.REFUSED
        process.stdin.close()
        process.wait(5)
    with claim(tmp_path):
        assert is_held(tmp_path)


def test_looking_for_an_engine_never_keeps_one_from_starting(tmp_path, monkeypatch):
    """`find_running` holds the lock for an instant; a claim that meets it waits."""
    claim(tmp_path).release()
    fd = os.open(tmp_path / "engine.lock", os.O_RDWR)
    assert instance_module._try_lock(fd)
    monkeypatch.setattr(instance_module.time, "sleep", lambda _s: instance_module._unlock(fd))
    with claim(tmp_path) as held:
        assert held.token
    os.close(fd)


def test_what_a_killed_engine_left_is_no_engine(tmp_path):
    with holder(tmp_path) as process:
        left = Instance(process.pid, 4711, "127.0.0.1", str(tmp_path / "token"), "0.1.0", 0.0)
        (tmp_path / "engine.json").write_text(instance_module.msgspec.json.encode(left).decode())
        process.kill()
        process.wait(5)
    assert find_running(tmp_path) is None
    with claim(tmp_path):
        assert not (tmp_path / "engine.json").exists()


def test_a_running_engine_is_found(tmp_path):
    assert find_running(tmp_path) is None
    with running_engine(tmp_path) as told:
        assert find_running(tmp_path) == told
        assert told.url == f"ws://127.0.0.1:{told.port}/api"
        assert told.token == (tmp_path / "token").read_text().strip()
    assert find_running(tmp_path) is None


def test_a_stranger_on_the_left_over_port_is_not_asked(tmp_path):
    """The lock is free, so nobody may be sent the token, though something listens on that port."""
    with running_engine(tmp_path / "other") as other:
        claim(tmp_path / "data").release()
        left = Instance(other.pid, other.port, other.host, other.token_file, "0.1.0", 0.0)
        (tmp_path / "data" / "engine.json").write_text(instance_module.msgspec.json.encode(left).decode())
        assert find_running(tmp_path / "data") is None


def test_an_engine_that_holds_but_does_not_answer_is_not_found(tmp_path):
    with holder(tmp_path) as process:
        left = Instance(process.pid, 1, "127.0.0.1", str(tmp_path / "token"), "0.1.0", 0.0)
        (tmp_path / "engine.json").write_text(instance_module.msgspec.json.encode(left).decode())
        assert find_running(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "\x00"])
def test_a_damaged_engine_json_is_no_engine(tmp_path, text):
    (tmp_path / "engine.json").write_text(text)
    assert find_running(tmp_path) is None


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "ws://127.0.0.1:5/api"), ("0.0.0.0", "ws://127.0.0.1:5/api"), ("::", "ws://[::1]:5/api")],
)
def test_the_url_is_one_that_can_be_dialled(host, url):
    assert Instance(1, 5, host, "", "", 0.0).url == url


@posix
def test_a_directory_others_can_write_to_is_refused(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "something").touch()
    shared.chmod(0o777)
    with pytest.raises(EvdeskError, match="Other users can write") as error:
        prepare(shared)
    assert error.value.reason is Reason.STORAGE
    assert stat.S_IMODE(shared.stat().st_mode) == 0o777


def test_a_file_in_the_way_is_said_in_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EvdeskError, match="--data"):
        prepare(tmp_path / "file")


def test_the_default_directory_is_this_users_own():
    assert default_data_dir().name == "evdesk"
    assert default_data_dir().is_absolute()


def test_the_log_is_rotated(tmp_path):
    script = (
        "import logging, sys; from pathlib import Path; from evdesk.engine import logs\n"
        "logs.LOG_BYTES = 2000; logs.log_to_file(Path(sys.argv[1]))\n"
        "for i in range(200): logging.getLogger('x').info('line %d', i)\n"
        "logging.getLogger('x').warning('look here')"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == "WARNING: look here\n"
    logs = sorted(path.name for path in tmp_path.glob("engine.log*"))
    assert logs == ["engine.log", "engine.log.1", "engine.log.2", "engine.log.3"]
    assert all(path.stat().st_size <= 2000 for path in tmp_path.glob("engine.log*"))
    assert "look here" in (tmp_path / "engine.log").read_text()
