"""Numbers of requests: another laptop counts from another place, the same one from where it was."""

import pytest

from evdesk.engine.jobs.numbers import RequestNumbers
from evdesk.engine.store import Store
from evdesk.model import Clock, EvdeskError, Reason
from tests.engine.harness import until
from tests.engine.test_jobs import site
from tests.peers.test_flashing import never


async def numbers_in(folder) -> tuple[RequestNumbers, Store]:
    folder.mkdir(exist_ok=True)
    store = Store(folder / "evdesk.db", Clock())
    await store.open()
    numbers = RequestNumbers(store)
    await numbers.open()
    return numbers, store


async def test_each_data_directory_has_its_own_and_keeps_it(tmp_path):
    firsts = []
    for name in ("one", "two", "one"):
        numbers, store = await numbers_in(tmp_path / name)
        firsts.append(numbers.of(1, 1))
        await store.close()
    one, two, again = firsts
    assert one == again
    assert one != two


@pytest.mark.parametrize("kept", ["", "x", "-4", "99999999999", "1.5"])
async def test_one_that_cannot_be_read_is_drawn_anew(tmp_path, kept):
    _numbers, store = await numbers_in(tmp_path / "one")
    await store.save_note("request_number", "first", kept.encode())
    again = RequestNumbers(store)
    await again.open()
    assert 1_000_000 <= again.first <= 1_000_000_000
    assert await store.load_note("request_number", "first") == str(again.first)
    await store.close()


async def test_a_full_disk_stops_no_engine(tmp_path, monkeypatch):
    _numbers, store = await numbers_in(tmp_path / "one")
    await store.save_note("request_number", "first", b"x")  # as in a directory that has none yet

    async def full(*_args, **_more):
        raise EvdeskError(Reason.STORAGE, "The disk is full.")

    monkeypatch.setattr(store, "save_note", full)
    numbers = RequestNumbers(store)
    await numbers.open()
    assert 1_000_000 <= numbers.first <= 1_000_000_000
    await store.close()


@pytest.mark.parametrize("first", [1_000_000, 1_000_000_000])
def test_they_are_positive_and_below_the_largest_integer(first):
    numbers = RequestNumbers(None)
    numbers.first = first
    seen = [numbers.of(job, attempt) for job in (1, 2, 10_000, 9_000_000, 21_000_000) for attempt in (1, 2, 99)]
    assert all(0 < number < 2**31 for number in seen)
    assert len(set(seen)) == len(seen)


async def test_a_charger_is_told_it(tmp_path):
    async with site(tmp_path, "A", life=never, protocol="ocpp2.0.1") as (api, image, ones):
        job = (await api.call("firmware.start", {"charger_ids": ["A"], "image_id": image, "override": "x"}))["job_id"]
        number = await until(lambda: told(api, job))
        assert number > 1_000_000

        async def heard():
            return ones["A"].request_id == number

        await until(heard)
        rows = await api.call("audit.list", {"target": "A", "search": "charger.update_firmware"})
        assert {row["args"]["request_id"] for row in rows} == {number}


async def told(api, job):
    return (await api.call("job.get", {"job_id": job}))["chargers"]["A"]["request_id"]
