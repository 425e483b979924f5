"""The Site page on the design's site: what a person reads, and where a click leads."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from evdesk.gui import theme
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.site import SitePage
from evdesk.gui.pages.site_history import Grid
from evdesk.gui.pages.site_words import free_look, places, tile_text
from evdesk.model import Charger, ChargerState, Connector, ConnectorStatus, Doubt, LineLoad, Why, WhyCode
from evdesk.wire.methods import History, HistoryMany
from tests.gui import sample


@pytest.fixture
def make(qapp, qtbot, client):
    theme.current().apply(qapp, "light")

    def build(mirror, width=1112, height=748):
        page = SitePage(mirror, client, theme.current())
        qtbot.addWidget(page)
        page.resize(width, height)
        page.show()
        page.on_shown()
        return page

    return build


@pytest.fixture
def page(make, mirror):
    return make(mirror)


def tile(page, label):
    return next(t for t in page.tiles.tiles() if t.place.label == label)


def test_head_figures_say_what_the_engine_measured(page):
    assert page.head.site.value() == "36.0 kW"
    assert page.head.site.second() == "of 43.5 kW at the fuse"
    assert page.head.cars.second() == "5 of 8 charging"
    assert page.head.tight.value() == "0.8 A free"
    assert page.head.tight.second() == "L2, main breaker"
    assert page.head.tight.role() == "warn"
    assert page.head.today.value() == "148.6 kWh"


def test_tightest_phase_is_chosen_and_named(page):
    assert page.chart.phases.current() == "L2"
    assert "tightest" in page.chart.phases._group.checkedButton().text()


def test_a_persons_phase_stays(page):
    page.load.rows["L3"].click()
    assert page.chart.phases.current() == "L3"
    page.refresh()
    assert page.chart.phases.current() == "L3"


def test_tiles_stand_in_bay_order_whatever_their_state(page, mirror):
    assert [t.place.label for t in page.tiles.tiles()] == [f"Bay {n}" for n in range(1, 9)]
    first = mirror.chargers["WB-01"]
    broken = replace(first.connectors[0], status=ConnectorStatus.FAULTED)
    mirror.apply("charger", replace(first, connectors=(broken,)))
    mirror.flush()
    assert [t.place.label for t in page.tiles.tiles()] == [f"Bay {n}" for n in range(1, 9)]
    assert tile(page, "Bay 1").words.edge == "danger"


def test_tile_words(page):
    one = tile(page, "Bay 1").words
    assert (one.value, one.unit, one.beside) == ("13.8", "A", "of 14 A")
    assert one.second == "9.5 kW · 5.9 kWh · 0:44 h"
    assert one.reason.word == "Main L2 is full: 62.2 of 63 A"
    lost = tile(page, "Bay 7").words
    assert lost.value == "unknown"
    assert lost.edge == "warn"
    assert "6 A kept free" in lost.reason.word
    assert lost.second.startswith("last 7.9 A at ")
    bad = tile(page, "Bay 4").words
    assert bad.reason.word.startswith("Ground failure at ")
    assert bad.action == "Show"
    assert tile(page, "Bay 6").words.state.word == "Free"
    assert tile(page, "Bay 5").words.reason.word == "Car takes at most 9.8 A"


def test_a_stale_reading_is_unknown_not_black(mirror):
    place = next(p for p in places(mirror) if p.label == "Bay 1")
    later = tile_text(place, sample.NOW + 600)
    assert later.value == "unknown"
    assert later.second.startswith("last 13.8 A")


def test_a_car_without_any_reading_is_unknown():
    charger = Charger(
        "X", state=ChargerState.ONLINE, connectors=(Connector(1, ConnectorStatus.CHARGING, why=Why(WhyCode.CAR)),)
    )
    mirror = Mirror()
    mirror.take_snapshot(replace(sample.empty_snapshot(), chargers=(charger,)))
    [place] = places(mirror)
    assert tile_text(place, 100.0).value == "unknown"


def test_needs_you_leads_to_the_charger(page, qtbot):
    rows = [row for row in page.head.needs.rows if row.isVisible()]
    assert rows[0].need.title == "Bay 4: ground failure"
    with qtbot.waitSignal(page.navigate) as heard:
        qtbot.mouseClick(rows[0], Qt.MouseButton.LeftButton)
    assert heard.args == ["chargers", "WB-04"]


def test_a_tile_leads_to_its_charger_by_mouse_and_key(page, qtbot):
    with qtbot.waitSignal(page.navigate) as heard:
        qtbot.mouseClick(tile(page, "Bay 2"), Qt.MouseButton.LeftButton)
    assert heard.args == ["chargers", "WB-02"]
    with qtbot.waitSignal(page.navigate) as heard:
        qtbot.keyClick(tile(page, "Bay 3"), Qt.Key.Key_Space)
    assert heard.args == ["chargers", "WB-03"]


def test_history_comes_once_per_window_then_only_its_tail(page, client, qtbot):
    qtbot.waitUntil(lambda: not page.chart.chart.data.empty)
    [asked] = client.asked("history.read_many")
    assert "site:current_l2_a" in asked.series
    assert "connector/WB-01/1:current_l2_a" in asked.series
    assert asked.to_at - asked.from_at == pytest.approx(3600, abs=20)
    page.chart.feed._read_at = 0.0
    page.refresh()
    qtbot.waitUntil(lambda: len(client.asked("history.read_many")) == 2)
    tail = client.asked("history.read_many")[1]
    assert tail.to_at - tail.from_at < 60


def test_a_new_window_reads_anew(page, client, qtbot):
    qtbot.waitUntil(lambda: not page.chart.chart.data.empty)
    qtbot.mouseClick(page.chart.windows._group.button(2), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(client.asked("history.read_many")) == 2)
    asked = client.asked("history.read_many")[1]
    assert asked.to_at - asked.from_at == pytest.approx(21600, abs=80)


def test_chart_has_layers_limit_and_events(page, qtbot):
    qtbot.waitUntil(lambda: not page.chart.chart.data.empty)
    shown = page.chart.chart.data
    assert shown.limit == 63.0
    assert shown.limit_name == "Main breaker 63 A"
    assert [c.label for c in shown.curves] == ["House", *(f"Bay {n}" for n in range(1, 9))]
    assert shown.reserved.label == "Bay 7"
    assert {marker.icon for marker in shown.markers} >= {"plug", "octagon", "offline", "house"}
    page.chart.chart.refresh()
    assert "of 63 A" in page.chart.chart.sentence()


def test_all_power_has_no_limit_line(page, client, qtbot):
    qtbot.waitUntil(lambda: not page.chart.chart.data.empty)
    page.chart.choose("all")
    qtbot.waitUntil(lambda: page.chart.chart.data.unit == "kW" and not page.chart.chart.data.empty)
    assert page.chart.chart.data.limit is None
    assert page.chart.chart.data.total.at(300) == pytest.approx(36.0, abs=2)


def test_a_lost_engine_mutes_the_figures(page, mirror):
    assert page.head.site.role() == "text"
    mirror._set_connected(False)
    assert page.head.site.role() == "muted"
    assert page.head.site.value() == "36.0 kW", "the page stays readable"


def test_an_empty_site_says_what_to_do(make, client, qtbot):
    mirror = Mirror(client)
    mirror.take_snapshot(sample.empty_snapshot())
    page = make(mirror)
    assert page.none.isVisible()
    assert page.head.site.value() == "unknown"
    with qtbot.waitSignal(page.navigate) as heard:
        qtbot.mouseClick(page.none.button, Qt.MouseButton.LeftButton)
    assert heard.args == ["connect", None]


@pytest.mark.parametrize(("width", "columns"), [(1112, 4), (952, 4), (700, 2)])
def test_tiles_wrap(make, mirror, width, columns):
    page = make(mirror, width)
    tops = [t.y() for t in page.tiles.tiles()]
    assert tops.count(tops[0]) == columns or columns == 2
    assert max(t.geometry().right() for t in page.tiles.tiles()) <= page.tiles.width()


def test_wide_windows_get_events_and_charges(make, mirror, qtbot):
    page = make(mirror, 1752, 1028)
    qtbot.waitUntil(lambda: page.events.isVisible() and page.charges.isVisible())
    first = page.events.rows()[0]
    assert first.notice == mirror.notices[-1]
    assert page.charges.model.rowCount() == 5
    ended = [s.ended_at for s in page.charges.model.sessions]
    assert ended == sorted(ended, reverse=True)
    page.resize(1112, 748)
    assert not page.events.isVisible()


def test_many_chargers_get_compact_tiles_and_grouped_layers(make, client, qtbot):
    base = sample.snapshot()
    chargers = tuple(replace(base.chargers[i % 8], id=f"M-{i % 8 + 1:02}{i:02}", label=f"Bay {i}") for i in range(20))
    bays = tuple(replace(base.site.bays[i % 8], charger_id=c.id, label=c.label) for i, c in enumerate(chargers))
    client.answers["history.read_many"] = lambda p: HistoryMany([], {})
    mirror = Mirror(client)
    mirror.take_snapshot(replace(base, chargers=chargers, site=replace(base.site, bays=bays)))
    page = make(mirror)
    assert page.tiles.compact
    assert len(page.tiles.tiles()) == 20
    qtbot.waitUntil(lambda: page.chart.feed._grid is not None)
    assert [c.label for c in page.chart.feed.data().curves] == ["House", "Garage", "Yard"]


def test_a_tile_out_of_sight_gets_its_words_when_it_is_scrolled_to(make, client):
    base = sample.snapshot()
    first = base.chargers[0]
    chargers = tuple(replace(first, id=f"M-{n:03}", label=f"Bay {n}") for n in range(100))
    client.answers["history.read_many"] = lambda p: HistoryMany([], {})
    mirror = Mirror(client)
    mirror.take_snapshot(replace(base, chargers=chargers, site=replace(base.site, bays=())))
    page = make(mirror)
    for charger in chargers:
        broken = replace(charger.connectors[0], status=ConnectorStatus.FAULTED)
        mirror.apply("charger", replace(charger, connectors=(broken,)))
    mirror.flush()
    assert tile(page, "Bay 0").words.edge == "danger"
    last = tile(page, "Bay 99")
    assert last.words.edge != "danger"
    page._tile_area.ensureWidgetVisible(last)
    assert last.words.edge == "danger"


def test_a_charger_that_is_accepted_gets_its_layer_at_once(page, mirror, client, qtbot):
    qtbot.waitUntil(lambda: not page.chart.chart.data.empty)
    new = replace(mirror.chargers["WB-01"], id="WB-99", label="Bay 99")
    mirror.apply("charger", new)
    mirror.flush()
    qtbot.waitUntil(lambda: "connector/WB-99/1:current_l2_a" in client.asked("history.read_many")[-1].series)


def test_a_quiet_page_changes_nothing(page):
    before = [t.words for t in page.tiles.tiles()]
    page.refresh()
    assert [t.words for t in page.tiles.tiles()] == before


def test_hidden_page_stops_its_timer(page):
    assert page._ages.isActive()
    page.on_hidden()
    assert not page._ages.isActive()


def test_last_three_percent_are_full():
    line = LineLoad("Main/L1", "Main", "L1", 63.0, 61.5, free_a=1.5)
    assert free_look(line).role == "warn"
    assert free_look(replace(line, free_a=5.0)).role == "ok"
    assert free_look(replace(line, total_a=70.0)).role == "danger"
    assert free_look(replace(line, free_a=None)).word == "unknown"


def test_grid_rolls_and_takes_only_what_is_inside():
    grid = Grid(["a"], 0.0, 599.0)
    grid.take(HistoryMany([], {"a": History([0.5, 100.5, 9999.5], [1, 2, 3], [1, 2, 3], [1, 2, 3])}))
    assert grid.rows["a"][1, 0] == 1
    assert grid.rows["a"][1, 100] == 2
    grid.roll(649.0)
    assert grid.rows["a"][1, 50] == 2
    assert grid.t[-1] == pytest.approx(649.5)


def test_page_paints_in_every_theme(page, qapp):
    pictures = []
    for name in ("light", "dark", "contrast"):
        theme.current().apply(qapp, name)
        pictures.append(page.grab().toImage())
    theme.current().apply(qapp, "light")
    assert pictures[0] != pictures[1] != pictures[2]


@pytest.mark.parametrize(
    ("status", "doubt", "says"),
    [
        (ConnectorStatus.AVAILABLE, Doubt.FLOWS, "Says it is free, but 9.8 A flow"),
        (ConnectorStatus.CHARGING, Doubt.NOTHING_FLOWS, "Says it charges, but nothing flows"),
        (ConnectorStatus.PREPARING, Doubt.NO_CHARGE, "Took the start, but no charge began"),
    ],
)
def test_a_doubtful_status_is_marked_with_its_reason(mirror, status, doubt, says):
    place = next(p for p in places(mirror) if p.charger.state is ChargerState.ONLINE)
    sure = replace(place.connector, status=status, current_a=(9.8, 0.0, 0.0), reading_at=mirror.now())
    shown = tile_text(replace(place, connector=replace(sure, doubt=doubt)), mirror.now())
    assert (shown.reason.word, shown.reason.role, shown.edge) == (says, "warn", "warn")
    assert shown.state.word.endswith("?")
    assert not tile_text(replace(place, connector=sure), mirror.now()).state.word.endswith("?")


@pytest.mark.parametrize(("late_s", "says"), [(-60.0, "Expected back by"), (60.0, "Was expected back by")])
def test_a_silent_charger_says_when_it_is_expected_back(mirror, late_s, says):
    place, now = next(iter(places(mirror))), mirror.now()
    away = replace(place.charger, state=ChargerState.OFFLINE, lost_at=now - 300.0, expected_at=now - late_s)
    assert tile_text(replace(place, charger=away), now).second.startswith(says)
    unknown = replace(away, expected_at=None)
    assert "xpected back" not in tile_text(replace(place, charger=unknown), now).second
