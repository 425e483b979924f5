"""Monitors, displays and customer data of 2.x stations, over real sockets; and what chargers make of them."""

import json
from pathlib import Path

import pytest

from evdesk.model import EvdeskError
from evdesk.model.blocks import DisplayText, Monitor
from evdesk.ocpp.blocks import display_item, event_data, monitor_item, read_display, read_monitors
from evdesk.ocpp.redact import HIDDEN, redact
from tests.engine.harness import engine, until
from tests.engine.test_charger_page_versions import ready, simulated

ONE = {"charger_id": "V-001"}
HEARTBEAT = "OCPPCommCtrlr/HeartbeatInterval"


def stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("evdesk.db*"))


async def first_watchable(client) -> str:
    """A variable the station can watch: it tells so by taking it."""
    for setting in await client.call("charger.settings", ONE):
        if setting["type"] in ("integer", "decimal"):
            monitor = {"id": 0, "variable": setting["name"], "type": "UpperThreshold", "value": 9.5, "severity": 3}
            try:
                await client.call("charger.set_monitor", ONE | {"monitor": monitor})
            except EvdeskError:
                continue
            return setting["name"]
    raise AssertionError("nothing can be watched")


@pytest.mark.parametrize("protocol", ["2.0.1", "2.1"])
async def test_a_station_is_watched_shown_a_text_and_asked_about_a_customer(tmp_path, protocol):
    with engine(tmp_path, "--accept-unknown", "--speed", "20") as running, simulated(running.ocpp, protocol):
        async with running.client() as client:
            await ready(client)
            name = await first_watchable(client)
            found = [m for m in await client.call("charger.monitors", ONE) if m["variable"] == name]
            assert (found[-1]["type"], found[-1]["value"], found[-1]["severity"]) == ("UpperThreshold", 9.5, 3)
            await client.call("charger.clear_monitor", ONE | {"id": found[-1]["id"]})
            left = [m["id"] for m in await client.call("charger.monitors", ONE)]
            assert found[-1]["id"] not in left
            with pytest.raises(EvdeskError, match="no such monitor"):
                await client.call("charger.clear_monitor", ONE | {"id": 999_999})
            with pytest.raises(EvdeskError, match="severity is 0"):
                await client.call("charger.monitoring", ONE | {"severity": 12})
            assert (await client.call("charger.monitoring", ONE | {"severity": 4}))["status"] == "Accepted"

            assert await client.call("charger.displays", ONE) == []
            text = {"id": 7, "text": "Bay 3 is out of order – use bay 4", "priority": "InFront", "end_at": 4.0e9}
            await client.call("charger.set_display", ONE | {"text": text})
            (shown,) = await client.call("charger.displays", ONE)
            assert (shown["id"], shown["text"], shown["priority"]) == (7, text["text"], "InFront")
            assert shown["end_at"] == pytest.approx(4.0e9, abs=2.0)
            with pytest.raises(EvdeskError, match="NotSupportedMessageFormat"):
                await client.call("charger.set_display", ONE | {"text": text | {"format": "URI"}})
            await client.call("charger.clear_display", ONE | {"id": 7})
            assert await client.call("charger.displays", ONE) == []

            await client.call("tag.put", {"tags": [{"id_tag": "04A37B9F"}]})
            await client.call("tag.sync", ONE)
            told = await client.call("charger.customer", ONE | {"id_tag": "04A37B9F"})
            assert told == {"text": "local list: Accepted", "complete": True}
            with pytest.raises(EvdeskError, match="Name the id tag"):
                await client.call("charger.customer", ONE | {"id_tag": ""})

            async def logged():
                page = {"charger_id": "V-001", "action": "NotifyCustomerInformation", "kind": "call"}
                return await client.call("message.list", page)

            (frame,) = await until(logged)
            assert json.loads(frame["text"])[3]["data"] == HIDDEN
    assert b"local list: Accepted" not in stored(tmp_path)


