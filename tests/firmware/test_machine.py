"""The machine that follows an update: every way it may go, told as what happens."""

from dataclasses import replace

import pytest

from evdesk.firmware.estimate import left_s
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
from evdesk.firmware.watched import Memory
from evdesk.model.jobs import Cause, JobCharger, Result, Step, Transfer

OLD, NEW, SIZE = "2.4.0", "2.4.1", 1000


def watch(schemes: tuple[str, ...] = (), old: str = OLD) -> Watch:
    charger = JobCharger("C1", serial="S1", model="M", from_version=old, to_version=NEW, step=Step.PREFLIGHT)
    return Watch(charger, Memory(schemes=schemes), Times())


def served(at: float, got: int, complete: bool = False, total: int | None = None) -> Served:
    return Served(at, Transfer("http", SIZE, got, total or got, complete_at=at if complete else None))


def boot(at: float, version: str = NEW, serial: str = "S1") -> Versioned:
    return Versioned(at, version, True, serial, "M")


def through(one: Watch, *happenings) -> list[Act]:
    return [act for happening in happenings for act in one.feed(happening)]


def steps(one: Watch) -> list[tuple[str, bool]]:
    return [(span.step.value, span.told) for span in one.charger.steps]


FETCHED = (Sent(0), Told(1, "Downloading"), served(5, 400), served(9, SIZE, True))


def test_the_whole_way_with_every_word():
    one = watch()
    acts = through(
        one,
        *FETCHED,
        Told(10, "Downloaded"),
        Told(12, "SignatureVerified"),
        Told(13, "Installing"),
        Told(100, "InstallRebooting"),
        Lost(101),
        Linked(150),
        boot(151),
        Told(152, "Installed"),
        Looked(160),
        Compared(170),
    )
    assert (one.charger.outcome, one.charger.cause, one.charger.reported) == (Result.SUCCEEDED, Cause.NEW_VERSION, NEW)
    assert acts == [Act.WITHDRAW, Act.TEST, Act.COMPARE, Act.WITHDRAW, Act.END]
    assert all(told for _, told in steps(one))
    assert [step for step, _ in steps(one)] == [
        "sent", "downloading", "verifying", "installing", "rebooting", "testing", "settings"
    ]  # fmt: skip
    assert all(span.to_at is not None for span in one.charger.steps)


def test_without_a_word_the_version_after_the_restart_is_enough():
    one = watch()
    acts = through(one, Sent(0), served(5, SIZE, True), Lost(60), boot(200), Looked(210), Compared(211))
    assert one.charger.outcome is Result.SUCCEEDED
    assert Act.END in acts
    assert ("installing", False) in steps(one)
    assert ("verifying", False) in steps(one)


def test_restart_before_installed_and_installed_twice():
    one = watch()
    through(one, *FETCHED, Lost(20), boot(50), Told(51, "Installed"), Told(52, "Installed"), Looked(60), Compared(61))
    assert one.charger.outcome is Result.SUCCEEDED


def test_installed_is_no_success_with_the_old_version():
    one = watch()
    acts = through(one, *FETCHED, Told(20, "Installed"), Lost(21), boot(60, OLD))
    assert one.charger.outcome is None
    acts = through(one, Tick(60 + 119))
    assert acts == []
    acts = through(one, Tick(181))
    assert acts == [Act.ASK_STATUS, Act.ASK_VERSION]
    acts = through(one, Versioned(182, OLD), Tick(183))
    assert Act.TEST in acts
    acts = through(one, Looked(190), Compared(191))
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.SAME_VERSION)
    assert OLD in one.charger.reason
    assert one.charger.retry


def test_one_that_tells_the_new_version_without_having_been_away_did_not_come_back():
    one = watch()
    through(one, *FETCHED, Told(20, "Installed"), Versioned(30, NEW), Looked(40), Compared(41))
    assert (one.charger.outcome, one.charger.reason) == (Result.SUCCEEDED, f"It tells {NEW} and works.")


