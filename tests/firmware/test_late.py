"""Words that come too late, twice, or are of an update before: what they may change, and what never."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.firmware.happenings import (
    Act,
    Agreed,
    Compared,
    Linked,
    Looked,
    Lost,
    Refused,
    Sent,
    Served,
    Stop,
    Tick,
    Told,
    Versioned,
)
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import Times
from evdesk.firmware.versions import same_version
from evdesk.model.jobs import Cause, Result, Step, Transfer
from tests.firmware.test_machine import FETCHED, NEW, OLD, SIZE, boot, served, through, ticks, watch

INSTALLED = (*FETCHED, Told(13, "Installing"), Lost(20))


def ending(one: Watch) -> tuple[Result | None, Cause]:
    return one.charger.outcome, one.charger.cause


# -- it falls back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "then",
    [
        (Lost(55), boot(80, OLD), Told(81, "InstallationFailed"), Looked(100), Compared(110)),
        (Looked(60), boot(62, OLD), Compared(70)),
        (Versioned(56, OLD), Looked(60), Compared(70)),
        (Looked(60, ("Connector 1 is faulted.",)), boot(62, OLD), Compared(70)),
    ],
)
def test_the_new_version_and_then_the_old_one_again_is_no_success(then):
    one = watch()
    through(one, *INSTALLED, boot(50), *then)
    assert ending(one) == (Result.FAILED, Cause.FELL_BACK)
    assert NEW in one.charger.reason
    assert OLD in one.charger.reason


def test_back_and_forth_the_last_version_counts():
    one = watch()
    through(one, *INSTALLED, boot(50), boot(60, OLD), boot(70), Looked(80), Compared(90))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_taken_back_soon_after_a_success_it_has_failed_after_all():
    one = watch()
    through(one, *INSTALLED, boot(50), Looked(60), Compared(70))
    assert through(one, boot(80), boot(90, "")) == []
    assert through(one, boot(100, OLD)) == [Act.END]
    assert ending(one) == (Result.FAILED, Cause.FELL_BACK)
    assert (one.charger.first_outcome, one.charger.reported) == (Result.SUCCEEDED, OLD)
    assert through(one, boot(110)) == []
    later = watch()
    through(later, *INSTALLED, boot(50), Looked(60), Compared(70), boot(70 + 3601, OLD))
    assert ending(later) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_what_could_not_be_compared_is_said_also_where_it_succeeded():
    one = watch()
    through(one, *INSTALLED, boot(50), Looked(60), Compared(70, note="There is no backup of its settings."))
    assert one.charger.outcome is Result.SUCCEEDED
    assert "There is no backup" in one.charger.reason


def test_a_late_failure_while_it_is_looked_at_makes_evdesk_ask_for_the_version():
    one = watch()
    through(one, *INSTALLED, boot(50))
    assert through(one, Told(52, "InstallationFailed")) == [Act.ASK_VERSION]
    through(one, Looked(60), Versioned(61, NEW), Compared(70))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


# -- words of an update before ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["Installed", "Installing", "Downloaded", "InstallationFailed", "InvalidSignature"])
def test_a_word_of_an_update_before_moves_nothing(word):
    one = watch()
    through(one, Sent(0), Agreed(1), Tick(151), Told(152, word))
    assert (one.charger.step, one.charger.status, one.memory.whole) == (Step.SENT, word, False)
    through(one, served(200, 400), served(260, SIZE, True), Told(261, "Installing"), Lost(300), boot(400))
    through(one, Looked(410), Compared(420))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_what_it_says_of_a_file_it_has_asked_for_counts_before_a_byte_is_confirmed():
    one = watch()
    through(one, Sent(0), Served(1, Transfer("http", SIZE, requests=1)), Told(2, "InvalidSignature"))
    assert one.memory.pending is Cause.INVALID_SIGNATURE


def test_nothing_is_restarted_while_it_installs():
    one = watch()
    through(one, Sent(0), Told(1, "Installed"), served(5, 400), Told(6, "Installed"))
    through(one, served(9, SIZE, True), Told(10, "Installing"))
    acts = []
    for at in range(20, 1900, 10):
        acts += through(one, Tick(at), *([Versioned(at, OLD)] if at % 50 == 0 else []))
    assert Act.RESTART not in acts
    assert ending(one) == (Result.UNKNOWN, Cause.HANGS)


def test_several_parts_each_said_to_be_installed():
    one = watch()
    through(one, *FETCHED, Told(13, "Installing"), Told(20, "Installed"), Told(25, "Installing"))
    assert ticks(one, 30, 800, 10) == []
    through(one, Told(810, "Installed"), Lost(815), boot(840), Looked(850), Compared(860))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_who_says_installed_and_installing_for_ever_is_ended():
    one = watch()
    through(one, *FETCHED)
    for at in range(20, 6000, 20):
        through(one, Told(at, "Installed" if at % 40 else "Installing"), Versioned(at, OLD), Tick(at + 1))
        if one.charger.step is Step.TESTING:
            through(one, Looked(at + 2), Compared(at + 3))
    assert one.charger.outcome is not None


def test_a_word_with_the_number_of_this_request_counts_without_a_byte_seen():
    one = watch()
    one._show(request_id=7)
    through(one, Sent(0), Told(1, "Downloaded", 7), Told(2, "Installing", 7), Lost(20), boot(60), Looked(61))
    through(one, Compared(70))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def answering(one: Watch, first: float, last: float, **answers: str) -> list[Act]:
    """Ticks on; it answers what it is asked: `status`, `version`."""
    acts, at = [], first
    while at < last and not one.over:
        for act in one.feed(Tick(at)):
            acts.append(act)
            if act is Act.ASK_STATUS and "status" in answers:
                through(one, Told(at + 0.1, answers["status"]))
            elif act is Act.ASK_VERSION:
                through(one, Versioned(at + 0.2, answers.get("version", OLD)))
            elif act is Act.TEST:
                through(one, Looked(at + 1), Compared(at + 2))
        at += 5.0
    return acts


def test_an_end_that_it_repeats_when_asked_is_of_the_update_before():
    one = watch()
    through(one, Sent(0), Agreed(1), served(5, 400), served(9, SIZE, True))
    acts = answering(one, 10, 3000, status="Installed")
    assert Act.RESTART not in acts
    assert ending(one) == (Result.UNKNOWN, Cause.HANGS)
    one = watch()
    through(one, Sent(0), Agreed(1), served(5, 400), Tick(160), Told(160, "InvalidSignature"))
    through(one, served(170, SIZE, True), Lost(200), boot(260), Looked(270), Compared(280))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)
    one = watch()  # of this one: it had spoken of it before
    through(one, *FETCHED, Tick(160), Told(161, "InvalidSignature"))
    assert one.memory.pending is Cause.INVALID_SIGNATURE


@pytest.mark.parametrize("blips", [0, 1, 2])
@pytest.mark.parametrize("answers", [{}, {"status": "Installing"}])
def test_a_link_that_drops_while_it_installs_is_no_restart(blips, answers):
    one = watch()
    through(one, *FETCHED, Told(13, "Installing"))
    for number in range(blips):
        through(one, Lost(100 + 20 * number), Linked(110 + 20 * number))
    answering(one, 130, 900, **answers)
    assert one.charger.outcome is None
    answering(one, 900, 4000, **answers)
    assert ending(one) == (Result.UNKNOWN, Cause.HANGS)


@pytest.mark.parametrize("word", ["Downloading", "DownloadFailed", "InstallScheduled", "DownloadScheduled"])
@pytest.mark.parametrize("whole", [False, True])
def test_words_alone_do_not_make_it_wait_for_ever(word, whole):
    one = watch()
    through(one, *(FETCHED if whole else (Sent(0), Told(1, "Downloading"), served(5, 400))))
    for at in range(20, 3 * 86_400, 200):
        through(one, Told(at, word), Tick(at + 1), *([Looked(at + 2), Compared(at + 3)] if at % 1000 == 20 else []))
    assert one.charger.outcome is not None


# -- the version proves less than it seems ----------------------------------------------------------------------------


def test_a_part_of_the_file_and_the_new_version_came_from_somewhere_else():
    one = watch()
    through(one, Sent(0), served(5, 100), boot(10))
    assert ending(one) == (Result.CANCELLED, Cause.ALREADY)
    assert "100 bytes of 1 kB" in one.charger.reason


def test_without_a_byte_its_word_does_not_make_it_ours():
    one = watch()
    through(one, Sent(0), Told(1, "Downloading"), Told(2, "Installing"), Lost(3), boot(100))
    assert ending(one) == (Result.CANCELLED, Cause.ALREADY)


def test_what_was_fetched_while_evdesk_was_away_is_not_held_against_it():
    one = watch()
    through(one, Sent(0), served(5, 900))
    one._remember(gap=True, since=False)
    through(one, Lost(20), boot(60), Looked(61), Compared(70))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


@pytest.mark.parametrize("got", [0, 600])
def test_killed_while_it_fetched_and_nothing_came_since_nobody_knows_what_it_has(got):
    one = watch(schemes=("ftp",))
    one._remember(scheme="http")
    through(one, Sent(0), Agreed(1), *([served(5, got)] if got else []))
    one._remember(gap=True, since=False)
    through(one, Stop(6, "Ada"), Lost(7), Linked(8, moved=True))
    assert "may have the whole file" in one.charger.reason
    assert Act.NEXT_SCHEME not in answering(one, 10, 1300)
    assert ending(one) == (Result.UNKNOWN, Cause.AWAY)
    through(one, boot(2000), Looked(2010), Compared(2020))
    assert (one.charger.outcome, one.charger.first_outcome) == (Result.SUCCEEDED, Result.UNKNOWN)


def test_killed_while_it_fetched_and_it_fetches_on_it_is_as_ever():
    one = watch(schemes=("ftp",))
    one._remember(scheme="http")
    through(one, Sent(0), Agreed(1))
    one._remember(gap=True, since=False)
    through(one, Told(5, "DownloadFailed"))
    assert Act.NEXT_SCHEME in answering(one, 10, 1300)
    one = watch()
    through(one, Sent(0), Agreed(1))
    one._remember(gap=True, since=False)
    answering(one, 10, 1300, status="Idle")
    assert ending(one) == (Result.FAILED, Cause.NEVER_FETCHED)
    one = watch()
    through(one, Sent(0), served(5, 400))
    one._remember(gap=True, since=False)
    through(one, served(20, 600))
    answering(one, 30, 1300)
    assert ending(one) == (Result.FAILED, Cause.STALLED)


def test_where_the_version_before_is_not_known_the_new_one_needs_a_restart_and_a_word():
    one = watch(old="")
    through(one, *FETCHED, Told(10, "Downloaded"), Versioned(20, NEW))
    assert one.charger.outcome is None
    ticks(one, 60, 800, 20)
    through(one, Versioned(801, NEW))
    ticks(one, 802, 900, 5)
    through(one, Looked(901), Compared(902))
    assert ending(one) == (Result.UNKNOWN, Cause.NOT_PROVEN)
    other = watch(old="")
    through(other, *INSTALLED, boot(60), Looked(61), Compared(62))
    assert ending(other) == (Result.SUCCEEDED, Cause.NEW_VERSION)


# -- a wrong signature, late ------------------------------------------------------------------------------------------


def test_a_wrong_signature_told_after_the_end_is_its_end():
    one = watch()
    through(one, *FETCHED, Told(10, "Downloaded"))
    ticks(one, 20, 1800, 20)
    assert one.charger.outcome is Result.UNKNOWN
    assert through(one, Told(2000, "InvalidSignature")) == [Act.END]
    assert ending(one) == (Result.FAILED, Cause.INVALID_SIGNATURE)
    assert (one.charger.first_outcome, one.charger.retry) == (Result.UNKNOWN, False)
    assert through(one, boot(3000, OLD)) == []


def test_installed_and_never_restarted_is_not_known_until_it_has():
    """Asked again now it would be flashed twice."""
    one = watch()
    through(one, *FETCHED, Told(20, "Installed"))
    acts = answering(one, 21, 4000)
    assert Act.RESTART in acts
    assert (one.charger.outcome, one.charger.cause) == (Result.UNKNOWN, Cause.NOT_RESTARTED)
    assert not one.charger.retry
    assert "has not restarted since: it runs 2.4.0" in one.charger.reason
    through(one, Lost(4100), boot(4200), Looked(4210), Compared(4220))
    assert (one.charger.outcome, one.charger.first_outcome) == (Result.SUCCEEDED, Result.UNKNOWN)


def test_no_step_ends_before_it_began():
    one = watch()
    through(one, *FETCHED, Told(20, "Installing"), Told(-3600, "Installed"), Lost(-3590), boot(-3500))
    assert all(span.to_at is None or span.to_at >= span.from_at for span in one.charger.steps)


def test_a_file_found_wrong_and_installed_all_the_same_is_told():
    one = watch()
    through(one, *FETCHED, Told(20, "InvalidSignature"), Looked(30), Compared(31))
    assert ending(one) == (Result.FAILED, Cause.INVALID_SIGNATURE)
    assert "installed nothing" in one.charger.reason
    acts = through(one, Told(40, "Installing"), Told(50, "Installed"), Lost(51), boot(90))
    assert ending(one) == (Result.FAILED, Cause.INVALID_SIGNATURE)
    assert one.charger.reported == NEW
    assert f"and tells {NEW} all the same" in one.charger.reason
    assert Act.END in acts, "it is told and reported anew"
    assert through(one, boot(200)) == []


def test_a_wrong_signature_told_while_it_is_looked_at_stays():
    one = watch()
    through(one, *INSTALLED, boot(50), Told(51, "InvalidSignature"), Looked(60), Compared(70))
    assert ending(one) == (Result.FAILED, Cause.INVALID_SIGNATURE)


def test_a_wrong_signature_of_another_request_changes_no_ending():
    one = watch()
    one._show(request_id=7)
    through(one, *FETCHED, Told(10, "Downloaded", 7))
    ticks(one, 20, 1800, 20)
    through(one, Told(2000, "InvalidSignature", 6))
    assert one.charger.outcome is Result.UNKNOWN
    never = watch()
    through(never, Refused(0, Cause.REFUSED), Told(1, "InvalidSignature"))
    assert never.charger.cause is Cause.REFUSED


def test_bytes_that_are_counted_after_its_word_were_seen_all_the_same():
    one = watch()
    one._show(request_id=7)
    through(one, Sent(0), Told(1, "Downloaded", 7), served(2, SIZE, True))
    assert [span.told for span in one.charger.steps if span.step is Step.DOWNLOADING] == [True]


# -- asked twice ------------------------------------------------------------------------------------------------------


def test_refused_the_second_time_says_what_had_been_fetched():
    one = watch()
    one._remember(scheme="http")
    through(one, Sent(0), Agreed(1), served(9, 500), Linked(20, True), Tick(500), Sent(501))
    through(one, Refused(502, Cause.REFUSED, "Rejected"))
    assert one.charger.cause is Cause.REFUSED
    assert "500 bytes of 1 kB were fetched" in one.charger.reason


def test_no_other_protocol_is_tried_while_it_is_away():
    one = watch(schemes=("ftp",))
    through(one, Sent(0), Agreed(1), Lost(20))
    assert through(one, Tick(301)) == []
    through(one, Linked(400))
    assert through(one, Tick(601)) == [Act.NEXT_SCHEME]
    gone = watch(schemes=("ftp",))
    through(gone, Sent(0), Agreed(1), Lost(20))
    ticks(gone, 300, 620, 20)
    assert gone.charger.cause is Cause.NEVER_FETCHED


# -- whatever comes ---------------------------------------------------------------------------------------------------

WORDS = (
    *("Downloading", "DownloadFailed", "DownloadPaused", "Downloaded", "SignatureVerified", "Installing"),
    *("InstallScheduled", "InstallRebooting", "Installed", "InstallationFailed", "InvalidSignature", "Idle"),
)
NUMBERS = st.sampled_from([None, None, 7, 6])
HAPPENS = st.one_of(
    st.builds(lambda word, number: ("told", word, number), st.sampled_from(WORDS), NUMBERS),
    st.builds(lambda part: ("served", part), st.sampled_from([0.1, 0.5, 1.0])),
    st.sampled_from([("lost",), ("linked",), ("moved",), ("stop",), ("looked",), ("faulted",), ("compared",)]),
    st.builds(lambda version, booted: ("version", version, booted), st.sampled_from([OLD, NEW, "9.9"]), st.booleans()),
    st.builds(lambda s: ("wait", s), st.sampled_from([1.0, 30.0, 200.0, 1000.0])),
)


class Told7:
    """Feeds one by one, answers what it asks for, and keeps what a person would hold against it."""

    def __init__(self, old: str) -> None:
        self.one, self.at, self.got, self.acts = watch(("ftp",), old), 0.0, 0.0, []
        self.one._show(request_id=7)
        self.last_word, self.wrong = "", False
        self.feed(Sent(0.0))

    def feed(self, what: object) -> None:
        for act in self.one.feed(what):  # type: ignore[arg-type]
            self.acts.append(act)
            if act is Act.RESTART:
                assert self.got == 1.0
                assert self.last_word == "Installed"
            if act is Act.NEXT_SCHEME:
                assert self.got < 1.0
                self.feed(Sent(self.at))

    def take(self, what: tuple) -> None:
        self.at += 1.0
        kind = what[0]
        if kind == "told":
            if what[2] != 6:
                self.last_word = what[1] if what[1] != "Idle" else self.last_word
                sure = self.got > 0 or what[2] == 7
                self.wrong = self.wrong or (what[1] == "InvalidSignature" and sure and not self.one.over)
            self.feed(Told(self.at, what[1], what[2]))
        elif kind == "served" and what[1] > self.got and Act.WITHDRAW not in self.acts:
            self.got = what[1]
            self.feed(served(self.at, int(SIZE * self.got), self.got == 1.0))
        elif kind == "wait":
            for _ in range(int(what[1]) // 10 + 1):
                self.at += 10.0
                self.feed(Tick(self.at))
        else:
            happening = {
                "lost": Lost(self.at),
                "linked": Linked(self.at),
                "moved": Linked(self.at, True),
                "stop": Stop(self.at, "Ada"),
                "looked": Looked(self.at),
                "faulted": Looked(self.at, ("Connector 1 is faulted.",)),
                "compared": Compared(self.at),
            }.get(kind)
            if kind == "version":
                happening = boot(self.at, what[1]) if what[2] else Versioned(self.at, what[1])
            if happening is not None:
                self.feed(happening)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([OLD, NEW, ""]), st.lists(HAPPENS, max_size=25))
def test_whatever_comes_a_success_is_one_and_everything_ends(old, happens):
    told = Told7(old)
    for what in happens:
        told.take(what)
    one = told.one
    if told.wrong and one.charger.first_outcome is None:
        assert one.charger.outcome is not Result.SUCCEEDED
    for _ in range(200):
        told.at += Times().scheduled_s / 90  # the longest patience there is, and what follows it
        told.feed(Tick(told.at))
    assert one.charger.outcome is not None
    if one.charger.outcome is Result.SUCCEEDED:
        assert same_version(one.charger.reported, NEW)
        assert told.got == 1.0 or (told.got == 0.0 and one.memory.claimed)
        assert one.charger.from_version == OLD or (one.memory.left and one.memory.begun)
    if one.charger.cause in (Cause.STOPPED, Cause.NEVER_FETCHED, Cause.STALLED):
        assert told.got < 1.0
