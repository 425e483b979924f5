"""The look after an update: it counts only what was found while the charger was there, and no success goes without it."""

from dataclasses import replace

import pytest

from evdesk.firmware.happenings import Act, Compared, Linked, Looked, Lost, Sent, Served, Tick, Told, Versioned
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import Times
from evdesk.model.jobs import Cause, Result, Step, Transfer
from tests.firmware.test_late import INSTALLED, answering, ending
from tests.firmware.test_machine import FETCHED, NEW, OLD, SIZE, boot, served, through, ticks, watch

OFFLINE = ("It is offline.",)
TIMES = Times()

# -- it goes away while it is looked at -------------------------------------------------------------------------------


def test_a_second_restart_longer_than_the_look_is_waited_for():
    one = watch()
    through(one, *INSTALLED, boot(100), Lost(110))
    assert through(one, Looked(221, OFFLINE)) == []
    assert ticks(one, 222, 400, 1) == []
    assert through(one, Linked(401)) == [Act.TEST]
    assert through(one, boot(402), Looked(410)) == [Act.COMPARE]
    through(one, Compared(420))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_what_was_found_around_a_restart_is_looked_at_anew():
    one = watch()
    through(one, *INSTALLED, boot(100), Lost(110), Linked(210), boot(211))
    problems = ("Connector 1 has not told its state since.",)
    assert through(one, Looked(221, problems)) == [Act.TEST]
    through(one, Looked(341, problems))
    through(one, Compared(350))
    assert ending(one) == (Result.FAILED, Cause.NOT_WORKING)


def test_one_that_does_not_come_back_to_be_looked_at_is_not_back_and_may_prove_itself_later():
    one = watch()
    through(one, *INSTALLED, boot(100), Lost(110), Looked(221, OFFLINE))
    assert Act.END in ticks(one, 222, 110 + TIMES.most_reboots * TIMES.reboot_s, 1)
    assert ending(one) == (Result.UNKNOWN, Cause.NOT_BACK)
    assert f"Before that it told {NEW}." in one.charger.reason
    assert through(one, boot(5000)) == [Act.TEST]
    through(one, Looked(5010), Compared(5020))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


@pytest.mark.parametrize("back", [False, True])
def test_settings_that_could_not_be_compared_because_it_was_away_are_compared_when_it_is_back(back):
    one = watch()
    through(one, *INSTALLED, boot(100), Looked(110), Lost(111))
    assert through(one, Compared(115, note="Its settings could not be compared: The charger is offline.")) == []
    if back:
        assert through(one, Linked(300)) == [Act.COMPARE]
        through(one, Compared(310))
    else:
        ticks(one, 116, 1200, 1)
    wanted = (Result.SUCCEEDED, Cause.NEW_VERSION) if back else (Result.UNKNOWN, Cause.NOT_BACK)
    assert ending(one) == wanted
    assert "could not be compared" not in one.charger.reason


def test_away_and_back_for_ever_ends():
    one = watch()
    through(one, *INSTALLED, boot(100))
    at = 101
    while not one.over and at < 86_400:
        through(one, Lost(at), Looked(at + 1, OFFLINE), Linked(at + 50), Looked(at + 51, OFFLINE), Tick(at + 60))
        at += 61
    assert at < 100 + TIMES.longest_s(Step.TESTING, False) + TIMES.longest_s(Step.SETTINGS, False) + 600
    assert one.charger.outcome is not Result.SUCCEEDED


def test_one_that_is_not_well_and_goes_away_then_is_not_well():
    one = watch()
    through(one, *INSTALLED, boot(100), Looked(110, ("Connector 1 is faulted.",)), Lost(111))
    through(one, Compared(115, note="The charger is offline."))
    assert ending(one) == (Result.FAILED, Cause.NOT_WORKING)


@pytest.mark.parametrize("lost_at", [3000, 3700])
def test_a_full_disk_takes_none_of_the_time_in_which_it_may_restart(lost_at):
    one = watch()
    through(one, *INSTALLED, boot(50), *([Lost(lost_at)] if lost_at < 3650 else []))
    one._wait(3650 + TIMES.most_s(Step.TESTING))  # as the look shows it while it waits for room
    one.held_up(3650)
    through(one, Lost(lost_at))
    assert through(one, Looked(3770, OFFLINE)) == []
    assert ticks(one, 3771, 3940, 1) == []
    through(one, Linked(3941), Looked(3950), Compared(3960))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def resumed(one: Watch, at: float) -> Watch:
    """As it is after a restart of the engine: nobody is connected yet."""
    again = Watch(replace(one.charger, online=False), one.memory, TIMES)
    again.resumed(at)
    return again


