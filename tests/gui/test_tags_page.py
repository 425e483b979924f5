"""The Tags page: who may charge, a card at a reader in every spelling, files, the list in the chargers."""

from dataclasses import replace

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.models.needs import needs
from evdesk.gui.pages.tags import TagsPage
from evdesk.gui.pages.tags_ask import TagImportSheet, TagSheet
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from evdesk.model import EvdeskError, Reason
from evdesk.model.tags import Presented, TagLine, TagPolicy
from evdesk.wire.methods import Done
from tests.gui import sample


@pytest.fixture
def page(qtbot, mirror, client):
    current().apply(QApplication.instance(), "light")
    one = TagsPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1112, 748)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: bool(one.model.rows) and bool(one.lists.states))
    yield one
    one.on_hidden()


def names(page):
    return [row.cells[0] for row in page.model.rows]


def press(qtbot, kind, button=-1):
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=5000)
    sheet = QApplication.activeModalWidget()
    sheet.findChildren(Button)[button].click()
    return sheet


def test_the_list_says_state_and_is_searched(page):
    QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert page.subtitle() == "4 in the list"
    assert [row.cells[1] for row in page.model.rows] == ["Accepted", "Accepted", "Expired", "Blocked"]
    page.search.setText("van fleet")
    assert names(page) == ["04A37B9F22", "04A37B9F23"]
    page.go("0B5C")
    assert names(page) == ["0B5C77D1"]


def test_the_newest_card_is_shown_with_its_spellings(page):
    panel = page.panel
    assert panel.tag.text() == "04A1B2C3"
    assert panel.chip.look().word == "Unknown, refused"
    forms = {form.form.text(): form.value.text() for form in panel.forms if form.isVisible()}
    assert forms["hex, bytes reversed"] == "C3B2A104"
    assert forms["decimal"] == str(0x04A1B2C3)
    assert "4 bytes" in panel.notes.text()


def test_an_unknown_card_is_accepted_with_one_click(page, client, qtbot):
    page.panel.accept.click()
    qtbot.waitUntil(lambda: bool(client.asked("tag.put")))
    tag = client.asked("tag.put")[0].tags[0]
    assert (tag.id_tag, tag.status) == ("04A1B2C3", "Accepted")
    qtbot.waitUntil(lambda: page.report.words.text() == "04A1B2C3 may charge.")


def test_a_card_read_the_other_way_round_is_the_one_of_the_list(page, client, qtbot):
    page.recent.selectRow(1)
    assert page.panel.tag.text() == "D1775C0B"
    assert "In the list as 0B5C77D1 (hex, bytes reversed)" in page.panel.where.text()
    page.panel.accept.click()
    qtbot.waitUntil(lambda: bool(client.asked("tag.put")))
    tag = client.asked("tag.put")[0].tags[0]
    assert (tag.id_tag, tag.note) == ("0B5C77D1", "Lost in March")


def test_a_card_held_to_a_reader_appears_at_once(page, mirror):
    page.recent.selectRow(2)
    mirror.apply("tag", Presented(sample.NOW, "WB-05", "AABBCCDD", "Accepted", 1))
    assert page.panel.tag.text() == "AABBCCDD"
    assert page.shown.rows[0].cells[:2] == ("AABBCCDD", "Bay 5")


def test_an_unknown_card_waits_in_the_bell_until_it_is_known(page, mirror):
    card = Presented(sample.NOW, "WB-05", "AABBCCDD", "Invalid", 1, unknown=True)
    mirror.apply("tag", card)
    need = next(need for need in needs(mirror) if need.key == "tag/AABBCCDD")
    assert (need.title, need.page) == ("Bay 5 refused an unknown card", "tags")
    count = len(page.presented)
    mirror.apply("tag", replace(card, unknown=False))
    assert not [need for need in needs(mirror) if need.key.startswith("tag/")]
    assert len(page.presented) == count  # the same card, not a second one


def test_the_policy_is_chosen_and_said(page, client, qtbot):
    assert page.chooser.current() == "ask"
    assert "unknown card is refused" in page.meaning.text()
    page.chooser.changed.emit("list")
    qtbot.waitUntil(lambda: bool(client.asked("tag.policy")))
    assert client.asked("tag.policy")[0].policy is TagPolicy.LIST


def test_a_tag_is_added_changed_and_taken_out(page, client, qtbot):
    page.add.click()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), TagSheet))
    sheet = QApplication.activeModalWidget()
    assert not sheet.keep.isEnabled()
    sheet.ident.setText(" CAFE01 ")
    sheet.ends.setChecked(True)
    sheet.keep.click()
    qtbot.waitUntil(lambda: bool(client.asked("tag.put")))
    tag = client.asked("tag.put")[0].tags[0]
    assert tag.id_tag == "CAFE01"
    assert tag.expires_at is not None

    page.table.selectRow(0)
    page.delete.click()
    press(qtbot, Sheet)
    qtbot.waitUntil(lambda: bool(client.asked("tag.delete")))
    assert client.asked("tag.delete")[0].id_tags == ["04A37B9F22"]


def test_a_file_is_shown_before_it_counts(page, client, qtbot, tmp_path):
    client.answers["tag.import"] = [TagLine(2, "AA", "new"), TagLine(3, "", "bad", "This line has no tag.")]
    file = tmp_path / "tags.csv"
    file.write_text("tag\nAA\n,\n")
    page.deeds.open_file(file)
    press(qtbot, TagImportSheet)
    qtbot.waitUntil(lambda: len(client.asked("tag.import")) == 2)
    assert [p.dry_run for p in client.asked("tag.import")] == [True, False]


def test_the_list_goes_to_all_chargers_that_differ_and_are_there(page, client, qtbot):
    client.answers["tag.sync"] = lambda p: Done(status="Accepted", after="13")
    states = {row.cells[0]: row.state.word for row in page.lists.model.rows}
    assert states == {"Bay 1": "Same, 4 tags", "Bay 2": "Differs", "Bay 4": "Not complete", "Bay 7": "Never sent"}
    page.lists.send_all.click()
    qtbot.waitUntil(lambda: "2 of 2 took it" in page.lists.report.words.text())
    assert [p.charger_id for p in client.asked("tag.sync")] == ["WB-02", "WB-04"]  # Bay 7 is offline


def test_a_charger_that_refuses_the_list_is_named(page, client, qtbot):
    client.answers["tag.sync"] = EvdeskError(Reason.UNSUPPORTED, "This charger takes no list of tags.")
    page.lists.table.selectRow(1)
    page.lists.send.click()
    qtbot.waitUntil(lambda: "takes no list" in page.lists.report.words.text())
    assert page.lists.report.words.text().startswith("Bay 2")


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_every_theme_paints_it(page, theme):
    current().apply(QApplication.instance(), theme)
    assert not page.grab().isNull()
