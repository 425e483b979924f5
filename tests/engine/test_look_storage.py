"""The look after an update while evdesk cannot write: the charger is not judged by evdesk's own full disk."""

import asyncio
from types import SimpleNamespace

import pytest

from evdesk.drivers.base import Answer
from evdesk.engine.jobs import aftercare
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory
from evdesk.model import Clock, ConnectorStatus, EvdeskError, FailsafeState, Reason, Setting
from evdesk.model.jobs import JobCharger, Step
from evdesk.model.state import StorageHealth

FULL = "The disk that holds evdesk.db is full."


class Setup:
    def __init__(self, record) -> None:
        self.record, self.begun = record, 0

        self.resting: set[str] = set()
        self.is_busy = False

    def busy(self, _record) -> bool:
        return self.is_busy

    def begin(self, record) -> None:
        """Works only while evdesk can write."""
        self.begun += 1
        record.failsafe.state = FailsafeState.VERIFIED

    async def ask_state(self, record, link) -> None: ...


def run_of(health: StorageHealth):
    clock = Clock(speed=600.0)
    connector = SimpleNamespace(id=1, status=ConnectorStatus.AVAILABLE, status_at=clock.now() + 5.0, error_code="")
    record = SimpleNamespace(
        id="A",
        online=True,
        connected_at=None,
        link=None,
        connectors={1: connector},
        failsafe=SimpleNamespace(state=FailsafeState.UNKNOWN, checked_at=None),
        clock=SimpleNamespace(offset_s=0.0),
    )
    run = SimpleNamespace(
        record=record,
        charger=JobCharger("A", step=Step.TESTING, backup_id=1),
        watch=Watch(JobCharger("A"), Memory(failsafe_before=FailsafeState.VERIFIED.value), Times()),
        parts=SimpleNamespace(
            fleet=SimpleNamespace(clock=clock, store=SimpleNamespace(health=health)),
            setup=Setup(record),
            settings=SimpleNamespace(),
        ),
        said=[],
        shown=[],
        now=clock.now,
    )
    run.say = lambda side, text, tone="": run.said.append(text)
    run.show = lambda **changes: run.shown.append(changes["waits_until_at"])
    return run


async def until(test):
    async with asyncio.timeout(10):
        while not test():  # noqa: ASYNC110 - of another task's time
            await asyncio.sleep(0)


async def test_the_look_waits_for_room_and_begins_anew():
    run = run_of(StorageHealth(ok=False, sentence=FULL))
    began_at = run.now()
    looking = asyncio.create_task(aftercare.look(run, 0.0))
    await until(lambda: run.now() > began_at + 3 * Times().test_s)
    assert not looking.done(), "no time of the charger's goes by"
    assert run.shown[-1] > run.now(), "nor does the machine give it up"
    assert run.watch.memory.progress_at == 0.0
    run.parts.fleet.store.health = StorageHealth()
    found = await asyncio.wait_for(looking, 10)
    assert found.problems == ()
    assert run.watch.memory.progress_at > began_at + 3 * Times().test_s, "the wait was none of the charger's time"
    assert run.parts.setup.begun == 1, "its safe default is confirmed as soon as that can be written down"
    assert run.said == [f"{FULL} It is looked at when evdesk can write again."]


@pytest.mark.parametrize(("works", "note"), [(True, ""), (False, FULL)])
async def test_settings_are_compared_when_there_is_room_again(monkeypatch, works, note):
    """An error of the storage that is over already is told: it may come again and again."""
    run = run_of(StorageHealth(ok=True))
    tries = []

    async def settings_of(_record, _backup_id):
        return [], 0.0

    async def read(_run, _reason):
        tries.append(1)
        if len(tries) > 1:
            return [], 2
        if works:
            run.parts.fleet.store.health = StorageHealth(ok=False, sentence=FULL)
            asyncio.get_running_loop().call_later(0.05, setattr, run.parts.fleet.store, "health", StorageHealth())
        raise EvdeskError(Reason.STORAGE, FULL)

    async def wanted(_run, before, _after):
        return before

    run.parts.settings.settings_of = settings_of
    monkeypatch.setattr(aftercare, "read_settings", read)
    monkeypatch.setattr(aftercare, "_wanted", wanted)
    found = await asyncio.wait_for(aftercare.compare(run, True), 10)
    assert note in found.note
    assert (len(tries), found.after_id) == ((2, 2) if works else (1, None))


