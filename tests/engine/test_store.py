"""What is put comes out again: logs, pages, sessions, records."""

import asyncio
import sqlite3
import stat
from dataclasses import replace

import pytest

from evdesk.engine.store import Store, pages
from evdesk.engine.store.schema import LATEST
from evdesk.model import (
    Charger,
    ChargerState,
    Circuit,
    Clock,
    EvdeskError,
    FindingSeen,
    LineLoad,
    MessageSeen,
    NoticeKind,
    Origin,
    Reading,
    Reason,
    Session,
    Severity,
    Site,
    SiteLoad,
    TransactionEnded,
    TransactionStarted,
)
from evdesk.wire.methods import AuditPage, MessagePage, NoticePage, SessionPage
from tests.engine.store_kit import (
    BALANCER,
    T0,
    TECHNICIAN,
    FixedClock,
    HealthWatch,
    note,
    opened,
    power,
    settings,
    tamper,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "evdesk.db"


def started(at=T0, tag="TAG1", meter=1000.0, charger_id="WB-01", connector_id=1, tx=None, charger_at=None):
    return TransactionStarted(charger_id, connector_id, at, tag, meter, tx, charger_at)


def stopped(tx, at=T0 + 3600, meter=8000.0, charger_id="WB-01", reason="Local", **more):
    return TransactionEnded(charger_id, at, tx, meter, reason, **more)


async def test_records_survive_a_restart(path):
    site = Site("Garage", circuits=(Circuit("Main", (63.0, 63.0, 63.0)),), assumed=False)
    charger = Charger("WB-01", state=ChargerState.ONLINE, vendor="Acme")
    async with opened(path) as store:
        assert await store.load_site() is None
        await store.save_site(Site())
        await store.save_site(site)
        await store.save_charger(charger, False)
        await store.save_charger(charger, True)
        await store.save_charger(Charger("WB-02"), False)
        await store.save_meta("zone", "Main")
    async with opened(path) as store:
        assert await store.load_site() == site
        assert await store.load_chargers() == [(charger, True), (Charger("WB-02"), False)]
        assert await store.load_meta("zone") == "Main"
        assert await store.load_meta("nothing") is None
        await store.forget_charger("WB-02")
        assert [c.id for c, _ in await store.load_chargers()] == ["WB-01"]
    kept = sqlite3.connect(path).execute("SELECT count(*) FROM site").fetchone()[0]
    assert kept == 2, "every version of the site is kept"


async def test_a_site_that_cannot_be_read_is_not_replaced_by_an_older_one(path):
    async with opened(path) as store:
        await store.save_site(Site("Right"))
        await store.save_site(Site("Newer"))
    tamper(path, "UPDATE site SET body = '{\"circuits\": 7}' WHERE id = 2")
    async with opened(path) as store:
        with pytest.raises(EvdeskError, match="version 2") as raised:
            await store.load_site()
    assert raised.value.reason is Reason.STORAGE


async def test_audit_pages(path):
    async with opened(path) as store:
        await note(store, args={"limit_a": 6.0})
        await store.audit(
            kind="answered",
            origin=TECHNICIAN,
            what="charger.set_limit",
            target="WB-01",
            outcome="rejected",
            detail={"sentence": "Größe 50% zu klein"},
            ref=1,
        )
        await store.audit(kind="asked", origin=BALANCER, what="balance.limit", target="WB-02", args={"connector_id": 1})
        await store.audit(kind="answered", origin=BALANCER, what="balance.limit", target="WB-02", outcome="accepted")
        await store.audit(kind="noted", origin=Origin("API script", "api"), what="site.put", target="site")

        async def ids(**page):
            return [row.id for row in await store.audit_rows(AuditPage(**page))]

        assert await ids() == [5, 4, 3, 2, 1]
        assert await ids(limit=2) == [5, 4]
        assert await ids(limit=2, before_id=4) == [3, 2]
        assert await ids(via="people") == [2, 1]
        assert await ids(via="api") == [5]
        assert await ids(outcome="failed") == [2]
        assert await ids(outcome="accepted") == [4]
        assert await ids(target="WB-02") == [4, 3]
        assert await ids(search="Größe 50%") == [2]
        assert await ids(search="%") == [2], "a percent sign is only a percent sign"
        assert await ids(search="balance.") == [4, 3]
        assert await ids(search="api script") == [5]
        assert await ids(to_at=1e9) == []
        assert await ids(from_at=1e9) == [5, 4, 3, 2, 1]
        first = (await store.audit_rows(AuditPage(limit=1, before_id=2)))[0]
        assert first.args == {"limit_a": 6.0}
        assert first.prev == "0" * 64
        assert await store.counts() == {"audit": 5, "session": 0, "finding": 0, "message": 0}


async def test_what_was_done_to_one_charger_is_found_without_reading_the_whole_log(path):
    async with opened(path) as store:
        for what in ("charger.settings", "charger.set_limit", "charger.raw", "charger.raw"):
            await note(store, what)
        await store.audit(kind="asked", origin=TECHNICIAN, what="charger.raw", target="WB-02")
    connection = sqlite3.connect(path)  # as an older evdesk left it
    connection.execute("DROP INDEX audit_target")
    connection.execute(f"PRAGMA user_version = {LATEST - 1}")
    connection.close()
    async with opened(path) as store:
        found = await store.audit_of("WB-01", {"charger.settings", "charger.raw"}, 2)
        assert [row.id for row in found] == [4, 3]
        assert (await store.verify()).holds
    asked = []
    connection = sqlite3.connect(path)
    connection.set_trace_callback(asked.append)
    pages.audit_of(connection, "WB-01", {"charger.raw"}, 2)
    (plan,) = connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}").fetchall()
    assert "audit_target (target=? AND id>?)" in plan[3]


