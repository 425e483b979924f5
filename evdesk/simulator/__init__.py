"""Floor 3: simulated charging stations, cars, house load and site meter: real network peers with their own physics."""

from evdesk.simulator.faults import FAULTS
from evdesk.simulator.simulate import run_simulate
from evdesk.simulator.site import SimulatedSite
from evdesk.simulator.truth import ChargerTruth, LineTruth, Truth

__all__ = ["FAULTS", "ChargerTruth", "LineTruth", "SimulatedSite", "Truth", "run_simulate"]
