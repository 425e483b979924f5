"""The desk's link against the real engine: found, lost by kill -9, found again; started and ended by the desk."""

import asyncio
import contextlib
import os
import signal
import sys

import pytest

from evdesk.gui import hung, launch
from evdesk.gui.client import Client, LinkState
from evdesk.gui.mirror import Mirror
from evdesk.model import ChargerState
from evdesk.wire.methods import Accept, Stop
from tests.forked import Forked

STARTS = 30_000


class RealEngine:
    """`evdesk engine` on one data folder."""

    def __init__(self, data):
        self.data = data
        self.process = None

    def start(self):
        command = ["engine", "--data", str(self.data), "--ocpp", "127.0.0.1:0"]
        self.process = Forked(command, err=False)
        line = self.process.stdout.readline()
        assert line.startswith("ready "), line

    def kill(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def engine(tmp_path):
    one = RealEngine(tmp_path / "data")
    one.start()
    yield one
    one.kill()


@pytest.fixture
def desk(qloop, qtbot):
    """`desk(found)`: a client and its mirror on what `found.locate` names."""
    made = []

    def make(found):
        client = Client(found.locate, "Kim")
        client.back_off_s = (0.1,)
        made.append(client)
        client.start()
        return client, Mirror(client)

    yield make
    for client in made:
        closing = asyncio.ensure_future(client.close())
        qtbot.waitUntil(closing.done, timeout=5000)


def test_found_lost_and_found_again(engine, desk, qtbot):
    found = launch.LocalEngine(engine.data, may_start=False)
    client, mirror = desk(found)
    other, _ = desk(found)
    qtbot.waitUntil(lambda: client.state is LinkState.RUNNING and other.state is LinkState.RUNNING, timeout=10_000)
    assert mirror.info.pid == engine.process.pid
    assert mirror.site.assumed
    engine.kill()
    qtbot.waitUntil(lambda: client.state is LinkState.LOST, timeout=10_000)
    assert mirror.info is not None  # the last values stay
    engine.start()
    qtbot.waitUntil(lambda: mirror.connected and mirror.info.pid == engine.process.pid, timeout=10_000)
    qtbot.waitUntil(lambda: other.state is LinkState.RUNNING, timeout=10_000)


@pytest.mark.skipif(sys.platform == "win32", reason="stops the engine by a signal")
def test_one_that_hangs_is_told_apart_and_comes_back(engine, desk, qtbot, monkeypatch):
    for name, seconds in (("PING_S", 0.3), ("PONG_S", 1.0), ("OPEN_S", 1.0)):
        monkeypatch.setattr(f"evdesk.gui.client.{name}", seconds)
    found = launch.LocalEngine(engine.data, may_start=False)
    client, mirror = desk(found)
    qtbot.waitUntil(lambda: client.state is LinkState.RUNNING, timeout=10_000)
    engine.process.send_signal(signal.SIGSTOP)
    try:
        states = []
        client.state_changed.connect(lambda state, _: states.append(state))
        qtbot.waitUntil(lambda: client.state is LinkState.HUNG, timeout=10_000)
        assert not mirror.connected
        late, _ = desk(found)  # a desk that comes only now
        qtbot.waitUntil(lambda: late.state is LinkState.HUNG, timeout=10_000)
        assert states == [LinkState.HUNG], "it was never called lost, and every further try says the same"
    finally:
        engine.process.send_signal(signal.SIGCONT)
    qtbot.waitUntil(lambda: mirror.connected and late.state is LinkState.RUNNING, timeout=10_000)


@pytest.mark.skipif(sys.platform == "win32", reason="locks of another kind")
def test_only_the_one_that_holds_the_lock_is_ended(engine, qtbot):
    assert hung.holder(engine.data) == engine.process.pid
    engine.process.send_signal(signal.SIGSTOP)
    assert launch.LocalEngine(engine.data).can_end()
    assert not launch.LocalEngine(engine.data, may_start=False).can_end(), "what this desk may not start it may not end"
    assert hung.end(engine.data)
    qtbot.waitUntil(lambda: engine.process.poll() is not None, timeout=10_000)
    assert (engine.data / hung.LOCK_FILE).read_text().strip() == str(engine.process.pid), "its number is left behind"
    assert hung.holder(engine.data) is None
    assert not hung.end(engine.data), "a number that may be another's by now is not touched"
    assert hung.holder(engine.data / "nowhere") is None


def test_a_wrong_token_is_refused(engine, desk, qtbot):
    url = launch.LocalEngine(engine.data, may_start=False).locate().url
    client, mirror = desk(launch.RemoteEngine(url, "wrong"))
    qtbot.waitUntil(lambda: client.state is LinkState.NOT_ALLOWED, timeout=10_000)
    assert mirror.info is None


def test_a_charger_asks_and_is_accepted(engine, desk, qtbot):
    client, mirror = desk(launch.LocalEngine(engine.data, may_start=False))
    qtbot.waitUntil(lambda: client.state is LinkState.RUNNING, timeout=10_000)
    command = ["simulate", mirror.info.ocpp_url, "--prefix", "ASKS", "--seed", "1"]
    charger = Forked(command, out=False, err=False)
    try:
        qtbot.waitUntil(lambda: bool(mirror.pending()), timeout=15_000)
        asks = mirror.pending()[0].id
        client.spawn(client.call("charger.accept", Accept(asks, "Bay 1", "Main", "RST", 16.0, 3)))
        qtbot.waitUntil(lambda: mirror.chargers[asks].state is ChargerState.ONLINE, timeout=15_000)
        assert mirror.site.bay(asks, 1).label == "Bay 1"
        assert mirror.label(asks) == "Bay 1"
    finally:
        charger.terminate()
        charger.wait(10)


@pytest.mark.skipif(sys.platform == "win32", reason="ends the engine by a signal")
def test_the_desk_starts_one_and_stops_it(tmp_path, desk, qtbot):
    found = launch.LocalEngine(tmp_path / "data", ("--stop-when-idle", "--ocpp", "127.0.0.1:0"))
    found.ensure()
    try:
        client, mirror = desk(found)
        qtbot.waitUntil(lambda: client.state is LinkState.RUNNING, timeout=STARTS)
        assert mirror.info.pid == found._child.pid
        client.spawn(client.call("engine.stop", Stop()))
        qtbot.waitUntil(lambda: found._child.poll() is not None, timeout=15_000)
        assert found._child.returncode == 0
        assert found.failure() == ""
        assert found.locate() is None  # it ended in order: nothing is started again
    finally:
        if found._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(found._child.pid, signal.SIGKILL)
        found._child.wait(10)
