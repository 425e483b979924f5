"""The Firmware page: the fleet's versions, the library, policies, jobs that are found again."""

import csv
from dataclasses import fields, replace

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from evdesk.gui import jobs as gui_jobs
from evdesk.gui import launch, text
from evdesk.gui.client import LinkState
from evdesk.gui.finder import entries
from evdesk.gui.models.needs import needs
from evdesk.gui.pages import firmware_image, firmware_manifest
from evdesk.gui.pages.firmware import FirmwarePage
from evdesk.gui.pages.firmware_deeds import PathSheet, RefusedSheet, added_words, without_sidecars
from evdesk.gui.pages.firmware_head import HeadCard
from evdesk.gui.pages.firmware_image import ImageSheet, TrustSheet, file_text
from evdesk.gui.pages.firmware_library import CARD, ordered
from evdesk.gui.pages.firmware_model import BY_STATE, FleetTable, Line, natural
from evdesk.gui.pages.firmware_policy import PolicySheet
from evdesk.gui.pages.firmware_strip import lanes_of, ticks, window_of
from evdesk.gui.pages.firmware_words import image_look, image_second, policy_words, seen_words
from evdesk.gui.pages.logs_fetch import FetchSheet
from evdesk.gui.pages.registry import PAGES
from evdesk.gui.palette import find
from evdesk.gui.settings import DeskSettings
from evdesk.gui.shell import Shell
from evdesk.gui.theme import current
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import (
    BlockedVersion,
    FileState,
    FirmwarePolicy,
    FleetState,
    FleetVersions,
    Manifest,
    PolicyKind,
    SignatureState,
    VersionSpan,
)
from evdesk.model.jobs import JobState, Wave
from evdesk.wire.firmware import Added
from tests.gui import firmware_sample as fw


@pytest.fixture
def page(qtbot, night, client):
    one = FirmwarePage(night, client, current())
    qtbot.addWidget(one)
    one.resize(1112, 748)
    one.setUpdatesEnabled(False)  # the pictures are tried elsewhere; painting is most of the time
    one.went = []
    one.navigate.connect(lambda name, argument: one.went.append((name, argument)))
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: one.feed.fleet is not None and len(one.feed.one) > 0 and len(night.jobs) == 5)
    yield one
    one.on_hidden()


def sheet(qtbot, kind):
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=3000)
    return QApplication.activeModalWidget()


def labels(table):
    return [item.title if hasattr(item, "title") else item.one.label for item in table.items]


# -- the table ----------------------------------------------------------------------------------------------------


@pytest.fixture
def table(qtbot):
    one = FleetTable(lambda: fw.NOW)
    QAbstractItemModelTester(one, QAbstractItemModelTester.FailureReportingMode.Fatal)
    one.set_fleet(fw.fleet())
    return one


def test_rows_stand_in_groups_by_model_or_by_state(table):
    models = ["Nordlade N22", *(f"Bay {n}" for n in (1, 2, 3, 5, 6, 8)), "Kestrel K11", "Bay 4", "Amperion A7", "Bay 7"]
    assert labels(table) == models
    said = table.index(0, 0).data()
    assert said == "Nordlade N22, 6 chargers, in the library: 2.4.1, policy: Keep at 2.4.1 by 30 Nov, blocked: 2.3.1"
    assert table.index(3, 6).data(Qt.ItemDataRole.AccessibleTextRole) == "State: Failed"
    table.group_by(BY_STATE)
    assert labels(table)[:4] == ["Blocked", "Bay 4", "Failed", "Bay 3"]
    assert labels(table)[-4:] == ["Newest", "Bay 1", "Bay 2", "Bay 8"]


def test_a_filter_keeps_heads_of_what_is_left_and_a_state_alone_can_be_seen(table):
    table.search("2.4.0 due")
    assert labels(table) == ["Nordlade N22", "Bay 5", "Bay 6"]
    table.search("kestrel wb-04")
    assert labels(table) == ["Kestrel K11", "Bay 4"]
    table.search("")
    table.only(FleetState.NEWEST)
    assert labels(table) == ["Nordlade N22", "Bay 1", "Bay 2", "Bay 8"]


