"""Failsafe drills: stop talking to a charger, watch what it does, keep what that is worth, print it as a page."""

from evdesk.engine.drill.service import Drills

__all__ = ["Drills"]
