"""Drivers for site and circuit meters."""

from evdesk.drivers.meters.modbus import ModbusMeter
from evdesk.drivers.meters.profile import MeterProfile, load_profile, parse_profile, profile_names

__all__ = ["MeterProfile", "ModbusMeter", "load_profile", "parse_profile", "profile_names"]
