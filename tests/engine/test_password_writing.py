"""A password written like any other setting, or sent by hand: evdesk knows it from then on, and nobody is shut out."""

import json

import pytest
import websockets
from websockets.exceptions import InvalidStatus

from evdesk.model import EvdeskError
from evdesk.ocpp.redact import forms_of
from tests.engine.harness import engine, until
from tests.engine.test_security import Charger, Charger2, accepted, basic

OLD, NEW, NEWER = "0123456789abcdef0123456789abcdef01234567", "An-old-friends-name-7", "Another-friends-name-8"
ID = {"charger_id": "A1"}


class Refusing(Charger):
    def answer(self, action, payload):
        return {"status": "Rejected"} if action == "ChangeConfiguration" else super().answer(action, payload)


class Refusing2(Charger2):
    def answer(self, action, payload):
        told = super().answer(action, payload)
        for one in told.get("setVariableResult", ()):
            one["attributeStatus"] = "Rejected"
            one["attributeStatusInfo"] = {"reasonCode": "No", "additionalInfo": f"not {NEW}"}
        return told


def by_editor(name, value):
    return "charger.write_setting", ID | {"name": name, "value": value}


def by_console(name, value):
    if name == "AuthorizationKey":
        return "charger.raw", ID | {"action": "ChangeConfiguration", "payload": {"key": name, "value": value}}
    component, variable = name.split("/")
    item = {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
    return "charger.raw", ID | {"action": "SetVariables", "payload": {"setVariableData": [item]}}


def by_profile(_name, value):
    data = {
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://desk.example",
        "messageTimeout": 30,
        "securityProfile": 2,
        "ocppInterface": "Any",
        "basicAuthPassword": value,
    }
    payload = {"configurationSlot": 2, "connectionData": data}
    return "charger.raw", ID | {"action": "SetNetworkProfile", "payload": payload}


class Charger21(Charger2):
    protocol = "ocpp2.1"


KEY, VARIABLE = "AuthorizationKey", "SecurityCtrlr/BasicAuthPassword"
WAYS = [
    pytest.param(Charger, KEY, by_editor, id="1.6 editor"),
    pytest.param(Charger, KEY, by_console, id="1.6 console"),
    pytest.param(Charger2, VARIABLE, by_editor, id="2.0.1 editor"),
    pytest.param(Charger2, VARIABLE, by_console, id="2.0.1 console"),
    pytest.param(Charger21, VARIABLE, by_profile, id="2.1 network profile"),
]


async def view(client):
    return await client.call("security.get", ID)


def login(password):
    return {"additional_headers": basic("A1", password.encode())}


@pytest.mark.parametrize(("kind", "name", "way"), WAYS)
async def test_a_password_the_charger_took_is_known_and_the_old_one_good_until_it_was_shown(tmp_path, kind, name, way):
    charger = kind("A1")
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            await client.call("security.set_password", ID | {"value": OLD})
            async with charger.on(running.ocpp, **login(OLD)):
                await until(lambda: accepted(client, "A1"))
                method, params = way(name, NEW)
                await client.call(method, params)
                assert (await view(client))["password_waits"] is True
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            async with charger.on(running.ocpp, **login(OLD)):
                assert (await view(client))["password_waits"] is True
            async with charger.on(running.ocpp, **login(NEW)):
                await until(lambda: shown(client))
            with pytest.raises(InvalidStatus, match="401"):
                await websockets.connect(f"{running.ocpp}A1", **login(OLD))
            told = json.dumps(await client.call("audit.list", {"limit": 500}))
            told += json.dumps(await client.call("message.list", {"limit": 500}))
            assert [form for form in forms_of(NEW) if form in told] == []
    assert leaks(tmp_path, NEW) == []


async def shown(client):
    told = await view(client)
    return told["password_form"] and not told["password_waits"]


def leaks(folder, secret):
    files = [file for file in folder.iterdir() if file.is_file() and file.name != "secrets.json"]
    return [file.name for file in files for form in forms_of(secret) if form.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    ("kind", "name"), [pytest.param(Refusing, KEY, id="1.6"), pytest.param(Refusing2, VARIABLE, id="2.0.1")]
)
async def test_a_password_the_charger_refused_is_not_known_and_never_told(tmp_path, kind, name):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, kind("A1").on(running.ocpp):
            await until(lambda: accepted(client, "A1"))
            method, params = by_editor(name, NEW)
            with pytest.raises(EvdeskError, match="refused"):
                await client.call(method, params)
            method, params = by_console(name, NEW)
            answer = await client.call(method, params)
            assert "Rejected" in json.dumps(answer)
            told = await view(client)
            assert (told["password_waits"], told["password_set"], told["password_at"]) == (False, False, None)
    assert leaks(tmp_path, NEW) == []


async def test_two_passwords_on_their_way_are_both_good(tmp_path):
    """The second was refused, or is shown only after a restart: the charger may come with either."""
    charger = Charger("A1")
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            async with charger.on(running.ocpp):
                await until(lambda: accepted(client, "A1"))
                for password in (NEW, NEWER):
                    await client.call(*by_editor(KEY, password))
                charger.answer = lambda action, payload: {"status": "Rejected"}
                with pytest.raises(EvdeskError):
                    await client.call(*by_editor(KEY, OLD))
            with pytest.raises(InvalidStatus, match="401"):
                await websockets.connect(f"{running.ocpp}A1", **login(NEW.upper()))
            async with charger.on(running.ocpp, **login(NEW)):
                await until(lambda: shown(client))
            with pytest.raises(InvalidStatus, match="401"):
                await websockets.connect(f"{running.ocpp}A1", **login(NEWER))


async def test_an_old_password_nobody_knows_here_stays_good_until_the_new_one_was_shown(tmp_path):
    charger = Charger("A1")
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            async with charger.on(running.ocpp, **login("never-told-to-evdesk")):
                await until(lambda: accepted(client, "A1"))
                await client.call(*by_editor(KEY, NEW))
            async with charger.on(running.ocpp, **login("never-told-to-evdesk")):
                assert (await view(client))["password_waits"] is True
            async with charger.on(running.ocpp, **login(NEW)):
                await until(lambda: shown(client))
            with pytest.raises(InvalidStatus, match="401"):
                await websockets.connect(f"{running.ocpp}A1", **login("never-told-to-evdesk"))
