"""tests/quirks.py is true: every row has its sources, and its tests exist; docs/quirks.md is made from it."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.quirks import QUIRKS

TESTS = Path(__file__).parent
THREAD = re.compile(r"[\w.-]+/[\w.-]+ (?:PR )?#\d+")


@cache
def text(path: str) -> str:
    return (TESTS / f"{path}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.seen[:60])
def test_a_row_has_sources_and_tests(quirk):
    assert quirk.sources
    assert all(THREAD.fullmatch(source) or source[0].isupper() for source in quirk.sources)
    assert quirk.tests or quirk.todo
    for test in quirk.tests:
        path, _, rest = test.partition("::")
        name, _, part = rest.partition(":")
        assert re.search(rf"^(?:async )?def {name}\(", text(path), re.M), test
        assert part in text(path), test


def test_no_row_stands_twice_and_few_are_open():
    assert len({quirk.seen for quirk in QUIRKS}) == len(QUIRKS)
    assert len([quirk for quirk in QUIRKS if not quirk.tests]) <= 3


def test_the_docs_are_made_from_the_table():
    check = [sys.executable, "docs/make_quirks.py", "--check"]
    assert subprocess.run(check, cwd=TESTS.parent, check=False).returncode == 0