@pytest.mark.parametrize(
    ("checked_s", "rests", "well"),
    [(5.0, True, True), (-5.0, True, False), (5.0, False, False)],
    ids=["confirmed since", "confirmed before", "just being prepared"],
)
async def test_a_preparation_that_fails_elsewhere_does_not_make_the_safe_default_doubtful(checked_s, rests, well):
    run = run_of(StorageHealth())
    since_at, setup, failsafe = run.now(), run.parts.setup, run.record.failsafe
    failsafe.state, failsafe.checked_at = FailsafeState.VERIFIED, since_at + checked_s
    setup.is_busy, setup.resting = True, {"A"} if rests else set()
    assert (aftercare.problems(run, since_at, False) == []) == well


async def test_a_clock_that_was_set_back_meanwhile_makes_no_state_too_old():
    run = run_of(StorageHealth())
    run.record.failsafe.state = FailsafeState.VERIFIED
    found = await asyncio.wait_for(aftercare.look(run, run.now() + 7200.0), 10)
    assert found.problems == ()


async def test_one_that_comes_back_again_and_again_is_not_well_at_its_first_good_moment():
    run = run_of(StorageHealth())
    run.record.failsafe.state = FailsafeState.VERIFIED
    run.record.connected_at = run.now()
    looking = asyncio.create_task(aftercare.look(run, 0.0))
    began_at = run.now()
    while run.now() < began_at + 60.0:  # it restarts all the time
        run.record.connected_at = run.now()
        await asyncio.sleep(0)
    assert not looking.done()
    found = await asyncio.wait_for(looking, 10)
    assert found.problems == (), "it has stayed at last"
    assert run.now() - run.record.connected_at >= Times().steady_s


async def test_what_is_put_back_and_its_safe_default_wait_for_room_as_well(monkeypatch):
    run = run_of(StorageHealth())
    run.record.failsafe.state, run.charger_id, run.job_id = FailsafeState.VERIFIED, "A", 1
    before, after = [Setting("VendorThing", "mine", writable=True)], [Setting("VendorThing", "factory", writable=True)]
    full = StorageHealth(ok=False, sentence=FULL)

    def fills() -> None:
        run.parts.fleet.store.health = full
        asyncio.get_running_loop().call_later(0.4, setattr, run.parts.fleet.store, "health", StorageHealth())

    async def settings_of(_record, _backup_id):
        return before, 0.0

    async def read(_run, _reason):
        fills()
        return after, 2

    async def wanted(_run, found, _after):
        return found

    async def command(*_args):
        if not run.parts.fleet.store.health.ok:
            raise EvdeskError(Reason.STORAGE, FULL)
        return Answer("Accepted", after="mine")

    async def wrote(_record, _name, _answer) -> None:
        fills()

    def begin(record) -> None:
        written = run.parts.fleet.store.health.ok
        record.failsafe.state = FailsafeState.VERIFIED if written else FailsafeState.UNKNOWN

    run.parts.settings.settings_of, run.parts.settings.wrote = settings_of, wrote
    run.command, run.parts.setup.begin = command, begin
    monkeypatch.setattr(aftercare, "read_settings", read)
    monkeypatch.setattr(aftercare, "_wanted", wanted)
    found = await asyncio.wait_for(aftercare.compare(run, True), 10)
    assert (found.restored, found.lost, found.problem) == (("VendorThing",), (), "")
