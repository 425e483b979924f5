"""Calls paired with their answers: verdicts, filters, paging both ways, counts over time, old files brought forward."""

import sqlite3
from dataclasses import replace

import pytest

from evdesk.engine.store.schema import MIGRATIONS
from evdesk.model import MessageSeen
from evdesk.wire.messages import DensityOf, ExchangePage, MessageFilter, MessagePage
from tests.engine.store_kit import T0, FixedClock, opened


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evdesk.db"


def put(store, at, direction, ident, action="Heartbeat", text="", kind="call", charger="WB-01", odd=""):
    text = text or f'[{ {"call": 2, "result": 3, "error": 4}.get(kind, 2) },"{ident}",{{}}]'
    store.put_message(MessageSeen(charger, T0 + at, direction, action, ident, text, kind, odd), "ocpp1.6")


async def an_evening(store):
    """One of every verdict, oldest first."""
    put(store, 0, "in", "m1", "MeterValues")
    put(store, 0.002, "out", "m1", "MeterValues", kind="result")
    put(store, 1, "out", "x1", "SetChargingProfile", '[2,"x1","SetChargingProfile",{}]')
    put(store, 1.1, "in", "m2", "StatusNotification", '[2,"m2","StatusNotification",{"status":"Faulted"}]')
    put(store, 1.1, "out", "m2", "StatusNotification", kind="result")
    put(store, 1.2, "in", "x1", "SetChargingProfile", '[3,"x1",{"status":"Rejected"}]', "result")
    put(store, 2, "out", "x2", "GetConfiguration")
    put(store, 3, "in", "m3", "Heartbeat", odd="zone_missing,StatusNotification.errorCode.enum")
    put(store, 3, "out", "m3", "Heartbeat", kind="result")
    put(store, 4, "in", "", "", "hello", "garbage", odd="not_a_frame")
    put(store, 32, "in", "x2", "GetConfiguration", " ", "timeout")
    put(store, 33, "in", "x2", "GetConfiguration", '[3,"x2",{"late":true}]', "result", odd="late_answer")
    put(store, 40, "out", "x3", "Reset", charger="WB-02")
    put(store, 41, "in", "x3", "Reset", '[4,"x3","NotImplemented","no",{}]', "error", charger="WB-02")
    put(store, 50, "out", "x4", "UnlockConnector", charger="WB-02")
    put(store, 51, "in", "z", "", '[3,"z",{}]', "result", charger="WB-02", odd="unknown_answer_id")
    await store.flush()


async def asked(store, limit=200, before_id=None, after_id=None, **wanted):
    page = ExchangePage(MessageFilter(**wanted), limit, before_id, after_id)
    return await store.exchanges(page)


async def test_a_call_and_its_answer_are_one_row_with_its_verdict(path):
    async with opened(path) as store:
        await an_evening(store)
        rows = {row.message_id: row for row in await asked(store)}
        assert {k: r.verdict for k, r in rows.items()} == {
            "m1": "ok",
            "x1": "refused",
            "m2": "ok",
            "x2": "timeout",
            "m3": "breach",
            "": "garbage",
            "x3": "refused",
            "x4": "open",
            "z": "breach",
        }
        assert [r.at for r in await asked(store)] == sorted((r.at for r in rows.values()), reverse=True)
        assert rows["m1"].latency_ms == pytest.approx(2.0, abs=0.01)
        assert (rows["x1"].answer, rows["x1"].latency_ms) == ("Rejected", pytest.approx(200.0, abs=0.01))
        assert rows["x2"].latency_ms == pytest.approx(30_000.0)
        assert rows["x2"].answer_id is None
        assert rows["x3"].answer == "NotImplemented"
        assert rows["m2"].told == "Faulted"
        assert rows["m3"].breaches == 2
        assert (rows["x4"].answer_id, rows["x4"].latency_ms) == (None, None)
        assert rows["m1"].protocol == "ocpp1.6"