def test_one_that_restarts_twice_is_given_the_time():
    one = watch()
    through(one, *FETCHED, Told(20, "Installed"), Lost(21), boot(60, OLD), Lost(100), Tick(200), boot(300), Looked(310))
    through(one, Compared(311))
    assert one.charger.outcome is Result.SUCCEEDED


def test_installed_without_a_restart_is_asked_and_then_restarted_once():
    one = watch()
    through(one, *FETCHED, Told(20, "Installed"))
    assert through(one, Tick(81)) == [Act.ASK_VERSION]
    assert through(one, Versioned(82, OLD), Tick(83)) == []
    assert through(one, Tick(321)) == [Act.ASK_STATUS, Act.ASK_VERSION]
    assert through(one, Versioned(322, OLD), Tick(323)) == [Act.RESTART]
    through(one, Lost(330), boot(380), Looked(390), Compared(391))
    assert one.charger.outcome is Result.SUCCEEDED


def test_a_boot_that_evdesk_asked_for_is_no_restart():
    answer = Versioned(82, OLD, False, "S1", "M")
    one = watch()
    through(one, *FETCHED, Told(20, "Installed"), Tick(81), answer, Tick(321), answer)
    assert through(one, Tick(323)) == [Act.RESTART]
    one = watch(old=NEW)  # the same version once more: it hangs, and only says what it had
    through(one, *FETCHED, Told(20, "Installing"), Tick(921), Versioned(922, NEW, False, "S1", "M"), Tick(923))
    assert (one.charger.outcome, one.charger.cause) == (Result.UNKNOWN, Cause.HANGS)
    one = watch()
    through(one, *FETCHED, Told(20, "Installing"), Tick(921), Versioned(922, NEW, False, "S9", "M"))
    assert one.charger.cause is Cause.OTHER_CHARGER


def test_never_fetched_after_asking_and_by_every_protocol():
    one = watch(schemes=("ftp",))
    through(one, Sent(0))
    assert through(one, Tick(151)) == [Act.ASK_STATUS]
    assert through(one, Agreed(152, "Accepted"), Told(152, "Idle"), Tick(301)) == [Act.NEXT_SCHEME]
    through(one, Sent(302))
    assert through(one, Tick(460)) == [Act.ASK_STATUS]
    acts = through(one, Tick(603))
    assert acts == [Act.WITHDRAW, Act.END]
    assert (one.charger.outcome, one.charger.cause, one.charger.attempts) == (Result.FAILED, Cause.NEVER_FETCHED, 2)


def test_without_an_answer_it_is_not_said_to_have_agreed():
    one = watch()
    through(one, Sent(0), Tick(151), Told(152, "Idle"), Tick(301))
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.NO_ANSWER)
    assert "said yes" not in one.charger.reason


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("problem", ["", "Connector 1 is faulted."])
def test_given_up_and_then_the_new_version_is_told_while_it_is_looked_at(settled, problem):
    one = watch()
    through(one, *FETCHED, Told(13, "Installing"), Told(60, "InstallationFailed"))
    assert one.charger.step is Step.TESTING
    looked = Looked(70, (problem,) if problem else ())
    # Once it counted as failed not all was looked at, so it is looked at again.
    through(one, *([looked, boot(71)] if settled else [boot(69), looked]), Compared(80))
    assert (one.charger.outcome is None) == settled
    through(one, Looked(90, looked.problems))
    wanted = (Result.FAILED, Cause.NOT_WORKING) if problem else (Result.SUCCEEDED, Cause.NEW_VERSION)
    assert (one.charger.outcome, one.charger.cause) == wanted
    assert one.charger.reported == NEW


def test_a_wrong_signature_stays_one_whatever_version_is_told():
    one = watch()
    through(one, *FETCHED, Told(13, "InvalidSignature"), boot(20), Looked(30), Compared(40))
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.INVALID_SIGNATURE)


