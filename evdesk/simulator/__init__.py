"""Floor 3: simulated charging stations, cars, house load and site meter: real network peers with their own physics."""

from evdesk.simulator.access import Access
from evdesk.simulator.faults import FAULTS
from evdesk.simulator.history import history
from evdesk.simulator.image import make_image
from evdesk.simulator.past import CommandSample, Item, LimitSample, NoticeSample, ReadingSample, SessionSpan
from evdesk.simulator.simulate import run_simulate
from evdesk.simulator.site import SimulatedSite
from evdesk.simulator.station import Station
from evdesk.simulator.station2 import Station2
from evdesk.simulator.truth import ChargerTruth, LineTruth, Truth

__all__ = [
    "FAULTS",
    "Access",
    "ChargerTruth",
    "CommandSample",
    "Item",
    "LimitSample",
    "LineTruth",
    "NoticeSample",
    "ReadingSample",
    "SessionSpan",
    "SimulatedSite",
    "Station",
    "Station2",
    "Truth",
    "history",
    "make_image",
    "run_simulate",
]
