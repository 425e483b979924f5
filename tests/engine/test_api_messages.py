"""The inspector's API on a real engine: what a raw charger sent, taken apart; schemas; the conformance sheet."""

import json
from html.parser import HTMLParser

import pytest
import websockets

from evdesk.wire import RpcError
from tests.engine.harness import engine, stamp, until


async def told(link, *frame):
    await link.send(json.dumps(frame))
    return json.loads(await link.recv())


async def a_bad_charger(url):
    """Boots rightly, then breaks some rules; the connection stays open for the caller."""
    link = await websockets.connect(f"{url}BAD-1", subprotocols=["ocpp1.6"])
    boot = {"chargePointVendor": "Nordlade", "chargePointModel": "Duo 2", "firmwareVersion": "2.4.0"}
    await told(link, 2, "b1", "BootNotification", boot)
    bad = {"connectorId": 1, "errorCode": "Error", "status": "Charging", "timestamp": "2026-11-24T18:41:57"}
    await told(link, 2, "s1", "StatusNotification", bad)
    await told(link, 2, "s2", "StatusNotification", bad | {"errorCode": "NoError", "timestamp": stamp()})
    await told(link, 2, "h1", "Heartbeat", {})
    await link.send("no json")
    return link


async def rows_of(client, **wanted):
    return await client.call("message.exchanges", {"filter": wanted})


async def test_a_message_is_taken_apart(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            link = await a_bad_charger(running.ocpp)
            rows = await until(lambda: rows_of(client, action="StatusNotification", verdict="breach"))
            (row,) = rows
            assert (row["charger_id"], row["breaches"], row["protocol"]) == ("BAD-1", 2, "ocpp1.6")
            whole = await client.call("message.get", {"id": row["id"]})
            call, answer = whole["frames"]
            assert (answer["kind"], answer["breaches"]) == ("result", [])
            assert call["size"] == len(call["text"])
            by_rule = {one["rule"]: one for one in call["breaches"]}
            assert len(by_rule) == 2
            enum, zone = by_rule["StatusNotification.errorCode.enum"], by_rule["zone_missing"]
            assert (enum["path"], zone["path"]) == ("/errorCode", "/timestamp")
            assert enum["title"] == "errorCode “Error” is not in the list"
            assert (enum["raw"], enum["count"]) == ("Error", 1)
            assert "schema StatusNotification" in enum["clause"]
            assert zone["clause"] == "OCPP 1.6, 3.14"
            assert zone["did"]
            assert zone["advice"]

            (garbage,) = await rows_of(client, verdict="garbage")
            whole = await client.call("message.get", {"id": garbage["id"]})
            assert whole["frames"][0]["breaches"][0]["rule"] == "not_a_frame"
            with pytest.raises(RpcError, match="not in the log any more"):
                await client.call("message.get", {"id": 10**6})
            await link.close()


async def test_endless_questions_are_answered_in_words(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            link = await a_bad_charger(running.ocpp)
            await until(lambda: rows_of(client, action="StatusNotification"))
            await link.close()
            asked = {
                "attempt.list": {"search": "x" * 100_000},
                "message.list": {"search": "x" * 100_000},
                "message.exchanges": {"filter": {"search": "x" * 100_000}},
                "message.count": {"action": "x" * 100_000},
            }
            for method, params in asked.items():
                with pytest.raises(RpcError) as caught:
                    await client.call(method, params)
                assert (caught.value.reason, "1000 characters" in caught.value.sentence) == ("invalid", True), method
            assert await client.call("message.exchanges", {"ids": [10**30]}) == []
            with pytest.raises(RpcError) as caught:
                await client.call("settings.diff", {"charger_id": "BAD-1", "from_id": 10**30})
            assert caught.value.reason == "invalid"


async def test_schemas_of_every_version(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            for protocol, action in (("ocpp1.6", "Reset"), ("ocpp2.0.1", "SetVariables"), ("ocpp2.1", "AFRRSignal")):
                assert action in await client.call("schema.actions", {"protocol": protocol})
                pair = await client.call("schema.get", {"protocol": protocol, "action": action})
                assert pair["request"]["type"] == "object"
                assert pair["response"]["type"] == "object"
            with pytest.raises(RpcError, match="no message called"):
                await client.call("schema.get", {"protocol": "ocpp1.6", "action": "Nonsense"})
            with pytest.raises(RpcError, match="one of"):
                await client.call("schema.actions", {"protocol": "ocpp3"})


class Page(HTMLParser):
    """Text of headings, and everything that would be loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.outside, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.outside += [value for name, value in attrs if name in ("src", "href", "action", "background", "srcset")]
        if tag in ("script", "link", "iframe", "object"):
            self.outside.append(tag)

    def handle_data(self, data):
        self.text.append(data)


async def test_the_conformance_sheet(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            link = await a_bad_charger(running.ocpp)
            await until(lambda: rows_of(client, verdict="garbage"))
            sheet = await client.call("finding.sheet", {"charger_id": "BAD-1", "format": "json"})
            data = json.loads(sheet["content"])
            assert sheet["name"] == "conformance-BAD-1.json"
            assert data["charger"]["vendor"] == "Nordlade"
            assert (data["charger"]["firmware"], data["charger"]["protocol"]) == ("2.4.0", "OCPP 1.6")
            rules = {one["rule"]: one for one in data["deviations"]}
            assert set(rules) == {"StatusNotification.errorCode.enum", "zone_missing", "not_a_frame"}
            assert rules["zone_missing"]["count"] == 1
            assert '"timestamp":"2026-11-24T18:41:57"' in rules["zone_missing"]["example"].replace(": ", ":")
            seen = {(m["action"], m["direction"]): m["count"] for m in data["messages"]}
            assert seen["StatusNotification", "from the charger"] == 2
            right = [one["what"] for one in data["found_right"]]
            assert "Heartbeat fits its schema" in right
            assert any(what.startswith("Connection: ") for what in right)
            assert not any(what.startswith(("Time: ", "Framing: ")) for what in right)
            assert not any(what.startswith("StatusNotification fits") for what in right)

            html = await client.call("finding.sheet", {"charger_id": "BAD-1", "format": "html"})
            page = Page()
            page.feed(html["content"])
            assert page.outside == []
            assert "http" not in html["content"].split("<body>")[0]
            text = " ".join(page.text)
            assert "Deviations from the specification (3)" in text
            assert "A timestamp without time zone" in text
            assert "@media print" in html["content"]
            await link.close()


async def test_secrets_are_in_no_frame(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            link = await a_bad_charger(running.ocpp)
            secret = "9f3cc0ffee11aa22bb33"
            await link.send(json.dumps([2, "d1", "DataTransfer", {"vendorId": "x", "data": f"password: {secret}"}]))
            await link.send(json.dumps([2, "d2", "StatusNotification", {"AuthorizationKey": secret, "connectorId": 1}]))
            rows = await until(lambda: rows_of(client, search="d2"))
            assert "(hidden)" in (await client.call("message.get", {"id": rows[0]["id"]}))["frames"][0]["text"]
            everything = [
                await client.call("message.list", {"limit": 500}),
                await client.call("finding.list", {"charger_id": "BAD-1"}),
                await client.call("finding.sheet", {"charger_id": "BAD-1"}),
                [await client.call("message.get", {"id": row["id"]}) for row in await rows_of(client)],
            ]
            assert secret not in json.dumps(everything)
            await link.close()
