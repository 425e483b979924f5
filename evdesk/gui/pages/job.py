"""One job: its progress, charger by charger, and its report."""

from evdesk.gui.pages.base import Page


class JobPage(Page):
    name = "job"
    icon = "chip"
    section = "firmware"
