"""How the fetching of a log ends, and in which words."""

import pytest

from evdesk.firmware.endings import ENDINGS, filled
from evdesk.firmware.happenings import Agreed, Received, Sent, Served, Tick, Told, TurnedAway
from evdesk.firmware.times import Times
from evdesk.firmware.uploads import MORE_S, SAID_S, LogWatch
from evdesk.firmware.watched import Memory
from evdesk.model.jobs import Cause, JobCharger, Result, Step, Transfer

TIMES = Times()
WHY = "What 10.0.0.4 sends cannot be read: it ends before a file begins."


def watch(**memory: object) -> LogWatch:
    made = LogWatch(JobCharger("C1", step=Step.PREFLIGHT), Memory(scheme="http", **memory), TIMES)
    made.feed(Sent(0.0))
    made.feed(Agreed(0.0))
    return made


def grew(at: float, size: int) -> Served:
    return Served(at, Transfer("http", 0, size, size, requests=1))


def till(made: LogWatch, at: float) -> LogWatch:
    for second in range(int(at) + 1):
        made.feed(Tick(float(second)))
    return made


def test_a_download_that_failed_before_its_first_byte_says_so():
    ending = ENDINGS[Cause.DOWNLOAD_FAILED].reason
    assert filled(ending, JobCharger("C1")) == ("The download failed: nothing was fetched. Its firmware is as it was.")
    some = JobCharger("C1", transfer=Transfer("http", 2_000_000, 500_000, 500_000))
    assert "500 kB of 2.0 MB were fetched" in filled(ending, some)


def test_one_file_ends_it_a_moment_later():
    made = watch()
    made.feed(grew(1.0, 5))
    made.feed(Received(1.0, 5, 7, name="a.txt"))
    assert not till(made, MORE_S).over
    till(made, 1 + MORE_S)
    assert (made.charger.cause, made.charger.reason, made.charger.log_id) == (
        Cause.RECEIVED,
        "The log came: 5 bytes.",
        7,
    )


def test_several_files_are_counted_and_added_up():
    made = watch()
    made.feed(Received(1.0, 500_000, 7, name="a.txt"))
    made.feed(grew(2.0, 600_000))
    made.feed(Received(8.0, 600_000, 8, name="b.txt"))
    made.feed(Received(9.0, 400_000, 9, name="b.txt"))  # the same once more, and less of it
    made.feed(Received(9.0, 500_000, 7, name="a.txt"))  # told again after a restart of the engine
    made.feed(Told(9.0, "Uploaded"))
    till(made, 9 + SAID_S)
    assert (made.charger.outcome, made.charger.reason) == (Result.SUCCEEDED, "The log came: 2 files, 1.1 MB together.")
    assert (made.charger.transfer.bytes, made.charger.log_id) == (1_100_000, 7)


def test_a_file_on_its_way_is_waited_for():
    made = watch()
    made.feed(Received(1.0, 5, 7, name="a.txt"))
    made.feed(grew(5.0, 10))
    assert not till(made, 100.0).over
    made.feed(Told(100.0, "UploadFailed"))
    till(made, 100 + MORE_S)
    assert made.charger.reason == "The log came: 5 bytes."


def test_a_log_that_came_beside_what_was_not_taken_says_both():
    made = watch()
    made.feed(Received(1.0, 5, 7, name="a.txt"))
    made.feed(TurnedAway(1.0, "4 uploads of this log come at once; no more are taken.", Cause.TOO_LARGE))
    till(made, 20.0)
    assert made.charger.reason == (
        "The log came: 5 bytes. Something else was not taken: 4 uploads of this log come at once; no more are taken."
    )


def test_nothing_in_any_of_them_is_empty():
    made = watch()
    made.feed(Received(1.0, 0, 7, name="a.txt"))
    assert till(made, 20.0).charger.cause is Cause.EMPTY


@pytest.mark.parametrize(
    ("cause", "ends"),
    [(Cause.NONE, Cause.NOT_TAKEN), (Cause.DISK_FULL, Cause.DISK_FULL), (Cause.TOO_LARGE, Cause.TOO_LARGE)],
)
def test_what_came_and_was_not_taken_is_said(cause, ends):
    made = watch()
    made.feed(TurnedAway(1.0, WHY, cause))
    made.feed(Told(2.0, "Uploaded"))
    till(made, 600.0)
    assert (made.charger.cause, "firewall" in made.charger.next) == (ends, False)
    if ends is Cause.NOT_TAKEN:
        assert made.charger.reason == f"It reached this computer, and what it sent was not taken. {WHY}"
    else:
        assert "kept" not in made.charger.reason


def test_a_failure_says_why_something_was_not_taken():
    made = watch()
    made.feed(TurnedAway(1.0, WHY))
    made.feed(Told(2.0, "UploadFailed"))
    till(made, 600.0)
    assert (made.charger.cause, WHY in made.charger.reason) == (Cause.UPLOAD_FAILED, True)


def test_a_part_that_is_kept_is_named_with_its_size():
    made = watch()
    made.feed(grew(1.0, 59_000_000))
    made.feed(Received(1.0, 59_000_000, 7, False, Cause.DISK_FULL, "diag.zip"))
    assert made.charger.reason == "The disk of this computer is full; what came is kept."
    assert made.charger.next == "Make room, then fetch it again. diag.zip (59.0 MB) is kept in the list of logs."
    made = watch()
    made.feed(grew(1.0, 5000))
    made.feed(Received(1.0, 5000, 7, False, Cause.NONE, "x.txt"))
    till(made, 1000.0)
    assert (made.charger.cause, "x.txt (5 kB) is kept" in made.charger.next) == (Cause.STALLED, True)
