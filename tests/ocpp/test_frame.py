"""Text to frames: what is repaired, what is garbage, what is answered."""

import json

import pytest

from evdesk.ocpp.frame import (
    MAX_CHARS,
    MAX_DEPTH,
    Call,
    CallError,
    CallResult,
    Garbage,
    call_text,
    error_text,
    parse,
    result_text,
)


def one(text):
    frames, odd = parse(text)
    assert len(frames) == 1
    return frames[0], {o.rule for o in odd}


def test_three_kinds_and_back():
    assert parse('[2,"a","Heartbeat",{}]') == ([Call("a", "Heartbeat", {}, "a")], [])
    assert parse('[3,"a",{"status":"Accepted"}]') == ([CallResult("a", {"status": "Accepted"})], [])
    frame, odd = one('[4,"a","NotImplemented","no",{"x":1}]')
    assert (frame, odd) == (CallError("a", "NotImplemented", "no", {"x": 1}), set())
    assert json.loads(call_text("a", "Reset", {"type": "Soft"})) == [2, "a", "Reset", {"type": "Soft"}]
    assert json.loads(result_text("a", {})) == [3, "a", {}]
    assert json.loads(error_text(CallError("a", "InternalError", "x" * 400))) == [
        4,
        "a",
        "InternalError",
        "x" * 255,
        {},
    ]


REPAIRED = [
    pytest.param('\ufeff[2,"a","Heartbeat",{}]', {"stray_bytes"}, id="byte order mark"),
    pytest.param('[2,"a","Heartbeat",{}]\x00', {"stray_bytes"}, id="trailing NUL"),
    pytest.param(' \r\n[2,"a","Heartbeat",{}]\n', set(), id="blanks around"),
    pytest.param('[2,"a","Heartbeat"]', {"missing_payload"}, id="payload missing"),
    pytest.param('[2,"a","Heartbeat",null]', {"missing_payload"}, id="payload null"),
    pytest.param('[2,"a","Heartbeat",[]]', {"missing_payload"}, id="payload an empty list"),
    pytest.param('["2","a","Heartbeat",{}]', {"message_type_as_text"}, id="message type as text"),
    pytest.param('[2.0,"a","Heartbeat",{}]', set(), id="message type as float"),
]


@pytest.mark.parametrize(("text", "rules"), REPAIRED)
def test_repaired(text, rules):
    frame, odd = one(text)
    assert frame == Call("a", "Heartbeat", {}, "a")
    assert odd == rules


def test_numeric_id_is_echoed_as_a_number():
    frame, odd = one('[2,42,"Heartbeat",{}]')
    assert (frame.id, frame.echo, odd) == ("42", 42, {"numeric_message_id"})


def test_long_id_is_flagged_and_kept():
    frame, odd = one(json.dumps([2, "x" * 39, "Heartbeat", {}]))
    assert (frame.id, odd) == ("x" * 39, {"message_id_too_long"})


def test_glued_frames_are_all_read():
    frames, odd = parse('[2,"a","Heartbeat",{}][2,"b","Heartbeat",{}]\n[3,"c",{}]')
    assert [frame.id for frame in frames] == ["a", "b", "c"]
    assert {o.rule for o in odd} == {"glued_frames"}


def test_a_good_frame_before_rubbish_is_not_lost():
    frames, _ = parse('[2,"a","Heartbeat",{}]rubbish')
    assert frames[0] == Call("a", "Heartbeat", {}, "a")
    assert isinstance(frames[1], Garbage)


def test_nan_and_half_surrogates_become_plain_json():
    frame, odd = one('[2,"a","DataTransfer",{"vendorId":"NaN \\ud800","data":NaN}]')
    assert frame.payload["data"] is None
    assert frame.payload["vendorId"].startswith("NaN ")
    result_text("a", frame.payload).encode()
    assert odd == {"not_json"}


GARBAGE = [
    ("", "not_a_frame", None),
    ("hello", "not_a_frame", None),
    ("{}", "not_a_frame", None),
    ("[]", "not_a_frame", None),
    ("[2]", "not_a_frame", None),
    ('[2,{},"Heartbeat",{}]', "no_message_id", None),
    ('[2,true,"Heartbeat",{}]', "no_message_id", None),
    ('[2,"a"]', "broken_call", "FormationViolation"),
    ('[2,"a",7,{}]', "broken_call", "FormationViolation"),
    ('[2,"a","Heartbeat","x"]', "broken_call", "FormationViolation"),
    ('[9,"a"]', "unknown_message_type", "MessageTypeNotSupported"),
    ('[true,"a","Heartbeat",{}]', "unknown_message_type", "MessageTypeNotSupported"),
]


@pytest.mark.parametrize(("text", "rule", "code"), GARBAGE)
def test_garbage_says_what_is_wrong_and_answers_where_it_can(text, rule, code):
    frame, _ = one(text)
    assert isinstance(frame, Garbage)
    assert frame.odd.rule == rule
    assert (frame.answer.code if frame.answer else None) == code
    if frame.answer:
        assert json.loads(error_text(frame.answer))[1] == "a"


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, '[2,"a","X",' + '{"a":' * 5000, "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)],
    ids=["open only", "objects", "one too deep"],
)
def test_absurd_nesting_is_refused_before_parsing(text):
    frame, _ = one(text)
    assert frame.odd.rule == "nested_too_deep"


def test_brackets_inside_strings_are_no_nesting():
    frame, _ = one(json.dumps([2, "a", "DataTransfer", {"vendorId": '\\"[[[[' * 50 + "\\"}]))
    assert isinstance(frame, Call)


def test_many_brackets_side_by_side_are_no_nesting():
    keys = [{"key": f"k{n}", "readonly": False} for n in range(168)]
    frame, odd = one(json.dumps([3, "a", {"configurationKey": keys}]))
    assert isinstance(frame, CallResult)
    assert odd == set()


def test_unterminated_strings_are_scanned_once():
    frame, _ = one("[" * 40 + '"\\"' * 200_000)
    assert isinstance(frame, Garbage)


def test_endless_message_is_refused():
    frame, _ = one('"' + "x" * MAX_CHARS)
    assert frame.odd.rule == "message_too_long"
