"""What the message log is told: each frame with the rules it broke, and the answers that never came."""

from evdesk.model import MessageSeen
from tests.ocpp.helpers import Wire, every


def frames(step):
    return [(m.direction, m.kind, m.odd) for m in every(step, MessageSeen)]


def test_a_frame_carries_the_rules_it_broke_and_its_answer_none():
    wire = Wire()
    step = wire.call("StatusNotification", {"connectorId": 1, "errorCode": "Error", "status": "Charging"})
    assert frames(step) == [("in", "call", "StatusNotification.errorCode.enum"), ("out", "result", "")]
    assert frames(wire.call("Heartbeat", {})) == [("in", "call", ""), ("out", "result", "")]
    assert frames(wire.text("hello"))[0] == ("in", "garbage", "not_a_frame")


def test_an_answer_carries_its_own_breach():
    wire = Wire()
    ticket, _ = wire.dialogue.ask("Reset", {"type": "Soft"}, wire.now, 30.0)
    step = wire.text(f'[3,"{ticket.id}",{{"status":"Perhaps"}}]')
    assert frames(step) == [("in", "result", "ResetResponse.status.enum")]


def test_a_missing_answer_is_written_where_it_should_have_come():
    wire = Wire()
    ticket, _ = wire.dialogue.ask("Reset", {"type": "Soft"}, wire.now, 30.0)
    wire.now += 31.0
    step = wire.dialogue.tick(wire.now)
    (seen,) = every(step, MessageSeen)
    assert (seen.kind, seen.message_id, seen.action, seen.text) == ("timeout", ticket.id, "Reset", "")
    late = wire.text(f'[3,"{ticket.id}",{{"status":"Accepted"}}]')
    assert frames(late) == [("in", "result", "late_answer")]
