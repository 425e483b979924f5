"""The hardware revision of a charger, where one of its settings tells it. OCPP has no field for it."""

import re
from collections.abc import Iterable

from evdesk.model import Setting

MOST_CHARS = 60
_THINGS = ("hardware", "hw", "board", "pcb")
_NAMES = frozenset(
    f"{what}{word}" for what in (*_THINGS, "mainboard") for word in ("version", "ver", "revision", "rev")
)
_STATION = frozenset({"", "chargingstation", "controller"})
"""Components of the whole charger (2.0.1 part 2, appendix 3); a modem has a hardware version of its own."""


def hardware_of(settings: Iterable[Setting]) -> str:
    """ "" where no setting tells it, or several tell it differently. Maker's prefixes aside: "NL_HardwareVersion",
    "AcmeHwRev"."""
    told = {
        (setting.value or "").strip()[:MOST_CHARS]
        for setting in settings
        if not setting.secret and _tells(setting.name)
    } - {""}
    return told.pop() if len(told) == 1 else ""


def _tells(name: str) -> bool:
    low = name.lower()
    if not any(thing in low for thing in _THINGS):
        return False  # nearly all: thousands of chargers have a hundred settings each
    component, _, variable = name.rpartition("/")
    if "#" in variable or _bare(re.sub(r"[\[@].*", "", component)) not in _STATION:
        return False
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", re.sub(r"\[.*", "", variable))
    return any(_bare("".join(words[n:])) in _NAMES for n in range(len(words)))


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
