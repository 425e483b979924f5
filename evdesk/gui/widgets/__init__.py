"""The parts every page is built from. All of them paint from theme roles."""

from evdesk.gui.widgets.banner import Banner, EmptyState, Picture, SearchField
from evdesk.gui.widgets.base import ElidedLabel, Label, Painted, copy, copy_menu
from evdesk.gui.widgets.buttons import DANGER, GHOST, NORMAL, PRIMARY, Button, Segmented
from evdesk.gui.widgets.cards import Card, Rule, Strip
from evdesk.gui.widgets.chips import Chip, chip_width, paint_chip
from evdesk.gui.widgets.figures import Figure
from evdesk.gui.widgets.focus import FocusRing
from evdesk.gui.widgets.more import MoreBelow, MoreRows
from evdesk.gui.widgets.phasebars import Part, PhaseBars, RatingBar, paint_phase_bars
from evdesk.gui.widgets.qr import QrCode
from evdesk.gui.widgets.tabs import KeyValue, Tabs

__all__ = [
    "DANGER",
    "GHOST",
    "NORMAL",
    "PRIMARY",
    "Banner",
    "Button",
    "Card",
    "Chip",
    "ElidedLabel",
    "EmptyState",
    "Figure",
    "FocusRing",
    "KeyValue",
    "Label",
    "MoreBelow",
    "MoreRows",
    "Painted",
    "Part",
    "PhaseBars",
    "Picture",
    "QrCode",
    "RatingBar",
    "Rule",
    "SearchField",
    "Segmented",
    "Strip",
    "Tabs",
    "chip_width",
    "copy",
    "copy_menu",
    "paint_chip",
    "paint_phase_bars",
]
