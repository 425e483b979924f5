"""What callers hand over, looked at once at the door: a wrong type is named in words there, before it is a wrong limit or
an error from deep inside. Odd *values* of measurements (NaN, negative) are no errors: they count as unknown or nothing.

Numbers are real ones of any kind (numpy's too); True and False are none.
"""

import math
from collections.abc import Iterable, Sequence
from numbers import Complex, Integral, Real

import numpy as np

from evdesk.model import Site

_PLAIN = (float, int)


def number(name: str, value: object, *, none: bool = False) -> None:
    """Raises TypeError unless it is a real number, or None where that is allowed."""
    if type(value) in _PLAIN or (none and value is None):
        return
    if type(value) is bool or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number{' or None' if none else ''}, not {value!r}.")


def numbers(names: Sequence[str], values: Iterable[object], *, none: bool = False) -> None:
    """`number` for each."""
    for name, value in zip(names, values, strict=True):
        if type(value) is not float and not (none and value is None):
            number(name, value, none=none)


def finite(name: str, value: object, *, least: float = -math.inf, none: bool = False) -> None:
    """Raises TypeError for no number, ValueError for NaN, infinity and what is below `least`."""
    number(name, value, none=none)
    if value is None or (math.isfinite(value) and value >= least):  # type: ignore[arg-type, operator]
        return
    bound = "" if least == -math.inf else f", at least {least:g}"
    raise ValueError(f"{name} must be a finite number{bound}, not {value!r}.")


def whole(name: str, value: object, *, least: int, none: bool = False) -> None:
    """Raises TypeError unless it is a whole number, ValueError below `least`."""
    if none and value is None:
        return
    if type(value) is bool or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number{' or None' if none else ''}, not {value!r}.")
    if int(value) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}.")


def coefficient(name: str, value: object) -> None:
    """Raises TypeError unless it is a number, ValueError unless it is finite."""
    if type(value) is bool or not isinstance(value, Complex):
        raise TypeError(f"{name} must be a real or complex number, not {value!r}.")
    if not math.isfinite(abs(complex(value))):
        raise ValueError(f"{name} must be finite, not {value!r}.")


def yes_no(names: Sequence[str], values: Iterable[object]) -> None:
    """Raises TypeError unless each is True or False."""
    for name, value in zip(names, values, strict=True):
        if type(value) is not bool and not isinstance(value, np.bool_):
            raise TypeError(f"{name} must be True or False, not {value!r}.")


def one_of(name: str, value: object, kind: type) -> None:
    """Raises TypeError unless it is one of this type."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, not {value!r}.")


def several(name: str, values: object) -> None:
    """Raises TypeError for what cannot be gone through."""
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be an iterable, not {values!r}.")


def three(name: str, value: object) -> tuple[object, ...]:
    """The three of a tuple; raises TypeError for anything else."""
    if not isinstance(value, tuple) or len(value) != 3:
        raise TypeError(f"{name} must be a tuple of three, for the terminals L1, L2 and L3, not {value!r}.")
    return value


def a_key(name: str, value: object) -> None:
    """Raises TypeError unless it is (charger id, connector id)."""
    if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[0], str):
        raise TypeError(f"{name} must be a tuple (charger id, connector id), not {value!r}.")
    if type(value[1]) is not int:
        whole(f"The connector id in {name}", value[1], least=0)


def check_site(site: object) -> None:
    """Raises TypeError, naming the field, for what is no site. Whether it is a good one: `validate_site`."""
    if not isinstance(site, Site):
        raise TypeError(f"site must be a Site, not {site!r}.")
    for circuit in site.circuits:
        phases = ("[0]", "[1]", "[2]")
        for name, values in (("rating_a", circuit.rating_a), ("other_max_a", circuit.other_max_a)):
            numbers([f"{name}{n} of circuit {circuit.name}" for n in phases], three(name, values))
        number(f"continuous of circuit {circuit.name}", circuit.continuous)
    for bay in site.bays:
        a_key(f"(charger_id, connector_id) of bay {bay.label}", (bay.charger_id, bay.connector_id))
        numbers([f"{n} of bay {bay.label}" for n in ("max_a", "min_a")], (bay.max_a, bay.min_a))