async def test_secrets_never_reach_the_log(path):
    async with opened(path) as store:
        await note(store, "charger.write_setting", args={"name": "AuthorizationKey", "value": "s3cr3t-A"})
        await note(store, "charger.raw", args={"payload": {"key": "WebSocketPassword", "value": "s3cr3t-B"}})
        await store.audit(
            kind="answered",
            origin=TECHNICIAN,
            what="charger.write_setting",
            target="WB-01",
            args={"name": "AuthorizationKey"},
            detail={"before": "s3cr3t-C", "after": "s3cr3t-D", "ms": 12.0},
        )
        await note(store, args={"api_key": "s3cr3t-E", "id_tag": "TAG1", "limit_a": float("nan"), "name": "Heartbeat"})
        rows = await store.audit_rows(AuditPage())
    assert b"s3cr3t" not in path.read_bytes()
    assert rows[0].args["id_tag"] == "TAG1"
    assert rows[0].args["limit_a"] is None
    assert rows[1].detail["ms"] == 12.0


async def test_the_key_is_the_owners_alone(path):
    async with opened(path) as store:
        await note(store)
    assert stat.S_IMODE((path.parent / "audit.key").stat().st_mode) == 0o600


async def test_logs_and_notices(path):
    async with opened(path) as store:
        for i in range(3):
            store.put_message(MessageSeen("WB-01", T0 + i, "in", "Heartbeat", f"m{i}", f'[2,"m{i}"]'))
        store.put_message(MessageSeen("WB-02", T0 + 9, "out", "Reset", "r", "bad \ud800 text", kind="garbage"))
        first = store.put_notice(T0, NoticeKind.LOST, Severity.WARN, "WB-01", 1, {"label": "Bay 1", "seconds": 3.5})
        second = store.put_notice(T0, NoticeKind.BACK, Severity.OK, "WB-02")
        await store.flush()
        messages = await store.messages(MessagePage())
        assert [m.message_id for m in messages] == ["r", "m2", "m1", "m0"]
        assert messages[0].text == "bad ? text"
        page = MessagePage(charger_id="WB-01", limit=1, before_id=messages[1].id)
        assert [m.message_id for m in await store.messages(page)] == ["m1"]
        assert [m.message_id for m in await store.messages(MessagePage(action="Reset"))] == ["r"]
        assert [m.message_id for m in await store.messages(MessagePage(search='"m2"'))] == ["m2"]
        assert await store.notices(NoticePage()) == [second, first]
        assert await store.notices(NoticePage(charger_id="WB-01")) == [first]
    async with opened(path) as store:
        assert store.put_notice(T0, NoticeKind.LOST, Severity.WARN).id == second.id + 1


async def test_findings_are_counted_per_charger_and_rule(path):
    async with opened(path) as store:
        for i in range(5):
            store.put_finding(FindingSeen("WB-01", T0 + i, "late_reply", "Replies late.", raw=str(i)))
        store.put_finding(FindingSeen("WB-02", T0, "late_reply", "Replies late."))
        await store.flush()
        store.put_finding(FindingSeen("WB-01", T0 - 50, "late_reply", "Replies late.", raw="old"))
        await store.flush()
        found = (await store.findings("WB-01"))[0]
        assert (found.count, found.first_at, found.last_at) == (6, T0 - 50, T0 + 4)
        assert len(await store.findings()) == 2