@pytest.mark.parametrize("late_s", [5, 290])
def test_after_a_restart_of_the_engine_the_look_waits_for_its_link(late_s):
    one = watch()
    through(one, *INSTALLED, boot(50))
    one = resumed(one, 100)
    assert ticks(one, 101, 100 + late_s, 1) == []
    assert through(one, Linked(100 + late_s), Linked(101 + late_s)) == [Act.TEST]
    assert through(one, Looked(110 + late_s)) == [Act.COMPARE]
    one = resumed(one, 1000)
    assert ticks(one, 1001, 1000 + late_s, 1) == []
    assert through(one, Linked(1000 + late_s)) == [Act.COMPARE]
    through(one, Compared(1300))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_after_a_restart_of_the_engine_one_that_failed_is_looked_at_as_well():
    one = watch()
    through(one, *FETCHED, Told(13, "Installing"), Told(60, "InstallationFailed"))
    one = resumed(one, 100)
    assert through(one, Linked(110)) == [Act.TEST]
    gone = resumed(one, 200)
    ticks(gone, 201, 2000, 1)
    assert ending(gone) == (Result.FAILED, Cause.INSTALL_FAILED)


def test_one_that_was_not_back_is_asked_for_its_version_once_its_link_is():
    one = watch()
    through(one, *INSTALLED, boot(50))
    one = resumed(one, 100)
    ticks(one, 101, 1000, 1)
    assert ending(one) == (Result.UNKNOWN, Cause.NOT_BACK)
    assert through(one, Lost(1999), Linked(2000)) == [Act.ASK_VERSION]
    assert through(one, Versioned(2010, NEW)) == [Act.TEST]
    through(one, Looked(2020), Compared(2030))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)
    assert through(one, Linked(3000)) == []


# -- told late --------------------------------------------------------------------------------------------------------


def not_back() -> Watch:
    one = watch()
    through(one, *FETCHED, Told(20, "Installing"), Lost(30))
    ticks(one, 31, 1000, 1)
    assert ending(one) == (Result.UNKNOWN, Cause.NOT_BACK)
    assert through(one, boot(5000)) == [Act.TEST]
    assert ending(one) == (Result.UNKNOWN, Cause.NOT_BACK)
    return one


def test_a_late_success_is_looked_at_and_its_settings_are_compared_first():
    one = not_back()
    assert one.memory.pending is Cause.NONE, "all of it is looked at"
    assert through(one, boot(5001)) == []
    assert through(one, Looked(5010)) == [Act.COMPARE]
    assert ending(one) == (Result.UNKNOWN, Cause.NOT_BACK)
    assert through(one, Compared(5020, restored=("X",), after_id=9)) == [Act.END]
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)
    assert (one.charger.first_outcome, one.charger.restored, one.charger.after_id) == (Result.UNKNOWN, ("X",), 9)
    assert f"it told {NEW}, and works" in one.charger.reason
    assert not one.memory.proving


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ((Looked(5010, ("Connector 1 is faulted.",)),), "Connector 1 is faulted."),
        ((Looked(5010), Compared(5020, problem="Its safe default is not confirmed.")), "safe default"),
    ],
)
def test_the_new_version_told_late_that_does_not_work_has_failed(then, words):
    one = not_back()
    assert through(one, *then)[-1] is Act.END
    assert ending(one) == (Result.FAILED, Cause.NOT_WORKING)
    assert words in one.charger.reason
    assert one.charger.first_outcome is Result.UNKNOWN


def test_told_late_and_away_again_it_is_looked_at_when_it_is_back():
    one = not_back()
    assert through(one, Lost(5005), Looked(5300, OFFLINE)) == []
    assert ending(one) == (Result.UNKNOWN, Cause.NOT_BACK)
    assert through(one, Linked(9000)) == [Act.TEST]
    assert through(one, Looked(9010), Lost(9011), Compared(9012, note="Offline.")) == [Act.COMPARE]
    assert through(one, Linked(9100), Looked(9110), Compared(9120)) == [Act.TEST, Act.COMPARE, Act.END]
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_told_late_and_then_the_old_one_again_it_fell_back():
    one = not_back()
    assert through(one, boot(5005, OLD)) == [Act.END]
    assert ending(one) == (Result.FAILED, Cause.FELL_BACK)
    assert through(one, Looked(5010), Compared(5020)) == []
    assert ending(one) == (Result.FAILED, Cause.FELL_BACK)


def test_a_late_look_that_evdesk_did_not_see_the_end_of_is_made_again():
    one = not_back()
    again = Watch(one.charger, one.memory, TIMES)  # as it is after a restart
    again.resumed(6000)
    assert through(again, Linked(6001)) == [Act.TEST]


