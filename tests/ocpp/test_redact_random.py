"""A random secret, wherever the protocol has a place for one, in frames whole and broken, never passes the redaction."""

import base64
import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.ocpp.dialogue import Dialogue
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.redact import forms_of, hide, redact, redact_value
from evdesk.ocpp.version import Version
from tests.ocpp.helpers import FriendlyPolicy

SIGNS = string.ascii_letters + string.digits + "+/=_-.!$%&*#~^|,;()[]{}@ üé"
secrets = st.text(SIGNS, min_size=12, max_size=40).map(str.strip).filter(lambda s: len(s) >= 12)


def places(secret):
    """Payloads of both directions and all versions that hold the secret; and the same inside DataTransfer."""
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    network = {"ocppCsmsUrl": f"wss://cp:{secret.replace('/', '').replace(' ', '')}@host/x", "securityProfile": 2}
    vpn = {"server": "s", "user": "u", "password": secret, "key": secret, "type": "IPSec"}
    pem = f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n"
    return [
        ("ChangeConfiguration", {"key": "AuthorizationKey", "value": secret}),
        ("ChangeConfiguration", {"value": secret, "key": "AuthorizationKey"}),
        ("GetConfiguration", {"configurationKey": [{"key": "authorization_key", "readonly": False, "value": secret}]}),
        ("SetVariables", {"setVariableData": [variable | {"attributeValue": secret}]}),
        ("SetVariables", {"setVariableData": [{"attributeValue": secret, "attributeType": "Actual"} | variable]}),
        ("GetVariables", {"getVariableResult": [variable | {"attributeStatus": "Accepted", "attributeValue": secret}]}),
        ("NotifyReport", {"reportData": [variable | {"variableAttribute": [{"type": "Actual", "value": secret}]}]}),
        ("SetNetworkProfile", {"configurationSlot": 1, "connectionData": network | {"basicAuthPassword": secret}}),
        ("SetNetworkProfile", {"configurationSlot": 1, "connectionData": network | {"vpn": vpn}}),
        ("SetNetworkProfile", {"connectionData": network | {"apn": {"apnPassword": secret, "simPin": secret}}}),
        ("DataTransfer", {"vendorId": "V", "data": json.dumps({"AuthorizationKey": secret})}),
        ("DataTransfer", {"vendorId": "V", "data": json.dumps({"a": json.dumps({"password": [secret]})})}),
        ("DataTransfer", {"vendorId": "V", "data": f"private_key: {pem}"}),
        ("DataTransfer", {"vendorId": "V", "data": pem}),
        ("DataTransfer", {"vendorId": "V", "privateKey": {"pem": secret}}),
        ("Heartbeat", {"psk": secret}),
    ]


def shown(secret, text):
    """Whether the secret, or half of it, can be read in the text in any form a frame may give it. Words that stand in the
    frames anyway are no secrets."""
    half = secret[: len(secret) // 2]
    forms = {secret, half, json.dumps(secret)[1:-1], json.dumps(half)[1:-1]}
    return any(form in text for form in forms if len(form) > 5 and form not in WORDS)


WORDS = json.dumps(places("x")) + json.dumps(places("x"), ensure_ascii=False) + "(hidden)"


@settings(max_examples=60, deadline=None)
@given(secrets, st.sampled_from([", ", ","]), st.booleans())
def test_whole_frames(secret, comma, ascii_only):
    for action, payload in places(secret):
        for frame in ([2, "1", action, payload], [3, "1", payload]):
            text = json.dumps(frame, separators=(comma, ":"), ensure_ascii=ascii_only)
            assert not shown(secret, redact(text)), text
        assert not shown(secret, json.dumps(redact_value(payload), ensure_ascii=False))


@settings(max_examples=60, deadline=None)
@given(secrets, st.data())
def test_broken_frames(secret, data):
    """Cut off, with a byte too many, without quotes: nobody can read them any more, and nobody shall read the secret."""
    for action, payload in places(secret):
        text = json.dumps([2, "1", action, payload], ensure_ascii=False)
        at = text.find(json.dumps(secret, ensure_ascii=False)[1:-1])
        if at < 0:
            continue
        cut = data.draw(st.integers(at + len(secret), len(text)))
        broken = [text[:cut] if cut < len(text) else text[:-1], "x" + text, text + "]", text.replace("{", "{,", 1)]
        for each in broken:
            assert not shown(secret, redact(each, broken=True)), each


@settings(max_examples=40, deadline=None)
@given(secrets)
def test_headers(secret):
    token = base64.b64encode(f"CP1:{secret}".encode()).decode()
    for text in (f"Authorization: Basic {token}", json.dumps({"Authorization": f"Basic {token}"})):
        assert token not in redact(text)


@settings(max_examples=60, deadline=None)
@given(secrets, st.sampled_from(Version), st.data())
def test_a_password_evdesk_knows_is_hidden_wherever_it_stands(secret, version, data):
    """Also where no name tells that it is one."""
    memory = Memory(secrets=forms_of(secret))
    dialogue = Dialogue("CP1", FriendlyPolicy(), memory, version=version)
    form = data.draw(st.sampled_from(forms_of(secret)))
    place = {"connectorId": 1, "status": "Available", "errorCode": "NoError", "info": form, form: form}
    texts = [
        json.dumps([2, "1", "StatusNotification", place], ensure_ascii=False),
        json.dumps([2, form, "Heartbeat", {}], ensure_ascii=False),
        json.dumps([2, "2", form, {}], ensure_ascii=False),
        json.dumps([4, "2", "GenericError", form, {}], ensure_ascii=False),
        f"{form} and other words",
    ]
    for text in texts:
        for event in dialogue.receive(text, 1.8e9).events:
            if type(event).__name__ in ("MessageSeen", "FindingSeen"):
                assert form not in str(event), event


def test_forms_of_a_password():
    assert "c0ffee00c0ffee00" in forms_of("C0FFEE00C0FFEE00")
    assert base64.b64encode(bytes.fromhex("C0FFEE00C0FFEE00")).decode() in forms_of("C0FFEE00C0FFEE00")
    assert b"correct-horse".hex() in forms_of("correct-horse")
    assert hide("a correct-horse b", forms_of("correct-horse")) == "a (hidden) b"


@pytest.mark.parametrize(
    "text",
    [
        '[2,"1","SignCertificate",{"csr":"-----BEGIN CERTIFICATE REQUEST-----\\nMIIB\\n-----END CERTIFICATE REQUEST-"}]',
        '[3,"1",{"configurationKey":[{"key":"HeartbeatInterval","value":"60","readonly":false}]}]',
        '[2,"1","UpdateFirmware",{"location":"ftp://192.168.1.5:2121/fw.bin","retrieveDate":"2026-01-01T00:00:00Z"}]',
        "words about a wss://192.168.1.5:9443/ address",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text