def test_a_change_of_one_charger_repaints_its_row_and_moves_none(table):
    changed, reset = [], []
    table.dataChanged.connect(lambda first, last: changed.append(first.row()))
    table.modelReset.connect(lambda: reset.append(1))
    fleet = fw.fleet()
    bays = tuple(
        replace(one, version="2.4.1", state=FleetState.NEWEST) if one.charger_id == "WB-05" else one
        for one in fleet.models[0].chargers
    )
    model = replace(fleet.models[0], chargers=bays)
    table.set_fleet(replace(fleet, models=(model, *fleet.models[1:])))
    assert reset == []
    assert 4 in changed
    assert table.index(4, 4).data() == "2.4.1"


def test_a_title_sorts_within_the_groups(table):
    table.sort(4, Qt.SortOrder.DescendingOrder)
    assert labels(table)[1:4] == ["Bay 1", "Bay 2", "Bay 8"]
    table.sort(-1)
    assert labels(table)[1:4] == ["Bay 1", "Bay 2", "Bay 3"]
    assert sorted(["2.10", "2.9", "2.4.1"], key=natural) == ["2.4.1", "2.9", "2.10"]


# -- words --------------------------------------------------------------------------------------------------------


def test_files_are_told_apart_and_only_what_was_checked_is_called_checked():
    checked, older, unsigned, cut = fw.images()
    untrusted, new = fw.untrusted_image(), fw.unknown_image()
    assert [image_look(i).word for i in (checked, unsigned, cut, untrusted, new)] == [
        "Signature checked",
        "Not signed",
        "Damaged, not used",
        "Signature fits, maker not confirmed",
        "Not described yet",
    ]
    for state in SignatureState:
        assert (image_look(replace(checked, signature=state)).role == "ok") == (state is SignatureState.VALID)
    for state in set(FileState) - {FileState.GOOD}:
        assert image_look(replace(checked, state=state)).role == "danger"
    assert image_second(checked, "2.4.1") == "From 2.3.0 up, hardware B and C"
    assert image_second(older, "2.4.1") == "The way back from 2.4.1"
    assert image_second(cut, "2.4.1") == "Cut off: 11.0 of 18.4 MB. Add it again"
    assert [i.id for i in ordered([cut, older, unsigned, checked, new])] == [
        new.id,
        unsigned.id,
        checked.id,
        older.id,
        cut.id,
    ]


def test_policies_days_and_causes_in_words():
    now = fw.NOW
    late = FirmwarePolicy("N", "M", PolicyKind.AT_LEAST, "2.4", fw.at(11, 1))
    assert policy_words(late, now) == "At least 2.4 since 1 Nov"
    assert policy_words(None, now) == "None"
    assert text.since(fw.at(11, 24, 23, 52), now) == "23:52"
    assert text.since(fw.at(9, 3), now) == "3 Sep"
    assert text.date(fw.at(9, 3) - 366 * fw.DAY, now) == "2 Sep 2025"
    assert [seen_words(row) for row in fw.history("WB-03")] == [
        "2.4.0 stays: download failed",
        "2.3.2 to 2.4.0, job 96",
        "2.3.0 to 2.3.2, job 61",
        "First seen with 2.3.0",
    ]
    assert seen_words(fw.history("WB-07")[0]) == "1.8.4 to 1.9.0, not by evdesk, noticed at its boot"


def test_the_strip_begins_with_a_month_and_ends_now():
    lanes = lanes_of(fw.fleet().models, fw.NOW)
    assert [lane.spans[-1].version for lane in lanes] == ["2.4.1", "5.1.3", "1.9.0"]
    start, end = window_of(lanes, fw.NOW)
    assert (text.date(start, fw.NOW), end) == ("1 Mar", fw.NOW)
    assert [name for _, name in ticks((start, end))][:2] == ["Mar", "Apr"]
    young = [replace(fw.fleet().models[0], timeline=(VersionSpan("1.0", fw.NOW - 60),))]
    assert window_of(lanes_of(young, fw.NOW), fw.NOW)[0] == fw.NOW - 14 * fw.DAY
    assert lanes_of([replace(young[0], timeline=())], fw.NOW) == []


# -- the page -----------------------------------------------------------------------------------------------------