@pytest.mark.parametrize("got", [0, 400])
def test_an_address_that_changes_before_it_has_the_whole_file_is_told_anew(got):
    one = watch()
    one.memory = replace(one.memory, scheme="http")
    through(one, Sent(0), Agreed(1, "Accepted"))
    through(one, *([served(2, got)] if got else []), Lost(10), Linked(20, moved=True), Linked(21, moved=True))
    assert Act.NEXT_SCHEME not in through(one, Told(22, "DownloadFailed"), Tick(79))
    late = one.charger.waits_until_at or 0.0
    assert late <= 22 + Times().idle_s
    assert through(one, Tick(late)) == [Act.NEXT_SCHEME]
    assert (one.memory.scheme, one.memory.schemes, one.memory.moved) == ("http", (), False)
    through(one, Sent(late + 1), served(late + 5, SIZE, True), Lost(500), boot(600), Looked(610), Compared(611))
    assert one.charger.outcome is Result.SUCCEEDED


def test_an_address_that_changes_when_it_has_the_whole_file_does_not_matter():
    one = watch()
    one.memory = replace(one.memory, scheme="http")
    through(one, *FETCHED, Lost(10), Linked(20, moved=True))
    assert not one.memory.moved


def test_installed_told_after_the_new_version_leaves_the_look_its_time():
    one = watch()
    through(one, *FETCHED, Lost(10), boot(20))
    until = one.charger.waits_until_at
    through(one, Told(21, "Installed"))
    assert (one.charger.step, one.charger.waits_until_at) == (Step.TESTING, until)


def test_failing_once_then_good():
    one = watch()
    through(one, Sent(0), served(2, 400), Told(3, "DownloadFailed"), Tick(100), Told(120, "Downloading"))
    assert one.charger.outcome is None
    through(one, served(125, SIZE, True, total=1400), Lost(150), boot(200), Looked(201), Compared(202))
    assert one.charger.outcome is Result.SUCCEEDED


def test_download_failed_for_good_is_looked_at_and_then_failed():
    one = watch()
    through(one, Sent(0), served(2, 400), Told(3, "DownloadFailed"))
    assert through(one, Tick(160)) == [Act.ASK_STATUS]
    assert through(one, Tick(304)) == [Act.WITHDRAW]  # the last count decides
    acts = through(one, Tick(365))
    assert acts == [Act.WITHDRAW, Act.ASK_VERSION, Act.TEST]
    acts = through(one, Looked(310, ("Connector 1 stays out of service.",)))
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.DOWNLOAD_FAILED)
    assert "out of service" in one.charger.reason
    assert Act.COMPARE not in acts  # nothing was installed


def test_stops_in_the_middle_of_the_file():
    one = watch()
    through(one, Sent(0), served(2, 400), Lost(3), Linked(30), boot(31, OLD), Tick(200))
    assert through(one, Tick(400)) == [Act.WITHDRAW]
    acts = through(one, served(401, 500), Tick(461))
    assert Act.END in acts
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.STALLED)
    assert "500 bytes of 1 kB" in one.charger.reason


def test_what_may_have_arrived_in_the_end_counts_as_the_whole_file():
    one = watch()
    through(one, Sent(0), served(2, 400))
    assert Act.WITHDRAW in ticks(one, 10, 310, 10)
    through(one, served(311, SIZE, True))
    assert Act.END not in ticks(one, 320, 700, 10)
    through(one, Lost(750), boot(800), Looked(810), Compared(820))
    assert one.charger.outcome is Result.SUCCEEDED


