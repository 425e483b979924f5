"""Learning how the site is wired, from what happens anyway and from a test that steps one charger at a time."""

from evdesk.engine.wiring.book import WiringBook
from evdesk.engine.wiring.run import WiringTest

__all__ = ["WiringBook", "WiringTest"]
