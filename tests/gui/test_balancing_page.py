"""The Balancing page on the design's site and on large ones: what a person sees, chooses and is told."""

from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QPixmap
from PySide6.QtWidgets import QApplication, QToolTip

from evdesk.gui import text, theme
from evdesk.gui.client import LinkState
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing import BalancingPage
from evdesk.gui.pages.balancing_decisions import Legend
from evdesk.gui.pages.balancing_facts import build_scene, count_options, problems
from evdesk.gui.pages.balancing_inspect_words import told
from evdesk.gui.pages.balancing_lanes import row_pitch
from evdesk.gui.pages.balancing_lanes_paint import bar_words
from evdesk.gui.pages.balancing_layout import lay_board, lay_out, lay_tree
from evdesk.gui.pages.balancing_outlets import Outlets
from evdesk.gui.pages.balancing_rows import columns
from evdesk.gui.pages.balancing_spans import Lane, Span, moment_words, span_words
from evdesk.gui.pages.balancing_ways import neighbour
from evdesk.model import (
    Bay,
    ChargerState,
    Circuit,
    ConnectorStatus,
    Doubt,
    EvdeskError,
    Failsafe,
    FailsafeState,
    GridType,
    LineLoad,
    PowerCap,
    Reason,
    Why,
    WhyCode,
)
from tests.gui import crowd, sample


@pytest.fixture
def make(qapp, qtbot, client):
    if theme.current().name != "light":
        theme.current().apply(qapp, "light")
    held = []  # a page that nobody holds could be collected while it handles an event

    def build(mirror, width=1112, height=748):
        page = BalancingPage(mirror, client, theme.current())
        held.append(page)
        qtbot.addWidget(page)
        page.resize(width, height)
        page.show()
        page.on_shown()
        return page

    yield build
    for page in held:
        page.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def page(make, mirror):
    return make(mirror)


def crowded(client, count):
    one = Mirror(client)
    one.take_snapshot(crowd.snapshot(count))
    return one


def centre(page, key):
    return page.site.diagram.canvas.rect_of(key).center()


def click(qtbot, page, key):
    qtbot.mouseClick(page.site.diagram.canvas, Qt.MouseButton.LeftButton, pos=centre(page, key))


# -- what is drawn --------------------------------------------------------------------------------------------------------


def test_the_tree_holds_every_part_of_the_design(mirror):
    plan = lay_tree(build_scene(mirror), 740, 430)
    kinds = [item.kind for item in plan.items]
    assert kinds.count("full") == 8
    assert kinds.count("box") == 2
    assert [i.key for i in plan.items if i.kind == "symbol"] == ["grid", "meter", "circuit/Main"]
    assert "house" in kinds
    assert "mains" in kinds


@pytest.mark.parametrize("count", [2, 8, 54, 200])
@pytest.mark.parametrize("width", [560.0, 748.0, 1300.0])
def test_nothing_lies_on_anything_else_and_all_is_inside(client, count, width):
    plan = lay_out(build_scene(crowded(client, count)), width, 430, frozenset())
    solid = [item for item in plan.items if item.kind not in ("symbol", "mains")]
    for item in plan.items:
        assert item.rect.left() >= 0
        assert item.rect.right() <= plan.width + 0.5
        assert item.rect.bottom() <= plan.height
    for place, one in enumerate(solid):
        for other in solid[place + 1 : place + 40]:
            assert not one.rect.adjusted(1, 1, -1, -1).intersects(other.rect), (one.key, other.key)


def test_a_small_site_is_a_tree_and_a_large_one_a_board(client):
    assert not lay_out(build_scene(crowded(client, 2)), 740, 430, frozenset()).board
    assert lay_out(build_scene(crowded(client, 54)), 740, 430, frozenset()).board


def test_a_tree_that_was_a_board_for_a_while_comes_back(page, qtbot):
    assert not page.site.diagram.canvas.plan.board
    page.resize(760, 500)
    qtbot.waitUntil(lambda: page.site.diagram.canvas.plan.board)
    page.resize(1112, 748)
    qtbot.waitUntil(lambda: not page.site.diagram.canvas.plan.board)


