"""What only Windows does, played on any system: files that are open, ports kept back, few sockets at once, short paths."""

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyftpdlib.ioloop import IOLoop, Select

from evdesk import cli
from evdesk.engine import instance, logs
from evdesk.engine.files.ftp import MOST_CONNECTIONS, most_connections
from evdesk.engine.files.inbox import Inbox
from evdesk.engine.files.names import file_name
from evdesk.engine.files.ports import Ports
from evdesk.engine.files.slots import Offer, Upload
from evdesk.engine.firmware import copying
from evdesk.model import EvdeskError, Reason, files
from tests.engine.library_kit import left, library, put

ROOT = Path(__file__).resolve().parents[2]
SELECT_TAKES = 512
PATH_TAKES, USERS_DATA = 259, len("C:\\Users\\" + "n" * 20 + "\\AppData\\Local\\evdesk\\")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def in_use(number):
    """What Windows says of a file that somebody has open."""
    error = PermissionError(errno.EACCES, "Access is denied")
    error.winerror = number
    return error


def refusing(monkeypatch, times, number):
    """`os.replace` that is refused so many times before it works. How often it was tried."""
    replace, tried = os.replace, []

    def once(part, target):
        tried.append(target)
        if len(tried) <= times:
            raise in_use(number)
        replace(part, target)

    monkeypatch.setattr(files.os, "replace", once)
    return tried


@pytest.mark.parametrize("number", [5, 32])
def test_what_somebody_reads_for_an_instant_is_replaced_all_the_same(tmp_path, monkeypatch, number):
    (tmp_path / "a").write_text("old")
    tried = refusing(monkeypatch, 3, number)
    files.write_whole(tmp_path / "a", b"new")
    assert len(tried) == 4
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "new"}


def test_what_stays_open_is_said_after_a_while_and_the_old_file_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE_S", 0.1)
    (tmp_path / "a").write_text("old")
    tried = refusing(monkeypatch, 1000, 32)
    with pytest.raises(PermissionError):
        files.write_whole(tmp_path / "a", b"new")
    assert 2 < len(tried) < 50
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


def test_any_other_refusal_is_said_at_once(tmp_path, monkeypatch):
    tried = refusing(monkeypatch, 1000, None)
    with pytest.raises(PermissionError):
        files.write_whole(tmp_path / "a", b"new")
    assert len(tried) == 1


@linux
async def test_a_copy_that_fails_is_closed_before_it_is_taken_away(tmp_path, monkeypatch):
    unlink = Path.unlink

    def windows_unlink(path, missing_ok=False):
        if str(path) in {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}:
            raise in_use(32)
        unlink(path, missing_ok)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "usb").mkdir()
    async with library(tmp_path / "firmware") as shelf:
        before = left(shelf)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", windows_unlink)
            patched.setattr(copying.os, "write", full)
            with pytest.raises(EvdeskError, match="The disk is full"):
                await shelf.add(str(put(tmp_path / "usb")), "Technician")
        assert left(shelf) == before


def test_an_engine_json_that_is_being_read_stops_no_engine_and_keeps_no_lock(tmp_path, monkeypatch):
    def refused(path):
        raise in_use(32)

    monkeypatch.setattr(instance, "take_away", refused)
    with instance.claim(tmp_path) as held:
        held.announce("127.0.0.1", 4711, "0.1.0")
    assert not instance.is_held(tmp_path)


def test_a_folder_whose_lock_cannot_be_opened_is_said_in_words(tmp_path):
    (tmp_path / "engine.lock").mkdir()
    with pytest.raises(EvdeskError, match="Choose another directory") as caught:
        instance.claim(tmp_path)
    assert caught.value.reason is Reason.STORAGE


async def test_a_port_that_the_system_keeps_back_is_passed_over(tmp_path):
    async def some(port):
        if port < 9220:
            raise OSError(errno.EACCES, "An attempt was made to access a socket in a way forbidden by its permissions")
        return port

    assert await Ports(tmp_path / "files.json").open("http", "x", some) == 9220
    with pytest.raises(EvdeskError, match="does not give away port 9000"):
        await Ports(tmp_path / "files.json", 9000).open("http", "x", some)


def test_so_few_ftp_sessions_that_select_takes_them_with_their_data():
    listeners_and_waker = 20
    assert 2 * most_connections(Select) + listeners_and_waker < SELECT_TAKES
    assert IOLoop is Select or most_connections(IOLoop) == MOST_CONNECTIONS


@pytest.mark.parametrize("name", ["con .txt", "COM¹.bin", "conout$", "aux.tar.gz"])
def test_names_of_devices_become_others(name):
    assert file_name(name) == f"_{name}"
    assert copying.portable_name(name) == f"_{name}"


@pytest.mark.parametrize("charger_id", ["X" * 48, "ü/" * 24])
def test_paths_of_logs_are_not_longer_than_windows_takes(tmp_path, charger_id):
    offer = Offer("http://x/", "s", "http", "127.0.0.1", 9180)
    slot = Upload((charger_id, 123_456), offer, "log", 1000)
    sink = Inbox(tmp_path / "logs").begin(slot, "n" * 190 + ".tar.gz", None)
    part = sink.path
    whole = sink.finish(True).path
    for path in (part, whole):
        assert USERS_DATA + len(str(path.relative_to(tmp_path))) <= PATH_TAKES, path.name
    assert whole.name.endswith(".gz")


def log_handler(tmp_path, monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    logs.log_to_file(tmp_path)
    return root.handlers[0]


def line(text):
    return logging.LogRecord("x", logging.INFO, "", 0, text, None, None)


def test_the_log_has_every_letter_on_every_system(tmp_path):
    script = (
        "import logging, sys; from pathlib import Path; from evdesk.engine.logs import log_to_file\n"
        "log_to_file(Path(sys.argv[1])); logging.getLogger('x').info('\\u5145\\u7535 \\u2192 \\ud800')"
    )
    words = [sys.executable, "-X", "utf8=0", "-c", script, str(tmp_path)]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.stderr == ""
    assert (tmp_path / "engine.log").read_text("utf-8").endswith("充电 → \\ud800\n")


def test_no_line_of_a_log_is_lost_while_somebody_reads_it(tmp_path, monkeypatch):
    handler = log_handler(tmp_path, monkeypatch)
    handler.maxBytes = 200
    with monkeypatch.context() as patched:
        patched.setattr(logs.os, "replace", lambda *_: (_ for _ in ()).throw(in_use(32)))
        for number in range(20):
            handler.emit(line(f"line {number} {'.' * 20}"))
    assert (tmp_path / "engine.log").read_text().count("line") == 20
    handler.emit(line("one more"))
    handler.close()
    assert "one more" in (tmp_path / "engine.log").read_text()
    assert (tmp_path / "engine.log.1").read_text().count("line") == 20


def test_a_desk_without_a_console_ends_well(monkeypatch):
    monkeypatch.setattr(cli, "_load", lambda name: lambda args: 0)
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert cli.main(["desk"]) == 0
