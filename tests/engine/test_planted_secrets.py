"""Secrets planted on every path of the API and of the wire, and then looked for in every file and every list."""

import json

import pytest

from evdesk.model import EvdeskError
from evdesk.ocpp.redact import HIDDEN, forms_of
from tests.engine.harness import engine, until
from tests.engine.test_security import Charger, Charger2, accepted


class Planted(dict):
    """secret -> where it was planted."""

    def __call__(self, where):
        secret = f"Plant-{len(self):02d}-Zz9q-{len(self) * 7919:06d}-x"
        self[secret] = where
        return secret

    def found_in(self, text):
        return [where for secret, where in self.items() for form in forms_of(secret) if form in text]


class Telling(Charger):
    """It repeats what it was told, in refusals and answers."""

    def answer(self, action, payload):
        if action == "ChangeConfiguration" and "Echo" in payload["key"]:
            return {"status": "Rejected", "info": f"value {payload['value']} bad"}
        if action == "DataTransfer":
            return {"status": "Accepted", "data": json.dumps({"password": "Told-Back-998877", "ok": 1})}
        return super().answer(action, payload)


class Telling2(Charger2):
    def answer(self, action, payload):
        told = super().answer(action, payload)
        for item, one in zip(payload.get("setVariableData", ()), told.get("setVariableResult", ()), strict=False):
            one["attributeStatus"] = "Rejected"
            one["attributeStatusInfo"] = {"reasonCode": "bad", "additionalInfo": f"not {item['attributeValue']}"}
        return told


def acts(plant):
    """(method, parameters) with something planted in each."""
    one, two = {"charger_id": "A1"}, {"charger_id": "B1"}
    item = {"component": {"name": "X"}, "variable": {"name": "EchoPassword"}, "attributeValue": plant("raw 2.0.1")}
    vpn = {"server": "s", "user": "u", "password": plant("too long"), "key": plant("vpn key"), "type": "IPSec"}
    profile = {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": f"wss://u:{plant('csms url')}@h/",
        "messageTimeout": 30, "securityProfile": 1, "ocppInterface": "Wired0", "vpn": vpn,
    }  # fmt: skip
    yield from (("charger.settings", one), ("charger.settings", two))
    for name in ("WifiPassword", "EchoPassword"):
        yield "charger.write_setting", one | {"name": name, "value": plant(f"write {name}")}
    yield "charger.write_setting", one | {"name": "BackendURL", "value": f"wss://u:{plant('url')}@h/x"}
    yield "charger.write_setting", two | {"name": "OCPPCommCtrlr/EchoPassword", "value": plant("write 2.0.1")}
    yield (
        "charger.raw",
        one | {"action": "ChangeConfiguration", "payload": {"key": "EchoKeySecret", "value": plant("raw")}},
    )
    yield "charger.raw", two | {"action": "SetVariables", "payload": {"setVariableData": [item]}}
    yield (
        "charger.raw",
        two | {"action": "SetNetworkProfile", "payload": {"configurationSlot": 2, "connectionData": profile}},
    )
    yield "charger.raw", one | {"action": "NoSuch", "payload": {"password": plant("no such action")}}
    yield "charger.raw", one | {"action": "GetDiagnostics", "payload": {"location": f"ftp://u:{plant('ftp')}@h/x"}}
    for message, data in (
        ("m", json.dumps({"wifi": {"password": plant("inner JSON")}})),
        ("m", f"password={plant('loose')}"),
        ("setPassword", plant("named by the message")),
    ):
        yield "charger.data_transfer", one | {"vendor_id": "v", "message_id": message, "data": data}
    lines = {"VendorPassword": plant("known line"), "OtherPassword": plant("unknown line"), "Plain": "2"}
    yield "settings.import", one | {"dry_run": False, "text": json.dumps({"settings": lines})}
    yield "security.set_password", one | {"value": plant("blank at its end") + " "}
    yield "security.import_root", {"pem": f"-----BEGIN PRIVATE KEY-----\n{plant('pem')}\n-----END PRIVATE KEY-----"}
    yield "charger.settings", one