def test_each_byte_gives_it_more_time():
    one = watch()
    through(one, Sent(0))
    for at in range(1, 4000, 200):
        assert through(one, served(at, at // 10, total=at), Tick(at + 1)) == []
    assert one.charger.step is Step.DOWNLOADING
    assert one.charger.progress == pytest.approx(0.38, abs=0.01)


def test_a_wrong_signature_ends_it_and_is_never_tried_again():
    one = watch()
    acts = through(one, *FETCHED, Told(10, "Downloaded"), Told(11, "InvalidSignature"))
    assert acts == [Act.WITHDRAW, Act.ASK_VERSION, Act.TEST]
    through(one, Looked(20))
    assert (one.charger.outcome, one.charger.cause, one.charger.retry) == (
        Result.FAILED, Cause.INVALID_SIGNATURE, False
    )  # fmt: skip
    through(one, boot(100))  # and no later version makes it a success
    assert one.charger.outcome is Result.FAILED


@pytest.mark.parametrize(
    ("status", "cause"),
    [("InstallationFailed", Cause.INSTALL_FAILED), ("InstallVerificationFailed", Cause.NOT_VERIFIED)],
)
def test_failed_while_installing_is_compared_too(status, cause):
    one = watch()
    through(one, *FETCHED, Told(10, "Installing"), Told(60, status))
    assert through(one, Looked(70)) == [Act.COMPARE]
    through(one, Compared(80))
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, cause)


def test_hangs_in_installing_ends_unknown_and_a_later_version_amends_it():
    one = watch()
    through(one, *FETCHED, Told(10, "Installing"))
    assert through(one, Tick(800)) == []
    assert through(one, Tick(911)) == [Act.ASK_STATUS, Act.ASK_VERSION]
    acts = through(one, Versioned(912, OLD), Tick(913))
    assert acts == [Act.WITHDRAW, Act.END]
    assert (one.charger.outcome, one.charger.cause) == (Result.UNKNOWN, Cause.HANGS)
    assert through(one, boot(5000)) == [Act.TEST]
    assert one.charger.outcome is Result.UNKNOWN
    assert through(one, Looked(5010)) == [Act.COMPARE]
    assert through(one, Compared(5020, restored=("X",), after_id=7)) == [Act.END]
    assert (one.charger.outcome, one.charger.first_outcome) == (Result.SUCCEEDED, Result.UNKNOWN)
    assert (one.charger.restored, one.charger.after_id) == (("X",), 7)


def test_goes_away_and_does_not_come_back():
    one = watch()
    through(one, *FETCHED, Told(10, "Installing"), Lost(20))
    assert one.charger.step is Step.REBOOTING
    acts = through(one, Tick(919))
    assert acts == []
    acts = through(one, Tick(921))
    assert Act.END in acts
    assert (one.charger.outcome, one.charger.cause) == (Result.UNKNOWN, Cause.NOT_BACK)
    assert "recovery card" in one.charger.next


def test_comes_back_as_somebody_else():
    one = watch()
    through(one, *FETCHED, Lost(20), boot(60, NEW, "S9"))
    assert (one.charger.outcome, one.charger.cause) == (Result.UNKNOWN, Cause.OTHER_CHARGER)
    assert "S9" in one.charger.reason
    through(one, boot(90, NEW, "S9"))
    assert one.charger.outcome is Result.UNKNOWN


def test_comes_back_without_a_version():
    one = watch()
    through(one, *FETCHED, Told(10, "Installed"), Lost(20), boot(60, ""))
    assert through(one, Tick(400)) == [Act.ASK_STATUS, Act.ASK_VERSION]
    through(one, Tick(500))
    assert (one.charger.outcome, one.charger.cause) == (Result.UNKNOWN, Cause.NO_VERSION)


def test_comes_back_with_a_third_version():
    one = watch()
    through(
        one, *FETCHED, Told(10, "Installed"), Lost(20), boot(60, "9.9"), Tick(181), Versioned(182, "9.9"), Tick(183)
    )
    through(one, Looked(190), Compared(191))
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.OTHER_VERSION)


def test_new_version_that_does_not_work_is_a_failure():
    one = watch()
    through(one, *FETCHED, Lost(20), boot(60), Looked(70, ("Connector 1 is faulted.",)), Compared(80))
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.NOT_WORKING)
    assert "Connector 1 is faulted." in one.charger.reason
    assert OLD in one.charger.next


def test_the_same_version_again_needs_a_restart_with_the_whole_file():
    one = watch(old=NEW)
    through(one, Sent(0), Versioned(1, NEW), served(5, SIZE, True), Versioned(6, NEW))
    assert one.charger.step is Step.DOWNLOADING
    through(one, Told(9, "Installing"), Lost(20), boot(60))
    assert one.charger.step is Step.TESTING


def test_words_of_another_request_are_not_ours():
    one = watch()
    one.charger = replace(one.charger, request_id=7)
    through(one, Sent(0), Told(1, "InstallationFailed", 6), Told(2, "Downloading", 7))
    assert one.charger.step is Step.DOWNLOADING


