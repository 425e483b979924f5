"""The field's schemas, from the `ocpp` package: what is wrong with a message, if anything."""

import json
from functools import cache
from importlib.resources import files

import jsonschema_rs

FOLDERS = {"ocpp1.6": "v16", "ocpp2.0.1": "v201", "ocpp2.1": "v21"}


@cache
def validator(protocol: str, name: str):
    source = files("ocpp") / FOLDERS[protocol] / "schemas" / f"{name}.json"
    if not source.is_file():
        return None
    return jsonschema_rs.validator_for(json.loads(source.read_text(encoding="utf-8-sig")))


def breaches(protocol: str, action: str, payload, *, answer: bool = False) -> list[str]:
    """One text per broken rule; an action without a schema is one too."""
    ending = "Response" if answer else "" if protocol == "ocpp1.6" else "Request"
    checker = validator(protocol, action + ending)
    if checker is None and not answer:
        checker = validator(protocol, action)  # messages that get no answer have no Request in their name
    if checker is None:
        return [f"{protocol} {action}: no schema"]
    found = [
        f"{protocol} {action}{ending}: {e.message} at {list(e.instance_path)}" for e in checker.iter_errors(payload)
    ]
    if protocol == "ocpp1.6":  # the check of 0.1 steps stumbles over binary fractions
        found = [text for text in found if "multiple of 0.1" not in text]
    return found
