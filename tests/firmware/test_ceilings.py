"""Signs of life give it time, but not for ever: whatever is repeated without end, every watch ends."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.firmware.happenings import (
    Act,
    Compared,
    Happening,
    Linked,
    Looked,
    Lost,
    Received,
    Sent,
    Served,
    Tick,
    Told,
    Versioned,
)
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import MOST_REBOOTS, Times, times_for
from evdesk.firmware.uploads import LogWatch
from evdesk.firmware.watched import Memory
from evdesk.model.jobs import Cause, JobCharger, Result, Step, Transfer
from tests.firmware.test_late import HAPPENS, WORDS, Told7
from tests.firmware.test_machine import FETCHED, NEW, OLD, SIZE, boot, served, through, ticks, watch

DAY = 86_400.0
TIMES = Times()
INSTALLS_S = TIMES.longest_s(Step.REBOOTING, False)
BOUND_S = 2 * TIMES.scheduled_s + 2 * TIMES.scheduled_s + 2 * 3600.0
"""Four steps in which it may say that it waits (asked, by the other protocol too, fetching, installing), and the rest."""


def looked_at(one: Watch, what: Happening) -> None:
    """All that is looked at is well."""
    for act in one.feed(what):
        if act is Act.TEST:
            looked_at(one, Looked(what.at))
        elif act is Act.COMPARE:
            looked_at(one, Compared(what.at))


def lives(one: Watch, every: float, cycle, *, first: float = 20.0, last: float = 30 * DAY) -> float:
    """The same again and again, with the beat of a second near each. When it ended."""
    at = first
    while at < last and not one.over:
        for happening in (*cycle(at), Tick(at + every - 2), Tick(at + every - 1)):
            looked_at(one, happening)
        at += every
    return at


def boots(at: float, version: str = OLD) -> tuple[Happening, ...]:
    return Lost(at), Linked(at + 40), boot(at + 45, version), Tick(at + 50)


# -- it restarts for ever ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("Installing",), ("Installed",), ("Installing", "Installed")])
def test_one_that_boots_again_and_again_with_the_old_version_has_failed(words):
    one = watch()
    through(one, *FETCHED, *(Told(11 + number, word) for number, word in enumerate(words)))
    ended_at = lives(one, 100, boots)
    assert ended_at <= 20 + INSTALLS_S + TIMES.reboot_s + 100
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.RESTARTS)
    assert "again and again" in one.charger.reason
    assert OLD in one.charger.reason
    assert one.charger.next


def test_its_restarts_do_not_hide_the_new_version():
    one = watch()
    through(one, *FETCHED, Told(11, "Installing"))
    lives(one, 100, boots, last=800)
    through(one, Lost(810), boot(860), Looked(870), Compared(880))
    assert one.charger.cause is Cause.NEW_VERSION
    late = watch()
    through(late, *FETCHED, Told(11, "Installing"))
    at = lives(late, 100, boots)
    assert through(late, boot(at + 10)) == [Act.TEST]
    through(late, Looked(at + 20), Compared(at + 30))
    assert (late.charger.outcome, late.charger.first_outcome) == (Result.SUCCEEDED, Result.FAILED)


def test_one_that_restarts_and_then_stays_away_is_not_back():
    one = watch()
    through(one, *FETCHED, Told(11, "Installing"))
    at = lives(one, 100, boots, last=500)
    through(one, Lost(at))
    ticks(one, at, at + 3600, 10)
    assert one.charger.cause is Cause.NOT_BACK


@pytest.mark.parametrize("words", [(), ("Installing",), ("Installed",)])
def test_a_link_that_drops_for_ever_ends(words):
    one = watch()
    through(one, *FETCHED, *(Told(11, word) for word in words))
    ended_at = lives(one, 250, lambda at: (Lost(at), Linked(at + 20), Tick(at + 100)))
    assert ended_at <= 20 + INSTALLS_S + 600
    assert one.charger.outcome is Result.UNKNOWN


def test_as_many_restarts_as_the_manifest_says_are_waited_for():
    assert [times_for(None, reboots=number).reboots for number in (None, 0, 1, 3, 10**9)] == [1, 1, 1, 3, MOST_REBOOTS]
    one = watch()
    one.times = times_for(None, reboots=3)
    through(one, *FETCHED, Told(11, "Installed"))
    for begun in (20, 300, 580):
        assert Act.TEST not in ticks(one, begun - 5, begun, 1)
        through(one, Lost(begun), boot(begun + 60, NEW if begun == 580 else OLD))
    through(one, Looked(650), Compared(660))
    assert one.charger.cause is Cause.NEW_VERSION


# -- it fetches for ever ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.1, 1.0])
@pytest.mark.parametrize("words", [(), ("DownloadFailed",)])
def test_what_it_had_before_is_no_progress(part, words):
    one, got = watch(), int(SIZE * part)
    through(one, Sent(0))

    def cycle(at):
        total = one.charger.transfer.total + got
        transfer = Transfer(
            "http", SIZE, got, total, total // got, last_at=at, complete_at=5.0 if part == 1.0 else None
        )
        return (Served(at, transfer), *(Told(at + 1, word) for word in words), Tick(at + 2))

    ended_at = lives(one, 200, cycle)
    assert ended_at <= 2 * 3600 + INSTALLS_S
    assert one.charger.outcome is not None
    assert (one.charger.cause in (Cause.STALLED, Cause.DOWNLOAD_FAILED)) == (part < 1.0)


def test_a_slow_download_that_goes_on_has_all_the_time():
    one = watch()
    through(one, Sent(0))
    for number in range(1, 100):
        at = number * 290.0
        assert through(one, served(at, number, total=number), Tick(at + 289)) in ([], [Act.ASK_STATUS])
    assert one.charger.step is Step.DOWNLOADING


def test_one_that_must_begin_anew_has_as_long_again():
    one = watch()
    through(one, Sent(0))
    for number in range(1, 50):  # four hours for a half of it
        through(one, served(number * 290.0, number * 10, total=number * 10))
    for number in range(50, 99):
        at = number * 290.0
        through(one, Tick(at - 1), served(at, 490, total=number * 10))
    through(one, served(99 * 290.0, 500, total=990))
    assert one.charger.outcome is None
    assert one.charger.step is Step.DOWNLOADING


def test_a_network_that_changes_for_ever_ends():
    one = watch(("ftp",))
    one.memory = replace(one.memory, scheme="http")
    through(one, Sent(0))

    def cycle(at):
        return Linked(at, True), Tick(at + 61), Sent(at + 62)

    assert lives(one, 100, cycle) <= 4 * 3600
    assert one.charger.outcome is Result.FAILED


# -- one that restarts in the middle of the file ----------------------------------------------------------------------


@pytest.mark.parametrize("boots_too", [False, True])
def test_one_that_is_back_in_the_middle_of_the_file_may_go_on(boots_too):
    one = watch()
    through(one, Sent(0), served(5, 400), Lost(10), Tick(306), Tick(310), Linked(340))
    if boots_too:
        through(one, boot(341, OLD))
    assert Act.WITHDRAW not in ticks(one, 342, 600, 1)
    through(one, served(601, 500, total=500))
    assert one.charger.outcome is None
    late = watch()
    through(late, Sent(0), served(5, 400), Lost(10), Tick(306), Tick(310), Linked(600), boot(601, OLD))
    assert Act.WITHDRAW not in ticks(late, 602, 890, 1)


# -- a log ------------------------------------------------------------------------------------------------------------


def log_watch(schemes: tuple[str, ...] = ()) -> LogWatch:
    return LogWatch(JobCharger("C1", step=Step.PREFLIGHT), Memory(scheme="http", schemes=schemes), TIMES)


def sent(at: float, got: int, total: int) -> Served:
    return Served(at, Transfer("http", 0, got, total, last_at=at))


LOG_LIVES = {
    "uploads and fails": lambda at: (Told(at, "Uploading"), Tick(at + 10), Told(at + 20, "UploadFailed")),
    "the same start": lambda at: (sent(at, 100, int(at) * 100), Told(at + 1, "UploadFailed")),
    "broken off": lambda at: (sent(at, 100, int(at) * 100), Received(at + 1, 100, 1, whole=False)),
    "moves": lambda at: (Linked(at, True), Tick(at + 61), Sent(at + 62)),
    "uploaded": lambda at: (Told(at, "Uploaded"),),
}


@pytest.mark.parametrize("life", LOG_LIVES.values(), ids=list(LOG_LIVES))
@pytest.mark.parametrize("every", [70, 250])
def test_a_log_that_never_comes_ends(life, every):
    one = log_watch()
    through(one, Sent(0))
    assert lives(one, every, life) <= 3 * 3600
    assert one.charger.outcome is Result.FAILED


def test_a_long_log_has_all_the_time():
    one = log_watch()
    through(one, Sent(0))
    for number in range(1, 100):
        at = number * 290.0
        through(one, sent(at, number * 10, number * 10), Tick(at + 289))
    assert one.charger.outcome is None


# -- whatever it is, for ever -----------------------------------------------------------------------------------------

FOR_EVER = {
    **{f"says {word}": (lambda at, told, word=word: [Told(at, word, 7)]) for word in WORDS},
    **{f"says {word} without a number": (lambda at, told, word=word: [Told(at, word)]) for word in WORDS},
    "boots": lambda at, told: [Lost(at), Linked(at + 1), boot(at + 2, OLD)],
    "boots by turns": lambda at, told: [Lost(at), boot(at + 2, NEW if int(at) % 2 else OLD)],
    "boots with another version": lambda at, told: [Lost(at), boot(at + 2, "9.9")],
    "boots without one": lambda at, told: [Lost(at), boot(at + 2, "")],
    "tells its version": lambda at, told: [Versioned(at, OLD)],
    "drops its link": lambda at, told: [Lost(at), Linked(at + 1)],
    "drops it for longer": lambda at, told: [Lost(at)] if int(at / 60) % 2 else [Linked(at)],
    "moves": lambda at, told: [Linked(at, True)],
    "fetches": lambda at, told: [told.fetches(at)],
    "asks anew": lambda at, told: [Sent(at)],
    "works not": lambda at, told: [Looked(at, ("It is offline.",))],
    "cannot be compared": lambda at, told: [Compared(at, note="Offline.")],
    "is silent": lambda at, told: [],
}


class Forever(Told7):
    """What it was through, and then one thing for ever."""

    def __init__(self, old: str) -> None:
        super().__init__(old)
        self.one._remember(scheme="http")

    def feed(self, what: Happening) -> None:
        if isinstance(what, Told) and what.status != "Idle" and what.request_id != 6:
            self.last_word = what.status
        super().feed(what)

    def fetches(self, at: float) -> Served:
        transfer = self.one.charger.transfer
        self.got = max(self.got, 0.1)
        size = max(transfer.bytes, 100)
        return Served(at, replace(transfer, size=SIZE, bytes=size, total=transfer.total + 100, last_at=at))

    def goes_on(self, life, every: float) -> float:
        """Seconds till it ends."""
        begun = self.at
        while not self.one.over and self.at - begun <= BOUND_S + 3600.0:
            for happening in life(self.at, self):
                self.at = max(self.at, happening.at)
                self.feed(happening)
            for _ in range(2):
                self.at += every / 2
                self.feed(Tick(self.at))
        return self.at - begun


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([OLD, NEW, ""]),
    st.lists(HAPPENS, max_size=15),
    st.sampled_from(sorted(FOR_EVER)),
    st.sampled_from([40.0, 100.0, 250.0]),
)
def test_whatever_it_does_for_ever_it_ends(old, happens, name, every):
    told = Forever(old)
    for what in happens:
        told.take(what)
    assert told.goes_on(FOR_EVER[name], every) <= BOUND_S