def test_words_from_before_the_request_count_for_nothing():
    one = watch()
    through(one, Told(0, "Installed"), boot(1))
    assert (one.charger.step, one.charger.outcome) == (Step.PREFLIGHT, None)


def test_stopped_only_while_nothing_can_install():
    one = watch()
    assert Act.WITHDRAW in through(one, Sent(0), served(3, 500), Stop(4, "Ada"))
    assert (one.charger.outcome, one.charger.cause) == (Result.CANCELLED, Cause.STOPPED)
    other = watch()
    through(other, *FETCHED, Stop(20, "Ada"))
    assert other.charger.outcome is None
    assert "whole file" in other.charger.reason


def test_refused():
    one = watch()
    through(one, Refused(0, Cause.REFUSED, "Rejected"))
    assert (one.charger.outcome, one.charger.cause) == (Result.FAILED, Cause.REFUSED)
    assert "Rejected" in one.charger.reason


def test_an_install_that_waits_for_a_car_has_the_time():
    one = watch()
    through(one, *FETCHED, Told(10, "InstallScheduled"))
    assert through(one, Tick(40_000)) == []
    through(one, Told(40_001, "Installing"))
    assert through(one, Tick(40_500)) == []


@pytest.mark.parametrize("before", [(), (Told(10, "Downloaded"), Lost(20), Linked(40))])
@pytest.mark.parametrize("then", [(), (boot(3661, OLD),), (boot(3661, OLD), Told(3670, "InstallScheduled"))])
def test_a_link_that_drops_and_a_restart_while_it_waits_for_a_car_are_none_of_the_update(before, then):
    one = watch()
    through(one, *FETCHED, *before, Told(50, "InstallScheduled"), Lost(3600), Linked(3660), *then)
    assert not {Act.TEST, Act.END} & set(ticks(one, 3680, 43_000))
    through(one, Lost(43_010), boot(43_100), Looked(43_110), Compared(43_120))
    assert one.charger.outcome is Result.SUCCEEDED


@pytest.mark.parametrize("then", [(), (Told(3680, "Installed"), Told(3690, "InstallScheduled"))])
def test_one_that_may_install_yet_is_not_offered_again(then):
    one = watch()
    through(one, *FETCHED, Told(50, "InstallScheduled"), Lost(3600), Linked(3660), boot(3661, OLD), *then)
    for at in range(3700, 100_000, 60):
        if Act.ASK_VERSION in through(one, Tick(at)):
            through(one, Versioned(at + 1, OLD))
    assert (one.charger.outcome, one.charger.cause, one.charger.retry) == (Result.UNKNOWN, Cause.HANGS, False)


def test_the_same_version_again_is_proven_where_it_does_not_say_that_its_wait_is_over():
    one = watch(old=NEW)
    through(one, *FETCHED, Told(50, "InstallScheduled"), Lost(3600), boot(3661), Looked(3670), Compared(3680))
    assert one.charger.outcome is Result.SUCCEEDED


def test_the_new_version_without_a_byte_from_here_is_nobodys_success():
    one = watch()
    through(one, Sent(0), boot(20))
    assert (one.charger.outcome, one.charger.cause) == (Result.CANCELLED, Cause.ALREADY)


def test_a_lost_connection_alone_does_not_prove_the_same_version_again():
    one = watch(old=NEW)
    through(one, Sent(0), served(5, SIZE, True), Lost(20), Linked(30), Versioned(31, NEW))
    assert one.charger.step is Step.REBOOTING


NIGHT = 4 * 3600.0


def dated(*, old: str = OLD, request_id: int | None = None) -> Watch:
    one = watch(old=old)
    one.charger = replace(one.charger, install_at=NIGHT, request_id=request_id)
    return one


def ticks(one: Watch, first: float, last: float, every: float = 60.0) -> list[Act]:
    found, at = [], first
    while at <= last:
        found += one.feed(Tick(at))
        at += every
    return found


