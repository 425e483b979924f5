"""Makers' own names of secrets are known, and names that only look like them are not."""

import json

import pytest

from evdesk.ocpp.redact import is_secret, redact, redact_value

SECRET = [
    "WifiKey",
    "WLAN_Key",
    "WPA-Key",
    "ApnPass",
    "Backend_Pwd",
    "AuthToken",
    "api_token",
    "Vendor.AccessToken",
    "SharedKey",
]
OPEN = [
    "idToken",
    "TokenType",
    "MeterPublicKey",
    "RcdBypass",
    "KeyLockMode",
    "GetConfigurationMaxKeys",
    "WifiSSID",
    "ApnName",
]


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_by_its_makers_name_is_hidden_in_every_shape_of_frame(name):
    assert is_secret(name)
    value = "hunter2-hunter2"
    item = {"component": {"name": "X"}, "variable": {"name": name}, "attributeValue": value}
    for payload in ({"key": name, "value": value}, {"setVariableData": [item]}, {"customData": {name: value}}):
        assert value not in json.dumps(redact_value(payload))
        assert value not in redact(json.dumps([2, "1", "ChangeConfiguration", payload]))
        assert value not in redact(json.dumps([2, "1", "ChangeConfiguration", payload])[:-2], broken=True)


@pytest.mark.parametrize("name", OPEN)
def test_what_is_no_secret_is_shown(name):
    assert not is_secret(name)
    text = json.dumps([2, "1", "ChangeConfiguration", {"key": name, "value": "shown-value"}])
    assert redact(text) == text