async def test_the_message_log_is_bounded(path):
    bounds = settings(messages_per_charger=50, messages_total=120, notices=20, roll_s=0.01, prune_s=0.01)
    async with opened(path, bounds) as store:
        for i in range(500):
            store.put_message(MessageSeen(f"WB-{i % 4}", T0 + i, "in", "Heartbeat", str(i), "x"))
            store.put_notice(T0 + i, NoticeKind.LOST, Severity.WARN)
        await store.flush()
        async with asyncio.timeout(10):
            while len(await store.messages(MessagePage(limit=1000))) > 132:
                await store.flush()
            while len(await store.notices(NoticePage(limit=1000))) > 20:
                await store.flush()
        left = await store.messages(MessagePage(limit=1000))
        assert left[0].message_id == "499"
        assert len(left) >= 100
        assert all(len([m for m in left if m.charger_id == f"WB-{i}"]) <= 55 for i in range(4))


async def test_a_session_is_opened_and_closed_once(path):
    async with opened(path) as store:
        first = await store.open_session(started(charger_at=T0 - 2))
        assert await store.open_session(started(at=T0 + 30, charger_at=T0 - 2)) == first
        store.put_session(replace(first, energy_wh=2000.0, max_power_w=7400.0))
        done = await store.close_session(stopped(first.id))
        assert done == replace(
            first,
            ended_at=T0 + 3600,
            meter_stop_wh=8000.0,
            energy_wh=7000.0,
            max_power_w=7400.0,
            reason="Local",
        )
        assert await store.close_session(stopped(first.id, at=T0 + 9999, meter=9999.0)) == done
        assert await store.open_session(started(at=T0 + 4000, charger_at=T0 - 2)) == done
        second = await store.open_session(started(at=T0 + 4000, meter=8000.0, charger_at=T0 + 4000))
        assert second.id == first.id + 1
        store.put_session(replace(done, energy_wh=1.0))
        await store.flush()
        assert await store.sessions(SessionPage()) == [second, done]
        assert await store.sessions(SessionPage(open_only=True)) == [second]
        assert await store.sessions(SessionPage(before_id=second.id)) == [done]
        assert await store.sessions(SessionPage(to_at=T0 + 10)) == [done]
        assert await store.sessions(SessionPage(charger_id="WB-09")) == []


async def test_without_the_chargers_clock_a_repeated_start_is_the_running_session(path):
    async with opened(path) as store:
        first = await store.open_session(started())
        assert (await store.open_session(started(at=T0 + 60))).id == first.id
        await store.close_session(stopped(first.id))
        assert (await store.open_session(started(at=T0 + 7200))).id != first.id


async def test_stops_that_fit_no_session(path):
    async with opened(path) as store:
        alone = await store.close_session(stopped(874_523, meter=5000.0, id_tag="TAG9", connector_id=2))
        assert alone is not None
        assert (alone.id, alone.incomplete, alone.energy_wh, alone.meter_stop_wh) == (874_523, True, None, 5000.0)
        assert await store.close_session(stopped(874_523, at=T0 + 4000, meter=5000.0)) == alone
        assert (await store.open_session(started())).id == 1, "a foreign number does not move our own"
        other = await store.close_session(stopped(1, charger_id="WB-02"))
        assert other is not None
        assert other.id not in (1, 874_523), "another charger's number is not this charger's session"
        assert other.charger_id == "WB-02"


async def test_a_stop_without_a_number_ends_what_runs_there(path):
    """A charger that got no answer to its start has no transaction id and sends 0, -1 or none."""
    async with opened(path) as store:
        first = await store.open_session(started(connector_id=1, meter=100.0))
        second = await store.open_session(started(connector_id=2, meter=500.0))
        ended = await store.close_session(stopped(-1, meter=900.0, connector_id=2, charger_at=T0 + 3600))
        assert ended is not None
        assert (ended.id, ended.energy_wh) == (second.id, 400.0)
        again = await store.close_session(stopped(-1, meter=900.0, connector_id=2, charger_at=T0 + 3600))
        assert again == ended, "told twice, it does not end the next one"
        assert [s.id for s in await store.sessions(SessionPage(open_only=True))] == [first.id]