def test_the_head_counts_and_updates_one_file_at_a_time(page):
    assert page.head.figure.value() == "3 of 8 on the newest image"
    assert page.head.bar.accessibleName() == "Newest 3, Behind 2, Failed 1, Blocked 1, Changed 1"
    assert page.head.update_button.text() == "Update 4 chargers"
    choices = page.head.menu().actions()
    assert [one.text() for one in choices] == [
        "Nordlade N22 to 2.4.1:  Bay 3, Bay 5, Bay 6",
        "Kestrel K11 to 5.2.8:  Bay 4",
    ]
    choices[0].trigger()
    assert page.went == [("update", {"charger_ids": ["WB-03", "WB-05", "WB-06"], "image_id": "9c4177ab"})]


def test_chargers_that_an_update_has_already_are_not_offered_another(page, night):
    going = replace(fw.running_update(), waves=(Wave(1, "All", ("WB-03", "WB-05", "WB-06")),))
    night.put_job(going)
    assert page.head.update_button.text() == "Update 1 charger"
    night.put_job(replace(going, waves=(Wave(1, "All", ("WB-03", "WB-04", "WB-05", "WB-06")),)))
    assert not page.head.update_button.isEnabled()
    assert page.head.legend.why.text() == "Those that are behind are in an update that goes on."
    night.put_job(replace(going, state=JobState.FINISHED, ended_at=fw.NOW))
    assert page.head.update_button.text() == "Update 4 chargers"


def test_with_one_file_the_button_goes_at_once_and_without_any_it_says_why(qtbot, night):
    card = HeadCard()
    qtbot.addWidget(card)
    asked = []
    card.update_asked.connect(lambda ids, image_id: asked.append((ids, image_id)))
    fleet = fw.fleet()
    card.show_fleet(replace(fleet, models=fleet.models[:1]), fw.images(), "")
    card.update_button.click()
    assert asked == [(["WB-03", "WB-05", "WB-06"], "9c4177ab")]
    many = fw.crowd(200)
    card.show_fleet(many, fw.images(), "")
    wanted = sum(many.counts[state] for state in (FleetState.BEHIND, FleetState.BLOCKED, FleetState.FAILED))
    assert card.update_button.text() == f"Update {wanted} chargers"
    card.show_fleet(fleet, fw.images(), "The engine does not answer.")
    assert (card.update_button.isEnabled(), card.legend.why.text()) == (False, "The engine does not answer.")
    card.show_fleet(replace(fleet, models=fleet.models[2:], counts={"changed": 1}), fw.images(), "")
    assert "is on the newest one" in card.update_button.toolTip()
    card.show_fleet(fleet.__class__(models=fleet.models[2:], counts={}), [], "")
    assert "Add the maker's file" in card.update_button.toolTip()


def test_the_one_that_failed_is_selected_with_its_history(page):
    assert page.feed.charger_id == "WB-03"
    assert page.side.title_of_one.text() == "Bay 3, its versions"
    assert [row.cells for row in page.side.dots.rows.rows][:2] == [
        ("23:58", "2.4.0 stays: download failed"),
        ("3 Sep", "2.3.2 to 2.4.0, job 96"),
    ]
    page.side.dots._pressed(page.side.dots.rows.index(1, 0))
    page.side.update_button.click()
    page.side.logs_button.click()
    to_update = {"charger_ids": ["WB-03"], "image_id": "9c4177ab"}
    assert page.went == [("job", 96), ("update", to_update), ("logs", "WB-03")]


def test_buttons_of_a_charger_say_why_they_are_off(page, qtbot, night):
    page.go("WB-07")
    qtbot.waitUntil(lambda: page.side.title_of_one.text().startswith("Bay 7"))
    assert "no file for it" in page.side.update_button.toolTip()
    assert "offline" in page.side.logs_button.toolTip()
    night.apply("charger", replace(night.chargers["WB-03"], capabilities=()))
    night.flush()
    page.go("WB-03")
    qtbot.waitUntil(lambda: page.side.title_of_one.text().startswith("Bay 3"))
    assert page.side.update_button.toolTip() == "Update firmware is off: this charger cannot do it."


def test_a_low_window_cuts_no_image_of_the_library_and_says_how_many_more_there_are(page, qtbot):
    size = page.size()
    for high in (480, 560, 640, 748):
        page.resize(1112, high)
        QApplication.processEvents()
        images, more = page.side.list, page.side.list.more
        qtbot.waitUntil(lambda: page.side.list.verticalScrollBar().maximum() == 0 or page.side.list.more.isVisible())
        if more.isVisible():
            shown = (more.y() - images.viewport().y()) // CARD
            assert (more.y() - images.viewport().y()) % CARD == 0
            assert more.words() == f"{len(images.rows.rows) - shown} more"
    page.resize(size)