async def test_an_answer_that_comes_late_belongs_to_its_call_too(path):
    async with opened(path) as store:
        await an_evening(store)
        x2 = next(r for r in await asked(store) if r.message_id == "x2")
        row, frames = await store.exchange(x2.id)
        assert row == x2
        assert [f.kind for f in frames] == ["call", "timeout", "result"]
        assert {f.call for f in frames[1:]} == {x2.id}
        # Any frame of an exchange leads to it.
        assert (await store.exchange(frames[2].id))[0] == x2
        assert await store.exchange(10_000) is None


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"verdict": "breach"}, ["z", "", "m3", "x2"]),
        ({"verdict": "refused"}, ["x3", "x1"]),
        ({"verdict": "timeout"}, ["x2"]),
        ({"verdict": "garbage"}, [""]),
        ({"verdict": "open"}, ["x4"]),
        ({"verdict": "ok"}, ["m2", "m1"]),
        ({"verdict": "fault"}, ["z", "x3", "", "m3", "x2", "x1"]),
        ({"verdict": "nonsense"}, []),
        ({"charger_ids": ("WB-02",)}, ["z", "x4", "x3"]),
        ({"direction": "out", "charger_ids": ("WB-01",)}, ["x2", "x1"]),
        ({"action": "meter"}, ["m1"]),
        ({"action": "_"}, []),
        ({"heartbeats": False, "to_at": T0 + 4}, ["x2", "m2", "x1", "m1"]),
        ({"from_at": T0 + 1, "to_at": T0 + 3}, ["x2", "m2", "x1"]),
        ({"from_at": T0 + 1000}, []),
        ({"search": "faulted"}, ["m2"]),
        ({"search": "Rejected"}, ["x1"]),
        ({"search": "late"}, ["x2"]),
        ({"search": "100%"}, []),
    ],
)
async def test_filters(path, wanted, ids):
    async with opened(path) as store:
        await an_evening(store)
        found = await asked(store, **wanted)
        assert [r.message_id for r in found] == ids
        counted = await store.message_count(MessageFilter(**wanted))
        assert counted.exchanges == len(found)


async def test_pages_go_both_ways_without_gap_or_repeat(path):
    async with opened(path) as store:
        for i in range(60):
            put(store, i, "in", f"m{i}")
            put(store, i, "out", f"m{i}", kind="result")
        await store.flush()
        down, before = [], None
        while rows := await asked(store, 7, before_id=before):
            down += rows
            before = rows[-1].id
        assert [r.message_id for r in down] == [f"m{i}" for i in reversed(range(60))]
        up, after = [], 0
        while rows := await asked(store, 7, after_id=after):
            up = rows + up
            after = rows[0].id
        assert up == down
        some = (down[3].id, down[50].id)
        assert [r.id for r in await store.exchanges(ExchangePage(ids=some))] == list(some)


async def test_answers_find_their_calls_after_ids_come_again_and_across_chargers(path):
    async with opened(path) as store:
        put(store, 0, "in", "1", "MeterValues", charger="A")
        put(store, 0, "in", "1", "MeterValues", charger="B")
        put(store, 0, "out", "1", "Reset", charger="A")
        put(store, 1, "out", "1", "MeterValues", kind="result", charger="B")
        put(store, 2, "in", "1", "Reset", kind="result", charger="A")
        put(store, 3, "out", "1", "MeterValues", kind="result", charger="A")
        put(store, 9, "in", "1", "Heartbeat", charger="A")
        put(store, 9.5, "out", "1", "Heartbeat", kind="result", charger="A")
        await store.flush()
        rows = [(r.charger_id, r.action, r.latency_ms) for r in await asked(store)]
        assert rows == [
            ("A", "Heartbeat", 500.0),
            ("A", "Reset", 2000.0),
            ("B", "MeterValues", 1000.0),
            ("A", "MeterValues", 3000.0),
        ]


async def test_our_refusal_of_something_unreadable_is_its_answer(path):
    async with opened(path) as store:
        put(store, 0, "in", "", "", '{"x":1}', "garbage", odd="not_a_frame")
        put(store, 0, "out", "-1", "", '[4,"-1","RpcFrameworkError","",{}]', "error")
        await store.flush()
        (row,) = await asked(store)
        assert (row.verdict, row.answer) == ("garbage", "RpcFrameworkError")


