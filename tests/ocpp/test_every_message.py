"""Every message of the three schema sets: answered or sent, valid both ways, in its smallest form and in full ones that
hold every enum value; broken answers are flagged; what comes from the wrong side is refused."""

import json

import pytest

from evdesk.model import TransactionEnded, TransactionStarted
from evdesk.ocpp import schemas
from evdesk.ocpp.check import NotSendable, actions, breaches, known_action
from evdesk.ocpp.exchange import Fate
from evdesk.ocpp.timestamps import parse_time
from evdesk.ocpp.version import Version
from tests.ocpp.helpers import Wire, rules, sent
from tests.ocpp.message_table import FROM_CSMS, FROM_STATION, SENDS, every_from_csms, every_from_station
from tests.ocpp.payloads import STAMP, forms, fullest, smallest

HEARD = every_from_station()
SENT = every_from_csms()
NAMES_HEARD = [f"{version.value}-{action}" for version, action in HEARD]
NAMES_SENT = [f"{version.value}-{action}" for version, action in SENT]

CONTENT_RULES = {"current_on_n_only", "transaction_id_missing", "unit_unknown", "value_not_a_number"}
"""What may be said of a payload that fits its schema and still makes no sense; a schema rule never is."""


def wire(version):
    return Wire(version=version, now=parse_time(STAMP).at)


def told(one, action, payload):
    """The step of a CALL, and the steps that settle what it deferred."""
    step = one.call(action, payload)
    settled = []
    for deferred in step.deferred:
        settle = one.dialogue.settle_start
        if isinstance(deferred.event, TransactionStarted):
            settled.append(settle(deferred, 7, "Accepted", one.now))
        else:
            assert isinstance(deferred.event, TransactionEnded)
            settled.append(one.dialogue.settle_stop(deferred, "Accepted", one.now))
    return step, settled


# -- who sends what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", Version)
def test_the_table_holds_every_message_once(version):
    named = set(FROM_STATION[version]) | set(FROM_CSMS[version])
    assert named == actions(version)
    assert set(FROM_STATION[version]) & set(FROM_CSMS[version]) == {"DataTransfer"}
    assert len(FROM_CSMS[version]) == len(set(FROM_CSMS[version]))
    assert schemas.sendable(version.value) == sorted(FROM_CSMS[version])
    assert {a for a in actions(version) if schemas.schema(version.value, a, answer=True) is None} == set(SENDS[version])


# -- from the charging station --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "action"), HEARD, ids=NAMES_HEARD)
def test_what_a_station_sends_is_answered_validly(version, action):
    for payload in forms(version, action):
        assert breaches(action, payload, version=version) == []
        step, settled = told(wire(version), action, payload)
        frames = [frame for each in (step, *settled) for frame in sent(each)]
        if action in SENDS[version]:
            continue
        ((kind, ident, answer),) = frames
        assert (kind, ident) == (3, "m1")
        assert breaches(action, answer, answer=True, version=version) == []
        assert rules(step) <= CONTENT_RULES, payload


@pytest.mark.parametrize(("version", "action"), HEARD, ids=NAMES_HEARD)
def test_the_engine_is_told(version, action):
    steps = [told(wire(version), action, payload)[0] for payload in forms(version, action)]
    kinds = {type(event) for step in steps for event in (*step.events, *(each.event for each in step.deferred))}
    assert FROM_STATION[version][action] in kinds


@pytest.mark.parametrize(("version", "action"), HEARD, ids=NAMES_HEARD)
def test_whatever_is_in_it_the_answer_is_valid(version, action):
    """Each field of the fullest form in turn taken away, or replaced by a value of another kind."""
    whole = fullest(version, action)
    for name in whole:
        for broken in (None, "", [], {}, -1, [None], {"x": []}):
            step, settled = told(wire(version), action, whole | {name: broken})
            for kind, _, answer, *_ in [frame for each in (step, *settled) for frame in sent(each)]:
                assert kind == (4 if action in SENDS[version] else 3)
                assert kind == 4 or not breaches(action, answer, answer=True, version=version)
        left = {key: value for key, value in whole.items() if key != name}
        step, settled = told(wire(version), action, left)
        assert len([*step.send, *(text for each in settled for text in each.send)]) == 1


@pytest.mark.parametrize(("version", "action"), HEARD, ids=NAMES_HEARD)
def test_a_field_that_is_none_of_the_message_is_flagged(version, action):
    step, _ = told(wire(version), action, smallest(version, action) | {"notAField": 1})
    assert f"{action}.additionalProperties" in rules(step)


@pytest.mark.parametrize("action", SENDS[Version.V21])
def test_a_send_of_2_1_is_taken_in_every_form_and_never_answered(action):
    for number, payload in enumerate(forms(Version.V21, action)):
        one = wire(Version.V21)
        step = one.text(json.dumps([6, f"s{number}", action, payload]))
        assert step.send == []
        assert rules(step) == set()