def test_a_narrow_window_gets_the_board(mirror):
    scene = build_scene(mirror)
    assert lay_tree(scene, 500, 430) is None
    assert lay_out(scene, 500, 430, frozenset()).board


def test_folded_circuits_hide_their_chargers(client):
    scene = build_scene(crowded(client, 200))
    closed = {feed.key for feed in scene.all_feeds()}
    plan = lay_board(scene, 740, closed)
    assert not [item for item in plan.items if item.kind in ("short", "dense")]
    assert plan.height < lay_board(scene, 740, frozenset()).height / 3


def test_a_cell_says_state_limit_takes_and_failsafe(mirror):
    scene = build_scene(mirror)
    one = scene.outlet("bay/WB-01/1")
    assert (one.limit, one.takes, one.state.word, one.safe.word, one.safe_words) == (
        "14 A", "13.8", "Charging", "Proven", "6 A",
    )  # fmt: skip
    assert scene.outlet("bay/WB-04/1").edge == "danger"
    silent = scene.outlet("bay/WB-07/1")
    assert (silent.takes, silent.edge, silent.amps) == ("?", "warn", None)
    assert scene.outlet("bay/WB-06/1").limit == "–"


def test_house_and_free_current_come_from_the_lines(mirror):
    scene = build_scene(mirror)
    assert scene.house == (6.4, 22.8, 8.1)
    assert scene.feed("Garage").full.word == "L1 full"
    assert scene.feed("Yard").full is None


def test_a_loop_and_a_bay_without_circuit_are_shown_not_lost(mirror):
    site = mirror.site
    loop = (Circuit("A", (16.0,) * 3, "B"), Circuit("B", (16.0,) * 3, "A"))
    away = Bay("WB-99", 1, "Bay 99", "Nowhere")
    scene = build_scene(mirror, replace(site, circuits=(*site.circuits, *loop), bays=(*site.bays, away)))
    names = [feed.circuit.name for feed in scene.all_feeds()]
    assert sorted(names) == ["A", "B", "Garage", "Main", "Yard"]
    assert all(feed.lost for feed in scene.all_feeds() if feed.circuit.name in "AB")
    assert [outlet.label for outlet in scene.astray] == ["Bay 99"]
    plan = lay_out(scene, 740, 430, frozenset())
    assert plan.board
    assert plan.item("bay/WB-99/1") is not None


def test_one_phase_split_and_unbalance_lines(mirror):
    site = replace(mirror.site, grid=GridType.SINGLE)
    assert len(build_scene(mirror, site).main.lines) == 1
    assert len(build_scene(mirror, replace(site, grid=GridType.SPLIT)).main.lines) == 2
    rule = LineLoad("Main/L1-L2", "Main", "L1-L2", 20.0, 12.5, 12.5, 0.0, 0.0, 7.5)
    cap = LineLoad("cap/grid operator", "cap", "", 18.0, 12.0, 12.0, 0.0, 0.0, 6.0)
    mirror.apply("load", replace(mirror.load, lines=(*mirror.load.lines, rule, cap)))
    scene = build_scene(mirror)
    assert scene.main.rules == (rule,)
    assert scene.caps == (cap,)
    assert lay_out(scene, 740, 430, frozenset()).item("circuit/Main") is not None


def test_zero_ratings_and_names_with_markup_are_painted(make, mirror, qapp):
    site = mirror.site
    odd = replace(site.circuits[1], name="<b>Gar&age</b>\n" * 3, rating_a=(0.0, 0.0, 0.0))
    bays = tuple(replace(b, circuit=odd.name, label="<img src=x>") for b in site.bays)
    mirror.apply("site", replace(site, circuits=(site.circuits[0], odd), bays=bays))
    mirror.flush()
    page = make(mirror)
    page.choose(f"circuit/{odd.name}")
    picture = QPixmap(page.size())
    page.render(picture)
    assert page.inspector.title.text() == odd.name


