"""docs/will-not-connect.md tells every verdict the page knows, with the same word, and each has something to do."""

import re
from pathlib import Path

import pytest

from evdesk.drivers import verdicts as engine
from evdesk.gui.dialogs.wont_connect import FIRST
from evdesk.gui.pages.connect_verdicts import ODD, VERDICTS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "will-not-connect.md").read_text(encoding="utf-8")
ROWS = {
    cells[2].strip("` "): [cell.strip() for cell in cells[1:-1]]
    for line in TEXT.splitlines()
    if len(cells := line.split("|")) == 6 and "`" in cells[2]
}


def test_the_page_and_the_docs_know_the_same_verdicts():
    assert set(ROWS) == set(VERDICTS)


def test_the_page_has_words_for_every_verdict_of_the_engine():
    assert set(engine.VERDICTS) <= set(VERDICTS)
    assert {*engine.ODD_WORDS, *engine.CARE_WORDS} <= set(ODD)


@pytest.mark.parametrize("verdict", list(VERDICTS))
def test_a_verdict_has_its_word_a_meaning_and_a_way_out(verdict):
    word, _, means, do = ROWS[verdict]
    assert word == VERDICTS[verdict].word.rstrip(".")
    assert len(means) > 20
    assert do.endswith(".")
    assert not re.search(r"[{}]", means + do)


def test_everything_odd_is_told():
    assert all(f"| `{word}` | {text} |" in TEXT for word, text in ODD.items())


def test_the_first_things_to_look_at_are_those_of_the_desk():
    assert re.findall(r"^\d\. \*\*(.+?)\.?\*\*", TEXT, re.M) == [title for title, _ in FIRST]


def test_pictures_in_the_docs_exist():
    for page in DOCS.glob("*.md"):
        for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (DOCS / picture).is_file(), f"{page.name}: {picture}"
