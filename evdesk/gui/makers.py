"""Where to type the address, per maker: the data files in `resources/makers`, and nothing that they do not say."""

import tomllib
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from evdesk.model import resources

OWN_NAME = ("adds", "field", "type", "braces", "unknown")
ADDRESS = ("whole", "slash", "parts", "none")


@dataclass(frozen=True, slots=True)
class Maker:
    """`own_name`, `address`: see resources/makers/README.md. Steps may hold {url}, {host}, {port}, {path}."""

    key: str
    name: str
    models: str
    own_name: str
    address: str
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[str, ...]

    def filled(self, url: str) -> list[str]:
        """The steps for an address, ready to read."""
        parts = urlsplit(url)
        whole = url if url.endswith("/") or self.address != "slash" else f"{url}/"
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        fill = {"url": whole, "host": parts.hostname or "", "port": port, "path": parts.path or "/"}
        return [step.format(**fill) for step in self.steps]


def maker_of(told: str) -> "Maker | None":
    """The maker meant by what a network or a charger tells, e.g. "go-e" or "OpenEVSE"; None for one without a file."""
    low = told.lower()
    return next((one for one in makers() if low and (low.startswith(one.name.lower()) or one.key == low)), None)


@cache
def makers() -> tuple[Maker, ...]:
    """All makers by name. Raises `KeyError` or `tomllib.TOMLDecodeError` for a file that is not as it must be."""
    found = []
    for file in sorted((resources.root() / "makers").glob("*.toml")):
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        found.append(
            Maker(
                file.stem,
                told["name"],
                told["models"],
                told["own_name"],
                told["address"],
                tuple(told["steps"]),
                tuple(told["notes"]),
                tuple(told["sources"]),
            )
        )
    return tuple(sorted(found, key=lambda one: one.name.lower()))
