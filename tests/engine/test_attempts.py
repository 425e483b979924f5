"""The log of attempts: equal ones counted, floods contained, the store bounded."""

from evdesk.engine.attempts import KEPT, SAME_S, TOLD_AT_ONCE, AttemptLog
from evdesk.engine.store import StoreSettings
from evdesk.model import Attempt
from evdesk.wire.security import AttemptPage
from tests.engine.store_kit import QUICK, opened


def attempt(at, charger_id="A1", verdict="no_id", address="10.0.0.5:1", **more):
    return Attempt(at, address, charger_id, verdict, sentence="words", **more)


async def test_equal_attempts_are_one_row_that_counts(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        told = []
        log = AttemptLog(store)
        log.on_attempt = told.append
        for n in range(500):
            log.add(attempt(1000.0 + n, address=f"10.0.0.5:{n}"))
        assert told == []
        log.publish()
        assert [(a.count, a.first_at, a.at) for a in told] == [(500, 1000.0, 1499.0)]
        log.publish()
        assert len(told) == 1
        log.add(attempt(1500.0, verdict="bad_path"))
        log.add(attempt(1499.0 + SAME_S + 1))
        rows = await store.attempts(AttemptPage())
        assert [(a.verdict, a.count) for a in rows] == [("no_id", 1), ("bad_path", 1), ("no_id", 500)]
        assert [a.id for a in await store.attempts(AttemptPage(limit=1, before_id=rows[0].id))] == [rows[1].id]
        again = AttemptLog(store)
        await again.restore()
        again.add(attempt(1501.0, verdict="bad_path"))
        assert again.recent[-1].count == 2
        assert again.recent[-1].id == rows[1].id


async def test_a_flood_of_ever_new_ids_is_contained(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        told = []
        log = AttemptLog(store)
        log.on_attempt = told.append
        for n in range(20_000):
            log.add(attempt(float(n), f"X{n}"))
        log.publish()
        assert len(told) == TOLD_AT_ONCE
        assert told[-1].charger_id == "X19999"
        assert len(log.recent) == KEPT
        assert len(store._pending.attempts) <= 5000


async def test_the_store_keeps_the_newest(tmp_path):
    settings = StoreSettings(attempts=30, prune_s=0.05, retry_s=QUICK.retry_s, space_s=QUICK.space_s)
    async with opened(tmp_path / "evdesk.db", settings) as store:
        log = AttemptLog(store)
        for n in range(100):
            log.add(attempt(float(n), f"X{n}"))
        rows = []
        for _ in range(200):
            rows = await store.attempts(AttemptPage(limit=500))
            if len(rows) <= 30:
                break
        assert [a.charger_id for a in rows] == [f"X{n}" for n in range(99, 69, -1)]


async def test_filters(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        log = AttemptLog(store)
        log.add(attempt(1.0, "A1", "accepted", "10.0.0.1:5"))
        log.add(attempt(2.0, "A1", "no_id", "10.0.0.1:6", request="GET / HTTP/1.1\nX: 100%"))
        log.add(attempt(3.0, "A2", "empty", "10.0.0.11:7"))

        async def found(**page):
            return [a.at for a in await store.attempts(AttemptPage(**page))]

        assert await found() == [3.0, 2.0, 1.0]
        assert await found(problems_only=True) == [2.0]
        assert await found(charger_id="A1") == [2.0, 1.0]
        assert await found(address="10.0.0.1") == [2.0, 1.0]
        assert await found(search="100%") == [2.0]
        assert await found(verdict="empty") == [3.0]
        assert await found(from_at=2.0, to_at=3.0) == [2.0]
