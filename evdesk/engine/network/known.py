"""The makers chargers are known by on a network: `known.toml` as data."""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Mark:
    """Who announces so. `certain`: it is a charger, nothing else."""

    maker: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Known:
    """`services`: DNS-SD type with ".local." -> mark; `names`: beginning, lower case -> mark; `cards`: first three
    bytes of a MAC address -> mark."""

    services: dict[str, Mark] = field(default_factory=dict)
    names: dict[str, Mark] = field(default_factory=dict)
    cards: dict[str, Mark] = field(default_factory=dict)

    def by_name(self, name: str) -> Mark | None:
        low = name.lower()
        return next((mark for begins, mark in self.names.items() if low.startswith(begins)), None)

    def by_card(self, mac: str) -> Mark | None:
        return self.cards.get(mac.lower().replace("-", ":")[:8])


@cache
def known() -> Known:
    told = tomllib.loads((resources.files("evdesk.engine.network") / "known.toml").read_text())
    return Known(
        {f"{one['type']}.local.": Mark(one["maker"], one["certain"]) for one in told["service"]},
        {one["begins"].lower(): Mark(one["maker"], one["certain"]) for one in told["name"]},
        {card: Mark(one["maker"], one["only_chargers"]) for one in told["oui"] for card in one["cards"]},
    )
