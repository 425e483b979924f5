"""The table of pages tells the truth about the classes it stands for."""

import pytest

from evdesk.gui.pages.base import Page
from evdesk.gui.pages.registry import PAGES
from evdesk.gui.resources import icon_file


@pytest.mark.parametrize("later", PAGES, ids=lambda later: later.name)
def test_a_later_page_says_what_its_class_says(later):
    kind = later.load()
    assert issubclass(kind, Page)
    assert (kind.name, kind.icon, kind.section, kind.word()) == (later.name, later.icon, later.section, later.word())
    assert icon_file(later.icon).is_file()


@pytest.mark.parametrize("later", PAGES, ids=lambda later: later.name)
def test_every_page_comes_up_goes_and_comes_back(later, mirror, client, qapp, qtbot):
    from evdesk.gui.client import LinkState
    from evdesk.gui.theme import current

    current().apply(qapp, "light")
    page = later(mirror, client, current())
    qtbot.addWidget(page)
    page.resize(1112, 748)
    page.show()
    page.on_shown()
    assert page.title()
    client.go(LinkState.LOST, "gone")
    mirror.flush()
    page.on_hidden()
    mirror.flush()
    page.on_shown()
    assert isinstance(page.header_actions(), list)
    page.on_hidden()
