"""Logs that chargers sent."""

from evdesk.gui.pages.base import Page


class LogsPage(Page):
    name = "logs"
    icon = "file"
    section = "firmware"