def test_rows_that_were_heads_are_as_high_as_the_others(page):
    for segment in ("state", "model"):
        page.go(segment)
        view, items = page.list.view, page.list.table.items
        heights = {view.rowHeight(row) for row, item in enumerate(items) if isinstance(item, Line)}
        assert len(heights) == 1, segment


def test_the_legend_narrows_and_the_filter_is_taken_away(page):
    page.head.legend.items[FleetState.BEHIND].click()
    assert labels(page.list.table) == ["Nordlade N22", "Bay 5", "Bay 6"]
    page.list.search.setText("nothing like this")
    assert page.list.empty.title.text() == "Nothing fits the filter"
    page.list.empty.button.click()
    assert len(page.list.table.lines()) == 8
    assert not page.head.legend.items[FleetState.BEHIND].isChecked()


def test_history_and_jobs_are_segments_and_lead_on(page, qtbot):
    page.go("history")
    qtbot.waitUntil(lambda: len(page.list.seen.rows.rows) == len(fw.history()))
    assert page.list.seen.rows.rows[0].cells[1:5] == ("Bay 3", "2.4.0 stays", "Update failed", "download failed")
    page.list.search.setText("not by evdesk")
    assert [row.cells[1] for row in page.list.seen.rows.rows] == ["Bay 7"]
    page.list.search.clear()
    page.go("jobs")
    assert page.place() == "jobs"
    assert [row.cells[:4] for row in page.list.jobs.rows.rows][:2] == [
        ("119", "Diagnostics of Bay 3", "Done", "1 done"),
        ("118", "Update to Nordlade N22 2.4.1", "Failed", "3 done, 1 failed, 2 left out"),
    ]
    page.list.jobs.selectRow(1)
    page.list.open.click()
    page.list.jobs.selectRow(0)
    page.list.open.click()
    assert page.went == [("job", 118), ("logs", "job/119")]
    for rows in (page.list.seen.rows, page.list.jobs.rows, page.list.versions.rows, page.side.list.rows):
        QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal)


def test_a_job_that_goes_on_has_a_strip_and_its_end_reads_the_fleet_again(page, client, night, qtbot):
    assert page.strips.isHidden()
    night.put_job(fw.running_update())
    row = page.strips.rows[0]
    assert row.title.text() == "Update to Nordlade N22 2.4.1, job 120"
    assert row.says.text() == "1 done, 3 running, 2 waiting · all done about 00:22"
    row.open.click()
    assert page.went == [("job", 120)]
    night.put_job(replace(fw.running_update(), id=121, state=JobState.PAUSED))
    night.put_job(replace(fw.running_update(), id=122))
    assert page.strips.more.text() == "1 more job"
    page.strips.more.click()
    assert page.list.segment() == "jobs"
    before = len(client.asked("firmware.fleet"))
    for number in (120, 121, 122):
        over = {"succeeded": 6}
        night.put_job(replace(fw.running_update(), id=number, state=JobState.FINISHED, counts=over, ended_at=fw.NOW))
    assert page.strips.isHidden()
    qtbot.waitUntil(lambda: len(client.asked("firmware.fleet")) == before + 1)
    assert page.head.legend.job.look.word.startswith("Job 122")
    page.head.legend.job.click()
    assert page.went[-1] == ("job", 122)


def test_the_rail_and_the_bell_know_of_jobs(night):
    assert gui_jobs.rail_number(night) == ""
    night.put_job(fw.running_update())
    assert gui_jobs.rail_number(night) == "5 left"
    night.put_job(replace(fw.running_update(), state=JobState.PAUSED, waits_for="Stopped after 1 failure"))
    need = next(one for one in needs(night) if one.key == "job/120")
    assert (need.page, need.argument, need.detail) == ("job", 120, "Stopped after 1 failure")


def test_events_read_again_once_and_f5_too(page, client, night, qtbot):
    before = len(client.asked("firmware.fleet"))
    for _ in range(5):
        night.firmware_changed.emit()
    qtbot.waitUntil(lambda: len(client.asked("firmware.fleet")) == before + 1)
    QTest.keyClick(page, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: len(client.asked("firmware.fleet")) == before + 2)
    page.on_hidden()
    night.firmware_changed.emit()
    assert not page.feed._timer.isActive()


