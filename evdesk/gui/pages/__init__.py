"""The desk's pages."""

from evdesk.gui.pages.base import Page

__all__ = ["Page"]
