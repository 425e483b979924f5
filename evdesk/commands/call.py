"""`evdesk call`."""

import argparse
import sys
from typing import Any

import msgspec

from evdesk.commands.reach import with_engine
from evdesk.engine.calls import field_names
from evdesk.model import EvdeskError, Reason
from evdesk.wire import METHODS, encode

OK, USAGE = 0, 2


def call(args: argparse.Namespace) -> int:
    if args.list:
        print(listing())
        return OK
    if not args.method:
        print("evdesk call: name a METHOD, e.g. “evdesk call charger.list”; --list shows all.", file=sys.stderr)
        return USAGE
    try:
        params = read_params(args.params)
    except EvdeskError as error:
        print(f"evdesk: {error.sentence}", file=sys.stderr)
        return USAGE
    result = with_engine(args, lambda client: client.call(args.method, params, timeout_s=args.timeout))
    print(msgspec.json.format(encode(result), indent=2))
    return OK


def read_params(text: str | None) -> dict[str, Any]:
    """The JSON argument as an object. Raises `EvdeskError(INVALID)` saying where it is wrong."""
    if text is None:
        return {}
    raw = sys.stdin.read() if text == "-" else text
    try:
        params = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        why = str(error).removeprefix("JSON is malformed: ")
        sentence = f'The parameters are not JSON: {why}. Names and texts stand in double quotes: {{"charger_id": "A"}}.'
        raise EvdeskError(Reason.INVALID, sentence) from None
    if not isinstance(params, dict):
        raise EvdeskError(Reason.INVALID, 'The parameters are one JSON object, e.g. {"charger_id": "WB-01"}.')
    return params


def listing() -> str:
    """Every method: name, parameters, what it does; “*” leaves audit rows."""
    rows = [
        (f"{name}{' *' if method.changes else ''}", ", ".join(field_names(method.params)), method.doc)
        for name, method in METHODS.items()
    ]
    width = max(len(name) for name, _, _ in rows)
    lines = [f"{name:<{width}}  {{{fields}}}\n{'':<{width}}  {doc}" for name, fields, doc in rows]
    return "\n".join([*lines, "", "* is written to the audit log"])
