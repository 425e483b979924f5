"""The choice to stay within the breaker even if evdesk falls silent, in the set-up of a site."""

from dataclasses import replace

import pytest

from evdesk.balance import WITHIN, build_lines, tightest
from evdesk.balance.rooms import silent_floor
from evdesk.gui.dialogs.site_setup import SiteSheet
from evdesk.gui.dialogs.site_silent import affordable, silence_words
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from evdesk.model import Bay, Circuit, MeterSource, Site
from tests.gui import sample


@pytest.fixture
def make(mirror, client, qtbot):
    def one(site):
        mirror.site = site
        sheet = SiteSheet(mirror, client, current(), None)
        qtbot.addWidget(sheet)
        sheet.show()
        return sheet

    return one


def home(fuse, other, **more):
    return Site(circuits=(Circuit("Main", (fuse,) * 3, other_max_a=(other,) * 3, meter=MeterSource()),), **more)


def test_a_new_site_gets_it_where_a_car_can_still_charge(make, client, qtbot):
    sheet = make(Site())
    sheet.fuse.setValue(63)
    sheet.other.setValue(20)
    assert sheet.within.isChecked()
    assert sheet.chosen().balance.silent_times == WITHIN
    # 20 - 0.13 x 63 = 11.8 A are kept; 63 - 1 - 11.8 = 50.2 A are left, of 62 A
    assert "On: cars get 50 A at most" in sheet.cost.text()
    assert "Off: up to 62 A, but 82 A of 63 A may flow for 195 s, and the breaker may trip." in sheet.cost.text()
    next(b for b in sheet.findChildren(Button) if b.text() == "Save the site").click()
    qtbot.waitUntil(lambda: bool(client.asked("site.put")))
    assert client.asked("site.put")[0].site.balance.silent_times == WITHIN


def test_a_home_near_its_fuse_does_not_and_is_told_what_it_costs(make):
    sheet = make(Site())
    sheet.fuse.setValue(25)
    sheet.other.setValue(23)
    assert not sheet.within.isChecked()
    assert sheet.chosen().balance.silent_times is None
    # 25 - 1 - (23 - 3.25) = 4.25 A
    assert "On: 4 A would be left for cars; none starts below 6 A." in sheet.cost.text()
    assert "Off: up to 24 A, but 47 A of 25 A" in sheet.cost.text()
    sheet.other.setValue(3)
    assert sheet.within.isChecked(), "it follows the figures"
    assert "Costs nothing here" in sheet.cost.text()


def test_what_a_person_chose_stays(make):
    sheet = make(Site())
    sheet.fuse.setValue(63)
    sheet.within.click()
    sheet.fuse.setValue(100)
    assert not sheet.within.isChecked()
    assert sheet.chosen().balance.silent_times is None


@pytest.mark.parametrize("times", [None, 1.13, 1.05])
def test_a_site_that_was_entered_keeps_its_choice(make, times):
    site = sample.site()
    sheet = make(replace(site, balance=replace(site.balance, silent_times=times)))
    for fuse in (16.0, 400.0):
        sheet.fuse.setValue(fuse)
        assert sheet.chosen().balance.silent_times == times
    sheet.within.click()
    assert sheet.chosen().balance.silent_times == (None if times else WITHIN)


def test_only_lines_with_cars_count_and_those_above_them():
    tight = Circuit("Tool shed", (16.0,) * 3, "Main", other_max_a=(16.0,) * 3)
    site = home(63.0, 10.0)
    site = replace(site, circuits=(*site.circuits, tight, Circuit("Yard", (32.0,) * 3, "Main")))
    assert not affordable(site), "nobody has a place yet: every line may carry cars"
    site = replace(site, bays=(Bay("WB-01", 1, "Bay 1", "Yard"),))
    assert affordable(site)
    assert tightest(site).line == "Yard/L1"
    assert "Costs nothing" in silence_words(site)
    site = replace(site, circuits=(replace(site.circuits[0], other_max_a=(0.0, 60.0, 0.0)), *site.circuits[1:]))
    assert tightest(site).line == "Main/L2"
    assert tightest(site).on_a == pytest.approx(63 - 1 - (60 - 0.13 * 63))


@pytest.mark.parametrize("fuse", [16.0, 25.0, 63.0])
@pytest.mark.parametrize("other", [0.0, 3.0, 14.0, 24.0])
def test_the_figures_are_the_balancers(fuse, other):
    site = home(fuse, other, bays=(Bay("WB-01", 1, "Bay 1", "Main"),))
    one = tightest(site)
    rooms = [line.limit_a - site.balance.margin_a - max(silent_floor(line, WITHIN), 0.0) for line in build_lines(site)]
    assert one.on_a == pytest.approx(max(min(rooms), 0.0))


def test_a_loop_in_a_file_ends():
    a, b = Circuit("A", (16.0,) * 3, "B"), Circuit("B", (16.0,) * 3, "A")
    assert not affordable(Site(circuits=(a, b), bays=(Bay("WB-01", 1, "Bay 1", "A"),)))


def test_what_runs_in_sub_circuits_counts_on_the_supply():
    """Main itself says 5 A, but what hangs on it is 45 A: that is what the balancer keeps in mind."""
    main = Circuit("Main", (63.0,) * 3, meter=MeterSource(), other_max_a=(5.0,) * 3)
    garage = Circuit("Garage", (32.0,) * 3, parent="Main", other_max_a=(5.0,) * 3)
    shop = Circuit("Shop", (63.0,) * 3, parent="Main", other_max_a=(40.0,) * 3)
    site = Site(circuits=(main, garage, shop), bays=(Bay("A", 1, "A", "Garage"),))
    one = tightest(site)
    assert (one.line, one.other_a) == ("Main/L1", 45.0)
    assert one.on_a == pytest.approx(63.0 - 1.0 - (45.0 - 0.13 * 63.0))
    assert not one.borne
    assert "may trip" in silence_words(site)
