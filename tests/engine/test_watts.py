"""Chargers that take watts: over how many phases a limit is counted."""

import pytest

from evdesk.engine.delivery import phases_used
from evdesk.engine.state import ConnectorRecord
from evdesk.model import Bay


def connector(**fields):
    one = ConnectorRecord(1)
    for name, value in fields.items():
        setattr(one, name, value)
    return one


@pytest.mark.parametrize(
    ("phases", "fields", "used"),
    [
        (3, {}, 0),
        (3, {"current_a": (9.0, 9.0, 9.0)}, 3),
        (3, {"current_a": (9.0, 0.0, 0.0)}, 0),  # it may only have begun
        (3, {"terminals": (True, False, False), "current_a": (9.0, 0.0, 0.0)}, 1),
        (1, {}, 1),
        (2, {}, 2),
    ],
)
def test_how_many_phases_a_car_uses(phases, fields, used):
    assert phases_used(Bay("A", 1, "A", "Main", phases=phases), connector(**fields)) == used
