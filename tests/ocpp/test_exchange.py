"""Ids, order, deadlines, late answers, duplicates."""

import json
from uuid import UUID

import pytest

from evdesk.ocpp.exchange import MAX_WAITING, Exchange, Fate
from evdesk.ocpp.frame import Call, CallError, CallResult


def ask(exchange, action="Reset", now=0.0, urgent=False):
    return exchange.ask(action, {}, now, 60.0, urgent)


def test_ids_are_bare_uuids():
    ticket = ask(Exchange())
    assert str(UUID(ticket.id)) == ticket.id
    assert len(ticket.id) == 36


def test_one_call_is_open_at_a_time():
    exchange = Exchange()
    first, second = ask(exchange), ask(exchange, "ClearCache")
    ticket, text = exchange.next_call(0.0)
    assert ticket is first
    assert json.loads(text) == [2, first.id, "Reset", {}]
    assert exchange.next_call(0.0) is None
    assert exchange.answered(CallResult(first.id, {"status": "Accepted"}), 1.5) == (first, None)
    assert (first.fate, first.answer, first.ms) == (Fate.ANSWERED, {"status": "Accepted"}, 1500.0)
    assert exchange.next_call(2.0)[0] is second


def test_urgent_goes_before_waiting_but_not_before_urgent():
    exchange = Exchange()
    asked = [ask(exchange, "A"), ask(exchange, "B", urgent=True), ask(exchange, "C", urgent=True)]
    order = []
    while (following := exchange.next_call(0.0)) is not None:
        order.append(following[0].action)
        exchange.answered(CallResult(following[0].id, {}), 0.0)
    assert order == ["B", "C", "A"]
    assert {ticket.fate for ticket in asked} == {Fate.ANSWERED}


def test_deadline_counts_from_sending_and_frees_the_line():
    exchange = Exchange()
    slow, following = ask(exchange), ask(exchange)
    assert exchange.deadline() is None
    exchange.next_call(100.0)
    assert exchange.deadline() == 160.0
    assert exchange.expire(159.9) is None
    assert exchange.expire(160.0) is slow
    assert slow.fate is Fate.TIMED_OUT
    assert exchange.next_call(160.0)[0] is following


@pytest.mark.parametrize(
    ("urgent", "even_urgent", "deadline"), [(False, False, 103.0), (True, False, 160.0), (True, True, 103.0)]
)
def test_an_open_call_can_be_given_less_time(urgent, even_urgent, deadline):
    exchange = Exchange()
    exchange.hurry(3.0, True)  # nothing is open
    slow = exchange.ask("Reset", {}, 0.0, 60.0, urgent)
    exchange.next_call(100.0)
    exchange.hurry(3.0, even_urgent)
    exchange.hurry(30.0, even_urgent)  # never more
    assert exchange.deadline() == deadline
    assert exchange.expire(deadline) is slow


def test_a_charger_that_is_only_slow_is_given_its_time():
    exchange, deadlines = Exchange(), []
    for n, answered_s in enumerate((8.0, 8.0, 1.0, 1.0)):
        begun = n * 100.0
        call = exchange.ask("SetChargingProfile", {}, begun, 60.0)
        exchange.next_call(begun)
        exchange.hurry(3.0, True)
        deadlines.append(exchange.deadline() - begun)
        exchange.expire(begun + answered_s)
        exchange.answered(CallResult(call.id, {}), begun + answered_s)
    assert deadlines == pytest.approx([3.0, 12.0, 12.0, 9.6]), "its late answer counts, and it may become quicker"
    exchange.ask("Reset", {}, 900.0, 60.0)
    exchange.next_call(900.0)
    exchange.hurry(3.0, True)
    assert exchange.deadline() == 903.0, "nothing is known of that"


@pytest.mark.parametrize(("answered_s", "waits_s"), [(300.0, 3.0), (60.5, 3.0), (59.0, 22.5)])
def test_one_late_answer_keeps_no_reduction_waiting_for_long(answered_s, waits_s):
    exchange = Exchange()
    hung = exchange.ask("SetChargingProfile", {}, 0.0, 60.0)
    exchange.next_call(0.0)
    exchange.hurry(3.0, True)  # its own time stays 60 s
    exchange.expire(3.0)
    exchange.answered(CallResult(hung.id, {}), answered_s)
    exchange.ask("SetChargingProfile", {}, 400.0, 60.0)
    exchange.next_call(400.0)
    exchange.hurry(3.0, True)
    assert exchange.deadline() == 400.0 + waits_s


