"""Chargers whose safe default nobody knows: they count at their full rating in everybody's share."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.commands import Commands
from evdesk.engine.control import Control
from evdesk.engine.fleet import Fleet
from evdesk.engine.setup import Setup
from evdesk.engine.sites import Sites
from evdesk.engine.standing import PREPARING_S, RISE_S
from evdesk.model import Bay, Capability, Circuit, EvdeskError, Failsafe, FailsafeState, Reason, Site
from tests.engine.control_kit import HandClock
from tests.engine.harness import until
from tests.engine.store_kit import T0, opened


class Quick(HandClock):
    """Short waits of the engine pass at once, the long ones before another try never."""

    def wall_s(self, seconds: float) -> float:
        return 0.0 if seconds < 60.0 else 3600.0


class Holds(Driver):
    """Takes every default, or answers none."""

    protocol = "ocpp1.6"

    def __init__(self, name: str, mute: bool = False) -> None:
        super().__init__(name)
        self.capabilities, self.mute = frozenset({Capability.FAILSAFE}), mute
        self.written: list[float] = []

    async def run(self, report) -> None:
        raise NotImplementedError

    async def install_failsafe(self, max_a, safe_a, connectors, phases=3) -> Answer:
        self.written.append(safe_a)
        if self.mute:
            raise EvdeskError(Reason.TIMEOUT, "no answer")
        return Answer("verified")


class Hall:
    def __init__(self, store, names, rating_a) -> None:
        self.clock = Quick(T0)
        self.fleet = Fleet(store, self.clock)
        bays = tuple(Bay(name, 1, f"Bay {name}", "Main", rotation="RST") for name in names)
        self.fleet.site = Site(circuits=(Circuit("Main", (rating_a,) * 3),), bays=bays, assumed=False)
        self.setup = Setup(self.fleet, Commands(store), self.clock)
        control = Control(self.fleet, Commands(store), self.clock)
        meters = SimpleNamespace(follow=lambda site: None)
        self.sites = Sites(self.fleet, control, self.setup, meters, lambda topic, value: None)
        self.setup.standing.on_unable = self.sites.reassess
        for name in names:
            record = self.fleet.record(name)
            record.accepted = True
            record.connector(1)

    def share(self, name: str) -> float:
        return self.setup.standing.plans()[name].safe_a

    async def connect(self, name: str, mute: bool = False) -> Holds:
        record = self.fleet.chargers[name]
        record.link = link = Holds(name, mute)
        record.heard_at = self.clock.at
        self.setup.begin(record)
        await self.quiet()
        return link

    async def quiet(self) -> None:
        """Until nothing is being prepared or worked out anew."""

        async def is_quiet() -> bool:
            return self.sites._reassess is None and not any(self.setup.busy(r) for r in self._answering())

        await until(is_quiet)

    def _answering(self):
        return [r for r in self.fleet.chargers.values() if r.link is not None and not r.link.mute]

    async def later(self, seconds: float) -> None:
        self.clock.at += seconds
        await self.sites.look()
        await self.quiet()


@pytest.fixture
async def hall(tmp_path):
    """Two chargers on 20 A."""
    async with opened(tmp_path / "evdesk.db") as store:
        made = Hall(store, "AB", 20.0)
        yield made
        await made.setup.close()


def known(hall, *names):
    for name in names:
        hall.fleet.chargers[name].failsafe = Failsafe(FailsafeState.VERIFIED, 16.0, 9.0)


async def test_one_that_never_connected_counts_in_full(hall):
    known(hall, "A")
    assert hall.share("A") == 9.0
    hall.setup.standing.restore()
    assert hall.fleet.unable == {"B"}
    assert hall.share("A") == 0.0, "16 A of B beside it on 20 A"
    assert hall.sites.problems == []
    b = await hall.connect("B")
    assert hall.fleet.unable == set()
    assert b.written == [9.0]


async def test_known_defaults_outlive_a_restart(hall):
    known(hall, "A", "B")
    hall.setup.standing.restore()
    assert hall.fleet.unable == set()
    hall.fleet.chargers["B"].failsafe = Failsafe(detail="said to be mended")
    hall.setup.standing.restore()
    assert hall.fleet.unable == {"B"}


async def test_one_that_does_not_answer_the_writing_counts_in_full_at_once(hall):
    known(hall, "A")
    record = hall.fleet.chargers["B"]
    record.link = link = Holds("B", mute=True)
    a = hall.fleet.chargers["A"].link = Holds("A")
    await hall.later(0.0)
    assert (hall.fleet.unable, a.written) == (set(), []), "it was only just heard of"
    with pytest.raises(EvdeskError):
        await hall.setup._failsafe(record, link)
    assert hall.fleet.unable == {"B"}
    await hall.quiet()
    assert a.written == [0.0]
    record.link = None  # it flaps: that begins no new grace
    await hall.later(1.0)
    record.link = link
    await hall.later(PREPARING_S)
    assert hall.fleet.unable == {"B"}
    await hall.setup.cancel("B")
    link.mute = False
    await hall.setup._failsafe(record, link)
    assert hall.fleet.unable == set()
    await hall.quiet()
    assert a.written == [0.0], "it rises a little later: another may be on its way"
    await hall.later(RISE_S + 1.0)
    assert a.written == [0.0, 9.0]


async def test_a_known_default_counts_no_more_when_the_answer_to_another_is_missed(hall):
    known(hall, "A", "B")
    hall.fleet.chargers["A"].link = Holds("A")
    b, site = hall.fleet.chargers["B"], hall.fleet.site
    b.link = link = Holds("B", mute=True)
    hall.sites.apply(replace(site, circuits=(Circuit("Main", (14.0,) * 3),)))
    with pytest.raises(EvdeskError):
        await hall.setup._failsafe(b, link)
    assert (hall.fleet.unable, b.failsafe.safe_a) == ({"B"}, None)
    assert hall.share("A") == 0.0
    await hall.quiet()
    link.mute = False
    await hall.setup._failsafe(b, link)
    assert (hall.fleet.unable, b.failsafe.safe_a) == (set(), 6.0)


async def test_what_never_left_for_want_of_a_disk_changes_nothing(hall, monkeypatch):
    known(hall, "A", "B")
    b, site = hall.fleet.chargers["B"], hall.fleet.site
    b.link = link = Holds("B")
    hall.sites.apply(replace(site, circuits=(Circuit("Main", (14.0,) * 3),)))
    before = b.failsafe

    async def full(*_args, **_more):
        raise EvdeskError(Reason.STORAGE, "The disk is full.")

    monkeypatch.setattr(hall.setup.commands, "run", full)
    with pytest.raises(EvdeskError):
        await hall.setup._failsafe(b, link)
    assert (hall.fleet.unable, b.failsafe, link.written) == (set(), before, [])


async def test_one_without_a_default_for_two_minutes_counts_in_full(hall):
    known(hall, "A")
    hall.fleet.chargers["B"].link = Holds("B")
    await hall.later(0.0)
    await hall.later(PREPARING_S - 1.0)
    assert hall.fleet.unable == set()
    hall.clock.at += 2.0
    await hall.sites.look()
    assert hall.fleet.unable == {"B"}
    await hall.quiet()


async def test_a_site_that_comes_one_by_one_is_not_written_at_each(hall):
    names = [f"C{n:02}" for n in range(50)]
    hall = Hall(hall.fleet.store, names, 500.0)
    hall.setup.standing.restore()
    assert len(hall.fleet.unable) == 50
    links = []
    for name in names:
        links.append(await hall.connect(name))
        await hall.later(2.0)
    assert hall.fleet.unable == set()
    await hall.later(RISE_S + 1.0)
    assert {link.written[-1] for link in links} == {9.0}
    assert max(len(link.written) for link in links) == 2, [link.written for link in links]
    assert {hall.fleet.chargers[name].failsafe.safe_a for name in names} == {9.0}


async def test_who_leaves_the_site_is_not_reserved_any_more(hall):
    known(hall, "A")
    hall.setup.standing.restore()
    site = hall.fleet.site
    await hall.sites.put(Site(circuits=site.circuits, bays=site.bays[:1], assumed=False), site)
    assert hall.fleet.unable == set()
    assert hall.share("A") == 16.0


class Inside(Holds):
    """Its default is the new one the moment it is told, or stays the old one; `release` gives the answer, and `fault` is
    what comes of it."""

    def __init__(self, name: str, default_a: float, obeys: bool = True) -> None:
        super().__init__(name)
        self.default_a, self.obeys, self.asked, self.release = default_a, obeys, asyncio.Event(), asyncio.Event()
        self.fault: Reason | None = None

    async def install_failsafe(self, max_a, safe_a, connectors, phases=3) -> Answer:
        self.written.append(safe_a)
        self.default_a = safe_a if self.obeys else self.default_a
        self.asked.set()
        await self.release.wait()
        if self.fault is not None:
            raise EvdeskError(self.fault, "no answer")
        return Answer("verified")


FUSE_A = 50.0


@pytest.mark.parametrize("how", ["timeout", "begun anew"])
async def test_a_default_that_is_being_lowered_still_counts(tmp_path, how):
    """A cannot fall back: 16 of 50 A. B has 6 A and may have 11 A once D has gone down from 16 A to that."""
    async with opened(tmp_path / "evdesk.db") as store:
        hall = Hall(store, "ABCD", FUSE_A)
        balance = replace(hall.fleet.site.balance, margin_a=0.0)
        hall.fleet.site = replace(hall.fleet.site, balance=balance)
        held = {"A": (FailsafeState.CANNOT, 16.0), "B": (FailsafeState.VERIFIED, 6.0)}
        held |= {"C": (FailsafeState.VERIFIED, 11.0), "D": (FailsafeState.UNTESTED, 16.0)}
        links = {name: Inside(name, amps, obeys=name in "BC") for name, (_, amps) in held.items()}
        for name, (state, amps) in held.items():
            record = hall.fleet.chargers[name]
            record.failsafe, record.link = Failsafe(state, 16.0, amps), links[name]
            links[name].release.set()
        hall.setup.standing.note(hall.fleet.chargers["A"])
        d, b = hall.fleet.chargers["D"], hall.fleet.chargers["B"]
        links["D"].release.clear()
        links["D"].fault, links["A"].fault = Reason.TIMEOUT, Reason.REFUSED
        hall.setup.begin(d)
        await links["D"].asked.wait()

        async def settled(record):
            hall.setup.begin(record)
            await until(lambda: _done(not hall.setup.busy(record)))

        async def nothing_rises():
            assert hall.setup.standing.may_rise() == []
            await settled(b)
            assert sum(link.default_a for link in links.values()) <= FUSE_A

        await nothing_rises()
        if how == "timeout":
            links["D"].release.set()
            await until(lambda: _done(hall.fleet.unable == {"A", "D"}))
        else:
            await hall.setup.cancel("D")
            assert hall.fleet.unable == {"A"}
        await nothing_rises()
        links["D"].obeys, links["D"].fault = True, None
        links["D"].release.set()
        hall.clock.at += RISE_S + 1.0
        await settled(d)
        hall.clock.at += RISE_S + 1.0
        await settled(b)
        await settled(hall.fleet.chargers["C"])
        assert {name: link.default_a for name, link in links.items()} == {"A": 16.0, "B": 11.0, "C": 11.0, "D": 11.0}
        await hall.quiet()
        await hall.setup.close()


async def _done(value: bool) -> bool:
    return value
