"""The simulated site on paper: bays, makers, rotations, circuits, ratings. Pure."""

import math
from dataclasses import dataclass

from evdesk.model import BalanceSettings, Bay, Circuit, MeterSource, Site
from evdesk.simulator.house import WORST_A
from evdesk.simulator.makers import AMPERION, KESTREL, NORDLADE, Maker

BRANCH_A = 16.0
SAFE_A = 6.0
BREAKERS = (16, 20, 25, 32, 35, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600)
_MAKERS = (NORDLADE, NORDLADE, NORDLADE, KESTREL, NORDLADE, NORDLADE, AMPERION, NORDLADE)
_ROTATIONS = ("RST", "RST", "STR", "TRS", "TRS", "STR", "STR", "RST")
_VERSIONS = ("1.6", "1.6", "1.6", "1.6", "2.0.1", "1.6", "1.6", "2.1")
_YARD_FROM = 5  # of every eight bays, five hang on Garage, three on Yard


@dataclass(frozen=True, slots=True)
class Place:
    """One bay: `rotation` as in `model.Bay`; `version` of OCPP its station speaks."""

    charger_id: str
    label: str
    maker: Maker
    circuit: str
    rotation: str
    version: str = "1.6"


def breaker(amps: float) -> float:
    """The smallest usual rating that carries `amps`; above the table the next hundred."""
    return next((float(b) for b in BREAKERS if b >= amps), math.ceil(amps / 100) * 100.0)


def places(chargers: int) -> tuple[Place, ...]:
    """Bays 1 to `chargers`; the pattern repeats every eight."""
    width = max(2, len(str(chargers)))
    return tuple(
        Place(
            charger_id=f"WB-{n + 1:0{width}d}",
            label=f"Bay {n + 1}",
            maker=_MAKERS[n % 8],
            circuit="Garage" if n % 8 < _YARD_FROM else "Yard",
            rotation=_ROTATIONS[n % 8],
            version=_VERSIONS[n % 8],
        )
        for n in range(chargers)
    )


def ratings(chargers: int) -> dict[str, float]:
    """Circuit ratings such that 6 A for every bay and the worst house load always fit (1 A to spare)."""
    bays = places(chargers)
    garage = sum(p.circuit == "Garage" for p in bays)
    yard = len(bays) - garage
    return {
        "Main": max(63.0, breaker(SAFE_A * chargers + WORST_A + 1)),
        "Garage": max(35.0, breaker(SAFE_A * garage * 1.12 + 1)),
        "Yard": max(32.0, breaker(SAFE_A * yard * 1.3 + 1)),
    }


def site_config(chargers: int, meter_port: int, meter_host: str = "127.0.0.1") -> Site:
    """The site as a person would have entered it."""
    amps = ratings(chargers)
    meter = MeterSource(profile="eastron-sdm630", host=meter_host, port=meter_port, unit=1)
    bays = places(chargers)
    used = [name for name in ("Garage", "Yard") if any(p.circuit == name for p in bays)]
    circuits = [Circuit("Main", _three(amps["Main"]), meter=meter, other_max_a=_three(WORST_A))]
    circuits += [Circuit(name, _three(amps[name]), parent="Main") for name in used]
    return Site(
        name="Mill Lane depot",
        circuits=tuple(circuits),
        bays=tuple(
            Bay(p.charger_id, 1, p.label, p.circuit, max_a=BRANCH_A, phases=p.maker.phases, rotation=p.rotation)
            for p in bays
        ),
        balance=BalanceSettings(silent_times=1.13),
        assumed=False,
        simulated=True,
    )


def _three(amps: float) -> tuple[float, float, float]:
    return (amps, amps, amps)


def register_wh(number: int) -> float:
    """Where the energy register of the station in bay index `number` stands when the live site starts."""
    return 1_200_000.0 + 137_311.0 * (number % 97)