def test_a_clock_set_back_keeps_no_call_open():
    exchange = Exchange()
    slow = ask(exchange)
    exchange.next_call(100_000.0)
    assert exchange.expire(13_660.0) is None
    assert exchange.expire(13_660.0, overdue=True) is slow, "its timer has run out, whatever the clock says"


def test_late_answer_is_matched_and_told():
    exchange = Exchange()
    slow = ask(exchange, "GetConfiguration")
    exchange.next_call(0.0)
    exchange.expire(60.0)
    assert exchange.action_of(slow.id) == "GetConfiguration"
    ticket, odd = exchange.answered(CallResult(slow.id, {"a": 1}), 68.0)
    assert (ticket, slow.fate, slow.answer) == (slow, Fate.TIMED_OUT, {"a": 1})
    assert (odd.rule, "68 s" in odd.sentence) == ("late_answer", True)


def test_unknown_ids_are_ignored_with_a_finding():
    exchange = Exchange()
    ask(exchange)
    ticket, _ = exchange.next_call(0.0)
    assert exchange.answered(CallResult("nobody", {}), 0.0)[1].rule == "unknown_answer_id"
    assert exchange.outstanding is ticket


def test_call_error_ends_the_ticket():
    exchange = Exchange()
    ticket = ask(exchange)
    exchange.next_call(0.0)
    error = CallError(ticket.id, "NotImplemented")
    assert exchange.answered(error, 1.0)[0] is ticket
    assert (ticket.fate, ticket.error) == (Fate.REFUSED, error)


def test_lost_ends_everything_and_says_what_was_sent():
    exchange = Exchange()
    sent, waiting = ask(exchange), ask(exchange)
    exchange.next_call(0.0)
    assert exchange.lost(5.0) == [sent, waiting]
    assert (sent.sent_at, waiting.sent_at) == (0.0, None)
    assert exchange.next_call(6.0) is None


def test_withdrawn_calls_are_never_sent():
    exchange = Exchange()
    first, second = ask(exchange), ask(exchange)
    exchange.next_call(0.0)
    assert exchange.withdraw(second)
    assert not exchange.withdraw(first)
    exchange.answered(CallResult(first.id, {}), 0.0)
    assert exchange.next_call(0.0) is None


def test_too_many_waiting_is_refused():
    exchange = Exchange()
    for _ in range(MAX_WAITING):
        ask(exchange)
    with pytest.raises(OverflowError, match="wait"):
        ask(exchange)


def seen(exchange, ident, content, now=0.0, action="StatusNotification"):
    return exchange.seen_before(Call(ident, action, {}), content, now)


def test_repetition_gets_the_first_answer():
    exchange = Exchange()
    assert seen(exchange, "a", "x") == (False, None)
    assert seen(exchange, "a", "x") == (True, None)  # still being made
    exchange.remember_answer("a", "ANSWER")
    assert seen(exchange, "a", "x") == (True, "ANSWER")


def test_same_id_with_other_content_is_a_new_message():
    exchange = Exchange()
    seen(exchange, "a", "x")
    exchange.remember_answer("a", "ANSWER")
    assert seen(exchange, "a", "y") == (False, None)


def test_heartbeats_with_a_constant_id_get_the_time_each_time():
    exchange = Exchange()
    assert seen(exchange, "1", "x", action="Heartbeat") == (False, None)
    assert seen(exchange, "1", "x", action="Heartbeat") == (False, None)


def test_repetitions_are_forgotten_after_a_while_and_when_many_came():
    exchange = Exchange()
    seen(exchange, "a", "x")
    exchange.remember_answer("a", "ANSWER")
    assert seen(exchange, "a", "x", now=601.0) == (False, None)
    exchange.remember_answer("a", "ANSWER")
    for n in range(20):
        seen(exchange, f"b{n}", "x", now=601.0)
    assert seen(exchange, "a", "x", now=601.0) == (False, None)


def test_a_failed_answer_is_forgotten_so_that_the_retry_is_tried():
    exchange = Exchange()
    seen(exchange, "a", "x")
    exchange.forget("a")
    assert seen(exchange, "a", "x") == (False, None)
