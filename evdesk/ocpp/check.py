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
def _names() -> frozenset[str]:
    names = (entry.name for entry in files("ocpp.v16").joinpath("schemas").iterdir())
    return frozenset(name.removesuffix(".json") for name in names if name.endswith(".json"))


@cache
def _compiled(name: str) -> Any:
    source = files("ocpp.v16").joinpath("schemas", f"{name}.json")
    return jsonschema_rs.validator_for(json.loads(source.read_text(encoding="utf-8-sig")))


def _validator(name: str) -> Any:
    """The compiled schema called `name` ("Heartbeat", "HeartbeatResponse"), or None."""
    return _compiled(name) if name in _names() else None


@cache
def _empty_is_valid(name: str) -> bool:
    return bool(_compiled(name).is_valid({}))


def known_action(action: str) -> bool:
    return action in _names() and not action.endswith("Response")


def breaches(action: str, payload: dict[str, Any], answer: bool = False, first_only: bool = False) -> list[Odd]:
    """What in this payload breaks the schema of `action`; empty for a valid one or an action without schema.

    The rule is stable per place and keyword: "MeterValues.meterValue.type". `first_only` is for endless payloads,
    where listing every breach would take seconds.
    """
    name = action + "Response" if answer else action
    validator = _validator(name)
    if validator is None or validator.is_valid(payload):
        return []
    if first_only:
        try:
            validator.validate(payload)
        except jsonschema_rs.ValidationError as first:
            return [_odd(name, first)]
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
    if not payload and name in _names() and _empty_is_valid(name):
        return
    validator = _validator(name)
    if validator is None:
        raise NotSendable(f"OCPP 1.6 has no message called “{action[:50]}”.")
    if not validator.is_valid(payload):
        raise NotSendable("; ".join(odd.sentence for odd in breaches(action, payload, answer)))
