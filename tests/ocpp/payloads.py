"""Payloads made from the schemas of OCPP alone: the smallest one, and full ones that between them hold every enum value.

Deterministic: the same schema gives the same payloads. What a schema cannot say (a time near now, a positive id) is
put in by name.
"""

from collections.abc import Iterator
from typing import Any

from evdesk.ocpp.check import schema
from evdesk.ocpp.version import Version

STAMP = "2026-05-28T20:26:40.000Z"
LONG = 600
"""Texts are filled up to their longest, or to this: enough for every length that matters to a reader."""

_NUMBERS = {"seqNo": 0, "multiplier": 0, "year": 2026}


def smallest(version: Version, action: str, answer: bool = False) -> dict[str, Any]:
    """Only what is required, lists with their fewest items, texts empty."""
    return _Maker(schema(version, action, answer), full=False, turn=0).whole()


def fullest(version: Version, action: str, answer: bool = False, turn: int = 0) -> dict[str, Any]:
    """Every field there is. `turn` picks the enum values: the n-th of each list, round and round."""
    return _Maker(schema(version, action, answer), full=True, turn=turn).whole()


def turns(version: Version, action: str, answer: bool = False) -> int:
    """How many full forms hold every enum value at least once."""
    return max(_enum_sizes(schema(version, action, answer)), default=1)


def forms(version: Version, action: str, answer: bool = False) -> Iterator[dict[str, Any]]:
    yield smallest(version, action, answer)
    for turn in range(turns(version, action, answer)):
        yield fullest(version, action, answer, turn)


def _enum_sizes(node: Any) -> Iterator[int]:
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield len(node["enum"])
        for value in node.values():
            yield from _enum_sizes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _enum_sizes(value)


class _Maker:
    def __init__(self, root: dict[str, Any], full: bool, turn: int) -> None:
        self.root = root
        self.full = full
        self.turn = turn

    def whole(self) -> dict[str, Any]:
        made = self._object(self.root)
        assert isinstance(made, dict)
        return made

    def _value(self, node: dict[str, Any], name: str) -> Any:
        if "$ref" in node:
            found: Any = self.root
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return self._value(found, name)
        if "enum" in node:
            return node["enum"][self.turn % len(node["enum"])]
        kind = node.get("type")
        if kind == "object" or "properties" in node:
            return self._object(node)
        if kind == "array":
            return self._list(node, name)
        if kind == "string":
            return self._text(node, name)
        if kind in ("integer", "number"):
            return self._number(node, name)
        return self.full if kind == "boolean" else "any"

    def _object(self, node: dict[str, Any]) -> dict[str, Any]:
        required = node.get("required", [])
        return {
            name: self._value(inner, name)
            for name, inner in node.get("properties", {}).items()
            if self.full or name in required
        }

    def _list(self, node: dict[str, Any], name: str) -> list[Any]:
        fewest = node.get("minItems", 0)
        count = max(fewest, min(node.get("maxItems", 3), 3)) if self.full else fewest
        return [self._value(node["items"], name) for _ in range(count)]

    def _text(self, node: dict[str, Any], name: str) -> str:
        if name == "value" and self.full:
            return "7.5"
        if node.get("format") == "date-time":
            return STAMP
        if node.get("format") == "uri":
            return "ftp://127.0.0.1/x"
        return "7" * min(node.get("maxLength", LONG), LONG) if self.full else ""

    def _number(self, node: dict[str, Any], name: str) -> float:
        """Inside the schema's bounds; 1, where it has none."""
        low, high = node.get("minimum", 0), node.get("maximum", 100)
        wanted = _NUMBERS.get(name, 1)
        value = min(max(wanted, low), high)
        return int(value) if node["type"] == "integer" else float(value)