def test_a_lost_engine_leaves_the_table_and_takes_the_deeds(page, client):
    client.go(LinkState.LOST, "gone")
    assert len(page.list.table.lines()) == 8
    assert page.list.view.cells.muted_all
    for button in (page.fetch, page.side.add, page.side.update_button, page.side.logs_button, page.head.update_button):
        assert not button.isEnabled()
        assert "engine does not answer" in button.toolTip()


def test_a_failing_engine_is_said_above_the_table(page, client, qtbot):
    client.answers["firmware.fleet"] = EvdeskError(Reason.STORAGE, "The disk is full. Free some room.")
    page.feed.read()
    qtbot.waitUntil(lambda: page.note.words.text() == "The disk is full. Free some room.")
    assert len(page.list.table.lines()) == 8
    client.answers["firmware.fleet"] = fw.fleet()
    page.feed.read()
    qtbot.waitUntil(page.note.isHidden)


def test_empty_pages_say_what_to_do_next(qtbot, night, client):
    client.answers |= {"firmware.fleet": FleetVersions(), "firmware.images": [], "job.list": []}
    page = FirmwarePage(night, client, current())
    qtbot.addWidget(page)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: page.feed.images is not None)
    assert page.list.empty.title.text() == "No version told yet"
    assert page.side.stack.currentWidget() is page.side.empty
    assert page.side.empty.button.text() == "Add the maker's file"
    night.chargers.clear()
    night._order()
    page.list.refresh()
    went = []
    page.navigate.connect(lambda name, argument: went.append(name))
    page.list.empty.button.click()
    assert went == ["connect"]
    page.go("jobs")
    assert page.list.empty.title.text() == "No job yet"
    page.on_hidden()


