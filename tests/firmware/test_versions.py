"""Version texts as makers write them: compared where that can be done, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evdesk.firmware.versions import compare, direction, matches, matches_any, newest, pattern_fault
from evdesk.model.firmware import Direction

NEWER = [
    ("2.4.10", "2.4.9"),
    ("v1.2", "1.1.9"),
    ("V02.05", "V02.05-rc1"),
    ("V02.05-rc2", "V02.05-rc1"),
    ("V2.5rc10", "V02.05-rc9"),
    ("1.2.3-rc.1", "1.2.3-beta.7"),
    ("1.2.3-build45", "1.2.3-build9"),
    ("1.2.3 (46)", "1.2.3 (45)"),
    ("1.2.3-patch1", "1.2.3"),
    ("1.2.4-rc1", "1.2.3"),
    ("20240102", "20231231"),
    ("2024.2", "2023.12"),
    ("2024-01-10", "2024-01-09"),
    ("AC22-1.4.10", "AC22-1.4.9"),
    ("FW 1.10", "1.9"),
    ("2.4.2-g1a2b3c4", "2.4.1-g9f8e7d6"),
    ("2.4.1_20240102", "2.4.1_20231224"),
    ("1.3-DC", "1.2-DC"),
    ("7", "6"),
]
SAME = [
    ("2.4.1", " V2.4.1 "),
    ("V02.05", "2.5"),
    ("2.4", "2.4.0"),
    ("1.2.3-final", "1.2.3"),
    ("latest", "Latest"),
    ("1.2.3-RC1", "1.2.3rc1"),
]
UNTOLD = [
    ("20240102", "2.4.1"),  # a day and dotted numbers
    ("2024.1", "2.4.1"),  # a year and a counter
    ("7", "2.4.1"),
    ("AC22-1.4.3", "AC11-1.4.2"),  # two series
    ("DC 2.1", "2.0"),
    ("2.4.2-DC", "2.4.1-AC"),
    ("1.2.3", "1.2.3-build45"),  # which build the first is nobody says
    ("1.2.3b4", "1.2.3"),  # a beta, or build 4
    ("2.4.1-g1a2b3c4", "2.4.1-g9f8e7d6"),
    ("latest", "2.4.1"),
    ("", "2.4.1"),
    ("", ""),
    ("9" * 5000, "2.4.1"),
    ("²", "1"),
]


@pytest.mark.parametrize(("newer", "older"), NEWER)
def test_the_newer_is_told(newer, older):
    assert (compare(newer, older), compare(older, newer)) == (1, -1)
    assert direction(older, newer) is Direction.UPGRADE
    assert direction(newer, older) is Direction.DOWNGRADE


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_is_told(one, other):
    assert (compare(one, other), compare(other, one)) == (0, 0)
    assert direction(one, other) is Direction.SAME


@pytest.mark.parametrize(("one", "other"), UNTOLD)
def test_what_cannot_be_compared_is_not(one, other):
    assert (compare(one, other), compare(other, one)) == (None, None)
    assert direction(one, other) is Direction.UNKNOWN


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_texts_have_an_answer_and_it_turns_round(one, other):
    back = compare(other, one)
    assert compare(one, other) == (None if back is None else -back)


@pytest.mark.parametrize(
    ("version", "pattern", "told"),
    [
        ("2.3.7", "2.3.*", True),
        ("V2.3", "2.3.*", True),
        ("2.30.1", "2.3.*", False),
        ("2.9.1", "2.*", True),
        ("AC-2.3.7", "2.3.*", None),
        ("20240102", "2.3.*", None),
        ("2.3.0", "2.3.0..2.4.0", True),
        ("2.4.0", "2.3.0..2.4.0", True),
        ("2.4.1", "2.3.0..2.4.0", False),
        ("2.2.9", "2.3.0 .. 2.4.0", False),
        ("9.9", "2.3.0..", True),
        ("2.2", "2.3.0..", False),
        ("1.0", "..2.4.0", True),
        ("20240102", "2.3.0..2.4.0", None),
        ("2.3.0", "v2.3.0", True),
        ("2.3.1", "2.3.0", False),
        ("1.2.3", "1.2.3-build4", None),
        ("", "2.3.*", None),
        ("anything", "*", True),
    ],
)
def test_patterns(version, pattern, told):
    assert matches(version, pattern) is told
    assert pattern_fault(pattern) == ""


def test_one_of_several_patterns_is_enough_and_doubt_is_kept():
    assert matches_any("2.3.1", ["1.*", "2.3.*"]) is True
    assert matches_any("3.0", ["1.*", "2.3.*"]) is False
    assert matches_any("1.2.3", ["9.*", "1.2.3-build4"]) is None
    assert matches_any("1.0", []) is False


@pytest.mark.parametrize(
    "pattern", ["", " ", "..", "2.*.1", "2.3*", "*.*", "2.4.0..2.3.0", "1..2..3", "1.0..20240102", "x.*"]
)
def test_a_pattern_nobody_can_mean_is_named(pattern):
    assert pattern_fault(pattern)


def test_the_newest_of_several_and_the_last_of_those_that_cannot_be_told_apart():
    assert newest([]) is None
    assert newest(["2.4.9", "2.4.10", "2.4.1"]) == 1
    assert newest(["2.4.1", "20240102", "2.4.0"]) == 1
    assert newest(["2.4.1", "2.4.1"]) == 1