def test_given_up_and_the_new_version_is_told_while_settings_are_compared_all_is_looked_at():
    one = watch()
    through(one, *FETCHED, Told(13, "Installing"), Told(60, "InstallationFailed"))
    assert through(one, Looked(70)) == [Act.COMPARE]
    assert through(one, boot(71), boot(72)) == [Act.TEST]
    assert through(one, Compared(80)) == []
    through(one, Looked(90, ("Its safe default is not confirmed again.",)))
    assert ending(one) == (Result.FAILED, Cause.NOT_WORKING)
    silent = watch()
    through(
        silent, *FETCHED, Told(13, "Installing"), Told(60, "InstallationFailed"), Looked(70), boot(71), Compared(80)
    )
    ticks(silent, 81, 1000, 1)
    assert ending(silent) == (Result.FAILED, Cause.NOT_WORKING)


# -- what it says that it has -----------------------------------------------------------------------------------------


def numbered(*happenings) -> Watch:
    one = watch()
    one.charger = replace(one.charger, request_id=101)
    through(one, Sent(0), *happenings)
    return one


def test_a_number_does_not_make_a_part_the_whole():
    one = numbered(served(5, 400), Told(6, "Installed", 101), Versioned(7, OLD))
    assert not one.memory.whole
    assert Act.RESTART not in answering(one, 10, 3000)
    assert ending(one) == (Result.FAILED, Cause.SAME_VERSION)
    assert "still has 2.4.0; 400 bytes of 1 kB were fetched." in one.charger.reason
    other = numbered(served(5, 400), Told(6, "Installed", 101), boot(60))
    assert ending(other) == (Result.CANCELLED, Cause.ALREADY)


def test_evdesk_restarts_it_only_by_its_own_count():
    one = numbered(Told(6, "Installed", 101), Versioned(7, OLD))
    assert one.memory.whole, "nothing was counted that says otherwise"
    assert Act.RESTART not in answering(one, 10, 3000)
    early = numbered(served(5, 400), Told(6, "Installed", 101), Versioned(7, OLD), served(8, SIZE, True))
    assert Act.RESTART not in answering(early, 10, 3000), "that was of an update before: it may install just now"
    counted = numbered(served(5, SIZE, True), Told(6, "Installed", 101), Versioned(7, OLD))
    assert Act.RESTART in answering(counted, 10, 3000)


def test_what_it_said_too_early_is_true_once_all_of_it_is_counted():
    one = numbered(served(5, 400), Told(6, "Downloaded", 101), served(7, SIZE, True), Told(8, "Installing", 101))
    assert one.memory.whole
    through(one, Lost(20), boot(100), Looked(110), Compared(120))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


def test_who_fetched_the_end_of_it_may_have_had_the_beginning():
    tail = Served(5, Transfer("http", SIZE, 600, 600, requests=1, spans=((400, SIZE),)))
    one = numbered(tail, Told(6, "Downloaded", 101))
    assert one.memory.whole
    through(one, Lost(20), boot(100), Looked(110), Compared(120))
    assert ending(one) == (Result.SUCCEEDED, Cause.NEW_VERSION)


# -- a clock that is set ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [0.0, 2 * 3600.0, -86_400.0])
def test_a_clock_that_is_set_hides_no_fall_back_and_makes_none(jump):
    for passed, wanted in ((600.0, Cause.FELL_BACK), (22 * 3600.0, Cause.NEW_VERSION)):
        one = watch()
        through(one, *INSTALLED, boot(50), Looked(60), Compared(70))
        ended_at = one.charger.ended_at
        one.clock_jumped(jump)
        assert one.charger.ended_at == ended_at, "the report has it"
        through(one, boot(70 + passed + jump, OLD))
        assert one.charger.cause is wanted


@pytest.mark.parametrize("jump", [7200.0, -7200.0])
def test_an_answer_is_one_whatever_the_clock_says(jump):
    one = watch()
    through(one, Sent(0), served(5, 400))
    assert through(one, Tick(160)) == [Act.ASK_STATUS]
    one.clock_jumped(jump)
    through(one, Told(161 + jump, "InvalidSignature"))
    assert one.memory.pending is Cause.NONE, "1.6 repeats its last word, of the update before"


def test_sleep_and_a_clock_that_is_set_move_no_ceiling():
    one = watch()
    through(one, Sent(0), served(5, 400))
    one.stood_still(10_000.0)
    one.clock_jumped(50_000.0)
    assert one.ceiling_at == 60_005.0 + TIMES.words_s
    assert one.charger.waits_until_at == 60_005.0 + TIMES.idle_s


def test_sleep_makes_no_restart_longer_than_usual():
    """Else a person could break one that was installing when the lid was closed."""
    one = watch()
    through(one, *FETCHED, Told(20, "InstallRebooting"))
    assert not one.stuck(30)
    one.stood_still(3600.0)
    assert not one.stuck(3630)
    assert (one.charger.step_at, one.charger.status_at) == (3620, 3620)
