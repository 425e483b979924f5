"""Finding an engine by its file, starting one, and saying why it did not start."""

import json
import os
import sys

import pytest

from evdesk.gui import launch
from evdesk.gui.client import Endpoint


def write(folder, **changes):
    folder.mkdir(exist_ok=True)
    (folder / "token").write_text("secret\n")
    body = {
        "pid": os.getpid(),
        "port": 9701,
        "host": "127.0.0.1",
        "token_file": str(folder / "token"),
        "version": "0.1.0",
        "started_at": 1.0,
    }
    (folder / "engine.json").write_text(json.dumps(body | changes))


def test_the_file_names_address_and_token(tmp_path):
    engine = launch.LocalEngine(tmp_path)
    assert engine.locate() is None
    write(tmp_path)
    assert engine.locate() == Endpoint("ws://127.0.0.1:9701/api", "secret")
    write(tmp_path, port=9800, host="0.0.0.0")
    assert engine.locate() == Endpoint("ws://127.0.0.1:9800/api", "secret")
    write(tmp_path, host="::1")
    assert engine.locate().url == "ws://[::1]:9701/api"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_file_is_no_engine(tmp_path, text):
    (tmp_path / "engine.json").write_text(text)
    assert launch.LocalEngine(tmp_path).locate() is None


def test_a_missing_token_is_no_engine(tmp_path):
    write(tmp_path)
    (tmp_path / "token").unlink()
    assert launch.LocalEngine(tmp_path).locate() is None


def fake_evdesk(monkeypatch, code):
    monkeypatch.setattr(launch, "command", lambda *args: [sys.executable, "-c", code, *args])


def test_starts_one_with_its_folder_and_keeps_its_last_words(tmp_path, monkeypatch, qtbot):
    fake_evdesk(monkeypatch, "import sys; print(sys.argv[1:]); print('port 9000 is taken'); sys.exit(1)")
    engine = launch.LocalEngine(tmp_path / "new", ("--stop-when-idle",))
    assert not engine.ours
    engine.ensure()
    assert engine.ours
    qtbot.waitUntil(lambda: engine.failure() != "", timeout=10_000)
    assert engine.failure() == "port 9000 is taken"
    assert "--data" in (tmp_path / "new" / "engine.out").read_text()


def test_a_crashed_engine_of_ours_is_started_again_and_a_stopped_one_is_not(tmp_path, monkeypatch, qtbot):
    fake_evdesk(monkeypatch, "import os; os.kill(os.getpid(), 9)")
    engine = launch.LocalEngine(tmp_path)
    monkeypatch.setattr(launch, "RESTART_AFTER_S", 0.0)
    engine.start()
    first = engine._child
    qtbot.waitUntil(lambda: first.poll() is not None, timeout=10_000)
    engine.locate()
    assert engine._child is first  # it left no file: it ended in order
    write(tmp_path, pid=first.pid)
    engine.locate()
    assert engine._child is not first
    engine._child.wait(10)
    first.wait(10)


def test_nothing_is_started_where_one_answers_or_where_it_may_not(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(launch.LocalEngine, "start", lambda self: started.append(1))
    monkeypatch.setattr(launch, "answers", lambda url: True)
    write(tmp_path)
    launch.LocalEngine(tmp_path).ensure()
    launch.LocalEngine(tmp_path / "none", may_start=False).ensure()
    assert started == []
    monkeypatch.setattr(launch, "answers", lambda url: False)
    launch.LocalEngine(tmp_path).ensure()  # the file is left over from a crash
    assert started == [1]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("box:9701", "ws://box:9701/api"),
        ("ws://10.0.0.5:9701", "ws://10.0.0.5:9701/api"),
        ("http://10.0.0.5:9701/", "ws://10.0.0.5:9701/api"),
        ("wss://desk.example/evdesk", "wss://desk.example/evdesk"),
    ],
)
def test_addresses_as_people_type_them(typed, url):
    assert launch.api_url(typed) == url
