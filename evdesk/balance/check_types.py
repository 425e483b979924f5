"""What in a site is not even of the right kind, in sentences that say what to enter; looked at before all else."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from numbers import Integral, Real

import numpy as np

from evdesk.model import (
    BalanceSettings,
    Bay,
    Breaker,
    CapGroup,
    CapRule,
    ChargeMode,
    Circuit,
    GridType,
    MeterSource,
    PriceRule,
    ShareBy,
    Site,
    Transformer,
)

LONGEST = 60
"""Characters of a value that are shown."""

Kind = tuple[Callable[[object], bool], str]
"""(whether a value is of it, how it is called)"""


def is_number(value: object) -> bool:
    """Whether it is a real number a float can hold; True and False are none."""
    if type(value) is float:
        return True
    if type(value) is bool or not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def shown(value: object) -> str:
    """A value inside a sentence, the end of a long one left out."""
    if isinstance(value, int) and value.bit_length() > LONGEST * 4:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _is_three(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 3 and all(is_number(each) for each in value)


def _is_whole(value: object) -> bool:
    return type(value) is not bool and isinstance(value, Integral) and is_number(value)


def _is_days(value: object) -> bool:
    return isinstance(value, tuple) and all(_is_whole(day) for day in value)


def _or_none(kind: Kind) -> Kind:
    return (lambda value: value is None or kind[0](value), f"{kind[1]} or None")


def _a(kind: type) -> Kind:
    words = ", ".join(repr(each.value) for each in kind) if issubclass(kind, StrEnum) else ""
    return (lambda value: isinstance(value, kind), f"a {kind.__name__}" + (f" ({words})" if words else ""))


TEXT: Kind = (lambda value: isinstance(value, str), "text")
NUMBER: Kind = (is_number, "a number")
WHOLE: Kind = (_is_whole, "a whole number")
YES_NO: Kind = (lambda value: isinstance(value, bool | np.bool_), "True or False")
THREE: Kind = (_is_three, "a tuple of three numbers, one per phase")
DAYS: Kind = (_is_days, "a tuple of whole numbers")

_SITE = {
    "name": TEXT,
    "voltage_v": NUMBER,
    "grid": _a(GridType),
    "balance": _a(BalanceSettings),
    "assumed": YES_NO,
    "simulated": YES_NO,
}
_CIRCUIT = {
    "name": TEXT,
    "rating_a": THREE,
    "parent": TEXT,
    "meter": _or_none(_a(MeterSource)),
    "other_max_a": THREE,
    "continuous": NUMBER,
    "breaker": _a(Breaker),
    "grid": _or_none(_a(GridType)),
    "transformer": _a(Transformer),
    "ratio": NUMBER,
    "unbalance_a": _or_none(NUMBER),
}
_METER = {"driver": TEXT, "profile": TEXT, "host": TEXT, "port": WHOLE, "unit": WHOLE}
_BAY = {
    "charger_id": TEXT,
    "connector_id": WHOLE,
    "label": TEXT,
    "circuit": TEXT,
    "max_a": NUMBER,
    "min_a": NUMBER,
    "phases": WHOLE,
    "rotation": TEXT,
    "user_limit_a": _or_none(NUMBER),
    "priority": WHOLE,
    "mode": _or_none(_a(ChargeMode)),
}
_SETTINGS = {
    "enabled": YES_NO,
    "margin_a": NUMBER,
    "share_every_s": NUMBER,
    "meter_stale_s": NUMBER,
    "profile_valid_s": NUMBER,
    "profile_refresh_s": NUMBER,
    "raise_hold_s": NUMBER,
    "house_window_s": NUMBER,
    "safe_share_a": _or_none(NUMBER),
    "share_by": _a(ShareBy),
    "dwell_s": NUMBER,
    "turn_s": NUMBER,
    "reclaim_s": NUMBER,
    "mode": _a(ChargeMode),
    "cheap_below": _or_none(NUMBER),
    "silent_times": _or_none(NUMBER),
}
_TIMES = {"days": DAYS, "start": WHOLE, "end": WHOLE}
_CAP = {"name": TEXT, "power_w": NUMBER, "group": _a(CapGroup), **_TIMES}
_PRICE = {"price": NUMBER, **_TIMES}

_LISTS: tuple[tuple[str, str, type, Mapping[str, Kind], str], ...] = (
    ("circuits", "Circuit", Circuit, _CIRCUIT, "name"),
    ("bays", "Connector", Bay, _BAY, "label"),
    ("caps", "Power limit", CapRule, _CAP, "name"),
    ("prices", "Price", PriceRule, _PRICE, "price"),
)


def type_problems(site: object) -> list[str]:
    """Every field of a site that is of a wrong kind; empty when all are right. Whether the values are good ones is not
    looked at."""
    if not isinstance(site, Site):
        return [f"site must be a Site, not {shown(site)}."]
    found = _wrong("The site", site, _SITE)
    for name, word, kind, fields, called in _LISTS:
        entries = getattr(site, name)
        if not isinstance(entries, tuple | list):
            found.append(f"The site: {name} is {shown(entries)}. Enter a tuple of {kind.__name__}.")
            continue
        for n, entry in enumerate(entries):
            if not isinstance(entry, kind):
                found.append(f"The site: {name}[{n}] is {shown(entry)}. Enter a {kind.__name__}.")
                continue
            found += _wrong(f"{word} {shown(getattr(entry, called))}", entry, fields)
            if isinstance(entry, Circuit) and isinstance(entry.meter, MeterSource):
                found += _wrong(f"The meter of {shown(entry.name)}", entry.meter, _METER)
    if isinstance(site.balance, BalanceSettings):
        found += _wrong("The balancing", site.balance, _SETTINGS)
    return found


def _wrong(who: str, thing: object, fields: Mapping[str, Kind]) -> list[str]:
    return [
        f"{who}: {name} is {shown(value)}. Enter {words}."
        for name, (right, words) in fields.items()
        if not right(value := getattr(thing, name))
    ]
