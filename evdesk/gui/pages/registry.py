"""The pages that exist, in the order of the rail."""

from evdesk.gui.pages.base import Page
from evdesk.gui.pages.connect import ConnectPage

PAGES: tuple[type[Page], ...] = (ConnectPage,)