# -- choosing -------------------------------------------------------------------------------------------------------------


def test_the_fullest_circuit_is_chosen_at_first(page):
    assert page.key == "circuit/Main"
    assert page.inspector.title.text() == "Main"
    assert page.inspector.chip.look().word == "L2 full"
    assert page.inspector.pairs.value("On L2") == "Bay 1 13.7, Bay 8 9.8, Bay 3 8.9"
    assert page.inspector.pairs.value("More when") == "Bay 1 leaves or takes less"


def test_a_click_chooses_and_the_inspector_tells(page, qtbot):
    click(qtbot, page, "bay/WB-03/1")
    assert page.key == "bay/WB-03/1"
    assert page.inspector.title.text() == "Bay 3"
    assert page.inspector.pairs.value("Limit") == "9 A"
    assert page.inspector.pairs.value("Why").startswith("Main L2 is full: 62.2 of 63 A, since ")
    assert "its terminals on L1 L2 L3 (RST)" in page.inspector.pairs.value("Wiring")
    assert page.inspector.pairs.value("If silent") == "falls to 6 A within 195 s (proven)"
    click(qtbot, page, "meter")
    assert page.inspector.title.text() == "Site meter"
    assert "the house counts with 24 A, 24 A, 24 A" in page.inspector.pairs.value("If it is silent")
    click(qtbot, page, "house")
    assert page.inspector.title.text() == "House"
    click(qtbot, page, "grid")
    assert page.inspector.pairs.value("Takes now") == "36.0 kW"


def test_arrows_walk_the_diagram_and_enter_opens_the_charger(page, qtbot):
    canvas = page.site.diagram.canvas
    canvas.setFocus()
    click(qtbot, page, "circuit/Garage")
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert page.key.startswith("bay/WB-0")
    first = page.key
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert page.key != first
    assert "limit" in canvas.accessibleDescription()
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert page.key == "grid"
    page.choose("bay/WB-02/1")
    with qtbot.waitSignal(page.navigate) as heard:
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert heard.args == ["chargers", "WB-02"]


@pytest.mark.parametrize("count", [8, 54, 200])
def test_every_part_is_reached_by_arrows(make, client, qtbot, count):
    page = make(crowded(client, count))
    page.site.diagram.fold_all(False)
    canvas = page.site.diagram.canvas
    keys = {item.key for item in canvas.plan.items}
    reached, todo = {page.key}, [page.key]
    while todo:
        here = todo.pop()
        for way in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            found = neighbour(canvas.plan, here, way)
            if found and found not in reached:
                reached.add(found)
                todo.append(found)
    assert keys <= reached


def test_selection_stays_over_updates_and_a_lost_engine(page, mirror, client, qtbot):
    click(qtbot, page, "bay/WB-08/1")
    charger = mirror.chargers["WB-08"]
    broken = replace(charger.connectors[0], status=ConnectorStatus.FAULTED, error_code="GroundFailure")
    mirror.apply("charger", replace(charger, connectors=(broken,)))
    mirror.flush()
    assert page.key == "bay/WB-08/1"
    assert page.inspector.chip.look().word == "Fault"
    client.go(LinkState.LOST, "gone")
    mirror.flush()
    assert page.key == "bay/WB-08/1"
    assert page.inspector.title.text() == "Bay 8"
    assert page.site.unit.text().startswith("as it was ")
    assert not page.site.diagram.canvas.live
    mirror.take_snapshot(sample.snapshot(200))
    assert page.site.unit.text() == "amperes per phase"
    assert page.site.diagram.canvas.live
    assert page.key == "bay/WB-08/1"
    assert page.inspector.chip.look().word == "Charging"


def test_space_and_the_arrow_fold_a_circuit(make, client, qtbot):
    page = make(crowded(client, 200))
    diagram = page.site.diagram
    page.choose("circuit/Board 2")
    before = len(diagram.canvas.plan.items)
    qtbot.keyClick(diagram.canvas, Qt.Key.Key_Space)
    assert len(diagram.canvas.plan.items) > before
    rect = diagram.canvas.rect_of("circuit/Board 2")
    qtbot.mouseClick(diagram.canvas, Qt.MouseButton.LeftButton, pos=rect.topLeft() + QPointF(22, 30).toPoint())
    assert len(diagram.canvas.plan.items) == before
    assert page.key == "circuit/Board 2"


