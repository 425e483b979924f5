"""MeterValues as each maker writes them."""

import random
from collections.abc import Iterator
from typing import Any

from evdesk.simulator.makers import Maker
from evdesk.simulator.outlet import Outlet

PHASES = ("L1", "L2", "L3")
Sample = dict[str, Any]


def sampled_values(
    outlet: Outlet, maker: Maker, measurands: list[str], context: str, faults: set[str], rng: random.Random
) -> list[Sample]:
    """One `sampledValue` list for what is flowing now, with the meter's own small noise."""
    samples: list[Sample] = []
    for measurand in measurands:
        for value, unit, phase, digits in _measured(outlet, maker, measurand, faults, rng):
            sample: Sample = {"value": f"{value:.{digits}f}", "context": context, "measurand": measurand}
            if phase:
                sample["phase"] = phase
            if unit:
                sample["unit"] = unit
            if "numbers_for_text" in faults:
                sample["value"] = round(value, digits)
            samples.append(sample)
    return samples


def sampled_values2(
    outlet: Outlet, maker: Maker, measurands: list[str], context: str, faults: set[str], rng: random.Random
) -> list[Sample]:
    """The same as OCPP 2.x writes it: numbers, the unit apart, and kilo as a multiplier."""
    samples: list[Sample] = []
    for measurand in measurands:
        for value, unit, phase, digits in _measured(outlet, maker, measurand, faults, rng):
            sample: Sample = {"value": round(value, digits), "context": context, "measurand": measurand}
            if phase:
                sample["phase"] = phase
            if unit.startswith("k"):
                sample["unitOfMeasure"] = {"unit": unit[1:], "multiplier": 3}
            elif unit:
                sample["unitOfMeasure"] = {"unit": unit}
            samples.append(sample)
    return samples


def _measured(
    outlet: Outlet, maker: Maker, measurand: str, faults: set[str], rng: random.Random
) -> Iterator[tuple[float, str, str, int]]:
    """(value, unit, phase, decimals) for one measurand."""
    if measurand == "Current.Import":
        amps = [_noisy(a, 0.004, rng) for a in outlet.current_a]
        if "total_only" in faults:
            yield max(amps), "A", "", maker.decimals
            return
        for phase, value in zip(PHASES[: outlet.phases], amps, strict=False):
            yield value, "A", phase, maker.decimals
    elif measurand == "Voltage":
        for phase, value in zip(PHASES[: outlet.phases], outlet.voltage_v, strict=False):
            yield _noisy(value, 0.002, rng), "V", f"{phase}-N", 1
    elif measurand == "Power.Active.Import":
        yield from _power(outlet, maker, rng)
    elif measurand == "Energy.Active.Import.Register":
        yield _energy(outlet, maker, faults)
    elif measurand == "Current.Offered":
        yield outlet.pilot_a, "A", "", 1
    elif measurand == "SoC" and outlet.car is not None:
        yield outlet.car.soc_pct, "Percent", "", 0
    elif measurand == "Temperature":
        yield 24.0 + 0.6 * max(outlet.current_a), "Celsius", "", 1


def _power(outlet: Outlet, maker: Maker, rng: random.Random) -> Iterator[tuple[float, str, str, int]]:
    scale, digits = (1000.0, 3) if maker.power_unit == "kW" else (1.0, 0)
    if not maker.phase_power:
        yield _noisy(outlet.power_w, 0.003, rng) / scale, maker.power_unit, "", digits
        return
    for phase, amps, volts in zip(PHASES[: outlet.phases], outlet.current_a, outlet.voltage_v, strict=False):
        yield _noisy(amps * volts, 0.003, rng) / scale, maker.power_unit, phase, digits


def _energy(outlet: Outlet, maker: Maker, faults: set[str]) -> tuple[float, str, str, int]:
    if "kwh_as_wh" in faults:
        return outlet.register_wh / 1000.0, "Wh", "", 3
    scale, digits = (1000.0, 3) if maker.energy_unit == "kWh" else (1.0, 0)
    return outlet.register_wh / scale, maker.energy_unit if maker.name_unit else "", "", digits


def _noisy(value: float, part: float, rng: random.Random) -> float:
    return value * rng.gauss(1.0, part) if value else 0.0


def meter_values(outlet: Outlet, at: str, samples: list[Sample], faults: set[str]) -> dict[str, Any]:
    """MeterValues.req without the transaction, which is filled in when it is sent."""
    entry = {"timestamp": at, "sampledValue": samples}
    return {"connectorId": outlet.id, "meterValue": entry if "numbers_for_text" in faults else [entry]}
