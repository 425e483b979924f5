"""The Firmware page: the fleet's versions, the library of images, jobs."""

from evdesk.gui.pages.base import Page


class FirmwarePage(Page):
    name = "firmware"
    icon = "chip"
