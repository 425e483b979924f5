"""Checks payloads against the OCPP 1.6 schemas: flags, never drops. Compiled validators are kept.

The schemas come with the `ocpp` package; what evdesk sends is held to them strictly.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from evdesk.ocpp.frame import Odd

MAX_BREACHES = 20


class NotSendable(ValueError):
    """A payload of ours breaks the schema; the text is the schema's own words."""


@cache
def _validator(name: str) -> Any:
    """The compiled schema called `name` ("Heartbeat", "HeartbeatResponse"), or None."""
    if not name.isalnum() or not name.isascii():
        return None
    source = files("ocpp.v16").joinpath("schemas", f"{name}.json")
    if not source.is_file():
        return None
    return jsonschema_rs.validator_for(json.loads(source.read_text(encoding="utf-8-sig")))


@cache
def _empty_is_valid(name: str) -> bool:
    validator = _validator(name)
    return validator is not None and bool(validator.is_valid({}))


def known_action(action: str) -> bool:
    return len(action) < 50 and not action.endswith("Response") and _validator(action) is not None


def breaches(action: str, payload: dict[str, Any], answer: bool = False) -> list[Odd]:
    """What in this payload breaks the schema of `action`; empty for a valid one or an action without schema.

    The rule is stable per place and keyword: "MeterValues.meterValue.type".
    """
    name = action + "Response" if answer else action
    validator = _validator(name)
    if validator is None or validator.is_valid(payload):
        return []
    found: dict[str, Odd] = {}
    for error in validator.iter_errors(payload):
        odd = _odd(name, error)
        found.setdefault(odd.rule, odd)
        if len(found) >= MAX_BREACHES:
            break
    return list(found.values())


def _odd(name: str, error: Any) -> Odd:
    where = ".".join(str(part) for part in error.instance_path if not isinstance(part, int))
    keyword = str(error.schema_path[-1]) if error.schema_path else "schema"
    rule = ".".join(part for part in (name, where, keyword) if part)
    sentence = f"{name}: {where or 'the message'}: {str(error.message)[:300]}"
    return Odd(rule[:200], sentence, str(error.instance)[:500], f"OCPP 1.6 schema {name}")


def demand_valid(action: str, payload: dict[str, Any], answer: bool = False) -> None:
    """Raises `NotSendable` when what we are about to send is not exactly what the schema allows."""
    name = action + "Response" if answer else action
    if not payload and _empty_is_valid(name):
        return
    validator = _validator(name)
    if validator is None:
        raise NotSendable(f"OCPP 1.6 has no message called “{action[:50]}”.")
    if not validator.is_valid(payload):
        raise NotSendable("; ".join(odd.sentence for odd in breaches(action, payload, answer)))
