"""A bounded run of the fuzzing in `make fuzz`, and what earlier runs have found."""

import json
import pickle
import time

import pytest

from evdesk.model import MessageSeen
from evdesk.ocpp import check, meter
from evdesk.ocpp.memory import MOST_PLACES
from evdesk.ocpp.version import Version
from tests.fuzz.frames import FrameFuzz
from tests.fuzz.nasty import SHAPES
from tests.ocpp.helpers import Wire, answer, rules, sent

BOUND = 20.0
"""A nasty frame costs at most so much as a fixed piece of work in the same process (2.3 at most on a quiet machine); what
was quadratic cost 400."""


def yardstick() -> float:
    """CPU seconds of a fixed piece of work: machines are shared and slow."""
    began = time.process_time()
    assert sum(number * number % 7 for number in range(900_000)) > 0
    return time.process_time() - began


@pytest.mark.parametrize("version", Version)
def test_mutated_frames(version):
    tally = FrameFuzz(version, seed=3).run(3000)
    assert tally.frames == 3000
    assert min(tally.answers, tally.errors, tally.deferred, tally.asked) > 5
    assert len(tally.rules) > 50


@pytest.mark.parametrize("name", SHAPES)
def test_a_long_frame_takes_its_time_and_no_more(name):
    for version in (Version.V16, Version.V201):
        wire = Wire(version=version)
        wire.text('[2,"0","Heartbeat",{}]')
        unit, began = yardstick(), time.process_time()
        step = wire.text(SHAPES[name])
        assert time.process_time() - began < BOUND * unit
        assert len(step.events) < 5000
        assert sum(len(event.text) for event in step.events if isinstance(event, MessageSeen)) < 3 * len(SHAPES[name])
        assert len(pickle.dumps(wire.memory)) < 10_000


# -- found by earlier runs


def test_made_up_numbers_do_not_fill_the_memory():
    old, new = Wire(), Wire(version=Version.V201)
    for number in range(1, 500):
        old.call("StatusNotification", {"connectorId": number, "errorCode": "OtherError", "status": "Faulted"})
        amps = {"value": "9", "measurand": "Current.Import", "phase": "L1"}
        values = [{"timestamp": old.stamp(), "sampledValue": [amps]}]
        old.call("MeterValues", {"connectorId": number, "transactionId": number, "meterValue": values})
        status = {"evseId": number, "connectorId": number, "connectorStatus": "Available", "timestamp": new.stamp()}
        new.call("StatusNotification", status)
        new.call("StatusNotification", status | {"evseId": 1})
    assert len(old.memory.last_error) == len(old.memory.transactions) == MOST_PLACES
    assert len(new.memory.evses) == len(new.memory.evse(1).connectors) == MOST_PLACES
    assert min(new.memory.evses) == 1  # the first told are the ones it has


def test_made_up_words_do_not_fill_the_memory():
    wire = Wire()
    before = check._validator.cache_info().currsize
    for number in range(300):
        assert sent(wire.call(f"Action{number}", {}))[0][2] == "NotImplemented"
        sample = {"value": "1", "measurand": f"Made.Up{number}" + "x" * 1000, "unit": "y" * 1000}
        wire.call(
            "MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": wire.stamp(), "sampledValue": [sample]}]}
        )
    assert check._validator.cache_info().currsize <= before + 2
    assert not any(str(form[0]).startswith("Made.Up") for form in meter._places)


def test_a_start_told_as_a_send_is_recorded_and_not_answered():
    wire = Wire(version=Version.V21)
    payload = {
        "eventType": "Started",
        "timestamp": wire.stamp(),
        "triggerReason": "CablePluggedIn",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T"},
        "evse": {"id": 1},
    }
    step = wire.text(json.dumps([6, "a", "TransactionEvent", payload]))
    (deferred,) = step.deferred
    assert rules(step) == {"send_instead_of_call"}
    assert wire.dialogue.settle_start(deferred, 7, "Accepted", wire.now).send == []
    later = payload | {"eventType": "Updated", "seqNo": 1}
    assert answer(wire.call("TransactionEvent", later)) == {}
    assert wire.memory.told["T"].session == 7
    failing = wire.text(json.dumps([6, "b", "TransactionEvent", payload | {"transactionInfo": {"transactionId": "U"}}]))
    assert wire.dialogue.settle_failed(failing.deferred[0], "The disk is full.", wire.now).send == []


def test_a_send_told_as_a_call_is_answered_with_an_error():
    wire = Wire(version=Version.V21)
    stream = {"data": [{"t": 0, "v": "1"}], "id": 1, "pending": 0, "basetime": wire.stamp()}
    step = wire.call("NotifyPeriodicEventStream", stream, "x")
    assert [frame[:3] for frame in sent(step)] == [[4, "x", "ProtocolError"]]
    assert rules(step) == {"call_instead_of_send"}
    assert [note.action for note in step.notes] == ["NotifyPeriodicEventStream"]


def test_each_of_several_glued_frames_is_logged_alone():
    wire = Wire()
    first, second = '[2,"1","Heartbeat",{}]', '[2,"2","DataTransfer",{"vendorId":"V"}]'
    step = wire.text(first + second + '[3,"3",{}]' + "rest")
    logged = [event.text for event in step.events if isinstance(event, MessageSeen) and event.direction == "in"]
    assert logged[:3] == [first, second, '[3,"3",{}]']
    assert "rest" in logged[3]
    assert len(sent(step)) == 2


def test_endless_ids_are_echoed_and_not_kept():
    wire = Wire()
    for number in range(20):
        ident = f"{number}" + "i" * 100_000
        assert sent(wire.call("DataTransfer", {"vendorId": "V"}, ident))[0][1] == ident
    assert wire.dialogue._exchange._seen == {}


def test_an_id_used_again_while_the_first_call_waits_gets_its_own_answer():
    wire = Wire()
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": wire.stamp()}
    (deferred,) = wire.call("StartTransaction", start, "7").deferred
    first = sent(wire.call("Authorize", {"idTag": "T"}, "7"))
    wire.dialogue.settle_start(deferred, 5, "Accepted", wire.now)
    assert sent(wire.call("Authorize", {"idTag": "T"}, "7")) == first