async def test_a_start_on_a_busy_connector_and_the_late_stop(path):
    async with opened(path) as store:
        first = await store.open_session(started(charger_at=T0))
        second = await store.open_session(started(at=T0 + 600, meter=3000.0, charger_at=T0 + 600))
        old = (await store.sessions(SessionPage()))[1]
        assert (old.id, old.reason, old.incomplete, old.ended_at) == (first.id, "Superseded", True, T0 + 600)
        late = await store.close_session(stopped(first.id, at=T0 + 500, meter=2500.0))
        assert late is not None
        assert (late.energy_wh, late.incomplete, late.reason) == (1500.0, False, "Local")
        assert (await store.sessions(SessionPage(open_only=True)))[0].id == second.id


async def test_the_chargers_own_stop_counts_more_than_the_end_we_concluded(path):
    async with opened(path) as store:
        first = await store.open_session(started())
        guessed = await store.close_session(stopped(first.id, meter=2000.0, reason="NotReported"))
        assert guessed.energy_wh == 1000.0
        told = await store.close_session(stopped(first.id, at=T0 + 1800, meter=2500.0))
        assert (told.energy_wh, told.reason, told.ended_at) == (1500.0, "Local", T0 + 1800)
        assert (await store.close_session(stopped(first.id, meter=9999.0))) == told


async def test_a_register_that_goes_back_keeps_what_was_measured(path):
    async with opened(path) as store:
        first = await store.open_session(started(meter=9000.0))
        store.put_session(replace(first, energy_wh=1200.0))
        done = await store.close_session(stopped(first.id, at=T0 - 100, meter=5.0))
        assert done is not None
        assert (done.energy_wh, done.incomplete) == (1200.0, True)
        assert done.ended_at == T0, "a clock that went back makes no session end before it began"


async def test_numbers_are_never_given_twice(path):
    async with opened(path) as store:
        adopted = await store.open_session(started(tx=2, charger_id="WB-05"), incomplete=True)
        assert (adopted.id, adopted.incomplete) == (2, True)
        assert (await store.open_session(started())).id == 1
        assert (await store.open_session(started(connector_id=2))).id == 3
        taken = await store.open_session(started(charger_id="WB-06", tx=3))
        assert taken.id == 4
        ended = await store.close_session(stopped(3, charger_id="WB-06"))
        assert ended is not None
        assert ended.id == 4, "the charger's own number finds its session"
    async with opened(path) as store:
        assert (await store.open_session(started(connector_id=4))).id == 5


async def test_a_bad_value_harms_no_other_row(path):
    async with opened(path) as store:
        store.put_reading(power(T0, 10.0), (None, None, None), 2**70)  # type: ignore[arg-type]
        store.put_reading(power(float("nan"), 20.0), (None, None, None), 16.0)
        store.put_reading(power(T0 + 1, float("nan")), (1.0, None, None), 16.0)
        store.put_reading(power(T0 + 2, 30.0), (None, None, None), 16.0)
        await store.flush()
        assert (await HealthWatch(store).until(lambda h: "1 rows" in h.sentence)).ok, "and it is said"
        many = await store.history(["connector/WB-01/1:power_w"], T0, T0 + 3, 3)
    assert many.series["connector/WB-01/1:power_w"].max[2] == 30.0
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*), min(t) > 1 FROM reading").fetchone() == (3, 1)


async def test_the_site_load_makes_its_series(path):
    lines = (
        LineLoad("Main/L1", "Main", "L1", 63.0, total_a=30.0, other_a=10.0, reserved_a=6.0),
        LineLoad("Main/L2", "Main", "L2", 60.0, total_a=None, other_a=None),
        LineLoad("Out side/L3", "Out side", "L3", 20.0, total_a=5.0, other_a=1.0),
    )
    load = SiteLoad(T0, lines, total_w=7000.0, other_w=2300.0, total_a=(30.0, None, 0.0))
    async with opened(path) as store:
        store.put_load(load)
        await store.flush()
        names = {
            "site:current_l1_a": 30.0,
            "site:current_l2_a": None,
            "site:current_l3_a": 0.0,
            "site:power_w": 7000.0,
            "site:limit_a": 60.0,
            "other:current_l1_a": 10.0,
            "other:power_w": 2300.0,
            "reserved:current_l1_a": 6.0,
            "circuit/Main:current_l1_a": 30.0,
            "circuit/Out side:current_l3_a": 5.0,
            "circuit/Out%20side:limit_a": 20.0,
        }
        many = await store.history(list(names), T0, T0 + 1, 1)
    assert {name: many.series[name].mean[0] for name in names} == names


async def test_many_requests_share_a_commit(path):
    async with opened(path) as store:
        ids = await asyncio.gather(*(note(store) for _ in range(500)))
        assert sorted(ids) == list(range(1, 501))
        assert (await store.verify()).holds


