"""Three invented makers with different habits, as real ones have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileHabits:
    """How a maker's stations fetch firmware and send logs.

    `schemes` as the protocol names them; `resumes`: a broken download goes on where it broke, otherwise it begins anew;
    `asks_size`: HTTP HEAD before GET; `changes_folder`: FTP goes into the folder first, otherwise it names the whole
    path; `upload`: "PUT", "POST" (the bare file) or "form" (multipart/form-data, to the address as it was given; the
    others add the file's name to a folder's address); `archive`: a log is a tar.gz of several files, otherwise a text.
    `retries`, `retry_s`: where the request names none. `installed`: it tells Installed "before" its restart, "after" it,
    or its "bootloader" installs during the restart and Installing is never told. Seconds are the station's.
    """

    schemes: tuple[str, ...] = ("HTTP", "HTTPS", "FTP", "FTPS")
    resumes: bool = True
    asks_size: bool = False
    changes_folder: bool = False
    upload: str = "PUT"
    archive: bool = False
    retries: int = 0
    retry_s: float = 10.0
    installed: str = "before"
    install_s: float = 12.0
    reboot_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Maker:
    """`energy_unit`/`power_unit` as written into MeterValues; `phase_power`: power per phase instead of the sum;
    `name_unit`: False leaves the unit of energy away (Wh by the specification); `answer_s` = fastest and slowest;
    `boots_again`: sends BootNotification after every reconnect; `whole_amps`: the pilot is floored to 1 A;
    `decimals` of measured currents; `rate_units` the profile units it takes; `firmware` the version it is delivered with,
    `hardware` its revision, "" where it tells none.
    """

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
    hardware: str = ""
    files: FileHabits = FileHabits()


NORDLADE = Maker("Nordlade", "N22", "2.4.0", "NL22", 32.0, decimals=2, hardware="B")
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
    hardware="2",
    files=FileHabits(
        ("FTP",), resumes=False, changes_folder=True, archive=True, retries=2, installed="after", install_s=20.0
    ),
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
    files=FileHabits(
        ("HTTP", "HTTPS"),
        asks_size=True,
        upload="form",
        archive=True,
        installed="bootloader",
        install_s=3.0,
        reboot_s=30.0,
    ),
)
MAKERS = (NORDLADE, KESTREL, AMPERION)
BY_NAME = {maker.vendor.lower(): maker for maker in MAKERS}
