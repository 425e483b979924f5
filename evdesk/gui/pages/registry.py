"""The pages that exist, in the order of the rail."""

from evdesk.gui.pages.activity import ActivityPage
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.chargers import ChargersPage
from evdesk.gui.pages.connect import ConnectPage
from evdesk.gui.pages.site import SitePage

PAGES: tuple[type[Page], ...] = (SitePage, ChargersPage, ActivityPage, ConnectPage)