async def test_a_store_that_is_not_open_says_so(path):
    store = Store(path, Clock())
    store.put_reading(Reading("WB-01", 1, T0), (1.0, None, None), None)
    with pytest.raises(EvdeskError, match="not open"):
        await note(store)
    with pytest.raises(EvdeskError, match="not open"):
        await store.sessions(SessionPage())
    row = await store.audit(kind="noted", origin=BALANCER, what="x", target="site", must=False)
    assert row.hash == ""
    await store.close()


async def test_a_clock_that_goes_back_breaks_nothing(path):
    clock = FixedClock(T0)
    async with opened(path, clock=clock) as store:
        for at in (T0, T0 - 86_400 * 400, T0 + 5):
            clock.at = at
            await note(store)
            store.put_reading(power(at, 1.0), (None, None, None), None)
            await store.flush()
        verdict = await store.verify()
        assert (verdict.holds, verdict.rows) == (True, 3)
        assert isinstance((await store.sessions(SessionPage())), list)
    assert Session.__slots__


# -- sessions by the charger's own id (2.x) -------------------------------------------------------------------------


def begun(ref, at=T0, tag="TAG1", meter=1000.0, **more):
    return TransactionStarted("WB-01", 1, at, tag, meter, ref=ref, **more)


def over(ref, at=T0 + 3600, meter=8000.0):
    return TransactionEnded("WB-01", at, None, meter, "Local", connector_id=1, ref=ref)


async def test_a_ref_finds_its_session_however_often_it_is_told(path):
    async with opened(path) as store:
        first = await store.open_session(begun("T1"))
        assert await store.open_session(begun("T1", at=T0 + 50, meter=None)) == first
        done = await store.close_session(over("T1"))
        assert (done.id, done.energy_wh, done.ref) == (first.id, 7000.0, "T1")
        assert await store.close_session(over("T1", at=T0 + 9000)) == done
        assert await store.open_session(begun("T1")) == done
    async with opened(path) as store:
        assert await store.open_session(begun("T1")) == done
        assert (await store.open_session(begun("T2"))).id != done.id


async def test_a_begin_that_comes_late_completes_its_session(path):
    async with opened(path) as store:
        heard = await store.open_session(begun("T1", at=T0 + 60, tag="", meter=None, incomplete=True))
        assert (heard.incomplete, heard.meter_start_wh) == (True, None)
        whole = await store.open_session(begun("T1"))
        assert (whole.id, whole.incomplete, whole.meter_start_wh) == (heard.id, False, 1000.0)
        assert (whole.id_tag, whole.started_at) == ("TAG1", T0)
        assert (await store.close_session(over("T1"))).energy_wh == 7000.0


async def test_a_tag_that_comes_later_is_kept(path):
    async with opened(path) as store:
        assert (await store.open_session(begun("T1", tag=""))).id_tag == ""
        assert (await store.open_session(begun("T1", tag="CARD", incomplete=True))).id_tag == "CARD"
        assert (await store.open_session(begun("T1", tag="OTHER", incomplete=True))).id_tag == "CARD"


@pytest.mark.parametrize(
    ("begin", "energy", "incomplete"), [(1000.0, 7000.0, False), (None, None, True), (9e3, None, True)]
)
async def test_a_begin_that_comes_after_the_end_completes_it(path, begin, energy, incomplete):
    async with opened(path) as store:
        alone = await store.close_session(over("T9"))
        whole = await store.open_session(begun("T9", meter=begin))
        assert (whole.id, whole.energy_wh, whole.incomplete) == (alone.id, energy, incomplete)
        assert whole.ended_at == T0 + 3600
        assert await store.sessions(SessionPage(open_only=True)) == []


async def test_an_end_without_a_begin_is_kept(path):
    async with opened(path) as store:
        alone = await store.close_session(over("T9"))
        assert (alone.incomplete, alone.ref, alone.energy_wh) == (True, "T9", None)
        assert (await store.close_session(over("T9"))).id == alone.id


async def test_a_transaction_told_late_does_not_end_the_one_that_runs(path):
    async with opened(path) as store:
        runs = await store.open_session(begun("NEW", at=T0 + 1000))
        await store.open_session(begun("OLD", at=T0))
        await store.close_session(over("OLD", at=T0 + 500))
        sessions = await store.sessions(SessionPage(open_only=True))
        assert [s.id for s in sessions] == [runs.id]
        newer = await store.open_session(begun("NEXT", at=T0 + 2000))
        sessions = await store.sessions(SessionPage(open_only=True))
        assert [s.id for s in sessions] == [newer.id]