def frames(plant):
    inner = json.dumps({"authorizationKey": plant("told data")})
    event = {"type": "x", "timestamp": "2026-01-01T00:00:00Z", "techInfo": f"password={plant('security event')}"}
    status = {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError", "info": f"password: {plant('info')}"}
    yield json.dumps([2, "q1", "DataTransfer", {"vendorId": "v", "data": inner}])
    yield json.dumps([2, "q2", "SecurityEventNotification", event])
    yield json.dumps([2, "q3", "StatusNotification", status])
    yield json.dumps([2, "q4", "Authorize", {"idTag": "T", "password": plant("broken off")}])[:-2]
    yield json.dumps([4, "zz", "GenericError", f"password={plant('error')}", {"password": plant("error details")}])


LISTS = [
    ("settings.export", {"charger_id": "A1", "format": "json"}), ("settings.export", {"charger_id": "A1", "format": "csv"}),
    ("settings.last", {"charger_id": "A1"}), ("settings.diff", {"charger_id": "A1"}), ("finding.list", {}),
    ("finding.sheet", {"charger_id": "A1"}), ("message.list", {"limit": 5000}), ("message.frames", {"limit": 5000}),
    ("audit.list", {"limit": 5000}), ("notice.list", {"limit": 500}), ("charger.list", {}), ("attempt.list", {}),
]  # fmt: skip


async def test_nothing_planted_is_ever_found(tmp_path):
    plant = Planted({"Told-Back-998877": "answer"})
    told = ""
    with engine(tmp_path, "--accept-unknown") as running:
        one, two = Telling("A1"), Telling2("B1")
        async with running.client() as client, one.on(running.ocpp), two.on(running.ocpp):
            await until(lambda: accepted(client, "A1"))
            await until(lambda: accepted(client, "B1"))
            one.settings |= {
                "VendorPassword": plant("read"),
                "BackendURL": f"wss://u:{plant('read url')}@h/x",
                "Plain": "1",
            }
            two.settings["BasicAuthPassword"] = plant("read 2.0.1")
            for method, params in acts(plant):
                try:
                    await client.call(method, params)
                except EvdeskError as error:
                    told += error.sentence
            for frame in frames(plant):
                await one.ws.send(frame)
            await one.call("Heartbeat", {})
            for method, params in LISTS:
                told += json.dumps(await client.call(method, params), ensure_ascii=False)
            told += json.dumps(client.snapshot, default=str)
    assert told.count(HIDDEN) > 20
    assert plant.found_in(told) == []
    for file in tmp_path.iterdir():
        if file.is_file() and file.name != "secrets.json":
            assert (file.name, plant.found_in(file.read_bytes().decode("latin-1"))) == (file.name, [])


async def test_a_masked_value_is_not_written_back(tmp_path):
    charger = Charger("A1")
    charger.settings["BackendURL"] = "wss://user:hunter2-hunter2@host/x"
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, charger.on(running.ocpp):
            await until(lambda: accepted(client, "A1"))
            shown = await client.call("charger.settings", {"charger_id": "A1"})
            masked = next(one["value"] for one in shown if one["name"] == "BackendURL")
            assert masked == f"wss://user:{HIDDEN}@host/x"
            text = (await client.call("settings.export", {"charger_id": "A1", "format": "csv"}))["text"]
            planned = await client.call("settings.import", {"charger_id": "A1", "text": text, "dry_run": False})
            assert {one["verdict"] for one in planned if one["name"] == "BackendURL"} == {"secret"}
            with pytest.raises(EvdeskError, match="whole"):
                await client.call("charger.write_setting", {"charger_id": "A1", "name": "BackendURL", "value": masked})
    assert charger.settings["BackendURL"] == "wss://user:hunter2-hunter2@host/x"
