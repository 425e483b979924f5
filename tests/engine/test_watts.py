"""Chargers that take watts: until it is seen how many phases a car uses, one phase may carry it all."""

import pytest

from evdesk.engine.control import Control, phases_used
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


@pytest.mark.parametrize(
    ("fields", "limit_a", "worst_a"),
    [
        ({}, 10.0, 10.0),  # in ampere
        ({"watt_phases": 3}, 10.0, 16.0),  # 6900 W on one phase: the branch fuse is what limits it
        ({"watt_phases": 3}, 5.0, 15.0),
        ({"watt_phases": 3, "current_a": (9.0, 9.0, 9.0)}, 10.0, 10.0),
        ({"watt_phases": 3, "terminals": (True, False, False)}, 5.0, 15.0),  # counted over three, and it uses one
        ({"watt_phases": 1, "terminals": (True, False, False)}, 10.0, 10.0),
        ({"watt_phases": 3}, None, None),
    ],
)
def test_a_limit_in_watts_at_its_worst(fields, limit_a, worst_a):
    bay = Bay("A", 1, "A", "Main", max_a=16.0)
    assert Control._at_worst(bay, connector(**fields), limit_a) == worst_a
