"""The sheet about power limits, and the site's set-up on other grids."""

from dataclasses import replace

import pytest

from evdesk.gui.caps import cap_words, limits_words
from evdesk.gui.dialogs.power_limit import PowerLimitSheet
from evdesk.gui.dialogs.site_setup import SiteSheet
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from evdesk.model import CapGroup, CapRule, EvdeskError, GridType, PowerCap, Reason
from evdesk.wire.method import Done
from tests.gui import sample

BY_HAND = PowerCap("grid operator", 4200.0, CapGroup.CHARGERS, sample.NOW, sample.NOW + 3600)
BY_CLOCK = PowerCap("Evening", 11_000.0, CapGroup.CONNECTION)


@pytest.fixture
def sheet(mirror, client, qtbot):
    mirror.site = replace(mirror.site, caps=(CapRule("Evening", 11_000.0, CapGroup.CONNECTION),))
    client.answers |= {"balance.caps": [BY_HAND, BY_CLOCK], "balance.cap": Done(), "balance.uncap": Done()}
    one = PowerLimitSheet(mirror, client, current(), None)
    qtbot.addWidget(one)
    one.show()
    qtbot.waitUntil(lambda: one.shown is not None)
    return one


def asked(client, method):
    return [params for name, params in client.calls if name == method]


def test_what_holds_is_said_and_only_what_was_given_can_be_taken_back(sheet, client, qtbot):
    buttons = [b for b in sheet.findChildren(Button) if b.text() == "Take back"]
    assert [b.objectName() for b in buttons] == ["grid operator"]
    assert cap_words(BY_CLOCK, sample.NOW) == "11.0 kW for the whole site"
    assert cap_words(BY_HAND, sample.NOW).startswith("4.2 kW for all chargers, until ")
    buttons[0].click()
    qtbot.waitUntil(lambda: bool(asked(client, "balance.uncap")))
    assert asked(client, "balance.uncap")[0].source == "grid operator"


def test_a_limit_is_given_with_what_the_fields_say(sheet, client, qtbot):
    sheet.source.setText("me")
    sheet.power.setValue(7.4)
    sheet.hours.setValue(0)
    sheet.give.click()
    qtbot.waitUntil(lambda: bool(asked(client, "balance.cap")))
    given = asked(client, "balance.cap")[0]
    assert (given.source, given.power_w, given.rule, given.group, given.valid_s) == (
        "me",
        7400.0,
        "",
        CapGroup.CHARGERS,
        None,
    )


def test_dimming_needs_no_figure(sheet):
    sheet.rule.setCurrentIndex(1)
    assert not sheet.power.isEnabled()
    assert (sheet.chosen().power_w, sheet.chosen().rule, sheet.chosen().valid_s) == (None, "enwg14a", 7200.0)


def test_a_refusal_is_said(sheet, client, qtbot):
    client.answers["balance.cap"] = EvdeskError(Reason.INVALID, "Say who gives this limit.")
    sheet.give.click()
    qtbot.waitUntil(lambda: "Say who gives" in sheet._error.text())
    assert sheet.give.isEnabled()


def test_without_any_it_says_so(sheet):
    sheet.show_caps([])
    assert sheet.rows.count() == 1


@pytest.mark.parametrize("grid", list(GridType))
def test_the_set_up_keeps_the_grid_of_a_site(mirror, client, qtbot, grid):
    mirror.site = replace(mirror.site, grid=grid)
    one = SiteSheet(mirror, client, current(), None)
    qtbot.addWidget(one)
    chosen = one.chosen()
    assert chosen.grid is grid
    main = next(c for c in chosen.circuits if not c.parent)
    assert [a > 0 for a in main.rating_a] == [phase < grid.phases for phase in range(3)]


def test_limits_in_one_line_the_tightest_first():
    assert limits_words((), sample.NOW) == ""
    words = limits_words((BY_CLOCK, BY_HAND), sample.NOW)
    assert words.startswith("Power limit, grid operator: 4.2 kW for all chargers, until ")
    assert words.endswith("and 1 more")
