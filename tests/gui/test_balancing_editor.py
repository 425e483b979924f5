"""Editing a site in place: the tree, undo, what the engine says, what it refuses, files."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from evdesk.balance import validate_site
from evdesk.gui import theme
from evdesk.gui.client import LinkState
from evdesk.gui.pages import balancing_edits as edits
from evdesk.gui.pages.balancing import BalancingPage
from evdesk.model import Bay, CapGroup, CapRule, Circuit, EvdeskError, GridType, PriceRule, Reason, Site
from evdesk.wire.site import ImportedSite, SiteFile, SiteProblems
from tests.gui import sample


@pytest.fixture
def page(qapp, qtbot, mirror, client):
    theme.current().apply(qapp, "light")
    client.answers["site.check"] = lambda asked: SiteProblems(validate_site(asked.site))
    client.answers["site.put"] = lambda asked: asked.site
    one = BalancingPage(mirror, client, theme.current())
    qtbot.addWidget(one)
    one.resize(1112, 748)
    one.show()
    one.on_shown()
    qtbot.mouseClick(one.site.edit, Qt.MouseButton.LeftButton)
    assert one.editing.active
    return one


def draft(page):
    return page.editing.draft


# -- the pure changes -----------------------------------------------------------------------------------------------------


def test_removing_a_circuit_hangs_its_children_and_bays_higher():
    site = replace(sample.site(), circuits=(*sample.site().circuits, Circuit("Row", (20.0,) * 3, "Garage")))
    gone = edits.remove_circuit(site, "Garage")
    assert gone.circuit("Row").parent == "Main"
    assert {b.circuit for b in gone.bays if b.label in ("Bay 1", "Bay 4")} == {"Main"}
    assert edits.remove_circuit(site, "Main") == site
    assert edits.remove_circuit(site, "nothing") == site


def test_renaming_takes_children_and_bays_along():
    site = edits.rename_circuit(sample.site(), "Main", "House")
    assert {c.parent for c in site.circuits} == {"", "House"}
    site = edits.rename_circuit(site, "Garage", "Hall")
    assert sum(b.circuit == "Hall" for b in site.bays) == 4
    assert validate_site(replace(site, circuits=tuple(replace(c, other_max_a=(1,) * 3) for c in site.circuits))) == []


def test_no_parent_that_would_make_a_loop_is_offered():
    site = replace(sample.site(), circuits=(*sample.site().circuits, Circuit("Row", (20.0,) * 3, "Garage")))
    assert edits.parents_for(site, "Garage") == ["", "Main", "Yard"]
    looped = edits.change_circuit(site, "Garage", parent="Row")
    assert edits.below(looped, "Garage") == {"Garage", "Row"}


def test_sharing_and_limits_by_hand_of_the_engine_are_kept():
    site = sample.site()
    newer = replace(site, balance=replace(site.balance, dwell_s=60.0),
                    bays=tuple(replace(b, user_limit_a=8.0) for b in site.bays))  # fmt: skip
    sent = edits.merged(replace(site, name="Other"), newer)
    assert (sent.name, sent.balance.dwell_s, sent.bays[0].user_limit_a, sent.assumed) == ("Other", 60.0, 8.0, False)


def test_a_sentence_finds_its_part_and_its_field():
    odd = (
        Circuit("Main", (63.0,) * 3),
        Circuit("Garage", (80.0, 63.0, 0.0), "Main", other_max_a=(90.0, 0, 0), continuous=0.1, unbalance_a=-1.0),
        Circuit("Gar", (16.0,) * 3, "Gone"),
    )
    bays = (Bay("WB-1", 1, "One", "Gar", max_a=2.0, rotation="XYZ"), Bay("WB-2", 1, "Two", "None"))
    site = Site(circuits=odd, bays=bays, voltage_v=3.0)
    found = {(edits.concerns(p, site), edits.field_of(p)) for p in validate_site(site)}
    assert {
        ("circuit/Garage", "rating_a"), ("circuit/Garage", "other_max_a"), ("circuit/Garage", "continuous"),
        ("circuit/Garage", "unbalance_a"), ("circuit/Gar", "parent"), ("bay/WB-1/1", "max_a"),
        ("bay/WB-1/1", "rotation"), ("bay/WB-2/1", "circuit"), ("grid", "voltage_v"),
    } <= found  # fmt: skip


def test_one_sentence_for_three_phases():
    lines = [f"The rating of Yard/L{n} is 0 A. Enter it." for n in (1, 2, 3)]
    assert edits.grouped([*lines, "Other."]) == ["The rating of Yard/L1, L2, L3 is 0 A. Enter it.", "Other."]


# -- the page -------------------------------------------------------------------------------------------------------------


def test_forms_stand_where_the_live_cards_stood(page):
    assert page.editing.panel.isVisible()
    assert page.editing.problems.isVisible()
    assert not page.inspector.isVisible()
    assert not page.decisions.isVisible()
    assert page.editing.bar.isVisible()
    assert not page.site.edit.isVisible()


def test_a_rating_typed_is_drawn_at_once_and_undone_as_one(page, qtbot):
    page.choose("circuit/Garage")
    field = page.editing.panel.circuit.fields["rating_a"]
    assert field.get() == (35.0, 35.0, 35.0)
    assert field.same.isChecked()
    for value in (3, 32):
        field.spins[0].setValue(value)
    assert draft(page).site.circuit("Garage").rating_a == (32.0, 32.0, 32.0)
    assert page.scene.feed("Garage").rating == "3 × 32 A"
    assert draft(page).stack.count() == 1
    qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert draft(page).site.circuit("Garage").rating_a == (35.0, 35.0, 35.0)
    assert field.get() == (35.0, 35.0, 35.0)
    draft(page).stack.redo()
    assert field.get() == (32.0, 32.0, 32.0)


def test_each_phase_its_own_rating(page):
    page.choose("circuit/Yard")
    field = page.editing.panel.circuit.fields["rating_a"]
    field.same.setChecked(False)
    field.spins[1].setValue(25)
    assert draft(page).site.circuit("Yard").rating_a == (32.0, 25.0, 32.0)
    field.same.setChecked(True)
    assert draft(page).site.circuit("Yard").rating_a == (32.0, 32.0, 32.0)


def test_what_is_wrong_stands_beside_the_field_and_below(page, client, qtbot):
    page.choose("circuit/Garage")
    form = page.editing.panel.circuit
    form.fields["rating_a"].spins[0].setValue(80)
    qtbot.waitUntil(lambda: form.fields["rating_a"].problem.isVisible())
    assert "above the 63 A of 'Main'" in form.fields["rating_a"].problem.text()
    assert any("Garage" in row.accessibleName() for row in page.editing.problems.rows)
    assert "circuit/Garage" in page.site.diagram.canvas.flags
    assert not page.editing.bar.apply.isEnabled()
    page.choose("bay/WB-05/1")
    qtbot.mouseClick(next(r for r in page.editing.problems.rows if r.isEnabled()), Qt.MouseButton.LeftButton)
    assert page.key == "circuit/Garage" or page.key == "circuit/Main"
    assert client.asked("site.put") == []


def test_apply_sends_the_whole_and_ends(page, client, mirror, qtbot):
    page.choose("circuit/Garage")
    page.editing.panel.circuit.fields["rating_a"].spins[0].setValue(25)
    qtbot.waitUntil(lambda: bool(client.asked("site.check")))
    qtbot.waitUntil(page.editing.bar.apply.isEnabled)
    qtbot.mouseClick(page.editing.bar.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.editing.active)
    [sent] = client.asked("site.put")
    assert sent.site.circuit("Garage").rating_a == (25.0, 25.0, 25.0)
    assert sent.site.bays == mirror.site.bays
    assert page.decisions.isVisible()
    assert page.site.edit.isVisible()


def test_a_refusal_loses_nothing(page, client, qtbot):
    client.answers["site.put"] = EvdeskError(Reason.INVALID, "The disk is full.")
    page.choose("circuit/Garage")
    page.editing.panel.circuit.fields["rating_a"].spins[0].setValue(25)
    qtbot.waitUntil(page.editing.bar.apply.isEnabled)
    qtbot.mouseClick(page.editing.bar.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any("The disk is full." in row.accessibleName() for row in page.editing.problems.rows))
    assert page.editing.active
    assert draft(page).site.circuit("Garage").rating_a == (25.0, 25.0, 25.0)


def test_a_lost_engine_loses_nothing_and_apply_says_why(page, client, mirror, qtbot):
    page.choose("circuit/Garage")
    page.editing.panel.circuit.fields["rating_a"].spins[0].setValue(25)
    client.go(LinkState.LOST, "gone")
    mirror.flush()
    page.on_hidden()
    page.on_shown()
    assert not page.editing.bar.apply.isEnabled()
    assert "engine" in page.editing.bar.apply.toolTip()
    assert draft(page).site.circuit("Garage").rating_a == (25.0, 25.0, 25.0)
    mirror.take_snapshot(sample.snapshot(300))
    client.go(LinkState.RUNNING)
    qtbot.waitUntil(page.editing.bar.apply.isEnabled)


def test_cancel_asks_and_leaves_everything_as_it_was(page, client, mirror, qtbot):
    page.choose("circuit/Garage")
    page.editing.panel.circuit.fields["rating_a"].spins[0].setValue(25)
    qtbot.mouseClick(page.editing.bar.leave, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.findChild(QDialog) is not None)
    page.findChild(QDialog).reject()
    assert page.editing.active
    qtbot.waitUntil(lambda: page.findChild(QDialog) is None)
    qtbot.mouseClick(page.editing.bar.leave, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.findChild(QDialog) is not None)
    page.findChild(QDialog).done(1)
    qtbot.waitUntil(lambda: not page.editing.active)
    assert client.asked("site.put") == []
    assert page.scene.feed("Garage").rating == "3 × 35 A"


def test_nothing_stays_flagged_when_editing_has_ended(page, qtbot):
    page.choose("circuit/Garage")
    page.editing.panel.circuit.fields["rating_a"].spins[0].setValue(80)
    qtbot.waitUntil(lambda: "circuit/Garage" in page.site.diagram.canvas.flags)
    draft(page).end()
    assert page.site.diagram.canvas.flags == frozenset()


def test_cancel_without_a_change_just_leaves(page, qtbot):
    qtbot.mouseClick(page.editing.bar.leave, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.editing.active)


def test_circuits_are_added_renamed_moved_and_removed(page, qtbot):
    page.choose("circuit/Yard")
    form = page.editing.panel.circuit
    qtbot.mouseClick(form.more, Qt.MouseButton.LeftButton)
    assert page.key == "circuit/Circuit 1"
    assert draft(page).site.circuit("Circuit 1").parent == "Yard"
    form.fields["name"].edit.setText("  <b>Row</b>  ")
    form.fields["name"].edit.editingFinished.emit()
    assert page.key == "circuit/<b>Row</b>"
    form.fields["parent"].box.setCurrentIndex(form.fields["parent"].box.findText("Main"))
    form.fields["parent"].box.activated.emit(0)
    assert draft(page).site.circuit("<b>Row</b>").parent == "Main"
    qtbot.mouseClick(form.remove, Qt.MouseButton.LeftButton)
    assert draft(page).site.circuit("<b>Row</b>") is None
    assert page.key == "circuit/Main"
    assert not form.remove.isEnabled()
    draft(page).stack.undo()
    assert draft(page).site.circuit("<b>Row</b>") is not None


def test_a_name_twice_or_empty_is_said_and_not_taken(page):
    page.choose("circuit/Yard")
    field = page.editing.panel.circuit.fields["name"]
    for name, word in (("Garage", "already"), ("   ", "needs a name")):
        field.edit.setText(name)
        field.edit.editingFinished.emit()
        assert word in field.problem.text()
    assert [c.name for c in draft(page).site.circuits] == ["Main", "Garage", "Yard"]


def test_a_meter_is_given_and_taken(page):
    page.choose("circuit/Garage")
    form = page.editing.panel.circuit
    assert form.fields["host"].isHidden()
    form.fields["meter"].box.setChecked(True)
    assert draft(page).site.circuit("Garage").meter is not None
    form.fields["host"].edit.setText("10.0.0.9")
    form.fields["host"].edit.editingFinished.emit()
    form.fields["unit"].spin.setValue(7)
    meter = draft(page).site.circuit("Garage").meter
    assert (meter.host, meter.unit, meter.profile) == ("10.0.0.9", 7, "eastron-sdm630")
    form.fields["meter"].box.setChecked(False)
    assert draft(page).site.circuit("Garage").meter is None


def choose_in(field, words):
    field.box.setCurrentIndex(next(i for i in range(field.box.count()) if words in field.box.itemText(i)))
    field.box.activated.emit(field.box.currentIndex())


def test_a_bay_between_two_phases_on_a_delta_grid(page):
    page.choose("grid")
    choose_in(page.editing.panel.site.fields["grid"], "no neutral")
    assert draft(page).site.grid is GridType.DELTA
    page.choose("bay/WB-03/1")
    form = page.editing.panel.bay
    choose_in(form.fields["rotation"], "between L2 and L3")
    bay = draft(page).site.bay("WB-03", 1)
    assert (bay.rotation, bay.phases, bay.across) == ("ST", 1, (1, 2))
    choose_in(form.fields["circuit"], "Yard")
    form.fields["priority"].spin.setValue(3)
    choose_in(form.fields["mode"], "surplus only")
    bay = draft(page).site.bay("WB-03", 1)
    assert (bay.circuit, bay.priority, bay.mode.value) == ("Yard", 3, "solar_only")
    assert "joined" in form.remove.toolTip()


def test_another_grid_takes_the_fuses_of_phases_it_does_not_have(page):
    page.choose("grid")
    choose_in(page.editing.panel.site.fields["grid"], "split phase")
    circuits = draft(page).site.circuits
    assert all(one.rating_a[2] == one.other_max_a[2] == 0.0 < one.rating_a[1] for one in circuits)
    assert not [p for p in validate_site(draft(page).site) if "has no L3" in p]


def test_bays_change_their_order(page, qtbot):
    page.choose("bay/WB-02/1")
    qtbot.mouseClick(page.editing.panel.bay.earlier, Qt.MouseButton.LeftButton)
    assert [b.charger_id for b in draft(page).site.bays][:2] == ["WB-02", "WB-01"]
    assert page.key == "bay/WB-02/1"
    assert draft(page).count() == 1


def test_rules_by_the_clock(page, qtbot):
    page.choose("grid")
    form = page.editing.panel.site
    qtbot.mouseClick(form.more_caps, Qt.MouseButton.LeftButton)
    row = form.cap_rows[0]
    row.value.setValue(11.0)
    row.days.setCurrentIndex(1)
    row.days.activated.emit(1)
    row.group.setCurrentIndex(1)
    row.group.activated.emit(1)
    assert draft(page).site.caps == (
        CapRule("Limit 1", 11_000.0, CapGroup.CONNECTION, (0, 1, 2, 3, 4), 17 * 60, 20 * 60),
    )
    qtbot.mouseClick(form.more_prices, Qt.MouseButton.LeftButton)
    assert draft(page).site.prices == (PriceRule(0.3),)
    form.cap_rows[0].cross.click()
    assert draft(page).site.caps == ()
    draft(page).stack.undo()
    assert len(form.cap_rows) == 1


def test_a_charger_without_a_bay_is_placed(page, mirror, qtbot):
    site = draft(page).site
    draft(page).put(edits.remove_bay(site, "WB-08", 1), "away")
    page.choose("bay/WB-08/1")
    assert page.editing.panel.away.isVisible()
    qtbot.mouseClick(page.editing.panel.place, Qt.MouseButton.LeftButton)
    assert draft(page).site.bay("WB-08", 1).circuit == "Main"
    assert page.editing.panel.bay.isVisible()


def test_a_site_changed_by_somebody_else_meanwhile_is_said(page, mirror):
    page.choose("circuit/Garage")
    page.editing.panel.circuit.fields["rating_a"].spins[0].setValue(25)
    mirror.apply("site", edits.change_circuit(mirror.site, "Yard", rating_a=(16.0,) * 3))
    mirror.flush()
    page.editing.refresh()
    assert any("changed meanwhile" in row.accessibleName() for row in page.editing.problems.rows)


# -- files ----------------------------------------------------------------------------------------------------------------


def test_import_becomes_the_draft_and_export_writes_the_engines_site(page, client, tmp_path, qtbot):
    other = replace(sample.site(), name="Depot 2")
    client.answers["site.import"] = ImportedSite(other, [])
    client.answers["site.export"] = SiteFile("# A site\n")
    file = tmp_path / "site.toml"
    file.write_text("name = 'Depot 2'")
    client.spawn(page.editing.read(file))
    qtbot.waitUntil(lambda: draft(page).site.name == "Depot 2")
    assert client.asked("site.import")[0].apply is False
    assert draft(page).stack.undoText() == "site.toml imported"
    heard = []
    page.navigate.connect(lambda *told: heard.append(told))
    client.spawn(page.editing.write(tmp_path / "out.toml"))
    qtbot.waitUntil(lambda: heard == [("said", f"The site is saved as {tmp_path / 'out.toml'}")])
    qtbot.waitUntil((tmp_path / "out.toml").exists)
    assert (tmp_path / "out.toml").read_text() == "# A site\n"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 4_000_001])
def test_a_file_that_is_no_text_is_refused_in_words(page, client, tmp_path, qtbot, content):
    file = tmp_path / "site.toml"
    file.write_bytes(content)
    before = draft(page).site
    with qtbot.waitSignal(client.failed) as heard:
        client.spawn(page.editing.read(file))
    assert "site.toml" in heard.args[0]
    assert draft(page).site is before


def test_a_file_with_problems_is_shown_with_them(page, client, tmp_path, qtbot):
    file = tmp_path / "site.toml"
    file.write_text("x")
    client.answers["site.import"] = ImportedSite(None, ["This is no TOML."])
    with qtbot.waitSignal(client.failed) as heard:
        client.spawn(page.editing.read(file))
    assert heard.args == ["This is no TOML."]
    said = [row.accessibleName() for row in page.editing.problems.rows if row.isVisible()]
    assert said == ["site.toml: Not read. This is no TOML."]
    page.choose("circuit/Garage")
    page.editing.panel.circuit.fields["rating_a"].spins[0].setValue(25)
    qtbot.waitUntil(lambda: not any("TOML" in r.accessibleName() for r in page.editing.problems.rows if r.isVisible()))


def test_names_a_file_has_that_nobody_knows_stay_told_and_other_problems_as_long_as_they_are(
    page, client, tmp_path, qtbot
):
    file = tmp_path / "site.toml"
    file.write_text("x")
    wrong = edits.change_circuit(sample.site(), "Garage", rating_a=(80.0,) * 3)
    strange = "“colour” is not known. Remove it, or correct its name."
    client.answers["site.import"] = ImportedSite(wrong, [strange, *validate_site(wrong)])
    client.spawn(page.editing.read(file))
    rows = page.editing.problems.rows

    def said(words):
        return [row.accessibleName() for row in rows if row.isVisible() and words in row.accessibleName()]

    qtbot.waitUntil(lambda: bool(client.asked("site.check")) and said("colour") == [f"site.toml: Look. {strange}"])
    assert len(said("above the 63 A")) == 1
    draft(page).put(edits.change_circuit(draft(page).site, "Garage", rating_a=(20.0,) * 3), "x")
    qtbot.waitUntil(lambda: said("above the 63 A") == [])
    assert said("colour") == [f"site.toml: Look. {strange}"]
    qtbot.waitUntil(page.editing.bar.apply.isEnabled)


def test_a_draft_is_drawn_at_its_own_rating(page):
    page.editing.begin()
    put = edits.change_circuit(draft(page).site, "Garage", rating_a=(63.0, 63.0, 63.0))
    draft(page).put(put, "Garage")
    lines = page.scene.feed("Garage").lines
    assert [line.limit_a for line in lines] == [63.0, 63.0, 63.0]
    assert all(line.free_a > 20 for line in lines if line.free_a is not None)


def test_a_long_problem_is_read_whole_and_many_scroll(page, qtbot):
    long = "Garage/L1, L2, L3 is rated 400 A, above the 63 A of 'Main' that feeds it. Enter the smaller fuse, or swap. "
    card = page.editing.problems
    draft(page).problems = [long]
    card.refresh()
    row = card.rows[0]
    qtbot.waitUntil(lambda: row.height() == row.heightForWidth(row.width()) > 0)
    one = row.height()
    draft(page).problems = [long * 2, *[f"{n}: {long * 3}" for n in range(6)]]
    card.refresh()
    qtbot.waitUntil(lambda: row.height() >= one + 14)
    assert row.height() == row.heightForWidth(row.width())
    assert card.rows[1].y() >= row.y() + row.height()
    assert card.area.verticalScrollBar().maximum() > 0
    assert card.area.horizontalScrollBar().maximum() == 0