async def test_a_message_without_an_answer_waits_for_none(path):
    async with opened(path) as store:
        text = '[6,"s1","NotifyPeriodicEventStream",{"id":1}]'
        put(store, 0, "in", "s1", "NotifyPeriodicEventStream", text, "send")
        put(store, 1, "out", "s1", "Reset", "[3]", "result")
        await store.flush()
        stray, sent = await asked(store)
        assert (sent.verdict, sent.answer_id, sent.latency_ms) == ("ok", None, None)
        assert stray.message_id == "s1"
        assert (await store.message_actions("WB-01"))[0].action == "NotifyPeriodicEventStream"


async def test_frames_come_with_their_exchanges(path):
    async with opened(path) as store:
        await an_evening(store)
        found = await store.exchange_frames(ExchangePage(MessageFilter(charger_ids=("WB-01",)), 3))
        assert [one.row.message_id for one in found] == ["", "m3", "x2"]
        assert [frame.kind for frame in found[2].frames] == ["call", "timeout", "result"]
        assert [frame.kind for frame in found[0].frames] == ["garbage"]


async def test_density_and_counts(path):
    async with opened(path, clock=FixedClock(T0 + 60)) as store:
        await an_evening(store)
        whole = MessageFilter(from_at=T0, to_at=T0 + 60)
        found = await store.density(DensityOf(whole, 6))
        assert found.step_s == 10.0
        assert found.count == [6, 0, 0, 0, 1, 2]
        assert found.breaches == [3, 0, 0, 0, 0, 1]
        assert found.refused == [1, 0, 0, 0, 1, 0]
        assert found.failed == [2, 0, 0, 0, 0, 0]
        empty = await store.density(DensityOf(replace(whole, to_at=T0 - 1), 6))
        assert empty.count == []
        counted = await store.message_count(MessageFilter())
        assert (counted.exchanges, counted.frames, counted.faults) == (9, 16, 6)
        assert counted.per_s == pytest.approx(9 / 60, abs=0.01)
        assert (counted.first_at, counted.last_at) == (T0, T0 + 51)
        seen = {(a.direction, a.action): a for a in await store.message_actions("WB-01")}
        assert seen["out", "SetChargingProfile"].refused == 1
        assert seen["out", "GetConfiguration"].unanswered == 1
        assert seen["in", "Heartbeat"].breaches == 1


async def test_the_list_of_frames_leaves_out_what_is_no_frame(path):
    async with opened(path) as store:
        await an_evening(store)
        rows = await store.messages(MessagePage())
        assert len(rows) == 15
        assert [r.kind for r in await store.messages(MessagePage(kind="timeout"))] == ["timeout"]
        assert {r.message_id for r in await store.messages(MessagePage(verdict="breach"))} == {"z", "x2", "m3", ""}
        assert len(await store.messages(MessagePage(direction="in", heartbeats=False, charger_id="WB-01"))) == 5
        newer = await store.messages(MessagePage(after_id=rows[5].id, limit=2))
        assert [r.id for r in newer] == [rows[3].id, rows[4].id]


async def test_a_log_of_an_older_evdesk_is_paired_when_it_is_opened(path):
    connection = sqlite3.connect(path, isolation_level=None)
    for step in MIGRATIONS[:2]:
        for statement in step:
            connection.execute(statement)
    connection.execute("PRAGMA user_version = 2")
    old = (
        (T0, "A", "in", "call", "Heartbeat", "1", "[2]"),
        (T0, "A", "out", "result", "Heartbeat", "1", "[3]"),
        (T0 + 1, "A", "out", "call", "Reset", "1", "[2]"),
        (T0 + 2, "A", "in", "error", "Reset", "1", '[4,"1","InternalError","",{}]'),
    )
    connection.executemany(
        "INSERT INTO message(at, charger_id, direction, kind, action, message_id, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
        old,
    )
    connection.close()
    async with opened(path) as store:
        rows = await asked(store)
        assert [(r.action, r.verdict, r.answer) for r in rows] == [
            ("Reset", "refused", "InternalError"),
            ("Heartbeat", "ok", ""),
        ]
        put(store, 5, "in", "2")
        await store.flush()
        assert [r.id for r in await asked(store)] == [5, 3, 1]
