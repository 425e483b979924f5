"""Checks payloads against the schemas of OCPP 1.6, 2.0.1 and 2.1: flags, never drops. Compiled validators are kept.

The schemas come with the `ocpp` package; what evdesk sends is held to them strictly.
"""

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice
from typing import Any

import jsonschema_rs

from evdesk.ocpp.frame import Odd
from evdesk.ocpp.redact import redact_value
from evdesk.ocpp.version import Version

MAX_BREACHES = 20
_MAX_LOOKED_AT = 1000
_FOLDERS = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}


class NotSendable(ValueError):
    """A payload of ours breaks the schema; the text is the schema's own words."""


def _folder(version: Version) -> Traversable:
    """Beside the package of the version, without importing it: that takes a quarter of a second."""
    return files("ocpp").joinpath(_FOLDERS[version], "schemas")


@cache
def _names(version: Version) -> dict[tuple[str, bool], str]:
    """(action, is an answer) -> the schema's file. 1.6 names requests without a suffix, 2.x but for SEND messages."""
    found: dict[tuple[str, bool], str] = {}
    for entry in _folder(version).iterdir():
        stem = entry.name.removesuffix(".json")
        if stem != entry.name:
            is_answer = stem.endswith("Response")
            found[stem.removesuffix("Response" if is_answer else "Request"), is_answer] = entry.name
    return found


def _compiled(version: Version, action: str, answer: bool) -> Any:
    # Known ones only reach the cache: a charger may name any action.
    return _validator(version, action, answer) if (action, answer) in _names(version) else None


@cache
def _validator(version: Version, action: str, answer: bool) -> Any:
    return jsonschema_rs.validator_for(schema(version, action, answer))


def schema(version: Version, action: str, answer: bool = False) -> dict[str, Any]:
    """The JSON schema of a message; raises KeyError where the version has no such message."""
    source = _folder(version).joinpath(_names(version)[action, answer])
    loaded: dict[str, Any] = json.loads(source.read_text(encoding="utf-8-sig"))
    return loaded


@cache
def _empty_is_valid(version: Version, action: str, answer: bool) -> bool:
    validator = _compiled(version, action, answer)
    return validator is not None and bool(validator.is_valid({}))


def actions(version: Version) -> frozenset[str]:
    """Every action the version knows, of both sides."""
    return frozenset(action for action, answer in _names(version) if not answer)


def known_action(action: str, version: Version = Version.V16) -> bool:
    return (action, False) in _names(version)


def breaches(
    action: str,
    payload: dict[str, Any],
    answer: bool = False,
    first_only: bool = False,
    version: Version = Version.V16,
) -> list[Odd]:
    """What in this payload breaks the schema of `action`; empty for a valid one or an action without schema.

    The rule is stable per place and keyword: "MeterValues.meterValue.type". `first_only` is for endless payloads,
    where listing every breach would take seconds.
    """
    validator = _compiled(version, action, answer)
    if validator is None or validator.is_valid(payload):
        return []
    name = action + "Response" if answer else action
    if first_only:
        try:
            validator.validate(payload)
        except jsonschema_rs.ValidationError as first:
            return [_odd(version, name, first, brief=True)]
    found: dict[str, Odd] = {}
    for error in islice(validator.iter_errors(payload), _MAX_LOOKED_AT):
        odd = _odd(version, name, error)
        found.setdefault(odd.rule, odd)
        if len(found) >= MAX_BREACHES:
            break
    return list(found.values())


def _odd(version: Version, name: str, error: Any, brief: bool = False) -> Odd:
    """`brief`: without what was found there, which may be as long as the message."""
    where = ".".join(str(part) for part in error.instance_path if not isinstance(part, int))
    keyword = str(error.schema_path[-1]) if error.schema_path else "schema"
    rule = ".".join(part for part in (name, where, keyword) if part)
    why = f"breaks “{keyword}”" if brief else str(error.message)[:300]
    sentence = f"{name}: {where or 'the message'}: {why}"
    return Odd(rule[:200], sentence, "" if brief else str(error.instance)[:500], f"{version.words} schema {name}")


def demand_valid(action: str, payload: dict[str, Any], answer: bool = False, version: Version = Version.V16) -> None:
    """Raises `NotSendable` when what we are about to send is not exactly what the schema allows."""
    if not payload and _empty_is_valid(version, action, answer):
        return
    validator = _compiled(version, action, answer)
    if validator is None:
        raise NotSendable(f"{version.words} has no message called “{action[:50]}”.")
    if not validator.is_valid(payload):
        odd = breaches(action, payload, answer, version=version)
        secret = redact_value(payload) != payload  # the schema's words repeat the value
        raise NotSendable("; ".join(f"{item.rule} is broken" if secret else item.sentence for item in odd))
