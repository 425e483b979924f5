"""Writes docs/api.md from the API's own tables in `evdesk/wire`; `--check` fails when the file is out of date."""

import dataclasses
import enum
import sys
import typing
from pathlib import Path

import msgspec

from evdesk.model import Reason
from evdesk.wire import API_VERSION, METHODS
from evdesk.wire.frames import EVENT_KINDS
from evdesk.wire.kinds import words_of

DEFAULT_DOC = " ".join((enum.Enum.__doc__ or "").split())
TARGET = Path(__file__).with_name("api.md")
HEAD = """\
# The engine's API

Made from `evdesk/wire` by `make docs`; do not edit. API version {version}.

JSON-RPC 2.0 over a WebSocket at `ws://127.0.0.1:PORT/api`. The port and the token file stand in `engine.json` in the data
directory; the token goes into the header `Authorization: Bearer TOKEN`. A request that carries an `Origin` (a web page) is
refused. The engine first sends `hello`, then `snapshot` (the whole state, with `seq`), then each `event` with the next
`seq`. A client that reads too slowly is disconnected and finds a fresh snapshot when it comes back. Name yourself in
the header `X-Evdesk-User` (percent-encoded): without it the audit log and reports say “API script”.

Times are Unix seconds (UTC), units stand in the names, `null` means unknown. From a shell:

    evdesk call charger.list
    evdesk call charger.set_limit '{{"charger_id": "WB-01", "connector_id": 1, "limit_a": 10}}'

Errors carry `data.reason`, one of: {reasons}; `message` is a sentence that says what to do.
"""


def name_of(kind: object) -> str:
    """A type as a reader knows it from JSON."""
    plain = {int: "integer", float: "number", str: "text", bool: "true/false", bytes: "base64 text", type(None): "null"}
    if kind in plain:
        return plain[kind]
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (list, tuple):
        inner = [a for a in args if a is not Ellipsis]
        if len(set(inner)) == 1 and len(inner) > 1:
            return f"[{len(inner)} x {name_of(inner[0])}]"
        return "[" + ", ".join(name_of(a) for a in inner) + "]"
    if origin is dict:
        return "{" + f"{name_of(args[0])}: {name_of(args[1])}" + "}"
    if args:
        return " or ".join(name_of(a) for a in args if a is not msgspec.UnsetType)
    return getattr(kind, "__name__", "anything") if kind is not typing.Any else "anything"


def fields_of(kind: type) -> list[tuple[str, object, bool]]:
    """(name on the wire, type, needed) of a dataclass or struct."""
    if issubclass(kind, msgspec.Struct):
        return [(f.encode_name, f.type, f.required) for f in msgspec.structs.fields(kind)]
    hints = typing.get_type_hints(kind)
    missing = dataclasses.MISSING
    return [
        (f.name, hints[f.name], f.default is missing and f.default_factory is missing) for f in dataclasses.fields(kind)
    ]


def nested(kind: object, found: dict[str, type]) -> None:
    """Every dataclass reachable from a type, by name."""
    for arg in typing.get_args(kind):
        nested(arg, found)
    if isinstance(kind, enum.EnumMeta):
        found[kind.__name__] = kind
    if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct)):
        if kind.__name__ in found:
            return
        found[kind.__name__] = kind
        for _name, inner, _needed in fields_of(kind):
            nested(inner, found)


def table(kind: type) -> list[str]:
    rows = [f"| `{name}` | {name_of(inner)} | {'yes' if needed else ''} |" for name, inner, needed in fields_of(kind)]
    return ["| field | type | needed |", "|---|---|---|", *rows] if rows else ["No fields."]


def values(words: list[enum.Enum]) -> str:
    """As they stand in JSON; the empty text is a value too."""
    return ", ".join(f'`"{word.value}"`' for word in words)


def doc_of(kind: type) -> str:
    text = " ".join((kind.__doc__ or "").split())
    return "" if text.startswith(f"{kind.__name__}(") else text


def render() -> str:
    reasons = ", ".join(f"`{r}`" for r in Reason)
    out = [HEAD.format(version=API_VERSION, reasons=reasons), "## Methods", ""]
    types: dict[str, type] = {}
    for name, method in METHODS.items():
        out += [f"### `{name}`", "", method.doc + (" Leaves audit rows." if method.changes else ""), ""]
        if fields_of(method.params):
            about = doc_of(method.params)
            out += [about, ""] if about else []
            out += [*table(method.params), ""]
        if method.needs:
            out += [f"Must be given: {', '.join(f'`{path}`' for path in method.needs)}.", ""]
        out += [f"Result: {name_of(method.result)}", ""]
        nested(method.result, types)
        for _field, inner, _needed in fields_of(method.params):
            nested(inner, types)
    out += ["## Events", "", "| kind | data |", "|---|---|"]
    out += [f"| `{kind}` | {what} |" for kind, what in EVENT_KINDS.items()] + ["", "## Types", ""]
    for name in sorted(types):
        about = doc_of(types[name])
        if words := words_of(types[name]):
            about = "" if about == DEFAULT_DOC else about
            out += [f"### {name}", "", *([about, ""] if about else []), f"One of: {values(words)}.", ""]
            continue
        out += [f"### {name}", "", *([about, ""] if about else []), *table(types[name]), ""]
    return "\n".join(out).rstrip() + "\n"


def main() -> int:
    text = render()
    if "--check" in sys.argv:
        if not TARGET.exists() or TARGET.read_text() != text:
            print("docs/api.md is out of date. Run: make docs", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
