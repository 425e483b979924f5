"""What the balancer has found of other loads is kept over a short restart, and over no long one."""

import math
from types import SimpleNamespace

import pytest

from evdesk.balance import Balancer
from evdesk.engine.fleet import Fleet
from evdesk.engine.recall import Recall
from evdesk.model import Site
from tests.balance.test_house_angles import Beside
from tests.engine.control_kit import HandClock
from tests.engine.store_kit import T0, opened


@pytest.mark.parametrize(("age_s", "kept"), [(0.0, True), (180.0, True), (181.0, False), (-5.0, False)])
async def test_a_load_found_counts_for_as_long_as_a_live_limit_lasts(tmp_path, age_s, kept):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet, run = Fleet(store, HandClock(T0)), Beside((20.0, 10.0, 5.0))
        run.peak_a(200, wants=False)
        run.peak_a(200)
        found_a = run.balancer.house.found_a
        await Recall(fleet, SimpleNamespace(balancer=run.balancer)).save()
        fleet.clock.at += age_s
        run.balancer = Balancer(run.site)
        await Recall(fleet, SimpleNamespace(balancer=run.balancer)).open()
        run.peak_a(30)
        for line, amps in run.balancer.house.found_a.items():
            assert math.isclose(amps, found_a[line]) is kept, line


async def test_what_cannot_be_read_and_what_is_not_there_are_nothing(tmp_path, caplog):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet, control = Fleet(store, HandClock(T0)), SimpleNamespace(balancer=Balancer(Site()))
        book = Recall(fleet, control)
        await book.open()
        await book.save()
        assert await store.load_notes("other_load") == {}, "no such line: nothing is written"
        await store.save_note("other_load", "found", b'{"at": "now"}')
        await book.open()
        assert "cannot be read" in caplog.text
        await book.save()
        assert '"found_a":{}' in (await store.load_notes("other_load"))["found"]