def test_the_table_goes_out_as_csv_and_as_tabs_and_the_strip_as_a_table(page, tmp_path):
    page.list.exports.save_table(tmp_path / "fleet.csv")
    rows = list(csv.reader((tmp_path / "fleet.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 9
    assert rows[3][:3] == ["Bay 3", "Nordlade N22", "NL22-204421"]
    page.list.exports.copy_table()
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied[0].split("\t")[:2] == ["Charger", "Model"]
    assert len(copied) == 9
    page.list.versions.turn()
    assert not page.list.versions.twin.isHidden()
    assert page.list.versions.rows.rows[0].cells == ("Nordlade N22", "2.4.1", "24 Nov", "now")
    page.list.exports.save_picture(tmp_path / "strip.png")
    assert (tmp_path / "strip.png").stat().st_size > 500
    failed = []
    page.list.exports.failed.connect(failed.append)
    page.list.exports.save_table(tmp_path / "no such" / "fleet.csv")
    assert "cannot be written" in failed[0]


def test_a_lane_of_the_strip_leads_to_its_model(page, qtbot):
    strip = page.list.versions.strip
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(200, round(strip.pitch() * 1.5)))
    item = page.list.table.item(page.list.view.currentIndex().row())
    assert item.title == "Kestrel K11"


# -- policies -----------------------------------------------------------------------------------------------------


def test_return_on_a_head_opens_its_policy_which_is_saved(page, client, qtbot):
    client.answers["firmware.policy"] = FirmwarePolicy("Nordlade", "N22", PolicyKind.AT_LEAST, "2.4.0")
    page.list.view.selectRow(0)
    QTest.keyClick(page.list.view, Qt.Key.Key_Return)
    one = sheet(qtbot, PolicySheet)
    assert one.versions == ["2.4.1", "2.4.0"]
    assert one.policy().kind is PolicyKind.KEEP_AT
    assert text.date(one.policy().by_at, fw.NOW) == "30 Nov"
    one.kind._group.button(2).click()
    one.version.setCurrentText("2.4.0")
    one.ends.setChecked(False)
    one.save.click()
    qtbot.waitUntil(lambda: bool(client.asked("firmware.policy")))
    asked = client.asked("firmware.policy")[0]
    assert (asked.vendor, asked.model, asked.kind, asked.version, asked.by_at) == (
        "Nordlade",
        "N22",
        PolicyKind.AT_LEAST,
        "2.4.0",
        None,
    )
    one.version.setCurrentText(" ")
    assert not one.save.isEnabled()
    one.reject()


def test_a_version_is_blocked_with_its_reason_and_allowed_again(page, client, qtbot):
    page.deeds.open_model(fw.fleet().models[1], fw.images())
    one = sheet(qtbot, PolicySheet)
    assert not one.block.isEnabled()
    one.bad.setCurrentText("5.2.0")
    one.why.setText("bricks on a cold start")
    one.block.click()
    qtbot.waitUntil(lambda: BlockedVersion("5.2.0", "bricks on a cold start") in one.blocked)
    asked = client.asked("firmware.block")[0]
    assert (asked.version, asked.why, asked.blocked) == ("5.2.0", "bricks on a cold start", True)
    client.spawn(one._allow(one.blocked[0]))
    qtbot.waitUntil(lambda: [b.version for b in one.blocked] == ["5.2.0"])
    assert client.asked("firmware.block")[1].blocked is False
    one.reject()


# -- the library --------------------------------------------------------------------------------------------------


def test_the_form_covers_the_whole_manifest_and_reads_back_what_it_shows():
    assert set(firmware_manifest.FIELDS) == {field.name for field in fields(Manifest)}
    whole = replace(
        fw.N22,
        blocked=(BlockedVersion("2.3.1", "hangs: twice"), BlockedVersion("2.2")),
        certificate="PEM",
        notes="a\nb",
    )
    typed = {name: firmware_manifest.shown(field, whole) for name, field in firmware_manifest.FIELDS.items()}
    assert firmware_manifest.manifest_of(typed) == whole
    empty = {name: firmware_manifest.shown(field, Manifest()) for name, field in firmware_manifest.FIELDS.items()}
    assert firmware_manifest.manifest_of(empty) == Manifest()
    with pytest.raises(EvdeskError, match="Restarts: type a whole number"):
        firmware_manifest.manifest_of(typed | {"reboots": "1.5"})


def test_an_image_is_described_and_saved(page, client, qtbot):
    client.answers["firmware.manifest"] = lambda p: replace(
        fw.unknown_image(), manifest=p.manifest, usable=True, why_not="", unknown=("hardware",)
    )
    page.deeds.open_image(fw.unknown_image())
    one = sheet(qtbot, ImageSheet)
    assert one.fields["vendor"].hasFocus()
    assert not one._marks["models"].isHidden()
    one.fields["vendor"].setText("Nordlade")
    one.fields["models"].setText("N22, N11")
    one.fields["version"].setText("2.5.0")
    one.fields["minutes"].setText("a while")
    one.save.click()
    qtbot.waitUntil(lambda: one._error.text().startswith("Minutes: type a number"))
    assert not client.asked("firmware.manifest")
    one.fields["minutes"].setText("7,5")
    one.save.click()
    qtbot.waitUntil(lambda: one.told.text() == "Saved. It may be sent.")
    sent = client.asked("firmware.manifest")[0]
    assert (sent.image_id, sent.manifest.models, sent.manifest.minutes) == ("e3b0c442", ("N22", "N11"), 7.5)
    assert one.heading.text() == "Nordlade N22/N11 2.5.0"
    assert one._marks["models"].isHidden()
    one.reject()


def test_a_certificate_is_confirmed_by_a_person_who_compared_it(page, client, qtbot):
    checked = replace(fw.untrusted_image(), signature=SignatureState.VALID, trusted=True)
    client.answers["firmware.trust"] = lambda p: checked
    client.answers["firmware.distrust"] = lambda p: fw.untrusted_image()
    page.deeds.open_image(fw.untrusted_image())
    one = sheet(qtbot, ImageSheet)
    one.trust.click()
    asks = sheet(qtbot, TrustSheet)
    assert asks.print.text().startswith("B71E 40C2 9D5F")
    assert not asks.keep.isEnabled()
    asks.agree.setChecked(True)
    asks.keep.click()
    qtbot.waitUntil(lambda: bool(client.asked("firmware.trust")))
    asked = client.asked("firmware.trust")[0]
    assert (asked.image_id, asked.fingerprint) == ("ab12cd34", fw.FINGERPRINT)
    qtbot.waitUntil(lambda: one.chip.look().word == "Signature checked")
    assert one.trust.isHidden()
    one.distrust.click()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() not in (None, one))
    QApplication.activeModalWidget().reject()  # kept
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is one)
    assert not client.asked("firmware.distrust")
    qtbot.waitUntil(one.distrust.isEnabled)
    one.distrust.click()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() not in (None, one))
    QApplication.activeModalWidget().done(1)
    qtbot.waitUntil(lambda: bool(client.asked("firmware.distrust")))
    assert client.asked("firmware.distrust")[0].fingerprint == fw.FINGERPRINT
    qtbot.waitUntil(lambda: one.distrust.isHidden())
    assert not one.trust.isHidden()
    one.reject()


