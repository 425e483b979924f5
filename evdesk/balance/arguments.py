"""What callers hand over, looked at once at the door: a wrong type is named in words there, before it is a wrong limit or
an error from deep inside. Odd *values* of measurements (NaN, negative) are no errors: they count as unknown or nothing.

Numbers are real ones of any kind (numpy's too); True and False are none.
"""

import math
from collections.abc import Iterable, Sequence
from numbers import Complex, Integral, Real

import numpy as np

from evdesk.balance.check_types import shown, type_problems


def number(name: str, value: object, *, none: bool = False) -> None:
    """Raises TypeError unless it is a real number, or None where that is allowed; ValueError for one no float can hold."""
    if type(value) is float or (none and value is None):
        return
    if type(value) is bool or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number{' or None' if none else ''}, not {value!r}.")
    try:
        float(value)
    except OverflowError:
        raise ValueError(f"{name} must be a number below 1e308, not {shown(value)}.") from None


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
    try:
        size = abs(complex(value))
    except OverflowError:
        size = math.inf
    if not math.isfinite(size):
        raise ValueError(f"{name} must be finite, not {shown(value)}.")


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
    if problems := type_problems(site):
        raise TypeError(" ".join(problems))
