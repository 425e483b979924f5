"""Dataclasses to JSON and back (msgspec). Field names stay as they are; unknown fields are ignored when reading."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def encode(value: object) -> str:
    """Any dataclass, enum, tuple or plain value as compact JSON text."""
    return msgspec.json.encode(value).decode()


def decode(text: str | bytes, kind: type[T]) -> T:
    """JSON text as `kind`; raises `msgspec.ValidationError` with the path of the wrong field."""
    return msgspec.json.decode(text, type=kind)


def to_plain(value: object) -> Any:
    """A dataclass tree as dicts, lists and plain values."""
    return msgspec.to_builtins(value)


def convert(value: Any, kind: type[T]) -> T:
    """Plain values of JSON as `kind`; raises `msgspec.ValidationError` with the path of the wrong field. A number given as
    text is refused: "NaN" would be one too."""
    return msgspec.convert(value, kind, str_keys=True)


def strange_names(raw: object, known: object, path: str = "") -> list[str]:
    """Paths in `raw` that did not become part of the site."""
    if isinstance(raw, dict) and isinstance(known, dict):
        found: list[str] = []
        for name, value in raw.items():
            at = f"{path}.{name}" if path else str(name)
            found += strange_names(value, known[name], at) if name in known else [at]
        return found
    if isinstance(raw, list | tuple) and isinstance(known, list | tuple):
        return [
            f for n, (a, b) in enumerate(zip(raw, known, strict=False)) for f in strange_names(a, b, f"{path}[{n}]")
        ]
    return []