SILENCES = {
    "not a word": (Sent(0), served(9, SIZE, True)),
    "downloaded": (*FETCHED, Told(10, "Downloaded")),
    "verified": (*FETCHED, Told(10, "Downloaded"), Told(12, "SignatureVerified")),
    "scheduled": (*FETCHED, Told(10, "Downloaded"), Told(12, "InstallScheduled")),
    "installs already, it says": (*FETCHED, Told(10, "Installing")),
}


@pytest.mark.parametrize("said", SILENCES.values(), ids=list(SILENCES))
def test_until_its_install_date_and_the_time_to_install_nothing_is_decided(said):
    one = dated()
    through(one, *said)
    asked = ticks(one, 60, NIGHT + one.times.install_s - 1)
    assert one.charger.outcome is None
    assert not {Act.ASK_VERSION, Act.TEST, Act.END} & set(asked)
    assert one.charger.waits_until_at >= NIGHT + one.times.install_s
    through(one, Lost(NIGHT + 1000), boot(NIGHT + 1060), Looked(NIGHT + 1070), Compared(NIGHT + 1080))
    assert one.charger.outcome is Result.SUCCEEDED


def test_after_its_date_a_silent_one_is_asked_and_then_it_hangs():
    one = dated()
    through(one, *FETCHED, Told(10, "Downloaded"), Told(12, "SignatureVerified"))
    acts = ticks(one, NIGHT, NIGHT + one.times.install_s)
    assert acts == [Act.ASK_STATUS, Act.ASK_VERSION]
    ticks(one, NIGHT + one.times.install_s + 60, NIGHT + one.times.install_s + 120)
    assert one.charger.cause is Cause.HANGS


def test_a_car_may_keep_it_from_installing_on_its_date():
    one = dated()
    through(one, *FETCHED, Told(10, "InstallScheduled"))
    assert ticks(one, NIGHT, NIGHT + one.times.scheduled_s - 60) == []
    begins = NIGHT + 5 * 3600
    through(one, Told(begins, "Installing"))
    assert one.charger.waits_until_at == begins + one.times.install_s


def test_a_link_that_drops_and_a_restart_before_the_date_are_none_of_the_update():
    one = dated(old=NEW)  # the same version again: only a restart for the update proves it
    through(one, *FETCHED, Told(10, "Downloaded"), Told(12, "InstallScheduled"))
    through(one, Lost(1000), Linked(1030), Lost(2000), boot(2060), Tick(2061))
    assert (one.charger.step, one.charger.outcome, one.memory.left) == (Step.INSTALLING, None, False)
    assert ticks(one, 2100, NIGHT) == []
    through(one, Lost(NIGHT + 60), boot(NIGHT + 120), Told(NIGHT + 121, "Installed"))
    through(one, Looked(NIGHT + 130), Compared(NIGHT + 131))
    assert one.charger.outcome is Result.SUCCEEDED


def test_one_that_does_not_heed_the_date_is_believed_by_its_version():
    one = dated()
    through(one, *FETCHED, Told(10, "Downloaded"), Lost(60), boot(200), Looked(210), Compared(211))
    assert (one.charger.outcome, one.charger.cause) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_a_clock_that_was_set_back_does_not_end_the_wait_for_the_date():
    one = dated()
    through(one, *FETCHED, Told(10, "Downloaded"))
    one.charger = replace(one.charger, waits_until_at=600.0, online=False)
    assert ticks(one, 600, NIGHT) == []
    assert one.charger.outcome is None


def test_how_long_it_still_takes_counts_the_wait_for_the_date():
    one = dated()
    through(one, *FETCHED, Told(10, "Downloaded"))
    times = one.times
    rest_s = sum(times.usual[step] for step in (Step.INSTALLING, Step.REBOOTING, Step.TESTING, Step.SETTINGS))
    assert left_s(one.charger, times, 3600.0) == NIGHT - 3600 + rest_s
    assert left_s(replace(one.charger, install_at=None), times, 3600.0) is None


def test_what_putting_back_broke_is_no_success():
    one = watch()
    through(one, *FETCHED, boot(50), Looked(60), Compared(70, restored=("X",), problem="No safe default."))
    assert (one.charger.cause, one.charger.outcome) == (Cause.NOT_WORKING, Result.FAILED)
    assert "No safe default." in one.charger.reason
