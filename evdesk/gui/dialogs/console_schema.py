"""What a JSON schema lets one type: fields, values, a first payload; and where in a half-written text one is. Pure.

The schemas are those of OCPP (draft-04 and draft-06): objects, arrays, enums, `$ref` into `definitions`.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Schema = dict[str, Any]
DEEPEST = 12
FROM_ZERO = ("startPeriod", "stackLevel")
"""Members that usually begin at 0."""
_WORD = re.compile(r'[^\s,:{}\[\]"]+')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?')


@dataclass(frozen=True, slots=True)
class Field:
    """One member of an object: `kind` in words, the values of an enum, and what the specification says about it."""

    name: str
    needed: bool
    kind: str
    values: tuple[str, ...] = ()
    told: str = ""


def resolve(root: Schema, node: Any) -> Schema:
    """The node itself, or what its `$ref` points to; {} where that leads nowhere."""
    for _ in range(DEEPEST):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str):
            break
        node = root
        for part in reference.removeprefix("#").strip("/").split("/"):
            node = node.get(part, {}) if isinstance(node, dict) else {}
    return node if isinstance(node, dict) else {}


def node_at(root: Schema, path: tuple[str | int, ...]) -> Schema:
    """The schema of the value at this path."""
    node = resolve(root, root)
    for step in path:
        if isinstance(step, int):
            items = node.get("items", {})
            node = resolve(root, items[0] if isinstance(items, list) and items else items)
        else:
            node = resolve(root, node.get("properties", {}).get(step, {}))
    return node


def fields(root: Schema, path: tuple[str | int, ...]) -> list[Field]:
    """The members of the object at this path, the needed ones first; `customData` last."""
    node = node_at(root, path)
    needed = set(node.get("required", []))
    found = []
    for name, inner in node.get("properties", {}).items():
        one = resolve(root, inner)
        told = " ".join(str(one.get("description", "")).split())
        found.append(Field(name, name in needed, kind_of(root, one), values(one), told[:300]))
    return sorted(found, key=lambda one: (not one.needed, one.name == "customData"))


def values(node: Schema) -> tuple[str, ...]:
    """What an enum allows, as JSON."""
    if node.get("type") == "boolean":
        return ("true", "false")
    return tuple(json.dumps(one) for one in node.get("enum", []))


def kind_of(root: Schema, node: Schema) -> str:
    names = {"integer": "whole number", "string": "text", "boolean": "true or false", "object": "{ }"}
    kind = str(node.get("type", "object" if "properties" in node else "anything"))
    if node.get("format") == "date-time":
        return "date and time"
    if kind == "array":
        return f"list of {kind_of(root, resolve(root, node.get('items', {})))}"
    if node.get("enum"):
        return "one of a list"
    longest = f", at most {node['maxLength']}" if "maxLength" in node and kind == "string" else ""
    return names.get(kind, kind) + longest


def prefill(root: Schema, now: float, node: Schema | None = None, depth: int = 0) -> Any:
    """The smallest value the schema allows: needed members only. `now` fills times."""
    node = resolve(root, root if node is None else node)
    if "default" in node:
        return node["default"]
    if node.get("enum"):
        return node["enum"][0]
    kind = node.get("type", "object" if "properties" in node else None)
    if kind == "object" and depth < DEEPEST:
        inner = node.get("properties", {})
        needed = node.get("required", [])
        return {n: 0 if n in FROM_ZERO else prefill(root, now, inner.get(n, {}), depth + 1) for n in needed}
    if kind == "array" and depth < DEEPEST:
        items = node.get("items", {})
        first = items[0] if isinstance(items, list) and items else items
        return [prefill(root, now, first, depth + 1)] * max(1, int(node.get("minItems", 1)))
    return _plain(node, str(kind), now)


def _plain(node: Schema, kind: str, now: float) -> Any:
    if kind in ("integer", "number"):
        return node.get("minimum", 1 if "maximum" not in node or node["maximum"] >= 1 else node["maximum"])
    if kind == "boolean":
        return False
    if kind != "string":
        return {}
    if node.get("format") == "date-time":
        return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if node.get("format") == "uri":
        return "http://"
    return "x" * int(node.get("minLength", 0))


# -- where one is ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Place:
    """The cursor's place: `path` of the object, list or value one is in; `part` from `start` on is what is typed so
    far. `want`: "key", "value" or "" (nothing can be offered here). `used`: the keys the object has already."""

    path: tuple[str | int, ...]
    want: str
    start: int
    part: str
    used: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Open:
    """One bracket that is open at some point of the text."""

    is_object: bool
    key: str | None = None
    index: int = 0
    after_colon: bool = False
    done: bool = False  # a whole member stands there: a comma must come
    used: set[str] = field(default_factory=set)

    def step(self) -> str | int:
        return (self.key or "") if self.is_object else self.index


class Scanner:
    """Walks through a text that may be no JSON yet. `lines`: JSON pointer to the line of its first sign, from 0."""

    def __init__(self, text: str, stop: int | None = None) -> None:
        self.text = text
        self.stop = len(text) if stop is None else stop
        self.lines: dict[str, int] = {"": 0}
        self._stack: list[_Open] = []
        self._line = 0
        self.place = Place((), "", self.stop, "")
        self._run()

    def _path(self) -> tuple[str | int, ...]:
        return tuple(one.step() for one in self._stack)

    def _mark(self) -> None:
        path = self._path()
        self.lines.setdefault("".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in path), self._line)

    def _run(self) -> None:
        at, text = 0, self.text
        while at < self.stop:
            sign = text[at]
            if sign.isspace():
                self._line += sign == "\n"
                at += 1
            elif sign in "{[":
                self._opened(sign)
                at += 1
            elif sign in "}]":
                self._closed()
                at += 1
            elif sign in ",:":
                self._between(sign)
                at += 1
            else:
                match = _STRING.match(text, at) if sign == '"' else _WORD.match(text, at)
                end = match.end() if match else at + 1
                whole = end < self.stop or (sign == '"' and end <= self.stop and end > at + 1 and text[end - 1] == '"')
                if not whole:
                    self._here(at)
                    return
                self._token(text[at:end])
                at = end
        self._here(self.stop)

    def _opened(self, sign: str) -> None:
        if self._stack and not self._stack[-1].is_object:
            self._mark()
        self._stack.append(_Open(sign == "{"))

    def _closed(self) -> None:
        if self._stack:
            self._stack.pop()
        if self._stack:
            self._stack[-1].done = True

    def _between(self, sign: str) -> None:
        if not self._stack:
            return
        top = self._stack[-1]
        if sign == ":":
            top.after_colon = True
        else:
            top.index += 1
            top.key, top.after_colon, top.done = None, False, False

    def _token(self, token: str) -> None:
        if not self._stack:
            return
        top = self._stack[-1]
        if top.is_object and not top.after_colon:
            top.key = _unquoted(token)
            top.used.add(top.key)
            self._mark()
        else:
            if not top.is_object:
                self._mark()
            top.done = True

    def _here(self, start: int) -> None:
        part = self.text[start : self.stop]
        if not self._stack:
            self.place = Place((), "", start, part)
            return
        top = self._stack[-1]
        around = tuple(one.step() for one in self._stack[:-1])
        if top.done:
            self.place = Place(around, "", start, part)
        elif top.is_object and not top.after_colon:
            want = "" if top.key is not None else "key"
            self.place = Place(around, want, start, part, frozenset(top.used))
        else:
            self.place = Place((*around, top.step()), "value", start, part)


def _unquoted(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token.strip('"')


def completions(root: Schema, text: str, cursor: int) -> tuple[Place, list[str]]:
    """What may be typed at the cursor, as JSON: keys with their colon, or values. Best first."""
    place = Scanner(text, cursor).place
    typed = place.part.strip('"').casefold()
    if place.want == "key":
        names = [one for one in fields(root, place.path) if one.name not in place.used]
        fit = [one for one in names if typed in one.name.casefold()]
        fit.sort(key=lambda one: (not one.name.casefold().startswith(typed), not one.needed))
        return place, [f'"{one.name}": ' for one in fit]
    if place.want == "value":
        node = node_at(root, place.path)
        offered = list(values(node)) or _openings(root, node)
        allowed = [one for one in offered if typed in one.strip('"').casefold()]
        return place, sorted(allowed, key=lambda one: not one.strip('"').casefold().startswith(typed))
    return place, []


def _openings(root: Schema, node: Schema) -> list[str]:
    kind = node.get("type")
    if kind in ("object", "array"):
        return [json.dumps(prefill(root, 0.0, node))]
    if kind == "boolean":
        return ["true", "false"]
    return ['""'] if kind == "string" and "format" not in node else []


def line_of(text: str, pointer: str) -> int:
    """The line (from 0) of the value at this JSON pointer, or of the nearest part around it."""
    lines = Scanner(text).lines
    while pointer and pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines.get(pointer, 0)
