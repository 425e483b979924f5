"""MeterValues of every shape seen in the field, as readings in A per phase, V per phase, W and Wh.

Rules: the unit is the message's, else the specification's default; a value that cannot be is no value; one current
without a phase is never spread over three unless power and voltage prove it (field threads in the tests).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evdesk.model import NO_PHASES, Phases
from evdesk.ocpp.frame import Odd

ENERGY, POWER, CURRENT, VOLTAGE = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
)
OFFERED, SOC, TEMPERATURE = "Current.Offered", "SoC", "Temperature"

_PHASE = {"l1": 0, "l2": 1, "l3": 2, "l1-n": 0, "l2-n": 1, "l3-n": 2, "n": 3}
_LINE_TO_LINE = frozenset({"l1-l2", "l2-l3", "l3-l1"})
_TOTAL = 4
_SCALE: dict[str, dict[str, float]] = {
    ENERGY: {"wh": 1.0, "kwh": 1000.0, "mwh": 1e6},
    POWER: {"w": 1.0, "kw": 1000.0, "va": 1.0, "kva": 1000.0},
    CURRENT: {"a": 1.0, "ma": 0.001, "amp": 1.0, "ampere": 1.0},
    VOLTAGE: {"v": 1.0, "kv": 1000.0, "mv": 0.001, "volt": 1.0},
    OFFERED: {"a": 1.0, "ma": 0.001, "amp": 1.0, "ampere": 1.0},
    SOC: {"percent": 1.0, "%": 1.0},
    TEMPERATURE: {"celsius": 1.0, "celcius": 1.0, "c": 1.0, "°c": 1.0, "k": 1.0, "fahrenheit": 1.0, "f": 1.0},
}
_RANGE: dict[str, tuple[float, float]] = {
    ENERGY: (0.0, 1e12),
    POWER: (-2e6, 2e6),
    CURRENT: (-2000.0, 2000.0),
    OFFERED: (0.0, 2000.0),
    VOLTAGE: (0.0, 1500.0),
    SOC: (0.0, 100.0),
    TEMPERATURE: (-80.0, 250.0),
}
_WANTED = {name.lower(): name for name in _SCALE}
_WANTED["current"] = CURRENT
_AT = {name: 5 * place for place, name in enumerate(_SCALE)}
_RARE_FROM = _AT[OFFERED]
_PLAIN_V = 230.0
_IDLE_A = 0.5


@dataclass(slots=True)
class Sampled:
    """One meterValue entry, normalised. `stamp` is the timestamp as written."""

    stamp: Any = None
    current_a: Phases = NO_PHASES
    voltage_v: Phases = NO_PHASES
    power_w: float | None = None
    energy_wh: float | None = None
    offered_a: float | None = None
    soc_pct: float | None = None
    temperature_c: float | None = None
    partial: bool = False

    @property
    def empty(self) -> bool:
        if self.power_w is not None or self.energy_wh is not None or self.current_a != NO_PHASES:
            return False
        rest = (self.offered_a, self.soc_pct, self.temperature_c)
        return self.voltage_v == NO_PHASES and rest == (None, None, None)


_Place = tuple[str, int, float, float, float, bool]
"""Measurand, index in the row, factor to the base unit, lowest and highest value, taken before other locations."""

_places: dict[tuple[Any, ...], _Place | None] = {}
_PLACES_MAX = 2000
_FORM_CHARS = 64
MOST_VALUES = 20_000
_ENTRY = 10
"""Samples read of one message, an entry counted as ten: that much fits into a message of the allowed size."""


class Bag:
    """The values of one entry by measurand and slot (L1, L2, L3, N, without phase), in one row, and what was odd."""

    __slots__ = ("odd", "rare", "row")

    def __init__(self, odd: list[Odd]) -> None:
        self.row: list[float | None] = [None] * (5 * len(_SCALE))
        self.odd = odd
        self.rare = False  # one of the rarer measurands is among them

    def put(self, form: tuple[Any, ...], raw: Any, sample: object) -> None:
        """Puts one sampledValue where it belongs, or nowhere. `form`: measurand, phase, unit, location, format. Forms
        without any oddity are looked up, not worked out."""
        try:
            place = _places[form]
        except (KeyError, TypeError):
            place = _placed(form, self)
        if place is None:
            return
        measurand, index, scale, low, high, preferred = place
        try:
            value = scale * float(raw)
        except (TypeError, ValueError, OverflowError):
            value = scale * _comma(raw, self)
        if measurand is TEMPERATURE:
            value = _celsius(value, form[2])
        if low <= value <= high and raw is not True and raw is not False:
            if preferred or self.row[index] is None:
                self.row[index] = value
        elif math.isfinite(value):
            self.flag("value_absurd", f"{measurand} {value:g} cannot be; it is not used.", sample)
        else:
            self.flag("value_not_a_number", f"{measurand}: {str(raw)[:60]!r} is not a number; it is not used.", raw)
        if index >= _RARE_FROM:
            self.rare = True

    def phases(self, measurand: str) -> Phases:
        at, row = _AT[measurand], self.row
        return (row[at], row[at + 1], row[at + 2])

    def total(self, measurand: str) -> float | None:
        return self.row[_AT[measurand] + _TOTAL]

    def flag(self, rule: str, sentence: str, raw: object = "") -> None:
        self.odd.append(Odd(rule, sentence, str(raw)[:500]))


def read_meter_values(meter_value: Any) -> tuple[list[Sampled], list[Odd]]:
    """Every entry of a `meterValue` or `transactionData` field. Never raises on any JSON value."""
    odd: list[Odd] = []
    entries = meter_value
    if isinstance(entries, dict):
        entries = [entries]
        odd.append(Odd("meter_value_not_a_list", "meterValue is an object instead of a list.", clause="OCPP 1.6, 6.31"))
    if not isinstance(entries, list):
        return [], [Odd("meter_value_missing", "The message carries no meterValue list.", str(meter_value)[:200])]
    most = MOST_VALUES
    read: list[Sampled] = []
    for entry in entries[:most]:
        if isinstance(entry, dict):
            samples = _samples(entry, odd)
            read.append(_entry(entry, samples[:most], odd))
            most -= _ENTRY + len(samples)
            if most <= 0:
                odd.append(
                    Odd("too_many_values", f"More than {MOST_VALUES} values in one message; the rest is not read.")
                )
                break
    return read, odd


def _samples(entry: dict[str, Any], odd: list[Odd]) -> list[Any]:
    samples = entry.get("sampledValue")
    if isinstance(samples, dict):
        samples = [samples]
        odd.append(Odd("sampled_value_not_a_list", "sampledValue is an object instead of a list."))
    if samples is None and "value" in entry:
        samples = [entry]
    return samples if isinstance(samples, list) else []


def _entry(entry: dict[str, Any], samples: list[Any], odd: list[Odd]) -> Sampled:
    bag = Bag(odd)
    for sample in samples:
        if isinstance(sample, dict):
            get = sample.get
            unit, value = get("unit"), get("value")
            if "unitOfMeasure" in sample:
                unit, value = _scaled(sample["unitOfMeasure"], value, bag)
            bag.put((get("measurand"), get("phase"), unit, get("location"), get("format")), value, sample)
    return sampled(entry.get("timestamp"), bag)


def _scaled(measure: Any, value: Any, bag: Bag) -> tuple[Any, Any]:
    """Unit and value of a 2.x sample: `multiplier` is a power of ten."""
    if not isinstance(measure, dict):
        return measure, value
    power = measure.get("multiplier") or 0
    if isinstance(power, int | float) and abs(power) <= 12:
        try:
            return measure.get("unit"), float(value) * 10.0**power if power else value
        except (TypeError, ValueError, OverflowError):
            return measure.get("unit"), value
    bag.flag("multiplier_absurd", f"The multiplier {str(power)[:20]} cannot be; the value is not used.", measure)
    return measure.get("unit"), None


def sampled(stamp: Any, bag: Bag) -> Sampled:
    """What the values of one entry say together."""
    result = Sampled(stamp)
    result.voltage_v = _voltage(bag)
    result.energy_wh, summed = _total_or_sum(bag, ENERGY)
    result.power_w, added = _total_or_sum(bag, POWER)
    result.partial = summed or added
    _current(result, bag)
    _plausible_power(result, bag)
    if bag.rare:
        result.offered_a = _first(bag, OFFERED, min)
        result.soc_pct = _first(bag, SOC, max)
        result.temperature_c = _first(bag, TEMPERATURE, max)
    return result


def _placed(form: tuple[Any, ...], bag: Bag) -> _Place | None:
    """Works out where a form goes and remembers it, unless there was something to flag."""
    before = len(bag.odd)
    place = _work_out(form, bag)
    if len(bag.odd) == before and len(_places) < _PLACES_MAX and all(map(_short, form)):
        _places[form] = place
    return place


def _short(word: Any) -> bool:
    return word is None or (isinstance(word, str) and len(word) <= _FORM_CHARS)


def _work_out(form: tuple[Any, ...], bag: Bag) -> _Place | None:
    name, phase, unit, location, kind = form
    if kind == "SignedData":
        return None
    name = ENERGY if name is None else name
    measurand = _WANTED.get(name.lower().strip()) if isinstance(name, str) else None
    if measurand is None:
        measurand, phase = _split_name(name, phase, bag)
        if measurand is None:
            return None
    slot = _slot(phase, bag)
    if slot is None:
        return None
    low, high = _RANGE[measurand]
    return measurand, _AT[measurand] + slot, _scale(measurand, unit, bag), low, high, location in (None, "Outlet")


def _split_name(name: Any, phase: Any, bag: Bag) -> tuple[str | None, Any]:
    """Phases glued to the measurand ("Current.Import.L1"); other measurands are none of ours."""
    if not isinstance(name, str):
        bag.flag("measurand_not_text", "The measurand is not text.", name)
        return None, phase
    head, _, tail = name.strip().rpartition(".")
    measurand = _WANTED.get(head.lower())
    if measurand is None or tail.lower() not in _PHASE:
        return None, phase
    bag.flag("phase_in_measurand", f"The phase is part of the measurand: {name[:60]}.", name)
    return measurand, tail


def _slot(phase: Any, bag: Bag) -> int | None:
    if phase is None or phase == "":
        return _TOTAL
    key = phase.strip().lower() if isinstance(phase, str) else str(phase)
    slot = _PHASE.get(key)
    if slot is None and key not in _LINE_TO_LINE:
        bag.flag("phase_unknown", f"The phase {str(phase)[:40]!r} is not known; the value is not used.", phase)
    return slot


def _comma(value: Any, bag: Bag) -> float:
    text = value.strip("\x00 \t\r\n").replace(",", ".") if isinstance(value, str) else ""
    try:
        number = float(text)
    except ValueError:
        return math.nan
    bag.flag("decimal_comma", "A value is written with a decimal comma or stray characters.", value)
    return number


def _scale(measurand: str, unit: Any, bag: Bag) -> float:
    if unit is None or unit == "":
        return 1.0
    name = unit.strip().lower() if isinstance(unit, str) else str(unit)
    scale = _SCALE[measurand].get(name)
    if scale is None:
        bag.flag("unit_unknown", f"{measurand} in {str(unit)[:30]!r}; the usual unit is assumed.", unit)
        return 1.0
    return scale


def _celsius(value: float, unit: Any) -> float:
    name = unit.strip().lower() if isinstance(unit, str) else ""
    if name == "k":
        return value - 273.15
    return (value - 32.0) / 1.8 if name in ("f", "fahrenheit") else value


def _voltage(bag: Bag) -> Phases:
    phases, total = bag.phases(VOLTAGE), bag.total(VOLTAGE)
    if phases == NO_PHASES and total is not None:
        return (total, None, None)
    return phases


def _total_or_sum(bag: Bag, measurand: str) -> tuple[float | None, bool]:
    total = bag.total(measurand)
    if total is not None:
        return total, False
    known = [value for value in bag.phases(measurand) if value is not None]
    return (sum(known), True) if known else (None, False)


def _first(bag: Bag, measurand: str, pick: Callable[[list[float]], float]) -> float | None:
    known = [value for value in bag.row[_AT[measurand] : _AT[measurand] + 5] if value is not None]
    return pick(known) if known else None


def _current(result: Sampled, bag: Bag) -> None:
    at = _AT[CURRENT]
    row = bag.row[at : at + 5]
    if row[0] is not None or row[1] is not None or row[2] is not None:
        result.current_a = (row[0], row[1], row[2])
        return
    total = row[_TOTAL]
    if total is None and row[3] is not None:
        total = row[3]
        result.partial = True
        bag.flag("current_on_n_only", "The current is reported on N only; it is taken for L1.")
    if total is not None:
        result.current_a = _place_single(total, result)


def _place_single(current: float, result: Sampled) -> Phases:
    """One current without a phase. None stays where nothing proves that a phase is free or equally loaded."""
    if abs(current) <= _IDLE_A:
        return (current, current, current)
    volts = result.voltage_v
    if all(volt is not None for volt in volts):
        alive = [volt is not None and volt > 50.0 for volt in volts]
        if sum(alive) == 1:
            result.partial = True
            return (current if alive[0] else 0.0, current if alive[1] else 0.0, current if alive[2] else 0.0)
    if result.power_w is None:
        return (current, None, None)
    live = [volt for volt in volts if volt is not None and volt > 50.0]
    volt = sum(live) / len(live) if live else _PLAIN_V
    count = result.power_w / (volt * current)
    if 2.5 <= count <= 3.5:
        result.partial = True
        return (current, current, current)
    if 1.5 <= count < 2.5:
        result.partial = True
        return (current, current, None)
    return (current, None, None)


def _plausible_power(result: Sampled, bag: Bag) -> None:
    """Repairs kW written as W and the reverse by P = sum(U x I); derives power where none was sent."""
    drawn = product = 0.0
    measured = True
    for current, volt in zip(result.current_a, result.voltage_v, strict=True):
        if current is not None:
            drawn += abs(current)
            if volt is None:
                measured = False
            product += current * (volt if volt is not None and volt > 50.0 else _PLAIN_V)
    if drawn < 1.0:
        return
    if result.power_w is None:
        if measured:
            result.power_w, result.partial = product, True
        return
    if result.power_w == 0.0 or abs(product) < 200.0:
        return
    ratio = product / result.power_w
    factor = 1000.0 if 500.0 < ratio < 2000.0 else 0.001 if 0.0005 < ratio < 0.002 else 1.0
    if factor != 1.0:
        bag.flag("power_unit_wrong", f"Power {result.power_w:g} W does not fit current and voltage; kW and W mixed up.")
        result.power_w *= factor
