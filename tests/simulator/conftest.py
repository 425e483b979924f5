import pytest

from evdesk.model import Clock
from tests.simulator.csms import Csms
from tests.simulator.running import SPEED


@pytest.fixture
def clock() -> Clock:
    return Clock(speed=SPEED)


@pytest.fixture
async def csms(clock):
    async with Csms(clock) as running:
        yield running


@pytest.fixture
async def strict_csms(clock):
    """A CSMS that fails the test if anything it got broke a schema."""
    async with Csms(clock) as running:
        yield running
    assert running.breaches == []