@pytest.mark.parametrize("action", SENDS[Version.V21])
def test_a_send_that_came_as_call_gets_an_error_instead_of_silence(action):
    step = wire(Version.V21).call(action, fullest(Version.V21, action))
    ((kind, ident, code, *_),) = sent(step)
    assert (kind, ident, code) == (4, "m1", "ProtocolError")
    assert rules(step) == {"call_instead_of_send"}


@pytest.mark.parametrize("action", sorted(set(FROM_STATION[Version.V21]) - set(SENDS[Version.V21])))
def test_a_call_that_came_as_send_counts_and_is_not_answered(action):
    one = wire(Version.V21)
    step = one.text(json.dumps([6, "s1", action, fullest(Version.V21, action)]))
    assert step.send == []
    assert "send_instead_of_call" in rules(step)
    for deferred in step.deferred:
        assert one.dialogue.settle_start(deferred, 7, "Accepted", one.now).send == []
        assert one.dialogue.settle_failed(deferred, "The disk is full.", one.now).send == []


@pytest.mark.parametrize(("version", "action"), SENT, ids=NAMES_SENT)
def test_what_only_the_csms_sends_is_refused(version, action):
    if action == "DataTransfer":
        return
    step = wire(version).call(action, smallest(version, action))
    ((kind, _, code, *_),) = sent(step)
    assert (kind, code) == (4, "NotSupported")
    assert rules(step) == {"wrong_direction"}


@pytest.mark.parametrize("version", Version)
def test_what_only_other_versions_have_is_not_implemented(version):
    others = set().union(*(actions(other) for other in Version)) - actions(version)
    assert len(others) > 15 or version is Version.V21
    for action in sorted(others):
        step = wire(version).call(action, {})
        ((kind, _, code, *_),) = sent(step)
        assert (kind, code) == (4, "NotImplemented")
        assert rules(step) == {"other_version"}


# -- from the CSMS --------------------------------------------------------------------------------------------------


def asked(one, action, payload):
    """The ticket and the CALL that went out."""
    ticket, step = one.dialogue.ask(action, payload, one.now, 30.0)
    ((kind, ident, name, out),) = sent(step)
    assert (kind, ident, name, out) == (2, ticket.id, action, payload)
    return ticket


@pytest.mark.parametrize(("version", "action"), SENT, ids=NAMES_SENT)
def test_what_a_csms_sends_is_sent_and_every_valid_answer_taken(version, action):
    one = wire(version)
    answers = list(forms(version, action, answer=True))
    requests = list(forms(version, action))
    for number in range(max(len(answers), len(requests))):
        ticket = asked(one, action, requests[number % len(requests)])
        answer = answers[number % len(answers)]
        step = one.text(json.dumps([3, ticket.id, answer]))
        assert (ticket.fate, ticket.answer) == (Fate.ANSWERED, answer)
        assert step.ended == [ticket]
        assert rules(step) == set()


@pytest.mark.parametrize(("version", "action"), SENT, ids=NAMES_SENT)
def test_a_broken_answer_is_flagged_and_still_taken(version, action):
    one = wire(version)
    whole = fullest(version, action, answer=True)
    any_kind = {"customData", "data"}
    for broken in (whole | {"notAField": 1}, *({**whole, name: {"x": []}} for name in whole if name not in any_kind)):
        ticket = asked(one, action, smallest(version, action))
        step = one.text(json.dumps([3, ticket.id, broken]))
        assert (ticket.fate, ticket.answer) == (Fate.ANSWERED, broken)
        assert any(rule.startswith(f"{action}Response.") for rule in rules(step)), broken


@pytest.mark.parametrize(("version", "action"), SENT, ids=NAMES_SENT)
def test_nothing_invalid_is_sent(version, action):
    with pytest.raises(NotSendable):
        asked(wire(version), action, fullest(version, action) | {"notAField": 1})


@pytest.mark.parametrize(("version", "action"), SENT, ids=NAMES_SENT)
def test_a_refusal_ends_it(version, action):
    one = wire(version)
    ticket = asked(one, action, smallest(version, action))
    step = one.text(json.dumps([4, ticket.id, "NotImplemented", "", {}]))
    assert (ticket.fate, ticket.error.code) == (Fate.REFUSED, "NotImplemented")
    assert rules(step) == set()


@pytest.mark.parametrize("action", sorted(set(FROM_STATION[Version.V21]) - set(SENDS[Version.V21])))
def test_a_callresulterror_to_any_answer_is_a_finding_and_ends_nothing(action):
    """2.1 part 4, 4.2.4."""
    one = wire(Version.V21)
    told(one, action, smallest(Version.V21, action))
    ticket = asked(one, "ClearCache", {})
    step = one.text(json.dumps([5, "m1", "FormatViolation", "unreadable", {}]))
    assert step.send == []
    assert rules(step) == {"error_to_answer"}
    assert ticket.fate is Fate.SENT
    one.text(json.dumps([3, ticket.id, {"status": "Accepted"}]))
    assert ticket.fate is Fate.ANSWERED


def test_known_to_no_version():
    assert not any(known_action("MakeCoffee", version) for version in Version)
