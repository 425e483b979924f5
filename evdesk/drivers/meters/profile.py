"""Which registers of a meter mean what: a profile file, checked when it is loaded.

    name = "..."                     for people
    table = "input" | "holding"
    word_order = "high_first" | "low_first"
    sunspec_models = [203]           optional: addresses then count from the first of these SunSpec blocks found
    [registers]
    current_l1_a = { address = 6, type = "f32", scale = 1.0 }      or scale_at = register of a power of ten

Known values: current_l1_a..l3_a (at least one), voltage_l1_v.., power_l1_w.., power_w, energy_wh.
"""

import math
import struct
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from evdesk.model import EvdeskError, Reason

FORMATS = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "f32": ">f", "u64": ">Q", "i64": ">q", "f64": ">d"}
NOT_THERE: dict[str, frozenset[int]] = {
    "u16": frozenset({0xFFFF}),
    "i16": frozenset({-0x8000}),
    "u32": frozenset({0xFFFFFFFF}),
    "i32": frozenset({-0x80000000, 0x7FFFFFFF}),
    "u64": frozenset({0xFFFFFFFFFFFFFFFF}),
    "i64": frozenset({-0x8000000000000000, 0x7FFFFFFFFFFFFFFF}),
}
"""Values with which meters say "no value"."""
PHASED = ("current", "voltage", "power")
UNITS = {"current": "a", "voltage": "v", "power": "w"}
KNOWN = {f"{what}_l{k}_{UNITS[what]}" for what in PHASED for k in (1, 2, 3)} | {"power_w", "energy_wh"}
BOUNDS = {"current": 10_000.0, "voltage": 1_000.0, "power": 20e6, "energy": 1e12}
"""Beyond these a value is absurd, and no value."""
MAX_BLOCK = 100
MAX_GAP = 24


@dataclass(frozen=True, slots=True)
class Register:
    """`words` registers from `address`; the value times `scale`, or times ten to the power found at `scale_at`."""

    address: int
    kind: str
    scale: float = 1.0
    scale_at: int | None = None

    @property
    def words(self) -> int:
        return struct.calcsize(FORMATS[self.kind]) // 2


@dataclass(frozen=True, slots=True)
class MeterProfile:
    """`blocks` are (first address, count): what has to be read, gaps joined."""

    key: str
    name: str
    table: str
    low_first: bool
    registers: Mapping[str, Register]
    blocks: tuple[tuple[int, int], ...]
    sunspec_models: tuple[int, ...] = ()


def profile_names() -> list[str]:
    """Keys of every profile that comes with evdesk and describes a meter."""
    found = []
    for entry in resources.files("evdesk.drivers").joinpath("profiles").iterdir():
        if entry.name.endswith(".toml") and "[registers]" in entry.read_text(encoding="utf-8"):
            found.append(entry.name.removesuffix(".toml"))
    return sorted(found)


def load_profile(key: str) -> MeterProfile:
    """The profile `key`.toml; raises EvdeskError(INVALID) in words."""
    if not key or any(sign in key for sign in "/\\.:"):
        raise EvdeskError(Reason.INVALID, f"“{key}” is no meter profile name.")
    entry = resources.files("evdesk.drivers").joinpath("profiles", f"{key}.toml")
    if not entry.is_file():
        known = ", ".join(profile_names())
        raise EvdeskError(Reason.INVALID, f"There is no meter profile “{key}”. Known: {known}.")
    return parse_profile(key, entry.read_text(encoding="utf-8"))


def parse_profile(key: str, text: str) -> MeterProfile:
    """A profile file's text; raises EvdeskError(INVALID) that names the wrong entry."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise _wrong(key, f"it is no TOML file: {problem}") from None
    table, order = raw.get("table", "input"), raw.get("word_order", "high_first")
    if table not in ("input", "holding"):
        raise _wrong(key, "table must be “input” or “holding”")
    if order not in ("high_first", "low_first"):
        raise _wrong(key, "word_order must be “high_first” or “low_first”")
    entries = raw.get("registers")
    if not isinstance(entries, dict) or not any(str(name).startswith("current_l") for name in entries):
        raise _wrong(key, "it names no current register")
    registers = {name: _register(key, name, entry) for name, entry in entries.items()}
    models = raw.get("sunspec_models", [])
    if not isinstance(models, list) or not all(isinstance(m, int) for m in models):
        raise _wrong(key, "sunspec_models must be a list of numbers")
    return MeterProfile(
        key, str(raw.get("name", key)), table, order == "low_first", registers, _blocks(registers), tuple(models)
    )


def _register(key: str, name: str, entry: Any) -> Register:
    if name not in KNOWN:
        raise _wrong(key, f"“{name}” is not a known value")
    if not isinstance(entry, dict):
        raise _wrong(key, f"{name} must be a table with address and type")
    address, kind = entry.get("address"), entry.get("type")
    scale, scale_at = entry.get("scale", 1.0), entry.get("scale_at")
    if not isinstance(address, int) or not 0 <= address <= 0xFFFF:
        raise _wrong(key, f"{name} needs an address from 0 to 65535")
    if kind not in FORMATS:
        raise _wrong(key, f"{name} has the unknown type “{kind}”; known: {', '.join(FORMATS)}")
    if not isinstance(scale, int | float) or not scale or not math.isfinite(scale):
        raise _wrong(key, f"{name} needs a scale that is a number and not 0")
    if scale_at is not None and (not isinstance(scale_at, int) or not 0 <= scale_at <= 0xFFFF):
        raise _wrong(key, f"{name} needs a scale_at from 0 to 65535")
    return Register(address, kind, float(scale), scale_at)


def _wrong(key: str, what: str) -> EvdeskError:
    return EvdeskError(Reason.INVALID, f"The meter profile “{key}” cannot be used: {what}.")


def _blocks(registers: Mapping[str, Register]) -> tuple[tuple[int, int], ...]:
    """As few reads as possible: neighbours within MAX_GAP are read together, at most MAX_BLOCK registers at once."""
    spans = [(r.address, r.address + r.words) for r in registers.values()]
    spans += [(r.scale_at, r.scale_at + 1) for r in registers.values() if r.scale_at is not None]
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin - joined[-1][1] <= MAX_GAP and end - joined[-1][0] <= MAX_BLOCK:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return tuple((begin, end - begin) for begin, end in joined)


def decode_values(profile: MeterProfile, words: Mapping[int, int]) -> dict[str, float | None]:
    """Register words by address to values in base units; None where the meter has no value or an absurd one."""
    return {name: _value(profile, name, register, words) for name, register in profile.registers.items()}


def _value(profile: MeterProfile, name: str, register: Register, words: Mapping[int, int]) -> float | None:
    raw = _number([words[register.address + k] for k in range(register.words)], register.kind, profile.low_first)
    if raw is None:
        return None
    scale = register.scale
    if register.scale_at is not None:
        power = _number([words[register.scale_at]], "i16", False)
        if power is None or abs(power) > 10:
            return None
        scale *= 10.0**power
    value = raw * scale
    return value if abs(value) <= BOUNDS[name.split("_", maxsplit=1)[0]] else None


def _number(words: Sequence[int], kind: str, low_first: bool) -> float | None:
    ordered = list(reversed(words)) if low_first else list(words)
    value = struct.unpack(FORMATS[kind], struct.pack(f">{len(ordered)}H", *ordered))[0]
    if not math.isfinite(value) or value in NOT_THERE.get(kind, ()):
        return None
    return float(value)
