"""Schema check that flags, what we send is held to it; secrets never leave."""

import json
import time

import pytest

from evdesk.engine.files import addresses
from evdesk.ocpp.check import MAX_BREACHES, NotSendable, breaches, demand_valid, known_action
from evdesk.ocpp.redact import HIDDEN, is_secret, redact, redact_value


def test_valid_messages_have_no_breach():
    assert breaches("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}) == []
    assert breaches("Heartbeat", {"currentTime": "2026-01-01T00:00:00Z"}, answer=True) == []
    assert breaches("NoSuchThing", {"x": 1}) == []


FLAGGED = [
    pytest.param(
        "BootNotification",
        {"chargePointVendor": "V", "chargePointModel": "M" * 26},
        "BootNotification.chargePointModel.maxLength",
        id="model too long, mobilityhouse/ocpp #353",
    ),
    pytest.param(
        "StatusNotification",
        {"connectorId": 1, "errorCode": "Error", "status": "Available"},
        "StatusNotification.errorCode.enum",
        id="errorCode outside the enum, lbbrhzn/ocpp #1248",
    ),
    pytest.param(
        "MeterValues",
        {"connectorId": 1, "meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": 1}]}]},
        "MeterValues.meterValue.sampledValue.value.type",
        id="value a number, lbbrhzn/ocpp #210",
    ),
    pytest.param(
        "MeterValues",
        {"connectorId": 1, "meterValue": [{"timestamp": "2026-01-01 00:00:00", "sampledValue": [{"value": "1"}]}]},
        "MeterValues.meterValue.timestamp.format",
        id="time without zone, evcc-io/evcc #10399",
    ),
]


@pytest.mark.parametrize(("action", "payload", "rule"), FLAGGED)
def test_breaches_name_place_and_keyword(action, payload, rule):
    (odd,) = breaches(action, payload)
    assert odd.rule == rule
    assert action in odd.sentence
    assert odd.clause


def test_breaches_are_bounded_and_told_once_per_rule():
    entry = {"timestamp": 1, "sampledValue": [{"value": n, f"x{n}": 1} for n in range(30)]}
    payload = {"connectorId": 1, "meterValue": [entry] * 3}
    found = breaches("MeterValues", payload)
    assert 1 < len(found) <= MAX_BREACHES
    assert len({odd.rule for odd in found}) == len(found)
    assert len(breaches("MeterValues", payload, first_only=True)) == 1


def test_what_we_send_must_be_valid():
    demand_valid("Reset", {"type": "Soft"})
    with pytest.raises(NotSendable, match="type"):
        demand_valid("Reset", {"type": "Gentle"})
    with pytest.raises(NotSendable, match="no message"):
        demand_valid("../Reset", {})
    demand_valid("MeterValues", {}, answer=True)
    with pytest.raises(NotSendable):
        demand_valid("Heartbeat", {}, answer=True)


def test_known_actions():
    assert known_action("Reset")
    assert not known_action("ResetResponse")
    assert not known_action("TransactionEvent")


SECRET = "0123456789abcdef"
LEAKS = [
    f'[2,"a","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{SECRET}"}}]',
    f'[2,"a","ChangeConfiguration",{{"value":"{SECRET}","key":"authorizationKEY"}}]',
    f'[3,"a",{{"configurationKey":[{{"key":"Foo_AuthorizationKey","readonly":false,"value":"{SECRET}"}}]}}]',
    f'[3,"a",{{"configurationKey":[{{"key":"WifiPassword","value":"{SECRET}"}}]}}]',
    f'[2,"a","GetDiagnostics",{{"location":"ftp://user:{SECRET}@10.0.0.1/logs"}}]',
    f'[2,"a","DataTransfer",{{"vendorId":"V","data":"{{\\"password\\":\\"{SECRET}\\"}}"}}]',
    f'broken "AuthorizationKey","value":"{SECRET}" [',
    f'["AuthorizationKey": {SECRET}',
    f"{{'key': 'AuthorizationKey', 'value': '{SECRET}'}}",
]