def test_an_image_is_taken_out_after_a_question(page, client, qtbot):
    page.side.list._pressed(page.side.list.rows.index(0, 0))
    sheet(qtbot, ImageSheet).remove.click()
    qtbot.waitUntil(lambda: not isinstance(QApplication.activeModalWidget(), ImageSheet))
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    asks = QApplication.activeModalWidget()
    assert "Take Nordlade N22 2.4.1 out" in asks.heading.text()
    asks.done(1)
    qtbot.waitUntil(lambda: [p.image_id for p in client.asked("firmware.remove")] == ["9c4177ab"])


def test_dropped_files_are_added_and_one_nobody_knows_is_described(page, client, qtbot, tmp_path):
    client.answers["firmware.add"] = lambda p: Added("e3b0c442", [fw.unknown_image()])
    dragged = QMimeData()
    dragged.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.bin", "a.bin.toml")])
    copy, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, dragged, button, none)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    assert page.veil.isVisible()
    QApplication.sendEvent(page, QDropEvent(QPointF(50, 50), copy, dragged, button, none))
    assert not page.veil.isVisible()
    one = sheet(qtbot, ImageSheet)
    assert [p.path for p in client.asked("firmware.add")] == [str(tmp_path / "a.bin")]
    one.reject()


def test_text_that_is_dragged_is_not_taken(page):
    words = QMimeData()
    words.setText("n22.bin")
    copy, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, words, button, none)
    QApplication.sendEvent(page, enter)
    assert page.veil.isHidden()


def test_refused_files_are_named_with_why_and_the_rest_is_in(page, client, qtbot, tmp_path):
    def answer(params):
        if params.path.endswith("bad.bin"):
            raise EvdeskError(Reason.INVALID, "The file is empty.")
        return Added("9c4177ab", fw.images()[:1], [], {"note.txt": "It is no firmware."})

    client.answers["firmware.add"] = answer
    page.deeds.add_paths([tmp_path / "bad.bin", tmp_path / "folder"])
    one = sheet(qtbot, RefusedSheet)
    assert one.heading.text() == "2 files were not added"
    shown = " ".join(label.text() for label in one.findChildren(type(one.heading)))
    assert "bad.bin: The file is empty." in shown
    assert "note.txt: It is no firmware." in shown
    one.done(1)


def test_a_description_that_stays_is_told(page, client, qtbot, tmp_path):
    image = fw.images()[0]
    client.answers["firmware.add"] = lambda p: Added(image.id, [image], [image.id], {}, {"a.bin": "It stays."})
    page.deeds.add_paths([tmp_path / "a.bin"])
    one = sheet(qtbot, RefusedSheet)
    assert one.heading.text() == "The description in the library stays"
    assert "a.bin: It stays." in " ".join(label.text() for label in one.findChildren(type(one.heading)))
    one.done(1)


def test_what_came_of_adding_in_words(tmp_path):
    signed, older = fw.images()[:2]
    assert added_words([signed], []) == "Nordlade N22 2.4.1 is in the library"
    assert added_words([signed, older], [older.id]) == "Nordlade N22 2.4.1 is in the library; 1 were there already"
    assert added_words([signed], [signed.id]) == "That was in the library already"
    names = ["n22.bin", "n22.toml", "k11.fw", "k11.fw.json", "lone.toml"]
    assert [p.name for p in without_sidecars([tmp_path / n for n in names])] == ["n22.bin", "k11.fw", "lone.toml"]


def test_files_and_folders_are_chosen_without_blocking(page, client, qtbot, tmp_path):
    client.answers["firmware.add"] = lambda p: Added("9c4177ab", fw.images()[:1])
    page.go("add")
    dialog = sheet(qtbot, QFileDialog)
    dialog.reject()
    qtbot.waitUntil(lambda: not page.deeds._busy)
    page.side.export_asked.emit()
    dialog = sheet(qtbot, QFileDialog)
    assert dialog.fileMode() is QFileDialog.FileMode.Directory
    dialog.setDirectory(str(tmp_path))
    dialog.done(1)
    qtbot.waitUntil(lambda: bool(client.asked("firmware.export")))
    assert client.asked("firmware.export")[0].folder == str(tmp_path)


