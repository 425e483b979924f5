"""Three invented makers with different habits, as real ones have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Maker:
    """`energy_unit`/`power_unit` as written into MeterValues; `phase_power`: power per phase instead of the sum;
    `name_unit`: False leaves the unit of energy away (Wh by the specification); `answer_s` = fastest and slowest;
    `boots_again`: sends BootNotification after every reconnect; `whole_amps`: the pilot is floored to 1 A;
    `decimals` of measured currents; `rate_units` the profile units it takes."""

    vendor: str
    model: str
    firmware: str
    prefix: str
    max_a: float
    phases: int = 3
    energy_unit: str = "Wh"
    power_unit: str = "W"
    phase_power: bool = False
    name_unit: bool = True
    answer_s: tuple[float, float] = (0.02, 0.08)
    boots_again: bool = False
    whole_amps: bool = False
    decimals: int = 1
    rate_units: str = "Current,Power"
    max_level: int = 8


NORDLADE = Maker("Nordlade", "N22", "2.4.0", "NL22", 32.0, decimals=2)
KESTREL = Maker(
    "Kestrel",
    "K11",
    "1.18.3",
    "K11",
    16.0,
    energy_unit="kWh",
    power_unit="kW",
    answer_s=(0.2, 0.6),
    boots_again=True,
    whole_amps=True,
    rate_units="Current",
    max_level=3,
)
AMPERION = Maker(
    "Amperion",
    "A7",
    "7.0.12-r3",
    "AMP7",
    16.0,
    phase_power=True,
    name_unit=False,
    answer_s=(0.3, 0.9),
    rate_units="A,W",
)
MAKERS = (NORDLADE, KESTREL, AMPERION)
