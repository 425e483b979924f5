"""Whatever comes in: nothing raises, and every answer is valid."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evdesk.model import MessageSeen
from evdesk.ocpp.check import breaches
from evdesk.ocpp.v16 import spelled
from tests.ocpp.helpers import NOW, Wire

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

GOOD = {
    "BootNotification": {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1"},
    "Heartbeat": {},
    "StatusNotification": {
        "connectorId": 1,
        "errorCode": "NoError",
        "status": "Charging",
        "timestamp": "2026-05-28T20:26:40Z",
    },
    "MeterValues": {
        "connectorId": 1,
        "transactionId": 3,
        "meterValue": [
            {
                "timestamp": "2026-05-28T20:26:40Z",
                "sampledValue": [
                    {"value": "10", "measurand": "Current.Import", "phase": "L1", "unit": "A"},
                    {"value": "2.3", "measurand": "Power.Active.Import", "unit": "kW"},
                ],
            }
        ],
    },
    "StartTransaction": {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-05-28T20:26:40Z"},
    "StopTransaction": {
        "transactionId": 3,
        "meterStop": 9,
        "timestamp": "2026-05-28T20:26:40Z",
        "transactionData": [{"timestamp": "x", "sampledValue": [{"value": "1"}]}],
    },
    "Authorize": {"idTag": "T"},
    "DataTransfer": {"vendorId": "V", "data": "d"},
    "FirmwareStatusNotification": {"status": "Idle"},
    "DiagnosticsStatusNotification": {"status": "Idle"},
    "SecurityEventNotification": {"type": "T", "timestamp": "2026-05-28T20:26:40Z"},
    "LogStatusNotification": {"status": "Idle"},
    "SignCertificate": {"csr": "c"},
}

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["NaN", "-1", "2026-05-28T20:26:40", "1970-01-01T00:00:00Z", "L1", "kW", "1e400", "\x00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


def spots(value, path=()):
    """Every place in a payload that can be exchanged."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from spots(item, (*path, key))


def put(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


@st.composite
def mutated_calls(draw):
    action = draw(st.sampled_from(sorted(GOOD)))
    payload = GOOD[action]
    for _ in range(draw(st.integers(0, 3))):
        payload = put(payload, draw(st.sampled_from(sorted(spots(payload), key=repr))), draw(anything))
    ident = draw(st.text(max_size=40) | st.integers() | st.none())
    name = draw(st.sampled_from([action, action.upper(), action]) | st.text(max_size=20))
    return [draw(st.sampled_from([2, 2, 2, "2", 3, 4, 5])), ident, name, payload][: draw(st.integers(0, 5))]


def check(wire, text):
    """Feeds one text and settles what was deferred; every CALLRESULT obeys its schema."""
    step = wire.text(text)
    steps = [step]
    for deferred in step.deferred:
        if type(deferred.event).__name__ == "TransactionStarted":
            steps.append(wire.dialogue.settle_start(deferred, 5, "Accepted", NOW))
        else:
            steps.append(wire.dialogue.settle_stop(deferred, "Accepted", NOW))
    for each in steps:
        logged = [e for e in each.events if isinstance(e, MessageSeen) and e.direction == "out"]
        assert [e.text for e in logged] == each.send
        for event in logged:
            event.text.encode()
            frame = json.loads(event.text)
            if frame[0] == 3:
                assert breaches(spelled(event.action), frame[2], answer=True) == []
            else:
                assert frame[0] in (2, 4)
                assert len(frame[3]) <= 255
        for event in each.events:
            repr(event).encode("utf-8", "surrogatepass")


@QUICK
@given(st.lists(mutated_calls(), max_size=6))
def test_mutated_calls(frames):
    wire = Wire()
    for frame in frames:
        wire.now += 1
        check(wire, json.dumps(frame))


@QUICK
@given(mutated_calls(), st.data())
def test_mutilated_text(frame, data):
    text = json.dumps(frame, ensure_ascii=data.draw(st.booleans()))
    cut = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.text(max_size=6) | st.sampled_from(["\x00", "\ufeff", "]", '"', "\\", "NaN", '"\\ud800"']))
    check(Wire(), text[:cut] + junk + text[cut + data.draw(st.integers(0, 3)) :])


@QUICK
@given(st.text(max_size=200))
def test_any_text(text):
    check(Wire(), text)


@QUICK
@given(anything, st.sampled_from([("GetConfiguration", {}), ("Reset", {"type": "Soft"})]))
def test_any_answer_to_ours(payload, asked):
    wire = Wire()
    action, request = asked
    ticket, _ = wire.dialogue.ask(action, request, NOW, 60.0)
    check(wire, json.dumps([3, ticket.id, payload]))
    assert ticket.ended_at == NOW
