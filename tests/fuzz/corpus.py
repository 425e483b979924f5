"""Valid frames of every version, made from the schemas: what the mutations start from."""

import random
from functools import cache

from evdesk.ocpp.check import actions, breaches, schema
from evdesk.ocpp.v16 import Station16
from evdesk.ocpp.v21 import Station21
from evdesk.ocpp.v201 import Station201
from evdesk.ocpp.version import Version

STATIONS = {Version.V16: Station16, Version.V201: Station201, Version.V21: Station21}
STAMP = "2026-05-28T20:26:40Z"
_OFTEN = ("MeterValues", "TransactionEvent", "StatusNotification", "StartTransaction", "StopTransaction")
ASKED = {
    Version.V16: [
        ("GetConfiguration", {}),
        ("Reset", {"type": "Soft"}),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}),
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
    ],
    Version.V201: [
        ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}),
        ("GetVariables", {"getVariableData": [{"component": {"name": "C"}, "variable": {"name": "V"}}]}),
        ("Reset", {"type": "Immediate"}),
        ("GetCompositeSchedule", {"duration": 60, "evseId": 1}),
    ],
}
ASKED[Version.V21] = ASKED[Version.V201]
"""CALLs of ours that are open while the charger talks."""


def sample(rules, whole, rng, full, name=""):
    """One value that obeys a schema; `full`: with its optional fields."""
    if "$ref" in rules:
        return sample(whole["definitions"][rules["$ref"].rpartition("/")[2]], whole, rng, full, name)
    if "enum" in rules:
        return rng.choice(rules["enum"])
    kind = rules.get("type", "string")
    if kind == "object":
        wanted = rules.get("required", ())
        return {
            key: sample(inner, whole, rng, full and rng.random() < 0.7, key)
            for key, inner in rules.get("properties", {}).items()
            if key in wanted or (full and rng.random() < 0.6 and key != "customData")
        }
    if kind == "array":
        least = rules.get("minItems", 1)
        most = min(rules.get("maxItems", 3), 3)
        return [sample(rules["items"], whole, rng, full, name) for _ in range(rng.randint(least, max(least, most)))]
    return _plain(kind, rules, rng, name)


def _plain(kind, rules, rng, name):
    if kind == "boolean":
        return rng.random() < 0.5
    if kind in ("integer", "number"):
        low = int(rules.get("minimum", 0))
        return rng.randint(low, max(low, min(int(rules.get("maximum", 3)), 3)))
    if rules.get("format") == "date-time":
        return STAMP
    if name == "value":
        return rng.choice(["10", "230.1", "2.3", "0"])
    longest = rules.get("maxLength", 12)
    return ("".join(rng.choices("AbC019-._", k=rng.randint(1, min(longest, 12)))) or "x")[:longest]


@cache
def corpus(version, seed=1):
    """[(action, payload)] a charging station may send in this version, each valid: lean and full forms of each."""
    rng = random.Random(f"{version}{seed}")
    found = []
    for action in sorted(actions(version) & frozenset(STATIONS[version].handlers)):
        whole = schema(version, action)
        for full in (False, True, True, *((True,) * 6 if action in _OFTEN else ())):
            payload = sample(whole, whole, rng, full)
            if not breaches(action, payload, version=version):
                found.append((action, payload))
    return found


@cache
def answers(version, seed=1):
    """[(action, payload)] of answers to what evdesk asks, each valid."""
    rng = random.Random(f"{version}{seed}answers")
    found = []
    for action, _ in ASKED[version]:
        whole = schema(version, action, answer=True)
        for full in (False, True, True):
            payload = sample(whole, whole, rng, full)
            if not breaches(action, payload, answer=True, version=version):
                found.append((action, payload))
    return found