def test_going_to_a_folded_charger_opens_its_circuit(make, client):
    page = make(crowded(client, 200))
    page.go("WB-200")
    assert page.site.diagram.canvas.plan.item("bay/WB-200/1") is not None
    assert page.inspector.title.text() == "Bay 200"


def test_go_takes_lines_circuits_and_charger_ids(page):
    page.go("Garage/L2")
    assert page.key == "circuit/Garage"
    page.go("WB-05")
    assert page.key == "bay/WB-05/1"
    assert page.place() == "bay/WB-05/1"


def test_zoom_by_keys_and_back(page, qtbot):
    diagram = page.site.diagram
    wide = diagram.canvas.rect_of("bay/WB-01/1").width()
    diagram.zoom_step(1)
    assert page.site.fit.text() == "125 %"
    diagram.set_zoom(9)
    assert diagram.zoom == 2.0
    diagram.fit()
    assert diagram.canvas.rect_of("bay/WB-01/1").width() == wide


# -- cost -----------------------------------------------------------------------------------------------------------------


def test_only_what_changed_is_painted_again(make, client):
    mirror = crowded(client, 54)
    mirror.now = lambda: sample.NOW
    page = make(mirror)
    canvas = page.site.diagram.canvas
    asked = []
    canvas.update = lambda *args: asked.append(args)
    page.refresh()
    assert asked == []
    charger = mirror.chargers["WB-001"]
    mirror.apply("charger", replace(charger, connectors=(replace(charger.connectors[0], limit_a=7.0),)))
    page.refresh()
    assert 1 <= len(asked) <= 8 < len(canvas.plan.items)
    assert all(args for args in asked)


def test_a_hidden_page_does_nothing(page, mirror, monkeypatch):
    page.on_hidden()
    monkeypatch.setattr(page, "refresh", lambda: pytest.fail("drawn while hidden"))
    charger = mirror.chargers["WB-01"]
    mirror.apply("charger", replace(charger, state=ChargerState.OFFLINE))
    mirror.flush()


# -- decisions ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def decided(make, mirror, client, qtbot):
    client.answers["balance.history"] = lambda asked: crowd.decision_page(mirror.site, asked)
    mirror.now = lambda: sample.NOW
    page = make(mirror)
    qtbot.waitUntil(lambda: any(len(lane.spans) > 3 for lane in page.decisions.lanes.lanes()))
    return page


def test_one_lane_per_charger_ends_with_what_holds_now(decided):
    lanes = decided.decisions.lanes.lanes()
    assert [lane.label for lane in lanes] == [f"Bay {n}" for n in range(1, 9)]
    assert [span_words(lane.spans[-1]) for lane in lanes[:5]] == [
        ("14",),
        ("12",),
        ("9",),
        ("fault, power off", "fault"),
        ("12, car takes 9.8", "12"),
    ]
    assert all(a.end <= b.start + 0.01 for lane in lanes for a, b in pairwise(lane.spans))
    assert decided.decisions.legend.kinds()[:2] == ("main", "circuit")


