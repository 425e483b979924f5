"""The guide of an update: chargers, image, checks, confirming."""

from evdesk.gui.pages.base import Page


class UpdatePage(Page):
    name = "update"
    icon = "chip"
    section = "firmware"
