"""Every rule a finding may carry has its words, and the schemas' breaches are found at their place."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from evdesk.ocpp import schemas
from evdesk.ocpp.rules import AREAS, CHECKED, KEYWORDS, RULES, explain

PACKAGE = Path(__file__).resolve().parents[2] / "evdesk"
PLACES = {"Odd": 0, "flag": 0, "FindingSeen": 2, "Placed": 3}
"""Calls that name a rule, and at which place."""


def rules_in(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        place = PLACES.get(name)
        if place is None or len(node.args) <= place:
            continue
        first = node.args[place]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
            yield first.value


def test_every_rule_in_the_code_has_its_words():
    parts = ("ocpp", "drivers", "engine")
    used = {rule for part in parts for path in sorted((PACKAGE / part).rglob("*.py")) for rule in rules_in(path)}
    assert len(used) > 30
    assert {"zone_missing", "binary_frame", "clock_not_set", "connector_not_believed", "power_unit_wrong"} <= used
    assert sorted(used - set(RULES)) == []


def test_the_words_are_whole():
    for rule, words in RULES.items():
        assert words.area in AREAS, rule
        assert words.title, rule
        assert words.did.endswith("."), rule
        assert words.advice.endswith("."), rule
        assert words == explain(rule)
    assert set(CHECKED) == set(AREAS)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_schema_rules_are_worded_by_keyword_and_place(keyword):
    words = explain(f"StatusNotification.errorCode.{keyword}")
    assert "errorCode in StatusNotification" in words.title
    assert words.did
    assert words.advice
    assert "the answer to Reset" in explain(f"ResetResponse.{keyword}").title


def test_every_keyword_of_the_schemas_is_worded():
    def keywords(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in CONSTRAINTS:
                    yield key
                if key not in ("enum", "default", "description"):
                    yield from keywords(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from keywords(inner)

    used = set()
    for protocol in schemas.PROTOCOLS:
        for action in schemas.sendable(protocol):
            used |= set(keywords(schemas.schema(protocol, action)))
    assert used - set(KEYWORDS) == set()
    assert {"required", "enum", "maxLength", "multipleOf", "minItems"} <= used


CONSTRAINTS = {
    "required",
    "enum",
    "type",
    "maxLength",
    "minLength",
    "additionalProperties",
    "format",
    "multipleOf",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "oneOf",
    "anyOf",
    "pattern",
    "uniqueItems",
    "const",
    "exclusiveMinimum",
}


def test_breaches_are_found_where_they_stand():
    payload = {
        "connectorId": "1",
        "meterValue": [{"timestamp": "2026-11-24T18:41:57Z", "sampledValue": [{"value": "1"}, {"value": 2, "x/y": 1}]}],
    }
    found = {one.path: one for one in schemas.inspect("ocpp1.6", "MeterValues", payload)}
    assert set(found) == {"/connectorId", "/meterValue/0/sampledValue/1/value", "/meterValue/0/sampledValue/1/x~1y"}
    assert found["/connectorId"].title == "connectorId is text instead of a whole number"
    assert found["/meterValue/0/sampledValue/1/value"].rule == "MeterValues.meterValue.sampledValue.value.type"
    missing = schemas.inspect("ocpp2.0.1", "StatusNotification", {})
    assert {one.title for one in missing} >= {"evseId is missing", "timestamp is missing"}
    assert schemas.inspect("ocpp1.6", "NoSuchThing", {}) == []
    (answer,) = schemas.inspect("ocpp1.6", "Reset", {"status": "Perhaps"}, True)
    assert answer.rule == "ResetResponse.status.enum"
    assert answer.title == "status “Perhaps” is not in the list"


def test_the_docs_tell_of_every_rule():
    check = [sys.executable, "docs/make_findings.py", "--check"]
    assert subprocess.run(check, cwd=PACKAGE.parent, check=False).returncode == 0


def test_a_csms_sends_these_and_no_others():
    sixteen = schemas.sendable("ocpp1.6")
    assert {"Reset", "SetChargingProfile", "DataTransfer", "SignedUpdateFirmware"} <= set(sixteen)
    assert not {"Heartbeat", "StartTransaction", "LogStatusNotification"} & set(sixteen)
    assert "SetVariables" in schemas.sendable("ocpp2.0.1")
    assert not {"NotifyReport", "TransactionEvent", "NotifyPeriodicEventStream"} & set(schemas.sendable("ocpp2.1"))