def test_a_desk_elsewhere_gives_the_path_on_the_engines_computer(page, client, qtbot, monkeypatch):
    monkeypatch.setattr(client, "host", "10.0.0.5")
    client.answers["firmware.add"] = lambda p: Added("9c4177ab", fw.images()[:1])
    page.side.add_files_asked.emit()
    one = sheet(qtbot, PathSheet)
    assert not one.keep.isEnabled()
    one.path.setText("/srv/firmware/n22.bin")
    one.keep.click()
    qtbot.waitUntil(lambda: [p.path for p in client.asked("firmware.add")] == ["/srv/firmware/n22.bin"])
    dragged = QMimeData()
    dragged.setUrls([QUrl.fromLocalFile("/here/n22.bin")])
    copy, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(page, QDragEnterEvent(QPoint(50, 50), copy, dragged, button, none))
    assert page.veil.isHidden()


def test_a_signature_file_becomes_text(tmp_path):
    (tmp_path / "n22.sig").write_bytes(bytes(range(200, 230)))
    (tmp_path / "maker.pem").write_text("-----BEGIN CERTIFICATE-----\nAA\n")
    assert file_text(tmp_path / "maker.pem") == "-----BEGIN CERTIFICATE-----\nAA"
    assert file_text(tmp_path / "n22.sig").startswith("yMnKy8zN")
    (tmp_path / "large").write_bytes(b"x" * (firmware_image.MOST + 1))
    for name in ("large", "missing"):
        with pytest.raises(EvdeskError):
            file_text(tmp_path / name)


def test_an_image_that_is_asked_for_early_opens_when_it_has_been_read(qtbot, night, client):
    page = FirmwarePage(night, client, current())
    qtbot.addWidget(page)
    page.show()
    page.go("image/71b271b2")
    page.on_shown()
    one = sheet(qtbot, ImageSheet)
    assert one.image.id == "71b271b2"
    one.reject()
    page.on_hidden()


def test_only_one_sheet_opens(page, qtbot):
    page.deeds.open_image(fw.images()[0])
    page.deeds.open_image(fw.images()[1])
    one = sheet(qtbot, ImageSheet)
    assert one.image.id == "9c4177ab"
    one.reject()
    qtbot.waitUntil(lambda: not page.deeds._busy)


def test_rail_keys_and_finder_lead_to_firmware_and_logs(qtbot, night, client, tmp_path):
    settings = DeskSettings(tmp_path / "desk.ini")
    settings.put("window/page", "firmware")
    shell = Shell(night, client, current(), settings, launch.LocalEngine(tmp_path, may_start=False), PAGES)
    qtbot.addWidget(shell)
    shell.show()
    names = list(shell.rail.items)
    assert names.index("balancing") + 1 == names.index("firmware") == names.index("insights") - 1
    assert isinstance(shell.navigator.current(), FirmwarePage)
    night.put_job(fw.running_update())
    shell.refresh()
    assert shell.rail.items["firmware"].accessibleName() == "Firmware, 5 left"
    found = entries(night, shell.navigator, shell.deeds, names)
    assert next(e for e in found if e.title == "Firmware").keys == f"Ctrl+{names.index('firmware') + 1}"
    assert find(found, "nordlade job 120")[0].title == "Job 120: Nordlade N22 2.4.1"
    assert find(found, "update bay 2")[0].title == "Update firmware of Bay 2…"
    find(found, "fetch logs bay 2")[0].run()
    asks = sheet(qtbot, FetchSheet)
    assert (shell.navigator.current().name, asks.charger.currentData()) == ("logs", "WB-02")
    assert shell.rail.items["firmware"].isChecked()
    asks.reject()
    find(found, "history versions")[0].run()
    assert shell.navigator.current().list.segment() == "history"
    client.go(LinkState.LOST, "gone")
    off = find(entries(night, shell.navigator, shell.deeds, names), "fetch logs bay 2")[0]
    assert not off.enabled
    shell.hide()
    shell.navigator.current().on_hidden()