@pytest.mark.parametrize("text", LEAKS)
def test_secrets_never_pass(text):
    clean = redact(text)
    assert SECRET not in clean
    assert HIDDEN in clean


ADDRESS = "k3jwv7q9c2mzt5xh8rbn4ydp6a"
"""As the engine makes them for a file it serves (engine/files/addresses.py)."""


@pytest.mark.parametrize(
    "text",
    [
        f'[2,"a","UpdateFirmware",{{"location":"http://10.0.0.1:8081/f/{ADDRESS}/n22.bin","retrieveDate":"x"}}]',
        f'[2,"a","GetLog",{{"log":{{"remoteLocation":"https://10.0.0.1/f/{ADDRESS}/"}}}}]',
        f'[2,"a","GetDiagnostics",{{"location":"http:\\/\\/10.0.0.1\\/f\\/{ADDRESS}\\/"}}]',
        f'[2,"a","SecurityEventNotification",{{"techInfo":"GET /f/{ADDRESS}/n22.bin: 404"}}]',
        f"broken http://10.0.0.1/f/{ADDRESS}",
    ],
)
def test_the_one_time_address_of_a_file_is_hidden_and_the_rest_of_it_stays(text):
    assert addresses.is_secret(ADDRESS)
    clean = redact(text)
    assert ADDRESS not in clean
    assert clean.replace("\\/", "/").count(f"/f/{HIDDEN}") == 1
    assert ("n22.bin" in clean) == ("n22.bin" in text)


SHAPES = ["/f/a", "a", "passw", "password", "://", "secret :", "psk", "://a:", '"key",', "authorization: "]


@pytest.mark.parametrize("shape", [*SHAPES, '{"key":"password","value":"x"},'])
def test_no_text_takes_long(shape):
    for size in (40_000, 1_000_000):
        text = '[2,"1","DataTransfer",' + shape * (size // len(shape)) + "psk"
        began = time.thread_time()  # of its own: others may want the computer too
        clean = redact(text)
        assert time.thread_time() - began < 1.0
        assert len(clean) < 8 * size


def test_long_texts_with_a_secret_are_not_kept():
    text = f'[2,"a","DataTransfer",{{"filler":"{"x" * 200_000}","password":"{SECRET}"}}]'
    assert redact(text).startswith('[2,"a","DataTransfer"')
    assert SECRET not in redact(text)
    assert len(redact(text)) < 200
    harmless = text.replace("password", "word")
    assert redact(harmless) is harmless


def test_everything_else_stays_as_it_was():
    text = '[2,"a","StartTransaction", {"idTag":"04A1B2C3D49F21","connectorId":1}]'
    assert redact(text) is text
    key = '[3,"a",{"configurationKey":[{"key":"HeartbeatInterval","value":"60"}]}]'
    assert redact(key) == key


def test_secret_names_and_values():
    assert is_secret("AuthorizationKey")
    assert is_secret("SecurityCtrlr.BasicAuthPassword")
    assert not is_secret("MeterValueSampleInterval")
    assert redact_value({"a": [{"key": "AuthorizationKey", "value": ""}]}) == {
        "a": [{"key": "AuthorizationKey", "value": ""}]
    }


@pytest.mark.parametrize(
    "told", ["password={}", "x;apikey = {}&y=1", "https://h/?a=1&secret={}", "authorizationKey: {} z"]
)
def test_loose_text_with_an_equals_sign_hides_its_secret_too(told):
    frame = json.dumps([2, "1", "DataTransfer", {"vendorId": "x", "data": told.format("9f3cc0ffee11")}])
    assert "9f3cc0ffee11" not in redact(frame)
    assert "(hidden)" in redact(frame)
    assert json.loads(redact(frame))[2] == "DataTransfer"
