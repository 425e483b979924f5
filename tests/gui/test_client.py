"""The link to the engine, over a real socket against the real API server."""

import asyncio
from dataclasses import replace

import pytest

from evdesk.gui.client import Client, Endpoint, LinkState
from evdesk.gui.mirror import Mirror
from evdesk.model import EvdeskError, Reason
from evdesk.wire.methods import Done, History, HistoryRead, OneConnector, Start
from tests.gui import sample
from tests.gui.engines import TOKEN, ServedEngine


@pytest.fixture(scope="module")
def shared_engine():
    one = ServedEngine()
    one.start()
    yield one
    one.kill()


@pytest.fixture
def engine(shared_engine):
    shared_engine.token = TOKEN
    if shared_engine.port is None:
        shared_engine.start()
    return shared_engine


@pytest.fixture
def link(engine, qloop, qtbot):
    made = []

    def make(locate=None, who="Åsa Öberg"):
        client = Client(locate or engine.locate, who)
        client.back_off_s = (0.05,)
        made.append(client)
        client.start()
        return client

    yield make
    for client in made:
        done = client.spawn(asyncio.sleep(0))
        closing = asyncio.ensure_future(client.close())
        qtbot.waitUntil(closing.done, timeout=5000)
        assert done.done()


def run(qtbot, coro):
    task = asyncio.ensure_future(coro)
    qtbot.waitUntil(task.done, timeout=5000)
    return task.result()


def running(qtbot, client):
    qtbot.waitUntil(lambda: client.state is LinkState.RUNNING, timeout=5000)


def test_snapshot_events_and_calls(engine, link, qtbot):
    client = link()
    mirror = Mirror(client)
    running(qtbot, client)
    assert mirror.connected
    assert len(mirror.chargers) == 9
    engine.publish("load", replace(sample.load(), total_w=1234.0))
    qtbot.waitUntil(lambda: mirror.load.total_w == 1234.0)
    done = run(qtbot, client.call("charger.start", Start("WB-06")))
    assert done == Done(status="Accepted", ms=3.0)
    history = run(qtbot, client.call("history.read", HistoryRead("site:power_w", sample.NOW - 60, sample.NOW, 10)))
    assert isinstance(history, History)
    assert len(history.t) == 10
    assert engine.seen()["origins"][0] == ["Åsa Öberg", "desk", "charger.start"]


def test_a_refused_call_tells_reason_and_sentence(link, qtbot):
    client = link()
    running(qtbot, client)
    with pytest.raises(EvdeskError) as error:
        run(qtbot, client.call("charger.unlock", OneConnector("WB-01")))
    assert error.value.reason is Reason.REFUSED
    assert error.value.sentence == "A car charges. Stop the charge first."
    assert error.value.detail["code"] == "Busy"


def test_an_answer_of_the_wrong_type_is_a_bad_reply(link, qtbot):
    client = link()
    running(qtbot, client)
    with pytest.raises(EvdeskError) as error:
        run(qtbot, client.call("charger.get", {"charger_id": "WB-01"}))
    assert error.value.reason is Reason.BAD_REPLY


def test_a_call_under_way_fails_when_the_engine_goes_and_the_link_comes_back(engine, link, qtbot):
    client = link()
    mirror = Mirror(client)
    running(qtbot, client)
    call = asyncio.ensure_future(client.call("charger.reset", {"charger_id": "WB-01"}))
    qtbot.waitUntil(lambda: engine.seen()["origins"][-1][2] == "charger.reset")
    engine.kill()
    qtbot.waitUntil(call.done, timeout=8000)
    assert call.exception().reason is Reason.UNREACHABLE
    assert not mirror.connected
    with pytest.raises(EvdeskError) as error:
        run(qtbot, client.call("engine.info"))
    assert "Nothing was sent" in error.value.sentence
    engine.start()  # on another port
    running(qtbot, client)
    assert mirror.connected
    assert client.state is LinkState.RUNNING


def test_no_answer_is_a_timeout(link, qtbot):
    client = link()
    running(qtbot, client)
    with pytest.raises(EvdeskError) as error:
        run(qtbot, client.call("charger.reset", {"charger_id": "WB-01"}, timeout=0.1))
    assert error.value.reason is Reason.TIMEOUT


def test_wrong_token_is_said_and_the_right_one_found_later(engine, link, qtbot):
    engine.token = "another"
    client = link()
    qtbot.waitUntil(lambda: client.state is LinkState.NOT_ALLOWED, timeout=5000)
    assert "token" in client.sentence
    engine.token = TOKEN
    running(qtbot, client)


def test_nobody_there_stays_starting(link, qtbot):
    client = link(lambda: None)
    qtbot.waitUntil(lambda: client.sentence != "")
    assert client.state is LinkState.STARTING
    other = link(lambda: Endpoint("ws://127.0.0.1:9/api"))
    qtbot.waitUntil(lambda: other.sentence != "")
    assert other.state is LinkState.STARTING


def test_another_api_version_is_said_in_words(engine, link, qtbot, monkeypatch):
    monkeypatch.setattr("evdesk.gui.client.API_VERSION", 0)
    client = link()
    qtbot.waitUntil(lambda: client.state is LinkState.OTHER_VERSION, timeout=5000)
    assert "update the desk" in client.sentence


def test_two_desks_see_the_same_event(engine, link, qtbot):
    first, second = link(), link()
    mirrors = [Mirror(first), Mirror(second)]
    running(qtbot, first)
    running(qtbot, second)
    engine.publish("charger", replace(sample.chargers()[0], boots=77))
    qtbot.waitUntil(lambda: all(m.chargers["WB-01"].boots == 77 for m in mirrors))
    assert engine.seen()["desks"] == 2


def test_a_failing_task_is_told_and_a_cancelled_one_is_not(link, qtbot, caplog):
    client = link(lambda: None)

    async def refused():
        raise EvdeskError(Reason.REFUSED, "No.")

    async def broken():
        raise ZeroDivisionError("by zero")

    with qtbot.waitSignal(client.failed) as told:
        client.spawn(refused())
    assert told.args == ["No."]
    with qtbot.waitSignal(client.failed) as told:
        client.spawn(broken())
    assert "by zero" in told.args[0]
    with qtbot.assertNotEmitted(client.failed, wait=50):
        client.spawn(asyncio.sleep(60)).cancel()


def test_without_a_loop_nothing_is_started_and_nothing_leaks(qapp):
    began = []

    async def work():
        began.append(1)

    client = Client(lambda: None)
    assert client.spawn(work()) is None
    assert began == []