async def test_1_6_has_none_of_it_and_says_so(tmp_path):
    with engine(tmp_path, "--accept-unknown", "--speed", "20") as running, simulated(running.ocpp, "1.6"):
        async with running.client() as client:
            await ready(client)
            assert not {"monitoring", "display", "customer"} & set(
                (await client.call("charger.list"))[0]["capabilities"]
            )
            for method in ("charger.monitors", "charger.displays"):
                with pytest.raises(EvdeskError, match="cannot do"):
                    await client.call(method, ONE)


COMPONENT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
ODD_MONITORS = [
    {"variableMonitoring": [{"id": 1}]},
    COMPONENT | {"variableMonitoring": None},
    COMPONENT | {"variableMonitoring": [{"id": "x", "value": 1, "type": "Delta", "severity": 3}]},
    COMPONENT | {"variableMonitoring": ["text", 5, None]},
]


@pytest.mark.parametrize("item", ODD_MONITORS)
def test_monitors_that_cannot_be_read_are_left_out(item):
    assert read_monitors(item) == []


def test_monitors_are_read_as_far_as_they_go():
    one = {"id": 3, "value": "9", "type": 7, "severity": 99, "transaction": "yes"}
    (found,) = read_monitors(COMPONENT | {"variableMonitoring": one})
    assert found == Monitor(3, HEARTBEAT, "7", 0.0, 9, False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"variable": "nonsense"}, "no variable"),
        ({"variable": HEARTBEAT + "#Target"}, "actual value"),
        ({"type": "Sometimes"}, "one of"),
        ({"severity": 10}, "0 .danger"),
        ({"value": float("nan")}, "usual size"),
        ({"value": 1e300}, "usual size"),
    ],
)
def test_a_monitor_that_cannot_be_is_refused_in_words(changes, words):
    good = {"id": 0, "variable": HEARTBEAT, "type": "Delta", "value": 5.0, "severity": 3}
    assert monitor_item(Monitor(**good))["severity"] == 3
    with pytest.raises(ValueError, match=words):
        monitor_item(Monitor(**good | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": " "}, "1 to 512"),
        ({"text": "x" * 513}, "1 to 512"),
        ({"priority": "Loud"}, "priority"),
        ({"state": "Asleep"}, "state"),
        ({"format": "PDF"}, "format"),
        ({"id": -1}, "id of a text"),
        ({"start_at": 20.0, "end_at": 10.0}, "end before"),
    ],
)
def test_a_text_that_cannot_be_is_refused_in_words(changes, words):
    with pytest.raises(ValueError, match=words):
        display_item(DisplayText(**{"id": 1, "text": "Hello"} | changes), 0.0)


@pytest.mark.parametrize("item", [{}, {"id": "1"}, {"id": 1, "message": "Hello"}, {"id": None, "message": {}}])
def test_texts_that_cannot_be_read_are_left_out(item):
    assert read_display(item, 0.0) is None


def test_times_of_a_text_go_by_the_chargers_clock():
    item = display_item(DisplayText(1, "Hello", start_at=1.8e9, end_at=1.8e9 + 60), 3600.0)
    assert read_display(item, 3600.0) == DisplayText(1, "Hello", start_at=1.8e9, end_at=1.8e9 + 60)
    assert read_display(item, 0.0).start_at == 1.8e9 + 3600


def test_events_newest_first_and_odd_ones_left_out():
    items = [
        COMPONENT | {"actualValue": "1"},
        "odd",
        {},
        COMPONENT | {"actualValue": "2", "cleared": True, "severity": 2},
    ]
    found = event_data({"eventData": items})
    assert [(one["value"], one["cleared"], one["severity"]) for one in found] == [("2", True, 2), ("1", False, None)]
    assert event_data(None) == event_data({"eventData": "x"}) == []


def test_what_is_told_of_a_customer_is_in_no_log():
    frame = [2, "1", "NotifyCustomerInformation", {"data": "Kim Doe, 04A3", "seqNo": 0, "requestId": 1}]
    assert "Kim" not in redact(json.dumps(frame))
    assert "Kim" not in redact(json.dumps(frame)[:-6], broken=True)
    asked = [2, "1", "CustomerInformation", {"customerIdentifier": "kim@doe", "report": True, "clear": False}]
    assert "kim@doe" not in redact(json.dumps(asked))
