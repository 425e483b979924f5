"""Notifications: few, gathered, each once."""

from dataclasses import replace

import pytest

from evdesk.gui.notify import Notifier
from evdesk.model import Notice, NoticeKind, Severity


@pytest.fixture
def notifier(mirror):
    return Notifier(mirror, gather_ms=20)


def notice(mirror, number, kind, charger_id, ago=0.0):
    return Notice(number, mirror.now() - ago, kind, Severity.WARN, charger_id)


def test_several_at_once_become_one(mirror, notifier, qtbot):
    with qtbot.waitSignal(notifier.said) as said:
        for n in range(1, 8):
            mirror.apply("notice", notice(mirror, n, NoticeKind.LOST, f"WB-{n:02}"))
    title, text = said.args
    assert title == "7 things need a look"
    assert text.splitlines()[0].startswith("Bay 1 silent")
    assert len(text.splitlines()) == 4


def test_one_names_the_charger_and_the_same_is_not_said_again(mirror, notifier, qtbot):
    first = notice(mirror, 1, NoticeKind.FAULT, "WB-04")
    with qtbot.waitSignal(notifier.said) as said:
        mirror.apply("notice", first)
    assert said.args[0].startswith("Bay 4 fault")
    assert said.args[1] == "Mill Lane depot"
    with qtbot.assertNotEmitted(notifier.said, wait=80):
        mirror.apply("notice", replace(first, id=2))


def test_small_things_and_old_ones_are_silent(mirror, notifier, qtbot):
    with qtbot.assertNotEmitted(notifier.said, wait=80):
        mirror.apply("notice", notice(mirror, 1, NoticeKind.PLUGGED, "WB-01"))
        mirror.apply("notice", notice(mirror, 2, NoticeKind.FAULT, "WB-01", ago=600))