def test_scrubbing_says_one_sentence_and_back_to_live_is_one_click(decided, qtbot):
    card = decided.decisions
    lanes = card.lanes
    assert card.at.text() == "Now"
    assert card.live.isHidden()
    moment = sample.NOW - 2000
    where = QPointF(lanes.field().to_x(moment), 8 + 2 * 20 + 8).toPoint()
    qtbot.mouseClick(lanes.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert decided.key == "bay/WB-03/1"
    assert card.sentence.text() == (
        "Bay 3 at 9 A: the house took 13.8 A more on Main L2; 4 cars on it were cut; over its rating for 3.2 s; "
        "since 18:05:10"
    )
    assert card.live.isVisible()
    assert lanes.accessibleDescription() == card.sentence.text()
    held = card.span()
    sample_now = sample.NOW + 500
    decided.mirror.now = lambda: sample_now
    decided.refresh()
    assert card.span() == held
    qtbot.mouseClick(card.live, Qt.MouseButton.LeftButton)
    assert card.at.text() == "Now"
    assert 0 <= card.span()[1] - sample_now < 6


def test_arrow_keys_step_from_change_to_change_and_lane_to_lane(decided, qtbot):
    lanes = decided.decisions.lanes
    decided.choose("bay/WB-02/1")
    qtbot.keyClick(lanes, Qt.Key.Key_Left)
    first = lanes.moment
    qtbot.keyClick(lanes, Qt.Key.Key_Left)
    assert lanes.moment < first
    assert lanes.lane().at(lanes.moment) != lanes.lane().at(first)
    qtbot.keyClick(lanes, Qt.Key.Key_Down)
    assert decided.key == "bay/WB-03/1"
    qtbot.keyClick(lanes, Qt.Key.Key_Escape)
    assert lanes.moment is None


def test_choosing_in_the_diagram_marks_the_lane(decided, qtbot):
    click(qtbot, decided, "bay/WB-05/1")
    assert decided.decisions.lanes.key == "bay/WB-05/1"
    assert decided.decisions.sentence.text().startswith("Bay 5 at 12 A: Car takes at most 9.8 A")


def test_many_lanes_stand_in_groups_that_open(make, client, qtbot):
    page = make(crowded(client, 200))
    lanes = page.decisions.lanes
    heads = [row for row in lanes.rows() if row.lane is None]
    assert len(heads) == len(crowd.leaves(200))
    assert sum(row.open for row in heads) == 1
    page.choose("bay/WB-200/1")
    assert any(row.lane is not None and row.lane.key == "bay/WB-200/1" for row in lanes.rows())


def test_a_refused_log_is_said_and_the_present_stays(make, mirror, client, qtbot):
    client.answers["balance.history"] = EvdeskError(Reason.STORAGE, "The log cannot be read.")
    page = make(mirror)
    qtbot.waitUntil(lambda: "The log cannot be read." in page.decisions.sentence.text())
    assert page.decisions.sentence.text().startswith("Bay 1 at 14 A")


def test_a_moment_without_a_row_is_unknown():
    lane = Lane("k", "Bay 1", 0, "Main", (Span(100, 200, 9, Why(WhyCode.LINE, "Main/L1")),))
    assert moment_words(lane, 50) == "Bay 1: nothing is known of this moment"
    assert moment_words(lane, 500) == "Bay 1: nothing is known of this moment"
    assert "at 9 A" in moment_words(lane, 150)


# -- ways -----------------------------------------------------------------------------------------------------------------


def test_the_inspector_leads_to_charger_drill_and_wiring(page, qtbot):
    page.choose("bay/WB-02/1")
    for button, wanted in (
        (page.inspector.open, ["chargers", "WB-02"]),
        (page.inspector.drill, ["drill", "WB-02"]),
        (page.inspector.wiring, ["wiring", None]),
    ):
        with qtbot.waitSignal(page.navigate) as heard:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert heard.args == wanted
    page.choose("bay/WB-07/1")
    assert not page.inspector.drill.isEnabled()
    page.choose("circuit/Garage")
    assert page.inspector.open.isHidden()
    assert page.inspector.drill.isHidden()
    page.choose("meter")
    assert page.inspector.wiring.isVisible()


def test_the_silent_card_starts_drills(page, qtbot):
    assert not page.silent.drill.isEnabled(), "the only one that is not proven does not answer"
    one = page.mirror.chargers["WB-05"]
    page.mirror.apply("charger", replace(one, failsafe=Failsafe(FailsafeState.UNTESTED)))
    page.mirror.flush()
    assert page.silent.drill.text() == "Drill Bay 5", "who answers comes first"
    with qtbot.waitSignal(page.navigate) as heard:
        page.silent.drill.click()
    assert heard.args == ["drill", "WB-05"]
    with qtbot.waitSignal(page.navigate) as heard:
        page.silent.drill_all.click()
    assert heard.args == ["drill_all", None]


@pytest.mark.parametrize("size", [(1280, 800), (1024, 700)])
def test_the_lights_are_seen_without_scrolling(make, mirror, qtbot, size):
    """Whatever is chosen, and with a banner above the page (60 px)."""
    one = make(mirror, size[0] - 168, size[1] - 52 - 60)
    for key in ("bay/WB-01/1", "circuit/Garage", "meter", "grid"):
        one.choose(key)
        qtbot.wait(1)
        for chip in (one.silent.counts["green"], one.silent.counts["amber"]):
            middle = chip.mapTo(one, chip.rect().center())
            assert one.rect().contains(middle)
            assert one.childAt(middle) is chip, "nothing covers it, nothing clips it"
    assert one.silent.list.isHidden(), "the list waits where the room is short"
    one.silent.which.click()
    assert one.silent.rows[0].isVisible()


def test_a_small_site_is_drawn_larger_where_there_is_room(make, client, mirror, qtbot):
    small = make(crowded(client, 2), 1750, 1000)
    assert small.site.diagram.zoom > 1.2
    plan = small.site.diagram.canvas.plan
    assert plan.height * small.site.diagram.zoom <= small.site.diagram.height()
    small.resize(1112, 748)
    assert small.site.diagram.zoom == 1.0
    assert make(mirror, 1750, 1000).site.diagram.zoom == 1.0, "eight fill the room by themselves"


def test_fit_shows_all_of_a_large_site_and_takes_it_back(make, client):
    page = make(crowded(client, 200), 1112, 748)
    diagram = page.site.diagram
    assert diagram.zoom == 1.0
    assert diagram.canvas.height() > diagram.height()
    diagram.fit()
    assert diagram.canvas.height() <= diagram.height() or diagram.zoom == 0.5
    diagram.fit()
    assert diagram.zoom == 1.0


def test_a_large_site_opens_as_an_overview(make, client):
    mirror, now = Mirror(client), crowd.snapshot(200)
    lines = [replace(n, free_a=0.2) if n.line == "Row 1a/L2" else n for n in now.load.lines]
    mirror.take_snapshot(replace(now, load=replace(now.load, lines=tuple(lines))))
    page = make(mirror, 1750, 1000)
    plan = page.site.diagram.canvas.plan
    assert not [item for item in plan.items if item.kind == "dense"]
    assert page.key == page.scene.main.key
    assert plan.height <= page.site.diagram.height(), "every board is seen"
    full = next(f for f in page.scene.main.feeds if any(one.full and one is not f for one in f.walk()))
    assert ("gauge", "warn", 1) in problems(full)


def test_now_is_told_between_two_pixels_of_a_long_window(page):
    page.decisions.windows.select("86400")
    page.decisions.back_to_live()
    assert "nothing is known" not in page.decisions.sentence.text()


def test_a_power_limit_is_seen_where_cars_wait_for_it(page, mirror, qtbot):
    assert not page.site.limited.isVisible()
    mirror.apply("load", replace(mirror.load, caps=(PowerCap("grid operator", 4200.0),)))
    mirror.flush()
    assert page.site.limit_words.text() == "Power limit, grid operator: 4.2 kW for all chargers"
    for button in (page.site.limits, page.inspector.limit):
        page.choose("grid")
        with qtbot.waitSignal(page.navigate) as heard:
            button.click()
        assert heard.args == ["power_limit", None]
    page.choose("meter")
    assert page.inspector.limit.isHidden()
    waits = Span(0, 9, 0.0, Why(WhyCode.WAITING, "grid operator"))
    lane = Lane("bay/WB-01/1", "Bay 1", 0, "", (waits,))
    assert moment_words(lane, 5).startswith("Bay 1 off: Waits for 6 A, the power is limited: grid operator")


def test_a_bay_without_a_car_is_told_as_that(page):
    free = next(o for o in page.scene.outlets() if o.state.word == "Free")
    page.choose(free.key)
    assert page.decisions.sentence.text() == f"{free.label}: no car"


def test_a_drill_is_seen_at_its_charger_and_in_its_lane(page, mirror):
    charger = mirror.chargers["WB-01"]
    why = Why(WhyCode.TEST, detail="drill")
    one = replace(charger.connectors[0], why=why, limit_at=sample.NOW - 30)
    mirror.apply("charger", replace(charger, connectors=(one,)))
    mirror.flush()
    outlet = page.scene.outlet("bay/WB-01/1")
    assert outlet.safe.word == "Drill runs"
    page.choose(outlet.key)
    assert "nothing is known" not in page.decisions.sentence.text()
    assert "test" in page.decisions.legend.kinds()


def test_a_column_of_the_overview_leads_to_its_charger(make, client, qtbot):
    page = make(crowded(client, 200), 1750, 1000)
    canvas = page.site.diagram.canvas
    rows = [item for item in canvas.plan.items if item.kind == "row"]
    widths = {round(rect.width(), 3) for item in rows for rect, _ in columns(item)}
    assert len(widths) == 1, "a charger is as wide in every row"
    rect, outlet = columns(rows[2])[5]
    assert canvas._said_at(rect.center()).startswith(outlet.label)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
    assert page.key == outlet.key
    assert page.inspector.title.text() == outlet.label
    assert canvas.plan.item(outlet.key) is not None, "its circuit has opened"


def test_a_moment_says_until_when_it_was_to_last():
    start = sample.NOW
    why = Why(WhyCode.WAITING, "Main/L2", 62.0, 63.0, start, "ahead", start + 900)
    lane = Lane("bay/B/1", "Bay 2", 1, "Main", (Span(start, start + 2000, 0.0, why),))
    turn = text.clock(start + 900)
    assert moment_words(lane, start + 10) == (
        f"Bay 2 off: Others leave sooner; since {text.clock_s(start)}; its turn by {turn}"
    )
    assert "turn by" not in moment_words(lane, start + 1000)
    assert span_words(lane.spans[0]) == (f"waits, at most until {turn}", "waits")


def test_an_outlet_says_until_when_and_drops_it_when_that_is_over(mirror):
    charger = next(iter(mirror.chargers.values()))
    why = Why(WhyCode.WAITING, "Main/L2", 62.0, 63.0, sample.NOW, "", sample.NOW + 900)
    held = replace(charger.connectors[0], why=why, doubt=Doubt.NONE, limit_a=0.0)
    mirror.chargers[charger.id] = replace(charger, connectors=(held, *charger.connectors[1:]))
    outlets, now = Outlets(), sample.NOW
    bay = next(b for b in mirror.site.bays if b.charger_id == charger.id)
    mirror.now = lambda: now
    one = outlets.at_bay(mirror, bay, 0)
    assert one.why == f"Its turn by {text.clock(sample.NOW + 900)}"
    assert one.reason == f"Waits for 6 A on Main L2; its turn by {text.clock(sample.NOW + 900)}"
    assert one.ends == f"turn {text.clock(sample.NOW + 900)}"
    assert outlets.at_bay(mirror, bay, 0) is one
    told_now = told(mirror, build_scene(mirror), one.key)
    assert {bar.beside for bar in told_now.bars} == {"off"}
    now = sample.NOW + 901
    assert outlets.at_bay(mirror, bay, 0).why == "Waits for 6 A"
    assert outlets.at_bay(mirror, bay, 0).ends == ""


def test_eight_lanes_are_all_seen_where_the_room_is_a_little_short():
    assert row_pitch(160, 8) == 20
    assert row_pitch(138, 8) == 17
    assert row_pitch(130, 8) == 16
    assert row_pitch(120, 8) == 20, "then they scroll, as high as usual"
    assert row_pitch(100, 0) == 20


def test_the_legend_counts_what_has_no_room_and_names_it(qapp, qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    kinds = ("main", "circuit", "car", "safe", "fault", "waits")
    legend.resize(700, 20)
    legend.set(kinds)
    assert legend.shown() == kinds
    assert legend.toolTip() == ""
    legend.resize(240, 20)
    legend.show()
    shown = legend.shown()
    assert 0 < len(shown) < len(kinds)
    assert legend.toolTip().endswith("Fault, Waits")
    assert legend.accessibleName().count(",") == 5


def test_the_keyboard_goes_from_the_lanes_to_sharing_and_then_to_the_silent_card(make, mirror):
    page = make(mirror)
    order, one = [], page.decisions.lanes.nextInFocusChain()
    while one is not page.decisions.lanes and len(order) < 900:
        order.append(one)
        one = one.nextInFocusChain()
    assert order.index(page.sharing.more) < order.index(page.silent.which)


def test_the_pointer_reads_a_moment_of_a_lane_without_a_click(decided, qtbot):
    card = decided.decisions
    lanes, field = card.lanes, card.lanes.field()
    lane = lanes.lanes()[2]
    span = lane.spans[-1]
    middle = 8 + 2.5 * lanes._pitch
    x = field.to_x((span.start + span.end) / 2)
    assert card.tips.words(x, middle) == moment_words(lane, field.to_time(x))
    assert card.tips.words(20, middle) == lane.label
    assert card.tips.words(x, 1) == ""
    first = lanes.lanes()[0]
    assert card.tips.words(field.to_x(first.spans[0].start - 300), 8 + 0.5 * lanes._pitch) == ""
    place = QPointF(x, middle).toPoint()
    sent = QHelpEvent(QEvent.Type.ToolTip, place, lanes.viewport().mapToGlobal(place))
    qapp = QApplication.instance()
    assert qapp.sendEvent(lanes.viewport(), sent)
    assert QToolTip.text().startswith("Bay 3 at ")
    assert lanes.moment is None, "nothing is scrubbed by looking"
    QToolTip.hideText()


def test_a_circuit_counts_in_fewer_words_where_the_room_is_short():
    mirror = Mirror()
    mirror.take_snapshot(crowd.snapshot(54))
    feed = build_scene(mirror).main
    whole, brief, least = count_options(feed)
    assert whole == "54 chargers, 37 charging"
    assert (brief, least) == ("37 of 54 charging", "37 / 54")


def test_a_bar_says_only_what_it_has_room_for(qapp):
    span = Span(0.0, 60.0, 12.0, Why(WhyCode.CAR), 9.8)
    assert bar_words(span, "chart", 200.0) == "12, car takes 9.8"
    assert bar_words(span, "chart", 60.0) == "12"
    assert bar_words(span, "chart", 12.0) == ""
    assert bar_words(span, "chart", 2.0) == ""


def test_a_line_with_room_that_is_a_reason_names_who_does_not_draw_what_it_may():
    mirror = Mirror()
    mirror.take_snapshot(crowd.snapshot(2))
    mirror.now = lambda: sample.NOW
    scene = build_scene(mirror)
    first, second = scene.outlets()
    assert (first.connector.why.code, first.connector.why.line) == (WhyCode.LINE, "Main/L2")
    assert (second.limit_a, second.amps) == (6.0, 0.0)
    rows = {row[0]: row[1] for row in told(mirror, scene, scene.main.key).rows}
    assert rows["Not drawn"] == "Bay 2 6.0"
    free = replace(first.charger, connectors=(replace(first.connector, why=Why(WhyCode.CHARGER)),))
    mirror.chargers[free.id] = free
    assert "Not drawn" not in {row[0] for row in told(mirror, build_scene(mirror), scene.main.key).rows}


def test_a_line_closes_the_cards_at_the_right_as_long_as_more_is_below(make, mirror, qtbot):
    page = make(mirror, height=560)
    bar = page._side.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert page.more.isVisible()
    assert page.more.geometry().bottom() == page._side.height() - 1
    bar.setValue(bar.maximum())
    assert page.more.isHidden()
    page.resize(1400, 1500)
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    assert page.more.isHidden()
